import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { checkIsolation } from '../../../lib/database/check.ts';
import { createDatabase } from '../../../lib/database/create.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { placeOn, proxyInMemory, type SharedServer, startSharedServer } from '../../support/project-databases.ts';

jest.setTimeout(60_000);

let shared: SharedServer;
let place: ReturnType<typeof placeOn>;
const names = projectNames('tried');

beforeAll(async () => {
  shared = await startSharedServer();
  place = placeOn(shared);
  await createDatabase(place, projectNames('beside'));
});
afterAll(() => shared?.postgres.stop());
beforeEach(() => createDatabase(place, names, { connections: 6, statementSeconds: 1 }));

async function outcomes() {
  const { attempts } = await checkIsolation(place, names);
  return Object.fromEntries(attempts.map(({ attempt, outcome }) => [attempt, outcome]));
}

test('everything is refused on a server as we leave it', async () => {
  const { attempts } = await checkIsolation(place, names);
  expect(attempts.filter(({ outcome }) => outcome !== 'refused')).toEqual([]);
  expect(attempts.map(({ attempt }) => attempt)).toEqual(
    expect.arrayContaining([
      'connect to the database beside',
      'connect to the database postgres',
      'connect to the database template1',
      'become beside_user',
      'become master',
      'become postgres',
      'read the passwords of all roles',
      'create a table in the schema public',
      'create a role',
      'create a database',
      'run a query without end',
      'open more connections than its limit',
    ]),
  );
  expect(attempts.length).toBeGreaterThan(22);
});

describe('what is not refused is said', () => {
  test.each([
    [
      'connect to the database beside',
      'GRANT CONNECT ON DATABASE beside TO PUBLIC',
      'REVOKE CONNECT ON DATABASE beside FROM PUBLIC',
    ],
    [
      'connect to the database beside',
      'GRANT CONNECT ON DATABASE beside TO tried_user',
      'REVOKE CONNECT ON DATABASE beside FROM tried_user',
    ],
    ['become beside_user', 'GRANT beside_user TO tried_user', 'REVOKE beside_user FROM tried_user'],
    [
      'act with the rights of another role',
      'GRANT pg_read_all_data TO tried_user',
      'REVOKE pg_read_all_data FROM tried_user',
    ],
    [
      'read a file of the server',
      'GRANT pg_read_server_files TO tried_user; GRANT EXECUTE ON FUNCTION pg_read_file(text) TO tried_user',
      'REVOKE pg_read_server_files FROM tried_user; REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM tried_user',
      'tried',
    ],
    [
      'read the passwords of all roles',
      'GRANT SELECT ON pg_authid TO tried_user',
      'REVOKE SELECT ON pg_authid FROM tried_user',
      'tried',
    ],
    ['create a table in the schema public', 'GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC', 'SELECT 1', 'tried'],
    ['create a role', 'ALTER ROLE tried_user CREATEROLE', 'ALTER ROLE tried_user NOCREATEROLE'],
    ['create a database', 'ALTER ROLE tried_user CREATEDB', 'ALTER ROLE tried_user NOCREATEDB'],
    ['become a superuser', 'ALTER ROLE tried_user SUPERUSER', 'ALTER ROLE tried_user NOSUPERUSER'],
    [
      'lift the timeout of its database',
      'ALTER DATABASE tried OWNER TO tried_user',
      'ALTER DATABASE tried OWNER TO master',
    ],
    [
      'let everybody into its database',
      'ALTER DATABASE tried OWNER TO tried_user',
      'ALTER DATABASE tried OWNER TO master',
    ],
    ['read the statements that others run', 'GRANT pg_monitor TO tried_user', 'REVOKE pg_monitor FROM tried_user'],
    [
      'run a query without end',
      'ALTER ROLE tried_user SET statement_timeout = 0',
      'ALTER ROLE tried_user RESET statement_timeout',
    ],
    ['open more connections than its limit', 'ALTER ROLE tried_user CONNECTION LIMIT -1', 'SELECT 1'],
  ])('%s', async (attempt, opened, closed, database = 'postgres') => {
    const run = (statements: string) =>
      shared.asSuperuser(async (client) => {
        for (const statement of statements.split('; ')) await client.query(statement);
      }, database);
    await run(opened);
    const found = await outcomes();
    await run(closed);
    expect(found[attempt]).toBe('NOT refused');
    const { rows } = await shared.asSuperuser((client) =>
      client.query("SELECT datname FROM pg_database WHERE datname LIKE 'plainform%'"),
    );
    expect(rows).toEqual([]);
  });

  test('a limit that the server cannot serve is none', async () => {
    await createDatabase(place, names, { connections: 400 });
    expect((await outcomes())['open more connections than its limit']).toBe('NOT refused');
  });

  test('what could not be tried is unknown', async () => {
    await shared.asSuperuser((client) => client.query("ALTER DATABASE tried SET statement_timeout = '1h'"));
    expect((await outcomes())['run a query without end']).toBe('unknown');
    await shared.asSuperuser((client) => client.query("ALTER DATABASE tried SET statement_timeout = '1s'"));
  });

  test('a proxy that forgot the secret', async () => {
    const proxy = proxyInMemory();
    expect(await checkIsolation({ ...place, proxy }, names)).toMatchObject({ proxy: { name: 'shared', known: false } });
    await proxy.add([names.secret]);
    expect(await checkIsolation({ ...place, proxy }, names)).toMatchObject({ proxy: { known: true } });
  });
});

test('without a secret, or without a database, it says what to do', async () => {
  await expect(checkIsolation(place, projectNames('absent'))).rejects.toThrow('CFN753');
  place.store.values.set('absent/database-credentials', '{"username":"absent_user","password":"kept-to-itself"}');
  const error = await checkIsolation(place, projectNames('absent')).catch((thrown) => thrown);
  expect(error.message).toContain('CFN751');
  expect(error.message).not.toContain('kept-to-itself');
});
