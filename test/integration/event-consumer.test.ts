import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { createHandler } from '../../generator/functions/event-consumer/handler.ts';
import { openPostgres } from '../../generator/functions/event-consumer/postgres.ts';
import type { Target } from '../../generator/functions/event-consumer/settings.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

jest.setTimeout(30_000);

/** The server's certificate is for `localhost`, signed by itself; openssl makes it, as Node.js cannot. */
const folder = mkdtempSync(join(tmpdir(), 'plainform-consumer-'));
const certificate = join(folder, 'server.crt');
const key = join(folder, 'server.key');
const made = spawnSync('openssl', [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
  ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
]);
const missing = made.status === 0 ? undefined : 'openssl is not installed';
const real = missing ? test.skip : test;

let postgres: Postgres;
let plain: Postgres;
let admin: pg.Client;
let ca: string;
let target: Target;

beforeAll(async () => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
  if (missing) return;
  ca = readFileSync(certificate, 'utf8');
  chmodSync(folder, 0o755);
  chmodSync(key, 0o600);
  if (process.getuid?.() === 0) {
    const id = (name: string) => Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout);
    const owner = ['postgres', 'nobody'].map(id).find((uid) => uid > 0) ?? statSync(folder).uid;
    chownSync(key, owner, statSync(folder).gid);
  }
  [postgres, plain] = await Promise.all([
    startPostgres({
      authentication: 'scram-sha-256',
      settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key, ssl_min_protocol_version: 'TLSv1.2' },
    }),
    startPostgres(),
  ]);
  admin = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres' });
  await admin.connect();
  await admin.query("CREATE USER shop_user PASSWORD 'correct horse'");
  await admin.query('CREATE DATABASE shop OWNER shop_user');
  await admin.end();
  admin = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'shop' });
  await admin.connect();
  target = { host: 'localhost', port: postgres.port, database: 'shop', user: 'shop_user', password: 'correct horse' };
}, 60_000);
beforeEach(async () => {
  if (!missing) await admin.query('DROP TABLE IF EXISTS event_inbox');
});
afterAll(async () => {
  await admin?.end();
  await Promise.all([postgres?.stop(), plain?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const event = (id: string, more: object = {}) => ({
  id,
  source: 'shop.orders',
  'detail-type': 'OrderPlaced',
  time: '2026-11-21T08:00:00Z',
  detail: { order: 17, ...more },
});
const batch = (...events: unknown[]) => ({
  Records: events.map((body, index) => ({
    messageId: `m${index + 1}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })),
});
const failed = ({ batchItemFailures }: { batchItemFailures: { itemIdentifier: string }[] }) =>
  batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

/** A consumer as Lambda runs it, but for where the secret and the authority come from. */
function consumer(): ReturnType<typeof createHandler> {
  process.env.DATABASE_HOST = 'localhost';
  process.env.DATABASE_PORT = String(postgres.port);
  delete process.env.DATABASE_NAME;
  const secret = JSON.stringify({ username: 'shop_user', password: 'correct horse', dbname: 'shop' });
  return createHandler(
    async () => secret,
    (to) => openPostgres(to, ca),
  );
}

describe(`events on a real PostgreSQL, over TLS and SCRAM${missing ? ` (skipped: ${missing})` : ''}`, () => {
  real('are written as they came, once each, and the table is made', async () => {
    const consume = consumer();
    const odd = { text: "O'Brien \\ \u{1f600} \n", nested: [1, null, { a: 'é' }] };
    expect(failed(await consume(batch(event('a', odd), event('b'), event('a'))))).toEqual([]);
    expect(failed(await consume(batch(event('b'), event('c'))))).toEqual([]);
    const { rows } = await admin.query(
      'SELECT source, event_key, detail_type, occurred_at, detail, received_at > occurred_at AS later FROM event_inbox ORDER BY event_key',
    );
    expect(rows.map(({ event_key }) => event_key)).toEqual(['a', 'b', 'c']);
    expect(rows[0]).toEqual({
      source: 'shop.orders',
      event_key: 'a',
      detail_type: 'OrderPlaced',
      occurred_at: new Date('2026-11-21T08:00:00Z'),
      detail: { order: 17, ...odd },
      later: expect.any(Boolean),
    });
  });

  real('of many consumers at once, each with the same events, are there once', async () => {
    const events = Array.from({ length: 10 }, (_, index) => event(`e${index}`));
    const answers = await Promise.all(Array.from({ length: 8 }, () => consumer()(batch(...events))));
    expect(answers.flatMap(failed)).toEqual([]);
    const { rows } = await admin.query('SELECT count(*)::int AS n FROM event_inbox');
    expect(rows).toEqual([{ n: 10 }]);
  });

  real.each([
    ['a NUL, which PostgreSQL has no place for', event('bad', { text: 'a\0b' })],
    ['half a character', event('bad', { text: '\ud83d' })],
    ['a time that PostgreSQL cannot hold', { ...event('bad'), time: '+275000-01-01T00:00:00Z' }],
    ['a body that is no JSON', '{'],
  ])('go on around one with %s', async (_, poison) => {
    expect(failed(await consumer()(batch(event('a'), poison, event('b'))))).toEqual(['m2']);
    const { rows } = await admin.query('SELECT event_key FROM event_inbox ORDER BY event_key');
    expect(rows.map(({ event_key }) => event_key)).toEqual(['a', 'b']);
  });

  real('cannot break out of their values', async () => {
    const evil = "x'); DROP TABLE event_inbox; --";
    expect(failed(await consumer()(batch(event(evil, { idempotencyKey: evil }))))).toEqual([]);
    expect((await admin.query('SELECT event_key FROM event_inbox')).rows).toEqual([{ event_key: evil }]);
  });

  real(
    'that come while nothing can be written fail, as after a failover, and are written when they are shown again',
    async () => {
      const consume = consumer();
      await consume(batch(event('a')));
      await admin.query("ALTER DATABASE shop SET default_transaction_read_only = 'on'");
      expect(failed(await consume(batch(event('b'), event('c'))))).toEqual(['m1', 'm2']);
      await admin.query('ALTER DATABASE shop RESET default_transaction_read_only');
      expect(failed(await consume(batch(event('b'), event('c'))))).toEqual([]);
    },
  );

  real('of a size of many packets are written whole', async () => {
    const text = 'x'.repeat(250_000);
    expect(failed(await consumer()(batch(event('large', { text }))))).toEqual([]);
    const { rows } = await admin.query("SELECT length(detail->>'text') AS n FROM event_inbox");
    expect(rows).toEqual([{ n: 250_000 }]);
  });

  real('leave no connection open', async () => {
    await consumer()(batch(event('a')));
    const { rows } = await admin.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'event-consumer'",
    );
    expect(rows).toEqual([{ n: 0 }]);
  });
});

describe('a connection', () => {
  real('is encrypted', async () => {
    const database = await openPostgres(target, ca);
    await database.execute(
      'CREATE TABLE seen AS SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      [],
    );
    await database.end();
    const { rows } = await admin.query('SELECT * FROM seen');
    await admin.query('DROP TABLE seen');
    expect(rows).toEqual([{ ssl: true, version: expect.stringMatching(/^TLSv1\.[23]$/) }]);
  });

  real.each<[string, (to: Target) => [Target, string | undefined], RegExp]>([
    ['to a server whose certificate nobody knows', (to) => [to, undefined], /self-signed certificate/],
    ['to a server that is called by another name', (to) => [{ ...to, host: '127.0.0.1' }, ca], /altnames|IP/i],
    ['to a server that speaks no TLS', (to) => [{ ...to, port: plain.port }, ca], /speaks no TLS/],
    ['with a wrong password', (to) => [{ ...to, password: 'wrong' }, ca], /PostgreSQL says 28P01/],
    ['to a database that there is none of', (to) => [{ ...to, database: 'none' }, ca], /PostgreSQL says 3D000/],
    ['to a port on which nobody listens', (to) => [{ ...to, port: 1 }, ca], /ECONNREFUSED/],
  ])('%s is refused', async (_, change, reason) => {
    await expect(openPostgres(...change(target))).rejects.toThrow(reason);
  });

  real('that is cut in the middle of a statement ends it with an error', async () => {
    const { port, cut, close } = await between(postgres.port);
    const database = await openPostgres({ ...target, port }, ca);
    const running = database.execute('SELECT pg_sleep(20)', []);
    setTimeout(cut, 100);
    await expect(running).rejects.toThrow(/hung up|ECONNRESET/);
    await database.end();
    await close();
  });

  real('goes on after a statement that was refused', async () => {
    const database = await openPostgres(target, ca);
    await expect(database.execute('SELECT 1/0', [])).rejects.toThrow('PostgreSQL says 22012');
    await expect(database.execute('SELECT $1::text', [null])).resolves.toBe(1);
    await database.end();
  });
});

/** A wire that can be cut. */
async function between(to: number) {
  const ends: { destroy(): void }[] = [];
  const server: Server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    ends.push(near, far);
    near.on('error', () => {}).pipe(far);
    far.on('error', () => {}).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      for (const end of ends) end.destroy();
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
