import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CfnError, nearestMatch } from '../../lib/cfn/errors.ts';
import { readText } from '../../lib/cfn/read.ts';
import type { ListenerRule } from '../../lib/deployment/shared-infrastructure.ts';
import { writeFile } from '../../lib/write-file.ts';
import { withProject } from '../projects/edit.ts';
import {
  type Consumer,
  nextPriority,
  type Project,
  type Provider,
  parseRegister,
  REGISTER,
  type Register,
  readRegister,
} from '../projects/register.ts';
import type { Terminal } from '../terminal.ts';
import { type TargetOptions, withTarget } from './target.ts';

interface Options extends Partial<TargetOptions> {
  arguments: string[];
  register?: string;
  domain?: string;
  provider?: string;
  priority?: string;
  resourcePrefix?: string;
  image?: string;
  /** Of a consumer that graduates. */
  certificate?: string;
  json?: boolean;
}

/**
 * What a live listener says of a consumer; `not asked` where nothing was told to reach it, `to deploy` where its own rule has
 * another priority or domain than the register.
 */
type State = 'routed' | 'to deploy' | 'not routed' | 'taken by another' | 'not asked' | 'standalone';

interface Row {
  readonly name: string;
  readonly mode: Project['mode'];
  readonly provider: string;
  readonly priority: number | undefined;
  readonly domain: string;
  /** Of what its infrastructure costs: what is shared, the provider and its consumers bear in equal parts. */
  readonly costShare: number;
  readonly state: State;
}

/** The projects of the register; with a target, what the listeners of their providers say of them. */
export async function list(options: Options, terminal: Terminal): Promise<0 | 1> {
  const register = readRegister(options.register);
  const rules = await rulesOf(register, options);
  const rows = [...register.projects.values()].map((project): Row => {
    const isConsumer = project.mode === 'consumer';
    return {
      name: project.name,
      mode: project.mode,
      provider: isConsumer ? project.provider.name : '',
      priority: isConsumer ? project.priority : undefined,
      domain: project.domain,
      costShare: isConsumer ? 1 / (1 + consumersOf(register, project.provider)) : 1,
      state: isConsumer ? stateOf(project, rules?.get(project.provider.name)) : 'standalone',
    };
  });
  if (options.json) terminal.print(JSON.stringify({ version: 1, projects: rows }, null, 2));
  else terminal.print(table(rows));
  return rows.some(({ state }) => state === 'taken by another') ? 1 : 0;
}

function consumersOf({ projects }: Register, { name }: Provider): number {
  return [...projects.values()].filter((project) => project.mode === 'consumer' && project.provider.name === name)
    .length;
}

/** Adds a consumer to the register, on the next free priority, and refuses what the register or the live listener refuses. */
export async function add(options: Options, terminal: Terminal): Promise<0> {
  const [name = ''] = options.arguments;
  const file = options.register ?? REGISTER;
  const before = existsSync(file) ? readText(file) : '';
  const register = before === '' ? readRegister(file) : parseRegister(before, file);
  const provider = providerOf(register, options.provider);
  if (options.domain === undefined)
    throw usage('nothing says by which domain the project is reached', 'give --domain api.example.com');
  if (register.projects.has(name))
    throw usage(`there is a project ${name} already`, `see ${file}, or take another name`);
  const rules = await rulesOf(register, options, provider);
  const priority = priorityOf(options.priority, register, provider, rules?.get(provider.name) ?? []);
  const text = withProject(before, file, name, {
    provider: provider.name,
    domain: options.domain,
    priority,
    ...(options.image !== undefined && { image: options.image }),
    ...(options.resourcePrefix !== undefined && { resourcePrefix: options.resourcePrefix }),
  });
  const added = parseRegister(text, file).projects.get(name) as Consumer;
  const taken = stateOf(added, rules?.get(provider.name), true);
  if (taken === 'taken by another')
    throw usage(
      `the listener of ${provider.name} has a rule for priority ${priority} or ${added.domain} already`,
      'take another priority or domain, or remove that rule',
    );
  replaceUnchanged(file, before, text);
  const { domain, resourcePrefix, databaseSecretPath } = added;
  if (options.json)
    terminal.print(
      JSON.stringify(
        { version: 1, name, provider: provider.name, domain, priority, resourcePrefix, databaseSecretPath },
        null,
        2,
      ),
    );
  else
    terminal.print(
      [
        `${name}: priority ${priority} on the listener of ${provider.name}, for ${domain}, written to ${file}`,
        `next   plainform database create ${name} --provider ${provider.name}`,
        '       plainform params',
        `       plainform deploy --project ${name}`,
      ].join('\n'),
    );
  return 0;
}

/** Two runs at once: one of them writes, the other one is told; no line is lost. */
function replaceUnchanged(file: string, before: string, text: string): void {
  const lock = `${file}.lock`;
  try {
    closeSync(openSync(lock, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw usage(
        `another run is writing ${file}; nothing was written`,
        `run again; where none is left, remove ${lock}`,
      );
    writeFile(file, text); // Which says why nothing can be written here.
    return;
  }
  try {
    if (readText(file) !== before) throw usage(`${file} was changed meanwhile; nothing was written`, 'run again');
    writeFile(file, text);
  } finally {
    rmSync(lock, { force: true });
  }
}

/** The plan that gives a consumer infrastructure of its own, and the parameter files for it. Deploys nothing. */
export async function graduate(options: Options, terminal: Terminal): Promise<0> {
  const [name = ''] = options.arguments;
  const register = readRegister(options.register);
  const project = register.projects.get(name);
  if (!project) {
    const nearest = nearestMatch(name, register.projects.keys());
    throw usage(
      `there is no project "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
      'see plainform projects list',
    );
  }
  if (project.mode !== 'consumer') throw usage(`${name} stands alone already`, 'see plainform projects list');
  if (options.certificate === undefined)
    throw usage(
      `nothing gives the certificate for ${project.domain}`,
      'give --certificate ARN, of ACM in the same region',
    );
  const resourcePrefix = options.resourcePrefix ?? `${name}-own`;
  const { ownersOf } = await import('../projects/stacks.ts');
  const holder = ownersOf(register).find((owner) => [owner.name, owner.resourcePrefix].includes(resourcePrefix));
  if (holder)
    throw usage(
      `the stacks and parameter files of ${resourcePrefix} would be those of ${holder.name}`,
      'give --resource-prefix one that nobody has; both stand beside each other for a while',
    );
  const { graduation } = await import('../projects/graduate.ts');
  const { unfit, writeParameterFiles } = await import('../projects/parameter-files.ts');
  const plan = graduation(project, options.certificate, resourcePrefix);
  const findings = plan.stacks.flatMap((stack) => unfit(stack, register));
  if (findings.length > 0) throw new CfnError(findings);
  const written = writeParameterFiles(plan.stacks, dirname(register.file));
  if (options.json) {
    const { steps, entry } = plan;
    const files = plan.stacks.map(({ parameterFile }) => parameterFile);
    terminal.print(JSON.stringify({ version: 1, name, steps, entry, files }, null, 2));
    return 0;
  }
  terminal.print(
    [
      `# ${name}: from the infrastructure of ${project.provider.name} to its own`,
      '',
      ...plan.steps.flatMap(({ title, commands, check, interrupts, back }, index) => [
        `## ${index + 1}. ${title}`,
        '',
        ...commands.map((command) => `    ${command}`),
        '',
        `- check: ${check}`,
        `- interrupts: ${interrupts}`,
        `- back: ${back}`,
        '',
      ]),
      `In ${register.file}, in place of its entry:`,
      '',
      `    ${plan.entry}`,
    ].join('\n'),
  );
  for (const file of written) terminal.progress(`${file}  written`);
  return 0;
}

function providerOf({ providers }: Register, name: string | undefined): Provider {
  const [only, ...more] = [...providers.values()];
  if (name === undefined && only && more.length === 0) return only;
  const found = name === undefined ? undefined : providers.get(name);
  if (found) return found;
  const names = [...providers.keys()];
  const nearest = name === undefined ? undefined : nearestMatch(name, names);
  throw usage(
    name === undefined
      ? `there ${names.length === 0 ? 'is no provider' : 'are several providers'}, and none is named`
      : `there is no provider "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
    names.length === 0 ? 'add one under providers' : `give --provider, one of ${names.join(', ')}`,
  );
}

function priorityOf(
  given: string | undefined,
  register: Register,
  provider: Provider,
  rules: readonly ListenerRule[],
): number {
  if (given !== undefined) {
    if (/^[1-9]\d\d$/.test(given)) return Number(given);
    throw usage(`--priority ${given} is no number from 100 to 999`, 'leave it out to take the next free one');
  }
  const live = rules.map(({ priority }) => priority);
  const next = nextPriority([...register.projects.values()], provider.name, live);
  if (next !== undefined) return next;
  throw usage(`every priority from 100 to 999 on the listener of ${provider.name} is taken`, 'share another provider');
}

function usage(message: string, fix: string): CfnError {
  return new CfnError({ code: 'CFN736', severity: 'error', message, fix });
}

/** The rules of each provider's listener; undefined where no target was given. */
async function rulesOf(
  { providers }: Register,
  { target, endpoint }: Options,
  only?: Provider,
): Promise<ReadonlyMap<string, readonly ListenerRule[]> | undefined> {
  if (target === undefined && endpoint === undefined) return undefined;
  const { listenerRules, sharedParameters } = await import('../../lib/deployment/shared-infrastructure.ts');
  return withTarget({ target: target ?? 'emulator', ...(endpoint && { endpoint }) }, async (reached) => {
    const rules = new Map<string, readonly ListenerRule[]>();
    for (const provider of only ? [only] : providers.values()) {
      const at = { region: provider.environment.region, ...(reached && { endpoint: reached }) };
      const shared = await sharedParameters(at, provider.prefix);
      const listener = shared.find(({ name }) => name === 'alb/https-listener-arn');
      if (listener?.state === 'well formed') rules.set(provider.name, await listenerRules(at, listener.value!));
    }
    return rules;
  });
}

/** `isNew`: a rule for the very project is somebody else's too. */
function stateOf(project: Consumer, rules: readonly ListenerRule[] | undefined, isNew = false): State {
  if (!rules) return 'not asked';
  const byPriority = rules.find(({ priority }) => priority === project.priority);
  const byHost = rules.find(({ hosts }) => hosts.includes(project.domain));
  const isOwn = ({ targetGroups }: ListenerRule) => targetGroups.includes(`${project.resourcePrefix}-app`);
  if (byPriority && byPriority === byHost && !isNew) return 'routed';
  const others = [byPriority, byHost].filter((rule) => rule && (isNew || !isOwn(rule)));
  if (others.length > 0) return 'taken by another';
  return rules.some(isOwn) && !isNew ? 'to deploy' : 'not routed';
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return 'no projects';
  const cells = [
    ['project', 'mode', 'provider', 'priority', 'domain', 'cost share', 'state'],
    ...rows.map(({ name, mode, provider, priority, domain, costShare, state }) => [
      name,
      mode,
      provider || '-',
      String(priority ?? '-'),
      domain,
      costShare === 1 ? 'all' : `1/${Math.round(1 / costShare)}`,
      state,
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
