import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import { readExisting } from './existing.ts';
import { holding } from './lock.ts';
import { type Lockdown, lockDown } from './lockdown.ts';
import type { ProjectNames } from './names.ts';
import { generatePassword } from './password.ts';
import { actAsUser, ensureRole, joinRole, takesPassword } from './roles.ts';
import {
  type Credentials,
  elsewhere,
  leadsElsewhere,
  type ProxyRegistry,
  readCredentials,
  type SecretStore,
  writtenCredentials,
} from './secrets.ts';
import { administrator, identifier, literal, MAINTENANCE, type Server, session, transaction } from './server.ts';

/** Where a project's database is made. */
export interface Place {
  readonly server: Server;
  readonly store: SecretStore;
  readonly proxy?: ProxyRegistry;
  /** What the project itself connects to: the proxy, where there is one. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Told after each step; a step that throws ends the run there, as a lost connection would. */
  readonly after?: (step: string) => void;
}

export interface Limits {
  /** Sessions that each role of the project may have open at once. */
  readonly connections: number;
  /** Seconds after which a statement is cut off, unless the session itself sets another time. */
  readonly statementSeconds: number;
}

export const DEFAULT_LIMITS: Limits = { connections: 20, statementSeconds: 30 };

/** Sessions beyond those of one role: two roles overlap while a password is rotated, and an operator looks in. */
const ROOM_FOR_OPERATORS = 5;

export type Change = 'created' | 'changed' | 'unchanged';

export interface Created {
  readonly secret: Change;
  readonly user: Change;
  readonly database: Change;
  readonly proxy: Change | 'none';
  readonly lockdown: Lockdown;
}

/**
 * Makes what is missing of a project's database, or puts right what differs, and proves it by logging in with what the secret
 * holds. Throws CFN750 to CFN753 and CFN755; what it did until then a later run goes on from.
 */
export async function createDatabase(place: Place, names: ProjectNames, given: Partial<Limits> = {}): Promise<Created> {
  const { server, after = () => {} } = place;
  return session(server, administrator(server), (client) =>
    holding(client, names.project, async () => {
      const existing = await readExisting(client, names);
      await mayCreate(client);
      const kept = await readCredentials(place.store, names);
      if (kept && !existing.user && leadsElsewhere(kept, place.endpoint))
        throw elsewhere(names, kept, 'give the project another name here, or another secret: --secret NAME');
      const limits = { ...DEFAULT_LIMITS, ...(await limitsOf(client, names)), ...given };

      const lockdown = await holding(client, 'every database', () => lockDown(client));
      after('lockdown');

      const credentials: Credentials = {
        engine: 'postgres',
        ...place.endpoint,
        username: kept?.username ?? names.user,
        password: kept?.password ?? generatePassword(),
        dbname: names.database,
      };
      const secret = await ensureSecret(place.store, names, kept, credentials);
      after('secret');

      const user = await ensureUsers(server, client, names, existing, credentials, limits, kept === undefined);
      after('user');

      const database = await ensureDatabase(client, names, existing.database?.oid !== undefined, limits, after);
      if (existing.alternate || credentials.username === names.alternate) await actAsUser(client, names);
      const schema = await session(server, { ...administrator(server), database: names.database }, (own) =>
        ensureSchema(own, names),
      );
      after('schema');

      await session(server, { ...credentials, user: credentials.username, database: names.database }, (own) =>
        own.query('SELECT 1'),
      );
      after('login');

      const proxy = place.proxy ? await register(client, place.proxy, place.store, names) : 'none';
      after('proxy');
      return { secret, user, database: database === 'unchanged' ? schema : database, proxy, lockdown };
    }),
  );
}

/** Those that the project has: a run that names none leaves them. */
async function limitsOf(client: pg.Client, { user, database }: ProjectNames): Promise<Partial<Limits>> {
  const { rows } = await client.query<{ connections: number | null; seconds: number | null }>(
    // Without a unit it is milliseconds, which no interval knows.
    `SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = $1 AND rolconnlimit > 0) AS connections,
            (SELECT ceil(CASE WHEN value ~ '^\\d+$' THEN value::float8 / 1000 ELSE extract(epoch FROM value::interval) END)::int
               FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0,
                    unnest(s.setconfig) c, substring(c FROM '^statement_timeout=(.*)$') value
              WHERE d.datname = $2 AND value IS NOT NULL) AS seconds`,
    [user, database],
  );
  const { connections, seconds } = rows[0]!;
  return { ...(connections && { connections }), ...(seconds && { statementSeconds: seconds }) };
}

async function mayCreate(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    'SELECT rolname, rolsuper OR rolcreatedb AND rolcreaterole AS may FROM pg_roles WHERE rolname = current_user',
  );
  if (rows[0]?.may) return;
  throw new CfnError(
    {
      code: 'CFN752',
      severity: 'error',
      message: `${rows[0]?.rolname ?? 'the administrator'} may not create databases and roles`,
      fix: 'connect as the master user, or as one with CREATEDB and CREATEROLE',
    },
    { exitCode: 1 },
  );
}

async function ensureSecret(
  store: SecretStore,
  { secret }: ProjectNames,
  kept: Credentials | undefined,
  wanted: Credentials,
): Promise<Change> {
  if (kept && kept.host === wanted.host && kept.port === wanted.port) return 'unchanged';
  await store.write(secret, writtenCredentials(wanted));
  return kept ? 'changed' : 'created';
}

async function ensureUsers(
  server: Server,
  client: pg.Client,
  names: ProjectNames,
  existing: Awaited<ReturnType<typeof readExisting>>,
  { username, password }: Credentials,
  { connections: limit }: Limits,
  generated: boolean,
): Promise<Change> {
  const changes: Change[] = [];
  for (const [name, role] of [
    [names.user, existing.user],
    [names.alternate, existing.alternate],
  ] as const) {
    const current = name === username;
    // `user` owns the schema whichever of the two logs in; `alternate` is made when a password is first rotated.
    if (!current && !role && name === names.alternate) continue;
    const right =
      !current ||
      (role && !generated && (await takesPassword(server, username, password, server.database ?? MAINTENANCE)));
    changes.push(await ensureRole(client, names, role, { name, limit, ...(!right && { password }) }));
    await joinRole(client, name);
  }
  return (
    changes.find((change) => change === 'created') ?? changes.find((change) => change === 'changed') ?? 'unchanged'
  );
}

/** Closed until its rights are set: nobody gets in between. */
async function ensureDatabase(
  client: pg.Client,
  names: ProjectNames,
  there: boolean,
  { connections, statementSeconds }: Limits,
  after: (step: string) => void,
): Promise<Change> {
  const name = identifier(names.database);
  if (!there) {
    // template0: whatever somebody put into template1 stays there.
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ALLOW_CONNECTIONS false`);
    after('database');
  }
  const before = await stateOfDatabase(client, names.database);
  await transaction(client, async () => {
    await client.query(`COMMENT ON DATABASE ${name} IS ${literal(names.mark)}`);
    await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
    await client.query(`GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${name} TO ${identifier(names.user)}`);
    const { rows: proxies } = await client.query("SELECT rolname FROM pg_roles WHERE rolname = 'rdsproxyadmin'");
    if (proxies.length > 0) await client.query(`GRANT CONNECT ON DATABASE ${name} TO rdsproxyadmin`);
    await client.query(`ALTER DATABASE ${name} SET statement_timeout = ${literal(`${statementSeconds}s`)}`);
    await client.query(`ALTER DATABASE ${name} SET search_path = ${identifier(names.schema)}`);
    await client.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${2 * connections + ROOM_FOR_OPERATORS}`);
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  });
  after('rights');
  const now = await stateOfDatabase(client, names.database);
  return there ? (before === now ? 'unchanged' : 'changed') : 'created';
}

async function stateOfDatabase(client: pg.Client, database: string): Promise<string> {
  const { rows } = await client.query(
    `SELECT d.datacl::text, d.datconnlimit, d.datallowconn, shobj_description(d.oid, 'pg_database') AS mark,
            (SELECT array_agg(c ORDER BY c)::text FROM pg_db_role_setting s, unnest(s.setconfig) c
              WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings
       FROM pg_database d WHERE d.datname = $1`,
    [database],
  );
  return JSON.stringify(rows);
}

/** The schema `public` is nobody's; the project has one of its own, which is first and last on its search path. */
async function ensureSchema(client: pg.Client, names: ProjectNames): Promise<Change> {
  const state = async () => {
    const { rows } = await client.query(
      "SELECT nspname, nspacl::text, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname IN ('public', $1) ORDER BY 1",
      [names.schema],
    );
    return JSON.stringify(rows);
  };
  const before = await state();
  await transaction(client, async () => {
    const { rows } = await client.query<{ nspname: string; owner: string }>(
      "SELECT nspname, pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname IN ('public', $1)",
      [names.schema],
    );
    const own = rows.find(({ nspname }) => nspname === names.schema);
    const schema = identifier(names.schema);
    if (!own) await client.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${identifier(names.user)}`);
    else if (own.owner !== names.user) await client.query(`ALTER SCHEMA ${schema} OWNER TO ${identifier(names.user)}`);
    if (rows.some(({ nspname }) => nspname === 'public'))
      await client.query(`REVOKE ALL ON SCHEMA public FROM PUBLIC, ${identifier(names.user)}`);
  });
  return before === (await state()) ? 'unchanged' : 'changed';
}

/** One run at a time: a proxy's list of secrets is read, added to and written back as a whole. */
export async function register(
  client: pg.Client,
  proxy: ProxyRegistry,
  store: SecretStore,
  names: ProjectNames,
): Promise<Change> {
  const secrets = [names.secret];
  if ((await store.read(names.previousSecret)) !== undefined) secrets.push(names.previousSecret);
  const added = await holding(client, `proxy ${proxy.name}`, () => proxy.add(secrets), 600);
  return added.length > 0 ? 'changed' : 'unchanged';
}
