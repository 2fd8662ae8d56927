import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { remedyFor, withoutValues } from '../../../generator/functions/data-masking/data-api.ts';
import { backoff } from '../../../generator/functions/data-masking/handler.ts';
import { nextProgress, type Progress } from '../../../generator/functions/data-masking/mask-table.ts';
import { writeMetrics } from '../../../generator/functions/data-masking/report.ts';
import { readRuleSet } from '../../../generator/functions/data-masking/rules.ts';
import { readSettings, refuseProduction } from '../../../generator/functions/data-masking/settings.ts';
import { bundleFunction } from '../../../scripts/bundle-functions.mjs';

const rules = (columns: unknown, more = {}) =>
  JSON.stringify({ version: 1, tables: { 'public.t': { columns } }, ...more });

describe('a rule set', () => {
  test('is read with its short and its long form', () => {
    const { tables } = readRuleSet(rules({ email: 'email', phone: { kind: 'phone', keep: 3 } }, { onMissing: 'fail' }));
    expect(tables).toEqual([
      {
        label: 'public.t',
        required: true,
        columns: [
          { column: 'email', kind: 'email', options: {} },
          { column: 'phone', kind: 'phone', options: { keep: 3 } },
        ],
      },
    ]);
  });

  test('may skip what is missing, in all tables or in one', () => {
    const columns = { a: 'email' };
    const tables = { 'a.a': { columns, onMissing: 'fail' }, 'b.b': { columns, onMissing: 'skip' }, 'c.c': { columns } };
    const required = (more: object) =>
      readRuleSet(JSON.stringify({ version: 1, tables, ...more })).tables.map((table) => table.required);
    expect(required({})).toEqual([true, false, false]);
    expect(required({ onMissing: 'fail' })).toEqual([true, false, true]);
  });

  test('has a fingerprint that changes with the rules and not with their spelling', () => {
    const { fingerprint } = readRuleSet(rules({ a: 'email' }));
    expect(readRuleSet(` ${rules({ a: { kind: 'email' } })} `).fingerprint).toBe(fingerprint);
    expect(readRuleSet(rules({ a: 'name' })).fingerprint).not.toBe(fingerprint);
  });

  test.each([
    ['is not JSON', '{', 'the rule set is not JSON'],
    ['is a list', '[]', 'version: must be 1'],
    ['has another version', rules({ a: 'email' }, { version: 2 }), 'version: must be 1'],
    ['has a misspelt key', rules({ a: 'email' }, { table: {} }), 'table: unknown; known: version, onMissing, tables'],
    ['names no table', JSON.stringify({ version: 1, tables: {} }), 'tables: must name at least one table'],
    ['names no column', rules({}), 'tables.public.t.columns: must name at least one column'],
    ['says something else about what is missing', rules({ a: 'email' }, { onMissing: 'ignore' }), 'onMissing: must be'],
    [
      'names a table without its schema',
      JSON.stringify({ version: 1, tables: { t: { columns: { a: 'email' } } } }),
      'tables.t: must be schema.table',
    ],
    [
      'names the state of the masking',
      JSON.stringify({ version: 1, tables: { 'plainform_masking.mark': { columns: { seal: 'redact' } } } }),
      'tables.plainform_masking.mark: must be schema.table',
    ],
    [
      'has a misspelt key in a table',
      JSON.stringify({ version: 1, tables: { 'a.b': { column: {}, columns: { a: 'email' } } } }),
      'tables.a.b.column: unknown; known: onMissing, columns',
    ],
    ['has an unknown kind', rules({ a: 'e-mail' }), 'tables.public.t.columns.a: kind must be one of email, uuid'],
    ['has a kind that JavaScript objects inherit', rules({ a: 'constructor' }), 'kind must be one of'],
    ['has a rule that is a number', rules({ a: 7 }), 'tables.public.t.columns.a: kind must be one of'],
    ['has an option of another kind', rules({ a: { kind: 'email', keep: 1 } }), 'columns.a.keep: unknown; known: '],
    ['keeps too much', rules({ a: { kind: 'pattern', keep: 13 } }), 'columns.a.keep: must match'],
    ['keeps a part of a character', rules({ a: { kind: 'pattern', keep: 1.5 } }), 'columns.a.keep: must match'],
    ['names a part that is none', rules({ a: { kind: 'name', part: 'middle' } }), 'columns.a.part: must match'],
    [
      'has a day that is none',
      rules({ a: { kind: 'date', min: '2024-13-01', max: '2025-01-01' } }),
      'a.min: must match',
    ],
    ['has no upper bound', rules({ a: { kind: 'number', min: 1 } }), 'columns.a: needs min and max'],
    ['has no bounds', rules({ a: 'number' }), 'columns.a: needs min and max'],
    [
      'has bounds the wrong way round',
      rules({ a: { kind: 'number', min: 2, max: 1 } }),
      'columns.a: needs min and max',
    ],
    ['has days the wrong way round', rules({ a: { kind: 'date', min: '2024-01-02', max: '2024-01-01' } }), 'needs min'],
  ])('that %s is refused, with the path of the rule', (_, text, expected) => {
    expect(() => readRuleSet(text)).toThrow(expect.objectContaining({ name: 'RuleSetInvalid' }));
    expect(() => readRuleSet(text)).toThrow(expected);
  });

  test('is refused with all that is wrong at once', () => {
    const text = rules({ a: 'e-mail', b: { kind: 'name', part: 1 } }, { version: 3 });
    expect(() => readRuleSet(text)).toThrow(/version.*\n.*columns\.a.*\n.*columns\.b\.part/);
  });
});

describe('production', () => {
  const good = {
    ENVIRONMENT_TIER: 'staging',
    ENVIRONMENT_NAME: 'staging-2',
    CLUSTER_ARN: 'arn:aws:rds:us-west-2:123456789012:cluster:staging-2-aurora',
    DATABASE_NAME: 'shop',
  };

  test.each([
    {},
    { ENVIRONMENT_TIER: 'development' },
    { ENVIRONMENT_NAME: 'production-like' },
    { ENVIRONMENT_NAME: 'product-team' },
    { DATABASE_NAME: 'reproduction' },
    { CLUSTER_ARN: 'arn:aws:rds:us-west-2:123456789012:cluster:delivery' },
  ])('is not seen in %j', (change) => expect(() => refuseProduction({ ...good, ...change })).not.toThrow());

  test.each([
    { ENVIRONMENT_TIER: 'production' },
    { ENVIRONMENT_TIER: 'Staging' },
    { ENVIRONMENT_TIER: '' },
    { ENVIRONMENT_TIER: undefined },
    { ENVIRONMENT_NAME: 'prod' },
    { ENVIRONMENT_NAME: 'eu-production' },
    { CLUSTER_ARN: 'arn:aws:rds:us-west-2:123456789012:cluster:PROD_aurora' },
    { CLUSTER_ARN: 'arn:aws:rds:us-west-2:123456789012:cluster:live-1' },
    { DATABASE_NAME: 'shop_prd' },
  ])('is refused in %j', (change) => {
    expect(() => refuseProduction({ ...good, ...change })).toThrow(
      expect.objectContaining({ name: 'ProductionRefused' }),
    );
  });
});

describe('the settings', () => {
  const names = ['CLUSTER_ARN', 'DATABASE_SECRET_ARN', 'DATABASE_NAME', 'MASKING_KEY_SECRET_ARN', 'RULE_SET_PARAMETER'];
  const all = Object.fromEntries(names.map((name) => [name, name.toLowerCase()]));

  test.each(names)('name %s when it is missing', (name) => {
    expect(() => readSettings({ ...all, [name]: '' })).toThrow(`${name} is not set`);
  });

  test.each([
    [undefined, 500],
    ['', 500],
    ['100', 100],
    ['0', 500],
    ['-5', 1],
    ['many', 500],
    ['99999', 2000],
  ])('take %s for a batch as %d rows', (BATCH_ROWS, rows) => {
    expect(readSettings({ ...all, BATCH_ROWS }).batchRows).toBe(rows);
  });
});

describe('an error', () => {
  const failed = (name: string, message = '', more = {}) => Object.assign(new Error(message), { name, ...more });
  const sql = (state: string) => failed('DatabaseErrorException', `ERROR: something; SQLState: ${state}`);

  test.each([
    ['retry', 'throttled', failed('ThrottlingException', 'Rate exceeded')],
    ['retry', 'too many requests, by status', failed('Unknown', '', { $metadata: { httpStatusCode: 429 } })],
    ['retry', 'a resuming database', failed('DatabaseResumingException', 'The Aurora DB instance is resuming')],
    [
      'retry',
      'a resuming database of version 1',
      failed('BadRequestException', 'Communications link failure\n\nThe last'),
    ],
    ['retry', 'an unavailable service', failed('ServiceUnavailableError')],
    ['retry', 'an unavailable database', failed('DatabaseUnavailableException')],
    ['retry', 'an error of the service', failed('InternalServerErrorException')],
    ['retry', 'a transaction that has expired', failed('TransactionNotFoundException')],
    [
      'retry',
      'a transaction that has expired, as text',
      failed('BadRequestException', 'Transaction AbC= is not found'),
    ],
    ['retry', 'a connection reset', failed('Error', 'read ECONNRESET', { code: 'ECONNRESET' })],
    ['retry', 'a connection closed', failed('Error', 'socket hang up')],
    ['retry', 'no answer in time', failed('TimeoutError')],
    ['retry', 'serialisation', sql('40001')],
    ['retry', 'a deadlock', sql('40P01')],
    ['retry', 'a lock timeout', sql('55P03')],
    ['retry', 'a server that shuts down', sql('57P01')],
    ['retry', 'a connection lost', sql('08006')],
    ['smaller', 'a statement timeout of the service', failed('StatementTimeoutException')],
    ['smaller', 'a statement timeout of PostgreSQL', sql('57014')],
    [
      'smaller',
      'an answer that is too large',
      failed('BadRequestException', 'Database returned more than the allowed response size limit'),
    ],
    ['smaller', 'a value that is taken', sql('23505')],
    ['none', 'a foreign key', sql('23503')],
    ['none', 'a permission in the database', sql('42501')],
    ['none', 'a permission in AWS', failed('AccessDeniedException', 'not authorized')],
    [
      'none',
      'a data value that reads like a passing failure',
      failed('DatabaseErrorException', 'ERROR: bad (Timeout); SQLState: 22P02'),
    ],
    ['none', 'something else', failed('BadRequestException', 'syntax')],
  ])('asks for %s: %s', (remedy, _, error) => expect(remedyFor(error)).toBe(remedy));

  test('loses the values that PostgreSQL quotes, and keeps codes and constraints', () => {
    const message =
      'ERROR: duplicate key value violates unique constraint "customers_email_key"\n  Detail: Key (email)=(bob@example.com) already exists.; SQLState: 23505';
    const error = withoutValues('ExecuteStatement', failed('DatabaseErrorException', message));
    expect(error.message).toBe(
      'rds-data:ExecuteStatement failed with DatabaseErrorException, SQLState: 23505, constraint "customers_email_key"',
    );
    expect(error.name).toBe('DatabaseErrorException');
    expect(error.cause).toBeUndefined();
  });

  test('loses every text of the database, whatever it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z@.]{6,30}$/), fc.constantFrom('', '; SQLState: 22P02'), (value, end) => {
        fc.pre(!'rds-data:executestatement failed with databaseerrorexception'.includes(value));
        const error = failed('DatabaseErrorException', `ERROR: invalid input "${value}"${end}`);
        expect(withoutValues('ExecuteStatement', error).message).not.toContain(value);
      }),
    );
  });

  test('keeps the text of AWS about a permission', () => {
    const message = 'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: rds-data:ExecuteStatement';
    expect(withoutValues('ExecuteStatement', failed('AccessDeniedException', message)).message).toContain(message);
  });
});

describe('after a batch', () => {
  const before: Progress = {
    ...{ version: 7, run: 2, pass: 1, probe: 0, cursor: ['5'], done: false },
    ...{ seen: 50, masked: 40, waiting: 0, moved: 40 },
  };
  const next = (change: Partial<Progress>, cursor: string[] | null, seen: number, changed: number, waits = false) =>
    nextProgress('public.t', { ...before, ...change }, cursor, seen, changed, waits);

  test('comes the next page', () => {
    expect(next({}, ['9'], 10, 8)).toEqual({ ...before, version: 8, cursor: ['9'], seen: 60, masked: 48, moved: 48 });
  });

  test('comes the end, when no row waits', () => {
    expect(next({}, null, 3, 1)).toMatchObject({ done: true, cursor: null, seen: 53, masked: 41 });
  });

  test('a row that waits is not counted as masked', () => {
    expect(next({}, ['9'], 1, 1, true)).toMatchObject({ done: false, masked: 40, moved: 40, waiting: 1 });
  });

  test('comes another pass for the rows that wait, in which they are not counted as seen again', () => {
    const second = next({ waiting: 2 }, null, 3, 1);
    expect(second).toMatchObject({ done: false, pass: 2, probe: 0, waiting: 0, moved: 0, seen: 53 });
    expect(nextProgress('public.t', second, ['5'], 10, 1, false)).toMatchObject({ seen: 53, masked: 42, moved: 1 });
  });

  test('comes a pass with other values, when a pass has freed nothing', () => {
    expect(next({ pass: 2, waiting: 2, moved: 0 }, null, 3, 0)).toMatchObject({ pass: 3, probe: 1 });
  });

  test('comes an error, when no value is left to try', () => {
    expect(() => next({ pass: 9, probe: 5, waiting: 2, moved: 0 }, null, 3, 0)).toThrow(
      expect.objectContaining({ name: 'NoFreeValue', message: expect.stringContaining('public.t: 2 rows') }),
    );
  });
});

test('the wait before another attempt doubles from 0.2 to 20 seconds, and is random by half', () => {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const most = Math.min(20_000, 100 * 2 ** attempt);
    const waits = Array.from({ length: 200 }, () => backoff(attempt));
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(most / 2 - 1);
      expect(wait).toBeLessThanOrEqual(most);
    }
    expect(new Set(waits).size).toBeGreaterThan(20);
  }
});

test('metrics are in the Embedded Metric Format, with the environment for dimension', () => {
  const written = jest.spyOn(console, 'log').mockImplementation(() => {});
  writeMetrics('staging', 1_700_000_000_000, { RowsMasked: 3, Duration: 20 });
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toEqual({
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Plainform/DataMasking',
          Dimensions: [['Environment']],
          Metrics: [
            { Name: 'RowsMasked', Unit: 'Count' },
            { Name: 'Duration', Unit: 'Milliseconds' },
          ],
        },
      ],
    },
    Environment: 'staging',
    RowsMasked: 3,
    Duration: 20,
  });
  written.mockRestore();
});

describe('the bundle', () => {
  const code = bundleFunction('generator/functions/data-masking/handler.ts');

  test('is the same every time, and names no path of a machine', () => {
    expect(bundleFunction('generator/functions/data-masking/handler.ts')).toBe(code);
    expect(code).not.toContain(process.cwd());
    expect(code).not.toMatch(/\/(home|root|Users|tmp)\//);
  });

  test('leaves room in a template of 51,200 bytes, with eight columns of indentation', () => {
    const inTemplate = code.split('\n').reduce((sum, line) => sum + (line ? 8 : 0) + Buffer.byteLength(line) + 1, 0);
    expect(inTemplate).toBeLessThan(46_000);
  });

  test('is ASCII that a person can read: one statement a line, one remark a module', () => {
    expect(code).toMatch(/^[\n -~]*$/);
    expect(code.match(/^\/\/ [a-z-]+: .+$/gm)).toHaveLength(13);
    const lines = code.split('\n');
    expect(lines.filter((line) => line.length > 200).length).toBeLessThan(5);
  });

  test('asks the runtime for nothing but the AWS SDK and node:crypto', () => {
    const modules = [...code.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    expect([...new Set(modules)].sort()).toEqual([
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-rds-data',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-sns',
      '@aws-sdk/client-ssm',
      'node:crypto',
    ]);
  });

  test('has nothing that CloudFormation would resolve', () => {
    expect(code).not.toContain('{{resolve');
  });
});
