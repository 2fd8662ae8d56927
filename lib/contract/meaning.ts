import { intrinsicOf, isNoValue } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type Path } from '../cfn/template.ts';
import { parameterType } from '../scenarios/parameters.ts';
import { textOf } from '../scenarios/unknown.ts';
import { formats, isPublished, resourceType } from '../spec/resource-type.ts';
import { referenced, type Schema } from '../spec/schema.ts';
import type { Stack } from './stack.ts';
import { negated } from './texts.ts';

/** What a value is, as far as a template and the index of resource types say. */
export interface Meaning {
  /** One thing, or several joined by commas. */
  readonly count: 'one' | 'many' | 'unknown';
  /** As types of parameters say it: `AWS::EC2::VPC::Id`. A kind that no parameter has: `AWS::S3::Bucket::Id`. */
  readonly of?: string;
  /** The texts, where they are written out. */
  readonly texts?: readonly string[];
}

/** A meaning that a value has under some tests. */
export interface Meant {
  readonly when: readonly Json[];
  readonly meaning: Meaning;
}

export const UNKNOWN: Meaning = { count: 'unknown' };

/** What an import stands for: what the template that exports it says. */
export type Follow = (stack: Stack, name: Json) => Meaning;

export function meaningsOf(value: Json, stack: Stack, follow: Follow): Meant[] {
  const call = intrinsicOf(value);
  if (call?.name === 'Fn::If' && Array.isArray(call.argument) && typeof call.argument[0] === 'string') {
    const test = { Condition: call.argument[0] };
    const branch = (member: Json, own: Json): Meant[] =>
      meaningsOf(member, stack, follow).map(({ when, meaning }) => ({ when: [own, ...when], meaning }));
    return [...branch(call.argument[1] ?? null, test), ...branch(call.argument[2] ?? null, negated(test))];
  }
  return [{ when: [], meaning: meaningOf(value, stack, follow) }];
}

function meaningOf(value: Json, stack: Stack, follow: Follow): Meaning {
  const text = textOf(value as never);
  if (text !== undefined) return text.includes('{{resolve:') ? UNKNOWN : written(text.split(','));
  const call = intrinsicOf(value);
  if (!call) return UNKNOWN;
  const { argument } = call;
  const list = Array.isArray(argument) ? argument : [];
  switch (call.name) {
    case 'Fn::If': {
      return common(allMeanings([list[1] ?? null, list[2] ?? null], stack, follow));
    }
    case 'Ref':
      return typeof argument === 'string' ? ofReference(argument, stack) : UNKNOWN;
    case 'Fn::GetAtt': {
      const [id, ...names] = typeof argument === 'string' ? argument.split('.') : list.map(String);
      return id === undefined ? UNKNOWN : ofAttribute(id, names.join('.'), stack);
    }
    case 'Fn::Sub': {
      const parsed = subArguments(argument);
      if (!parsed) return UNKNOWN;
      const parts = parseSub(parsed.text).map((part): Json => {
        if ('text' in part) return part.text;
        return Object.hasOwn(parsed.variables, part.name)
          ? parsed.variables[part.name]!
          : placeholderExpression(part.name);
      });
      return ofParts(parts, stack, follow);
    }
    case 'Fn::Join': {
      const [delimiter, members] = list;
      if (typeof delimiter !== 'string') return UNKNOWN;
      if (!Array.isArray(members)) {
        const meaning = meaningOf(members ?? null, stack, follow);
        return delimiter === ',' && meaning.count === 'many'
          ? meaning
          : { count: delimiter === ',' ? 'many' : 'unknown' };
      }
      if (delimiter === ',' && members.length > 0)
        return { ...common(allMeanings(members, stack, follow)), count: 'many' };
      return ofParts(
        members.flatMap((member, i) => (i > 0 && delimiter !== '' ? [delimiter, member] : [member])),
        stack,
        follow,
      );
    }
    case 'Fn::Select': {
      const [index, members] = list;
      if (Array.isArray(members)) return meaningOf(members[Number(index)] ?? null, stack, follow);
      const { of } = meaningOf(members ?? null, stack, follow);
      return { count: 'one', ...(of !== undefined && { of }) };
    }
    case 'Fn::Split': {
      const meaning = meaningOf(list[1] ?? null, stack, follow);
      return list[0] === ',' ? { ...meaning, count: 'many' } : { count: 'many' };
    }
    case 'Fn::GetAZs':
      return { count: 'many', of: ZONE };
    case 'Fn::ImportValue':
      return follow(stack, argument);
    default:
      return UNKNOWN;
  }
}

/** Of what is there: `AWS::NoValue` is nothing, in a branch too. */
function allMeanings(members: readonly Json[], stack: Stack, follow: Follow): Meaning[] {
  return members.flatMap((member) => {
    const call = intrinsicOf(member);
    if (isNoValue(member)) return [];
    if (call?.name === 'Fn::If' && Array.isArray(call.argument))
      return allMeanings(call.argument.slice(1), stack, follow);
    return [meaningOf(member, stack, follow)];
  });
}

const ZONE = 'AWS::EC2::AvailabilityZone::Name';

function written(texts: readonly string[]): Meaning {
  return { count: texts.length > 1 ? 'many' : 'one', texts: texts.map((text) => text.trim()) };
}

/** Stretches one after the other: one alone, or items between commas. */
function ofParts(parts: readonly Json[], stack: Stack, follow: Follow): Meaning {
  const stretches = parts.filter((part) => part !== '');
  if (stretches.length === 1) return meaningOf(stretches[0]!, stack, follow);
  const items: Json[][] = [[]];
  for (const part of stretches)
    for (const piece of typeof part === 'string' ? part.split(/(,)/) : [part]) {
      if (piece === ',') items.push([]);
      else if (piece !== '') items.at(-1)!.push(piece);
    }
  if (items.length === 1) return UNKNOWN;
  const meanings = items.map((item) => (item.length === 1 ? meaningOf(item[0]!, stack, follow) : UNKNOWN));
  return { ...common(meanings), count: 'many' };
}

/** What several values have in common: a list of IDs of one kind. */
export function common(meanings: readonly Meaning[]): Meaning {
  const [first] = meanings;
  if (!first) return UNKNOWN;
  const count = meanings.every((each) => each.count === first.count) ? first.count : 'unknown';
  if (first.of !== undefined && meanings.every((each) => each.of === first.of)) return { count, of: first.of };
  if (meanings.every((each) => each.texts)) return { count, texts: meanings.flatMap((each) => each.texts!) };
  return { count };
}

function ofReference(name: string, stack: Stack): Meaning {
  const body = stack.template.Parameters?.[name];
  if (isObject(body)) {
    const known = stack.known(name);
    const { list, element } = parameterType(body);
    if (known !== undefined && element === 'string') return written(known.split(','));
    const inner = String(body.Type).replace(/^AWS::SSM::Parameter::Value<(.+)>$/, '$1');
    if (element === 'aws') return { count: list ? 'many' : 'one', of: inner.replace(/^List<(.+)>$/, '$1') };
    return { count: list ? 'many' : element === 'number' ? 'one' : 'unknown' };
  }
  const type = stack.template.Resources[name]?.Type;
  if (typeof type !== 'string') return name.startsWith('AWS::') ? { count: 'one', of: name } : UNKNOWN;
  if (!isPublished(type)) return UNKNOWN;
  const entry = resourceType(type);
  const [property] = entry?.ref ?? [];
  if (entry?.ref?.length !== 1 || property === undefined) return UNKNOWN;
  return {
    count: 'one',
    of: OF_REF[type] ?? ofFormat(entry.schema, property) ?? `${type}::${property.replace(/^.*(Id|Name|Arn)$/, '$1')}`,
  };
}

/** Where the index has no format for what `Ref` gives. Source: CloudFormation template reference, "Return values", read 2026-11-21. */
const OF_REF: Readonly<Record<string, string>> = {
  'AWS::EC2::Instance': 'AWS::EC2::Instance::Id',
  'AWS::EC2::KeyPair': 'AWS::EC2::KeyPair::KeyName',
  'AWS::EC2::SecurityGroup': 'AWS::EC2::SecurityGroup::Id',
  'AWS::EC2::Volume': 'AWS::EC2::Volume::Id',
  'AWS::Route53::HostedZone': 'AWS::Route53::HostedZone::Id',
};

function ofAttribute(id: string, attribute: string, stack: Stack): Meaning {
  const type = stack.template.Resources[id]?.Type;
  const entry = typeof type === 'string' && isPublished(type) ? resourceType(type) : undefined;
  if (!entry) return UNKNOWN;
  const schema = propertyOf(entry.schema, attribute.split('.'));
  if (schema?.type === 'array') {
    const items = isObject(schema.items) ? (schema.items as Schema) : undefined;
    const format = items && kindOf(items.format);
    return { count: 'many', ...(format !== undefined && { of: format }) };
  }
  const of = schema && kindOf(schema.format);
  if (of !== undefined) return { count: 'one', of };
  if (entry.ref?.length === 1 && entry.ref[0] === attribute) return ofReference(id, stack);
  if (attribute === 'AvailabilityZone') return { count: 'one', of: ZONE };
  // An ARN or an address is no ID of anything that a type of parameter names.
  if (/(^|\.)\w*(Arn|DNSName|DnsName|Endpoint\.Address|Endpoint|Url|URL)$/.test(attribute))
    return { count: 'one', of: `${type}::${attribute}` };
  return UNKNOWN;
}

function propertyOf(root: Schema, names: readonly string[]): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const name of names) {
    const members: Schema | undefined = schema && resolved(root, schema);
    schema = members?.properties?.[name] as Schema | undefined;
  }
  return schema && resolved(root, schema);
}

function resolved(root: Schema, schema: Schema): Schema {
  return typeof schema.$ref === 'string' ? (referenced(root, schema.$ref) ?? schema) : schema;
}

function ofFormat(schema: Schema, property: string): string | undefined {
  const found = propertyOf(schema, [property]);
  return found && kindOf(found.format);
}

/** `AWS::EC2::VPC.Id` as types of parameters write it. */
function kindOf(format: unknown): string | undefined {
  if (typeof format !== 'string' || !format.startsWith('AWS::')) return undefined;
  return format === 'AWS::EC2::SecurityGroup.Name' ? 'AWS::EC2::SecurityGroup::GroupName' : format.replace('.', '::');
}

/** What the property wants in which an import stands: itself, or split at commas; undefined where nothing says so. */
export function wantedAt(stack: Stack, path: Path): string | undefined {
  const [section, id, part, ...rest] = path;
  const type = stack.template.Resources[String(id)]?.Type;
  if (section !== 'Resources' || part !== 'Properties' || typeof type !== 'string') return undefined;
  const entry = isPublished(type) ? resourceType(type) : undefined;
  if (!entry) return undefined;
  let schema: Schema | undefined = entry.schema;
  let split = false;
  for (let i = 0; i < rest.length; i++) {
    const step = rest[i]!;
    if (step === 'Fn::ImportValue') break;
    if (step === 'Fn::If') {
      i++;
      continue;
    }
    if (step === 'Fn::Split' && rest[i + 1] === 1) {
      split = true;
      i++;
      continue;
    }
    if (typeof step === 'string' && step.startsWith('Fn::')) return undefined;
    if (schema === undefined) return undefined;
    const holding: Schema = resolved(entry.schema, schema);
    schema = (typeof step === 'number' ? holding.items : holding.properties?.[step]) as Schema | undefined;
  }
  if (schema === undefined) return undefined;
  const found = resolved(entry.schema, schema);
  if (!split) return kindOf(found.format);
  const items = isObject(found.items) ? resolved(entry.schema, found.items as Schema) : undefined;
  const of = items && kindOf(items.format);
  return of && `List<${of}>`;
}

/** Whether a value is what a reader wants. `unknown`: neither the template nor the index says what the value is. */
export type Fit = { readonly fits: boolean | 'unknown'; readonly because: string };

/** @param type of the SSM parameter, undefined for an export. */
export function fitOf(wanted: string, meaning: Meaning, type: string | undefined, how: 'import' | 'parameter'): Fit {
  const list = /^List<(.+)>$/.exec(wanted);
  const many = list !== null || wanted === 'CommaDelimitedList';
  const element = list?.[1] ?? (many ? 'String' : wanted);
  const said = saying(meaning, type);
  if (type === 'SecureString') return { fits: false, because: 'a SecureString, which no parameter can be read as' };
  if (how === 'parameter' && !many && type === 'StringList') return { fits: false, because: said };
  if (how === 'parameter' && many && type === 'String' && meaning.count === 'one')
    return { fits: false, because: said };
  if (!many && meaning.count === 'many' && element !== 'String') return { fits: false, because: said };
  const kind = isKind(element, meaning);
  if (kind === false) return { fits: false, because: said };
  if (kind === undefined) return { fits: 'unknown', because: `what the value is, is not known` };
  if (many && how === 'parameter' && type !== 'StringList' && meaning.count === 'unknown')
    return { fits: 'unknown', because: 'whether the value is a list, is not known' };
  return { fits: true, because: said };
}

function saying({ count, of, texts }: Meaning, type: string | undefined): string {
  const value = of ?? (texts ? texts.join(',') : 'text');
  return `${type === undefined ? '' : `a ${type} of `}${count === 'many' ? 'several ' : ''}${value}`;
}

/** Texts that a kind of thing has, beyond the formats of the index. Source: EC2 and Route 53 API references, read 2026-11-21. */
const TEXTS: Readonly<Record<string, RegExp>> = {
  'AWS::EC2::AvailabilityZone::Name': /^[a-z]{2,4}(-[a-z]+)+-\d+[a-z0-9-]*$/,
  'AWS::EC2::Instance::Id': /^i-([0-9a-f]{8}|[0-9a-f]{17})$/,
  'AWS::EC2::Volume::Id': /^vol-([0-9a-f]{8}|[0-9a-f]{17})$/,
  'AWS::Route53::HostedZone::Id': /^Z[A-Z0-9]{1,31}$/,
};

function isKind(element: string, { of, texts }: Meaning): boolean | undefined {
  if (element === 'String') return true;
  if (of !== undefined) return of === element;
  if (!texts) return undefined;
  if (element === 'Number') return texts.every((text) => text !== '' && !Number.isNaN(Number(text)));
  const format = formats()[element.replace(/::(Id|Name|Arn|AliasName)$/, '.$1')];
  const pattern = TEXTS[element] ?? (format === undefined ? undefined : new RegExp(format));
  return pattern ? texts.every((text) => pattern.test(text)) : undefined;
}
