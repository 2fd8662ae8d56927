import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type pg from 'pg';
import { holding } from '../../../lib/database/lock.ts';
import { fileInProject } from '../../../lib/project.ts';
import { type SharedServer, startSharedServer } from '../../support/project-databases.ts';

jest.setTimeout(60_000);

let shared: SharedServer;
let folder: string;
let output = '';
beforeAll(async () => {
  shared = await startSharedServer();
  folder = mkdtempSync(join(tmpdir(), 'plainform-database-'));
  writeFileSync(join(folder, 'wrong.txt'), 'not-of-the-master\n');
  writeFileSync(join(folder, 'master.txt'), `${shared.server.password}\n`);
});
afterAll(async () => {
  await shared?.postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  status: number | null;
  stdout: string;
  all: string;
}

function plainform(...words: string[]): Promise<Ran> {
  return running(...words).ran;
}

function running(...words: string[]): { ran: Promise<Ran>; stop: () => void } {
  let stop = () => {};
  const ran = new Promise<Ran>((resolve) => {
    const child = spawn(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // No AWS: what asks for it fails at once. No pg_dump either, whatever this machine has.
      env: { NO_COLOR: '1', PATH: '/nowhere', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (text) => {
      stdout += text;
      all += text;
    });
    child.stderr.on('data', (text) => {
      all += text;
    });
    child.on('close', (status) => {
      output += all;
      resolve({ status, stdout, all });
    });
    stop = () => void child.kill('SIGINT');
  });
  return { ran, stop };
}

const server = () => [
  ...['--host', '127.0.0.1', '--port', String(shared.postgres.port), '--user', 'master'],
  ...['--password-file', 'master.txt', '--secrets-folder', 'secrets'],
];
const secretIn = (name: string) => JSON.parse(readFileSync(join(folder, 'secrets', `${name}.secret`), 'utf8'));

test('a project from create to drop, without AWS', async () => {
  const created = await plainform('database', 'create', 'shop', ...server(), '--statement-timeout', '1');
  expect(created).toMatchObject({ status: 0, stdout: expect.stringContaining('created    database shop') });
  expect(created.stdout).toContain('closed     database postgres: PUBLIC may no longer connect');
  expect(statSync(join(folder, 'secrets/shop/database-credentials.secret')).mode & 0o777).toBe(0o600);
  const first = secretIn('shop/database-credentials');
  await (await shared.as({ user: first.username, password: first.password, database: 'shop' })).end();

  const again = await plainform('database', 'create', 'shop', ...server(), '--json');
  expect(JSON.parse(again.stdout)).toEqual({
    ...{ version: 1, project: 'shop', proxy: 'none', secret: 'unchanged', user: 'unchanged', database: 'unchanged' },
    names: { database: 'shop', user: 'shop_user', secret: 'shop/database-credentials' },
    lockdown: { closed: [], left: [] },
  });

  expect(await plainform('database', 'rotate', 'shop', ...server())).toMatchObject({ status: 0 });
  const second = secretIn('shop/database-credentials');
  expect(second).toMatchObject({ username: 'shop_user_clone' });
  expect(secretIn('shop/database-credentials-previous')).toEqual(first);

  const checked = await plainform('database', 'check', 'shop', ...server());
  expect(checked).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^refused +connect to the database postgres:/),
  });
  expect(checked.stdout).toContain('no findings');

  const unconfirmed = await plainform('database', 'drop', 'shop', ...server());
  expect(unconfirmed).toMatchObject({ status: 2, all: expect.stringContaining('nothing was dropped') });
  const otherwise = await plainform('database', 'drop', 'shop', ...server(), '--yes', 'ship');
  expect(otherwise).toMatchObject({ status: 2, all: expect.stringContaining('was confirmed with "ship"') });
  await (await shared.as({ user: second.username, password: second.password, database: 'shop' })).end();

  const dropped = await plainform('database', 'drop', 'shop', ...server(), '--yes', 'shop', '--json');
  expect(dropped.status).toBe(0);
  const { dump, removed } = JSON.parse(dropped.stdout);
  expect(removed).toContain('database shop');
  expect(dump).toMatchObject({ format: 'sql', tables: 0 });
  expect(existsSync(join(folder, dump.file))).toBe(true);
  expect(readdirSync(join(folder, 'secrets/shop'))).toEqual([]);
  expect(await plainform('database', 'drop', 'shop', ...server(), '--yes', 'shop')).toMatchObject({
    ...{ status: 1, all: expect.stringContaining('there is nothing to drop') },
  });
});

test('what is not refused is a finding, and the exit code 1', async () => {
  await plainform('database', 'create', 'open', ...server(), '--statement-timeout', '1');
  await shared.asSuperuser((client) => client.query('ALTER ROLE open_user CREATEDB'));
  const { status, stdout } = await plainform('database', 'check', 'open', ...server());
  expect(status).toBe(1);
  expect(stdout).toContain('NOT refused  create a database');
  expect(stdout).toContain('error CFN758: open can create a database');
  const json = JSON.parse((await plainform('database', 'check', 'open', ...server(), '--json')).stdout);
  expect(json.findings).toMatchObject([{ code: 'CFN758' }]);
});

describe('the secrets of an application', () => {
  test('what is missing is made, what exists stays', async () => {
    const words = ['--secrets-folder', 'secrets'];
    const first = await plainform('secrets', 'bootstrap', 'my-app', 'session-key', 'token', ...words);
    expect(first).toMatchObject({ status: 0, stdout: 'created    my-app/session-key\ncreated    my-app/token\n' });
    const value = readFileSync(join(folder, 'secrets/my-app/session-key.secret'), 'utf8');
    expect(value).toMatch(/^[A-Za-z0-9]{64}$/);
    const second = await plainform('secrets', 'bootstrap', 'my-app', 'session-key', 'third', ...words, '--json');
    expect(JSON.parse(second.stdout).secrets).toEqual([
      { secret: 'my-app/session-key', state: 'unchanged' },
      { secret: 'my-app/third', state: 'created' },
    ]);
    expect(readFileSync(join(folder, 'secrets/my-app/session-key.secret'), 'utf8')).toBe(value);
    expect(output).not.toContain(value);
  });

  test.each([
    ['database-credentials'],
    ['database-credentials-previous'],
    ['../escape'],
    ['a/b'],
    ['.hidden'],
    ["'; --"],
  ])('%s is none of them, and nothing is made', async (name) => {
    const ran = await plainform('secrets', 'bootstrap', 'other-app', 'fine', '--secrets-folder', 'secrets', '--', name);
    expect(ran).toMatchObject({ status: 2, all: expect.stringContaining('CFN750') });
    expect(existsSync(join(folder, 'secrets/other-app'))).toBe(false);
  });
});

describe('wrong usage', () => {
  const at = (...words: string[]) => [
    '--user',
    'master',
    '--password-file',
    'master.txt',
    '--secrets-folder',
    'secrets',
    ...words,
  ];

  test.each<[number, string, () => string[]]>([
    [2, 'it is not said which server is meant', () => ['create', 'shop']],
    [2, 'cannot name the database of a project', () => ['create', 'Shop"; DROP DATABASE postgres; --', ...server()]],
    [2, 'the name is reserved', () => ['drop', 'postgres', ...server(), '--yes', 'postgres']],
    [2, 'give a whole number from 1 to 1000', () => ['create', 'shop', ...server(), '--connections', '-1']],
    [2, 'give a whole number from 1 to 900', () => ['create', 'shop', ...server(), '--statement-timeout', '1e9']],
    [2, 'there is no provider "prod"', () => ['create', 'shop', '--provider', 'prod']],
    [2, '--secrets-folder names files', () => ['create', 'shop', '--provider', '/shared-infra/prod', ...server()]],
    [2, 'its port is missing', () => ['create', 'shop', '--provider', '/shared-infra/prod', '--host', 'localhost']],
    [2, 'is no region', () => ['create', 'shop', '--provider', '/shared-infra/prod', '--region', 'nowhere']],
    [2, 'could be read on the way', () => ['create', 'shop', ...at('--host', 'db.example.com', '--no-tls')]],
    [2, 'it does not exist', () => ['create', 'shop', ...server(), '--password-file', 'missing.txt']],
    [3, 'CFN751', () => ['create', 'shop', ...at('--host', '127.0.0.1', '--port', '1')]],
    [3, 'does not support SSL', () => ['create', 'shop', ...server(), '--tls-name', 'db.example.com']],
    [3, 'password authentication failed', () => ['create', 'shop', ...server(), '--password-file', 'wrong.txt']],
    [3, 'give --password-file', () => ['create', 'shop', ...server(), '--password-file', '/dev/null']],
    [
      3,
      'did not get through',
      () => ['create', 'shop', '--provider', '/shared-infra/prod', '--endpoint', 'http://127.0.0.1:1'],
    ],
    [1, 'there is nothing to drop', () => ['drop', 'nobody', ...server(), '--yes', 'nobody']],
    [1, 'has no secret', () => ['check', 'nobody', ...server()]],
    [1, 'CFN753', () => ['rotate', 'nobody', ...server()]],
  ])('%i: %s', async (status, message, words) => {
    const ran = await plainform('database', ...words());
    expect(ran).toMatchObject({ status, all: expect.stringContaining(message) });
    expect(ran.all).not.toMatch(/CFN700|^\s+at .*:\d+:\d+/m);
    const { rows } = await shared.asSuperuser((client) =>
      client.query(
        "SELECT datname FROM pg_database WHERE datname = 'shop' OR datname LIKE '%DROP%' OR datname = 'nobody'",
      ),
    );
    expect(rows).toEqual([]);
  });
});

/** Until a run waits for the lock that this session holds. */
async function waiting(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      "SELECT FROM pg_stat_activity WHERE usename = 'master' AND wait_event = 'advisory'",
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('Ctrl-C stops after the step that is under way, and what is dropped halfway is opened again', async () => {
  await plainform('database', 'create', 'halting', ...server());
  const { username: user, password } = secretIn('halting/database-credentials');
  await shared.asSuperuser(async (client) => {
    // The drop waits for its turn as long as this session holds the project.
    const { ran, stop } = running(
      'database',
      'drop',
      'halting',
      ...server(),
      '--yes',
      'halting',
      '--dump',
      'halting.dump',
    );
    await holding(client, 'halting', async () => {
      await waiting(client);
      stop();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(await ran).toMatchObject({ status: 130, all: expect.stringContaining('after the step "closed"') });
  });
  await (await shared.as({ user, password, database: 'halting' })).end();
  expect(existsSync(join(folder, 'halting.dump'))).toBe(false);
  expect(await plainform('database', 'drop', 'halting', ...server(), '--yes', 'halting')).toMatchObject({ status: 0 });
});

test('no password was printed or logged in all of this', () => {
  const passwords = readdirSync(join(folder, 'secrets'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /database-credentials.*\.secret$/.test(name))
    .map((name) => secretIn(name.replace(/\.secret$/, '')).password);
  expect(passwords.length).toBeGreaterThan(0);
  for (const password of [...passwords, shared.server.password]) {
    expect(output).not.toContain(password);
    expect(shared.postgres.log()).not.toContain(password);
  }
  expect(output).not.toContain('SCRAM-SHA-256');
});
