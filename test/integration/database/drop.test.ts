import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import { readCopyDump } from '../../../lib/database/copy-dump.ts';
import { createDatabase } from '../../../lib/database/create.ts';
import { dropDatabase, whatDropTakes } from '../../../lib/database/drop.ts';
import { dumpDatabase } from '../../../lib/database/dump.ts';
import { projectNames } from '../../../lib/database/names.ts';
import { rotatePassword } from '../../../lib/database/rotate.ts';
import {
  placeOn,
  proxyInMemory,
  type SecretsInMemory,
  type SharedServer,
  startSharedServer,
} from '../../support/project-databases.ts';
import { restore } from '../../support/restore.ts';

jest.setTimeout(60_000);

let shared: SharedServer;
let folder: string;
const open: pg.Client[] = [];
beforeAll(async () => {
  shared = await startSharedServer();
});
afterAll(() => shared?.postgres.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-dump-'));
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.end().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

/** Without pg_dump, whatever the machine has. */
const programs = { pgDump: '/nowhere/pg_dump', pgRestore: '/nowhere/pg_restore' };
const dumpFile = () => join(folder, 'project.dump');

async function made(project: string) {
  const proxy = proxyInMemory();
  const place = { ...placeOn(shared), proxy };
  const names = projectNames(project);
  await createDatabase(place, names);
  return { proxy, place, names };
}

async function connect(store: SecretsInMemory, secret: string) {
  const { username: user, password, dbname: database } = JSON.parse(store.values.get(secret)!);
  const client = await shared.as({ user, password, database });
  open.push(client);
  return client;
}

/** Whatever of a project is left on the server. */
async function left(name: string): Promise<string[]> {
  const { rows } = await shared.asSuperuser((client) =>
    client.query(
      'SELECT datname AS name FROM pg_database WHERE datname = $1 UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $2',
      [name, `${name}_user%`],
    ),
  );
  return rows.map((row) => row.name);
}

const RICH = `
  CREATE SCHEMA "odd Näme";
  CREATE TYPE mood AS ENUM ('so', 'it''s "fine"');
  CREATE DOMAIN positive AS int NOT NULL DEFAULT 1 CONSTRAINT above CHECK (VALUE > 0);
  CREATE TYPE place AS (street text, town varchar(20));
  CREATE SEQUENCE numbers INCREMENT 5 START 100;
  CREATE FUNCTION half(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n / 2 $$;
  CREATE TABLE customers (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'so', size positive,
    home place, moods mood[], halved int GENERATED ALWAYS AS (half(id)) STORED, "order" numeric(10,2) DEFAULT 1.5, CHECK (length(name) < 100));
  CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE, nr int DEFAULT nextval('numbers'),
    made timestamptz NOT NULL DEFAULT '2026-01-01 00:00:00+00');
  CREATE TABLE events (at date NOT NULL PRIMARY KEY, what text) PARTITION BY RANGE (at);
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE INDEX ON events (what);
  CREATE TABLE "odd Näme"."select" ("from" text, "a""b" bytea);
  CREATE INDEX by_lower ON customers (lower(name)) WHERE size > 0;
  CREATE STATISTICS together ON customer, nr FROM orders;
  CREATE VIEW richest AS SELECT c.name, count(*) AS many FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name;
  CREATE VIEW "on view" AS SELECT * FROM richest WHERE many > 0;
  CREATE MATERIALIZED VIEW totals AS SELECT sum(many) AS total FROM richest;
  CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mood := 'so'; RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touched();
  CREATE FUNCTION named(c customers) RETURNS text LANGUAGE sql AS $$ SELECT c.name $$;
  CREATE POLICY visible ON orders USING (nr > 0) WITH CHECK (nr > 1);
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  COMMENT ON TABLE customers IS 'who buys; it''s so';
  COMMENT ON COLUMN customers.name IS 'as written';
  INSERT INTO customers (name, mood, home, moods) VALUES
    ('Ann', 'it''s "fine"', ROW('Main "St"', 'Town'), ARRAY['so','it''s "fine"']::mood[]),
    (E'tab\\t line\\nfeed \\\\ back \\\\. \\r return', 'so', NULL, NULL), (U&'sep\\2028arator \\FEFF ünï 😀', DEFAULT, NULL, '{}'), ('\\.', 'so', NULL, NULL);
  INSERT INTO orders (customer) SELECT 1 + n % 4 FROM generate_series(0, 299) n;
  INSERT INTO events VALUES ('2026-05-05', 'partitioned'), ('2026-06-06', NULL);
  INSERT INTO "odd Näme"."select" VALUES ('x', '\\x00ff0a5c');
  REFRESH MATERIALIZED VIEW totals;`;

const QUESTIONS = [
  'SELECT id, name, mood, size, home, moods, halved, "order" FROM app.customers ORDER BY id',
  'SELECT * FROM app.orders ORDER BY id',
  'SELECT * FROM app.events ORDER BY at',
  'SELECT * FROM "odd Näme"."select"',
  'SELECT * FROM app."on view" ORDER BY name',
  'SELECT * FROM app.totals',
  "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0 AND contype <> 'n' AND connamespace::regnamespace::text IN ('app') ORDER BY 1, 2",
  "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'app' ORDER BY 1",
  "SELECT table_name, column_name, column_default, is_nullable, data_type, is_identity, generation_expression FROM information_schema.columns WHERE table_schema IN ('app', 'odd Näme') ORDER BY 1, 2",
  'SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1',
  'SELECT policyname, tablename, cmd, qual, with_check FROM pg_policies ORDER BY 1',
  "SELECT relname, relrowsecurity, relkind FROM pg_class WHERE relnamespace = 'app'::regnamespace ORDER BY 1",
  'SELECT sequencename, start_value, increment_by, last_value FROM pg_sequences ORDER BY 1',
  "SELECT obj_description('app.customers'::regclass), col_description('app.customers'::regclass, 2)",
  "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'app'::regnamespace ORDER BY 1",
  'SELECT stxname FROM pg_statistic_ext',
];

async function answers(database: string): Promise<unknown[]> {
  return shared.asSuperuser(async (client) => {
    await client.query("SET search_path = ''");
    const all: unknown[] = [];
    for (const question of QUESTIONS) all.push((await client.query(question)).rows);
    return all;
  }, database);
}

describe('the dump', () => {
  beforeAll(async () => {
    const { place, names } = await made('rich');
    const client = await connect(place.store, names.secret);
    await client.query(RICH);
    await client.end();
    open.pop();
  });

  test('without pg_dump: what comes back is what was there', async () => {
    const dump = await dumpDatabase(shared.server, 'rich', dumpFile(), programs);
    expect(dump).toMatchObject({ format: 'sql', tables: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(statSync(dump.file).mode & 0o777).toBe(0o600);
    await shared.asSuperuser((client) => client.query('CREATE DATABASE back TEMPLATE template0'));
    await shared.asSuperuser((client) => restore(client, dump.file), 'back');
    expect(await answers('back')).toEqual(await answers('rich'));
    const { rows } = await shared.asSuperuser(
      (client) => client.query("INSERT INTO app.customers (name) VALUES ('after') RETURNING id, halved"),
      'back',
    );
    expect(rows).toEqual([{ id: 5, halved: 2 }]);
  });

  const psql = spawnSync('psql', ['--version']).status === 0;
  (psql ? test : test.skip)('psql reads it (where there is one)', async () => {
    const dump = await dumpDatabase(shared.server, 'rich', dumpFile(), programs);
    await shared.asSuperuser((client) => client.query('CREATE DATABASE by_psql TEMPLATE template0'));
    const { status, stderr } = spawnSync(
      'psql',
      [
        '-v',
        'ON_ERROR_STOP=1',
        '-q',
        '-h',
        '127.0.0.1',
        '-p',
        String(shared.postgres.port),
        '-U',
        'postgres',
        '-d',
        'by_psql',
        '-f',
        dump.file,
      ],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('ERROR') });
    expect(await answers('by_psql')).toEqual(await answers('rich'));
  });

  test.each([
    [
      'an aggregate',
      'CREATE AGGREGATE app.product(int) (SFUNC = int4mul, STYPE = int)',
      'DROP AGGREGATE app.product(int)',
    ],
    ['a large object', 'SELECT lo_create(4711)', 'SELECT lo_unlink(4711)'],
    ['a table that inherits', 'CREATE TABLE app.heir () INHERITS (app.orders)', 'DROP TABLE app.heir'],
    ['a range', 'CREATE TYPE app.span AS RANGE (SUBTYPE = int)', 'DROP TYPE app.span'],
    [
      'a rule',
      'CREATE RULE quiet AS ON DELETE TO app.customers DO INSTEAD NOTHING',
      'DROP RULE quiet ON app.customers',
    ],
    ['a publication', 'CREATE PUBLICATION all_of_it', 'DROP PUBLICATION all_of_it'],
  ])('what it cannot write it refuses: %s', async (_, statement, undo) => {
    await shared.asSuperuser((client) => client.query(statement), 'rich');
    const error = await dumpDatabase(shared.server, 'rich', dumpFile(), programs).catch((thrown) => thrown);
    await shared.asSuperuser((client) => client.query(undo), 'rich');
    expect(error.message).toContain('CFN757');
    expect(error.message).toContain('only pg_dump can write');
    expect(existsSync(dumpFile())).toBe(false);
  });

  test('one that does not read back as it was written is none', async () => {
    const imitation =
      "CREATE FUNCTION app.imitation() RETURNS text LANGUAGE sql AS $$ SELECT '\nCOPY no.table (a) FROM stdin;\n\\.\n' $$";
    await shared.asSuperuser((client) => client.query(imitation), 'rich');
    const error = await dumpDatabase(shared.server, 'rich', dumpFile(), programs).catch((thrown) => thrown);
    await shared.asSuperuser((client) => client.query('DROP FUNCTION app.imitation'), 'rich');
    expect(error.message).toContain('does not hold what was written');
    expect(existsSync(dumpFile())).toBe(false);
  });

  test('one that is cut short is told from a whole one', async () => {
    const { file } = await dumpDatabase(shared.server, 'rich', dumpFile(), programs);
    const whole = readFileSync(file);
    expect((await readCopyDump(file)).get('app.orders')).toBe(300);
    for (const at of [0, 10, whole.length >> 1, whole.length - 2]) {
      writeFileSync(file, whole.subarray(0, at));
      await expect(readCopyDump(file)).rejects.toThrow('cut short');
    }
  });

  test('a file that is there is never overwritten', async () => {
    writeFileSync(dumpFile(), 'of another time');
    await expect(dumpDatabase(shared.server, 'rich', dumpFile(), programs)).rejects.toThrow('CFN711');
    expect(readFileSync(dumpFile(), 'utf8')).toBe('of another time');
  });

  test('pg_dump is used where it is new enough, and is given the password in its environment only', async () => {
    const pgDump = join(folder, 'pg_dump');
    const pgRestore = join(folder, 'pg_restore');
    writeFileSync(
      pgDump,
      `#!/bin/sh
case "$1" in --version) echo "pg_dump (PostgreSQL) 99.1";; *)
  echo "$@" > ${folder}/words; echo "$PGPASSWORD $PGUSER $PGSSLMODE" > ${folder}/environment
  while [ "$1" != --file ]; do shift; done; echo dumped > "$2";; esac`,
    );
    writeFileSync(
      pgRestore,
      `#!/bin/sh
case "$1" in --version) echo "pg_restore (PostgreSQL) 99.1";;
  --list) for t in 1 2 3 4; do echo "1; 0 0 TABLE DATA app t$t o"; done;; *) cat "$3" > /dev/null;; esac`,
    );
    for (const program of [pgDump, pgRestore]) chmodSync(program, 0o755);
    const dump = await dumpDatabase(shared.server, 'rich', dumpFile(), { pgDump, pgRestore });
    expect(dump).toMatchObject({ format: 'pg_dump', tables: 4, bytes: 7 });
    expect(readFileSync(join(folder, 'environment'), 'utf8')).toBe(`${shared.server.password} master disable\n`);
    expect(readFileSync(join(folder, 'words'), 'utf8')).not.toContain(shared.server.password);

    writeFileSync(
      pgRestore,
      '#!/bin/sh\ncase "$1" in --version) echo "pg_restore (PostgreSQL) 99.1";; *) exit 1;; esac',
    );
    rmSync(dumpFile());
    await expect(dumpDatabase(shared.server, 'rich', dumpFile(), { pgDump, pgRestore })).rejects.toThrow('CFN757');
    expect(existsSync(dumpFile())).toBe(false);
  });

  test('one that is older than the server is passed over', async () => {
    const pgDump = join(folder, 'old_pg_dump');
    writeFileSync(pgDump, '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.1"; [ "$1" = --version ]');
    chmodSync(pgDump, 0o755);
    expect(await dumpDatabase(shared.server, 'rich', dumpFile(), { pgDump })).toMatchObject({ format: 'sql' });
  });
});

describe('drop', () => {
  test('takes everything, and leaves the dump', async () => {
    const { place, names, proxy } = await made('leaving');
    await rotatePassword(place, names);
    const client = await connect(place.store, names.secret);
    await client.query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2)');
    await client.end();
    expect(await whatDropTakes(place, names)).toMatchObject({
      ...{ roles: ['leaving_user', 'leaving_user_clone'], secret: true, sessions: 0 },
    });
    const { dump, removed } = await dropDatabase(place, names, { dumpFile: dumpFile(), programs });
    expect(readFileSync(dump!.file, 'utf8')).toContain('COPY app.kept (id) FROM stdin;\n1\n2\n\\.\n');
    expect(removed).toHaveLength(7);
    expect(await left('leaving')).toEqual([]);
    expect(place.store.values.size).toBe(0);
    expect(proxy.secrets).toEqual(['of-the-provider']);
  });

  test('and can be made again', async () => {
    const { place, names } = await made('again');
    await dropDatabase(place, names, { dumpFile: dumpFile(), programs });
    expect(await createDatabase(place, names)).toMatchObject({
      secret: 'created',
      user: 'created',
      database: 'created',
    });
  });

  test('refused while clients are connected; --end-sessions ends them', async () => {
    const { place, names } = await made('busy');
    const client = await connect(place.store, names.secret);
    await expect(dropDatabase(place, names, { dumpFile: dumpFile(), programs })).rejects.toThrow('CFN755');
    const unwritable = { dumpFile: join(folder, 'no', 'folder'), endSessions: true, programs };
    await expect(dropDatabase(place, names, unwritable)).rejects.toThrow('CFN711');
    await client.query('SELECT 1');
    expect(existsSync(dumpFile())).toBe(false);
    await dropDatabase(place, names, { dumpFile: dumpFile(), endSessions: true, programs });
    expect(await left('busy')).toEqual([]);
    await expect(client.query('SELECT 1')).rejects.toThrow();
  });

  test('nobody gets in while it is dumped', async () => {
    const { place, names } = await made('closing');
    const attempts: Promise<string>[] = [];
    const after = (step: string) => {
      if (step !== 'closed') return;
      attempts.push(
        connect(place.store, names.secret).then(
          () => 'in',
          (error) => error.code,
        ),
      );
    };
    await dropDatabase({ ...place, after }, names, { dumpFile: dumpFile(), programs });
    expect(await Promise.all(attempts)).toEqual(['28000']);
  });

  test('without a dump nothing is dropped, and the project goes on', async () => {
    const { place, names, proxy } = await made('undumped');
    const unwritable = join(folder, 'no', 'such', 'folder', 'dump');
    await expect(dropDatabase(place, names, { dumpFile: unwritable, programs })).rejects.toThrow('CFN711');
    await shared.asSuperuser((client) => client.query('SELECT lo_create(1)'), 'undumped');
    await expect(dropDatabase(place, names, { dumpFile: dumpFile(), programs })).rejects.toThrow('CFN757');
    await connect(place.store, names.secret);
    expect(proxy.secrets).toContain(names.secret);
  });

  test('what is not the project’s is not dropped', async () => {
    const place = placeOn(shared);
    await shared.asSuperuser((client) => client.query('CREATE DATABASE others OWNER master'));
    await expect(dropDatabase(place, projectNames('others'), { dumpFile: dumpFile(), programs })).rejects.toThrow(
      'CFN753',
    );
    await expect(whatDropTakes(place, projectNames('others'))).rejects.toThrow('CFN753');
    await expect(dropDatabase(place, projectNames('nowhere'), { dumpFile: dumpFile(), programs })).rejects.toThrow(
      'there is nothing to drop',
    );
    expect(await left('others')).toEqual(['others']);
  });

  test.each(['closed', 'dump', 'proxy', 'database', 'cut_proxy_user'])(
    'cut short after %s: the next run finishes',
    async (step) => {
      const project =
        step === 'cut_proxy_user' ? 'cut_proxy' : `cut_${step}_`.slice(0, -1).replace('proxy', 'at_proxy');
      const { place, names } = await made(project);
      const cut = dropDatabase(
        {
          ...place,
          after: (done) => {
            if (done === step || (done === names.user && step === 'cut_proxy_user')) throw new Error('cut short');
          },
        },
        names,
        { dumpFile: dumpFile(), programs },
      );
      await expect(cut).rejects.toThrow('cut short');
      await dropDatabase(place, names, { dumpFile: join(folder, 'second.dump'), programs });
      expect(await left(project)).toEqual([]);
      expect(place.store.values.size).toBe(0);
    },
  );

  test.each(['closed', 'dump', 'proxy', 'database'])(
    'cut short after %s: create makes it whole again',
    async (step) => {
      const { place, names, proxy } = await made(`back-${step}`);
      const cut = dropDatabase(
        {
          ...place,
          after: (done) => {
            if (done === step) throw new Error('cut short');
          },
        },
        names,
        { dumpFile: dumpFile(), programs },
      );
      await expect(cut).rejects.toThrow('cut short');
      await createDatabase(place, names);
      await connect(place.store, names.secret);
      expect(proxy.secrets).toContain(names.secret);
    },
  );

  test('a database that nobody got into yet goes without a dump', async () => {
    const place = placeOn(shared);
    const names = projectNames('unborn');
    await createDatabase(
      {
        ...place,
        after: (done) => {
          if (done === 'database') throw new Error('cut short');
        },
      },
      names,
    ).catch(() => {});
    const { dump } = await dropDatabase(place, names, { dumpFile: dumpFile(), programs });
    expect(dump).toBeUndefined();
    expect(await left('unborn')).toEqual([]);
  });
});
