import { compose } from '../../lib/cfn/index.ts';
import { backupAlarms } from '../capabilities/backup-alarms.ts';
import { cacheAlarms } from '../capabilities/cache-alarms.ts';
import { dashboard } from '../capabilities/dashboard.ts';
import { databaseAlarms } from '../capabilities/database-alarms.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';
import { maskingAlarms } from '../capabilities/masking-alarms.ts';

/** A stack of its own, so that a threshold can change without a change set on the database. Deploy after `staging`. */
export function stagingMonitoring() {
  const base = environment();
  const database = databaseAlarms();
  const cache = cacheAlarms();
  const backup = backupAlarms();
  const masking = maskingAlarms();
  const groups = [database, cache, masking, backup];
  const alarmIds = groups.flatMap(({ alarms }) => alarms.map(({ id }) => id));
  return compose({
    name: 'staging-monitoring',
    source: 'generator/stacks/staging-monitoring.ts',
    description: 'Staging: alarms and dashboard',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, ...groups.map(({ fragment }) => fragment), dashboard({ alarmIds }).fragment],
  });
}
