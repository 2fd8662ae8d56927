import { describe, expect, test } from '@jest/globals';
import { resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { isUnknown, type Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging-replica';
const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles(STACK)];
const target = (value: Resolved | undefined) =>
  isUnknown(value) ? value.dependsOn.find(({ kind }) => kind === 'resource')?.name : undefined;

describe.each(environments)('the second region under $environment', ({ parameters }) => {
  const template = deployed(STACK, parameters);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';

  test('is deployable', () => {
    expect(template.findings).toEqual([]);
  });

  test('has the vault that copies look for, under a key of its own', () => {
    expect(at(template, 'ReplicaVault', 'BackupVaultName')).toBe(`${suffix}-replica`);
    expect(target(at(template, 'ReplicaVault', 'EncryptionKeyArn'))).toBe('ReplicaKey');
    expect(at(template, 'ReplicaKey', 'EnableKeyRotation')).toBe(true);
  });

  test('lets none but Admin end a copy before its time', () => {
    const [statement] = at(template, 'ReplicaVault', 'AccessPolicy.Statement') as unknown as Statement[];
    expect(statement).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/${suffix}-admin` } },
    });
  });

  test('administers the key by the account, and lets services do no more than notify', () => {
    const statements = at(template, 'ReplicaKey', 'KeyPolicy.Statement') as unknown as Statement[];
    const [account, ...services] = statements;
    expect(account?.Principal).toEqual({ AWS: `arn:aws:iam::${ACCOUNT}:root` });
    for (const statement of services) {
      expect(Object.keys(statement.Principal as object)).toEqual(['Service']);
      expect(actions(statement)).toEqual(['kms:Decrypt', 'kms:GenerateDataKey*']);
    }
  });

  test('alerts an encrypted topic of restores that fail and of charges', () => {
    expect(target(at(template, 'AlertTopic', 'KmsMasterKeyId'))).toBe('ReplicaKey');
    expect(at(template, 'RestoreFailureRule', 'EventPattern')).toEqual({
      source: ['aws.backup'],
      'detail-type': ['Restore Job State Change'],
      detail: { status: ['FAILED', 'ABORTED'] },
    });
    expect(target(at(template, 'RestoreFailureRule', 'Targets.0.Arn'))).toBe('AlertTopic');
    expect((at(template, 'EstimatedChargesAlarm', 'AlarmActions') as Resolved[]).map(target)).toEqual(['AlertTopic']);
  });

  test('has the alarm on the charges of the account, in USD', () => {
    expect(template.resources.EstimatedChargesAlarm?.properties).toMatchObject({
      AlarmName: `${suffix}-estimated-charges`,
      Namespace: 'AWS/Billing',
      MetricName: 'EstimatedCharges',
      Dimensions: [{ Name: 'Currency', Value: 'USD' }],
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
    });
    expect(String(at(template, 'EstimatedChargesAlarm', 'Threshold'))).toBe(given.MonthlyChargesUsd ?? '2000');
  });

  test('exports every output under the suffix', () => {
    for (const [id, { exportName }] of Object.entries(template.outputs)) expect(exportName).toBe(`${suffix}-${id}`);
  });
});

test.each([
  ['us-east-1', true],
  ['us-west-1', false],
  ['eu-central-1', false],
])('in %s the alarm on charges exists: %s', (region, exists) => {
  const template = resolveTemplate(committed(STACK), { region, accountId: ACCOUNT });
  expect(template.findings).toEqual([]);
  expect('EstimatedChargesAlarm' in template.resources).toBe(exists);
  expect('ReplicaVault' in template.resources).toBe(true);
});

test.each([
  ['none', undefined],
  ['governance', { MinRetentionDays: 1 }],
])('vault lock %s', (VaultLock, lock) => {
  expect(at(deployed(STACK, { VaultLock }), 'ReplicaVault', 'LockConfiguration')).toEqual(lock);
});

test.each(['ReplicaVault', 'ReplicaKey'])('%s is kept when the stack goes, not when it fails to be created', (id) => {
  const { DeletionPolicy, UpdateReplacePolicy } = committed(STACK).Resources[id]!;
  expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
});
