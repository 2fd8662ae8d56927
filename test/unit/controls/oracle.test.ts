import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { intrinsicOf } from '../../../lib/cfn/intrinsics.ts';
import { isObject, type Json, type JsonObject, type Template } from '../../../lib/cfn/template.ts';
import { type Control, on } from '../../../lib/controls/control.ts';
import { all, any, fails, when } from '../../../lib/controls/judgement.ts';
import { Prover } from '../../../lib/controls/prove.ts';
import { cases, NAMES, outcome, type Raw } from '../scenarios/oracle.ts';
import { NO_VALUE, when as pick, ref } from '../scenarios/support.ts';

const CONDITIONS = ['C0', 'C1', 'C2', 'C3'];
const KEYS = ['', 'a', 'b', 'c', 'd', 'e', '-', 'aa', 'a-', '-a', '--', 'b-a', '1', '2'];
const ROWS = Object.fromEntries(KEYS.map((key, i) => [key, { K: KEYS[(i * 5 + 1) % KEYS.length]! }]));

const condition = fc.constantFrom(...CONDITIONS);
const leaf: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Json>('a', 'b', '', '1', '2', 3, true) },
  { weight: 3, arbitrary: fc.constantFrom(...NAMES).map(ref) },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name): Json => ({ 'Fn::FindInMap': ['N', ref(name), 'K'] })) },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name): Json => ({ 'Fn::Sub': `\${${name}}` })) },
);
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.constant(NO_VALUE),
    fc.tuple(condition, tie('value'), tie('value')).map(([name, a, b]) => pick(name, a, b)),
  ),
})).value;
const rule = value.map((text): Json => ({ CidrIp: text }));
const item = fc.oneof(
  rule,
  fc.tuple(condition, rule, fc.oneof(rule, fc.constant(NO_VALUE))).map(([name, a, b]) => pick(name, a, b)),
);
const body = (type: string, properties: JsonObject, under: string | undefined) => ({
  Type: type,
  ...(under !== undefined && { Condition: under }),
  Properties: properties,
});
const under = fc.option(condition, { nil: undefined });
const resources = fc
  .record({
    value,
    rules: fc.oneof(
      fc.array(item, { maxLength: 4 }),
      fc.tuple(condition, rule).map(([name, a]) => pick(name, [a], [])),
    ),
    grant: value,
    target: fc.oneof(fc.constant(ref('Subject')), fc.constant<Json>('elsewhere')),
    existence: fc.tuple(under, under),
  })
  .map(({ value: Value, rules: Rules, grant: Grant, target: Target, existence: [subject, other] }) => ({
    Subject: body('Test::Subject', { Value, Rules }, subject),
    Other: body('Test::Other', { Grant, Target }, other),
  }));

/** Controls, and what each means, said without the library. */
type Given = { [name: string]: Json | undefined };
const CONTROLS: Readonly<Record<string, { control: Control; means: (subject: Given, other?: Given) => boolean }>> = {
  is: {
    control: on('Test::Subject', (subject) => subject.at('Value').is('a', 'b')),
    means: ({ Value }) => ['a', 'b'].includes(String(Value)),
  },
  isNot: {
    control: on('Test::Subject', (subject) => subject.at('Value').isNot('a', '2')),
    means: ({ Value }) => !['a', '2'].includes(String(Value)),
  },
  present: {
    control: on('Test::Subject', (subject) => subject.at('Value').present()),
    means: ({ Value }) => Value !== undefined && Value !== '',
  },
  atLeast: {
    control: on('Test::Subject', (subject) => subject.at('Value').atLeast(2)),
    means: ({ Value }) => Value !== undefined && Value !== '' && Number(Value) >= 2,
  },
  every: {
    control: on('Test::Subject', (subject) => subject.at('Rules').every((each) => each.at('CidrIp').isNot('a', ''))),
    means: ({ Rules }) => ((Rules as Given[]) ?? []).every(({ CidrIp }) => !['a', ''].includes(String(CidrIp))),
  },
  some: {
    control: on('Test::Subject', (subject) => subject.at('Rules').some((each) => each.at('CidrIp').is('b'), 'none')),
    means: ({ Rules }) => ((Rules as Given[]) ?? []).some(({ CidrIp }) => String(CidrIp) === 'b'),
  },
  related: {
    control: on('Test::Subject', (subject, stack) =>
      any(
        stack
          .all('Test::Other')
          .map(
            (other) => () =>
              all([other.exists(), () => other.at('Target').refersTo(subject), () => other.at('Grant').is('a', 'b')]),
          ),
        fails(subject.path, 'nothing grants'),
      ),
    ),
    means: (_, other) => isObject(other?.Target) && ['a', 'b'].includes(String(other?.Grant)),
  },
  when: {
    control: on('Test::Subject', (subject) =>
      when(subject.at('Value').is('a'), () => subject.at('Rules').every((each) => each.at('CidrIp').is('a', 'b', 'c'))),
    ),
    means: ({ Value, Rules }) =>
      String(Value) !== 'a' ||
      ((Rules as Given[]) ?? []).every(({ CidrIp }) => ['a', 'b', 'c'].includes(String(CidrIp))),
  },
};

/** A value under raw parameters; undefined for `AWS::NoValue`. References to resources stay as they are. */
function plain(expression: Json, raw: Raw, conditions: Record<string, boolean>): Json | undefined {
  const inner = (each: Json) => plain(each, raw, conditions);
  if (Array.isArray(expression)) return expression.map(inner).filter((each) => each !== undefined);
  if (!isObject(expression)) return expression;
  const call = intrinsicOf(expression);
  if (!call)
    return Object.fromEntries(
      Object.entries(expression).flatMap(([key, each]) => {
        const known = inner(each);
        return known === undefined ? [] : [[key, known]];
      }),
    );
  const list = call.argument as Json[];
  if (call.name === 'Fn::If') return inner(conditions[list[0] as string] ? list[1]! : list[2]!);
  if (call.name === 'Fn::Sub') return raw[(call.argument as unknown as string).slice(2, -1)]!;
  if (call.name === 'Fn::FindInMap') return ROWS[inner(list[1]!) as string]!.K;
  if (call.argument === 'AWS::NoValue') return undefined;
  return raw[call.argument as string] ?? expression;
}

/** Values other than the defaults. A parameter without one has to be given anyhow, if it matters at all. */
function changesOf({ Parameters = {} }: Template, raw: Raw): number {
  const usual = (name: string) => (name === 'AWS::Region' ? 'us-east-1' : Parameters[name]?.Default);
  return Object.entries(raw).filter(([name, text]) => usual(name) !== undefined && String(usual(name)) !== text).length;
}

/** Of the regions that the oracle tries, the one that no template can tell from this one. */
function regionAlike(region: string): string {
  if (['us-east-1', 'cn-north-1', 'us-gov-west-1'].includes(region)) return region;
  if (region.startsWith('cn-')) return 'cn-northwest-1';
  return /^(us-gov|us-iso|eu-iso|eusc)/.test(region) ? 'us-gov-east-1' : 'eu-west-1';
}

test('each verdict, and each counterexample, is what trying every raw value says', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(cases, resources, fc.constantFrom(...Object.keys(CONTROLS)), (conditional, made, name) => {
      const template: Template = {
        ...conditional.template,
        Mappings: { ...conditional.template.Mappings, N: ROWS },
        Resources: made,
      };
      const { control, means } = CONTROLS[name]!;
      const deployments = conditional.all().flatMap((raw) => {
        const conditions = outcome(template, raw);
        if (!conditions) return [];
        const { Condition } = made.Subject;
        if (Condition !== undefined && !conditions[Condition]) return [];
        const subject = plain(made.Subject.Properties, raw, conditions) as Given;
        const otherExists = made.Other.Condition === undefined || conditions[made.Other.Condition];
        const other = otherExists ? (plain(made.Other.Properties, raw, conditions) as Given) : undefined;
        return [{ raw, holds: means(subject, other) }];
      });
      const wrong = deployments.filter(({ holds }) => !holds);
      const truth =
        deployments.length === 0
          ? 'unreachable'
          : wrong.length === 0
            ? 'proven'
            : wrong.length === deployments.length
              ? 'never'
              : 'fails';
      const fact = new Prover(template).prove(name, control, 'Subject');
      seen.set(fact.verdict, (seen.get(fact.verdict) ?? 0) + 1);
      // Comparisons of computed texts over open texts cannot be decided; what turns on one is never said to hold.
      if (fact.verdict === 'depends' || fact.verdict === 'not-evaluated') return;
      // Where not every class could be listed, that the others fail too is not said.
      expect(fact.verdict).toBe(truth === 'never' && !fact.counted ? 'fails' : truth);
      if (truth !== 'fails' && truth !== 'never') return;
      const given = fact.counterexample!;
      const least = Math.min(...wrong.map(({ raw }) => changesOf(template, raw)));
      // Where a class could not be decided, a smaller one may lie in it.
      if (fact.counted) expect(changesOf(template, given)).toBe(least);
      else expect(changesOf(template, given)).toBeGreaterThanOrEqual(least);
      const usual: Record<string, string> = { 'AWS::Region': 'us-east-1' };
      for (const [parameter, { Default }] of Object.entries(template.Parameters!))
        if (Default !== undefined) usual[parameter] = String(Default);
      const failing = { ...usual, ...given };
      failing['AWS::Region'] = regionAlike(failing['AWS::Region']!);
      // What the counterexample leaves out and has no default matters to nothing.
      expect(
        wrong.some(({ raw }) => Object.entries(failing).every(([parameter, text]) => raw[parameter] === text)),
      ).toBe(true);
    }),
    { numRuns: Number(process.env.PLAINFORM_RUNS ?? 150) },
  );
  const undecided = (seen.get('depends') ?? 0) + (seen.get('not-evaluated') ?? 0);
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  expect(undecided / total).toBeLessThan(0.2);
  expect([...seen.keys()]).toEqual(expect.arrayContaining(['proven', 'fails', 'never']));
});
