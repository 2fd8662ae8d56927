import {
  DescribeDBClusterParameterGroupsCommand,
  DescribeDBClusterParametersCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBParametersCommand,
  DescribeDBSubnetGroupsCommand,
  DescribeEventSubscriptionsCommand,
  ListTagsForResourceCommand,
  type Parameter,
  RDSClient,
} from '@aws-sdk/client-rds';
import { clientOf, found, only, pages, type Reader, statedParts } from './reading.ts';

export const cluster: Reader = async ({ target, physicalId }) => {
  const answer = await found(() =>
    clientOf(RDSClient, target).send(new DescribeDBClustersCommand({ DBClusterIdentifier: physicalId })),
  );
  const live = answer?.DBClusters?.[0];
  if (!live) return undefined;
  return {
    ...only(
      live,
      'AllocatedStorage',
      'AvailabilityZones',
      'BackupRetentionPeriod',
      'DBClusterArn',
      'DBClusterIdentifier',
      'DBClusterInstanceClass',
      'DatabaseInsightsMode',
      'DatabaseName',
      'Engine',
      'EngineLifecycleSupport',
      'EngineMode',
      'EngineVersion',
      'Iops',
      'KmsKeyId',
      'MasterUsername',
      'MonitoringInterval',
      'MonitoringRoleArn',
      'NetworkType',
      'PerformanceInsightsRetentionPeriod',
      'Port',
      'PreferredBackupWindow',
      'PreferredMaintenanceWindow',
      'StorageType',
    ),
    BacktrackWindow: live.BacktrackWindow ?? 0,
    CopyTagsToSnapshot: live.CopyTagsToSnapshot ?? false,
    DBClusterParameterGroupName: live.DBClusterParameterGroup,
    DBClusterResourceId: live.DbClusterResourceId,
    DBSubnetGroupName: live.DBSubnetGroup,
    DeletionProtection: live.DeletionProtection ?? false,
    EnableCloudwatchLogsExports: live.EnabledCloudwatchLogsExports ?? [],
    EnableHttpEndpoint: live.HttpEndpointEnabled ?? false,
    EnableIAMDatabaseAuthentication: live.IAMDatabaseAuthenticationEnabled ?? false,
    Endpoint: { Address: live.Endpoint, Port: live.Port },
    ManageMasterUserPassword: live.MasterUserSecret !== undefined,
    MasterUserSecret: live.MasterUserSecret && only(live.MasterUserSecret, 'SecretArn', 'KmsKeyId'),
    PerformanceInsightsEnabled: live.PerformanceInsightsEnabled ?? false,
    PerformanceInsightsKmsKeyId: live.PerformanceInsightsKMSKeyId,
    ReadEndpoint: { Address: live.ReaderEndpoint },
    ServerlessV2ScalingConfiguration:
      live.ServerlessV2ScalingConfiguration &&
      only(live.ServerlessV2ScalingConfiguration, 'MinCapacity', 'MaxCapacity', 'SecondsUntilAutoPause'),
    StorageEncrypted: live.StorageEncrypted ?? false,
    Tags: live.TagList ?? [],
    VpcSecurityGroupIds: live.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId),
  };
};

export const instance: Reader = async ({ target, physicalId }) => {
  const answer = await found(() =>
    clientOf(RDSClient, target).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: physicalId })),
  );
  const live = answer?.DBInstances?.[0];
  if (!live) return undefined;
  return {
    ...only(
      live,
      'AllocatedStorage',
      'AvailabilityZone',
      'BackupRetentionPeriod',
      'CACertificateIdentifier',
      'DBClusterIdentifier',
      'DBInstanceArn',
      'DBInstanceClass',
      'DBInstanceIdentifier',
      'DBName',
      'DatabaseInsightsMode',
      'DbiResourceId',
      'Engine',
      'EngineLifecycleSupport',
      'EngineVersion',
      'Iops',
      'KmsKeyId',
      'LicenseModel',
      'MasterUsername',
      'MaxAllocatedStorage',
      'MonitoringRoleArn',
      'NetworkType',
      'PerformanceInsightsKMSKeyId',
      'PerformanceInsightsRetentionPeriod',
      'PreferredBackupWindow',
      'PreferredMaintenanceWindow',
      'PromotionTier',
      'StorageThroughput',
      'StorageType',
    ),
    AutoMinorVersionUpgrade: live.AutoMinorVersionUpgrade ?? false,
    CopyTagsToSnapshot: live.CopyTagsToSnapshot ?? false,
    DBParameterGroupName: live.DBParameterGroups?.[0]?.DBParameterGroupName,
    DBSubnetGroupName: live.DBSubnetGroup?.DBSubnetGroupName,
    DeletionProtection: live.DeletionProtection ?? false,
    EnableCloudwatchLogsExports: live.EnabledCloudwatchLogsExports ?? [],
    EnableIAMDatabaseAuthentication: live.IAMDatabaseAuthenticationEnabled ?? false,
    EnablePerformanceInsights: live.PerformanceInsightsEnabled ?? false,
    Endpoint: live.Endpoint && only(live.Endpoint, 'Address', 'Port', 'HostedZoneId'),
    ManageMasterUserPassword: live.MasterUserSecret !== undefined,
    MasterUserSecret: live.MasterUserSecret && only(live.MasterUserSecret, 'SecretArn', 'KmsKeyId'),
    MonitoringInterval: live.MonitoringInterval ?? 0,
    MultiAZ: live.MultiAZ ?? false,
    OptionGroupName: live.OptionGroupMemberships?.[0]?.OptionGroupName,
    Port: live.Endpoint?.Port ?? live.DbInstancePort,
    PubliclyAccessible: live.PubliclyAccessible ?? false,
    StorageEncrypted: live.StorageEncrypted ?? false,
    Tags: live.TagList ?? [],
    VPCSecurityGroups: live.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId),
  };
};

/** Parameters that were set: AWS gives every one of the family, and names the source of each. */
export const clusterParameterGroup: Reader = async (resource) => {
  const client = clientOf(RDSClient, resource.target);
  const name = resource.physicalId;
  const answer = await found(() =>
    client.send(new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name })),
  );
  const live = answer?.DBClusterParameterGroups?.[0];
  if (!live) return undefined;
  return {
    DBClusterParameterGroupName: live.DBClusterParameterGroupName,
    Family: live.DBParameterGroupFamily,
    Description: live.Description,
    ...(await statedParts(resource, {
      Parameters: async () =>
        valuesOf(
          await pages(async (Marker) => {
            const page = await client.send(
              new DescribeDBClusterParametersCommand({ DBClusterParameterGroupName: name, Source: 'user', Marker }),
            );
            return { items: page.Parameters, next: page.Marker };
          }),
        ),
      Tags: () => tagsOf(client, live.DBClusterParameterGroupArn),
    })),
  };
};

export const parameterGroup: Reader = async (resource) => {
  const client = clientOf(RDSClient, resource.target);
  const name = resource.physicalId;
  const answer = await found(() => client.send(new DescribeDBParameterGroupsCommand({ DBParameterGroupName: name })));
  const live = answer?.DBParameterGroups?.[0];
  if (!live) return undefined;
  return {
    DBParameterGroupName: live.DBParameterGroupName,
    Family: live.DBParameterGroupFamily,
    Description: live.Description,
    ...(await statedParts(resource, {
      Parameters: async () =>
        valuesOf(
          await pages(async (Marker) => {
            const page = await client.send(
              new DescribeDBParametersCommand({ DBParameterGroupName: name, Source: 'user', Marker }),
            );
            return { items: page.Parameters, next: page.Marker };
          }),
        ),
      Tags: () => tagsOf(client, live.DBParameterGroupArn),
    })),
  };
};

function valuesOf(parameters: readonly Parameter[]): ReadonlyMap<string, unknown> {
  const set = parameters.filter(({ ParameterValue, Source }) => ParameterValue !== undefined && Source !== 'system');
  return new Map(set.map(({ ParameterName, ParameterValue }) => [ParameterName ?? '', ParameterValue]));
}

export const subnetGroup: Reader = async (resource) => {
  const client = clientOf(RDSClient, resource.target);
  const answer = await found(() =>
    client.send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: resource.physicalId })),
  );
  const live = answer?.DBSubnetGroups?.[0];
  if (!live) return undefined;
  return {
    ...only(live, 'DBSubnetGroupArn', 'DBSubnetGroupName', 'DBSubnetGroupDescription'),
    SubnetIds: live.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier),
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.DBSubnetGroupArn) })),
  };
};

export const eventSubscription: Reader = async (resource) => {
  const client = clientOf(RDSClient, resource.target);
  const answer = await found(() =>
    client.send(new DescribeEventSubscriptionsCommand({ SubscriptionName: resource.physicalId })),
  );
  const live = answer?.EventSubscriptionsList?.[0];
  if (!live) return undefined;
  return {
    SubscriptionName: live.CustSubscriptionId,
    ...only(live, 'SnsTopicArn', 'SourceType', 'Enabled'),
    EventCategories: live.EventCategoriesList,
    SourceIds: live.SourceIdsList,
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.EventSubscriptionArn) })),
  };
};

async function tagsOf(client: RDSClient, arn: string | undefined) {
  return (await client.send(new ListTagsForResourceCommand({ ResourceName: arn }))).TagList;
}
