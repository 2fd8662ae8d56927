import type { Finding } from '../cfn/errors.ts';
import type { Json } from '../cfn/template.ts';
import { defaultText, parameterType } from '../scenarios/parameters.ts';
import { readsOf } from '../scenarios/reads.ts';
import type { Met } from './contract.ts';
import type { Joint, Tie } from './joint.ts';
import { type Equation, endsDiffer, equationTest, meetingOf } from './meet.ts';
import type { Writing } from './promises.ts';
import { deploymentWhere, type MakeJoint, nameTies, type Overrides, parametersOf } from './prove.ts';
import { placeText, type Stack, sideBySide } from './stack.ts';
import { writtenText } from './texts.ts';

/**
 * Names that two resources or outputs write in one deployment. Where they are one only if parameters of different names are
 * given the same, the defaults decide: other values keep them apart.
 */
export function writtenTwice(
  writings: readonly Writing[],
  met: readonly Met[],
  make: MakeJoint,
  whenOf: (overrides: Overrides) => Record<string, string>,
): Finding[] {
  const findings: Finding[] = [];
  const alternatives = new Map<string, { a: Writing; b: Writing; count: number }>();
  const apart = givenApart(met);
  const seen = new Set<string>();
  for (const [i, a] of writings.entries())
    for (const b of writings.slice(i + 1)) {
      if (a.kind !== b.kind || (a.stack === b.stack && String(a.path) === String(b.path))) continue;
      if (a.stack.region !== undefined && b.stack.region !== undefined && a.stack.region !== b.stack.region) continue;
      if (endsDiffer(a.parts, b.parts)) continue;
      const pair = JSON.stringify([a.stack.index, a.path, b.stack.index, b.path]);
      if (seen.has(pair) || isToldAlready(a, b)) continue;
      const overrides = conflict(a, b, apart, make);
      if (overrides === undefined) continue;
      seen.add(pair);
      if (!sideBySide(a.stack, b.stack)) {
        const key = `${a.stack.index} ${b.stack.index}`;
        const before = alternatives.get(key);
        alternatives.set(key, before ? { ...before, count: before.count + 1 } : { a, b, count: 1 });
        continue;
      }
      const what = a.kind === 'export' ? 'the export' : 'the SSM parameter';
      const certain = overrides !== 'unknown';
      findings.push({
        ...{ code: 'CFN564', severity: certain ? 'error' : 'info', ...b.stack.place(b.path), path: b.path },
        message: `writes ${what} ${writtenText(b.parts)}, which ${placeText(a.stack.place(a.path))} ${certain ? 'writes too' : 'may write too'}`,
        fix: 'give one of them another name, or conditions that exclude each other',
        ...(certain && { when: whenOf(overrides) }),
      });
    }
  for (const { a, b, count } of alternatives.values()) {
    const more = count > 1 ? `, and ${count - 1} more` : '';
    findings.push({
      ...{ code: 'CFN564', severity: 'info', ...b.stack.place(b.path), path: b.path },
      message: `writes ${writtenText(b.parts)}, which ${placeText(a.stack.place(a.path))} writes too${more}: they are alternatives, or differ in a parameter`,
      fix: 'nothing, where only one of them is deployed; where both are, name both files, and it is judged as an error',
    });
  }
  return findings;
}

/** Two outputs of one template, as CFN134 tells of them. */
function isToldAlready(a: Writing, b: Writing): boolean {
  if (a.kind !== 'export' || a.stack !== b.stack) return false;
  const [one, other] = [a, b].map(({ stack, path }) => stack.template.Outputs![String(path[1])]!);
  if (JSON.stringify(one!.Export) !== JSON.stringify(other!.Export)) return false;
  return one!.Condition === other!.Condition || one!.Condition === undefined || other!.Condition === undefined;
}

/** Stacks of which one is given a parameter of another name what the other is: they are not given the same themselves. */
function givenApart(met: readonly Met[]): Set<string> {
  const apart = new Set<string>();
  for (const { reading, outcome } of met)
    for (const { writing, equations } of outcome.candidates)
      for (const name of equations.flatMap(parametersOf)) {
        const [, index, parameter] = /^P(\d+)x(.+)$/.exec(name) ?? [];
        if (Number(index) !== writing.stack.index) continue;
        const pair = [reading.stack.index, writing.stack.index].sort((x, y) => x - y);
        apart.add(`${pair.join(' ')} ${parameter}`);
      }
  return apart;
}

function conflict(
  a: Writing,
  b: Writing,
  apart: ReadonlySet<string>,
  make: MakeJoint,
): Overrides | 'unknown' | undefined {
  const [first, second] = [a.stack.index, b.stack.index];
  const isApart = (name: string) => apart.has(`${[first, second].sort((x, y) => x - y).join(' ')} ${name}`);
  const named = a.stack === b.stack ? [] : nameTies(a, b);
  if (
    named.some(({ name }) => isApart(name) && (a.stack.known(name) === undefined || b.stack.known(name) === undefined))
  )
    return undefined;
  const ties = [...named, ...(a.stack === b.stack ? [] : sharedParameters(a.stack, a.when, b.stack, b.when))].filter(
    ({ name }) => !isApart(name),
  );
  const joint = make([a.stack, b.stack], ties);
  if (!joint.possible) return undefined;
  const meeting = meetingOf(joint.renameParts(a.stack, a.parts), joint.renameParts(b.stack, b.parts), joint);
  if (meeting === 'never' || meeting === 'undecided') return undefined;
  const usual = usualTests(meeting.tests, joint);
  if (!usual) return undefined;
  const tests: Json[] = [
    ...a.when.map((test) => joint.rename(a.stack, test)),
    ...b.when.map((test) => joint.rename(b.stack, test)),
    ...meeting.tests.map(equationTest),
    ...usual,
  ];
  const found = deploymentWhere(joint, tests);
  return found === 'never' ? undefined : found;
}

/** Tests that the parameters of equations have their defaults; undefined where one has none. */
function usualTests(equations: readonly Equation[], joint: Joint): Json[] | undefined {
  const tests: Json[] = [];
  for (const name of equations.flatMap(parametersOf)) {
    const body = joint.body(name);
    const text = body && defaultText(body);
    if (text === undefined) return undefined;
    tests.push({ 'Fn::Equals': [{ Ref: name }, text] });
  }
  return tests;
}

/** Parameters of one name on which conditions and rules of both turn: an environment gives both the same. */
export function sharedParameters(a: Stack, whenA: readonly Json[], b: Stack, whenB: readonly Json[]): Tie[] {
  const of = ({ template }: Stack, when: readonly Json[]) =>
    readsOf(template, ...when, ...Object.values(template.Rules ?? {}).map((body) => body as unknown as Json))
      .references;
  const others = of(b, whenB);
  return [...of(a, whenA)].flatMap((name) => {
    const [x, y] = [a.template.Parameters?.[name], b.template.Parameters?.[name]];
    if (!others.has(name) || !x || !y) return [];
    const [one, other] = [parameterType(x), parameterType(y)];
    return one.list === other.list && !one.ssm && !other.ssm ? [{ name, a: a.index, b: b.index }] : [];
  });
}
