import { CfnError } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { stackOutputs } from '../../lib/deployment/deploy-stack.ts';
import { mockOutputs } from '../../lib/deployment/mock-outputs.ts';
import { fileInProject } from '../../lib/project.ts';
import { writeFile } from '../../lib/write-file.ts';
import type { Terminal } from '../terminal.ts';
import { type ChosenStack, chosenStacks, type StackOptions, type TargetOptions, withTarget } from './target.ts';

export const FLAT_OUTPUTS = 'cfn-outputs/flat-outputs.json';
export const MOCK_OUTPUTS = 'cfn-outputs/mock-outputs.json';

interface Options extends TargetOptions, StackOptions {
  /** What the stacks would give, with stand-ins for what AWS makes up; nothing is called. */
  mock?: boolean;
  json?: boolean;
}

export interface StackOutputs {
  stackName: string;
  outputs: Record<string, string>;
}

/**
 * Writes the outputs of deployed stacks to `cfn-outputs/flat-outputs.json`, or with `--mock` those they would have to
 * `cfn-outputs/mock-outputs.json` (that of staging; another environment or stack has a file with its name). Throws CFN608 where a stack is missing; nothing is written then.
 */
export async function outputs(options: Options, terminal: Terminal): Promise<0> {
  const stacks = chosenStacks(options);
  const found = options.mock ? mockStackOutputs(stacks) : await deployedOutputs(stacks, options);
  const flat = flatOutputs(found);
  const file = options.mock ? mockFileOf(options) : FLAT_OUTPUTS;
  writeFile(fileInProject(file), `${JSON.stringify(flat, null, 2)}\n`);
  const count = Object.keys(flat).length;
  terminal.print(
    options.json ? JSON.stringify({ version: 1, file, outputs: flat }, null, 2) : `${count} outputs written to ${file}`,
  );
  return 0;
}

function mockFileOf({ environment, stackName }: Options): string {
  return stackName === undefined && environment === 'staging'
    ? MOCK_OUTPUTS
    : MOCK_OUTPUTS.replace('.json', `.${stackName ?? environment}.json`);
}

/**
 * All outputs by name, those of later stacks first in rank. A name that an earlier stack gives another value stands, for
 * that stack, as `<stack name>.<output>`: nothing is lost.
 */
export function flatOutputs(stacks: readonly StackOutputs[]): Record<string, string> {
  const flat: Record<string, string> = Object.assign({}, ...stacks.map((stack) => stack.outputs));
  for (const { stackName, outputs: own } of stacks)
    for (const [name, value] of Object.entries(own)) if (flat[name] !== value) flat[`${stackName}.${name}`] = value;
  return flat;
}

/** In the order of their deployment, so that each finds the exports of those before it. */
export function mockStackOutputs(stacks: readonly ChosenStack[]): StackOutputs[] {
  const exported = new Map<string, Record<string, string>>();
  return stacks.map(({ stackName, region, template, parameterFile }) => {
    const parameters = parameterFile === undefined ? {} : readParameterFile(parameterFile).values;
    const imports = exported.get(region) ?? {};
    const made = mockOutputs(readTemplate(template).template, { stackName, region, parameters, imports });
    exported.set(region, { ...imports, ...made.exports });
    return { stackName, outputs: made.outputs };
  });
}

async function deployedOutputs(stacks: readonly ChosenStack[], options: Options): Promise<StackOutputs[]> {
  const found = await withTarget(options, (endpoint) =>
    Promise.all(
      stacks.map(({ stackName, region }) => stackOutputs({ region, ...(endpoint && { endpoint }) }, stackName)),
    ),
  );
  const missing = stacks.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) {
    throw new CfnError(
      missing.map(({ stackName, region }) => ({
        code: 'CFN608',
        severity: 'error' as const,
        message: `there is no stack ${stackName} in ${region}`,
        fix: 'deploy it: plainform deploy --environment …',
      })),
      { exitCode: 1 },
    );
  }
  return stacks.map(({ stackName }, index) => ({ stackName, outputs: found[index]! }));
}
