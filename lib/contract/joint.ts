import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  type ParameterBody,
  type RuleBody,
  type Template,
} from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { listScenarios, type Scenario, type Scenarios } from '../scenarios/list.ts';
import {
  allowedTexts,
  coerceParameter,
  defaultText,
  type ParameterValue,
  parameterText,
  parameterType,
  violationsOf,
} from '../scenarios/parameters.ts';
import { partitionOf } from '../scenarios/regions.ts';
import { sliceOf } from '../scenarios/slice.ts';
import type { Stack } from './stack.ts';
import { merged, type Part } from './texts.ts';

/** A parameter that two stacks are given one value of. */
export interface Tie {
  readonly name: string;
  readonly a: number;
  readonly b: number;
}

/**
 * Several templates as one, to ask about their deployments together: what each declares under a name of its own, what is tied
 * once, what a parameter file decides as a constant. They are in one account and one region, under different names.
 */
export interface Joint {
  readonly stacks: readonly Stack[];
  /** An expression of one of the templates in the words of the joint one. */
  rename(stack: Stack, expression: Json): Json;
  renameParts(stack: Stack, parts: readonly Part[]): Part[];
  /** What is declared under a name of the joint template. */
  body(id: string): ParameterBody | undefined;
  /** `false`: a value that two stacks have to share is one that they cannot both have. */
  readonly possible: boolean;
  /** The scenarios of all together, told apart by these conditions, and by each value of these parameters. */
  ask(
    conditions: Readonly<Record<string, Json>>,
    values?: readonly string[],
    /** Texts of parameters to be told apart from all others. */
    distinguish?: Readonly<Record<string, readonly string[]>>,
  ): Scenarios;
  /** What each stack has to be given for a scenario, by the index of the stack. */
  overrides(scenario: Scenario): Map<number, Record<string, string>>;
  readonly sections: () => Template;
}

/** More classes of deployments than this are not looked through. */
const LIMIT = 16_384;

type Held = { readonly literal: Json } | { readonly id: string };

export function jointOf(stacks: readonly Stack[], ties: readonly Tie[]): Joint {
  const byIndex = new Map(stacks.map((stack) => [stack.index, stack]));
  const parameters: Record<string, ParameterBody> = {};
  const rules: Record<string, RuleBody> = {};
  const held = new Map<string, Held>();
  const usual = new Map<string, Map<number, string | undefined>>();
  const stackNames = new Map<number, string>();
  let possible = true;

  for (const stack of stacks)
    for (const [name, body] of entriesOf(stack.template.Parameters)) {
      const group = tiedWith(stack.index, name, ties).filter((index) => byIndex.has(index));
      const key = `${stack.index} ${name}`;
      const known = stack.known(name);
      if (known !== undefined) {
        held.set(key, { literal: coerceParameter(body, known) as Json });
        continue;
      }
      const decided = group.flatMap((index) => byIndex.get(index)!.known(name) ?? [])[0];
      if (decided !== undefined && !parameterType(body).ssm) {
        if (violationsOf(name, body, decided).length > 0) possible = false;
        held.set(key, { literal: coerceParameter(body, decided) as Json });
        continue;
      }
      const open = group.filter((index) => byIndex.get(index)!.known(name) === undefined);
      const first = Math.min(stack.index, ...open);
      const id = `P${first}x${name}`;
      held.set(key, { id });
      const own = parameterType(body).ssm ? undefined : defaultText(body);
      usual.set(id, (usual.get(id) ?? new Map<number, string | undefined>()).set(stack.index, own));
      const before = parameters[id];
      if (before === undefined) parameters[id] = { ...body };
      else share(id, before, body, stack.index);
    }

  /** Narrows a parameter to what a further template admits. */
  function share(id: string, before: ParameterBody, body: ParameterBody, index: number): void {
    const [a, b] = [allowedTexts(before), allowedTexts(body)];
    const name = id.replace(/^P\d+x/, '');
    const admits = (other: ParameterBody) => (text: string) => violationsOf(name, other, text).length === 0;
    const narrowed: ParameterBody = { ...before };
    if (a || b) {
      narrowed.AllowedValues = (a ?? b)!.filter(admits(before)).filter(admits(body));
      if (narrowed.AllowedValues.length === 0) possible = false;
    } else {
      tighten(narrowed, body, 'MinLength', Math.max);
      tighten(narrowed, body, 'MaxLength', Math.min);
      tighten(narrowed, body, 'MinValue', Math.max);
      tighten(narrowed, body, 'MaxValue', Math.min);
      if (parameterType(before).element === 'string' && parameterType(body).element !== 'string')
        narrowed.Type = body.Type;
      if (before.AllowedPattern === undefined && body.AllowedPattern !== undefined)
        narrowed.AllowedPattern = body.AllowedPattern;
      else if (body.AllowedPattern !== undefined && body.AllowedPattern !== before.AllowedPattern) {
        // Two patterns are not one pattern: a second parameter has the other, and has to be equal.
        const second = `Q${index}x${name}`;
        const { Default: _, ...rest } = body;
        parameters[second] = rest;
        rules[`T${second}`] = { Assertions: [{ Assert: { 'Fn::Equals': [{ Ref: id }, { Ref: second }] } }] };
      }
    }
    const text = [defaultText(before), defaultText(body)].find(
      (each) => each !== undefined && admits(before)(each) && admits(body)(each),
    );
    if (text === undefined) delete narrowed.Default;
    else narrowed.Default = text;
    parameters[id] = narrowed;
  }

  const reference = (stack: Stack, name: string): Json => {
    const { region } = stack;
    if (name === 'AWS::Region' && region !== undefined) return region;
    if (name === 'AWS::Partition' && region !== undefined) return partitionOf(region).partition;
    if (name === 'AWS::URLSuffix' && region !== undefined) return partitionOf(region).urlSuffix;
    if (name === 'AWS::StackName') {
      if (stack.stackName !== undefined) return stack.stackName;
      const id = `N${stack.index}xStackName`;
      stackNames.set(stack.index, id);
      parameters[id] = { Type: 'String', AllowedPattern: '[A-Za-z][-A-Za-z0-9]{0,127}' };
      return { Ref: id };
    }
    if (name.startsWith('AWS::')) return { Ref: name };
    const found = held.get(`${stack.index} ${name}`);
    if (!found) return { Ref: `X${stack.index}x${name}` };
    return 'literal' in found ? found.literal : { Ref: found.id };
  };

  const rename = (stack: Stack, value: Json): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((member) => rename(stack, member));
    const call = intrinsicOf(value);
    const argument = call?.argument as Json;
    if (call?.name === 'Ref' && typeof argument === 'string') return reference(stack, argument);
    if (call?.name === 'Condition') return { Condition: `C${stack.index}x${argument}` };
    if (call?.name === 'Fn::Sub') {
      const parsed = subArguments(argument);
      if (!parsed) return value;
      const members = parseSub(parsed.text).map((part): Json => {
        if ('text' in part) return part.text;
        const own = Object.hasOwn(parsed.variables, part.name) ? parsed.variables[part.name]! : undefined;
        return rename(stack, own ?? placeholderExpression(part.name));
      });
      return { 'Fn::Join': ['', members] };
    }
    if (call && Array.isArray(argument) && typeof argument[0] === 'string') {
      const [name, ...rest] = argument as [string, ...Json[]];
      if (call.name === 'Fn::If') return { 'Fn::If': [`C${stack.index}x${name}`, ...(rename(stack, rest) as Json[])] };
      if (call.name === 'Fn::FindInMap')
        return { 'Fn::FindInMap': [`M${stack.index}x${name}`, ...(rename(stack, rest) as Json[])] };
      if (call.name === 'Fn::GetAtt') return { 'Fn::GetAtt': [`X${stack.index}x${name}`, ...rest] };
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rename(stack, member)]));
  };

  const prefixed = <T>(
    letter: string,
    stack: Stack,
    section: Readonly<Record<string, T>> | undefined,
    work: (body: T) => T,
  ) =>
    isObject(section)
      ? Object.fromEntries(
          Object.entries(section as Record<string, T>).map(([name, body]) => [
            `${letter}${stack.index}x${name}`,
            work(body),
          ]),
        )
      : {};

  let sections: Template | undefined;
  const made = (): Template => {
    if (sections) return sections;
    const Conditions: Record<string, Json> = {};
    const Rules: Record<string, RuleBody> = { ...rules };
    const Mappings: NonNullable<Template['Mappings']> = {};
    for (const stack of stacks) {
      const { template } = stack;
      Object.assign(
        Conditions,
        prefixed('C', stack, template.Conditions, (test) => rename(stack, test)),
      );
      Object.assign(
        Mappings,
        prefixed('M', stack, template.Mappings, (rows) => rows),
      );
      const bodies = Object.fromEntries(entriesOf(template.Rules)) as Record<string, RuleBody>;
      Object.assign(
        Rules,
        prefixed('R', stack, bodies, (body) => rename(stack, body as unknown as Json) as unknown as RuleBody),
      );
    }
    const named = stacks.flatMap((stack): { name: Json; open: boolean }[] => {
      const id = stackNames.get(stack.index);
      if (id !== undefined) return [{ name: { Ref: id }, open: true }];
      return stack.stackName === undefined ? [] : [{ name: stack.stackName, open: false }];
    });
    named.forEach((one, i) => {
      for (const other of named.slice(i + 1))
        if (one.open || other.open)
          Rules[`D${Object.keys(Rules).length}`] = {
            Assertions: [{ Assert: { 'Fn::Not': [{ 'Fn::Equals': [one.name, other.name] }] } }],
          };
    });
    sections = { Parameters: parameters, Conditions, Rules, Mappings, Resources: {} };
    return sections;
  };

  return {
    stacks,
    rename,
    renameParts: (stack, parts) =>
      merged(
        parts.map((part) => {
          if (typeof part === 'string') return part;
          const expression = rename(stack, part.expression);
          return typeof expression === 'object' ? { ...part, expression } : String(expression);
        }),
      ),
    body: (id) => parameters[id],
    get possible() {
      return possible;
    },
    sections: made,
    ask: (conditions, values = [], distinguish = {}) => {
      const base = made();
      const template: Template = { ...base, Conditions: { ...base.Conditions, ...conditions } };
      const roots = [
        ...Object.keys(conditions).map((condition) => ({ condition })),
        ...values.map((parameter) => ({ parameter })),
      ];
      const slice = sliceOf(template, roots);
      // Where defaults differ, each is the cheapest value for one of the stacks.
      const apart: Record<string, readonly string[]> = { ...distinguish };
      for (const [id, own] of usual) {
        const texts = [...new Set([...own.values()].flatMap((text) => text ?? []))];
        if (texts.length > 1 && slice.references.includes(id)) apart[id] = [...texts, ...(apart[id] ?? [])];
      }
      return listScenarios(template, { slice, limit: LIMIT, distinguish: apart });
    },
    overrides: ({ assignment, overrides }) => {
      const texts: Record<string, string> = { ...overrides };
      for (const [id, value] of Object.entries(assignment)) texts[id] = parameterText(value as ParameterValue);
      const found = new Map<number, Record<string, string>>();
      const put = (index: number, name: string, text: string): void => {
        found.set(index, { ...found.get(index), [name]: text });
      };
      for (const [id, text] of Object.entries(texts)) {
        const name = id.replace(/^[PN]\d+x/, '');
        for (const [index, own] of usual.get(id) ?? [])
          if (text !== own && !parameterType(parameters[id]!).ssm) put(index, name, text);
        for (const [index, named] of stackNames) if (named === id) put(index, 'AWS::StackName', text);
        if (id === 'AWS::Region' && overrides[id] !== undefined)
          for (const stack of stacks) if (stack.region === undefined) put(stack.index, id, text);
      }
      return found;
    },
  };
}

function tighten(
  narrowed: ParameterBody,
  body: ParameterBody,
  key: 'MinLength' | 'MaxLength' | 'MinValue' | 'MaxValue',
  choose: (a: number, b: number) => number,
): void {
  const limits = [narrowed[key], body[key]].flatMap((limit) => (limit === undefined ? [] : [Number(limit)]));
  if (limits.length > 0) (narrowed as unknown as JsonObject)[key] = limits.reduce(choose);
}

/** The stacks that have one value of a parameter, this one among them. */
function tiedWith(index: number, name: string, ties: readonly Tie[]): number[] {
  const found = new Set([index]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const tie of ties)
      if (tie.name === name && (found.has(tie.a) || found.has(tie.b))) found.add(tie.a).add(tie.b);
  }
  return [...found].sort((a, b) => a - b);
}
