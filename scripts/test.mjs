// `npm test`: sets up, then types, format, committed templates and every test. Arguments go to jest:
// `npm test -- test/unit/cfn`. The last line is `N passed, N failed`, skips included where there are any.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(title, command, args) {
  process.stdout.write(`${title}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  return status === 0;
}

const jestArguments = process.argv.slice(2);
await setUp();
const checks = [
  ['types', 'node_modules/.bin/tsc', []],
  ['format and lint', 'node_modules/.bin/biome', ['check', '--error-on-warnings', '--reporter=summary']],
  ['committed templates and runbooks are what the sources make', 'node', ['bin/plainform.js', 'generate', '--check']],
];
let passed = 0;
let failed = 0;
if (jestArguments.length === 0) {
  for (const [title, command, args] of checks) {
    if (run(title, command, args)) passed++;
    else failed++;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'plainform-test-'));
const results = join(folder, 'results.json');
run('tests', 'node', [
  'node_modules/jest/bin/jest.js',
  '--maxWorkers=2',
  '--json',
  `--outputFile=${results}`,
  ...jestArguments,
]);
let skipped = 0;
try {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  passed += numPassedTests;
  // A suite that could not be loaded holds no test that could fail: count it.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  failed += numFailedTests + Math.min(unloaded.length, numFailedTestSuites);
  skipped = numPendingTests;
} catch {
  failed++;
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
