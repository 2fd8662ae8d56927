import { referencesIn } from '../cfn/graph.ts';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type Path } from '../cfn/template.ts';
import { inPolicy } from './folding.ts';
import { namesIn, type Prepared, type Resource } from './prepare.ts';

export interface KeyUse {
  /** The logical ID of the key, the name of the parameter or import, or what is written. */
  readonly name: string;
  readonly from: 'import' | 'parameter' | 'template' | 'text';
}

const KEY_TYPES = /^AWS::KMS::(Key|ReplicaKey)$/;

/** Properties that name a key of KMS. */
const KEY_PROPERTY =
  /(Kms|KMS)\w*(Key|Id|ID|Arn|ARN)|^(EncryptionKey(Arn|Id)?|KeyId|KmsKey|CustomerMasterKey\w*|MasterKey\w*|KMSKeyArn|CloudWatchEncryptionKey|EncryptionKeyIdentifier|CmkArn|SecretKmsKey\w*)$/;

/** The keys that a resource is encrypted with, or hands on to what it makes. */
export function keysOf(resource: Resource, prepared: Prepared): KeyUse[] {
  // A rule that asks for a key is not encrypted with it.
  if (/^AWS::(KMS|Config|IAM)::/.test(resource.type)) return [];
  const uses = new Map<string, KeyUse>();
  const add = (use: KeyUse) => uses.set(`${use.from} ${use.name}`, use);
  for (const { value, path } of keyValues(resource.properties, ['Resources', resource.id, 'Properties'])) {
    if (inPolicy(path) || /\/(Environment|EnvironmentVariables|InputParameters)\//.test(path.join('/'))) continue;
    const found = referencesIn(value, path).filter(({ target }) => prepared.resources.has(target));
    for (const { target } of found) {
      const key = keyNamed(target, prepared);
      if (key !== undefined) add({ name: key, from: 'template' });
    }
    if (found.length > 0) continue;
    const named = namesIn(value, prepared.template);
    for (const { name, from } of named) add({ name, from });
    const text = named.length === 0 ? prepared.say(value) : undefined;
    if (text !== undefined && text !== '' && !/^(true|false)$/i.test(text) && !text.startsWith('AWS::'))
      add({ name: text.slice(text.lastIndexOf(':') + 1), from: 'text' });
  }
  for (const { target, path } of resource.references) {
    const key =
      inPolicy(path) || /Environment|Tags|UserData|Description/.test(path.join('/'))
        ? undefined
        : keyNamed(target, prepared);
    if (key !== undefined) add({ name: key, from: 'template' });
  }
  return [...uses.values()];
}

/** The key itself, where an alias is named. */
function keyNamed(id: string, { resources }: Prepared): string | undefined {
  const resource = resources.get(id);
  if (resource === undefined) return undefined;
  if (KEY_TYPES.test(resource.type)) return id;
  if (resource.type !== 'AWS::KMS::Alias') return undefined;
  return resource.references.find(({ target }) => KEY_TYPES.test(resources.get(target)?.type ?? ''))?.target;
}

function keyValues(value: Json | undefined, path: Path): { value: Json; path: Path }[] {
  if (Array.isArray(value)) return value.flatMap((member, index) => keyValues(member, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = [...path, name];
    const isScalar = typeof member === 'string' || intrinsicOf(member) !== undefined;
    return KEY_PROPERTY.test(name) && isScalar ? [{ value: member, path: at }] : keyValues(member, at);
  });
}
