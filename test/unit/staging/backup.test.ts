import { describe, expect, test } from '@jest/globals';
import { isUnknown, type Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging';
const exports = { BackupKeyArn: 'arn:backup', AlertTopicArn: 'arn:topic' };
const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles(STACK)];

interface Rule {
  RuleName: string;
  ScheduleExpression: string;
  EnableContinuousBackup?: boolean;
  Lifecycle: { DeleteAfterDays: Resolved; MoveToColdStorageAfterDays?: Resolved };
  CopyActions?: { DestinationBackupVaultArn: string; Lifecycle: { DeleteAfterDays: Resolved } }[];
}
const rulesOf = (parameters: Record<string, string>) =>
  at(deployed(STACK, parameters, exports), 'BackupPlan', 'BackupPlan.BackupPlanRule') as unknown as Rule[];

describe.each(environments)('backup under $environment', ({ parameters }) => {
  const template = deployed(STACK, parameters, exports);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';

  test('is daily, weekly and monthly, each at another hour', () => {
    expect(rulesOf(given).map(({ RuleName, ScheduleExpression }) => [RuleName, ScheduleExpression])).toEqual([
      ['daily', 'cron(0 5 * * ? *)'],
      ['weekly', 'cron(0 6 ? * SUN *)'],
      ['monthly', 'cron(0 7 1 * ? *)'],
    ]);
  });

  test('is continuous by one rule: a resource has one continuous backup', () => {
    expect(rulesOf(given).filter(({ EnableContinuousBackup }) => EnableContinuousBackup)).toHaveLength(1);
  });

  test('keeps what is continuous for as long as there is: 35 days at most', () => {
    expect(Number(rulesOf(given)[0]?.Lifecycle.DeleteAfterDays)).toBeLessThanOrEqual(35);
  });

  test('keeps longer what is made less often', () => {
    const days = rulesOf(given).map(({ Lifecycle }) => Number(Lifecycle.DeleteAfterDays));
    expect(days).toEqual([...days].sort((one, other) => one - other));
  });

  test('leaves cold storage the 90 days that it costs in any case', () => {
    const { DeleteAfterDays, MoveToColdStorageAfterDays } = rulesOf(given)[2]!.Lifecycle;
    expect(Number(DeleteAfterDays) - Number(MoveToColdStorageAfterDays)).toBeGreaterThanOrEqual(90);
  });

  test('goes to a vault under the key of backups', () => {
    expect(at(template, 'BackupVault', 'EncryptionKeyArn')).toBe('arn:backup');
    expect(at(template, 'BackupVault', 'BackupVaultName')).toBe(`${suffix}-backup`);
  });

  test('lets none but Admin end a recovery point before its time', () => {
    const [statement, ...others] = at(template, 'BackupVault', 'AccessPolicy.Statement') as unknown as Statement[];
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/${suffix}-admin` } },
    });
    expect(actions(statement!)).toEqual([
      'backup:DeleteRecoveryPoint',
      'backup:DisassociateRecoveryPoint',
      'backup:UpdateRecoveryPointLifecycle',
    ]);
  });

  test('selects what carries the tag of this environment', () => {
    expect(at(template, 'BackupSelection', 'BackupSelection.ListOfTags')).toEqual([
      { ConditionType: 'STRINGEQUALS', ConditionKey: 'BackupPlan', ConditionValue: suffix },
    ]);
  });

  test('has the cluster and the data bucket tagged, and not the cache, which AWS Backup does not know', () => {
    const tagged = Object.entries(template.resources)
      .filter(([, { properties }]) =>
        [properties.Tags ?? []].flat().some((tag) => (tag as { Key?: string }).Key === 'BackupPlan'),
      )
      .map(([id]) => id);
    expect(tagged).toEqual(['DataBucket', 'DatabaseCluster']);
  });

  test('alerts of jobs of its own vault that do not end well', () => {
    const { source, detail } = at(template, 'BackupFailureRule', 'EventPattern') as unknown as {
      source: string[];
      detail: { state: string[]; $or: Record<string, Resolved[]>[] };
    };
    expect(source).toEqual(['aws.backup']);
    expect(detail.state).toEqual(['FAILED', 'ABORTED', 'EXPIRED', 'PARTIAL']);
    const vaults = detail.$or.flatMap((either) => Object.entries(either));
    expect(vaults.map(([field]) => field)).toEqual(['backupVaultName', 'sourceBackupVaultArn']);
    for (const [, [vault]] of vaults) expect(isUnknown(vault) && vault.dependsOn[0]?.name).toBe('BackupVault');
    expect(at(template, 'BackupFailureRule', 'Targets')).toEqual([{ Id: 'alerts', Arn: 'arn:topic' }]);
  });
});

describe('roles', () => {
  const template = deployed(STACK, {}, exports);

  test.each([
    ['BackupRole', ['service-role/AWSBackupServiceRolePolicyForBackup', 'AWSBackupServiceRolePolicyForS3Backup']],
    ['RestoreRole', ['service-role/AWSBackupServiceRolePolicyForRestores', 'AWSBackupServiceRolePolicyForS3Restore']],
  ])('%s does its one thing, for AWS Backup of this account', (id, policies) => {
    expect(at(template, id, 'ManagedPolicyArns')).toEqual(
      policies.map((policy) => `arn:aws:iam::aws:policy/${policy}`),
    );
    expect(at(template, id, 'AssumeRolePolicyDocument.Statement')).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'backup.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      },
    ]);
  });

  test('backups run as the one that restores nothing', () => {
    const role = at(template, 'BackupSelection', 'BackupSelection.IamRoleArn');
    expect(isUnknown(role) && role.dependsOn[0]?.name).toBe('BackupRole');
  });
});

describe('copies', () => {
  const copied = (parameters: Record<string, string>) =>
    rulesOf(parameters).filter(({ CopyActions }) => CopyActions !== undefined);

  test('there are none without a region', () => {
    expect(copied({ ReplicaRegion: '' })).toEqual([]);
    expect(deployed(STACK, {}, exports).outputs).not.toHaveProperty('ReplicaVaultArn');
  });

  test.each(['us-east-1', 'eu-central-1', 'us-gov-east-1'])('to %s go daily and weekly backups', (ReplicaRegion) => {
    const vault = `arn:aws:backup:${ReplicaRegion}:${ACCOUNT}:backup-vault:staging-replica`;
    const rules = copied({ ReplicaRegion });
    expect(rules.map(({ RuleName }) => RuleName)).toEqual(['daily', 'weekly']);
    for (const { CopyActions, Lifecycle } of rules)
      expect(CopyActions).toEqual([
        { DestinationBackupVaultArn: vault, Lifecycle: { DeleteAfterDays: Lifecycle.DeleteAfterDays } },
      ]);
    expect(deployed(STACK, { ReplicaRegion }, exports).outputs.ReplicaVaultArn).toMatchObject({
      value: vault,
      exportName: 'staging-ReplicaVaultArn',
    });
  });

  test('they go to the vault that the replica stack makes', () => {
    expect(at(deployed('staging-replica'), 'ReplicaVault', 'BackupVaultName')).toBe('staging-replica');
  });
});

describe('vault lock', () => {
  test.each([
    ['none', undefined],
    ['governance', { MinRetentionDays: 1 }],
  ])('%s', (VaultLock, lock) => {
    expect(at(deployed(STACK, { VaultLock }), 'BackupVault', 'LockConfiguration')).toEqual(lock);
  });

  test('none can be chosen that can never be taken away', () => {
    expect(deployed(STACK, { VaultLock: 'compliance' }).findings).not.toEqual([]);
    expect(JSON.stringify(committed(STACK).Resources)).not.toContain('ChangeableForDays');
  });
});

test.each([
  ['a copy to the region of the stack', { ReplicaRegion: 'us-west-2' }],
  ['a zone for a region', { ReplicaRegion: 'us-east-1a' }],
  ['more continuous days than there are', { DailyBackupDays: '36' }],
  ['a retention shorter than cold storage needs', { MonthlyBackupDays: '120' }],
  ['cold storage too late to be left in time', { ColdStorageAfterDays: '276' }],
])('%s is refused', (_, parameters) => {
  expect(deployed(STACK, parameters as Record<string, string>).findings).not.toEqual([]);
});

test('the vault is kept when the stack goes, not when it fails to be created', () => {
  const { DeletionPolicy, UpdateReplacePolicy } = committed(STACK).Resources.BackupVault!;
  expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
});
