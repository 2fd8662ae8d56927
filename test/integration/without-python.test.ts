import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';

/** The project as it is where no Python environment could be made. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-without-python-'));
  for (const name of ['AWS_REGION', 'package.json', 'bin', 'dist', 'templates', 'params', 'docs', 'plainform.yaml'])
    cpSync(fileInProject(name), join(folder, name), { recursive: true });
  for (const name of ['lib', 'node_modules']) symlinkSync(fileInProject(name), join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plainform(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin/plainform.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', PATH: '/nowhere' },
  });
  return { status, all: stdout + stderr };
}

test('the main job goes on with stand-ins, and says what it left out', () => {
  const { status, all } = plainform('start');
  expect({ status, all }).toEqual({ status: 0, all: expect.stringContaining('staging: nothing was deployed') });
  expect(all).toMatch(/left out +deployment, verification and drift, because the Python environment/);
  expect(all).toMatch(/outputs +47 stand-ins/);
  const report = readFileSync(join(folder, 'reports/staging/report.md'), 'utf8');
  expect(report).toContain('| VpcId | `vpc-');
  expect(existsSync(join(folder, 'cfn-outputs/flat-outputs.json'))).toBe(false);
}, 60_000);

test('what needs the emulator says so, with exit code 3', () => {
  const { status, all } = plainform('deploy');
  expect({ status, all }).toEqual({ status: 3, all: expect.stringContaining('node scripts/setup.mjs') });
});

const asRoot = process.getuid?.() === 0;
(asRoot ? test.skip : test)(
  `a folder that cannot be written is told, and nothing is lost${asRoot ? ' (skipped: root may write everywhere)' : ''}`,
  () => {
    const templates = join(folder, 'templates');
    const before = readFileSync(join(templates, 'staging.yaml'), 'utf8');
    cpSync(join(templates, 'staging-replica.yaml'), join(templates, 'staging.yaml'));
    chmodSync(templates, 0o500);
    const { status, all } = plainform('generate');
    chmodSync(templates, 0o700);
    expect({ status, all }).toEqual({ status: 2, all: expect.stringContaining('cannot write') });
    expect(before.length).toBeGreaterThan(0);
  },
);

test('a file where a folder should be is told, and nothing is half-written', () => {
  rmSync(join(folder, 'cfn-outputs'), { recursive: true, force: true });
  cpSync(join(folder, 'AWS_REGION'), join(folder, 'cfn-outputs'));
  const { status, all } = plainform('outputs', '--mock');
  expect({ status, all }).toEqual({
    status: 2,
    all: expect.stringMatching(/CFN711: cannot write .*mock-outputs\.json/),
  });
  expect(readFileSync(join(folder, 'cfn-outputs'), 'utf8')).toBe(readFileSync(join(folder, 'AWS_REGION'), 'utf8'));
});
