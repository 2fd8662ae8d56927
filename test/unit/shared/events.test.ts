import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import type { ResolvedTemplate } from '../../../lib/scenarios/resolve.ts';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, type Statement } from '../staging/committed.ts';

const STACK = 'shared/events';
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
/** The same template in a project of its own, and in one that shares the database of another. */
const own = (parameters: Record<string, string> = {}) => deployed(STACK, parameters, EXPORTS);
const consumer = (parameters: Record<string, string> = {}) => own({ EnvironmentSuffix: 'shop', ...parameters });

const statements = (of: ResolvedTemplate, id: string, path: string): Statement[] =>
  at(of, id, path) as unknown as Statement[];
const source = (id: string) => committed(STACK).Resources[id]!.Properties as unknown as Json;

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
    ['a standalone project', ['shared/network', 'shared/app']],
    ['a consumer, which hands on what it reads of its provider', ['shared/app-consumer']],
  ])('what it imports is exported by the stacks of %s', (_, stacks) => {
    const imports = [
      ...JSON.stringify(committed(STACK)).matchAll(/"Fn::ImportValue":\{"Fn::Sub":"\$\{EnvironmentSuffix\}-(\w+)"/g),
    ];
    const exported = stacks.flatMap((stack) => Object.keys(committed(stack).Outputs ?? {}));
    expect(new Set(imports.map(([, id]) => id))).toEqual(new Set(Object.keys(EXPORTS)));
    expect(exported).toEqual(expect.arrayContaining(Object.keys(EXPORTS)));
  });

  test('lets the consumer out to the proxy and to HTTPS, and nobody in', () => {
    const { SecurityGroupEgress, ...group } = source('EventConsumerSecurityGroup') as {
      SecurityGroupEgress: { FromPort: number; ToPort: number }[];
    };
    expect(group).not.toHaveProperty('SecurityGroupIngress');
    expect(SecurityGroupEgress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [443, 443],
      [5432, 5432],
    ]);
    expect(source('DatabaseFromEventConsumerIngress')).toMatchObject({
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

  test('is by default named as the specification says', () => {
    const of = own({ EnvironmentSuffix: 'shop' });
    expect(at(of, 'EventConsumer', 'Environment.Variables.DATABASE_SECRET_ID')).toBe('shop/database-credentials');
    expect(reads(own({ EnvironmentSuffix: 'shop' }))).toContain(arn('shop/database-credentials'));
  });

  test('may be named', () => {
    const of = own({ DatabaseSecretPath: 'team/shop-db' });
    expect(at(of, 'EventConsumer', 'Environment.Variables.DATABASE_SECRET_ID')).toBe('team/shop-db');
    expect(reads(of)).toContain(arn('team/shop-db'));
  });

  test('is under the data key of the project, or as given', () => {
    const given = KEY.replace('1111', '9999');
    expect(reads(own())).toContain(KEY);
    expect(reads(own({ DatabaseSecretKeyArn: given }))).toContain(given);
    expect(reads(own({ DatabaseSecretKeyArn: given }))).not.toContain(KEY);
  });
});

describe('an event', () => {
  const of = consumer();

  test('goes from the bus to the queue to the function, which names what failed', () => {
    expect(source('EventRule')).toMatchObject({
      EventBusName: { Ref: 'EventBus' },
      Targets: [{ Arn: { 'Fn::GetAtt': ['EventQueue', 'Arn'] } }],
    });
    expect(source('EventSource')).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['EventQueue', 'Arn'] },
      FunctionName: { Ref: 'EventConsumer' },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('that fails is shown again and then kept: by the queue, by the rule, by the bus', () => {
    const deadLetters = { 'Fn::GetAtt': ['EventDeadLetters', 'Arn'] };
    expect(source('EventQueue')).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: deadLetters, maxReceiveCount: 5 },
    });
    expect(source('EventRule')).toMatchObject({ Targets: [{ DeadLetterConfig: { Arn: deadLetters } }] });
    expect(source('EventBus')).toMatchObject({ DeadLetterConfig: { Arn: deadLetters } });
    expect(at(of, 'EventDeadLetters', 'MessageRetentionPeriod')).toBe(1209600);
  });

  test('is hidden for six times as long as a batch may take', () => {
    expect(at(of, 'EventQueue', 'VisibilityTimeout')).toBe(6 * Number(at(of, 'EventConsumer', 'Timeout')));
  });

  test('lies encrypted, with the key of this stack', () => {
    const key = { 'Fn::GetAtt': ['EventsKey', 'Arn'] };
    for (const id of ['EventQueue', 'EventDeadLetters']) expect(source(id)).toMatchObject({ KmsMasterKeyId: key });
    for (const id of ['EventBus', 'EventArchive']) expect(source(id)).toMatchObject({ KmsKeyIdentifier: key });
    expect(source('EventConsumerLogGroup')).toMatchObject({ KmsKeyId: key });
    expect(source('EventConsumer')).toMatchObject({ KmsKeyArn: key });
  });

  test('is of this account, and of any source unless a prefix is given', () => {
    expect(at(of, 'EventRule', 'EventPattern')).toEqual({ account: [ACCOUNT], source: [{ prefix: '' }] });
    expect(at(own({ EventSourcePrefix: 'shop.' }), 'EventRule', 'EventPattern.source')).toEqual([{ prefix: 'shop.' }]);
  });

  test('is archived for replay where asked', () => {
    expect(of.resources.EventArchive).toBeUndefined();
    expect(at(own({ EventArchiveDays: '30' }), 'EventArchive', 'RetentionDays')).toBe(30);
  });

  test('is written by so many at once, over so many connections', () => {
    const busy = own({ EventConsumerConcurrency: '20' });
    expect(at(busy, 'EventConsumer', 'ReservedConcurrentExecutions')).toBe(20);
    expect(at(busy, 'EventSource', 'ScalingConfig.MaximumConcurrency')).toBe(20);
  });
});

describe('who may do what', () => {
  const of = own();
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
        ...['kms:Decrypt', 'kms:Decrypt'],
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
    expect(source(id)).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: metric,
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
    });
    expect(at(own(), id, 'Threshold')).toBe(threshold);
  });

  test('notify the topic of the project, or the one that is given', () => {
    const notified = (of: ResolvedTemplate): Resolved | undefined => at(of, 'EventBacklogAlarm', 'AlarmActions');
    expect(notified(own())).toEqual([EXPORTS.AlertTopicArn]);
    expect(notified(own({ AlertTopicArn: TOPIC }))).toEqual([TOPIC]);
  });
});

describe('refused', () => {
  test.each<[string, Record<string, string>]>([
    ['one consumer only, which Lambda does not poll for', { EventConsumerConcurrency: '1' }],
    ['an archive of no end', { EventArchiveDays: '-1' }],
    ['a group that is none', { DatabaseSecurityGroupId: 'database' }],
    ['a database name that would need quotes', { DatabaseName: 'Shop-Db' }],
    ['a topic that is a queue', { AlertTopicArn: TOPIC.replace('sns', 'sqs') }],
  ])('%s', (_, parameters) => {
    expect(own(parameters).findings).not.toEqual([]);
  });
});

test('it deploys without a bucket, writes no account or region out, keeps its key', () => {
  const text = readFileSync(fileInProject(`templates/${STACK}.yaml`), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51200);
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|af|me)-[a-z]+-[0-9]\b/);
  expect(committed(STACK).Resources.EventsKey).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  });
});
