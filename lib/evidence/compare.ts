import type { Finding } from '../cfn/errors.ts';
import type { TemplateDocument } from '../cfn/read.ts';
import type { Template } from '../cfn/template.ts';
import type { LocatedFact } from '../check/check-controls.ts';
import type { Requirements } from '../check/frameworks.ts';
import { CONTROLS } from '../controls/index.ts';
import { Prover } from '../controls/prove.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { type Deployment, FailingDeployments } from './failing.ts';
import { type Declared, partnersOf, resourcesOf } from './resources.ts';

/** One template before or after a change, judged. */
export interface Side {
  /** Canonical: see `canonicalDocument`. */
  readonly document: TemplateDocument;
  /** What is wrong with it, its controls aside. */
  readonly findings: readonly Finding[];
  readonly facts: readonly LocatedFact[];
  readonly notJudged: readonly string[];
}

/** A template by the name that it has on both sides; where one side is missing, it was added or removed whole. */
export interface Pair {
  readonly name: string;
  readonly old?: Side;
  readonly new?: Side;
}

/** What is true of a control and a resource on one side. */
export interface State {
  readonly verdict: LocatedFact['verdict'];
  /** The fewest values, beside the defaults, with which it fails. */
  readonly when?: Deployment;
  /** Classes of deployments looked at, and those in which it fails. */
  readonly checked: number;
  readonly failed: number;
  readonly message: string;
  /** What it turns on, where it depends: `parameter KeyArn`. */
  readonly on?: readonly string[];
  readonly waiver?: { readonly reason: string; readonly owner: string; readonly expires: string };
  /** Missing where the side has no such place any more. */
  readonly line?: number;
  readonly column?: number;
}

/**
 * Why a fact is among the changes.
 * - `verdict`: it is another one
 * - `deployments`: it fails in other deployments than before
 * - `existence`: it is proven where its resource exists, and that is in other deployments than before; of what guards an account
 * - `new-resource`: the resource was not there, or could never exist
 * - `safeguard-gone`: what was proven of a resource that watches or guards others went with it
 * - `dependencies`, `waiver`: it turns on something else; it is waived otherwise
 */
export type Reason =
  | 'verdict'
  | 'deployments'
  | 'existence'
  | 'new-resource'
  | 'safeguard-gone'
  | 'dependencies'
  | 'waiver';

export interface Change {
  readonly template: string;
  readonly control: string;
  readonly title: string;
  readonly level: LocatedFact['level'];
  readonly resource: string;
  readonly type: string;
  readonly reason: Reason;
  readonly from?: State;
  readonly to?: State;
  /** The resource that it looks renamed or moved from: `from` is of that one. */
  readonly was?: { readonly template: string; readonly resource: string };
  /** A deployment that held and now fails, of those the one with the fewest values; and the contrary. */
  readonly failsNow?: Deployment;
  readonly failsNoMore?: Deployment;
  readonly requirements?: Requirements;
}

/** A resource that only one side has. */
export interface ResourceChange {
  readonly template: string;
  readonly resource: string;
  readonly type: string;
  readonly line: number;
  readonly facts: readonly { readonly control: string; readonly title: string; readonly state: State }[];
  /** Of the same type and with the same properties, on the other side: it looks like a rename, or a move. */
  readonly likely?: { readonly template: string; readonly resource: string };
}

export interface Comparison {
  readonly templates: readonly { readonly name: string; readonly old?: string; readonly new?: string }[];
  readonly lost: readonly Change[];
  readonly gained: readonly Change[];
  readonly changed: readonly Change[];
  readonly added: readonly ResourceChange[];
  readonly removed: readonly ResourceChange[];
  /** Parameters that look renamed: with the same body, the only one on each side. */
  readonly renamedParameters: readonly { readonly template: string; readonly from: string; readonly to: string }[];
  readonly newFindings: readonly Finding[];
  readonly goneFindings: readonly Finding[];
  /** What no comparison can see, such as what a macro makes. */
  readonly notJudged: readonly string[];
  /** Facts that are as they were. */
  readonly unchanged: number;
}

/** The more it says, the higher. What is not known is above what is known to fail, and below what somebody answers for. */
const RANK: Readonly<Record<LocatedFact['verdict'], number>> = {
  never: 0,
  fails: 1,
  'not-evaluated': 2,
  depends: 2,
  waived: 3,
  proven: 4,
  unreachable: 4,
};

interface Safeguard {
  /** Types of what it guards; left out, the account. */
  readonly guards?: RegExp;
  /** The property by which it does; left out, its being there. */
  readonly by?: string;
}

/**
 * Types of which a resource guards or watches others, as far as no control of those others asks for it: with the last one that is
 * proven the control is lost, as long as any of what it guards is left.
 */
const SAFEGUARDS: Readonly<Record<string, Safeguard>> = {
  'AWS::CloudTrail::Trail': {},
  'AWS::Config::ConfigurationRecorder': {},
  'AWS::GuardDuty::Detector': {},
  'AWS::Budgets::Budget': {},
  'AWS::Glue::DataCatalogEncryptionSettings': {},
  'AWS::Glue::SecurityConfiguration': { guards: /^AWS::Glue::(Job|Crawler|DevEndpoint)$/ },
  'AWS::RDS::EventSubscription': { guards: /^AWS::RDS::DB(Cluster|Instance)$/ },
  'AWS::RDS::DBParameterGroup': { guards: /^AWS::RDS::DBInstance$/, by: 'Parameters' },
  'AWS::RDS::DBClusterParameterGroup': { guards: /^AWS::RDS::DBCluster$/, by: 'Parameters' },
  'AWS::Redshift::ClusterParameterGroup': { guards: /^AWS::Redshift::Cluster$/, by: 'Parameters' },
};

/**
 * What changes in compliance between two sets of templates. The same templates, however they are written, give nothing. Lost is what
 * was proven, waived or not there and is weaker now: see decision 0061.
 */
export function compare(pairs: readonly Pair[]): Comparison {
  const olds = pairs.flatMap(({ name, old }) => (old ? [viewOf(name, old)] : []));
  const news = pairs.flatMap(({ name, new: now }) => (now ? [viewOf(name, now)] : []));
  const byName = (views: readonly View[]) => new Map(views.map((view) => [view.name, view]));
  const [before, after] = [byName(olds), byName(news)];
  const came = onlyIn(news, before);
  const went = onlyIn(olds, after);
  const partners = partnersOf(came, went);

  const renamedParameters = news.flatMap((now) => {
    const old = before.get(now.name);
    return old ? renamedBetween(old, now) : [];
  });
  const changes: Judged[] = [];
  let unchanged = 0;
  const met = new Set<LocatedFact>();
  for (const now of news) {
    const versions = new Map<View, Versions>();
    for (const fact of now.facts.values()) {
      const own = now.resources.get(fact.resource)!;
      const partner = partners.get(own);
      const old = before.get(partner?.template ?? now.name);
      const isKept = partner !== undefined || old?.resources.get(own.id)?.type === own.type;
      const was = isKept ? old!.facts.get(keyOf({ ...fact, resource: partner?.id ?? own.id })) : undefined;
      if (was) met.add(was);
      let found = was ? undefined : appearing(fact);
      if (was && old) {
        const known = versions.get(old) ?? versionsOf(old, now, renamedParameters);
        versions.set(old, known);
        found = between(was, fact, known);
      }
      if (found)
        changes.push({
          template: now.name,
          ...aboutOf(fact),
          ...(partner && { was: { template: partner.template, resource: partner.id } }),
          ...(was && { from: stateOf(was) }),
          to: stateOf(fact),
          ...found,
        });
      else if (was) unchanged++;
    }
  }
  for (const old of olds)
    for (const fact of old.facts.values())
      if (!met.has(fact) && isGuardLost(fact, old, news))
        changes.push({
          template: old.name,
          ...aboutOf(fact),
          effect: 'lost',
          reason: 'safeguard-gone',
          from: stateOf(fact),
        });

  const names = pairs.map(({ name }) => name);
  const withEffect = (wanted: Effect) =>
    changes
      .flatMap(({ effect, ...change }) => (effect === wanted ? [change] : []))
      .sort((a, b) => names.indexOf(a.template) - names.indexOf(b.template) || byPlace(a, b));
  const findings = pairs.map(({ old, new: now }) => findingsBetween(old?.findings ?? [], now?.findings ?? []));
  const told = (lone: Declared, views: ReadonlyMap<string, View>) =>
    resourceChange(lone, partners.get(lone), views.get(lone.template)!);
  return {
    templates: pairs.map(({ name, old, new: now }) => ({
      name,
      ...(old && { old: old.document.file }),
      ...(now && { new: now.document.file }),
    })),
    lost: withEffect('lost'),
    gained: withEffect('gained'),
    changed: withEffect('changed'),
    added: came.map((lone) => told(lone, after)),
    removed: went.map((lone) => told(lone, before)),
    renamedParameters,
    newFindings: findings.flatMap(({ newFindings }) => newFindings),
    goneFindings: findings.flatMap(({ goneFindings }) => goneFindings),
    notJudged: pairs.flatMap(({ name, old, new: now }) =>
      isSame(old, now) ? [] : (now?.notJudged ?? []).map((part) => `${name}: ${part}`),
    ),
    unchanged,
  };
}

/** One side, by what is looked up in it. */
interface View {
  readonly name: string;
  readonly side: Side;
  readonly resources: ReadonlyMap<string, Declared>;
  /** By control, resource and type. */
  readonly facts: ReadonlyMap<string, LocatedFact>;
}

function viewOf(name: string, side: Side): View {
  const facts = new Map<string, LocatedFact>();
  for (const fact of side.facts) {
    // SAM may make several resources of one: the weakest counts.
    const other = facts.get(keyOf(fact));
    if (!other || RANK[fact.verdict] < RANK[other.verdict]) facts.set(keyOf(fact), fact);
  }
  return { name, side, resources: resourcesOf(name, side.document), facts };
}

function keyOf({ control, resource, type }: Pick<LocatedFact, 'control' | 'resource' | 'type'>): string {
  return JSON.stringify([control, resource, type]);
}

function onlyIn(views: readonly View[], others: ReadonlyMap<string, View>): Declared[] {
  return views.flatMap(({ name, resources }) =>
    [...resources.values()]
      .filter(({ id, type }) => others.get(name)?.resources.get(id)?.type !== type)
      .sort((a, b) => a.line - b.line),
  );
}

function resourceChange(lone: Declared, partner: Declared | undefined, { facts }: View): ResourceChange {
  const { template, id, type, line } = lone;
  return {
    template,
    resource: id,
    type,
    line,
    facts: [...facts.values()]
      .filter(({ resource }) => resource === id)
      .map((fact) => ({ control: fact.control, title: fact.title, state: stateOf(fact) }))
      .sort((a, b) => byNumber(a.control, b.control)),
    ...(partner && { likely: { template: partner.template, resource: partner.id } }),
  };
}

function isSame(old: Side | undefined, now: Side | undefined): boolean {
  return JSON.stringify(old?.document.template) === JSON.stringify(now?.document.template);
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function byPlace(a: Change, b: Change): number {
  const line = ({ to, from }: Change) => to?.line ?? from?.line ?? 0;
  return line(a) - line(b) || byNumber(a.control, b.control) || (a.type < b.type ? -1 : 1);
}

type Effect = 'lost' | 'gained' | 'changed';
type Judged = Change & { readonly effect: Effect };
type Found = Pick<Judged, 'effect' | 'reason' | 'failsNow' | 'failsNoMore'>;

/** Two versions of a template. */
interface Versions {
  readonly failing: FailingDeployments;
  /** Old name of a parameter to new name. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Parameters, conditions and what else decides which deployments there are, are the same. */
  readonly haveSameDeployments: boolean;
  readonly old: View;
  readonly now: View;
}

function versionsOf(old: View, now: View, parameters: Comparison['renamedParameters']): Versions {
  const [was, is] = [old.side.document.template, now.side.document.template];
  const renamed = parameters.flatMap(({ template, from, to }): [string, string][] =>
    template === now.name && old.name === now.name ? [[from, to]] : [],
  );
  const deciding = ({ Parameters, Rules, Mappings, Conditions }: Template) =>
    JSON.stringify([Parameters, Rules, Mappings, Conditions]);
  return {
    failing: new FailingDeployments(was, is, CONTROLS, renamed),
    renamed: new Map(renamed),
    haveSameDeployments: deciding(was) === deciding(is),
    old,
    now,
  };
}

/** A resource that was not there: what fails of it is lost. What holds of it is told with the resource. */
function appearing({ verdict }: LocatedFact): Found | undefined {
  return verdict === 'fails' || verdict === 'never' ? { effect: 'lost', reason: 'new-resource' } : undefined;
}

function between(old: LocatedFact, now: LocatedFact, versions: Versions): Found | undefined {
  if (old.verdict === 'unreachable' || now.verdict === 'unreachable') {
    if (old.verdict === now.verdict) return undefined;
    const isGuard = old.verdict === 'proven' && isGuardLost(old, versions.old, [versions.now]);
    if (isGuard) return { effect: 'lost', reason: 'safeguard-gone' };
    return appearing(now) ?? { effect: 'changed', reason: 'verdict' };
  }
  const by = RANK[now.verdict] - RANK[old.verdict];
  if (by < 0) return { effect: 'lost', reason: 'verdict' };
  if (by > 0) return { effect: now.verdict === 'waived' ? 'changed' : 'gained', reason: 'verdict' };
  if (now.verdict !== old.verdict) return { effect: 'changed', reason: 'verdict' };
  if (old.counterexample && now.counterexample && !failAlike(old, now, versions)) {
    const where = versions.failing.between(old, now);
    const counts = now.verdict !== 'waived';
    if (where.failsNow) return { effect: counts ? 'lost' : 'changed', reason: 'deployments', ...where };
    if (where.failsNoMore) return { effect: counts ? 'gained' : 'changed', reason: 'deployments', ...where };
  }
  if (now.verdict === 'proven' && isOfAccount(now) && !failAlike(old, now, versions)) {
    const where = versions.failing.existence(old, now);
    if (where.failsNow) return { effect: 'lost', reason: 'existence', ...where };
    if (where.failsNoMore) return { effect: 'gained', reason: 'existence', ...where };
  }
  if (now.verdict === 'waived' && waiverText(old) !== waiverText(now)) return { effect: 'changed', reason: 'waiver' };
  if (now.verdict === 'depends' && dependenciesOf(old, versions.renamed).join() !== dependenciesOf(now).join())
    return { effect: 'changed', reason: 'dependencies' };
  return undefined;
}

/** Without asking for each deployment: the template is the same, or what never or always holds exists in the same deployments. */
function failAlike(was: LocatedFact, is: LocatedFact, { old, now, haveSameDeployments }: Versions): boolean {
  if (isSame(old.side, now.side)) return true;
  const sameCondition =
    old.resources.get(was.resource)?.condition === now.resources.get(is.resource)?.condition && haveSameDeployments;
  const isUniform = (fact: LocatedFact) => fact.counted && (fact.failed === 0 || fact.failed === fact.checked);
  return sameCondition && isUniform(was) && isUniform(is);
}

function isOfAccount({ type }: LocatedFact): boolean {
  const safeguard = SAFEGUARDS[type];
  return safeguard !== undefined && safeguard.guards === undefined;
}

function waiverText({ waiver }: LocatedFact): string {
  return JSON.stringify([waiver?.reason, waiver?.owner, waiver?.expires]);
}

/** Whether what was proven of this resource guards others that stand without it now. */
function isGuardLost(fact: LocatedFact, { side, resources }: View, news: readonly View[]): boolean {
  const safeguard = SAFEGUARDS[fact.type];
  if (!safeguard || fact.verdict !== 'proven') return false;
  const isProven = news.some(({ facts }) =>
    [...facts.values()].some(({ control, verdict }) => control === fact.control && verdict === 'proven'),
  );
  if (isProven) return false;
  const { guards, by } = safeguard;
  const types = news.flatMap((view) => [...view.resources.values()].map(({ type }) => type));
  if (guards && !types.some((type) => guards.test(type))) return false;
  // Where the control is asked of what is guarded too, it is told there.
  const isAsked = news.some(({ facts }) =>
    [...facts.values()].some(({ control, type }) => control === fact.control && guards?.test(type)),
  );
  if (isAsked) return false;
  return by === undefined || !holdsWithout(by, fact, side.document.template, resources);
}

/** What is proven of a guard that sets nothing is not proven by it: a control of another engine, say. */
function holdsWithout(
  property: string,
  { control, resource, type }: LocatedFact,
  template: Template,
  resources: ReadonlyMap<string, Declared>,
): boolean {
  const body = template.Resources[resource];
  if (!resources.has(resource) || !body) return false;
  const { [property]: _, ...Properties } = body.Properties ?? {};
  const bare = { ...template, Resources: { ...template.Resources, [resource]: { ...body, Properties } } };
  return [...new Prover(bare).facts({ [control]: CONTROLS[control]! })].some(
    (fact) => fact.resource === resource && fact.type === type && fact.verdict === 'proven',
  );
}

function aboutOf({ control, title, level, resource, type, requirements }: LocatedFact) {
  return { control, title, level, resource, type, ...(requirements && { requirements }) };
}

function dependenciesOf({ dependsOn }: LocatedFact, renamed: ReadonlyMap<string, string> = new Map()): string[] {
  const named = (dependsOn ?? []).map(
    ({ kind, name }) => `${kind} ${kind === 'parameter' ? (renamed.get(name) ?? name) : name}`,
  );
  return [...new Set(named)].sort();
}
export function stateOf(fact: LocatedFact): State {
  const { verdict, counterexample, checked, failed, message, waiver, line, column } = fact;
  const on = dependenciesOf(fact);
  return {
    verdict,
    ...(counterexample && { when: counterexample }),
    checked,
    failed,
    message,
    ...(verdict === 'depends' && on.length > 0 && { on }),
    ...(waiver && { waiver: { reason: waiver.reason, owner: waiver.owner, expires: waiver.expires } }),
    line,
    column,
  };
}

/** Parameters that only one side declares, each the only one of its body. */
function renamedBetween(old: View, now: View): Comparison['renamedParameters'][number][] {
  const only = (own: View, other: View) => {
    const bodies = new Map<string, string[]>();
    for (const [name, body] of entriesOf(own.side.document.template.Parameters)) {
      if (Object.hasOwn(other.side.document.template.Parameters ?? {}, name)) continue;
      const { Description: _, ConstraintDescription: __, ...rest } = body;
      bodies.set(JSON.stringify(rest), [...(bodies.get(JSON.stringify(rest)) ?? []), name]);
    }
    return bodies;
  };
  const came = only(now, old);
  return [...only(old, now)].flatMap(([body, from]) => {
    const to = came.get(body) ?? [];
    return from.length === 1 && to.length === 1 ? [{ template: now.name, from: from[0]!, to: to[0]! }] : [];
  });
}

/** Findings of one side that the other does not have: an item that only moved inside its list is the same. */
function findingsBetween(old: readonly Finding[], now: readonly Finding[]) {
  const keyOf = ({ code, path, message }: Finding) =>
    JSON.stringify([
      code,
      path?.map((part) => (typeof part === 'number' ? '*' : part)),
      message.replace(/\.\d+\b/g, '.*'),
    ]);
  const without = (findings: readonly Finding[], others: readonly Finding[]) => {
    const left = new Map<string, number>();
    for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1);
    return findings.filter((finding) => {
      const count = left.get(keyOf(finding)) ?? 0;
      left.set(keyOf(finding), count - 1);
      return count <= 0;
    });
  };
  return { newFindings: without(now, old), goneFindings: without(old, now) };
}
