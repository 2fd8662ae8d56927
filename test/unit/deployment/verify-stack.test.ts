import { BackupClient, DescribeBackupVaultCommand, GetBackupPlanCommand } from '@aws-sdk/client-backup';
import { CloudControlClient, GetResourceCommand } from '@aws-sdk/client-cloudcontrol';
import {
  CloudFormationClient,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  GetTemplateCommand,
  ListExportsCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import {
  ConfigServiceClient,
  DescribeComplianceByConfigRuleCommand,
  DescribeConfigRulesCommand,
} from '@aws-sdk/client-config-service';
import { DescribeSecurityGroupRulesCommand, DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { CfnError } from '../../../lib/cfn/errors.ts';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { type Check, type Verification, verifyStack } from '../../../lib/deployment/verify-stack.ts';

const ACCOUNT = '123456789012';
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1111`;
const TOPIC = `arn:aws:sns:us-west-2:${ACCOUNT}:alerts`;

const cloudFormation = mockClient(CloudFormationClient);
const backup = mockClient(BackupClient);
const cloudControl = mockClient(CloudControlClient);
const config = mockClient(ConfigServiceClient);
const ec2 = mockClient(EC2Client);
const kms = mockClient(KMSClient);
const sns = mockClient(SNSClient);
const ssm = mockClient(SSMClient);
const mocks = [cloudFormation, backup, cloudControl, config, ec2, kms, sns, ssm];

/** A call that no test foresees fails by name. */
beforeEach(() => {
  for (const mock of mocks) mock.reset();
  for (const mock of mocks) mock.rejects(failure('UnforeseenCall'));
});
afterEach(() => {
  for (const mock of mocks) mock.reset();
});

function failure(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}

interface Deployed {
  parameters?: Record<string, string>;
  resolved?: Record<string, string>;
  outputs?: Record<string, string>;
  /** Physical IDs and types by logical ID. */
  resources?: Record<string, readonly [type: string, physicalId: string]>;
  exports?: Record<string, string>;
  status?: string;
}

function deployed({ parameters = {}, resolved = {}, outputs = {}, resources = {}, exports = {}, status }: Deployed) {
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'one',
        StackId: `arn:aws:cloudformation:us-west-2:${ACCOUNT}:stack/one/1`,
        CreationTime: new Date(0),
        StackStatus: (status ?? 'CREATE_COMPLETE') as 'CREATE_COMPLETE',
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
          ...(resolved[ParameterKey] && { ResolvedValue: resolved[ParameterKey] }),
        })),
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  });
  cloudFormation.on(ListStackResourcesCommand).resolves({
    StackResourceSummaries: Object.entries(resources).map(
      ([LogicalResourceId, [ResourceType, PhysicalResourceId]]) => ({
        LogicalResourceId,
        ResourceType,
        PhysicalResourceId,
        ResourceStatus: 'CREATE_COMPLETE',
        LastUpdatedTimestamp: new Date(0),
      }),
    ),
  });
  cloudFormation
    .on(ListExportsCommand)
    .resolves({ Exports: Object.entries(exports).map(([Name, Value]) => ({ Name, Value })) });
}

async function verified(text: string, more: Partial<Verification> = {}): Promise<Check[]> {
  return verifyStack({
    target: { region: 'us-west-2' },
    stackName: 'one',
    template: parseTemplate(text, 'one.yaml').template,
    drift: false,
    ...more,
  });
}

/** State by subject. */
function states(checks: readonly Check[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ subject, state }) => [subject, state]));
}

const PARAMETER = 'Resources: {Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Size}}}';
const setting = { Setting: ['AWS::SSM::Parameter', 'setting'] } as const;

describe('a stack', () => {
  test('that is not there differs', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(failure('ValidationError', 'Stack with id one does not exist'));
    expect(await verified(PARAMETER)).toEqual([
      { kind: 'stack', subject: 'one', state: 'differs', message: 'there is no stack one in us-west-2' },
    ]);
  });

  test.each([
    ['CREATE_COMPLETE', 'matches'],
    ['UPDATE_COMPLETE', 'matches'],
    ['IMPORT_COMPLETE', 'matches'],
    ['UPDATE_ROLLBACK_COMPLETE', 'differs'],
    ['DELETE_FAILED', 'differs'],
  ])('that is %s %s', async (status, state) => {
    deployed({ status });
    expect(states(await verified('Resources: {}'))).toEqual({ status: state });
  });

  test('that nobody answers for throws CFN602 with exit code 3', async () => {
    deployed({ resources: setting });
    ssm.rejects(failure('TimeoutError', 'connect ECONNREFUSED'));
    const error = (await verified(PARAMETER.replace('!Ref Size', '5')).catch((thrown) => thrown)) as CfnError;
    expect(error.findings[0]?.code).toBe('CFN602');
    expect(error.exitCode).toBe(3);
  });

  test('whose resources are refused is not read in these, and judged in the others', async () => {
    deployed({ resources: { ...setting, Topic: ['AWS::SNS::Topic', TOPIC] } });
    ssm.rejects(failure('AccessDeniedException', 'you may not'));
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'Alerts' } });
    const checks = await verified(`
Resources:
  Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: '5'}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: Alerts}}`);
    expect(states(checks)).toMatchObject({
      'Setting.Type': 'not-read',
      'Setting.Value': 'not-read',
      'Topic.DisplayName': 'matches',
    });
    expect(checks.find(({ subject }) => subject === 'Setting.Value')?.message).toContain('you may not');
  });

  test('has resources that the template lacks, lacks others, and keeps one whose condition is false', async () => {
    deployed({ resources: { Extra: ['AWS::SNS::Topic', TOPIC], Off: ['AWS::SNS::Topic', TOPIC] } });
    const checks = await verified(`
Conditions: {Never: !Equals [a, b]}
Resources:
  Off: {Type: AWS::SNS::Topic, Condition: Never}
  Wanted: {Type: AWS::SNS::Topic}`);
    expect(states(checks)).toMatchObject({ Extra: 'differs', Off: 'differs', Wanted: 'differs' });
    expect(checks.map(({ message }) => message)).toContain(
      'AWS::SNS::Topic is in the stack, and its condition is false',
    );
  });
});

describe('parameters', () => {
  const text = `Parameters: {Size: {Type: Number, Default: 3}}\n${PARAMETER}`;
  beforeEach(() => {
    deployed({ parameters: { Size: '5' }, resources: setting });
    ssm.on(GetParameterCommand).resolves({ Parameter: { Type: 'String', Value: '5' } });
  });

  test('are taken as they are deployed where there is no file', async () => {
    expect(states(await verified(text))).toMatchObject({ 'Setting.Value': 'matches' });
  });

  test('differ from the file, and so does what follows from them', async () => {
    expect(states(await verified(text, { parameters: { Size: '4' } }))).toMatchObject({
      'parameter Size': 'differs',
      'Setting.Value': 'differs',
    });
  });

  test('that a file leaves out have the default of the template', async () => {
    expect(states(await verified(text, { parameters: {} }))).toMatchObject({ 'parameter Size': 'differs' });
  });

  test('with NoEcho are unknown, and shown nowhere', async () => {
    deployed({ parameters: { Size: '****' }, resources: setting });
    const hidden = text.replace('Type: Number', 'Type: String, NoEcho: true');
    expect(states(await verified(hidden))).toMatchObject({ 'parameter Size': 'unknown', 'Setting.Value': 'unknown' });
    ssm.on(GetParameterCommand).resolves({ Parameter: { Type: 'String', Value: 'public' } });
    const checks = await verified(hidden, { parameters: { Size: 'very-secret' } });
    expect(states(checks)).toMatchObject({ 'Setting.Value': 'differs' });
    expect(JSON.stringify(checks)).not.toContain('very-secret');
  });

  test('of SSM have the value that CloudFormation resolved', async () => {
    deployed({ parameters: { Size: '/size' }, resolved: { Size: '5' }, resources: setting });
    const ofSsm = text.replace('Type: Number, Default: 3', "Type: 'AWS::SSM::Parameter::Value<String>'");
    expect(states(await verified(ofSsm))).toMatchObject({ 'Setting.Value': 'matches' });
  });
});

describe('references', () => {
  const text = `
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {Description: data}}
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !GetAtt Key.Arn}}
Outputs:
  KeyArn: {Value: !GetAtt Key.Arn, Export: {Name: key}}
  Label: {Value: !Sub 'key ${'$'}{Key}'}`;
  const live = (outputs: Record<string, string>, exported = outputs.KeyArn!) => {
    deployed({
      resources: { Key: ['AWS::KMS::Key', '1111'], Topic: ['AWS::SNS::Topic', TOPIC] },
      outputs,
      exports: { key: exported },
    });
    kms.on(DescribeKeyCommand).resolves({
      KeyMetadata: { KeyId: '1111', Arn: KEY, Description: 'data', KeyState: 'Enabled' },
    });
  };

  test('to other resources are what these really are', async () => {
    live({ KeyArn: KEY, Label: 'key 1111' });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { KmsMasterKeyId: KEY } });
    expect(states(await verified(text))).toMatchObject({
      'Topic.KmsMasterKeyId': 'matches',
      'output KeyArn': 'matches',
      'output Label': 'matches',
      'export key': 'matches',
    });
  });

  test('to other resources differ where the live one points elsewhere', async () => {
    live({ KeyArn: `${KEY}2`, Label: 'key 2222' }, 'other');
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { KmsMasterKeyId: `${KEY}2` } });
    expect(states(await verified(text))).toMatchObject({
      'Topic.KmsMasterKeyId': 'differs',
      'output KeyArn': 'differs',
      'output Label': 'differs',
      'export key': 'differs',
    });
  });

  test('to attributes that nobody read are known by an output, which is itself unknown', async () => {
    live({ KeyArn: KEY, Label: 'key 1111' });
    kms.on(DescribeKeyCommand).rejects(failure('AccessDeniedException'));
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { KmsMasterKeyId: KEY } });
    expect(states(await verified(text))).toMatchObject({
      'Topic.KmsMasterKeyId': 'matches',
      'output KeyArn': 'unknown',
      'output Label': 'matches',
    });
  });

  test('that stay open are unknown', async () => {
    live({ Label: 'key 1111' }, 'x');
    kms.on(DescribeKeyCommand).rejects(failure('AccessDeniedException'));
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { KmsMasterKeyId: KEY } });
    expect(states(await verified(text.replace(/ {2}KeyArn.*\n/, '')))).toMatchObject({
      'Topic.KmsMasterKeyId': 'unknown',
    });
  });

  test('to what another stack exports are its exports', async () => {
    deployed({ resources: { Topic: ['AWS::SNS::Topic', TOPIC] }, exports: { name: 'Alerts' } });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'Alerts' } });
    const imports = 'Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue name}}}';
    expect(states(await verified(imports))).toMatchObject({ 'Topic.DisplayName': 'matches' });
  });

  test.each([
    ['the same key', KEY, 'matches'],
    ['another key', `${KEY}2`, 'differs'],
  ])('by an alias of %s', async (_, live_, state) => {
    deployed({ resources: { Topic: ['AWS::SNS::Topic', TOPIC] } });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { KmsMasterKeyId: live_ } });
    kms.on(DescribeKeyCommand, { KeyId: 'alias/data' }).resolves({ KeyMetadata: { KeyId: '1111', Arn: KEY } });
    const alias = 'Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: alias/data}}}';
    expect(states(await verified(alias))).toMatchObject({ 'Topic.KmsMasterKeyId': state });
  });
});

describe('a type without a reader', () => {
  const text = 'Resources: {A: {Type: AWS::Athena::WorkGroup, Properties: {Name: a, State: ENABLED, Description: b}}}';
  beforeEach(() => deployed({ resources: { A: ['AWS::Athena::WorkGroup', 'a'] } }));

  test('is read through Cloud Control, and what that leaves out is not read', async () => {
    cloudControl.on(GetResourceCommand, { TypeName: 'AWS::Athena::WorkGroup', Identifier: 'a' }).resolves({
      ResourceDescription: { Properties: '{"Name":"a","State":"DISABLED"}' },
    });
    expect(states(await verified(text))).toMatchObject({
      'A.Name': 'matches',
      'A.State': 'differs',
      'A.Description': 'not-read',
    });
  });

  test('that Cloud Control cannot read is not read', async () => {
    cloudControl.on(GetResourceCommand).rejects(failure('UnsupportedActionException'));
    expect(states(await verified(text))).toMatchObject({ 'A.Name': 'not-read', 'A.State': 'not-read' });
  });

  test('is not asked for at an endpoint', async () => {
    const checks = await verified(text, { target: { region: 'us-west-2', endpoint: 'http://127.0.0.1:1' } });
    expect(checks.find(({ subject }) => subject === 'A.Name')).toMatchObject({
      state: 'not-read',
      message: 'there is no reader for AWS::Athena::WorkGroup',
    });
    expect(cloudControl.calls()).toHaveLength(0);
  });
});

describe('the emulator', () => {
  const text = 'Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: Alerts, TopicName: alerts}}}';
  const emulator = {
    recorded: new Set<string>(),
    created: new Set<string>(),
    readings: [{ type: 'AWS::SNS::Topic', property: 'DisplayName', text: 'it forgets' }],
  };
  beforeEach(() => {
    deployed({ resources: { Topic: ['AWS::SNS::Topic', TOPIC] } });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: {} });
  });

  test('is to blame for what is listed, and for nothing else', async () => {
    expect(states(await verified(text, { emulator }))).toMatchObject({ 'Topic.DisplayName': 'emulator' });
    const other = text.replace('TopicName: alerts', 'TopicName: other');
    expect(states(await verified(other, { emulator }))).toMatchObject({ 'Topic.TopicName': 'differs' });
    expect(states(await verified(text))).toMatchObject({ 'Topic.DisplayName': 'differs' });
  });

  test('only records a type that it cannot make, and does not vouch for it', async () => {
    const recorded = new Set(['AWS::SNS::Topic']);
    expect(states(await verified(text, { emulator: { ...emulator, recorded } }))).toEqual({
      status: 'matches',
      Topic: 'recorded',
      'Topic.DisplayName': 'recorded',
      'Topic.TopicName': 'recorded',
    });
    expect(sns.calls()).toHaveLength(0);
  });

  test('is read where its service holds what is recorded: a difference counts, a match does not', async () => {
    const recorded = new Set(['AWS::SNS::Topic']);
    const checks = await verified(text.replace('TopicName: alerts', 'KmsMasterKeyId: x'), {
      emulator: { ...emulator, recorded, created: recorded, readings: [] },
    });
    expect(states(checks)).toMatchObject({ 'Topic.KmsMasterKeyId': 'differs', 'Topic.DisplayName': 'differs' });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'Alerts' } });
    expect(states(await verified(text, { emulator: { ...emulator, recorded, created: recorded } }))).toMatchObject({
      'Topic.DisplayName': 'recorded',
      'Topic.TopicName': 'recorded',
    });
  });
});

describe('a security group', () => {
  const text = 'Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: a}}}';
  beforeEach(() => {
    deployed({ resources: { Group: ['AWS::EC2::SecurityGroup', 'sg-1'] } });
    ec2.on(DescribeSecurityGroupsCommand).resolves({
      SecurityGroups: [
        {
          Description: 'a',
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        },
      ],
    });
    ec2.on(DescribeSecurityGroupRulesCommand).resolves({
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: 'sgr-1',
          IsEgress: false,
          IpProtocol: 'tcp',
          FromPort: 22,
          ToPort: 22,
          CidrIpv4: '0.0.0.0/0',
        },
      ],
    });
  });

  test('without rules in the template differs where somebody added one', async () => {
    cloudFormation.on(DescribeStackResourcesCommand).rejects(failure('ValidationError', 'no stack has it'));
    expect(states(await verified(text))).toMatchObject({ 'Group.SecurityGroupIngress[0]': 'differs' });
  });

  test('does not differ where another stack adds the rule', async () => {
    cloudFormation.on(DescribeStackResourcesCommand, { PhysicalResourceId: 'sgr-1' }).resolves({
      StackResources: [
        {
          PhysicalResourceId: 'sgr-1',
          LogicalResourceId: 'Rule',
          ResourceType: 'AWS::EC2::SecurityGroupIngress',
          Timestamp: new Date(0),
          ResourceStatus: 'CREATE_COMPLETE',
        },
      ],
    });
    expect(states(await verified(text))).toMatchObject({ 'Group.SecurityGroupIngress': 'matches' });
  });
});

describe('compliance of a rule of AWS Config', () => {
  test.each([
    ['COMPLIANT', 'matches', /COMPLIANT/],
    ['NON_COMPLIANT', 'differs', /3 resources break the rule/],
    ['INSUFFICIENT_DATA', 'unknown', /INSUFFICIENT_DATA/],
    [undefined, 'unknown', /no compliance is given/],
  ] as const)('%s %s', async (type, state, message) => {
    deployed({ resources: { Rule: ['AWS::Config::ConfigRule', 'rule'] } });
    config.on(DescribeConfigRulesCommand).resolves({
      ConfigRules: [{ ConfigRuleName: 'rule', Source: { Owner: 'AWS', SourceIdentifier: 'A' } }],
    });
    config.on(DescribeComplianceByConfigRuleCommand).resolves({
      ComplianceByConfigRules: [
        {
          ConfigRuleName: 'rule',
          Compliance: type && { ComplianceType: type, ComplianceContributorCount: { CappedCount: 3 } },
        },
      ],
    });
    const text =
      'Resources: {Rule: {Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: AWS, SourceIdentifier: A}}}}';
    const found = (await verified(text)).find(({ subject }) => subject === 'Rule compliance');
    expect(found).toMatchObject({ kind: 'state', state, message: expect.stringMatching(message) });
  });
});

describe('a copy of backups', () => {
  const destination = (region: string, account = ACCOUNT) => `arn:aws:backup:${region}:${account}:backup-vault:copies`;
  const text = (arn: string) => `
Parameters: {Hidden: {Type: String, NoEcho: true, Default: x}}
Resources:
  Plan:
    Type: AWS::Backup::BackupPlan
    Properties:
      BackupPlan:
        BackupPlanName: plan
        BackupPlanRule:
          - {RuleName: daily, TargetBackupVault: vault, CopyActions: [{DestinationBackupVaultArn: ${arn}}]}
          - {RuleName: weekly, TargetBackupVault: vault, CopyActions: [{DestinationBackupVaultArn: ${arn}}]}`;
  const asked: string[] = [];
  const away = (state: 'Enabled' | 'Disabled', there = true) => {
    asked.length = 0;
    deployed({ resources: { Plan: ['AWS::Backup::BackupPlan', 'plan-id'] }, parameters: { Hidden: '****' } });
    backup.on(GetBackupPlanCommand).resolves({ BackupPlan: { BackupPlanName: 'plan', Rules: [] } });
    backup.on(DescribeBackupVaultCommand).callsFake(async (_, getClient) => {
      asked.push(`vault in ${await getClient().config.region()}`);
      if (!there) throw failure('ResourceNotFoundException');
      return { BackupVaultName: 'copies', EncryptionKeyArn: KEY.replace('us-west-2', 'us-east-1') };
    });
    kms.on(DescribeKeyCommand).callsFake(async (_, getClient) => {
      asked.push(`key in ${await getClient().config.region()}`);
      return { KeyMetadata: { KeyId: '1111', KeyState: state, KeyManager: 'CUSTOMER' } };
    });
  };
  const copies = async (arn: string) => (await verified(text(arn))).filter(({ kind }) => kind === 'copy');

  test('matches where vault and key are in the other region', async () => {
    away('Enabled');
    const found = await copies(destination('us-east-1'));
    expect(found).toMatchObject([{ state: 'matches', subject: 'Plan copies to copies in us-east-1' }]);
    expect(asked).toEqual(['vault in us-east-1', 'key in us-east-1']);
  });

  test('differs where the vault is gone', async () => {
    away('Enabled', false);
    expect(await copies(destination('us-east-1'))).toMatchObject([
      { state: 'differs', message: 'the vault is not there: copies fail' },
    ]);
  });

  test('differs where the key is disabled', async () => {
    away('Disabled');
    expect(await copies(destination('us-east-1'))).toMatchObject([
      { state: 'differs', message: expect.stringContaining('Disabled') },
    ]);
  });

  test('is not read in another account', async () => {
    away('Enabled');
    expect(await copies(destination('us-east-1', '999999999999'))).toMatchObject([{ state: 'not-read' }]);
    expect(asked).toEqual([]);
  });

  test('is unknown where the vault is not known', async () => {
    away('Enabled');
    expect((await copies('!Ref Hidden')).map(({ state }) => state)).toEqual(['unknown', 'unknown']);
  });

  test('differs where the ARN is none of a vault', async () => {
    away('Enabled');
    expect(await copies('arn:aws:s3:::bucket')).toMatchObject([{ state: 'differs' }]);
  });
});

describe('drift', () => {
  const text = `
Resources:
  Setting: {Type: AWS::SSM::Parameter}
  Topic: {Type: AWS::SNS::Topic}
  Gone: {Type: AWS::SNS::Topic}
  Fine: {Type: AWS::SNS::Topic}`;
  const drift = async () => (await verified(text, { drift: true })).filter(({ kind }) => kind === 'drift');
  const base = { StackId: 's', ResourceType: 'AWS::SNS::Topic', Timestamp: new Date(0) };
  beforeEach(() => {
    deployed({});
    cloudFormation.on(DetectStackDriftCommand).resolves({ StackDriftDetectionId: 'd' });
    cloudFormation.on(DescribeStackDriftDetectionStatusCommand).resolves({
      StackId: 's',
      StackDriftDetectionId: 'd',
      DetectionStatus: 'DETECTION_COMPLETE',
      Timestamp: new Date(0),
    });
  });

  test('is told by property; what CloudFormation does not judge is not read', async () => {
    cloudFormation
      .on(DescribeStackResourceDriftsCommand)
      .resolvesOnce({
        NextToken: 'more',
        StackResourceDrifts: [
          {
            ...base,
            LogicalResourceId: 'Topic',
            StackResourceDriftStatus: 'MODIFIED',
            PropertyDifferences: [
              { PropertyPath: '/DisplayName', ExpectedValue: 'a', ActualValue: 'b', DifferenceType: 'NOT_EQUAL' },
              { PropertyPath: '/Tags/0', ExpectedValue: 'x', ActualValue: 'null', DifferenceType: 'REMOVE' },
            ],
          },
        ],
      })
      .resolves({
        StackResourceDrifts: [
          { ...base, LogicalResourceId: 'Gone', StackResourceDriftStatus: 'DELETED' },
          { ...base, LogicalResourceId: 'Fine', StackResourceDriftStatus: 'IN_SYNC' },
          { ...base, LogicalResourceId: 'Setting', StackResourceDriftStatus: 'NOT_CHECKED' },
        ],
      });
    const found = await drift();
    expect(states(found)).toEqual({
      'Topic.DisplayName drift': 'differs',
      'Topic.Tags.0 drift': 'differs',
      'Gone drift': 'differs',
      'Fine drift': 'matches',
      'Setting drift': 'not-read',
    });
    expect(found[0]).toMatchObject({ expected: 'a', actual: 'b' });
  });

  test('that contradicts what the service itself says is unknown', async () => {
    deployed({ resources: { Topic: ['AWS::SNS::Topic', TOPIC] } });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'a' } });
    cloudFormation.on(DescribeStackResourceDriftsCommand).resolves({
      StackResourceDrifts: [
        {
          ...base,
          LogicalResourceId: 'Topic',
          StackResourceDriftStatus: 'MODIFIED',
          PropertyDifferences: [
            { PropertyPath: '/DisplayName', ExpectedValue: 'a', ActualValue: 'null', DifferenceType: 'REMOVE' },
          ],
        },
      ],
    });
    const stated = 'Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}}';
    expect(states(await verified(stated, { drift: true }))).toMatchObject({
      'Topic.DisplayName': 'matches',
      'Topic.DisplayName drift': 'unknown',
    });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'b' } });
    expect(states(await verified(stated, { drift: true }))).toMatchObject({ 'Topic.DisplayName drift': 'differs' });
  });

  test('that the target does not have is not judged', async () => {
    cloudFormation.on(DetectStackDriftCommand).rejects(failure('InvalidAction', 'unknown action'));
    expect(await drift()).toMatchObject([{ state: 'not-read', message: expect.stringContaining('unknown action') }]);
  });

  test('that fails as a whole is not judged', async () => {
    cloudFormation.on(DescribeStackDriftDetectionStatusCommand).resolves({
      StackId: 's',
      StackDriftDetectionId: 'd',
      DetectionStatus: 'DETECTION_FAILED',
      DetectionStatusReason: 'no rights',
      Timestamp: new Date(0),
    });
    expect(await drift()).toMatchObject([{ state: 'not-read', message: 'not judged: no rights' }]);
  });
});

describe('a template with a transform', () => {
  const sam = `
Transform: AWS::Serverless-2016-10-31
Resources: {Name: {Type: AWS::Serverless::SimpleTable}}`;
  beforeEach(() => {
    deployed({ resources: { Topic: ['AWS::SNS::Topic', TOPIC] } });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { DisplayName: 'b' } });
    cloudFormation.on(GetTemplateCommand, { TemplateStage: 'Processed' }).resolves({
      TemplateBody: '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"a"}}}}',
    });
  });

  test('is held against what CloudFormation made of it, where the deployed source is the file', async () => {
    cloudFormation
      .on(GetTemplateCommand, { TemplateStage: 'Original' })
      .resolves({ TemplateBody: `# other layout${sam}` });
    expect(states(await verified(sam))).toMatchObject({ template: 'matches', 'Topic.DisplayName': 'differs' });
  });

  test('differs where the file is not what was deployed', async () => {
    cloudFormation
      .on(GetTemplateCommand, { TemplateStage: 'Original' })
      .resolves({ TemplateBody: sam.replace('Name:', 'Other:') });
    expect(states(await verified(sam))).toMatchObject({ template: 'differs' });
  });
});
