import type { Finding } from '../cfn/errors.ts';
import type { Json, ParameterBody, Path, Template } from '../cfn/template.ts';
import { evaluateTest, type Verdict } from './conditions.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import type { Problem, Scope } from './evaluate.ts';
import { allowedTexts, coerceParameter, defaultText, parameterText, parameterType } from './parameters.ts';
import { partitionOf } from './regions.ts';
import { compareResolved, type Dependency, type Resolved, unknown } from './unknown.ts';

const CODES: Readonly<Record<Problem['kind'], string>> = {
  absent: 'CFN504',
  mapping: 'CFN505',
  select: 'CFN506',
  cidr: 'CFN507',
  malformed: 'CFN508',
  circular: 'CFN509',
};

/** A scope over a template in an environment, with what it found wrong. */
export interface TemplateScope extends Scope {
  /** Values that `Ref` gives, of every declared parameter. */
  readonly parameters: Readonly<Record<string, Resolved>>;
  /** Whether a resource exists; undefined where the template has none of that name. */
  exists(resource: string): Verdict | undefined;
  /** Name of the condition that a resource has. */
  conditionOf(resource: string): string | undefined;
  readonly findings: Finding[];
}

export function scopeOf(template: Template, environment: Environment): TemplateScope {
  const findings: Finding[] = [];
  const parameters: Record<string, Resolved> = {};
  for (const [name, body] of entriesOf(template.Parameters))
    parameters[name] = valueOfParameter(name, body, environment);
  const pseudo = pseudoParameters(environment);
  const resources = new Map(entriesOf(template.Resources));
  const verdicts = new Map<string, Verdict>();
  const underway = new Set<string>();
  let muted = 0;

  const condition = (name: string, path: Path): Verdict => {
    const decided = environment.conditions?.[name] ?? verdicts.get(name);
    if (decided !== undefined) return decided;
    const test = Object.hasOwn(template.Conditions ?? {}, name) ? template.Conditions![name]! : undefined;
    if (test === undefined) return unknown('invalid', { Condition: name }, []);
    if (underway.has(name)) {
      scope.refuse({ kind: 'circular', message: `condition ${name} depends on itself` }, path);
      return unknown('invalid', { Condition: name }, []);
    }
    underway.add(name);
    const mutedBefore = muted;
    muted = 0;
    const verdict = evaluateTest(test, scope, ['Conditions', name]);
    muted = mutedBefore;
    underway.delete(name);
    verdicts.set(name, verdict);
    return verdict;
  };

  const exists = (resource: string): Verdict | undefined => {
    const body = resources.get(resource);
    if (!body) return undefined;
    return typeof body.Condition === 'string' ? condition(body.Condition, ['Resources', resource, 'Condition']) : true;
  };

  const reference = (resource: string, expression: Json, reason: 'attribute' | 'reference', path: Path) => {
    const verdict = exists(resource);
    if (verdict === undefined) return undefined;
    if (verdict === false) {
      scope.refuse(absence(resource, resources.get(resource)!.Condition!), path);
      return unknown('invalid', expression, [{ kind: 'resource', name: resource }]);
    }
    return unknown(reason, expression, [{ kind: 'resource', name: resource }]);
  };

  const deployedOf = (resource: string) =>
    Object.hasOwn(environment.deployed ?? {}, resource) && exists(resource) !== false
      ? environment.deployed![resource]
      : undefined;

  const scope: TemplateScope = {
    parameters,
    findings,
    mappings: template.Mappings ?? {},
    condition,
    exists,
    conditionOf: (resource) => resources.get(resource)?.Condition,
    ref: (name, path) => {
      if (Object.hasOwn(parameters, name)) return parameters[name];
      if (name.startsWith('AWS::')) return pseudo(name);
      const open = reference(name, { Ref: name }, 'reference', path);
      return open && ((deployedOf(name)?.ref as Resolved | undefined) ?? open);
    },
    attribute: (resource, attribute, path) => {
      const open = reference(resource, { 'Fn::GetAtt': [resource, attribute] }, 'attribute', path);
      return open && ((deployedOf(resource)?.attributes?.[attribute] as Resolved | undefined) ?? open);
    },
    importValue: (name) => environment.imports?.[name] as Resolved | undefined,
    zones: (region) => zonesOf(environment, region),
    quietly: (work) => {
      muted++;
      const result = work();
      muted--;
      return result;
    },
    refuse: ({ kind, message, fix }, path) => {
      if (muted > 0) return;
      findings.push({ code: CODES[kind], severity: 'error', message, path, ...(fix === undefined ? {} : { fix }) });
    },
  };
  return scope;
}

export function absence(resource: string, condition: string): Problem {
  return {
    kind: 'absent',
    message: `refers to ${resource}, which does not exist where its condition ${condition} is false`,
    fix: `Give the reference the same condition: Fn::If on ${condition}, or Condition: ${condition} on what holds it.`,
  };
}

function valueOfParameter(name: string, body: ParameterBody, environment: Environment): Resolved {
  const type = parameterType(body);
  const dependency: Dependency = { kind: 'parameter', name };
  const expression = { Ref: name };
  const not = environment.open?.[name];
  const given = environment.parameters?.[name];
  const text = not ? undefined : given !== undefined ? parameterText(given) : defaultText(body);
  if (type.ssm) {
    const source = given !== undefined ? parameterText(given) : defaultText(body);
    const value = source === undefined || not ? undefined : environment.ssm?.[source];
    if (value !== undefined) return coerceParameter(body, value);
    const external: Dependency[] = source === undefined ? [] : [{ kind: 'external', name: `SSM parameter ${source}` }];
    return unknown('ssm', expression, [dependency, ...external], { ...listed(type.list), ...excluding(not) });
  }
  if (text !== undefined) return coerceParameter(body, text);
  const allowed = type.list ? undefined : allowedTexts(body);
  const options = allowed
    ?.map((value) => coerceParameter(body, value))
    .filter((value) => !not?.some((text) => compareResolved(value, text)));
  return unknown('parameter', expression, [dependency], {
    ...listed(type.list),
    ...excluding(not),
    ...(options ? { options } : {}),
  });
}

function listed(list: boolean): { list?: true } {
  return list ? { list } : {};
}

function excluding(not: readonly string[] | undefined): { not?: readonly string[] } {
  return not && not.length > 0 ? { not } : {};
}

function pseudoParameters(environment: Environment): (name: string) => Resolved | undefined {
  const derived = environment.region === undefined ? undefined : partitionOf(environment.region);
  const known: Record<string, Resolved | undefined> = {
    'AWS::Region': environment.region,
    'AWS::Partition': environment.partition ?? derived?.partition,
    'AWS::URLSuffix': environment.urlSuffix ?? derived?.urlSuffix,
    'AWS::AccountId': environment.accountId,
    'AWS::StackName': environment.stackName,
    'AWS::StackId': environment.stackId,
    'AWS::NotificationARNs': environment.notificationArns && [...environment.notificationArns],
  };
  return (name) => {
    if (!Object.hasOwn(known, name)) return undefined;
    const not = environment.open?.[name];
    const value = not ? undefined : known[name];
    if (value !== undefined) return value;
    const list = listed(name === 'AWS::NotificationARNs');
    return unknown('pseudo', { Ref: name }, [{ kind: 'pseudo', name }], { ...list, ...excluding(not) });
  };
}

function zonesOf(environment: Environment, region: string): readonly string[] | undefined {
  const zones = environment.availabilityZones;
  const own = region === '' || region === environment.region;
  if (zones === undefined) return undefined;
  if (Array.isArray(zones)) return own ? (zones as readonly string[]) : undefined;
  const name = region === '' ? environment.region : region;
  return name === undefined ? undefined : (zones as Readonly<Record<string, readonly string[]>>)[name];
}
