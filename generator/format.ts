import { CfnError, nearestMatch } from '../lib/cfn/errors.ts';

/** The format asked for, the first by default; `--json` is another word for one. Throws CFN708 where there is no such format. */
export function formatOf<F extends string>(
  { format, json }: { format?: string; json?: boolean },
  formats: readonly F[],
): F | 'json' {
  if (json) return 'json';
  const asked = format ?? formats[0]!;
  const found = formats.find((name) => name === asked);
  if (found) return found;
  const nearest = nearestMatch(asked, formats);
  throw new CfnError({
    code: 'CFN708',
    severity: 'error',
    message: `there is no format "${asked}"${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: `one of ${formats.join(', ')}`,
  });
}
