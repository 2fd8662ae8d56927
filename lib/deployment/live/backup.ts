import {
  BackupClient,
  type BackupRule,
  DescribeBackupVaultCommand,
  GetBackupPlanCommand,
  GetBackupSelectionCommand,
  GetBackupVaultAccessPolicyCommand,
  GetBackupVaultNotificationsCommand,
  type Lifecycle,
  ListTagsCommand,
} from '@aws-sdk/client-backup';
import type { Target } from '../clients.ts';
import { clientOf, found, notRead, only, parsed, type Reader, statedParts } from './reading.ts';

export const vault: Reader = async (resource) => {
  const client = clientOf(BackupClient, resource.target);
  const BackupVaultName = resource.physicalId;
  const description = await found(() => client.send(new DescribeBackupVaultCommand({ BackupVaultName })));
  if (!description) return undefined;
  return {
    ...only(description, 'BackupVaultName', 'BackupVaultArn', 'EncryptionKeyArn'),
    LockConfiguration: description.Locked
      ? {
          ...only(description, 'MinRetentionDays', 'MaxRetentionDays'),
          ChangeableForDays: notRead('AWS Backup gives the date of the lock only'),
        }
      : undefined,
    ...(await statedParts(resource, {
      AccessPolicy: async () =>
        parsed((await client.send(new GetBackupVaultAccessPolicyCommand({ BackupVaultName }))).Policy),
      Notifications: async () =>
        only(
          await client.send(new GetBackupVaultNotificationsCommand({ BackupVaultName })),
          'SNSTopicArn',
          'BackupVaultEvents',
        ),
      BackupVaultTags: () => tagsOf(client, description.BackupVaultArn),
    })),
  };
};

export const plan: Reader = async (resource) => {
  const client = clientOf(BackupClient, resource.target);
  const answer = await found(() => client.send(new GetBackupPlanCommand({ BackupPlanId: resource.physicalId })));
  if (!answer?.BackupPlan) return undefined;
  const { BackupPlanName, Rules, AdvancedBackupSettings } = answer.BackupPlan;
  return {
    ...only(answer, 'BackupPlanArn', 'BackupPlanId', 'VersionId'),
    BackupPlan: {
      BackupPlanName,
      BackupPlanRule: Rules?.map(ruleOf),
      AdvancedBackupSettings,
    },
    ...(await statedParts(resource, { BackupPlanTags: () => tagsOf(client, answer.BackupPlanArn) })),
  };
};

/** The physical ID is `<selection>_<plan>`. */
export const selection: Reader = async ({ target, physicalId, stated }) => {
  const [SelectionId, planId] = physicalId.split('_');
  const BackupPlanId = planId ?? String(stated.BackupPlanId);
  const answer = await found(() =>
    clientOf(BackupClient, target).send(new GetBackupSelectionCommand({ BackupPlanId, SelectionId })),
  );
  if (!answer?.BackupSelection) return undefined;
  return {
    SelectionId,
    BackupPlanId,
    BackupSelection: only(
      answer.BackupSelection,
      'SelectionName',
      'IamRoleArn',
      'Resources',
      'NotResources',
      'ListOfTags',
      'Conditions',
    ),
  };
};

/** A vault in any region, or undefined where it is not there. */
export async function describeVault(target: Target, name: string) {
  return found(() => clientOf(BackupClient, target).send(new DescribeBackupVaultCommand({ BackupVaultName: name })));
}

function ruleOf(rule: BackupRule) {
  return {
    ...only(
      rule,
      'RuleName',
      'ScheduleExpression',
      'ScheduleExpressionTimezone',
      'StartWindowMinutes',
      'CompletionWindowMinutes',
      'RecoveryPointTags',
      'IndexActions',
    ),
    TargetBackupVault: rule.TargetBackupVaultName,
    EnableContinuousBackup: rule.EnableContinuousBackup ?? false,
    Lifecycle: lifecycleOf(rule.Lifecycle),
    CopyActions: rule.CopyActions?.map(({ DestinationBackupVaultArn, Lifecycle }) => ({
      DestinationBackupVaultArn,
      Lifecycle: lifecycleOf(Lifecycle),
    })),
  };
}

/** AWS Backup gives -1 for days that are not set. */
function lifecycleOf(lifecycle: Lifecycle | undefined) {
  if (!lifecycle) return undefined;
  const days = (value: number | undefined) => (value === -1 ? undefined : value);
  return {
    MoveToColdStorageAfterDays: days(lifecycle.MoveToColdStorageAfterDays),
    DeleteAfterDays: days(lifecycle.DeleteAfterDays),
    OptInToArchiveForSupportedResources: lifecycle.OptInToArchiveForSupportedResources ?? false,
  };
}

async function tagsOf(client: BackupClient, arn: string | undefined) {
  return (await client.send(new ListTagsCommand({ ResourceArn: arn }))).Tags;
}
