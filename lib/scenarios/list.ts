import type { Json, Template } from '../cfn/template.ts';
import { assignmentScope } from './assignment.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import type { Choice } from './links.ts';
import { defaultText } from './parameters.ts';
import { PARTITION_NAMES, partitionOf } from './regions.ts';
import { type ResolvedTemplate, type ResolveOptions, resolveTemplate } from './resolve.ts';
import { type Slice, wholeSlice } from './slice.ts';
import { decompose, type Space, spaceOf } from './space.ts';
import { assign, type State, statesOf } from './states.ts';

export interface ScenarioOptions {
  /** What the scenarios are to tell apart. By default everything. */
  readonly slice?: Slice;
  /** More scenarios than this are `tooLarge`. Default: 100,000. */
  readonly limit?: number;
  /** Texts to tell apart from all others, by parameter, beyond those that the template compares with. */
  readonly distinguish?: Readonly<Record<string, readonly string[]>>;
  /** The region that counts as the default one. Default: us-east-1. */
  readonly region?: string;
}

/** A number of scenarios: a `bigint` where a number would not be exact. */
export type Count = number | bigint;

/** One class of deployments that a slice cannot tell apart. */
export interface Scenario {
  /** A value for each parameter and pseudo parameter of the slice. Values that SSM holds are under the parameter's name. */
  readonly assignment: Readonly<Record<string, Json>>;
  /** Outcome of each condition of the slice. */
  readonly conditions: Readonly<Record<string, boolean>>;
  /**
   * What a deployment has to give, as text: values other than the defaults, and those of parameters without one. Rules that
   * the defaults break count too, whatever the slice.
   */
  readonly overrides: Readonly<Record<string, string>>;
  /** Comparisons that cannot be decided, as JSON, with the outcome taken. */
  readonly assumed: Readonly<Record<string, boolean>>;
  /** For `resolveTemplate`: what is certain in the whole class is given, all else is left open. */
  readonly environment: Environment;
}

export interface Scenarios extends Iterable<Scenario> {
  /** Combinations of classes, deployable or not. An upper bound where `tooLarge` or not `exact`. */
  readonly total: Count;
  /** Those that CloudFormation does not refuse for constraints, rules and conditions that cannot be evaluated. */
  readonly reachable: Count;
  /** `true`: each deployment is in one of the scenarios and each scenario has a deployment. */
  readonly exact: boolean;
  /** Why it is not exact: a sentence for each reason. */
  readonly assumptions: readonly string[];
  /** `true`: there may be scenarios that are not listed. What holds in all that are is not proven. */
  readonly incomplete: boolean;
  /** `true`: more than the limit. They can still be iterated, as far as they were found. */
  readonly tooLarge: boolean;
}

const LIMIT = 100_000;

/**
 * The scenarios of a slice: classes of deployments, those with the fewest changes of defaults first. They are made while
 * iterating; only independent parts are held in memory.
 */
export function listScenarios(source: Template, options: ScenarioOptions = {}): Scenarios {
  const space = spaceOf(source, options.region);
  const { template, variables } = space;
  const slice = options.slice ?? wholeSlice(template);
  const limit = options.limit ?? LIMIT;
  const { components, analysis, scope } = decompose(space, slice, options.distinguish ?? {});
  const parts = components.map((component) => statesOf(component, scope, limit * 10));

  const product = (counts: readonly bigint[]): bigint => counts.reduce((all, each) => all * each, 1n);
  const baseline = baselineOf(space);
  const total = product(parts.map((part) => part.total));
  const found = product(parts.map((part) => (part.complete ? BigInt(part.states.length) : part.total)));
  const reachable = baseline.deployable ? found : 0n;
  const complete = parts.every((part) => part.complete);
  const sampled = components.every(({ dimensions }) => dimensions.every((each) => each.complete));
  const assumptions = [
    ...analysis.free.map((test) => `${JSON.stringify(test)} may be true or false`),
    ...new Set(
      components.flatMap(({ dimensions }) =>
        dimensions.flatMap(({ choices }) =>
          choices.flatMap(({ classes }) =>
            classes.flatMap(([{ name }, each]) => (each.assumed ? [`${name} may have a further value`] : [])),
          ),
        ),
      ),
    ),
    ...(sampled ? [] : ['not every combination of values that are compared with each other, or of lists, was tried']),
    ...(complete ? [] : ['the search for combinations that the rules admit was given up']),
  ];
  return {
    total: counted(total),
    reachable: counted(reachable),
    exact: assumptions.length === 0,
    assumptions,
    incomplete: !complete || !sampled,
    tooLarge: !complete || reachable > BigInt(limit),
    *[Symbol.iterator]() {
      if (!baseline.deployable) return;
      const elsewhere = baseline.values.filter(([{ name }]) => !analysis.significance.has(name));
      const evaluation = assignmentScope(template, variables);
      for (const states of combinations(parts.map((part) => part.states))) {
        const choices = states.flatMap((state) => state.choices);
        for (const each of choices) assign(evaluation, each);
        evaluation.reset();
        const conditions: Record<string, boolean> = {};
        const assumed: Record<string, boolean> = Object.fromEntries(
          choices.flatMap((each) => (each.assumed ? [each.assumed] : [])),
        );
        for (const name of slice.conditions) {
          const verdict = evaluation.condition(name, []);
          conditions[name] = verdict === true;
          if (typeof verdict !== 'boolean') assumed[JSON.stringify({ Condition: name })] = false;
        }
        const values = choices.flatMap((each) => each.classes);
        yield {
          assignment: Object.fromEntries(values.map(([{ name, coerce }, { text }]) => [name, coerce(text) as Json])),
          conditions,
          overrides: overridesOf([...values, ...elsewhere]),
          assumed,
          environment: { ...environmentOf(values, template), conditions },
        };
      }
    },
  };
}

/**
 * A template in one scenario. What the scenario leaves open is `Unknown`. Findings of severity error mean that
 * CloudFormation would refuse the deployment after all, for instance for a mapping without the row: no verdict counts then.
 */
export function resolveScenario(
  template: Template,
  scenario: Scenario,
  options: ResolveOptions = {},
): ResolvedTemplate {
  return resolveTemplate(template, scenario.environment, options);
}

function counted(count: bigint): Count {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
}

/** What a deployment has to be like, whatever a slice asks. */
interface Baseline {
  /** `false`: no values satisfy the rules. */
  readonly deployable: boolean;
  /** The values that rules look at, with the fewest changes of defaults. */
  readonly values: Values;
}

const baselines = new WeakMap<Space, Baseline>();

function baselineOf(space: Space): Baseline {
  let baseline = baselines.get(space);
  if (!baseline) {
    const tests = space.constraints.flatMap((constraint) => constraint.tests);
    const references = space.constraints.flatMap((constraint) => constraint.references);
    const slice: Slice = { conditions: [], references, values: [], tests, lookups: [] };
    const { components, scope } = decompose(space, slice, {});
    const constant = space.constraints.filter((each) => each.references.length === 0);
    const holds = constant.every((constraint) => {
      scope.reset();
      return constraint.admits(scope);
    });
    const parts = components.map((component) => statesOf(component, scope, LIMIT * 10));
    baseline = {
      deployable: holds && parts.every(({ states, complete }) => states.length > 0 || !complete),
      values: parts.flatMap(({ states }) => states[0]?.choices.flatMap((each) => each.classes) ?? []),
    };
    baselines.set(space, baseline);
  }
  return baseline;
}

/** One state of each part, in the order of their weights together. */
function* combinations(parts: readonly (readonly State[])[]): Generator<State[]> {
  if (parts.some((states) => states.length === 0)) return;
  const most = parts.map((states) => states.at(-1)!.weight);
  const least = parts.map((states) => states[0]!.weight);
  const sumFrom = (weights: readonly number[]): number[] => {
    const sums = [0];
    for (let i = weights.length - 1; i >= 0; i--) sums.unshift(sums[0]! + weights[i]!);
    return sums;
  };
  const [mostFrom, leastFrom] = [sumFrom(most), sumFrom(least)];
  function* visit(at: number, left: number, chosen: State[]): Generator<State[]> {
    if (at === parts.length) {
      yield chosen;
      return;
    }
    for (const state of parts[at]!) {
      const rest = left - state.weight;
      if (rest < leastFrom[at + 1]!) break;
      if (rest <= mostFrom[at + 1]!) yield* visit(at + 1, rest, [...chosen, state]);
    }
  }
  for (let weight = leastFrom[0]!; weight <= mostFrom[0]!; weight++) yield* visit(0, weight, []);
}

type Values = Choice['classes'];

function overridesOf(values: Values): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const [{ name, kind }, { text, usual }] of values) if (!usual && kind !== 'ssm') overrides[name] = text;
  return overrides;
}

/** What is certain of every deployment in the class. */
function environmentOf(values: Values, template: Template): Environment {
  const parameters: Record<string, string> = {};
  const ssm: Record<string, string> = {};
  const open: Record<string, readonly string[]> = {};
  let known: Environment = {};
  for (const [name] of entriesOf(template.Parameters)) open[name] = [];
  for (const [{ name, kind }, { text, pinned, not, members }] of values) {
    open[name] = not;
    if (name === 'AWS::Region') known = { ...known, ...regionShared(members ?? [text], open) };
    else if (!pinned) continue;
    else if (name === 'AWS::AccountId') known = { ...known, accountId: text };
    else if (name === 'AWS::StackName') known = { ...known, stackName: text };
    else if (kind === 'parameter') parameters[name] = text;
    else {
      const own = defaultText(template.Parameters![name]!);
      const source = own !== undefined && !(own in ssm) ? own : `value of ${name}`;
      parameters[name] = source;
      ssm[source] = text;
    }
    if (pinned) delete open[name];
  }
  return { ...known, parameters, ssm, open };
}

/** What regions have in common. The partitions that none of them is in go to `open`. */
function regionShared(regions: readonly string[], open: Record<string, readonly string[]>): Environment {
  const partitions = new Set(regions.map((region) => partitionOf(region).partition));
  const urlSuffixes = new Set(regions.map((region) => partitionOf(region).urlSuffix));
  const [region, partition, urlSuffix] = [regions, [...partitions], [...urlSuffixes]].map((each) =>
    each.length === 1 ? each[0] : undefined,
  );
  if (partition === undefined) open['AWS::Partition'] = PARTITION_NAMES.filter((name) => !partitions.has(name));
  return {
    ...(region === undefined ? {} : { region }),
    ...(partition === undefined ? {} : { partition }),
    ...(urlSuffix === undefined ? {} : { urlSuffix }),
  };
}
