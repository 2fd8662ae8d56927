import type { Finding } from '../cfn/errors.ts';
import { templateReferences } from '../cfn/graph.ts';
import type { TemplateDocument } from '../cfn/read.ts';
import { checkReferences } from '../cfn/references.ts';
import { isObject, type Json, type JsonObject, type Template } from '../cfn/template.ts';
import { listScenarios } from '../scenarios/list.ts';
import { violationsOf } from '../scenarios/parameters.ts';
import { unreachableConditions } from '../scenarios/reachability.ts';
import { unsafeReferences } from '../scenarios/references.ts';
import { hasAttribute } from '../spec/resource-type.ts';
import { validateResourceBody, validationContext } from '../spec/validate.ts';

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
 * reaches, references to what may be absent. Never throws: a part that cannot go on is named in `notJudged`.
 */
export function checkTemplate(document: TemplateDocument): CheckResult {
  const { template } = document;
  const result: CheckResult = {
    file: document.file,
    resources: isObject(template.Resources as unknown as Json) ? Object.keys(template.Resources).length : 0,
    conditions: isObject(template.Conditions as Json) ? Object.keys(template.Conditions!).length : 0,
    scenarios: { total: 'unknown', reachable: 'unknown' },
    findings: [...document.findings],
    notJudged: [],
  };
  const shape = shapeOf(template);
  result.findings.push(...shape);
  if (shape.length === 0) {
    const parts: [string, () => Finding[]][] = [
      ['references', () => checkReferences(template)],
      ['resource types and properties', () => resources(template)],
      ['attributes', () => attributes(template)],
      ['parameter defaults', () => defaults(template)],
      ['conditions', () => unreachableConditions(template)],
      ['references to what may be absent', () => unsafeReferences(template)],
      [
        'scenarios',
        () => {
          const { total, reachable } = listScenarios(template);
          result.scenarios = { total: String(total), reachable: String(reachable) };
          return [];
        },
      ],
    ];
    for (const [part, judge] of parts) {
      try {
        result.findings.push(...judge());
      } catch (error) {
        result.notJudged.push(`${part}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  if (hasMacro(template)) result.notJudged.push('what macros add or change: only CloudFormation runs them');
  result.findings = result.findings.map((finding) => ({
    ...finding,
    file: document.file,
    ...(finding.path && finding.line === undefined ? document.locate(finding.path) : {}),
  }));
  return result;
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
    if (typeof entry.Type !== 'string')
      return [{ code: 'CFN112', severity: 'error', path, message: `${id} has no Type`, fix: 'add Type: AWS::…' }];
    return [];
  });
}

function resources(template: Template): Finding[] {
  const context = validationContext(template);
  return Object.entries(template.Resources).flatMap(([id, body]) =>
    id.startsWith('Fn::') ? [] : validateResourceBody(body as unknown as JsonObject, ['Resources', id], context),
  );
}

/** CFN306. */
function attributes(template: Template): Finding[] {
  return templateReferences(template).flatMap(({ kind, target, attribute, path }): Finding[] => {
    const type = template.Resources[target]?.Type;
    if (kind !== 'GetAtt' || attribute === undefined || type === undefined) return [];
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
