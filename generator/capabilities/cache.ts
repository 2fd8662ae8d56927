import { type Expression, fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

interface CacheInputs {
  dataKeyArn: Expression;
  logsKeyArn: Expression;
  /** Subnets without a route to the internet, in two zones or more. */
  dataSubnetIds: Expression;
  cacheSecurityGroupId: Expression;
  cachePort: Expression;
}

/**
 * Valkey over two zones or more. Applications log in with a token that IAM signs for 15 minutes: there is no password
 * to keep, leak or rotate. Deletion takes a final snapshot and keeps the log groups. At rest: two cache.t4g.medium,
 * 76 USD a month (ElastiCache pricing for Valkey, us-east-1, 2026-11).
 */
export function cache(inputs: CacheInputs) {
  const cacheEngineVersion = parameter('CacheEngineVersion', 'String', {
    group: 'Sizing',
    label: 'Valkey version',
    Description: 'Version at creation; later minor versions are installed by themselves.',
    Default: '8.1',
    AllowedValues: ['8.0', '8.1', '8.2'],
  });
  const cacheNodeType = parameter('CacheNodeType', 'String', {
    group: 'Sizing',
    label: 'Cache node type',
    Description: 'Type of every node.',
    Default: 'cache.t4g.medium',
    AllowedValues: [
      'cache.t4g.micro',
      'cache.t4g.small',
      'cache.t4g.medium',
      'cache.m7g.large',
      'cache.m7g.xlarge',
      'cache.r7g.large',
      'cache.r7g.xlarge',
    ],
  });
  const cacheNodeCount = parameter('CacheNodeCount', 'Number', {
    group: 'Sizing',
    label: 'Cache nodes',
    Description: 'One primary, the others replicas in other zones. Automatic failover needs two.',
    Default: 2,
    MinValue: 2,
    MaxValue: 6,
  });
  const cacheSnapshotRetentionDays = parameter('CacheSnapshotRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Cache snapshot retention (days)',
    Description: 'Days until a daily snapshot of the cache expires.',
    Default: 15,
    MinValue: 1,
    MaxValue: 35,
  });
  const cacheLogRetentionDays = parameter('CacheLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Cache log retention (days)',
    Description: 'Days until a line of the engine log or the slow log expires.',
    Default: 365,
    AllowedValues: [30, 60, 90, 180, 365, 731, 1827, 3653],
  });
  const cacheSnapshotWindow = parameter('CacheSnapshotWindow', 'String', {
    group: 'Operations',
    label: 'Cache snapshot window (UTC)',
    Description: 'Daily, hh:mm-hh:mm in UTC, at least 60 minutes, apart from the maintenance window.',
    Default: '07:00-08:00',
    AllowedPattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$',
    ConstraintDescription: 'Give it as hh:mm-hh:mm.',
  });
  const cacheMaintenanceWindow = parameter('CacheMaintenanceWindow', 'String', {
    group: 'Operations',
    label: 'Cache maintenance window (UTC)',
    Description: 'Weekly, ddd:hh:mm-ddd:hh:mm in UTC, at least 60 minutes.',
    Default: 'sun:10:00-sun:11:00',
    AllowedPattern:
      '^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$',
    ConstraintDescription: 'Give it as ddd:hh:mm-ddd:hh:mm.',
  });

  const cacheSubnetGroup = resource('CacheSubnetGroup', 'AWS::ElastiCache::SubnetGroup', {
    Properties: {
      CacheSubnetGroupName: named('cache'),
      Description: sub('Isolated subnets of ${EnvironmentSuffix}'),
      SubnetIds: inputs.dataSubnetIds,
      Tags: tags('cache'),
    },
  });
  const cacheParameterGroup = resource('CacheParameterGroup', 'AWS::ElastiCache::ParameterGroup', {
    Properties: {
      CacheParameterGroupFamily: 'valkey8',
      Description: sub('Valkey of ${EnvironmentSuffix}'),
      Properties: {
        'maxmemory-policy': 'volatile-lru',
        'slowlog-log-slower-than': '10000',
        timeout: '3600',
      },
      Tags: tags('cache'),
    },
  });
  const logGroup = (id: string, log: string) =>
    resource(id, 'AWS::Logs::LogGroup', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        LogGroupName: sub(`/aws/vendedlogs/elasticache/\${EnvironmentSuffix}-cache/${log}`),
        KmsKeyId: meets('PF.Logs.kms', inputs.logsKeyArn),
        RetentionInDays: cacheLogRetentionDays.ref,
        Tags: tags('cache'),
      },
    });
  const cacheEngineLogGroup = logGroup('CacheEngineLogGroup', 'engine-log');
  const cacheSlowLogGroup = logGroup('CacheSlowLogGroup', 'slow-log');

  const cacheUser = resource('CacheUser', 'AWS::ElastiCache::User', {
    comment: 'Logs in as an IAM principal that has elasticache:Connect on this user and on the replication group.',
    Properties: {
      UserId: named('cache-app'),
      UserName: named('cache-app'),
      Engine: 'valkey',
      AuthenticationMode: { Type: 'iam' },
      AccessString: 'on ~* &* +@all -@admin -@dangerous',
      Tags: tags('cache-app'),
    },
  });
  const cacheUserGroup = resource('CacheUserGroup', 'AWS::ElastiCache::UserGroup', {
    Properties: {
      UserGroupId: named('cache'),
      Engine: 'valkey',
      UserIds: [cacheUser.ref],
      Tags: tags('cache'),
    },
  });
  const cacheReplicationGroup = resource('CacheReplicationGroup', 'AWS::ElastiCache::ReplicationGroup', {
    DeletionPolicy: 'Snapshot',
    UpdateReplacePolicy: 'Snapshot',
    Properties: {
      ReplicationGroupId: named('cache'),
      ReplicationGroupDescription: sub('Cache of ${EnvironmentSuffix}'),
      Engine: 'valkey',
      EngineVersion: cacheEngineVersion.ref,
      CacheNodeType: cacheNodeType.ref,
      NumCacheClusters: cacheNodeCount.ref,
      AutomaticFailoverEnabled: meets('ElastiCache.3', true),
      MultiAZEnabled: true,
      Port: inputs.cachePort,
      CacheSubnetGroupName: meets('ElastiCache.7', cacheSubnetGroup.ref),
      SecurityGroupIds: [inputs.cacheSecurityGroupId],
      CacheParameterGroupName: cacheParameterGroup.ref,
      AtRestEncryptionEnabled: meets('ElastiCache.4', true),
      KmsKeyId: inputs.dataKeyArn,
      TransitEncryptionEnabled: meets('ElastiCache.5', true),
      TransitEncryptionMode: 'required',
      UserGroupIds: meets('ElastiCache.6', [cacheUserGroup.ref]),
      SnapshotRetentionLimit: meets('ElastiCache.1', cacheSnapshotRetentionDays.ref),
      SnapshotWindow: cacheSnapshotWindow.ref,
      PreferredMaintenanceWindow: cacheMaintenanceWindow.ref,
      AutoMinorVersionUpgrade: meets('ElastiCache.2', true),
      LogDeliveryConfigurations: meets('PF.ElastiCache.logs', [
        {
          LogType: 'engine-log',
          LogFormat: 'json',
          DestinationType: 'cloudwatch-logs',
          DestinationDetails: { CloudWatchLogsDetails: { LogGroup: cacheEngineLogGroup.ref } },
        },
        {
          LogType: 'slow-log',
          LogFormat: 'json',
          DestinationType: 'cloudwatch-logs',
          DestinationDetails: { CloudWatchLogsDetails: { LogGroup: cacheSlowLogGroup.ref } },
        },
      ]),
      Tags: tags('cache'),
    },
  });
  const outputs = [
    exportedOutput('CacheReplicationGroupId', 'Identifier of the replication group.', cacheReplicationGroup.ref),
    exportedOutput(
      'CachePrimaryEndpoint',
      'Host name of the primary node.',
      cacheReplicationGroup.att('PrimaryEndPoint.Address'),
    ),
    exportedOutput(
      'CacheReaderEndpoint',
      'Host name that spreads reads over the replicas.',
      cacheReplicationGroup.att('ReaderEndPoint.Address'),
    ),
    exportedOutput('CacheUserArn', 'ARN of the user that applications log in as, with IAM.', cacheUser.att('Arn')),
  ];

  return {
    fragment: fragment('Cache', [
      cacheEngineVersion,
      cacheNodeType,
      cacheNodeCount,
      cacheSnapshotRetentionDays,
      cacheLogRetentionDays,
      cacheSnapshotWindow,
      cacheMaintenanceWindow,
      cacheSubnetGroup,
      cacheParameterGroup,
      cacheEngineLogGroup,
      cacheSlowLogGroup,
      cacheUser,
      cacheUserGroup,
      cacheReplicationGroup,
      ...outputs,
    ]),
    cacheReplicationGroup,
    cacheUser,
  };
}
