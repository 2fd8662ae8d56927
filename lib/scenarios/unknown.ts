import { isObject, type Json } from '../cfn/template.ts';

/**
 * Why a value is not known before deployment.
 * - `attribute`, `reference`: `Fn::GetAtt`, `Ref` of a resource
 * - `parameter`, `pseudo`: a parameter or pseudo parameter without a value
 * - `ssm`: an `AWS::SSM::Parameter::Value<…>` parameter, of which the name is known and not the value
 * - `import`, `zones`, `dynamic`: an export of another stack, the zones of the region, a `{{resolve:…}}`
 * - `condition`, `mapping`: which branch or row is taken is open; `options` holds them all
 * - `text`: a string with unknown parts, in `parts`
 * - `function`: a function of an unknown argument
 * - `transform`: what a macro makes
 * - `invalid`: CloudFormation would refuse it; there is a finding, here or from the check of references
 */
export type UnknownReason =
  | 'attribute'
  | 'condition'
  | 'dynamic'
  | 'function'
  | 'import'
  | 'invalid'
  | 'mapping'
  | 'parameter'
  | 'pseudo'
  | 'reference'
  | 'ssm'
  | 'text'
  | 'transform'
  | 'zones';

/** What a value turns on. `external`: a parameter of SSM, a secret, the account: outside template and parameters. */
export interface Dependency {
  readonly kind: 'condition' | 'external' | 'import' | 'parameter' | 'pseudo' | 'resource';
  readonly name: string;
}

/** A value that stays open before deployment. Plain JSON; `isUnknown` tells it from a known object. */
export interface Unknown {
  readonly $unknown: UnknownReason;
  /** The expression in long form, with what is known filled in. Two unknowns of one expression are equal when deployed. */
  readonly expression: Json;
  readonly dependsOn: readonly Dependency[];
  /** Of a string: the known stretches in place, so that its start and its end can be judged. */
  readonly parts?: readonly (string | Unknown)[];
  /** Where it is one of finitely many values: all of them. `{ Ref: 'AWS::NoValue' }` stands for no value. */
  readonly options?: readonly Resolved[];
  /** Texts that it is known not to be. */
  readonly not?: readonly string[];
  /** `true`: it is a list. */
  readonly list?: true;
}

/** A value of a resolved template: JSON without intrinsic functions, with `Unknown` wherever it is open. */
export type Resolved = null | boolean | number | string | Unknown | Resolved[] | { [key: string]: Resolved };

export const NO_VALUE_OPTION: Resolved = { Ref: 'AWS::NoValue' };

export function isUnknown(value: unknown): value is Unknown {
  return isObject(value) && typeof value.$unknown === 'string';
}

/** Whether a value is or holds an `Unknown`. */
export function hasUnknown(value: Resolved): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isUnknown(value) || Object.values(value).some(hasUnknown);
}

export function unknown(
  reason: UnknownReason,
  expression: Json,
  dependsOn: readonly Dependency[],
  more: Pick<Unknown, 'parts' | 'options' | 'not' | 'list'> = {},
): Unknown {
  return { $unknown: reason, expression, dependsOn, ...more };
}

/** What all the unknown values inside depend on, each once. */
export function dependenciesOf(...values: readonly (Resolved | undefined)[]): Dependency[] {
  const found = new Map<string, Dependency>();
  const visit = (value: Resolved | undefined): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isUnknown(value)) for (const each of value.dependsOn) found.set(`${each.kind} ${each.name}`, each);
    else for (const member of Object.values(value)) visit(member);
  };
  for (const value of values) visit(value);
  return [...found.values()];
}

/** The long-form expression that a partly known value stands for. */
export function expressionOf(value: Resolved): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(expressionOf);
  if (isUnknown(value)) return value.expression;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expressionOf(member)]));
}

/** The text of a scalar as CloudFormation compares and joins it, or undefined for a list, an object or an `Unknown`. */
export function textOf(value: Resolved | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** A string of parts: plain text where all are known, else an `Unknown` that keeps the known stretches. */
export function concatenate(parts: readonly (string | Unknown)[], expression: Json): string | Unknown {
  const merged: (string | Unknown)[] = [];
  for (const part of parts.flatMap((each) => (typeof each === 'string' ? [each] : (each.parts ?? [each])))) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else if (part !== '') merged.push(part);
  }
  if (merged.length === 0) return '';
  if (merged.length === 1) {
    const [only] = merged;
    if (typeof only === 'string' || !only!.list) return only!;
  }
  return unknown('text', expression, dependenciesOf(...merged), { parts: merged });
}

/** Whether two values are equal when deployed, or undefined where that is open. Scalars compare as text. */
export function compareResolved(a: Resolved, b: Resolved): boolean | undefined {
  const [left, right] = [textOf(a), textOf(b)];
  if (left !== undefined && right !== undefined) return left === right;
  if (isUnknown(a)) return compareUnknown(a, b);
  if (isUnknown(b)) return compareUnknown(b, a);
  if (!hasUnknown(a) && !hasUnknown(b)) return JSON.stringify(normalised(a)) === JSON.stringify(normalised(b));
  return undefined;
}

function normalised(value: Resolved): Json {
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== 'object' || value === null) return textOf(value) ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([key, member]) => [key, normalised(member as Resolved)]),
  );
}

function compareUnknown(a: Unknown, b: Resolved): boolean | undefined {
  if (isUnknown(b)) return JSON.stringify(a.expression) === JSON.stringify(b.expression) ? true : undefined;
  const text = textOf(b);
  if (text === undefined) return undefined;
  if (a.not?.includes(text)) return false;
  if (a.options) {
    const verdicts = new Set(a.options.map((option) => compareResolved(option, b)));
    if (verdicts.size === 1) return [...verdicts][0];
  }
  if (a.parts && !couldBe(a.parts, text)) return false;
  return undefined;
}

/** Whether some filling of the unknown parts gives the text. */
function couldBe(parts: readonly (string | Unknown)[], text: string): boolean {
  const known = parts.filter((part): part is string => typeof part === 'string');
  if (typeof parts[0] === 'string' && !text.startsWith(parts[0])) return false;
  const last = parts.at(-1);
  if (typeof last === 'string' && !text.endsWith(last)) return false;
  let from = 0;
  for (const stretch of known) {
    const at = text.indexOf(stretch, from);
    if (at < 0) return false;
    from = at + stretch.length;
  }
  return true;
}
