import { CfnError, nearestMatch } from '../../lib/cfn/errors.ts';
import { isObject, type Json } from '../../lib/cfn/template.ts';

/** What a runbook speaks of, from where it stands. Throws CFN710 where it is not there: a runbook cannot drift. */
export function spokenOf<T>(
  bodies: Readonly<Record<string, T>> | undefined,
  name: string,
  where: string,
  source: string,
): T {
  const body = bodies && Object.hasOwn(bodies, name) ? bodies[name] : undefined;
  if (body !== undefined) return body;
  const near = nearestMatch(name, Object.keys(bodies ?? {}));
  throw new CfnError({
    code: 'CFN710',
    severity: 'error',
    message: `the runbook speaks of ${name}, which ${where} does not have${near ? `; it has ${near}` : ''}`,
    fix: `change the name in ${source}`,
  });
}

/** A physical name as it is where the suffix is this one. */
export function withSuffix(value: Json, suffix: string): string {
  const sub = isObject(value) ? value['Fn::Sub'] : value;
  return String(Array.isArray(sub) ? sub[0] : sub).replaceAll('${EnvironmentSuffix}', suffix);
}
