import type { Finding } from '../cfn/errors.ts';
import { expandForEach } from '../cfn/for-each.ts';
import { templateReferences } from '../cfn/graph.ts';
import type { TemplateDocument } from '../cfn/read.ts';
import { checkReferences } from '../cfn/references.ts';
import { isObject, type Json, type JsonObject, type Template } from '../cfn/template.ts';
import { isOfRain, transformsOf } from '../cfn/transforms.ts';
import { listScenarios } from '../scenarios/list.ts';
import { violationsOf } from '../scenarios/parameters.ts';
import { scenarioWhere, unreachableConditions } from '../scenarios/reachability.ts';
import { unsafeReferences } from '../scenarios/references.ts';
import type { Decided } from '../spec/known.ts';
import { hasAttribute, isAvailable, isKnownRegion } from '../spec/resource-type.ts';
import { validateResourceBody, validationContext } from '../spec/validate.ts';
import { checkFunctions } from './functions.ts';
import { checkParameterDeclarations } from './parameter-declarations.ts';
import { checkStructure } from './structure.ts';
import { checkUsage } from './usage.ts';

export interface CheckResult {
  file: string;
  resources: number;
  conditions: number;
  /** `unknown` where they could not be counted: see `notJudged`. */
  scenarios: { total: string; reachable: string };
  findings: Finding[];
  /** What could not be judged, and why. Nothing in it counts as right. */
  notJudged: string[];
}

/**
 * Validity of one template: syntax, references, types and properties, attributes, parameter defaults, conditions that nothing
 * reaches, references to what may be absent; with a region, whether that has the types (CFN315). Never throws: a part that
 * cannot go on is named in `notJudged`.
 */
export function checkTemplate(document: TemplateDocument, region?: string): CheckResult {
  const { template, findings: looping, origin } = expandForEach(document.template);
  const complete = looping.length === 0;
  const result: CheckResult = {
    file: document.file,
    resources: isObject(template.Resources as unknown as Json) ? Object.keys(template.Resources).length : 0,
    conditions: isObject(template.Conditions as Json) ? Object.keys(template.Conditions!).length : 0,
    scenarios: { total: 'unknown', reachable: 'unknown' },
    findings: [...document.findings, ...looping],
    notJudged: [],
  };
  /** Findings on the template after its loops are unrolled are told where the loop stands. */
  const unrolled = (judge: () => Finding[]) => () =>
    judge().map((finding) => (finding.path ? { ...finding, path: origin(finding.path) } : finding));
  const run = (parts: readonly (readonly [string, () => Finding[]])[]): Finding[] => {
    const findings: Finding[] = [];
    for (const [part, judge] of parts) {
      try {
        findings.push(...judge());
      } catch (error) {
        result.notJudged.push(`${part}: ${error instanceof Error ? error.message : error}`);
      }
    }
    result.findings.push(...findings);
    return findings;
  };
  const shape = shapeOf(template);
  result.findings.push(...shape);
  run([
    ['structure', unrolled(() => checkStructure(template, document.text))],
    [
      'parameters',
      () => {
        const declarations = checkParameterDeclarations(template);
        const malformed = new Set(declarations.map(({ path }) => path?.[1]));
        return [...declarations, ...defaults(template).filter(({ path }) => !malformed.has(path?.[1]))];
      },
    ],
  ]);
  if (shape.length === 0)
    run([
      ['references', unrolled(() => checkReferences(template, complete))],
      ['functions', unrolled(() => checkFunctions(template))],
      ['what is declared', unrolled(() => checkUsage(template, document.template))],
      ['resource types and properties', unrolled(() => resources(template))],
      ['attributes', unrolled(() => attributes(template))],
      ['region', unrolled(() => (region === undefined ? [] : missingIn(region, template)))],
      ['conditions', () => unreachableConditions(document.template)],
      ['references to what may be absent', () => unsafeReferences(document.template)],
      [
        'scenarios',
        () => {
          const { total, reachable } = listScenarios(document.template);
          result.scenarios = { total: String(total), reachable: String(reachable) };
          return [];
        },
      ],
    ]);
  if (region !== undefined && !isKnownRegion(region))
    result.notJudged.push(`which types ${region} has: the registry's schemas do not name this region`);
  if (hasMacro(template)) result.notJudged.push('what macros add or change: only CloudFormation runs them');
  const { macros } = transformsOf(template);
  result.findings = distinct(result.findings).map((finding) => ({
    ...finding,
    // A macro runs first, and may be made for just this.
    ...(macros && /^CFN1[1-3]/.test(finding.code) && finding.severity === 'error' && { severity: 'warning' as const }),
    file: document.file,
    ...(finding.path && finding.line === undefined ? document.locate(finding.path) : {}),
  }));
  return result;
}

/** A loop shows the same finding at every turn. */
function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, message, path, line, column }) => {
    const text = JSON.stringify([code, message, path, line, column]);
    return !seen.has(text) && seen.add(text);
  });
}

/** CFN110 to CFN112: without resources that are mappings with a type, nothing else can be judged. */
function shapeOf(template: Template): Finding[] {
  const entries = template.Resources as unknown as Json;
  if (!isObject(entries)) {
    const fix = 'add a Resources section with at least one resource';
    return [{ code: 'CFN110', severity: 'error', path: ['Resources'], message: 'the template has no resources', fix }];
  }
  return Object.entries(entries).flatMap(([id, entry]): Finding[] => {
    if (id.startsWith('Fn::ForEach')) return [];
    const path = ['Resources', id];
    if (!isObject(entry))
      return [{ code: 'CFN111', severity: 'error', path, message: `${id} is no mapping`, fix: 'give it a Type' }];
    if (typeof entry.Type !== 'string' && !(isObject(entry.Type) && Object.keys(entry.Type).some(isOfRain)))
      return [{ code: 'CFN112', severity: 'error', path, message: `${id} has no Type`, fix: 'add Type: AWS::…' }];
    return [];
  });
}

function resources(template: Template): Finding[] {
  const context = validationContext(template);
  const found = Object.entries(template.Resources).flatMap(([id, body]) =>
    id.startsWith('Fn::') ? [] : validateResourceBody(body as unknown as JsonObject, ['Resources', id], context),
  );
  return found.flatMap(({ decided, ...finding }) => (decided ? whereReachable(template, finding, decided) : [finding]));
}

/** With the deployment that shows it; a warning where a condition is not known, or not decided. */
function whereReachable(template: Template, finding: Finding, decided: Decided): Finding[] {
  const guards = Object.entries(decided).map(([condition, outcome]) => ({ condition, outcome }));
  const areKnown = guards.every(({ condition }) => Object.hasOwn(template.Conditions ?? {}, condition));
  const scenario = areKnown ? scenarioWhere(template, guards) : 'undecided';
  if (scenario === 'never') return [];
  if (scenario === 'undecided' || Object.keys(scenario.assumed).length > 0)
    return [{ ...finding, severity: 'warning', message: `${finding.message}, if it can come to that` }];
  return [{ ...finding, when: scenario.overrides }];
}

/** CFN315. A warning: AWS brings types to regions before the index is cut again. */
function missingIn(region: string, template: Template): Finding[] {
  return Object.entries(template.Resources).flatMap(([id, { Type: type, Condition: condition }]): Finding[] => {
    if (typeof type !== 'string' || isAvailable(type, region) !== false) return [];
    const path = ['Resources', id, 'Type'];
    const where = condition === undefined ? '' : `, where ${String(condition)} holds`;
    const message = `${id}.Type: ${region} has no ${type}${where}`;
    return [{ code: 'CFN315', severity: 'warning', path, message, fix: 'deploy it to a region that has the type' }];
  });
}

/** CFN306. */
function attributes(template: Template): Finding[] {
  return templateReferences(template).flatMap(({ kind, target, attribute, path }): Finding[] => {
    const type = template.Resources[target]?.Type;
    if (kind !== 'GetAtt' || attribute === undefined || typeof type !== 'string') return [];
    if (hasAttribute(type, attribute) !== false) return [];
    const message = `${path.slice(1).join('.')}: ${target} (${type}) has no attribute ${attribute}`;
    return [{ code: 'CFN306', severity: 'error', path, message, fix: 'use an attribute that the type documents' }];
  });
}

function defaults(template: Template): Finding[] {
  return Object.entries(template.Parameters ?? {}).flatMap(([name, body]) =>
    !isObject(body as unknown as Json) || body.Default === undefined || body.Default === null
      ? []
      : violationsOf(name, body, String(body.Default)).map(
          (violation): Finding => ({ ...violation, severity: 'error', path: ['Parameters', name, 'Default'] }),
        ),
  );
}

function hasMacro(template: Template): boolean {
  return [template.Transform ?? []]
    .flat()
    .some((name) => typeof name !== 'string' || !name.startsWith('AWS::LanguageExtensions'));
}
