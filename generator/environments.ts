import { primaryRegion } from '../lib/region.ts';

export const ENVIRONMENTS = ['staging', 'development', 'production-like'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export interface EnvironmentStack {
  /** Name of the template, of the parameter file, and of the stack after the environment's suffix. */
  stack: string;
  region: string;
  template: string;
  parameterFile: string;
  stackName: string;
}

/** Region of the copies and of the billing alarm: AWS/Billing has its metrics there only. */
const REPLICA_REGION = 'us-east-1';

/** The stacks of an environment in the order in which they are deployed; deleted in the opposite order. */
export function stacksOf(environment: EnvironmentName): EnvironmentStack[] {
  return [
    'staging-replica',
    'staging-foundation',
    'staging',
    'staging-masking',
    'staging-governance',
    'staging-monitoring',
  ].map((stack) => ({
    stack,
    region: stack === 'staging-replica' ? REPLICA_REGION : primaryRegion(),
    template: `templates/${stack}.yaml`,
    parameterFile: `params/${environment}/${stack}.json`,
    stackName: `${environment}-${stack === 'staging' ? 'data' : stack.slice('staging-'.length)}`,
  }));
}
