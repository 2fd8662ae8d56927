import { readFileSync } from 'node:fs';
import type { Finding } from '../../../lib/cfn/errors.ts';
import { fileInProject } from '../../../lib/project.ts';
import { listScenarios, type Scenario, type Scenarios } from '../../../lib/scenarios/list.ts';
import { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { isUnknown, type Resolved } from '../../../lib/scenarios/unknown.ts';
import { committed } from '../staging/committed.ts';

export interface Deployed {
  when: string;
  scenario: Scenario;
  template: ResolvedTemplate;
}

/** Each deployment that the rules of a template admit, told apart by all of its conditions and by these parameters. */
export function deployments(
  stack: string,
  parameters: readonly string[] = [],
): { listed: Scenarios; each: Deployed[] } {
  const template = committed(stack);
  const listed = listScenarios(template, {
    slice: sliceOf(template, [
      ...Object.keys(template.Conditions ?? {}).map((condition) => ({ condition })),
      ...parameters.map((parameter) => ({ parameter })),
    ]),
  });
  return {
    listed,
    each: [...listed].map((scenario) => ({
      when: Object.entries(scenario.overrides).join(' ').replaceAll(',', '=') || 'the defaults',
      scenario,
      template: resolveTemplate(template, scenario.environment),
    })),
  };
}

export function ofType(template: ResolvedTemplate, type: string): [string, ResolvedResource][] {
  return Object.entries(template.resources).filter(([, resource]) => resource.type === type);
}

/** How many resources of each type. */
export function typesOf({ resources }: ResolvedTemplate): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of Object.values(resources)) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** What a `Ref` or `Fn::GetAtt` of a resource points to. */
export function target(value: Resolved | undefined): string | undefined {
  return isUnknown(value) ? value.dependsOn.find(({ kind }) => kind === 'resource')?.name : undefined;
}

/** The parts of `Fn::ImportValue` that are known, or all else of a value, as text to look for names in. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

/** What CloudFormation would say to a deployment. */
export function refusals({ findings }: ResolvedTemplate): string[] {
  return findings
    .filter(({ severity }: Finding) => severity === 'error')
    .map(({ message, fix }) => `${message} ${fix ?? ''}`);
}

export function bytesOf(stack: string): number {
  return readFileSync(fileInProject(`templates/${stack}.yaml`)).length;
}

export const CERTIFICATE = 'arn:aws:acm:us-west-2:111122223333:certificate/11111111-2222-3333-4444-555555555555';
export const IMAGE = `111122223333.dkr.ecr.us-west-2.amazonaws.com/app@sha256:${'0123456789abcdef'.repeat(4)}`;

export const ELEVEN = [
  'network/vpc-id',
  'network/private-subnet-ids',
  'network/public-subnet-ids',
  'network/availability-zones',
  'alb/arn',
  'alb/dns-name',
  'alb/security-group-id',
  'alb/https-listener-arn',
  'database/cluster-endpoint',
  'database/security-group-id',
  'database/proxy-endpoint',
];
