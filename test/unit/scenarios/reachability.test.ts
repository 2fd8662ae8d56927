import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import { reachOf, unreachableConditions } from '../../../lib/scenarios/reachability.ts';
import { unsafeReferences } from '../../../lib/scenarios/references.ts';
import { cases, outcome } from './oracle.ts';
import { and, equals, getAtt, named, not, or, ref, templateOf, text, when } from './support.ts';

const ENVIRONMENT = { Environment: text({ AllowedValues: ['dev', 'test', 'prod'], Default: 'dev' }) };

describe('unreachableConditions', () => {
  const rows: [string, Partial<Template>, [string, string][]][] = [
    [
      'nothing for conditions that have both outcomes',
      { Parameters: ENVIRONMENT, Conditions: { C: equals(ref('Environment'), 'prod') } },
      [],
    ],
    [
      'a literal that is not allowed',
      { Parameters: ENVIRONMENT, Conditions: { C: equals(ref('Environment'), 'production') } },
      [['CFN501', 'C']],
    ],
    [
      'a contradiction',
      {
        Parameters: ENVIRONMENT,
        Conditions: { C: and(equals(ref('Environment'), 'prod'), equals(ref('Environment'), 'dev')) },
      },
      [['CFN501', 'C']],
    ],
    [
      'a tautology',
      {
        Parameters: ENVIRONMENT,
        Conditions: { A: equals(ref('Environment'), 'dev'), C: or(named('A'), not(named('A'))) },
      },
      [['CFN502', 'C']],
    ],
    [
      'a rule that leaves one outcome',
      {
        Parameters: ENVIRONMENT,
        Rules: { R: { Assertions: [{ Assert: equals(ref('Environment'), 'dev') }] } },
        Conditions: { C: equals(ref('Environment'), 'dev') },
      },
      [['CFN502', 'C']],
    ],
    [
      'rules that nothing satisfies are the only finding',
      {
        Parameters: ENVIRONMENT,
        Rules: { R: { Assertions: [{ Assert: equals(ref('Environment'), 'none') }] } },
        Conditions: { C: equals(ref('Environment'), 'dev') },
      },
      [['CFN510', 'Rules']],
    ],
    [
      'a resource that can never exist',
      {
        Parameters: ENVIRONMENT,
        Conditions: { C: equals(ref('Environment'), 'none') },
        Resources: { Gone: { Type: 'T', Condition: 'C' } },
      },
      [
        ['CFN501', 'C'],
        ['CFN503', 'Condition'],
      ],
    ],
    ['nothing about what cannot be decided', { Conditions: { C: equals({ 'Fn::ImportValue': 'x' }, 'y') } }, []],
  ];
  test.each(rows)('%s', (_, more, expected) => {
    expect(unreachableConditions(templateOf(1, more)).map(({ code, path }) => [code, path?.at(-1)])).toEqual(expected);
  });

  test('agrees with every raw value of random templates', () => {
    fc.assert(
      fc.property(cases, ({ template, all }) => {
        const vectors = all().flatMap((raw) => [outcome(template, raw) ?? []].flat());
        for (const condition of Object.keys(template.Conditions!)) {
          const seen = new Set(vectors.map((vector) => vector[condition]));
          const truth = seen.size === 2 ? 'both' : seen.has(true) ? 'always' : seen.has(false) ? 'never' : 'undecided';
          const found = reachOf(template, condition);
          // A comparison that is free can only make more seem reachable.
          if (found !== truth)
            expect([condition, found, truth]).toEqual([condition, expect.stringMatching('both|undecided'), truth]);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('unsafeReferences', () => {
  const IS_PROD = equals(ref('Environment'), 'prod');
  const base: Partial<Template> = {
    Parameters: ENVIRONMENT,
    Conditions: {
      IsProd: IS_PROD,
      IsDev: equals(ref('Environment'), 'dev'),
      IsProdToo: not(or(named('IsDev'), equals(ref('Environment'), 'test'))),
    },
    Resources: { Target: { Type: 'Test::Target', Condition: 'IsProd' } },
  };
  const found = (value: Json, condition?: string): unknown[] => {
    const template = templateOf(value, base);
    if (condition) template.Resources.Subject!.Condition = condition;
    return unsafeReferences(template).map(({ code, severity, when: overrides }) => [code, severity, overrides]);
  };

  test.each<[string, Json, string | undefined, unknown[]]>([
    ['an unconditional reference', ref('Target'), undefined, [['CFN504', 'error', {}]]],
    ['an attribute', getAtt('Target', 'Arn'), undefined, [['CFN504', 'error', {}]]],
    ['a placeholder', { 'Fn::Sub': 'x-${Target.Arn}' }, undefined, [['CFN504', 'error', {}]]],
    ['the same condition on the owner', ref('Target'), 'IsProd', []],
    ['an equivalent condition on the owner', ref('Target'), 'IsProdToo', []],
    ['a branch of the same condition', when('IsProd', ref('Target'), 'none'), undefined, []],
    ['a branch of an equivalent condition', when('IsProdToo', ref('Target'), 'none'), undefined, []],
    ['the other branch', when('IsProd', 'none', ref('Target')), undefined, [['CFN504', 'error', {}]]],
    [
      'an owner that the defaults leave out',
      when('IsDev', 'none', ref('Target')),
      undefined,
      [['CFN504', 'warning', { Environment: 'test' }]],
    ],
    ['a variable of Fn::Sub', { 'Fn::Sub': ['${T}', { T: ref('Target') }] }, 'IsDev', [['CFN504', 'error', {}]]],
    [
      'two references with one cause are one finding',
      [ref('Target'), ref('Target')],
      undefined,
      [['CFN504', 'error', {}]],
    ],
  ])('%s', (_, value, condition, expected) => {
    expect(found(value, condition)).toEqual(expected);
  });

  test('DependsOn and outputs count', () => {
    const template = templateOf(1, base);
    template.Resources.Subject!.DependsOn = 'Target';
    template.Outputs = { Arn: { Value: getAtt('Target', 'Arn') }, Safe: { Condition: 'IsProd', Value: ref('Target') } };
    expect(unsafeReferences(template).map((finding) => finding.path)).toEqual([
      ['Resources', 'Subject', 'DependsOn'],
      ['Outputs', 'Arn', 'Value', 'Fn::GetAtt'],
    ]);
  });

  test('a rule makes a reference safe', () => {
    const template = templateOf(ref('Target'), { ...base, Rules: { R: { Assertions: [{ Assert: IS_PROD }] } } });
    expect(unsafeReferences(template)).toEqual([]);
  });

  test('the message names the condition and says what to do', () => {
    expect(unsafeReferences(templateOf(ref('Target'), base))).toEqual([
      {
        code: 'CFN504',
        severity: 'error',
        message: 'refers to Target, which does not exist where its condition IsProd is false',
        fix: 'Give the reference the same condition: Fn::If on IsProd, or Condition: IsProd on what holds it.',
        path: ['Resources', 'Subject', 'Properties', 'Value', 'Ref'],
        when: {},
      },
    ]);
  });
});
