import { intrinsicOf, SHORT_TAG } from '../cfn/intrinsics.ts';
import { isObject, type Json, type Path, type Template } from '../cfn/template.ts';
import { isOfRain } from '../cfn/transforms.ts';

/** What a function gives: `text` is any scalar, which CloudFormation coerces; `any` is not known at all. */
export type Kind = 'text' | 'list' | 'any';

/** Conditions whose value is known where a value stands: the resource's own, and those of the `Fn::If` around it. */
export type Decided = Readonly<Record<string, boolean>>;

export interface Branch {
  value: Json;
  /** From the `Fn::If` to the branch. */
  steps: Path;
  decided: Decided;
}

/** What can be said of a value before anything is deployed. */
export type Known =
  | { is: 'literal'; value: Json }
  /** `AWS::NoValue`: what holds it is left out. */
  | { is: 'absent' }
  | { is: 'choice'; branches: readonly Branch[] }
  /** A parameter that allows these values only. */
  | { is: 'oneOf'; parameter: string; values: readonly Json[] }
  | { is: 'function'; name: string; kind: Kind };

const KINDS: Readonly<Record<string, Kind>> = {
  'Fn::Base64': 'text',
  'Fn::Cidr': 'list',
  'Fn::GetAZs': 'list',
  'Fn::ImportValue': 'text',
  'Fn::Join': 'text',
  'Fn::Length': 'text',
  'Fn::Split': 'list',
  'Fn::Sub': 'text',
  'Fn::ToJsonString': 'text',
};

/** A key that stands beside others and is replaced by an unknown number of members. */
export function isExpanding(key: string): boolean {
  return key === 'Fn::Transform' || key.startsWith('Fn::ForEach::');
}

/** Parameters are looked up where the template's are given; without them a `Ref` is not known. */
export function knownOf(value: Json, decided: Decided, parameters: Template['Parameters']): Known {
  if (typeof value === 'string')
    return value.includes('{{resolve:')
      ? { is: 'function', name: 'a dynamic reference', kind: 'text' }
      : literal(value);
  if (!isObject(value)) return literal(value);
  const call = intrinsicOf(value);
  if (call === undefined) {
    const [only] = Object.keys(value);
    return only !== undefined && isOfRain(only) ? { is: 'function', name: only, kind: 'any' } : literal(value);
  }
  const { name, argument } = call;
  if (name === 'Fn::If') return knownChoice(argument, decided);
  if (name === 'Ref') return knownReference(argument, parameters);
  // A function that CloudFormation does not have (another tool's) is a mapping like any other.
  if (!Object.hasOwn(SHORT_TAG, name) && !isExpanding(name)) return literal(value);
  return { is: 'function', name, kind: KINDS[name] ?? 'any' };
}

function literal(value: Json): Known {
  return { is: 'literal', value };
}

function knownChoice(argument: Json, decided: Decided): Known {
  if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string')
    return { is: 'function', name: 'Fn::If', kind: 'any' };
  const [condition, whenTrue, whenFalse] = argument as [string, Json, Json];
  const known = Object.hasOwn(decided, condition) ? decided[condition] : undefined;
  const branches: Branch[] = [];
  if (known !== false)
    branches.push({ value: whenTrue, steps: ['Fn::If', 1], decided: { ...decided, [condition]: true } });
  if (known !== true)
    branches.push({ value: whenFalse, steps: ['Fn::If', 2], decided: { ...decided, [condition]: false } });
  return { is: 'choice', branches };
}

function knownReference(name: Json, parameters: Template['Parameters']): Known {
  if (name === 'AWS::NoValue') return { is: 'absent' };
  const parameter = typeof name === 'string' && parameters && Object.hasOwn(parameters, name) ? parameters[name] : null;
  const called = `Ref ${String(name)}`;
  if (!isObject(parameter)) {
    const isText = typeof name === 'string' && /^AWS::(AccountId|Partition|Region|Stack|URL)/.test(name);
    return { is: 'function', name: called, kind: isText ? 'text' : 'any' };
  }
  const type = String(parameter.Type);
  if (/^(CommaDelimitedList|List<)|<(CommaDelimitedList|List<)/.test(type))
    return { is: 'function', name: called, kind: 'list' };
  const allowed = parameter.AllowedValues;
  if ((type === 'String' || type === 'Number') && Array.isArray(allowed) && allowed.length > 0)
    return { is: 'oneOf', parameter: String(name), values: allowed as Json[] };
  return { is: 'function', name: called, kind: 'text' };
}

/** Under which outcomes of conditions a member is left out. */
export function absences(value: Json, decided: Decided): Decided[] {
  const known = knownOf(value, decided, undefined);
  if (known.is === 'absent') return [decided];
  return known.is === 'choice' ? known.branches.flatMap((branch) => absences(branch.value, branch.decided)) : [];
}

/** Whether a member is there: undefined where it depends on a condition. */
export function isPresent(value: Json | undefined, decided: Decided): boolean | undefined {
  if (value === undefined) return false;
  const known = knownOf(value, decided, undefined);
  if (known.is === 'absent') return false;
  if (known.is !== 'choice') return true;
  const each = known.branches.map((branch) => isPresent(branch.value, branch.decided));
  return each.every((one) => one === each[0]) ? each[0] : undefined;
}
