/**
 * Regular languages over UTF-16 units with intersection and complement, decided by Brzozowski derivatives: which strings
 * a parameter admits, less those a template compares it with, and whether any is left.
 *
 * Nodes are interned for the life of the process, so equal languages of equal shape are the same object.
 * Source: Owens, Reppy, Turon, "Regular-expression derivatives re-examined", JFP 19 (2009).
 */

/** Ranges of code units, inclusive, sorted and disjoint. */
export type CharSet = readonly (readonly [from: number, to: number])[];

interface Common {
  readonly id: number;
  /** Whether the language holds the empty string. */
  readonly nullable: boolean;
}

export type Language = Common &
  (
    | { readonly kind: 'none' | 'empty' }
    | { readonly kind: 'chars'; readonly set: CharSet }
    | { readonly kind: 'sequence'; readonly first: Language; readonly rest: Language }
    | { readonly kind: 'either' | 'both'; readonly members: readonly Language[] }
    | { readonly kind: 'complement'; readonly of: Language }
    | { readonly kind: 'repeat'; readonly of: Language; readonly min: number; readonly max: number }
  );

type Shape = Language extends infer L ? (L extends Common ? Omit<L, keyof Common> : never) : never;

export const LAST_UNIT = 0xffff;

const interned = new Map<string, Language>();

function intern(key: string, nullable: boolean, shape: Shape): Language {
  let language = interned.get(key);
  if (!language) {
    language = { id: interned.size, nullable, ...shape } as Language;
    interned.set(key, language);
  }
  return language;
}

export const NONE = intern('none', false, { kind: 'none' });
export const EMPTY = intern('empty', true, { kind: 'empty' });
/** Every string. */
export const ALL = intern('not 0', true, { kind: 'complement', of: NONE });

export function chars(set: CharSet): Language {
  const merged = mergeRanges(set);
  return merged.length === 0 ? NONE : intern(`[${merged.join(';')}]`, false, { kind: 'chars', set: merged });
}

export const ANY_CHAR = chars([[0, LAST_UNIT]]);

export function complementOfSet(set: CharSet): CharSet {
  const result: [number, number][] = [];
  let next = 0;
  for (const [from, to] of mergeRanges(set)) {
    if (from > next) result.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST_UNIT) result.push([next, LAST_UNIT]);
  return result;
}

export function intersectSets(a: CharSet, b: CharSet): CharSet {
  return complementOfSet([...complementOfSet(a), ...complementOfSet(b)]);
}

function mergeRanges(set: CharSet): CharSet {
  const result: [number, number][] = [];
  for (const [from, to] of [...set].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else if (from <= to) result.push([from, to]);
  }
  return result;
}

const literals = new Map<string, Language>();

/** Templates compare with the same few texts again and again. */
export function literal(text: string): Language {
  let language = literals.get(text);
  if (language) return language;
  language = EMPTY;
  for (let i = text.length - 1; i >= 0; i--) {
    const unit = text.charCodeAt(i);
    language = sequence(chars([[unit, unit]]), language);
  }
  literals.set(text, language);
  return language;
}

export function sequence(first: Language, rest: Language): Language {
  if (first.kind === 'none' || rest.kind === 'none') return NONE;
  if (first.kind === 'empty') return rest;
  if (rest.kind === 'empty') return first;
  if (first.kind === 'sequence') return sequence(first.first, sequence(first.rest, rest));
  return intern(`${first.id}.${rest.id}`, first.nullable && rest.nullable, { kind: 'sequence', first, rest });
}

export function either(...languages: Language[]): Language {
  return combine('either', languages, NONE, ALL);
}

export function both(...languages: Language[]): Language {
  return combine('both', languages, ALL, NONE);
}

function combine(kind: 'either' | 'both', languages: Language[], neutral: Language, absorbing: Language): Language {
  const members = new Map<number, Language>();
  const sets: CharSet[] = [];
  for (const language of languages.flatMap((each) => (each.kind === kind ? each.members : [each]))) {
    if (language === absorbing) return absorbing;
    if (language === neutral) continue;
    if (language.kind === 'chars') sets.push(language.set);
    else members.set(language.id, language);
  }
  if (sets.length > 0) {
    const merged = chars(kind === 'either' ? sets.flat() : sets.reduce(intersectSets));
    if (merged === absorbing) return absorbing;
    members.set(merged.id, merged);
  }
  const sorted = [...members.values()].sort((a, b) => a.id - b.id);
  if (sorted.length === 0) return neutral;
  if (sorted.length === 1) return sorted[0]!;
  if (kind === 'both' && members.has(EMPTY.id)) return sorted.every((member) => member.nullable) ? EMPTY : NONE;
  const nullable = kind === 'either' ? sorted.some((each) => each.nullable) : sorted.every((each) => each.nullable);
  return intern(`${kind}${sorted.map((member) => member.id)}`, nullable, { kind, members: sorted });
}

export function complement(of: Language): Language {
  if (of.kind === 'complement') return of.of;
  return intern(`not ${of.id}`, !of.nullable, { kind: 'complement', of });
}

/** `max` may be Infinity. */
export function repeat(of: Language, min: number, max: number): Language {
  if (max < min) return NONE;
  if (max === 0 || of.kind === 'empty') return EMPTY;
  if (of.kind === 'none') return min === 0 ? EMPTY : NONE;
  const least = of.nullable ? 0 : min;
  if (least === 1 && max === 1) return of;
  if (least === 0 && max === Infinity) {
    if (of === ANY_CHAR || of === ALL) return ALL;
    if (of.kind === 'repeat' && of.min === 0 && of.max === Infinity) return of;
  }
  return intern(`${of.id}{${least},${max}}`, least === 0, { kind: 'repeat', of, min: least, max });
}

interface Transition {
  readonly from: number;
  readonly to: number;
  readonly next: Language;
}

const transitionsById = new Map<number, readonly Transition[]>();

/** What is left of the language after one unit, for each range of units that leave the same. */
function transitions(language: Language): readonly Transition[] {
  let result = transitionsById.get(language.id);
  if (!result) {
    const starts = new Set([0]);
    collectStarts(language, starts);
    const sorted = [...starts].filter((start) => start <= LAST_UNIT).sort((a, b) => a - b);
    result = sorted
      .map((from, i) => ({ from, to: (sorted[i + 1] ?? LAST_UNIT + 1) - 1, next: derivative(language, from) }))
      .filter((transition) => transition.next !== NONE);
    transitionsById.set(language.id, result);
  }
  return result;
}

function collectStarts(language: Language, starts: Set<number>): void {
  switch (language.kind) {
    case 'chars':
      for (const [from, to] of language.set) starts.add(from).add(to + 1);
      break;
    case 'sequence':
      collectStarts(language.first, starts);
      if (language.first.nullable) collectStarts(language.rest, starts);
      break;
    case 'either':
    case 'both':
      for (const member of language.members) collectStarts(member, starts);
      break;
    case 'complement':
    case 'repeat':
      collectStarts(language.of, starts);
  }
}

function derivative(language: Language, unit: number): Language {
  switch (language.kind) {
    case 'none':
    case 'empty':
      return NONE;
    case 'chars':
      return language.set.some(([from, to]) => from <= unit && unit <= to) ? EMPTY : NONE;
    case 'sequence': {
      const first = sequence(derivative(language.first, unit), language.rest);
      return language.first.nullable ? either(first, derivative(language.rest, unit)) : first;
    }
    case 'either':
      return either(...language.members.map((member) => derivative(member, unit)));
    case 'both':
      return both(...language.members.map((member) => derivative(member, unit)));
    case 'complement':
      return complement(derivative(language.of, unit));
    case 'repeat': {
      const rest = repeat(language.of, Math.max(0, language.min - 1), language.max - 1);
      return sequence(derivative(language.of, unit), rest);
    }
  }
}

export function holds(language: Language, text: string): boolean {
  let left = language;
  for (let i = 0; i < text.length && left !== NONE; i++) {
    const unit = text.charCodeAt(i);
    left = transitions(left).find((each) => each.from <= unit && unit <= each.to)?.next ?? NONE;
  }
  return left.nullable;
}

export interface Sample {
  readonly texts: readonly string[];
  /** `true`: these are `count` members, or all there are. `false`: the search was given up, there may be more. */
  readonly decided: boolean;
}

/**
 * Up to `count` distinct members, shortest first. `budget`: the number of states looked at before giving up.
 * Entering each state at most `count` times is enough: a shortest member never needs a state more often.
 */
export function sample(language: Language, count: number, budget = 20_000): Sample {
  const texts: string[] = [];
  const visits = new Map<number, number>([[language.id, 1]]);
  let level: { left: Language; text: string }[] = [{ left: language, text: '' }];
  let spent = 0;
  while (level.length > 0) {
    const following: typeof level = [];
    for (const { left, text } of level) {
      if (left.nullable) texts.push(text);
      if (texts.length === count) return { texts, decided: true };
      if (++spent > budget) return { texts, decided: false };
      for (const { from, to, next } of transitions(left)) {
        for (const unit of readableUnits(from, to, count)) {
          const visited = visits.get(next.id) ?? 0;
          if (visited >= count) break;
          visits.set(next.id, visited + 1);
          following.push({ left: next, text: text + String.fromCharCode(unit) });
        }
      }
    }
    level = following;
  }
  return { texts, decided: true };
}

/** Letters, digits and punctuation that need no quotes come first: samples are shown to people. */
const READABLE = [...'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./:'].map((c) => c.charCodeAt(0));

function readableUnits(from: number, to: number, count: number): number[] {
  const units = READABLE.filter((unit) => from <= unit && unit <= to).slice(0, count);
  for (let unit = Math.max(from, Math.min(to, 0x21)); unit <= to && units.length < count; unit++) {
    if (!units.includes(unit)) units.push(unit);
  }
  for (let unit = from; unit < 0x21 && unit <= to && units.length < count; unit++) {
    if (!units.includes(unit)) units.push(unit);
  }
  return units;
}
