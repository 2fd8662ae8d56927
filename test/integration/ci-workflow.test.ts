import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { fileInProject } from '../../lib/project.ts';

interface Step {
  id?: string;
  name?: string;
  uses?: string;
  if?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
  run?: string;
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: unknown;
  env: Record<string, string>;
  jobs: Record<string, { permissions: Record<string, string>; if?: string; needs?: string; steps: Step[] }>;
}

const text = readFileSync(fileInProject('docs/ci/github-workflow.yml'), 'utf8');
const workflow = load(text) as Workflow;
const jobs = Object.entries(workflow.jobs);
const steps = jobs.flatMap(([, job]) => job.steps);
const plainform = fileInProject('bin/plainform.js');

describe('the workflow for GitHub', () => {
  test('uses every action by its commit, with the version beside it', () => {
    const used = text.match(/uses: .*/g)!;
    expect(used.length).toBeGreaterThan(5);
    for (const line of used) expect(line).toMatch(/^uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const pins = new Map<string, Set<string>>();
    for (const line of used) {
      const [, action, pin] = /uses: (.+)@(.+)/.exec(line)!;
      pins.set(action!, (pins.get(action!) ?? new Set()).add(pin!));
    }
    for (const [action, different] of pins) expect([action, different.size]).toEqual([action, 1]);
  });

  test('gives nothing by default, and each job the least: only the one that runs nothing of the repository writes', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
      judge: { contents: 'read' },
      show: { contents: 'read', 'pull-requests': 'write', 'security-events': 'write' },
    });
    const run = workflow.jobs.show!.steps.map((step) => step.run ?? '').join('\n');
    expect(run).not.toMatch(/\b(npm|npx|node|bash|sh|source|make)\b/);
    expect(run).toMatch(/\bgh api\b/);
  });

  test('is safe for forks, and holds no secret', () => {
    expect(Object.keys(workflow.on).sort()).toEqual(['pull_request', 'push']);
    expect(text).not.toContain('secrets.');
    expect(workflow.jobs.show!.if).toContain('head.repo.full_name == github.repository');
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
  });

  test('puts nothing of an event into a script: values come by the environment', () => {
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  const commands = steps
    .flatMap(({ run }) => run?.match(/npx plainform .*/g) ?? [])
    .map((line) => line.split(/\s/).slice(2));

  test('runs the commands that it should', () => {
    expect(commands.map(([name]) => name)).toEqual(['check', 'compare', 'audit']);
  });

  test.each(commands)('plainform %s has the options that it is given', (name, ...words) => {
    const { stdout, status } = spawnSync(process.execPath, [plainform, name!, '--help'], { encoding: 'utf8' });
    expect(status).toBe(0);
    for (const option of words.filter((word) => word.startsWith('--')))
      expect(stdout).toMatch(new RegExp(`${option}\\b`));
    const at = words.indexOf('--format');
    if (at !== -1) expect(stdout.replace(/\s+/g, ' ')).toContain(words[at + 1]!);
  });
});

/** The steps of the first job, run as GitHub runs them, in a repository with a base branch and a merge of a change. */
describe('its first job', () => {
  const old = 'Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}}\n';
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plainform-ci-'));
    // `npx plainform` as it is where plainform is installed; `npm` has nothing to install.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${plainform}" "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\n', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const git = (cwd: string, ...words: string[]) => {
    const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    const { status, stderr } = spawnSync('git', [...who, ...words], { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  };

  function runJob(name: string, change: Readonly<Record<string, string | null>>) {
    const root = join(folder, name);
    const templates = join(root, 'templates');
    mkdirSync(templates, { recursive: true });
    writeFileSync(join(templates, 'a.yaml'), old);
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    git(root, 'add', '.');
    git(root, 'commit', '--quiet', '-m', 'base');
    git(root, 'checkout', '--quiet', '-b', 'change');
    for (const [file, content] of Object.entries(change))
      if (content === null) rmSync(join(templates, file));
      else writeFileSync(join(templates, file), content);
    git(root, 'add', '.');
    git(root, 'commit', '--quiet', '--allow-empty', '-m', 'change');
    git(root, 'checkout', '--quiet', 'main');
    git(root, 'merge', '--quiet', '--no-ff', '--no-edit', 'change');

    const temporary = join(root, '..', `${name}-temp`);
    mkdirSync(temporary);
    const outputs = new Map<string, string>();
    const failed: string[] = [];
    const summary = join(temporary, 'summary');
    writeFileSync(summary, '');
    for (const step of workflow.jobs.judge!.steps) {
      if (step.run === undefined || failed.length > 0) continue;
      const output = join(temporary, 'output');
      writeFileSync(output, '');
      const env = Object.entries(step.env ?? {}).map(([key, value]) => [
        key,
        value.replace(/\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}/g, (_, id, of) => outputs.get(`${id}.${of}`) ?? ''),
      ]);
      const { status, stderr } = spawnSync('bash', ['-e', '-c', step.run], {
        cwd: root,
        encoding: 'utf8',
        env: {
          ...process.env,
          ...workflow.env,
          ...Object.fromEntries(env),
          PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
          RUNNER_TEMP: temporary,
          GITHUB_OUTPUT: output,
          GITHUB_STEP_SUMMARY: summary,
        },
      });
      if (status !== 0) failed.push(`${step.name}: ${stderr}`);
      for (const line of readFileSync(output, 'utf8').split('\n').filter(Boolean))
        outputs.set(`${step.id}.${line.split('=')[0]}`, line.split('=')[1]!);
    }
    const read = (file: string) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined);
    return {
      failed: failed.map((line) => line.split(':')[0]),
      outputs: Object.fromEntries(outputs),
      comparison: read('report/comparison.md'),
      summary: readFileSync(summary, 'utf8'),
      sarif: read('report/check.sarif'),
      page: read('evidence/index.html'),
    };
  }

  test('succeeds where nothing is lost, and leaves report and evidence', () => {
    const { failed, outputs, comparison, summary, sarif, page } = runJob('kept', { 'a.yaml': `# A comment.\n${old}` });
    expect(failed).toEqual([]);
    expect(outputs).toEqual({ 'check.status': '0', 'compare.status': '0' });
    expect(comparison).toMatch(/^<!-- plainform compare -->\n### Compliance: nothing changes/);
    expect(summary).toBe(comparison);
    expect(JSON.parse(sarif!).version).toBe('2.1.0');
    expect(page).toContain('<!doctype html>');
  });

  test('fails at its end where a control is lost: findings, comparison and evidence are there to be shown', () => {
    const { failed, outputs, comparison, sarif, page } = runJob('lost', { 'a.yaml': old.replace('true', 'false') });
    expect(failed).toEqual(['Fail where a check failed or something is lost']);
    expect(outputs).toEqual({ 'check.status': '1', 'compare.status': '1' });
    expect(comparison).toContain('| **SQS.1** Queue encrypted');
    expect(sarif).toContain('"ruleId": "SQS.1"');
    expect(page).toBeDefined();
  });

  test('a template that is moved, and one that is new', () => {
    const { failed, comparison } = runJob('moved', { 'a.yaml': null, 'b.yaml': old });
    expect(failed).toEqual([]);
    expect(comparison).toContain('looks moved from `a.yaml`');
  });

  test('fails at once where a template does not parse', () => {
    const { failed, outputs } = runJob('broken', { 'a.yaml': 'Resources: [\n' });
    expect(failed).toHaveLength(1);
    expect(outputs['compare.status']).not.toBe('0');
  });
});
