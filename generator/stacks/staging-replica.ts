import { compose } from '../../lib/cfn/index.ts';
import { alerts } from '../capabilities/alerts.ts';
import { billingAlarm } from '../capabilities/billing-alarm.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';
import { replicaKey } from '../capabilities/replica-key.ts';
import { replicaVault } from '../capabilities/replica-vault.ts';

/** Deployed to the region of the copies before `staging`: a copy needs its vault before the first backup runs. */
export function stagingReplica() {
  const base = environment();
  const encryption = replicaKey();
  const topic = alerts({ logsKey: encryption.key });
  return compose({
    name: 'staging-replica',
    source: 'generator/stacks/staging-replica.ts',
    description: 'Staging: copies of backups in a second region, billing alarm',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      encryption.fragment,
      topic.fragment,
      replicaVault({ replicaKey: encryption.key, alertTopic: topic.alertTopic }).fragment,
      billingAlarm(topic).fragment,
    ],
  });
}
