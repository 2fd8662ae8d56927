import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import type { Place } from './create.ts';
import { canDumpTo, type Dump, dumpDatabase, noDump } from './dump.ts';
import { type Existing, readExisting, sessionsOf } from './existing.ts';
import { holding } from './lock.ts';
import type { ProjectNames } from './names.ts';
import { joinRole } from './roles.ts';
import { leadsElsewhere, readCredentials } from './secrets.ts';
import { administrator, identifier, type Server, session } from './server.ts';

export interface Dropped {
  /** Absent where there was no database any more, or none that anybody had ever got into. */
  readonly dump?: Dump;
  readonly removed: readonly string[];
  /** Secrets that lead to another server: a project of the same name lives on them. */
  readonly kept: readonly string[];
}

interface DropOptions {
  readonly dumpFile: string;
  readonly endSessions?: boolean;
  /** Other programs in their place. */
  readonly programs?: { readonly pgDump?: string; readonly pgRestore?: string };
}

/** What a drop would take away, for a person to read first. Throws CFN753 where there is nothing, or it is another's. */
export async function whatDropTakes(
  { server, store, endpoint }: Pick<Place, 'server' | 'store' | 'endpoint'>,
  names: ProjectNames,
): Promise<{ database?: { bytes: number }; roles: string[]; secret: boolean; sessions: number }> {
  return session(server, administrator(server), async (client) => {
    const existing = await readExisting(client, names);
    const credentials = await readCredentials(store, names);
    const secret = credentials !== undefined && !leadsElsewhere(credentials, endpoint);
    const roles = [existing.user, existing.alternate].flatMap((role) => role?.name ?? []);
    if (!existing.database && roles.length === 0 && !secret) throw nothingThere(names);
    const { rows } = await client.query(
      'SELECT pg_database_size(oid)::int8::text AS bytes FROM pg_database WHERE datname = $1',
      [names.database],
    );
    return {
      ...(existing.database && { database: { bytes: Number(rows[0].bytes) } }),
      roles,
      secret,
      sessions: (await sessionsOf(client, names)).length,
    };
  });
}

/**
 * Closes a project's database, dumps it, and only then takes it away: proxy, database, roles, secrets. Where the dump fails everything
 * is opened again. Throws CFN753 where there is nothing or it is another's, CFN755 where clients are connected, CFN757 without dump.
 */
export async function dropDatabase(place: Place, names: ProjectNames, options: DropOptions): Promise<Dropped> {
  const { server, store, proxy, after = () => {} } = place;
  return session(server, administrator(server), (client) =>
    holding(client, names.project, async () => {
      const existing = await readExisting(client, names);
      const credentials = await readCredentials(store, names);
      const roles = [existing.user, existing.alternate].flatMap((role) => role?.name ?? []);
      const others = credentials !== undefined && leadsElsewhere(credentials, place.endpoint);
      if (!existing.database && roles.length === 0 && (!credentials || others)) throw nothingThere(names);
      const sessions = await sessionsOf(client, names);
      if (sessions.length > 0 && !options.endSessions) throw connected(names, sessions.length);

      let dump: Dump | undefined;
      if (existing.database?.ours) {
        canDumpTo(options.dumpFile);
        for (const role of roles) await joinRole(client, role);
        dump = await closedWhile(client, names, existing, () => dumped(server, existing, names, options), after);
      }

      const removed: string[] = [];
      // The one by which a later run knows that something is left goes last.
      const secrets = [names.previousSecret, names.secret];
      if (proxy) {
        const gone = await holding(client, `proxy ${proxy.name}`, () => proxy.remove(secrets), 600);
        removed.push(...gone.map((secret) => `${secret} on the proxy ${proxy.name}`));
        after('proxy');
      }
      if (existing.database) {
        await client.query(`DROP DATABASE ${identifier(names.database)}`);
        removed.push(`database ${names.database}`);
        after('database');
      }
      for (const role of [...roles].reverse()) {
        await client.query(`DROP ROLE ${identifier(role)}`);
        removed.push(`role ${role}`);
        after(role);
      }
      // A secret that leads elsewhere is what a project of this name lives on there.
      for (const secret of others ? [] : secrets) {
        if (await store.remove(secret)) removed.push(`secret ${secret}`);
        after(secret);
      }
      return { ...(dump && { dump }), removed, kept: others ? secrets : [] };
    }),
  );
}

async function dumped(
  server: Server,
  { database }: Existing,
  names: ProjectNames,
  options: DropOptions,
): Promise<Dump> {
  if (!database!.open) throw noDump(names.database, 'it takes no connections');
  return dumpDatabase(server, names.database, options.dumpFile, options.programs);
}

/** Nobody writes between the dump and the drop: nobody can log in, and nobody is. Opened again where the work fails. */
async function closedWhile<T>(
  client: pg.Client,
  names: ProjectNames,
  { user, alternate }: Existing,
  work: () => Promise<T>,
  after: (step: string) => void,
): Promise<T> {
  const roles = [user, alternate].flatMap((role) => (role?.login ? role.name : []));
  for (const role of roles) await client.query(`ALTER ROLE ${identifier(role)} NOLOGIN`);
  try {
    await endSessions(client, names);
    after('closed');
    const result = await work();
    after('dump');
    return result;
  } catch (error) {
    for (const role of roles) await client.query(`ALTER ROLE ${identifier(role)} LOGIN`);
    throw error;
  }
}

/** Seconds until a session that was told to end has ended. */
const PATIENCE = 10;

async function endSessions(client: pg.Client, names: ProjectNames): Promise<void> {
  for (let waited = 0; ; waited += 0.1) {
    const left = await sessionsOf(client, names);
    if (left.length === 0) return;
    if (waited > PATIENCE) throw connected(names, left.length);
    for (const { pid } of left) await client.query('SELECT pg_terminate_backend($1)', [pid]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function nothingThere({ project, database, secret }: ProjectNames): CfnError {
  return new CfnError(
    {
      code: 'CFN753',
      severity: 'error',
      message: `${project} has neither the database ${database} nor a role nor the secret ${secret}: there is nothing to drop`,
      fix: 'check the name, and the provider',
    },
    { exitCode: 1 },
  );
}

function connected({ database }: ProjectNames, sessions: number): CfnError {
  return new CfnError(
    {
      code: 'CFN755',
      severity: 'error',
      message: `${database} has ${sessions} ${sessions === 1 ? 'session' : 'sessions'} open; nothing was dropped`,
      fix: 'stop its services first; sessions that the proxy keeps for later end with --end-sessions',
    },
    { exitCode: 1 },
  );
}
