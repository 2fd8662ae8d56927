import { aws, type Expression, fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import type { PolicyDocument } from '../../lib/spec/policy.ts';
import { backupTag } from './backup.ts';
import { exportedOutput, tags } from './environment.ts';
import { httpsOnly, noPublicAccess } from './https-only.ts';

interface Inputs {
  dataKeyArn: Expression;
}

/**
 * The data bucket and the bucket of its access logs. At rest: storage only; Intelligent-Tiering moves what is not read to
 * cheaper classes by itself. Deletion of the stack keeps both.
 */
export function storage({ dataKeyArn }: Inputs) {
  const tieringDays = parameter('IntelligentTieringDays', 'Number', {
    group: 'Operations',
    label: 'Intelligent-Tiering after (days)',
    Description: 'Days after which an object of the data bucket moves to Intelligent-Tiering.',
    Default: 30,
    MinValue: 0,
    MaxValue: 365,
  });
  const archiveDays = parameter('ArchiveAccessDays', 'Number', {
    group: 'Operations',
    label: 'Archive access after (days)',
    Description: 'Days without a read after which an object below archive/ has to be restored before it is read.',
    Default: 180,
    MinValue: 90,
    MaxValue: 730,
  });
  const noncurrentDays = parameter('NoncurrentVersionDays', 'Number', {
    group: 'Protection',
    label: 'Old versions kept (days)',
    Description: 'Days for which a replaced or deleted version can be brought back.',
    Default: 90,
    MinValue: 1,
    MaxValue: 3650,
  });
  const accessLogDays = parameter('AccessLogDays', 'Number', {
    group: 'Protection',
    label: 'Access logs kept (days)',
    Description: 'Days for which records of access to the data bucket are kept.',
    Default: 365,
    MinValue: 1,
    MaxValue: 3650,
  });

  const accessLogBucket = resource('AccessLogBucket', 'AWS::S3::Bucket', {
    comment: 'Encrypted with the key of S3: server access logs cannot be delivered to a bucket under a KMS key.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-access-logs-${AWS::AccountId}-${AWS::Region}'),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: meets('PF.S3.ownership', 'BucketOwnerEnforced') }] },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'ExpireLogs',
            Status: 'Enabled',
            ExpirationInDays: accessLogDays.ref,
            NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
      Tags: tags('access-logs'),
    },
  });
  const dataBucketArn = sub('arn:${AWS::Partition}:s3:::${EnvironmentSuffix}-data-${AWS::AccountId}-${AWS::Region}');
  // Made by the stack of AWS Config, where asked for.
  const configBucketArn = sub(
    'arn:${AWS::Partition}:s3:::${EnvironmentSuffix}-config-${AWS::AccountId}-${AWS::Region}',
  );
  const accessLogBucketPolicy = resource('AccessLogBucketPolicy', 'AWS::S3::BucketPolicy', {
    Properties: {
      Bucket: accessLogBucket.ref,
      PolicyDocument: meets<PolicyDocument>('S3.5', {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(accessLogBucket),
          {
            Sid: 'LogDelivery',
            Effect: 'Allow',
            Principal: { Service: 'logging.s3.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: [sub('${AccessLogBucket.Arn}/data/*'), sub('${AccessLogBucket.Arn}/config/*')],
            Condition: {
              ArnLike: { 'aws:SourceArn': [dataBucketArn, configBucketArn] },
              StringEquals: { 'aws:SourceAccount': aws.accountId },
            },
          },
        ],
      }),
    },
  });

  const dataBucket = resource('DataBucket', 'AWS::S3::Bucket', {
    comment: 'Continuous backup learns of changes through EventBridge, and stops where the bucket does not send them.',
    DependsOn: [accessLogBucketPolicy],
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-data-${AWS::AccountId}-${AWS::Region}'),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: meets('S3.17', 'aws:kms'),
              KMSMasterKeyID: dataKeyArn,
            },
          },
        ],
      },
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: meets('PF.S3.ownership', 'BucketOwnerEnforced') }] },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LoggingConfiguration: meets('S3.9', { DestinationBucketName: accessLogBucket.ref, LogFilePrefix: 'data/' }),
      IntelligentTieringConfigurations: [
        {
          Id: 'ArchiveWhatIsNotRead',
          Status: 'Enabled',
          Prefix: 'archive/',
          Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: archiveDays.ref }],
        },
      ],
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'TierAndTidy',
            Status: meets(['S3.10', 'S3.13'], 'Enabled'),
            Transitions: [{ StorageClass: 'INTELLIGENT_TIERING', TransitionInDays: tieringDays.ref }],
            NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays.ref },
            ExpiredObjectDeleteMarker: true,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      Tags: [...tags('data'), backupTag],
    },
  });
  const dataObjects = sub('${DataBucket.Arn}/*');
  const dataBucketPolicy = resource('DataBucketPolicy', 'AWS::S3::BucketPolicy', {
    comment:
      'An upload gets the encryption of the bucket. One that asks for another is refused; the key is named by its ARN.',
    Properties: {
      Bucket: dataBucket.ref,
      PolicyDocument: meets<PolicyDocument>('S3.5', {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(dataBucket),
          {
            Sid: 'NoOtherEncryption',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObject',
            Resource: dataObjects,
            Condition: { StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
          },
          {
            Sid: 'NoOtherKey',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObject',
            Resource: dataObjects,
            Condition: {
              StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption-aws-kms-key-id': dataKeyArn },
            },
          },
        ],
      }),
    },
  });

  const outputs = [
    exportedOutput('DataBucketName', 'Name of the data bucket.', dataBucket.ref),
    exportedOutput('DataBucketArn', 'ARN of the data bucket.', dataBucket.att('Arn')),
    exportedOutput('AccessLogBucketName', 'Name of the bucket of access logs.', accessLogBucket.ref),
  ];
  return {
    fragment: fragment('Storage', [
      ...[tieringDays, archiveDays, noncurrentDays, accessLogDays],
      ...[accessLogBucket, accessLogBucketPolicy, dataBucket, dataBucketPolicy],
      ...outputs,
    ]),
    dataBucket,
    accessLogBucket,
  };
}
