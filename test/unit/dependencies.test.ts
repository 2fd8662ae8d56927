import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { fileInProject } from '../../lib/project.ts';

const root = fileInProject('.');

/** Folders of lib in the order of their layers: each may import from those on its left, and from lib itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cfn: [],
  spec: ['cfn'],
  scenarios: ['cfn', 'spec'],
  controls: ['cfn', 'spec', 'scenarios'],
  check: ['cfn', 'spec', 'scenarios', 'controls'],
  database: ['cfn'],
  deployment: ['cfn', 'spec', 'scenarios', 'database'],
  evidence: ['cfn', 'spec', 'scenarios', 'controls', 'check', 'deployment'],
  diagram: ['cfn', 'spec', 'scenarios'],
  contract: ['cfn', 'spec', 'scenarios'],
  report: ['cfn', 'spec', 'scenarios', 'controls', 'check', 'deployment', 'evidence', 'diagram', 'contract'],
  bundle: ['cfn', 'diagram', 'evidence', 'report'],
};

function importsOf(folder: string): { from: string; to: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => {
      const from = join(folder, name);
      const text = readFileSync(join(root, from), 'utf8');
      return [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)';|\bimport\('([^']+)'\)/gm)].map((match) => {
        const to = (match[1] ?? match[2])!;
        return { from, to: to.startsWith('.') ? relative(root, join(root, dirname(from), to)) : to };
      });
    });
}

test('lib never imports the generator', () => {
  expect(importsOf('lib').filter(({ to }) => to.startsWith('generator/'))).toEqual([]);
});

test('inside lib dependencies point one way', () => {
  const wrong = importsOf('lib').filter(({ from, to }) => {
    const [, layer = ''] = /^lib\/(\w+)\//.exec(from) ?? [];
    const [, target = ''] = /^lib\/(\w+)\//.exec(to) ?? [];
    return (
      layer !== '' && target !== '' && target !== 'data' && target !== layer && !MAY_IMPORT[layer]?.includes(target)
    );
  });
  expect(wrong).toEqual([]);
});

test('only lib/deployment imports the AWS SDK', () => {
  const users = [...importsOf('lib'), ...importsOf('generator')].filter(({ to }) => to.startsWith('@aws-sdk/'));
  expect(users.filter(({ from }) => !/^lib\/deployment\/|^generator\/functions\//.test(from))).toEqual([]);
});
