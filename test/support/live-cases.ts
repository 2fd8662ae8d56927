import type { Settings } from '../../lib/deployment/live/reading.ts';

/** A live resource: what its service's calls answer, and the template that says the same in CloudFormation's words. */
export interface LiveCase {
  type: string;
  physicalId: string;
  stated: Settings;
  /** Answers by client package and command, without the `Command`. */
  answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Places in the answers that no property states: ARNs, statuses, what a resource is found by. */
  besides?: RegExp;
  /** Calls that no setting comes from. */
  askedBeside?: readonly string[];
  /** Other resources of the stack. */
  stack?: readonly { type: string; physicalId: string; stated: Settings }[];
}

export const ACCOUNT = '123456789012';
const arn = (service: string, rest: string) => `arn:aws:${service}:us-west-2:${ACCOUNT}:${rest}`;
const KEY = arn('kms', 'key/1111-2222');
const TOPIC = arn('sns', 'alerts');
const tags = [{ Key: 'Name', Value: 'one' }];
const policy = (Action: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'One',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action,
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': true } },
    },
  ],
});
/** As services give it back: their own spelling of the same. */
const spelled = (Action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Sid: 'One',
      Effect: 'Allow',
      Principal: { AWS: [ACCOUNT] },
      Action: [Action],
      Resource: ['*'],
      Condition: { Bool: { 'aws:SecureTransport': ['true'] } },
    },
  });

export const LIVE_CASES: readonly LiveCase[] = [
  {
    type: 'AWS::Backup::BackupVault',
    physicalId: 'vault',
    stated: {
      BackupVaultName: 'vault',
      EncryptionKeyArn: KEY,
      LockConfiguration: { MinRetentionDays: 7, MaxRetentionDays: 90 },
      AccessPolicy: policy('backup:DeleteRecoveryPoint'),
      Notifications: { SNSTopicArn: TOPIC, BackupVaultEvents: ['BACKUP_JOB_FAILED', 'COPY_JOB_FAILED'] },
      BackupVaultTags: { Name: 'one' },
    },
    answers: {
      backup: {
        DescribeBackupVault: {
          BackupVaultName: 'vault',
          BackupVaultArn: arn('backup', 'backup-vault:vault'),
          EncryptionKeyArn: KEY,
          Locked: true,
          MinRetentionDays: 7,
          MaxRetentionDays: 90,
        },
        GetBackupVaultAccessPolicy: { Policy: spelled('backup:DeleteRecoveryPoint') },
        GetBackupVaultNotifications: {
          SNSTopicArn: TOPIC,
          BackupVaultEvents: ['COPY_JOB_FAILED', 'BACKUP_JOB_FAILED'],
        },
        ListTags: { Tags: { Name: 'one' } },
      },
    },
    besides: /BackupVaultArn/,
  },
  {
    type: 'AWS::Backup::BackupPlan',
    physicalId: 'plan-id',
    stated: {
      BackupPlan: {
        BackupPlanName: 'plan',
        BackupPlanRule: [
          {
            RuleName: 'daily',
            TargetBackupVault: 'vault',
            ScheduleExpression: 'cron(0 5 ? * * *)',
            ScheduleExpressionTimezone: 'Etc/UTC',
            StartWindowMinutes: 60,
            CompletionWindowMinutes: 180,
            EnableContinuousBackup: true,
            Lifecycle: { MoveToColdStorageAfterDays: '30', DeleteAfterDays: '120' },
            RecoveryPointTags: { From: 'plan' },
            CopyActions: [
              {
                DestinationBackupVaultArn: `arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault:copies`,
                Lifecycle: { DeleteAfterDays: 120 },
              },
            ],
          },
          { RuleName: 'weekly', TargetBackupVault: 'vault', ScheduleExpression: 'cron(0 5 ? * 1 *)' },
        ],
        AdvancedBackupSettings: [{ ResourceType: 'EC2', BackupOptions: { WindowsVSS: 'enabled' } }],
      },
      BackupPlanTags: { Name: 'one' },
    },
    answers: {
      backup: {
        GetBackupPlan: {
          BackupPlanArn: arn('backup', 'backup-plan:plan-id'),
          BackupPlan: {
            BackupPlanName: 'plan',
            Rules: [
              {
                RuleName: 'daily',
                TargetBackupVaultName: 'vault',
                ScheduleExpression: 'cron(0 5 ? * * *)',
                ScheduleExpressionTimezone: 'Etc/UTC',
                StartWindowMinutes: 60,
                CompletionWindowMinutes: 180,
                EnableContinuousBackup: true,
                Lifecycle: { MoveToColdStorageAfterDays: 30, DeleteAfterDays: 120 },
                RecoveryPointTags: { From: 'plan' },
                CopyActions: [
                  {
                    DestinationBackupVaultArn: `arn:aws:backup:us-east-1:${ACCOUNT}:backup-vault:copies`,
                    Lifecycle: { DeleteAfterDays: 120 },
                  },
                ],
              },
              { RuleName: 'weekly', TargetBackupVaultName: 'vault', ScheduleExpression: 'cron(0 5 ? * 1 *)' },
            ],
            AdvancedBackupSettings: [{ ResourceType: 'EC2', BackupOptions: { WindowsVSS: 'enabled' } }],
          },
        },
        ListTags: { Tags: { Name: 'one' } },
      },
    },
    besides: /BackupPlanArn/,
  },
  {
    type: 'AWS::Backup::BackupSelection',
    physicalId: 'selection-id_plan-id',
    stated: {
      BackupPlanId: 'plan-id',
      BackupSelection: {
        SelectionName: 'tagged',
        IamRoleArn: `arn:aws:iam::${ACCOUNT}:role/backup`,
        ListOfTags: [{ ConditionType: 'STRINGEQUALS', ConditionKey: 'Backup', ConditionValue: 'daily' }],
        Resources: ['*'],
      },
    },
    answers: {
      backup: {
        GetBackupSelection: {
          BackupSelection: {
            SelectionName: 'tagged',
            IamRoleArn: `arn:aws:iam::${ACCOUNT}:role/backup`,
            ListOfTags: [{ ConditionType: 'STRINGEQUALS', ConditionKey: 'Backup', ConditionValue: 'daily' }],
            Resources: ['*'],
          },
        },
      },
    },
  },
  {
    type: 'AWS::Budgets::Budget',
    physicalId: 'monthly',
    stated: {
      Budget: {
        BudgetName: 'monthly',
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: '500', Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:Environment$staging'] },
      },
      NotificationsWithSubscribers: [
        {
          Notification: {
            NotificationType: 'ACTUAL',
            ComparisonOperator: 'GREATER_THAN',
            Threshold: 80,
            ThresholdType: 'ABSOLUTE_VALUE',
          },
          Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'a@example.com' }],
        },
      ],
      ResourceTags: tags,
    },
    answers: {
      budgets: {
        DescribeBudget: {
          Budget: {
            BudgetName: 'monthly',
            BudgetType: 'COST',
            TimeUnit: 'MONTHLY',
            BudgetLimit: { Amount: '500.0', Unit: 'USD' },
            CostFilters: { TagKeyValue: ['user:Environment$staging'] },
          },
        },
        DescribeNotificationsForBudget: {
          Notifications: [
            {
              NotificationType: 'ACTUAL',
              ComparisonOperator: 'GREATER_THAN',
              Threshold: 80,
              ThresholdType: 'ABSOLUTE_VALUE',
            },
          ],
        },
        DescribeSubscribersForNotification: {
          Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'a@example.com' }],
        },
        ListTagsForResource: { ResourceTags: tags },
      },
    },
  },
  {
    type: 'AWS::CloudWatch::Alarm',
    physicalId: 'cpu',
    stated: {
      AlarmName: 'cpu',
      AlarmDescription: 'too much',
      ActionsEnabled: false,
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
      InsufficientDataActions: [TOPIC],
      ComparisonOperator: 'GreaterThanThreshold',
      DatapointsToAlarm: 2,
      Dimensions: [{ Name: 'DBClusterIdentifier', Value: 'one' }],
      EvaluationPeriods: 3,
      MetricName: 'CPUUtilization',
      Namespace: 'AWS/RDS',
      Period: 60,
      Statistic: 'Average',
      Threshold: 80,
      TreatMissingData: 'breaching',
      Unit: 'Percent',
      Tags: tags,
    },
    answers: {
      cloudwatch: {
        DescribeAlarms: {
          MetricAlarms: [
            {
              AlarmName: 'cpu',
              AlarmArn: arn('cloudwatch', 'alarm:cpu'),
              AlarmDescription: 'too much',
              ActionsEnabled: false,
              AlarmActions: [TOPIC],
              OKActions: [TOPIC],
              InsufficientDataActions: [TOPIC],
              ComparisonOperator: 'GreaterThanThreshold',
              DatapointsToAlarm: 2,
              Dimensions: [{ Name: 'DBClusterIdentifier', Value: 'one' }],
              EvaluationPeriods: 3,
              MetricName: 'CPUUtilization',
              Namespace: 'AWS/RDS',
              Period: 60,
              Statistic: 'Average',
              Threshold: 80,
              TreatMissingData: 'breaching',
              Unit: 'Percent',
            },
          ],
        },
        ListTagsForResource: { Tags: tags },
      },
    },
    besides: /AlarmArn/,
  },
  {
    type: 'AWS::CloudWatch::CompositeAlarm',
    physicalId: 'both',
    stated: { AlarmName: 'both', AlarmRule: 'ALARM(a) AND ALARM(b)', AlarmActions: [TOPIC], ActionsEnabled: false },
    answers: {
      cloudwatch: {
        DescribeAlarms: {
          CompositeAlarms: [
            { AlarmName: 'both', AlarmRule: 'ALARM(a) AND ALARM(b)', AlarmActions: [TOPIC], ActionsEnabled: false },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::CloudWatch::Dashboard',
    physicalId: 'overview',
    stated: {
      DashboardName: 'overview',
      DashboardBody: '{"widgets":[{"type":"text","width":6,"properties":{"markdown":"# One"}}]}',
      Tags: tags,
    },
    answers: {
      cloudwatch: {
        GetDashboard: {
          DashboardName: 'overview',
          DashboardArn: arn('cloudwatch', 'dashboard/overview'),
          DashboardBody: '{"widgets": [{"width": 6, "type": "text", "properties": {"markdown": "# One"}}]}',
        },
        ListTagsForResource: { Tags: tags },
      },
    },
    besides: /DashboardArn/,
  },
  {
    type: 'AWS::Config::ConfigurationRecorder',
    physicalId: 'default',
    stated: {
      Name: 'default',
      RoleARN: `arn:aws:iam::${ACCOUNT}:role/config`,
      RecordingGroup: { AllSupported: true, IncludeGlobalResourceTypes: true },
      RecordingMode: {
        RecordingFrequency: 'DAILY',
        RecordingModeOverrides: [{ ResourceTypes: ['AWS::EC2::Instance'], RecordingFrequency: 'CONTINUOUS' }],
      },
    },
    answers: {
      'config-service': {
        DescribeConfigurationRecorders: {
          ConfigurationRecorders: [
            {
              name: 'default',
              roleARN: `arn:aws:iam::${ACCOUNT}:role/config`,
              recordingGroup: { allSupported: true, includeGlobalResourceTypes: true },
              recordingMode: {
                recordingFrequency: 'DAILY',
                recordingModeOverrides: [{ resourceTypes: ['AWS::EC2::Instance'], recordingFrequency: 'CONTINUOUS' }],
              },
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::Config::DeliveryChannel',
    physicalId: 'default',
    stated: {
      Name: 'default',
      S3BucketName: 'config',
      S3KeyPrefix: 'history',
      S3KmsKeyArn: KEY,
      SnsTopicARN: TOPIC,
      ConfigSnapshotDeliveryProperties: { DeliveryFrequency: 'TwentyFour_Hours' },
    },
    answers: {
      'config-service': {
        DescribeDeliveryChannels: {
          DeliveryChannels: [
            {
              name: 'default',
              s3BucketName: 'config',
              s3KeyPrefix: 'history',
              s3KmsKeyArn: KEY,
              snsTopicARN: TOPIC,
              configSnapshotDeliveryProperties: { deliveryFrequency: 'TwentyFour_Hours' },
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::Config::ConfigRule',
    physicalId: 'rule',
    stated: {
      ConfigRuleName: 'rule',
      Description: 'what it holds',
      InputParameters: { requiredRetentionDays: 35 },
      MaximumExecutionFrequency: 'TwentyFour_Hours',
      Scope: { TagKey: 'Environment', TagValue: 'staging', ComplianceResourceTypes: ['AWS::S3::Bucket'] },
      Source: { Owner: 'AWS', SourceIdentifier: 'S3_BUCKET_VERSIONING_ENABLED' },
      EvaluationModes: [{ Mode: 'DETECTIVE' }],
    },
    answers: {
      'config-service': {
        DescribeConfigRules: {
          ConfigRules: [
            {
              ConfigRuleName: 'rule',
              Description: 'what it holds',
              InputParameters: '{"requiredRetentionDays":"35"}',
              MaximumExecutionFrequency: 'TwentyFour_Hours',
              Scope: { TagKey: 'Environment', TagValue: 'staging', ComplianceResourceTypes: ['AWS::S3::Bucket'] },
              Source: { Owner: 'AWS', SourceIdentifier: 'S3_BUCKET_VERSIONING_ENABLED' },
              EvaluationModes: [{ Mode: 'DETECTIVE' }],
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::VPC',
    physicalId: 'vpc-1',
    stated: {
      CidrBlock: '10.0.0.0/16',
      InstanceTenancy: 'dedicated',
      EnableDnsHostnames: true,
      EnableDnsSupport: 'true',
      Tags: tags,
    },
    answers: {
      ec2: {
        DescribeVpcs: {
          Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16', InstanceTenancy: 'dedicated', Tags: tags }],
        },
        DescribeVpcAttribute: { EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } },
      },
    },
    besides: /VpcId/,
  },
  {
    type: 'AWS::EC2::Subnet',
    physicalId: 'subnet-1',
    stated: {
      VpcId: 'vpc-1',
      CidrBlock: '10.0.1.0/24',
      AvailabilityZone: 'us-west-2a',
      MapPublicIpOnLaunch: true,
      AssignIpv6AddressOnCreation: true,
      Ipv6CidrBlock: 'fd00::/64',
      Tags: tags,
    },
    answers: {
      ec2: {
        DescribeSubnets: {
          Subnets: [
            {
              VpcId: 'vpc-1',
              CidrBlock: '10.0.1.0/24',
              AvailabilityZone: 'us-west-2a',
              MapPublicIpOnLaunch: true,
              AssignIpv6AddressOnCreation: true,
              Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock: 'fd00::/64' }],
              Tags: tags,
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::InternetGateway',
    physicalId: 'igw-1',
    stated: { Tags: tags },
    answers: { ec2: { DescribeInternetGateways: { InternetGateways: [{ InternetGatewayId: 'igw-1', Tags: tags }] } } },
    besides: /InternetGatewayId/,
  },
  {
    type: 'AWS::EC2::VPCGatewayAttachment',
    physicalId: 'IGW|vpc-1',
    stated: { VpcId: 'vpc-1', InternetGatewayId: 'igw-1' },
    answers: {
      ec2: {
        DescribeInternetGateways: {
          InternetGateways: [{ InternetGatewayId: 'igw-1', Attachments: [{ VpcId: 'vpc-1' }] }],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::RouteTable',
    physicalId: 'rtb-1',
    stated: { VpcId: 'vpc-1', Tags: tags },
    answers: { ec2: { DescribeRouteTables: { RouteTables: [{ VpcId: 'vpc-1', Tags: tags }] } } },
  },
  {
    type: 'AWS::EC2::Route',
    physicalId: 'rtb-1|0.0.0.0/0',
    stated: { RouteTableId: 'rtb-1', DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' },
    answers: {
      ec2: {
        DescribeRouteTables: {
          RouteTables: [
            { RouteTableId: 'rtb-1', Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1' }] },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::SubnetRouteTableAssociation',
    physicalId: 'rtbassoc-1',
    stated: { RouteTableId: 'rtb-1', SubnetId: 'subnet-1' },
    answers: {
      ec2: {
        DescribeRouteTables: {
          RouteTables: [
            {
              Associations: [{ RouteTableAssociationId: 'rtbassoc-1', RouteTableId: 'rtb-1', SubnetId: 'subnet-1' }],
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::EIP',
    physicalId: '52.1.2.3',
    stated: { Domain: 'vpc', Tags: tags },
    answers: {
      ec2: {
        DescribeAddresses: {
          Addresses: [{ PublicIp: '52.1.2.4' }, { PublicIp: '52.1.2.3', Domain: 'vpc', Tags: tags }],
        },
      },
    },
    besides: /Addresses\.0/,
  },
  {
    type: 'AWS::EC2::NatGateway',
    physicalId: 'nat-1',
    stated: { SubnetId: 'subnet-1', AllocationId: 'eipalloc-1', ConnectivityType: 'private', Tags: tags },
    answers: {
      ec2: {
        DescribeNatGateways: {
          NatGateways: [
            {
              SubnetId: 'subnet-1',
              ConnectivityType: 'private',
              NatGatewayAddresses: [{ AllocationId: 'eipalloc-1' }],
              Tags: tags,
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::SecurityGroup',
    physicalId: 'sg-1',
    stated: {
      GroupName: 'database',
      GroupDescription: 'what it is for',
      VpcId: 'vpc-1',
      SecurityGroupIngress: [
        { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: 'sg-2', Description: 'functions' },
        { IpProtocol: 'tcp', FromPort: '443', ToPort: '443', CidrIp: '10.0.0.0/16' },
      ],
      SecurityGroupEgress: [{ IpProtocol: '-1', CidrIpv6: '::/0' }],
      Tags: tags,
    },
    stack: [
      {
        type: 'AWS::EC2::SecurityGroupIngress',
        physicalId: 'sgr-9',
        stated: { GroupId: 'sg-1', IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '10.1.0.0/16' },
      },
    ],
    answers: {
      ec2: {
        DescribeSecurityGroups: {
          SecurityGroups: [
            {
              GroupName: 'database',
              Description: 'what it is for',
              VpcId: 'vpc-1',
              IpPermissions: [
                {
                  IpProtocol: 'tcp',
                  FromPort: 5432,
                  ToPort: 5432,
                  UserIdGroupPairs: [{ GroupId: 'sg-2', Description: 'functions' }],
                },
                { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '10.0.0.0/16' }] },
                { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.1.0.0/16' }] },
              ],
              IpPermissionsEgress: [{ IpProtocol: '-1', Ipv6Ranges: [{ CidrIpv6: '::/0' }] }],
              Tags: tags,
            },
          ],
        },
        DescribeSecurityGroupRules: { SecurityGroupRules: [] },
      },
    },
    // Taken away, the rule that is a resource of its own is missed as that; whose rules there are is asked of none here.
    besides: /IpPermissions\.2(\.IpRanges(\.0)?)? \(removed\)|SecurityGroupRules \(removed\)/,
    askedBeside: ['DescribeSecurityGroupRules'],
  },
  {
    type: 'AWS::EC2::SecurityGroupIngress',
    physicalId: 'sgr-1',
    stated: {
      GroupId: 'sg-1',
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 23,
      SourceSecurityGroupId: 'sg-2',
      Description: 'from there',
    },
    answers: {
      ec2: {
        DescribeSecurityGroupRules: {
          SecurityGroupRules: [
            {
              GroupId: 'sg-1',
              IpProtocol: 'tcp',
              FromPort: 22,
              ToPort: 23,
              ReferencedGroupInfo: { GroupId: 'sg-2' },
              Description: 'from there',
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::SecurityGroupEgress',
    physicalId: 'a-name',
    stated: { GroupId: 'sg-1', IpProtocol: 'tcp', FromPort: 1, ToPort: 2, CidrIp: '10.0.0.0/8', Description: 'out' },
    answers: {
      ec2: {
        DescribeSecurityGroups: {
          SecurityGroups: [
            {
              GroupId: 'sg-1',
              IpPermissionsEgress: [
                {
                  IpProtocol: 'tcp',
                  FromPort: 1,
                  ToPort: 2,
                  IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'out' }],
                },
              ],
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::VPCEndpoint',
    physicalId: 'vpce-1',
    stated: {
      VpcEndpointType: 'Interface',
      VpcId: 'vpc-1',
      ServiceName: 'com.amazonaws.us-west-2.logs',
      SubnetIds: ['subnet-1', 'subnet-2'],
      RouteTableIds: ['rtb-1'],
      SecurityGroupIds: ['sg-1'],
      PrivateDnsEnabled: true,
      PolicyDocument: policy('logs:*'),
      Tags: tags,
    },
    answers: {
      ec2: {
        DescribeVpcEndpoints: {
          VpcEndpoints: [
            {
              VpcEndpointType: 'Interface',
              VpcId: 'vpc-1',
              ServiceName: 'com.amazonaws.us-west-2.logs',
              SubnetIds: ['subnet-2', 'subnet-1'],
              RouteTableIds: ['rtb-1'],
              Groups: [{ GroupId: 'sg-1' }],
              PrivateDnsEnabled: true,
              PolicyDocument: spelled('logs:*'),
              Tags: tags,
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::EC2::FlowLog',
    physicalId: 'fl-1',
    stated: {
      ResourceId: 'vpc-1',
      ResourceType: 'VPC',
      TrafficType: 'ALL',
      LogDestinationType: 's3',
      LogDestination: 'arn:aws:s3:::logs',
      LogGroupName: 'group',
      DeliverLogsPermissionArn: `arn:aws:iam::${ACCOUNT}:role/flow`,
      MaxAggregationInterval: 60,
      LogFormat: '$' + '{version}',
      Tags: tags,
    },
    answers: {
      ec2: {
        DescribeFlowLogs: {
          FlowLogs: [
            {
              ResourceId: 'vpc-1',
              TrafficType: 'ALL',
              LogDestinationType: 's3',
              LogDestination: 'arn:aws:s3:::logs',
              LogGroupName: 'group',
              DeliverLogsPermissionArn: `arn:aws:iam::${ACCOUNT}:role/flow`,
              MaxAggregationInterval: 60,
              LogFormat: '$' + '{version}',
              Tags: tags,
            },
          ],
        },
      },
    },
  },
  {
    type: 'AWS::ElastiCache::ReplicationGroup',
    physicalId: 'cache',
    stated: {
      ReplicationGroupId: 'cache',
      ReplicationGroupDescription: 'sessions',
      AtRestEncryptionEnabled: true,
      TransitEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
      KmsKeyId: '1111-2222',
      AutomaticFailoverEnabled: true,
      MultiAZEnabled: true,
      AutoMinorVersionUpgrade: true,
      CacheNodeType: 'cache.t4g.small',
      NumCacheClusters: 2,
      Port: 6379,
      SnapshotRetentionLimit: 7,
      SnapshotWindow: '05:00-06:00',
      UserGroupIds: ['users'],
      LogDeliveryConfigurations: [
        {
          LogType: 'slow-log',
          LogFormat: 'json',
          DestinationType: 'cloudwatch-logs',
          DestinationDetails: { CloudWatchLogsDetails: { LogGroup: 'slow' } },
        },
      ],
      Engine: 'valkey',
      EngineVersion: '8.0',
      CacheParameterGroupName: 'parameters',
      CacheSubnetGroupName: 'subnets',
      SecurityGroupIds: ['sg-1'],
      PreferredMaintenanceWindow: 'Sun:06:00-Sun:07:00',
      Tags: tags,
    },
    answers: {
      elasticache: {
        DescribeReplicationGroups: {
          ReplicationGroups: [
            {
              ReplicationGroupId: 'cache',
              Description: 'sessions',
              AtRestEncryptionEnabled: true,
              TransitEncryptionEnabled: true,
              TransitEncryptionMode: 'required',
              KmsKeyId: KEY,
              AutomaticFailover: 'enabled',
              MultiAZ: 'enabled',
              AutoMinorVersionUpgrade: true,
              CacheNodeType: 'cache.t4g.small',
              MemberClusters: ['cache-001', 'cache-002'],
              NodeGroups: [{ PrimaryEndpoint: { Port: 6379 } }],
              SnapshotRetentionLimit: 7,
              SnapshotWindow: '05:00-06:00',
              UserGroupIds: ['users'],
              LogDeliveryConfigurations: [
                {
                  LogType: 'slow-log',
                  LogFormat: 'json',
                  DestinationType: 'cloudwatch-logs',
                  DestinationDetails: { CloudWatchLogsDetails: { LogGroup: 'slow' } },
                },
              ],
            },
          ],
        },
        DescribeCacheClusters: {
          CacheClusters: [
            {
              Engine: 'valkey',
              EngineVersion: '8.0.1',
              CacheParameterGroup: { CacheParameterGroupName: 'parameters' },
              CacheSubnetGroupName: 'subnets',
              SecurityGroups: [{ SecurityGroupId: 'sg-1' }],
              PreferredMaintenanceWindow: 'sun:06:00-sun:07:00',
            },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
    besides: /MemberClusters\.\d \(changed\)|CacheClusters(\.0)? \(removed\)/, // without a member: not read
  },
  {
    type: 'AWS::ElastiCache::ParameterGroup',
    physicalId: 'parameters',
    stated: {
      CacheParameterGroupFamily: 'valkey8',
      Description: 'ours',
      Properties: { 'maxmemory-policy': 'volatile-lru', timeout: 300 },
      Tags: tags,
    },
    answers: {
      elasticache: {
        DescribeCacheParameterGroups: {
          CacheParameterGroups: [{ CacheParameterGroupFamily: 'valkey8', Description: 'ours' }],
        },
        DescribeCacheParameters: {
          Parameters: [
            { ParameterName: 'maxmemory-policy', ParameterValue: 'volatile-lru' },
            { ParameterName: 'timeout', ParameterValue: '300' },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::ElastiCache::SubnetGroup',
    physicalId: 'subnets',
    stated: {
      CacheSubnetGroupName: 'subnets',
      Description: 'isolated',
      SubnetIds: ['subnet-1', 'subnet-2'],
      Tags: tags,
    },
    answers: {
      elasticache: {
        DescribeCacheSubnetGroups: {
          CacheSubnetGroups: [
            {
              CacheSubnetGroupName: 'subnets',
              CacheSubnetGroupDescription: 'isolated',
              Subnets: [{ SubnetIdentifier: 'subnet-2' }, { SubnetIdentifier: 'subnet-1' }],
            },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::ElastiCache::User',
    physicalId: 'app',
    stated: {
      UserId: 'app-id',
      UserName: 'app',
      Engine: 'valkey',
      AccessString: 'on ~* +@read',
      AuthenticationMode: { Type: 'iam' },
      Tags: tags,
    },
    answers: {
      elasticache: {
        DescribeUsers: {
          Users: [
            {
              UserId: 'app-id',
              UserName: 'app',
              Engine: 'valkey',
              AccessString: 'on ~* +@read',
              Authentication: { Type: 'iam' },
            },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::ElastiCache::UserGroup',
    physicalId: 'users',
    stated: { UserGroupId: 'users', Engine: 'valkey', UserIds: ['app-id', 'default-id'], Tags: tags },
    answers: {
      elasticache: {
        DescribeUserGroups: {
          UserGroups: [{ UserGroupId: 'users', Engine: 'valkey', UserIds: ['default-id', 'app-id'] }],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::Events::Rule',
    physicalId: 'bus|failures',
    stated: {
      Name: 'failures',
      Description: 'what failed',
      EventBusName: 'bus',
      EventPattern: { source: ['aws.backup'], detail: { state: ['FAILED', { prefix: 'AB' }] } },
      State: 'DISABLED',
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/events`,
      Targets: [{ Id: 'topic', Arn: TOPIC, InputTransformer: { InputPathsMap: { a: '$.a' }, InputTemplate: '"<a>"' } }],
      Tags: tags,
    },
    answers: {
      eventbridge: {
        DescribeRule: {
          Name: 'failures',
          Description: 'what failed',
          EventBusName: 'bus',
          EventPattern: '{"detail":{"state":["FAILED",{"prefix":"AB"}]},"source":["aws.backup"]}',
          State: 'DISABLED',
          RoleArn: `arn:aws:iam::${ACCOUNT}:role/events`,
        },
        ListTargetsByRule: {
          Targets: [
            { Id: 'topic', Arn: TOPIC, InputTransformer: { InputPathsMap: { a: '$.a' }, InputTemplate: '"<a>"' } },
          ],
        },
        ListTagsForResource: { Tags: tags },
      },
    },
  },
  {
    type: 'AWS::IAM::Role',
    physicalId: 'developer',
    stated: {
      RoleName: 'developer',
      Path: '/people/',
      Description: 'reads',
      MaxSessionDuration: 7200,
      AssumeRolePolicyDocument: policy('sts:AssumeRole'),
      PermissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      Policies: [{ PolicyName: 'inline', PolicyDocument: policy('s3:GetObject') }],
      Tags: tags,
    },
    stack: [{ type: 'AWS::IAM::Policy', physicalId: 'beside', stated: { PolicyName: 'beside', Roles: ['developer'] } }],
    answers: {
      iam: {
        GetRole: {
          Role: {
            RoleName: 'developer',
            Path: '/people/',
            Description: 'reads',
            MaxSessionDuration: 7200,
            AssumeRolePolicyDocument: encodeURIComponent(spelled('sts:AssumeRole')),
            PermissionsBoundary: { PermissionsBoundaryArn: `arn:aws:iam::${ACCOUNT}:policy/boundary` },
            Tags: tags,
          },
        },
        ListAttachedRolePolicies: {
          AttachedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
        },
        ListRolePolicies: { PolicyNames: ['inline', 'beside'] },
        GetRolePolicy: { PolicyDocument: encodeURIComponent(spelled('s3:GetObject')) },
      },
    },
    besides: /PolicyNames\.1 \(removed\)/, // a resource of its own is missed as that
  },
  {
    type: 'AWS::IAM::ManagedPolicy',
    physicalId: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
    stated: {
      ManagedPolicyName: 'boundary',
      Description: 'as far as it goes',
      Path: '/x/',
      PolicyDocument: policy('s3:*'),
      Roles: ['developer'],
    },
    answers: {
      iam: {
        GetPolicy: { Policy: { PolicyName: 'boundary', Description: 'as far as it goes', Path: '/x/' } },
        GetPolicyVersion: { PolicyVersion: { Document: encodeURIComponent(spelled('s3:*')) } },
        ListEntitiesForPolicy: { PolicyRoles: [{ RoleName: 'developer' }] },
      },
    },
  },
  {
    type: 'AWS::IAM::InstanceProfile',
    physicalId: 'profile',
    stated: { InstanceProfileName: 'profile', Path: '/x/', Roles: ['developer'] },
    answers: {
      iam: {
        GetInstanceProfile: {
          InstanceProfile: { InstanceProfileName: 'profile', Path: '/x/', Roles: [{ RoleName: 'developer' }] },
        },
      },
    },
  },
  {
    type: 'AWS::KMS::Key',
    physicalId: '1111-2222',
    stated: {
      Description: 'data',
      Enabled: true,
      EnableKeyRotation: true,
      RotationPeriodInDays: 180,
      KeyPolicy: policy('kms:*'),
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      MultiRegion: true,
      Tags: tags,
    },
    answers: {
      kms: {
        DescribeKey: {
          KeyMetadata: {
            Description: 'data',
            Enabled: true,
            KeySpec: 'SYMMETRIC_DEFAULT',
            KeyUsage: 'ENCRYPT_DECRYPT',
            MultiRegion: true,
          },
        },
        GetKeyRotationStatus: { KeyRotationEnabled: true, RotationPeriodInDays: 180 },
        GetKeyPolicy: { Policy: spelled('kms:*') },
        ListResourceTags: { Tags: [{ TagKey: 'Name', TagValue: 'one' }] },
      },
    },
  },
  {
    type: 'AWS::KMS::Alias',
    physicalId: 'alias/data',
    stated: { AliasName: 'alias/data', TargetKeyId: '1111-2222' },
    answers: { kms: { DescribeKey: { KeyMetadata: { Arn: KEY } } } },
  },
  {
    type: 'AWS::Lambda::Function',
    physicalId: 'mask',
    stated: {
      FunctionName: 'mask',
      Description: 'masks',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: `arn:aws:iam::${ACCOUNT}:role/mask`,
      MemorySize: 512,
      Timeout: 900,
      Architectures: ['arm64'],
      DeadLetterConfig: { TargetArn: arn('sqs', 'dead') },
      Environment: { Variables: { TIER: 'staging', COUNT: 3 } },
      EphemeralStorage: { Size: 1024 },
      KmsKeyArn: KEY,
      Layers: [arn('lambda', 'layer:one:1')],
      ReservedConcurrentExecutions: 1,
      RecursiveLoop: 'Allow',
      TracingConfig: { Mode: 'Active' },
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      Tags: tags,
    },
    answers: {
      lambda: {
        GetFunction: {
          Configuration: {
            FunctionName: 'mask',
            Description: 'masks',
            Runtime: 'nodejs22.x',
            Handler: 'index.handler',
            Role: `arn:aws:iam::${ACCOUNT}:role/mask`,
            MemorySize: 512,
            Timeout: 900,
            Architectures: ['arm64'],
            DeadLetterConfig: { TargetArn: arn('sqs', 'dead') },
            Environment: { Variables: { TIER: 'staging', COUNT: '3' } },
            EphemeralStorage: { Size: 1024 },
            KMSKeyArn: KEY,
            Layers: [{ Arn: arn('lambda', 'layer:one:1') }],
            TracingConfig: { Mode: 'Active' },
            VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
          },
          Concurrency: { ReservedConcurrentExecutions: 1 },
          Tags: { Name: 'one' },
        },
        GetFunctionRecursionConfig: { RecursiveLoop: 'Allow' },
      },
    },
  },
  {
    type: 'AWS::Lambda::Permission',
    physicalId: 'stack-permission',
    stated: {
      FunctionName: 'mask',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: arn('events', 'rule/nightly'),
      SourceAccount: ACCOUNT,
    },
    answers: {
      lambda: {
        GetPolicy: {
          Policy: JSON.stringify({
            Statement: [
              {
                Sid: 'stack-permission',
                Action: 'lambda:InvokeFunction',
                Principal: { Service: 'events.amazonaws.com' },
                Condition: {
                  ArnLike: { 'AWS:SourceArn': arn('events', 'rule/nightly') },
                  StringEquals: { 'AWS:SourceAccount': ACCOUNT },
                },
              },
            ],
          }),
        },
      },
    },
  },
  {
    type: 'AWS::Logs::LogGroup',
    physicalId: '/a/group',
    stated: {
      LogGroupName: '/a/group',
      RetentionInDays: 30,
      KmsKeyId: KEY,
      LogGroupClass: 'INFREQUENT_ACCESS',
      Tags: tags,
    },
    answers: {
      'cloudwatch-logs': {
        DescribeLogGroups: {
          logGroups: [
            { logGroupName: '/a/group-other', retentionInDays: 1 },
            { logGroupName: '/a/group', retentionInDays: 30, kmsKeyId: KEY, logGroupClass: 'INFREQUENT_ACCESS' },
          ],
        },
        ListTagsForResource: { tags: { Name: 'one' } },
      },
    },
    besides: /logGroups\.0/,
  },
  {
    type: 'AWS::RDS::DBCluster',
    physicalId: 'orders',
    stated: {
      DBClusterIdentifier: 'Orders',
      DatabaseName: 'orders',
      Engine: 'aurora-postgresql',
      EngineVersion: '16.4',
      MasterUsername: 'admin_user',
      ManageMasterUserPassword: true,
      MasterUserSecret: { KmsKeyId: KEY },
      Port: 5433,
      BackupRetentionPeriod: 35,
      PreferredBackupWindow: '03:00-04:00',
      PreferredMaintenanceWindow: 'Sun:05:00-Sun:06:00',
      DBClusterParameterGroupName: 'parameters',
      DBSubnetGroupName: 'subnets',
      VpcSecurityGroupIds: ['sg-1'],
      StorageEncrypted: true,
      KmsKeyId: KEY,
      DeletionProtection: true,
      CopyTagsToSnapshot: true,
      EnableCloudwatchLogsExports: ['postgresql'],
      EnableHttpEndpoint: true,
      EnableIAMDatabaseAuthentication: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
      Tags: tags,
    },
    answers: {
      rds: {
        DescribeDBClusters: {
          DBClusters: [
            {
              DBClusterIdentifier: 'orders',
              DatabaseName: 'orders',
              Engine: 'aurora-postgresql',
              EngineVersion: '16.4',
              MasterUsername: 'admin_user',
              MasterUserSecret: { SecretArn: 'arn:secret', KmsKeyId: KEY },
              Port: 5433,
              BackupRetentionPeriod: 35,
              PreferredBackupWindow: '03:00-04:00',
              PreferredMaintenanceWindow: 'sun:05:00-sun:06:00',
              DBClusterParameterGroup: 'parameters',
              DBSubnetGroup: 'subnets',
              VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }],
              StorageEncrypted: true,
              KmsKeyId: KEY,
              DeletionProtection: true,
              CopyTagsToSnapshot: true,
              EnabledCloudwatchLogsExports: ['postgresql'],
              HttpEndpointEnabled: true,
              IAMDatabaseAuthenticationEnabled: true,
              ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
              TagList: tags,
            },
          ],
        },
      },
    },
    besides: /SecretArn/,
  },
  {
    type: 'AWS::RDS::DBInstance',
    physicalId: 'writer',
    stated: {
      DBInstanceIdentifier: 'writer',
      DBClusterIdentifier: 'orders',
      DBInstanceClass: 'db.r8g.large',
      Engine: 'aurora-postgresql',
      AvailabilityZone: 'us-west-2a',
      AutoMinorVersionUpgrade: true,
      EnablePerformanceInsights: true,
      PerformanceInsightsKMSKeyId: KEY,
      PerformanceInsightsRetentionPeriod: 31,
      MonitoringInterval: 60,
      MonitoringRoleArn: `arn:aws:iam::${ACCOUNT}:role/monitoring`,
      PreferredMaintenanceWindow: 'sun:05:00-sun:06:00',
      PromotionTier: 1,
      PubliclyAccessible: true,
      MultiAZ: true,
      StorageEncrypted: true,
      AllocatedStorage: '100',
      Port: '5433',
      DBParameterGroupName: 'parameters',
      VPCSecurityGroups: ['sg-1'],
      Tags: tags,
    },
    answers: {
      rds: {
        DescribeDBInstances: {
          DBInstances: [
            {
              DBInstanceIdentifier: 'writer',
              DBClusterIdentifier: 'orders',
              DBInstanceClass: 'db.r8g.large',
              Engine: 'aurora-postgresql',
              AvailabilityZone: 'us-west-2a',
              AutoMinorVersionUpgrade: true,
              PerformanceInsightsEnabled: true,
              PerformanceInsightsKMSKeyId: KEY,
              PerformanceInsightsRetentionPeriod: 31,
              MonitoringInterval: 60,
              MonitoringRoleArn: `arn:aws:iam::${ACCOUNT}:role/monitoring`,
              PreferredMaintenanceWindow: 'sun:05:00-sun:06:00',
              PromotionTier: 1,
              PubliclyAccessible: true,
              MultiAZ: true,
              StorageEncrypted: true,
              AllocatedStorage: 100,
              Endpoint: { Port: 5433 },
              DBParameterGroups: [{ DBParameterGroupName: 'parameters' }],
              VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }],
              TagList: tags,
            },
          ],
        },
      },
    },
  },
  ...[
    {
      type: 'AWS::RDS::DBClusterParameterGroup',
      name: 'DBClusterParameterGroupName',
      groups: 'DescribeDBClusterParameterGroups',
      list: 'DBClusterParameterGroups',
      parameters: 'DescribeDBClusterParameters',
    },
    {
      type: 'AWS::RDS::DBParameterGroup',
      name: 'DBParameterGroupName',
      groups: 'DescribeDBParameterGroups',
      list: 'DBParameterGroups',
      parameters: 'DescribeDBParameters',
    },
  ].map(({ type, name, groups, list, parameters }) => ({
    type,
    physicalId: 'parameters',
    stated: {
      [name]: 'parameters',
      Family: 'aurora-postgresql16',
      Description: 'ours',
      Parameters: { 'rds.force_ssl': 1, log_statement: 'ddl' },
      Tags: tags,
    },
    answers: {
      rds: {
        [groups]: {
          [list]: [{ [name]: 'parameters', DBParameterGroupFamily: 'aurora-postgresql16', Description: 'ours' }],
        },
        [parameters]: {
          Parameters: [
            { ParameterName: 'rds.force_ssl', ParameterValue: '1' },
            { ParameterName: 'log_statement', ParameterValue: 'ddl' },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  })),
  {
    type: 'AWS::RDS::DBSubnetGroup',
    physicalId: 'subnets',
    stated: { DBSubnetGroupName: 'subnets', DBSubnetGroupDescription: 'isolated', SubnetIds: ['subnet-1'], Tags: tags },
    answers: {
      rds: {
        DescribeDBSubnetGroups: {
          DBSubnetGroups: [
            {
              DBSubnetGroupName: 'subnets',
              DBSubnetGroupDescription: 'isolated',
              Subnets: [{ SubnetIdentifier: 'subnet-1' }],
            },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::RDS::EventSubscription',
    physicalId: 'events',
    stated: {
      SubscriptionName: 'events',
      SnsTopicArn: TOPIC,
      SourceType: 'db-cluster',
      SourceIds: ['orders'],
      EventCategories: ['failover', 'failure'],
      Enabled: true,
      Tags: tags,
    },
    answers: {
      rds: {
        DescribeEventSubscriptions: {
          EventSubscriptionsList: [
            {
              CustSubscriptionId: 'events',
              SnsTopicArn: TOPIC,
              SourceType: 'db-cluster',
              SourceIdsList: ['orders'],
              EventCategoriesList: ['failure', 'failover'],
              Enabled: true,
            },
          ],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::S3::Bucket',
    physicalId: 'data',
    stated: {
      BucketName: 'data',
      AccelerateConfiguration: { AccelerationStatus: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
          },
        ],
      },
      CorsConfiguration: {
        CorsRules: [{ Id: 'one', AllowedMethods: ['GET'], AllowedOrigins: ['*'], ExposedHeaders: ['x'], MaxAge: 60 }],
      },
      IntelligentTieringConfigurations: [
        { Id: 'tier', Status: 'Enabled', Prefix: 'a/', Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: 90 }] },
      ],
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'expire',
            Status: 'Enabled',
            Prefix: 'logs/',
            TagFilters: [{ Key: 'k', Value: 'v' }],
            ExpirationInDays: 365,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            NoncurrentVersionExpiration: { NoncurrentDays: 30, NewerNoncurrentVersions: 3 },
            Transitions: [{ TransitionInDays: 30, StorageClass: 'GLACIER' }],
            NoncurrentVersionTransitions: [{ TransitionInDays: 10, StorageClass: 'STANDARD_IA' }],
          },
          { Id: 'markers', Status: 'Enabled', ExpiredObjectDeleteMarker: true },
        ],
      },
      LoggingConfiguration: { DestinationBucketName: 'logs', LogFilePrefix: 'data/' },
      NotificationConfiguration: {
        EventBridgeConfiguration: { EventBridgeEnabled: true },
        TopicConfigurations: [
          { Topic: TOPIC, Event: 's3:ObjectRemoved:*', Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'x' }] } } },
        ],
      },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      Tags: tags,
      VersioningConfiguration: { Status: 'Enabled' },
    },
    answers: {
      s3: {
        HeadBucket: {},
        GetBucketAccelerateConfiguration: { Status: 'Enabled' },
        GetBucketEncryption: {
          ServerSideEncryptionConfiguration: {
            Rules: [
              {
                BucketKeyEnabled: true,
                ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
              },
            ],
          },
        },
        GetBucketCors: {
          CORSRules: [
            {
              ID: 'one',
              AllowedMethods: ['GET'],
              AllowedOrigins: ['*'],
              ExposeHeaders: ['x'],
              MaxAgeSeconds: 60,
            },
          ],
        },
        ListBucketIntelligentTieringConfigurations: {
          IntelligentTieringConfigurationList: [
            {
              Id: 'tier',
              Status: 'Enabled',
              Filter: { Prefix: 'a/' },
              Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: 90 }],
            },
          ],
        },
        GetBucketLifecycleConfiguration: {
          Rules: [
            { ID: 'markers', Status: 'Enabled', Expiration: { ExpiredObjectDeleteMarker: true } },
            {
              ID: 'expire',
              Status: 'Enabled',
              Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'k', Value: 'v' }] } },
              Expiration: { Days: 365 },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              NoncurrentVersionExpiration: { NoncurrentDays: 30, NewerNoncurrentVersions: 3 },
              Transitions: [{ Days: 30, StorageClass: 'GLACIER' }],
              NoncurrentVersionTransitions: [{ NoncurrentDays: 10, StorageClass: 'STANDARD_IA' }],
            },
          ],
        },
        GetBucketLogging: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'data/' } },
        GetBucketNotificationConfiguration: {
          EventBridgeConfiguration: {},
          TopicConfigurations: [
            {
              TopicArn: TOPIC,
              Events: ['s3:ObjectRemoved:*'],
              Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'x' }] } },
            },
          ],
        },
        GetObjectLockConfiguration: {
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
          },
        },
        GetBucketOwnershipControls: { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } },
        GetPublicAccessBlock: {
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        },
        GetBucketTagging: { TagSet: tags },
        GetBucketVersioning: { Status: 'Enabled' },
      },
    },
  },
  {
    type: 'AWS::S3::BucketPolicy',
    physicalId: 'data',
    stated: { Bucket: 'data', PolicyDocument: policy('s3:*') },
    answers: { s3: { GetBucketPolicy: { Policy: spelled('s3:*') } } },
  },
  {
    type: 'AWS::SNS::Topic',
    physicalId: TOPIC,
    stated: {
      TopicName: 'alerts',
      DisplayName: 'Alerts',
      KmsMasterKeyId: '1111-2222',
      SignatureVersion: 2,
      TracingConfig: 'Active',
      FifoTopic: true,
      ContentBasedDeduplication: true,
      Tags: tags,
    },
    answers: {
      sns: {
        GetTopicAttributes: {
          Attributes: {
            DisplayName: 'Alerts',
            KmsMasterKeyId: '1111-2222',
            SignatureVersion: '2',
            TracingConfig: 'Active',
            FifoTopic: 'true',
            ContentBasedDeduplication: 'true',
          },
        },
        ListTagsForResource: { Tags: tags },
      },
    },
  },
  {
    type: 'AWS::SNS::TopicPolicy',
    physicalId: 'policy',
    stated: { Topics: [TOPIC], PolicyDocument: policy('sns:Publish') },
    answers: { sns: { GetTopicAttributes: { Attributes: { Policy: spelled('sns:Publish') } } } },
  },
  {
    type: 'AWS::SNS::Subscription',
    physicalId: `${TOPIC}:1`,
    stated: {
      TopicArn: TOPIC,
      Protocol: 'email',
      Endpoint: 'a@example.com',
      RawMessageDelivery: true,
      FilterPolicy: { kind: ['a'] },
      FilterPolicyScope: 'MessageBody',
      RedrivePolicy: { deadLetterTargetArn: arn('sqs', 'dead') },
    },
    answers: {
      sns: {
        GetSubscriptionAttributes: {
          Attributes: {
            TopicArn: TOPIC,
            Protocol: 'email',
            Endpoint: 'a@example.com',
            RawMessageDelivery: 'true',
            FilterPolicy: '{"kind":["a"]}',
            FilterPolicyScope: 'MessageBody',
            RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('sqs', 'dead') }),
          },
        },
      },
    },
  },
  {
    type: 'AWS::SQS::Queue',
    physicalId: `https://sqs.us-west-2.amazonaws.com/${ACCOUNT}/dead`,
    stated: {
      QueueName: 'dead',
      DelaySeconds: 5,
      MaximumMessageSize: 1024,
      MessageRetentionPeriod: 1209600,
      ReceiveMessageWaitTimeSeconds: 20,
      VisibilityTimeout: 60,
      KmsMasterKeyId: KEY,
      KmsDataKeyReusePeriodSeconds: 300,
      RedrivePolicy: { deadLetterTargetArn: arn('sqs', 'other'), maxReceiveCount: 5 },
      Tags: tags,
    },
    answers: {
      sqs: {
        GetQueueAttributes: {
          Attributes: {
            QueueArn: arn('sqs', 'dead'),
            DelaySeconds: '5',
            MaximumMessageSize: '1024',
            MessageRetentionPeriod: '1209600',
            ReceiveMessageWaitTimeSeconds: '20',
            VisibilityTimeout: '60',
            KmsMasterKeyId: KEY,
            KmsDataKeyReusePeriodSeconds: '300',
            RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn('sqs', 'other'), maxReceiveCount: '5' }),
          },
        },
        ListQueueTags: { Tags: { Name: 'one' } },
      },
    },
  },
  {
    type: 'AWS::SQS::QueuePolicy',
    physicalId: 'policy',
    stated: { Queues: ['https://sqs/dead'], PolicyDocument: policy('sqs:SendMessage') },
    answers: { sqs: { GetQueueAttributes: { Attributes: { Policy: spelled('sqs:SendMessage') } } } },
  },
  {
    type: 'AWS::SSM::Parameter',
    physicalId: '/a/rules',
    stated: {
      Name: '/a/rules',
      Type: 'String',
      Value: '{"columns":["email"]}',
      Description: 'what is masked',
      AllowedPattern: '^.*$',
      Tier: 'Advanced',
      Tags: { Name: 'one' },
    },
    answers: {
      ssm: {
        GetParameter: { Parameter: { Name: '/a/rules', Type: 'String', Value: '{"columns":["email"]}' } },
        DescribeParameters: {
          Parameters: [{ Description: 'what is masked', AllowedPattern: '^.*$', Tier: 'Advanced' }],
        },
        ListTagsForResource: { TagList: tags },
      },
    },
  },
  {
    type: 'AWS::SecretsManager::Secret',
    physicalId: arn('secretsmanager', 'secret:key-AbCdEf'),
    stated: {
      Name: 'key',
      Description: 'for masking',
      KmsKeyId: KEY,
      Tags: tags,
      ReplicaRegions: [{ Region: 'us-east-1', KmsKeyId: 'other' }],
    },
    answers: {
      'secrets-manager': {
        DescribeSecret: {
          Name: 'key',
          Description: 'for masking',
          KmsKeyId: KEY,
          Tags: tags,
          ReplicationStatus: [{ Region: 'us-east-1', KmsKeyId: 'other' }],
        },
      },
    },
  },
];
