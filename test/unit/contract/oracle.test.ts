import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { intrinsicOf } from '../../../lib/cfn/intrinsics.ts';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import type { Json, ParameterBody, Template } from '../../../lib/cfn/template.ts';
import { proveContract } from '../../../lib/contract/contract.ts';
import { and, equals, named, not, or, ref, when } from '../scenarios/support.ts';

type Raw = Readonly<Record<string, string>>;

/** Enough for a parameter that admits any text: what the templates name, and a value of its own for each of the others. */
const TEXTS = ['a', 'b', 'c', 'other', 'another'];
const CONDITIONS = ['C0', 'C1', 'C2'];

const body: fc.Arbitrary<ParameterBody> = fc
  .oneof(
    fc.subarray(['a', 'b', 'c'], { minLength: 1 }).chain((values) =>
      fc.record({
        Type: fc.constant('String'),
        AllowedValues: fc.constant(values),
        Default: fc.option(fc.constantFrom(...values), { nil: undefined, freq: 4 }),
      }),
    ),
    fc.record({
      Type: fc.constant('String'),
      Default: fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 4 }),
    }),
  )
  .map(({ Default, ...rest }) => ({ ...rest, ...(Default !== undefined && { Default }) }));

/** A template without resources: parameters of these names, conditions and rules over them. */
function base(names: readonly string[]) {
  const operand = fc.constantFrom(...names).map(ref);
  const test: fc.Arbitrary<Json> = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(operand, fc.constantFrom('a', 'b', 'c')).map(([a, b]) => equals(a, b)) },
    { weight: 1, arbitrary: fc.tuple(operand, operand).map(([a, b]) => equals(a, b)) },
  );
  const compound = fc.oneof(
    test,
    test.map(not),
    fc.tuple(test, test).map(([a, b]) => and(a, b)),
    fc.tuple(test, test).map(([a, b]) => or(a, not(b))),
  );
  return fc
    .record({
      bodies: fc.tuple(...names.map(() => body)),
      tests: fc.tuple(compound, compound, test),
      rule: fc.option(compound, { nil: undefined, freq: 2 }),
    })
    .map(({ bodies, tests, rule }) => ({
      Parameters: Object.fromEntries(names.map((name, i) => [name, bodies[i]!])),
      Conditions: Object.fromEntries(
        CONDITIONS.map((name, i) => [name, i === 2 ? or(tests[2]!, named('C1')) : tests[i]!]),
      ),
      ...(rule !== undefined && { Rules: { Only: { Assertions: [{ Assert: rule }] } } }),
    }));
}

function nameOver(names: readonly string[]): fc.Arbitrary<Json> {
  return fc.letrec<{ name: Json }>((tie) => ({
    name: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 2, arbitrary: fc.constantFrom<Json>('a-x', 'b-x', 'a-y') },
      { weight: 5, arbitrary: fc.constantFrom(...names).map((name): Json => ({ 'Fn::Sub': `\${${name}}-x` })) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(...CONDITIONS), tie('name'), tie('name')).map(([c, a, b]) => when(c, a, b)),
      },
    ),
  })).name;
}

const under = fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined, freq: 2 });

const reader = fc.record({ base: base(['E', 'F', 'M']), name: nameOver(['E', 'F', 'M']), condition: under });
const writer = fc.record({
  base: base(['E', 'F', 'N']),
  outputs: fc.array(fc.record({ name: nameOver(['E', 'F', 'N']), condition: under }), { minLength: 1, maxLength: 3 }),
});

// ---- what is true, by trying every value

function holds(test: Json, template: Partial<Template>, raw: Raw): boolean {
  const { name, argument } = intrinsicOf(test)!;
  const list = argument as Json[];
  if (name === 'Condition') return holds(template.Conditions![argument as string]!, template, raw);
  if (name === 'Fn::Not') return !holds(list[0]!, template, raw);
  if (name === 'Fn::And') return list.every((each) => holds(each, template, raw));
  if (name === 'Fn::Or') return list.some((each) => holds(each, template, raw));
  const [left, right] = list.map((each) => (typeof each === 'string' ? each : raw[(each as { Ref: string }).Ref]));
  return left === right;
}

interface Form {
  /** `${E}-x` */
  readonly text: string;
  readonly guards: readonly Json[];
}

function forms(name: Json): Form[] {
  if (typeof name === 'string') return [{ text: name, guards: [] }];
  const call = intrinsicOf(name)!;
  if (call.name === 'Fn::Sub') return [{ text: call.argument as string, guards: [] }];
  const [condition, a, b] = call.argument as [string, Json, Json];
  const guarded = (each: Json, guard: Json) =>
    forms(each).map(({ text, guards }) => ({ text, guards: [guard, ...guards] }));
  return [...guarded(a, named(condition)), ...guarded(b, not(named(condition)))];
}

const textIn = (text: string, raw: Raw) => text.replace(/\$\{(\w)\}/g, (_, name) => raw[name]!);
const namesIn = (text: string) => [...text.matchAll(/\$\{(\w)\}/g)].map((match) => match[1]!);

function deployments(template: Partial<Template>): Raw[] {
  let all: Raw[] = [{}];
  for (const [name, { AllowedValues }] of Object.entries(template.Parameters!))
    all = all.flatMap((raw) =>
      ((AllowedValues as string[] | undefined) ?? TEXTS).map((text) => ({ ...raw, [name]: text })),
    );
  const rule = template.Rules?.Only?.Assertions[0]?.Assert;
  return rule === undefined ? all : all.filter((raw) => holds(rule, template, raw));
}

/** Parameters that tests turn on, through conditions too. */
function turnsOn(template: Partial<Template>, tests: readonly Json[]): Set<string> {
  const found = new Set<string>();
  const visit = (value: Json): void => {
    const call = intrinsicOf(value);
    if (call?.name === 'Ref') found.add(call.argument as string);
    else if (call?.name === 'Condition') visit(template.Conditions![call.argument as string]!);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  const rule = template.Rules?.Only?.Assertions[0]?.Assert;
  for (const test of [...tests, ...(rule === undefined ? [] : [rule])]) visit(test);
  return found;
}

function admitsAll(body: ParameterBody, other: ParameterBody): boolean {
  if (!body.AllowedValues) return true;
  return other.AllowedValues?.every((text) => body.AllowedValues!.includes(text)) ?? false;
}

type Truth = 'proven' | 'unmet' | 'unwritten';

interface Told {
  readonly truth: Truth;
  /** Every pair of deployments that shows it; of `unmet` only the reader's. */
  readonly shown: readonly { readonly reader: Raw; readonly writer?: Raw }[];
}

/** With these parameters the same in both. */
function judged(
  read: Form,
  R: Partial<Template>,
  W: Partial<Template>,
  written: readonly Form[],
  tied: readonly string[],
): Told {
  const readers = deployments(R).filter((raw) => read.guards.every((guard) => holds(guard, R, raw)));
  const writers = deployments(W).map((raw) => ({
    raw,
    forms: written.map((form) => ({
      text: textIn(form.text, raw),
      kept: form.guards.every((guard) => holds(guard, W, raw)),
    })),
  }));
  const infinite = new Set(namesIn(read.text).filter((name) => R.Parameters![name]!.AllowedValues === undefined));
  const finite = namesIn(read.text).filter((name) => !infinite.has(name));
  const deciding = [...new Set([...turnsOn({ ...R, Rules: {} }, read.guards), ...finite])].filter(
    (name) => !infinite.has(name),
  );
  const groups = new Map<string, { met: boolean; readers: Raw[] }>();
  const unwritten: { reader: Raw; writer: Raw }[] = [];
  for (const raw of readers) {
    const name = textIn(read.text, raw);
    const key = JSON.stringify(deciding.map((each) => raw[each]));
    const group = groups.get(key) ?? { met: false, readers: [] };
    groups.set(key, group);
    group.readers.push(raw);
    for (const each of writers) {
      if (tied.some((parameter) => raw[parameter] !== each.raw[parameter])) continue;
      const meeting = each.forms.filter(({ text }) => text === name);
      if (meeting.length === 0) continue;
      group.met = true;
      if (!meeting.some(({ kept }) => kept)) unwritten.push({ reader: raw, writer: each.raw });
    }
  }
  if (unwritten.length > 0) return { truth: 'unwritten', shown: unwritten };
  const unmet = [...groups.values()].filter(({ met }) => !met);
  if (unmet.length > 0)
    return { truth: 'unmet', shown: unmet.flatMap((group) => group.readers.map((raw) => ({ reader: raw }))) };
  return { truth: 'proven', shown: [] };
}

function changes(template: Partial<Template>, raw: Raw): number {
  return Object.entries(template.Parameters!).filter(
    ([name, { Default }]) => Default !== undefined && raw[name] !== Default,
  ).length;
}

test('each verdict on a pair of templates, and each counterexample, is what trying every value says', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(reader, writer, (r, w) => {
      const R: Partial<Template> = r.base;
      const W: Partial<Template> = w.base;
      const reads: Template = {
        ...r.base,
        Resources: {
          Reader: {
            Type: 'AWS::SNS::Topic',
            ...(r.condition !== undefined && { Condition: r.condition }),
            Properties: { DisplayName: { 'Fn::ImportValue': r.name } },
          },
        },
      };
      const writes: Template = {
        ...w.base,
        Resources: {},
        Outputs: Object.fromEntries(
          w.outputs.map(({ name, condition }, i) => [
            `O${i}`,
            { ...(condition !== undefined && { Condition: condition }), Value: 'v', Export: { Name: name } },
          ]),
        ),
      };
      const documents = [
        { document: parseTemplate(JSON.stringify(writes), 'writer.json') },
        { document: parseTemplate(JSON.stringify(reads), 'reader.json') },
      ];
      const contract = proveContract(documents.map((each, position) => ({ ...each, group: 'all', position })));
      const guard = (condition: string | undefined) => (condition === undefined ? [] : [named(condition)]);
      const readForms = forms(r.name).map((form) => ({ ...form, guards: [...guard(r.condition), ...form.guards] }));
      const written = w.outputs.flatMap(({ name, condition }) =>
        forms(name).map((form) => ({ ...form, guards: [...guard(condition), ...form.guards] })),
      );
      for (const text of new Set(readForms.map((form) => form.text))) {
        const told = readForms
          .filter((form) => form.text === text)
          .map((form) => {
            const shared = namesIn(text).filter((name) => written.some((each) => namesIn(each.text).includes(name)));
            const first = judged(form, R, W, written, shared);
            if (first.truth === 'proven') return { form, told: first };
            const mayMeet = written.filter((each) => {
              const texts = new Set(deployments({ ...R, Rules: {} }).map((raw) => textIn(text, raw)));
              return deployments({ ...W, Rules: {} }).some((raw) => texts.has(textIn(each.text, raw)));
            });
            const linked = new Set([text, ...mayMeet.map((each) => each.text)].flatMap(namesIn));
            const further = [...turnsOn(R, form.guards)].filter(
              (name) =>
                turnsOn(
                  W,
                  mayMeet.flatMap((each) => each.guards),
                ).has(name) &&
                !shared.includes(name) &&
                !linked.has(name) &&
                R.Parameters![name] &&
                W.Parameters![name] &&
                admitsAll(W.Parameters![name]!, R.Parameters![name]!),
            );
            return { form, told: further.length > 0 ? judged(form, R, W, written, [...shared, ...further]) : first };
          });
        const entry = contract.names.find(({ name }) => name === text)!;
        const truth = told.every((each) => each.told.truth === 'proven') ? 'proven' : 'broken';
        seen.set(`${entry.verdict} ${truth}`, (seen.get(`${entry.verdict} ${truth}`) ?? 0) + 1);
        // No template given writes the name at all: then it is not known, unless another is near.
        const nobody = told.some((each) => each.told.truth === 'unmet');
        if (entry.verdict === 'unknown') {
          expect([text, nobody]).toEqual([text, true]);
          continue;
        }
        expect([text, entry.verdict, entry.because]).toEqual([text, truth, entry.because]);
        if (truth === 'proven' || entry.when === undefined || nobody) continue;
        const shown = told.flatMap((each) => each.told.shown);
        const fits = shown.filter(({ reader: one, writer: other }) =>
          Object.entries(entry.when!).every(
            ([key, value]) => (key.startsWith('reader') ? one : other)?.[key.split(':')[1]!] === value,
          ),
        );
        expect(fits.length).toBeGreaterThan(0);
        const size = ({ reader: one, writer: other }: (typeof shown)[number]) =>
          changes(R, one) + (other ? changes(W, other) : 0);
        expect(Math.min(...fits.map(size))).toBe(Math.min(...shown.map(size)));
      }
    }),
    { numRuns: Number(process.env.PLAINFORM_RUNS ?? 1000) },
  );
  expect([...seen.keys()]).toEqual(expect.arrayContaining(['proven proven', 'broken broken']));
});
