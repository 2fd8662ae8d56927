import {
  condition,
  equals,
  fragment,
  meets,
  noValue,
  parameter,
  type Resource,
  resource,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tagMap, tags } from './environment.ts';
import { recoveryPointsStay } from './recovery-points-stay.ts';

interface Inputs {
  replicaKey: Resource<'AWS::KMS::Key'>;
  alertTopic: Resource<'AWS::SNS::Topic'>;
}

/** The vault that receives the copies. Costs by stored GB. Deletion of the stack keeps it and its recovery points. */
export function replicaVault({ replicaKey, alertTopic }: Inputs) {
  const vaultLock = parameter('VaultLock', 'String', {
    group: 'Protection',
    label: 'Vault lock',
    Description: 'governance: nobody shortens the life of a copy before the lock itself is taken away.',
    Default: 'none',
    AllowedValues: ['none', 'governance'],
  });
  const isVaultLocked = condition('IsVaultLocked', equals(vaultLock.ref, 'governance'));
  const vault = resource('ReplicaVault', 'AWS::Backup::BackupVault', {
    comment: `The backup plan of the primary region finds it by its name. ${recoveryPointsStay.comment}`,
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BackupVaultName: named('replica'),
      EncryptionKeyArn: meets('Backup.1', replicaKey.att('Arn')),
      AccessPolicy: meets('PF.Backup.lock', recoveryPointsStay.policy),
      LockConfiguration: isVaultLocked.pick({ MinRetentionDays: 1 }, noValue),
      BackupVaultTags: tagMap('replica'),
    },
  });
  const restoreFailureRule = resource('RestoreFailureRule', 'AWS::Events::Rule', {
    comment: 'The event of a restore names no vault: a failure in any environment alerts.',
    Properties: {
      Name: named('restore-failures'),
      Description: 'A restore job in this region failed',
      EventPattern: {
        source: ['aws.backup'],
        'detail-type': ['Restore Job State Change'],
        detail: { status: ['FAILED', 'ABORTED'] },
      },
      Targets: [{ Id: 'alerts', Arn: alertTopic.ref }],
      Tags: tags('restore-failures'),
    },
  });
  const outputs = [
    exportedOutput('ReplicaVaultName', 'Name of the vault that receives the copies.', vault.ref),
    exportedOutput('ReplicaVaultArn', 'ARN of the vault that receives the copies.', vault.att('BackupVaultArn')),
  ];
  return {
    fragment: fragment('Copies of backups', [vaultLock, isVaultLocked, vault, restoreFailureRule, ...outputs]),
  };
}
