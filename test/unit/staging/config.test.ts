import { describe, expect, test } from '@jest/globals';
import { listScenarios } from '../../../lib/scenarios/list.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { isUnknown } from '../../../lib/scenarios/unknown.ts';
import { at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging-governance';
const template = committed(STACK);
const exports = { LogsKeyArn: 'arn:logs', AccessLogBucketName: 'access-logs', DataBucketArn: 'arn:bucket' };
const ofType = (type: string) =>
  Object.entries(template.Resources).flatMap(([id, { Type }]) => (Type === type ? [id] : []));
const RULES = ofType('AWS::Config::ConfigRule');
const PARTS = ['ConfigRecorder', 'ConfigDeliveryChannel', 'ConfigBucket', 'ConfigBucketPolicy', 'ConfigRole', ...RULES];
const ALL = { CreateConfigRecorder: 'true', CreateConfigDeliveryChannel: 'true', CreateConfigRules: 'true' };

describe('what is created', () => {
  test('nothing of AWS Config by default: the account may have it already', () => {
    const { resources } = deployed(STACK, {}, exports);
    expect(PARTS.filter((id) => id in resources)).toEqual([]);
  });

  // An account has one recorder: of the environments that may share an account, one at most makes it.
  test('under one parameter file recorder, channel and rules, under the others none', () => {
    const made = parameterFiles(STACK).flatMap(({ environment, parameters }) => {
      const { resources, findings } = deployed(STACK, parameters, exports);
      expect(findings).toEqual([]);
      const parts = PARTS.filter((id) => id in resources);
      return parts.length > 0 ? [[environment, parts.length]] : [];
    });
    expect(made).toEqual([['production-like', PARTS.length]]);
  });

  test('the rules alone, where the account has a recorder', () => {
    const { resources, findings } = deployed(STACK, { CreateConfigRules: 'true' }, exports);
    expect(findings).toEqual([]);
    expect(PARTS.filter((id) => id in resources)).toEqual(RULES);
  });

  test('everything when asked', () => {
    const { resources, findings } = deployed(STACK, ALL, exports);
    expect(findings).toEqual([]);
    expect(PARTS.filter((id) => !(id in resources))).toEqual([]);
  });

  test.each([
    ['a recorder without a channel, which would not start', { CreateConfigRecorder: 'true' }],
    ['a channel without a recorder, which AWS refuses', { CreateConfigDeliveryChannel: 'true' }],
  ])('not %s', (_, parameters) => {
    expect(deployed(STACK, parameters as Record<string, string>, exports).findings).not.toEqual([]);
  });

  test('the outputs of Config only with what they name', () => {
    const outputs = ['ConfigRecorderName', 'ConfigDeliveryChannelName', 'ConfigBucketName'];
    expect(Object.keys(deployed(STACK, {}, exports).outputs)).not.toEqual(expect.arrayContaining(outputs));
    expect(Object.keys(deployed(STACK, ALL, exports).outputs)).toEqual(expect.arrayContaining(outputs));
  });
});

describe('order', () => {
  test('recorder and channel do not wait for each other', () => {
    expect(template.Resources.ConfigRecorder?.DependsOn).toBeUndefined();
    expect(template.Resources.ConfigDeliveryChannel?.DependsOn).toBe('ConfigBucketPolicy');
  });

  test.each(RULES)('%s waits for the recorder only through what exists with it', (id) => {
    expect(template.Resources[id]?.DependsOn).toBe('ConfigRecorderReady');
    expect(template.Resources[id]?.Condition).toBe(template.Resources.ConfigRecorderReady?.Condition);
  });

  test.each([
    ['waits for the recorder of this stack', ALL, true],
    ['waits for nothing where the account has one', { CreateConfigRules: 'true' }, false],
  ])('the handle %s', (_, parameters, waits) => {
    const metadata = deployed(STACK, parameters, exports).resources.ConfigRecorderReady?.metadata;
    expect(isUnknown((metadata as { Recorder: unknown }).Recorder)).toBe(waits);
  });
});

describe('rules', () => {
  const { resources } = deployed(STACK, ALL, exports);

  test('there are at least twelve, each of its own kind', () => {
    const kinds = RULES.map((id) => at(deployed(STACK, ALL, exports), id, 'Source.SourceIdentifier'));
    expect(new Set(kinds).size).toBe(RULES.length);
    expect(RULES.length).toBeGreaterThanOrEqual(12);
  });

  test.each(['Encryption', 'Security groups', 'Access', 'Backup', 'Multi-AZ', 'Logging'])(
    'some are about %s',
    (area) => {
      const about = RULES.filter((id) => String(resources[id]?.properties.Description).startsWith(`${area}: `));
      expect(about.length).toBeGreaterThan(0);
    },
  );

  test.each(RULES)('%s is named for its kind and says on what it is evaluated', (id) => {
    const { ConfigRuleName, Source, Scope, MaximumExecutionFrequency } = resources[id]!.properties;
    const { SourceIdentifier } = Source as { SourceIdentifier: string };
    expect(ConfigRuleName).toBe(`staging-${SourceIdentifier.toLowerCase().replaceAll('_', '-')}`);
    expect([Scope !== undefined, MaximumExecutionFrequency !== undefined].filter(Boolean)).toHaveLength(1);
  });

  test.each([
    ['BackupPlanRule', { MinBackupRetentionDays: '7' }, 'requiredRetentionDays', 7],
    ['LogRetentionRule', { MinLogRetentionDays: '731' }, 'MinRetentionTime', 731],
    ['AuthorizedPortsRule', { AuthorizedTcpPorts: '443,8443' }, 'authorizedTcpPorts', '443,8443'],
    ['TopicEncryptedRule', {}, 'kmsKeyIds', 'arn:logs'],
    ['AuroraBackupPlanRule', { EnvironmentSuffix: 'two' }, 'resourceTags', '{"Environment":"two"}'],
  ])('%s takes its parameter', (id, parameters, name, expected) => {
    expect(at(deployed(STACK, { ...ALL, ...parameters }, exports), id, ['InputParameters', name])).toEqual(expected);
  });
});

describe('the Config bucket, in every scenario that has it', () => {
  const scenarios = listScenarios(template, { slice: sliceOf(template, ['ConfigBucket', 'ConfigRole']) });

  test('the scenarios are counted exactly', () => {
    expect(scenarios.exact).toBe(true);
  });

  test('it is private, versioned, encrypted and kept', () => {
    const { DeletionPolicy, UpdateReplacePolicy } = template.Resources.ConfigBucket!;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    expect(deployed(STACK, ALL, exports).resources.ConfigBucket?.properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  test('AWS Config uses it for this account only, and nobody without TLS', () => {
    const statements = at(
      deployed(STACK, ALL, exports),
      'ConfigBucketPolicy',
      'PolicyDocument.Statement',
    ) as unknown as Statement[];
    for (const { Effect, Condition } of statements)
      if (Effect === 'Allow') expect(Condition?.StringEquals?.['aws:SourceAccount']).toBe('111122223333');
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  test('what does not comply is told to the alert topic', () => {
    expect(
      at(deployed(STACK, ALL, { ...exports, AlertTopicArn: 'arn:topic' }), 'ConfigNonComplianceEvents', [
        'Targets',
        '0',
        'Arn',
      ]),
    ).toBe('arn:topic');
  });
});
