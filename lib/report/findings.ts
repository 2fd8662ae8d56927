import type { Finding, Severity } from '../cfn/errors.ts';

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** By file, line, column, then severity: the order in which a person mends them. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      (a.file ?? '').localeCompare(b.file ?? '') ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0) ||
      RANK[a.severity] - RANK[b.severity] ||
      a.code.localeCompare(b.code),
  );
}

export type Paint = (style: 'bold' | 'dim' | 'red' | 'yellow' | 'cyan', text: string) => string;

/**
 * One finding as people read it. `file:line:column` comes first, so that terminals and editors can jump to it:
 *
 *     templates/a.yaml:12:7 error CFN201: Resources.A refers to B; there is no resource of that name
 *         when  EnvironmentType=development
 *         fix   declare B, or remove the reference
 */
export function renderFinding(finding: Finding, paint: Paint): string {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const style = finding.severity === 'error' ? 'red' : finding.severity === 'warning' ? 'yellow' : 'cyan';
  const [first = '', ...rest] = finding.message.split('\n');
  const lines = [
    `${place ? `${place} ` : ''}${paint(style, `${finding.severity} ${finding.code}`)}: ${first}`,
    ...rest,
  ];
  if (finding.when && Object.keys(finding.when).length > 0) {
    const values = Object.entries(finding.when).map(([name, value]) => `${name}=${shellQuoted(value)}`);
    lines.push(`    ${paint('dim', 'when')}  ${values.join(' ')}`);
  }
  if (finding.fix) lines.push(`    ${paint('dim', 'fix')}   ${finding.fix}`);
  return lines.join('\n');
}

function shellQuoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** "2 errors, 1 warning", or "no findings". */
export function countFindings(findings: readonly Finding[]): string {
  const parts = (['error', 'warning', 'info'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    if (count === 0) return [];
    return [severity === 'info' ? `${count} notes` : `${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}
