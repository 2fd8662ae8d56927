import { isObject, type Json, type ParameterBody } from '../cfn/template.ts';
import { parameterDomain } from '../scenarios/domain.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { both, complement, sample } from '../scenarios/language.ts';
import {
  allowedTexts,
  type ParameterValue,
  parameterText,
  parameterType,
  violationsOf,
} from '../scenarios/parameters.ts';
import { readsOf } from '../scenarios/reads.ts';
import { type Joint, jointOf, type Tie } from './joint.ts';
import { type Equation, endsDiffer, equationTest, meetingOf } from './meet.ts';
import type { Reading, Writing } from './promises.ts';
import type { Stack } from './stack.ts';
import { type Part, parameterOf } from './texts.ts';

/** What has to be given that is not a default, by the index of the stack. */
export type Overrides = ReadonlyMap<number, Readonly<Record<string, string>>>;

/** A writer whose name may be the one that is read. */
export interface Candidate {
  readonly writing: Writing;
  readonly equations: readonly Equation[];
}

export interface Outcome {
  /**
   * `proven`: in every deployment of the reader that reads, with every deployment of the writers under that name. `unmet`: no
   * deployment of a writer has a name that the reader asks for. `unwritten`: the name is right, and not written.
   */
  readonly is: 'proven' | 'unmet' | 'unwritten' | 'unknown';
  readonly candidates: readonly Candidate[];
  readonly overrides?: Overrides;
  readonly ties: readonly Tie[];
  readonly joint?: Joint;
  /** Why it is not known. */
  readonly because?: string;
}

export const TRUE: Json = { 'Fn::Equals': ['', ''] };

export const allOf = (tests: readonly Json[]): Json => (tests.length === 0 ? TRUE : { 'Fn::And': [...tests] });
const anyOf = (tests: readonly Json[]): Json => (tests.length === 0 ? { 'Fn::Not': [TRUE] } : { 'Fn::Or': [...tests] });

/** Parameters of one name in the names on both sides are given one value. */
export function nameTies(a: { stack: Stack; parts: readonly Part[] }, b: typeof a): Tie[] {
  const names = (parts: readonly Part[]) => parts.flatMap((part) => parameterOf(part) ?? []);
  const others = new Set(names(b.parts));
  return [...new Set(names(a.parts))]
    .filter((name) => others.has(name) && !name.startsWith('AWS::'))
    .map((name) => ({ name, a: a.stack.index, b: b.stack.index }));
}

/** Makes joint templates once. */
export function jointMaker(): (stacks: readonly Stack[], ties: readonly Tie[]) => Joint {
  const made = new Map<string, Joint>();
  return (given, ties) => {
    const stacks = [...new Set(given)].sort((a, b) => a.index - b.index);
    const said = [...new Set(ties.map(({ name, a, b }) => `${name} ${Math.min(a, b)} ${Math.max(a, b)}`))].sort();
    const key = JSON.stringify([stacks.map(({ index }) => index), said]);
    const joint = made.get(key) ?? jointOf(stacks, ties);
    made.set(key, joint);
    return joint;
  };
}

export type MakeJoint = ReturnType<typeof jointMaker>;

/** Whether a thing read is written, with the writers that may have its name. */
export function proveReading(reading: Reading, writings: readonly Writing[], make: MakeJoint): Outcome {
  if (isNeverRead(reading, make)) return { is: 'proven', candidates: [], ties: [] };
  const near: Writing[] = [];
  /** Of the same name, but no value is admitted on both sides. */
  const apart: Writing[] = [];
  const ties: Tie[] = [];
  let undecided = false;
  for (const writing of writings) {
    if (endsDiffer(reading.parts, writing.parts)) continue;
    const own = nameTies(reading, writing);
    const joint = make([reading.stack, writing.stack], own);
    const meeting = meetIn(joint, reading, writing);
    if (meeting === 'undecided') undecided = true;
    if (meeting === 'never' || meeting === 'undecided') continue;
    (joint.possible ? near : apart).push(writing);
    ties.push(...own);
  }
  const open = undecided
    ? { is: 'unknown' as const, because: 'whether the names are one, cannot be decided' }
    : undefined;
  if (near.length === 0) {
    const candidates = apart.map((writing) => ({ writing, equations: [] }));
    return { ...(open ?? { is: 'unmet' as const }), candidates, ties };
  }

  const inPlay = ties.filter(({ b }) => near.some(({ stack }) => stack.index === b));
  const first = byAny(reading, near, inPlay, make);
  if (first.is === 'proven') return first;
  const further = furtherTies(reading, near, inPlay, first);
  if (further.length > 0) {
    let needed = further;
    let second = byAny(reading, near, [...inPlay, ...needed], make);
    if (second.is === 'proven') {
      for (const name of new Set(further.map((tie) => tie.name))) {
        const fewer = needed.filter((tie) => tie.name !== name);
        const third = byAny(reading, near, [...inPlay, ...fewer], make);
        if (third.is !== 'proven') continue;
        needed = fewer;
        second = third;
      }
      return second;
    }
    if (second.is !== 'unmet' || first.is === 'unmet')
      return open && second.is !== 'unknown' ? { ...second, ...open } : second;
  }
  return open && first.is !== 'unknown' ? { ...first, ...open } : first;
}

/** By all writers together, or by the stack of one alone: others may be alternatives to it. */
function byAny(reading: Reading, writings: readonly Writing[], ties: readonly Tie[], make: MakeJoint): Outcome {
  const whole = attempt(reading, writings, ties, make);
  const stacks = [...new Set(writings.map(({ stack }) => stack))];
  if (whole.is === 'proven' || stacks.length === 1) return whole;
  for (const stack of stacks) {
    const own = writings.filter((each) => each.stack === stack);
    const alone = attempt(
      reading,
      own,
      ties.filter(({ b }) => b === stack.index),
      make,
    );
    if (alone.is === 'proven') return alone;
  }
  if (whole.joint?.possible !== false) return whole;
  const because = 'its writers cannot be deployed side by side, and none of them alone writes it always';
  return { ...whole, is: 'unknown', candidates: writings.map((writing) => ({ writing, equations: [] })), because };
}

/** In no deployment that CloudFormation does not refuse. */
function isNeverRead({ stack, when }: Reading, make: MakeJoint): boolean {
  if (when.length === 0 && entriesOf(stack.template.Rules).length === 0) return false;
  const joint = make([stack], []);
  return (
    deploymentWhere(
      joint,
      when.map((test) => joint.rename(stack, test)),
    ) === 'never'
  );
}

function meetIn(joint: Joint, reading: Reading, writing: Writing) {
  return meetingOf(
    joint.renameParts(reading.stack, reading.parts),
    joint.renameParts(writing.stack, writing.parts),
    joint,
  );
}

/** Parameters of one name that conditions on both sides turn on: what is given to the one may have to be given to the other. */
function furtherTies(
  reading: Reading,
  writings: readonly Writing[],
  ties: readonly Tie[],
  { candidates }: Outcome,
): Tie[] {
  const own = decidingParameters(reading.stack, reading.when);
  const linked = new Set(candidates.flatMap(({ equations }) => equations.flatMap(parametersOf)));
  const found = new Map<string, Tie>();
  for (const { stack, when } of writings)
    for (const name of decidingParameters(stack, when)) {
      const tie = { name, a: reading.stack.index, b: stack.index };
      const [a, b] = [reading.stack, stack].map((each) => each.template.Parameters?.[name]);
      if (!own.has(name) || !a || !b) continue;
      const [x, y] = [parameterType(a), parameterType(b)];
      if (x.list !== y.list || x.ssm || y.ssm || !admitsAll(name, b, a)) continue;
      if (ties.some((other) => other.name === name && other.a === tie.a && other.b === tie.b)) continue;
      // What meets another parameter of the reader is not this one.
      if (linked.has(`P${stack.index}x${name}`) || linked.has(`P${reading.stack.index}x${name}`)) continue;
      if (reading.stack.known(name) !== undefined && stack.known(name) !== undefined) continue;
      found.set(`${name} ${stack.index}`, tie);
    }
  return [...found.values()];
}

/** Whether one declaration of a parameter takes every value that the other takes. */
function admitsAll(name: string, body: ParameterBody, other: ParameterBody): boolean {
  const texts = allowedTexts(other);
  if (texts) return texts.every((text) => violationsOf(name, body, text).length === 0);
  if (JSON.stringify({ ...body, Default: '' }) === JSON.stringify({ ...other, Default: '' })) return true;
  const [wide, narrow] = [parameterDomain(name, body).language, parameterDomain(name, other).language];
  if (!wide || !narrow) return false;
  const { texts: outside, decided } = sample(both(narrow, complement(wide)), 1);
  return outside.length === 0 && decided;
}

function decidingParameters({ template }: Stack, when: readonly Json[]): Set<string> {
  const rules = entriesOf(template.Rules).map(([, body]) => body as unknown as Json);
  const { references } = readsOf(template, ...when, ...rules);
  return new Set([...references].filter((name) => Object.hasOwn(template.Parameters ?? {}, name)));
}

export function parametersOf({ left, right }: Equation): string[] {
  return [...left, ...right].flatMap((part) => parameterOf(part) ?? []);
}

function attempt(reading: Reading, writings: readonly Writing[], ties: readonly Tie[], make: MakeJoint): Outcome {
  const joint = make([reading.stack, ...writings.map(({ stack }) => stack)], ties);
  const shared = { ties, joint };
  if (!joint.possible) return { is: 'unmet', candidates: [], ...shared };
  const candidates = writings.flatMap((writing): Candidate[] => {
    const meeting = meetIn(joint, reading, writing);
    return typeof meeting === 'string' ? [] : [{ writing, equations: meeting.tests }];
  });
  if (candidates.length === 0) return { is: 'unmet', candidates, ...shared };
  const finite = finiteIn(joint, reading);
  if (isPlain(reading, candidates, ties)) return { is: 'proven', candidates, ...shared };

  const read = allOf(reading.when.map((test) => joint.rename(reading.stack, test)));
  const kept = candidates.map(({ writing }) => allOf(writing.when.map((test) => joint.rename(writing.stack, test))));
  const looked = readsOf(joint.sections(), read, ...kept, ...rulesOf(joint)).references;
  // Of several ways to meet, one alone may be the way: then each has to be told apart.
  const ways = new Set(
    candidates.flatMap(({ equations }) => (equations.length > 0 ? [JSON.stringify(equations)] : [])),
  );
  const meets = candidates.map(({ equations }) =>
    allOf(equations.filter((each) => ways.size > 1 || !isFree(each, joint, looked)).map(equationTest)),
  );
  const conditions = {
    QRead: read,
    QMeet: anyOf(meets),
    QKept: anyOf(meets.map((meet, i) => allOf([meet, kept[i]!]))),
  };
  const scenarios = joint.ask(conditions, finite);
  if (scenarios.tooLarge)
    return {
      ...{ is: 'unknown', candidates, ...shared },
      because: `it turns on too many parameters: up to ${scenarios.reachable} classes of deployments`,
    };
  const names = new Set(joint.renameParts(reading.stack, reading.parts).flatMap((part) => parameterOf(part) ?? []));
  const deciding = readsOf(joint.sections(), read).references;
  const universal = [...new Set([...deciding, ...finite])].filter((name) => !names.has(name) || finite.includes(name));
  let unwritten: Overrides | undefined;
  let assumed = false;
  const told = new Map<string, Set<string>>(universal.map((id) => [id, new Set()]));
  // Through a comparison with the name a parameter may have to be one of the texts that the name can be.
  const written = candidates.flatMap(({ equations }) =>
    equations.flatMap((each) => [
      ...[...each.left, ...each.right].filter((part) => typeof part === 'string'),
      ...parametersOf(each).flatMap((name) => allowedTexts(joint.body(name) ?? { Type: 'String' }) ?? []),
    ]),
  );
  for (const [id, texts] of told)
    if (!allowedTexts(joint.body(id) ?? { Type: 'String' })) for (const text of written) texts.add(text);
  for (const scenario of scenarios) {
    for (const [id, texts] of told) {
      const value = scenario.assignment[id];
      if (value !== undefined && !Array.isArray(value)) texts.add(parameterText(value as ParameterValue));
    }
    const { QRead, QMeet, QKept } = scenario.conditions;
    if (!QRead) continue;
    if (Object.keys(scenario.assumed).length > 0) assumed ||= !QMeet || !QKept;
    else if (QMeet && !QKept) {
      const overrides = joint.overrides(scenario);
      if (!unwritten || weightOf(overrides, joint.stacks) < weightOf(unwritten, joint.stacks)) unwritten = overrides;
    }
  }
  if (unwritten) return { is: 'unwritten', candidates, overrides: unwritten, ...shared };
  const unmet = assumed ? undefined : classesUnmet(reading, told, finite, conditions, joint, make);
  const [least] = [...(unmet ?? [])].sort((a, b) => weightOf(a, joint.stacks) - weightOf(b, joint.stacks));
  if (least) return { is: 'unmet', candidates, overrides: least, ...shared };
  if (!unmet || scenarios.incomplete)
    return {
      ...{ is: 'unknown', candidates, ...shared },
      because: scenarios.assumptions.join('; ') || 'not every combination could be looked at',
    };
  return { is: 'proven', candidates, ...shared };
}

/** One writer always writes it, under a name that no deployment has another of, with every value that the reader has in it. */
function isPlain(reading: Reading, candidates: readonly Candidate[], ties: readonly Tie[]): boolean {
  const hasRules = ({ stack }: Writing) => entriesOf(stack.template.Rules).length > 0;
  const bodyIn = ({ stack }: { stack: Stack }, name: string) => stack.template.Parameters![name]!;
  return candidates.some(
    ({ equations, writing }) =>
      equations.length === 0 &&
      writing.when.length === 0 &&
      !hasRules(writing) &&
      ties.every(
        ({ name, b }) => b !== writing.stack.index || admitsAll(name, bodyIn(writing, name), bodyIn(reading, name)),
      ),
  );
}

function ownTexts(stack: Stack, name: string): string[] | undefined {
  const body = stack.template.Parameters?.[name];
  return body && allowedTexts(body);
}

/** Parameters in the reader's name that have a list of values: each of them is read. */
function finiteIn(joint: Joint, reading: Reading): string[] {
  return joint.renameParts(reading.stack, reading.parts).flatMap((part) => {
    const name = parameterOf(part);
    return name !== undefined && ownTexts(reading.stack, name.replace(/^P\d+x/, '')) ? [name] : [];
  });
}

/** The fewest overrides of each class of deployments of the reader that reads, and no writer has the name in any with it. */
function classesUnmet(
  reading: Reading,
  told: ReadonlyMap<string, ReadonlySet<string>>,
  finite: readonly string[],
  conditions: { readonly QRead: Json; readonly QMeet: Json },
  joint: Joint,
  make: MakeJoint,
): Overrides[] | undefined {
  const { stack } = reading;
  const alone = make([stack], []);
  const own = (id: string) => id.replace(/^P\d+x/, `P${stack.index}x`);
  const read = allOf(reading.when.map((test) => alone.rename(stack, test)));
  const universal = [...told.keys()];
  const listed = universal.filter((id) => finite.includes(id) || ownTexts(stack, id.replace(/^P\d+x/, '')));
  const scenarios = alone.ask(
    { QRead: read },
    listed.map(own),
    Object.fromEntries([...told].map(([id, texts]) => [own(id), [...texts]])),
  );
  if (scenarios.tooLarge || scenarios.incomplete) return undefined;
  const classes = new Map<string, { test: Json; overrides: Overrides; certain: boolean }>();
  for (const scenario of scenarios) {
    if (!scenario.conditions.QRead) continue;
    const tests = universal.flatMap((id): Json[] => {
      const { parameters = {}, open = {} } = scenario.environment;
      const text = parameters[own(id)];
      if (text !== undefined) return [{ 'Fn::Equals': [{ Ref: id }, parameterText(text)] }];
      return (open[own(id)] ?? []).map((other): Json => ({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: id }, other] }] }));
    });
    const [test, overrides] = [allOf(tests), alone.overrides(scenario)];
    const before = classes.get(JSON.stringify(test));
    const certain = before?.certain || Object.keys(scenario.assumed).length === 0;
    if (!before || weightOf(overrides, joint.stacks) < weightOf(before.overrides, joint.stacks))
      classes.set(JSON.stringify(test), { test, overrides, certain });
  }
  const left = new Map([...classes.values()].map((each, i) => [`QClass${i}`, each]));
  const tests = Object.fromEntries([...left].map(([name, { test }]) => [name, test]));
  const together = joint.ask({ ...conditions, ...tests }, finite);
  if (together.tooLarge || together.incomplete) return undefined;
  // A comparison that cannot be decided may stand in a condition of the reader; the names themselves have to be decided.
  const open = (test: string) => equations.includes(test);
  const equations = JSON.stringify(conditions.QMeet);
  let assumed = false;
  for (const scenario of together)
    if (!scenario.conditions.QRead || !scenario.conditions.QMeet) continue;
    else if (Object.keys(scenario.assumed).some(open)) assumed = true;
    else for (const name of left.keys()) if (scenario.conditions[name]) left.delete(name);
  const unmet = [...left.values()];
  return unmet.length > 0 && (assumed || unmet.some(({ certain }) => !certain))
    ? undefined
    : unmet.map(({ overrides }) => overrides);
}

function rulesOf(joint: Joint): Json[] {
  return Object.values(joint.sections().Rules ?? {}).map((body) => body as unknown as Json);
}

/** A parameter that nothing else turns on can be given what the other side asks for, where that is put together of parts. */
function isFree({ left, right }: Equation, joint: Joint, looked: ReadonlySet<string>): boolean {
  if (left.length <= 1 && right.length <= 1) return false;
  return [
    [left, right],
    [right, left],
  ].some(([one, other]) => {
    const name = one!.length === 1 ? parameterOf(one![0]!) : undefined;
    if (name === undefined || looked.has(name)) return false;
    const body = joint.body(name);
    if (!isObject(body as never) && !name.startsWith('AWS::')) return false;
    if (body && allowedTexts(body)) return false;
    return !name.startsWith('AWS::') && !other!.some((part) => parameterOf(part) === name);
  });
}

/** What has to be changed of defaults counts first, then what has to be given anyhow. */
export function weightOf(overrides: Overrides, stacks: readonly Stack[]): number {
  const byIndex = new Map(stacks.map((stack) => [stack.index, stack]));
  let weight = 0;
  for (const [index, values] of overrides)
    for (const name of Object.keys(values)) {
      const body = byIndex.get(index)?.template.Parameters?.[name];
      weight += name === 'AWS::Region' || body?.Default !== undefined ? 1000 : 1;
    }
  return weight;
}

/** A deployment of all in which the tests hold, with the fewest overrides; `never`, or `unknown`. */
export function deploymentWhere(joint: Joint, tests: readonly Json[]): Overrides | 'never' | 'unknown' {
  if (!joint.possible) return 'never';
  const scenarios = joint.ask({ QHeld: allOf(tests) });
  let least: Overrides | undefined;
  let assumed = false;
  let left = 20_000;
  for (const scenario of scenarios) {
    if (scenario.conditions.QHeld) {
      if (Object.keys(scenario.assumed).length > 0) assumed = true;
      else {
        const overrides = joint.overrides(scenario);
        if (!least || weightOf(overrides, joint.stacks) < weightOf(least, joint.stacks)) least = overrides;
      }
    } else if (Object.keys(scenario.assumed).length > 0) assumed = true;
    if (--left === 0) break;
  }
  if (least) return least;
  return assumed || left === 0 || scenarios.incomplete ? 'unknown' : 'never';
}
