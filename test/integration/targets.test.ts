import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deployStacks } from '../../generator/commands/deploy.ts';
import { chosenStacks } from '../../generator/commands/target.ts';
import { ENVIRONMENTS } from '../../generator/environments.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { silent } from '../support/deploying.ts';
import { type RecordingProxy, startRecordingProxy } from '../support/recording-proxy.ts';

/** The tests of an environment, run as a person runs them who sets PLAINFORM_TARGET. */

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-targets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  passed: string[];
  failed: string[];
  skipped: string[];
  /** What the tests that failed say, and a file that could not be run. */
  said: string;
}

interface Suite {
  message: string;
  assertionResults: { title: string; status: string; failureMessages: string[] }[];
}

async function environmentTests(env: Record<string, string>): Promise<Run> {
  const results = join(folder, 'results.json');
  rmSync(results, { force: true });
  const words = ['--selectProjects', 'integration', '--runInBand', '--json', `--outputFile=${results}`];
  const { PLAINFORM_TARGET: _, PLAINFORM_ENVIRONMENT: __, ...own } = process.env;
  const child = spawn(
    process.execPath,
    [fileInProject('node_modules/jest/bin/jest.js'), ...words, 'test/integration/environment.test.ts'],
    { cwd: fileInProject('.'), env: { ...own, ...env }, stdio: 'ignore' },
  );
  await new Promise((resolve) => child.once('exit', resolve));
  const [suite] = (JSON.parse(readFileSync(results, 'utf8')) as { testResults: Suite[] }).testResults;
  const { message, assertionResults } = suite!;
  const ofStatus = (status: string) =>
    assertionResults.filter((result) => result.status === status).map(({ title }) => title);
  return {
    passed: ofStatus('passed'),
    failed: ofStatus('failed'),
    skipped: ofStatus('pending'),
    said: [message, ...assertionResults.flatMap(({ failureMessages }) => failureMessages)].join('\n'),
  };
}

describe('PLAINFORM_TARGET=mock', () => {
  test.each(ENVIRONMENTS)(
    'judges the outputs of %s, and names the reason of each test that it leaves out',
    async (environment) => {
      const env = {
        PLAINFORM_TARGET: 'mock',
        PLAINFORM_ENVIRONMENT: environment,
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      };
      const { passed, failed, skipped } = await environmentTests(env);
      expect(failed).toEqual([]);
      expect(passed.filter((title) => title.endsWith('[mock]')).length).toBeGreaterThanOrEqual(6);
      expect(skipped.length).toBeGreaterThanOrEqual(12);
      for (const title of skipped)
        expect(title).toMatch(/\(needs (live resources|emulator); skipped: nothing is deployed: \S/);
    },
    60_000,
  );
});

test.each([
  ['a target that is none', { PLAINFORM_TARGET: 'amazon' }, /PLAINFORM_TARGET=amazon is none of aws, emulator, mock/],
  ['an environment that is none', { PLAINFORM_ENVIRONMENT: 'stagin' }, /no environment "stagin"; did you mean staging/],
])(
  '%s is told, and nothing is tested in its place',
  async (_what, env, sentence) => {
    const { passed, said } = await environmentTests(env);
    expect(passed).toEqual([]);
    expect(said).toMatch(sentence);
  },
  60_000,
);

/** An emulator stands in for AWS here: reached, as AWS would be, by what the SDK finds in the environment alone. */
describe(`PLAINFORM_TARGET=aws${why}`, () => {
  let emulator: Emulator;
  let proxy: RecordingProxy;
  beforeAll(async () => {
    if (missing) return;
    emulator = await startEmulator();
    proxy = await startRecordingProxy(emulator.endpoint);
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await emulator?.stop();
  });

  const env = () => ({
    PLAINFORM_TARGET: 'aws',
    AWS_ENDPOINT_URL: proxy.endpoint,
    AWS_ACCESS_KEY_ID: '123456789012',
    AWS_SECRET_ACCESS_KEY: 'emulator',
  });

  /** REST has no names for operations; what it reads is read with GET or HEAD. */
  const writes = () => proxy.calls.filter((operation) => !/^(Describe|Get|List|GET \/|HEAD \/)/.test(operation));

  scenario(
    'where the stacks are not there, they are named, and none is made',
    async () => {
      const { passed, failed, said } = await environmentTests(env());
      expect(failed.length).toBeGreaterThanOrEqual(18);
      expect(passed.filter((title) => title.endsWith('[aws]'))).toEqual([]);
      expect(said).toMatch(/there is no stack staging-\w+ in [a-z]+-[a-z]+-\d: deploy staging first/);
      expect([...new Set(proxy.calls)]).toEqual(['DescribeStacks']);
    },
    60_000,
  );

  scenario(
    'reads the outputs and the live resources of stacks that stand there, and writes nothing',
    async () => {
      await deployStacks(chosenStacks({ environment: 'staging' }), {}, emulator.endpoint, silent);
      const before = proxy.calls.length;
      const { passed, failed, skipped, said } = await environmentTests(env());
      expect({ failed, said }).toEqual({ failed: [], said: '' });
      expect(passed.filter((title) => title.endsWith('[aws]')).length).toBeGreaterThanOrEqual(18);
      for (const title of skipped) expect(title).toContain('it changes stacks, which no test does on AWS');
      expect(proxy.calls.length - before).toBeGreaterThan(25);
      expect(writes()).toEqual([]);
    },
    120_000,
  );
});
