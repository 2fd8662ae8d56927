import { compose } from '../../../lib/cfn/index.ts';
import { alerts } from '../../capabilities/alerts.ts';
import { encryption } from '../../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { sharedNetwork } from '../../capabilities/shared-network.ts';

/** What a standalone project stands on, and those that share it. A consumer has none. Deploy before `shared/app`. */
export function network() {
  const base = environment(RESOURCE_PREFIX);
  const keys = encryption({ forBackups: false });
  return compose({
    name: 'shared/network',
    source: 'generator/stacks/shared/network.ts',
    description: 'Shared infrastructure: network, keys and alerts',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, keys.fragment, alerts(keys).fragment, sharedNetwork(keys).fragment],
  });
}
