import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BackupClient,
  DeleteBackupVaultCommand,
  GetBackupPlanCommand,
  UpdateBackupPlanCommand,
} from '@aws-sdk/client-backup';
import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  ConfigServiceClient,
  DeleteConfigRuleCommand,
  DescribeConfigRulesCommand,
  PutConfigRuleCommand,
  StopConfigurationRecorderCommand,
} from '@aws-sdk/client-config-service';
import { AuthorizeSecurityGroupIngressCommand, EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DisableKeyRotationCommand, KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { ModifyDBClusterCommand, RDSClient } from '@aws-sdk/client-rds';
import { PutBucketVersioningCommand, PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployStacks } from '../../generator/commands/deploy.ts';
import { chosenStacks } from '../../generator/commands/target.ts';
import { verify, verifyEnvironment } from '../../generator/commands/verify.ts';
import { stacksOf } from '../../generator/environments.ts';
import type { Terminal } from '../../generator/terminal.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readText } from '../../lib/cfn/read.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { type Emulator, emulatorLimits, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import type { Check } from '../../lib/deployment/verify-stack.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { deployText, silent } from '../support/deploying.ts';
import { zipOf } from '../support/zip.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';
const region = primaryRegion();
const [replica, , , , governance] = stacksOf('staging');

let emulator: Emulator;
let folder: string;
let untouched: Check[];
/** With what only this environment has: interface endpoints, AWS Config. */
let productionLike: Check[];

beforeAll(async () => {
  if (missing) return;
  emulator = await startEmulator();
  folder = mkdtempSync(join(tmpdir(), 'plainform-verify-'));
  await deployStacks(chosenStacks({ environment: 'staging' }), {}, emulator.endpoint, silent);
  untouched = (await verifyEnvironment('staging', emulator.endpoint, silent)).flatMap(({ checks }) => [...checks]);
  const other = await startEmulator();
  await deployStacks(chosenStacks({ environment: 'production-like' }), {}, other.endpoint, silent);
  productionLike = (await verifyEnvironment('production-like', other.endpoint, silent)).flatMap(({ checks }) => [
    ...checks,
  ]);
  await other.stop();
  // AWS Config is off by default: the same environment with a recorder, a channel and rules.
  writeFileSync(governanceFile(), JSON.stringify(governanceParameters()));
  const values = governanceParameters().map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]);
  await deployText(
    target(),
    'staging-governance',
    readText(fileInProject(governance!.template)),
    Object.fromEntries(values),
  );
}, 120_000);

afterAll(async () => {
  await emulator?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const target = (where = region) => ({ region: where, endpoint: emulator.endpoint });
const options = (where = region) => clientOptions(target(where));
const governanceFile = () => join(folder, 'governance.json');

function governanceParameters() {
  const { values } = readParameterFile(fileInProject(governance!.parameterFile));
  const asked = { CreateConfigRecorder: 'true', CreateConfigDeliveryChannel: 'true', CreateConfigRules: 'true' };
  return Object.entries({ ...values, ...asked }).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
}

async function physicalId(stackName: string, LogicalResourceId: string, where = region): Promise<string> {
  const answer = await new CloudFormationClient(options(where)).send(
    new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId }),
  );
  return answer.StackResourceDetail?.PhysicalResourceId ?? '';
}

/** Runs the command as the command line does: its exit code and what it prints. */
async function run(stack: { stackName: string; template: string; region?: string; parameters?: string }) {
  const lines: string[] = [];
  const terminal: Terminal = { ...silent, print: (line) => lines.push(line) };
  const exitCode = await verify(
    { target: 'emulator', endpoint: emulator.endpoint, environment: 'staging', ...stack },
    terminal,
  );
  return { exitCode, text: lines.join('\n') };
}

const ofEnvironment = (name: string) => {
  const found = stacksOf('staging').find(({ stackName }) => stackName === name)!;
  return {
    stackName: name,
    template: fileInProject(found.template),
    region: found.region,
    parameters: name === 'staging-governance' ? governanceFile() : fileInProject(found.parameterFile),
  };
};

describe(`a staging environment that nobody touched${why}`, () => {
  scenario('has no difference in any setting, and is verified property by property', () => {
    expect(untouched.filter(({ state }) => state === 'differs')).toEqual([]);
    expect(untouched.filter(({ kind, state }) => kind === 'setting' && state === 'matches').length).toBeGreaterThan(
      600,
    );
  });

  scenario('differs from AWS in exactly the readings that the list names', () => {
    const { properties, readings } = emulatorLimits();
    const listed = [...properties.filter(({ state }) => state === 'dropped'), ...readings];
    expect(productionLike.filter(({ state }) => state === 'differs')).toEqual([]);
    const seen = [...untouched, ...productionLike].filter(({ state }) => state === 'emulator');
    const general = (path = '') => path.replace(/\[[^\]]*\]/g, '[*]');
    const unused = listed.filter(
      ({ type, property }) =>
        !seen.some((check) => check.type === type && general(check.property).startsWith(property)),
    );
    expect(unused).toEqual([]);
    expect(seen.length).toBeGreaterThan(0);
  });

  scenario('says of each type that is not read which properties, and claims nothing', () => {
    const unread = untouched.filter(({ kind, state }) => kind === 'setting' && state === 'not-read');
    expect(unread.map(({ type, property }) => `${type} ${property}`)).toContain('AWS::KMS::Key PendingWindowInDays');
    expect(unread.every(({ property }) => property !== undefined)).toBe(true);
  });

  scenario('has the vault of the copies in the second region, under a key that works', () => {
    const copies = untouched.filter(({ kind }) => kind === 'copy');
    expect(copies).toHaveLength(1);
    expect(copies[0]).toMatchObject({ state: 'matches', subject: expect.stringContaining('us-east-1') });
  });

  scenario('is judged by drift detection where the emulator has it', () => {
    const drift = untouched.filter(({ kind }) => kind === 'drift');
    expect(drift.filter(({ state }) => state === 'matches').length).toBeGreaterThan(5);
    expect(drift.filter(({ state }) => state === 'not-read').length).toBeGreaterThan(5);
  });

  scenario('has rules of AWS Config that match and whose compliance is unknown', async () => {
    const { exitCode, text } = await run(ofEnvironment('staging-governance'));
    expect(text).toMatch(/compliance: INSUFFICIENT_DATA/);
    expect(exitCode).toBe(0);
  });
});

/** Each changes a live resource behind CloudFormation's back, and is found under its name. */
const CHANGES: readonly {
  what: string;
  stack: string;
  change: () => Promise<unknown>;
  named: RegExp;
}[] = [
  {
    what: 'suspended versioning of a bucket',
    stack: 'staging-data',
    change: async () =>
      new S3Client(options()).send(
        new PutBucketVersioningCommand({
          Bucket: await physicalId('staging-data', 'DataBucket'),
          VersioningConfiguration: { Status: 'Suspended' },
        }),
      ),
    named: /DataBucket\.VersioningConfiguration\.Status +Enabled +Suspended/,
  },
  {
    what: 'a bucket opened to the public',
    stack: 'staging-data',
    change: async () =>
      new S3Client(options()).send(
        new PutPublicAccessBlockCommand({
          Bucket: await physicalId('staging-data', 'DataBucket'),
          PublicAccessBlockConfiguration: { BlockPublicAcls: false, BlockPublicPolicy: true, IgnorePublicAcls: true },
        }),
      ),
    named: /DataBucket\.PublicAccessBlockConfiguration\.BlockPublicAcls +true +false/,
  },
  {
    what: 'an alarm with another threshold',
    stack: 'staging-monitoring',
    change: async () => {
      const client = new CloudWatchClient(options());
      const name = await physicalId('staging-monitoring', 'DatabaseCpuHighAlarm');
      const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
      const { AlarmName, MetricName, Namespace, Statistic, Period, EvaluationPeriods, ComparisonOperator } =
        MetricAlarms![0]!;
      return client.send(
        new PutMetricAlarmCommand({
          ...MetricAlarms![0]!,
          ...{ AlarmName, MetricName, Namespace, Statistic, Period, EvaluationPeriods, ComparisonOperator },
          Threshold: 99.5,
        }),
      );
    },
    named: /DatabaseCpuHighAlarm\.Threshold +\d+ +99\.5/,
  },
  {
    what: 'a backup plan without its copy actions',
    stack: 'staging-data',
    change: async () => {
      const client = new BackupClient(options());
      const BackupPlanId = await physicalId('staging-data', 'BackupPlan');
      const { BackupPlan } = await client.send(new GetBackupPlanCommand({ BackupPlanId }));
      const Rules = BackupPlan!.Rules!.map(({ CopyActions: _, ...rule }) => rule);
      return client.send(
        new UpdateBackupPlanCommand({
          BackupPlanId,
          BackupPlan: { BackupPlanName: BackupPlan!.BackupPlanName!, Rules: Rules as never },
        }),
      );
    },
    named: /BackupPlan\.BackupPlan\.BackupPlanRule\[daily\]\.CopyActions/,
  },
  {
    what: 'a deleted rule of AWS Config',
    stack: 'staging-governance',
    change: async () => {
      const client = new ConfigServiceClient(options());
      const { ConfigRules } = await client.send(new DescribeConfigRulesCommand({}));
      const ConfigRuleName = ConfigRules!.find((rule) =>
        rule.ConfigRuleName?.includes('s3-versioning'),
      )?.ConfigRuleName;
      return client.send(
        new DeleteConfigRuleCommand({ ConfigRuleName: ConfigRuleName ?? ConfigRules![0]!.ConfigRuleName }),
      );
    },
    named: /gone: the stack has AWS::Config::ConfigRule .*, and its service does not/,
  },
  {
    what: 'a rule of AWS Config with other parameters',
    stack: 'staging-governance',
    change: async () => {
      const client = new ConfigServiceClient(options());
      const { ConfigRules } = await client.send(new DescribeConfigRulesCommand({}));
      const rule = ConfigRules!.find(({ InputParameters }) => InputParameters?.includes('requiredRetentionDays'))!;
      return client.send(
        new PutConfigRuleCommand({
          ConfigRule: {
            ...rule,
            InputParameters: rule.InputParameters!.replace(/("requiredRetentionDays": ?"?)\d+/, '$11'),
          },
        }),
      );
    },
    named: /InputParameters\.requiredRetentionDays/,
  },
  {
    what: 'a stopped recorder of AWS Config',
    stack: 'staging-governance',
    change: async () =>
      new ConfigServiceClient(options()).send(
        new StopConfigurationRecorderCommand({
          ConfigurationRecorderName: await physicalId('staging-governance', 'ConfigRecorder'),
        }),
      ),
    named: /ConfigRecorder recording +the recorder is stopped/,
  },
  {
    what: 'a key that is no longer rotated',
    stack: 'staging-foundation',
    change: async () =>
      new KMSClient(options()).send(
        new DisableKeyRotationCommand({ KeyId: await physicalId('staging-foundation', 'DataKey') }),
      ),
    named: /DataKey\.EnableKeyRotation +true +false/,
  },
  {
    what: 'a security group with a rule more',
    stack: 'staging-foundation',
    change: async () =>
      new EC2Client(options()).send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId: await physicalId('staging-foundation', 'DatabaseSecurityGroup'),
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        }),
      ),
    named: /DatabaseSecurityGroup\.SecurityGroupIngress\[\d+\].*"ToPort":22/,
  },
  {
    what: 'a topic that is gone',
    stack: 'staging-foundation',
    change: async () =>
      new SNSClient(options()).send(
        new DeleteTopicCommand({ TopicArn: await physicalId('staging-foundation', 'AlertTopic') }),
      ),
    named: /AlertTopic +gone: the stack has AWS::SNS::Topic .*, and its service does not/,
  },
  {
    what: 'a log group that forgets sooner',
    stack: 'staging-foundation',
    change: async () =>
      new CloudWatchLogsClient(options()).send(
        new PutRetentionPolicyCommand({
          logGroupName: await physicalId('staging-foundation', 'FlowLogGroup'),
          retentionInDays: 1,
        }),
      ),
    named: /FlowLogGroup\.RetentionInDays +\d+ +1$/m,
  },
  {
    what: 'a role with a policy more',
    stack: 'staging-governance',
    change: async () =>
      new IAMClient(options()).send(
        new PutRolePolicyCommand({
          RoleName: await physicalId('staging-governance', 'DeveloperRole'),
          PolicyName: 'everything',
          PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        }),
      ),
    named: /DeveloperRole\.Policies\[everything\]/,
  },
  {
    what: 'a function with other code',
    stack: 'staging-masking',
    change: async () =>
      new LambdaClient(options()).send(
        new UpdateFunctionCodeCommand({
          FunctionName: await physicalId('staging-masking', 'MaskingFunction'),
          ZipFile: zipOf({ 'index.js': 'exports.handler = async () => {};' }),
        }),
      ),
    named: /MaskingFunction\.Code\.ZipFile .*exports\.handler = async \(\) => \{\};/,
  },
  {
    what: 'a database that is backed up for a day',
    stack: 'staging-data',
    change: async () =>
      new RDSClient(options()).send(
        new ModifyDBClusterCommand({
          DBClusterIdentifier: await physicalId('staging-data', 'DatabaseCluster'),
          BackupRetentionPeriod: 1,
        }),
      ),
    named: /DatabaseCluster\.BackupRetentionPeriod +\d+ +1$/m,
  },
];

describe(`a setting that is changed behind CloudFormation's back${why}`, () => {
  scenario.each(CHANGES.map((change) => [change.what, change] as const))(
    '%s is named, and the exit code is 1',
    async (_, { stack, change, named }) => {
      expect((await run(ofEnvironment(stack))).text).not.toMatch(named);
      await change();
      const { exitCode, text } = await run(ofEnvironment(stack));
      expect(text).toMatch(named);
      expect(exitCode).toBe(1);
    },
    60_000,
  );

  scenario(
    'the vault of the copies that is gone is missed from the first region',
    async () => {
      // Copies are judged by what the template states, so that the plan without copy actions above hides nothing.
      const name = await physicalId('staging-replica', 'ReplicaVault', replica!.region);
      await new BackupClient(options(replica!.region)).send(new DeleteBackupVaultCommand({ BackupVaultName: name }));
      const { exitCode, text } = await run(ofEnvironment('staging-data'));
      expect(exitCode).toBe(1);
      const replicaText = (await run(ofEnvironment('staging-replica'))).text;
      expect(replicaText).toMatch(
        /ReplicaVault +gone: the stack has AWS::Backup::BackupVault .*, and its service does not/,
      );
      expect(text).toMatch(/copies to .*us-east-1 +the vault is not there: copies fail/);
    },
    60_000,
  );
});

describe(`a stack of one's own${why}`, () => {
  const text = `
Parameters:
  Size: {Type: Number, Default: 3}
Resources:
  Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: own-setting, Value: !Ref Size}}
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
Outputs:
  Name: {Value: !Ref Setting}
`;
  const file = () => {
    writeFileSync(join(folder, 'own.yaml'), text);
    return join(folder, 'own.yaml');
  };

  scenario('is verified by template and name, with the values that are deployed', async () => {
    await deployText(target(), 'own', text, { Size: '5' });
    expect(await run({ stackName: 'own', template: file() })).toMatchObject({ exitCode: 0 });
  });

  scenario('differs where a parameter file says otherwise', async () => {
    writeFileSync(join(folder, 'own.json'), '[{"ParameterKey":"Size","ParameterValue":"4"}]');
    const { exitCode, text: found } = await run({
      stackName: 'own',
      template: file(),
      parameters: join(folder, 'own.json'),
    });
    expect(found).toMatch(/parameter Size +4 +5/);
    expect(found).toMatch(/Setting\.Value +4 +5/);
    expect(exitCode).toBe(1);
  });

  scenario('differs by property in drift detection too', async () => {
    await new SSMClient(options()).send(new PutParameterCommand({ Name: 'own-setting', Value: '6', Overwrite: true }));
    const { exitCode, text: found } = await run({ stackName: 'own', template: file() });
    expect(found).toMatch(/Setting\.Value +5 +6/);
    expect(found).toMatch(/Setting\.Value drift +5 +6/);
    expect(exitCode).toBe(1);
  });

  scenario('that is not there is a difference, not a crash', async () => {
    const { exitCode, text: found } = await run({ stackName: 'nobody', template: file() });
    expect(found).toMatch(/there is no stack nobody/);
    expect(exitCode).toBe(1);
  });

  scenario('is refused with a code where its name is missing', async () => {
    await expect(
      verify({ target: 'emulator', endpoint: emulator.endpoint, environment: 'staging', template: file() }, silent),
    ).rejects.toThrow(/CFN705.*--stack-name is missing/);
  });
});
