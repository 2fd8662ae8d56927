import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { checkTemplate } from '../../lib/check/check-template.ts';
import {
  deployStackSets,
  operationPreferences,
  type StackSetDefinition,
  type StackSetOutcome,
  type StackSetPermissions,
  type StackSetPreferences,
} from '../../lib/deployment/stack-sets.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { countFindings, renderFinding } from '../../lib/report/findings.ts';
import { writeFile } from '../../lib/write-file.ts';
import { interruptible } from '../interrupt.ts';
import { parameterFiles } from '../projects/parameter-files.ts';
import { type Register, readRegister } from '../projects/register.ts';
import { bodyOf, type StackSets, stackSets } from '../projects/stack-sets.ts';
import { regionNamed } from '../region.ts';
import type { Terminal } from '../terminal.ts';

/** What the command line says of StackSets; `deploy` and `projects stack-sets` take the same. */
export interface StackSetsOptions {
  register?: string;
  stackSetsName: string;
  permissions: string;
  organizationalUnits?: readonly string[];
  delegatedAdmin?: boolean;
  administrationRole?: string;
  executionRole?: string;
  failureTolerance: string;
  atOnce: string;
  concurrency: string;
  regionOrder?: readonly string[];
  json?: boolean;
}

interface DeployOptions extends StackSetsOptions {
  target: string;
  endpoint?: string;
  project?: string;
  template?: string;
  stackName?: string;
  parameters?: string;
  region?: string;
  force?: boolean;
  dryRun?: boolean;
  refresh?: boolean;
}

/** Prints what `deploy --stack-sets` would deploy, or writes it as JSON; nothing is called. */
export function print(options: StackSetsOptions & { out?: string }, terminal: Terminal): 0 | 1 {
  const register = readRegister(options.register);
  const { permissions, preferences } = settingsOf(options, register);
  const { definitions, findings } = definedBy(register, options, permissions);
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  const text = JSON.stringify(
    {
      version: 1,
      permissions,
      stackSets: definitions.map(({ instances, ...definition }) => ({
        ...definition,
        operationPreferences: operationPreferences(preferences, new Set(instances.map(({ region }) => region))),
        instances,
      })),
      findings,
    },
    null,
    2,
  );
  if (options.out !== undefined && !hasErrors) writeFile(options.out, `${text}\n`);
  if (options.json) terminal.print(text);
  else {
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    if (!hasErrors) terminal.print(listOf(definitions));
    if (options.out !== undefined && !hasErrors) terminal.print(`${options.out}  written`);
    terminal.print(`${definitions.length} StackSets: ${countFindings(findings)}`);
  }
  return hasErrors ? 1 : 0;
}

/** Deploys the register as StackSets, wave after wave. Throws before anything is changed where an input is wrong. */
export async function deployAsStackSets(
  options: DeployOptions,
  tags: Readonly<Record<string, string>> | undefined,
  terminal: Terminal,
): Promise<0 | 1> {
  if (options.endpoint !== undefined || options.target !== 'aws')
    throw usage('the emulator has no StackSets', 'say --target aws, or deploy one by one: --project NAME');
  const others = ['project', 'template', 'stackName', 'parameters'] as const;
  const other = others.find((name) => options[name] !== undefined);
  if (other)
    throw usage(
      `--stack-sets deploys the whole register, and --${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is given`,
      'leave out one of both',
    );
  const region = regionNamed(options.region ?? primaryRegion());
  const register = readRegister(options.register);
  const { permissions, preferences } = settingsOf(options, register);
  const { definitions, findings } = definedBy(register, options, permissions);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new CfnError(errors);
  const misfits = definitions.flatMap(invalid());
  if (misfits.length > 0 && !options.force) throw new CfnError(misfits, { exitCode: 1 });
  for (const finding of findings) terminal.progress(renderFinding(finding, terminal.paint));

  const outcome = await interruptible(terminal, (signal) =>
    deployStackSets({
      target: { region },
      definitions,
      namesBegin: `${options.stackSetsName}-shared-`,
      permissions,
      preferences,
      bodyOf,
      signal,
      say: (line) => terminal.progress(line),
      ...(tags && { tags }),
      ...(options.dryRun && { dryRun: true }),
      ...(options.refresh && { refresh: true }),
    }),
  );
  const all = [...findings, ...outcome.findings];
  if (options.json) terminal.print(JSON.stringify({ version: 1, sets: outcome.sets, findings: all }, null, 2));
  else {
    for (const finding of outcome.findings) terminal.print(renderFinding(finding, terminal.paint));
    terminal.print(summaryOf(outcome.sets, options.dryRun === true));
  }
  return all.some(({ severity }) => severity === 'error') ? 1 : 0;
}

function definedBy(
  register: Register,
  { stackSetsName }: StackSetsOptions,
  permissions: StackSetPermissions,
): StackSets {
  if (register.providers.size + register.projects.size === 0)
    throw usage(`${register.file} has neither providers nor projects`, 'add them; see the README');
  const sets = stackSets(register, { name: stackSetsName, permissions });
  const { findings } = parameterFiles(register, { check: true });
  return { ...sets, findings: [...findings, ...sets.findings] };
}

/** Errors of each template in each region, once. */
function invalid(): (definition: StackSetDefinition) => Finding[] {
  const checked = new Set<string>();
  return ({ template, instances }) =>
    [...new Set(instances.map(({ region }) => region))].flatMap((region) => {
      if (checked.has(`${template} ${region}`)) return [];
      checked.add(`${template} ${region}`);
      const { findings } = checkTemplate(readTemplate(fileInProject(template)), region);
      return findings.filter(({ severity }) => severity === 'error');
    });
}

const MODELS = { 'self-managed': 'SELF_MANAGED', 'service-managed': 'SERVICE_MANAGED' } as const;
const MODES = { strict: 'STRICT_FAILURE_TOLERANCE', soft: 'SOFT_FAILURE_TOLERANCE' } as const;

/** Throws CFN766, all at once, and CFN706. */
function settingsOf(
  options: StackSetsOptions,
  { environments }: Register,
): { permissions: StackSetPermissions; preferences: StackSetPreferences } {
  const findings: Finding[] = [];
  const wrong = (message: string, fix: string) => findings.push({ code: 'CFN766', severity: 'error', message, fix });
  const model = named(MODELS, options.permissions);
  const mode = named(MODES, options.concurrency);
  if (!model) wrong(`--permissions is "${options.permissions}"`, `one of ${Object.keys(MODELS).join(', ')}`);
  if (!mode) wrong(`--concurrency is "${options.concurrency}"`, `one of ${Object.keys(MODES).join(', ')}`);
  if (!/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(options.stackSetsName))
    wrong(
      `--stack-sets-name is "${options.stackSetsName}"`,
      'up to 40 letters, digits and hyphens, beginning with a letter',
    );
  for (const [name, value, least] of [
    ['failure-tolerance', options.failureTolerance, 0],
    ['at-once', options.atOnce, 1],
  ] as const)
    if (!/^\d{1,4}$/.test(value) || Number(value) < least)
      wrong(`--${name} is "${value}"`, `a number from ${least} to 9999`);
  const units = options.organizationalUnits ?? [];
  for (const unit of units.filter((one) => !/^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$/.test(one)))
    wrong(`--organizational-units has "${unit}"`, 'the ID of a unit, such as ou-ab12-34567890, or of the root, r-ab12');
  if (model === 'SERVICE_MANAGED') {
    if (units.length === 0)
      wrong(
        '--permissions service-managed reaches accounts through their organizational units, and none is named',
        'add --organizational-units ou-…',
      );
    if (options.administrationRole !== undefined || options.executionRole !== undefined)
      wrong('with service-managed permissions AWS makes the roles', 'leave out the roles');
  }
  if (model === 'SELF_MANAGED' && (units.length > 0 || options.delegatedAdmin))
    wrong(
      'organizational units and delegated administrators are for service-managed permissions',
      'say --permissions service-managed, or leave them out',
    );
  if (findings.length > 0) throw new CfnError(findings);
  const given = (options.regionOrder ?? []).map(regionNamed);
  return {
    permissions: {
      model: model!,
      organizationalUnits: units,
      delegatedAdministrator: options.delegatedAdmin === true,
      ...(options.administrationRole !== undefined && { administrationRoleArn: options.administrationRole }),
      ...(options.executionRole !== undefined && { executionRoleName: options.executionRole }),
    },
    preferences: {
      failureTolerance: Number(options.failureTolerance),
      maxConcurrent: Number(options.atOnce),
      concurrencyMode: mode!,
      regionOrder: [...new Set([...given, ...[...environments.values()].map(({ region }) => region)])],
    },
  };
}

function named<V>(values: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

const MOST_SHOWN = 40;

function listOf(definitions: readonly StackSetDefinition[]): string {
  const shown = definitions.slice(0, MOST_SHOWN);
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.map(({ name, wave, template, instances }) => {
    const places = instances.slice(0, 3).map(({ owner, account, region }) => `${owner} in ${account} ${region}`);
    const more = instances.length - places.length;
    return `${wave}. ${name.padEnd(width)}  ${template}  ${places.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  });
  const left = definitions.length - shown.length;
  return ['wave and StackSet:', ...lines, ...(left > 0 ? [`   and ${left} more`] : [])].join('\n');
}

function summaryOf(sets: readonly StackSetOutcome[], isPlan: boolean): string {
  const counts = new Map<string, number>();
  for (const { instances } of sets) for (const { done } of instances) counts.set(done, (counts.get(done) ?? 0) + 1);
  const parts = [...counts].map(([done, count]) => `${count} ${done}`);
  return `${sets.length} StackSets, instances${isPlan ? ' as they would be' : ''}: ${parts.join(', ') || 'none'}`;
}

function usage(message: string, fix: string): CfnError {
  return new CfnError({ code: 'CFN766', severity: 'error', message, fix });
}
