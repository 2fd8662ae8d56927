// npm run bench: wall time and peak memory of the main commands beside those of the tools that people use, in one run, as
// ratios; written to docs/benchmarks.md. Installs the other tools into .bench/, at pinned versions. Tests never look at a time.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { templateOf } from './bench/templates.mjs';
import { setUp } from './setup.mjs';

const CHECKOV = '3.3.30';
/** Brings the binary of cfn-guard and a set of rules made for controls of AWS. */
const GUARD = { name: '@cdklabs/cdk-validator-cfnguard', version: '0.0.62' };
const RUNS = 5;

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);
const tools = at('.bench');

const { python } = await setUp();
if (!python.ok) {
  process.stderr.write(`the bench measures with Python: ${python.reason}\n`);
  process.exit(2);
}
mkdirSync(tools, { recursive: true });
const say = (text) => process.stderr.write(`${text}\n`);

/** What could not be installed, with the reason: it is named in the table, never guessed. */
const missing = [];

function checkov() {
  const program = join(tools, 'venv/bin/checkov');
  if (existsSync(program)) return program;
  say(`bench: checkov ${CHECKOV} into .bench/`);
  execFileSync(at('.venv/bin/python'), ['-m', 'venv', join(tools, 'venv')]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `checkov==${CHECKOV}`];
  const { status, stderr } = spawnSync(join(tools, 'venv/bin/python'), pip, { encoding: 'utf8' });
  if (status === 0) return program;
  rmSync(join(tools, 'venv'), { recursive: true, force: true });
  missing.push(['checkov', stderr.trim().split('\n').at(-1)]);
  return undefined;
}

function guard() {
  const home = join(tools, 'node_modules', GUARD.name);
  if (!existsSync(home)) {
    say(`bench: ${GUARD.name} ${GUARD.version} into .bench/`);
    const words = [
      'install',
      '--prefix',
      tools,
      '--no-save',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--loglevel=error',
    ];
    const { status, stderr } = spawnSync('npm', [...words, `${GUARD.name}@${GUARD.version}`], { encoding: 'utf8' });
    if (status !== 0) {
      missing.push(['cfn-guard', stderr.trim().split('\n')[0]]);
      return undefined;
    }
  }
  const system = { darwin: 'macos', linux: 'ubuntu' }[process.platform];
  const machine = { arm64: 'aarch64', x64: 'x86_64' }[process.arch];
  const program = join(home, 'bin', String(system), String(machine), 'cfn-guard');
  const rules = join(home, 'rules');
  const count = readdirSync(rules, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.guard'),
  ).length;
  if (!existsSync(program)) {
    missing.push(['cfn-guard', `${GUARD.name} has no binary for ${process.platform} ${process.arch}`]);
    return undefined;
  }
  return { program, rules, count };
}

const folder = mkdtempSync(join(tmpdir(), 'plainform-bench-'));
const one = join(folder, 'one.json');
const many = join(folder, 'many');
mkdirSync(many);
writeFileSync(one, templateOf(0, 50));
for (let n = 1; n <= 100; n++) writeFileSync(join(many, `template-${n}.json`), templateOf(n, 17));
const all = readdirSync(many).map((name) => join(many, name));

const plainform = (...words) => [process.execPath, at('bin/plainform.js'), ...words];
const official = (files) => [at('.venv/bin/cfn-lint'), '--', ...files];
const withCheckov = checkov();
const withGuard = guard();
const checkovOf = (...words) =>
  withCheckov && [withCheckov, '--framework', 'cloudformation', '--quiet', '--compact', '--skip-download', ...words];
/** As its own package calls it: the summaries for people take it more than twice as long. */
const GUARD_REPORT = ['--output-format', 'json', '--structured', '--show-summary', 'none'];
const guardOf = (data) =>
  withGuard && [withGuard.program, 'validate', '--rules', withGuard.rules, '--data', data, ...GUARD_REPORT];

const GROUPS = [
  ['Start of Node', [['node -e 0', [process.execPath, '-e', '0']]]],
  [
    'All templates of this project, thirteen, and their documents',
    [
      ['plainform generate', plainform('generate')],
      ['plainform check templates/staging.yaml', plainform('check', at('templates/staging.yaml'))],
    ],
  ],
  [
    'One template, 50 resources',
    [
      ['plainform check', plainform('check', one)],
      ['plainform check --no-controls', plainform('check', one, '--no-controls')],
      ['cfn-lint', official([one])],
      ['checkov', checkovOf('--file', one)],
      ['cfn-guard', guardOf(one)],
    ],
  ],
  [
    '100 templates, 1,700 resources, one process',
    [
      ['plainform check', plainform('check', ...all)],
      ['plainform check --no-controls', plainform('check', ...all, '--no-controls')],
      ['cfn-lint', official(all)],
      ['checkov', checkovOf('--directory', many)],
      ['cfn-guard', guardOf(many)],
    ],
  ],
];

/** Long commands are run less often: their spread is small beside their length. */
function measured() {
  const commands = GROUPS.flatMap(([, rows]) => rows).filter(([, words]) => words);
  const results = new Map(commands.map((command) => [command, []]));
  for (let run = 1; run <= RUNS; run++) {
    say(`bench: run ${run} of ${RUNS}`);
    // In alternation, so that what else the machine does falls on all alike.
    for (const command of commands) {
      const done = results.get(command);
      if (done.length >= 2 && done[0].seconds > 3) continue;
      const words = [at('scripts/bench/measure.py'), ...command[1]];
      done.push(JSON.parse(execFileSync(at('.venv/bin/python'), words, { encoding: 'utf8', cwd: root })));
    }
  }
  return results;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

const versionOf = (program, ...words) =>
  (spawnSync(program, words, { encoding: 'utf8' }).stdout ?? '').trim().split('\n')[0];

try {
  const results = measured();
  const figures = (row) => {
    const runs = results.get(row);
    return runs && { seconds: median(runs.map((r) => r.seconds)), mebibytes: median(runs.map((r) => r.mebibytes)) };
  };
  const floor = figures(GROUPS[0][1][0]);
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`: whole processes, cold, median of five runs in alternation (of two, where a run takes more than',
    'three seconds). Memory is the peak. No two of the templates are alike (`scripts/bench/templates.mjs`). Ratios are what to compare; the',
    'figures are of one machine on one day.',
    '',
    `- ${new Date().toISOString().slice(0, 10)}, ${type()} ${release()}, ${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `- Node ${process.versions.node}, ${versionOf(at('.venv/bin/python'), '--version')}`,
    `- ${versionOf(at('.venv/bin/cfn-lint'), '--version')}${withCheckov ? `, checkov ${versionOf(withCheckov, '--version')}` : ''}${withGuard ? `, ${versionOf(withGuard.program, '--version')} (${GUARD.name} ${GUARD.version}, ${withGuard.count} rule files)` : ''}`,
    '',
    'The tools do not do the same: cfn-lint judges validity; checkov and cfn-guard judge rules at one reading of a template;',
    'plainform judges validity, and proves its controls in every deployment that the template admits.',
  ];
  for (const [title, rows] of GROUPS) {
    const own = figures(rows[0]);
    lines.push(
      '',
      `## ${title}`,
      '',
      '| | seconds | × `node -e 0` | MiB | time of the first = 1 |',
      '|---|---:|---:|---:|---:|',
    );
    for (const row of rows) {
      const found = row[1] && figures(row);
      if (!found) {
        const [, reason] = missing.find(([name]) => name === row[0]) ?? [];
        lines.push(`| ${row[0]} | not measured: ${reason} | | | |`);
        continue;
      }
      const { seconds, mebibytes } = found;
      lines.push(
        `| ${row[0]} | ${seconds.toFixed(2)} | ${(seconds / floor.seconds).toFixed(1)} | ${Math.round(mebibytes)} | ${(seconds / own.seconds).toFixed(1)} |`,
      );
    }
  }
  writeFileSync(at('docs/benchmarks.md'), `${lines.join('\n')}\n`);
  process.stdout.write(`${lines.join('\n')}\n`);
  say('written to docs/benchmarks.md');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
