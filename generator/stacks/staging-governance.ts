import { compose } from '../../lib/cfn/index.ts';
import { access } from '../capabilities/access.ts';
import { config } from '../capabilities/config.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';

/** A stack of its own, for other people deploy it: those who decide what people may do. Deploy after `staging`. */
export function stagingGovernance() {
  return compose({
    name: 'staging-governance',
    source: 'generator/stacks/staging-governance.ts',
    description: 'Staging: AWS Config and access of people',
    groups: PARAMETER_GROUPS,
    fragments: [environment().fragment, config().fragment, access().fragment],
  });
}
