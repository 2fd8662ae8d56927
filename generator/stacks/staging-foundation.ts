import { compose } from '../../lib/cfn/index.ts';
import { alerts } from '../capabilities/alerts.ts';
import { cost } from '../capabilities/cost.ts';
import { encryption } from '../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';
import { network } from '../capabilities/network.ts';

/** What everything else stands on, and what changes least. Deploy before `staging`. */
export function stagingFoundation() {
  const base = environment();
  const keys = encryption();
  const topic = alerts(keys);
  return compose({
    name: 'staging-foundation',
    source: 'generator/stacks/staging-foundation.ts',
    description: 'Staging: keys, alerts, network and budget',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      keys.fragment,
      topic.fragment,
      network({ ...base, ...keys }).fragment,
      cost({ ...base, ...topic }).fragment,
    ],
  });
}
