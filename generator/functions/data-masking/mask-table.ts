import type { Database, Query, Row } from './data-api.ts';
import { failure } from './failure.ts';
import type { Digest } from './keyed.ts';
import type { Use } from './kinds.ts';
import type { MaskedColumn, TablePlan } from './plan.ts';
import { readState, type Seal, saveState } from './state.ts';
import { applyTo, marked, pageOf, token } from './statements.ts';

//! mask-table: batches: read, mask, write with all that follows by foreign key, remember; one transaction each.

/** A row to change: its key, its new values by token. */
type Change = { k: string[]; n: Record<string, string | null> };

/** `run` is 0 where rows are only counted. */
export type Work = { database: Database; digest: Digest; batchRows: number; hasMarks: boolean; run: number };

/** Where a table's masking has got to. */
export type Progress = {
  /** Counts the batches, over all runs: it is how a lost or doubled one is noticed. */
  version: number;
  run: number;
  /** How often the table has been gone through, because rows waited for a unique value. */
  pass: number;
  /** Counted up when a pass has freed none of the waiting rows: the next one tries other values for them. */
  probe: number;
  cursor: string[] | null;
  done: boolean;
  seen: number;
  masked: number;
  /** Rows of this pass that wait, and rows of this pass that were masked. */
  waiting: number;
  moved: number;
};

const MOST_PROBES = 5;
const NOTHING = { seen: 0, masked: 0, waiting: 0, moved: 0 };

function useOf({ rule, limit, unique }: MaskedColumn, digest: Digest, probe: number): Use {
  const known: Digest = (...parts) => digest('value', rule.kind, ...parts);
  const tried = unique && probe ? String(probe) : '';
  return { digest: known, draw: (...parts) => known(tried, ...parts), options: rule.options, limit: limit ?? Infinity };
}

/** 72 bits that say: this value, in this column, was made by this function. */
const sealOf = (digest: Digest, { label }: TablePlan, { name }: MaskedColumn, value: string) =>
  digest('seal', label, name, value).toString('base64url').slice(0, 12);

const keyOf = ({ key }: TablePlan, row: Row) => key.map((_, place) => String(row[`k${place}`]));

/** What to change in a row: every value that is not null, empty or masked already. */
function changeOf(plan: TablePlan, digest: Digest, row: Row, probe: number): Change[] {
  const seals = JSON.parse(String(row.seal ?? '{}'));
  const n: Change['n'] = {};
  for (const column of plan.columns) {
    const { kind, name, place } = column;
    const value = String(row[token(place)] ?? '');
    if (!value) continue;
    const use = useOf(column, digest, probe);
    const isMasked = kind.recognises?.(value, use) ?? seals[name] === sealOf(digest, plan, column, value);
    if (!isMasked) n[token(place)] = kind.mask(value, use);
  }
  return Object.keys(n).length ? [{ k: keyOf(plan, row), n }] : [];
}

/** One batch: read, mask, write, remember, in one transaction. `waits`: its row cannot have its value now. */
async function maskPage(query: Query, plan: TablePlan, work: Work, before: Progress, probe: number, waits: boolean) {
  const { digest, batchRows, hasMarks, run } = work;
  const cursor = Object.fromEntries((before.cursor ?? []).map((value, place) => [`k${place}`, value]));
  const sql = pageOf(plan, batchRows, !before.cursor, hasMarks);
  const page = await query(sql, hasMarks ? { ...cursor, target: plan.label } : cursor);
  const changes = page.flatMap((row) => changeOf(plan, digest, row, probe));
  const last = page.length < batchRows ? undefined : page.at(-1);
  const after = nextProgress(plan.label, before, last ? keyOf(plan, last) : null, page.length, changes.length, waits);
  if (!run) return after;
  const isWritten = changes.length && !waits;
  const stored = isWritten ? await query(applyTo(plan), { changes: JSON.stringify(changes) }) : [];
  const seals = stored.map((row): Seal => {
    const values = marked(plan).map((column) => [column, row[token(column.place)]] as const);
    const filled = values.flatMap(([column, value]) =>
      value === null ? [] : [[column.name, sealOf(digest, plan, column, String(value))]],
    );
    return { k: String(row.row_key), s: Object.fromEntries(filled) };
  });
  await saveState(query, plan.label, after, marked(plan).length ? seals : []);
  return after;
}

/**
 * What follows a batch: the next page, another pass for the rows that wait, or the end. A pass that freed no row is
 * followed by one that tries other values; it is then a true duplicate: the same original was added a second time.
 * Throws `NoFreeValue`.
 */
export function nextProgress(
  table: string,
  before: Progress,
  cursor: string[] | null,
  seen: number,
  changed: number,
  waits: boolean,
): Progress {
  const masked = waits ? 0 : changed;
  const after = { ...before, version: before.version + 1, cursor };
  if (before.pass === 1) after.seen += seen;
  after.masked += masked;
  after.moved += masked;
  after.waiting += changed - masked;
  if (cursor) return after;
  if (!after.waiting) return { ...after, done: true };
  const probe = after.moved ? after.probe : after.probe + 1;
  if (probe > MOST_PROBES) {
    throw failure('NoFreeValue', `${table}: ${after.waiting} rows find no free value in a unique index`);
  }
  return { ...after, pass: after.pass + 1, probe, waiting: 0, moved: 0 };
}

/**
 * Masks a table from where it stands, batch by batch, until it is done or `mayGoOn` says no. A failure that may pass rolls
 * the batch back, and the stored progress decides what is next: also after a commit whose answer was lost. A batch in
 * which a value is taken is repeated with fewer rows, until the one row is found that has to wait. Gives the progress of the
 * run, and what of it is new.
 */
export async function maskTable(plan: TablePlan, work: Work, mayGoOn: () => boolean) {
  const { database, run } = work;
  const start: Progress = { version: 0, run, pass: 1, probe: 0, cursor: null, done: false, ...NOTHING };
  let progress = start;
  const stored = async () => {
    const state = run ? await readState<Progress>(database.query, plan.label) : progress;
    if (state && state.run > run) throw failure('Superseded', 'a later run with other rules has begun');
    return state?.run === run ? state : { ...start, version: state?.version ?? 0 };
  };
  progress = await database.persist(stored);
  const { seen, masked } = progress;
  let batchRows = work.batchRows;
  while (!progress.done && mayGoOn()) {
    let isRepeated = false;
    let tries = 0;
    const batch = async () => {
      const now = isRepeated ? await stored() : progress;
      isRepeated = true;
      if (now.version !== progress.version) return now;
      const waits = tries > progress.probe;
      return database.transaction((query) => maskPage(query, plan, { ...work, batchRows }, progress, tries, waits));
    };
    const shrink = ({ message }: Error) => {
      // A single row tries the other values that this pass allows, then waits.
      if (batchRows === 1) return message.includes('SQLState: 23505') && tries++ <= progress.probe;
      batchRows = Math.floor(batchRows / 4) || 1;
      return true;
    };
    try {
      progress = await database.persist(batch, shrink);
    } catch (error) {
      // What is stored is where the next invocation goes on.
      if ((error as Error).name === 'OutOfTime') break;
      throw error;
    }
    // A few large or taken rows should not slow down the whole table.
    batchRows = Math.min(work.batchRows, batchRows * 2);
  }
  return { ...progress, newlySeen: progress.seen - seen, newlyMasked: progress.masked - masked };
}
