import { type Finding, nearestMatch } from '../cfn/errors.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { Judge, type Problem } from './judge.ts';
import { type Decided, isExpanding, isPresent, knownOf } from './known.ts';
import {
  formats,
  isPublished,
  type ResourceType,
  resourceBody,
  resourceType,
  resourceTypeNames,
  ruleOf,
} from './resource-type.ts';

export interface ValidationContext {
  /** The template's: a `Ref` to one is judged by its type and its allowed values. */
  parameters?: Template['Parameters'];
  /** Conditions whose value is known; the resource's own `Condition` is true. */
  decided?: Decided;
  /** `Globals` of a SAM template: they give what a resource leaves out. */
  globals?: JsonObject | undefined;
  /** Macros of the customer run over the template: they may add what is missing and take what is unknown. */
  macros?: boolean;
}

export interface SpecFinding extends Finding {
  /** It stands in a branch of `Fn::If`, where conditions come out so: whether they can, the caller finds out. */
  readonly decided?: Decided;
}

/** The context of a template's resources. */
export function validationContext(template: Template): ValidationContext {
  const transforms = [template.Transform ?? []].flat();
  return {
    parameters: template.Parameters,
    globals: isObject(template.Globals) ? template.Globals : undefined,
    macros: transforms.some((name) => typeof name !== 'string' || !name.startsWith('AWS::')),
  };
}

/**
 * Judges one resource whole: what stands beside its properties (CFN314; CFN313 a `Snapshot` that cannot be made), then what
 * `validateResource` judges. `path` is that of the resource in the template.
 */
export function validateResourceBody(body: JsonObject, path: Path, context: ValidationContext = {}): SpecFinding[] {
  const type = body.Type;
  if (typeof type !== 'string') return [];
  const decided = { ...context.decided, ...(typeof body.Condition === 'string' && { [body.Condition]: true }) };
  const within = { ...context, decided };
  const findings: SpecFinding[] = [];
  const { schema, snapshots } = resourceBody();
  const judge = new Judge(schema, context.parameters, formats);
  const { Properties: properties, Metadata: _, ...beside } = body;
  judge.judge(beside, schema, path, decided, (problem) => {
    const code = problem.code === 'CFN302' || problem.code === 'CFN310' ? 'CFN314' : problem.code;
    const finding = asFinding({ ...problem, code }, within);
    // SAM leaves out what it does not know.
    const dropped =
      type.startsWith('AWS::Serverless::') && problem.code === 'CFN302' && problem.path.length === path.length + 1;
    findings.push({ ...finding, ...(dropped && { severity: 'warning' as const }) });
  });
  for (const policy of ['DeletionPolicy', 'UpdateReplacePolicy']) {
    const values = ['Delete', 'Retain', ...(policy === 'DeletionPolicy' ? ['RetainExceptOnCreate'] : [])];
    if (resourceType(type) === undefined || snapshots.includes(type)) values.push('Snapshot');
    if (!Object.hasOwn(body, policy)) continue;
    judge.judge(body[policy]!, { type: 'string', enum: values }, [...path, policy], decided, (problem) =>
      findings.push(asFinding({ ...problem, code: 'CFN313' }, within)),
    );
  }
  return [...findings, ...validateResource(type, properties, path, within)];
}

/**
 * Judges a resource's type and properties with the functions in place: CFN301 to CFN305 and CFN307 to CFN312 of
 * docs/findings.md. What depends on a deployment is never an error; each branch of `Fn::If` is judged on its own. `path` is
 * that of the resource in the template.
 */
export function validateResource(
  type: string,
  properties: Json | undefined,
  path: Path,
  context: ValidationContext = {},
): SpecFinding[] {
  const entry = resourceType(type);
  if (!entry) return isPublished(type) ? [unknownType(type, path)] : [];
  const here = [...path, 'Properties'];
  const decided = context.decided ?? {};
  // What SAM or a macro may add counts as a member that is not known yet.
  const given: Json =
    isObject(properties ?? {}) && isCompleted(type, context)
      ? { 'Fn::Transform': '', ...(properties as JsonObject) }
      : (properties ?? {});
  const findings: SpecFinding[] = [];
  const judge = new Judge(entry.schema, context.parameters, formats);
  judge.judge(given, { type: 'object', ...entry.schema }, here, decided, (problem) => {
    // SAM refuses a property that it does not know, and leaves out what it does not know within one.
    const within = problem.path.length > here.length + 1 && (problem.code === 'CFN302' || problem.code === 'CFN310');
    const left = type.startsWith('AWS::Serverless::') && within;
    findings.push({ ...asFinding(problem, context), ...(left && { severity: 'warning' as const }) });
  });
  findings.push(...judgeRules(entry, given, here, decided, context));
  // CloudFormation takes them and sends them nowhere, which shows as drift.
  for (const named of entry.readOnly ?? [])
    for (const { path: place } of placesOf(given, named.split('/'), here, decided)) {
      const message = `${last(named)} is set by AWS, and has no effect here`;
      const problem = { code: 'CFN307', path: place, message, fix: `remove ${last(named)}` };
      findings.push({ ...asFinding(problem, context), severity: 'warning' });
    }
  return [...findings, ...deprecations(entry, given, path, decided)];
}

function isCompleted(type: string, { globals, macros }: ValidationContext): boolean {
  return macros === true || (type.startsWith('AWS::Serverless::') && globals?.[type.split('::')[2]!] !== undefined);
}

function judgeRules(
  entry: ResourceType,
  given: Json,
  path: Path,
  decided: Decided,
  context: ValidationContext,
): SpecFinding[] {
  const findings: SpecFinding[] = [];
  for (const { rule: name, at } of entry.rules ?? []) {
    const places = at === '' ? [{ value: given, path, decided }] : placesOf(given, at.split('/'), path, decided);
    if (places.length === 0) continue;
    const { schema, text, severity } = ruleOf(name);
    const judge = new Judge(schema, context.parameters, formats);
    for (const place of places)
      judge.judge(place.value, schema, place.path, place.decided, (problem) =>
        findings.push({
          ...asFinding({ ...problem, message: `${problem.message} (cfn-lint ${name}: ${text})` }, context),
          ...(severity === 'warning' && { severity }),
        }),
      );
  }
  return findings;
}

interface Place {
  value: Json;
  path: Path;
  decided: Decided;
}

/** What stands at a path of the index (`A/*`), in every branch, as far as it is written out. */
function placesOf(value: Json, steps: readonly string[], path: Path, decided: Decided): Place[] {
  const known = knownOf(value, decided, undefined);
  if (known.is === 'choice')
    return known.branches.flatMap((branch) =>
      placesOf(branch.value, steps, [...path, ...branch.steps], branch.decided),
    );
  const [step, ...rest] = steps;
  if (step === undefined) return known.is === 'absent' || value === null ? [] : [{ value, path, decided }];
  if (known.is !== 'literal') return [];
  if (step === '*' && Array.isArray(value))
    return value.flatMap((item, index) => placesOf(item, rest, [...path, index], decided));
  if (!isObject(value)) return [];
  const names = step === '*' ? Object.keys(value).filter((name) => !isExpanding(name)) : [step];
  return names.flatMap((name) =>
    Object.hasOwn(value, name) && isPresent(value[name], decided) !== false
      ? placesOf(value[name]!, rest, [...path, name], decided)
      : [],
  );
}

function unknownType(type: string, path: Path): Finding {
  const nearest = nearestMatch(type, resourceTypeNames());
  return {
    code: 'CFN301',
    severity: 'error',
    path: [...path, 'Type'],
    message: `${path.slice(1).join('.')}.Type: there is no resource type ${type}${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: nearest ? `write ${nearest}` : 'check the name of the type',
  };
}

/** CFN312: a warning; an error where the service is gone. */
function deprecations(entry: ResourceType, given: Json, path: Path, decided: Decided): Finding[] {
  const findings: SpecFinding[] = [];
  const add = (place: Path, message: string, fix: string, severity: Finding['severity'] = 'warning') =>
    findings.push({ code: 'CFN312', severity, path: place, message: `${place.slice(1).join('.')}: ${message}`, fix });
  const type = [...path, 'Type'];
  if (entry.lifecycle) {
    const { status, date } = entry.lifecycle;
    const on = /^\d/.test(date) ? ` on ${date}` : '';
    if (status === 'shutdown')
      add(type, `AWS has ended the service of ${entry.type}${on}`, 'use another service', 'error');
    else if (status === 'sunset') add(type, `AWS ends the service of ${entry.type}${on}`, 'plan what follows it');
    else add(type, `AWS adds nothing more to ${entry.type}`, 'plan what follows it', 'info');
  } else if (!entry.sources.includes('registry')) {
    add(type, `${entry.type} is no longer in the registry of any region`, 'use another service');
  }
  for (const named of entry.deprecated ?? [])
    for (const place of placesOf(given, named.split('/'), [...path, 'Properties'], decided))
      add(place.path, `${last(named)} is deprecated`, 'use what the documentation names instead');
  return findings;
}

function last(named: string): string {
  return named.slice(named.lastIndexOf('/') + 1);
}

function asFinding({ code, path, message, fix, decided = {} }: Problem, context: ValidationContext): SpecFinding {
  const { decided: around = {}, macros } = context;
  const inBranch = Object.keys(decided).some((condition) => !Object.hasOwn(around, condition));
  return {
    ...(inBranch && { decided }),
    code,
    severity: macros ? 'warning' : 'error',
    path,
    message: `${path.slice(1).join('.')}: ${message}`,
    fix,
  };
}
