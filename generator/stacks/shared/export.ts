import { compose } from '../../../lib/cfn/index.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { exportedParameters } from '../../capabilities/shared-parameters.ts';
import { ownInfrastructure } from '../../capabilities/sharing.ts';

/** What a provider shares, for consumers to read. Deploy after `shared/app`; delete it after the last consumer. */
export function sharedExport() {
  const base = environment(RESOURCE_PREFIX);
  const sharing = ownInfrastructure({ exports: 'always' });
  return compose({
    name: 'shared/export',
    source: 'generator/stacks/shared/export.ts',
    description: 'Shared infrastructure: the eleven parameters that consumers read',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, sharing.fragment, exportedParameters().fragment],
  });
}
