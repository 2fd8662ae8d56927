import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { checkTemplate } from '../../lib/check/check-template.ts';
import { deleteRolledBack } from '../../lib/deployment/delete-stack.ts';
import {
  type ChangeSet,
  createChangeSet,
  discardChangeSet,
  executeChangeSet,
  LARGEST_BODY,
  type PlannedChange,
  stoppedAt,
} from '../../lib/deployment/deploy-stack.ts';
import { recordedTypes } from '../../lib/deployment/emulator.ts';
import { countChanges, renderChanges } from '../../lib/report/changes.ts';
import { renderFinding } from '../../lib/report/findings.ts';
import { checkParameterValues } from '../../lib/scenarios/parameters.ts';
import { interruptible } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import type { StackSetsOptions } from './stack-sets.ts';
import { type ChosenStack, chosenStacks, type StackOptions, type TargetOptions, withTarget } from './target.ts';

export interface DeployedStack {
  stackName: string;
  region: string;
  changes: readonly PlannedChange[];
  outputs: Record<string, string>;
}

interface Options extends TargetOptions, StackOptions {
  dryRun?: boolean;
  /** Deploys in spite of errors that the check found. */
  force?: boolean;
  /** Lets data go that a replacement or a removal takes along. */
  allowDataLoss?: boolean;
  tags?: readonly string[];
  /** A project or a provider of the register, in place of an environment. */
  project?: string;
  register?: string;
  /** The whole register as StackSets. */
  stackSets?: boolean;
  /** Only counts what is made new. */
  brief?: boolean;
  json?: boolean;
}

/** Deploys stacks in order, each by a change set that is shown first. Throws before anything is changed where an input is wrong. */
export async function deploy(options: Options & StackSetsOptions, terminal: Terminal): Promise<0 | 1> {
  if (options.stackSets) {
    const { deployAsStackSets } = await import('./stack-sets.ts');
    return deployAsStackSets(options, tagsOf(options.tags ?? []), terminal);
  }
  const stacks = await stacksOfOptions(options);
  const deployed = await interruptible(terminal, (signal) =>
    withTarget(options, async (endpoint) => deployStacks(await stacks(endpoint), options, endpoint, terminal, signal)),
  );
  if (options.json) terminal.print(JSON.stringify({ version: 1, stacks: deployed }, null, 2));
  return 0;
}

/** Those of a project are known when its provider has been asked. */
async function stacksOfOptions(
  options: Options,
): Promise<(endpoint?: string) => ChosenStack[] | Promise<ChosenStack[]>> {
  if (options.project === undefined) {
    const stacks = chosenStacks(options);
    return () => stacks;
  }
  const { readRegister } = await import('../projects/register.ts');
  const { ownerNamed, stacksToDeploy } = await import('../projects/deployment.ts');
  const register = readRegister(options.register);
  const owner = ownerNamed(register, options.project);
  return (endpoint) => stacksToDeploy(register, owner, endpoint);
}

export async function deployStacks(
  stacks: readonly ChosenStack[],
  options: Pick<Options, 'dryRun' | 'force' | 'allowDataLoss' | 'tags' | 'brief' | 'project'>,
  endpoint: string | undefined,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<DeployedStack[]> {
  const tags = tagsOf(options.tags ?? []);
  const read = stacks.map((stack) => ({ ...stack, ...readStack(stack) }));
  const problems = read.flatMap((stack) => stack.problems);
  if (problems.length > 0) throw new CfnError(problems);
  const findings = read.flatMap(({ document, region }) => checkTemplate(document, region).findings);
  for (const finding of findings.filter(({ code }) => code === 'CFN315'))
    terminal.progress(renderFinding(finding, terminal.paint));
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 && !options.force) throw new CfnError(errors, { exitCode: 1 });

  const recorded = endpoint ? recordedTypes() : new Set<string>();
  const deployed: DeployedStack[] = [];
  for (const { stackName, region, document, values } of read) {
    if (signal?.aborted)
      throw stoppedAt(
        `${stackName} (${region}) and what follows it were not begun`,
        'run it again: what is done is kept',
      );
    const { template, text: templateBody } = document;
    const target = { region, ...(endpoint && { endpoint }) };
    const request = { target, stackName, template, templateBody, parameters: values, ...(tags && { tags }) };
    // Of a project, the run that failed is gone on with; a stack of one's own is for its owner to look at.
    if (options.project !== undefined && !options.dryRun && (await deleteRolledBack(target, stackName, signal)))
      terminal.progress(`${stackName} (${region}): its first creation had failed; made anew`);
    const changeSet = await createChangeSet(request, signal);
    if (!changeSet) {
      terminal.progress(`${stackName} (${region}): no changes`);
      continue;
    }
    const { changes } = changeSet;
    terminal.progress(`${terminal.paint('bold', `${stackName} (${region})`)}: ${countChanges(changes, recorded)}`);
    const isNew = changes.every(({ action }) => action === 'Add');
    if (changes.length > 0 && !(options.brief && isNew))
      terminal.progress(renderChanges(changes, recorded, terminal.paint));
    const outputs = options.dryRun
      ? await discardChangeSet(changeSet).then(() => ({}))
      : await execute(changeSet, options.allowDataLoss === true, terminal, signal);
    deployed.push({ stackName, region, changes, outputs });
  }
  return deployed;
}

async function execute(
  changeSet: ChangeSet,
  allowDataLoss: boolean,
  terminal: Terminal,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const { request, changes, kind } = changeSet;
  const lost = changes.filter(({ losesData }) => losesData).map(({ logicalId }) => logicalId);
  if (lost.length > 0 && !allowDataLoss) {
    await discardChangeSet(changeSet);
    throw new CfnError(
      {
        code: 'CFN611',
        severity: 'error',
        message: `${request.stackName}: the data of ${lost.join(', ')} would be lost; nothing was changed`,
        fix: 'keep it (UpdateReplacePolicy, DeletionPolicy: Retain or Snapshot), or say --allow-data-loss',
      },
      { exitCode: 1 },
    );
  }
  const title = `${kind === 'CREATE' ? 'creating' : 'updating'} ${request.stackName}`;
  return terminal.work(title, async (say) => {
    const done = new Set<string>();
    return executeChangeSet(
      changeSet,
      ({ logicalId, type, status }) => {
        if (/^(CREATE|UPDATE|DELETE)_COMPLETE$/.test(status)) done.add(logicalId);
        if (request.target.endpoint && !terminal.interactive && !status.endsWith('_FAILED')) return;
        say(`${done.size}/${changes.length} ${status} ${logicalId} (${type})`);
      },
      signal,
    );
  });
}

/** CFN707: text that is no `Key=Value`. */
function tagsOf(texts: readonly string[]): Record<string, string> | undefined {
  const wrong = texts.filter((text) => !/^[^=]+=/.test(text));
  if (wrong.length > 0) {
    throw new CfnError({
      code: 'CFN707',
      severity: 'error',
      message: `--tags ${wrong.join(' ')} is no tag`,
      fix: 'write Key=Value: --tags Environment=staging CostCenter=42',
    });
  }
  if (texts.length === 0) return undefined;
  return Object.fromEntries(texts.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
}

function readStack({ template, parameterFile, values: given }: ChosenStack) {
  const document = readTemplate(template);
  const values = given ?? (parameterFile === undefined ? {} : readParameterFile(parameterFile).values);
  const problems: Finding[] = checkParameterValues(document.template, values).map((finding) => ({
    ...finding,
    file: parameterFile ?? template,
  }));
  const size = Buffer.byteLength(document.text);
  if (size > LARGEST_BODY) {
    problems.push({
      code: 'CFN612',
      severity: 'error',
      file: template,
      message: `the template has ${size} bytes; without a bucket AWS takes at most ${LARGEST_BODY}`,
      fix: 'split it, or deploy it by aws cloudformation deploy --s3-bucket NAME',
    });
  }
  return { document, values, problems };
}
