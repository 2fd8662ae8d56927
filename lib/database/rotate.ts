import { CfnError } from '../cfn/errors.ts';
import { type Place, register } from './create.ts';
import { readExisting, sessionsOf } from './existing.ts';
import { holding } from './lock.ts';
import type { ProjectNames } from './names.ts';
import { generatePassword } from './password.ts';
import { actAsUser, ensureRole, joinRole } from './roles.ts';
import { type Credentials, elsewhere, leadsElsewhere, readCredentials, writtenCredentials } from './secrets.ts';
import { administrator, session } from './server.ts';

export interface Rotated {
  /** Who the secret names now, and who it named before: that one can still log in, with the password it has. */
  readonly user: string;
  readonly previous: string;
  /** Sessions that the former credentials have open. */
  readonly running: number;
}

/**
 * Gives a project new credentials. Two roles take turns, because a client that runs keeps the password that it was started
 * with: with one role, each new connection of such a client would be refused from the moment on that the password changes.
 *
 * 1. What the secret holds is put beside it, and the proxy is told of both: it lets in only whom one of them names.
 * 2. The other role gets a new password. Nobody uses that role, which is looked at first.
 * 3. It logs in with it.
 * 4. Only then the secret changes. Until here nothing has happened for any client; from here both get in.
 *
 * Throws CFN753 where there is no database to rotate, CFN755 where clients still use the role that is next.
 */
export async function rotatePassword(
  place: Place,
  names: ProjectNames,
  { inUse = false }: { inUse?: boolean } = {},
): Promise<Rotated> {
  const { server, store, proxy, after = () => {} } = place;
  return session(server, administrator(server), (client) =>
    holding(client, names.project, async () => {
      const existing = await readExisting(client, names);
      const current = await readCredentials(store, names);
      if (!current || !existing.database || !existing.user) throw nothingToRotate(names, current !== undefined);
      if (leadsElsewhere(current, place.endpoint))
        throw elsewhere(
          names,
          current,
          `if the proxy moved: plainform database create ${names.project} says so to the secret`,
        );
      const next = current.username === names.user ? names.alternate : names.user;
      const holders = (await sessionsOf(client, names)).filter(({ usename }) => usename === next);
      if (holders.length > 0 && !inUse) throw stillUsed(next, holders.length);

      await store.write(names.previousSecret, writtenCredentials(current), names.secret);
      after('previous');
      if (proxy) await register(client, proxy, store, names);
      after('proxy');

      const password = generatePassword();
      const role = next === names.user ? existing.user : existing.alternate;
      await ensureRole(client, names, role, { name: next, limit: existing.user.limit, password });
      await joinRole(client, next);
      if (next === names.alternate) await actAsUser(client, names);
      after('password');

      const credentials: Credentials = { ...current, ...place.endpoint, username: next, password };
      await session(server, { user: next, password, database: names.database }, (own) => own.query('SELECT 1'));
      after('login');

      await store.write(names.secret, writtenCredentials(credentials));
      after('secret');
      const running = (await sessionsOf(client, names)).filter(({ usename }) => usename === current.username).length;
      return { user: next, previous: current.username, running };
    }),
  );
}

function nothingToRotate({ project, secret }: ProjectNames, hasSecret: boolean): CfnError {
  return new CfnError(
    {
      code: 'CFN753',
      severity: 'error',
      message: `${project} has no ${hasSecret ? 'database' : `secret ${secret}`} whose password could be rotated`,
      fix: `make or complete it: plainform database create ${project}`,
    },
    { exitCode: 1 },
  );
}

function stillUsed(role: string, sessions: number): CfnError {
  return new CfnError(
    {
      code: 'CFN755',
      severity: 'error',
      message: `${role} is next to get a new password, and has ${sessions} ${sessions === 1 ? 'session' : 'sessions'} open: clients still run with what was valid before the last rotation; nothing was changed`,
      fix: 'deploy those clients again, so that they read the secret, then rotate; or cut them off with --in-use',
    },
    { exitCode: 1 },
  );
}
