import { fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import { accountAdministers, servicesNotify } from './encryption.ts';
import { exportedOutput, tags } from './environment.ts';

/**
 * The one key of the second region, for the copies and for the notifications there: keys do not cross regions. At rest:
 * 1 USD a month (KMS pricing, 2026-11). Deletion of the stack keeps it.
 */
export function replicaKey() {
  const keyDeletionDays = parameter('KeyDeletionDays', 'Number', {
    group: 'Protection',
    label: 'Key deletion window (days)',
    Description: 'Days in which the deletion of the key can still be cancelled.',
    Default: 30,
    MinValue: 7,
    MaxValue: 30,
  });
  const key = resource('ReplicaKey', 'AWS::KMS::Key', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Description: sub('Copies of the recovery points of ${EnvironmentSuffix}, and the notifications of this region'),
      EnableKeyRotation: meets('KMS.4', true),
      PendingWindowInDays: keyDeletionDays.ref,
      KeyPolicy: {
        Version: '2012-10-17',
        Statement: [accountAdministers, ...servicesNotify],
      },
      Tags: tags('replica'),
    },
  });
  const replicaKeyAlias = resource('ReplicaKeyAlias', 'AWS::KMS::Alias', {
    Properties: { AliasName: sub('alias/${EnvironmentSuffix}-replica'), TargetKeyId: key.ref },
  });
  const keyArn = exportedOutput('ReplicaKeyArn', 'ARN of the key of the copies.', key.att('Arn'));
  return { fragment: fragment('Encryption', [keyDeletionDays, key, replicaKeyAlias, keyArn]), key };
}
