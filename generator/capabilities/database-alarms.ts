import { fragment, parameter } from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import { imported } from './environment.ts';

/** Alarms on the Aurora cluster. Thresholds suit 5,000 transactions a day on the smallest classes; each is a parameter. */
export function databaseAlarms() {
  const cpuPercent = parameter('DatabaseCpuPercent', 'Number', {
    group: 'Operations',
    label: 'Database CPU alarm (percent)',
    Description: 'Average CPU of the writer above which the alarm goes off, in percent.',
    Default: 75,
    MinValue: 10,
    MaxValue: 100,
  });
  const connections = parameter('DatabaseConnectionLimit', 'Number', {
    group: 'Operations',
    label: 'Database connections alarm',
    Description: 'Open connections to the writer above which the alarm goes off. A db.r6g.large accepts about 1,700.',
    Default: 200,
    MinValue: 1,
    MaxValue: 16000,
  });
  const freeMemory = parameter('DatabaseFreeMemoryBytes', 'Number', {
    group: 'Operations',
    label: 'Database free memory alarm (bytes)',
    Description: 'Freeable memory of the writer below which the alarm goes off, in bytes. Default: 256 MiB.',
    Default: 268435456,
    MinValue: 67108864,
  });
  const freeStorage = parameter('DatabaseFreeLocalStorageBytes', 'Number', {
    group: 'Operations',
    label: 'Database free local storage alarm (bytes)',
    Description:
      'Local storage of the writer (sorts, temporary tables) below which the alarm goes off. Default: 2 GiB.',
    Default: 2147483648,
    MinValue: 134217728,
  });
  const replicaLag = parameter('ReplicaLagMilliseconds', 'Number', {
    group: 'Operations',
    label: 'Replica lag alarm (milliseconds)',
    Description: 'Lag of the reader behind the writer above which the alarm goes off, in milliseconds.',
    Default: 1000,
    MinValue: 20,
  });

  const topic = imported('AlertTopicArn');
  const writer = { DBInstanceIdentifier: imported('DatabaseWriterId') };
  const reader = { DBInstanceIdentifier: imported('DatabaseReaderId') };
  const onInstance = {
    namespace: 'AWS/RDS',
    periodSeconds: 300,
    breaching: 3,
    of: 3,
    missingData: 'missing',
    topic,
  } as const;

  const alarms = [
    alarm('DatabaseCpuHighAlarm', {
      ...onInstance,
      name: 'database-cpu-high',
      meaning: 'The writer has been short of CPU for 15 minutes.',
      first:
        'find the statements with the most load in Performance Insights; scale the instance class if the load is real.',
      metric: 'CPUUtilization',
      dimensions: writer,
      statistic: 'Average',
      comparison: 'GreaterThanThreshold',
      threshold: cpuPercent.ref,
    }),
    alarm('DatabaseConnectionsHighAlarm', {
      ...onInstance,
      name: 'database-connections-high',
      meaning: 'Clients hold more connections than the writer is sized for; new ones may soon be refused.',
      first: 'list pg_stat_activity by application_name and state, and restart the client whose pool leaks.',
      metric: 'DatabaseConnections',
      dimensions: writer,
      statistic: 'Maximum',
      comparison: 'GreaterThanThreshold',
      threshold: connections.ref,
    }),
    alarm('DatabaseMemoryLowAlarm', {
      ...onInstance,
      name: 'database-memory-low',
      meaning: 'The writer is nearly out of memory; the engine may be restarted by the operating system.',
      first:
        'look for large sorts and idle sessions; fail over to the reader if it worsens, then raise the instance class.',
      metric: 'FreeableMemory',
      dimensions: writer,
      statistic: 'Average',
      comparison: 'LessThanThreshold',
      threshold: freeMemory.ref,
    }),
    alarm('DatabaseStorageLowAlarm', {
      ...onInstance,
      name: 'database-storage-low',
      meaning: 'The local storage of the writer is nearly full: sorts, temporary tables and logs fail when it is.',
      first:
        'find the session that writes temporary files (log_temp_files) and end it; cluster storage itself grows by itself.',
      metric: 'FreeLocalStorage',
      dimensions: writer,
      statistic: 'Minimum',
      comparison: 'LessThanThreshold',
      threshold: freeStorage.ref,
    }),
    alarm('DatabaseReplicaLagHighAlarm', {
      ...onInstance,
      name: 'database-replica-lag-high',
      meaning: 'The reader is behind the writer; reads are stale and a failover takes longer.',
      first:
        'look at CPU and at long statements on the reader; lag that grows steadily calls for a reboot of the reader.',
      metric: 'AuroraReplicaLag',
      dimensions: reader,
      statistic: 'Maximum',
      comparison: 'GreaterThanThreshold',
      threshold: replicaLag.ref,
    }),
    alarm('DatabaseDeadlocksAlarm', {
      ...onInstance,
      name: 'database-deadlocks',
      meaning: 'Transactions deadlock again and again.',
      first:
        'read the two statements in the log group of the cluster ("deadlock detected") and order their locks alike.',
      metric: 'Deadlocks',
      dimensions: writer,
      statistic: 'Average',
      comparison: 'GreaterThanThreshold',
      threshold: 0.1,
      missingData: 'notBreaching',
    }),
  ];
  return {
    fragment: fragment('Database alarms', [cpuPercent, connections, freeMemory, freeStorage, replicaLag, ...alarms]),
    alarms,
  };
}
