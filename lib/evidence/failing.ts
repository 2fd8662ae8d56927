import { expandServerless } from '../cfn/serverless.ts';
import type { Json, Template } from '../cfn/template.ts';
import type { LocatedFact } from '../check/check-controls.ts';
import type { Control, Controls } from '../controls/control.ts';
import type { Need } from '../controls/judgement.ts';
import { Prover, type Verdict } from '../controls/prove.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { listScenarios } from '../scenarios/list.ts';
import { allowedTexts, violationsOf } from '../scenarios/parameters.ts';
import { readsOf } from '../scenarios/reads.ts';
import { type Root, sliceOf } from '../scenarios/slice.ts';
import { spaceOf } from '../scenarios/space.ts';

/** Values that a deployment gives, beside the defaults. */
export type Deployment = Readonly<Record<string, string>>;

/** Of two versions of a fact that both fail somewhere: a deployment that held and now fails, one that failed and now holds. */
export interface Between {
  readonly failsNow?: Deployment;
  readonly failsNoMore?: Deployment;
}

/** Of more deployments than this, only the counterexamples of both versions are compared. */
const LIMIT = 1024;

/**
 * Compares where a control fails in two versions of a template. Each version is cut into classes of deployments of its own, so
 * deployments are told apart by what either of them compares parameters with, and each is asked of both.
 */
export class FailingDeployments {
  readonly #old: Template;
  readonly #now: Template;
  readonly #controls: Controls;
  readonly #toOld: ReadonlyMap<string, string>;
  readonly #toNew: ReadonlyMap<string, string>;

  /** @param renamed parameters: old name and new name. */
  constructor(old: Template, now: Template, controls: Controls, renamed: readonly (readonly [string, string])[]) {
    this.#old = old;
    this.#now = now;
    this.#controls = controls;
    this.#toNew = new Map(renamed);
    this.#toOld = new Map(renamed.map(([from, to]) => [to, from]));
  }

  between(old: LocatedFact, now: LocatedFact): Between {
    const was = this.#question(this.#old, old);
    const is = this.#question(this.#now, now);
    const apart = new Map<string, Set<string>>();
    for (const [{ compared }, names] of [[was, this.#toNew] as const, [is, new Map<string, string>()] as const])
      for (const [name, texts] of compared) {
        const key = names.get(name) ?? name;
        apart.set(key, new Set([...(apart.get(key) ?? []), ...texts]));
      }
    const apartBefore = new Map([...apart].map(([name, texts]) => [this.#toOld.get(name) ?? name, texts]));
    const failsNow = deploymentsOf(is, apart, now).find(
      (deployment) =>
        isFailure(this.#verdict(this.#now, now, deployment)) &&
        holds(this.#verdict(this.#old, old, translated(deployment, this.#toOld))),
    );
    const failsNoMore = deploymentsOf(was, apartBefore, old).find(
      (deployment) =>
        isFailure(this.#verdict(this.#old, old, deployment)) &&
        holds(this.#verdict(this.#now, now, translated(deployment, this.#toNew))),
    );
    return { ...(failsNow && { failsNow }), ...(failsNoMore && { failsNoMore }) };
  }

  /** What the verdict turns on: the control is asked once, and what it wants told apart is noted. */
  #question(source: Template, fact: LocatedFact): Question {
    const { template } = spaceOf(expandServerless(source).template);
    const needs: Need[] = [];
    const control = noting(this.#controls[fact.control]!, needs);
    void [...new Prover(source).facts({ [fact.control]: control })];
    const roots: Root[] = entriesOf(template.Resources).flatMap(([id, { Type, Condition }]) =>
      typeof Condition === 'string' && (id === fact.resource || Type === fact.type) ? [{ condition: Condition }] : [],
    );
    const distinguish: (readonly [string, readonly string[]])[] = [];
    for (const need of needs)
      if ('parameter' in need) distinguish.push([need.parameter, need.texts]);
      else roots.push(need);
    const conditions = roots.map((root) =>
      typeof root === 'object' && 'condition' in root
        ? { Condition: root.condition }
        : (root as { expression: Json }).expression,
    );
    const { references, tests } = readsOf(template, ...conditions);
    const names = new Set([...references, ...distinguish.map(([name]) => name)]);
    const compared = entriesOf(template.Parameters)
      .filter(([name]) => names.has(name))
      .map(([name, body]): [string, string[]] => [
        name,
        [
          ...(allowedTexts(body) ?? []),
          ...tests.flatMap((test) => (readsOf(template, test).references.has(name) ? scalarsOf(test) : [])),
          ...distinguish.flatMap(([other, texts]) => (other === name ? texts : [])),
        ],
      ]);
    return { template, roots, compared: new Map(compared) };
  }

  #verdict(template: Template, fact: LocatedFact, deployment: Deployment): Verdict {
    const { 'AWS::Region': region, ...rest } = deployment;
    const declared = template.Parameters ?? {};
    const parameters = Object.fromEntries(Object.entries(rest).filter(([name]) => Object.hasOwn(declared, name)));
    if (!admits(template, parameters)) return 'unreachable';
    const prover = new Prover(template, { parameters, ...(region !== undefined && { region }) });
    const verdicts = [...prover.facts({ [fact.control]: this.#controls[fact.control]! })].flatMap((each) =>
      each.resource === fact.resource && each.type === fact.type ? [each.verdict] : [],
    );
    return verdicts.find(isFailure) ?? verdicts.find((verdict) => !holds(verdict)) ?? verdicts[0] ?? 'unreachable';
  }
}

interface Question {
  /** Loops unrolled, SAM expanded. */
  readonly template: Template;
  readonly roots: readonly Root[];
  /** By parameter, the texts to tell apart from all others. */
  readonly compared: ReadonlyMap<string, readonly string[]>;
}

function isFailure(verdict: Verdict): boolean {
  return verdict === 'fails' || verdict === 'never';
}

/** `unreachable`: the resource is not there, or the deployment is refused, so nothing fails. */
function holds(verdict: Verdict): boolean {
  return verdict === 'proven' || verdict === 'unreachable';
}

/** One deployment of each class, those with the fewest values first. */
function deploymentsOf(
  { template, roots }: Question,
  apart: ReadonlyMap<string, ReadonlySet<string>>,
  fact: LocatedFact,
): readonly Deployment[] {
  const declared = template.Parameters ?? {};
  const distinguish = [...apart]
    .filter(([name]) => Object.hasOwn(declared, name))
    .map(([name, texts]) => [name, [...texts]]);
  const scenarios = listScenarios(template, {
    slice: sliceOf(template, roots),
    distinguish: Object.fromEntries(distinguish),
    limit: LIMIT,
  });
  if (scenarios.tooLarge) return fact.counterexample ? [fact.counterexample] : [];
  return [...scenarios].filter(({ assumed }) => Object.keys(assumed).length === 0).map(({ overrides }) => overrides);
}

/** The same control; what it leaves open is added to the needs. */
function noting(control: Control, needs: Need[]): Control {
  return {
    ...control,
    judge(subject, stack) {
      const judgement = control.judge(subject, stack);
      if (judgement.is === 'open') needs.push(...judgement.needs);
      return judgement;
    },
  };
}

function translated(deployment: Deployment, names: ReadonlyMap<string, string>): Deployment {
  return Object.fromEntries(Object.entries(deployment).map(([name, text]) => [names.get(name) ?? name, text]));
}

/** Whether constraints and rules let these values pass, with the defaults for the rest. */
function admits(template: Template, deployment: Deployment): boolean {
  const parameters: Record<string, object> = {};
  for (const [name, body] of entriesOf(template.Parameters)) {
    const text = deployment[name];
    if (text !== undefined && violationsOf(name, body, text).length > 0) return false;
    const fixed = text ?? body.Default;
    parameters[name] = fixed === undefined ? body : { ...body, AllowedValues: [fixed], Default: fixed };
  }
  if (!template.Rules) return true;
  const empty = { conditions: [], references: [], values: [], tests: [], lookups: [] };
  return Number(listScenarios({ ...template, Parameters: parameters as never }, { slice: empty }).reachable) > 0;
}

/** Every text and number in a comparison: more are told apart than need be, none too few. */
function scalarsOf(value: Json): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(scalarsOf);
  return value === null ? [] : [String(value)];
}
