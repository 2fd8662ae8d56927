import { CfnError } from '../../lib/cfn/errors.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { deleteStack } from '../../lib/deployment/delete-stack.ts';
import { fileInProject } from '../../lib/project.ts';
import { stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions {
  environment: string;
  yes?: string;
  json?: boolean;
}

/** Deletes the stacks of an environment, last first. Throws CFN704 unless the environment's name is given again with --yes. */
export async function destroy(options: Options, terminal: Terminal): Promise<0> {
  const environment = environmentOf(options.environment);
  const stacks = stacksOf(environment).reverse();
  const kept = stacks.flatMap(({ template, stackName }) =>
    Object.entries(readTemplate(fileInProject(template)).template.Resources)
      .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain' || DeletionPolicy === 'Snapshot')
      .map(([id, { Type, DeletionPolicy }]) => ({ stackName, id, type: Type, policy: DeletionPolicy })),
  );
  if (options.yes !== environment) {
    for (const { stackName, id, type, policy } of kept)
      terminal.progress(`  ${policy === 'Retain' ? 'kept    ' : 'snapshot'}  ${stackName} ${id} (${type})`);
    throw new CfnError({
      code: 'CFN704',
      severity: 'error',
      message: `destroying ${environment} deletes ${stacks.map(({ stackName }) => stackName).join(', ')}; nothing was deleted`,
      fix: `repeat the name: --yes ${environment}`,
    });
  }
  const deleted = await withTarget(options, async (endpoint) => {
    const names: string[] = [];
    for (const { stackName, region } of stacks) {
      const there = await deleteStack({ region, ...(endpoint && { endpoint }) }, stackName);
      terminal.progress(`${stackName} (${region}): ${there ? 'deleted' : 'there is none'}`);
      if (there) names.push(stackName);
    }
    return names;
  });
  if (options.json) terminal.print(JSON.stringify({ version: 1, deleted, kept }, null, 2));
  else
    terminal.print(
      `${deleted.length} stacks deleted, ${kept.length} resources kept or kept as snapshots where they existed`,
    );
  return 0;
}
