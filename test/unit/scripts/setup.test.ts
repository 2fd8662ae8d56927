import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../../lib/project.ts';

/** A project with the real scripts/setup.mjs, and a PATH on which npm and Python are what a test makes them. */
let project: string;
const at = (...parts: string[]) => join(project, ...parts);

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'plainform-setup-'));
  for (const folder of ['bin', 'generator', 'lib', 'scripts']) mkdirSync(at(folder));
  copyFileSync(fileInProject('scripts/setup.mjs'), at('scripts/setup.mjs'));
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', '{}');
  write('requirements.txt', 'one==1\n');
  write('generator/cli.ts', '');
  write(
    'scripts/build.mjs',
    `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
    export const buildProject = () => {
      mkdirSync('${at('dist')}', { recursive: true });
      writeFileSync('${at('dist/cli.js')}', '');
      appendFileSync('${at('calls')}', 'build\\n');
    };`,
  );
  for (const tool of ['chmod', 'mkdir']) symlinkSync(join('/bin', tool), at('bin', tool));
  program('npm', `mkdir -p "${at('node_modules')}"`);
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(path: string, text: string) {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

/** Puts a program on the PATH; what it is called with goes to the file `calls`. */
function program(name: string, body: string) {
  const path = at('bin', name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "${at('calls')}"\n${body}\n`);
  chmodSync(path, 0o755);
}

/** A Python whose venv module makes an environment, with a pip that ends as told. */
function python(name: string, version: string, { venv = 'exit 0', pip = 'exit 0' } = {}) {
  program(
    name,
    `case "$1" in
      -c) echo ${version} ;;
      -m) mkdir -p "$3/bin"
          echo "version = ${version}" > "$3/pyvenv.cfg"
          printf '#!/bin/sh\\necho "pip of ${name}" >> "${at('calls')}"\\n${pip}\\n' > "$3/bin/python"
          chmod +x "$3/bin/python"
          ${venv} ;;
    esac`,
  );
}

function setUp() {
  rmSync(at('calls'), { force: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/setup.mjs')], {
    encoding: 'utf8',
    env: { PATH: at('bin') }, // nothing of this machine, least of all its Python
  });
  const calls = existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : [];
  const state = existsSync(at('.setup.json')) ? JSON.parse(readFileSync(at('.setup.json'), 'utf8')) : undefined;
  return { status, stdout, stderr, calls, state };
}

describe('set-up', () => {
  test('installs packages and Python tools, builds, and remembers that all is there', () => {
    python('python3', '3.12.1');
    const first = setUp();
    expect(first.status).toBe(0);
    expect(first.calls).toEqual([
      expect.stringMatching(/^npm ci/),
      expect.stringMatching(/^python3 -c/),
      expect.stringMatching(/^python3 -m venv/),
      'pip of python3',
      'build',
    ]);
    expect(first.state).toEqual({ python: { ok: true } });
  });

  test('calls nothing and says nothing when all is there', () => {
    python('python3', '3.12.1');
    setUp();
    expect(setUp()).toMatchObject({ status: 0, calls: [], stderr: '', state: { python: { ok: true } } });
  });

  test.each([
    ['the packages', 'package-lock.json', '{ "a": 1 }', /^npm ci/],
    ['the Python tools', 'requirements.txt', 'one==2\n', /^pip of python3/],
    ['the bundle', 'generator/cli.ts', '// changed', /^build/],
  ])('does %s again when what they are made from has changed', (_what, path, text, call) => {
    python('python3', '3.12.1');
    setUp();
    write(path, text);
    const { calls } = setUp();
    expect(calls.filter((each) => call.test(each))).toHaveLength(1);
    expect(calls.some((each) => /^npm/.test(each))).toBe(path === 'package-lock.json');
  });

  test('makes a half-made environment anew', () => {
    python('python3', '3.12.1');
    write('.venv/bin/python', 'left by an interrupted set-up');
    expect(setUp().calls).toContain('pip of python3');
    expect(readFileSync(at('.venv/bin/python'), 'utf8')).toMatch(/^#!\/bin\/sh/);
  });

  test.each<[string, () => void, RegExp]>([
    ['there is no Python', () => {}, /no Python 3\.10 or newer was found/],
    ['the only Python is too old', () => python('python3', '3.9.18'), /no Python 3\.10 or newer was found/],
    [
      'there is no venv module',
      () => python('python3', '3.11.2', { venv: 'echo No module named venv >&2; exit 1' }),
      /python3 -m venv failed: No module named venv/,
    ],
    [
      'there is no package index',
      () => python('python3', '3.11.2', { pip: 'echo no such host >&2; exit 1' }),
      /pip could not install requirements\.txt: no such host/,
    ],
  ])('goes on and says what is left out when %s', (_case, prepare, reason) => {
    prepare();
    const { status, stderr, state } = setUp();
    expect(status).toBe(0);
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(/left out: the emulator, the official cfn-lint, the AWS command line/);
    expect(state).toEqual({ python: { ok: false, reason: expect.stringMatching(reason) } });
    expect(existsSync(at('.venv'))).toBe(false);
    expect(existsSync(at('dist/cli.js'))).toBe(true);
  });

  test('takes a Python that the pinned packages are made for before a newer one', () => {
    python('python3', '3.15.0');
    python('python3.11', '3.11.9');
    expect(setUp().calls).toContain('pip of python3.11');
  });

  test('takes a newer Python where there is no other', () => {
    python('python3', '3.15.0');
    expect(setUp()).toMatchObject({ state: { python: { ok: true } } });
  });

  test('ends with exit code 2 and the next step when npm fails', () => {
    program('npm', 'echo E404 >&2; exit 1');
    const { status, stderr } = setUp();
    expect(status).toBe(2);
    expect(stderr).toMatch(/E404\n.*check the connection to the npm registry and run again/s);
  });
});
