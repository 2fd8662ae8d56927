import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import type pg from 'pg';

const END = '-- plainform: whole';

/** Schemas of the user: none of PostgreSQL's. `%` stands for the alias of pg_namespace. */
const OWN = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";
/** What an extension brings comes back with it. */
const notOfExtension = (catalogue: string, oid: string) =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalogue}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/**
 * Writes a database as SQL that psql reads: definitions from the catalogue, data by COPY, in one snapshot. For each table the number
 * of its rows. Owners and grants are not in it. Throws where the database holds what it cannot write: then nothing but pg_dump does.
 */
export async function writeCopyDump(client: pg.Client, file: string): Promise<Map<string, number>> {
  const handle = openSync(file, 'w', 0o600);
  const say = (text: string | Buffer) => {
    const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
  };
  await client.query(
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL row_security = off; SET LOCAL search_path = ''",
  );
  try {
    const strange = await textsOf(client, BEYOND);
    if (strange.length > 0) throw new Error(`only pg_dump can write ${strange.slice(0, 10).join(', ')}`);
    say('-- A database written by plainform without pg_dump: psql reads it. Owners and grants are not in it.\n');
    say("SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET check_function_bodies = false;\n");
    say("SET search_path = '';\n\n");
    const all = async (query: string) => {
      for (const text of await textsOf(client, query)) say(`${text};\n`);
    };
    await all(SCHEMAS);
    await all(EXTENSIONS);
    await all(SEQUENCES);
    for (const text of await definitionsInOrder(client)) say(`${text};\n`);
    await all(PARTITIONS);
    await all(DEFAULTS);
    say('\n');
    const rows = new Map<string, number>();
    const { rows: tables } = await client.query<{ name: string; columns: string }>(TABLES_WITH_DATA);
    for (const { name, columns } of tables) {
      say(`COPY ${name}${columns} FROM stdin;\n`);
      rows.set(name, await copyOut(client, `COPY ${name}${columns} TO STDOUT`, say));
      say('\\.\n\n');
    }
    for (const query of [
      SEQUENCE_VALUES,
      SEQUENCE_OWNERS,
      CONSTRAINTS,
      INDEXES,
      INDEX_PARTITIONS,
      STATISTICS,
      FILLED_VIEWS,
      TRIGGERS,
    ])
      await all(query);
    for (const query of [ROW_SECURITY, POLICIES, COMMENTS]) await all(query);
    say(`${END}\n`);
    return rows;
  } finally {
    await client.query('ROLLBACK').catch(() => {});
    closeSync(handle);
  }
}

/** Rows of each table in such a file. Throws where it ends before its end. */
export async function readCopyDump(file: string): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  let table: string | undefined;
  let last = '';
  for await (const line of linesOf(file)) {
    last = line;
    if (table === undefined) {
      table = /^COPY (\S.*?)(?: \(.*\))? FROM stdin;$/.exec(line)?.[1];
      if (table !== undefined) rows.set(table, 0);
    } else if (line === '\\.') table = undefined;
    else rows.set(table, rows.get(table)! + 1);
  }
  if (last !== END) throw new Error(`${file} is cut short`);
  return rows;
}

/** Lines end with a line feed and nothing else: readline takes U+2028 for an end too, which COPY writes as it is. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function textsOf(client: pg.Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(query);
  return rows.map(({ text }) => text);
}

interface CopyOut extends pg.Submittable {
  handleCopyData(message: { chunk: Buffer }): void;
  handleCommandComplete(message: { text: string }): void;
  handleReadyForQuery(): void;
  handleError(error: unknown): void;
}

/** Written as it arrives, so that no table has to fit into memory. */
function copyOut(client: pg.Client, statement: string, write: (chunk: Buffer) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = Number.NaN;
    let failure: unknown;
    const query: CopyOut = {
      submit: (connection) => connection.query(statement),
      handleCopyData: ({ chunk }) => {
        try {
          if (failure === undefined) write(chunk);
        } catch (error) {
          failure = error;
        }
      },
      handleCommandComplete: ({ text }) => {
        rows = Number(/^COPY (\d+)/.exec(text)?.[1]);
      },
      handleReadyForQuery: () => (failure === undefined ? resolve(rows) : reject(failure)),
      handleError: reject,
    };
    client.query(query);
  });
}

/**
 * Types, functions, tables and views, each after what it needs. Defaults of columns and constraints of tables come later, and so
 * bring no order with them.
 */
async function definitionsInOrder(client: pg.Client): Promise<string[]> {
  const { rows: nodes } = await client.query<{ key: string; text: string }>(DEFINITIONS);
  const { rows: edges } = await client.query<{ from: string; to: string }>(NEEDS);
  const texts = new Map(nodes.map(({ key, text }) => [key, text]));
  const needs = new Map<string, Set<string>>(nodes.map(({ key }) => [key, new Set()]));
  for (const { from, to } of edges) if (from !== to && texts.has(to)) needs.get(from)?.add(to);
  const ordered: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (key: string) => {
    if (state.get(key) === 'done') return;
    if (state.get(key) === 'open')
      throw new Error(`only pg_dump can write what needs itself: ${texts.get(key)!.slice(0, 80)}`);
    state.set(key, 'open');
    for (const needed of needs.get(key)!) visit(needed);
    state.set(key, 'done');
    ordered.push(texts.get(key)!);
  };
  for (const { key } of nodes) visit(key);
  return ordered;
}

const SCHEMAS = `
  SELECT format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS text FROM pg_namespace n
   WHERE ${OWN} AND ${notOfExtension('pg_namespace', 'n.oid')} ORDER BY n.nspname`;

const EXTENSIONS = `
  SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname) AS text
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid`;

/** Those of identity columns are made with their table. */
const SEQUENCE_OPTIONS = `format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s',
  s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)`;

const SEQUENCES = `
  SELECT format('CREATE SEQUENCE %I.%I AS %s ', n.nspname, c.relname, format_type(s.seqtypid, NULL)) || ${SEQUENCE_OPTIONS} AS text
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
   ORDER BY c.oid`;

const IDENTITY = `(SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I %s)',
     CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, sn.nspname, sc.relname, ${SEQUENCE_OPTIONS})
   FROM pg_depend sd JOIN pg_class sc ON sc.oid = sd.objid JOIN pg_namespace sn ON sn.oid = sc.relnamespace
   JOIN pg_sequence s ON s.seqrelid = sc.oid
  WHERE sd.classid = 'pg_class'::regclass AND sd.refclassid = 'pg_class'::regclass AND sd.deptype = 'i'
    AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum)`;

const COLLATION = `CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
  THEN (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co
          JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE '' END`;

const COLUMNS = `(SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) || ${COLLATION}
     || CASE WHEN a.attgenerated <> ''
             THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(ad.adbin, ad.adrelid),
                         CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
             WHEN a.attidentity <> '' THEN ${IDENTITY} ELSE '' END
     || CASE WHEN a.attnotnull AND c.relkind <> 'c' THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

const OPTIONS = "coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')";

const DEFINITIONS = `
  SELECT 'class ' || c.oid AS key, c.oid::int8 AS at,
         CASE c.relkind
           WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname, ${COLUMNS})
           WHEN 'v' THEN format('CREATE VIEW %I.%I%s AS %s', n.nspname, c.relname, ${OPTIONS}, rtrim(pg_get_viewdef(c.oid), ';'))
           WHEN 'm' THEN format('CREATE MATERIALIZED VIEW %I.%I%s AS %s WITH NO DATA', n.nspname, c.relname, ${OPTIONS},
                                rtrim(pg_get_viewdef(c.oid), ';'))
           ELSE format('CREATE %sTABLE %I.%I (%s)', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname,
                       c.relname, ${COLUMNS})
                || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END || ${OPTIONS}
         END AS text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT 'type ' || t.oid, t.oid::int8,
         CASE t.typtype
           WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
             (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
           ELSE format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
                || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
                || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '' ORDER BY conname)
                               FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'), '')
         END
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE t.typtype IN ('e', 'd') AND ${OWN} AND ${notOfExtension('pg_type', 't.oid')}
  UNION ALL
  SELECT 'function ' || p.oid, p.oid::int8, rtrim(pg_get_functiondef(p.oid), E'\\n')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.prokind IN ('f', 'p') AND ${OWN} AND ${notOfExtension('pg_proc', 'p.oid')}
   ORDER BY at`;

/** A view needs what its rule needs, a table what its generated columns and types need, an array what its elements are. */
const NEEDS = `
  WITH RECURSIVE types AS (
    SELECT t.oid, CASE WHEN t.typrelid <> 0 THEN 'class ' || t.typrelid ELSE 'type ' || t.oid END AS key
      FROM pg_type t WHERE t.typelem = 0 OR t.typrelid <> 0 OR t.typsubscript::text <> 'array_subscript_handler'
    UNION ALL
    SELECT a.oid, types.key FROM pg_type a JOIN types ON a.typelem = types.oid
     WHERE a.typsubscript::text = 'array_subscript_handler'
  ), named AS (
    SELECT 'pg_class'::regclass::oid AS class, c.oid, 'class ' || c.oid AS key FROM pg_class c
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, 'function ' || p.oid FROM pg_proc p
    UNION ALL SELECT 'pg_type'::regclass, oid, key FROM types
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, 'class ' || r.ev_class FROM pg_rewrite r
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 'type ' || k.contypid FROM pg_constraint k WHERE k.contypid <> 0
    UNION ALL SELECT 'pg_attrdef'::regclass, ad.oid, 'class ' || ad.adrelid FROM pg_attrdef ad
      JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum WHERE a.attgenerated <> ''
  )
  SELECT DISTINCT f.key AS "from", t.key AS "to" FROM pg_depend d
    JOIN named f ON f.class = d.classid AND f.oid = d.objid
    JOIN named t ON t.class = d.refclassid AND t.oid = d.refobjid
   WHERE d.deptype IN ('n', 'i') AND f.key <> t.key ORDER BY 1, 2`;

const PARTITIONS = `
  SELECT format('ALTER TABLE ONLY %I.%I ATTACH PARTITION %I.%I %s', pn.nspname, p.relname, n.nspname, c.relname,
                pg_get_expr(c.relpartbound, c.oid)) AS text
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
   WHERE c.relispartition AND c.relkind IN ('r', 'p') AND ${OWN} ORDER BY c.oid`;

const DEFAULTS = `
  SELECT format('ALTER TABLE ONLY %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname,
                pg_get_expr(ad.adbin, ad.adrelid)) AS text
    FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    JOIN pg_class c ON c.oid = ad.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attgenerated = '' AND c.relkind IN ('r', 'p', 'v') AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY c.oid, a.attnum`;

const TABLES_WITH_DATA = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name,
         coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '') AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY 1`;

const SEQUENCE_VALUES = `
  SELECT format('SELECT pg_catalog.setval(%L, %s, %s)', format('%I.%I', n.nspname, c.relname),
                coalesce(pg_sequence_last_value(c.oid), s.seqstart), (pg_sequence_last_value(c.oid) IS NOT NULL)::text) AS text
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY c.oid`;

const SEQUENCE_OWNERS = `
  SELECT format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', n.nspname, c.relname, tn.nspname, t.relname, a.attname) AS text
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND ${OWN} ORDER BY c.oid`;

/** Foreign keys last: they need the keys of others. Not-null stands with its column. */
const CONSTRAINTS = `
  SELECT format('ALTER TABLE %s%I.%I ADD CONSTRAINT %I %s', CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname,
                k.conname, pg_get_constraintdef(k.oid)) AS text
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype IN ('p', 'u', 'x', 'c', 'f') AND k.conparentid = 0 AND k.coninhcount = 0 AND ${OWN}
     AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY k.contype = 'f', k.contype = 'c', k.oid`;

const INDEXES = `
  SELECT pg_get_indexdef(i.indexrelid) AS text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${OWN} AND ${notOfExtension('pg_class', 'i.indrelid')}
     AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
   ORDER BY c.oid`;

/** An index of a partitioned table is made for that table only, and valid when each partition has given its own to it. */
const INDEX_PARTITIONS = `
  SELECT format('ALTER INDEX %I.%I ATTACH PARTITION %I.%I', pn.nspname, p.relname, n.nspname, c.relname) AS text
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
   WHERE c.relkind IN ('i', 'I') AND ${OWN}
     AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))
   ORDER BY c.oid`;

const STATISTICS = `
  SELECT pg_get_statisticsobjdef(x.oid) AS text FROM pg_statistic_ext x JOIN pg_namespace n ON n.oid = x.stxnamespace
   WHERE ${OWN} ORDER BY x.oid`;

const FILLED_VIEWS = `
  SELECT format('REFRESH MATERIALIZED VIEW %I.%I', n.nspname, c.relname) AS text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND c.relispopulated AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY c.oid`;

const TRIGGERS = `
  SELECT pg_get_triggerdef(t.oid) || CASE t.tgenabled WHEN 'O' THEN '' ELSE
           format('; ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname,
                  CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) END AS text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY t.oid`;

const ROW_SECURITY = `
  SELECT format('ALTER TABLE %I.%I %s ROW LEVEL SECURITY', n.nspname, c.relname, word) AS text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   CROSS JOIN LATERAL (VALUES ('ENABLE', c.relrowsecurity), ('FORCE', c.relforcerowsecurity)) AS w(word, on_)
   WHERE w.on_ AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')} ORDER BY c.oid, word`;

const POLICIES = `
  SELECT format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', policyname, schemaname, tablename, permissive, cmd,
                (SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ') FROM unnest(roles) r))
         || coalesce(' USING (' || qual || ')', '') || coalesce(' WITH CHECK (' || with_check || ')', '') AS text
    FROM pg_policies ORDER BY schemaname, tablename, policyname`;

const COMMENTS = `
  SELECT format('COMMENT ON %s %s IS %L', i.type_, i.identity_, d.description) AS text
    FROM (SELECT classoid, objoid, objsubid, description FROM pg_description) d
   CROSS JOIN LATERAL (SELECT upper(o.type) AS type_, o.identity AS identity_, o.schema
                         FROM pg_identify_object(d.classoid, d.objoid, d.objsubid) o) i
    LEFT JOIN pg_namespace n ON n.nspname = i.schema
   WHERE i.type_ IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FUNCTION', 'PROCEDURE', 'TYPE', 'SEQUENCE', 'INDEX')
     AND ${OWN} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
  UNION ALL
  SELECT format('COMMENT ON COLUMN %I.%I.%I IS %L', n.nspname, c.relname, a.attname, d.description)
    FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
   WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND ${OWN} AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY 1`;

const beyond = (what: string, catalogue: string, schema: string | undefined, where = 'true') => `
  SELECT '${what} ' || pg_describe_object('${catalogue}'::regclass, x.oid, 0) AS text FROM ${catalogue} x
  ${schema ? `JOIN pg_namespace n ON n.oid = x.${schema}` : ''}
   WHERE ${schema ? OWN : 'x.oid >= 16384'} AND ${where} AND ${notOfExtension(catalogue, 'x.oid')}`;

/** Whatever the statements above do not write. */
const BEYOND = [
  beyond('the', 'pg_proc', 'pronamespace', "x.prokind IN ('a', 'w')"),
  beyond('the', 'pg_type', 'typnamespace', "(x.typtype IN ('r', 'p') OR x.typtype = 'b' AND x.typelem = 0)"),
  beyond(
    'the',
    'pg_class',
    'relnamespace',
    "(x.relkind = 'f' OR x.reloftype <> 0 OR x.relreplident NOT IN ('d', 'n'))",
  ),
  beyond(
    'the inheriting',
    'pg_class',
    'relnamespace',
    "NOT x.relispartition AND x.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = x.oid)",
  ),
  beyond('the', 'pg_operator', 'oprnamespace'),
  beyond('the', 'pg_opclass', 'opcnamespace'),
  beyond('the', 'pg_opfamily', 'opfnamespace'),
  beyond('the', 'pg_collation', 'collnamespace'),
  beyond('the', 'pg_conversion', 'connamespace'),
  beyond('the', 'pg_ts_config', 'cfgnamespace'),
  beyond('the', 'pg_ts_dict', 'dictnamespace'),
  beyond('the', 'pg_rewrite', undefined, "x.rulename <> '_RETURN'"),
  beyond('the', 'pg_cast', undefined),
  beyond('the', 'pg_language', undefined),
  beyond('the', 'pg_event_trigger', undefined),
  beyond('the', 'pg_foreign_server', undefined),
  beyond('the', 'pg_foreign_data_wrapper', undefined),
  beyond('the', 'pg_publication', undefined),
  beyond('the', 'pg_transform', undefined),
  "SELECT 'the large object ' || oid FROM pg_largeobject_metadata",
].join(' UNION ALL ');
