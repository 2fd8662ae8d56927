import {
  aws,
  condition,
  type Expression,
  equals,
  fragment,
  meets,
  not,
  noValue,
  parameter,
  resource,
  rule,
  sub,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tagMap, tags } from './environment.ts';
import { recoveryPointsStay } from './recovery-points-stay.ts';

interface Inputs {
  backupKeyArn: Expression;
  alertTopicArn: Expression;
}

/** The tag by which the selection finds what to back up. Its value keeps environments of one account apart. */
export const backupTag = { Key: 'BackupPlan', Value: sub('${EnvironmentSuffix}') };

/**
 * Daily, weekly and monthly backups of everything that carries the backup tag, copied to a second region where one is
 * given. Costs by stored GB. Deletion of the stack keeps the vault and its recovery points.
 */
export function backup({ backupKeyArn, alertTopicArn }: Inputs) {
  const replicaRegion = parameter('ReplicaRegion', 'String', {
    group: 'Protection',
    label: 'Region of the copies',
    Description:
      'Region that receives copies of daily and weekly backups, from staging-replica there. Empty: no copies.',
    Default: '',
    AllowedPattern: '^$|^[a-z]{2}(-[a-z]+)+-[0-9]$',
    ConstraintDescription: 'Give the code of a region, or leave it empty.',
  });
  const dailyDays = parameter('DailyBackupDays', 'Number', {
    group: 'Protection',
    label: 'Daily backups kept (days)',
    Description: 'Days for which daily backups are kept, and back to which any second can be restored.',
    Default: 35,
    MinValue: 1,
    MaxValue: 35,
  });
  const weeklyDays = parameter('WeeklyBackupDays', 'Number', {
    group: 'Protection',
    label: 'Weekly backups kept (days)',
    Description: 'Days for which weekly backups are kept.',
    Default: 90,
    MinValue: 7,
    MaxValue: 365,
  });
  const monthlyDays = parameter('MonthlyBackupDays', 'Number', {
    group: 'Protection',
    label: 'Monthly backups kept (days)',
    Description: 'Days for which monthly backups are kept.',
    Default: 365,
    AllowedValues: [365, 730, 1095, 2555],
  });
  const coldStorageDays = parameter('ColdStorageAfterDays', 'Number', {
    group: 'Protection',
    label: 'Cold storage after (days)',
    Description:
      'Days after which a monthly backup moves to cold storage, where its type has one. It stays there 90 days at least.',
    Default: 30,
    MinValue: 1,
    MaxValue: 275,
  });
  const vaultLock = parameter('VaultLock', 'String', {
    group: 'Protection',
    label: 'Vault lock',
    Description: 'governance: nobody shortens the life of a recovery point before the lock itself is taken away.',
    Default: 'none',
    AllowedValues: ['none', 'governance'],
  });
  const copiesElsewhere = rule('CopiesGoElsewhere', {
    Assertions: [
      {
        Assert: not(equals(replicaRegion.ref, aws.region)),
        AssertDescription: 'Set ReplicaRegion to another region than that of this stack, or leave it empty.',
      },
    ],
  });
  const isVaultLocked = condition('IsVaultLocked', equals(vaultLock.ref, 'governance'));
  const copiesBackups = condition('CopiesBackups', not(equals(replicaRegion.ref, '')));

  const backupVault = resource('BackupVault', 'AWS::Backup::BackupVault', {
    comment: recoveryPointsStay.comment,
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BackupVaultName: named('backup'),
      EncryptionKeyArn: meets('Backup.1', backupKeyArn),
      AccessPolicy: meets('PF.Backup.lock', recoveryPointsStay.policy),
      LockConfiguration: isVaultLocked.pick({ MinRetentionDays: 1 }, noValue),
      BackupVaultTags: tagMap('backup'),
    },
  });

  const replicaVaultArn = sub(
    'arn:${AWS::Partition}:backup:${ReplicaRegion}:${AWS::AccountId}:backup-vault:${EnvironmentSuffix}-replica',
  );
  const copy = (days: typeof dailyDays) => ({
    DestinationBackupVaultArn: replicaVaultArn,
    Lifecycle: { DeleteAfterDays: days.ref },
  });
  const backupPlan = resource('BackupPlan', 'AWS::Backup::BackupPlan', {
    comment:
      'Times are UTC. Monthly backups are a record, not copied. Cold storage is for what else is tagged: Aurora and S3 have none.',
    Properties: {
      BackupPlan: {
        BackupPlanName: named('backup'),
        BackupPlanRule: [
          {
            RuleName: 'daily',
            TargetBackupVault: backupVault.ref,
            ScheduleExpression: 'cron(0 5 * * ? *)',
            StartWindowMinutes: 60,
            CompletionWindowMinutes: 480,
            EnableContinuousBackup: true,
            Lifecycle: { DeleteAfterDays: dailyDays.ref },
            CopyActions: copiesBackups.pick([copy(dailyDays)], noValue),
          },
          {
            RuleName: 'weekly',
            TargetBackupVault: backupVault.ref,
            ScheduleExpression: 'cron(0 6 ? * SUN *)',
            StartWindowMinutes: 60,
            CompletionWindowMinutes: 480,
            Lifecycle: { DeleteAfterDays: weeklyDays.ref },
            CopyActions: copiesBackups.pick([copy(weeklyDays)], noValue),
          },
          {
            RuleName: 'monthly',
            TargetBackupVault: backupVault.ref,
            ScheduleExpression: 'cron(0 7 1 * ? *)',
            StartWindowMinutes: 60,
            CompletionWindowMinutes: 480,
            Lifecycle: { MoveToColdStorageAfterDays: coldStorageDays.ref, DeleteAfterDays: monthlyDays.ref },
          },
        ],
      },
      BackupPlanTags: tagMap('backup'),
    },
  });
  const serviceRole = (id: string, name: string, comment: string, policies: readonly string[]) =>
    resource(id, 'AWS::IAM::Role', {
      comment,
      Properties: {
        RoleName: named(name),
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'backup.amazonaws.com' },
              Action: 'sts:AssumeRole',
              Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
            },
          ],
        },
        ManagedPolicyArns: policies.map((policy) => sub(`arn:\${AWS::Partition}:iam::aws:policy/${policy}`)),
        Tags: tags(name),
      },
    });
  const backupRole = serviceRole('BackupRole', 'backup', 'Reads and copies, restores nothing.', [
    'service-role/AWSBackupServiceRolePolicyForBackup',
    'AWSBackupServiceRolePolicyForS3Backup',
  ]);
  const restoreRole = serviceRole('RestoreRole', 'restore', 'Chosen by whoever starts a restore, in either region.', [
    'service-role/AWSBackupServiceRolePolicyForRestores',
    'AWSBackupServiceRolePolicyForS3Restore',
  ]);
  const backupSelection = resource('BackupSelection', 'AWS::Backup::BackupSelection', {
    comment:
      'By tag, so that the settings of AWS Backup in the region decide: Aurora and S3 have to be opted in there.',
    Properties: {
      BackupPlanId: backupPlan.ref,
      BackupSelection: {
        SelectionName: named('tagged'),
        IamRoleArn: backupRole.att('Arn'),
        ListOfTags: [{ ConditionType: 'STRINGEQUALS', ConditionKey: backupTag.Key, ConditionValue: backupTag.Value }],
      },
    },
  });
  const failureRule = resource('BackupFailureRule', 'AWS::Events::Rule', {
    Properties: {
      Name: named('backup-failures'),
      Description: 'A backup or copy job failed, was aborted, expired or is partial',
      EventPattern: {
        source: ['aws.backup'],
        'detail-type': ['Backup Job State Change', 'Copy Job State Change'],
        detail: {
          state: ['FAILED', 'ABORTED', 'EXPIRED', 'PARTIAL'],
          $or: [{ backupVaultName: [backupVault.ref] }, { sourceBackupVaultArn: [backupVault.att('BackupVaultArn')] }],
        },
      },
      Targets: [{ Id: 'alerts', Arn: alertTopicArn }],
      Tags: tags('backup-failures'),
    },
  });

  const outputs = [
    exportedOutput('BackupVaultName', 'Name of the vault.', backupVault.ref),
    exportedOutput('BackupVaultArn', 'ARN of the vault.', backupVault.att('BackupVaultArn')),
    exportedOutput('BackupPlanId', 'ID of the backup plan.', backupPlan.ref),
    exportedOutput('RestoreRoleArn', 'ARN of the role that a restore runs as.', restoreRole.att('Arn')),
    exportedOutput(
      'ReplicaVaultArn',
      'ARN of the vault of the copies, in their region.',
      replicaVaultArn,
      copiesBackups,
    ),
  ];
  return {
    fragment: fragment('Backup', [
      ...[replicaRegion, dailyDays, weeklyDays, monthlyDays, coldStorageDays, vaultLock],
      ...[copiesElsewhere, copiesBackups, isVaultLocked],
      ...[backupVault, backupPlan, backupRole, restoreRole, backupSelection, failureRule],
      ...outputs,
    ]),
    backupVault,
    backupPlan,
  };
}
