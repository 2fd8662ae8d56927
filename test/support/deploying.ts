import type { Terminal } from '../../generator/terminal.ts';
import { parseTemplate } from '../../lib/cfn/read.ts';
import type { Target } from '../../lib/deployment/clients.ts';
import { createChangeSet, executeChangeSet } from '../../lib/deployment/deploy-stack.ts';

/** Says nothing. */
export const silent: Terminal = {
  print: () => {},
  progress: () => {},
  work: (_title, work) => work(() => {}),
  paint: (_style, text) => text,
  interactive: false,
  width: 120,
};

/** Deploys a template that a test writes; its outputs, or undefined where there was nothing to change. */
export async function deployText(
  target: Target,
  stackName: string,
  templateBody: string,
  parameters: Record<string, string> = {},
): Promise<Record<string, string> | undefined> {
  const { template } = parseTemplate(templateBody, `${stackName}.yaml`);
  const changeSet = await createChangeSet({ target, stackName, template, templateBody, parameters });
  return changeSet && executeChangeSet(changeSet, () => {});
}
