import { fragment, meets, type Resource, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, named, tagMap, tags } from './environment.ts';

interface Inputs {
  replicaKey: Resource<'AWS::KMS::Key'>;
  alertTopic: Resource<'AWS::SNS::Topic'>;
}

/** The vault that receives the copies. Costs by stored GB. Deletion of the stack keeps it and its recovery points. */
export function replicaVault({ replicaKey, alertTopic }: Inputs) {
  const vault = resource('ReplicaVault', 'AWS::Backup::BackupVault', {
    comment: 'The backup plan of the primary region finds it by its name.',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BackupVaultName: named('replica'),
      EncryptionKeyArn: meets(['Backup.1', 'PF.Backup.vaultkms'], replicaKey.att('Arn')),
      AccessPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'KeepRecoveryPoints',
            Effect: 'Deny',
            Principal: '*',
            Action: ['backup:DeleteRecoveryPoint', 'backup:UpdateRecoveryPointLifecycle'],
            Resource: '*',
            Condition: {
              ArnNotLike: {
                'aws:PrincipalArn': sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${EnvironmentSuffix}-admin'),
              },
            },
          },
        ],
      },
      BackupVaultTags: tagMap('replica'),
    },
  });
  const restoreFailureRule = resource('RestoreFailureRule', 'AWS::Events::Rule', {
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
    fragment: fragment('Copies of backups', [vault, restoreFailureRule, ...outputs]),
  };
}
