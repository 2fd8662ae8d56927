import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readTemplate } from '../../../lib/cfn/read.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../../../lib/cfn/template.ts';
import { readCatalogue } from '../../../lib/check/catalogue.ts';
import { CONTROLS } from '../../../lib/controls/index.ts';
import { type Fact, Prover } from '../../../lib/controls/prove.ts';
import { fileInProject } from '../../../lib/project.ts';

/**
 * test/unit/controls/cases/<service>.yaml: for each control at least one list of resources for which it is proven, and single
 * changes of it. `at` is a path below Resources, numbers count list items from 0; `to` the new value, absent: removed.
 */
interface Case {
  readonly passes: JsonObject;
  /** Each breaks the control. */
  readonly fails: readonly Change[];
  /** Each leaves it holding: the other spellings, the defaults. */
  readonly holds?: readonly Change[];
  /** Each makes it turn on what is known only after deployment. */
  readonly depends?: readonly Change[];
}

interface Change {
  readonly at: string;
  readonly to?: Json;
}

const folder = fileInProject('test/unit/controls/cases');
const files = readdirSync(folder).sort();
const cases = files.flatMap((file) => {
  const { template, findings } = readTemplate(`${folder}/${file}`);
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  return Object.entries(template as unknown as Record<string, Case[]>).flatMap(([control, list]) =>
    list.map((each, index) => ({ control, ...each, name: list.length > 1 ? `${control} (${index + 1})` : control })),
  );
});

const MISSING = Symbol('missing');

function pathOf(at: string): Path {
  return at.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function valueAt(value: Json, [part, ...rest]: Path): Json | typeof MISSING {
  if (part === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return MISSING;
  return valueAt((value as JsonObject)[part]!, rest);
}

/** The value with another at the path; mappings on the way are made. */
function withChange(value: Json | undefined, [part, ...rest]: Path, to: Json | typeof MISSING): Json {
  if (part === undefined) return to as Json;
  const removes = rest.length === 0 && to === MISSING;
  if (Array.isArray(value)) {
    const copy = [...value];
    if (removes) copy.splice(Number(part), 1);
    else copy[Number(part)] = withChange(copy[Number(part)], rest, to);
    return copy;
  }
  const { [part]: old, ...others } = isObject(value) ? value : ({} as JsonObject);
  return removes ? others : { ...others, [part]: withChange(old, rest, to) };
}

const changed = (resources: JsonObject, { at, to }: Change): JsonObject =>
  withChange(resources, pathOf(at), to === undefined ? MISSING : to) as JsonObject;

function factsOf(control: string, Resources: JsonObject, more: Partial<Template> = {}): Fact[] {
  const template = { ...more, Resources } as unknown as Template;
  return [...new Prover(template).facts({ [control]: CONTROLS[control]! })];
}

const verdicts = (facts: readonly Fact[]): string[] => [...new Set(facts.map(({ verdict }) => verdict))];

test('every control is in the catalogue', () => {
  const catalogue = readCatalogue();
  expect(Object.keys(CONTROLS).filter((id) => !catalogue[id])).toEqual([]);
});

test('every control has a case, and every case a control', () => {
  expect([...new Set(cases.map(({ control }) => control))].sort()).toEqual(Object.keys(CONTROLS).sort());
});

describe.each(cases)('$name', ({ control, passes, fails, holds = [], depends = [] }) => {
  test('holds for what is right', () => {
    const facts = factsOf(control, passes);
    expect(facts.map(({ message }) => message)).toEqual(facts.map(() => 'holds whatever the parameters'));
    expect(verdicts(facts)).toEqual(['proven']);
    expect(fails.length).toBeGreaterThan(0);
  });

  test.each(fails)('fails with $at: $to', (change) => {
    const facts = factsOf(control, changed(passes, change));
    expect(verdicts(facts)).toContain('never');
    for (const { verdict, message } of facts)
      if (verdict === 'never') expect(message).not.toMatch(/undefined|\[object/);
  });

  test.each(fails)('fails in the branch with $at: $to, and nowhere else', (change) => {
    const path = pathOf(change.at);
    const right = valueAt(passes, path);
    const [id, section] = path;
    if (section !== 'Properties' || path.length < 3) return; // only within properties does CloudFormation take Fn::If
    const other = (value: Json | typeof MISSING | undefined): Json =>
      value === MISSING || value === undefined ? { Ref: 'AWS::NoValue' } : value;
    const conditional = withChange(passes, path, { 'Fn::If': ['Right', other(right), other(change.to)] }) as JsonObject;
    const facts = factsOf(control, conditional, {
      Parameters: { Choice: { Type: 'String', AllowedValues: ['right', 'wrong'], Default: 'right' } },
      Conditions: { Right: { 'Fn::Equals': [{ Ref: 'Choice' }, 'right'] } },
    });
    const failing = facts.filter(({ verdict }) => verdict === 'fails' || verdict === 'never');
    expect(failing.map(({ counterexample }) => counterexample)).toContainEqual({ Choice: 'wrong' });
    expect(failing.every(({ counterexample }) => counterexample?.Choice === 'wrong')).toBe(true);
    expect(id).toBeDefined();
  });

  if (holds.length > 0)
    test.each(holds)('still holds with $at: $to', (change) => {
      expect(verdicts(factsOf(control, changed(passes, change)))).toEqual(['proven']);
    });

  if (depends.length > 0)
    test.each(depends)('depends with $at: $to', (change) => {
      expect(verdicts(factsOf(control, changed(passes, change)))).toContain('depends');
    });
});
