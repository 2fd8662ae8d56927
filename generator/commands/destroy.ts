import { CfnError } from '../../lib/cfn/errors.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { deleteStack } from '../../lib/deployment/delete-stack.ts';
import { primaryRegion } from '../../lib/region.ts';
import { interruptible } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { type ChosenStack, chosenStacks, type StackOptions, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions, StackOptions {
  yes?: string;
  /** A project or a provider of the register, in place of an environment. */
  project?: string;
  register?: string;
  json?: boolean;
}

/**
 * Deletes stacks, last first: those of an environment, or the one of --stack-name. Says what its template keeps. Throws CFN704
 * unless the name is given again with --yes.
 */
export async function destroy(options: Options, terminal: Terminal): Promise<0> {
  if (options.project !== undefined) return destroyProject({ ...options, project: options.project }, terminal);
  const own = options.stackName !== undefined && options.template === undefined;
  const stacks = own
    ? [{ stackName: options.stackName!, region: options.region ?? primaryRegion() }]
    : chosenStacks(options).reverse();
  const name = options.stackName ?? options.environment;
  return deleteAll(name, stacks, options, terminal);
}

async function destroyProject(options: Options & { project: string }, terminal: Terminal): Promise<0> {
  const { readRegister } = await import('../projects/register.ts');
  const { ownerNamed, stacksToDestroy } = await import('../projects/deployment.ts');
  const register = readRegister(options.register);
  const owner = ownerNamed(register, options.project);
  return withTarget(options, async (endpoint) => {
    const reached = endpoint === undefined ? options : { ...options, endpoint };
    return deleteAll(owner.name, await stacksToDestroy(register, owner, endpoint), reached, terminal);
  });
}

async function deleteAll(
  name: string,
  stacks: readonly (ChosenStack | { stackName: string; region: string })[],
  options: Options,
  terminal: Terminal,
): Promise<0> {
  const kept = stacks.flatMap((stack) => ('template' in stack ? keptOf(stack) : []));
  if (options.yes !== name) {
    for (const { stackName, id, type, policy } of kept)
      terminal.progress(`  ${policy.padEnd(20)}  ${stackName} ${id} (${type})`);
    throw new CfnError({
      code: 'CFN704',
      severity: 'error',
      message: `destroying ${name} deletes ${stacks.map(({ stackName }) => stackName).join(', ')}; nothing was deleted`,
      fix: `repeat the name: --yes ${name}`,
    });
  }
  const deleted = await interruptible(terminal, (signal) =>
    withTarget(options, async (endpoint) => {
      const names: string[] = [];
      for (const { stackName, region } of stacks) {
        const there = await terminal.work(`deleting ${stackName} (${region})`, () =>
          deleteStack({ region, ...(endpoint && { endpoint }) }, stackName, signal),
        );
        terminal.progress(`${stackName} (${region}): ${there ? 'deleted' : 'there is none'}`);
        if (there) names.push(stackName);
      }
      return names;
    }),
  );
  const left = kept.filter(({ stackName }) => deleted.includes(stackName));
  if (options.json) terminal.print(JSON.stringify({ version: 1, deleted, kept: left }, null, 2));
  else {
    terminal.print(`${deleted.length} stacks deleted; ${left.length} resources are kept where they existed`);
    for (const { stackName, id, type, policy } of left)
      terminal.print(`  ${policy.padEnd(20)}  ${stackName} ${id} (${type})`);
  }
  return 0;
}

function keptOf({ template, stackName }: ChosenStack) {
  return Object.entries(readTemplate(template).template.Resources).flatMap(
    ([id, { Type: type, DeletionPolicy: policy }]) =>
      policy !== undefined && policy !== 'Delete' ? [{ stackName, id, type, policy }] : [],
  );
}
