import type { PlannedChange } from '../deployment/deploy-stack.ts';
import type { Paint } from './findings.ts';

/** What is gone comes first, then what may go, then what only changes. */
const RANK = { replace: 0, remove: 1, 'may replace': 2, modify: 3, import: 4, add: 5 } as const;
type Word = keyof typeof RANK;

function wordOf({ action, replacement }: PlannedChange): Word {
  if (replacement === 'yes') return 'replace';
  if (replacement === 'maybe') return 'may replace';
  const word = action.toLowerCase();
  return Object.hasOwn(RANK, word) ? (word as Word) : 'modify';
}

/**
 * A change set as a table, one resource a line. Replacements and removals are spelt out, coloured on a terminal, and marked in
 * the first column for those who see no colours.
 */
export function renderChanges(changes: readonly PlannedChange[], recorded: ReadonlySet<string>, paint: Paint): string {
  const rows = changes
    .map((change) => ({ change, word: wordOf(change) }))
    .sort((a, b) => RANK[a.word] - RANK[b.word] || a.change.logicalId.localeCompare(b.change.logicalId))
    .map(({ change, word }) => ({
      word,
      cells: [MARK[word], word, change.logicalId, change.type, notes(change, recorded)],
    }));
  const head = ['', 'change', 'resource', 'type', 'because of'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(({ cells }) => cells[column]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd();
  return [
    paint('dim', line(head)),
    ...rows.map(({ word, cells }) => {
      const text = line(cells);
      return word === 'replace' || word === 'remove'
        ? paint('red', text)
        : word === 'may replace'
          ? paint('yellow', text)
          : text;
    }),
  ].join('\n');
}

const MARK: Readonly<Record<Word, string>> = {
  replace: '!',
  remove: '-',
  'may replace': '?',
  modify: '~',
  import: '>',
  add: '+',
};

function notes({ because, losesData, type }: PlannedChange, recorded: ReadonlySet<string>): string {
  return [because.join(', '), losesData ? 'DATA IS LOST' : '', recorded.has(type) ? '(recorded only)' : '']
    .filter((part) => part !== '')
    .join(' ');
}

/** "2 to replace, 41 to add; 6 of them recorded only". */
export function countChanges(changes: readonly PlannedChange[], recorded: ReadonlySet<string>): string {
  const counts = new Map<Word, number>();
  for (const change of changes) counts.set(wordOf(change), (counts.get(wordOf(change)) ?? 0) + 1);
  const parts = (Object.keys(RANK) as Word[]).flatMap((word) =>
    counts.has(word) ? [`${counts.get(word)} to ${word}`] : [],
  );
  const onPaper = changes.filter(({ type }) => recorded.has(type)).length;
  return `${parts.join(', ') || 'only outputs or metadata change'}${onPaper > 0 ? `; ${onPaper} of them recorded only` : ''}`;
}
