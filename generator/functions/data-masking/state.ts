import type { Query } from './data-api.ts';
import { failure } from './failure.ts';
import { isProduction } from './settings.ts';

//! state: state in the database itself: how far each table is, and marks of values that cannot be told from real ones.

/** What is stored of the masking of all: `version` counts the changes, `run` the runs. */
export type Run = { version: number; run: number; rules: string; key: string; done: boolean };

/** By what a row's masking is remembered: the name of its mark, and the seals of its masked values by column. */
export type Seal = { k: string; s: Record<string, string> };

const SCHEMA = [
  'CREATE SCHEMA IF NOT EXISTS plainform_masking',
  `CREATE TABLE IF NOT EXISTS plainform_masking.mark (
    target text, row_key uuid, seal jsonb NOT NULL, PRIMARY KEY (target, row_key))`,
  `CREATE TABLE IF NOT EXISTS plainform_masking.progress (
    target text PRIMARY KEY, version bigint NOT NULL, state jsonb NOT NULL, changed_at timestamptz NOT NULL)`,
];

/**
 * Reads what the database says of itself. A row in `plainform_masking.environment (tier, cluster_arn)` marks a production
 * database; because it is copied with every snapshot, it counts only where it names this cluster, or none.
 * Throws `ProductionRefused`. True if there is state of earlier runs.
 */
export async function inspect(query: Query, clusterArn: string): Promise<boolean> {
  const [found] = await query(`SELECT to_regclass('plainform_masking.environment') IS NOT NULL AS named,
    to_regclass('plainform_masking.progress') IS NOT NULL AS used`);
  const names = found?.named ? await query('SELECT tier, cluster_arn FROM plainform_masking.environment') : [];
  if (names.some(({ tier, cluster_arn: arn }) => (!arn || arn === clusterArn) && isProduction(String(tier)))) {
    throw failure('ProductionRefused', 'plainform_masking.environment says that this is a production database');
  }
  return found?.used === true;
}

/**
 * Goes on with the unfinished run, if its rules are the same, or begins a new one. Makes what is missing of the schema.
 * Throws `KeyChanged` when values were masked with another key: they would be masked twice.
 */
export async function openRun(query: Query, hasState: boolean, rules: string, key: string): Promise<Run> {
  if (!hasState) for (const statement of SCHEMA) await query(statement);
  const last = await readState<Run>(query, '');
  if (last && last.key !== key) {
    const remedy = 'give that back, or refresh the data and drop the schema plainform_masking';
    throw failure('KeyChanged', `this database was masked with another key: ${remedy}`);
  }
  if (last && !last.done && last.rules === rules) return last;
  const { version = 0, run = 0 } = last ?? {};
  const next = { version: version + 1, run: run + 1, rules, key, done: false };
  await saveState(query, '', next);
  return next;
}

/** Ends the run, unless another invocation has ended it. */
export async function endRun(query: Query, { run }: Run): Promise<void> {
  const last = await readState<Run>(query, '');
  if (last?.run === run && !last.done) await saveState(query, '', { ...last, version: last.version + 1, done: true });
}

/** What is stored under a table's label, or under an empty one for the run. */
export async function readState<State>(query: Query, target: string): Promise<State | undefined> {
  const sql = 'SELECT CAST(state AS text) AS state FROM plainform_masking.progress WHERE target = :target';
  const [row] = await query(sql, { target });
  return row && JSON.parse(String(row.state));
}

/**
 * Stores the marks of a batch and how far it got, in the batch's own transaction. Throws `Overtaken`, which asks for another
 * look at what is stored, if another invocation has stored that version or a later one.
 */
export async function saveState<State extends { version: number }>(
  query: Query,
  target: string,
  state: State,
  seals: Seal[] = [],
): Promise<void> {
  const saved = await query(
    `WITH marks AS (
        INSERT INTO plainform_masking.mark (target, row_key, seal)
        SELECT :target, k, s FROM jsonb_to_recordset(CAST(:seals AS jsonb)) AS r(k uuid, s jsonb)
        ON CONFLICT (target, row_key) DO UPDATE SET seal = mark.seal || excluded.seal)
      INSERT INTO plainform_masking.progress AS p (target, version, state, changed_at)
      VALUES (:target, :version, CAST(:state AS jsonb), now())
      ON CONFLICT (target) DO UPDATE SET version = excluded.version, state = excluded.state, changed_at = now()
        WHERE p.version = excluded.version - 1
      RETURNING version`,
    { target, version: state.version, state: JSON.stringify(state), seals: JSON.stringify(seals) },
  );
  if (!saved.length) throw Object.assign(failure('Overtaken', 'another invocation is ahead'), { remedy: 'retry' });
}
