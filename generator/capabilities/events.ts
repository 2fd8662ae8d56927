import { readFileSync } from 'node:fs';
import {
  aws,
  condition,
  type Expression,
  equals,
  fragment,
  meets,
  not,
  parameter,
  type Resource,
  resource,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import { fileInProject } from '../../lib/project.ts';
import type { PolicyStatement } from '../../lib/spec/policy.ts';
import { alarm } from './alarm.ts';
import type { Credentials } from './credentials.ts';
import { PROXY_PORT } from './database-proxy.ts';
import { accountAdministers } from './encryption.ts';
import { exportedOutput, named, tags } from './environment.ts';

interface Inputs {
  vpcId: Value<string>;
  privateSubnetIds: Expression;
  /** Of the database and its proxy: of this project, or of the one that shares it. */
  databaseSecurityGroupId: Value<string>;
  databaseProxyEndpoint: Value<string>;
  alertTopicArn: Value<string>;
  credentials: Credentials;
  /** Name of the secret that these are in. */
  secretName: Value<string>;
}

/** Seconds: of one batch, and for how long SQS hides it. AWS asks for six times as much (Lambda developer guide, read 2026-11-21). */
const TIMEOUT = 30;
const ATTEMPTS = 5;

/**
 * Events of a project: a bus, a queue, and a function in the VPC that writes each event into the table event_inbox of the
 * project's database, once. At rest: 1 USD a month for the key, 0.30 for the alarms, and the archive where it is kept.
 * Deletion of the stack keeps the key and loses what is in the queues.
 */
export function events(inputs: Inputs) {
  const sourcePrefix = parameter('EventSourcePrefix', 'String', {
    group: 'Operations',
    label: 'Prefix of event sources',
    Description: 'Events of the bus whose source begins so are consumed. Empty: all.',
    Default: '',
    AllowedPattern: '^[A-Za-z0-9._/-]*$',
    MaxLength: 100,
    ConstraintDescription: 'Use letters, digits and ._/-, or leave it empty.',
  });
  const archiveDays = parameter('EventArchiveDays', 'Number', {
    group: 'Protection',
    label: 'Archive (days)',
    Description: 'Days for which events can be replayed. 0: no archive.',
    Default: 0,
    MinValue: 0,
    MaxValue: 3650,
  });
  const logRetentionDays = parameter('EventLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Log retention (days)',
    Description: "Days until a record of the consumer's log expires. It holds counts and IDs, no events.",
    Default: 365,
    AllowedValues: [365, 400, 545, 731, 1827, 3653],
  });
  const databaseName = parameter('DatabaseName', 'String', {
    group: 'Operations',
    label: 'Name of the database',
    Description: "Database that events are written into. Empty: the dbname of the project's secret.",
    Default: '',
    AllowedPattern: '^$|^[a-z_][a-z0-9_]{0,62}$',
    ConstraintDescription: 'Use lower-case letters, digits and underscores, or leave it empty.',
  });
  const concurrency = parameter('EventConsumerConcurrency', 'Number', {
    group: 'Sizing',
    label: 'Consumers at once',
    Description:
      'Batches written at once, each over a connection of its own. Taken from the concurrency of the account.',
    Default: 5,
    MinValue: 2,
    MaxValue: 1000,
  });
  const backlogSeconds = parameter('EventBacklogSeconds', 'Number', {
    group: 'Operations',
    label: 'Event backlog alarm (seconds)',
    Description: 'Age of the oldest event that waits above which the alarm goes off, in seconds.',
    Default: 600,
    MinValue: 60,
    MaxValue: 345600,
  });
  const keepsArchive = condition('KeepsArchive', not(equals(archiveDays.ref, 0)));

  const key = resource('EventsKey', 'AWS::KMS::Key', {
    comment: 'Bus, queues, archive, log and environment of the consumer. EventBridge names no account to queues.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Description: sub('Events of ${EnvironmentSuffix}'),
      EnableKeyRotation: meets('KMS.4', true),
      PendingWindowInDays: 30,
      KeyPolicy: {
        Version: '2012-10-17',
        Statement: [
          accountAdministers,
          {
            Sid: 'EventsEncrypt',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:DescribeKey', 'kms:ReEncrypt*'],
            Resource: '*',
          },
          {
            Sid: 'LogsEncrypt',
            Effect: 'Allow',
            Principal: { Service: sub('logs.${AWS::Region}.${AWS::URLSuffix}') },
            Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
            Resource: '*',
            Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': sub(LOG_GROUP) } },
          },
        ],
      },
      Tags: tags('events'),
    },
  });
  const keyAlias = resource('EventsKeyAlias', 'AWS::KMS::Alias', {
    Properties: { AliasName: sub('alias/${EnvironmentSuffix}-events'), TargetKeyId: key.ref },
  });

  const encrypted = { KmsMasterKeyId: meets<string>('SQS.1', key.att('Arn')), KmsDataKeyReusePeriodSeconds: 3600 };
  const deadLetters = resource('EventDeadLetters', 'AWS::SQS::Queue', {
    comment: `What failed ${ATTEMPTS} times, and what EventBridge could not deliver or encrypt.`,
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      QueueName: named('event-dead-letters'),
      ...encrypted,
      MessageRetentionPeriod: 1209600,
      RedriveAllowPolicy: {
        redrivePermission: 'byQueue',
        sourceQueueArns: [
          sub('arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${EnvironmentSuffix}-events'),
        ],
      },
      Tags: tags('event-dead-letters'),
    },
  });
  const queue = resource('EventQueue', 'AWS::SQS::Queue', {
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      QueueName: named('events'),
      ...encrypted,
      MessageRetentionPeriod: 345600,
      VisibilityTimeout: TIMEOUT * 6,
      ReceiveMessageWaitTimeSeconds: 20,
      RedrivePolicy: { deadLetterTargetArn: deadLetters.att('Arn'), maxReceiveCount: ATTEMPTS },
      Tags: tags('events'),
    },
  });
  const bus = resource('EventBus', 'AWS::Events::EventBus', {
    Properties: {
      Name: named('events'),
      Description: sub('Events of ${EnvironmentSuffix}'),
      KmsKeyIdentifier: key.att('Arn'),
      DeadLetterConfig: { Arn: deadLetters.att('Arn') },
      Tags: tags('events'),
    },
  });
  const archive = resource('EventArchive', 'AWS::Events::Archive', {
    Condition: keepsArchive,
    Properties: {
      ArchiveName: named('events'),
      Description: sub('Events of ${EnvironmentSuffix}, to be replayed'),
      SourceArn: bus.att('Arn'),
      RetentionDays: archiveDays.ref,
      KmsKeyIdentifier: key.att('Arn'),
    },
  });
  const eventRule = resource('EventRule', 'AWS::Events::Rule', {
    Properties: {
      Name: named('events'),
      Description: 'Events that are written into the database',
      EventBusName: bus.ref,
      EventPattern: { account: [aws.accountId], source: [{ prefix: sourcePrefix.ref }] },
      Targets: [
        {
          Id: 'queue',
          Arn: queue.att('Arn'),
          DeadLetterConfig: { Arn: deadLetters.att('Arn') },
          RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
        },
      ],
      Tags: tags('events'),
    },
  });
  const queuePolicy = (of: Resource<'AWS::SQS::Queue'>, sources: readonly Value<string>[]) =>
    resource(`${of.id}Policy`, 'AWS::SQS::QueuePolicy', {
      Properties: {
        Queues: [of.ref],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'EventsDeliver',
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: of.att('Arn'),
              Condition: { ArnEquals: { 'aws:SourceArn': sources } },
            },
            {
              Sid: 'PlaintextIsRefused',
              Effect: 'Deny',
              Principal: '*',
              Action: 'sqs:*',
              Resource: of.att('Arn'),
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
            {
              Sid: 'OtherAccountsAreRefused',
              Effect: 'Deny',
              Principal: '*',
              Action: 'sqs:*',
              Resource: of.att('Arn'),
              Condition: {
                StringNotEquals: { 'aws:PrincipalAccount': aws.accountId },
                Bool: { 'aws:PrincipalIsAWSService': 'false' },
              },
            },
          ],
        },
      },
    });
  const queuePolicies = [
    queuePolicy(queue, [eventRule.att('Arn')]),
    queuePolicy(deadLetters, [eventRule.att('Arn'), bus.att('Arn')]),
  ];

  const consumerGroup = resource('EventConsumerSecurityGroup', 'AWS::EC2::SecurityGroup', {
    Properties: {
      GroupName: named('event-consumer'),
      GroupDescription: 'Consumer of events: reached by nobody, reaches the database and AWS',
      VpcId: inputs.vpcId,
      SecurityGroupEgress: [
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0', Description: 'HTTPS to Secrets Manager' },
        {
          IpProtocol: 'tcp',
          FromPort: PROXY_PORT,
          ToPort: PROXY_PORT,
          DestinationSecurityGroupId: inputs.databaseSecurityGroupId,
          Description: 'Database proxy',
        },
      ],
      Tags: tags('event-consumer'),
    },
  });
  const databaseIngress = resource('DatabaseFromEventConsumerIngress', 'AWS::EC2::SecurityGroupIngress', {
    Properties: {
      GroupId: inputs.databaseSecurityGroupId,
      SourceSecurityGroupId: consumerGroup.att('GroupId'),
      IpProtocol: 'tcp',
      FromPort: PROXY_PORT,
      ToPort: PROXY_PORT,
      Description: sub('Consumer of events of ${EnvironmentSuffix}'),
    },
  });

  const logGroup = resource('EventConsumerLogGroup', 'AWS::Logs::LogGroup', {
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      LogGroupName: sub('/aws/lambda/${EnvironmentSuffix}-event-consumer'),
      RetentionInDays: logRetentionDays.ref,
      KmsKeyId: meets('PF.Logs.kms', key.att('Arn')),
      Tags: tags('event-consumer'),
    },
  });
  const role = resource('EventConsumerRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('event-consumer'),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [
        {
          PolicyName: 'consume',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queue.att('Arn')),
              allow('kms:Decrypt', key.att('Arn')),
              ...inputs.credentials.statements,
              allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.att('Arn')),
            ],
          },
        },
        {
          PolicyName: 'network',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              { Sid: 'LambdaAttaches', ...allow(INTERFACE_ACTIONS, '*') },
              {
                Sid: 'CodeDoesNot',
                Effect: 'Deny',
                Action: INTERFACE_ACTIONS,
                Resource: '*',
                Condition: { ArnEquals: { 'lambda:SourceFunctionArn': sub(FUNCTION_ARN) } },
              },
            ],
          },
        },
      ],
      Tags: tags('event-consumer'),
    },
  });
  const consumer = resource('EventConsumer', 'AWS::Lambda::Function', {
    DependsOn: [logGroup, databaseIngress],
    Properties: {
      FunctionName: named('event-consumer'),
      Description: 'Writes each event into the database, once',
      Runtime: meets<'nodejs22.x'>('Lambda.2', 'nodejs22.x'),
      Handler: 'index.handler',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: TIMEOUT,
      ReservedConcurrentExecutions: meets('PF.Lambda.conc', concurrency.ref),
      Role: role.att('Arn'),
      KmsKeyArn: meets('PF.Lambda.envkms', key.att('Arn')),
      VpcConfig: {
        SubnetIds: inputs.privateSubnetIds,
        SecurityGroupIds: [consumerGroup.att('GroupId')],
      },
      Environment: {
        Variables: {
          DATABASE_HOST: inputs.databaseProxyEndpoint,
          DATABASE_NAME: databaseName.ref,
          DATABASE_SECRET_ID: inputs.secretName,
        },
      },
      Tags: tags('event-consumer'),
      Code: { ZipFile: readFileSync(fileInProject('dist/functions/event-consumer.js'), 'utf8') },
    },
  });
  const mapping = resource('EventSource', 'AWS::Lambda::EventSourceMapping', {
    comment: 'Only what failed is shown again: the function names it.',
    Properties: {
      EventSourceArn: queue.att('Arn'),
      FunctionName: consumer.ref,
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: concurrency.ref },
      Tags: tags('events'),
    },
  });

  const onQueue = (of: Resource<'AWS::SQS::Queue'>) =>
    ({
      namespace: 'AWS/SQS',
      dimensions: { QueueName: of.att('QueueName') },
      statistic: 'Maximum',
      periodSeconds: 300,
      missingData: 'notBreaching',
      topic: inputs.alertTopicArn,
    }) as const;
  const alarms = [
    alarm('EventDeadLettersAlarm', {
      ...onQueue(deadLetters),
      name: 'event-dead-letters',
      meaning: `An event was given up: it failed ${ATTEMPTS} times, or could not be delivered.`,
      first: "read the consumer's log for the reason, mend its cause, and start a redrive of the dead-letter queue.",
      metric: 'ApproximateNumberOfMessagesVisible',
      breaching: 1,
      of: 1,
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
    }),
    alarm('EventDeadLettersOldAlarm', {
      ...onQueue(deadLetters),
      name: 'event-dead-letters-old',
      meaning: 'An event has been given up for a week; a week later it is deleted.',
      first: 'start a redrive of the dead-letter queue, or receive and keep what is in it.',
      metric: 'ApproximateAgeOfOldestMessage',
      breaching: 1,
      of: 1,
      comparison: 'GreaterThanThreshold',
      threshold: 604800,
    }),
    alarm('EventBacklogAlarm', {
      ...onQueue(queue),
      name: 'event-backlog',
      meaning: 'Events wait longer than they should: the consumer is too slow, fails, or does not run.',
      first:
        'look at errors and throttles of the consumer, then at connections of the database; raise its concurrency.',
      metric: 'ApproximateAgeOfOldestMessage',
      breaching: 3,
      of: 3,
      comparison: 'GreaterThanThreshold',
      threshold: backlogSeconds.ref,
    }),
  ];

  const outputs = [
    exportedOutput('EventBusName', 'Name of the bus that events are put on.', bus.ref),
    exportedOutput('EventBusArn', 'ARN of the bus.', bus.att('Arn')),
    exportedOutput('EventQueueName', 'Name of the queue of events.', queue.att('QueueName')),
    exportedOutput(
      'EventDeadLettersName',
      'Name of the queue of events that were given up.',
      deadLetters.att('QueueName'),
    ),
    exportedOutput('EventConsumerName', 'Name of the function that writes events.', consumer.ref),
  ];
  return {
    fragment: fragment('Events', [
      ...[sourcePrefix, archiveDays, logRetentionDays, databaseName, concurrency, backlogSeconds],
      ...[keepsArchive, key, keyAlias, deadLetters, queue, bus, archive, eventRule, ...queuePolicies],
      ...[consumerGroup, databaseIngress, logGroup, role, consumer, mapping, ...alarms, ...outputs],
    ]),
  };
}

const LOG_GROUP =
  'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${EnvironmentSuffix}-event-consumer';
const FUNCTION_ARN =
  'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${EnvironmentSuffix}-event-consumer';

/** What Lambda needs to attach a function to a VPC, and the code does not. Source: Lambda developer guide, VPC, read 2026-11-21. */
const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

function allow(Action: string | readonly string[], Resource: Value<string>): PolicyStatement & { Effect: 'Allow' } {
  return { Effect: 'Allow', Action, Resource };
}
