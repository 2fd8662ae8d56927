import type { Json, Template } from '../cfn/template.ts';
import { readCatalogue } from '../check/catalogue.ts';
import type { LocatedFact } from '../check/check-controls.ts';
import { type ConfigRule, demandedOf, readConfigRules } from './config-rules.ts';

/** What was proven, and not, in one template. */
export interface JudgedTemplate {
  readonly name: string;
  readonly facts: readonly LocatedFact[];
}

export interface Watched {
  readonly template: string;
  readonly resource: string;
}

export interface WatchedControl {
  readonly control: string;
  readonly title: string;
  readonly resources: readonly Watched[];
}

/** One rule of the pack. */
export interface PackRule {
  readonly id: string;
  /** As AWS Config shows it, unless two rules of the pack share it. */
  readonly name: string;
  readonly rule: ConfigRule;
  readonly parameters: Readonly<Record<string, string>>;
  readonly controls: readonly WatchedControl[];
  /** Of the same controls, resources of which they are not proven: the rule will look at these too. */
  readonly notProven: readonly (Watched & { readonly control: string; readonly verdict: string })[];
}

/** A control that is proven and that the pack does not watch. */
export interface Unwatched extends WatchedControl {
  /**
   * - `none`: there is no managed rule
   * - `security-hub`: Security Hub has a rule of its own
   * - `region`: AWS offers the rule only elsewhere
   * - `type`: the rule does not look at what these resources are, such as policies inside a role
   */
  readonly reason: 'none' | 'security-hub' | 'region' | 'type';
  /** The rule that there is, though not here. */
  readonly rule?: string;
}

export interface ConformancePack {
  readonly rules: readonly PackRule[];
  readonly unwatched: readonly Unwatched[];
  /** Controls and resources, by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly templates: readonly string[];
  readonly region?: string;
}

/**
 * The rules that watch in an account what was proven in templates: one for each managed rule, with the parameters that make it ask
 * what the control asks. A control that is proven nowhere is not watched.
 */
export function conformancePack(templates: readonly JudgedTemplate[], region?: string): ConformancePack {
  const catalogue = readCatalogue();
  const { rules, securityHubOnly } = readConfigRules();
  const facts = templates.flatMap(({ name, facts: own }) => own.map((fact) => ({ template: name, fact })));
  const verdicts: Record<string, number> = {};
  for (const { fact } of facts) verdicts[fact.verdict] = (verdicts[fact.verdict] ?? 0) + 1;

  const proven = new Map<string, { title: string; facts: { template: string; fact: LocatedFact }[] }>();
  for (const each of facts) {
    const { control, title, verdict } = each.fact;
    if (verdict !== 'proven') continue;
    const known = proven.get(control);
    if (known) known.facts.push(each);
    else proven.set(control, { title, facts: [each] });
  }

  const made = new Map<string, Omit<PackRule, 'id'> & { controls: WatchedControl[] }>();
  const unwatched: Unwatched[] = [];
  for (const [control, { title, facts: all }] of [...proven].sort(([a], [b]) => byNumber(a, b))) {
    const name = catalogue[control]?.configRule;
    const rule = name === undefined ? undefined : rules[name];
    const about = (own: typeof all): WatchedControl => ({ control, title, resources: watchedOf(own) });
    if (name === undefined || rule === undefined) {
      const own = securityHubOnly[control];
      unwatched.push({ ...about(all), reason: own ? 'security-hub' : 'none', ...(own && { rule: own }) });
      continue;
    }
    if (region !== undefined && rule.onlyIn && !rule.onlyIn.includes(region)) {
      unwatched.push({ ...about(all), reason: 'region', rule: name });
      continue;
    }
    const seen = all.filter(({ fact }) => rule.watches?.includes(fact.type) ?? true);
    const unseen = all.filter((each) => !seen.includes(each));
    if (unseen.length > 0) unwatched.push({ ...about(unseen), reason: 'type', rule: name });
    if (seen.length === 0) continue;
    const parameters = demandedOf(rule, control);
    const key = JSON.stringify([name, parameters]);
    const known = made.get(key);
    if (known) known.controls.push(about(seen));
    else made.set(key, { name, rule, parameters, controls: [about(seen)], notProven: [] });
  }

  const named = [...made.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    rules: named.map((each) => {
      const isShared = named.filter(({ name }) => name === each.name).length > 1;
      const name = isShared ? `${each.name}-${each.controls[0]!.control.toLowerCase().replace(/\W/g, '-')}` : each.name;
      const notProven = facts.flatMap(({ template, fact }) =>
        fact.verdict !== 'proven' &&
        fact.verdict !== 'unreachable' &&
        (each.rule.watches?.includes(fact.type) ?? true) &&
        each.controls.some(({ control }) => control === fact.control)
          ? [{ template, resource: fact.resource, control: fact.control, verdict: fact.verdict }]
          : [],
      );
      return { ...each, id: pascalCase(name), name, notProven };
    }),
    unwatched,
    verdicts,
    templates: templates.map(({ name }) => name),
    ...(region !== undefined && { region }),
  };
}

/** Each resource once: SAM makes several of one. */
function watchedOf(facts: readonly { template: string; fact: LocatedFact }[]): Watched[] {
  const found = facts.map(({ template, fact }) => [JSON.stringify([template, fact.resource]), template, fact] as const);
  return [...new Map(found.map(([key, template, fact]) => [key, { template, resource: fact.resource }])).values()];
}

/** The pack as a template of AWS Config: each parameter of a rule is one of the pack, so that an account may ask for more. */
export function packTemplate({ rules }: ConformancePack): Template {
  const parameters: Record<string, Json> = {};
  const resources: Record<string, Json> = {};
  for (const { id, name, rule, parameters: values } of rules) {
    const inputs: Record<string, Json> = {};
    for (const [parameter, value] of Object.entries(values)) {
      const packParameter = `${id}Param${parameter[0]!.toUpperCase()}${parameter.slice(1)}`;
      parameters[packParameter] = {
        Type: 'String',
        Description: `${parameter} of ${name}: what the proven control asks for.`,
        Default: value,
      };
      inputs[parameter] = { Ref: packParameter };
    }
    resources[id] = {
      Type: 'AWS::Config::ConfigRule',
      Properties: {
        ConfigRuleName: name,
        ...(Object.keys(inputs).length > 0 && { InputParameters: inputs }),
        // A periodic rule looks at the whole account.
        ...(rule.trigger.includes('change') &&
          rule.resourceTypes.length > 0 && { Scope: { ComplianceResourceTypes: [...rule.resourceTypes] } }),
        Source: { Owner: 'AWS', SourceIdentifier: rule.identifier },
      },
    };
  }
  return {
    ...(Object.keys(parameters).length > 0 && { Parameters: parameters }),
    Resources: resources,
  } as unknown as Template;
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
