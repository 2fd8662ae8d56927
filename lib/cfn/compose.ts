import type { Declaration, Fragment } from './declaration.ts';
import { CfnError, type Finding } from './errors.ts';
import { type ControlId, claimOf, toJson } from './expression.ts';
import { checkReferences } from './references.ts';
import { sourcePlaceOf } from './source-place.ts';
import type { Json, JsonObject, Path, Template } from './template.ts';
import { type Annotations, pathKey, writeTemplate } from './write.ts';

export interface StackOptions {
  /** The template's file is `templates/<name>.yaml`. */
  name: string;
  /** Named in the header: where a change is made. */
  source: string;
  /** "Area: thing", as the console's stack list shows it. */
  description: string;
  /** Headings of the parameter groups, in order: required, sizing, protection, operations. */
  groups: readonly string[];
  fragments: readonly Fragment[];
  transform?: 'AWS::Serverless-2016-10-31' | 'AWS::LanguageExtensions';
}

/** A claim made with `meets`: the value at this path meets this control. A rule in `lib/controls` proves it. */
export interface Claim {
  control: ControlId;
  path: Path;
}

export interface Stack {
  name: string;
  template: Template;
  annotations: Annotations;
  claims: readonly Claim[];
}

const SECTION_OF: Readonly<Record<Declaration['kind'], keyof Template>> = {
  parameter: 'Parameters',
  rule: 'Rules',
  mapping: 'Mappings',
  condition: 'Conditions',
  resource: 'Resources',
  output: 'Outputs',
};

/**
 * Puts fragments together into one template. Throws all of: CFN001 an ID declared twice, CFN002 an ID that is not
 * alphanumeric, CFN003 a parameter in a group that the stack does not list, and what `checkReferences` finds (CFN2xx).
 */
export function compose(options: StackOptions): Stack {
  const findings: Finding[] = [];
  const declared = new Map<string, Declaration>();
  const sections: Record<string, JsonObject> = {};
  const trailing = new Map<string, string>();
  const above = new Map<string, string>();
  const headings = new Map<string, string>();
  const claims: Claim[] = [];

  for (const fragment of options.fragments) {
    const begun = new Set<string>();
    for (const item of fragment.items) {
      const section = SECTION_OF[item.kind];
      const path = [section, item.id];
      const twin = declared.get(pathKey(path));
      if (twin) {
        findings.push(
          declarationFinding('CFN001', item, `${item.id} is declared twice`, `first ${sourcePlaceOf(twin.origin)}`),
        );
        continue;
      }
      if (!/^[A-Za-z0-9]+$/.test(item.id)) {
        findings.push(
          declarationFinding('CFN002', item, `"${item.id}" is no logical ID`, 'use letters and digits only'),
        );
      }
      declared.set(pathKey(path), item);
      sections[section] = { ...sections[section], [item.id]: toJson(item.body) };
      collectClaims(item.body, path, claims);
      if (section === 'Resources' && !begun.has(section)) headings.set(pathKey(path), fragment.name);
      if (item.kind === 'resource' && item.comment) above.set(pathKey(path), item.comment);
      begun.add(section);
    }
  }
  for (const { control, path } of claims) {
    const key = pathKey(path);
    trailing.set(key, trailing.has(key) ? `${trailing.get(key)}, ${control}` : control);
  }

  const parameters = [...declared.values()].filter((item) => item.kind === 'parameter');
  for (const item of parameters) {
    if (!options.groups.includes(item.group))
      findings.push(
        declarationFinding(
          'CFN003',
          item,
          `${item.id} is in the group "${item.group}", which the stack "${options.name}" does not list`,
          `list it in groups: ${options.groups.join(', ')}`,
        ),
      );
  }
  const byGroup = options.groups.map((group) => parameters.filter((item) => item.group === group));
  if (parameters.length > 0) {
    const ordered = byGroup.flat();
    sections.Parameters = Object.fromEntries(ordered.map(({ id }) => [id, sections.Parameters![id]!]));
    for (const [index, members] of byGroup.entries())
      if (members[0]) headings.set(pathKey(['Parameters', members[0].id]), options.groups[index]!);
  }

  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    ...(options.transform && { Transform: options.transform }),
    Description: options.description,
    ...(parameters.length > 0 && {
      Metadata: { 'AWS::CloudFormation::Interface': consoleForm(options.groups, byGroup) },
    }),
    ...sections,
  } as unknown as Template;

  for (const finding of checkReferences(template)) {
    const [section, id] = finding.path ?? [];
    const item = declared.get(pathKey([String(section), String(id)]));
    findings.push({ ...finding, file: item ? sourcePlaceOf(item.origin) : options.source });
  }
  if (findings.length > 0) throw new CfnError(findings, { exitCode: 1 });

  return {
    name: options.name,
    template,
    claims,
    annotations: { header: headerOf(options, claims), trailing, above, headings },
  };
}

/** The text of `templates/<name>.yaml`. */
export function renderStack(stack: Stack): string {
  return writeTemplate(stack.template, stack.annotations);
}

function headerOf({ source }: StackOptions, claims: readonly Claim[]): string[] {
  const controls = [...new Set(claims.map(({ control }) => control))].sort(byServiceThenNumber);
  return [
    `Generated from ${source} by \`npm run generate\`; edit that, not this file.`,
    ...(controls.length > 0 ? ['Controls claimed beside the property that meets them:', ...wrap(controls, 112)] : []),
  ];
}

function byServiceThenNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 2 <= width) lines[lines.length - 1] = `${last}, ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

function consoleForm(groups: readonly string[], byGroup: { id: string; label: string }[][]): Json {
  const used = groups
    .map((label, index) => ({ label, members: byGroup[index]! }))
    .filter(({ members }) => members.length > 0);
  return {
    ParameterGroups: used.map(({ label, members }) => ({
      Label: { default: label },
      Parameters: members.map(({ id }) => id),
    })),
    ParameterLabels: Object.fromEntries(byGroup.flat().map(({ id, label }) => [id, { default: label }])),
  };
}

function collectClaims(value: unknown, path: Path, claims: Claim[]): void {
  const claim = claimOf(value);
  if (claim) {
    for (const control of claim.controls) claims.push({ control, path });
    collectClaims(claim.value, path, claims);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    for (const [key, member] of entries) collectClaims(member, [...path, key], claims);
  }
}

function declarationFinding(code: string, item: Declaration, message: string, fix: string): Finding {
  return { code, severity: 'error', file: sourcePlaceOf(item.origin), message, fix };
}
