import { isObject, type Json } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { allowedTexts, parameterType } from '../scenarios/parameters.ts';
import { readsOf } from '../scenarios/reads.ts';
import { type Joint, jointOf, type Tie } from './joint.ts';
import { type Equation, equationTest, meetingOf } from './meet.ts';
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
  const near: Writing[] = [];
  const ties: Tie[] = [];
  let undecided = false;
  for (const writing of writings) {
    const own = nameTies(reading, writing);
    const joint = make([reading.stack, writing.stack], own);
    const meeting = meetIn(joint, reading, writing);
    if (meeting === 'undecided') undecided = true;
    if (meeting === 'never' || meeting === 'undecided') continue;
    near.push(writing);
    ties.push(...own);
  }
  const open = undecided
    ? { is: 'unknown' as const, because: 'whether the names are one, cannot be decided' }
    : undefined;
  if (near.length === 0) return { ...(open ?? { is: 'unmet' as const }), candidates: [], ties: [] };

  const first = attempt(reading, near, ties, make);
  if (first.is === 'proven') return first;
  const further = furtherTies(reading, near, ties, first);
  if (further.length > 0) {
    let needed = further;
    let second = attempt(reading, near, [...ties, ...needed], make);
    if (second.is === 'proven') {
      for (const name of new Set(further.map((tie) => tie.name))) {
        const fewer = needed.filter((tie) => tie.name !== name);
        const third = attempt(reading, near, [...ties, ...fewer], make);
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
      if (x.list !== y.list || x.ssm || y.ssm) continue;
      if (ties.some((other) => other.name === name && other.a === tie.a && other.b === tie.b)) continue;
      // What meets another parameter of the reader is not this one.
      if (linked.has(`P${stack.index}x${name}`) || linked.has(`P${reading.stack.index}x${name}`)) continue;
      if (reading.stack.known(name) !== undefined && stack.known(name) !== undefined) continue;
      found.set(`${name} ${stack.index}`, tie);
    }
  return [...found.values()];
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
  if (isPlain(reading, candidates, joint, finite)) return { is: 'proven', candidates, ...shared };

  const read = allOf(reading.when.map((test) => joint.rename(reading.stack, test)));
  const kept = candidates.map(({ writing }) => allOf(writing.when.map((test) => joint.rename(writing.stack, test))));
  const looked = readsOf(joint.sections(), read, ...kept, ...rulesOf(joint)).references;
  const meets = candidates.map(({ equations }) =>
    allOf(equations.filter((each) => !isFree(each, joint, looked)).map(equationTest)),
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
  const groups = new Map<string, { met: boolean; overrides: Overrides }>();
  const metValues = new Set<string>();
  let unwritten: Overrides | undefined;
  let assumed = false;
  for (const scenario of scenarios) {
    const { QRead, QMeet, QKept } = scenario.conditions;
    if (!QRead) continue;
    if (Object.keys(scenario.assumed).length > 0) {
      assumed ||= !QMeet || !QKept;
      continue;
    }
    const overrides = joint.overrides(scenario);
    const valueIn = (name: string) => scenario.assignment[name] ?? scenario.overrides[name] ?? null;
    const key = JSON.stringify(universal.map(valueIn));
    const group = groups.get(key);
    const own = new Map([...overrides].filter(([index]) => index === reading.stack.index));
    if (!group) groups.set(key, { met: Boolean(QMeet), overrides: own });
    else {
      const fewest = sizeOf(own) < sizeOf(group.overrides) ? own : group.overrides;
      groups.set(key, { met: group.met || Boolean(QMeet), overrides: fewest });
    }
    if (QMeet) metValues.add(JSON.stringify(finite.map(valueIn)));
    if (QMeet && !QKept && (!unwritten || sizeOf(overrides) < sizeOf(unwritten))) unwritten = overrides;
  }
  const unmet = [...groups.values()].filter(({ met }) => !met).map(({ overrides }) => overrides);
  if (!assumed) unmet.push(...valuesUnmet(reading, finite, joint, metValues, make));
  if (unwritten) return { is: 'unwritten', candidates, overrides: unwritten, ...shared };
  const [least] = unmet.sort((a, b) => sizeOf(a) - sizeOf(b));
  if (least && !assumed) return { is: 'unmet', candidates, overrides: least, ...shared };
  if (assumed || scenarios.incomplete)
    return { is: 'unknown', candidates, because: scenarios.assumptions.join('; '), ...shared };
  return { is: 'proven', candidates, ...shared };
}

/** One writer always writes it, under a name that no deployment has another of. */
function isPlain(reading: Reading, candidates: readonly Candidate[], joint: Joint, finite: readonly string[]): boolean {
  const hasRules = ({ stack }: { stack: Stack }) => entriesOf(stack.template.Rules).length > 0;
  const narrowed = finite.some(
    (id) => allowedTexts(joint.body(id)!)!.length !== ownTexts(reading.stack, id.replace(/^P\d+x/, ''))?.length,
  );
  if (hasRules(reading) || narrowed) return false;
  return candidates.some(
    (each) => each.equations.length === 0 && each.writing.when.length === 0 && !hasRules(each.writing),
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
    const body = name === undefined ? undefined : joint.body(name);
    return body && allowedTexts(body) ? [name!] : [];
  });
}

/** Values that the reader admits in its name, and no writer with it. */
function valuesUnmet(
  reading: Reading,
  finite: readonly string[],
  joint: Joint,
  met: ReadonlySet<string>,
  make: MakeJoint,
): Overrides[] {
  if (finite.length === 0) return [];
  const alone = make([reading.stack], []);
  const ids = joint
    .renameParts(reading.stack, reading.parts)
    .flatMap((part, i) => {
      const name = parameterOf(part);
      if (name === undefined || !finite.includes(name)) return [];
      return [{ name, i }];
    })
    .map(({ name }) => `P${reading.stack.index}x${name.replace(/^P\d+x/, '')}`);
  const scenarios = alone.ask({ QRead: allOf(reading.when.map((test) => alone.rename(reading.stack, test))) }, ids);
  if (scenarios.tooLarge) return [];
  return [...scenarios].flatMap((scenario) => {
    if (!scenario.conditions.QRead || Object.keys(scenario.assumed).length > 0) return [];
    const key = JSON.stringify(ids.map((id) => scenario.assignment[id] ?? scenario.overrides[id] ?? null));
    return met.has(key) ? [] : [alone.overrides(scenario)];
  });
}

function rulesOf(joint: Joint): Json[] {
  return Object.values(joint.sections().Rules ?? {}).map((body) => body as unknown as Json);
}

/** A parameter that nothing else turns on can be given what the other side asks for. */
function isFree({ left, right }: Equation, joint: Joint, looked: ReadonlySet<string>): boolean {
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

export function sizeOf(overrides: Overrides): number {
  return [...overrides.values()].reduce((sum, each) => sum + Object.keys(each).length, 0);
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
        if (!least || sizeOf(overrides) < sizeOf(least)) least = overrides;
      }
    } else if (Object.keys(scenario.assumed).length > 0) assumed = true;
    if (--left === 0) break;
  }
  if (least) return least;
  return assumed || left === 0 || scenarios.incomplete ? 'unknown' : 'never';
}
