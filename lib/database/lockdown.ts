import type pg from 'pg';
import { identifier, transaction } from './server.ts';

export interface Lockdown {
  /** Databases that anybody could connect to, and now only those can who did not need PUBLIC or are named. */
  readonly closed: readonly { database: string; kept: readonly string[] }[];
  /** Those that the administrator does not own, such as rdsadmin: whether they refuse, `check` tries. */
  readonly left: readonly string[];
}

/**
 * Takes CONNECT from PUBLIC on every database, so that a project's user reaches its own only. Each role that could log in
 * before, and is no project's, gets CONNECT by name in the same transaction: an operator's, and the one of RDS Proxy
 * (rdsproxyadmin), keep what they had. Assumes that no other run does the same (see `holding`).
 */
export async function lockDown(client: pg.Client): Promise<Lockdown> {
  const { rows } = await client.query<{ database: string; mine: boolean; kept: string[] }>(
    `SELECT d.datname AS database, pg_has_role(current_user, d.datdba, 'USAGE') AS mine,
            array(SELECT r.rolname::text FROM pg_roles r
                   WHERE r.rolcanlogin AND NOT r.rolsuper AND r.oid <> d.datdba
                     AND coalesce(shobj_description(r.oid, 'pg_authid'), '') NOT LIKE 'plainform project %'
                   ORDER BY 1) AS kept
       FROM pg_database d
      WHERE d.datallowconn AND has_database_privilege('public', d.oid, 'CONNECT')
      ORDER BY 1`,
  );
  const closed = [];
  for (const { database, kept } of rows.filter(({ mine }) => mine)) {
    await transaction(client, async () => {
      const name = identifier(database);
      if (kept.length > 0)
        await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${kept.map(identifier).join(', ')}`);
      await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    });
    closed.push({ database, kept });
  }
  return { closed, left: rows.filter(({ mine }) => !mine).map(({ database }) => database) };
}
