import { CfnError } from '../cfn/errors.ts';
import type { ProjectNames } from './names.ts';

/** Where secrets are kept: Secrets Manager, or files. Values go in and out; no error may hold one. */
export interface SecretStore {
  /** `undefined` where there is none, or where it is deleted and can only be restored. */
  read(name: string): Promise<string | undefined>;
  /** Makes it, restores it or gives it a new value. A new one is under the key of `like`, where that is given. */
  write(name: string, value: string, like?: string): Promise<void>;
  /** `false` where there is one: its value stays. Never restores a deleted one: throws CFN753. */
  create(name: string, value: string): Promise<boolean>;
  /** `false` where there was none. In Secrets Manager it can be restored for 30 days. */
  remove(name: string): Promise<boolean>;
}

/** The proxy through which projects connect: it knows only the users whose secrets it is told of. */
export interface ProxyRegistry {
  readonly name: string;
  /** Which of these secrets were added, in the order given; the others it had. Returns when the proxy is ready again. */
  add(secrets: readonly string[]): Promise<string[]>;
  remove(secrets: readonly string[]): Promise<string[]>;
  has(secret: string): Promise<boolean>;
}

/** What a secret of a database holds in Secrets Manager. RDS Proxy reads `username` and `password`, and ignores the others. */
export interface Credentials {
  readonly engine: 'postgres';
  /** Where the project connects to: the proxy, where there is one. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly dbname: string;
}

export function writtenCredentials({ engine, host, port, username, password, dbname }: Credentials): string {
  return JSON.stringify({ engine, host, port, username, password, dbname });
}

/** The project's credentials, or `undefined` where there are none. Throws CFN753 where the secret is something else. */
export async function readCredentials(
  store: SecretStore,
  names: ProjectNames,
  secret = names.secret,
): Promise<Credentials | undefined> {
  const text = await store.read(secret);
  if (text === undefined) return undefined;
  const value = parsed(text);
  const { username, password, dbname, port } = value;
  const ours = username === names.user || username === names.alternate;
  const reason =
    typeof password !== 'string' || password === ''
      ? 'it holds no password'
      : !ours
        ? `its user is ${typeof username === 'string' ? JSON.stringify(username) : 'not named'}, not ${names.user}`
        : dbname !== undefined && dbname !== names.database
          ? `it is of the database ${JSON.stringify(dbname)}`
          : undefined;
  if (reason)
    throw new CfnError(
      {
        code: 'CFN753',
        severity: 'error',
        message: `the secret ${secret} is not of ${names.project}: ${reason}; it is left as it is`,
        fix: 'rename or remove it, or give the project another name',
      },
      { exitCode: 1 },
    );
  return {
    engine: 'postgres',
    host: typeof value.host === 'string' ? value.host : '',
    port: Number(port ?? 5432),
    username: username as string,
    password: password as string,
    dbname: names.database,
  };
}

/**
 * Whether a secret leads to another server: projects on two providers may have one name, and one of them must not take, rotate or
 * remove what the other lives on.
 */
export function leadsElsewhere({ host, port }: Credentials, endpoint: { host: string; port: number }): boolean {
  return host !== '' && (host !== endpoint.host || port !== endpoint.port);
}

export function elsewhere({ project, secret }: ProjectNames, { host, port }: Credentials, fix: string): CfnError {
  return new CfnError(
    {
      code: 'CFN753',
      severity: 'error',
      message: `the secret ${secret} leads to ${host}:${port}, which is not where ${project} is looked for; it is left as it is`,
      fix,
    },
    { exitCode: 1 },
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Not the parser's words: they quote the text.
    return {};
  }
}
