import { intrinsicOf } from '../cfn/intrinsics.ts';
import type { Json, Template } from '../cfn/template.ts';
import { partitionOf } from '../scenarios/regions.ts';
import { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from '../scenarios/resolve.ts';
import { isUnknown, type Resolved, textOf, type Unknown } from '../scenarios/unknown.ts';
import { resourceType } from '../spec/resource-type.ts';
import { ARN_FORMS, digest, hostMadeUp, idMadeUp, uuid } from './made-up.ts';

export interface MockRequest {
  readonly stackName: string;
  readonly region: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Exports of the stacks before it. */
  readonly imports: Readonly<Record<string, string>>;
}

export interface MockOutputs {
  readonly outputs: Record<string, string>;
  readonly exports: Record<string, string>;
}

/** AWS keeps it for examples: no account has it. */
const ACCOUNT = '111122223333';

/**
 * The outputs that a stack would have, as far as template and parameters decide them, with stand-ins of the right form for
 * what AWS makes up: IDs, ARNs, host names. The same request gives the same text. Nothing is deployed or called.
 */
export function mockOutputs(template: Template, { stackName, region, parameters, imports }: MockRequest): MockOutputs {
  const resolved = resolveTemplate(template, {
    parameters,
    region,
    stackName,
    imports,
    accountId: ACCOUNT,
    stackId: `arn:aws:cloudformation:${region}:${ACCOUNT}:stack/${stackName}/${uuid(stackName)}`,
    availabilityZones: ['a', 'b', 'c'].map((zone) => `${region}${zone}`),
  });
  const standIn = { resolved, region, stackName };
  const result: MockOutputs = { outputs: {}, exports: {} };
  for (const [id, { value, exportName, exists }] of Object.entries(resolved.outputs)) {
    if (exists !== true) continue;
    result.outputs[id] = textFor(value, standIn);
    if (exportName !== undefined) result.exports[textFor(exportName, standIn)] = result.outputs[id];
  }
  return result;
}

interface Context {
  readonly resolved: ResolvedTemplate;
  readonly region: string;
  readonly stackName: string;
}

function textFor(value: Resolved, context: Context): string {
  if (Array.isArray(value)) return value.map((item) => textFor(item, context)).join(',');
  return isUnknown(value) ? unknownText(value, context) : (textOf(value) ?? JSON.stringify(value));
}

function unknownText({ expression, parts, options }: Unknown, context: Context): string {
  if (parts) return parts.map((part) => (typeof part === 'string' ? part : unknownText(part, context))).join('');
  const call = intrinsicOf(expression);
  const argument = call?.argument;
  if (call?.name === 'Ref' && typeof argument === 'string') return referenceText(argument, context);
  if (call?.name === 'Fn::GetAtt' && Array.isArray(argument))
    return attributeText(String(argument[0]), argument.slice(1).join('.'), context);
  if (call?.name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1]))
    return argument[1].map((part) => expressionText(part, context)).join(String(argument[0]));
  if (options?.[0] !== undefined) return textFor(options[0], context);
  return `mock-${digest(JSON.stringify(expression))}`;
}

function expressionText(part: Json, context: Context): string {
  if (typeof part !== 'object') return String(part);
  return unknownText({ $unknown: 'function', expression: part, dependsOn: [] }, context);
}

/** What `Ref` gives. */
function referenceText(id: string, context: Context): string {
  const resource = context.resolved.resources[id];
  if (!resource) return `mock-${id}`;
  const { type } = resource;
  const madeUp = idMadeUp(type, `${context.stackName} ${id}`, context.region);
  if (madeUp !== undefined) return madeUp;
  const names = resourceType(type)?.ref ?? [];
  if (type === 'AWS::SecretsManager::Secret') return secretArn(nameOf(id, resource, context), context);
  if (type === 'AWS::SQS::Queue') {
    const { region } = context;
    return `https://sqs.${region}.${partitionOf(region).urlSuffix}/${ACCOUNT}/${nameOf(id, resource, context)}`;
  }
  if (names.some((name) => /Arn$/.test(name))) return arnText(id, resource, context);
  const stated = names.map((name) => resource.properties[name]);
  if (names.length > 0 && stated.every((value) => value !== undefined))
    return stated.map((value) => textFor(value!, context)).join('|');
  return names.some((name) => /Id$/.test(name)) ? uuid(`${context.stackName} ${id}`) : nameOf(id, resource, context);
}

/** What `Fn::GetAtt` gives. */
function attributeText(id: string, attribute: string, context: Context): string {
  const resource = context.resolved.resources[id];
  if (!resource) return `mock-${id}-${attribute}`;
  const stated = resource.properties[attribute];
  if (stated !== undefined) return textFor(stated, context);
  const { region, stackName } = context;
  const host = hostMadeUp(resource.type, attribute, nameOf(id, resource, context), `${stackName} ${id}`, region);
  if (host !== undefined) return host;
  const last = attribute.split('.').at(-1)!;
  if (last === 'SecretArn') return secretArn(`rds!cluster-${uuid(`${stackName} ${id}`)}`, context);
  if (last === 'Arn' || last.endsWith('Arn')) return arnText(id, resource, context);
  if (last === 'Port') return textFor(resource.properties.Port ?? portOf(resource), context);
  const isOwnId = resource.type.endsWith(last.replace(/Id$/, '')) || resourceType(resource.type)?.ref?.includes(last);
  if (last.endsWith('Id') && isOwnId) return referenceText(id, context);
  return last.endsWith('Id')
    ? uuid(`${stackName} ${id} ${last}`)
    : `${nameOf(id, resource, context)}-${last.toLowerCase()}`;
}

/** The ports that engines have where the template gives none; the first whose pattern type and engine match. */
const PORTS: readonly [RegExp, string][] = [
  [/^AWS::ElastiCache::.* memcached/, '11211'],
  [/^AWS::(ElastiCache|MemoryDB)::/, '6379'],
  [/^AWS::Redshift::/, '5439'],
  [/^AWS::DocDB::/, '27017'],
  [/^AWS::Neptune::/, '8182'],
  [/ (aurora-)?(mysql|mariadb)/, '3306'],
  [/ (custom-)?sqlserver/, '1433'],
  [/ (custom-)?oracle/, '1521'],
];

function portOf({ type, properties }: ResolvedResource): string {
  const engine = `${type} ${typeof properties.Engine === 'string' ? properties.Engine : ''}`;
  return PORTS.find(([pattern]) => pattern.test(engine))?.[1] ?? '5432';
}

/** With the six characters that Secrets Manager adds. */
function secretArn(name: string, { region }: Context): string {
  const { partition } = partitionOf(region);
  return `arn:${partition}:secretsmanager:${region}:${ACCOUNT}:secret:${name}-${digest(name).slice(0, 6)}`;
}

function arnText(id: string, resource: ResolvedResource, context: Context): string {
  const [, service = '', kind = ''] = resource.type.toLowerCase().split('::');
  const stated = (name: string) => resource.properties[name];
  const form =
    ARN_FORMS[resource.type] ??
    resourceType(resource.type)?.arn ??
    `arn:\${Partition}:${service}:\${Region}:\${Account}:${kind}/\${Id}`;
  const seed = `${context.stackName} ${id}`;
  const known: Readonly<Record<string, string>> = {
    Partition: partitionOf(context.region).partition,
    Region: context.region,
    Account: ACCOUNT,
    Digits: digest(seed).slice(0, 16),
    LoadBalancerKind: stated('Type') === 'network' ? 'net' : stated('Type') === 'gateway' ? 'gwy' : 'app',
  };
  return form.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    if (known[name] !== undefined) return known[name];
    const given = stated(name);
    if (given !== undefined) return textFor(given, context);
    const isOwnId = resourceType(resource.type)?.ref?.includes(name) || name === 'KeyId';
    return (isOwnId ? idMadeUp(resource.type, seed, context.region) : undefined) ?? nameOf(id, resource, context);
  });
}

/** The name that the template gives it, else one as CloudFormation makes it. */
function nameOf(id: string, { type, properties }: ResolvedResource, context: Context): string {
  const kind = type.split('::')[2]!;
  const names = [
    `${kind}Name`,
    `${kind}Identifier`,
    `${kind}Id`,
    'Name',
    'FunctionName',
    ...(resourceType(type)?.ref ?? []),
  ];
  const stated = names.map((name) => properties[name]).find((value) => value !== undefined);
  return stated === undefined
    ? `${context.stackName}-${id}-${digest(id).slice(0, 12).toUpperCase()}`
    : textFor(stated, context);
}
