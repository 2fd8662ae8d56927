import type { ParameterBody } from '../cfn/template.ts';
import { complement, either, type Language, literal } from '../scenarios/language.ts';
import { bound, parameterType } from '../scenarios/parameters.ts';
import { patternLanguage } from '../scenarios/pattern.ts';
import { compareResolved, type Unknown } from '../scenarios/unknown.ts';
import type { Variable } from '../scenarios/variables.ts';

/** What a text has to be. */
export interface TextTest {
  /** In words, after "it must be". */
  readonly wanted: string;
  passes(text: string): boolean;
  /** The texts that pass, where they are a language that can be decided. */
  readonly good?: Language | undefined;
  /** Texts at the edge: tried first for a parameter that admits many. */
  readonly edges: readonly string[];
  /** Numbers from `least` to `most`: whether all pass or none does; undefined where some do. */
  range?(least: number, most: number): boolean | undefined;
  /** What can be said of a value that is not known. */
  passesUnknown?(value: Unknown): boolean | undefined;
}

type Scalar = string | number | boolean;

/** CloudFormation takes a boolean in these spellings. */
function spellings(value: Scalar): string[] {
  const text = String(value);
  return typeof value === 'boolean' ? [text, text[0]!.toUpperCase() + text.slice(1), text.toUpperCase()] : [text];
}

function edgesOf(values: readonly Scalar[]): string[] {
  const texts = values.map(String);
  return values.some((value) => typeof value === 'boolean') ? ['true', 'false'] : texts;
}

/** Whether one of the values can be a number from `least` to `most`. */
function canBe(values: readonly Scalar[], least: number, most: number): boolean {
  return values.some((value) => typeof value !== 'boolean' && Number(value) >= least && Number(value) <= most);
}

export function oneOf(values: readonly Scalar[]): TextTest {
  const texts = new Set(values.flatMap(spellings));
  return {
    wanted: values.map((value) => (value === '' ? 'empty' : String(value))).join(' or '),
    passes: (text) => texts.has(text),
    good: either(...[...texts].map(literal)),
    edges: edgesOf(values),
    range: (least, most) => (canBe(values, least, most) ? undefined : false),
    passesUnknown: (value) => ([...texts].every((text) => compareResolved(value, text) === false) ? false : undefined),
  };
}

export function noneOf(values: readonly Scalar[]): TextTest {
  const texts = new Set(values.flatMap(spellings));
  return {
    wanted: `other than ${values.map(String).join(', ')}`,
    passes: (text) => !texts.has(text),
    good: complement(either(...[...texts].map(literal))),
    edges: edgesOf(values),
    range: (least, most) => (canBe(values, least, most) ? undefined : true),
    passesUnknown: (value) => ([...texts].every((text) => compareResolved(value, text) === false) ? true : undefined),
  };
}

/** None of the names that AWS keeps for what is its own: what a stack makes, or another exports, never has one. */
export function notOfAws(names: readonly string[]): TextTest {
  const test = noneOf(names);
  return {
    ...test,
    wanted: `not ${names.join(' or ')}, which AWS provides`,
    passesUnknown: (value) =>
      ['attribute', 'reference', 'import'].includes(value.$unknown) || test.passesUnknown!(value) === true
        ? true
        : undefined,
  };
}

const NEVER_EMPTY: readonly Unknown['$unknown'][] = [
  'attribute',
  'reference',
  'import',
  'pseudo',
  'ssm',
  'dynamic',
  'zones',
];

export const NOT_EMPTY: TextTest = {
  wanted: 'given',
  passes: (text) => text !== '',
  good: complement(literal('')),
  edges: [''],
  range: () => true,
  passesUnknown: (value) =>
    NEVER_EMPTY.includes(value.$unknown) ||
    value.parts?.some((part) => typeof part === 'string' && part !== '') ||
    compareResolved(value, '') === false
      ? true
      : undefined,
};

function number(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

export function atLeast(least: number): TextTest {
  return {
    wanted: `at least ${least}`,
    passes: (text) => number(text) >= least,
    edges: [String(least - 1), String(least)],
    range: (from, to) => (from >= least ? true : to < least ? false : undefined),
  };
}

export function atMost(most: number): TextTest {
  return {
    wanted: `at most ${most}`,
    passes: (text) => number(text) <= most,
    edges: [String(most + 1), String(most)],
    range: (from, to) => (to <= most ? true : from > most ? false : undefined),
  };
}

/** The whole text matches. `edges`: the texts that a counterexample had best be of. */
export function matching(pattern: RegExp, wanted: string, edges: readonly string[] = []): TextTest {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags);
  return {
    wanted,
    passes: (text) => whole.test(text),
    good: pattern.flags === '' ? patternLanguage(pattern.source) : undefined,
    edges,
  };
}

/** The whole text does not match. */
export function notMatching(pattern: RegExp, wanted: string): TextTest {
  const { good, ...test } = matching(pattern, wanted);
  return { ...test, passes: (text) => !test.passes(text), good: good && complement(good) };
}

/** What is given for an ARN, and may be a name that AWS resolves or refuses: no number and no boolean. */
export const AN_ARN: TextTest = {
  wanted: 'an ARN',
  passes: (text) => /[a-z]/i.test(text) && !/^(true|false)$/i.test(text),
  edges: [],
  passesUnknown: ({ $unknown, parts }) =>
    NEVER_EMPTY.includes($unknown) || parts?.some((part) => typeof part === 'string' && /[a-z]/i.test(part))
      ? true
      : undefined,
};

/** Starts with one of these, which can be known where the rest turns on a deployment. */
export function starting(...starts: readonly string[]): TextTest {
  return {
    wanted: `a text that starts with ${starts.join(' or ')}`,
    passes: (text) => starts.some((start) => text.startsWith(start)),
    edges: [...starts],
    passesUnknown: ({ parts }) => {
      const first = parts?.[0];
      if (typeof first !== 'string') return undefined;
      if (starts.some((start) => first.startsWith(start))) return true;
      return starts.some((start) => start.startsWith(first)) ? undefined : false;
    },
  };
}

export function ending(end: string): TextTest {
  return {
    wanted: `a text that ends with ${end}`,
    passes: (text) => text.endsWith(end),
    edges: [end],
    passesUnknown: ({ parts }) => {
      const last = parts?.at(-1);
      if (typeof last !== 'string') return undefined;
      return last.endsWith(end) ? true : end.endsWith(last) ? undefined : false;
    },
  };
}

/** How the values that a parameter still admits fare. */
export interface Outcomes {
  /** Texts to tell apart, for what passes and what does not. */
  readonly telling: readonly string[];
  /** Whether all the values pass, or none; undefined where some do, or where it cannot be decided. */
  readonly passes: boolean | undefined;
  /** `false`: the values that are left cannot be told apart any further. */
  readonly divisible: boolean;
}

const FEW = 8;

/** The texts of a pattern that admits few: where a test is no language, each of them can be tried. */
function fewOf(domain: Variable['domain']): readonly string[] | undefined {
  if (domain.language === undefined) return undefined;
  const { texts, decided } = domain.others([], FEW + 1);
  return decided && texts.length <= FEW ? texts : undefined;
}

/** @param excluded Texts that the value is known not to be. */
export function outcomesOf(
  test: TextTest,
  variable: Variable,
  body: ParameterBody,
  excluded: readonly string[],
): Outcomes {
  const { domain, usual } = variable;
  const left = (text: string): boolean => !excluded.includes(text) && domain.admits(text);
  const few = domain.values ?? (test.good === undefined ? fewOf(domain) : undefined);
  if (few) {
    const values = few.filter(left);
    const wrong = values.filter((text) => !test.passes(text));
    const passes = wrong.length === 0 ? true : wrong.length === values.length ? false : undefined;
    return { telling: wrong, passes, divisible: true };
  }
  const least = bound(body.MinValue, -Infinity);
  const most = bound(body.MaxValue, Infinity);
  const isNumber = parameterType(body).element === 'number';
  if (isNumber && test.range) {
    const all = test.range(least, most);
    if (all !== undefined) return { telling: [], passes: all, divisible: false };
  }
  const sample = (within: Language | undefined) => within && domain.others([], 1, within);
  const good = sample(test.good);
  const bad = sample(test.good && complement(test.good));
  if (bad?.decided && bad.texts.length === 0) return { telling: [], passes: true, divisible: false };
  if (good?.decided && good.texts.length === 0) return { telling: [], passes: false, divisible: false };
  const bounds = isNumber ? [least, most].filter(Number.isFinite).map(String) : [];
  const candidates = [
    ...test.edges,
    ...bounds,
    ...(usual === undefined ? [] : [usual]),
    ...(bad?.texts ?? []),
    ...(good?.texts ?? []),
  ];
  const telling = [...new Set(candidates)].filter(left);
  const rest = [...excluded, ...telling];
  const beyond = (within: Language | undefined) => {
    const found = within && domain.others(rest, 1, within);
    return found && !(found.decided && found.texts.length === 0);
  };
  const [goodLeft, badLeft] = [beyond(test.good), beyond(test.good && complement(test.good))];
  const outcomes = new Set(telling.map((text) => test.passes(text)));
  if (goodLeft !== false) outcomes.add(true);
  if (badLeft !== false) outcomes.add(false);
  const passes = outcomes.size === 1 ? [...outcomes][0] : undefined;
  return { telling, passes, divisible: telling.length > 0 };
}
