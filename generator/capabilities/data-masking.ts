import { readFileSync } from 'node:fs';
import { equals, fragment, meets, not, type Parameter, parameter, resource, rule, sub } from '../../lib/cfn/index.ts';
import { fileInProject } from '../../lib/project.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';

interface Inputs {
  environmentType: Parameter;
}

/**
 * The function that masks personal data through the RDS Data API, on a schedule. Its code is bundled from
 * generator/functions/data-masking. At rest: nothing but log storage; the log group goes with the stack.
 */
export function dataMasking({ environmentType }: Inputs) {
  const schedule = parameter('MaskingSchedule', 'String', {
    group: 'Operations',
    label: 'Masking schedule',
    Description: 'When masking starts, UTC, as an EventBridge schedule.',
    Default: 'cron(0 3 * * ? *)',
    AllowedPattern: '^(rate|cron)\\(.+\\)$',
  });
  const scheduleState = parameter('MaskingScheduleEnabled', 'String', {
    group: 'Operations',
    label: 'Masking on schedule',
    Description: 'false: masking runs only when it is invoked.',
    Default: 'true',
    AllowedValues: ['true', 'false'],
  });
  const neverInProduction = rule('NeverInProduction', {
    Assertions: [
      {
        Assert: not(equals(environmentType.ref, 'production')),
        AssertDescription: 'Masking rewrites data: do not deploy this stack to production; mask a copy.',
      },
    ],
  });
  const functionArn = sub(
    'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${EnvironmentSuffix}-masking',
  );

  // The bytes left do not take all four tags here; these two are the ones that costs are told apart by.
  const costTags = { CostCenter: sub('${CostCenter}'), Environment: sub('${EnvironmentSuffix}') };
  const logGroup = resource('MaskingLogGroup', 'AWS::Logs::LogGroup', {
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      LogGroupName: sub('/aws/lambda/${EnvironmentSuffix}-masking'),
      RetentionInDays: 365,
      KmsKeyId: meets('PF.Logs.kms', imported('LogsKeyArn')),
      Tags: Object.entries(costTags).map(([Key, Value]) => ({ Key, Value })),
    },
  });
  const role = resource('MaskingRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('masking'),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      Policies: [
        {
          PolicyName: 'mask',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              allow(
                [
                  'rds-data:BeginTransaction',
                  'rds-data:CommitTransaction',
                  'rds-data:RollbackTransaction',
                  'rds-data:ExecuteStatement',
                ],
                imported('DatabaseClusterArn'),
              ),
              allow('secretsmanager:GetSecretValue', [imported('DatabaseSecretArn'), imported('MaskingKeyArn')]),
              allow(
                'ssm:GetParameter',
                sub(
                  'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/plainform/${EnvironmentSuffix}/masking-rules',
                ),
              ),
              allow('sns:Publish', imported('AlertTopicArn')),
              allow('sqs:SendMessage', imported('MaskingDeadLettersArn')),
              allow('lambda:InvokeFunction', functionArn),
              allow(['kms:Decrypt', 'kms:GenerateDataKey'], [imported('DataKeyArn'), imported('LogsKeyArn')]),
              allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.att('Arn')),
            ],
          },
        },
      ],
      Tags: tags('masking'),
    },
  });
  const maskingFunction = resource('MaskingFunction', 'AWS::Serverless::Function', {
    DependsOn: [logGroup],
    Properties: {
      FunctionName: named('masking'),
      Description: 'Masks personal data',
      Runtime: meets('Lambda.2', 'nodejs22.x'),
      Handler: 'index.handler',
      Architectures: ['arm64'],
      MemorySize: 512,
      Timeout: 900,
      ReservedConcurrentExecutions: meets('PF.Lambda.conc', 1),
      RecursiveLoop: 'Allow',
      Role: role.att('Arn'),
      DeadLetterQueue: { Type: 'SQS', TargetArn: meets('PF.Lambda.dlq', imported('MaskingDeadLettersArn')) },
      Environment: {
        Variables: {
          ENVIRONMENT_NAME: sub('${EnvironmentSuffix}'),
          ENVIRONMENT_TIER: environmentType.ref,
          CLUSTER_ARN: imported('DatabaseClusterArn'),
          DATABASE_NAME: imported('DatabaseName'),
          DATABASE_SECRET_ARN: imported('DatabaseSecretArn'),
          MASKING_KEY_SECRET_ARN: imported('MaskingKeyArn'),
          RULE_SET_PARAMETER: imported('MaskingRuleSetName'),
          TOPIC_ARN: imported('AlertTopicArn'),
        },
      },
      Events: {
        Nightly: { Type: 'Schedule', Properties: { Schedule: schedule.ref, Enabled: scheduleState.ref, Input: '{}' } },
      },
      Tags: costTags,
      InlineCode: readFileSync(fileInProject('dist/functions/data-masking.js'), 'utf8'),
    },
  });
  const functionOutput = exportedOutput('MaskingFunctionName', 'Name of the masking function.', maskingFunction.ref);
  return {
    fragment: fragment('Data masking', [
      schedule,
      scheduleState,
      neverInProduction,
      logGroup,
      role,
      maskingFunction,
      functionOutput,
    ]),
  };
}

function allow(Action: string | string[], Resource: ReturnType<typeof sub> | ReturnType<typeof sub>[]) {
  return { Effect: 'Allow' as const, Action, Resource };
}
