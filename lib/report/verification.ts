import { readCatalogue } from '../check/catalogue.ts';
import type { DeployedFact } from '../deployment/deployed-controls.ts';
import type { Check, CheckState } from '../deployment/verify-stack.ts';
import type { Paint } from './findings.ts';

export interface VerifiedStack {
  stackName: string;
  region: string;
  checks: readonly Check[];
  /** Controls that only what is deployed can show. They are told, and decide no exit code: they are not of the template. */
  controls?: readonly DeployedFact[];
}

const WORDS: readonly (readonly [CheckState, string])[] = [
  ['matches', 'match'],
  ['differs', 'differ'],
  ['unknown', 'unknown'],
  ['emulator', 'only of the emulator'],
  ['recorded', 'recorded only'],
  ['not-read', 'not read'],
];

/** How many checks have each state, states that none has left out (matches and differences always stand). */
export function countStates(checks: readonly Check[]): string {
  return WORDS.flatMap(([state, word]) => {
    const count = checks.filter((check) => check.state === state).length;
    return count > 0 || state === 'matches' || state === 'differs' ? [`${count} ${word}`] : [];
  }).join(', ');
}

/**
 * Counts, a table of the differences, and what is not claimed: unknown, the emulator's own, and not read by type. `brief`
 * leaves out what only the emulator or nobody answers for, which the counts tell.
 */
export function renderVerification(
  { stackName, region, checks }: VerifiedStack,
  paint: Paint,
  { brief = false } = {},
): string {
  const of = (state: CheckState) => checks.filter((check) => check.state === state);
  const lines = [`${paint('bold', `${stackName} (${region})`)}: ${countStates(checks)}`];
  const differences = of('differs');
  if (differences.length > 0) lines.push(...differenceTable(differences).map((line) => paint('red', line)));
  for (const [state, title] of [
    ['unknown', 'unknown: read, and what it should be or whether it works cannot be told'],
    ['emulator', 'of the emulator, not of the stack (lib/data/emulator.json)'],
  ] as const) {
    if (of(state).length === 0 || (brief && state === 'emulator')) continue;
    lines.push(
      `  ${paint('yellow', title)}`,
      ...of(state).map(({ subject, message }) => `    ${subject}: ${shortened(message, 100)}`),
    );
  }
  const unread = brief ? [] : unreadByType(checks);
  if (unread.length > 0)
    lines.push(`  ${paint('dim', 'not read')}`, ...unread.map((line) => paint('dim', `    ${line}`)));
  return lines.join('\n');
}

/** Counts, and each control that fails or could not be read; nothing where none was asked. */
export function renderDeployedControls(stacks: readonly VerifiedStack[], paint: Paint): string {
  const facts = stacks.flatMap(({ controls = [] }) => controls);
  const of = (verdict: DeployedFact['verdict']) => facts.filter((fact) => fact.verdict === verdict);
  const catalogue = readCatalogue();
  const line = ({ control, subject, message }: DeployedFact) =>
    `    ${control} ${subject}: ${catalogue[control]?.title ?? ''}; ${shortened(message, 100)}`;
  const counts = [
    `${of('holds').length} hold`,
    `${of('fails').length} fail`,
    ...(of('unknown').length > 0 ? [`${of('unknown').length} could not be read`] : []),
  ];
  return [
    `${paint('bold', 'controls of what is deployed')}: ${counts.join(', ')}`,
    ...of('fails').map((fact) => paint('yellow', line(fact))),
    ...of('unknown').map((fact) => paint('dim', line(fact))),
  ].join('\n');
}

function differenceTable(differences: readonly Check[]): string[] {
  const rows = differences.map(({ subject, expected, actual, message }) =>
    expected === undefined && actual === undefined
      ? [subject, message]
      : [subject, shortened(expected ?? 'not set', 60), shortened(actual ?? 'not set', 60)],
  );
  const all = [['differs', 'template says', 'is'], ...rows];
  const width = (column: number) =>
    Math.max(...all.filter((row) => row.length === 3).map((row) => row[column]!.length));
  const subjects = Math.min(80, Math.max(...all.map(([subject]) => subject!.length)));
  return all.map((row) =>
    row.length === 3
      ? `  ${row[0]!.padEnd(subjects)}  ${row[1]!.padEnd(width(1))}  ${row[2]}`.trimEnd()
      : `  ${row[0]!.padEnd(subjects)}  ${row[1]}`,
  );
}

/** Each type with its properties that nobody compared and for how many resources; what drift detection left out, counted. */
export function unreadByType(checks: readonly Check[]): string[] {
  const unread = checks.filter(({ state }) => state === 'not-read');
  const byType = new Map<string, Map<string, number>>();
  for (const { kind, type = '', property, subject, message } of unread) {
    if (kind === 'drift' && type !== '') continue;
    const reasons = byType.get(type) ?? new Map<string, number>();
    byType.set(type, reasons);
    const what = `${property ?? subject} (${shortened(message, 90)})`;
    reasons.set(what, (reasons.get(what) ?? 0) + 1);
  }
  const lines = [...byType]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([type, reasons]) =>
      [...reasons].map(([what, count]) => `${type}${type ? ': ' : ''}${what}${count > 1 ? `, ${count} times` : ''}`),
    );
  const drift = unread.filter(({ kind, type }) => kind === 'drift' && type !== undefined);
  if (drift.length > 0) {
    const types = new Set(drift.map(({ type }) => type)).size;
    lines.push(
      `drift: CloudFormation does not judge ${counted(drift.length, 'resource')} of ${counted(types, 'type')} here`,
    );
  }
  return lines;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function shortened(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
