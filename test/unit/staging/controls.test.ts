import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { projectWaivers } from '../../../generator/waivers.ts';
import { readTemplate } from '../../../lib/cfn/read.ts';
import { checkControls } from '../../../lib/check/check-controls.ts';
import { fileInProject } from '../../../lib/project.ts';

const templates = readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);
const waivers = projectWaivers();
const today = new Date().toISOString().slice(0, 10);
const checked = templates.map((name) => {
  const template = fileInProject('templates', name);
  const own = waivers.filter((waiver) => waiver.template === template);
  return { name, ...checkControls(readTemplate(template), { today, waivers: own }) };
});

describe('the controls of our own templates, over every deployment', () => {
  test.each(checked)(
    '$name: none fails that is not waived, and no waiver is idle or has expired',
    ({ facts, findings }) => {
      const failing = facts.filter(({ verdict }) => verdict === 'fails' || verdict === 'never');
      expect(failing.map(({ control, resource, message }) => `${control} ${resource}: ${message}`)).toEqual([]);
      expect(findings).toEqual([]);
      expect(facts.filter(({ verdict }) => verdict === 'not-evaluated')).toEqual([]);
    },
  );

  test('many facts are proven', () => {
    const facts = checked.flatMap((template) => template.facts);
    const proven = facts.filter(({ verdict }) => verdict === 'proven');
    const classes = proven.reduce((sum, fact) => sum + fact.checked, 0);
    process.stdout.write(`${proven.length} facts of ${facts.length} proven, over ${classes} classes of deployments\n`);
    expect(proven.length).toBeGreaterThan(180);
  });

  test('every waiver is for one of them', () => {
    expect(
      waivers.filter(({ template }) => !templates.some((name) => fileInProject('templates', name) === template)),
    ).toEqual([]);
  });
});
