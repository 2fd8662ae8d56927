import { expandServerless } from '../cfn/serverless.ts';
import { isObject, type Json, type Template } from '../cfn/template.ts';
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
/** Kept for further questions. */
const MOST_PROVERS = 512;

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
  readonly #provers = new Map<Template, Map<string, Prover | undefined>>();

  /** @param renamed parameters: old name and new name. */
  constructor(old: Template, now: Template, controls: Controls, renamed: readonly (readonly [string, string])[]) {
    this.#old = old;
    this.#now = now;
    this.#controls = controls;
    this.#toNew = new Map(renamed);
    this.#toOld = new Map(renamed.map(([from, to]) => [to, from]));
  }

  /** Where it fails that did not, be it that the resource was not there; and where it failed and holds, or is refused. */
  between(old: LocatedFact, now: LocatedFact): Between {
    const [before, after] = this.#deployments(old, now);
    const failsNow = after.find(
      (deployment) =>
        isFailure(this.#verdict(this.#now, now, deployment)) &&
        !['fails', 'never', 'depends', 'not-evaluated'].includes(
          this.#verdict(this.#old, old, translated(deployment, this.#toOld)),
        ),
    );
    const failsNoMore = before.find(
      (deployment) =>
        isFailure(this.#verdict(this.#old, old, deployment)) &&
        ['proven', 'refused'].includes(this.#verdict(this.#now, now, translated(deployment, this.#toNew))),
    );
    return { ...(failsNow && { failsNow }), ...(failsNoMore && { failsNoMore }) };
  }

  /** Of a control that holds wherever its resource exists: deployments in which that, and any other that is proven, is gone. */
  existence(old: LocatedFact, now: LocatedFact): Between {
    const [before, after] = this.#deployments(old, now);
    const isGone = (own: Template, other: Template, names: ReadonlyMap<string, string>) => (deployment: Deployment) =>
      this.#isProvenAnywhere(own, old.control, deployment) === true &&
      this.#isProvenAnywhere(other, old.control, translated(deployment, names)) === false;
    const failsNow = before.find(isGone(this.#old, this.#now, this.#toNew));
    const failsNoMore = after.find(isGone(this.#now, this.#old, this.#toOld));
    return { ...(failsNow && { failsNow }), ...(failsNoMore && { failsNoMore }) };
  }

  /** Those of both versions, told apart by what either turns on. */
  #deployments(old: LocatedFact, now: LocatedFact): [before: readonly Deployment[], after: readonly Deployment[]] {
    const was = this.#question(this.#old, old);
    const is = this.#question(this.#now, now);
    const apart = new Map<string, Set<string>>();
    for (const [{ compared }, names] of [[was, this.#toNew] as const, [is, new Map<string, string>()] as const])
      for (const [name, texts] of compared) {
        const key = names.get(name) ?? name;
        apart.set(key, new Set([...(apart.get(key) ?? []), ...texts]));
      }
    const apartBefore = new Map([...apart].map(([name, texts]) => [this.#toOld.get(name) ?? name, texts]));
    return [deploymentsOf(was, apartBefore, old), deploymentsOf(is, apart, now)];
  }

  /** What the verdict turns on: the control is asked once, and what it wants told apart is noted. */
  #question(source: Template, fact: LocatedFact): Question {
    const { template } = spaceOf(expandServerless(source).template);
    const needs: Need[] = [];
    const control = noting(this.#controls[fact.control]!, needs);
    const prover = new Prover(source);
    const isOwn = (id: string, type: unknown) => id === fact.resource && type === fact.type;
    const resources = entriesOf(template.Resources);
    // What SAM makes has a name of its own: then all of the type are asked.
    const isNamed = resources.some(([id, { Type }]) => isOwn(id, Type));
    if (isNamed) prover.prove(fact.control, control, fact.resource);
    else void [...prover.facts({ [fact.control]: control })];
    const roots: Root[] = resources.flatMap(([id, { Type, Condition }]) =>
      typeof Condition === 'string' && (isNamed ? isOwn(id, Type) : Type === fact.type)
        ? [{ condition: Condition }]
        : [],
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

  #verdict(template: Template, fact: LocatedFact, deployment: Deployment): Verdict | 'refused' {
    const prover = this.#prover(template, deployment);
    if (!prover) return 'refused';
    const control = this.#controls[fact.control]!;
    if (isNamed(template, fact)) return prover.prove(fact.control, control, fact.resource).verdict;
    const verdicts = [...prover.facts({ [fact.control]: control })].flatMap((each) =>
      each.resource === fact.resource && each.type === fact.type ? [each.verdict] : [],
    );
    return verdicts.find(isFailure) ?? verdicts.find((verdict) => verdict !== 'proven') ?? verdicts[0] ?? 'unreachable';
  }

  /** Undefined where the template refuses the deployment. */
  #isProvenAnywhere(template: Template, control: string, deployment: Deployment): boolean | undefined {
    const prover = this.#prover(template, deployment);
    if (!prover) return undefined;
    return [...prover.facts({ [control]: this.#controls[control]! })].some(({ verdict }) => verdict === 'proven');
  }

  /** Of this one deployment; undefined where the template refuses it. Many facts ask for the same ones. */
  #prover(template: Template, deployment: Deployment): Prover | undefined {
    const known = this.#provers.get(template) ?? new Map<string, Prover | undefined>();
    this.#provers.set(template, known);
    const parameters = declaredOf(template, deployment);
    const region = deployment['AWS::Region'];
    const key = JSON.stringify([Object.entries(parameters).sort(), region]);
    if (!known.has(key)) {
      if (known.size >= MOST_PROVERS) known.clear();
      const options = { parameters, ...(region !== undefined && { region }) };
      known.set(key, admits(template, parameters) ? new Prover(template, options) : undefined);
    }
    return known.get(key);
  }
}

/** `false` for what SAM or a loop makes: the template does not have it under its name and type. */
function isNamed(template: Template, { resource, type }: LocatedFact): boolean {
  const body = template.Resources[resource];
  return isObject(body) && body.Type === type;
}

/** What the template can be given of a deployment: on what it does not declare it cannot turn. */
function declaredOf(template: Template, deployment: Deployment): Deployment {
  const declared = template.Parameters ?? {};
  return Object.fromEntries(Object.entries(deployment).filter(([name]) => Object.hasOwn(declared, name)));
}

interface Question {
  /** Loops unrolled, SAM expanded. */
  readonly template: Template;
  readonly roots: readonly Root[];
  /** By parameter, the texts to tell apart from all others. */
  readonly compared: ReadonlyMap<string, readonly string[]>;
}

function isFailure(verdict: string): boolean {
  return verdict === 'fails' || verdict === 'never';
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

/** Every text and number that stands in a comparison: more are told apart than need be, none too few. */
function scalarsOf(value: Json): string[] {
  if (typeof value !== 'object') return [String(value)];
  if (value === null || Object.hasOwn(value, 'Ref')) return [];
  return Object.values(value).flatMap(scalarsOf);
}
