import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import { checkIsolation } from '../../../lib/database/check.ts';
import { createDatabase } from '../../../lib/database/create.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { rotatePassword } from '../../../lib/database/rotate.ts';
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

const loginIn = (store: SecretsInMemory, secret: string) => {
  const { username: user, password, dbname: database } = JSON.parse(store.values.get(secret)!);
  return { user, password, database };
};

async function connect(login: ReturnType<typeof loginIn>) {
  const client = await shared.as(login);
  open.push(client);
  return client;
}

async function made(project: string) {
  const proxy = proxyInMemory();
  const place = { ...placeOn(shared), proxy };
  const names = projectNames(project);
  await createDatabase(place, names, { statementSeconds: 1 });
  return { proxy, place, names };
}

test('a session that runs goes on, and its client may connect again with what it was started with', async () => {
  const { place, names, proxy } = await made('running');
  const before = loginIn(place.store, names.secret);
  const running = await connect(before);
  await running.query('CREATE TABLE kept (id int); BEGIN');
  expect(await rotatePassword(place, names)).toEqual({
    user: 'running_user_clone',
    previous: 'running_user',
    running: 1,
  });
  await running.query('INSERT INTO kept VALUES (1); COMMIT');
  await connect(before);
  const after = loginIn(place.store, names.secret);
  expect(after.password).not.toBe(before.password);
  expect(loginIn(place.store, names.previousSecret)).toEqual(before);
  expect(proxy.secrets).toEqual(['of-the-provider', names.secret, names.previousSecret]);
  const renewed = await connect(after);
  expect((await renewed.query('SELECT * FROM kept')).rows).toEqual([{ id: 1 }]);
});

test('whoever of the two makes it, it belongs to one, and either alters it', async () => {
  const { place, names } = await made('owner');
  await rotatePassword(place, names);
  const clone = await connect(loginIn(place.store, names.secret));
  // What a pool does with a session before it gives it to the next client.
  await clone.query('DISCARD ALL');
  await clone.query('RESET ROLE');
  await clone.query('CREATE TABLE by_clone (id int)');
  const { rows } = await clone.query(
    "SELECT session_user::text, tableowner::text FROM pg_tables WHERE tablename = 'by_clone'",
  );
  expect(rows).toEqual([{ session_user: 'owner_user_clone', tableowner: 'owner_user' }]);
  await clone.end();
  open.pop();
  await rotatePassword(place, names);
  const user = await connect(loginIn(place.store, names.secret));
  await user.query('ALTER TABLE by_clone ADD COLUMN more int');
});

test('five rotations: the last two passwords are valid, those before are not', async () => {
  const { place, names } = await made('often');
  const logins = [loginIn(place.store, names.secret)];
  for (let round = 0; round < 5; round++) {
    await rotatePassword(place, names);
    logins.push(loginIn(place.store, names.secret));
  }
  expect(new Set(logins.map(({ password }) => password)).size).toBe(6);
  const states = await Promise.all(
    logins.map((login) =>
      shared.as(login).then(
        (client) => client.end().then(() => 'in'),
        (error) => error.code,
      ),
    ),
  );
  expect(states).toEqual(['28P01', '28P01', '28P01', '28P01', 'in', 'in']);
});

test('refused while clients still run with what was valid before the last rotation', async () => {
  const { place, names } = await made('slow');
  await connect(loginIn(place.store, names.secret));
  await rotatePassword(place, names);
  const secret = place.store.values.get(names.secret);
  await expect(rotatePassword(place, names)).rejects.toThrow('CFN755');
  expect(place.store.values.get(names.secret)).toBe(secret);
  await rotatePassword(place, names, { inUse: true });
  expect(place.store.values.get(names.secret)).not.toBe(secret);
});

test('the other role is isolated as the first is', async () => {
  const { place, names } = await made('isolated');
  await rotatePassword(place, names);
  const { attempts } = await checkIsolation(place, names);
  expect(attempts.filter(({ outcome }) => outcome !== 'refused')).toEqual([]);
});

test('create, after a rotation, changes nothing', async () => {
  const { place, names } = await made('settled');
  await rotatePassword(place, names);
  expect(await createDatabase(place, names)).toMatchObject({
    ...{ secret: 'unchanged', user: 'unchanged', database: 'unchanged', proxy: 'unchanged' },
  });
});

describe('cut short', () => {
  test.each(['previous', 'proxy', 'password', 'login', 'secret'])(
    'after %s what clients have stays valid',
    async (step) => {
      const { place, names, proxy } = await made(`cut-${step}`);
      const before = loginIn(place.store, names.secret);
      const cut = rotatePassword(
        {
          ...place,
          after: (done) => {
            if (done === step) throw new Error('cut short');
          },
        },
        names,
      );
      await expect(cut).rejects.toThrow('cut short');
      await (await shared.as(before)).end();
      await (await shared.as(loginIn(place.store, names.secret))).end();
      const { user } = await rotatePassword(place, names);
      expect(loginIn(place.store, names.secret).user).toBe(user);
      await (await shared.as(loginIn(place.store, names.secret))).end();
      await (await shared.as(loginIn(place.store, names.previousSecret))).end();
      expect(proxy.secrets).toEqual(expect.arrayContaining([names.secret, names.previousSecret]));
    },
  );
});

test('nothing to rotate', async () => {
  const place = placeOn(shared);
  await expect(rotatePassword(place, projectNames('absent'))).rejects.toThrow('CFN753');
  const { rows } = await shared.asSuperuser((client) =>
    client.query("SELECT FROM pg_roles WHERE rolname LIKE 'absent%'"),
  );
  expect(rows).toEqual([]);
});

test('no password of any rotation is in the log', async () => {
  const { place, names } = await made('logged');
  const passwords = [loginIn(place.store, names.secret).password];
  for (let round = 0; round < 3; round++) {
    await rotatePassword(place, names);
    passwords.push(loginIn(place.store, names.secret).password);
  }
  const log = shared.postgres.log();
  expect(log).toContain('ALTER ROLE "logged_user" PASSWORD');
  expect(passwords.filter((password) => log.includes(password))).toEqual([]);
});
