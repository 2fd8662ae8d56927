import { isIP } from 'node:net';
import pg from 'pg';
import { CfnError } from '../cfn/errors.ts';

/** A PostgreSQL server, and who administers it: a superuser, or one that may create databases and roles as on RDS. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: Tls | false;
  /** Where the administrator connects to, and where the locks of concurrent runs are held. Default: postgres. */
  readonly database?: string;
}

export interface Tls {
  /** Certificates of the authorities to trust, as PEM. Absent: those of Node, which do not hold Amazon's for RDS. */
  readonly ca?: string;
  readonly caFile?: string;
  /** The name that the certificate must have where it is not `host`, as through a tunnel. */
  readonly name?: string;
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export const MAINTENANCE = 'postgres';
const CONNECT_TIMEOUT = 10_000;

export const identifier = pg.escapeIdentifier;
export const literal = pg.escapeLiteral;

export function administrator({ user, password, database = MAINTENANCE }: Server): Login {
  return { user, password, database };
}

/** Connects without wrapping what goes wrong: for those who ask whether it does. */
export async function open({ host, port, tls }: Server, { user, password, database }: Login): Promise<pg.Client> {
  const servername = tls ? (tls.name ?? host) : '';
  const client = new pg.Client({
    host,
    port,
    user,
    password: () => password,
    database,
    ssl: tls && {
      rejectUnauthorized: true,
      ...(tls.ca !== undefined && { ca: tls.ca }),
      ...(isIP(servername) === 0 && { servername }),
    },
    application_name: 'plainform',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
  });
  // A session that the server ends says so to the query that runs; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return client;
}

/** Runs work in a session of its own. Throws CFN751 where there is none to be had, CFN752 where a statement fails. */
export async function session<T>(server: Server, login: Login, work: (client: pg.Client) => Promise<T>): Promise<T> {
  let client: pg.Client;
  try {
    client = await open(server, login);
  } catch (error) {
    throw unreachable(server, login, error);
  }
  try {
    return await work(client);
  } catch (error) {
    throw told(error, login.database);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Of what the server said, or the system: `undefined` where neither gave a code. */
export function stateOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

export function reasonOf(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: Error[] };
  return message || errors?.map((one) => one.message).join(', ') || String(error);
}

function unreachable({ host, port, tls }: Server, { user, database }: Login, error: unknown): CfnError {
  const state = stateOf(error);
  const reason = reasonOf(error);
  return new CfnError(
    {
      code: 'CFN751',
      severity: 'error',
      message: `${user} cannot connect to ${database} at ${host}:${port}: ${reason}${state ? ` (${state})` : ''}`,
      fix: adviceFor(state, reason, tls),
    },
    { exitCode: 3 },
  );
}

function adviceFor(state: string | undefined, reason: string, tls: Tls | false): string {
  if (/does not support SSL/.test(reason))
    return 'give --no-tls where the server is on this machine or behind a tunnel';
  if (/non-empty string/.test(reason)) return 'the server asks for a password: give --password-file FILE';
  if (/^(28|42501)/.test(state ?? '')) return 'check user, password and pg_hba.conf of the server';
  if (/self.signed|certificate|altname|issuer/i.test(`${state} ${reason}`))
    return tls && tls.ca === undefined
      ? 'give the authorities with --ca FILE; those of RDS are at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem'
      : 'is it the server that the certificate is for? through a tunnel name it with --tls-name';
  if (state === '53300') return 'the server has no connection left: end some, or raise max_connections';
  return 'the server is reached from its network only: open a tunnel or VPN, and name its end with --host and --port';
}

/** An error of the server as a finding; any other as it is. */
function told(error: unknown, database: string): unknown {
  if (error instanceof CfnError || !(error instanceof pg.DatabaseError)) {
    if (
      error instanceof CfnError ||
      !/Connection terminated|ECONNRESET|EPIPE/.test(`${reasonOf(error)} ${stateOf(error)}`)
    )
      return error;
    return new CfnError(
      {
        code: 'CFN751',
        severity: 'error',
        message: `the connection to ${database} broke: ${reasonOf(error)}`,
        fix: 'run again: what is half done is completed',
      },
      { exitCode: 3 },
    );
  }
  return new CfnError(
    {
      code: 'CFN752',
      severity: 'error',
      message: `PostgreSQL refuses in ${database}: ${error.message} (${error.code})${error.detail ? `; ${error.detail}` : ''}`,
      fix:
        error.code === '42501'
          ? 'the administrator needs CREATEDB and CREATEROLE, as the master user of RDS has'
          : (error.hint ?? 'run again when its reason is gone: what is half done is completed'),
    },
    { exitCode: 1 },
  );
}

/** All of it or nothing. */
export async function transaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
