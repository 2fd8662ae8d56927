import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type Path } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { parameterType } from '../scenarios/parameters.ts';
import type { Stack } from './stack.ts';
import { negated, type Part, possibleNames, possibleTexts } from './texts.ts';

/** The two ways in which stacks hand each other values. */
export type Kind = 'export' | 'ssm';

export interface Reading {
  readonly stack: Stack;
  readonly kind: Kind;
  /** `parameter`: of an SSM type. `dynamic`, `secure`: `{{resolve:ssm:…}}`, `{{resolve:ssm-secure:…}}`. */
  readonly how: 'import' | 'parameter' | 'dynamic' | 'secure';
  readonly when: readonly Json[];
  readonly parts: readonly Part[];
  readonly path: Path;
  /** `List<AWS::EC2::Subnet::Id>`: what the value has to be, as types of parameters say it. */
  readonly wanted?: string;
  /** The version of an SSM parameter that a dynamic reference names. */
  readonly version?: string;
}

export interface Writing {
  readonly stack: Stack;
  readonly kind: Kind;
  readonly when: readonly Json[];
  readonly parts: readonly Part[];
  readonly path: Path;
  readonly value: Json;
  /** Of an SSM parameter: String, StringList, …; undefined where that is not known. */
  readonly type?: string;
}

/** Whether there is anything to look for at all: most templates neither read nor write. */
export function mayPromise(text: string): boolean {
  return /ImportValue|AWS::SSM::Parameter|resolve:ssm|Export/.test(text);
}

/** What a template writes for others: exports, and SSM parameters with a name. */
export function writingsOf(stack: Stack): Writing[] {
  const { template } = stack;
  const writings: Writing[] = [];
  for (const [id, { Type, Condition, Properties }] of entriesOf(template.Resources)) {
    if (Type !== 'AWS::SSM::Parameter' || !isObject(Properties) || Properties.Name === undefined) continue;
    const path = ['Resources', id, 'Properties', 'Name'];
    const types = Properties.Type === undefined ? [] : possibleTexts(Properties.Type, stack);
    for (const name of possibleNames(Properties.Name, stack)) {
      const shared = { stack, kind: 'ssm' as const, parts: name.parts, path, value: Properties.Value ?? null };
      const when = [...guard(Condition), ...name.when];
      if (types.length === 0) writings.push({ ...shared, when });
      for (const type of types) {
        const known = type.parts.length === 1 && typeof type.parts[0] === 'string' ? { type: type.parts[0] } : {};
        writings.push({ ...shared, when: [...when, ...type.when], ...known });
      }
    }
  }
  for (const [id, { Condition, Value, Export }] of entriesOf(template.Outputs)) {
    if (!isObject(Export) || Export.Name === undefined) continue;
    const path = ['Outputs', id, 'Export', 'Name'];
    for (const { when, parts } of possibleNames(Export.Name, stack))
      writings.push({ stack, kind: 'export', when: [...guard(Condition), ...when], parts, path, value: Value });
  }
  return writings;
}

function guard(condition: Json | undefined): Json[] {
  return typeof condition === 'string' ? [{ Condition: condition }] : [];
}

/** What a template reads of others. A name that is only handed on, as a variable of a function, is not read. */
export function readingsOf(stack: Stack): Reading[] {
  const { template } = stack;
  const readings: Reading[] = [];

  for (const [name, body] of entriesOf(template.Parameters)) {
    const path = ['Parameters', name];
    if (!parameterType(body).ssm) {
      const text = stack.lookedUp(name);
      const test = { 'Fn::Equals': [{ Ref: name }, text ?? ''] };
      if (text?.includes('{{resolve:ssm')) inTexts([{ when: [], parts: [text] }], [...path, 'Default'], [test]);
      continue;
    }
    const text = stack.lookedUp(name);
    const wanted = /<(.+)>$/.exec(body.Type)![1]!;
    const parts = text === undefined ? [{ expression: { Ref: name }, kind: 'beyond' as const }] : [text];
    const at = body.Default === undefined ? path : [...path, 'Default'];
    readings.push({ stack, kind: 'ssm', how: 'parameter', when: [], parts: parts.map(nameOfArn), path: at, wanted });
  }

  for (const [id, { Condition, Properties, CreationPolicy, UpdatePolicy, Metadata }] of entriesOf(template.Resources)) {
    const at = ['Resources', id];
    for (const [part, value] of Object.entries({ Properties, CreationPolicy, UpdatePolicy, Metadata }))
      if (value !== undefined) visit(value, [...at, part], guard(Condition), part !== 'Metadata');
  }
  for (const [id, { Condition, Value, Export }] of entriesOf(template.Outputs)) {
    visit(Value, ['Outputs', id, 'Value'], guard(Condition), true);
    if (isObject(Export)) visit(Export.Name ?? null, ['Outputs', id, 'Export', 'Name'], guard(Condition), true);
  }
  return readings;

  function visit(value: Json | undefined, path: Path, when: readonly Json[], dynamic: boolean): void {
    if (typeof value === 'string') {
      if (dynamic && value.includes('{{resolve:ssm')) inTexts([{ when: [], parts: [value] }], path, when);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const call = intrinsicOf(value);
    const argument = call?.argument;
    if (call?.name === 'Fn::ImportValue') {
      for (const name of possibleNames(argument!, stack))
        readings.push({
          ...{ stack, kind: 'export', how: 'import', when: [...when, ...name.when], parts: name.parts },
          path: [...path, 'Fn::ImportValue'],
        });
      return;
    }
    if (call?.name === 'Fn::If' && Array.isArray(argument) && typeof argument[0] === 'string') {
      const test = { Condition: argument[0] };
      visit(argument[1], [...path, 'Fn::If', 1], [...when, test], dynamic);
      visit(argument[2], [...path, 'Fn::If', 2], [...when, negated(test)], dynamic);
      return;
    }
    const composed = call?.name === 'Fn::Sub' || call?.name === 'Fn::Join';
    const holds = dynamic && composed && JSON.stringify(argument).includes('{{resolve:ssm');
    if (holds) inTexts(possibleTexts(value, stack), path, when);
    for (const [key, member] of Object.entries(value))
      visit(member, [...path, Array.isArray(value) ? Number(key) : key], when, dynamic && !holds);
  }

  function inTexts(
    forms: readonly { when: readonly Json[]; parts: readonly Part[] }[],
    path: Path,
    when: readonly Json[],
  ) {
    for (const form of forms)
      for (const { parts, secure, version } of dynamicNames(form.parts))
        readings.push({
          ...{ stack, kind: 'ssm', how: secure ? 'secure' : 'dynamic', when: [...when, ...form.when], parts, path },
          ...(version !== undefined && { version }),
        });
  }
}

/** A shared parameter is looked up by its ARN. What follows `parameter` is its name, whose slash is written once. */
function nameOfArn(part: Part): Part {
  const arn = typeof part === 'string' ? /^arn:[\w-]+:ssm:[\w-]*:\d*:parameter(\/.+)$/.exec(part)?.[1] : undefined;
  if (arn === undefined) return part;
  return arn.lastIndexOf('/') > 0 ? arn : arn.slice(1);
}

/**
 * Names in `{{resolve:ssm:name:version}}`, which may be put together of parts.
 * Source: CloudFormation user guide, "Get a plaintext value from Systems Manager Parameter Store", read 2026-11-21.
 */
function dynamicNames(parts: readonly Part[]): { parts: Part[]; secure: boolean; version?: string }[] {
  const found: { parts: Part[]; secure: boolean; version?: string }[] = [];
  let open: { parts: Part[]; secure: boolean; version?: string } | undefined;
  for (const part of parts) {
    if (typeof part !== 'string') {
      if (open && open.version === undefined) open.parts.push(part);
      continue;
    }
    for (const stretch of part.split(/(\{\{resolve:ssm(?:-secure)?:|\}\})/)) {
      if (stretch.startsWith('{{resolve:')) open = { parts: [], secure: stretch.includes('-secure') };
      else if (stretch === '}}') {
        if (open) found.push(open);
        open = undefined;
      } else if (open && open.version === undefined) {
        const [name = '', version] = stretch.split(':');
        if (name !== '') open.parts.push(name);
        if (version !== undefined) open.version = version;
      }
    }
  }
  return found;
}
