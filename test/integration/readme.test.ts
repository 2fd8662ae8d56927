import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';

/** The examples in README.md are what the commands print. */
const readme = readFileSync(fileInProject('README.md'), 'utf8');

function plainform(...words: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
    cwd: fileInProject('.'),
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout };
}

const quoted = (text: string) => text.trimEnd().replace(/^/gm, '> ').replace(/ $/gm, '');
/** However wide the columns of a table are written. */
const narrow = (text: string) => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');
const indented = (text: string) => text.trimEnd().replace(/^(?=.)/gm, '    ');

test('the comparison', () => {
  const files = ['docs/ci/example/before.yaml', 'docs/ci/example/after.yaml'];
  const { status, stdout } = plainform('compare', ...files, '--format', 'markdown');
  expect(status).toBe(1);
  expect(narrow(readme)).toContain(narrow(quoted(stdout)));
});

test('the rule of the conformance pack', () => {
  const { status, stdout } = plainform('conformance', 'docs/ci/example/after.yaml');
  expect(status).toBe(0);
  const rule = /^ {2}# RDS\.2 [\s\S]*?\n\n/m.exec(stdout)?.[0];
  expect(readme).toContain(indented(rule!));
});
