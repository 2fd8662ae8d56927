import { type Controls, on } from './control.ts';
import { all, any } from './judgement.ts';

const GROUP = 'AWS::ElastiCache::ReplicationGroup';

export const elasticache: Controls = {
  'ElastiCache.1': on(GROUP, (group) => group.at('SnapshotRetentionLimit').atLeast(1)),
  'ElastiCache.2': on(GROUP, (group) => group.at('AutoMinorVersionUpgrade').isNot(false)),
  'ElastiCache.3': on(GROUP, (group) => group.at('AutomaticFailoverEnabled').is(true)),
  'ElastiCache.4': on(GROUP, (group) => group.at('AtRestEncryptionEnabled').is(true)),
  'ElastiCache.5': on(GROUP, (group) => group.at('TransitEncryptionEnabled').is(true)),
  // A password, or users with one each (from version 6 on).
  'ElastiCache.6': on(GROUP, (group) =>
    any([() => group.at('AuthToken').present(), () => group.at('UserGroupIds').present()]),
  ),
  'ElastiCache.7': on(GROUP, (group) =>
    all([
      () => group.at('CacheSubnetGroupName').present(),
      () => group.at('CacheSubnetGroupName').isNotOfAws('default'),
    ]),
  ),
  'PF.ElastiCache.logs': on('AWS::ElastiCache::ReplicationGroup', (group) =>
    group
      .at('LogDeliveryConfigurations')
      .some((log) => log.at('LogType').is('slow-log', 'engine-log'), 'it delivers no log'),
  ),
};
