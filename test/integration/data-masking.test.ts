import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import {
  type Context,
  createHandler,
  type Event,
  type Result,
} from '../../generator/functions/data-masking/handler.ts';
import { fileInProject } from '../../lib/project.ts';
import { bundleFunction } from '../../scripts/bundle-functions.mjs';
import { type AwsEndpoint, type Call, type Fault, startAwsEndpoint } from '../support/data-api.ts';
import { SHOP, SHOP_RULES, SHOP_TABLES, shopRows } from '../support/masking-schema.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

jest.setTimeout(20_000);

const CUSTOMERS = 60;
/** Rows to mask in customers, payments, support_tickets, employees and reviews. */
const MASKED = [60, 180, 12, 30, 19];
const ALL_MASKED = 301;
const CLUSTER = 'arn:aws:rds:us-west-2:123456789012:cluster:staging-aurora';
const TOPIC = 'arn:aws:sns:us-west-2:123456789012:staging-alerts';
const FUNCTION = 'arn:aws:lambda:us-west-2:123456789012:function:staging-data-masking';

/** Whatever is in `SHOP` and must be nowhere afterwards. */
const REAL = /Person|@example|@corp|Secret Lane|Realtown|token-|I am|call me|Boss of|Not good|4111 1111/i;

const environment = {
  AWS_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ENVIRONMENT_NAME: 'staging',
  ENVIRONMENT_TIER: 'staging',
  CLUSTER_ARN: CLUSTER,
  DATABASE_SECRET_ARN: 'database-secret',
  MASKING_KEY_SECRET_ARN: 'masking-key',
  RULE_SET_PARAMETER: '/staging/masking-rules',
  TOPIC_ARN: TOPIC,
  BATCH_ROWS: '20',
};

let postgres: Postgres;
let aws: AwsEndpoint;
let databases = 0;
let database: pg.Client;
/** Everything that was logged in this test: one JSON object a line. */
let logged: string[];
/** What a run without any fault leaves behind. */
let clean: Record<string, string[]>;

async function connect(name: string): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: name });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A fresh copy of the shop, as the database of this test. */
async function openShop(): Promise<pg.Client> {
  const name = `shop_${++databases}`;
  const admin = await connect('postgres');
  await admin.query(`CREATE DATABASE ${name} TEMPLATE shop`);
  await admin.end();
  process.env.DATABASE_NAME = name;
  return connect(name);
}

/** All rows as text. `physical` adds the version of each row, which every UPDATE changes, also one to the same values. */
async function rowsOf(client: pg.Client, physical = false): Promise<Record<string, string[]>> {
  const version = physical ? " || ' ' || t.xmin || t.ctid" : '';
  const entries = SHOP_TABLES.map(async (table): Promise<[string, string[]]> => {
    const { rows } = await client.query(`SELECT t::text${version} AS row FROM ${table} t ORDER BY 1`);
    return [table, rows.map(({ row }) => row)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const context = (getRemainingTimeInMillis = () => 900_000): Context => ({
  awsRequestId: 'request-1',
  invokedFunctionArn: FUNCTION,
  getRemainingTimeInMillis,
});

const handler = createHandler(async () => {});
const run = (event: Event = {}, given = context()): Promise<Result> => handler(event, given);

const allMetrics = () => logged.map((line) => JSON.parse(line)).filter((line) => line._aws);
const metrics = () => allMetrics().at(-1);
const called = (operation: string) => aws.calls.filter((call) => call.operation === operation);
const published = () => called('sns:Publish').map(({ body }) => JSON.parse(String(body.Message)));

const use = (rules: object) => {
  aws.parameters[environment.RULE_SET_PARAMETER] = JSON.stringify(rules);
};

beforeAll(async () => {
  postgres = await startPostgres();
  aws = await startAwsEndpoint(postgres.port);
  Object.assign(process.env, environment, { AWS_ENDPOINT_URL: aws.url });
  aws.secrets['masking-key'] = 'a masking key of these tests, long enough';
  const admin = await connect('postgres');
  await admin.query('CREATE DATABASE shop');
  await admin.end();
  const shop = await connect('shop');
  await shop.query(SHOP);
  await shop.query(shopRows(CUSTOMERS));
  await shop.end();

  jest.spyOn(console, 'log').mockImplementation(() => {});
  use(SHOP_RULES);
  const client = await openShop();
  await run();
  clean = await rowsOf(client);
  await client.end();
}, 30_000);

afterAll(async () => {
  await aws?.close();
  await postgres?.stop();
  for (const name of ['AWS_ENDPOINT_URL', 'DATABASE_NAME', ...Object.keys(environment)]) delete process.env[name];
});

beforeEach(async () => {
  logged = [];
  jest.spyOn(console, 'log').mockImplementation((line) => void logged.push(String(line)));
  Object.assign(process.env, environment);
  aws.reset();
  use(SHOP_RULES);
  database = await openShop();
});

afterEach(async () => {
  await database.end();
});

describe('a run', () => {
  test('masks every column that the rules name, keeps formats, and leaves all else as it was', async () => {
    const before = await database.query('SELECT id, status FROM customers ORDER BY id');
    const orders = await database.query('SELECT id, customer_id, total FROM orders ORDER BY id');

    const result = await run();

    expect(result).toEqual({
      status: 'completed',
      tables: [
        { table: 'public.customers', seen: 60, masked: 60, done: true },
        { table: 'public.payments', seen: 180, masked: 180, done: true },
        { table: 'public.support_tickets', seen: 12, masked: 12, done: true },
        { table: 'public.employees', seen: 30, masked: 30, done: true },
        { table: 'public.reviews', seen: 19, masked: 19, done: true },
      ],
      missing: ['public.support_tickets.nickname', 'public.newsletter'],
    });
    expect(
      Object.values(await rowsOf(database))
        .flat()
        .filter((row) => REAL.test(row)),
    ).toEqual([]);
    expect((await database.query('SELECT id, status FROM customers ORDER BY id')).rows).toEqual(before.rows);
    expect((await database.query('SELECT id, customer_id, total FROM orders ORDER BY id')).rows).toEqual(orders.rows);

    const { rows } = await database.query(`SELECT count(*)::int AS all, count(password_reset)::int AS tokens,
      count(phone)::int AS phones, min(birth_date)::text AS oldest, max(birth_date)::text AS youngest,
      count(*) FILTER (WHERE national_id ~ '^[0-9]{9}$')::int AS ids, min(credit_limit) >= 100 AS low,
      max(credit_limit) <= 5000 AS high, max(score) <= 1 AS scores, count(DISTINCT external_id)::int AS uuids,
      count(*) FILTER (WHERE full_name ~ '^[A-Z][a-z]+ [A-Z][a-z]+$')::int AS names FROM customers`);
    expect(rows[0]).toMatchObject({ all: 60, tokens: 0, phones: 45, ids: 60, low: true, high: true, scores: true });
    expect(rows[0]).toMatchObject({ uuids: 60, names: 60 });
    expect(rows[0].oldest >= '1940-01-01' && rows[0].youngest <= '2005-12-31').toBe(true);
    const cards = await database.query('SELECT card_number FROM payments');
    for (const { card_number: card } of cards.rows) expect(card).toMatch(/^41\d\d( \d{4}){3}$/);
    expect(aws.open()).toBe(0);
  });

  test('keeps rows joined: over foreign keys of every sort, and over equal values without one', async () => {
    const joins = async () => {
      const { rows } = await database.query(`
        SELECT 'buyer' AS way, o.id::text AS row, c.id::text AS parent FROM orders o JOIN customers c ON c.email = o.buyer_email
        UNION ALL SELECT 'recipient', o.id::text, c.id::text FROM orders o JOIN customers c ON c.email = o.recipient_email
        UNION ALL SELECT 'number', o.id::text, c.id::text FROM orders o JOIN customers c USING (customer_no)
        UNION ALL SELECT 'manager', e.number::text, m.number::text FROM employees e JOIN employees m ON m.email = e.manager_email
        UNION ALL SELECT 'review', r.year::text, e.number::text FROM reviews r JOIN employees e ON e.email = r.employee_email
        UNION ALL SELECT 'ticket', t.ticket::text, c.id::text FROM support_tickets t JOIN customers c ON c.email::citext = t.email
        UNION ALL SELECT 'phone', t.ticket::text, c.id::text FROM support_tickets t JOIN customers c ON c.phone = t."Phone number"
        ORDER BY 1, 2, 3`);
      return rows;
    };
    const before = await joins();
    expect(new Set(before.map(({ way }) => way)).size).toBe(7);
    await run();
    expect(await joins()).toEqual(before);
  });

  test('finds a place for every value in a unique column in which many are taken', async () => {
    await database.query(
      "INSERT INTO employees SELECT i, 'temp' || i || '@corp.com', NULL, lpad(i::text, 3, '0') FROM generate_series(31, 200) i",
    );
    await run();
    const { rows } = await database.query(
      "SELECT count(DISTINCT badge)::int AS badges FROM employees WHERE badge ~ '^[0-9]{3}$'",
    );
    expect(rows[0].badges).toBe(200);
    const line = logged.map((text) => JSON.parse(text)).find(({ table }) => table === 'public.employees');
    expect(line).toMatchObject({ masked: 200 });
    expect(line.pass).toBeGreaterThan(1);
  });

  test('a second time changes no row, not even to the same values', async () => {
    await run();
    const before = await rowsOf(database, true);
    aws.reset();
    const result = await run();
    expect(await rowsOf(database, true)).toEqual(before);
    expect(result.tables.map(({ masked }) => masked)).toEqual([0, 0, 0, 0, 0]);
    expect(called('ExecuteStatement').filter(({ sql }) => /UPDATE public\./.test(sql))).toEqual([]);
  });

  test('later masks what is new, and nothing else', async () => {
    await run();
    const before = await rowsOf(database);
    await database.query(
      `INSERT INTO customers (email, customer_no, full_name, birth_date) VALUES ('Person.new@Example.com', 'C-99999', 'Person N', '1980-05-17')`,
    );
    // A tester orders something for the new customer, and something for one who is masked already.
    await database.query(`INSERT INTO orders (customer_id, buyer_email, customer_no, total)
      SELECT id, email, customer_no, 1 FROM customers WHERE customer_no = 'C-99999' OR id = 1`);
    await database.query("UPDATE customers SET phone = '(415) 555-7777' WHERE id = 2");
    const result = await run();
    expect(result.tables[0]).toMatchObject({ table: 'public.customers', masked: 2 });
    const after = await rowsOf(database);
    expect(
      Object.values(after)
        .flat()
        .filter((row) => REAL.test(row) || row.includes('555-7777')),
    ).toEqual([]);
    expect(before.customers?.filter((row) => !after.customers?.includes(row))).toHaveLength(1);
    for (const table of ['orders', 'payments', 'reviews', 'employees', 'support_tickets']) {
      expect(after[table]).toEqual(expect.arrayContaining(before[table]!));
    }
    const { rows } = await database.query(
      'SELECT count(*)::int AS n FROM orders o JOIN customers c ON c.email = o.buyer_email AND c.id = o.customer_id',
    );
    expect(rows[0].n).toBe(122);
  });

  test('gives another value to a person who is added a second time, where the first one holds the value', async () => {
    await run();
    await database.query(`INSERT INTO customers (email, customer_no) VALUES ('Person.7@Example0.com', 'C-00007')`);
    expect((await run()).tables[0]).toMatchObject({ masked: 1, done: true });
    const { rows } = await database.query(
      'SELECT email, customer_no FROM customers WHERE id = 7 OR id > 60 ORDER BY id',
    );
    expect(rows[1].email).toMatch(/^m[a-z2-7]{16}@masked\.invalid$/);
    expect(rows[1].email).not.toBe(rows[0].email);
    expect(rows[1].customer_no).toMatch(/^[A-Z]-\d{5}$/);
    const before = await rowsOf(database, true);
    await run();
    expect(await rowsOf(database, true)).toEqual(before);
  });

  test('recognises what a trigger has changed in the masked values', async () => {
    await database.query(`CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.phone := regexp_replace(NEW.phone, '[^0-9]', '', 'g'); NEW.email := upper(NEW.email); RETURN NEW; END $$`);
    await database.query('CREATE TABLE leads (id int PRIMARY KEY, email text, phone text)');
    await database.query('CREATE TRIGGER tidy BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION tidy()');
    await database.query("INSERT INTO leads VALUES (1, 'Ann@example.com', '030/123456')");
    use({ version: 1, tables: { 'public.leads': { columns: { email: 'email', phone: 'phone' } } } });
    await run();
    const { rows } = await database.query('SELECT * FROM leads');
    expect(rows[0]).toMatchObject({
      email: expect.stringMatching(/^M[A-Z2-7]{16}@MASKED\.INVALID$/),
      phone: expect.stringMatching(/^\d{9}$/),
    });
    expect((await run()).tables[0]).toMatchObject({ masked: 0 });
  });

  test('pages through composite keys, partitions, and rows that are too large for one answer', async () => {
    await database.query(`
      CREATE TABLE tenants (tenant int, email text, region text, CONSTRAINT tenants_key PRIMARY KEY (tenant, email));
      CREATE TABLE members (tenant int NOT NULL, email text NOT NULL, slot int, PRIMARY KEY (tenant, email, slot),
        FOREIGN KEY (tenant, email) REFERENCES tenants ON UPDATE NO ACTION);
      CREATE TABLE badges (tenant int NOT NULL, email text NOT NULL, slot int NOT NULL, owner text,
        FOREIGN KEY (tenant, email, slot) REFERENCES members);
      CREATE TABLE events (at timestamptz, id int, note text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
      CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
      INSERT INTO tenants SELECT i % 3, 'p' || i / 3 || '@example.com', 'r' FROM generate_series(0, 89) i;
      INSERT INTO members SELECT tenant, email, s FROM tenants, generate_series(1, 2) s;
      INSERT INTO badges SELECT tenant, email, slot, 'Person ' || slot FROM members;
      INSERT INTO events SELECT timestamptz '2024-01-01' + i * interval '15 hours', i, repeat('Person ', 3000) FROM generate_series(0, 89) i;`);
    use({
      version: 1,
      onMissing: 'fail',
      tables: {
        'public.tenants': { columns: { email: 'email' } },
        'public.events': { columns: { note: 'address' } },
      },
    });
    process.env.BATCH_ROWS = '100';
    const result = await run();
    expect(result.tables.map(({ masked }) => masked)).toEqual([90, 90]);
    const { rows } = await database.query(`SELECT
      (SELECT count(DISTINCT b.tenant || b.email || b.slot)::int FROM badges b JOIN members USING (tenant, email, slot) JOIN tenants USING (tenant, email)) AS joined,
      (SELECT count(*)::int FROM badges WHERE email LIKE '%@example.com') AS real,
      (SELECT count(DISTINCT email)::int FROM tenants) AS people,
      (SELECT count(*)::int FROM events WHERE note LIKE '%Person%') AS notes`);
    // Three tenants know the same thirty people, before and after.
    expect(rows[0]).toEqual({ joined: 180, real: 0, people: 30, notes: 0 });
    expect((await run()).tables.map(({ masked }) => masked)).toEqual([0, 0]);
  });
});

describe('counting', () => {
  test('tells how many rows a run would change, and writes nothing', async () => {
    const before = await rowsOf(database, true);
    const counted = await run({ dryRun: true });
    expect(counted.status).toBe('counted');
    expect(counted.tables.map(({ masked }) => masked)).toEqual(MASKED);
    expect(metrics()).toMatchObject({ RowsMasked: 0, RowsSeen: ALL_MASKED });
    expect(await rowsOf(database, true)).toEqual(before);
    const { rows } = await database.query(
      "SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = 'plainform_masking'",
    );
    expect(rows[0].n).toBe(0);
    const statements = called('ExecuteStatement').map(({ sql }) => sql.trim().split(/\s/)[0]);
    expect(new Set(statements)).toEqual(new Set(['SELECT', 'SET']));

    await run();
    expect((await run({ dryRun: true })).tables.map(({ masked }) => masked)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a fault that passes', () => {
  const once = (matches: (call: Call) => boolean, fault: Fault) => {
    let isDone = false;
    aws.fault = (call) => {
      if (isDone || !matches(call)) return undefined;
      isDone = true;
      return fault;
    };
    return () => isDone;
  };
  const refused = (type: string, message: string, status = 400): Fault => ({ before: { type, message, status } });
  const statement = (part: string) => (call: Call) => call.sql.includes(part);
  const WRITE = 'WITH change';

  test.each<[string, (call: Call) => boolean, Fault]>([
    [
      'throttling at the beginning',
      ({ operation, count }) => operation === 'ExecuteStatement' && count === 1,
      refused('ThrottlingException', 'Rate exceeded', 429),
    ],
    ['throttling in the middle of a batch', statement(WRITE), refused('ThrottlingException', 'Rate exceeded', 429)],
    [
      'throttling at a commit',
      ({ operation }) => operation === 'CommitTransaction',
      refused('ThrottlingException', 'Rate exceeded'),
    ],
    [
      'a paused database',
      ({ operation }) => operation === 'ExecuteStatement',
      refused('DatabaseResumingException', 'The Aurora DB instance is resuming'),
    ],
    [
      'a paused database of version 1',
      statement('WHERE (t.id) > '),
      refused('BadRequestException', 'Communications link failure'),
    ],
    [
      'an error of the service',
      statement('plainform_masking.progress'),
      refused('InternalServerErrorException', '', 500),
    ],
    [
      'a serialisation failure',
      statement(WRITE),
      refused('DatabaseErrorException', 'ERROR: could not serialize access; SQLState: 40001'),
    ],
    ['a statement that takes too long', statement(WRITE), refused('StatementTimeoutException', 'Request timed out')],
    ['an answer lost after a page was read', statement('ORDER BY t.'), { lost: true }],
    ['an answer lost after rows were written', statement(WRITE), { lost: true }],
    [
      'an answer lost after a transaction was begun',
      ({ operation }) => operation === 'BeginTransaction',
      { lost: true },
    ],
    [
      'an answer lost after a commit',
      ({ operation, count }) => operation === 'CommitTransaction' && count === 2,
      { lost: true },
    ],
  ])('%s: the end is the same, and no row is masked twice', async (_, matches, fault) => {
    const hasHappened = once(matches, fault);
    const result = await run();
    expect(hasHappened()).toBe(true);
    await aws.expire();
    expect(await rowsOf(database)).toEqual(clean);
    expect(result.tables.map(({ masked }) => masked)).toEqual(MASKED);
    if (!fault || !('before' in fault) || fault.before.type !== 'StatementTimeoutException') {
      expect(metrics()).toMatchObject({ Retries: 1, Failures: 0 });
    }
  });

  test('every thirteenth call throttled: the end is the same', async () => {
    let calls = 0;
    aws.fault = ({ operation }) =>
      !operation.includes(':') && calls++ % 13 === 0 ? refused('ThrottlingException', 'Rate exceeded', 429) : undefined;
    await run();
    expect(await rowsOf(database)).toEqual(clean);
    expect(metrics().Retries).toBeGreaterThan(10);
  });

  test('a deadlock, made by another session: the batch is done again', async () => {
    const other = await connect(process.env.DATABASE_NAME!);
    let waiting: Promise<unknown> | undefined;
    aws.fault = async ({ sql, body }) => {
      // The second batch has written its rows and is about to store its progress.
      if (
        waiting ||
        !/INSERT INTO plainform_masking\.progress/.test(sql) ||
        !JSON.stringify(body).includes('"longValue":2')
      )
        return;
      if (!JSON.stringify(body).includes('public.customers')) return;
      await other.query('BEGIN');
      await other.query("SELECT FROM plainform_masking.progress WHERE target = 'public.customers' FOR UPDATE");
      waiting = other.query("UPDATE customers SET status = 'seen' WHERE id = 21").then(() => other.query('ROLLBACK'));
      for (let waits = 0; waits === 0; ) {
        const { rows } = await database.query(
          "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        );
        waits = rows[0].n;
      }
      // Its own look for deadlocks is over when ours begins, so that ours is the one to be broken.
      await new Promise((resolve) => setTimeout(resolve, 400));
    };
    await run();
    await waiting;
    await other.end();
    expect(logged.some((line) => line.includes('trying again'))).toBe(true);
    expect(metrics()).toMatchObject({ Failures: 0 });
    expect(await rowsOf(database)).toEqual(clean);
  });

  test('a row that is changed under way is not overwritten, and its new value is masked', async () => {
    let isChanged = false;
    aws.fault = async ({ sql }) => {
      if (isChanged || !sql.includes(WRITE)) return;
      isChanged = true;
      await database.query("UPDATE customers SET phone = '(415) 555-9999', status = 'vip' WHERE id = 3");
    };
    await run();
    expect(metrics().Retries).toBe(1);
    const { rows } = await database.query('SELECT phone, status FROM customers WHERE id = 3');
    expect(rows[0]).toEqual({ phone: expect.stringMatching(/^\(\d{3}\) \d{3}-\d{4}$/), status: 'vip' });
    expect(rows[0].phone).not.toBe('(415) 555-9999');
  });

  // What PostgreSQL says of `CREATE ... IF NOT EXISTS` in two sessions at once, seen with 1,500 pairs of them.
  test.each([
    ['a schema', 'CREATE SCHEMA', '23505'],
    ['a table', 'EXISTS plainform_masking.mark', '42P07'],
    ['the type of a table', 'EXISTS plainform_masking.progress', '42710'],
  ])('another invocation creates %s at the same moment: the end is the same', async (_, part, state) => {
    const hasHappened = once(
      statement(part),
      refused('DatabaseErrorException', `ERROR: already exists; SQLState: ${state}`),
    );
    await run();
    expect(hasHappened()).toBe(true);
    expect(await rowsOf(database)).toEqual(clean);
  });

  test('two invocations at once do the work once', async () => {
    const settled = await Promise.allSettled([run(), run()]);
    expect(settled).toMatchObject([{ value: { status: 'completed' } }, { value: { status: 'completed' } }]);
    expect(await rowsOf(database)).toEqual(clean);
    const { rows } = await database.query(
      `SELECT sum((state->>'masked')::int)::int AS n FROM plainform_masking.progress WHERE target <> ''`,
    );
    expect(rows[0].n).toBe(ALL_MASKED);
  });
});

describe('the time limit', () => {
  test('ends an invocation between two batches; the next ones go on until all is done', async () => {
    let invocations = 0;
    let event: Event = {};
    for (;;) {
      let questions = 0;
      const result = await run(
        event,
        context(() => (questions++ < 2 ? 60_000 : 19_000)),
      );
      invocations++;
      if (result.status === 'completed') break;
      expect(result.status).toBe('continued');
      const [invoked] = called('lambda:Invoke').slice(-1);
      expect(invoked?.body).toMatchObject({
        functionName: FUNCTION,
        type: 'Event',
        payload: { invocation: invocations + 1 },
      });
      event = invoked?.body.payload as Event;
    }
    expect(invocations).toBeGreaterThan(3);
    expect(called('lambda:Invoke')).toHaveLength(invocations - 1);
    // Each row is in the metrics once, whatever the number of invocations.
    expect(allMetrics().reduce((sum, { RowsMasked }) => sum + RowsMasked, 0)).toBe(ALL_MASKED);
    expect(allMetrics().reduce((sum, { Continuations }) => sum + Continuations, 0)).toBe(invocations - 1);
    expect(await rowsOf(database)).toEqual(clean);
    const { rows } = await database.query(
      `SELECT sum((state->>'masked')::int)::int AS n, max((state->>'run')::int) AS run FROM plainform_masking.progress WHERE target <> ''`,
    );
    expect(rows[0]).toEqual({ n: ALL_MASKED, run: 1 });
  });

  test('does one batch even when no time is left, so that it always ends', async () => {
    const result = await run(
      {},
      context(() => 0),
    );
    expect(result).toMatchObject({
      status: 'continued',
      tables: [{ table: 'public.customers', seen: 20, masked: 20 }],
    });
  });

  test('leaves a database that does not answer to the next invocation', async () => {
    let isDown = false;
    aws.fault = ({ operation, count }) => {
      isDown ||= operation === 'CommitTransaction' && count === 2;
      return isDown && !operation.includes(':')
        ? { before: { type: 'DatabaseUnavailableException', message: '', status: 504 } }
        : undefined;
    };
    const result = await run(
      {},
      context(() => (isDown ? 20_050 : 900_000)),
    );
    expect(result.status).toBe('continued');
    aws.fault = () => undefined;
    await aws.expire();
    await run({ invocation: 2 });
    expect(await rowsOf(database)).toEqual(clean);
  });

  test('ends a chain of invocations that is too long', async () => {
    await expect(
      run(
        { invocation: 96 },
        context(() => 0),
      ),
    ).rejects.toMatchObject({ name: 'TooLong' });
    expect(called('lambda:Invoke')).toEqual([]);
  });
});

describe('the bundle, killed', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plainform-masking-'));
    writeFileSync(join(folder, 'index.js'), bundleFunction('generator/functions/data-masking/handler.ts'));
    writeFileSync(
      join(folder, 'invoke.js'),
      `require('./index.js').handler({}, { awsRequestId: '1', invokedFunctionArn: 'f', getRemainingTimeInMillis: () => 900000 })
        .then((result) => console.log('result ' + JSON.stringify(result)));`,
    );
    symlinkSync(fileInProject('node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const invoke = () => {
    const child = spawn(process.execPath, ['invoke.js'], {
      cwd: folder,
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    return { child, ended: new Promise<string>((resolve) => child.on('close', () => resolve(output))) };
  };

  test.each([
    ['before its fourth commit', false],
    ['after its fourth commit, before the answer', true],
  ])('%s, and started again: nothing is lost and nothing is done twice', async (_, isCommitted) => {
    const first = invoke();
    aws.fault = async ({ operation, count }) => {
      if (operation !== 'CommitTransaction' || count !== 4) return undefined;
      first.child.kill('SIGKILL');
      await first.ended;
      return isCommitted ? { lost: true } : { before: { type: 'InternalServerErrorException', message: '' } };
    };
    expect(await first.ended).not.toContain('result');
    while (aws.open() !== (isCommitted ? 0 : 1)) await new Promise((resolve) => setTimeout(resolve, 10));
    await aws.expire();
    const half = await rowsOf(database);
    expect(half).not.toEqual(clean);
    expect(half.payments?.some((row) => REAL.test(row))).toBe(true);

    aws.reset();
    const output = await invoke().ended;
    expect(JSON.parse(output.split('result ')[1]!)).toMatchObject({ status: 'completed' });
    expect(await rowsOf(database)).toEqual(clean);
    const { rows } = await database.query(
      `SELECT sum((state->>'masked')::int)::int AS n, max((state->>'run')::int) AS run FROM plainform_masking.progress WHERE target <> ''`,
    );
    expect(rows[0]).toEqual({ n: ALL_MASKED, run: 1 });
  });
});

describe('production', () => {
  test('is refused before any call is made but the notification', async () => {
    process.env.ENVIRONMENT_TIER = 'production';
    await expect(run()).rejects.toMatchObject({ name: 'ProductionRefused' });
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['sns:Publish']);
    expect(published()[0]).toMatchObject({ code: 'ProductionRefused' });
    expect(metrics()).toMatchObject({ Failures: 1, RowsMasked: 0 });
  });

  test.each([
    ['names this cluster', CLUSTER, 'production', true],
    ['names no cluster', null, 'production', true],
    ['names this cluster with an unknown tier', CLUSTER, 'blue', true],
    ['came with a snapshot of another cluster', CLUSTER.replace('staging', 'main'), 'production', false],
    ['says staging', CLUSTER, 'staging', false],
  ])('a mark in the database that %s', async (_, arn, tier, isRefused) => {
    await database.query('CREATE SCHEMA plainform_masking');
    await database.query('CREATE TABLE plainform_masking.environment (tier text, cluster_arn text)');
    await database.query('INSERT INTO plainform_masking.environment VALUES ($1, $2)', [tier, arn]);
    const before = await rowsOf(database, true);
    if (!isRefused) {
      expect(await run()).toMatchObject({ status: 'completed' });
      return;
    }
    await expect(run()).rejects.toMatchObject({ name: 'ProductionRefused' });
    expect(await rowsOf(database, true)).toEqual(before);
    expect(called('ExecuteStatement').every(({ sql }) => sql.startsWith('SELECT'))).toBe(true);
    expect(called('BeginTransaction')).toEqual([]);
  });
});

describe('a failure', () => {
  test('is thrown, published and counted, and says no value of the database', async () => {
    await database.query("ALTER TABLE payments ADD CONSTRAINT real_holder CHECK (card_holder LIKE 'Real Person%')");
    const error = await run().catch((thrown) => thrown);
    expect(error).toMatchObject({
      name: 'DatabaseErrorException',
      message:
        'rds-data:ExecuteStatement failed with DatabaseErrorException, SQLState: 23514, constraint "real_holder"',
    });
    expect(published()).toEqual([
      { environment: 'staging', code: error.name, reason: error.message, requestId: 'request-1' },
    ]);
    expect(called('sns:Publish')[0]?.body).toMatchObject({ TopicArn: TOPIC, Subject: 'Data masking failed: staging' });
    expect(metrics()).toMatchObject({ Failures: 1, Environment: 'staging', RowsMasked: 60 });
    expect(logged.filter((line) => REAL.test(line))).toEqual([]);
    expect(aws.open()).toBe(0);
  });

  test('is thrown also when the notification fails', async () => {
    process.env.DATABASE_NAME = '';
    aws.fault = ({ operation }) =>
      operation === 'sns:Publish' ? { before: { type: 'AuthorizationError', message: 'no', status: 403 } } : undefined;
    await expect(run()).rejects.toMatchObject({ name: 'SettingsInvalid', message: 'DATABASE_NAME is not set' });
    expect(logged.some((line) => line.includes('notification failed'))).toBe(true);
  });

  test('that does not pass ends after ten attempts', async () => {
    aws.fault = ({ operation }) =>
      operation === 'ExecuteStatement'
        ? { before: { type: 'DatabaseUnavailableException', message: '', status: 504 } }
        : undefined;
    await expect(run()).rejects.toMatchObject({ name: 'DatabaseUnavailableException' });
    expect(called('ExecuteStatement')).toHaveLength(10);
    expect(metrics()).toMatchObject({ Retries: 9, Failures: 1 });
  });

  test('in a row that is too large for any answer ends, and does not try for ever', async () => {
    await database.query("UPDATE payments SET card_holder = repeat('Person', 20000) WHERE order_id = 5");
    await expect(run()).rejects.toMatchObject({ name: 'BadRequestException' });
    expect(published()).toHaveLength(1);
  });

  test('is another masking key: values would be masked twice', async () => {
    await run();
    const before = await rowsOf(database, true);
    aws.secrets['masking-key'] = 'another key of these tests, long enough';
    try {
      await expect(run()).rejects.toMatchObject({ name: 'KeyChanged' });
    } finally {
      aws.secrets['masking-key'] = 'a masking key of these tests, long enough';
    }
    expect(await rowsOf(database, true)).toEqual(before);
  });

  test('is a rule set that is wrong, before any statement', async () => {
    aws.parameters[environment.RULE_SET_PARAMETER] =
      '{"version": 1, "tables": {"public.customers": {"columns": {"email": "mail"}}}}';
    await expect(run()).rejects.toThrow('tables.public.customers.columns.email: kind must be one of');
    expect(called('ExecuteStatement')).toEqual([]);
  });
});

describe('rules that the database cannot keep are refused before anything is written', () => {
  test.each([
    [
      'a table that must be there',
      { 'public.nothing': { onMissing: 'fail', columns: { a: 'email' } } },
      'public.nothing does not exist',
    ],
    [
      'a column that must be there',
      { 'public.orders': { onMissing: 'fail', columns: { nope: 'email' } } },
      'public.orders.nope does not exist',
    ],
    [
      'a name that is an attempt at injection',
      { 'public.customers; DROP TABLE orders': { onMissing: 'fail', columns: { a: 'email' } } },
      'DROP TABLE orders does not exist',
    ],
    [
      'a column name that is one',
      { 'public.customers': { onMissing: 'fail', columns: { "email\" = ''; --": 'email' } } },
      '--" does not exist'.replace('"', ''),
    ],
    ['a view', { 'public.everyone': { columns: { email: 'email' } } }, 'public.everyone is a view'],
    [
      'a table without a key',
      { 'public.visits': { columns: { email: 'email' } } },
      'public.visits has neither a primary key',
    ],
    [
      'a type that does not fit',
      { 'public.customers': { columns: { birth_date: 'email' } } },
      'public.customers.birth_date is date, which cannot be masked as email',
    ],
    [
      'a column that must not be null',
      { 'public.customers': { columns: { status: 'null' } } },
      'public.customers.status must not be null',
    ],
    [
      'a column that is too short',
      { 'public.short': { columns: { email: 'email' } } },
      'public.short.email has room for 20 characters only',
    ],
    [
      'a unique column with few values',
      { 'public.customers': { columns: { customer_no: 'name' } } },
      'public.customers.customer_no is unique, and name gives',
    ],
    [
      'a child without its parent',
      { 'public.orders': { columns: { customer_no: 'pattern' } } },
      'public.orders.customer_no refers to another column through orders_customer_no_fkey: mask that one',
    ],
    [
      'a child of another kind',
      {
        'public.customers': { columns: { customer_no: 'pattern' } },
        'public.orders': { columns: { customer_no: 'phone' } },
      },
      'public.orders.customer_no follows another column through orders_customer_no_fkey: give both the same kind',
    ],
    [
      'a child that may be without its parent',
      { 'public.pairs': { columns: { code: 'pattern' } }, 'public.uses': { columns: { code: 'pattern' } } },
      'public.uses.code can be without its parent in uses_code_side_fkey',
    ],
  ])('%s', async (_, tables, expected) => {
    await database.query(`CREATE VIEW everyone AS SELECT email FROM customers;
      CREATE TABLE visits (email text); CREATE TABLE short (id int PRIMARY KEY, email varchar(20));
      CREATE TABLE pairs (code text, side int, PRIMARY KEY (code, side));
      CREATE TABLE uses (id int PRIMARY KEY, code text, side int, FOREIGN KEY (code, side) REFERENCES pairs)`);
    const before = await rowsOf(database, true);
    use({ version: 1, tables });
    await expect(run()).rejects.toMatchObject({ name: 'PlanImpossible', message: expect.stringContaining(expected) });
    expect(await rowsOf(database, true)).toEqual(before);
    expect(called('BeginTransaction')).toEqual([]);
  });

  test('other rules end an unfinished run, and begin a new one', async () => {
    await run(
      {},
      context(() => 0),
    );
    use({ version: 1, tables: { 'public.customers': { columns: { email: 'email' } } } });
    const result = await run();
    expect(result.tables).toEqual([{ table: 'public.customers', seen: 60, masked: 40, done: true }]);
    const { rows } = await database.query(
      "SELECT state->>'run' AS run, state->>'done' AS done FROM plainform_masking.progress WHERE target = ''",
    );
    expect(rows[0]).toEqual({ run: '2', done: 'true' });
  });
});

test('nothing that a run logs, and no mark it leaves, has a value of the database', async () => {
  await run();
  expect(logged.length).toBeGreaterThan(5);
  expect(logged.filter((line) => REAL.test(line) || line.includes('masked.invalid'))).toEqual([]);
  const { rows } = await database.query('SELECT t::text AS row FROM plainform_masking.mark t');
  expect(rows).toHaveLength(ALL_MASKED);
  expect(rows.filter(({ row }) => REAL.test(row))).toEqual([]);
});
