import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { readCatalogue } from '../../../lib/check/catalogue.ts';
import { controlsOfFrameworks, readFrameworks } from '../../../lib/check/frameworks.ts';
import { CONTROLS } from '../../../lib/controls/index.ts';
import { fileInProject } from '../../../lib/project.ts';
import { resourceType } from '../../../lib/spec/resource-type.ts';

const catalogue = readCatalogue();
const { frameworks, controls: mapped } = readFrameworks();
const json = (name: string) => JSON.parse(readFileSync(fileInProject('lib/data', name), 'utf8'));

describe('the catalogue of controls', () => {
  test.each(['controls', 'frameworks'])('lib/data/%s.json has the form of its schema', (name) => {
    const validate = new Ajv({ allErrors: true }).compile(json(`${name}.schema.json`));
    expect(validate(json(`${name}.json`)) ? [] : validate.errors).toEqual([]);
  });

  test('has at least 150 controls, of which at least 120 are judged from a template', () => {
    expect(Object.keys(catalogue).length).toBeGreaterThanOrEqual(150);
    expect(Object.keys(CONTROLS).length).toBeGreaterThanOrEqual(120);
  });

  test('names the types that the controls are asked of', () => {
    const said = Object.entries(CONTROLS).map(([id, { types }]) => [id, [...types].sort()]);
    expect(said).toEqual(said.map(([id]) => [id, [...catalogue[String(id)]!.resourceTypes].sort()]));
  });

  test('knows every type that it names', () => {
    const types = Object.values(CONTROLS).flatMap((control) => control.types);
    expect([...new Set(types)].filter((type) => !resourceType(type))).toEqual([]);
  });

  test('says of each control how it is judged', () => {
    const judged = Object.keys(catalogue).filter((id) => catalogue[id]!.judged === 'template');
    expect(judged.sort()).toEqual(Object.keys(CONTROLS).sort());
    expect(Object.values(catalogue).filter((entry) => entry.judged === 'deployed').length).toBeGreaterThan(10);
  });
});

describe('the mapping to frameworks', () => {
  test('is of controls in the catalogue only', () => {
    expect(Object.keys(mapped).filter((id) => !catalogue[id])).toEqual([]);
  });

  test.each(Object.keys(frameworks))('%s has controls that are judged from a template', (name) => {
    const judged = [...controlsOfFrameworks([name]).keys()].filter((id) => CONTROLS[id]);
    expect(judged.length).toBeGreaterThan(20);
  });

  test('names no requirement twice for a control', () => {
    for (const [id, of] of Object.entries(mapped))
      for (const [name, sources] of Object.entries(of)) {
        const all = Object.values(sources).flat();
        expect({ id, name, all }).toEqual({ id, name, all: [...new Set(all)] });
      }
  });

  // Security Hub user guide, "Related requirements", read 2026-11-21.
  test.each([
    ['S3.8', 'nist80053', 'AC-3'],
    ['RDS.3', 'nist80053', 'SC-28'],
    ['KMS.4', 'cis', 'v1.4/3.8'],
    ['EC2.2', 'nist80053', 'SC-7'],
    ['IAM.1', 'cis', 'v1.4/1.16'],
    ['CloudTrail.1', 'nist80053', 'AU-12'],
  ])('%s: AWS gives %s %s', (id, framework, requirement) => {
    expect(mapped[id]?.[framework]?.securityhub).toContain(requirement);
  });

  test('gives what several frameworks ask for, and refuses what is none', () => {
    expect(controlsOfFrameworks(['soc2', 'pci']).get('RDS.3')).toEqual({
      soc2: expect.any(Array),
      pci: expect.any(Array),
    });
    expect(() => controlsOfFrameworks(['nist80035'])).toThrow(/no framework "nist80035"; did you mean nist80053/);
  });
});
