import { compose } from '../../lib/cfn/index.ts';
import { alerts } from '../capabilities/alerts.ts';
import { backup, backupTag } from '../capabilities/backup.ts';
import { cache } from '../capabilities/cache.ts';
import { cost } from '../capabilities/cost.ts';
import { database } from '../capabilities/database.ts';
import { encryption } from '../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';
import { network } from '../capabilities/network.ts';
import { storage } from '../capabilities/storage.ts';

/** What holds data or carries traffic. Deploy after `staging-replica`, before the other stacks of the environment. */
export function staging() {
  const base = environment();
  const keys = encryption();
  const topic = alerts(keys);
  const vpc = network(keys);
  const inputs = { ...base, ...keys, ...topic, ...vpc };
  return compose({
    name: 'staging',
    source: 'generator/stacks/staging.ts',
    description: 'Staging: network, encryption, storage, database, cache and backup',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      keys.fragment,
      topic.fragment,
      vpc.fragment,
      storage(inputs).fragment,
      database({ ...inputs, backupTag }).fragment,
      cache(inputs).fragment,
      backup(inputs).fragment,
      cost(inputs).fragment,
    ],
  });
}
