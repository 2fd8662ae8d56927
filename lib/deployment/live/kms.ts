import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import type { Target } from '../clients.ts';
import { clientOf, found, only, pages, parsed, part, type Reader, statedParts } from './reading.ts';

export const key: Reader = async (resource) => {
  const client = clientOf(KMSClient, resource.target);
  const KeyId = resource.physicalId;
  const live = await describeKey(resource.target, KeyId);
  if (!live || live.KeyState === 'PendingDeletion') return undefined;
  const rotation = async () => client.send(new GetKeyRotationStatusCommand({ KeyId }));
  return {
    ...only(live, 'Arn', 'KeyId', 'Description', 'Enabled', 'KeySpec', 'KeyUsage', 'Origin'),
    MultiRegion: live.MultiRegion ?? false,
    ...(await statedParts(resource, {
      EnableKeyRotation: async () => (await rotation()).KeyRotationEnabled ?? false,
      RotationPeriodInDays: async () => (await rotation()).RotationPeriodInDays,
      KeyPolicy: async () =>
        parsed((await client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))).Policy),
      Tags: async () => {
        const tags = await pages(async (Marker) => {
          const page = await client.send(new ListResourceTagsCommand({ KeyId, Marker }));
          return { items: page.Tags, next: page.Truncated ? page.NextMarker : undefined };
        });
        return tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }));
      },
    })),
  };
};

export const alias: Reader = async ({ target, physicalId }) => {
  const live = await describeKey(target, physicalId);
  return live && { AliasName: physicalId, TargetKeyId: live.Arn ?? live.KeyId };
};

/** A key by ID, ARN or alias, in any region; undefined where there is none. */
export async function describeKey(target: Target, id: string) {
  const answer = await found(() => clientOf(KMSClient, target).send(new DescribeKeyCommand({ KeyId: id })));
  return answer?.KeyMetadata;
}

/** The ARN of the key that an alias names. */
export async function keyOfAlias(target: Target, name: string): Promise<string | undefined> {
  return (await part(async () => (await describeKey(target, name))?.Arn)) as string | undefined;
}
