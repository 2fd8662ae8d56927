import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-cli-'));
  writeFileSync(join(folder, 'broken.yaml'), 'Resources: [\n');
  writeFileSync(join(folder, 'empty.yaml'), '');
  writeFileSync(
    join(folder, 'good.yaml'),
    'Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}}\n',
  );
  writeFileSync(
    join(folder, 'conditional.yaml'),
    `
Parameters: {Env: {Type: String, AllowedValues: [dev, prod], Default: prod}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBInstanceClass: db.m5.large, Engine: postgres, StorageEncrypted: !If [IsProd, true, false]}
`,
  );
  writeFileSync(join(folder, 'dev.json'), '["Env=dev"]');
  writeFileSync(join(folder, 'misspelt.yaml'), 'Resources: {Queue: {Type: AWS::SQS::Queu}}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plainform(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr, all: stdout + stderr };
}

describe('exit code and message', () => {
  test.each([
    [0, 'no findings', ['check', 'good.yaml']],
    [0, 'Examples:', ['check', '--help']],
    [1, 'did you mean AWS::SQS::Queue?', ['check', 'misspelt.yaml']],
    [1, 'broken.yaml:2:1 error CFN102', ['check', 'broken.yaml']],
    [1, 'empty.yaml', ['check', 'empty.yaml', 'good.yaml']],
    [1, 'RDS.3: Database: Instance storage encrypted', ['check', 'conditional.yaml']],
    [1, 'when  Env=dev', ['check', 'conditional.yaml']],
    [1, 'proven, 1 fails', ['check', 'conditional.yaml']],
    [1, '"verdict": "fails"', ['check', 'conditional.yaml', '--json']],
    [1, '<testsuites name="plainform">', ['check', 'conditional.yaml', '--format', 'junit']],
    [1, '"ruleId": "RDS.3"', ['check', 'conditional.yaml', '--format', 'sarif']],
    [0, 'no findings', ['check', 'conditional.yaml', '--no-controls']],
    [1, 'over every deployment:', ['check', 'conditional.yaml', '--params', 'dev.json']],
    [1, 'RDS.3', ['check', 'conditional.yaml', '--framework', 'nist80053']],
    [1, 'soc2 CC7.4; pci 10.3.3', ['check', 'conditional.yaml', '--framework', 'soc2,pci']],
    [2, 'did you mean gdpr?', ['check', 'conditional.yaml', '--framework', 'gdp']],
    [2, 'did you mean sarif?', ['check', 'good.yaml', '--format', 'sarf']],
    [2, 'no parameter file given by --params fits', ['check', 'good.yaml', '--params', 'dev.json']],
    [2, 'it does not exist', ['check', 'missing.yaml']],
    [2, 'missing required argument', ['check']],
    [2, 'Did you mean check?', ['chek']],
    [2, 'did you mean staging?', ['deploy', '--environment', 'stagin']],
    [2, 'neither emulator nor aws', ['deploy', '--target', 'azure']],
    [2, 'nothing was deleted', ['destroy', '--environment', 'staging']],
    [3, 'is the emulator running?', ['verify', '--endpoint', 'http://127.0.0.1:1']],
    [0, 'no findings', ['params']],
  ])('%i: %s', (status, message, words) => {
    const result = plainform(...words);
    expect(result).toMatchObject({ status });
    expect(result.all).toContain(message);
    expect(result.all).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

test('one broken file does not hide the others', () => {
  const { stdout } = plainform('check', 'broken.yaml', 'misspelt.yaml', 'good.yaml');
  expect(stdout).toContain('CFN102');
  expect(stdout).toContain('CFN301');
  expect(stdout).toContain('3 templates');
});

test('--json is JSON alone, in the shape that scripts depend on', () => {
  const { stdout } = plainform('check', 'misspelt.yaml', '--json');
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    templates: [
      expect.objectContaining({
        file: 'misspelt.yaml',
        resources: 1,
        conditions: 0,
        scenarios: { total: 1, reachable: 1 },
        controls: [],
        findings: [
          expect.objectContaining({
            code: 'CFN301',
            severity: 'error',
            path: 'Resources.Queue.Type',
            line: 1,
            column: 21,
          }),
        ],
      }),
    ],
  });
});
