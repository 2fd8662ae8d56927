import { fragment, parameter, sub } from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import { imported } from './environment.ts';

/** Alarms on both nodes of the cache: either may be the primary after a failover. */
export function cacheAlarms() {
  const cpuPercent = parameter('CacheCpuPercent', 'Number', {
    group: 'Operations',
    label: 'Cache CPU alarm (percent)',
    Description: 'Engine CPU of a node above which the alarm goes off, in percent. The engine uses one core.',
    Default: 80,
    MinValue: 10,
    MaxValue: 100,
  });
  const memoryPercent = parameter('CacheMemoryPercent', 'Number', {
    group: 'Operations',
    label: 'Cache memory alarm (percent)',
    Description: 'Share of the memory for data above which the alarm goes off, in percent.',
    Default: 80,
    MinValue: 10,
    MaxValue: 100,
  });
  const evictions = parameter('CacheEvictionLimit', 'Number', {
    group: 'Operations',
    label: 'Cache evictions alarm (keys in 5 minutes)',
    Description: 'Keys evicted in five minutes above which the alarm goes off.',
    Default: 100,
    MinValue: 0,
  });

  const topic = imported('AlertTopicArn');
  const alarms = ['001', '002'].flatMap((node) => {
    const number = Number(node);
    const onNode = {
      namespace: 'AWS/ElastiCache',
      dimensions: {
        CacheClusterId: sub(`\${ReplicationGroupId}-${node}`, {
          ReplicationGroupId: imported('CacheReplicationGroupId'),
        }),
      },
      periodSeconds: 300,
      comparison: 'GreaterThanThreshold',
      topic,
    } as const;
    return [
      alarm(`CacheNode${number}CpuHighAlarm`, {
        ...onNode,
        name: `cache-${node}-cpu-high`,
        meaning: `Node ${node} of the cache is busy; commands queue up.`,
        first: 'look for expensive commands in the slow log; scale the node type if the load is real.',
        metric: 'EngineCPUUtilization',
        statistic: 'Average',
        breaching: 3,
        of: 3,
        threshold: cpuPercent.ref,
        missingData: 'missing',
      }),
      alarm(`CacheNode${number}MemoryHighAlarm`, {
        ...onNode,
        name: `cache-${node}-memory-high`,
        meaning: `Node ${node} of the cache is nearly full; keys will be evicted.`,
        first: 'check that keys have a time to live; raise the node type if they have.',
        metric: 'DatabaseMemoryUsagePercentage',
        statistic: 'Maximum',
        breaching: 3,
        of: 3,
        threshold: memoryPercent.ref,
        missingData: 'missing',
      }),
      alarm(`CacheNode${number}EvictionsAlarm`, {
        ...onNode,
        name: `cache-${node}-evictions`,
        meaning: `Node ${node} of the cache drops keys to make room; the database takes the load.`,
        first: 'compare with the memory alarm and the hit rate on the dashboard before raising the node type.',
        metric: 'Evictions',
        statistic: 'Sum',
        breaching: 2,
        of: 3,
        threshold: evictions.ref,
        missingData: 'notBreaching',
      }),
    ];
  });
  return { fragment: fragment('Cache alarms', [cpuPercent, memoryPercent, evictions, ...alarms]), alarms };
}
