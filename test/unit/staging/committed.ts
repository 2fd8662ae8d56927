import { existsSync, readdirSync } from 'node:fs';
import { readParameterFile } from '../../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../../lib/cfn/read.ts';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import type { Environment } from '../../../lib/scenarios/environment.ts';
import { type ResolvedTemplate, resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';

/** The committed template, read back from disk. */
export function committed(stack: string): Template {
  return readTemplate(fileInProject(`templates/${stack}.yaml`)).template;
}

export const ACCOUNT = '111122223333';

/** Where a test deploys a stack to. The metrics of the bill exist in one region only, so that the copies go there. */
const regionOf = (stack: string) => (stack === 'staging-replica' ? 'us-east-1' : 'us-west-2');

/** What CloudFormation would know there; exports of the other stacks by `<suffix>-<id>`. */
function place(stack: string, suffix: string, exports: Readonly<Record<string, Json>>): Environment {
  const region = regionOf(stack);
  return {
    region,
    accountId: ACCOUNT,
    stackName: `${suffix}-${stack}`,
    availabilityZones: ['a', 'b', 'c'].map((zone) => `${region}${zone}`),
    imports: Object.fromEntries(Object.entries(exports).map(([id, value]) => [`${suffix}-${id}`, value])),
  };
}

/** Every environment that has a parameter file for the stack, with the file's values. */
export function parameterFiles(stack: string): { environment: string; parameters: Record<string, string> }[] {
  return readdirSync(fileInProject('params'))
    .map((environment) => ({ environment, file: fileInProject(`params/${environment}/${stack}.json`) }))
    .filter(({ file }) => existsSync(file))
    .map(({ environment, file }) => ({ environment, parameters: readParameterFile(file).values }));
}

/** The committed template as it is deployed with these parameters. */
export function deployed(
  stack: string,
  parameters: Readonly<Record<string, string>> = {},
  exports: Readonly<Record<string, Json>> = {},
): ResolvedTemplate {
  const template = committed(stack);
  const suffix = parameters.EnvironmentSuffix ?? String(template.Parameters?.EnvironmentSuffix?.Default);
  return resolveTemplate(template, {
    ...place(stack, suffix, exports),
    parameters,
  });
}

/** The value at a path such as `Properties.Parameters.log_statement`; parts with a dot are given in a list. */
export function at(
  template: ResolvedTemplate,
  id: string,
  path: string | readonly string[] = [],
): Resolved | undefined {
  let value: Resolved | undefined = template.resources[id]?.properties as Resolved | undefined;
  for (const key of typeof path === 'string' ? path.split('.') : path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, Resolved>)[key] : undefined;
  return value;
}

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: Resolved;
  Action: string | string[];
  Resource: Resolved;
  Condition?: Record<string, Record<string, Resolved>>;
}

/** The actions of a statement, whether it gives one or a list. */
export function actions({ Action }: Statement): string[] {
  return [Action].flat();
}
