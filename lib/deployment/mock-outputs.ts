import { createHash } from 'node:crypto';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import type { Json, Template } from '../cfn/template.ts';
import { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from '../scenarios/resolve.ts';
import { isUnknown, type Resolved, textOf, type Unknown } from '../scenarios/unknown.ts';
import { resourceType } from '../spec/resource-type.ts';

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

/** IDs that EC2 makes up, by their start. */
const ID_PREFIX: Readonly<Record<string, string>> = {
  'AWS::EC2::InternetGateway': 'igw',
  'AWS::EC2::NatGateway': 'nat',
  'AWS::EC2::RouteTable': 'rtb',
  'AWS::EC2::SecurityGroup': 'sg',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::VPCEndpoint': 'vpce',
};

/** What `Ref` gives. */
function referenceText(id: string, context: Context): string {
  const resource = context.resolved.resources[id];
  if (!resource) return `mock-${id}`;
  const { type } = resource;
  if (ID_PREFIX[type]) return `${ID_PREFIX[type]}-${digest(`${context.stackName} ${id}`)}`;
  const names = resourceType(type)?.ref ?? [];
  if (type === 'AWS::SecretsManager::Secret') return secretArn(nameOf(id, resource, context), context);
  if (type === 'AWS::SQS::Queue')
    return `https://sqs.${context.region}.amazonaws.com/${ACCOUNT}/${nameOf(id, resource, context)}`;
  if (names.some((name) => /Arn$/.test(name))) return arnText(id, resource, context);
  const stated = names.map((name) => resource.properties[name]);
  if (names.length > 0 && stated.every((value) => value !== undefined))
    return stated.map((value) => textFor(value!, context)).join('|');
  const madeUp = names.some((name) => /Id$/.test(name)) || type === 'AWS::KMS::Key';
  return madeUp ? uuid(`${context.stackName} ${id}`) : nameOf(id, resource, context);
}

/** What `Fn::GetAtt` gives. */
function attributeText(id: string, attribute: string, context: Context): string {
  const resource = context.resolved.resources[id];
  if (!resource) return `mock-${id}-${attribute}`;
  const stated = resource.properties[attribute];
  if (stated !== undefined) return textFor(stated, context);
  const last = attribute.split('.').at(-1)!;
  if (last === 'SecretArn') return secretArn(`rds!cluster-${uuid(`${context.stackName} ${id}`)}`, context);
  if (last === 'Arn' || last.endsWith('Arn')) return arnText(id, resource, context);
  if (last === 'Port') return textFor(resource.properties.Port ?? '5432', context);
  if (/^(Address|Endpoint)$/.test(last)) {
    const kind = attribute
      .split('.')[0]!
      .replace(/EndPoint|Endpoint/, '')
      .toLowerCase();
    const service = resource.type.split('::')[1]!.toLowerCase().replace('elasticache', 'cache');
    const host = [nameOf(id, resource, context), kind, `mock.${context.region}.${service}.amazonaws.com`];
    return host.filter((part) => part !== '').join('.');
  }
  if (last.endsWith('Id')) return referenceText(id, context);
  return `${nameOf(id, resource, context)}-${last.toLowerCase()}`;
}

/** With the six characters that Secrets Manager adds. */
function secretArn(name: string, { region }: Context): string {
  return `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${name}-${digest(name).slice(0, 6)}`;
}

function arnText(id: string, resource: ResolvedResource, context: Context): string {
  const [, service = '', kind = ''] = resource.type.toLowerCase().split('::');
  const form = resourceType(resource.type)?.arn ?? `arn:\${Partition}:${service}:\${Region}:\${Account}:${kind}/\${Id}`;
  const known: Readonly<Record<string, string>> = { Partition: 'aws', Region: context.region, Account: ACCOUNT };
  return form.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const stated = resource.properties[name];
    if (known[name] !== undefined) return known[name];
    if (stated !== undefined) return textFor(stated, context);
    return resource.type === 'AWS::KMS::Key' ? uuid(`${context.stackName} ${id}`) : nameOf(id, resource, context);
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

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 17);
}

function uuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
