import { compose } from '../../lib/cfn/index.ts';
import { encryption } from '../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';

export function staging() {
  const base = environment();
  const keys = encryption();
  return compose({
    name: 'staging',
    source: 'generator/stacks/staging.ts',
    description: 'Staging: network, encryption, storage, database, cache and backup',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, keys.fragment],
  });
}
