import type { Finding } from '../cfn/errors.ts';
import type { Path, Template } from '../cfn/template.ts';
import { entriesOf } from './entries.ts';
import { listScenarios, type Scenario, type ScenarioOptions } from './list.ts';
import { sliceOf } from './slice.ts';
import { spaceOf } from './space.ts';

/** Which outcomes a condition has in reachable scenarios. `undecided`: the scenarios could not all be looked at. */
export type Reach = 'always' | 'both' | 'never' | 'undecided';

/** Outcomes that a condition has in the deployments that CloudFormation does not refuse. */
export function reachOf(template: Template, condition: string, options: Omit<ScenarioOptions, 'slice'> = {}): Reach {
  const scenarios = listScenarios(template, { ...options, slice: sliceOf(template, [{ condition }]) });
  const seen = new Set<boolean>();
  let left = options.limit ?? 100_000;
  for (const scenario of scenarios) {
    seen.add(scenario.conditions[condition]!);
    if (seen.size === 2) return 'both';
    if (--left === 0) break;
  }
  if (seen.size === 0 || scenarios.incomplete || scenarios.tooLarge) return 'undecided';
  return seen.has(true) ? 'always' : 'never';
}

/**
 * Findings on what no deployment reaches: CFN501 a condition that is never true, CFN502 one that is always true, CFN503 a
 * resource that can never exist, CFN510 rules that no parameter values satisfy. What is undecided is not reported.
 */
export function unreachableConditions(source: Template, options: Omit<ScenarioOptions, 'slice'> = {}): Finding[] {
  const { template, origin } = spaceOf(source, options.region);
  const empty = { conditions: [], references: [], values: [], tests: [], lookups: [] };
  if (listScenarios(template, { ...options, slice: empty }).reachable === 0) {
    const message =
      'no parameter values satisfy the constraints of the parameters and the rules: nothing can be deployed';
    return [{ code: 'CFN510', severity: 'error', message, path: ['Rules'], fix: 'Relax a rule or a constraint.' }];
  }
  const findings: Finding[] = [];
  const report = (code: string, path: Path, message: string, fix: string): void => {
    findings.push({ code, severity: 'warning', path: origin(path), message, fix });
  };
  const reach = new Map<string, Reach>();
  for (const condition of Object.keys(template.Conditions ?? {})) {
    const found = reachOf(template, condition, options);
    reach.set(condition, found);
    const path = ['Conditions', condition];
    if (found === 'never') {
      report(
        'CFN501',
        path,
        `condition ${condition} is never true`,
        'Remove it, or let a parameter have a value for which it is.',
      );
    } else if (found === 'always') {
      report(
        'CFN502',
        path,
        `condition ${condition} is always true`,
        'Remove it, or let a parameter have a value for which it is not.',
      );
    }
  }
  for (const [id, { Condition }] of entriesOf(template.Resources)) {
    if (typeof Condition !== 'string' || reach.get(Condition) !== 'never') continue;
    const message = `resource ${id} can never exist: its condition ${Condition} is never true`;
    report('CFN503', ['Resources', id, 'Condition'], message, 'Remove the resource, or correct the condition.');
  }
  return findings;
}

/** A condition with the outcome under which something is there. */
export interface Guard {
  readonly condition: string;
  readonly outcome: boolean;
}

/** The deployment with the fewest changes of defaults in which all the conditions come out so. */
export function scenarioWhere(
  template: Template,
  guards: readonly Guard[],
  options: Omit<ScenarioOptions, 'slice'> = {},
): Scenario | 'never' | 'undecided' {
  const slice = sliceOf(
    template,
    guards.map(({ condition }) => ({ condition })),
  );
  const scenarios = listScenarios(template, { ...options, slice });
  let left = options.limit ?? 100_000;
  for (const scenario of scenarios) {
    if (guards.every(({ condition, outcome }) => scenario.conditions[condition] === outcome)) return scenario;
    if (--left === 0) break;
  }
  return scenarios.tooLarge || scenarios.incomplete ? 'undecided' : 'never';
}
