import type { Opinion, Remark } from '../check/opinions.ts';
import { countFindings, type Paint } from './findings.ts';

/** An opinion as people read it: each remark with its place, its rule and whose it is, then what was and was not judged. */
export function renderOpinion({ tool, counts, files, remarks, unheard }: Opinion, paint: Paint): string[] {
  const lines = [...remarks].sort(byPlace).map((remark) => {
    const { file, line, column, severity, rule, message } = remark;
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    const style = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'cyan';
    return `${place} ${paint(style, `${severity} ${rule}`)} (${tool}): ${message}`;
  });
  if (files.length > 0) {
    const found = countFindings(remarks.map(({ severity, message }) => ({ code: '', severity, message })));
    const weight = counts || remarks.length === 0 ? '' : '; they do not decide';
    lines.push(`${tool} on ${files.length} template${files.length === 1 ? '' : 's'}: ${found}${weight}`);
  }
  for (const { file, reason } of unheard) lines.push(`${tool}: no opinion${file ? ` on ${file}` : ''}: ${reason}`);
  return lines;
}

function byPlace(a: Remark, b: Remark): number {
  return a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
