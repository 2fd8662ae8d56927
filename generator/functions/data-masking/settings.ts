import { failure } from './failure.ts';

//! settings: refuses production before any call is made; reads the environment variables.

type Variables = Record<string, string | undefined>;

/** Tiers in which data may be masked. Anything else, and nothing, is taken for production. */
const TIERS = ['sandbox', 'development', 'test', 'qa', 'staging', 'preview'];

const PRODUCTION_NAME = /(^|[^a-z])(prod|production|prd|live)(?!-like)([^a-z]|$)/i;

export const isProduction = (tier: string) => !TIERS.includes(tier);

/**
 * Throws `ProductionRefused` unless the tier is known not to be production and nothing that is named looks like it. Is
 * called before anything else, so that no other call has been made by then.
 */
export function refuseProduction(variables: Variables): void {
  const tier = variables.ENVIRONMENT_TIER ?? '';
  if (isProduction(tier)) {
    throw failure('ProductionRefused', `ENVIRONMENT_TIER is "${tier}"; data is masked only in ${TIERS.join(', ')}`);
  }
  for (const variable of ['ENVIRONMENT_NAME', 'CLUSTER_ARN', 'DATABASE_NAME']) {
    const name = variables[variable]?.split(':').at(-1) ?? '';
    if (PRODUCTION_NAME.test(name)) throw failure('ProductionRefused', `${variable} "${name}" looks like production`);
  }
}

/** The environment variables. Throws `SettingsInvalid`. */
export function readSettings(variables: Variables) {
  const need = (name: string) => {
    const value = variables[name];
    if (!value) throw failure('SettingsInvalid', `${name} is not set`);
    return value;
  };
  const [resourceArn, secretArn, database] = ['CLUSTER_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME'].map(need);
  return {
    target: { resourceArn: resourceArn!, secretArn: secretArn!, database: database! },
    maskingKeySecretArn: need('MASKING_KEY_SECRET_ARN'),
    ruleSetParameter: need('RULE_SET_PARAMETER'),
    /** Rows of a batch, 1 to 2,000. A page has to fit into a response of 1 MiB, and is made smaller when it does not. */
    batchRows: Math.min(2000, Math.max(1, Math.floor(Number(variables.BATCH_ROWS)) || 500)),
  };
}
