import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { SHARED_RUNBOOK, sharedRunbook } from '../../../generator/runbooks/shared.ts';
import type { Template } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import { committed } from '../staging/committed.ts';

const templates = (): Record<string, Template> =>
  Object.fromEntries(
    ['network', 'app', 'app-consumer', 'export', 'frontend', 'events', 'observability'].map((stack) => [
      `shared/${stack}`,
      committed(`shared/${stack}`),
    ]),
  );
const text = readFileSync(fileInProject(SHARED_RUNBOOK), 'utf8');

test('it is what its source makes of the templates', () => expect(sharedRunbook(templates())).toBe(text));

test.each([
  ['shared/app-consumer', 'Resources', 'Service'],
  ['shared/app-consumer', 'Resources', 'ProxyFromServiceIngress'],
  ['shared/app', 'Resources', 'DatabaseProxy'],
  ['shared/app-consumer', 'Parameters', 'DatabaseSecretPath'],
  ['shared/app-consumer', 'Outputs', 'DatabaseProxyEndpoint'],
  ['shared/export', 'Parameters', 'ExportPrefix'],
] as const)('%s without %s.%s cannot have it', (stack, section, id) => {
  const changed = templates();
  delete (changed[stack]![section] as Record<string, unknown>)[id];
  expect(() => sharedRunbook(changed)).toThrow(/CFN710.*speaks of/);
});

test('it answers each trouble of sharing, and prints no secret', () => {
  for (const said of [
    'parameters are missing',
    'one priority',
    'does not reach its database',
    'not healthy',
    'shall go',
  ])
    expect(text).toContain(said);
  for (const [line] of text.matchAll(/.*get-secret-value.*/g)) expect(line).toContain("jq '{username");
});
