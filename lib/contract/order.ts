import type { Finding } from '../cfn/errors.ts';
import { cycles } from '../cfn/graph.ts';
import type { Json } from '../cfn/template.ts';
import type { Met } from './contract.ts';
import type { Tie } from './joint.ts';
import { equationTest, meetingOf } from './meet.ts';
import type { Reading, Writing } from './promises.ts';
import { allOf, deploymentWhere, type MakeJoint, nameTies, type Outcome, type Overrides } from './prove.ts';
import { isBefore, placeText, type Stack, sideBySide } from './stack.ts';
import { writtenText } from './texts.ts';
import { sharedParameters } from './twice.ts';

interface Edge {
  readonly reading: Reading;
  readonly writing: Writing;
  readonly outcome: Outcome;
}

/** More ways around than this are not all looked through. */
const MOST_CYCLES = 1000;
const MOST_STEPS = 100_000;

/** An order of deployment, cycles between stacks (CFN565), and what is read before it is written (CFN566). */
export function deploymentOrder(
  stacks: readonly Stack[],
  met: readonly Met[],
  make: MakeJoint,
  whenOf: (overrides: Overrides) => Record<string, string>,
): { order?: Stack[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const edges = new Map<number, Map<number, Edge[]>>();
  for (const { reading, outcome } of met)
    for (const { writing } of outcome.candidates) {
      // Of alternatives another one may be deployed.
      const writers = new Set(outcome.candidates.map((each) => each.writing.stack));
      if (writers.size > 1 && ![...writers].every((stack) => sideBySide(stack, reading.stack))) continue;
      const from = edges.get(reading.stack.index) ?? new Map<number, Edge[]>();
      edges.set(reading.stack.index, from);
      from.set(writing.stack.index, [...(from.get(writing.stack.index) ?? []), { reading, writing, outcome }]);
    }
  const byIndex = new Map(stacks.map((stack) => [stack.index, stack]));
  const graph = new Map(
    stacks.map(({ index }) => [String(index), new Set([...(edges.get(index)?.keys() ?? [])].map(String))]),
  );
  const circular = new Set<string>();
  for (const members of cycles(graph)) {
    const inside = new Set(members.map(Number));
    const ways = waysAround(inside, edges);
    const told = new Set<string>();
    for (const way of ways.found) {
      const steps = way.map((index, i) => [index, way[(i + 1) % way.length]!] as const);
      if (steps.every(([from, to]) => told.has(`${from} ${to}`))) continue;
      const around = steps.map(([from, to]) => edges.get(from)!.get(to)!);
      const overrides = allAtOnce(
        way.map((index) => byIndex.get(index)!),
        around,
        make,
      );
      if (overrides === 'never') continue;
      for (const [from, to] of steps) {
        told.add(`${from} ${to}`);
        circular.add(`${from} ${to}`);
      }
      const said = around.map(([edge]) => {
        const { reading, writing } = edge!;
        return `${placeText(reading.stack.place(reading.path))} reads ${writtenText(reading.parts)} of ${placeText(writing.stack.place(writing.path))}`;
      });
      const [{ reading }] = around[0] as [Edge];
      const certain = overrides !== 'unknown';
      findings.push({
        ...{
          code: 'CFN565',
          severity: certain ? 'error' : 'info',
          ...reading.stack.place(reading.path),
          path: reading.path,
        },
        message: `these stacks ${certain ? 'wait' : 'may wait'} for each other: ${said.join(', ')}`,
        fix: 'move what one of them writes to a stack that both wait for',
        ...(certain && { when: whenOf(overrides) }),
      });
    }
    if (!ways.complete) {
      const [first] = members.map((index) => byIndex.get(Number(index))!);
      findings.push({
        ...{ code: 'CFN569', severity: 'info', file: first!.file },
        message: `of the ways in which these stacks may wait for each other, not all were looked at`,
        fix: 'mend those that are told, and check again',
      });
    }
  }

  for (const [from, targets] of edges)
    for (const [to, all] of targets) {
      if (isBefore(byIndex.get(from)!, byIndex.get(to)!) !== true || circular.has(`${from} ${to}`)) continue;
      const real = all.flatMap((edge) => {
        const overrides = whereMet(edge);
        return typeof overrides === 'string' ? [] : [{ edge, overrides }];
      });
      const [first] = real;
      if (!first) continue;
      const { reading, writing } = first.edge;
      const names = new Set(real.map(({ edge }) => writtenText(edge.reading.parts)));
      const more = names.size > 1 ? `, and ${names.size - 1} more of its names` : '';
      findings.push({
        ...{ code: 'CFN566', severity: 'error', ...reading.stack.place(reading.path), path: reading.path },
        message: `reads ${writtenText(reading.parts)}, which ${placeText(writing.stack.place(writing.path))} writes later${more}`,
        fix: `deploy ${writing.stack.file} before ${reading.stack.file}: name the files in that order`,
        when: whenOf(first.overrides),
      });
    }

  if (circular.size > 0) return { findings };
  return { order: sorted(stacks, edges), findings };
}

/** Stacks after what they read of, otherwise in the order given. */
function sorted(stacks: readonly Stack[], edges: ReadonlyMap<number, ReadonlyMap<number, readonly Edge[]>>): Stack[] {
  const done = new Set<number>();
  const order: Stack[] = [];
  const put = (stack: Stack): void => {
    if (done.has(stack.index)) return;
    done.add(stack.index);
    for (const other of stacks) if (edges.get(stack.index)?.has(other.index)) put(other);
    order.push(stack);
  };
  for (const stack of stacks) put(stack);
  return order;
}

/** The simple cycles among some stacks, the shortest first, each once. */
function waysAround(
  inside: ReadonlySet<number>,
  edges: ReadonlyMap<number, ReadonlyMap<number, readonly Edge[]>>,
): { found: number[][]; complete: boolean } {
  const found: number[][] = [];
  let complete = true;
  let steps = 0;
  for (const start of [...inside].sort((a, b) => a - b)) {
    const visit = (way: readonly number[]): void => {
      for (const next of edges.get(way.at(-1)!)?.keys() ?? []) {
        if (found.length >= MOST_CYCLES || ++steps > MOST_STEPS) {
          complete = false;
          return;
        }
        if (next === start) found.push([...way]);
        else if (next > start && inside.has(next) && !way.includes(next)) visit([...way, next]);
      }
    };
    visit([start]);
  }
  return { found: found.sort((a, b) => a.length - b.length), complete };
}

/** A deployment in which each of the stacks reads of the next. */
function allAtOnce(
  stacks: readonly Stack[],
  around: readonly (readonly Edge[])[],
  make: MakeJoint,
): Overrides | 'never' | 'unknown' {
  const ties: Tie[] = [];
  const whens = new Map<Stack, Json[]>();
  for (const { reading, writing } of around.flat()) {
    ties.push(...nameTies(reading, writing));
    whens.set(reading.stack, [...(whens.get(reading.stack) ?? []), ...reading.when]);
    whens.set(writing.stack, [...(whens.get(writing.stack) ?? []), ...writing.when]);
  }
  for (const [i, a] of stacks.entries())
    for (const b of stacks.slice(i + 1)) ties.push(...sharedParameters(a, whens.get(a) ?? [], b, whens.get(b) ?? []));
  const joint = make(stacks, ties);
  if (!joint.possible) return 'never';
  const tests = around.map((edges): Json => {
    const each = edges.flatMap(({ reading, writing }) => {
      const meeting = meetingOf(
        joint.renameParts(reading.stack, reading.parts),
        joint.renameParts(writing.stack, writing.parts),
        joint,
      );
      if (typeof meeting === 'string') return [];
      return [
        allOf([
          ...reading.when.map((test) => joint.rename(reading.stack, test)),
          ...writing.when.map((test) => joint.rename(writing.stack, test)),
          ...meeting.tests.map(equationTest),
        ]),
      ];
    });
    return each.length === 0 ? { 'Fn::Not': [allOf([])] } : { 'Fn::Or': each };
  });
  return deploymentWhere(joint, tests);
}

/** A deployment in which the one reads what the other writes. */
function whereMet({ reading, writing, outcome }: Edge): Overrides | 'never' | 'unknown' {
  const { joint } = outcome;
  if (!joint) return 'never';
  const equations = outcome.candidates.find((each) => each.writing === writing)!.equations;
  return deploymentWhere(joint, [
    ...reading.when.map((test) => joint.rename(reading.stack, test)),
    ...writing.when.map((test) => joint.rename(writing.stack, test)),
    ...equations.map(equationTest),
  ]);
}
