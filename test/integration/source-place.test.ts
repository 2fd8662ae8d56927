import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { fileInProject } from '../../lib/project.ts';
import { BUNDLE } from '../../scripts/build.mjs';

const folder = fileInProject('dist/test-source-place');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a mistake in a declaration is placed in its source, not in the bundle', async () => {
  const entry = 'test/support/broken-stack.ts';
  await build({ ...BUNDLE, entryPoints: [entry], outdir: folder });
  const { stdout, stderr } = spawnSync(process.execPath, [`${folder}/broken-stack.js`], { encoding: 'utf8' });
  const lines = readFileSync(fileInProject(entry), 'utf8').split('\n');
  const [first, second] = lines.flatMap((text, index) => (text.includes("resource('Queue'") ? [index + 1] : []));
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ code: 'CFN001', file: `${entry}:${second}`, fix: `first ${entry}:${first}` }),
  ]);
});
