import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import { isObject, type Json } from '../cfn/template.ts';
import { allowedTexts, defaultText, parameterType } from '../scenarios/parameters.ts';
import { readsOf } from '../scenarios/reads.ts';
import { partitionOf } from '../scenarios/regions.ts';
import { textOf } from '../scenarios/unknown.ts';
import type { Stack } from './stack.ts';

/** A stretch of a text that a deployment decides. `beyond`: no parameter does. */
export interface Atom {
  readonly expression: Json;
  readonly kind: 'parameter' | 'computed' | 'beyond';
}

export type Part = string | Atom;

/** One form that a text has, and the tests under which it has it. */
export interface Possible {
  readonly when: readonly Json[];
  readonly parts: readonly Part[];
}

/** A form, or that there is nothing (`AWS::NoValue`). */
type Choice = { readonly when: readonly Json[]; readonly parts: readonly Part[] | undefined };

/** More forms than this, and the text counts as one that nothing is known of. */
const MOST_FORMS = 256;

/** Every form of a text: branches of `Fn::If` and rows of mappings taken apart, parameters left as atoms. */
export function possibleTexts(value: Json, stack: Stack): Possible[] {
  const choices = choicesOf(value, stack);
  return choices.flatMap(({ when, parts }) => (parts ? [{ when, parts: merged(parts) }] : []));
}

/**
 * Forms of a name. One that is a parameter and nothing else, which admits any text, is what the parameter is by default, as for
 * parameters of an SSM type; without a default it is given when it is deployed.
 */
export function possibleNames(value: Json, stack: Stack): Possible[] {
  return possibleTexts(value, stack).map((form) => {
    const [only, ...rest] = form.parts;
    const name = only === undefined || rest.length > 0 ? undefined : parameterOf(only);
    const body = name === undefined ? undefined : stack.template.Parameters?.[name];
    if (!isObject(body) || allowedTexts(body)) return form;
    return { ...form, parts: [defaultText(body) ?? { ...(only as Atom), kind: 'beyond' as const }] };
  });
}

function choicesOf(value: Json, stack: Stack): Choice[] {
  const text = textOf(value as never);
  if (text !== undefined) return [{ when: [], parts: [text] }];
  const call = intrinsicOf(value);
  const found = call && FORMS[call.name]?.(call.argument, stack);
  return found && found.length <= MOST_FORMS ? found : [{ when: [], parts: [atomOf(value, stack)] }];
}

/** Undefined where the call has no form that is known. */
const FORMS: Readonly<Record<string, (argument: Json, stack: Stack) => Choice[] | undefined>> = {
  Ref: (argument, stack) => {
    if (argument === 'AWS::NoValue') return [{ when: [], parts: undefined }];
    const text = typeof argument === 'string' ? knownReference(argument, stack) : undefined;
    return text === undefined ? undefined : [{ when: [], parts: [text] }];
  },
  'Fn::Sub': (argument, stack) => {
    const call = subArguments(argument);
    if (!call) return undefined;
    const stretches = parseSub(call.text).map((part): Json => {
      if ('text' in part) return part.text;
      return Object.hasOwn(call.variables, part.name) ? call.variables[part.name]! : placeholderExpression(part.name);
    });
    return joined('', stretches, stack);
  },
  'Fn::Join': (argument, stack) => {
    if (!Array.isArray(argument) || typeof argument[0] !== 'string') return undefined;
    return Array.isArray(argument[1]) ? joined(argument[0], argument[1], stack) : undefined;
  },
  'Fn::If': (argument, stack) => {
    if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string') return undefined;
    const test = { Condition: argument[0] };
    return [
      ...choicesOf(argument[1]!, stack).map(({ when, parts }) => ({ when: [test, ...when], parts })),
      ...choicesOf(argument[2]!, stack).map(({ when, parts }) => ({ when: [negated(test), ...when], parts })),
    ];
  },
  'Fn::FindInMap': (argument, stack) => {
    if (!Array.isArray(argument) || argument.length < 3 || typeof argument[0] !== 'string') return undefined;
    const map = stack.template.Mappings?.[argument[0]];
    if (!isObject(map)) return undefined;
    const fallback = isObject(argument[3]) ? argument[3].DefaultValue : undefined;
    const rows = keyed(argument[1]!, Object.keys(map), stack).flatMap(({ when, key }): Choice[] | undefined[] => {
      const row = key === undefined ? undefined : (map[key] as Json);
      if (!isObject(row)) return fallback === undefined ? [] : under(when, choicesOf(fallback, stack));
      return keyed(argument[2]!, Object.keys(row), stack).flatMap((second) => {
        const tests = [...when, ...second.when];
        if (second.key !== undefined) return under(tests, choicesOf(row[second.key]!, stack));
        return fallback === undefined ? [] : under(tests, choicesOf(fallback, stack));
      });
    });
    return rows.length === 0 ? undefined : (rows as Choice[]);
  },
  'Fn::Select': (argument, stack) => {
    if (!Array.isArray(argument) || argument.length !== 2) return undefined;
    const [index, list] = [Number(textOf(argument[0] as never)), argument[1]!];
    if (Array.isArray(list)) return list[index] === undefined ? undefined : choicesOf(list[index], stack);
    const split = intrinsicOf(list);
    if (split?.name !== 'Fn::Split' || !Array.isArray(split.argument) || split.argument.length !== 2) return undefined;
    const [delimiter, of] = split.argument;
    if (typeof delimiter !== 'string' || delimiter === '') return undefined;
    const forms = possibleTexts(of!, stack).map(({ when, parts }) => {
      const text = parts.length === 0 ? '' : parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : undefined;
      const item = text?.split(delimiter)[index];
      return item === undefined ? undefined : { when, parts: [item] };
    });
    return forms.includes(undefined) ? undefined : (forms as Choice[]);
  },
};

function under(when: readonly Json[], choices: readonly Choice[]): Choice[] {
  return choices.map((choice) => ({ when: [...when, ...choice.when], parts: choice.parts }));
}

/** The keys that a key of a mapping may be; without one where it is none of them. */
function keyed(key: Json, names: readonly string[], stack: Stack): { when: readonly Json[]; key?: string }[] {
  return possibleTexts(key, stack).flatMap(({ when, parts }) => {
    const [only = ''] = parts;
    if (parts.length <= 1 && typeof only === 'string') return names.includes(only) ? [{ when, key: only }] : [{ when }];
    const expression = { 'Fn::Join': ['', parts.map((part) => (typeof part === 'string' ? part : part.expression))] };
    const compared: Json = parts.length === 1 ? (only as Atom).expression : expression;
    const tests = names.map((name): Json => ({ 'Fn::Equals': [compared, name] }));
    return [
      ...names.map((name, i) => ({ when: [...when, tests[i]!], key: name })),
      { when: [...when, ...tests.map(negated)] },
    ];
  });
}

function joined(delimiter: string, members: readonly Json[], stack: Stack): Choice[] | undefined {
  let forms: { when: readonly Json[]; parts: readonly Part[]; empty: boolean }[] = [
    { when: [], parts: [], empty: true },
  ];
  for (const member of members) {
    const choices = choicesOf(member, stack);
    forms = forms.flatMap((form) =>
      choices.map(({ when, parts }) => ({
        when: [...form.when, ...when],
        parts: parts ? [...form.parts, ...(form.empty || delimiter === '' ? [] : [delimiter]), ...parts] : form.parts,
        empty: form.empty && parts === undefined,
      })),
    );
    if (forms.length > MOST_FORMS) return undefined;
  }
  return forms;
}

function knownReference(name: string, stack: Stack): string | undefined {
  const { region } = stack;
  if (name === 'AWS::Region') return region;
  if (name === 'AWS::Partition') return region && partitionOf(region).partition;
  if (name === 'AWS::URLSuffix') return region && partitionOf(region).urlSuffix;
  if (name === 'AWS::StackName') return stack.stackName;
  const body = stack.template.Parameters?.[name];
  return isObject(body) && !parameterType(body).list ? stack.known(name) : undefined;
}

function atomOf(expression: Json, { template }: Stack): Atom {
  const { beyond, references } = readsOf(template, expression);
  const open = [...references].some(
    (name) => !name.startsWith('AWS::') && !Object.hasOwn(template.Parameters ?? {}, name),
  );
  const call = intrinsicOf(expression);
  const name = call?.name === 'Ref' && typeof call.argument === 'string' ? call.argument : undefined;
  const body = name === undefined ? undefined : template.Parameters?.[name];
  // What SSM holds under a name is not for a template to say.
  if (beyond || open || references.size === 0) return { expression, kind: 'beyond' };
  if (isObject(body) && parameterType(body).ssm) return { expression, kind: 'beyond' };
  const plain = name !== undefined && !(isObject(body) && parameterType(body).list);
  return { expression, kind: plain ? 'parameter' : 'computed' };
}

export function merged(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else if (part !== '') result.push(part);
  }
  return result;
}

export function negated(test: Json): Json {
  return { 'Fn::Not': [test] };
}

/** The name of the parameter, or the pseudo parameter, whose text an atom is. */
export function parameterOf(part: Part): string | undefined {
  return typeof part !== 'string' && part.kind === 'parameter' ? (part.expression as { Ref: string }).Ref : undefined;
}

/** As a person would write it: `${EnvironmentSuffix}-VpcId`. */
export function writtenText(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const call = intrinsicOf(part.expression);
      if (call?.name === 'Ref') return `\${${call.argument}}`;
      if (call?.name === 'Fn::GetAtt') return `\${${[call.argument].flat().join('.')}}`;
      return `\${${JSON.stringify(part.expression)}}`;
    })
    .join('');
}
