import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import type { ProjectNames } from './names.ts';
import { type ProxyRegistry, readCredentials, type SecretStore } from './secrets.ts';
import { identifier, open, reasonOf, type Server, session, stateOf } from './server.ts';

export interface Attempt {
  readonly attempt: string;
  /** `unknown`: it failed for another reason than a refusal, so that nothing is proven. */
  readonly outcome: 'refused' | 'NOT refused' | 'unknown';
  /** What the server answered. */
  readonly answer: string;
}

export interface Isolation {
  readonly attempts: readonly Attempt[];
  /** Whether the proxy knows the project's secret: without it, it lets the project in no more. */
  readonly proxy?: { readonly name: string; readonly known: boolean };
}

interface CheckPlace {
  readonly server: Server;
  readonly store: SecretStore;
  readonly proxy?: ProxyRegistry;
}

/** SQLSTATEs by which PostgreSQL refuses for want of a right; 55000: a database that takes no connections. */
const REFUSED = /^(42501|28000|55000)$/;
/** An extension that is not installed, a database or role dropped meanwhile: there is nothing that could be reached. */
const ABSENT = /^(0A000|58P01|3D000|42704)$/;
const TIMED_OUT = '57014';
const TOO_MANY = '53300';
/** Longer than this nobody waits for a proof; `answer` then says what the setting is. Seconds. */
const LONGEST_WAIT = 900;

/**
 * Logs in as the project and tries what it must not be able to do. Each attempt that succeeds is taken back: it runs in a
 * transaction that is rolled back, or removes what it made. The attempt of too many connections keeps all of the project's for
 * a moment: clients that connect just then are refused. Throws CFN751 where the project itself cannot log in, CFN753 without secret.
 */
export async function checkIsolation(
  { server, store, proxy }: CheckPlace,
  names: ProjectNames,
  said: (attempt: string) => void = () => {},
): Promise<Isolation> {
  const credentials = await readCredentials(store, names);
  if (!credentials)
    throw new CfnError(
      {
        code: 'CFN753',
        severity: 'error',
        message: `${names.project} has no secret ${names.secret} to log in with`,
        fix: `make or complete it: plainform database create ${names.project}`,
      },
      { exitCode: 1 },
    );
  const login = { user: credentials.username, password: credentials.password, database: names.database };
  return session(server, login, async (client) => {
    const attempts: Attempt[] = [];
    const add = (...more: Attempt[]) => {
      for (const one of more) said(one.attempt);
      attempts.push(...more);
    };
    const slow = overlongQuery(server, login);
    // Its outcome is waited for at the end; until then nobody listens.
    slow.catch(() => {});
    for (const database of await otherDatabases(client)) add(await connecting(server, login, database));
    for (const role of await otherRoles(client, names)) add(await becoming(client, role));
    add(await memberships(client, names));
    for (const [attempt, statement] of statements(names)) add(await trying(client, attempt, statement));
    add(await makingDatabase(client), await lettingIn(client, names), await readingStatements(client, names));
    add(await tooManyConnections(server, login, client), await slow);
    return { attempts, ...(proxy && { proxy: { name: proxy.name, known: await proxy.has(names.secret) } }) };
  });
}

type ProjectLogin = { user: string; password: string; database: string };

function answerOf(error: unknown): string {
  const state = stateOf(error);
  return `${reasonOf(error)}${state ? ` (${state})` : ''}`;
}

function judged(attempt: string, error: unknown): Attempt {
  const state = stateOf(error) ?? '';
  const outcome = REFUSED.test(state) || ABSENT.test(state) ? 'refused' : 'unknown';
  return { attempt, outcome, answer: answerOf(error) };
}

async function otherDatabases(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query('SELECT datname FROM pg_database WHERE datname <> current_database() ORDER BY 1');
  return rows.map(({ datname }) => datname);
}

async function otherRoles(client: pg.Client, { user, alternate }: ProjectNames): Promise<string[]> {
  const { rows } = await client.query(
    'SELECT rolname FROM pg_roles WHERE rolname NOT IN ($1, $2) AND (rolcanlogin OR rolsuper) ORDER BY 1',
    [user, alternate],
  );
  return rows.map(({ rolname }) => rolname);
}

async function connecting(server: Server, login: ProjectLogin, database: string): Promise<Attempt> {
  const attempt = `connect to the database ${database}`;
  try {
    await (await open(server, { ...login, database })).end();
    return { attempt, outcome: 'NOT refused', answer: 'it is connected' };
  } catch (error) {
    return judged(attempt, error);
  }
}

async function trying(client: pg.Client, attempt: string, statement: string): Promise<Attempt> {
  await client.query('BEGIN');
  try {
    await client.query(statement);
    return { attempt, outcome: 'NOT refused', answer: `${statement}: done, and taken back` };
  } catch (error) {
    return judged(attempt, error);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function becoming(client: pg.Client, role: string): Promise<Attempt> {
  const tried = await trying(client, `become ${role}`, `SET ROLE ${identifier(role)}`);
  if (tried.outcome !== 'unknown') return tried;
  const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  return rows.length > 0 ? tried : { ...tried, outcome: 'refused', answer: 'it was dropped meanwhile' };
}

async function memberships(client: pg.Client, { user, alternate }: ProjectNames): Promise<Attempt> {
  const { rows } = await client.query(
    "SELECT rolname FROM pg_roles WHERE rolname NOT IN ($1, $2) AND pg_has_role(session_user, oid, 'MEMBER') ORDER BY 1",
    [user, alternate],
  );
  const attempt = 'act with the rights of another role';
  if (rows.length === 0) return { attempt, outcome: 'refused', answer: 'it is a member of none' };
  return {
    attempt,
    outcome: 'NOT refused',
    answer: `it is a member of ${rows.map(({ rolname }) => rolname).join(', ')}`,
  };
}

function statements({ user, database }: ProjectNames): [string, string][] {
  return [
    ['read the passwords of all roles', 'SELECT rolpassword FROM pg_catalog.pg_authid LIMIT 1'],
    ['create a table in the schema public', 'CREATE TABLE public.plainform_check (id int)'],
    ['create a role', 'CREATE ROLE plainform_check'],
    ['become a superuser', `ALTER ROLE ${identifier(user)} SUPERUSER`],
    ['lift its limit of connections', `ALTER ROLE ${identifier(user)} CONNECTION LIMIT -1`],
    ['lift the timeout of its database', `ALTER DATABASE ${identifier(database)} SET statement_timeout = 0`],
    ['change a setting of the server', "ALTER ROLE ALL SET log_statement = 'none'"],
    ['hide from the log', "SET log_statement = 'none'"],
    ['read a file of the server', "SELECT pg_read_file('postgresql.conf')"],
    ['write a file on the server', "COPY (SELECT 1) TO '/tmp/plainform_check'"],
    ['run a program on the server', "COPY (SELECT 1) TO PROGRAM 'true'"],
    ['connect to elsewhere with dblink', 'CREATE EXTENSION dblink'],
    ['connect to elsewhere with postgres_fdw', 'CREATE EXTENSION postgres_fdw'],
  ];
}

/** Not in a transaction: CREATE DATABASE takes none. */
async function makingDatabase(client: pg.Client): Promise<Attempt> {
  const name = identifier(`plainform_check_${Date.now().toString(36)}`);
  try {
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0 CONNECTION LIMIT 0`);
  } catch (error) {
    return judged('create a database', error);
  }
  await client.query(`DROP DATABASE ${name}`);
  return { attempt: 'create a database', outcome: 'NOT refused', answer: 'it was made, and dropped again' };
}

/** Without the right to grant, GRANT only warns: what counts is whether PUBLIC has it then. */
async function lettingIn(client: pg.Client, { database }: ProjectNames): Promise<Attempt> {
  const attempt = 'let everybody into its database';
  await client.query('BEGIN');
  try {
    await client.query(`GRANT CONNECT ON DATABASE ${identifier(database)} TO PUBLIC`);
    const { rows } = await client.query(
      "SELECT has_database_privilege('public', current_database(), 'CONNECT') AS open",
    );
    if (rows[0].open) return { attempt, outcome: 'NOT refused', answer: 'PUBLIC may connect' };
    return { attempt, outcome: 'refused', answer: 'no privileges were granted' };
  } catch (error) {
    return judged(attempt, error);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function readingStatements(client: pg.Client, { user, alternate }: ProjectNames): Promise<Attempt> {
  const { rows } = await client.query(
    `SELECT pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS all,
            array(SELECT DISTINCT usename::text FROM pg_stat_activity WHERE usename NOT IN ($1, $2)
                     AND query NOT IN ('', '<insufficient privilege>') ORDER BY 1) AS seen`,
    [user, alternate],
  );
  const { all, seen } = rows[0] as { all: boolean; seen: string[] };
  const attempt = 'read the statements that others run';
  if (seen.length > 0) return { attempt, outcome: 'NOT refused', answer: `it sees those of ${seen.join(', ')}` };
  if (all) return { attempt, outcome: 'NOT refused', answer: 'it has the rights of pg_read_all_stats' };
  return { attempt, outcome: 'refused', answer: 'the server hides them' };
}

async function overlongQuery(server: Server, login: ProjectLogin): Promise<Attempt> {
  const attempt = 'run a query without end';
  let client: pg.Client;
  try {
    client = await open(server, login);
  } catch (error) {
    return { attempt, outcome: 'unknown', answer: answerOf(error) };
  }
  try {
    const { rows } = await client.query(
      "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::float8 AS seconds",
    );
    const { seconds } = rows[0] as { seconds: number };
    if (seconds === 0) return { attempt, outcome: 'NOT refused', answer: 'statement_timeout is 0: there is none' };
    if (seconds > LONGEST_WAIT)
      return { attempt, outcome: 'unknown', answer: `statement_timeout is ${seconds} s: too long to be tried` };
    await client.query('SELECT pg_sleep($1)', [seconds + 2]);
    return { attempt, outcome: 'NOT refused', answer: `it ran for ${seconds + 2} s` };
  } catch (error) {
    return stateOf(error) === TIMED_OUT
      ? { attempt, outcome: 'refused', answer: answerOf(error) }
      : { attempt, outcome: 'unknown', answer: answerOf(error) };
  } finally {
    await client.end().catch(() => {});
  }
}

/** Opens as many as its limit allows and one more, and closes them at once. */
async function tooManyConnections(server: Server, login: ProjectLogin, client: pg.Client): Promise<Attempt> {
  const attempt = 'open more connections than its limit';
  const { rows } = await client.query('SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user');
  const limit: number = rows[0].rolconnlimit;
  if (limit < 0) return { attempt, outcome: 'NOT refused', answer: 'it has no limit' };
  const opened: pg.Client[] = [];
  try {
    // This session and perhaps the one of the query without end count as well: fewer than `limit` are left.
    while (opened.length < limit) opened.push(await open(server, login));
    return { attempt, outcome: 'NOT refused', answer: `${limit + 1} are open, and its limit is ${limit}` };
  } catch (error) {
    if (stateOf(error) !== TOO_MANY) return { attempt, outcome: 'unknown', answer: answerOf(error) };
    const { rows: own } = await client.query(
      'SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename = session_user',
    );
    // A server that is full refuses with the same code, and everybody: that is what the limit is there to prevent.
    return own[0].sessions >= limit
      ? { attempt, outcome: 'refused', answer: answerOf(error) }
      : {
          attempt,
          outcome: 'NOT refused',
          answer: `the whole server is full before the limit of ${limit} is reached: ${answerOf(error)}`,
        };
  } finally {
    await Promise.all(opened.map((one) => one.end().catch(() => {})));
  }
}
