import { compose } from '../../lib/cfn/index.ts';
import { dataMasking } from '../capabilities/data-masking.ts';
import { environment, PARAMETER_GROUPS } from '../capabilities/environment.ts';

/** A SAM template with its code in it, so that it deploys without a bucket. Deploy after `staging`. */
export function stagingMasking() {
  const base = environment();
  return compose({
    name: 'staging-masking',
    source: 'generator/stacks/staging-masking.ts',
    description: 'Staging: data masking',
    transform: 'AWS::Serverless-2016-10-31',
    groups: PARAMETER_GROUPS,
    fragments: [base.fragment, dataMasking(base).fragment],
  });
}
