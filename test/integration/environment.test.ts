import { readFileSync } from 'node:fs';
import { BackupClient, DescribeBackupVaultCommand, GetBackupPlanCommand } from '@aws-sdk/client-backup';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DescribeReplicationGroupsCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { GetPolicyCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetBucketVersioningCommand, GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { flatOutputs, MOCK_OUTPUTS, mockStackOutputs } from '../../generator/commands/outputs.ts';
import { chosenStacks } from '../../generator/commands/target.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { type AwsEndpoint, startAwsEndpoint } from '../support/data-api.ts';
import { SHOP, SHOP_RULES, shopRows } from '../support/masking-schema.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Environment, environment, environmentUnderTest, kind, needing } from '../support/target.ts';

const stacks = chosenStacks({ environment });
const region = primaryRegion();
const replicaRegion = stacks[0]!.region;
let under: Environment;
beforeAll(async () => {
  under = await environmentUnderTest();
}, 120_000);
afterAll(() => under.stop());

const options = (where = region) =>
  clientOptions({ region: where, ...(under.endpoint !== undefined && { endpoint: under.endpoint }) });
const output = (name: string): string => {
  const value = under.outputs[name];
  if (value === undefined) throw new Error(`there is no output ${name}`);
  return value;
};

test('the mock file is what templates and parameter files give today', () => {
  const today = flatOutputs(mockStackOutputs(chosenStacks({ environment: 'staging' })));
  expect(JSON.parse(readFileSync(fileInProject(MOCK_OUTPUTS), 'utf8'))).toEqual(today);
});

describe('outputs', () => {
  const has = needing('outputs');

  has('every output of every template has a value', () => {
    const names = stacks.flatMap(({ template }) =>
      Object.entries(readTemplate(template).template.Outputs ?? {}).flatMap(([name, { Condition }]) =>
        Condition === undefined ? [name] : [],
      ),
    );
    expect(names.length).toBeGreaterThanOrEqual(40);
    for (const name of names) expect([name, under.outputs[name]]).toEqual([name, expect.stringMatching(/./)]);
  });

  has('ARNs are ARNs of one account, in the region of their stack', () => {
    const arns = Object.entries(under.outputs).filter(([name]) => name.endsWith('Arn'));
    expect(arns.length).toBeGreaterThanOrEqual(15);
    for (const [name, arn] of arns)
      expect([name, arn]).toEqual([name, expect.stringMatching(/^arn:aws[\w-]*:[\w-]+:[\w-]*:(\d{12})?:.+/)]);
    const accounts = new Set(arns.map(([, arn]) => arn.split(':')[4]).filter((account) => account !== ''));
    expect(accounts.size).toBe(1);
    expect(output('ReplicaKeyArn')).toContain(`:${replicaRegion}:`);
    expect(output('DataKeyArn')).toContain(`:${region}:`);
  });

  has('IDs have the form of their kind', () => {
    expect(output('VpcId')).toMatch(/^vpc-[0-9a-f]+$/);
    expect(output('DataSubnetIds')).toMatch(/^subnet-[0-9a-f]+(,subnet-[0-9a-f]+)+$/);
    expect(output('DatabaseSecurityGroupId')).toMatch(/^sg-[0-9a-f]+$/);
  });

  has('names carry the suffix of the environment', () => {
    for (const name of [
      'DataBucketName',
      'DatabaseClusterIdentifier',
      'CacheReplicationGroupId',
      'BackupVaultName',
      'MaskingFunctionName',
    ])
      expect(output(name)).toMatch(new RegExp(`^${environment}-`));
  });

  has('host names are host names of the region', () => {
    for (const name of ['DatabaseEndpoint', 'DatabaseReaderEndpoint'])
      expect(output(name)).toMatch(new RegExp(`^[a-z0-9.-]+\\.${region}\\.rds\\.amazonaws\\.com$`));
    expect(output('CachePrimaryEndpoint')).toMatch(new RegExp(`\\.${region}\\.cache\\.amazonaws\\.com$`));
  });

  has('a name that two stacks give is there for both', () => {
    expect(output(`${environment}-replica.AlertTopicArn`)).toContain(`:${replicaRegion}:`);
    expect(output('AlertTopicArn')).toContain(`:${region}:`);
  });
});

describe('outputs resolve to live resources', () => {
  const live = needing('live');

  live('the network', async () => {
    const ec2 = new EC2Client(options());
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [output('VpcId')] }));
    expect(Vpcs).toHaveLength(1);
    const SubnetIds = ['PublicSubnetIds', 'ApplicationSubnetIds', 'DataSubnetIds'].flatMap((name) =>
      output(name).split(','),
    );
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds }));
    expect(Subnets.map(({ VpcId }) => VpcId)).toEqual(SubnetIds.map(() => output('VpcId')));
    expect(new Set(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size).toBeGreaterThanOrEqual(2);
  });

  live('no ingress of the database is open to the world', async () => {
    const { SecurityGroups = [] } = await new EC2Client(options()).send(
      new DescribeSecurityGroupsCommand({
        GroupIds: [output('DatabaseSecurityGroupId'), output('CacheSecurityGroupId')],
      }),
    );
    expect(SecurityGroups).toHaveLength(2);
    const open = SecurityGroups.flatMap(({ IpPermissions = [] }) =>
      IpPermissions.flatMap(({ IpRanges = [] }) => IpRanges),
    );
    expect(open.filter(({ CidrIp }) => CidrIp === '0.0.0.0/0')).toEqual([]);
  });

  live('the keys rotate', async () => {
    for (const [name, where] of [
      ['DataKeyArn', region],
      ['BackupKeyArn', region],
      ['LogsKeyArn', region],
      ['ReplicaKeyArn', replicaRegion],
    ] as const) {
      const kms = new KMSClient(options(where));
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: output(name) }));
      expect(KeyMetadata).toMatchObject({ Enabled: true, KeyManager: 'CUSTOMER' });
      expect(await kms.send(new GetKeyRotationStatusCommand({ KeyId: output(name) }))).toMatchObject({
        KeyRotationEnabled: true,
      });
    }
  });

  live('the data bucket keeps versions and blocks the public', async () => {
    const s3 = new S3Client({ ...options(), forcePathStyle: true });
    const Bucket = output('DataBucketName');
    expect(await s3.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(Object.values(PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true]);
  });

  live('the database is encrypted under the data key, and is where its output says', async () => {
    const { DBClusters = [] } = await new RDSClient(options()).send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: output('DatabaseClusterIdentifier') }),
    );
    expect(DBClusters[0]).toMatchObject({
      StorageEncrypted: true,
      KmsKeyId: output('DataKeyArn'),
      Endpoint: output('DatabaseEndpoint'),
    });
    expect(DBClusters[0]!.DBClusterMembers?.length).toBeGreaterThanOrEqual(2);
  });

  live('the master secret stands under the data key', async () => {
    const secret = await new SecretsManagerClient(options()).send(
      new DescribeSecretCommand({ SecretId: output('DatabaseSecretArn') }),
    );
    expect(secret.ARN).toBe(output('DatabaseSecretArn'));
  });

  live('the cache fails over and encrypts in transit', async () => {
    const { ReplicationGroups = [] } = await new ElastiCacheClient(options()).send(
      new DescribeReplicationGroupsCommand({ ReplicationGroupId: output('CacheReplicationGroupId') }),
    );
    expect(ReplicationGroups[0]).toMatchObject({ AtRestEncryptionEnabled: true, TransitEncryptionEnabled: true });
    expect(ReplicationGroups[0]!.NodeGroups?.[0]?.PrimaryEndpoint?.Address).toBe(output('CachePrimaryEndpoint'));
  });

  live('vault and plan are there, and the plan copies to the vault in the second region', async () => {
    const backup = new BackupClient(options());
    const vault = await backup.send(new DescribeBackupVaultCommand({ BackupVaultName: output('BackupVaultName') }));
    expect(vault.BackupVaultArn).toBe(output('BackupVaultArn'));
    const { BackupPlan } = await backup.send(new GetBackupPlanCommand({ BackupPlanId: output('BackupPlanId') }));
    const copies = BackupPlan?.Rules?.flatMap(({ CopyActions = [] }) => CopyActions) ?? [];
    const elsewhere = await new BackupClient(options(replicaRegion)).send(
      new DescribeBackupVaultCommand({ BackupVaultName: output('ReplicaVaultName') }),
    );
    expect(elsewhere.EncryptionKeyArn).toBe(output('ReplicaKeyArn'));
    for (const { DestinationBackupVaultArn } of copies)
      expect(DestinationBackupVaultArn).toBe(elsewhere.BackupVaultArn);
  });

  live('the roles of the three tiers have the boundary', async () => {
    const iam = new IAMClient(options());
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: output('PermissionsBoundaryArn') }));
    expect(Policy?.Arn).toBe(output('PermissionsBoundaryArn'));
    for (const name of ['DeveloperRoleArn', 'DevOpsRoleArn', 'AdminRoleArn']) {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: output(name).split('/').at(-1)! }));
      expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(output('PermissionsBoundaryArn'));
      expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('aws:MultiFactorAuth');
    }
  });

  live('alerts go to an encrypted topic, which the alarms name', async () => {
    const { Attributes } = await new SNSClient(options()).send(
      new GetTopicAttributesCommand({ TopicArn: output('AlertTopicArn') }),
    );
    expect(Attributes?.KmsMasterKeyId).toBeTruthy();
    const { MetricAlarms = [] } = await new CloudWatchClient(options()).send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: `${environment}-` }),
    );
    expect(MetricAlarms.length).toBeGreaterThanOrEqual(12);
    for (const { AlarmActions } of MetricAlarms) expect(AlarmActions).toContain(output('AlertTopicArn'));
  });

  live('the dead letters of masking have a queue, its rules a parameter', async () => {
    const sqs = new SQSClient(options());
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: output('MaskingDeadLettersName') }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    expect(Attributes?.QueueArn).toBe(output('MaskingDeadLettersArn'));
    const { Parameter } = await new SSMClient(options()).send(
      new GetParameterCommand({ Name: output('MaskingRuleSetName') }),
    );
    expect(() => JSON.parse(Parameter?.Value ?? '')).not.toThrow();
  });

  live('the masking function is there and never runs in production', async () => {
    const lambda = new LambdaClient(options());
    const { Configuration } = await lambda.send(
      new GetFunctionCommand({ FunctionName: output('MaskingFunctionName') }),
    );
    expect(Configuration?.Environment?.Variables?.ENVIRONMENT_TIER).toMatch(/^(development|staging|test)$/);
    expect(Configuration?.DeadLetterConfig?.TargetArn).toBe(output('MaskingDeadLettersArn'));
  });
});

describe('the masking function of the stack is invoked', () => {
  const inEmulator = needing('emulator');
  let postgres: Postgres;
  let dataApi: AwsEndpoint;
  beforeAll(async () => {
    if (kind !== 'emulator') return;
    postgres = await startPostgres();
    dataApi = await startAwsEndpoint(postgres.port);
  }, 60_000);
  afterAll(async () => {
    await dataApi?.close();
    await postgres?.stop();
  });

  async function connect(database: string): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database });
    await client.connect();
    return client;
  }

  async function invoke() {
    const { FunctionError, Payload } = await new LambdaClient(options()).send(
      new InvokeCommand({ FunctionName: output('MaskingFunctionName'), Payload: Buffer.from('{}') }),
    );
    return { FunctionError, said: Buffer.from(Payload ?? []).toString() };
  }

  inEmulator(
    'where no database answers it fails and says which call did',
    async () => {
      expect(await invoke()).toEqual({
        FunctionError: 'Unhandled',
        said: expect.stringContaining('rds-data:ExecuteStatement failed'),
      });
    },
    60_000,
  );

  /** What a failure of an invocation like the schedule's sends to a queue that watches the alerts, and to the dead letters. */
  async function failureOf(event: object, watcher: string): Promise<{ alert: string; dead: string }> {
    const sqs = new SQSClient(options());
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: watcher }));
    const Endpoint = QueueUrl!.replace(/^.*\/(\d{12})\/(.*)$/, 'arn:aws:sqs:us-west-2:$1:$2');
    const TopicArn = output('AlertTopicArn');
    await new SNSClient(options()).send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    const { QueueUrl: deadLetters } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: output('MaskingDeadLettersName') }),
    );
    await new LambdaClient(options()).send(
      new InvokeCommand({
        FunctionName: output('MaskingFunctionName'),
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
    const received = async (url: string | undefined): Promise<string> => {
      for (;;) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
        if (!Messages[0]) continue;
        await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: Messages[0].ReceiptHandle }));
        return Messages[0].Body ?? '';
      }
    };
    return { alert: await received(QueueUrl), dead: await received(deadLetters) };
  }

  inEmulator(
    'as its schedule does it, a failure reaches those who watch the alerts, and its event the dead letters',
    async () => {
      const event = { invocation: 1, dryRun: true };
      const { alert, dead } = await failureOf(event, 'who-watches');
      const { TopicArn, Subject, Message } = JSON.parse(alert);
      expect({ TopicArn, Subject }).toEqual({
        TopicArn: output('AlertTopicArn'),
        Subject: expect.stringMatching(/masking/i),
      });
      expect(Message).toContain('rds-data:ExecuteStatement failed');
      // AWS sends the event itself; the emulator puts it into the record that it sends to destinations.
      expect(JSON.parse(dead).requestPayload ?? JSON.parse(dead)).toEqual(event);
    },
    90_000,
  );

  inEmulator(
    'with a PostgreSQL server behind the Data API it masks what the rules in SSM name, under the key in Secrets Manager',
    async () => {
      const admin = await connect('postgres');
      await admin.query(`CREATE DATABASE "${output('DatabaseName')}"`);
      await admin.end();
      const shop = await connect(output('DatabaseName'));
      await shop.query(SHOP);
      await shop.query(shopRows(20));
      const Name = output('MaskingRuleSetName');
      await new SSMClient(options()).send(
        new PutParameterCommand({ Name, Value: JSON.stringify(SHOP_RULES), Overwrite: true }),
      );
      const lambda = new LambdaClient(options());
      const FunctionName = output('MaskingFunctionName');
      const { Environment: given } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName,
          Environment: { Variables: { ...given?.Variables, AWS_ENDPOINT_URL_RDS_DATA: dataApi.url } },
        }),
      );
      const { rows: before } = await shop.query('SELECT email FROM customers ORDER BY id');
      const { FunctionError, said } = await invoke();
      expect({ FunctionError, said }).toEqual({ FunctionError: undefined, said: expect.stringMatching(/masked|rows/) });
      const { rows: after } = await shop.query('SELECT email FROM customers ORDER BY id');
      expect(after).toHaveLength(before.length);
      expect(after.filter(({ email }) => before.some((row) => row.email === email))).toEqual([]);
      const { rows: joined } = await shop.query(
        'SELECT count(*)::int AS lost FROM orders LEFT JOIN customers ON email = buyer_email WHERE email IS NULL',
      );
      expect(joined).toEqual([{ lost: 0 }]);
      await shop.end();
    },
    60_000,
  );

  inEmulator(
    'where the database refuses and quotes a person, neither the alert nor the dead letter does',
    async () => {
      const shop = await connect(output('DatabaseName'));
      await shop.query(
        `INSERT INTO customers (email, customer_no, full_name) VALUES ('Jane.Roe@Example.com', 'C-90001', 'Jane Roe')`,
      );
      await shop.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE '% stays', OLD.email; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON customers FOR EACH ROW WHEN (OLD.customer_no = 'C-90001')
          EXECUTE FUNCTION refuse()`);
      await expect(shop.query('UPDATE customers SET city = NULL')).rejects.toThrow('Jane.Roe@Example.com stays');
      const { alert, dead } = await failureOf({ invocation: 2 }, 'who-watches-names');
      await shop.end();
      expect(JSON.parse(JSON.parse(alert).Message)).toMatchObject({
        reason: expect.stringMatching(/rds-data:\w+ failed/),
      });
      expect(dead).toContain('"invocation"');
      for (const sent of [alert, dead]) expect(sent).not.toMatch(/Jane|Roe|C-90001/);
    },
    90_000,
  );
});

test(`runs against ${kind}`, () => expect(['aws', 'emulator', 'mock']).toContain(kind));
