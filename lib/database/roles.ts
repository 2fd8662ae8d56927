import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import type { ExistingRole } from './existing.ts';
import type { ProjectNames } from './names.ts';
import { scramVerifier } from './password.ts';
import { identifier, literal, open, type Server, stateOf, transaction } from './server.ts';

interface Wanted {
  readonly name: string;
  readonly limit: number;
  /** Absent: the one it has stays. */
  readonly password?: string;
}

/**
 * A role that may log in and nothing else, known by the project's mark; made in one step, so that none is left without mark.
 * Throws CFN753 where it is a superuser or passes row security: only its maker knows why.
 */
export async function ensureRole(
  client: pg.Client,
  names: ProjectNames,
  existing: ExistingRole | undefined,
  { name, limit, password }: Wanted,
): Promise<'created' | 'changed' | 'unchanged'> {
  const secret = password === undefined ? [] : [`PASSWORD ${literal(scramVerifier(password))}`];
  if (!existing) {
    await transaction(client, async () => {
      const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT';
      await client.query(
        `CREATE ROLE ${identifier(name)} ${rights} ${[`CONNECTION LIMIT ${limit}`, ...secret].join(' ')}`,
      );
      await client.query(`COMMENT ON ROLE ${identifier(name)} IS ${literal(names.mark)}`);
    });
    return 'created';
  }
  const above = existing.rights.filter((right) => right !== 'createdb' && right !== 'createrole');
  if (above.length > 0)
    throw new CfnError(
      {
        code: 'CFN753',
        severity: 'error',
        message: `the role ${name} has ${above.join(', ')}: no role of a project may`,
        fix: `as a superuser: ALTER ROLE ${identifier(name)} ${above.map((right) => `NO${right.toUpperCase()}`).join(' ')}`,
      },
      { exitCode: 1 },
    );
  const changes = [
    ...existing.rights.map((right) => `NO${right.toUpperCase()}`),
    ...(existing.login ? [] : ['LOGIN']),
    ...(existing.limit === limit ? [] : [`CONNECTION LIMIT ${limit}`]),
    ...secret,
  ];
  if (changes.length === 0) return 'unchanged';
  await client.query(`ALTER ROLE ${identifier(name)} ${changes.join(' ')}`);
  return 'changed';
}

/** Since PostgreSQL 16 who makes a role administers it, and acts as it only when it is a member as well. */
export async function joinRole(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query<{ member: boolean }>("SELECT pg_has_role(current_user, $1, 'USAGE') AS member", [
    role,
  ]);
  if (!rows[0]!.member) await client.query(`GRANT ${identifier(role)} TO CURRENT_USER`);
}

/** Whatever `alternate` makes belongs to `user`, so that the one can alter what the other made. */
export async function actAsUser(client: pg.Client, { user, alternate, database }: ProjectNames): Promise<void> {
  await transaction(client, async () => {
    await client.query(`GRANT ${identifier(user)} TO ${identifier(alternate)}`);
    await client.query(
      `ALTER ROLE ${identifier(alternate)} IN DATABASE ${identifier(database)} SET role = ${literal(user)}`,
    );
  });
}

/**
 * Whether the server takes the password. It looks at the password first, so that a refusal for another reason (no right to
 * this database, too many sessions) says that the password is right.
 */
export async function takesPassword(
  server: Server,
  user: string,
  password: string,
  database: string,
): Promise<boolean> {
  try {
    await (await open(server, { user, password, database })).end();
    return true;
  } catch (error) {
    if (stateOf(error) === '28P01') return false;
    if (/^(28000|42501|53300|3D000|55000)$/.test(stateOf(error) ?? '')) return true;
    throw error;
  }
}
