import type { Column } from './catalog.ts';
import type { MaskedColumn, TablePlan } from './plan.ts';

//! statements: SQL. Names come quoted from the catalogue, values are parameters.

/** Where a column's value stands in a row of the page and in the JSON of a change. Never a name, so nothing to quote. */
export const token = (place: number) => `c${place}`;

/** All values travel as text in their JSON form, which no session setting but the time zone changes. */
const jsonText = ({ ident, padded }: Column) => `${padded ? 'rtrim' : ''}(to_jsonb(t.${ident}) #>> '{}')`;

const shown = (column: MaskedColumn) =>
  `${column.kind.sees ? `left(${jsonText(column)}, ${column.kind.sees})` : jsonText(column)} AS ${token(column.place)}`;

/** Columns whose masked values cannot be told from real ones. */
export const marked = ({ columns }: TablePlan) =>
  columns.filter(({ kind, rule }) => !kind.recognises && rule.kind !== 'null');

/** Names a row in `plainform_masking.mark`: 128 bits of a hash, so that the mark does not repeat a key's value. */
function rowKey({ key }: TablePlan): string {
  const values = key.map(({ ident }) => `t.${ident}`).join(', ');
  return `CAST(left(encode(sha256(convert_to(CAST(jsonb_build_array(${values}) AS text), 'UTF8')), 'hex'), 32) AS uuid)`;
}

/** The next rows behind `:k0`, `:k1` ... (the first ones without them) in the order of the key, with their marks. */
export function pageOf(plan: TablePlan, rows: number, isFirst: boolean, hasMarks: boolean): string {
  const { table, key, columns } = plan;
  const keys = key.map(({ ident }) => `t.${ident}`).join(', ');
  const cursor = key.map(({ type }, place) => `CAST(:k${place} AS ${type})`).join(', ');
  const values = [...key.map((column, place) => `${jsonText(column)} AS k${place}`), ...columns.map(shown)].join(', ');
  return `SELECT ${values}, ${hasMarks ? 'CAST(m.seal AS text)' : 'NULL'} AS seal FROM ${table.ident} t
    ${hasMarks ? `LEFT JOIN plainform_masking.mark m ON m.target = :target AND m.row_key = ${rowKey(plan)}` : ''}
    ${isFirst ? '' : `WHERE (${keys}) > (${cursor})`} ORDER BY ${keys} LIMIT ${rows}`;
}

/**
 * Writes the changes (`k` key, `n` new values by token), and with them every row that repeats a changed value through a
 * foreign key, in one statement: only so do PostgreSQL's checks at the end of the statement find parents and children
 * both changed, whether the key is deferrable or not and whatever it does on update. Each table has one UPDATE, which
 * takes all of a row's changes together, because a statement cannot update a row twice. Gives, for each changed row, its
 * name for the mark and what is really stored (after triggers) in the columns that need one.
 */
export function applyTo(plan: TablePlan): string {
  const { table, key, columns, links } = plan;
  const on = key.map(({ ident, type }, place) => `b.${ident} = CAST(e.k->>${place} AS ${type})`).join(' AND ');
  const idents = [...new Set([table.ident, ...links.map(({ ident }) => ident)])];
  const patches = idents.map((ident, index) => {
    const isBase = index === 0;
    const sources = isBase ? ['SELECT x.part, x.id, d.key, d.value, true FROM change x, jsonb_each(x.n) d'] : [];
    const written = new Map((isBase ? columns : []).map((column): [string, Column] => [column.ident, column]));
    for (const { alias, joins, sets } of links.filter((link) => link.ident === ident)) {
      for (const { column, from } of sets) {
        written.set(column.ident, column);
        sources.push(`SELECT ${alias}.tableoid, ${alias}.ctid, '${token(column.place)}', x.n->'${token(from)}', false
          FROM change x JOIN ${table.ident} b ON b.ctid = x.id AND b.tableoid = x.part${joins}
          WHERE x.n->'${token(from)}' IS NOT NULL`);
      }
    }
    const assignments = [...written.values()].map(({ ident, place, type }) => {
      const value = `m.n->'${token(place)}'`;
      return `${ident} = CASE WHEN ${value} IS NULL THEN t.${ident} ELSE CAST(${value} #>> '{}' AS ${type}) END`;
    });
    const returned = isBase ? ['own', `${rowKey(plan)} AS row_key`, ...marked(plan).map(shown)] : ['1'];
    return `, patch${index} AS (UPDATE ${ident} t SET ${assignments.join(', ')} FROM (
        SELECT part, id, jsonb_object_agg(name, value) AS n, bool_or(mine) AS own
        FROM (${sources.join(' UNION ALL ')}) AS s(part, id, name, value, mine) GROUP BY part, id) m
      WHERE t.ctid = m.id AND t.tableoid = m.part RETURNING ${returned.join(', ')})`;
  });
  const stored = marked(plan).map(({ place }) => `, ${token(place)}`);
  return `WITH change AS MATERIALIZED (SELECT b.ctid AS id, b.tableoid AS part, e.n
      FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS e(k jsonb, n jsonb) JOIN ${table.ident} b ON ${on})
    ${patches.join('')} SELECT CAST(row_key AS text) AS row_key${stored.join('')} FROM patch0 WHERE own`;
}
