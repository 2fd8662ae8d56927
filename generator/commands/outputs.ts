import { CfnError } from '../../lib/cfn/errors.ts';
import { stackOutputs } from '../../lib/deployment/deploy-stack.ts';
import { fileInProject } from '../../lib/project.ts';
import { writeFile } from '../../lib/write-file.ts';
import { stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, type TargetOptions, withTarget } from './target.ts';

const FILE = 'cfn-outputs/flat-outputs.json';

/** Writes the outputs of an environment's stacks to `cfn-outputs/flat-outputs.json`. Throws CFN608 where a stack is missing. */
export async function outputs(
  options: TargetOptions & { environment: string; json?: boolean },
  terminal: Terminal,
): Promise<0> {
  const stacks = stacksOf(environmentOf(options.environment));
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
  const flat = Object.assign({}, ...found) as Record<string, string>;
  writeFile(fileInProject(FILE), `${JSON.stringify(flat, null, 2)}\n`);
  terminal.print(
    options.json
      ? JSON.stringify({ version: 1, outputs: flat }, null, 2)
      : `${Object.keys(flat).length} outputs written to ${FILE}`,
  );
  return 0;
}
