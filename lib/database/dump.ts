import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import { readCopyDump, writeCopyDump } from './copy-dump.ts';
import { administrator, reasonOf, type Server, session } from './server.ts';

export interface Dump {
  readonly file: string;
  /** `pg_dump`: its custom format, for pg_restore. `sql`: what psql reads. */
  readonly format: 'pg_dump' | 'sql';
  readonly bytes: number;
  readonly sha256: string;
  readonly tables: number;
}

/**
 * Writes a whole database to a new file that only its owner may read, and reads it back: with pg_dump where there is one that is not
 * older than the server, else by COPY. Throws CFN757, and leaves no file, where that cannot be done or what was written is not whole.
 */
export async function dumpDatabase(
  server: Server,
  database: string,
  file: string,
  { pgDump = 'pg_dump', pgRestore = 'pg_restore' } = {},
): Promise<Dump> {
  claim(file);
  try {
    const dump = await session(server, { ...administrator(server), database }, async (client) => {
      const { rows } = await client.query("SELECT current_setting('server_version_num')::int / 10000 AS major");
      return (await majorOf(pgDump)) >= rows[0].major && (await majorOf(pgRestore)) >= rows[0].major
        ? byPgDump(client, server, database, file, pgDump, pgRestore)
        : byCopy(client, file);
    });
    sync(file);
    const { size } = statSync(file);
    return { file, ...dump, bytes: size, sha256: await sha256Of(file) };
  } catch (error) {
    rmSync(file, { force: true });
    if (error instanceof CfnError && error.findings[0]?.code === 'CFN757') throw error;
    throw noDump(
      database,
      error instanceof CfnError ? error.findings.map(({ message }) => message).join('; ') : reasonOf(error),
    );
  }
}

export function noDump(database: string, reason: string): CfnError {
  return new CfnError(
    {
      code: 'CFN757',
      severity: 'error',
      message: `there is no dump of ${database}, so that it is not dropped: ${reason}`,
      fix: 'remove the reason; or install pg_dump of the version of the server or newer',
    },
    { exitCode: 1 },
  );
}

/** Throws CFN711 where it cannot be written, or is there: it may be the dump of another time. */
function claim(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    throw new CfnError(
      {
        code: 'CFN711',
        severity: 'error',
        file,
        message: `cannot write ${file}: ${(error as Error).message}`,
        fix: 'name a file that is not there yet, in a folder that is: --dump FILE',
      },
      { cause: error },
    );
  }
}

/** Asked before anything is closed for the sake of a dump. Throws CFN711 as `dumpDatabase` would. */
export function canDumpTo(file: string): void {
  claim(file);
  rmSync(file);
}

function sync(file: string): void {
  for (const path of [file, dirname(file)]) {
    const handle = openSync(path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** 0 where there is none. */
async function majorOf(program: string): Promise<number> {
  const { status, output } = await run(program, ['--version'], {});
  return status === 0 ? Number(/\) (\d+)/.exec(output)?.[1] ?? 0) : 0;
}

type Format = Pick<Dump, 'format' | 'tables'>;

async function byPgDump(
  client: pg.Client,
  server: Server,
  database: string,
  file: string,
  pgDump: string,
  pgRestore: string,
): Promise<Format> {
  const { rows } = await client.query<{ tables: number }>(
    `SELECT count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`,
  );
  // The password in its environment, which only this user reads; never among the arguments.
  const made = await run(
    pgDump,
    ['--format=custom', '--no-password', '--lock-wait-timeout=30s', '--file', file, '--dbname', database],
    environmentOf(server),
  );
  if (made.status !== 0) throw noDump(database, `pg_dump: ${made.output.trim() || `exit code ${made.status}`}`);
  const list = await run(pgRestore, ['--list', file], {});
  const whole = await run(pgRestore, ['--file', '/dev/null', file], {});
  const tables = list.output.split('\n').filter((line) => / TABLE DATA /.test(line)).length;
  if (list.status !== 0 || whole.status !== 0)
    throw noDump(database, `pg_restore cannot read what pg_dump wrote: ${(list.output + whole.output).slice(-300)}`);
  const { tables: expected } = rows[0]!;
  if (tables < expected) throw noDump(database, `the dump holds ${tables} tables, and the database ${expected}`);
  return { format: 'pg_dump', tables };
}

async function byCopy(client: pg.Client, file: string): Promise<Format> {
  const written = await writeCopyDump(client, file);
  const read = await readCopyDump(file);
  const differs = [...written].find(([table, rows]) => read.get(table) !== rows);
  if (differs || read.size !== written.size)
    throw new Error(`${file} does not hold what was written: ${differs?.[0] ?? 'another number of tables'}`);
  return { format: 'sql', tables: written.size };
}

function environmentOf({ host, port, user, password, tls }: Server): Record<string, string> {
  return {
    ...{ PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGAPPNAME: 'plainform' },
    ...(tls && tls.name !== undefined && tls.name !== host
      ? // The name is what the certificate is for, the address where the tunnel begins.
        { PGHOST: tls.name, PGHOSTADDR: host === 'localhost' ? '127.0.0.1' : host }
      : { PGHOST: host }),
    ...(tls ? { PGSSLMODE: 'verify-full', PGSSLROOTCERT: tls.caFile ?? 'system' } : { PGSSLMODE: 'disable' }),
  };
}

function run(
  program: string,
  words: string[],
  environment: Record<string, string>,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const { PATH, HOME, LANG } = process.env;
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...(PATH !== undefined && { PATH }), ...(HOME !== undefined && { HOME }), LANG, ...environment },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    child.on('error', (error) => resolve({ status: null, output: error.message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}
