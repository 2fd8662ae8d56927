import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import { createDatabase } from '../../../lib/database/create.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { readCredentials } from '../../../lib/database/secrets.ts';
import {
  placeOn,
  proxyInMemory,
  type SecretsInMemory,
  type SharedServer,
  startSharedServer,
} from '../../support/project-databases.ts';

jest.setTimeout(60_000);

let shared: SharedServer;
const open: pg.Client[] = [];

beforeAll(async () => {
  shared = await startSharedServer();
});
afterAll(() => shared?.postgres.stop());
afterEach(async () => {
  for (const client of open.splice(0)) await client.end();
});

async function credentialsOf(store: SecretsInMemory, project: string) {
  const found = await readCredentials(store, projectNames(project));
  if (!found) throw new Error(`${project} has no secret`);
  return found;
}

async function connectAs(store: SecretsInMemory, project: string, database = projectNames(project).database) {
  const { username, password } = await credentialsOf(store, project);
  const client = await shared.as({ user: username, password, database });
  open.push(client);
  return client;
}

const stateOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'not refused',
    (error) => error.code ?? String(error),
  );

describe('a new project', () => {
  test('has a database, a user, a secret in the form of RDS, and its place on the proxy', async () => {
    const proxy = proxyInMemory();
    const place = { ...placeOn(shared), proxy };
    const names = projectNames('my-first');
    expect(await createDatabase(place, names)).toMatchObject({
      ...{ secret: 'created', user: 'created', database: 'created', proxy: 'changed' },
    });
    const text = place.store.values.get('my-first/database-credentials')!;
    expect(JSON.parse(text)).toEqual({
      ...{ engine: 'postgres', host: '127.0.0.1', port: shared.postgres.port },
      ...{ username: 'my_first_user', dbname: 'my_first', password: expect.stringMatching(/^[A-Za-z0-9]{40}$/) },
    });
    expect(proxy.secrets).toEqual(['of-the-provider', 'my-first/database-credentials']);
    const client = await connectAs(place.store, 'my-first');
    await client.query('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)');
    const { rows } = await client.query(
      "SELECT current_user, current_schema, current_setting('statement_timeout') AS timeout FROM orders",
    );
    expect(rows).toEqual([{ current_user: 'my_first_user', current_schema: 'app', timeout: '30s' }]);
  });

  test('a second run changes nothing, and keeps the password and the limits', async () => {
    const proxy = proxyInMemory();
    const place = { ...placeOn(shared), proxy };
    const names = projectNames('again');
    await createDatabase(place, names, { connections: 7, statementSeconds: 12 });
    const secret = place.store.values.get(names.secret);
    expect(await createDatabase(place, names)).toMatchObject({
      ...{ secret: 'unchanged', user: 'unchanged', database: 'unchanged', proxy: 'unchanged' },
      lockdown: { closed: [] },
    });
    expect(place.store.values.get(names.secret)).toBe(secret);
    const client = await connectAs(place.store, 'again');
    const { rows } = await client.query(
      "SELECT rolconnlimit, current_setting('statement_timeout') AS timeout FROM pg_roles WHERE rolname = current_user",
    );
    expect(rows).toEqual([{ rolconnlimit: 7, timeout: '12s' }]);
  });

  test.each([
    ['5min', '5min'],
    ['45000', '45s'],
    ['1500ms', '2s'],
    ['0', '30s'],
  ])('a timeout that was set by hand, %s, becomes %s', async (set, kept) => {
    const place = placeOn(shared);
    await createDatabase(place, projectNames('by-operator'));
    await shared.asSuperuser((client) => client.query(`ALTER DATABASE by_operator SET statement_timeout = '${set}'`));
    await createDatabase(place, projectNames('by-operator'));
    const client = await connectAs(place.store, 'by-operator');
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: kept }]);
  });

  test('new limits are taken over', async () => {
    const place = placeOn(shared);
    await createDatabase(place, projectNames('limits'));
    expect(await createDatabase(place, projectNames('limits'), { connections: 3 })).toMatchObject({ user: 'changed' });
    expect(await createDatabase(place, projectNames('limits'), { statementSeconds: 3 })).toMatchObject({
      ...{ user: 'unchanged', database: 'changed' },
    });
  });

  test('whoever could log in before still can; a user of a project cannot', async () => {
    await shared.asSuperuser(async (client) => {
      await client.query("CREATE ROLE reporting LOGIN PASSWORD 'r'; CREATE ROLE rdsproxyadmin LOGIN PASSWORD 'p'");
      await client.query('CREATE DATABASE of_the_provider OWNER master');
    });
    const place = placeOn(shared);
    const { lockdown } = await createDatabase(place, projectNames('late'));
    expect(lockdown.closed).toEqual([{ database: 'of_the_provider', kept: ['rdsproxyadmin', 'reporting'] }]);
    for (const [user, password] of [
      ['reporting', 'r'],
      ['rdsproxyadmin', 'p'],
    ] as const)
      open.push(await shared.as({ user, password, database: 'of_the_provider' }));
    open.push(await shared.as({ user: 'rdsproxyadmin', password: 'p', database: 'late' }));
    expect(await stateOf(connectAs(place.store, 'late', 'of_the_provider'))).toBe('42501');
    expect(await stateOf(shared.as({ user: 'reporting', password: 'r', database: 'late' }))).toBe('42501');
  });

  test('a database that the administrator does not own is left, and named', async () => {
    await shared.asSuperuser((client) => client.query('CREATE DATABASE rdsadmin'));
    const { lockdown } = await createDatabase(placeOn(shared), projectNames('leaves'));
    expect(lockdown.left).toEqual(['rdsadmin']);
    await shared.asSuperuser((client) => client.query('DROP DATABASE rdsadmin'));
  });
});

describe('what is not the project’s is left as it is', () => {
  test.each([
    ['a database', "CREATE DATABASE taken; COMMENT ON DATABASE taken IS 'mine'", 'DROP DATABASE taken'],
    ['a role', 'CREATE ROLE taken_user', 'DROP ROLE taken_user'],
    ['the other role', 'CREATE ROLE taken_user_clone', 'DROP ROLE taken_user_clone'],
  ])('%s of that name', async (_, made, removed) => {
    const place = placeOn(shared);
    await shared.asSuperuser(async (client) => {
      for (const statement of made.split('; ')) await client.query(statement);
    });
    await expect(createDatabase(place, projectNames('taken'))).rejects.toThrow('CFN753');
    expect(place.store.values.size).toBe(0);
    await shared.asSuperuser((client) => client.query(removed));
  });

  test.each([
    ['another user', '{"username":"root","password":"s3cr3t-value"}'],
    ['another database', '{"username":"taken_user","password":"s3cr3t-value","dbname":"other"}'],
    ['no password', '{"username":"taken_user"}'],
    ['no JSON', 's3cr3t-value'],
    ['null', 'null'],
  ])('a secret with %s', async (_, text) => {
    const place = placeOn(shared);
    place.store.values.set('taken/database-credentials', text);
    const error = await createDatabase(place, projectNames('taken')).catch((thrown) => thrown);
    expect(error.message).toContain('CFN753');
    expect(error.message).not.toContain('s3cr3t');
    expect(place.store.values.get('taken/database-credentials')).toBe(text);
    const { rows } = await shared.asSuperuser((client) =>
      client.query("SELECT FROM pg_roles WHERE rolname LIKE 'taken%'"),
    );
    expect(rows).toEqual([]);
  });

  test('two projects whose names make one database', async () => {
    const place = placeOn(shared);
    await createDatabase(place, projectNames('one-name'));
    await expect(createDatabase(place, projectNames('one_name'))).rejects.toThrow('CFN753');
  });

  test('a role that became a superuser', async () => {
    const place = placeOn(shared);
    await createDatabase(place, projectNames('risen'));
    await shared.asSuperuser((client) => client.query('ALTER ROLE risen_user SUPERUSER'));
    await expect(createDatabase(place, projectNames('risen'))).rejects.toThrow('superuser');
    await shared.asSuperuser((client) => client.query('ALTER ROLE risen_user NOSUPERUSER CREATEDB CREATEROLE'));
  });

  test('who may not create databases says so', async () => {
    await shared.asSuperuser((client) => client.query("CREATE ROLE small LOGIN PASSWORD 'small'"));
    const server = { ...shared.server, user: 'small', password: 'small', database: 'template1' };
    await shared.asSuperuser((client) => client.query('GRANT CONNECT ON DATABASE template1 TO small'));
    await expect(createDatabase({ ...placeOn(shared), server }, projectNames('nothing'))).rejects.toThrow(
      'small may not create databases and roles',
    );
  });
});

describe('a run that is cut short', () => {
  const STEPS = ['lockdown', 'secret', 'user', 'database', 'rights', 'schema', 'login', 'proxy'];

  test.each(STEPS)('after %s is completed by the next', async (step) => {
    const proxy = proxyInMemory();
    const place = { ...placeOn(shared), proxy };
    const names = projectNames(`cut-${step}`);
    const cut = createDatabase({ ...place, after: (done) => void (done === step && crash()) }, names);
    await expect(cut).rejects.toThrow('cut short');
    await createDatabase(place, names);
    const client = await connectAs(place.store, names.project);
    await client.query('CREATE TABLE complete (id int)');
    expect(await stateOf(client.query('CREATE TABLE public.beside (id int)'))).toBe('42501');
    expect(proxy.secrets).toContain(names.secret);
    expect(await createDatabase(place, names)).toMatchObject({
      ...{ secret: 'unchanged', user: 'unchanged', database: 'unchanged', proxy: 'unchanged' },
    });
  });

  test('nobody gets into a database that is half made', async () => {
    const place = placeOn(shared);
    const names = projectNames('half');
    await createDatabase({ ...place, after: (done) => void (done === 'database' && crash()) }, names).catch(() => {});
    expect(await stateOf(connectAs(place.store, 'half'))).toBe('55000');
  });

  test('the secret lost: a new one, and the password follows', async () => {
    const place = placeOn(shared);
    const names = projectNames('lost');
    await createDatabase(place, names);
    place.store.values.clear();
    expect(await createDatabase(place, names)).toMatchObject({ secret: 'created', user: 'changed' });
    await connectAs(place.store, 'lost');
  });

  test('the password changed by hand is put back to what the secret says', async () => {
    const place = placeOn(shared);
    const names = projectNames('by-hand');
    await createDatabase(place, names);
    await shared.asSuperuser((client) => client.query("ALTER ROLE by_hand_user PASSWORD 'x' CREATEDB NOLOGIN"));
    expect(await createDatabase(place, names)).toMatchObject({ secret: 'unchanged', user: 'changed' });
    const client = await connectAs(place.store, 'by-hand');
    const { rows } = await client.query('SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user');
    expect(rows).toEqual([{ rolcreatedb: false }]);
  });

  test('a proxy that moved: the secret names the new one, with the same password', async () => {
    const place = placeOn(shared);
    const names = projectNames('moved');
    await createDatabase(place, names);
    const { password } = await credentialsOf(place.store, 'moved');
    const endpoint = { host: 'new.proxy.example', port: 5432 };
    expect(await createDatabase({ ...place, endpoint }, names)).toMatchObject({ secret: 'changed', user: 'unchanged' });
    expect(await credentialsOf(place.store, 'moved')).toMatchObject({ password, host: 'new.proxy.example' });
  });
});

function crash(): never {
  throw new Error('cut short');
}

test('a schema public that was opened is closed again, for use as for creation', async () => {
  const place = placeOn(shared);
  await createDatabase(place, projectNames('closed'));
  const rights = async () => {
    const client = await connectAs(place.store, 'closed');
    const { rows } = await client.query(
      "SELECT has_schema_privilege('public', 'USAGE') AS use, has_schema_privilege('public', 'CREATE') AS make",
    );
    return rows[0];
  };
  expect(await rights()).toEqual({ use: false, make: false });
  await shared.asSuperuser((client) => client.query('GRANT ALL ON SCHEMA public TO PUBLIC, closed_user'), 'closed');
  expect(await rights()).toEqual({ use: true, make: true });
  expect(await createDatabase(place, projectNames('closed'))).toMatchObject({ database: 'changed' });
  expect(await rights()).toEqual({ use: false, make: false });
});

describe('many at once', () => {
  test('each closes what is open, and none stumbles over another', async () => {
    const others = Array.from({ length: 6 }, (_, index) => `open_${index}`);
    await shared.asSuperuser(async (client) => {
      for (const name of others) await client.query(`CREATE DATABASE ${name} OWNER master`);
      await client.query('GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC');
    });
    const place = placeOn(shared);
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => createDatabase(place, projectNames(`closing-${index}`))),
    );
    const closed = made.flatMap(({ lockdown }) => lockdown.closed.map(({ database }) => database));
    expect(closed.sort()).toEqual([...others, 'postgres', 'template1'].sort());
  });

  test('24 projects, some of them twice, on one proxy', async () => {
    const proxy = proxyInMemory();
    const place = { ...placeOn(shared), proxy };
    const projects = Array.from({ length: 24 }, (_, index) => `fleet-${index}`);
    const runs = [...projects, ...projects.slice(0, 4)];
    await Promise.all(runs.map((project) => createDatabase(place, projectNames(project))));
    expect([...place.store.values.keys()].sort()).toEqual(projects.map((p) => `${p}/database-credentials`).sort());
    expect(new Set(proxy.secrets)).toEqual(
      new Set(['of-the-provider', ...projects.map((project) => `${project}/database-credentials`)]),
    );
    for (const project of projects) {
      const client = await connectAs(place.store, project);
      await client.query('CREATE TABLE mine (id int)');
      await client.end();
    }
    const { rows } = await shared.asSuperuser((client) =>
      client.query("SELECT count(*)::int FROM pg_database WHERE datname LIKE 'fleet%'"),
    );
    expect(rows).toEqual([{ count: 24 }]);
  });
});

describe('the neighbour', () => {
  let place: ReturnType<typeof placeOn>;
  beforeAll(async () => {
    place = placeOn(shared);
    await createDatabase(place, projectNames('mine'));
    await createDatabase(place, projectNames('theirs'));
    const client = await connectAs(place.store, 'theirs');
    await client.query("CREATE TABLE secrets (what text); INSERT INTO secrets VALUES ('of the neighbour')");
  });
  let mine: pg.Client;
  beforeEach(async () => {
    mine = await connectAs(place.store, 'mine');
  });

  test.each(['theirs', 'postgres', 'template1', 'template0'])('its database %s is refused', async (database) => {
    expect(await stateOf(connectAs(place.store, 'mine', database))).toMatch(/^(42501|55000)$/);
  });

  test.each([
    ['become the neighbour', 'SET ROLE theirs_user'],
    ['become the administrator', 'SET ROLE master'],
    ['become a superuser', 'SET SESSION AUTHORIZATION postgres'],
    ['grant oneself the neighbour', 'GRANT theirs_user TO mine_user'],
    ['change the neighbour’s password', "ALTER ROLE theirs_user PASSWORD 'x'"],
    ['rise', 'ALTER ROLE mine_user SUPERUSER'],
    ['lift the limit of connections', 'ALTER ROLE mine_user CONNECTION LIMIT -1'],
    ['lift the timeout for all', 'ALTER DATABASE mine SET statement_timeout = 0'],
    ['rename the neighbour’s database', 'ALTER DATABASE theirs RENAME TO gone'],
    ['drop the neighbour’s database', 'DROP DATABASE theirs'],
    ['copy the neighbour’s database', 'CREATE DATABASE copy TEMPLATE theirs'],
    ['create a role', 'CREATE ROLE another'],
    ['drop the neighbour', 'DROP ROLE theirs_user'],
    ['take over what the neighbour owns', 'REASSIGN OWNED BY theirs_user TO mine_user'],
    ['read the passwords', 'SELECT rolpassword FROM pg_authid'],
    ['read a file of the server', "SELECT pg_read_file('postgresql.conf')"],
    ['list the server’s files', "SELECT pg_ls_dir('.')"],
    ['run a program', "COPY (SELECT 1) TO PROGRAM 'cat'"],
    ['write a file', "COPY (SELECT 1) TO '/tmp/plainform-written'"],
    ['import a file', "SELECT lo_import('/etc/passwd')"],
    ['connect outwards', 'CREATE EXTENSION dblink'],
    ['create in public', 'CREATE TABLE public.mine (id int)'],
    ['create a tablespace', "CREATE TABLESPACE t LOCATION '/tmp'"],
    ['change the server', "ALTER SYSTEM SET log_statement = 'none'"],
    ['hide from the log', 'SET log_statement = none'],
    ['write to the catalogue', "UPDATE pg_database SET datallowconn = false WHERE datname = 'theirs'"],
  ])('cannot %s', async (_, statement) => {
    expect(await stateOf(mine.query(statement))).toMatch(/^(42501|0A000|58P01)$/);
  });

  test('its sessions cannot be ended, its statements not be read', async () => {
    const theirs = await connectAs(place.store, 'theirs');
    await theirs.query("SELECT 'a statement of the neighbour'");
    const { rows } = await theirs.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expect(await stateOf(mine.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]))).toBe('42501');
    const seen = await mine.query("SELECT query FROM pg_stat_activity WHERE usename = 'theirs_user'");
    expect(JSON.stringify(seen.rows)).not.toContain('a statement of the neighbour');
  });

  test('nobody is let in by the owner of the schema: GRANT on the database has no effect', async () => {
    await mine.query('GRANT CONNECT ON DATABASE mine TO PUBLIC').catch(() => {});
    const { rows } = await mine.query("SELECT has_database_privilege('public', 'mine', 'CONNECT') AS open");
    expect(rows).toEqual([{ open: false }]);
  });

  test('a runaway query is cut off, the session lives on', async () => {
    await createDatabase(place, projectNames('mine'), { statementSeconds: 1 });
    const client = await connectAs(place.store, 'mine');
    expect(await stateOf(client.query('SELECT count(*) FROM generate_series(1, 1e12)'))).toBe('57014');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('too many connections are refused, and the neighbour does not notice', async () => {
    await createDatabase(place, projectNames('mine'), { connections: 4 });
    const states = [];
    for (let index = 0; index < 6; index++) states.push(await stateOf(connectAs(place.store, 'mine')));
    // One is open already, `mine`.
    expect(states).toEqual(['not refused', 'not refused', 'not refused', '53300', '53300', '53300']);
    expect(await stateOf(connectAs(place.store, 'theirs'))).toBe('not refused');
  });
});

test('no password is in the log of a server that logs everything', async () => {
  const place = placeOn(shared);
  await createDatabase(place, projectNames('logged'));
  const { password } = await credentialsOf(place.store, 'logged');
  const log = shared.postgres.log();
  expect(log).toContain('CREATE ROLE "logged_user"');
  expect(log).toContain("PASSWORD 'SCRAM-SHA-256$4096:");
  expect(log).not.toContain(password);
  expect(log).not.toContain(shared.server.password);
});
