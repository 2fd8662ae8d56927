import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { deployStacks } from '../../generator/commands/deploy.ts';
import { chosenStacks } from '../../generator/commands/target.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import {
  describeEmulator,
  type Emulator,
  emulatorLimits,
  emulatorMissing,
  recordedTypes,
  startEmulator,
} from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { silent } from '../support/deploying.ts';
import { deleteFrom, deployTo, type Outcome } from '../support/emulator-stack.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';
const limits = emulatorLimits();
/** Not looked at when the resource is created, but when it is deleted. */
const READ_LATER = ['AWS::KMS::Key.PendingWindowInDays'];

let emulator: Emulator;
/** The same without our corrections: what it does by itself. */
let uncorrected: Emulator;
beforeAll(async () => {
  if (missing) return;
  [emulator, uncorrected] = await Promise.all([startEmulator(), startEmulator({ corrected: false })]);
}, 60_000);
afterAll(async () => {
  await Promise.all([emulator?.stop(), uncorrected?.stop()]);
});

interface Reading {
  service: string;
  operation: string;
  parameters: Record<string, unknown>;
  query: string;
}

/** Many API calls in one Python process: the SDK for JavaScript would need a package for each service. */
function read(endpoint: string, calls: Reading[]): unknown[] {
  const { stdout, stderr, status } = spawnSync(
    fileInProject('.venv/bin/python'),
    [fileInProject('test/integration/emulator/read.py')],
    {
      input: JSON.stringify(calls),
      encoding: 'utf8',
      env: {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: '123456789012',
        AWS_SECRET_ACCESS_KEY: 'emulator',
        AWS_DEFAULT_REGION: 'us-west-2',
        AWS_MAX_ATTEMPTS: '1',
      },
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const fixture = (name: string) => readFileSync(fileInProject('test/integration/emulator', name), 'utf8');
const resources = (Resources: object, more: object = {}) => ({ Resources, ...more });
const output = (Value: unknown, name?: string) => ({ Value, ...(name ? { Export: { Name: name } } : {}) });
const ref = (Ref: string) => ({ Ref });
const att = (...names: string[]) => ({ 'Fn::GetAtt': names });

const TOPIC = { Type: 'AWS::SNS::Topic' };
const VPC = { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } };
const SWITCH = {
  Parameters: { Size: { Type: 'String' } },
  Conditions: { IsLarge: { 'Fn::Equals': [ref('Size'), 'large'] } },
};
const CLUSTER = { Type: 'AWS::RDS::DBCluster', DeletionPolicy: 'Delete', Properties: { Engine: 'aurora-postgresql' } };
const MEMBER = {
  Type: 'AWS::RDS::DBInstance',
  Properties: { DBClusterIdentifier: ref('Cluster'), DBInstanceClass: 'db.r6g.large', Engine: 'aurora-postgresql' },
};

type Step = {
  template: object;
  parameters?: Record<string, string>;
  stackName?: string;
  capabilities?: 'CAPABILITY_IAM'[];
};

/** Whether an emulator does as AWS does. Keys are those of `behaviours` with the state *corrected*. */
const BEHAVIOURS: Record<string, (endpoint: string) => Promise<boolean>> = {
  attributes: (endpoint) =>
    ends(
      endpoint,
      resources({ Vpc: VPC }, { Outputs: { Cidr: output(att('Vpc', 'CidrBlock')) } }),
      ({ outputs }) => outputs.Cidr === '10.0.0.0/16',
    ),
  'bucket-not-empty': async (endpoint) => {
    const stackName = 'full-bucket';
    await deployTo(endpoint, {
      stackName,
      template: resources({ Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'full-bucket' } } }),
    });
    read(endpoint, [
      {
        service: 's3',
        operation: 'put_object',
        parameters: { Bucket: 'full-bucket', Key: 'a', Body: 'a' },
        query: '@',
      },
    ]);
    return (await deleteFrom(endpoint, stackName)).status === 'DELETE_FAILED';
  },
  'cache-endpoints': (endpoint) =>
    ends(
      endpoint,
      resources(
        {
          Cache: {
            Type: 'AWS::ElastiCache::ReplicationGroup',
            Properties: {
              ReplicationGroupId: 'probe',
              ReplicationGroupDescription: 'probe',
              Engine: 'valkey',
              NumCacheClusters: 2,
              CacheNodeType: 'cache.t4g.small',
            },
          },
        },
        { Outputs: { Host: output(att('Cache', 'PrimaryEndPoint.Address')) } },
      ),
      ({ outputs }) => /^master\.probe\.\w+\.us-west-2\.cache\.amazonaws\.com$/.test(outputs.Host ?? ''),
    ),
  capabilities: async (endpoint) => {
    const role = {
      Type: 'AWS::IAM::Role',
      Properties: { RoleName: 'named', AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
    };
    const { status } = await deployTo(endpoint, {
      stackName: 'capable',
      template: resources({ Role: role }),
      capabilities: ['CAPABILITY_IAM'],
    });
    return status === 'REFUSED';
  },
  'change-set-absent-resources': (endpoint) =>
    ends(
      endpoint,
      resources({ Topic: TOPIC, Absent: { ...TOPIC, Condition: 'IsLarge' } }, SWITCH),
      ({ changes }) => changes.length === 1,
      { Size: 'small' },
    ),
  'cluster-deletion-protection': async (endpoint) => {
    const cluster = { ...CLUSTER, Properties: { ...CLUSTER.Properties, DeletionProtection: true } };
    await deployTo(endpoint, { stackName: 'protected', template: resources({ Cluster: cluster }) });
    return (await deleteFrom(endpoint, 'protected')).status === 'DELETE_FAILED';
  },
  'cluster-roles': async (endpoint) => {
    await deployTo(endpoint, {
      stackName: 'roles',
      template: resources({
        Cluster: { ...CLUSTER, Properties: { ...CLUSTER.Properties, DBClusterIdentifier: 'roles' } },
        Writer: MEMBER,
        Reader: { ...MEMBER, DependsOn: 'Writer' },
      }),
    });
    const [writers] = read(endpoint, [
      {
        service: 'rds',
        operation: 'describe_db_clusters',
        parameters: { DBClusterIdentifier: 'roles' },
        query: 'length(DBClusters[0].DBClusterMembers[?IsClusterWriter])',
      },
    ]);
    return writers === 1;
  },
  'condition-functions': (endpoint) =>
    ends(
      endpoint,
      resources(
        { Topic: TOPIC },
        {
          Mappings: { Regions: { 'us-west-2': { Size: 'large' } } },
          Conditions: {
            IsMapped: { 'Fn::Equals': [{ 'Fn::FindInMap': ['Regions', ref('AWS::Region'), 'Size'] }, 'large'] },
            IsJoined: { 'Fn::Equals': [{ 'Fn::Join': ['-', [ref('AWS::Partition'), 'x']] }, 'aws-x'] },
          },
          Outputs: { Mapped: { Condition: 'IsMapped', Value: 'yes' }, Joined: { Condition: 'IsJoined', Value: 'yes' } },
        },
      ),
      ({ outputs }) => outputs.Mapped === 'yes' && outputs.Joined === 'yes',
    ),
  'condition-only-change': async (endpoint) => {
    const template = resources({ Topic: TOPIC, Extra: { ...TOPIC, Condition: 'IsLarge' } }, SWITCH);
    const outcomes = await steps(endpoint, 'turning', [
      { template, parameters: { Size: 'small' } },
      { template, parameters: { Size: 'large' } },
      { template, parameters: { Size: 'small' } },
    ]);
    const actions = outcomes
      .slice(1)
      .map(({ changes }) => changes.map(({ ResourceChange }) => ResourceChange?.Action).join());
    return actions.join(' ') === 'Add Remove';
  },
  'export-dropped': async (endpoint) => {
    await steps(endpoint, 'dropping', [
      { template: resources({ Topic: TOPIC }, { Outputs: { One: output('1', 'dropping-one') } }) },
      { template: resources({ Topic: TOPIC, More: TOPIC }) },
    ]);
    const [names] = read(endpoint, [
      { service: 'cloudformation', operation: 'list_exports', parameters: {}, query: "Exports[?Name=='dropping-one']" },
    ]);
    return (names as unknown[]).length === 0;
  },
  'export-duplicate': async (endpoint) => {
    const template = resources({ Topic: TOPIC }, { Outputs: { One: output('1', 'twice') } });
    await deployTo(endpoint, { stackName: 'first', template });
    return (await deployTo(endpoint, { stackName: 'second', template })).status === 'ROLLBACK_COMPLETE';
  },
  'export-in-use': async (endpoint) => {
    const exporting = (value: string) => resources({ Topic: TOPIC }, { Outputs: { One: output(value, 'used') } });
    const importing = resources({ Topic: { ...TOPIC, Properties: { DisplayName: { 'Fn::ImportValue': 'used' } } } });
    const [, , changed] = await steps(endpoint, 'exporter', [
      { template: exporting('1') },
      { template: importing, stackName: 'importer' },
      { template: { ...exporting('2'), Resources: { Topic: TOPIC, More: TOPIC } } },
    ]);
    return changed?.status === 'UPDATE_ROLLBACK_COMPLETE';
  },
  'instance-profile-ref': (endpoint) =>
    ends(
      endpoint,
      resources(
        {
          Profile: {
            Type: 'AWS::IAM::InstanceProfile',
            Properties: { InstanceProfileName: 'named-profile', Roles: [] },
          },
        },
        { Outputs: { Ref: output(ref('Profile')) } },
      ),
      ({ outputs }) => outputs.Ref === 'named-profile',
    ),
  'metadata-dependency': async (endpoint) => {
    const { changes: _, ...first } = await deployTo(endpoint, {
      stackName: 'waiting',
      template: resources({ Zone: TOPIC, Alpha: { ...TOPIC, Metadata: { Waits: ref('Zone') } } }),
    });
    const [order] = read(endpoint, [
      {
        service: 'cloudformation',
        operation: 'describe_stack_events',
        parameters: { StackName: 'waiting' },
        query:
          "reverse(StackEvents[?ResourceType=='AWS::SNS::Topic' && ResourceStatus=='CREATE_COMPLETE'].LogicalResourceId)",
      },
    ]);
    return first.status === 'CREATE_COMPLETE' && String(order) === 'Zone,Alpha';
  },
  'metric-math': (endpoint) =>
    ends(
      endpoint,
      resources({
        Alarm: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            ComparisonOperator: 'GreaterThanThreshold',
            EvaluationPeriods: 1,
            Threshold: 1,
            Metrics: [{ Id: 'one', Expression: 'SUM(METRICS())', ReturnData: true }],
          },
        },
      }),
      ({ status }) => status === 'CREATE_COMPLETE',
    ),
  'missing-property': (endpoint) =>
    ends(
      endpoint,
      resources({ Subscription: { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: 'x' } } }),
      ({ reason }) => reason.includes('required key [Protocol] not found'),
    ),
  'outputs-only-change': async (endpoint) => {
    const [, second] = await steps(endpoint, 'outputs', [
      { template: resources({ Topic: TOPIC }) },
      { template: resources({ Topic: TOPIC }, { Outputs: { Name: output(att('Topic', 'TopicName')) } }) },
    ]);
    return second?.status === 'UPDATE_COMPLETE' && Boolean(second.outputs.Name);
  },
  replacement: async (endpoint) => {
    const rule = (properties: object) =>
      resources({
        Vpc: VPC,
        Gateway: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcId: ref('Vpc'), ...properties } },
      });
    const [, second] = await steps(endpoint, 'replacing', [
      { template: rule({ ServiceName: 'com.amazonaws.us-west-2.s3' }) },
      { template: rule({ ServiceName: 'com.amazonaws.us-west-2.dynamodb' }) },
    ]);
    return second?.changes[0]?.ResourceChange?.Replacement === 'True';
  },
  'rule-priority': async (endpoint) => {
    const rule = (host: string) => ({
      Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
      Properties: {
        ListenerArn: ref('Listener'),
        Priority: 100,
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
      },
    });
    const { status, reason } = await deployTo(endpoint, {
      stackName: 'priorities',
      template: resources({
        Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: { Name: 'priorities' } },
        Listener: {
          Type: 'AWS::ElasticLoadBalancingV2::Listener',
          Properties: {
            LoadBalancerArn: ref('Balancer'),
            Port: 80,
            Protocol: 'HTTP',
            DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
          },
        },
        One: rule('one.example.com'),
        Two: { ...rule('two.example.com'), DependsOn: 'One' },
      }),
    });
    return status === 'ROLLBACK_COMPLETE' && /Two: .*Priority '100' is currently in use/.test(reason);
  },
  'secret-ref': (endpoint) =>
    ends(
      endpoint,
      resources(
        { Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 's' } } },
        { Outputs: { Ref: output(ref('Secret')) } },
      ),
      ({ outputs }) => outputs.Ref?.startsWith('arn:aws:secretsmanager:us-west-2:123456789012:secret:') === true,
    ),
  'ssm-key-constraints': async (endpoint) => {
    const put = { Name: '/keys/name', Value: 'something else', Type: 'String' };
    read(endpoint, [{ service: 'ssm', operation: 'put_parameter', parameters: put, query: 'Version' }]);
    const Key = { Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: '^/.+/name$' };
    const template = resources({ Topic: TOPIC }, { Parameters: { Key }, Outputs: { Value: output(ref('Key')) } });
    const [right, wrong] = await Promise.all(
      ['/keys/name', '/keys/none'].map((key) =>
        deployTo(endpoint, { stackName: `keys-${key.split('/').at(-1)}`, template, parameters: { Key: key } }),
      ),
    );
    return right?.outputs.Value === 'something else' && wrong?.status === 'REFUSED' && /pattern/.test(wrong.reason);
  },
  'unknown-property': (endpoint) =>
    ends(endpoint, resources({ Topic: { ...TOPIC, Properties: { Colour: 'red' } } }), ({ reason }) =>
      reason.includes('extraneous key [Colour]'),
    ),
  'unresolved-reference': (endpoint) =>
    ends(
      endpoint,
      resources({ Topic: { ...TOPIC, Properties: { DisplayName: ref('Nothing') } } }),
      ({ status }) => status === 'REFUSED',
    ),
};

/** What it does in its own way, corrected or not. The same question: whether it does as AWS does. */
const DIFFERENCES: typeof BEHAVIOURS = {
  'config-evaluation': async (endpoint) => {
    const rule = {
      ConfigRuleName: 'evaluated',
      Source: { Owner: 'AWS', SourceIdentifier: 'S3_BUCKET_VERSIONING_ENABLED' },
    };
    const [, , compliance] = read(endpoint, [
      { service: 's3', operation: 'create_bucket', parameters: { Bucket: 'evaluated' }, query: '@' },
      { service: 'config', operation: 'put_config_rule', parameters: { ConfigRule: rule }, query: '@' },
      {
        service: 'config',
        operation: 'describe_compliance_by_config_rule',
        parameters: { ConfigRuleNames: ['evaluated'] },
        query: 'ComplianceByConfigRules[0].Compliance.ComplianceType',
      },
    ]);
    if (compliance === null) throw new Error('the rule was not put, or not found');
    return compliance !== 'INSUFFICIENT_DATA';
  },
  drift: async (endpoint) => {
    const alarm = {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'drifting',
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        Threshold: 1,
        Namespace: 'Probe',
        MetricName: 'Probe',
        Period: 60,
        Statistic: 'Sum',
      },
    };
    const { status } = await deployTo(endpoint, { stackName: 'drifting', template: resources({ Alarm: alarm }) });
    if (status !== 'CREATE_COMPLETE') throw new Error(status);
    const [, , drifts] = read(endpoint, [
      { service: 'cloudwatch', operation: 'delete_alarms', parameters: { AlarmNames: ['drifting'] }, query: '@' },
      { service: 'cloudformation', operation: 'detect_stack_drift', parameters: { StackName: 'drifting' }, query: '@' },
      {
        service: 'cloudformation',
        operation: 'describe_stack_resource_drifts',
        parameters: { StackName: 'drifting' },
        query: "StackResourceDrifts[?StackResourceDriftStatus=='DELETED']",
      },
    ]);
    return (drifts as unknown[]).length === 1;
  },
  'property-values': (endpoint) =>
    ends(
      endpoint,
      resources({
        Bucket: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Perhaps' } } },
      }),
      ({ status }) => status !== 'CREATE_COMPLETE',
    ),
  'stack-sets': async (endpoint) => {
    const [id] = read(endpoint, [
      {
        service: 'cloudformation',
        operation: 'create_stack_set',
        parameters: { StackSetName: 'probe', TemplateBody: JSON.stringify(resources({ Topic: TOPIC })) },
        query: 'StackSetId',
      },
    ]);
    return id !== null;
  },
};

let stacks = 0;
async function ends(
  endpoint: string,
  template: object,
  judge: (outcome: Outcome) => boolean,
  parameters?: Record<string, string>,
) {
  return judge(
    await deployTo(endpoint, { stackName: `probe-${++stacks}`, template, ...(parameters ? { parameters } : {}) }),
  );
}

async function steps(endpoint: string, stackName: string, all: Step[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of all) outcomes.push(await deployTo(endpoint, { stackName, ...step }));
  return outcomes;
}

describe('the list of what the emulator cannot do', () => {
  test('has the form of its schema', () => {
    const schema = JSON.parse(readFileSync(fileInProject('lib/data/emulator.schema.json'), 'utf8'));
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);
    expect(validate(limits) ? [] : validate.errors).toEqual([]);
  });

  test('is of the version that requirements.txt pins', () => {
    expect(readFileSync(fileInProject('requirements.txt'), 'utf8')).toMatch(
      new RegExp(`^ministack(\\[full\\])?==${limits.emulator.version.replaceAll('.', '\\.')} `, 'm'),
    );
  });

  test.each([
    ['that we correct', 'corrected', BEHAVIOURS],
    ['that stays its own', 'differs', DIFFERENCES],
  ])('has a probe for each behaviour %s, and for no other', (_, wanted, probes) => {
    const listed = limits.behaviours.filter(({ state }) => state === wanted).map(({ id }) => id);
    expect(Object.keys(probes).sort()).toEqual(listed.sort());
  });

  test('calls every type of our templates deployed or recorded', () => {
    const templates = readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yaml'),
    );
    const used = new Set(
      templates.flatMap(
        (name) =>
          readFileSync(fileInProject('templates', name), 'utf8').match(/(?<=^ {4}Type: )AWS::\w+::\w+$/gm) ?? [],
      ),
    );
    const native = new Set(limits.native);
    const recorded = recordedTypes();
    expect(used.size).toBeGreaterThan(40);
    expect([...used].filter((type) => !native.has(type) && !recorded.has(type))).toEqual([]);
  });
});

describe(`what is installed${why}`, () => {
  scenario('is what the list says, in both directions', () => {
    const { version, native, created } = describeEmulator();
    expect(version).toBe(limits.emulator.version);
    expect(native).toEqual(limits.native);
    expect(created).toEqual(Object.keys(limits.created));
    expect(created.filter((type) => native.includes(type))).toEqual([]);
  });

  scenario.each(Object.entries(BEHAVIOURS))(
    'differs from AWS by itself, and not as we start it: %s',
    async (_id, behavesAsAws) => {
      expect([await behavesAsAws(uncorrected.endpoint), await behavesAsAws(emulator.endpoint)]).toEqual([false, true]);
    },
    30_000,
  );

  scenario.each(Object.entries(DIFFERENCES))(
    'differs from AWS, also as we start it: %s',
    async (_id, behavesAsAws) => {
      expect([await behavesAsAws(uncorrected.endpoint), await behavesAsAws(emulator.endpoint)]).toEqual([false, false]);
    },
    30_000,
  );

  scenario(
    'keeps the properties that it is said to keep, and drops those that it is said to drop',
    async () => {
      const found: unknown[][] = [];
      for (const { endpoint } of [uncorrected, emulator]) {
        const outcome = await deployTo(endpoint, { stackName: 'properties', template: fixture('properties.yaml') });
        expect(outcome).toMatchObject({ status: 'CREATE_COMPLETE' });
        const ids = await physicalIds(endpoint, 'properties');
        found.push(
          read(
            endpoint,
            limits.properties.map(({ probe: { kept: _, ...call } }) => ({
              ...call,
              parameters: resolved(call.parameters, ids),
            })),
          ),
        );
      }
      const kept = limits.properties.map(({ type, property, probe }, at) => ({
        property: `${type}.${property}`,
        byItself: found[0]?.[at] === probe.kept,
        corrected: found[1]?.[at] === probe.kept,
      }));
      expect(kept).toEqual(
        limits.properties.map(({ type, property, state }) => ({
          property: `${type}.${property}`,
          byItself: false,
          corrected: state === 'corrected',
        })),
      );
    },
    60_000,
  );
});

describe(`our templates on the emulator${why}`, () => {
  scenario(
    'lose no property that the list does not name',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'plainform-unread-'));
      const unread = join(folder, 'unread.json');
      const watching = await startEmulator({ unread });
      try {
        await deployStacks(chosenStacks({ environment: 'staging' }), {}, watching.endpoint, silent);
        const dropped = limits.properties.filter(({ state }) => state === 'dropped');
        const named = new Set([...dropped.map(({ type, property }) => `${type}.${property}`), ...READ_LATER]);
        const found: string[] = JSON.parse(readFileSync(unread, 'utf8'));
        expect(found.filter((property) => !named.has(property))).toEqual([]);
      } finally {
        await watching.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    120_000,
  );
});

describe(`a stack with one of each type that we create${why}`, () => {
  const stackName = 'everything';
  const template = fixture('everything.yaml');
  const COUNTS: [
    what: string,
    call: Omit<Reading, 'parameters'> & { parameters?: Record<string, unknown> },
    created: number,
  ][] = [
    ['addresses', { service: 'ec2', operation: 'describe_addresses', query: 'length(Addresses)' }, 1],
    [
      'NAT gateways',
      { service: 'ec2', operation: 'describe_nat_gateways', query: "length(NatGateways[?State=='available'])" },
      1,
    ],
    ['flow logs', { service: 'ec2', operation: 'describe_flow_logs', query: 'length(FlowLogs)' }, 1],
    [
      'network ACL entries',
      {
        service: 'ec2',
        operation: 'describe_network_acls',
        query: 'length(NetworkAcls[].Entries[?RuleNumber==`100` && CidrBlock==`10.9.0.0/16`][])',
      },
      1,
    ],
    [
      'egress-only gateways',
      {
        service: 'ec2',
        operation: 'describe_egress_only_internet_gateways',
        query: 'length(EgressOnlyInternetGateways)',
      },
      1,
    ],
    [
      'peerings',
      {
        service: 'ec2',
        operation: 'describe_vpc_peering_connections',
        query: "length(VpcPeeringConnections[?Status.Code!='deleted'])",
      },
      1,
    ],
    [
      'security group rules',
      {
        service: 'ec2',
        operation: 'describe_security_groups',
        query: 'length(SecurityGroups[].[IpPermissions, IpPermissionsEgress][][?FromPort==`5432`][])',
      },
      2,
    ],
    ['groups', { service: 'iam', operation: 'list_groups', query: 'length(Groups)' }, 1],
    [
      'identity providers',
      { service: 'iam', operation: 'list_open_id_connect_providers', query: 'length(OpenIDConnectProviderList)' },
      1,
    ],
    [
      'recorders that record',
      {
        service: 'config',
        operation: 'describe_configuration_recorder_status',
        query: 'length(ConfigurationRecordersStatus[?recording])',
      },
      1,
    ],
    [
      'delivery channels',
      { service: 'config', operation: 'describe_delivery_channels', query: 'length(DeliveryChannels)' },
      1,
    ],
    ['Config rules', { service: 'config', operation: 'describe_config_rules', query: 'length(ConfigRules)' }, 1],
    [
      'budgets',
      {
        service: 'budgets',
        operation: 'describe_budgets',
        parameters: { AccountId: '123456789012' },
        query: 'length(Budgets || `[]`)',
      },
      1,
    ],
    [
      'archives of events',
      { service: 'events', operation: 'list_archives', query: 'length(Archives[?RetentionDays==`30`])' },
      1,
    ],
    ['trails', { service: 'cloudtrail', operation: 'describe_trails', query: 'length(trailList)' }, 1],
    [
      'composite alarms',
      {
        service: 'cloudwatch',
        operation: 'describe_alarms',
        parameters: { AlarmTypes: ['CompositeAlarm'] },
        query: 'length(CompositeAlarms)',
      },
      1,
    ],
    ['health checks', { service: 'route53', operation: 'list_health_checks', query: 'length(HealthChecks)' }, 1],
    ['proxies', { service: 'rds', operation: 'describe_db_proxies', query: 'length(DBProxies)' }, 1],
    [
      'IP sets',
      { service: 'wafv2', operation: 'list_ip_sets', parameters: { Scope: 'REGIONAL' }, query: 'length(IPSets)' },
      1,
    ],
    [
      'pattern sets',
      {
        service: 'wafv2',
        operation: 'list_regex_pattern_sets',
        parameters: { Scope: 'REGIONAL' },
        query: 'length(RegexPatternSets)',
      },
      1,
    ],
    [
      'rule groups',
      {
        service: 'wafv2',
        operation: 'list_rule_groups',
        parameters: { Scope: 'REGIONAL' },
        query: 'length(RuleGroups)',
      },
      1,
    ],
    ['secrets', { service: 'secretsmanager', operation: 'list_secrets', query: 'length(SecretList)' }, 2],
    [
      'vaults',
      {
        service: 'backup',
        operation: 'list_backup_vaults',
        query: "length(BackupVaultList[?BackupVaultName=='probe-vault'])",
      },
      1,
    ],
    [
      'buckets',
      { service: 's3', operation: 'list_buckets', query: "length(Buckets[?starts_with(Name, 'everything')])" },
      2,
    ],
  ];
  const counted = (endpoint: string) =>
    Object.fromEntries(
      read(
        endpoint,
        COUNTS.map(([, call]) => ({ parameters: {}, ...call })),
      ).map((count, at) => [COUNTS[at]![0], count]),
    );
  const created = Object.fromEntries(COUNTS.map(([what, , count]) => [what, count]));
  const deploy = (parameters?: Record<string, string>) =>
    deployTo(own.endpoint, { stackName, template, ...(parameters ? { parameters } : {}) });

  let own: Emulator;
  beforeAll(async () => {
    if (!missing) own = await startEmulator();
  }, 60_000);
  afterAll(() => own?.stop());

  test('has each of these types', () => {
    const types: string[] = template.match(/(?<=^ {4}Type: )AWS::\S+$/gm) ?? [];
    expect(Object.keys(limits.created).filter((type) => !types.includes(type))).toEqual([]);
  });

  scenario(
    'is created, and the SDK finds what it creates',
    async () => {
      const outcome = await deploy();
      expect(outcome).toMatchObject({ status: 'CREATE_COMPLETE', reason: '' });
      expect(outcome.outputs).toMatchObject({
        VpcCidr: '10.9.0.0/16',
        SubnetVpc: expect.stringMatching(/^vpc-/),
        AddressIp: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
        SecretRef: expect.stringMatching(/^arn:aws:secretsmanager:/),
        MasterSecret: expect.stringMatching(/secret:rds!cluster-/),
        FlowLogId: expect.stringMatching(/^fl-[0-9a-f]{17}$/),
        NatId: expect.stringMatching(/^nat-[0-9a-f]{17}$/),
      });
      expect(counted(own.endpoint)).toEqual(created);
    },
    60_000,
  );

  scenario('runs its function with this Node', async () => {
    const { outputs } = await deploy();
    const client = new LambdaClient(clientOptions({ region: 'us-west-2', endpoint: own.endpoint }));
    const name = (await physicalIds(own.endpoint, stackName)).Function;
    const { Payload } = await client.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify({ a: 1 }) }));
    expect(outputs).toEqual({});
    expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({ node: process.version, echo: { a: 1 } });
  });

  scenario(
    'is updated in place where AWS updates in place, and anew where it replaces',
    async () => {
      const before = await physicalIds(own.endpoint, stackName);
      const { status, changes } = await deploy({ Retention: '60', WithTrail: 'no' });
      expect(status).toBe('UPDATE_COMPLETE');
      const kinds = changes.map(({ ResourceChange }) =>
        `${ResourceChange?.LogicalResourceId} ${ResourceChange?.Action} ${ResourceChange?.Replacement ?? ''}`.trim(),
      );
      expect(kinds.sort()).toEqual([
        'Bucket Modify False',
        'Budget Modify False',
        'FlowLog Modify Conditional', // it takes an attribute of the bucket, as AWS says too; it stays, as the next lines show
        'Rotation Modify False',
        'Trail Remove',
      ]);
      const { Trail: _, ...rest } = before;
      expect(await physicalIds(own.endpoint, stackName)).toEqual(rest);
      expect(counted(own.endpoint)).toEqual({ ...created, trails: 0 });
      expect(
        read(own.endpoint, [
          {
            service: 's3',
            operation: 'get_bucket_lifecycle_configuration',
            parameters: { Bucket: before.Bucket },
            query: 'Rules[0].Expiration.Days',
          },
          {
            service: 'budgets',
            operation: 'describe_budgets',
            parameters: { AccountId: '123456789012' },
            query: 'Budgets[0].BudgetLimit.Amount',
          },
          {
            service: 'secretsmanager',
            operation: 'describe_secret',
            parameters: { SecretId: before.Secret },
            query: 'RotationRules.AutomaticallyAfterDays',
          },
        ]),
      ).toEqual([60, '60', 60]);
    },
    60_000,
  );

  scenario(
    'leaves nothing when it is deleted',
    async () => {
      expect(await deleteFrom(own.endpoint, stackName)).toMatchObject({ status: 'DELETE_COMPLETE', reason: '' });
      expect(counted(own.endpoint)).toEqual(Object.fromEntries(COUNTS.map(([what]) => [what, 0])));
    },
    60_000,
  );
});

describe(`the emulator as a process${why}`, () => {
  scenario(
    'ends when it is stopped, twice if need be, and leaves no file',
    async () => {
      const one = await startEmulator();
      await one.stop();
      await one.stop();
      await expect(fetch(one.endpoint)).rejects.toThrow();
      expect(existsSync(one.logFile)).toBe(false);
    },
    30_000,
  );

  scenario('says which port is taken, and what to do', async () => {
    const port = Number(new URL(emulator.endpoint).port);
    await expect(startEmulator({ port })).rejects.toMatchObject({
      exitCode: 3,
      findings: [
        { code: 'CFN601', message: expect.stringMatching(/already in use/), fix: expect.stringMatching(/setup\.mjs/) },
      ],
    });
  });
});

async function physicalIds(endpoint: string, stackName: string): Promise<Record<string, string>> {
  const client = new CloudFormationClient(clientOptions({ region: 'us-west-2', endpoint }));
  const { StackResourceSummaries = [] } = await client.send(new ListStackResourcesCommand({ StackName: stackName }));
  return Object.fromEntries(
    StackResourceSummaries.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
      LogicalResourceId,
      PhysicalResourceId,
    ]),
  );
}

function resolved(parameters: Record<string, unknown>, ids: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      isRef(value)
        ? ids[value.Ref]
        : isSub(value)
          ? value['Fn::Sub'].replace(/\$\{(\w+)\}/g, (_, id) => ids[id]!)
          : value,
    ]),
  );
}

function isSub(value: unknown): value is { 'Fn::Sub': string } {
  return typeof value === 'object' && value !== null && 'Fn::Sub' in value;
}

function isRef(value: unknown): value is { Ref: string } {
  return typeof value === 'object' && value !== null && 'Ref' in value;
}
