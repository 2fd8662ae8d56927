import { type Finding, nearestMatch } from '../cfn/errors.ts';
import type { ParameterBody, Template } from '../cfn/template.ts';
import { entriesOf } from './entries.ts';
import { matchesPattern } from './pattern.ts';
import { type Resolved, textOf } from './unknown.ts';

/** A value as a deployment gives it: lists may be given as lists or as text with commas. */
export type ParameterValue = string | number | boolean | readonly (string | number | boolean)[];

export interface ParameterType {
  readonly list: boolean;
  /** `aws`: the ID or name of a thing that must exist in the account, such as `AWS::EC2::VPC::Id`. */
  readonly element: 'aws' | 'number' | 'string';
  /** `true`: the parameter's value is the name of an SSM parameter, whose value `Ref` gives. */
  readonly ssm: boolean;
}

const SSM_VALUE = /^AWS::SSM::Parameter::Value<(.+)>$/;
const LIST = /^List<(.+)>$/;

function typeName(body: ParameterBody): string {
  return typeof body.Type === 'string' ? body.Type : 'String';
}

/** What the `Type` of a parameter says. A type that is not known counts as text. */
export function parameterType(body: ParameterBody): ParameterType {
  const type = typeName(body);
  const ssm = SSM_VALUE.exec(type);
  const inner = ssm ? ssm[1]! : type;
  const list = LIST.exec(inner);
  const element = list ? list[1]! : inner;
  return {
    list: list !== null || inner === 'CommaDelimitedList',
    element:
      element === 'Number'
        ? 'number'
        : element.startsWith('AWS::') && !element.startsWith('AWS::SSM::')
          ? 'aws'
          : 'string',
    ssm: ssm !== null,
  };
}

/** The text that CloudFormation receives for a value. */
export function parameterText(value: ParameterValue): string {
  return Array.isArray(value)
    ? value.map((member) => textOf(member) ?? '').join(',')
    : (textOf(value as Resolved) ?? '');
}

/** Members of a list parameter. CloudFormation trims them; an empty value is a list of one empty text. */
export function listMembers(text: string): string[] {
  return text.split(',').map((member) => member.trim());
}

/** What `Ref` gives for a parameter with this text. A number becomes one where its digits would read back the same. */
export function coerceParameter(body: ParameterBody, text: string): Resolved {
  const { list, element } = parameterType(body);
  const coerce = (member: string): Resolved =>
    element === 'number' && member !== '' && String(Number(member)) === member ? Number(member) : member;
  return list ? listMembers(text).map(coerce) : coerce(text);
}

/** Default as text, or undefined for a parameter that a deployment must give. */
export function defaultText(body: ParameterBody): string | undefined {
  return body.Default === undefined || body.Default === null ? undefined : parameterText(body.Default);
}

/** Allowed values as text, or undefined where all are. */
export function allowedTexts(body: ParameterBody): string[] | undefined {
  return Array.isArray(body.AllowedValues) ? body.AllowedValues.flatMap((value) => textOf(value) ?? []) : undefined;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

type Violation = Pick<Finding, 'code' | 'message' | 'fix'>;

/**
 * What CloudFormation would refuse in a value of a parameter; nothing where it is admitted. A pattern that cannot be
 * read admits everything (see `matchesPattern`). Constraints of an SSM parameter apply to its name.
 * Source: CloudFormation user guide, "Parameters" and "Systems Manager parameter types", read 2026-11-20.
 */
export function violationsOf(name: string, body: ParameterBody, text: string): Violation[] {
  const type = parameterType(body);
  const members = type.list && !type.ssm ? listMembers(text) : [text];
  const found: Violation[] = [];
  const report = (code: string, problem: string, fix: string): void => {
    const described = typeof body.ConstraintDescription === 'string' ? ` (${body.ConstraintDescription})` : '';
    found.push({ code, message: `parameter ${name} is "${text}", ${problem}${described}`, fix });
  };

  const allowed = allowedTexts(body);
  if (allowed) {
    const strays = members.filter((member) => !allowed.includes(member));
    if (strays.length > 0 && !allowed.includes(text)) {
      const near = nearestMatch(strays[0]!, allowed);
      const fix = near === undefined ? `Give ${name} one of them.` : `Did you mean "${near}"?`;
      report('CFN402', `allowed are ${allowed.map((value) => `"${value}"`).join(', ')}`, fix);
    }
  }
  if (typeof body.AllowedPattern === 'string') {
    const pattern = body.AllowedPattern;
    const matches = matchesPattern(pattern, text) ?? true;
    if (!matches && !(type.list && members.every((member) => matchesPattern(pattern, member) ?? true))) {
      report('CFN403', `which does not match ${pattern}`, 'The pattern has to match the whole value.');
    }
  }
  if (type.element === 'number' && !type.ssm) {
    const stray = members.find((member) => !NUMBER.test(member));
    if (stray !== undefined) report('CFN406', `but its type is ${typeName(body)}`, `Give ${name} digits only.`);
    const [least, most] = [bound(body.MinValue, -Infinity), bound(body.MaxValue, Infinity)];
    if (stray === undefined && members.some((member) => Number(member) < least || Number(member) > most)) {
      report('CFN405', `allowed is ${rangeText(least, most)}`, `Give ${name} a number in that range.`);
    }
  } else if (!type.list) {
    const [least, most] = [bound(body.MinLength, 0), bound(body.MaxLength, Infinity)];
    if (text.length < least || text.length > most) {
      const length = `${text.length} characters long, allowed is ${rangeText(least, most)}`;
      report('CFN404', length, `Give ${name} a text of that length.`);
    }
  }
  return found;
}

/** A limit as a number. One that is none limits nothing. */
export function bound(value: number | string | undefined, none: number): number {
  const number = Number(textOf(value) ?? none);
  return Number.isNaN(number) ? none : number;
}

function rangeText(least: number, most: number): string {
  if (most === Infinity) return `at least ${least}`;
  return least === -Infinity || least === 0 ? `at most ${most}` : `${least} to ${most}`;
}

/** Findings CFN400 to CFN406 on the values given to a template: unknown, missing and refused ones. */
export function checkParameterValues(
  template: Template,
  values: Readonly<Record<string, ParameterValue>>,
  mayBeMissing: (name: string) => boolean = () => false,
): Finding[] {
  const declared = new Map(entriesOf(template.Parameters));
  const findings: Finding[] = [];
  for (const name of Object.keys(values)) {
    if (declared.has(name)) continue;
    const near = nearestMatch(name, declared.keys());
    findings.push({
      code: 'CFN400',
      severity: 'error',
      message: `the template has no parameter ${name}`,
      fix: near ? `Did you mean ${near}?` : 'Remove it from the parameter file.',
    });
  }
  for (const [name, body] of declared) {
    const path = ['Parameters', name];
    const text = Object.hasOwn(values, name) ? parameterText(values[name]!) : defaultText(body);
    if (text !== undefined) {
      for (const each of violationsOf(name, body, text)) findings.push({ severity: 'error', path, ...each });
    } else if (!mayBeMissing(name)) {
      const message = `parameter ${name} has no default and no value is given`;
      findings.push({
        code: 'CFN401',
        severity: 'error',
        path,
        message,
        fix: `Give ${name} a value of type ${typeName(body)}.`,
      });
    }
  }
  return findings;
}
