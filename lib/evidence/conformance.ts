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
  /** `security-hub`: Security Hub has a rule of its own for it; `region`: AWS offers the rule only elsewhere. */
  readonly reason: 'none' | 'security-hub' | 'region';
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

  const proven = new Map<string, { title: string; resources: Watched[] }>();
  for (const { template, fact } of facts) {
    if (fact.verdict !== 'proven') continue;
    const { title, resources } = proven.get(fact.control) ?? { title: fact.title, resources: [] };
    const isThere = resources.some((each) => each.template === template && each.resource === fact.resource);
    proven.set(fact.control, {
      title,
      resources: isThere ? resources : [...resources, { template, resource: fact.resource }],
    });
  }

  const made = new Map<string, Omit<PackRule, 'id' | 'name'> & { readonly name: string; controls: WatchedControl[] }>();
  const unwatched: Unwatched[] = [];
  for (const [control, { title, resources }] of [...proven].sort(([a], [b]) => byNumber(a, b))) {
    const name = catalogue[control]?.configRule;
    const rule = name === undefined ? undefined : rules[name];
    const watched = { control, title, resources };
    if (name === undefined || rule === undefined) {
      const own = securityHubOnly[control];
      unwatched.push({ ...watched, reason: own ? 'security-hub' : 'none', ...(own && { rule: own }) });
    } else if (region !== undefined && rule.onlyIn && !rule.onlyIn.includes(region))
      unwatched.push({ ...watched, reason: 'region', rule: name });
    else {
      const parameters = demandedOf(rule, control);
      const key = JSON.stringify([name, parameters]);
      const known = made.get(key);
      if (known) known.controls.push(watched);
      else made.set(key, { name, rule, parameters, controls: [watched], notProven: [] });
    }
  }

  const named = [...made.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return {
    rules: named.map((each) => {
      const isShared = named.filter(({ name }) => name === each.name).length > 1;
      const name = isShared ? `${each.name}-${each.controls[0]!.control.toLowerCase().replace(/\W/g, '-')}` : each.name;
      const notProven = facts.flatMap(({ template, fact }) =>
        fact.verdict !== 'proven' &&
        fact.verdict !== 'unreachable' &&
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
