import { type Controls, on } from './control.ts';
import { all, any, HOLDS, type Judgement, type Part, when } from './judgement.ts';
import type { Subject } from './place.ts';

const GROUP = 'AWS::ElastiCache::ReplicationGroup';
const CLUSTER = 'AWS::ElastiCache::CacheCluster';

/** Redis OSS and Valkey, in any letter case: a replication group has no other, a cluster may have Memcached. */
const notOfMemcached = (cache: Subject, then: Part): Judgement =>
  when(
    cache.at('Engine').matches(/([rR][eE][dD][iI][sS]|[vV][aA][lL][kK][eE][yY])/, 'redis or valkey', { absent: HOLDS }),
    then,
  );

export const elasticache: Controls = {
  'ElastiCache.1': on([GROUP, CLUSTER], (cache) =>
    notOfMemcached(cache, () => cache.at('SnapshotRetentionLimit').atLeast(1)),
  ),
  'ElastiCache.2': on([GROUP, CLUSTER], (cache) =>
    notOfMemcached(cache, () => cache.at('AutoMinorVersionUpgrade').isNot(false)),
  ),
  'ElastiCache.3': on(GROUP, (group) => group.at('AutomaticFailoverEnabled').is(true)),
  'ElastiCache.4': on(GROUP, (group) => group.at('AtRestEncryptionEnabled').is(true)),
  'ElastiCache.5': on(GROUP, (group) => group.at('TransitEncryptionEnabled').is(true)),
  // A password, or users with one each (from version 6 on).
  'ElastiCache.6': on(GROUP, (group) =>
    any([() => group.at('AuthToken').present(), () => group.at('UserGroupIds').present()]),
  ),
  'ElastiCache.7': on([GROUP, CLUSTER], (cache) =>
    all([
      () => cache.at('CacheSubnetGroupName').present(),
      () => cache.at('CacheSubnetGroupName').isNotOfAws('default'),
    ]),
  ),
  'PF.ElastiCache.logs': on('AWS::ElastiCache::ReplicationGroup', (group) =>
    group
      .at('LogDeliveryConfigurations')
      .some((log) => log.at('LogType').is('slow-log', 'engine-log'), 'it delivers no log'),
  ),
};
