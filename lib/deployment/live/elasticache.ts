import {
  DescribeCacheClustersCommand,
  DescribeCacheParameterGroupsCommand,
  DescribeCacheParametersCommand,
  DescribeCacheSubnetGroupsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ElastiCacheClient,
  ListTagsForResourceCommand,
  type LogDeliveryConfiguration,
  type ReplicationGroup,
} from '@aws-sdk/client-elasticache';
import {
  clientOf,
  found,
  isNotRead,
  notRead,
  only,
  pages,
  part,
  type Reader,
  type Settings,
  statedParts,
} from './reading.ts';

export const replicationGroup: Reader = async (resource) => {
  const client = clientOf(ElastiCacheClient, resource.target);
  const answer = await found(() =>
    client.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: resource.physicalId })),
  );
  const live = answer?.ReplicationGroups?.[0];
  if (!live) return undefined;
  const [shard] = live.NodeGroups ?? [];
  return {
    ...only(
      live,
      'CacheNodeType',
      'ClusterMode',
      'IpDiscovery',
      'KmsKeyId',
      'NetworkType',
      'ReplicationGroupId',
      'SnapshotRetentionLimit',
      'SnapshotWindow',
      'SnapshottingClusterId',
      'TransitEncryptionMode',
    ),
    AtRestEncryptionEnabled: live.AtRestEncryptionEnabled ?? false,
    AutoMinorVersionUpgrade: live.AutoMinorVersionUpgrade,
    AutomaticFailoverEnabled: isEnabled(live.AutomaticFailover),
    DataTieringEnabled: isEnabled(live.DataTiering),
    LogDeliveryConfigurations: live.LogDeliveryConfigurations?.map(logDeliveryOf),
    MultiAZEnabled: isEnabled(live.MultiAZ),
    NumCacheClusters: live.MemberClusters?.length,
    NumNodeGroups: live.NodeGroups?.length,
    ReplicasPerNodeGroup: shard?.NodeGroupMembers && shard.NodeGroupMembers.length - 1,
    Port: live.ConfigurationEndpoint?.Port ?? shard?.PrimaryEndpoint?.Port,
    ReplicationGroupDescription: live.Description,
    TransitEncryptionEnabled: live.TransitEncryptionEnabled ?? false,
    UserGroupIds: live.UserGroupIds ?? [],
    PrimaryEndPoint: shard?.PrimaryEndpoint,
    ReaderEndPoint: shard?.ReaderEndpoint,
    ConfigurationEndPoint: live.ConfigurationEndpoint,
    ...(await settingsOfMembers(client, live)),
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.ARN) })),
  };
};

function isEnabled(state: string | undefined): boolean {
  return state === 'enabled' || state === 'enabling';
}

const TOLD_BY_MEMBERS = [
  'Engine',
  'EngineVersion',
  'CacheParameterGroupName',
  'CacheSubnetGroupName',
  'SecurityGroupIds',
  'PreferredMaintenanceWindow',
  'NotificationTopicArn',
];

/** What the group does not tell of itself is told by its members, all alike: the first answers for all. */
async function settingsOfMembers(client: ElastiCacheClient, group: ReplicationGroup): Promise<Settings> {
  const read = (await part(async () => {
    const command = new DescribeCacheClustersCommand({ CacheClusterId: group.MemberClusters?.[0] });
    const member = (await client.send(command)).CacheClusters?.[0];
    return (
      member && {
        Engine: group.Engine ?? member.Engine,
        EngineVersion: member.EngineVersion,
        CacheParameterGroupName: member.CacheParameterGroup?.CacheParameterGroupName,
        CacheSubnetGroupName: member.CacheSubnetGroupName,
        SecurityGroupIds: member.SecurityGroups?.map(({ SecurityGroupId }) => SecurityGroupId),
        PreferredMaintenanceWindow: member.PreferredMaintenanceWindow,
        NotificationTopicArn: member.NotificationConfiguration?.TopicArn,
      }
    );
  })) as Settings | undefined;
  if (read !== undefined && !isNotRead(read)) return read;
  const why = notRead(
    isNotRead(read) ? read.$notRead : `${group.MemberClusters?.[0] ?? 'a member'} is not there to tell`,
  );
  return Object.fromEntries(TOLD_BY_MEMBERS.map((name) => [name, why]));
}

function logDeliveryOf({ LogType, LogFormat, DestinationType, DestinationDetails }: LogDeliveryConfiguration) {
  return { LogType, LogFormat, DestinationType, DestinationDetails };
}

export const parameterGroup: Reader = async (resource) => {
  const client = clientOf(ElastiCacheClient, resource.target);
  const CacheParameterGroupName = resource.physicalId;
  const answer = await found(() => client.send(new DescribeCacheParameterGroupsCommand({ CacheParameterGroupName })));
  const live = answer?.CacheParameterGroups?.[0];
  if (!live) return undefined;
  return {
    ...only(live, 'CacheParameterGroupName', 'CacheParameterGroupFamily', 'Description'),
    ...(await statedParts(resource, {
      Properties: async () => {
        const parameters = await pages(async (Marker) => {
          const page = await client.send(
            new DescribeCacheParametersCommand({ CacheParameterGroupName, Source: 'user', Marker }),
          );
          return { items: page.Parameters, next: page.Marker };
        });
        const set = parameters.filter(({ Source }) => Source !== 'system');
        return new Map(set.map(({ ParameterName = '', ParameterValue }) => [ParameterName, ParameterValue]));
      },
      Tags: () => tagsOf(client, live.ARN),
    })),
  };
};

export const subnetGroup: Reader = async (resource) => {
  const client = clientOf(ElastiCacheClient, resource.target);
  const answer = await found(() =>
    client.send(new DescribeCacheSubnetGroupsCommand({ CacheSubnetGroupName: resource.physicalId })),
  );
  const live = answer?.CacheSubnetGroups?.[0];
  if (!live) return undefined;
  return {
    CacheSubnetGroupName: live.CacheSubnetGroupName,
    Description: live.CacheSubnetGroupDescription,
    SubnetIds: live.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier),
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.ARN) })),
  };
};

/** Found by the ID that the template states: `Ref` gives the name, which several users may share. */
export const user: Reader = async (resource) => {
  const client = clientOf(ElastiCacheClient, resource.target);
  const UserId = typeof resource.stated.UserId === 'string' ? resource.stated.UserId : resource.physicalId;
  const live = (await found(() => client.send(new DescribeUsersCommand({ UserId }))))?.Users?.[0];
  if (!live) return undefined;
  const kind = live.Authentication?.Type;
  return {
    Arn: live.ARN,
    ...only(live, 'UserId', 'UserName', 'Engine', 'Status'),
    AccessString: accessOf(live.AccessString, resource.stated.AccessString),
    AuthenticationMode: kind && { Type: kind === 'no-password' ? 'no-password-required' : kind },
    NoPasswordRequired: kind === 'no-password',
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.ARN) })),
  };
};

/**
 * ElastiCache puts `-@all` before the first command rule of an access string that lacks it: `on ~* +@read` comes back as
 * `on ~* -@all +@read`. Anywhere else it is a rule of its own. Source: go-to-k/cdk-real-drift pull request 488, read 2026-11-21.
 */
function accessOf(live: string | undefined, stated: unknown): string | undefined {
  if (live === undefined || typeof stated !== 'string' || stated.split(/\s+/).includes('-@all')) return live;
  const terms = live.split(/\s+/);
  const first = terms.findIndex((term) => /^[+-]/.test(term));
  return terms.filter((term, i) => i !== first || term !== '-@all').join(' ');
}

export const userGroup: Reader = async (resource) => {
  const client = clientOf(ElastiCacheClient, resource.target);
  const answer = await found(() => client.send(new DescribeUserGroupsCommand({ UserGroupId: resource.physicalId })));
  const live = answer?.UserGroups?.[0];
  if (!live) return undefined;
  return {
    Arn: live.ARN,
    ...only(live, 'UserGroupId', 'Engine', 'UserIds', 'Status'),
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.ARN) })),
  };
};

async function tagsOf(client: ElastiCacheClient, arn: string | undefined) {
  return (await client.send(new ListTagsForResourceCommand({ ResourceName: arn }))).TagList;
}
