import { readFileSync } from 'node:fs';
import type { Finding } from '../../../lib/cfn/errors.ts';
import { fileInProject } from '../../../lib/project.ts';
import { listScenarios, type Scenarios } from '../../../lib/scenarios/list.ts';
import { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { isUnknown, type Resolved } from '../../../lib/scenarios/unknown.ts';
import { committed } from '../staging/committed.ts';

/** Each deployment that the rules of a template admit, told apart by all of its conditions. */
export function deployments(stack: string): {
  listed: Scenarios;
  each: { when: string; template: ResolvedTemplate }[];
} {
  const template = committed(stack);
  const conditions = Object.keys(template.Conditions ?? {}).map((condition) => ({ condition }));
  const listed = listScenarios(template, { slice: sliceOf(template, conditions) });
  return {
    listed,
    each: [...listed].map(({ overrides, environment }) => ({
      when: Object.entries(overrides).join(' ').replaceAll(',', '=') || 'the defaults',
      template: resolveTemplate(template, environment),
    })),
  };
}

export function ofType(template: ResolvedTemplate, type: string): [string, ResolvedResource][] {
  return Object.entries(template.resources).filter(([, resource]) => resource.type === type);
}

/** What a `Ref` or `Fn::GetAtt` of a resource points to. */
export function target(value: Resolved | undefined): string | undefined {
  return isUnknown(value) ? value.dependsOn.find(({ kind }) => kind === 'resource')?.name : undefined;
}

/** The export of another stack that a value is. */
export function importOf(value: Resolved | undefined): string | undefined {
  return isUnknown(value) ? value.dependsOn.find(({ kind }) => kind === 'import')?.name : undefined;
}

/** The sentences of the rules that a deployment breaks. */
export function refusals({ findings }: ResolvedTemplate): string[] {
  return findings
    .filter(({ severity }: Finding) => severity === 'error')
    .map(({ message, fix }) => `${message} ${fix}`);
}

export function bytesOf(stack: string): number {
  return readFileSync(fileInProject(`templates/${stack}.yaml`)).length;
}
