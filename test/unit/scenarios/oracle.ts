import fc from 'fast-check';
import { intrinsicOf } from '../../../lib/cfn/intrinsics.ts';
import type { Json, ParameterBody, Template } from '../../../lib/cfn/template.ts';
import { and, equals, named, not, or, ref, text } from './support.ts';

/** One value for each parameter and pseudo parameter, as text. */
export type Raw = Readonly<Record<string, string>>;

/** The condition vector of raw values; undefined where CloudFormation refuses them. Shares no code with the library. */
export function outcome(template: Template, raw: Raw): Record<string, boolean> | undefined {
  class Refused extends Error {}
  const value = (expression: Json): string => {
    const call = intrinsicOf(expression);
    if (!call) return String(expression);
    const list = call.argument as Json[];
    if (call.name === 'Ref' && call.argument === 'AWS::Partition') return partition(raw['AWS::Region']!);
    if (call.name === 'Ref') return raw[call.argument as string]!;
    if (call.name === 'Fn::Sub') return (call.argument as string).replace(/\$\{(\w+)\}/g, (_, name) => raw[name]!);
    if (call.name === 'Fn::Join') return (list[1] as Json[]).map(value).join(list[0] as string);
    if (call.name === 'Fn::Select') {
      const [delimiter, of] = intrinsicOf(list[1]!)!.argument as Json[];
      const item = value(of!).split(delimiter as string)[Number(list[0])];
      if (item === undefined) throw new Refused();
      return item;
    }
    const [map, top, second] = list.map(value);
    const row = template.Mappings?.[map!]?.[top!]?.[second!];
    if (row === undefined) throw new Refused();
    return String(row);
  };
  const holds = (test: Json): boolean => {
    const { name, argument } = intrinsicOf(test)!;
    const list = argument as Json[];
    if (name === 'Condition') return holds(template.Conditions![argument as string]!);
    if (name === 'Fn::Not') return !holds(list[0]!);
    if (name === 'Fn::And') return list.map(holds).every(Boolean);
    if (name === 'Fn::Or') return list.map(holds).some(Boolean);
    if (name === 'Fn::Contains') return (list[0] as Json[]).map(value).includes(value(list[1]!));
    return value(list[0]!) === value(list[1]!);
  };
  try {
    const vector = Object.fromEntries(
      Object.entries(template.Conditions ?? {}).map(([name, test]) => [name, holds(test)]),
    );
    for (const rule of Object.values(template.Rules ?? {})) {
      if (rule.RuleCondition !== undefined && !holds(rule.RuleCondition)) continue;
      if (!rule.Assertions.every((assertion) => holds(assertion.Assert))) return undefined;
    }
    return vector;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

function partition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return /^(us-gov|us-iso|eu-iso|eusc)/.test(region) ? 'neither' : 'aws';
}

/** What each parameter of a generated template may be. Patterns admit finitely many texts, although nothing lists them. */
const BODIES: readonly { body: ParameterBody; raw: readonly string[] }[] = [
  { body: text({ AllowedValues: ['a', 'b', 'c'] }), raw: ['a', 'b', 'c'] },
  { body: text({ AllowedValues: ['a', 'b'], Default: 'b' }), raw: ['a', 'b'] },
  { body: text({ AllowedValues: ['a', 'b', '', 'd'], Default: '' }), raw: ['a', 'b', '', 'd'] },
  { body: text({ AllowedPattern: '[a-e]', Default: 'e' }), raw: ['a', 'b', 'c', 'd', 'e'] },
  { body: text({ AllowedPattern: '(a|b-a)?' }), raw: ['', 'a', 'b-a'] },
  {
    body: text({ AllowedPattern: '[a-]{0,3}', MaxLength: 2, Default: 'a' }),
    raw: ['', 'a', '-', 'aa', 'a-', '-a', '--'],
  },
  { body: text({ AllowedPattern: '^(a|c)$', Default: 'c', MinLength: 1 }), raw: ['a', 'c'] },
  { body: { Type: 'Number', AllowedValues: [1, 2], Default: 1 }, raw: ['1', '2'] },
];
const COMPARED_REGIONS = ['us-east-1', 'cn-north-1', 'us-gov-west-1'];
/** With another region of each partition that is told apart. */
const REGIONS = [...COMPARED_REGIONS, 'eu-west-1', 'cn-northwest-1', 'us-gov-east-1'];
export const NAMES = ['P', 'Q', 'R', 'S'];

const literals = fc.constantFrom('a', 'b', 'c', '', 'z', '1', 'b-a');
const reference = fc.constantFrom(...NAMES).map(ref);
const comparison: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(reference, literals).map(([left, right]) => equals(left, right)) },
  { weight: 2, arbitrary: fc.tuple(reference, reference).map(([left, right]) => equals(left, right)) },
  { weight: 1, arbitrary: fc.constantFrom(...COMPARED_REGIONS).map((region) => equals(ref('AWS::Region'), region)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('aws', 'aws-cn').map((partition) => equals(partition, ref('AWS::Partition'))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(reference, literals).map(([key, right]) => equals({ 'Fn::FindInMap': ['M', key, 'K'] }, right)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(reference, reference)
      .map(([key, right]) => equals({ 'Fn::FindInMap': ['M', key, 'K'] }, right)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(reference, reference, literals)
      .map(([a, b, right]) => equals({ 'Fn::Join': ['-', [a, b]] }, right)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'a', 'b-a').map((right) => equals({ 'Fn::Sub': '${P}${Q}' }, right)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 1 }), reference, literals)
      .map(([i, of, right]) => equals({ 'Fn::Select': [i, { 'Fn::Split': ['-', of] }] }, right)),
  },
);
const tests = (names: readonly string[]): fc.Arbitrary<Json> =>
  fc.letrec<{ test: Json }>((tie) => ({
    test: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      comparison,
      ...(names.length > 0 ? [fc.constantFrom(...names).map(named)] : []),
      tie('test').map(not),
      fc.tuple(tie('test'), tie('test')).map((both) => and(...both)),
      fc.tuple(tie('test'), tie('test'), tie('test')).map((all) => or(...all)),
    ),
  })).test;
const assertion: fc.Arbitrary<Json> = fc.oneof(
  tests([]),
  fc
    .tuple(fc.subarray(['a', 'b', 'c', '', '1'], { minLength: 1 }), reference)
    .map(([list, item]): Json => ({ 'Fn::Contains': [list, item] })),
);

export interface Case {
  readonly template: Template;
  /** Every assignment of raw values. */
  all(): readonly Raw[];
}

/** Templates with conditions over up to four parameters, of which every raw value can be tried. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    bodies: fc.tuple(...NAMES.map(() => fc.constantFrom(...BODIES))),
    conditions: fc.tuple(tests([]), tests(['C0']), tests(['C0', 'C1']), tests(['C1', 'C2'])),
    rules: fc.array(fc.tuple(fc.option(tests([]), { nil: undefined }), assertion), { maxLength: 2 }),
  })
  .map(({ bodies, conditions, rules }) => {
    const template: Template = {
      Parameters: Object.fromEntries(NAMES.map((name, i) => [name, bodies[i]!.body])),
      Mappings: { M: { a: { K: 'b' }, b: { K: 'a' }, c: { K: 'z' }, '': { K: '' } } },
      Conditions: Object.fromEntries(conditions.map((test, i) => [`C${i}`, test])),
      Rules: Object.fromEntries(
        rules.map(([RuleCondition, Assert], i) => [
          `R${i}`,
          { ...(RuleCondition === undefined ? {} : { RuleCondition }), Assertions: [{ Assert }] },
        ]),
      ),
      Resources: {},
    };
    const all = (): Raw[] =>
      NAMES.reduce<Raw[]>(
        (raws, name, i) => raws.flatMap((raw) => bodies[i]!.raw.map((value) => ({ ...raw, [name]: value }))),
        REGIONS.map((region) => ({ 'AWS::Region': region })),
      );
    return { template, all };
  });
