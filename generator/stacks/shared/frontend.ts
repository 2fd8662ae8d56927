import { compose } from '../../../lib/cfn/index.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { frontend } from '../../capabilities/frontend.ts';

/** Deploy after `shared/app`, or, as a consumer, with the DNS name of the provider's load balancer. */
export function sharedFrontend() {
  const base = environment(RESOURCE_PREFIX);
  return compose({
    name: 'shared/frontend',
    source: 'generator/stacks/shared/frontend.ts',
    description: 'Shared: frontend of a project behind CloudFront',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, frontend(base).fragment],
  });
}
