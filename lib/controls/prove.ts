import { expandServerless } from '../cfn/serverless.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { type Count, listScenarios, type Scenario, type Scenarios } from '../scenarios/list.ts';
import { scopeOf } from '../scenarios/scope.ts';
import { type Root, sliceOf } from '../scenarios/slice.ts';
import { type Space, spaceOf } from '../scenarios/space.ts';
import type { Dependency } from '../scenarios/unknown.ts';
import type { Control, Controls, Stack } from './control.ts';
import type { Judgement, Need } from './judgement.ts';
import { type Scene, type Split, Subject } from './place.ts';

export type Verdict = 'proven' | 'fails' | 'never' | 'depends' | 'unreachable' | 'not-evaluated';

/** What is true of a control and a resource over every deployment that CloudFormation accepts. */
export interface Fact {
  readonly control: string;
  readonly resource: string;
  readonly type: string;
  readonly verdict: Verdict;
  /** Classes of deployments in which the resource exists, and those of them in which the control fails. */
  readonly checked: number;
  readonly failed: number;
  /** `false`: not all classes were looked at, or not all could be decided; of a resource with very many, those of one part. */
  readonly counted: boolean;
  /** The fewest values that differ from the defaults with which it fails. */
  readonly counterexample?: Readonly<Record<string, string>>;
  /** Where it fails, or what it depends on; else the resource. */
  readonly path: Path;
  readonly message: string;
  readonly dependsOn?: readonly Dependency[];
  readonly settledBy?: string;
  /** Where it is asked for and the control holds: the values on which the proof rests. Empty where it rests on what is absent. */
  readonly evidence?: readonly Path[];
}

export interface ProofOptions {
  /** More classes than this are not looked through: the verdict is `not-evaluated` and gives their number. */
  readonly limit?: number;
  /** The region that counts as the default one. */
  readonly region?: string;
  /** Only this one deployment is looked at: these values, and the defaults for the rest. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Facts say on which values a proof rests. */
  readonly evidence?: boolean;
}

const LIMIT = 4096;

/** What the classes of deployments are told apart by. It grows as a control asks for more. */
interface Question {
  readonly conditions: Set<string>;
  readonly expressions: Map<string, Json>;
  readonly texts: Map<string, Set<string>>;
}

interface Moment {
  readonly scenario: Scenario;
  readonly scope: Scene['scope'];
}

interface Answer {
  readonly scenarios: Scenarios;
  readonly moments: Iterable<Moment>;
}

/** Proves controls of one template, SAM resources and loops expanded. What is found out for one control serves the next. */
export class Prover {
  readonly #space: Space;
  readonly #origin: (path: Path) => Path;
  readonly #options: ProofOptions;
  readonly #answers = new Map<string, Answer>();
  readonly #byType = new Map<string, string[]>();
  readonly #others = new Map<string, Prover>();
  readonly #bodies: ReadonlyMap<string, JsonObject>;

  constructor(template: Template, options: ProofOptions = {}) {
    const { template: expanded, origin } = expandServerless(template);
    this.#space = spaceOf(expanded, options.region);
    this.#origin = (path) => origin(this.#space.origin(path));
    this.#options = options;
    const resources = entriesOf(this.#space.template.Resources);
    this.#bodies = new Map(resources.map(([id, body]) => [id, body as unknown as JsonObject]));
    for (const [id, { Type }] of resources) this.#byType.set(Type, [...(this.#byType.get(Type) ?? []), id]);
  }

  /** The facts of every control for every resource of its types, in the order of the template. */
  *facts(controls: Controls): Generator<Fact> {
    for (const [id, control] of Object.entries(controls))
      for (const type of control.types)
        for (const resource of this.#byType.get(type) ?? []) yield this.prove(id, control, resource);
  }

  prove(id: string, control: Control, resource: string): Fact {
    const judged = this.#factOf(id, control, resource);
    // What SAM makes has no place of its own: it is told of the resource that it is made from. What a loop makes has a name.
    const source = String(this.#origin(['Resources', resource])[1]);
    const evidence = judged.evidence && { evidence: judged.evidence.map((each) => this.#origin(each)) };
    const fact = { ...judged, resource: source.startsWith('Fn::ForEach') ? resource : source, ...evidence };
    const path = this.#origin(judged.path);
    if (fact.verdict !== 'proven' && fact.verdict !== 'unreachable') return { ...fact, path };
    const rules = this.#rulesNeeded(id, control, resource);
    const because = rules.length > 0 ? `, because of ${rules.join(' and ')}` : '';
    return { ...fact, path, message: `${fact.message}${because}` };
  }

  #factOf(id: string, control: Control, resource: string): Fact {
    const whole = this.#explore(control, resource, undefined);
    if ('tally' in whole) return this.#fact(id, resource, whole.tally, true);
    if (whole.parts.size < 2) return this.#tooLarge(id, resource, whole.count);
    const tallies: Tally[] = [];
    for (const part of whole.parts) {
      const explored = this.#explore(control, resource, part);
      if (!('tally' in explored)) return this.#tooLarge(id, resource, explored.count);
      tallies.push(explored.tally);
    }
    return this.#fact(id, resource, worst(tallies), false);
  }

  /** Tells classes apart until the control has a judgement in each. */
  #explore(control: Control, resource: string, only: string | undefined): Explored {
    const question: Question = { conditions: new Set(), expressions: new Map(), texts: new Map() };
    const { Condition } = this.#bodies.get(resource)!;
    if (typeof Condition === 'string') question.conditions.add(Condition);
    const parts = new Set<string>();
    for (;;) {
      const { scenarios, moments } = this.#answer(question);
      if (scenarios.tooLarge) return { parts, count: scenarios.reachable };
      const tally = newTally(scenarios);
      const needs: Need[] = [];
      for (const moment of moments) {
        const split: Split = { ...(only !== undefined && { only }), seen: parts, depth: 0 };
        const looked: Path[] | undefined = this.#options.evidence ? [] : undefined;
        const judgement = this.#judge(control, resource, moment, question, split, looked);
        if (judgement === undefined) continue;
        if (judgement.is === 'open') needs.push(...judgement.needs);
        else if (needs.length === 0) {
          count(tally, judgement, moment.scenario);
          if (judgement.is === 'holds') tally.looked.push(...(looked ?? []));
        }
      }
      if (needs.length === 0) return { tally };
      for (const need of needs) ask(question, need);
    }
  }

  /** Undefined where the resource does not exist, or CloudFormation would refuse the deployment. */
  #judge(
    control: Control,
    resource: string,
    { scope }: Moment,
    question: Question,
    split: Split,
    looked: Path[] | undefined,
  ): Judgement | undefined {
    const scene: Scene = {
      scope,
      split,
      ...(looked && { looked }),
      parameter: (name) => {
        const variable = this.#space.variables.get(name);
        const body = this.#space.template.Parameters?.[name];
        return variable && body && { variable, body };
      },
      isMet: (need) => isMet(question, need),
    };
    const subject = new Subject(scene, resource, this.#bodies.get(resource)!);
    const existence = subject.exists();
    if (existence.is === 'fails') return undefined;
    if (existence.is !== 'holds') return existence;
    const before = scope.findings.length;
    const stack: Stack = {
      scene,
      all: (...types) =>
        types.flatMap((type) =>
          (this.#byType.get(type) ?? []).map((id) => new Subject(scene, id, this.#bodies.get(id)!)),
        ),
    };
    const judgement = control.judge(subject, stack);
    return scope.findings.length > before ? undefined : judgement;
  }

  #answer({ conditions, expressions, texts }: Question): Answer {
    const { template } = this.#space;
    const distinguish = Object.fromEntries([...texts].map(([name, set]) => [name, [...set]]));
    const roots: Root[] = [
      ...[...conditions].map((condition) => ({ condition })),
      ...[...expressions.values()].map((expression) => ({ expression })),
    ];
    const key = JSON.stringify([[...conditions].sort(), [...expressions.keys()].sort(), distinguish]);
    const known = this.#answers.get(key);
    if (known) return known;
    const limit = this.#options.limit ?? LIMIT;
    const { region, parameters } = this.#options;
    if (parameters) {
      const environment = { parameters, ...(region !== undefined && { region }) };
      const scope = scopeOf(template, environment);
      const scenario = { assignment: {}, conditions: {}, overrides: {}, assumed: {}, environment };
      const scenarios = { ...listScenarios(template, { slice: sliceOf(template, []) }), incomplete: false };
      const answer = { scenarios, moments: [{ scenario, scope }] };
      this.#answers.set(key, answer);
      return answer;
    }
    const scenarios = listScenarios(template, {
      slice: sliceOf(template, roots),
      distinguish,
      limit,
      ...(region !== undefined && { region }),
    });
    const moments: Moment[] = [];
    if (!scenarios.tooLarge)
      for (const scenario of scenarios) moments.push({ scenario, scope: scopeOf(template, scenario.environment) });
    const answer = { scenarios, moments };
    this.#answers.set(key, answer);
    return answer;
  }

  #fact(control: string, resource: string, tally: Tally, counted: boolean): Fact {
    const { checked, failed, first, least, depends, uncertain, looked } = tally;
    const certain = counted && !depends && !uncertain;
    const shared = {
      control,
      resource,
      type: this.typeOf(resource),
      checked,
      failed,
      counted: certain,
      path: ['Resources', resource] as Path,
    };
    if (first && least) {
      const verdict = failed === checked && certain ? 'never' : 'fails';
      return { ...shared, verdict, counterexample: least, path: first.path, message: first.message };
    }
    if (depends) {
      const { path, message, on, settledBy } = depends;
      return { ...shared, verdict: 'depends', path, message, dependsOn: on, ...(settledBy && { settledBy }) };
    }
    if (uncertain) return { ...shared, verdict: 'not-evaluated', message: uncertain };
    if (checked === 0) return { ...shared, verdict: 'unreachable', message: `${resource} can never exist` };
    const classes = checked === 1 ? 'whatever the parameters' : `in all ${checked} classes of deployments`;
    const evidence = this.#options.evidence && { evidence: deepest(looked) };
    return { ...shared, verdict: 'proven', message: `holds ${classes}`, ...evidence };
  }

  #tooLarge(control: string, resource: string, classes: Count): Fact {
    return {
      control,
      resource,
      type: this.typeOf(resource),
      verdict: 'not-evaluated',
      checked: 0,
      failed: 0,
      counted: false,
      path: ['Resources', resource],
      message: `it turns on too many parameters and conditions: up to ${classes} classes of deployments (the limit is ${this.#options.limit ?? LIMIT})`,
    };
  }

  /** Of a resource as CloudFormation makes it: a function of SAM is one of Lambda. */
  typeOf(resource: string): string {
    return String(this.#bodies.get(resource)?.Type);
  }

  /** The rules of the template without which the verdict would be another. */
  #rulesNeeded(id: string, control: Control, resource: string): string[] {
    const rules = entriesOf(this.#space.template.Rules);
    if (rules.length === 0) return [];
    const verdict = (prover: Prover): Verdict => prover.#factOf(id, control, resource).verdict;
    const own = verdict(this);
    if (verdict(this.#without(rules.map(([name]) => name))) === own) return [];
    const needed = rules.filter(([name]) => verdict(this.#without([name])) !== own);
    return (needed.length > 0 ? needed : rules).map(([name, body]) => {
      const said = [body.Assertions ?? []]
        .flat()
        .map((assertion) => (isObject(assertion) ? assertion.AssertDescription : undefined))
        .filter((text) => typeof text === 'string');
      return `rule ${name}${said.length > 0 ? ` (${said.join(' ')})` : ''}`;
    });
  }

  /** A prover of the same template without these rules, made once. */
  #without(names: readonly string[]): Prover {
    const key = names.join();
    const { Rules: rules, ...template } = this.#space.template;
    const others = Object.fromEntries(entriesOf(rules).filter(([name]) => !names.includes(name)));
    const made = this.#others.get(key) ?? new Prover({ ...template, Rules: others }, this.#options);
    this.#others.set(key, made);
    return made;
  }
}

type Explored = { readonly tally: Tally } | { readonly parts: ReadonlySet<string>; readonly count: Count };

interface Tally {
  checked: number;
  failed: number;
  readonly looked: Path[];
  /** The failure with the fewest changes of defaults. */
  first?: Judgement & { is: 'fails' };
  least?: Readonly<Record<string, string>>;
  depends?: Judgement & { is: 'depends' };
  /** Why what was not seen to fail is not proven either. */
  uncertain?: string;
}

function newTally({ incomplete, assumptions }: Scenarios): Tally {
  return { checked: 0, failed: 0, looked: [], ...(incomplete && { uncertain: assumptions.join('; ') }) };
}

function count(tally: Tally, judgement: Judgement, scenario: Scenario): void {
  tally.checked++;
  if (judgement.is === 'holds' || judgement.is === 'open') return;
  if (judgement.is === 'depends') {
    tally.depends ??= judgement;
    return;
  }
  const assumed = Object.keys(scenario.assumed);
  if (assumed.length > 0) {
    // It fails if a comparison comes out so; whether it can, nothing says.
    const message = `${judgement.message}, where ${assumed.join(' and ')} is as it may be`;
    tally.depends ??= { is: 'depends', path: judgement.path, message, on: [] };
    return;
  }
  tally.failed++;
  tally.first ??= judgement;
  tally.least ??= scenario.overrides;
}

/** Of parts that must all hold: the one that fails with the fewest changes, else the one that is least certain. */
function worst(tallies: readonly Tally[]): Tally {
  const size = ({ least }: Tally) => (least ? Object.keys(least).length : Infinity);
  return tallies.reduce((a, b) => {
    if (size(a) !== size(b)) return size(a) < size(b) ? a : b;
    if (Boolean(a.depends) !== Boolean(b.depends)) return a.depends ? a : b;
    return a.uncertain ? a : b.uncertain ? b : a.checked >= b.checked ? a : b;
  });
}

/** What was looked at only on the way to something inside it is left out, and so is `Properties` as a whole. */
function deepest(paths: readonly Path[]): Path[] {
  const properties = paths.filter((path) => path.length > 3);
  const unique = [...new Map(properties.map((path) => [JSON.stringify(path), path])).values()];
  const within = (inner: Path, outer: Path) =>
    inner.length > outer.length && outer.every((part, index) => part === inner[index]);
  return unique.filter((outer) => !unique.some((inner) => within(inner, outer)));
}

function ask(question: Question, need: Need): void {
  if ('condition' in need) question.conditions.add(need.condition);
  else if ('expression' in need) question.expressions.set(JSON.stringify(need.expression), need.expression);
  else {
    const texts = question.texts.get(need.parameter) ?? new Set();
    for (const text of need.texts) texts.add(text);
    question.texts.set(need.parameter, texts);
  }
}

function isMet(question: Question, need: Need): boolean {
  if ('condition' in need) return question.conditions.has(need.condition);
  if ('expression' in need) return question.expressions.has(JSON.stringify(need.expression));
  const texts = question.texts.get(need.parameter);
  return texts !== undefined && need.texts.every((text) => texts.has(text));
}
