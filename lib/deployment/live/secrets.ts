import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientOf, found, notRead, only, type Reader } from './reading.ts';

/** Never the secret itself. */
export const secret: Reader = async ({ target, physicalId }) => {
  const live = await found(() =>
    clientOf(SecretsManagerClient, target).send(new DescribeSecretCommand({ SecretId: physicalId })),
  );
  if (!live || live.DeletedDate) return undefined;
  return {
    Id: live.ARN,
    ...only(live, 'Name', 'Description', 'KmsKeyId', 'Tags'),
    ReplicaRegions: live.ReplicationStatus?.map(({ Region, KmsKeyId }) => ({ Region, KmsKeyId })),
    SecretString: notRead('the value of a secret is never read'),
    GenerateSecretString: notRead('how a secret was made is kept nowhere'),
  };
};
