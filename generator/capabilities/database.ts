import {
  availabilityZones,
  aws,
  condition,
  type Expression,
  equals,
  fragment,
  meets,
  noValue,
  type Parameter,
  parameter,
  type Resource,
  resource,
  rule,
  select,
  split,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

/** UTC, apart from each other. */
const BACKUP_WINDOW = '08:00-08:30';
const MAINTENANCE_WINDOW = 'sun:09:00-sun:09:30';

const DATABASE_NAME = 'app';
const MASTER_USERNAME = 'app_owner';

interface DatabaseInputs {
  environmentType: Parameter;
  dataKeyArn: Expression;
  logsKeyArn: Expression;
  alertTopicArn: Expression;
  /** Subnets without a route to the internet, among them one in each of the first two zones of the region. */
  dataSubnetIds: Expression;
  databaseSecurityGroupId: Expression;
  databasePort: Expression;
  /** By which AWS Backup selects the cluster, where the environment has a plan. */
  backupTag?: { Key: string; Value: Value<string> };
  /** `serverless`: one instance of Serverless v2, a second where asked for. Else two of a class to choose. */
  shape?: 'serverless' | 'two instances';
}

/**
 * Aurora PostgreSQL over two zones. Deletion takes a final snapshot and keeps the log group. At rest: two db.r6g.large,
 * 380 USD a month, storage 0.10 USD per GB-month (RDS pricing, us-east-1, 2026-11); db.serverless from 44 USD an instance.
 * Burstable classes are not offered: the Data API, which data masking uses, does not work on them
 * (Aurora user guide, "Limitations for the Amazon RDS Data API", 2026-11).
 */
export function database(inputs: DatabaseInputs) {
  const { dataKeyArn, logsKeyArn, alertTopicArn } = inputs;
  const serverless = inputs.shape === 'serverless';

  const databaseEngineVersion = parameter('DatabaseEngineVersion', 'String', {
    group: 'Sizing',
    label: 'Aurora PostgreSQL version',
    Description:
      'Version at creation; later minor versions are installed by themselves. 16.8 is a release with long-term support.',
    Default: '16.8',
    AllowedPattern: '^1[67]\\.[0-9]{1,2}$',
    ConstraintDescription: 'Give a minor version of Aurora PostgreSQL 16 or 17, such as 16.8.',
  });
  const databaseInstanceClass = parameter('DatabaseInstanceClass', 'String', {
    group: 'Sizing',
    label: 'Database instance class',
    Description:
      'Class of both instances. db.serverless scales between the two capacities. The Data API rules out db.t.',
    Default: 'db.r6g.large',
    AllowedValues: [
      'db.serverless',
      'db.r6g.large',
      'db.r6g.xlarge',
      'db.r6g.2xlarge',
      'db.r7g.large',
      'db.r7g.xlarge',
      'db.r7g.2xlarge',
      'db.r8g.large',
      'db.r8g.xlarge',
      'db.r8g.2xlarge',
    ],
  });
  const databaseInstances = parameter('DatabaseInstances', 'Number', {
    group: 'Sizing',
    label: 'Database instances',
    Description: '2: where one fails, the other one, in another zone, takes over within a minute. 1: it is an outage.',
    Default: 1,
    AllowedValues: [1, 2],
  });
  const hasReader = condition('HasDatabaseReader', equals(databaseInstances.ref, 2));
  const onlyServerless = serverless ? '' : ' Only db.serverless uses it.';
  const databaseMinCapacityAcu = parameter('DatabaseMinCapacityAcu', 'Number', {
    group: 'Sizing',
    label: 'Least serverless capacity (ACU)',
    Description: `Aurora capacity units that an instance keeps when idle.${onlyServerless}`,
    Default: 0.5,
    AllowedValues: [0.5, 1, 2],
  });
  const databaseMaxCapacityAcu = parameter('DatabaseMaxCapacityAcu', 'Number', {
    group: 'Sizing',
    label: 'Most serverless capacity (ACU)',
    Description: `Aurora capacity units that an instance may grow to.${onlyServerless}`,
    Default: 4,
    AllowedValues: [2, 4, 8, 16, 32, 64],
  });
  const databaseName = parameter('DatabaseName', 'String', {
    group: 'Sizing',
    label: 'Database name',
    Description: 'Database that is created with the cluster. A change replaces the cluster.',
    Default: DATABASE_NAME,
    AllowedPattern: '^[a-z][a-z0-9_]{0,62}$',
    ConstraintDescription: 'Use 1 to 63 lower-case letters, digits and underscores, beginning with a letter.',
  });
  const databaseMasterUsername = parameter('DatabaseMasterUsername', 'String', {
    group: 'Protection',
    label: 'Database master user',
    Description: 'Its password is made and rotated by Secrets Manager. A change replaces the cluster.',
    Default: MASTER_USERNAME,
    AllowedPattern: '^(?!(admin|postgres|rdsadmin|root)$)[a-z][a-z0-9_]{0,62}$',
    ConstraintDescription: 'Use lower-case letters, digits and underscores; admin, postgres, rdsadmin, root are taken.',
  });
  const databaseDeletionProtection = parameter('DatabaseDeletionProtection', 'String', {
    group: 'Protection',
    label: 'Database deletion protection',
    Description: 'true: the cluster cannot be deleted until this is false.',
    Default: 'true',
    AllowedValues: ['true', 'false'],
  });
  const databaseBackupRetentionDays = parameter('DatabaseBackupRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Point-in-time recovery (days)',
    Description: `Days back to which the cluster can be restored to any second${
      inputs.backupTag ? ', until AWS Backup takes over with its first backup' : ''
    }.`,
    Default: 14,
    MinValue: 7,
    MaxValue: 35,
  });
  const databaseLogRetentionDays = parameter('DatabaseLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Database log retention (days)',
    Description: 'Days until a line of the database log expires.',
    Default: 365,
    AllowedValues: [30, 60, 90, 180, 365, 731, 1827, 3653],
  });
  const databaseBackupWindow = parameter('DatabaseBackupWindow', 'String', {
    group: 'Operations',
    label: 'Database backup window (UTC)',
    Description: 'Daily, hh:mm-hh:mm in UTC, at least 30 minutes, apart from the maintenance window.',
    Default: BACKUP_WINDOW,
    AllowedPattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$',
    ConstraintDescription: 'Give it as hh:mm-hh:mm.',
  });
  const databaseMaintenanceWindow = parameter('DatabaseMaintenanceWindow', 'String', {
    group: 'Operations',
    label: 'Database maintenance window (UTC)',
    Description: 'Weekly, ddd:hh:mm-ddd:hh:mm in UTC, at least 30 minutes.',
    Default: MAINTENANCE_WINDOW,
    AllowedPattern:
      '^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$',
    ConstraintDescription: 'Give it as ddd:hh:mm-ddd:hh:mm.',
  });
  const maintenanceWindow = serverless ? MAINTENANCE_WINDOW : databaseMaintenanceWindow.ref;
  const productionProtectsDatabase = rule('ProductionProtectsDatabase', {
    RuleCondition: equals(inputs.environmentType.ref, 'production'),
    Assertions: [
      {
        Assert: equals(databaseDeletionProtection.ref, 'true'),
        AssertDescription: 'Set DatabaseDeletionProtection to true where EnvironmentType is production.',
      },
    ],
  });

  const databaseSubnetGroup = resource('DatabaseSubnetGroup', 'AWS::RDS::DBSubnetGroup', {
    Properties: {
      DBSubnetGroupName: named('database'),
      DBSubnetGroupDescription: sub('Isolated subnets of ${EnvironmentSuffix}'),
      SubnetIds: inputs.dataSubnetIds,
      Tags: tags('database'),
    },
  });
  const majorVersion = select(0, split('.', databaseEngineVersion.ref));
  const databaseClusterParameterGroup = resource('DatabaseClusterParameterGroup', 'AWS::RDS::DBClusterParameterGroup', {
    comment:
      'Statements in the log may hold data: its readers are limited like those of the database. Times in milliseconds.',
    Properties: {
      DBClusterParameterGroupName: sub('${EnvironmentSuffix}-database-postgresql${Major}', { Major: majorVersion }),
      Description: sub('Aurora PostgreSQL of ${EnvironmentSuffix}'),
      Family: sub('aurora-postgresql${Major}', { Major: majorVersion }),
      Parameters: {
        'rds.force_ssl': meets('PF.Aurora.tls', '1'),
        log_connections: '1',
        log_disconnections: '1',
        log_lock_waits: '1',
        log_min_duration_statement: '1000',
        log_statement: 'ddl',
        log_temp_files: '10240',
        shared_preload_libraries: 'pg_stat_statements',
      },
      Tags: tags('database'),
    },
  });
  const databaseLogGroup = resource('DatabaseLogGroup', 'AWS::Logs::LogGroup', {
    comment: 'Made before the cluster, which would make it without key and without end.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      LogGroupName: sub('/aws/rds/cluster/${EnvironmentSuffix}-database/postgresql'),
      KmsKeyId: meets('PF.Logs.kms', logsKeyArn),
      RetentionInDays: serverless ? meets('CloudWatch.16', 365) : databaseLogRetentionDays.ref,
      Tags: tags('database'),
    },
  });
  const databaseMonitoringRole = resource('DatabaseMonitoringRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('database-monitoring'),
      Description: 'RDS writes the metrics of the operating system to CloudWatch Logs.',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'monitoring.rds.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
          },
        ],
      },
      ManagedPolicyArns: [sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole')],
      Tags: tags('database-monitoring'),
    },
  });

  const databaseCluster = resource('DatabaseCluster', 'AWS::RDS::DBCluster', {
    DependsOn: [databaseLogGroup],
    DeletionPolicy: 'Snapshot',
    UpdateReplacePolicy: 'Snapshot',
    Properties: {
      DBClusterIdentifier: named('database'),
      Engine: 'aurora-postgresql',
      EngineVersion: databaseEngineVersion.ref,
      DatabaseName: serverless ? DATABASE_NAME : databaseName.ref,
      Port: inputs.databasePort,
      DBSubnetGroupName: databaseSubnetGroup.ref,
      VpcSecurityGroupIds: [inputs.databaseSecurityGroupId],
      DBClusterParameterGroupName: databaseClusterParameterGroup.ref,
      ServerlessV2ScalingConfiguration: {
        MinCapacity: databaseMinCapacityAcu.ref,
        MaxCapacity: databaseMaxCapacityAcu.ref,
      },
      StorageEncrypted: meets('RDS.27', true),
      KmsKeyId: dataKeyArn,
      MasterUsername: meets('RDS.24', serverless ? MASTER_USERNAME : databaseMasterUsername.ref),
      ManageMasterUserPassword: meets('PF.Aurora.secret', true),
      MasterUserSecret: { KmsKeyId: meets('PF.Secrets.cmk', dataKeyArn) },
      EnableIAMDatabaseAuthentication: meets('RDS.12', true),
      EnableHttpEndpoint: true,
      DeletionProtection: databaseDeletionProtection.ref,
      BackupRetentionPeriod: databaseBackupRetentionDays.ref,
      PreferredBackupWindow: serverless ? BACKUP_WINDOW : databaseBackupWindow.ref,
      PreferredMaintenanceWindow: maintenanceWindow,
      CopyTagsToSnapshot: meets('RDS.16', true),
      EnableCloudwatchLogsExports: meets('RDS.37', ['postgresql']),
      Tags: [...tags('database'), ...(inputs.backupTag ? [inputs.backupTag] : [])],
    },
  });

  /** The first that exists becomes the writer; a failover swaps the two, which is why their names say neither. */
  const instance = (id: string, name: string, zone: 0 | 1, after?: Resource<'AWS::RDS::DBInstance'>) =>
    resource(id, 'AWS::RDS::DBInstance', {
      ...(after && serverless && { Condition: hasReader }),
      ...(after && { DependsOn: [after] }),
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        DBInstanceIdentifier: named(name),
        DBClusterIdentifier: serverless ? databaseCluster.ref : meets('RDS.15', databaseCluster.ref),
        Engine: 'aurora-postgresql',
        DBInstanceClass: serverless ? 'db.serverless' : databaseInstanceClass.ref,
        AvailabilityZone: select(zone, availabilityZones()),
        PromotionTier: 0,
        PubliclyAccessible: meets('RDS.2', false),
        EnablePerformanceInsights: true,
        PerformanceInsightsKMSKeyId: meets('PF.RDS.pikms', dataKeyArn),
        PerformanceInsightsRetentionPeriod: 7,
        MonitoringInterval: meets('RDS.6', 60),
        MonitoringRoleArn: databaseMonitoringRole.att('Arn'),
        AutoMinorVersionUpgrade: meets('RDS.13', true),
        PreferredMaintenanceWindow: maintenanceWindow,
        Tags: tags(name),
      },
    });
  const databaseWriter = instance('DatabaseWriter', 'database-1', 0);
  const databaseReader = instance('DatabaseReader', 'database-2', 1, databaseWriter);

  const eventSubscriptions = [
    resource('DatabaseClusterEvents', 'AWS::RDS::EventSubscription', {
      Properties: {
        SubscriptionName: named('database-cluster'),
        SnsTopicArn: alertTopicArn,
        SourceType: 'db-cluster',
        SourceIds: [databaseCluster.ref],
        EventCategories: meets('RDS.19', ['failover', 'failure', 'maintenance']),
        Tags: tags('database-cluster'),
      },
    }),
    resource('DatabaseInstanceEvents', 'AWS::RDS::EventSubscription', {
      Properties: {
        SubscriptionName: named('database-instance'),
        SnsTopicArn: alertTopicArn,
        SourceType: 'db-instance',
        SourceIds: [
          databaseWriter.ref,
          serverless ? hasReader.pick<string>(databaseReader.ref, noValue) : databaseReader.ref,
        ],
        EventCategories: meets('RDS.20', ['availability', 'configuration change', 'failure', 'maintenance']),
        Tags: tags('database-instance'),
      },
    }),
    ...(serverless ? [] : accountEvents(alertTopicArn)),
  ];
  const masterSecretArn = databaseCluster.att('MasterUserSecret.SecretArn');
  const outputsOfTwo = [
    exportedOutput('DatabaseClusterIdentifier', 'Identifier of the Aurora cluster.', databaseCluster.ref),
    exportedOutput('DatabaseClusterArn', 'ARN of the Aurora cluster.', databaseCluster.att('DBClusterArn')),
    exportedOutput('DatabaseEndpoint', 'Host name of the writer.', databaseCluster.att('Endpoint.Address')),
    exportedOutput('DatabaseReaderEndpoint', 'Host name of the reader.', databaseCluster.att('ReadEndpoint.Address')),
    exportedOutput('DatabaseName', 'Name of the first database.', databaseName.ref),
    exportedOutput('DatabaseSecretArn', 'ARN of the secret that holds the master password.', masterSecretArn),
    exportedOutput('DatabaseWriterId', 'Identifier of the instance that was made the writer.', databaseWriter.ref),
    exportedOutput('DatabaseReaderId', 'Identifier of the instance that was made the reader.', databaseReader.ref),
  ];
  const outputsOfServerless = [
    exportedOutput('DatabaseClusterId', 'Identifier of the Aurora cluster.', databaseCluster.ref),
    exportedOutput('DatabaseClusterArn', 'ARN of the Aurora cluster.', databaseCluster.att('DBClusterArn')),
    exportedOutput('DatabaseClusterEndpoint', 'Host name of the writer.', databaseCluster.att('Endpoint.Address')),
    exportedOutput('DatabaseSecretArn', 'ARN of the secret that holds the master password.', masterSecretArn),
    exportedOutput('DatabaseWriterId', 'Identifier of the instance that was made the writer.', databaseWriter.ref),
  ];

  return {
    fragment: fragment('Database', [
      databaseEngineVersion,
      serverless ? databaseInstances : databaseInstanceClass,
      databaseMinCapacityAcu,
      databaseMaxCapacityAcu,
      ...(serverless ? [] : [databaseName, databaseMasterUsername]),
      databaseDeletionProtection,
      databaseBackupRetentionDays,
      ...(serverless ? [] : [databaseLogRetentionDays, databaseBackupWindow, databaseMaintenanceWindow]),
      productionProtectsDatabase,
      ...(serverless ? [hasReader] : []),
      databaseSubnetGroup,
      databaseClusterParameterGroup,
      databaseLogGroup,
      databaseMonitoringRole,
      databaseCluster,
      databaseWriter,
      databaseReader,
      ...eventSubscriptions,
      ...(serverless ? outputsOfServerless : outputsOfTwo),
    ]),
    databaseCluster,
    databaseWriter,
    databaseReader,
    databaseName,
    masterSecretArn,
  };
}

/** Events of the whole account, of which one subscription is enough for all of an environment. */
export function accountEvents(alertTopicArn: Expression) {
  return [
    resource('DatabaseParameterEvents', 'AWS::RDS::EventSubscription', {
      comment: 'Of the whole account: whoever changes a parameter group may switch TLS off.',
      Properties: {
        SubscriptionName: named('database-parameters'),
        SnsTopicArn: alertTopicArn,
        SourceType: 'db-parameter-group',
        EventCategories: meets('RDS.21', ['configuration change']),
        Tags: tags('database-parameters'),
      },
    }),
    resource('DatabaseSecurityGroupEvents', 'AWS::RDS::EventSubscription', {
      Properties: {
        SubscriptionName: named('database-security-groups'),
        SnsTopicArn: alertTopicArn,
        SourceType: 'db-security-group',
        EventCategories: meets('RDS.22', ['configuration change', 'failure']),
        Tags: tags('database-security-groups'),
      },
    }),
  ];
}
