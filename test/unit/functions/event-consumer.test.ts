import { createRequire } from 'node:module';
import { describe, expect, jest, test } from '@jest/globals';
import { type Batch, createHandler } from '../../../generator/functions/event-consumer/handler.ts';
import { readMessage } from '../../../generator/functions/event-consumer/message.ts';
import { PostgresError } from '../../../generator/functions/event-consumer/postgres.ts';
import { scram } from '../../../generator/functions/event-consumer/scram.ts';
import { targetOf } from '../../../generator/functions/event-consumer/settings.ts';
import { bundleFunction } from '../../../scripts/bundle-functions.mjs';
import { committed } from '../staging/committed.ts';

/** As EventBridge hands it to SQS. Source: EventBridge user guide, event structure, read 2026-11-21. */
const EVENT = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'OrderPlaced',
  source: 'shop.orders',
  account: '111122223333',
  time: '2026-11-21T08:00:00Z',
  region: 'us-west-2',
  resources: [],
  detail: { order: 17, email: 'ada@example.com' },
};
const SECRET = JSON.stringify({ username: 'shop_user', password: 'correct horse', dbname: 'shop' });

interface Row {
  source: string;
  key: string;
}

/** A database in memory that keeps its primary key, and refuses where it is told to. */
function memory({ hasTable = true, refuse = () => undefined }: { hasTable?: boolean; refuse?: Refuse } = {}) {
  const rows: Row[] = [];
  const state = { hasTable, opened: 0, ended: 0, passwords: [] as string[] };
  const open = async ({ password }: { password: string }) => {
    state.opened++;
    state.passwords.push(password);
    return {
      async execute(statement: string, values: (string | null)[]) {
        const error = refuse(statement, values);
        if (error) throw error;
        if (statement.startsWith('CREATE')) state.hasTable = true;
        else if (!state.hasTable) throw new PostgresError('42P01');
        else {
          const row = { source: values[0]!, key: values[1]! };
          if (rows.some(({ source, key }) => source === row.source && key === row.key)) return 0;
          rows.push(row);
        }
        return 1;
      },
      end: async () => {
        state.ended++;
      },
    };
  };
  return { rows, state, open };
}

type Refuse = (statement: string, values: (string | null)[]) => Error | undefined;

const batch = (...bodies: unknown[]): Batch => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index + 1}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })),
});
const failures = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const order = (id: string, more: object = {}) => ({ ...EVENT, id, detail: { ...EVENT.detail, ...more } });

async function run(database: ReturnType<typeof memory>, events: Batch, secret = async () => SECRET) {
  process.env.DATABASE_HOST = 'proxy.example.com';
  delete process.env.DATABASE_NAME;
  const said: string[] = [];
  const print = jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  try {
    return { answer: await createHandler(secret, database.open)(events), said: said.join('\n') };
  } finally {
    print.mockRestore();
  }
}

describe('a batch', () => {
  test('is written, one row an event', async () => {
    const database = memory();
    const { answer } = await run(database, batch(order('a'), order('b')));
    expect(answer).toEqual(failures());
    expect(database.rows).toEqual([
      { source: 'shop.orders', key: 'a' },
      { source: 'shop.orders', key: 'b' },
    ]);
    expect(database.state).toMatchObject({ opened: 1, ended: 1 });
  });

  test('with an event twice writes it once, and neither fails', async () => {
    const database = memory();
    const { answer, said } = await run(database, batch(order('a'), order('a')));
    expect([answer, database.rows.length]).toEqual([failures(), 1]);
    expect(said).toContain('"written":1,"duplicates":1,"failed":0');
  });

  test('with an event that its producer sent again under another ID writes it once', async () => {
    const database = memory();
    const again = { idempotencyKey: 'order-17' };
    await run(database, batch(order('a', again), order('b', again)));
    expect(database.rows).toEqual([{ source: 'shop.orders', key: 'order-17' }]);
  });

  test('of two producers with one key writes both', async () => {
    const database = memory();
    const again = { idempotencyKey: '1' };
    await run(database, batch(order('a', again), { ...order('b', again), source: 'shop.invoices' }));
    expect(database.rows.length).toBe(2);
  });

  test('with a poison message fails that one only, and does not say what is in it', async () => {
    const database = memory();
    const { answer, said } = await run(database, batch(order('a'), '{"detail": "ada@example.com', order('b')));
    expect(answer).toEqual(failures('m2'));
    expect(database.rows.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(said).toContain('"messageId":"m2","reason":"the body is no JSON"');
    expect(said).not.toContain('ada@');
  });

  test('of poison only opens no connection', async () => {
    const database = memory();
    expect((await run(database, batch('', 'null', '[]'))).answer).toEqual(failures('m1', 'm2', 'm3'));
    expect(database.state.opened).toBe(0);
  });

  test('with a value that PostgreSQL refuses fails that one, and goes on', async () => {
    const database = memory({ refuse: (_, values) => (values[1] === 'b' ? new PostgresError('22P05') : undefined) });
    expect((await run(database, batch(order('a'), order('b'), order('c')))).answer).toEqual(failures('m2'));
    expect(database.rows.map(({ key }) => key)).toEqual(['a', 'c']);
  });

  test.each([
    ['loses its connection', new Error('the server hung up')],
    ['meets a failover', new PostgresError('57P01')],
    ['runs into the time limit of a statement', new PostgresError('57014')],
  ])('that %s fails from there on, and keeps what is written', async (_, error) => {
    const database = memory({ refuse: (_, values) => (values[1] === 'b' ? error : undefined) });
    expect((await run(database, batch(order('a'), order('b'), order('c')))).answer).toEqual(failures('m2', 'm3'));
    expect(database.rows.map(({ key }) => key)).toEqual(['a']);
  });

  test('without a database fails whole', async () => {
    const open = async () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    expect((await run({ ...memory(), open }, batch(order('a'), 'poison'))).answer).toEqual(failures('m2', 'm1'));
  });

  test('makes the table where there is none', async () => {
    const database = memory({ hasTable: false });
    expect((await run(database, batch(order('a')))).answer).toEqual(failures());
    expect(database.rows.length).toBe(1);
  });

  test('goes on where another made the table at the same time', async () => {
    const database = memory({ hasTable: false });
    const refuse: Refuse = (statement) => {
      if (!statement.startsWith('CREATE')) return undefined;
      database.state.hasTable = true;
      return new PostgresError('23505');
    };
    const raced = memory({ hasTable: false, refuse });
    const open = async (target: { password: string }) => {
      const { execute, end } = await raced.open(target);
      return {
        end,
        execute: async (statement: string, values: (string | null)[]) => {
          raced.state.hasTable = database.state.hasTable;
          return execute(statement, values);
        },
      };
    };
    expect((await run({ ...raced, open }, batch(order('a')))).answer).toEqual(failures());
    expect(raced.rows.length).toBe(1);
  });

  test('fails whole where it may not make the table', async () => {
    const refuse: Refuse = (statement) => (statement.startsWith('CREATE') ? new PostgresError('42501') : undefined);
    expect((await run(memory({ hasTable: false, refuse }), batch(order('a'), order('b')))).answer).toEqual(
      failures('m1', 'm2'),
    );
  });
});

describe('the secret', () => {
  const passwords = ['old', 'new'].map((password) => JSON.stringify({ username: 'u', password, dbname: 'd' }));

  test('is read once', async () => {
    const secret = jest.fn(async () => SECRET);
    const database = memory();
    const print = jest.spyOn(console, 'log').mockImplementation(() => {});
    const handler = createHandler(secret, database.open);
    await handler(batch(order('a')));
    await handler(batch(order('b')));
    print.mockRestore();
    expect([secret.mock.calls.length, database.rows.length]).toEqual([1, 2]);
  });

  test('is read again where it was rotated in the meantime', async () => {
    let valid = 'old';
    const database = memory();
    const open = async (target: { password: string }) => {
      const opened = await database.open(target);
      if (target.password !== valid) throw new PostgresError('28P01');
      return opened;
    };
    const secret = async () => passwords[valid === 'old' ? 0 : 1]!;
    const print = jest.spyOn(console, 'log').mockImplementation(() => {});
    const handler = createHandler(secret, open);
    await handler(batch(order('a')));
    valid = 'new';
    expect(await handler(batch(order('b')))).toEqual(failures());
    print.mockRestore();
    expect(database.state.passwords).toEqual(['old', 'old', 'new']);
  });

  test('that is wrong is tried once, not for ever', async () => {
    const open = jest.fn(async () => Promise.reject(new PostgresError('28P01')));
    expect((await run({ ...memory(), open }, batch(order('a')))).answer).toEqual(failures('m1'));
    expect(open).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['is no JSON', 'correct horse', 'the secret is no JSON object'],
    ['is null', 'null', 'the secret is no JSON object'],
    ['has no password', '{"username":"u","dbname":"d"}', 'password of the secret is missing'],
    [
      'has an empty user',
      '{"username":"","password":"correct horse","dbname":"d"}',
      'username of the secret is missing',
    ],
    [
      'names no database, nor does the template',
      '{"username":"u","password":"correct horse"}',
      'DATABASE_NAME is missing',
    ],
  ])('that %s is told without its text', (_, secret, message) => {
    expect(() => targetOf({ DATABASE_HOST: 'h' }, secret)).toThrow(message);
    expect(message).not.toContain('horse');
  });

  test('names the database unless the template does', () => {
    expect(targetOf({ DATABASE_HOST: 'h' }, SECRET)).toEqual({
      host: 'h',
      port: 5432,
      database: 'shop',
      user: 'shop_user',
      password: 'correct horse',
    });
    expect(targetOf({ DATABASE_HOST: 'h', DATABASE_NAME: 'other', DATABASE_PORT: '5433' }, SECRET)).toMatchObject({
      database: 'other',
      port: 5433,
    });
  });
});

describe('an event', () => {
  test('is read with its time in UTC and its detail as it came', () => {
    expect(readMessage(JSON.stringify({ ...EVENT, time: '2026-11-21T09:00:00+01:00' }))).toEqual({
      source: 'shop.orders',
      key: EVENT.id,
      type: 'OrderPlaced',
      time: '2026-11-21T08:00:00.000Z',
      detail: '{"order":17,"email":"ada@example.com"}',
    });
  });

  test.each<[string, unknown, string]>([
    ['is a list', [EVENT], 'the body is no object'],
    ['has no source', { ...EVENT, source: undefined }, 'source is no text'],
    ['has an empty ID', { ...EVENT, id: '' }, 'id is no text'],
    ['has no detail', { ...EVENT, detail: undefined }, 'detail is no object'],
    ['has a detail that is a list', { ...EVENT, detail: [1] }, 'detail is no object'],
    ['has a number for its type', { ...EVENT, 'detail-type': 7 }, 'detail-type is no text'],
    ['has a time that is none', { ...EVENT, time: 'yesterday' }, 'time is no time'],
    ['has a key that is a number', order('a', { idempotencyKey: 7 }), 'detail.idempotencyKey is no text'],
    ['has a key that is long', order('a', { idempotencyKey: 'k'.repeat(257) }), 'longer than 256 characters'],
  ])('that %s is refused', (_, event, message) => {
    expect(() => readMessage(JSON.stringify(event))).toThrow(message);
  });
});

describe('SCRAM-SHA-256', () => {
  /** The exchange that RFC 7677 prints in section 3; its user name is left out here, as PostgreSQL wants it. */
  const NONCE = 'rOprNGfwEbeRWgbNEkqO';
  const CHALLENGE = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

  test('proves the password, and makes the server prove it', () => {
    const proof = scram('pencil', NONCE);
    expect(proof.first()).toBe(`n,,n=,r=${NONCE}`);
    expect(proof.final(CHALLENGE)).toMatch(
      /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[\w+/]{43}=$/,
    );
    expect(() => proof.verify(`v=${Buffer.alloc(32).toString('base64')}`)).toThrow('does not know the password');
    expect(() => proof.verify('e=other-error')).toThrow('does not know the password');
  });

  test.each([
    ['to another nonce', CHALLENGE.replace('rOpr', 'XXXX')],
    ['without a nonce of its own', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['with few iterations, so that the proof could be guessed from', CHALLENGE.replace('4096', '1')],
    ['without salt', CHALLENGE.replace(/,s=[^,]*/, '')],
  ])('refuses a challenge %s', (_, challenge) => {
    expect(() => scram('pencil', NONCE).final(challenge)).toThrow('challenges wrongly');
  });
});

test('the bundle is CommonJS of one file, which needs the runtime only', () => {
  const code = bundleFunction('generator/functions/event-consumer/handler.ts');
  const needed = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
  expect(needed.sort()).toEqual(['@aws-sdk/client-secrets-manager', 'node:crypto', 'node:net', 'node:tls']);
  expect(code).toMatch(/module\.exports = \{.*handler.*\};/);
});

describe('the code in the template', () => {
  const { Code } = committed('shared/events').Resources.EventConsumer!.Properties as unknown as {
    Code: { ZipFile: string };
  };
  /** As Lambda loads it; Secrets Manager answers with a database that nobody runs. */
  const load = () => {
    class SecretsManagerClient {
      send = async (command: { input: { SecretId: string } }) => ({
        SecretString: JSON.stringify({ username: 'u', password: 'p', dbname: command.input.SecretId }),
      });
    }
    class GetSecretValueCommand {
      input: object;
      constructor(input: object) {
        this.input = input;
      }
    }
    const own = createRequire(import.meta.url);
    const needs = (name: string) =>
      name === '@aws-sdk/client-secrets-manager' ? { SecretsManagerClient, GetSecretValueCommand } : own(name);
    const module: { exports: { handler?: ReturnType<typeof createHandler> } } = { exports: {} };
    new Function('require', 'module', 'exports', Code.ZipFile)(needs, module, module.exports);
    return module.exports.handler!;
  };

  test('is what is built from the sources', () => {
    expect(Code.ZipFile).toBe(bundleFunction('generator/functions/event-consumer/handler.ts'));
  });

  test('loads, and gives back what it cannot write: poison, and all of a database that it cannot reach', async () => {
    Object.assign(process.env, { DATABASE_HOST: '127.0.0.1', DATABASE_PORT: '1', DATABASE_SECRET_ID: 'shop' });
    const said: string[] = [];
    const print = jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    const answer = await load()(batch('poison', order('a')));
    print.mockRestore();
    delete process.env.DATABASE_PORT;
    expect(answer).toEqual(failures('m1', 'm2'));
    expect(said.join('\n')).toContain('ECONNREFUSED');
  });
});
