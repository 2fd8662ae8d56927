import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createDatabase, type Place } from '../../../lib/database/create.ts';
import { dropDatabase } from '../../../lib/database/drop.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { rotatePassword } from '../../../lib/database/rotate.ts';
import {
  type ProxyInMemory,
  placeOn,
  proxyInMemory,
  type SecretsInMemory,
  type SharedServer,
  startSharedServer,
} from '../../support/project-databases.ts';

jest.setTimeout(120_000);

let shared: SharedServer;
let folder: string;
beforeAll(async () => {
  shared = await startSharedServer();
  folder = mkdtempSync(join(tmpdir(), 'plainform-faults-'));
});
afterAll(async () => {
  await shared?.postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const programs = { pgDump: '/nowhere/pg_dump', pgRestore: '/nowhere/pg_restore' };
let files = 0;
const dumpFile = () => join(folder, `${++files}.dump`);

/** The nth call of store or proxy fails: before it has done anything, or after, as when the answer is lost. */
function faulty(place: Place & { proxy: ProxyInMemory }, nth: number, when: 'before' | 'after') {
  let calls = 0;
  const wrap = <T extends object>(object: T): T =>
    new Proxy(object, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...words: unknown[]) => {
          const fails = ++calls === nth;
          if (fails && when === 'before') throw new Error('AWS is not there');
          const result = await member.apply(target, words);
          if (fails) throw new Error('AWS did not answer');
          return result;
        };
      },
    });
  return { place: { ...place, store: wrap(place.store), proxy: wrap(place.proxy) }, reached: () => calls >= nth };
}

async function letsIn(store: SecretsInMemory, secret: string): Promise<boolean> {
  const { username: user, password, dbname: database } = JSON.parse(store.values.get(secret)!);
  const client = await shared.as({ user, password, database });
  await client.query('CREATE TABLE IF NOT EXISTS kept (id int)');
  await client.end();
  return true;
}

describe.each(['before', 'after'] as const)('each call to AWS fails in turn, %s it has its effect', (when) => {
  test('create', async () => {
    for (let nth = 1, more = true; more; nth++) {
      const names = projectNames(`create-${when}-${nth}`);
      const place = { ...placeOn(shared), proxy: proxyInMemory() };
      const { place: broken, reached } = faulty(place, nth, when);
      await createDatabase(broken, names).catch((error) => expect(error.message).toContain('AWS'));
      await createDatabase(place, names);
      expect(await letsIn(place.store, names.secret)).toBe(true);
      expect(place.proxy.secrets).toEqual(['of-the-provider', names.secret]);
      more = reached();
    }
  });

  test('rotate: whatever happens, what the secret says is let in', async () => {
    const names = projectNames(`rotate-${when}`);
    const place = { ...placeOn(shared), proxy: proxyInMemory() };
    await createDatabase(place, names);
    for (let nth = 1, more = true; more; nth++) {
      const { place: broken, reached } = faulty(place, nth, when);
      await rotatePassword(broken, names).catch((error) => expect(error.message).toContain('AWS'));
      expect(await letsIn(place.store, names.secret)).toBe(true);
      expect(place.store.values.size === 1 || (await letsIn(place.store, names.previousSecret))).toBe(true);
      await rotatePassword(place, names);
      expect(await letsIn(place.store, names.secret)).toBe(true);
      expect(await letsIn(place.store, names.previousSecret)).toBe(true);
      expect(place.proxy.secrets).toEqual(['of-the-provider', names.secret, names.previousSecret]);
      more = reached();
    }
  });

  test('drop', async () => {
    for (let nth = 1, more = true; more; nth++) {
      const names = projectNames(`drop-${when}-${nth}`);
      const place = { ...placeOn(shared), proxy: proxyInMemory() };
      await createDatabase(place, names);
      await rotatePassword(place, names);
      const { place: broken, reached } = faulty(place, nth, when);
      await dropDatabase(broken, names, { dumpFile: dumpFile(), programs }).catch((error) =>
        expect(error.message).toContain('AWS'),
      );
      more = reached();
      if (place.store.values.size > 0) await dropDatabase(place, names, { dumpFile: dumpFile(), programs });
      expect(place.store.values.size).toBe(0);
      expect(place.proxy.secrets).toEqual(['of-the-provider']);
      const { rows } = await shared.asSuperuser((client) =>
        client.query('SELECT FROM pg_roles WHERE rolname LIKE $1', [`${names.database}%`]),
      );
      expect(rows).toEqual([]);
    }
  });
});

test('the server ends the session of the administrator in the middle: the next run completes', async () => {
  const broken: string[] = [];
  for (const step of ['lockdown', 'secret', 'user', 'database', 'rights', 'schema', 'login']) {
    const names = projectNames(`ended-${step}`);
    const place = { ...placeOn(shared), proxy: proxyInMemory() };
    const ended: Promise<unknown>[] = [];
    const error: unknown = await createDatabase(
      {
        ...place,
        after: (done) => {
          if (done !== step) return;
          ended.push(
            shared.asSuperuser((client) =>
              client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'master'"),
            ),
          );
        },
      },
      names,
    ).catch((thrown) => thrown);
    await Promise.all(ended);
    if (error instanceof Error) broken.push(step);
    await createDatabase(place, names);
    expect(await letsIn(place.store, names.secret)).toBe(true);
  }
  // The session may end while the last statement is already done.
  expect(broken.length).toBeGreaterThan(3);
});

describe('one name on two servers', () => {
  const names = projectNames('twice');
  let here: Place & { store: SecretsInMemory };
  let there: typeof here;
  beforeAll(async () => {
    here = placeOn(shared);
    await createDatabase(here, names);
    // Another provider of the same account: its server, the same secrets.
    there = { ...here, endpoint: { host: 'proxy.elsewhere', port: 5432 } };
  });

  test('the secret of the one is not taken over by the other', async () => {
    await shared.asSuperuser(async (client) => {
      await client.query('ALTER DATABASE twice RENAME TO hidden');
      await client.query('ALTER ROLE twice_user RENAME TO hidden_user');
    });
    const before = here.store.values.get(names.secret);
    await expect(createDatabase(there, names)).rejects.toThrow('leads to 127.0.0.1');
    await expect(dropDatabase(there, names, { dumpFile: dumpFile(), programs })).rejects.toThrow(
      'there is nothing to drop',
    );
    await shared.asSuperuser(async (client) => {
      await client.query('ALTER DATABASE hidden RENAME TO twice');
      await client.query('ALTER ROLE hidden_user RENAME TO twice_user');
    });
    expect(here.store.values.get(names.secret)).toBe(before);
    expect(await letsIn(here.store, names.secret)).toBe(true);
  });

  test('it is not rotated, nor removed with the database of the other', async () => {
    const before = here.store.values.get(names.secret);
    await expect(rotatePassword(there, names)).rejects.toThrow('CFN753');
    expect(await dropDatabase(there, names, { dumpFile: dumpFile(), programs })).toMatchObject({
      kept: [names.previousSecret, names.secret],
    });
    expect(here.store.values.get(names.secret)).toBe(before);
  });
});

test('the other role, removed by hand, comes back as it was', async () => {
  const names = projectNames('handmade');
  const place = placeOn(shared);
  await createDatabase(place, names);
  await rotatePassword(place, names);
  await shared.asSuperuser((client) => client.query('DROP ROLE handmade_user_clone'));
  expect(await createDatabase(place, names)).toMatchObject({ user: 'created', secret: 'unchanged' });
  const { username: user, password } = JSON.parse(place.store.values.get(names.secret)!);
  const client = await shared.as({ user, password, database: 'handmade' });
  await client.query('CREATE TABLE of_whom (id int)');
  const { rows } = await client.query("SELECT tableowner FROM pg_tables WHERE tablename = 'of_whom'");
  await client.end();
  expect(rows).toEqual([{ tableowner: 'handmade_user' }]);
});

test('hostile names of others do nothing', async () => {
  const hostile = `x"; DROP ROLE master; --'\\`;
  const quoted = `"${hostile.replaceAll('"', '""')}"`;
  await shared.asSuperuser(async (client) => {
    await client.query(`CREATE ROLE ${quoted} LOGIN`);
    await client.query(`CREATE DATABASE ${quoted} OWNER master`);
  });
  const place = placeOn(shared);
  const { lockdown } = await createDatabase(place, projectNames('unmoved'));
  expect(lockdown.closed).toContainEqual({ database: hostile, kept: expect.arrayContaining([hostile]) });
  expect(await letsIn(place.store, 'unmoved/database-credentials')).toBe(true);
});

test('two runs on one project wait for each other', async () => {
  const names = projectNames('raced');
  const place = { ...placeOn(shared), proxy: proxyInMemory() };
  await Promise.all(Array.from({ length: 6 }, () => createDatabase(place, names)));
  expect(await letsIn(place.store, names.secret)).toBe(true);
  await Promise.all(Array.from({ length: 4 }, () => rotatePassword(place, names)));
  expect(await letsIn(place.store, names.secret)).toBe(true);
  expect(await letsIn(place.store, names.previousSecret)).toBe(true);
  const dropped = await Promise.allSettled(
    Array.from({ length: 3 }, () => dropDatabase(place, names, { dumpFile: dumpFile(), programs })),
  );
  expect(dropped.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
});
