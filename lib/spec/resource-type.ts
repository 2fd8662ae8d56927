import { existsSync, readFileSync } from 'node:fs';
import { fileInProject } from '../project.ts';

/** A property as the registry's JSON Schema describes it, descriptions left out. */
export interface Schema {
  properties?: Readonly<Record<string, Schema>>;
  patternProperties?: Readonly<Record<string, Schema>>;
  definitions?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  required?: readonly string[];
  readOnlyProperties?: readonly string[];
  enum?: readonly unknown[];
  type?: string | readonly string[];
  items?: Schema;
  $ref?: string;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
}

/** One entry of lib/spec/index, cut from the registry's schemas and the AWS service specification. */
export interface ResourceType {
  type: string;
  attributes: readonly string[];
  schema: Schema;
}

const loaded = new Map<string, ResourceType | undefined>();

/** A resource type by its name, read on first use; undefined where CloudFormation has no such type. */
export function resourceType(name: string): ResourceType | undefined {
  if (!loaded.has(name)) {
    const file = fileInProject('lib/spec/index', `${name.replaceAll('::', '-')}.json`);
    const isName = /^(AWS|Alexa)::\w+::\w+$/.test(name);
    loaded.set(name, isName && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
  }
  return loaded.get(name);
}

/** Names of all types of the index, sorted. */
export function resourceTypeNames(): readonly string[] {
  return JSON.parse(readFileSync(fileInProject('lib/spec/index/types.json'), 'utf8'));
}

/** `true` where AWS publishes the type; customers' own types and modules are not in any index. */
export function isPublished(name: string): boolean {
  return (
    /^(AWS|Alexa)::/.test(name) &&
    !/^AWS::CloudFormation::(CustomResource|Macro)$/.test(name) &&
    !name.endsWith('::MODULE')
  );
}

/** Whether `Fn::GetAtt` gives the attribute. Undefined: not known, as for custom resources and nested stacks' outputs. */
export function hasAttribute(type: string, attribute: string): boolean | undefined {
  const entry = resourceType(type);
  if (!entry || !isPublished(type) || type === 'AWS::CloudFormation::Stack' || type.startsWith('AWS::Serverless::'))
    return undefined;
  if (entry.attributes.length === 0) return undefined;
  // A nested attribute may be given where its parent is listed, and the other way round.
  return entry.attributes.some(
    (known) =>
      known === attribute ||
      known.startsWith(`${attribute}.`) ||
      attribute.startsWith(`${known}.`) ||
      known.includes('*'),
  );
}
