import { compose, fragment } from '../../../lib/cfn/index.ts';
import { alerts } from '../../capabilities/alerts.ts';
import { accountEvents } from '../../capabilities/database.ts';
import { databaseGroup } from '../../capabilities/database-group.ts';
import { encryption } from '../../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { loadBalancerLogs } from '../../capabilities/load-balancer-logs.ts';
import { sharedNetwork } from '../../capabilities/shared-network.ts';
import { noConsumer } from '../../capabilities/sharing.ts';

/** What a standalone project stands on, and those that share it. A consumer has none. Deploy before `shared/app`. */
export function network() {
  const base = environment(RESOURCE_PREFIX);
  const keys = encryption({ forBackups: false });
  const topic = alerts(keys);
  const inZones = sharedNetwork(keys);
  return compose({
    name: 'shared/network',
    source: 'generator/stacks/shared/network.ts',
    description: 'Shared infrastructure: network, keys and alerts',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      noConsumer().fragment,
      keys.fragment,
      topic.fragment,
      inZones.fragment,
      databaseGroup(inZones).fragment,
      loadBalancerLogs().fragment,
      fragment('Database events', accountEvents(topic.alertTopic.ref)),
    ],
  });
}
