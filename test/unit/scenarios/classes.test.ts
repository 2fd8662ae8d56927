import { describe, expect, test } from '@jest/globals';
import type { Json, ParameterBody, Template } from '../../../lib/cfn/template.ts';
import { listScenarios, resolveScenario, type Scenario } from '../../../lib/scenarios/list.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { and, equals, NO_VALUE, named, not, or, ref, templateOf, text, when } from './support.ts';

const join = (delimiter: string, list: Json): Json => ({ 'Fn::Join': [delimiter, list] });
const select = (index: number, list: Json): Json => ({ 'Fn::Select': [index, list] });
const split = (delimiter: string, value: Json): Json => ({ 'Fn::Split': [delimiter, value] });

/** Scenarios that one test tells apart, as `outcome: representative of P`. */
function told(P: ParameterBody, tested: Json, more: Partial<Template> = {}): unknown {
  const template = templateOf(1, { Parameters: { P }, ...more, Conditions: { C: tested } });
  const scenarios = listScenarios(template, { slice: sliceOf(template, [{ condition: 'C' }]) });
  return { exact: scenarios.exact, found: [...scenarios].map((each) => [each.conditions.C, each.assignment.P]) };
}

describe('which values of a parameter a comparison tells apart', () => {
  const rows: [string, ParameterBody, Json, (readonly [boolean, Json])[]][] = [
    [
      'allowed values',
      text({ AllowedValues: ['a', 'b', 'c'] }),
      equals(ref('P'), 'a'),
      [
        [true, 'a'],
        [false, 'b'],
      ],
    ],
    [
      'the default represents its class',
      text({ AllowedValues: ['a', 'b', 'c'], Default: 'c' }),
      equals(ref('P'), 'a'),
      [
        [false, 'c'],
        [true, 'a'],
      ],
    ],
    ['a literal that is not allowed', text({ AllowedValues: ['a', 'b'] }), equals(ref('P'), 'z'), [[false, 'a']]],
    [
      'open text: the literal and another',
      text(),
      equals(ref('P'), 'a'),
      [
        [true, 'a'],
        [false, 'other'],
      ],
    ],
    [
      'open text with a default',
      text({ Default: 'mine' }),
      equals(ref('P'), ''),
      [
        [false, 'mine'],
        [true, ''],
      ],
    ],
    ['a length that the literal lacks', text({ MinLength: 1 }), equals(ref('P'), ''), [[false, 'other']]],
    [
      'a pattern that the literal does not match',
      text({ AllowedPattern: '[a-z]+' }),
      equals(ref('P'), 'A'),
      [[false, 'other']],
    ],
    ['a pattern exhausted by the literal', text({ AllowedPattern: '^yes$' }), equals(ref('P'), 'yes'), [[true, 'yes']]],
    [
      'a witness is found for a pattern',
      text({ AllowedPattern: 'vpc-[0-9a-f]{8}' }),
      equals(ref('P'), 'vpc-00000000'),
      [
        [true, 'vpc-00000000'],
        [false, 'vpc-00000001'],
      ],
    ],
    [
      'a number in a range',
      { Type: 'Number', MinValue: 1, MaxValue: 3 },
      equals(ref('P'), 1),
      [
        [true, 1],
        [false, 2],
      ],
    ],
    [
      'a number of which only one is admitted',
      { Type: 'Number', MinValue: 1, MaxValue: 1 },
      equals(ref('P'), 1),
      [[true, 1]],
    ],
    ['a number out of range', { Type: 'Number', MinValue: 1 }, equals(ref('P'), '0'), [[false, 1]]],
    [
      'a resource of the account is never empty',
      { Type: 'AWS::EC2::VPC::Id' },
      equals(ref('P'), ''),
      [[false, 'other']],
    ],
    [
      'the value of an SSM parameter is never empty',
      { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a' },
      or(equals(ref('P'), ''), equals(ref('P'), 'x')),
      [
        [true, 'x'],
        [false, 'other'],
      ],
    ],
    [
      'a part of a split text',
      text(),
      equals(select(1, split('-', ref('P'))), 'b'),
      [
        [true, '-b'],
        [false, 'other-1'],
      ],
    ],
    [
      'a concatenation with a literal',
      text(),
      equals({ 'Fn::Sub': 'x-${P}' }, 'x-y'),
      [
        [true, 'y'],
        [false, 'other'],
      ],
    ],
    ['a concatenation that can never match', text(), equals({ 'Fn::Sub': 'x-${P}' }, 'y'), [[false, 'other']]],
    [
      'a list joined to nothing',
      { Type: 'CommaDelimitedList' },
      equals(join('', ref('P')), ''),
      [
        [false, ['other']],
        [true, ['']],
      ],
    ],
    [
      'the first of a list',
      { Type: 'CommaDelimitedList', Default: '' },
      equals(select(0, ref('P')), ''),
      [
        [true, ['']],
        [false, ['other']],
      ],
    ],
    [
      'the second of a list, which may lack one',
      { Type: 'CommaDelimitedList', AllowedValues: ['a', 'b'] },
      equals(select(1, ref('P')), 'b'),
      [
        [false, ['a', 'a']],
        [true, ['a', 'b']],
      ],
    ],
    [
      'the length of a list',
      { Type: 'CommaDelimitedList' },
      equals({ 'Fn::Length': ref('P') }, 2),
      [
        [false, ['other']],
        [true, ['other', 'other']],
      ],
    ],
    [
      'the value of a mapping',
      text({ AllowedValues: ['a', 'b', 'c'] }),
      equals({ 'Fn::FindInMap': ['M', ref('P'), 'K'] }, 'yes'),
      [
        [true, 'a'],
        [false, 'b'],
      ],
    ],
    [
      'the value of a mapping with an open key',
      text(),
      equals({ 'Fn::FindInMap': ['M', ref('P'), 'K'] }, 'yes'),
      [
        [true, 'a'],
        [false, 'b'],
      ],
    ],
  ];
  test.each(rows)('%s', (_, parameter, tested, found) => {
    const more = { Mappings: { M: { a: { K: 'yes' }, b: { K: 'no' } } } };
    const unordered = (pairs: unknown): unknown => new Set((pairs as unknown[]).map((pair) => JSON.stringify(pair)));
    const actual = told(parameter, tested, more) as { exact: boolean; found: unknown };
    expect([actual.exact, unordered(actual.found)]).toEqual([true, unordered(found)]);
  });
});

test('lists are told apart by which literals they hold, together too', () => {
  const holds = (item: string): Json => ({ 'Fn::Contains': [ref('P'), item] });
  const template = templateOf(1, {
    Parameters: { P: { Type: 'CommaDelimitedList' } },
    Conditions: { A: holds('a'), B: holds('80'), OnlyA: { 'Fn::EachMemberEquals': [ref('P'), 'a'] } },
  });
  const scenarios = listScenarios(template);
  expect(scenarios.exact).toBe(true);
  const vectors = [...scenarios].map(({ conditions }) => `${conditions.A} ${conditions.B} ${conditions.OnlyA}`);
  expect(vectors.sort()).toEqual([
    'false false false',
    'false true false',
    'true false false',
    'true false true',
    'true true false',
  ]);
});

test('a place in a list beyond what is tried is said', () => {
  const template = templateOf(1, {
    Parameters: { P: { Type: 'CommaDelimitedList' } },
    Conditions: { C: equals(select(30, ref('P')), 'x') },
  });
  expect(listScenarios(template)).toMatchObject({ exact: false, incomplete: true });
});

describe('parameters compared with each other', () => {
  const template = templateOf(1, {
    Parameters: {
      P: text({ AllowedPattern: '[a-c]' }),
      Q: text({ AllowedPattern: '[c-e]' }),
      R: text({ AllowedPattern: '[f-g]' }),
    },
    Conditions: { SameAsQ: equals(ref('P'), ref('Q')), SameAsR: equals(ref('R'), ref('P')) },
  });

  test('are equal where their domains meet, and only there', () => {
    const scenarios = listScenarios(template);
    expect(scenarios).toMatchObject({ exact: true, reachable: 2 });
    expect([...scenarios].map((each) => each.conditions)).toEqual(
      expect.arrayContaining([
        { SameAsQ: true, SameAsR: false },
        { SameAsQ: false, SameAsR: false },
      ]),
    );
    expect([...scenarios].find((each) => each.conditions.SameAsQ)!.assignment).toMatchObject({ P: 'c', Q: 'c' });
  });
});

describe('pseudo parameters', () => {
  test('the partition follows from the region', () => {
    const template = templateOf(1, {
      Conditions: {
        InChina: equals(ref('AWS::Partition'), 'aws-cn'),
        InBeijing: equals(ref('AWS::Region'), 'cn-north-1'),
      },
    });
    const found = [...listScenarios(template)].map(({ conditions, overrides, environment }) => ({
      conditions,
      overrides,
      partition: environment.partition,
    }));
    expect(found).toEqual([
      { conditions: { InChina: false, InBeijing: false }, overrides: {}, partition: undefined },
      {
        conditions: { InChina: true, InBeijing: true },
        overrides: { 'AWS::Region': 'cn-north-1' },
        partition: 'aws-cn',
      },
      {
        conditions: { InChina: true, InBeijing: false },
        overrides: { 'AWS::Region': 'cn-northwest-1' },
        partition: 'aws-cn',
      },
    ]);
  });

  test('regions are told apart by the rows of a mapping, and a region without one is refused in a condition', () => {
    const template = templateOf(1, {
      Mappings: { Zones: { 'us-east-1': { Count: '3' }, 'eu-west-1': { Count: '3' }, 'us-west-1': { Count: '2' } } },
      Conditions: { HasThree: equals({ 'Fn::FindInMap': ['Zones', ref('AWS::Region'), 'Count'] }, 3) },
    });
    expect(
      [...listScenarios(template)].map((each) => [each.conditions.HasThree, each.assignment['AWS::Region']]),
    ).toEqual([
      [true, 'us-east-1'],
      [false, 'us-west-1'],
    ]);
  });
});

describe('what cannot be decided is said, and never dropped', () => {
  test('a comparison of computed texts is free', () => {
    const template = templateOf(1, {
      Parameters: { P: text(), Q: text() },
      Conditions: { C: equals(select(0, split('-', ref('P'))), ref('Q')) },
    });
    const scenarios = listScenarios(template);
    expect(scenarios.exact).toBe(false);
    expect(scenarios.assumptions).toEqual([expect.stringContaining('may be true or false')]);
    expect(new Set([...scenarios].map((each) => each.conditions.C))).toEqual(new Set([true, false]));
  });

  test('the same undecided comparison has one outcome wherever it stands', () => {
    const tested = equals({ 'Fn::ImportValue': 'x' }, 'y');
    const template = templateOf(1, { Conditions: { C: tested, D: not(tested) } });
    expect([...listScenarios(template)].map((each) => each.conditions)).toEqual([
      { C: true, D: false },
      { C: false, D: true },
    ]);
  });

  test('a class whose values cannot be found is assumed to have one', () => {
    const template = templateOf(1, {
      Parameters: { P: text({ AllowedPattern: '(x)\\1{4}|q' }) },
      Conditions: { C: equals(ref('P'), 'q') },
    });
    const scenarios = listScenarios(template);
    expect(scenarios.assumptions).toEqual(['P may have a further value']);
    expect([...scenarios].map((each) => each.conditions.C)).toEqual([true, false]);
  });
});

describe('a scenario resolves its slice, with what is open left unknown', () => {
  const resolved = (template: Template, options = {}): unknown[] => {
    const scenarios = listScenarios(template, { slice: sliceOf(template, ['Subject']), ...options });
    return [...scenarios].map((scenario: Scenario) => [
      scenario.overrides,
      resolveScenario(template, scenario, { only: ['Subject'] }).resources.Subject?.properties.Value,
    ]);
  };

  const rows: [string, Json, Partial<Template>, unknown[]][] = [
    [
      'a branch by an allowed value',
      when('IsProd', true, false),
      {
        Parameters: { Env: text({ AllowedValues: ['dev', 'prod'], Default: 'prod' }) },
        Conditions: { IsProd: equals(ref('Env'), 'prod') },
      },
      [
        [{}, true],
        [{ Env: 'dev' }, false],
      ],
    ],
    [
      'a branch that removes the property',
      when('On', { A: 1 }, NO_VALUE),
      {
        Parameters: { Switch: text({ AllowedValues: ['true', 'false'], Default: 'true' }) },
        Conditions: { On: equals(ref('Switch'), true) },
      },
      [
        [{}, { A: 1 }],
        [{ Switch: 'false' }, undefined],
      ],
    ],
    [
      'each allowed value where it is read',
      ref('Rotate'),
      { Parameters: { Rotate: text({ AllowedValues: [true, false], Default: true }) } },
      [
        [{}, 'true'],
        [{ Rotate: 'false' }, 'false'],
      ],
    ],
    [
      'one allowed value',
      ref('Enc'),
      { Parameters: { Enc: text({ AllowedValues: ['true'], Default: 'true' }) } },
      [[{}, 'true']],
    ],
    [
      'the rows of a mapping that a parameter can choose',
      { 'Fn::FindInMap': ['M', ref('Tier'), 'Enc'] },
      {
        Parameters: { Tier: text({ AllowedValues: ['a', 'b'], Default: 'a' }) },
        Mappings: { M: { a: { Enc: true }, b: { Enc: false }, c: { Enc: 'never' } } },
      },
      [
        [{}, true],
        [{ Tier: 'b' }, false],
      ],
    ],
    [
      'a rule that excludes a value',
      when('IsDev', 'open', 'closed'),
      {
        Parameters: { Env: text({ AllowedValues: ['dev', 'prod'], Default: 'prod' }) },
        Conditions: { IsDev: equals(ref('Env'), 'dev') },
        Rules: { NoDev: { Assertions: [{ Assert: not(equals(ref('Env'), 'dev')) }] } },
      },
      [[{}, 'closed']],
    ],
  ];
  test.each(rows)('%s', (_, value, more, expected) => {
    expect(resolved(templateOf(value, more))).toEqual(expected);
  });

  test('inside a condition on a parameter that is not empty, it is known not to be', () => {
    const template = templateOf(when('HasKey', ref('Key'), NO_VALUE), {
      Parameters: { Key: text({ Default: '' }) },
      Conditions: { HasKey: not(equals(ref('Key'), '')) },
    });
    expect(resolved(template)).toEqual([
      [{}, undefined],
      [{ Key: 'other' }, expect.objectContaining({ $unknown: 'parameter', not: [''] })],
    ]);
  });

  test('an open parameter is unknown, whatever its default, and a text that matters can be told apart', () => {
    const template = templateOf(ref('Cidr'), {
      Parameters: { Cidr: text({ Default: '10.0.0.0/8', AllowedPattern: '[\\d./]+' }) },
    });
    expect(resolved(template)).toEqual([[{}, expect.objectContaining({ $unknown: 'parameter' })]]);
    expect(resolved(template, { distinguish: { Cidr: ['0.0.0.0/0', '::/0'] } })).toEqual([
      [{}, expect.objectContaining({ $unknown: 'parameter', not: ['0.0.0.0/0'] })],
      [{ Cidr: '0.0.0.0/0' }, '0.0.0.0/0'],
    ]);
  });
});

describe('slices', () => {
  const indexes = Array.from({ length: 40 }, (_, i) => i);
  const forty: Template = {
    Parameters: Object.fromEntries(
      indexes.map((i) => [`P${i}`, text({ AllowedValues: ['on', 'off'], Default: 'off' })]),
    ),
    Conditions: {
      ...Object.fromEntries(indexes.map((i) => [`C${i}`, equals(ref(`P${i}`), 'on')])),
      Both: and(named('C1'), named('C2')),
    },
    Resources: Object.fromEntries(indexes.map((i) => [`R${i}`, { Type: 'Test::Thing', Condition: `C${i}` }])),
  };

  test('forty independent conditions are counted and not listed, and come with the fewest changes first', () => {
    const scenarios = listScenarios(forty);
    expect(scenarios).toMatchObject({
      total: 2 ** 40,
      reachable: 2 ** 40,
      exact: true,
      tooLarge: true,
      incomplete: false,
    });
    const first: number[] = [];
    for (const scenario of scenarios) if (first.push(Object.keys(scenario.overrides).length) === 42) break;
    expect(first).toEqual([0, ...indexes.map(() => 1), 2]);
  });

  test('more scenarios than a number can count exactly', () => {
    const wide = {
      ...forty,
      Parameters: Object.fromEntries(indexes.map((i) => [`P${i}`, text({ AllowedValues: ['on', 'off', 'a', 'b'] })])),
      Conditions: Object.fromEntries(
        indexes
          .map((i) => [`C${i}`, or(equals(ref(`P${i}`), 'on'), named(`D${i}`))])
          .concat(indexes.map((i) => [`D${i}`, equals(ref(`P${i}`), 'a')])),
      ),
    };
    expect(listScenarios(wide as Template).total).toBe(3n ** 40n);
  });

  test('a slice costs what it depends on', () => {
    const sizes = indexes.map((i) => listScenarios(forty, { slice: sliceOf(forty, [`R${i}`]) }).reachable);
    expect(sizes).toEqual(indexes.map(() => 2));
    const slice = sliceOf(forty, [{ condition: 'Both' }]);
    expect(slice.conditions).toEqual(['Both', 'C1', 'C2']);
    expect([...listScenarios(forty, { slice })].length).toBe(4);
  });

  test('a rule that connects parameters brings them into the slice', () => {
    const ruled = {
      ...forty,
      Rules: {
        OneNeedsTwo: { RuleCondition: equals(ref('P1'), 'on'), Assertions: [{ Assert: equals(ref('P2'), 'on') }] },
      },
    };
    const scenarios = listScenarios(ruled, { slice: sliceOf(ruled, ['R1']) });
    expect(scenarios).toMatchObject({ total: 4, reachable: 3 });
    expect([...scenarios].find((each) => each.conditions.C1)!.overrides).toEqual({ P1: 'on', P2: 'on' });
  });

  test('a part of a resource depends on that part and on the condition of the resource', () => {
    const template = templateOf({ A: ref('P1'), B: when('C2', 1, 2) }, forty);
    template.Resources.Subject!.Condition = 'C3';
    const slice = sliceOf(template, [{ resource: 'Subject', path: ['Properties', 'Value', 'A'] }]);
    expect(slice).toMatchObject({ conditions: ['C3'], values: ['P1'] });
  });

  test('a slice over the limit says so, with the count', () => {
    const slice = sliceOf(forty, ['R0', 'R1', 'R2']);
    expect(listScenarios(forty, { slice, limit: 7 })).toMatchObject({ reachable: 8, tooLarge: true });
  });
});
