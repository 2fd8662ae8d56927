import {
  aws,
  condition,
  equals,
  fragment,
  meets,
  parameter,
  resource,
  rule,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';
import { httpsOnly, noPublicAccess } from './https-only.ts';

/**
 * AWS Config, each part only when asked for: an account has one recorder and one delivery channel a region, and may have
 * them already. The rules need a recorder, whoever made it. The bucket outlives the stack. At rest: nothing; 0.003 USD
 * per recorded item, 0.001 USD per evaluation (AWS Config pricing, 2026-11).
 * Source of identifiers and parameters: AWS Config developer guide, "List of AWS Config Managed Rules", 2026-11.
 */
export function config() {
  const createConfigRecorder = parameter('CreateConfigRecorder', 'String', {
    group: 'Protection',
    label: 'Create the Config recorder',
    Description: 'true only where the account has none in this region. Then set CreateConfigDeliveryChannel too.',
    Default: 'false',
    AllowedValues: ['true', 'false'],
  });
  const createConfigDeliveryChannel = parameter('CreateConfigDeliveryChannel', 'String', {
    group: 'Protection',
    label: 'Create the Config delivery channel',
    Description: 'true only where the account has none in this region. Creates the bucket it delivers to.',
    Default: 'false',
    AllowedValues: ['true', 'false'],
  });
  const createConfigRules = parameter('CreateConfigRules', 'String', {
    group: 'Protection',
    label: 'Create the Config rules',
    Description: 'true where a recorder runs, whether this stack creates it or the account has it already.',
    Default: 'false',
    AllowedValues: ['true', 'false'],
  });
  const configHistoryDays = parameter('ConfigHistoryDays', 'Number', {
    group: 'Protection',
    label: 'Config history (days)',
    Description: 'Days until a configuration snapshot or history file expires.',
    Default: 2555,
    MinValue: 365,
    MaxValue: 3653,
  });
  const minBackupRetentionDays = parameter('MinBackupRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Required backup retention (days)',
    Description: 'Days that every backup plan has to keep recovery points, as a rule of Config checks.',
    Default: 35,
    MinValue: 1,
    MaxValue: 36500,
  });
  const minLogRetentionDays = parameter('MinLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Required log retention (days)',
    Description: 'Days that every log group has to keep events, as a rule of Config checks.',
    Default: 90,
    AllowedValues: [30, 60, 90, 180, 365, 731, 1827, 3653],
  });
  const authorizedTcpPorts = parameter('AuthorizedTcpPorts', 'String', {
    group: 'Protection',
    label: 'Ports that may be open to the world',
    Description: 'TCP ports, as a comma-separated list, that a security group may open to everyone.',
    Default: '443',
    AllowedPattern: '^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$',
    ConstraintDescription: 'Give ports or ranges, such as 443,1020-1025.',
  });
  const createsConfigRecorder = condition('CreatesConfigRecorder', equals(createConfigRecorder.ref, 'true'));
  const createsConfigDeliveryChannel = condition(
    'CreatesConfigDeliveryChannel',
    equals(createConfigDeliveryChannel.ref, 'true'),
  );
  const createsConfigRules = condition('CreatesConfigRules', equals(createConfigRules.ref, 'true'));
  const recorderNeedsDeliveryChannel = rule('RecorderNeedsDeliveryChannel', {
    Assertions: [
      {
        Assert: equals(createConfigRecorder.ref, createConfigDeliveryChannel.ref),
        AssertDescription:
          'Set CreateConfigRecorder and CreateConfigDeliveryChannel alike: a recorder starts only where a channel is, and an account that has one has both.',
      },
    ],
  });

  const configBucket = resource('ConfigBucket', 'AWS::S3::Bucket', {
    Condition: createsConfigDeliveryChannel,
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-config-${AWS::AccountId}-${AWS::Region}'),
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: meets(['S3.12', 'PF.S3.ownership'], 'BucketOwnerEnforced') }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: meets('S3.17', 'aws:kms'),
              KMSMasterKeyID: imported('LogsKeyArn'),
            },
          },
        ],
      },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LifecycleConfiguration: {
        Rules: meets('S3.13', [
          {
            Id: 'ExpireHistory',
            Status: 'Enabled',
            ExpirationInDays: configHistoryDays.ref,
            NoncurrentVersionExpiration: { NoncurrentDays: 90 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ]),
      },
      LoggingConfiguration: meets('S3.9', {
        DestinationBucketName: imported('AccessLogBucketName'),
        LogFilePrefix: 'config/',
      }),
      Tags: tags('config'),
    },
  });
  const configBucketPolicy = resource('ConfigBucketPolicy', 'AWS::S3::BucketPolicy', {
    Condition: createsConfigDeliveryChannel,
    Properties: {
      Bucket: configBucket.ref,
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(configBucket),
          {
            Sid: 'ConfigChecksBucket',
            Effect: 'Allow',
            Principal: { Service: 'config.amazonaws.com' },
            Action: ['s3:GetBucketAcl', 's3:ListBucket'],
            Resource: configBucket.att('Arn'),
            Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
          },
          {
            Sid: 'ConfigDelivers',
            Effect: 'Allow',
            Principal: { Service: 'config.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: sub('${ConfigBucket.Arn}/AWSLogs/${AWS::AccountId}/Config/*'),
            Condition: {
              StringEquals: { 'aws:SourceAccount': aws.accountId, 's3:x-amz-acl': 'bucket-owner-full-control' },
            },
          },
        ],
      },
    },
  });
  const configRole = resource('ConfigRole', 'AWS::IAM::Role', {
    comment: 'Not the service-linked role: an account has only one, and creating it again fails.',
    Condition: createsConfigRecorder,
    Properties: {
      RoleName: named('config'),
      Description: 'AWS Config reads the configuration of resources and delivers it to its bucket.',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'config.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
          },
        ],
      },
      ManagedPolicyArns: [sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWS_ConfigRole')],
      Policies: [
        {
          PolicyName: 'deliver',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Sid: 'ChecksBucket',
                Effect: 'Allow',
                Action: ['s3:GetBucketAcl', 's3:ListBucket'],
                Resource: bucketArn(),
              },
              {
                Sid: 'DeliversToBucket',
                Effect: 'Allow',
                Action: 's3:PutObject',
                Resource: bucketArn('/AWSLogs/${AWS::AccountId}/Config/*'),
                Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
              },
              {
                Sid: 'EncryptsForBucket',
                Effect: 'Allow',
                Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
                Resource: imported('LogsKeyArn'),
              },
            ],
          },
        },
      ],
      Tags: tags('config'),
    },
  });
  const configRecorder = resource('ConfigRecorder', 'AWS::Config::ConfigurationRecorder', {
    comment:
      'Neither depends on the other: the recorder starts once the channel exists, the channel needs the recorder.',
    Condition: createsConfigRecorder,
    Properties: {
      Name: named('recorder'),
      RoleARN: configRole.att('Arn'),
      RecordingGroup: { AllSupported: true, IncludeGlobalResourceTypes: true },
      RecordingMode: { RecordingFrequency: 'CONTINUOUS' },
    },
  });
  const configDeliveryChannel = resource('ConfigDeliveryChannel', 'AWS::Config::DeliveryChannel', {
    Condition: createsConfigDeliveryChannel,
    DependsOn: [configBucketPolicy],
    Properties: {
      Name: named('delivery'),
      S3BucketName: configBucket.ref,
      S3KmsKeyArn: imported('LogsKeyArn'),
      ConfigSnapshotDeliveryProperties: { DeliveryFrequency: 'TwentyFour_Hours' },
    },
  });

  const configRecorderReady = resource('ConfigRecorderReady', 'AWS::CloudFormation::WaitConditionHandle', {
    comment: 'Creates nothing. The rules wait for it, and it for the recorder where this stack creates one.',
    Condition: createsConfigRules,
    Metadata: { Recorder: createsConfigRecorder.pick<string>(configRecorder.ref, 'of the account') },
  });
  const configRule = (id: string, rule: ManagedRule) =>
    resource(id, 'AWS::Config::ConfigRule', {
      Condition: createsConfigRules,
      DependsOn: [configRecorderReady],
      Properties: {
        ConfigRuleName: named(rule.identifier.toLowerCase().replaceAll('_', '-')),
        Description: rule.says,
        Source: { Owner: 'AWS', SourceIdentifier: rule.identifier },
        ...(rule.input && { InputParameters: rule.input }),
        ...(rule.trigger === 'change'
          ? { Scope: { TagKey: 'Environment', TagValue: sub('${EnvironmentSuffix}') } }
          : { MaximumExecutionFrequency: 'TwentyFour_Hours' }),
      },
    });
  const ofThisEnvironment = sub('{"Environment":"${EnvironmentSuffix}"}');
  const configRules = [
    configRule('AuroraEncryptedRule', {
      identifier: 'RDS_CLUSTER_ENCRYPTED_AT_REST',
      says: 'Encryption: the storage of every Aurora cluster is encrypted.',
      trigger: 'change',
    }),
    configRule('CacheEncryptedAtRestRule', {
      identifier: 'ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST',
      says: 'Encryption: every cache is encrypted on disk.',
      trigger: 'daily',
    }),
    configRule('CacheEncryptedInTransitRule', {
      identifier: 'ELASTICACHE_REPL_GRP_ENCRYPTED_IN_TRANSIT',
      says: 'Encryption: every cache is reached over TLS.',
      trigger: 'daily',
    }),
    configRule('BucketTlsRule', {
      identifier: 'S3_BUCKET_SSL_REQUESTS_ONLY',
      says: 'Encryption: every bucket refuses requests without TLS.',
      trigger: 'change',
    }),
    configRule('TopicEncryptedRule', {
      identifier: 'SNS_ENCRYPTED_KMS',
      says: 'Encryption: every topic is encrypted with the key for logs and notifications.',
      trigger: 'change',
      input: { kmsKeyIds: imported('LogsKeyArn') },
    }),
    configRule('SecretEncryptedRule', {
      identifier: 'SECRETSMANAGER_USING_CMK',
      says: 'Encryption: every secret is encrypted with a customer-managed key.',
      trigger: 'change',
    }),
    configRule('LogGroupEncryptedRule', {
      identifier: 'CLOUDWATCH_LOG_GROUP_ENCRYPTED',
      says: 'Encryption: every log group is encrypted with a key of KMS.',
      trigger: 'daily',
    }),
    configRule('KeyRotationRule', {
      identifier: 'CMK_BACKING_KEY_ROTATION_ENABLED',
      says: 'Encryption: every customer-managed key is rotated each year.',
      trigger: 'daily',
    }),
    configRule('SshClosedRule', {
      identifier: 'INCOMING_SSH_DISABLED',
      says: 'Security groups: none lets the world in to port 22.',
      trigger: 'change',
    }),
    configRule('AuthorizedPortsRule', {
      identifier: 'VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS',
      says: 'Security groups: what is open to the world is a port that may be.',
      trigger: 'change',
      input: { authorizedTcpPorts: authorizedTcpPorts.ref },
    }),
    configRule('BucketPublicAccessRule', {
      identifier: 'S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED',
      says: 'Access: every bucket blocks public access.',
      trigger: 'change',
    }),
    configRule('AuroraIamRule', {
      identifier: 'RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED',
      says: 'Access: every Aurora cluster accepts IAM log-ins.',
      trigger: 'change',
    }),
    configRule('BackupPlanRule', {
      identifier: 'BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK',
      says: 'Backup: every plan runs daily at least and keeps its recovery points as long as required.',
      trigger: 'change',
      input: {
        requiredFrequencyUnit: 'days',
        requiredFrequencyValue: '1',
        requiredRetentionDays: minBackupRetentionDays.ref,
      },
    }),
    configRule('AuroraBackupPlanRule', {
      identifier: 'AURORA_RESOURCES_PROTECTED_BY_BACKUP_PLAN',
      says: 'Backup: every Aurora cluster of the environment is in a plan.',
      trigger: 'daily',
      input: { resourceTags: ofThisEnvironment },
    }),
    configRule('AuroraRecoveryPointRule', {
      identifier: 'AURORA_LAST_BACKUP_RECOVERY_POINT_CREATED',
      says: 'Backup: every Aurora cluster of the environment has a recovery point of the last day.',
      trigger: 'daily',
      input: { resourceTags: ofThisEnvironment, recoveryPointAgeUnit: 'days', recoveryPointAgeValue: '1' },
    }),
    configRule('RecoveryPointEncryptedRule', {
      identifier: 'BACKUP_RECOVERY_POINT_ENCRYPTED',
      says: 'Backup: every recovery point is encrypted.',
      trigger: 'change',
    }),
    configRule('BucketVersioningRule', {
      identifier: 'S3_BUCKET_VERSIONING_ENABLED',
      says: 'Backup: every bucket keeps old versions of its objects.',
      trigger: 'change',
    }),
    configRule('AuroraDeletionProtectionRule', {
      identifier: 'RDS_CLUSTER_DELETION_PROTECTION_ENABLED',
      says: 'Backup: no Aurora cluster can be deleted by mistake.',
      trigger: 'change',
    }),
    configRule('AuroraMultiAzRule', {
      identifier: 'RDS_CLUSTER_MULTI_AZ_ENABLED',
      says: 'Multi-AZ: every Aurora cluster spans zones.',
      trigger: 'change',
    }),
    configRule('CacheFailoverRule', {
      identifier: 'ELASTICACHE_REPL_GRP_AUTO_FAILOVER_ENABLED',
      says: 'Multi-AZ: a replica of every cache takes over by itself.',
      trigger: 'daily',
    }),
    configRule('AuroraLogsRule', {
      identifier: 'RDS_AURORA_POSTGRESQL_LOGS_TO_CLOUDWATCH',
      says: 'Logging: every Aurora PostgreSQL cluster exports its log.',
      trigger: 'change',
    }),
    configRule('FlowLogsRule', {
      identifier: 'VPC_FLOW_LOGS_ENABLED',
      says: 'Logging: every VPC records its traffic, accepted and rejected.',
      trigger: 'daily',
      input: { trafficType: 'ALL' },
    }),
    configRule('LogRetentionRule', {
      identifier: 'CW_LOGGROUP_RETENTION_PERIOD_CHECK',
      says: 'Logging: every log group keeps events as long as required.',
      trigger: 'daily',
      input: { MinRetentionTime: minLogRetentionDays.ref },
    }),
  ];
  const configNonComplianceEvents = resource('ConfigNonComplianceEvents', 'AWS::Events::Rule', {
    comment: 'By EventBridge, because AWS Config cannot publish to an encrypted topic itself.',
    Condition: createsConfigRules,
    Properties: {
      Name: named('config-non-compliance'),
      Description: 'Alerts when a rule of this environment finds something that does not comply.',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.config'],
        'detail-type': ['Config Rules Compliance Change'],
        detail: {
          configRuleName: [{ prefix: named('') }],
          newEvaluationResult: { complianceType: ['NON_COMPLIANT'] },
        },
      },
      Targets: [
        {
          Id: 'alerts',
          Arn: imported('AlertTopicArn'),
          InputTransformer: {
            InputPathsMap: {
              rule: '$.detail.configRuleName',
              type: '$.detail.resourceType',
              id: '$.detail.resourceId',
            },
            InputTemplate: '"<rule>: <type> <id> does not comply."',
          },
        },
      ],
      Tags: tags('config-non-compliance'),
    },
  });
  const outputs = [
    exportedOutput('ConfigRecorderName', 'Name of the recorder.', configRecorder.ref, createsConfigRecorder),
    exportedOutput(
      'ConfigDeliveryChannelName',
      'Name of the delivery channel.',
      configDeliveryChannel.ref,
      createsConfigDeliveryChannel,
    ),
    exportedOutput(
      'ConfigBucketName',
      'Name of the bucket that keeps the configuration history.',
      configBucket.ref,
      createsConfigDeliveryChannel,
    ),
  ];

  return {
    fragment: fragment('Config', [
      createConfigRecorder,
      createConfigDeliveryChannel,
      createConfigRules,
      configHistoryDays,
      minBackupRetentionDays,
      minLogRetentionDays,
      authorizedTcpPorts,
      recorderNeedsDeliveryChannel,
      createsConfigRecorder,
      createsConfigDeliveryChannel,
      createsConfigRules,
      configBucket,
      configBucketPolicy,
      configRole,
      configRecorder,
      configDeliveryChannel,
      configRecorderReady,
      ...configRules,
      configNonComplianceEvents,
      ...outputs,
    ]),
  };
}

interface ManagedRule {
  identifier: string;
  says: string;
  /** On a change of a resource with the tag of this environment; or each day over the account, for these take no scope. */
  trigger: 'change' | 'daily';
  input?: Record<string, Value<string>>;
}

/** By name: the role may exist without the bucket. */
function bucketArn(path = '') {
  return sub(`arn:\${AWS::Partition}:s3:::\${EnvironmentSuffix}-config-\${AWS::AccountId}-\${AWS::Region}${path}`);
}
