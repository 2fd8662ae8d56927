import { aws, type Expression, fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, named, tagMap, tags } from './environment.ts';

interface Inputs {
  dataKeyArn: Expression;
}

/**
 * What data masking keeps between runs and versions of its code: the masking key, the rules, the failed events. Deletion
 * keeps the key: without it, masked and newly masked rows no longer match. At rest: 0.40 USD a month for the secret.
 */
export function maskingInputs({ dataKeyArn }: Inputs) {
  const maskingRules = parameter('MaskingRules', 'String', {
    group: 'Operations',
    label: 'Masking rules (JSON)',
    Description: 'Columns to mask, by table: see the runbook. A table that does not exist is skipped and reported.',
    Default:
      '{"version":1,"onMissing":"skip","tables":{"public.customers":{"columns":{"email":"email","phone":"phone","full_name":"name"}}}}',
    AllowedPattern: '^\\{.*\\}$',
    MaxLength: 4096,
    ConstraintDescription: 'Give a JSON object of at most 4,096 characters.',
  });

  const maskingKey = resource('MaskingKey', 'AWS::SecretsManager::Secret', {
    comment: 'Never rotated in place: with another key the same value is masked differently, and joins break.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Name: named('masking-key'),
      Description: sub('Key by which data masking of ${EnvironmentSuffix} is deterministic'),
      KmsKeyId: meets('PF.Secrets.cmk', dataKeyArn),
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
      Tags: tags('masking-key'),
    },
  });
  const maskingRuleSet = resource('MaskingRuleSet', 'AWS::SSM::Parameter', {
    Properties: {
      Name: sub('/plainform/${EnvironmentSuffix}/masking-rules'),
      Description: 'Columns to mask, by table',
      Type: 'String',
      Value: maskingRules.ref,
      Tags: tagMap('masking-rules'),
    },
  });
  const maskingDeadLetters = resource('MaskingDeadLetters', 'AWS::SQS::Queue', {
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      QueueName: named('masking-dead-letters'),
      KmsMasterKeyId: dataKeyArn,
      KmsDataKeyReusePeriodSeconds: 3600,
      MessageRetentionPeriod: 1209600,
      Tags: tags('masking-dead-letters'),
    },
  });
  const maskingDeadLettersPolicy = resource('MaskingDeadLettersPolicy', 'AWS::SQS::QueuePolicy', {
    Properties: {
      Queues: [maskingDeadLetters.ref],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'PlaintextIsRefused',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: maskingDeadLetters.att('Arn'),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          {
            Sid: 'OtherAccountsAreRefused',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: maskingDeadLetters.att('Arn'),
            Condition: {
              StringNotEquals: { 'aws:PrincipalAccount': aws.accountId },
              Bool: { 'aws:PrincipalIsAWSService': 'false' },
            },
          },
        ],
      },
    },
  });
  const outputs = [
    exportedOutput('MaskingKeyArn', 'ARN of the secret that holds the masking key.', maskingKey.ref),
    exportedOutput('MaskingRuleSetName', 'Name of the parameter that holds the masking rules.', maskingRuleSet.ref),
    exportedOutput(
      'MaskingDeadLettersArn',
      'ARN of the queue of failed masking events.',
      maskingDeadLetters.att('Arn'),
    ),
    exportedOutput('MaskingDeadLettersName', 'Name of that queue.', maskingDeadLetters.att('QueueName')),
  ];
  return {
    fragment: fragment('Inputs of data masking', [
      maskingRules,
      maskingKey,
      maskingRuleSet,
      maskingDeadLetters,
      maskingDeadLettersPolicy,
      ...outputs,
    ]),
  };
}
