import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import type { ProjectNames } from './names.ts';

export interface ExistingDatabase {
  readonly oid: number;
  readonly owner: string;
  readonly ours: boolean;
  readonly open: boolean;
  readonly limit: number;
}

export interface ExistingRole {
  readonly name: string;
  readonly ours: boolean;
  readonly login: boolean;
  readonly limit: number;
  /** Rights beyond those of a project: `createdb` and `createrole` we take away, the others only a superuser can. */
  readonly rights: readonly ('superuser' | 'createdb' | 'createrole' | 'replication' | 'bypassrls')[];
}

export interface Existing {
  readonly database?: ExistingDatabase;
  readonly user?: ExistingRole;
  readonly alternate?: ExistingRole;
}

/** What stands under the project's names. Throws CFN753 where any of it is not the project's. */
export async function readExisting(client: pg.Client, names: ProjectNames): Promise<Existing> {
  const database = await readDatabase(client, names);
  const [user, alternate] = [await readRole(client, names.user, names), await readRole(client, names.alternate, names)];
  for (const role of [user, alternate])
    if (role && !role.ours) throw foreign(`the role ${role.name}`, `COMMENT ON ROLE "${role.name}" IS '${names.mark}'`);
  if (database && !database.ours) {
    const comment = `COMMENT ON DATABASE "${names.database}" IS '${names.mark}'`;
    // A run that was cut short between making the database and naming it leaves one that nobody could connect to yet.
    if (!user || database.open) throw foreign(`the database ${names.database}`, comment);
  }
  return { ...(database && { database }), ...(user && { user }), ...(alternate && { alternate }) };
}

function foreign(what: string, comment: string): CfnError {
  return new CfnError(
    {
      code: 'CFN753',
      severity: 'error',
      message: `${what} exists and is not known as the project's; it is left as it is`,
      fix: `give the project another name; or, if it is the project's: ${comment}`,
    },
    { exitCode: 1 },
  );
}

async function readDatabase(
  client: pg.Client,
  { database, mark }: ProjectNames,
): Promise<ExistingDatabase | undefined> {
  const { rows } = await client.query(
    `SELECT oid::int8::text AS oid, pg_get_userbyid(datdba) AS owner, datallowconn AS open, datconnlimit AS "limit",
            shobj_description(oid, 'pg_database') IS NOT DISTINCT FROM $2 AS ours
       FROM pg_database WHERE datname = $1`,
    [database, mark],
  );
  return rows[0] && { ...rows[0], oid: Number(rows[0].oid) };
}

async function readRole(client: pg.Client, name: string, { mark }: ProjectNames): Promise<ExistingRole | undefined> {
  const { rows } = await client.query(
    `SELECT rolname AS name, rolcanlogin AS login, rolconnlimit AS "limit",
            array_remove(ARRAY[CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreatedb THEN 'createdb' END,
              CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolreplication THEN 'replication' END,
              CASE WHEN rolbypassrls THEN 'bypassrls' END], NULL) AS rights,
            shobj_description(oid, 'pg_authid') IS NOT DISTINCT FROM $2 AS ours
       FROM pg_roles WHERE rolname = $1`,
    [name, mark],
  );
  return rows[0];
}

/** Sessions of others in the database, and of its roles anywhere. */
export async function sessionsOf(client: pg.Client, { database, user, alternate }: ProjectNames) {
  const { rows } = await client.query<{ pid: number; usename: string | null }>(
    `SELECT pid, usename FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND (datname = $1 OR usename IN ($2, $3)) ORDER BY pid`,
    [database, user, alternate],
  );
  return rows;
}
