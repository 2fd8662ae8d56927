import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { stacksOf } from '../../../generator/environments.ts';
import { STAGING_RUNBOOK, stagingRunbook } from '../../../generator/runbooks/staging.ts';
import type { Template } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import { committed } from './committed.ts';

const names = stacksOf('staging').map(({ stack }) => stack);
const templates = () => Object.fromEntries(names.map((stack) => [stack, committed(stack)])) as Record<string, Template>;
const bytes = Object.fromEntries(
  names.map((stack) => [stack, readFileSync(fileInProject(`templates/${stack}.yaml`)).length]),
);
const text = readFileSync(fileInProject(STAGING_RUNBOOK), 'utf8');

describe('the runbook of staging', () => {
  test('is what its source makes of the templates', () => {
    expect(stagingRunbook(templates(), bytes)).toBe(text);
  });

  test.each([
    ['staging-monitoring', 'Resources', 'MaskingFailuresAlarm'],
    ['staging', 'Parameters', 'DatabaseDeletionProtection'],
  ] as const)('%s without %s.%s cannot have it', (stack, section, id) => {
    const changed = templates();
    const bodies = changed[stack]![section] as Record<string, unknown>;
    bodies[`${id}X`] = bodies[id];
    delete bodies[id];
    expect(() => stagingRunbook(changed, bytes)).toThrow(/CFN710.*speaks of/);
  });

  test('has every alarm and every parameter', () => {
    for (const { Parameters = {}, Resources } of Object.values(templates())) {
      for (const id of Object.keys(Parameters)) expect(text).toContain(`| \`${id}\` |`);
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type !== 'AWS::CloudWatch::Alarm') continue;
        const { 'Fn::Sub': alarm } = Properties!.AlarmName as { 'Fn::Sub': string };
        expect(text).toContain(`| \`${alarm.replace('${EnvironmentSuffix}', 'staging')}\` |`);
      }
    }
  });
});
