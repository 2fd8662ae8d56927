// Sets up what the two commands need: packages, a virtual environment with the Python tools, the bundle. Does nothing, in a
// few milliseconds, when all is there. Uses only what Node brings. Without Python the rest goes on and says what is left out.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);
const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
/** The newest minor version of Python 3 for which requirements.txt has wheels of everything. A newer one is taken as a last resort. */
const NEWEST_TESTED = 13;
const LEFT_OUT = 'left out: the emulator, the official cfn-lint, the AWS command line';

/** State of the Python tools, for those who must name why they skip: `{ "python": { "ok": false, "reason": "…" } }`. */
const STATE = '.setup.json';

export async function setUp() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    process.stderr.write(`Node ${process.versions.node} is too old: install Node 20 or newer\n`);
    process.exit(2);
  }
  installPackages();
  const python = installPythonTools();
  writeFileSync(at(STATE), `${JSON.stringify({ python }, null, 2)}\n`);
  if (isStale()) {
    step('building dist/');
    const { buildProject } = await import('./build.mjs');
    await buildProject();
  }
  return { python };
}

function step(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

function hashOf(path, ...more) {
  return createHash('sha256').update(readFileSync(path)).update(more.join('\n')).digest('hex');
}

function stampIs(path, stamp) {
  return existsSync(path) && readFileSync(path, 'utf8') === stamp;
}

function installPackages() {
  const stamp = hashOf(at('package-lock.json'), process.version, process.platform, process.arch);
  const stampFile = at('node_modules/.plainform-stamp');
  if (stampIs(stampFile, stamp)) return;
  step('npm ci');
  let result = npm('ci');
  // The lock file names only the platforms whose packages its author's registry had; npm ci refuses that as out of step.
  // npm install takes the same pinned versions and hashes, adds what this platform needs, and saves nothing.
  if (result.status !== 0 && /EUSAGE/.test(result.stderr)) result = npm('install', '--no-save');
  if (result.status !== 0) {
    process.stderr.write(`${result.stderr}npm failed: check the connection to the npm registry and run again\n`);
    process.exit(2);
  }
  writeFileSync(stampFile, stamp);
}

function npm(...words) {
  return spawnSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
}

/** `{ ok: true }`, or `{ ok: false, reason }`: why the Python tools are not there. */
function installPythonTools() {
  const stampFile = at('.venv/.plainform-stamp');
  // Without starting a Python: that alone can take longer than all the rest. The link is dead where its Python is gone.
  if (existsSync(at('.venv/bin/python')) && stampIs(stampFile, hashOf(at('requirements.txt'), versionOfVenv())))
    return { ok: true };
  const found = findPython();
  if (found === undefined) return without('no Python 3.10 or newer was found');

  step(`Python tools into .venv (${found.name}, ${found.version}); the first time takes a minute`);
  rmSync(at('.venv'), { recursive: true, force: true });
  const venv = spawnSync(found.name, ['-m', 'venv', at('.venv')], { encoding: 'utf8' });
  if (venv.status !== 0) return without(`${found.name} -m venv failed: ${lastLine(venv.stderr || venv.stdout)}`);
  const pip = spawnSync(
    at('.venv/bin/python'),
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      '--retries=2', // where there is no package index, say so soon
      '--require-hashes',
      '-r',
      at('requirements.txt'),
    ],
    { encoding: 'utf8' },
  );
  if (pip.status !== 0) return without(`pip could not install requirements.txt: ${lastLine(pip.stderr || pip.stdout)}`);
  writeFileSync(stampFile, hashOf(at('requirements.txt'), versionOfVenv()));
  return { ok: true };
}

function without(reason) {
  rmSync(at('.venv'), { recursive: true, force: true });
  step(`${reason}; ${LEFT_OUT}`);
  return { ok: false, reason };
}

function versionOfVenv() {
  const settings = at('.venv/pyvenv.cfg');
  const stated = existsSync(settings) ? readFileSync(settings, 'utf8').match(/^version\s*=\s*(\S+)/m) : null;
  return stated?.[1] ?? '';
}

function findPython() {
  let newer;
  for (const name of PYTHONS) {
    const version = versionOf(name);
    if (version === undefined) continue;
    if (Number(version.split('.')[1]) <= NEWEST_TESTED) return { name, version };
    newer ??= { name, version };
  }
  return newer;
}

function versionOf(python) {
  const probe = spawnSync(python, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], { encoding: 'utf8' });
  const version = probe.status === 0 ? probe.stdout.trim() : '';
  const [major, minor] = version.split('.').map(Number);
  return major === 3 && minor >= 10 ? version : undefined;
}

function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? 'no message';
}

/** Whether a source of the bundle is newer than the bundle. */
function isStale() {
  const bundle = at('dist/cli.js');
  if (!existsSync(bundle)) return true;
  const built = statSync(bundle).mtimeMs;
  return ['generator', 'lib', 'scripts'].some((folder) => newestIn(at(folder)) > built);
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'index' || entry.name === '__pycache__') continue; // lib/spec/index is data, read at run time
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path));
    else if (entry.isFile()) newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUp();
