import { fragment } from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import { imported } from './environment.ts';

/** Alarms on the vault. The event rule of the backup capability tells which job failed; these tell that some did. */
export function backupAlarms() {
  const onVault = {
    namespace: 'AWS/Backup',
    dimensions: { BackupVaultName: imported('BackupVaultName') },
    statistic: 'Sum',
    periodSeconds: 3600,
    breaching: 1,
    of: 1,
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    missingData: 'notBreaching',
    topic: imported('AlertTopicArn'),
  } as const;
  const alarms = [
    alarm('BackupJobsFailedAlarm', {
      ...onVault,
      name: 'backup-jobs-failed',
      meaning: 'A backup job failed: the last recovery point is older than planned.',
      first: 'read the status message of the job in AWS Backup, mend its cause and start the backup by hand.',
      metric: 'NumberOfBackupJobsFailed',
    }),
    alarm('BackupCopiesFailedAlarm', {
      ...onVault,
      name: 'backup-copies-failed',
      meaning: 'A copy to the other region failed: a loss of the region would cost more than planned.',
      first: 'check that the vault and key of the replica stack exist and that their policies admit this account.',
      metric: 'NumberOfCopyJobsFailed',
    }),
    alarm('BackupJobsExpiredAlarm', {
      ...onVault,
      name: 'backup-jobs-expired',
      meaning: 'A backup job did not start within its window.',
      first: 'look for a maintenance window that overlaps, then widen the start window of the plan.',
      metric: 'NumberOfBackupJobsExpired',
    }),
  ];
  return { fragment: fragment('Backup alarms', alarms), alarms };
}
