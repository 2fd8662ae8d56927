import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupClient, DescribeBackupVaultCommand, GetBackupPlanCommand } from '@aws-sdk/client-backup';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackResourceCommand,
  ListExportsCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import {
  ConfigServiceClient,
  DescribeConfigRulesCommand,
  DescribeConfigurationRecorderStatusCommand,
  DescribeConfigurationRecordersCommand,
  DescribeDeliveryChannelsCommand,
} from '@aws-sdk/client-config-service';
import { GetBucketLifecycleConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployStacks } from '../../generator/commands/deploy.ts';
import { chosenStacks } from '../../generator/commands/target.ts';
import { verifyEnvironment } from '../../generator/commands/verify.ts';
import { stacksOf } from '../../generator/environments.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readText } from '../../lib/cfn/read.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { deleteStack } from '../../lib/deployment/delete-stack.ts';
import { describeStack, stackOutputs } from '../../lib/deployment/deploy-stack.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { deployText, silent } from '../support/deploying.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';

const region = primaryRegion();
const [replica, foundation, data, masking, governance] = stacksOf('staging');

let emulator: Emulator;
let folder: string;
beforeAll(async () => {
  if (missing) return;
  emulator = await startEmulator();
  folder = mkdtempSync(join(tmpdir(), 'plainform-staging-'));
}, 60_000);
afterAll(async () => {
  await emulator?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const target = (where = region) => ({ region: where, endpoint: emulator.endpoint });
const cloudFormation = (where = region) => new CloudFormationClient(clientOptions(target(where)));

/** The real AWS command line, as a pipeline calls it. */
function aws(...words: string[]) {
  return spawnSync(fileInProject('.venv/bin/aws'), words, {
    encoding: 'utf8',
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ACCESS_KEY_ID: '123456789012',
      AWS_SECRET_ACCESS_KEY: 'emulator',
    },
  });
}

const deployWithAws = (stack: ReturnType<typeof stacksOf>[number]) =>
  aws(
    ...['cloudformation', 'deploy', '--region', stack.region, '--stack-name', stack.stackName],
    ...['--template-file', fileInProject(stack.template)],
    ...['--parameter-overrides', `file://${fileInProject(stack.parameterFile)}`],
    ...['--capabilities', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
  );

const parametersOf = (stack: ReturnType<typeof stacksOf>[number]) =>
  readParameterFile(fileInProject(stack.parameterFile)).values;
const templateOf = (stack: ReturnType<typeof stacksOf>[number]) => readText(fileInProject(stack.template));

describe(`the emulator's list of what it records${why}`, () => {
  scenario('does not hide a misspelt type: it is refused', async () => {
    const text = 'Resources: {A: {Type: AWS::SQS::Queu}}';
    await expect(deployText(target(), 'misspelt', text)).rejects.toThrow(/AWS::SQS::Queu/);
  });
});

describe(`a staging environment in both regions${why}`, () => {
  scenario(
    'deploys from the committed files with the real `aws cloudformation deploy`',
    () => {
      for (const stack of stacksOf('staging')) {
        const { status, stderr } = deployWithAws(stack);
        expect({ stack: stack.stackName, status, stderr }).toEqual({ stack: stack.stackName, status: 0, stderr: '' });
      }
    },
    300_000,
  );

  scenario(
    'refuses the data stack before its foundation in another environment',
    async () => {
      const parameters = { ...parametersOf(data!), EnvironmentSuffix: 'alone' };
      await expect(deployText(target(), 'alone-data', templateOf(data!), parameters)).rejects.toThrow(/alone-/);
      await cloudFormation().send(new DeleteStackCommand({ StackName: 'alone-data' }));
    },
    60_000,
  );

  scenario(
    'is verified without a difference',
    async () => {
      const verified = await verifyEnvironment('staging', emulator.endpoint, silent);
      expect(verified).toHaveLength(6);
      expect(verified.flatMap(({ checks }) => checks.filter(({ state }) => state === 'differs'))).toEqual([]);
    },
    60_000,
  );

  scenario(
    'has no changes when our own command deploys it again',
    async () => {
      expect(await deployStacks(chosenStacks({ environment: 'staging' }), {}, emulator.endpoint, silent)).toEqual([]);
    },
    60_000,
  );

  scenario('exports every output under the suffix', async () => {
    const { Exports = [] } = await cloudFormation().send(new ListExportsCommand({}));
    const names = Exports.map(({ Name }) => Name);
    expect(names.length).toBeGreaterThanOrEqual(18);
    expect(names.filter((name) => !name?.startsWith('staging-'))).toEqual([]);
  });

  scenario('has at least 18 outputs in the primary template', async () => {
    expect(Object.keys((await stackOutputs(target(), 'staging-data')) ?? {}).length).toBeGreaterThanOrEqual(18);
  });

  scenario('has the vault of the copies in the second region, under its own key', async () => {
    const outputs = await stackOutputs(target(replica!.region), 'staging-replica');
    const vault = await new BackupClient(clientOptions(target(replica!.region))).send(
      new DescribeBackupVaultCommand({ BackupVaultName: outputs?.ReplicaVaultName }),
    );
    expect(vault.EncryptionKeyArn).toBe(outputs?.ReplicaKeyArn);
    expect(vault.EncryptionKeyArn).toContain(replica!.region);
  });

  scenario('copies daily and weekly backups to that vault', async () => {
    const outputs = await stackOutputs(target(), 'staging-data');
    const vault = (await stackOutputs(target(replica!.region), 'staging-replica'))?.ReplicaVaultArn;
    const { BackupPlan } = await new BackupClient(clientOptions(target())).send(
      new GetBackupPlanCommand({ BackupPlanId: outputs?.BackupPlanId }),
    );
    const copied = BackupPlan?.Rules?.filter((rule) =>
      rule.CopyActions?.some((copy) => copy.DestinationBackupVaultArn === vault),
    );
    expect(copied?.map(({ RuleName }) => RuleName)).toEqual(['daily', 'weekly']);
  });

  scenario('has the billing alarm in the second region only', async () => {
    const inReplica = await cloudFormation(replica!.region).send(
      new DescribeStackResourceCommand({ StackName: 'staging-replica', LogicalResourceId: 'EstimatedChargesAlarm' }),
    );
    expect(inReplica.StackResourceDetail?.ResourceStatus).toBe('CREATE_COMPLETE');
  });

  scenario('creates no recorder, channel or rule of AWS Config unless asked', async () => {
    const { StackResourceSummaries = [] } = await cloudFormation().send(
      new ListStackResourcesCommand({ StackName: 'staging-governance' }),
    );
    expect(StackResourceSummaries.filter(({ ResourceType }) => ResourceType?.startsWith('AWS::Config::'))).toEqual([]);
  });
});

describe(`changes to it${why}`, () => {
  scenario(
    'an update by parameter reaches the live bucket',
    async () => {
      const days = async () => {
        const { DataBucketName: Bucket } = (await stackOutputs(target(), 'staging-data')) ?? {};
        const s3 = new S3Client(clientOptions(target()));
        const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        return Rules.flatMap(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration?.NoncurrentDays ?? []);
      };
      const before = parametersOf(data!);
      expect(await days()).not.toContain(123);
      const changed = { ...before, NoncurrentVersionDays: '123' };
      await deployText(target(), 'staging-data', templateOf(data!), changed);
      expect(await days()).toContain(123);
    },
    60_000,
  );

  const config = () => new ConfigServiceClient(clientOptions(target()));
  const ofConfig = async () => ({
    recorders: (await config().send(new DescribeConfigurationRecordersCommand({}))).ConfigurationRecorders ?? [],
    recording: (
      (await config().send(new DescribeConfigurationRecorderStatusCommand({}))).ConfigurationRecordersStatus ?? []
    ).map(({ recording }) => recording),
    channels: (await config().send(new DescribeDeliveryChannelsCommand({}))).DeliveryChannels ?? [],
    rules: (await config().send(new DescribeConfigRulesCommand({}))).ConfigRules ?? [],
  });

  scenario(
    'AWS Config is switched on by an update: a recorder that records, its channel, at least 12 rules',
    async () => {
      const parameters = {
        ...parametersOf(governance!),
        CreateConfigRecorder: 'true',
        CreateConfigDeliveryChannel: 'true',
        CreateConfigRules: 'true',
      };
      await deployText(target(), 'staging-governance', templateOf(governance!), parameters);
      const { recorders, recording, channels, rules } = await ofConfig();
      expect(recorders.map(({ recordingGroup }) => recordingGroup?.allSupported)).toEqual([true]);
      expect(recording).toEqual([true]);
      const bucket = (await stackOutputs(target(), 'staging-governance'))?.ConfigBucketName;
      expect(channels.map(({ s3BucketName }) => s3BucketName)).toEqual([bucket]);
      expect(rules.length).toBeGreaterThanOrEqual(12);
      expect(new Set(rules.map(({ Source }) => Source?.SourceIdentifier)).size).toBe(rules.length);
    },
    60_000,
  );

  scenario(
    'and off again by an update: nothing of it is left but what it has recorded',
    async () => {
      await deployText(target(), 'staging-governance', templateOf(governance!), parametersOf(governance!));
      expect(await ofConfig()).toEqual({ recorders: [], recording: [], channels: [], rules: [] });
    },
    60_000,
  );

  scenario(
    'turning the copy off leaves the plan without copy actions',
    async () => {
      await deployText(target(), 'staging-data', templateOf(data!), { ...parametersOf(data!), ReplicaRegion: '' });
      const outputs = await stackOutputs(target(), 'staging-data');
      const { BackupPlan } = await new BackupClient(clientOptions(target())).send(
        new GetBackupPlanCommand({ BackupPlanId: outputs?.BackupPlanId }),
      );
      expect(BackupPlan?.Rules?.flatMap(({ CopyActions }) => CopyActions ?? [])).toEqual([]);
    },
    60_000,
  );

  scenario.each([
    ['a zone count that is not offered', { AvailabilityZoneCount: '4' }],
    ['an address range that is no /16', { VpcCidr: '10.0.0.0/8' }],
    ['a suffix in capitals', { EnvironmentSuffix: 'Staging' }],
    ['an e-mail address that is none', { AlertEmail: 'nobody' }],
  ])('refuses %s', async (_what, wrong) => {
    const parameters = { ...parametersOf(foundation!), ...wrong };
    await expect(deployText(target(), 'staging-foundation', templateOf(foundation!), parameters)).rejects.toThrow(
      Object.keys(wrong)[0]!,
    );
  });

  scenario(
    'refuses masking in production by a rule of the template',
    () => {
      const file = join(folder, 'production.json');
      const values = { ...parametersOf(masking!), EnvironmentType: 'production' };
      writeFileSync(file, JSON.stringify(Object.entries(values).map(([name, value]) => `${name}=${value}`)));
      const refused = aws(
        ...['cloudformation', 'deploy', '--region', region, '--stack-name', 'staging-masking', '--template-file'],
        ...[fileInProject(masking!.template), '--parameter-overrides', `file://${file}`],
        ...['--capabilities', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
      );
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toContain('do not deploy this stack to production');
    },
    60_000,
  );

  scenario(
    'a creation that fails is rolled back, names its cause and leaves nothing',
    async () => {
      const text = [
        'Resources:',
        '  Queue: {Type: AWS::SQS::Queue}',
        '  Alias: {Type: AWS::KMS::Alias, DependsOn: Queue, Properties: {AliasName: alias/x, TargetKeyId: !ImportValue nobody-exports-this}}',
      ].join('\n');
      await expect(deployText(target(), 'failing', text)).rejects.toThrow(/nobody-exports-this/);
      const { StackResourceSummaries = [] } = await cloudFormation().send(
        new ListStackResourcesCommand({ StackName: 'failing' }),
      );
      expect(StackResourceSummaries.filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE')).toEqual([]);
      const { QueueUrls = [] } = await new SQSClient(clientOptions(target())).send(new ListQueuesCommand({}));
      expect(QueueUrls.filter((url) => url.includes('failing'))).toEqual([]);
      expect(QueueUrls).not.toEqual([]); // those of the environment: the question was answered
    },
    60_000,
  );

  scenario('a stack whose creation failed is not changed: the message says to delete it', async () => {
    await expect(deployText(target(), 'failing', 'Resources: {A: {Type: AWS::SQS::Queue}}')).rejects.toThrow(
      /ROLLBACK_COMPLETE/,
    );
  });

  scenario('the foundation is not deleted while others import from it', async () => {
    await cloudFormation()
      .send(new DeleteStackCommand({ StackName: 'staging-foundation' }))
      .catch(() => {});
    const stack = await describeStack(cloudFormation(), target(), 'staging-foundation');
    expect(stack?.StackStatus).not.toBe('DELETE_COMPLETE');
    expect(await stackOutputs(target(), 'staging-foundation')).toHaveProperty('DataKeyArn');
  });
});

describe(`a second environment${why}`, () => {
  scenario(
    'stands beside the first in the same account',
    async () => {
      const deployed = await deployStacks(chosenStacks({ environment: 'development' }), {}, emulator.endpoint, silent);
      expect(deployed).toHaveLength(6);
      const { Exports = [] } = await cloudFormation().send(new ListExportsCommand({}));
      expect(Exports.some(({ Name }) => Name === 'development-VpcId')).toBe(true);
      expect(Exports.some(({ Name }) => Name === 'staging-VpcId')).toBe(true);
    },
    120_000,
  );

  scenario('has one NAT gateway where the first has one a zone', async () => {
    const gateways = async (stackName: string) => {
      const { StackResourceSummaries = [] } = await cloudFormation().send(
        new ListStackResourcesCommand({ StackName: stackName }),
      );
      return StackResourceSummaries.filter(({ ResourceType }) => ResourceType === 'AWS::EC2::NatGateway').length;
    };
    expect([await gateways('staging-foundation'), await gateways('development-foundation')]).toEqual([2, 1]);
  });

  scenario('copies nothing: its plan has no copy action', async () => {
    const outputs = await stackOutputs(target(), 'development-data');
    const { BackupPlan } = await new BackupClient(clientOptions(target())).send(
      new GetBackupPlanCommand({ BackupPlanId: outputs?.BackupPlanId }),
    );
    expect(BackupPlan?.Rules?.flatMap(({ CopyActions }) => CopyActions ?? [])).toEqual([]);
  });

  scenario(
    'is verified without a difference',
    async () => {
      const verified = await verifyEnvironment('development', emulator.endpoint, silent);
      expect(verified.flatMap(({ checks }) => checks.filter(({ state }) => state === 'differs'))).toEqual([]);
    },
    60_000,
  );
});

describe(`deleting${why}`, () => {
  scenario('a stack that others import from is refused, and they are named', async () => {
    await expect(deleteStack(target(), 'development-foundation')).rejects.toThrow(/development-data.* import from it/);
  });

  scenario(
    'an environment goes in the opposite order of its deployment, and leaves the other alone',
    async () => {
      for (const { stackName, region: where } of stacksOf('development').reverse())
        expect(await deleteStack(target(where), stackName)).toBe(true);
      const { Exports = [] } = await cloudFormation().send(new ListExportsCommand({}));
      expect(Exports.filter(({ Name }) => Name?.startsWith('development-'))).toEqual([]);
      expect(Exports.some(({ Name }) => Name === 'staging-VpcId')).toBe(true);
    },
    60_000,
  );

  scenario('a stack that is not there is no error', async () => {
    expect(await deleteStack(target(), 'development-data')).toBe(false);
  });
});
