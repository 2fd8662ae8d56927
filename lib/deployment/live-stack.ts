import type { Stack, StackResourceSummary } from '@aws-sdk/client-cloudformation';
import { isObject, type Json, type Template } from '../cfn/template.ts';
import type { DeployedResource, Environment } from '../scenarios/environment.ts';
import { type ResolvedTemplate, resolveTemplate } from '../scenarios/resolve.ts';
import { isUnknown, type Resolved } from '../scenarios/unknown.ts';
import { call, isUnreachable, type Target } from './clients.ts';
import type { VerifiedEmulator } from './emulator.ts';
import { ADDED_TO_BY_OTHERS, FOUND_BY_STATEMENT, readerOf } from './live/readers.ts';
import { type LiveResource, type Reader, reasonOf, type Settings } from './live/reading.ts';

/**
 * What a template says by saying nothing: whoever adds to these behind CloudFormation's back gives access to somebody. Rules that
 * another stack adds to a security group are no difference.
 */
const IMPLIED: Readonly<Record<string, Settings>> = {
  'AWS::EC2::SecurityGroup': { SecurityGroupIngress: [] },
  'AWS::IAM::Role': { ManagedPolicyArns: [], Policies: [] },
};

export function withImplied(type: string, properties: Settings): Settings {
  return Object.hasOwn(IMPLIED, type) ? { ...IMPLIED[type], ...properties } : properties;
}

const READS_AT_ONCE = 8;

/** A resource of the stack that was read. */
export interface Read {
  id: string;
  resource: LiveResource;
  /** Undefined: gone. A text: why nothing was read. */
  settings: Settings | undefined | string;
  /** The reader leaves out what it does not know. */
  partial: boolean;
}

export interface LiveStack {
  reads: Read[];
  /** With all that is known of the live resources filled in. */
  resolved: ResolvedTemplate;
  /** The same without the outputs that are deployed, so that these are not held against themselves. */
  forOutputs: ResolvedTemplate;
}

/** Reads every resource that a reader knows, then resolves the template with the attributes that were read. */
export async function readResources(
  { target, emulator }: { target: Target; emulator?: VerifiedEmulator },
  stack: Stack,
  environment: Environment,
  statement: Template,
  summaries: readonly StackResourceSummary[],
): Promise<LiveStack> {
  const { accountId: account = '', partition = 'aws' } = environment;
  const deployed: Record<string, { ref: Json; attributes: Record<string, Json> }> = {};
  for (const { LogicalResourceId = '', PhysicalResourceId } of summaries)
    if (PhysicalResourceId) deployed[LogicalResourceId] = { ref: PhysicalResourceId, attributes: {} };
  const resolve = (known: Readonly<Record<string, DeployedResource>>) =>
    resolveTemplate(statement, { ...environment, deployed: known });

  const recordAttributes = (reads: readonly Read[]) => {
    for (const { id, settings } of reads)
      if (isObject(settings)) deployed[id]!.attributes = attributesOf(settings as Settings);
  };
  const readSome = async (which: (type: string) => boolean) => {
    const stated = resolve(deployed).resources;
    const stack = Object.entries(stated).flatMap(([id, { type, properties }]) => {
      const physicalId = deployed[id]?.ref;
      return typeof physicalId === 'string' ? [{ id, type, physicalId, stated: withImplied(type, properties) }] : [];
    });
    const wanted = stack.filter(({ type }) => which(type));
    const reads = await inTurns(wanted, ({ id, ...resource }) =>
      readResource(id, { target, account, partition, stack, ...resource }, emulator),
    );
    recordAttributes(reads);
    return reads;
  };
  const first = await readSome((type) => !FOUND_BY_STATEMENT.has(type));
  const second = await readSome((type) => FOUND_BY_STATEMENT.has(type) || ADDED_TO_BY_OTHERS.has(type));
  const reads = [...new Map([...first, ...second].map((read) => [read.id, read])).values()];

  const forOutputs = resolve(deployed);
  for (const [id, { value }] of Object.entries(forOutputs.outputs)) {
    const [resource, attribute] = attributeIn(value);
    const text = stack.Outputs?.find(({ OutputKey }) => OutputKey === id)?.OutputValue;
    if (resource !== undefined && deployed[resource] && text !== undefined)
      deployed[resource].attributes[attribute!] = text;
  }
  return { reads, forOutputs, resolved: resolve(deployed) };
}

async function readResource(id: string, resource: LiveResource, emulator: VerifiedEmulator | undefined): Promise<Read> {
  const { type, target } = resource;
  const unread = (reason: string): Read => ({ id, resource, settings: reason, partial: false });
  if (emulator?.recorded.has(type) && !emulator.created.has(type)) return unread('the emulator only records this type');
  const own = await readerOf(type);
  const reader = own ?? (await generalReader(target, type));
  if (!reader) return unread(noReader(type));
  try {
    return { id, resource, settings: await reader(resource), partial: own === undefined };
  } catch (error) {
    if (isUnreachable(error)) await call(`reading ${id}`, target, () => Promise.reject(error));
    return unread(reasonOf(error));
  }
}

async function generalReader(target: Target, type: string): Promise<Reader | undefined> {
  const general = target.endpoint === undefined && !/^(Custom::|AWS::CloudFormation::)/.test(type);
  return general ? (await import('./live/cloud-control.ts')).anyType : undefined;
}

function noReader(type: string): string {
  return /^(Custom::|AWS::CloudFormation::CustomResource$)/.test(type)
    ? 'only its function knows what a custom resource is'
    : `there is no reader for ${type}`;
}

/** Every text, number and list of texts by its path, which is how `Fn::GetAtt` names attributes. */
function attributesOf(settings: Settings, prefix = ''): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const [name, value] of Object.entries(settings)) {
    const path = `${prefix}${name}`;
    if (typeof value === 'string') found[path] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') found[path] = String(value);
    else if (Array.isArray(value) && value.every((item) => typeof item === 'string')) found[path] = value as Json;
    else if (isObject(value)) Object.assign(found, attributesOf(value, `${path}.`));
  }
  return found;
}

/** Resource and attribute where a value is nothing but an attribute that is not known. */
function attributeIn(value: Resolved): [string?, string?] {
  if (!isUnknown(value) || value.$unknown !== 'attribute' || !isObject(value.expression)) return [];
  const argument = value.expression['Fn::GetAtt'];
  return Array.isArray(argument) && argument.every((item) => typeof item === 'string')
    ? (argument as [string, string])
    : [];
}

/** Work on every item, as many at once as AWS bears from one caller. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, items.length) }, worker));
  return results;
}
