import { CfnError } from '../lib/cfn/errors.ts';

/** Throws CFN706 where it is no name of a region. Whether AWS has one of that name, AWS says. */
export function regionNamed(region: string): string {
  if (/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) return region;
  throw new CfnError({
    code: 'CFN706',
    severity: 'error',
    message: `"${region}" is no region`,
    fix: 'name one as AWS does: --region us-west-2',
  });
}
