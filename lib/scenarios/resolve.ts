import type { Finding } from '../cfn/errors.ts';
import { expandForEach } from '../cfn/for-each.ts';
import { isObject, type Json, type OutputBody, type Path, type ResourceBody, type Template } from '../cfn/template.ts';
import { evaluateTest, type Verdict } from './conditions.ts';
import { withDynamicReferences } from './dynamic.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import { evaluate } from './evaluate.ts';
import { checkParameterValues, listMembers } from './parameters.ts';
import { absence, scopeOf, type TemplateScope } from './scope.ts';
import { isUnknown, type Resolved, textOf, type Unknown } from './unknown.ts';

export interface ResolvedResource {
  readonly type: string;
  readonly condition?: string;
  /** `true`, or why it may not exist: its condition is not decided in this environment. */
  readonly exists: true | Unknown;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy?: Resolved;
  readonly updateReplacePolicy?: Resolved;
  readonly creationPolicy?: Resolved;
  readonly updatePolicy?: Resolved;
  readonly metadata?: Resolved;
  /** Empty where the template gives none, or none that is an object. */
  readonly properties: { readonly [name: string]: Resolved };
}

export interface ResolvedOutput {
  readonly condition?: string;
  readonly exists: true | Unknown;
  readonly description?: string;
  readonly value: Resolved;
  readonly exportName?: Resolved;
}

/** A template in one environment. Resources and outputs whose condition is false are left out. */
export interface ResolvedTemplate {
  /** What `Ref` gives for each parameter. */
  readonly parameters: Readonly<Record<string, Resolved>>;
  readonly conditions: Readonly<Record<string, Verdict>>;
  readonly resources: Readonly<Record<string, ResolvedResource>>;
  readonly outputs: Readonly<Record<string, ResolvedOutput>>;
  /** Resources that the environment leaves out. */
  readonly absent: readonly string[];
  /** What CloudFormation would refuse in this environment: CFN400-406, CFN500, CFN504-509. */
  readonly findings: readonly Finding[];
}

export interface ResolveOptions {
  /** Resources to resolve, where not all are wanted. Outputs, conditions and rules are then left out too. */
  readonly only?: Iterable<string>;
}

/**
 * A template as far as it can be known before deployment in an environment. Never throws: an odd template gives findings
 * and `Unknown` values.
 */
export function resolveTemplate(
  source: Template,
  environment: Environment,
  options: ResolveOptions = {},
): ResolvedTemplate {
  const {
    template,
    findings: expansion,
    origin,
  } = expandForEach(source, (name) => {
    const value = scopeOf(source, environment).parameters[name];
    if (Array.isArray(value)) return value.flatMap((member) => textOf(member) ?? []);
    const text = textOf(value);
    return text === undefined ? undefined : listMembers(text);
  });
  const scope = scopeOf(template, environment);
  const open = environment.open ?? {};
  const values = environment.parameters ?? {};
  const wanted = options.only && new Set(options.only);

  const findings = checkParameterValues(template, values, (name) => Object.hasOwn(open, name));
  const conditions: Record<string, Verdict> = {};
  for (const name of isObject(template.Conditions) ? Object.keys(template.Conditions) : []) {
    if (!wanted) conditions[name] = scope.condition(name, ['Conditions', name]);
  }
  if (!wanted) findings.push(...brokenRules(template, scope));

  const resources: Record<string, ResolvedResource> = {};
  const absent: string[] = [];
  for (const [id, body] of entriesOf(template.Resources)) {
    if (wanted && !wanted.has(id)) continue;
    const exists = scope.exists(id)!;
    if (exists === false) absent.push(id);
    else resources[id] = certainly(exists, scope, () => resolveResource(id, body, exists, scope));
  }
  const outputs = wanted ? {} : resolveOutputs(template, scope);
  const made = [...findings, ...scope.findings].map((each) =>
    each.path ? { ...each, path: origin(each.path) } : each,
  );
  return { parameters: scope.parameters, conditions, resources, outputs, absent, findings: [...expansion, ...made] };
}

function resolveResource(
  id: string,
  body: ResourceBody,
  exists: true | Unknown,
  scope: TemplateScope,
): ResolvedResource {
  const at = ['Resources', id];
  const dependsOn = [body.DependsOn ?? []].flat().filter((name): name is string => typeof name === 'string');
  for (const name of dependsOn) {
    if (scope.exists(name) !== false) continue;
    scope.refuse(absence(name, scope.conditionOf(name)!), [...at, 'DependsOn']);
  }
  const properties = resolved(body.Properties, scope, [...at, 'Properties']);
  const parts = {
    deletionPolicy: resolved(body.DeletionPolicy, scope, [...at, 'DeletionPolicy']),
    updateReplacePolicy: resolved(body.UpdateReplacePolicy, scope, [...at, 'UpdateReplacePolicy']),
    creationPolicy: resolved(body.CreationPolicy, scope, [...at, 'CreationPolicy']),
    updatePolicy: resolved(body.UpdatePolicy, scope, [...at, 'UpdatePolicy']),
    metadata: resolved(body.Metadata, scope, [...at, 'Metadata']),
  };
  return {
    type: typeof body.Type === 'string' ? body.Type : '',
    ...(typeof body.Condition === 'string' ? { condition: body.Condition } : {}),
    exists,
    dependsOn,
    ...(Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Partial<typeof parts>),
    properties: isRecord(properties) ? properties : {},
  };
}

/** Work on what exists for certain, or work whose findings do not count. */
function certainly<T>(exists: true | Unknown, scope: TemplateScope, work: () => T): T {
  return exists === true ? work() : scope.quietly(work);
}

function resolveOutputs(template: Template, scope: TemplateScope): Record<string, ResolvedOutput> {
  const outputs: Record<string, ResolvedOutput> = {};
  for (const [id, body] of entriesOf(template.Outputs)) {
    const named = typeof body.Condition === 'string' ? body.Condition : undefined;
    const exists = named === undefined ? true : scope.condition(named, ['Outputs', id, 'Condition']);
    if (exists !== false) outputs[id] = certainly(exists, scope, () => resolveOutput(id, body, exists, scope));
  }
  return outputs;
}

function resolveOutput(id: string, body: OutputBody, exists: true | Unknown, scope: TemplateScope): ResolvedOutput {
  const exportName = resolved(body.Export?.Name, scope, ['Outputs', id, 'Export', 'Name']);
  return {
    ...(typeof body.Condition === 'string' ? { condition: body.Condition } : {}),
    exists,
    ...(typeof body.Description === 'string' ? { description: body.Description } : {}),
    value: resolved(body.Value, scope, ['Outputs', id, 'Value']) ?? null,
    ...(exportName === undefined ? {} : { exportName }),
  };
}

/** Findings CFN500: assertions that are false where their rule applies. What cannot be decided is not reported. */
function brokenRules(template: Template, scope: TemplateScope): Finding[] {
  const findings: Finding[] = [];
  for (const [name, body] of entriesOf(template.Rules)) {
    const at = ['Rules', name];
    const applies =
      body.RuleCondition === undefined || evaluateTest(body.RuleCondition, scope, [...at, 'RuleCondition']) === true;
    if (!applies || !Array.isArray(body.Assertions)) continue;
    for (const [i, assertion] of body.Assertions.entries()) {
      const path = [...at, 'Assertions', i];
      if (evaluateTest(assertion?.Assert ?? true, scope, [...path, 'Assert']) !== false) continue;
      const said = typeof assertion.AssertDescription === 'string' ? `: ${assertion.AssertDescription}` : '';
      findings.push({
        code: 'CFN500',
        severity: 'error',
        path,
        message: `rule ${name} refuses these parameter values${said}`,
      });
    }
  }
  return findings;
}

function resolved(value: Json | undefined, scope: TemplateScope, path: Path): Resolved | undefined {
  if (value === undefined) return undefined;
  const evaluated = evaluate(value, scope, path);
  return evaluated === undefined ? undefined : withDynamicReferences(evaluated);
}

function isRecord(value: Resolved | undefined): value is { [name: string]: Resolved } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isUnknown(value);
}
