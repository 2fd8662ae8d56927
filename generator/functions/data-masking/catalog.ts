import type { Query } from './data-api.ts';

//! catalog: tables, unique indexes and foreign keys as PostgreSQL has them.

/** Names are already quoted by the server (`ident`), so that no statement is built from the text of a rule. */
export type Column = {
  name: string;
  ident: string;
  type: string;
  /** `pg_type.typcategory`, or `uuid`. */
  category: string;
  notNull: boolean;
  limit: number | null;
  /** `character(n)`: filled up with blanks, which are not part of the value. */
  padded: boolean;
  place: number;
};

/** `places` of its columns in the table; 0 for an expression. `isKey`: rows can be told apart and ordered by it. */
export type UniqueIndex = { places: number[]; isKey: boolean };

export type ForeignKey = {
  id: number;
  name: string;
  validated: boolean;
  child: { id: string; ident: string; columns: Column[] };
  parent: { id: string; columns: Column[] };
};

export type Table = { id: string; ident: string; ownTable: boolean; columns: Column[]; unique: UniqueIndex[] };

/** JSON of the columns of the table whose oid is `table`: all, or those whose numbers are in `numbers`, in that order. */
const columnsOf = (table: string, numbers?: string) => `(
  SELECT json_agg(json_build_object('name', a.attname, 'ident', quote_ident(a.attname), 'place', a.attnum,
    'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull, 'padded', base = 'character',
    'category', CASE base WHEN 'uuid' THEN base ELSE CAST(y.typcategory AS text) END,
    'limit', CASE WHEN base LIKE 'character%' AND mod > 4 THEN mod - 4 END)
    ORDER BY ${numbers ? `array_position(${numbers}, a.attnum)` : 'a.attnum'})
  FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid, LATERAL (SELECT
    format_type(COALESCE(NULLIF(y.typbasetype, 0), y.oid), NULL) AS base,
    COALESCE(NULLIF(a.atttypmod, -1), y.typtypmod) AS mod) AS d
  WHERE a.attrelid = ${table} AND NOT a.attisdropped AND a.attnum ${numbers ? `= ANY (${numbers})` : '> 0'})`;

/** The table as the catalogue has it, or undefined where it does not exist. */
export async function readTable(query: Query, label: string): Promise<Table | undefined> {
  const [row] = await query(
    `SELECT CAST(json_build_object('id', CAST(c.oid AS text), 'ident', format('%I.%I', n.nspname, c.relname),
      'ownTable', c.relkind IN ('r', 'p') AND NOT c.relispartition, 'columns', ${columnsOf('c.oid')},
      'unique', COALESCE((SELECT json_agg(json_build_object('places', places,
          'isKey', i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate AND NOT EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = c.oid AND NOT a.attnotnull AND a.attnum = ANY (places)))
        ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid)
      FROM pg_index i, LATERAL (SELECT array_agg(place ORDER BY n) AS places
        FROM unnest(i.indkey) WITH ORDINALITY AS k(place, n) WHERE n <= i.indnkeyatts) AS p
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid), '[]')) AS text) AS found
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = :label`,
    { label },
  );
  return row && JSON.parse(String(row.found));
}

/** All foreign keys of the database. The copies that partitions have of one are not listed. */
export async function readForeignKeys(query: Query): Promise<ForeignKey[]> {
  const rows = await query(`SELECT CAST(json_build_object('id', f.oid, 'name', f.conname, 'validated', f.convalidated,
    'child', json_build_object('id', CAST(c.oid AS text), 'ident', format('%I.%I', n.nspname, c.relname),
      'columns', ${columnsOf('c.oid', 'f.conkey')}),
    'parent', json_build_object('id', CAST(f.confrelid AS text), 'columns', ${columnsOf('f.confrelid', 'f.confkey')}))
    AS text) AS found
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE f.contype = 'f' AND f.conparentid = 0 ORDER BY f.oid`);
  return rows.map(({ found }) => JSON.parse(String(found)));
}
