import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';

const codesIn = (text: string) => text.match(/\bCFN\d{3}\b/g) ?? [];

test('every code of the sources is in docs/findings.md, and no other', () => {
  const used = ['lib', 'generator'].flatMap((folder) =>
    readdirSync(fileInProject(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => codesIn(readFileSync(join(fileInProject(folder), name), 'utf8'))),
  );
  const registered = codesIn(readFileSync(fileInProject('docs/findings.md'), 'utf8'));
  expect([...new Set(used)].sort()).toEqual(registered);
});
