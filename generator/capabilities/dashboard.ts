import { fragment, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';
import { graph, layOut, place, text } from './widgets.ts';

/**
 * What a person on call looks at first: the state of every alarm, then database, cache, masking and backup from
 * left to right, then the errors in the logs. 3 USD a month (CloudWatch pricing, 2026-11; the first three are free).
 */
export function dashboard({ alarmIds }: { alarmIds: readonly string[] }) {
  const writer = ['DBInstanceIdentifier', '${Writer}'] as const;
  const reader = ['DBInstanceIdentifier', '${Reader}'] as const;
  const node = (number: 1 | 2) => ['CacheClusterId', `\${Cache}-00${number}`] as const;
  const vault = ['BackupVaultName', '${Vault}'] as const;
  const masking = ['Environment', '${EnvironmentSuffix}'] as const;

  const widgets = [
    text(
      { x: 0, y: 0, width: 24, height: 2 },
      '# ${EnvironmentSuffix} (${EnvironmentType})\nWhat each alarm means and what to do first is in its description and in docs/runbooks/staging.md.',
    ),
    {
      type: 'alarm',
      ...place({ x: 0, y: 2, width: 24, height: 4 }),
      properties: { title: 'Alarms', alarms: alarmIds.map((id) => `\${${id}.Arn}`) },
    },
    graph({ x: 0, y: 6, width: 8, height: 6 }, 'Database: CPU (%)', 'Average', [
      ['AWS/RDS', 'CPUUtilization', ...writer, { label: 'writer' }],
      ['AWS/RDS', 'CPUUtilization', ...reader, { label: 'reader' }],
    ]),
    graph({ x: 8, y: 6, width: 8, height: 6 }, 'Database: connections and deadlocks', 'Maximum', [
      ['AWS/RDS', 'DatabaseConnections', ...writer, { label: 'connections' }],
      ['AWS/RDS', 'Deadlocks', ...writer, { label: 'deadlocks a second', yAxis: 'right' }],
    ]),
    graph({ x: 16, y: 6, width: 8, height: 6 }, 'Database: latency (ms) and replica lag (ms)', 'Average', [
      ['AWS/RDS', 'CommitLatency', ...writer, { label: 'commit' }],
      ['AWS/RDS', 'SelectLatency', ...writer, { label: 'select' }],
      ['AWS/RDS', 'AuroraReplicaLag', ...reader, { label: 'replica lag', yAxis: 'right' }],
    ]),
    graph({ x: 0, y: 12, width: 8, height: 6 }, 'Database: free memory and local storage (bytes)', 'Minimum', [
      ['AWS/RDS', 'FreeableMemory', ...writer, { label: 'memory' }],
      ['AWS/RDS', 'FreeLocalStorage', ...writer, { label: 'local storage' }],
    ]),
    graph({ x: 8, y: 12, width: 8, height: 6 }, 'Cache: CPU and memory (%)', 'Average', [
      ['AWS/ElastiCache', 'EngineCPUUtilization', ...node(1), { label: 'CPU 001' }],
      ['AWS/ElastiCache', 'EngineCPUUtilization', ...node(2), { label: 'CPU 002' }],
      ['AWS/ElastiCache', 'DatabaseMemoryUsagePercentage', ...node(1), { label: 'memory 001', yAxis: 'right' }],
      ['AWS/ElastiCache', 'DatabaseMemoryUsagePercentage', ...node(2), { label: 'memory 002', yAxis: 'right' }],
    ]),
    graph({ x: 16, y: 12, width: 8, height: 6 }, 'Cache: hits, misses, evictions', 'Sum', [
      ['AWS/ElastiCache', 'CacheHits', ...node(1), { label: 'hits' }],
      ['AWS/ElastiCache', 'CacheMisses', ...node(1), { label: 'misses' }],
      ['AWS/ElastiCache', 'Evictions', ...node(1), { label: 'evictions', yAxis: 'right' }],
    ]),
    graph({ x: 0, y: 18, width: 12, height: 6 }, 'Masking: rows masked and failures', 'Sum', [
      ['Plainform/DataMasking', 'RowsMasked', ...masking, { label: 'rows' }],
      ['Plainform/DataMasking', 'Failures', ...masking, { label: 'failures', yAxis: 'right' }],
    ]),
    graph({ x: 12, y: 18, width: 12, height: 6 }, 'Backup and copy jobs', 'Sum', [
      ['AWS/Backup', 'NumberOfBackupJobsCompleted', ...vault, { label: 'backups completed' }],
      ['AWS/Backup', 'NumberOfBackupJobsFailed', ...vault, { label: 'backups failed' }],
      ['AWS/Backup', 'NumberOfCopyJobsFailed', ...vault, { label: 'copies failed' }],
    ]),
    {
      type: 'log',
      ...place({ x: 0, y: 24, width: 24, height: 6 }),
      properties: {
        title: 'Database: errors of the last hours',
        region: '${AWS::Region}',
        view: 'table',
        query:
          "SOURCE '/aws/rds/cluster/${Cluster}/postgresql' | fields @timestamp, @message | filter @message like /ERROR|FATAL|PANIC/ | sort @timestamp desc | limit 50",
      },
    },
  ];

  const overview = resource('OverviewDashboard', 'AWS::CloudWatch::Dashboard', {
    comment: 'For the person on call: alarms first, then where to look.',
    Properties: {
      DashboardName: named('overview'),
      DashboardBody: sub(`${layOut({ start: '-P1D', widgets })}\n`, {
        Cache: imported('CacheReplicationGroupId'),
        Cluster: imported('DatabaseClusterIdentifier'),
        Reader: imported('DatabaseReaderId'),
        Vault: imported('BackupVaultName'),
        Writer: imported('DatabaseWriterId'),
      }),
      Tags: tags('overview'),
    },
  });
  const url = exportedOutput(
    'DashboardUrl',
    'The dashboard in the console.',
    sub(
      'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${OverviewDashboard}',
    ),
  );
  return { fragment: fragment('Dashboard', [overview, url]), overview };
}
