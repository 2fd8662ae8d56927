import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';

const TEMPLATE = `Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: prod}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: !If [IsProd, Enabled, Suspended]}
  Key:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub "arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root"}, Action: "kms:*", Resource: "*"}
`;
const GOOD = 'Resources:\n  Group: {Type: AWS::IAM::Group}\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-audit-'));
  writeFileSync(join(folder, 'a.yaml'), TEMPLATE);
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  writeFileSync(join(folder, 'broken.yaml'), 'Resources: [\n');
  writeFileSync(join(folder, 'wrong.yaml'), 'Resource: {}\n');
  mkdirSync(join(folder, 'own'));
  writeFileSync(join(folder, 'own', 'note.txt'), 'mine');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plainform(cwd: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr, all: stdout + stderr };
}

function digestOf(bundle: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(bundle, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort())
    hash.update(entry.slice(bundle.length)).update(readFileSync(entry));
  return hash.digest('hex');
}

describe('exit code and message', () => {
  test.each([
    [0, 'open       out/index.html', ['audit', 'good.yaml', '--out', 'out']],
    [1, 'never', ['audit', 'a.yaml', 'good.yaml', '--out', 'out']],
    [1, '"page": "out/index.html"', ['audit', 'a.yaml', '--out', 'out/', '--json']],
    [0, 'Examples:', ['audit', '--help']],
    [2, 'broken.yaml:2:1 error CFN102', ['audit', 'broken.yaml', 'wrong.yaml', '--out', 'out']],
    [2, 'wrong.yaml:1:1 error', ['audit', 'broken.yaml', 'wrong.yaml', '--out', 'out']],
    [2, 'nothing.yaml: it does not exist', ['audit', 'nothing.yaml', '--out', 'out']],
    [2, 'own has other files in it', ['audit', 'good.yaml', '--out', 'own']],
    [2, 'a.yaml is no folder', ['audit', 'good.yaml', '--out', 'a.yaml']],
    [2, 'cannot write a.yaml/out', ['audit', 'good.yaml', '--out', 'a.yaml/out']],
    [2, 'give --out FOLDER, or --verify FOLDER', ['audit', 'good.yaml']],
    [2, 'did you mean soc2?', ['audit', 'good.yaml', '--out', 'out', '--framework', 'soc']],
    [2, '"2026-02-30" is no day', ['audit', 'good.yaml', '--out', 'out', '--date', '2026-02-30']],
    [2, 'did you mean staging?', ['audit', '--environment', 'stagin', '--out', 'out']],
    [2, 'own is no evidence bundle', ['audit', '--verify', 'own']],
    [2, 'nowhere does not exist', ['audit', '--verify', 'nowhere']],
    [2, 'give one template and --stack NAME', ['audit', 'a.yaml', 'good.yaml', '--stack', 'x', '--out', 'out']],
    [2, 'give one template and --stack NAME', ['audit', '--stack', 'x', '--out', 'out']],
  ])('%d and "%s": plainform %j', (status, said, words) => {
    const ran = plainform(folder, ...words);
    expect(ran.all).toContain(said);
    expect(ran.status).toBe(status);
    expect(ran.all).not.toMatch(/\n\s+at /);
    expect(existsSync(join(folder, 'out'))).toBe(status < 2 && said !== 'Examples:');
    expect(readFileSync(join(folder, 'own', 'note.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('the same bytes from two folders, whichever the working directory', () => {
    const other = join(folder, 'elsewhere', 'deep');
    mkdirSync(other, { recursive: true });
    cpSync(join(folder, 'a.yaml'), join(other, 'a.yaml'));
    plainform(folder, 'audit', 'a.yaml', '--out', 'one');
    plainform(other, 'audit', 'a.yaml', '--out', 'two');
    plainform('/', 'audit', join(folder, 'a.yaml'), '--out', join(folder, 'three'));
    const [one, two, three] = [join(folder, 'one'), join(other, 'two'), join(folder, 'three')].map(digestOf);
    expect(two).toBe(one);
    expect(three).toBe(one);
  });

  test('a folder is its templates, by their paths in it', () => {
    mkdirSync(join(folder, 'some', 'deep'), { recursive: true });
    cpSync(join(folder, 'a.yaml'), join(folder, 'some', 'a.yaml'));
    cpSync(join(folder, 'good.yaml'), join(folder, 'some', 'deep', 'good.yaml'));
    plainform(folder, 'audit', 'some', '--out', 'out');
    const { inputs } = JSON.parse(readFileSync(join(folder, 'out', 'evidence.json'), 'utf8'));
    expect(inputs.templates).toEqual(['a.yaml', 'deep/good.yaml']);
    expect(plainform(folder, 'audit', '--verify', 'out', 'some')).toMatchObject({ status: 0 });
    expect(plainform(folder, 'audit', 'own', '--out', 'none')).toMatchObject({
      status: 2,
      all: expect.stringContaining('CFN703'),
    });
  });

  test('a bundle is verified, against templates and against the digest that was printed', () => {
    const { digest } = JSON.parse(plainform(folder, 'audit', 'a.yaml', '--out', 'out', '--json').stdout);
    expect(plainform(folder, 'audit', '--verify', 'out', 'a.yaml', '--digest', digest)).toMatchObject({ status: 0 });
    expect(plainform(folder, 'audit', '--verify', 'out', '--digest', '00')).toMatchObject({ status: 1 });
    writeFileSync(join(folder, 'a.yaml'), `${TEMPLATE}\n`);
    const changed = plainform(folder, 'audit', '--verify', 'out', 'a.yaml');
    expect(changed.status).toBe(1);
    expect(changed.all).toContain('CFN743');
    expect(JSON.parse(plainform(folder, 'audit', '--verify', 'out', '--json').stdout)).toMatchObject({
      version: 1,
      findings: [],
      digest,
      templates: ['a.yaml'],
    });
  });

  test('waivers of plainform.yaml count, and lie in the bundle', () => {
    writeFileSync(
      join(folder, 'plainform.yaml'),
      'waivers:\n  - {template: a.yaml, resource: Bucket, control: S3.14, reason: A test., owner: me, expires: 2030-01-01}\n',
    );
    plainform(folder, 'audit', 'a.yaml', '--out', 'out');
    const { inputs, controls } = JSON.parse(readFileSync(join(folder, 'out', 'evidence.json'), 'utf8'));
    expect(inputs.waivers).toMatchObject([{ template: 'a.yaml', control: 'S3.14', owner: 'me' }]);
    const fact = controls.find(({ id }: { id: string }) => id === 'S3.14').facts[0];
    expect(fact).toMatchObject({ verdict: 'waived', counterexample: { Env: 'dev' } });
    rmSync(join(folder, 'plainform.yaml'));
    expect(plainform('/', 'audit', '--verify', join(folder, 'out'))).toMatchObject({ status: 0 });
  });
});

const missing = emulatorMissing();

(missing ? describe.skip : describe)(`with a deployed stack${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  }, 60_000);
  afterAll(() => emulator?.stop());

  test('what is live stands beside the verdict, and differs where somebody changed it', () => {
    const at = ['--endpoint', emulator.endpoint, '--region', 'us-west-2'];
    const stack = ['--template', 'a.yaml', '--stack-name', 'orders', ...at];
    expect(plainform(folder, 'deploy', ...stack, '--force')).toMatchObject({ status: 0 });
    plainform(folder, 'audit', 'a.yaml', '--stack', 'orders', ...at, '--out', 'out');
    const factOf = (control: string) => {
      const { controls } = JSON.parse(readFileSync(join(folder, 'out', 'evidence.json'), 'utf8'));
      return controls.find(({ id }: { id: string }) => id === control).facts[0];
    };
    expect(factOf('KMS.4')).toMatchObject({
      verdict: 'proven',
      live: { state: 'matches', message: 'EnableKeyRotation: as the template says' },
    });
    const page = readFileSync(join(folder, 'out', 'index.html'), 'utf8');
    expect(page).toContain('As deployed: orders in us-west-2');
    expect(page).toContain('engine check and not AWS');
    expect(plainform(folder, 'audit', '--verify', 'out')).toMatchObject({ status: 0 });

    writeFileSync(join(folder, 'a.yaml'), TEMPLATE.replace('EnableKeyRotation: true', 'EnableKeyRotation: false'));
    plainform(folder, 'audit', 'a.yaml', '--stack', 'orders', ...at, '--out', 'out');
    expect(factOf('KMS.4')).toMatchObject({ verdict: 'never', live: { state: 'differs' } });
  }, 120_000);

  test('a stack that is not there is an error, and writes nothing', () => {
    const ran = plainform(
      folder,
      'audit',
      'a.yaml',
      '--stack',
      'nobody',
      '--endpoint',
      emulator.endpoint,
      '--out',
      'out',
    );
    expect(ran.status).toBeGreaterThan(1);
    expect(ran.all).toContain('nobody');
    expect(existsSync(join(folder, 'out'))).toBe(false);
  }, 60_000);
});
