/**
 * Writing values: intrinsic functions, `pick` (in `declaration.ts`) and `meets`. At run time an expression is the plain
 * long-form JSON that CloudFormation reads; the types only keep it apart from literals.
 */
import type controls from '../data/controls.json';
import type { Json } from './template.ts';

declare const expression: unique symbol;
declare const wrapped: unique symbol;

/** An intrinsic function call. What it evaluates to is not tracked: CloudFormation coerces scalars. */
export interface Expression {
  readonly [expression]: true;
}

/** A value carried by `meets` or `pick`, which keeps its type. */
export interface Wrapped<T> {
  readonly [wrapped]: T;
}

/** What may stand where CloudFormation expects a `T`. */
export type Value<T> = T | Expression | Wrapped<T>;

/** Any JSON, with expressions anywhere inside: policy conditions, dashboards, custom resources. */
export type AnyValue =
  | string
  | number
  | boolean
  | null
  | Expression
  | Wrapped<unknown>
  | readonly AnyValue[]
  | { readonly [key: string]: AnyValue | undefined };

/** A key of `lib/data/controls.json`: a misspelt control does not compile. */
export type ControlId = keyof typeof controls.controls;

export function asExpression(json: unknown): Expression {
  return json as Expression;
}

const CLAIM = Symbol('claim');

/** At run time: a value with the controls it is claimed to meet. `compose` takes it apart. */
export interface ClaimedValue {
  readonly [CLAIM]: readonly ControlId[];
  readonly value: unknown;
}

/** Claims that the value meets a control (or several). Becomes a comment beside the property and a row of the audit report. */
export function meets<T>(controls: ControlId | readonly ControlId[], value: NoInfer<Value<T>>): Wrapped<T> {
  const claimed: ClaimedValue = { [CLAIM]: typeof controls === 'string' ? [controls] : controls, value };
  return claimed as unknown as Wrapped<T>;
}

export function claimOf(value: unknown): { controls: readonly ControlId[]; value: unknown } | undefined {
  if (typeof value !== 'object' || value === null || !(CLAIM in value)) return undefined;
  const claimed = value as ClaimedValue;
  return { controls: claimed[CLAIM], value: claimed.value };
}

/** `!Ref AWS::NoValue`: the property that holds it is left out. */
export const noValue = asExpression({ Ref: 'AWS::NoValue' });

/** Pseudo parameters, as `Ref`. */
export const aws = {
  accountId: asExpression({ Ref: 'AWS::AccountId' }),
  partition: asExpression({ Ref: 'AWS::Partition' }),
  region: asExpression({ Ref: 'AWS::Region' }),
  stackName: asExpression({ Ref: 'AWS::StackName' }),
  urlSuffix: asExpression({ Ref: 'AWS::URLSuffix' }),
} as const;

/** `Fn::Sub`. Every `${Name}` and `${Name.Attribute}` is checked when the template is composed. */
export function sub(text: string, variables?: Record<string, AnyValue>): Expression {
  return asExpression({ 'Fn::Sub': variables ? [text, variables] : text });
}

export function join(delimiter: string, items: readonly AnyValue[] | Expression): Expression {
  return asExpression({ 'Fn::Join': [delimiter, items] });
}

export function split(delimiter: string, text: AnyValue): Expression {
  return asExpression({ 'Fn::Split': [delimiter, text] });
}

/** Index counts from 0. */
export function select(index: number | Expression, items: readonly AnyValue[] | Expression): Expression {
  return asExpression({ 'Fn::Select': [index, items] });
}

export function base64(text: AnyValue): Expression {
  return asExpression({ 'Fn::Base64': text });
}

/** `Fn::Cidr`: `count` blocks cut from `block`, each with `bits` host bits (8 gives a /24). */
export function cidr(block: AnyValue, count: number, bits: number | Expression): Expression {
  return asExpression({ 'Fn::Cidr': [block, count, bits] });
}

/** Zones of the region that the stack is deployed to; CloudFormation lists those that have a default subnet, else all. */
export function availabilityZones(): Expression {
  return asExpression({ 'Fn::GetAZs': '' });
}

export function importValue(name: AnyValue): Expression {
  return asExpression({ 'Fn::ImportValue': name });
}

/** An argument of the condition functions: literals, parameters, other conditions. */
export type Test = Expression;

export function equals(left: AnyValue, right: AnyValue): Test {
  return asExpression({ 'Fn::Equals': [left, right] });
}

export function not(test: Test): Test {
  return asExpression({ 'Fn::Not': [test] });
}

/** Two to ten tests, the limit of CloudFormation. */
export function and(...tests: [Test, Test, ...Test[]]): Test {
  return asExpression({ 'Fn::And': tests });
}

/** Two to ten tests, the limit of CloudFormation. */
export function or(...tests: [Test, Test, ...Test[]]): Test {
  return asExpression({ 'Fn::Or': tests });
}

/** For `Rules` only: whether a list of strings contains a string. */
export function contains(list: readonly string[] | Expression, item: AnyValue): Test {
  return asExpression({ 'Fn::Contains': [list, item] });
}

/** The plain JSON of an authored value: claims taken off. */
export function toJson(value: unknown): Json {
  const claim = claimOf(value);
  if (claim) return toJson(claim.value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    const result: { [key: string]: Json } = {};
    for (const [key, member] of Object.entries(value)) if (member !== undefined) result[key] = toJson(member);
    return result;
  }
  return value as Json;
}
