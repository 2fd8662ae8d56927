import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import type { ResolvedTemplate } from '../../../lib/scenarios/resolve.ts';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, type Statement } from '../staging/committed.ts';

const OWN = 'shared/events';
const CONSUMER = 'shared/events-consumer';
const BOTH = [OWN, CONSUMER];
const TOPIC = `arn:aws:sns:us-west-2:${ACCOUNT}:shop-alerts`;
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`;

const EXPORTS = {
  AlertTopicArn: `arn:aws:sns:us-west-2:${ACCOUNT}:pikaia-alerts`,
  DataKeyArn: KEY,
  DatabaseProxyEndpoint: 'pikaia-database.proxy-1.us-west-2.rds.amazonaws.com',
  DatabaseSecurityGroupId: 'sg-0123456789abcdef0',
  PrivateSubnetIds: 'subnet-1,subnet-2',
  VpcId: 'vpc-1',
};
const NAMES = {
  VpcId: '/shared-infra/prod/network/vpc-id',
  PrivateSubnetIds: '/shared-infra/prod/network/private-subnet-ids',
  DatabaseSecurityGroupId: '/shared-infra/prod/database/security-group-id',
  DatabaseProxyEndpoint: '/shared-infra/prod/database/proxy-endpoint',
};

const own = (parameters: Record<string, string> = {}) => deployed(OWN, parameters, EXPORTS);
/** A consumer exports nothing that these need: the topic is given. */
const consumer = (parameters: Record<string, string> = {}) =>
  deployed(CONSUMER, { ...NAMES, AlertTopicArn: TOPIC, EnvironmentSuffix: 'shop', ...parameters });
const template = (stack: string, parameters: Record<string, string> = {}) =>
  stack === OWN ? own(parameters) : consumer(parameters);

const statements = (of: ResolvedTemplate, id: string, path: string): Statement[] =>
  at(of, id, path) as unknown as Statement[];
const source = (stack: string, id: string) => committed(stack).Resources[id]!.Properties as unknown as Json;

describe('network and database', () => {
  test("of a standalone project are its own stacks'", () => {
    expect(own().findings).toEqual([]);
    expect(at(own(), 'EventConsumer', 'VpcConfig.SubnetIds')).toEqual(['subnet-1', 'subnet-2']);
    expect(at(own(), 'EventConsumerSecurityGroup', 'VpcId')).toBe('vpc-1');
    expect(at(own(), 'DatabaseFromEventConsumerIngress', 'GroupId')).toBe('sg-0123456789abcdef0');
    expect(at(own(), 'EventConsumer', 'Environment.Variables.DATABASE_HOST')).toBe(EXPORTS.DatabaseProxyEndpoint);
  });

  test('the group may be given, where the database is shared', () => {
    const shared = own({ DatabaseSecurityGroupId: 'sg-0fedcba9876543210' });
    expect(at(shared, 'DatabaseFromEventConsumerIngress', 'GroupId')).toBe('sg-0fedcba9876543210');
    expect(at(shared, 'EventConsumerSecurityGroup', 'SecurityGroupEgress.1.DestinationSecurityGroupId')).toBe(
      'sg-0fedcba9876543210',
    );
  });

  test.each([
    ['VpcId', 'AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>'],
    ['PrivateSubnetIds', 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>'],
    ['DatabaseSecurityGroupId', 'AWS::SSM::Parameter::Value<AWS::EC2::SecurityGroup::Id>'],
    ['DatabaseProxyEndpoint', 'AWS::SSM::Parameter::Value<String>'],
  ])("a consumer reads %s from its provider's parameters", (id, type) => {
    expect(committed(CONSUMER).Parameters![id]).toMatchObject({ Type: type });
    expect(committed(CONSUMER).Parameters![id]).not.toHaveProperty('Default');
    expect(JSON.stringify(committed(CONSUMER).Resources)).toContain(`{"Ref":"${id}"}`);
  });

  test('a consumer imports nothing but its own topic, and that only where none is given', () => {
    const imports = JSON.stringify(committed(CONSUMER)).match(/"Fn::ImportValue":\{"Fn::Sub":"[^"]*"\}/g);
    expect(new Set(imports)).toEqual(new Set(['"Fn::ImportValue":{"Fn::Sub":"${EnvironmentSuffix}-AlertTopicArn"}']));
    expect(consumer().findings).toEqual([]);
  });

  test.each(BOTH)('%s lets the consumer out to the proxy and to HTTPS, and nobody in', (stack) => {
    const { SecurityGroupEgress, ...group } = source(stack, 'EventConsumerSecurityGroup') as {
      SecurityGroupEgress: { FromPort: number; ToPort: number }[];
    };
    expect(group).not.toHaveProperty('SecurityGroupIngress');
    expect(SecurityGroupEgress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [443, 443],
      [5432, 5432],
    ]);
    expect(source(stack, 'DatabaseFromEventConsumerIngress')).toMatchObject({
      FromPort: 5432,
      ToPort: 5432,
      SourceSecurityGroupId: { 'Fn::GetAtt': ['EventConsumerSecurityGroup', 'GroupId'] },
    });
  });
});

describe('the secret', () => {
  const reads = (of: ResolvedTemplate) =>
    statements(of, 'EventConsumerRole', 'Policies.0.PolicyDocument.Statement')
      .filter((statement) => /secretsmanager|kms/.test(String(statement.Action)))
      .map(({ Resource }) => Resource);
  const arn = (name: string) => `arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:${name}-??????`;

  test.each(BOTH)('of %s is by default named as the specification says', (stack) => {
    const of = template(stack, { EnvironmentSuffix: 'shop' });
    expect(at(of, 'EventConsumer', 'Environment.Variables.DATABASE_SECRET_ID')).toBe('shop/database-credentials');
    expect(reads(template(stack, { EnvironmentSuffix: 'shop' }))).toContain(arn('shop/database-credentials'));
  });

  test.each(BOTH)('of %s may be named', (stack) => {
    const of = template(stack, { DatabaseSecretPath: 'team/shop-db' });
    expect(at(of, 'EventConsumer', 'Environment.Variables.DATABASE_SECRET_ID')).toBe('team/shop-db');
    expect(reads(of)).toContain(arn('team/shop-db'));
  });

  test('is under the data key of a standalone project, under that of Secrets Manager in a consumer, or as given', () => {
    const given = KEY.replace('1111', '9999');
    expect(reads(own())).toContain(KEY);
    expect(reads(own({ DatabaseSecretKeyArn: given }))).toContain(given);
    expect(reads(own({ DatabaseSecretKeyArn: given }))).not.toContain(KEY);
    expect(reads(consumer()).length).toBe(2);
    expect(reads(consumer({ DatabaseSecretKeyArn: given }))).toContain(given);
  });
});

describe.each(BOTH)('%s: an event', (stack) => {
  const of = template(stack);

  test('goes from the bus to the queue to the function, which names what failed', () => {
    expect(source(stack, 'EventRule')).toMatchObject({
      EventBusName: { Ref: 'EventBus' },
      Targets: [{ Arn: { 'Fn::GetAtt': ['EventQueue', 'Arn'] } }],
    });
    expect(source(stack, 'EventSource')).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['EventQueue', 'Arn'] },
      FunctionName: { Ref: 'EventConsumer' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('that fails is shown again and then kept: by the queue, by the rule, by the bus', () => {
    const deadLetters = { 'Fn::GetAtt': ['EventDeadLetters', 'Arn'] };
    expect(source(stack, 'EventQueue')).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: deadLetters, maxReceiveCount: 5 },
    });
    expect(source(stack, 'EventRule')).toMatchObject({ Targets: [{ DeadLetterConfig: { Arn: deadLetters } }] });
    expect(source(stack, 'EventBus')).toMatchObject({ DeadLetterConfig: { Arn: deadLetters } });
    expect(at(of, 'EventDeadLetters', 'MessageRetentionPeriod')).toBe(1209600);
  });

  test('is hidden for six times as long as a batch may take', () => {
    expect(at(of, 'EventQueue', 'VisibilityTimeout')).toBe(6 * Number(at(of, 'EventConsumer', 'Timeout')));
  });

  test('lies encrypted, with the key of this stack', () => {
    const key = { 'Fn::GetAtt': ['EventsKey', 'Arn'] };
    for (const id of ['EventQueue', 'EventDeadLetters'])
      expect(source(stack, id)).toMatchObject({ KmsMasterKeyId: key });
    for (const id of ['EventBus', 'EventArchive']) expect(source(stack, id)).toMatchObject({ KmsKeyIdentifier: key });
    expect(source(stack, 'EventConsumerLogGroup')).toMatchObject({ KmsKeyId: key });
    expect(source(stack, 'EventConsumer')).toMatchObject({ KmsKeyArn: key });
  });

  test('is of this account, and of any source unless a prefix is given', () => {
    expect(at(of, 'EventRule', 'EventPattern')).toEqual({ account: [ACCOUNT], source: [{ prefix: '' }] });
    expect(at(template(stack, { EventSourcePrefix: 'shop.' }), 'EventRule', 'EventPattern.source')).toEqual([
      { prefix: 'shop.' },
    ]);
  });

  test('is archived for replay where asked', () => {
    expect(of.resources.EventArchive).toBeUndefined();
    expect(at(template(stack, { EventArchiveDays: '30' }), 'EventArchive', 'RetentionDays')).toBe(30);
  });

  test('is written by so many at once, over so many connections', () => {
    const busy = template(stack, { EventConsumerConcurrency: '20' });
    expect(at(busy, 'EventConsumer', 'ReservedConcurrentExecutions')).toBe(20);
    expect(at(busy, 'EventSource', 'ScalingConfig.MaximumConcurrency')).toBe(20);
  });
});

describe.each(BOTH)('%s: who may do what', (stack) => {
  const of = template(stack);
  const documents = (path: string) => statements(of, 'EventConsumerRole', path);

  test.each(['EventQueuePolicy', 'EventDeadLettersPolicy'])('%s admits EventBridge, for these rules only', (id) => {
    const allowed = statements(of, id, 'PolicyDocument.Statement').filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.map(({ Principal, Action }) => [Principal, Action])).toEqual([
      [{ Service: 'events.amazonaws.com' }, 'sqs:SendMessage'],
    ]);
    expect(Object.keys(allowed[0]!.Condition!.ArnEquals!)).toEqual(['aws:SourceArn']);
  });

  test('the consumer takes from its queue and sends nothing; it reads one secret', () => {
    expect(documents('Policies.0.PolicyDocument.Statement').flatMap(actions).sort()).toEqual(
      [
        ...['kms:Decrypt', ...(stack === OWN ? ['kms:Decrypt'] : [])],
        ...['logs:CreateLogStream', 'logs:PutLogEvents', 'secretsmanager:GetSecretValue'],
        ...['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      ].sort(),
    );
    for (const { Resource } of documents('Policies.0.PolicyDocument.Statement')) expect(Resource).not.toBe('*');
  });

  test('what Lambda does to attach it to the network, its code may not', () => {
    const [lambda, code] = documents('Policies.1.PolicyDocument.Statement');
    expect(actions(code!)).toEqual(actions(lambda!));
    expect([lambda!.Effect, code!.Effect]).toEqual(['Allow', 'Deny']);
    expect(code!.Condition).toEqual({
      ArnEquals: {
        'lambda:SourceFunctionArn': `arn:aws:lambda:us-west-2:${ACCOUNT}:function:${String(
          at(of, 'EventConsumer', 'FunctionName'),
        )}`,
      },
    });
  });

  test('no environment variable holds a secret', () => {
    expect(Object.keys(at(of, 'EventConsumer', 'Environment.Variables') as object).sort()).toEqual([
      'DATABASE_HOST',
      'DATABASE_NAME',
      'DATABASE_SECRET_ID',
    ]);
  });
});

describe('alarms', () => {
  test.each<[string, string, string, number]>([
    ['EventDeadLettersAlarm', 'ApproximateNumberOfMessagesVisible', 'EventDeadLetters', 1],
    ['EventDeadLettersOldAlarm', 'ApproximateAgeOfOldestMessage', 'EventDeadLetters', 604800],
    ['EventBacklogAlarm', 'ApproximateAgeOfOldestMessage', 'EventQueue', 600],
  ])('%s watches %s of %s', (id, metric, queue, threshold) => {
    for (const stack of BOTH) {
      expect(source(stack, id)).toMatchObject({
        Namespace: 'AWS/SQS',
        MetricName: metric,
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
      });
      expect(at(template(stack), id, 'Threshold')).toBe(threshold);
    }
  });

  test('notify the topic of the project, or the one that is given', () => {
    const notified = (of: ResolvedTemplate): Resolved | undefined => at(of, 'EventBacklogAlarm', 'AlarmActions');
    expect(notified(own())).toEqual([EXPORTS.AlertTopicArn]);
    expect(notified(own({ AlertTopicArn: TOPIC }))).toEqual([TOPIC]);
    expect(notified(consumer())).toEqual([TOPIC]);
  });
});

describe('refused', () => {
  test.each<[string, string, Record<string, string>]>([
    ['one consumer only, which Lambda does not poll for', OWN, { EventConsumerConcurrency: '1' }],
    ['an archive of no end', OWN, { EventArchiveDays: '-1' }],
    ['a group that is none', OWN, { DatabaseSecurityGroupId: 'database' }],
    ['a database name that would need quotes', OWN, { DatabaseName: 'Shop-Db' }],
    ['a topic that is a queue', OWN, { AlertTopicArn: TOPIC.replace('sns', 'sqs') }],
    ["another parameter's name", CONSUMER, { VpcId: '/shared-infra/prod/network/public-subnet-ids' }],
    ['an ID instead of the name of a parameter', CONSUMER, { VpcId: 'vpc-1' }],
    ['no name of the parameter', CONSUMER, { DatabaseProxyEndpoint: '' }],
  ])('%s', (_, stack, parameters) => {
    expect(template(stack, parameters).findings).not.toEqual([]);
  });
});

test.each(BOTH)('%s deploys without a bucket, writes no account or region out, keeps its key', (stack) => {
  const text = readFileSync(fileInProject(`templates/${stack}.yaml`), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51200);
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|af|me)-[a-z]+-[0-9]\b/);
  expect(committed(stack).Resources.EventsKey).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  });
});

test('the two differ in where they find network, database and secret, and in nothing else', () => {
  const code = (stack: string) => (source(stack, 'EventConsumer') as { Code: Json }).Code;
  expect(code(OWN)).toEqual(code(CONSUMER));
  expect(Object.keys(committed(OWN).Resources)).toEqual(Object.keys(committed(CONSUMER).Resources));
});
