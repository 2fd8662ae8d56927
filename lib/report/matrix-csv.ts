import type { Evidence } from '../evidence/evidence.ts';
import { matrixOf } from '../evidence/matrix.ts';

const COLUMNS = [
  'framework',
  'requirement',
  'state',
  'control',
  'title',
  'severity',
  'mapping',
  'template',
  'resource',
  'type',
  'verdict',
  'configurations checked',
  'configurations failed',
  'counterexample',
  'property',
  'line',
  'message',
  'waived by',
  'waived until',
  'waiver reason',
  'AWS Config rule',
  'live',
] as const;

/** The control matrix as RFC 4180 has it: CRLF, quotes doubled. A leading `=`, `+`, `-` or `@` is no formula of a spreadsheet. */
export function matrixCsv(evidence: Evidence): string {
  const lines = [COLUMNS.join(',')];
  for (const { framework, requirement, state, control, source, fact } of matrixOf(evidence)) {
    const verdict = fact?.verdict ?? (control.judged === 'template' ? 'no resource' : WITHOUT[control.judged]);
    const spot = fact && (fact.verdict === 'proven' ? (fact.evidence[0] ?? fact.at) : fact.at);
    const counterexample = Object.entries(fact?.counterexample ?? {}).map(([name, value]) => `${name}=${value}`);
    const cells = [
      ...[framework, requirement, state, control.id, control.title, control.severity, source],
      ...[fact?.template, fact?.resource, fact?.type, verdict, fact?.checked, fact?.failed, counterexample.join(' ')],
      ...[spot?.path, spot?.line, fact?.message, fact?.waiver?.owner, fact?.waiver?.expires, fact?.waiver?.reason],
      ...[control.configRule, fact?.live && `${fact.live.state}: ${fact.live.message}`],
    ];
    lines.push(cells.map((cell) => quoted(cell === undefined ? '' : String(cell))).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

const WITHOUT = { deployed: 'needs a deployed stack', 'not-yet': 'not judged yet' } as const;

function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
