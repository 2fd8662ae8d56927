import { CfnError } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { checkTemplate } from '../../lib/check/check-template.ts';
import {
  createChangeSet,
  discardChangeSet,
  executeChangeSet,
  type PlannedChange,
} from '../../lib/deployment/deploy-stack.ts';
import { recordedTypes } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { checkParameterValues } from '../../lib/scenarios/parameters.ts';
import { type EnvironmentStack, stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, type TargetOptions, withTarget } from './target.ts';

export interface DeployedStack {
  stackName: string;
  region: string;
  changes: readonly PlannedChange[];
  outputs: Record<string, string>;
}

interface Options extends TargetOptions {
  environment: string;
  dryRun?: boolean;
  /** Deploys in spite of errors that the check found. */
  force?: boolean;
  json?: boolean;
}

/** Deploys the stacks of an environment in order. Throws before anything is changed where a parameter file is wrong. */
export async function deploy(options: Options, terminal: Terminal): Promise<0 | 1> {
  const deployed = await withTarget(options, (endpoint) => deployEnvironment(options, endpoint, terminal));
  if (options.json) terminal.print(JSON.stringify({ version: 1, stacks: deployed }, null, 2));
  return 0;
}

export async function deployEnvironment(
  options: Pick<Options, 'environment' | 'dryRun' | 'force'>,
  endpoint: string | undefined,
  terminal: Terminal,
): Promise<DeployedStack[]> {
  const stacks = stacksOf(environmentOf(options.environment)).map((stack) => ({ ...stack, ...readStack(stack) }));
  const findings = stacks.flatMap(({ problems }) => problems);
  if (findings.length > 0) throw new CfnError(findings);
  const errors = stacks
    .flatMap(({ document }) => checkTemplate(document).findings)
    .filter(({ severity }) => severity === 'error');
  if (errors.length > 0 && !options.force) throw new CfnError(errors, { exitCode: 1 });

  const recorded = endpoint ? recordedTypes() : new Set<string>();
  const deployed: DeployedStack[] = [];
  for (const { stackName, region, document, values } of stacks) {
    const changeSet = await createChangeSet({
      target: { region, ...(endpoint && { endpoint }) },
      stackName,
      templateBody: document.text,
      parameters: values,
      hasTransform: document.template.Transform !== undefined,
    });
    if (!changeSet) {
      terminal.progress(`${stackName} (${region}): no changes`);
      continue;
    }
    terminal.progress(`${stackName} (${region}): ${summary(changeSet.changes, recorded)}`);
    for (const change of changeSet.changes) if (change.replacement !== 'no') terminal.progress(describe(change));
    if (options.dryRun) {
      await discardChangeSet(changeSet);
      deployed.push({ stackName, region, changes: changeSet.changes, outputs: {} });
      continue;
    }
    const outputs = await executeChangeSet(changeSet, ({ logicalId, type, status }) => {
      if (!endpoint || status.endsWith('_FAILED')) terminal.progress(`  ${status.padEnd(20)} ${logicalId} (${type})`);
    });
    deployed.push({ stackName, region, changes: changeSet.changes, outputs });
  }
  return deployed;
}

function readStack({ template, parameterFile }: EnvironmentStack) {
  const document = readTemplate(fileInProject(template));
  const parameters = readParameterFile(fileInProject(parameterFile));
  const problems = checkParameterValues(document.template, parameters.values).map((finding) => ({
    ...finding,
    file: parameterFile,
  }));
  return { document, values: parameters.values, problems };
}

function summary(changes: readonly PlannedChange[], recorded: ReadonlySet<string>): string {
  const counts = new Map<string, number>();
  for (const { action, replacement } of changes) {
    const what = replacement === 'yes' ? 'replace' : action.toLowerCase();
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const onPaper = changes.filter(({ type }) => recorded.has(type)).length;
  const parts = [...counts].map(([what, count]) => `${count} to ${what}`);
  return `${parts.join(', ')}${onPaper > 0 ? `; ${onPaper} of them recorded only` : ''}`;
}

function describe({ replacement, type, logicalId }: PlannedChange): string {
  return `  [~] ${type} ${logicalId}  ${replacement === 'yes' ? 'replace' : 'may replace'}`;
}
