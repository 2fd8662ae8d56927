import { intrinsicOf } from '../cfn/intrinsics.ts';
import type { Json } from '../cfn/template.ts';
import { parameterDomain } from '../scenarios/domain.ts';
import { ALL, both, type Language, literal, sample, sequence } from '../scenarios/language.ts';
import type { Joint } from './joint.ts';
import type { Atom, Part } from './texts.ts';

/** Under which tests two texts are one. `undecided`: it is not known whether they can be. */
export type Meeting = 'never' | 'undecided' | { readonly tests: readonly Equation[] };

/** Two texts that have to be equal, each of parts. */
export interface Equation {
  readonly left: readonly Part[];
  readonly right: readonly Part[];
}

/** Literal ends that no parameter makes one: most pairs go no further. */
export function endsDiffer(a: readonly Part[], b: readonly Part[]): boolean {
  const [last, end] = [a.at(-1), b.at(-1)];
  if (typeof last === 'string' && typeof end === 'string' && !last.endsWith(end) && !end.endsWith(last)) return true;
  const [first, start] = [a[0], b[0]];
  return typeof first === 'string' && typeof start === 'string' && !first.startsWith(start) && !start.startsWith(first);
}

/** The equations to which two texts of a joint template come down. What both have at their start or end needs none. */
export function meetingOf(a: readonly Part[], b: readonly Part[], joint: Joint): Meeting {
  const rest = withoutShared(a, b);
  if (rest === undefined) return 'never';
  const { left, right } = rest;
  if (left.length === 0 && right.length === 0) return { tests: [] };
  if (left.length === 0 || right.length === 0) {
    const parts = left.length === 0 ? right : left;
    if (parts.some((part) => typeof part === 'string')) return 'never';
    return meetEach(
      parts.map((part) => ({ left: [part], right: [] })),
      joint,
    );
  }
  if (longerByItself(left, right) || longerByItself(right, left)) return 'never';
  if (left.length === 1 || right.length === 1) return meetEach([{ left, right }], joint);
  if (disjoint(left, right, joint)) return 'never';
  // Of one shape: piece by piece. That is how names are meant to meet; a hyphen in a value could make them meet otherwise.
  if (left.length === right.length && left.every((part, i) => alike(part, right[i]!))) {
    return meetEach(
      left.flatMap((part, i) => (typeof part === 'string' ? [] : [{ left: [part], right: [right[i]!] }])),
      joint,
    );
  }
  return 'undecided';
}

function meetEach(tests: readonly Equation[], joint: Joint): Meeting {
  if (tests.some(({ left, right }) => disjoint(left, right, joint))) return 'never';
  if (
    tests.some(({ left, right }) =>
      [...left, ...right].some((part) => typeof part !== 'string' && part.kind === 'beyond'),
    )
  )
    return 'undecided';
  return { tests };
}

function alike(a: Part, b: Part): boolean {
  return typeof a === 'string' ? a === b : typeof b !== 'string';
}

/** Undefined where literal stretches at the start or the end differ. */
function withoutShared(a: readonly Part[], b: readonly Part[]): { left: Part[]; right: Part[] } | undefined {
  const [left, right] = [[...a], [...b]];
  for (const end of ['start', 'end'] as const) {
    while (left.length > 0 && right.length > 0) {
      const at = end === 'start' ? 0 : -1;
      const [x, y] = [left.at(at)!, right.at(at)!];
      const drop = (parts: Part[]) => (end === 'start' ? parts.shift() : parts.pop());
      if (typeof x === 'string' && typeof y === 'string') {
        const shared = end === 'start' ? sharedStart(x, y) : sharedEnd(x, y);
        if (shared < x.length && shared < y.length) return undefined;
        drop(left);
        drop(right);
        const keep = (text: string) => (end === 'start' ? text.slice(shared) : text.slice(0, text.length - shared));
        for (const [parts, text] of [
          [left, keep(x)],
          [right, keep(y)],
        ] as const)
          if (text !== '') end === 'start' ? parts.unshift(text) : parts.push(text);
      } else if (sameAtom(x, y)) {
        drop(left);
        drop(right);
      } else break;
    }
  }
  return { left, right };
}

function sharedStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function sharedEnd(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

function sameAtom(a: Part, b: Part): boolean {
  return (
    typeof a !== 'string' && typeof b !== 'string' && JSON.stringify(a.expression) === JSON.stringify(b.expression)
  );
}

/** A text is never equal to one that has all of it and characters besides. */
function longerByItself(whole: readonly Part[], part: readonly Part[]): boolean {
  const left = [...whole];
  let letters = 0;
  for (const each of part) {
    if (typeof each === 'string') {
      letters += each.length;
      continue;
    }
    const at = left.findIndex((other) => sameAtom(each, other));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  const more = left.reduce((sum, each) => sum + (typeof each === 'string' ? each.length : 0), 0);
  return more > letters;
}

/** `true`: no text is both. */
function disjoint(a: readonly Part[], b: readonly Part[], joint: Joint): boolean {
  const { texts, decided } = sample(both(languageOf(a, joint), languageOf(b, joint)), 1, 4000);
  return texts.length === 0 && decided;
}

function languageOf(parts: readonly Part[], joint: Joint): Language {
  return parts.reduceRight<Language>(
    (rest, part) => sequence(typeof part === 'string' ? literal(part) : atomLanguage(part, joint), rest),
    literal(''),
  );
}

function atomLanguage({ expression, kind }: Atom, joint: Joint): Language {
  const call = intrinsicOf(expression);
  const body = kind === 'parameter' && typeof call?.argument === 'string' ? joint.body(call.argument) : undefined;
  return (body && parameterDomain(String(call!.argument), body).language) ?? ALL;
}

/** Two texts of parts compared, as a condition. */
export function equationTest({ left, right }: Equation): Json {
  return { 'Fn::Equals': [textExpression(left), textExpression(right)] };
}

export function textExpression(parts: readonly Part[]): Json {
  const [only] = parts;
  if (parts.length === 0) return '';
  if (parts.length === 1) return typeof only === 'string' ? only : only!.expression;
  return { 'Fn::Join': ['', parts.map((part) => (typeof part === 'string' ? part : part.expression))] };
}
