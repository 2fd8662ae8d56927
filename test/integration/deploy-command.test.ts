import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';
import {
  changeOf,
  changeSetOf,
  NO_STACK,
  type Stub,
  stackOf,
  stubCloudFormation,
} from '../support/cloudformation-stub.ts';

/** The command, as a process, against a CloudFormation that answers what a test says. */
let folder: string;
let stub: Stub | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-deploy-'));
  writeFileSync(join(folder, 'stack.yaml'), 'Resources: {Queue: {Type: AWS::SQS::Queue}}\n');
  writeFileSync(join(folder, 'wrong.yaml'), 'Resources: {Queue: {Type: AWS::SQS::Queu}}\n');
  writeFileSync(
    join(folder, 'large.yaml'),
    `Resources: {Queue: {Type: AWS::SQS::Queue}}\n${'# filler\n'.repeat(6000)}`,
  );
  writeFileSync(join(folder, 'unknown.json'), '["Nam=orders"]');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await stub?.stop();
  stub = undefined;
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; out: string }>;
  /** Resolves when the text has been printed. */
  printed(text: string): Promise<void>;
}

function start(...words: string[]): Run {
  const child = spawn(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
  let out = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk) => {
      out += chunk;
      for (const listener of listeners) listener();
    });
  return {
    child,
    ended: once(child, 'close').then(([status]) => ({ status, out })),
    printed: (text) =>
      new Promise((resolve) => {
        const look = () => out.includes(text) && resolve();
        listeners.add(look);
        look();
      }),
  };
}

const own = (endpoint: string, ...more: string[]) => [
  ...['--template', 'stack.yaml', '--stack-name', 'orders', '--region', 'us-west-2', '--endpoint', endpoint],
  ...more,
];

async function run(command: string, ...words: string[]) {
  const result = await start(command, ...words).ended;
  expect(result.out).not.toMatch(/^\s+at .*:\d+:\d+/m);
  return result;
}

const CREATED = {
  DescribeStacks: (_: URLSearchParams, before: number) => (before === 0 ? NO_STACK : stackOf('CREATE_COMPLETE')),
  CreateChangeSet: '<Id>arn:aws:cloudformation:us-west-2:111122223333:changeSet/a/1</Id>',
  DescribeChangeSet: changeSetOf(changeOf('Add', 'Queue', 'AWS::SQS::Queue')),
  DescribeStackEvents: '<StackEvents></StackEvents>',
};

test('one template is deployed: its change set is shown, executed, and its tags are sent', async () => {
  let tags = '';
  stub = await stubCloudFormation({
    ...CREATED,
    CreateChangeSet: (parameters) => {
      tags = `${parameters.get('Tags.member.1.Key')}=${parameters.get('Tags.member.1.Value')}`;
      return CREATED.CreateChangeSet;
    },
  });
  const { status, out } = await run('deploy', ...own(stub.endpoint, '--tags', 'Owner=platform'));
  expect(status).toBe(0);
  expect(out).toContain('orders (us-west-2): 1 to add');
  expect(out).toMatch(/\+ {2}add +Queue +AWS::SQS::Queue/);
  expect(stub.calls).toContain('ExecuteChangeSet');
  expect(tags).toBe('Owner=platform');
});

describe('data that a change would take along', () => {
  const replacing = (policy: string) => ({
    ...CREATED,
    DescribeStacks: stackOf('UPDATE_COMPLETE'),
    DescribeChangeSet: changeSetOf(
      changeOf('Add', 'Queue', 'AWS::SQS::Queue') +
        changeOf('Modify', 'Table', 'AWS::DynamoDB::Table', { replacement: 'True', policy, because: 'TableName' }),
    ),
  });

  test('is shown first in the table, and refused: the change set is discarded', async () => {
    stub = await stubCloudFormation(replacing('ReplaceAndDelete'));
    const { status, out } = await run('deploy', ...own(stub.endpoint));
    expect(status).toBe(1);
    expect(out).toMatch(/!\s+replace\s+Table\s+AWS::DynamoDB::Table\s+TableName DATA IS LOST\n.*\+\s+add\s+Queue/);
    expect(out).toContain('CFN611: orders: the data of Table would be lost; nothing was changed');
    expect(stub.calls).toContain('DeleteChangeSet');
    expect(stub.calls).not.toContain('ExecuteChangeSet');
  });

  test('goes where that is said', async () => {
    stub = await stubCloudFormation(replacing('ReplaceAndDelete'));
    expect((await run('deploy', ...own(stub.endpoint, '--allow-data-loss'))).status).toBe(0);
    expect(stub.calls).toContain('ExecuteChangeSet');
  });

  test('is no matter where a policy keeps it', async () => {
    stub = await stubCloudFormation(replacing('ReplaceAndRetain'));
    const { status, out } = await run('deploy', ...own(stub.endpoint));
    expect(status).toBe(0);
    expect(out).not.toContain('DATA IS LOST');
  });

  test('a dry run shows it and changes nothing', async () => {
    stub = await stubCloudFormation(replacing('ReplaceAndDelete'));
    const { status, out } = await run('deploy', ...own(stub.endpoint, '--dry-run'));
    expect(status).toBe(0);
    expect(out).toContain('1 to replace, 1 to add');
    expect(stub.calls).toContain('DeleteChangeSet');
    expect(stub.calls).not.toContain('ExecuteChangeSet');
  });
});

describe('Ctrl-C', () => {
  test('while the stack is made: what is under way, how to go on, exit code 130', async () => {
    stub = await stubCloudFormation({
      ...CREATED,
      DescribeStacks: (_, before) => (before === 0 ? NO_STACK : stackOf('CREATE_IN_PROGRESS')),
      DescribeStackEvents: (_, before) =>
        before === 0
          ? '<StackEvents></StackEvents>'
          : '<StackEvents><member><StackId>1</StackId><EventId>e</EventId><StackName>orders</StackName><Timestamp>2026-11-21T00:00:00Z</Timestamp><LogicalResourceId>Queue</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType><ResourceStatus>CREATE_FAILED</ResourceStatus></member></StackEvents>',
    });
    const { child, ended, printed } = start('deploy', ...own(stub.endpoint));
    await printed('CREATE_FAILED');
    child.kill('SIGINT');
    const { status, out } = await ended;
    expect(status).toBe(130);
    expect(out).toContain('CFN610: stopped: stack orders in us-west-2 is CREATE_IN_PROGRESS, and goes on without us');
  });

  test('while the change set is made: it is discarded', async () => {
    stub = await stubCloudFormation({ ...CREATED, DescribeChangeSet: changeSetOf('', 'CREATE_PENDING') });
    const { child, ended } = start('deploy', ...own(stub.endpoint));
    while (!stub.calls.includes('DescribeChangeSet')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGTERM');
    const { status, out } = await ended;
    expect(status).toBe(130);
    expect(out).toContain('nothing was changed there');
    expect(stub.calls.at(-1)).toBe('DeleteChangeSet');
  });

  test('twice: at once', async () => {
    stub = await stubCloudFormation({
      ...CREATED,
      DescribeChangeSet: changeSetOf('', 'CREATE_PENDING'),
      DeleteChangeSet: { code: 'Throttling', message: 'Rate exceeded' },
    });
    const { child, ended, printed } = start('deploy', ...own(stub.endpoint));
    while (!stub.calls.includes('DescribeChangeSet')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    await printed('press Ctrl-C again');
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
  });
});

describe('a stack in a state in which nothing can be changed', () => {
  test.each([
    ['ROLLBACK_COMPLETE', 'its first creation failed: delete it'],
    ['ROLLBACK_FAILED', 'delete it, retaining what cannot be deleted'],
    ['DELETE_FAILED', 'look at its events'],
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
    ['UPDATE_IN_PROGRESS', 'wait until the operation'],
    ['DELETE_IN_PROGRESS', 'wait until the operation'],
  ])('%s: %s', async (state, fix) => {
    stub = await stubCloudFormation({ ...CREATED, DescribeStacks: stackOf(state) });
    const { status, out } = await run('deploy', ...own(stub.endpoint));
    expect(status).toBe(1);
    expect(out).toContain(`CFN605: stack orders in us-west-2 is ${state}`);
    expect(out).toContain(fix);
    expect(stub.calls).toEqual(['DescribeStacks']);
  });

  test('REVIEW_IN_PROGRESS, which an interrupted first deployment leaves, is gone on with', async () => {
    stub = await stubCloudFormation({
      ...CREATED,
      DescribeStacks: (_, before) => stackOf(before === 0 ? 'REVIEW_IN_PROGRESS' : 'CREATE_COMPLETE'),
    });
    expect((await run('deploy', ...own(stub.endpoint))).status).toBe(0);
  });
});

describe('AWS refuses', () => {
  test.each([
    [3, 'AccessDenied', 'CFN603', 'grant the permission it names'],
    [3, 'ExpiredToken', 'CFN602', 'is the emulator running?'],
    [3, 'InvalidClientTokenId', 'CFN602', 'did not get through'],
    [1, 'ValidationError', 'CFN604', 'DescribeStacks in us-west-2'],
  ])('%i: %s', async (exitCode, code, finding, words) => {
    stub = await stubCloudFormation({ ...CREATED, DescribeStacks: { code, message: 'no', status: 403 } });
    const { status, out } = await run('deploy', ...own(stub.endpoint));
    expect({ status, out }).toEqual({ status: exitCode, out: expect.stringContaining(finding) });
    expect(out).toContain(words);
  });

  test('a call too many is made again', async () => {
    stub = await stubCloudFormation({
      ...CREATED,
      CreateChangeSet: (_, before) =>
        before === 0 ? { code: 'Throttling', message: 'Rate exceeded' } : CREATED.CreateChangeSet,
    });
    expect((await run('deploy', ...own(stub.endpoint))).status).toBe(0);
    expect(stub.calls.filter((call) => call === 'CreateChangeSet')).toHaveLength(2);
  });
});

describe('input that is wrong is told before anything is called', () => {
  test.each([
    [2, 'CFN705', ['--stack-name', 'orders']],
    [2, 'CFN705', ['--template', 'stack.yaml']],
    [2, 'CFN706', ['--template', 'stack.yaml', '--stack-name', 'orders', '--region', 'Oregon']],
    [2, 'CFN707', ['--template', 'stack.yaml', '--stack-name', 'orders', '--tags', 'Owner']],
    [2, 'CFN101', ['--template', 'missing.yaml', '--stack-name', 'orders']],
    [2, 'CFN612', ['--template', 'large.yaml', '--stack-name', 'orders']],
    [2, 'unknown.json', ['--template', 'stack.yaml', '--stack-name', 'orders', '--parameters', 'unknown.json']],
    [1, 'did you mean AWS::SQS::Queue?', ['--template', 'wrong.yaml', '--stack-name', 'orders']],
  ])('%i: %s', async (exitCode, message, words) => {
    stub = await stubCloudFormation({});
    const { status, out } = await run('deploy', ...words, '--endpoint', stub.endpoint);
    expect({ status, out }).toEqual({ status: exitCode, out: expect.stringContaining(message) });
    expect(stub.calls).toEqual([]);
  });
});

describe('destroy', () => {
  const gone = {
    DescribeStacks: (_: URLSearchParams, before: number) =>
      stackOf(before === 0 ? 'CREATE_COMPLETE' : 'DELETE_COMPLETE'),
  };

  test('one stack by its name, said twice', async () => {
    stub = await stubCloudFormation(gone);
    const refused = await run('destroy', '--stack-name', 'orders', '--endpoint', stub.endpoint);
    expect(refused).toEqual({ status: 2, out: expect.stringContaining('repeat the name: --yes orders') });
    expect(stub.calls).toEqual([]);
    const { status, out } = await run(
      'destroy',
      '--stack-name',
      'orders',
      '--yes',
      'orders',
      '--endpoint',
      stub.endpoint,
    );
    expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining('1 stacks deleted') });
  });

  test.each([
    [
      'termination protection is on',
      { DescribeStacks: stackOf('CREATE_COMPLETE', '<EnableTerminationProtection>true</EnableTerminationProtection>') },
    ],
    [
      'billing import from it',
      {
        DescribeStacks: stackOf(
          'CREATE_COMPLETE',
          '<Outputs><member><OutputKey>A</OutputKey><OutputValue>b</OutputValue><ExportName>orders-a</ExportName></member></Outputs>',
        ),
        ListImports: '<Imports><member>billing</member></Imports>',
      },
    ],
    [
      'it ended as DELETE_FAILED',
      {
        DescribeStacks: (_: URLSearchParams, before: number) =>
          stackOf(before === 0 ? 'CREATE_COMPLETE' : 'DELETE_FAILED'),
        DescribeStackEvents: '<StackEvents></StackEvents>',
      },
    ],
  ])('%s: nothing is lost, exit code 1', async (message, answers) => {
    stub = await stubCloudFormation(answers);
    const { status, out } = await run(
      'destroy',
      '--stack-name',
      'orders',
      '--yes',
      'orders',
      '--endpoint',
      stub.endpoint,
    );
    expect({ status, out }).toEqual({ status: 1, out: expect.stringContaining(message) });
  });
});
