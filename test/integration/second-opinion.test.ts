import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS, stacksOf } from '../../generator/environments.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import type { Opinion } from '../../lib/check/opinions.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';

const cfnLint = fileInProject('.venv/bin/cfn-lint');
const missing = existsSync(cfnLint) ? undefined : 'the official cfn-lint is not installed in .venv';
const judged = missing ? test.skip : test;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-cfn-lint-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`the official cfn-lint has no error and no warning${missing ? ` (skipped: ${missing})` : ''}`, () => {
  /** `params/<project>/shared/<stack>.json`: examples of projects that share infrastructure. */
  const shared = readdirSync(fileInProject('params')).flatMap((environment) => {
    const folder = fileInProject('params', environment, 'shared');
    return (existsSync(folder) ? readdirSync(folder) : []).map((file) => ({
      environment,
      stack: `shared-${file.replace('.json', '')}`,
      template: `templates/shared/${file.replace('.json', '.yaml')}`,
      parameterFile: `params/${environment}/shared/${file}`,
      region: primaryRegion(),
    }));
  });
  judged.each([
    ...ENVIRONMENTS.flatMap((environment) =>
      stacksOf(environment).map(({ stack, template, parameterFile, region }) => ({
        environment,
        stack,
        template,
        parameterFile,
        region,
      })),
    ),
    ...shared,
  ])(
    'on $stack with the parameters of $environment',
    ({ environment, stack, template, parameterFile, region }) => {
      const { values } = readParameterFile(fileInProject(parameterFile));
      const file = join(folder, `${environment}-${stack}.json`);
      const { Parameters = {} } = readTemplate(fileInProject(template)).template;
      const list = Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
      // It takes the name of an SSM parameter for its value: such a template is judged as it stands.
      const named = Object.values(Parameters).some(({ Type }) => Type.startsWith('AWS::SSM::Parameter::Value<'));
      writeFileSync(file, JSON.stringify(list));
      const { stdout, stderr, status } = spawnSync(
        cfnLint,
        ['--regions', region, ...(named ? [] : ['--parameter-files', file]), '--', fileInProject(template)],
        { encoding: 'utf8' },
      );
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    },
    60_000,
  );
});

describe('plainform check --opinions', () => {
  const good = 'Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}}\n';
  // Right for us; the official cfn-lint calls the Fn::Sub needless.
  const disputed =
    'Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub plain, SqsManagedSseEnabled: true}}}\n';

  function check(text: string, env: Record<string, string> = {}) {
    const file = join(folder, 'asked.yaml');
    writeFileSync(file, text);
    const { status, stdout } = spawnSync(
      process.execPath,
      [fileInProject('bin/plainform.js'), 'check', file, '--opinions', '--json'],
      { encoding: 'utf8', env: { ...process.env, ...env }, cwd: folder },
    );
    const { opinions } = JSON.parse(stdout) as { opinions: Opinion[] };
    return { status, file, official: opinions[0]!, npm: opinions[1]! };
  }

  judged(
    'adds what the official cfn-lint says, with its rule and line',
    () => {
      const { status, file, official } = check(disputed);
      expect(official).toEqual({
        tool: expect.stringMatching(/^cfn-lint \d/),
        counts: true,
        files: [file],
        remarks: [expect.objectContaining({ file, rule: 'W1020', severity: 'warning', line: 1 })],
        unheard: [],
      });
      expect(status).toBe(0);
    },
    120_000,
  );

  test("says of npm's cfn-lint what it judged, or why it did not", () => {
    const { file, npm } = check(good);
    expect(npm.tool).toMatch(/^npm cfn-lint \d+\.\d+\.\d+$/);
    expect(npm).toMatchObject(
      npm.files.length === 1
        ? { files: [file], counts: false, unheard: [] }
        : { files: [], remarks: [], unheard: [{ reason: expect.stringContaining('npx cannot fetch it') }] },
    );
  }, 120_000);

  test('a tool that cannot be had is said, and is no pass', () => {
    const { npm } = check(good, { PATH: folder });
    expect(npm).toMatchObject({ files: [], remarks: [], unheard: [{ reason: expect.stringContaining('npx') }] });
  }, 120_000);

  test('without the option nobody is asked', () => {
    const file = join(folder, 'asked.yaml');
    writeFileSync(file, good);
    const words = [fileInProject('bin/plainform.js'), 'check', file, '--json'];
    const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(JSON.parse(stdout)).not.toHaveProperty('opinions');
  });
});
