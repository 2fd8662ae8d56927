import { aws, fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import type { PolicyStatement } from '../../lib/spec/policy.ts';
import { exportedOutput, tags } from './environment.ts';

/**
 * Customer-managed keys, rotated each year: data at rest, backups, logs and notifications. Deletion of the stack keeps
 * them, because what they encrypt may be kept too. At rest: 1 USD a month for each key (KMS pricing, 2026-11). A stack
 * whose environment has no vault for recovery points takes the other two only.
 */
export function encryption({ forBackups = true }: { forBackups?: boolean } = {}) {
  const keyDeletionDays = parameter('KeyDeletionDays', 'Number', {
    group: 'Protection',
    label: 'Key deletion window (days)',
    Description: 'Days in which the deletion of a key can still be cancelled.',
    Default: 30,
    MinValue: 7,
    MaxValue: 30,
  });

  const dataKey = resource('DataKey', 'AWS::KMS::Key', {
    comment: 'Database, cache, buckets and secrets. Services use it on behalf of callers of this account only.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Description: sub('Data at rest of ${EnvironmentSuffix}'),
      EnableKeyRotation: meets('KMS.4', true),
      PendingWindowInDays: keyDeletionDays.ref,
      KeyPolicy: { Version: '2012-10-17', Statement: [accountAdministers] },
      Tags: tags('data'),
    },
  });
  const backupKey = resource('BackupKey', 'AWS::KMS::Key', {
    comment: 'Recovery points. Apart from the data key, so that losing one does not lose both.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Description: sub('Recovery points of ${EnvironmentSuffix}'),
      EnableKeyRotation: meets('KMS.4', true),
      PendingWindowInDays: keyDeletionDays.ref,
      KeyPolicy: { Version: '2012-10-17', Statement: [accountAdministers] },
      Tags: tags('backup'),
    },
  });
  const logsKey = resource('LogsKey', 'AWS::KMS::Key', {
    comment: 'Log groups and notification topics: the services that write to them must be able to encrypt.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Description: sub('Logs and notifications of ${EnvironmentSuffix}'),
      EnableKeyRotation: meets('KMS.4', true),
      PendingWindowInDays: keyDeletionDays.ref,
      KeyPolicy: {
        Version: '2012-10-17',
        Statement: [
          accountAdministers,
          {
            Sid: 'LogsEncrypts',
            Effect: 'Allow',
            Principal: { Service: sub('logs.${AWS::Region}.${AWS::URLSuffix}') },
            Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
            Resource: '*',
            Condition: {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': sub(
                  'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*',
                ),
              },
            },
          },
          ...servicesNotify,
        ],
      },
      Tags: tags('logs'),
    },
  });
  const aliases = [
    resource('DataKeyAlias', 'AWS::KMS::Alias', {
      Properties: { AliasName: aliasName('data'), TargetKeyId: dataKey.ref },
    }),
    ...onlyFor(forBackups, [
      resource('BackupKeyAlias', 'AWS::KMS::Alias', {
        Properties: { AliasName: aliasName('backup'), TargetKeyId: backupKey.ref },
      }),
    ]),
    resource('LogsKeyAlias', 'AWS::KMS::Alias', {
      Properties: { AliasName: aliasName('logs'), TargetKeyId: logsKey.ref },
    }),
  ];
  const outputs = [
    exportedOutput('DataKeyArn', 'ARN of the key that encrypts data at rest.', dataKey.att('Arn')),
    ...onlyFor(forBackups, [
      exportedOutput('BackupKeyArn', 'ARN of the key that encrypts recovery points.', backupKey.att('Arn')),
    ]),
    exportedOutput('LogsKeyArn', 'ARN of the key that encrypts logs and notifications.', logsKey.att('Arn')),
  ];
  return {
    fragment: fragment('Encryption', [
      ...[keyDeletionDays, dataKey, ...onlyFor(forBackups, [backupKey]), logsKey],
      ...aliases,
      ...outputs,
    ]),
    dataKey,
    logsKey,
  };
}

function onlyFor<T>(wanted: boolean, items: readonly T[]): readonly T[] {
  return wanted ? items : [];
}

/** IAM policies of the account decide who administers and uses the key; without this nobody could, ever. */
export const accountAdministers: PolicyStatement = {
  Sid: 'AccountAdministers',
  Effect: 'Allow',
  Principal: { AWS: sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
  Action: 'kms:*',
  Resource: '*',
};

/** What publishes to an encrypted topic has to use its key. Events come without a source account to hold them to. */
export const servicesNotify: readonly PolicyStatement[] = [
  {
    Sid: 'ServicesNotify',
    Effect: 'Allow',
    Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
  },
  {
    Sid: 'EventsNotify',
    Effect: 'Allow',
    Principal: { Service: ['events.amazonaws.com', 'events.rds.amazonaws.com'] },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
  },
];

function aliasName(purpose: string) {
  return sub(`alias/\${EnvironmentSuffix}-${purpose}`);
}
