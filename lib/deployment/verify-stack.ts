import {
  CloudFormationClient,
  GetTemplateCommand,
  ListExportsCommand,
  ListStackResourcesCommand,
  type PropertyDifference,
  type Stack,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { parseTemplate } from '../cfn/read.ts';
import { isObject, type Json, type Template } from '../cfn/template.ts';
import type { Environment } from '../scenarios/environment.ts';
import type { ResolvedResource, ResolvedTemplate } from '../scenarios/resolve.ts';
import { compareResolved, hasUnknown, isUnknown, type Resolved } from '../scenarios/unknown.ts';
import { call, clientOptions, type Target } from './clients.ts';
import { compareSetting, type SettingDifference } from './compare-settings.ts';
import { judgeCopies } from './copies.ts';
import { describeStack } from './deploy-stack.ts';
import { detectDrift } from './drift.ts';
import type { VerifiedEmulator } from './emulator.ts';
import { pages, part, type Settings } from './live/reading.ts';
import { inTurns, type LiveStack, readResources, withImplied } from './live-stack.ts';
import { judgeOf } from './operating-state.ts';

/**
 * - `differs`: it is not what the template says
 * - `unknown`: it was read, and what it should be cannot be told
 * - `not-read`: nobody compared it, which is no match
 * - `recorded`: the emulator keeps the resource on paper only
 * - `emulator`: it differs because the emulator cannot do it (`lib/data/emulator.json`), whatever AWS would do
 */
export type CheckState = 'matches' | 'differs' | 'unknown' | 'recorded' | 'emulator' | 'not-read';

export type CheckKind = 'stack' | 'parameter' | 'resource' | 'output' | 'setting' | 'state' | 'copy' | 'drift';

export interface Check {
  kind: CheckKind;
  subject: string;
  state: CheckState;
  message: string;
  /** Of a resource: its logical ID and type. */
  resource?: string;
  type?: string;
  /** Path of a setting in CloudFormation's names. */
  property?: string;
  /** Text of what the template says and of what was found, where the two were compared and do not match. */
  expected?: string;
  actual?: string;
}

export interface Verification {
  target: Target;
  stackName: string;
  template: Template;
  /** Values of the parameter file. Undefined: there is none, and the values that are deployed are taken as they are. */
  parameters?: Readonly<Record<string, string>>;
  /** Where the target is the emulator: what it cannot do. */
  emulator?: VerifiedEmulator;
  /** False: leaves out CloudFormation's drift detection, which takes minutes for a large stack on AWS. Default: true. */
  drift?: boolean;
}

const HIDDEN = '****';

/**
 * Holds a deployed stack against a template: status, parameters, resources, outputs, exports, every stated property of every
 * resource, what the resources need to work, the vaults that backups are copied to, and CloudFormation's drift. Changes nothing.
 * Throws CFN602 to CFN604 where CloudFormation does not answer; what one service refuses is not read, and the result says so.
 */
export async function verifyStack(verification: Verification): Promise<Check[]> {
  const { target, stackName } = verification;
  const client = new CloudFormationClient(clientOptions(target));
  const stack = await describeStack(client, target, stackName);
  if (!stack) return [check('stack', stackName, 'differs', `there is no stack ${stackName} in ${target.region}`)];

  const resources = await stackResources(client, target, stackName);
  const exports = await listExports(client, target);
  const { statement, checks } = await statementOf(client, verification);
  const environment = await environmentOf(verification, stack, exports, statement);
  const live = await readResources(verification, stack, environment, statement, resources);

  checks.unshift(
    compare(
      'stack',
      'status',
      /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(stack.StackStatus ?? ''),
      `stack is ${stack.StackStatus}`,
    ),
    ...checkParameters(verification, stack, live.resolved),
  );
  checks.push(...checkResources(verification, live.resolved, resources, statement));
  checks.push(...checkOutputs(stack, live.forOutputs, exports));
  checks.push(...(await checkSettings(verification, stack, live)));
  checks.push(...(await checkWorking(verification, live)));
  if (verification.drift !== false) checks.push(...(await checkDrift(verification, live.resolved, checks)));
  return hideSecrets(checks, verification, stack);
}

/** What the stack should be. A macro's work is taken from CloudFormation, and the deployed source held against the file. */
async function statementOf(
  client: CloudFormationClient,
  { target, stackName, template }: Verification,
): Promise<{ statement: Template; checks: Check[] }> {
  if (!isMadeByMacro(template)) return { statement: template, checks: [] };
  const deployed = async (stage: 'Original' | 'Processed') => {
    const { TemplateBody = '' } = await call('GetTemplate', target, () =>
      client.send(new GetTemplateCommand({ StackName: stackName, TemplateStage: stage })),
    );
    return parseTemplate(TemplateBody, `${stackName} (${stage})`).template;
  };
  const same = compareResolved((await deployed('Original')) as unknown as Resolved, template as unknown as Resolved);
  return {
    statement: await deployed('Processed'),
    checks: [
      compare(
        'stack',
        'template',
        same === true,
        same
          ? 'the deployed template is the file, before its transform'
          : 'the deployed template is not the file: deploy it',
      ),
    ],
  };
}

/** `AWS::LanguageExtensions` is understood as it stands; what SAM, an include or a customer's macro makes is not. */
function isMadeByMacro(template: Template): boolean {
  const names = [template.Transform ?? []].flat().map((entry: Json) => (isObject(entry) ? entry.Name : entry));
  return (
    names.some((name) => name !== 'AWS::LanguageExtensions') || JSON.stringify(template).includes('"Fn::Transform":')
  );
}

async function environmentOf(
  { target, parameters, stackName }: Verification,
  stack: Stack,
  exports: ReadonlyMap<string, string>,
  statement: Template,
): Promise<Environment> {
  const deployed = stack.Parameters ?? [];
  const values = parameters ?? withoutHidden(stack);
  const ssm = deployed.flatMap(({ ParameterValue = '', ResolvedValue }) =>
    ResolvedValue === undefined ? [] : [[ParameterValue, ResolvedValue] as const],
  );
  const hidden = deployed.flatMap(({ ParameterKey = '', ParameterValue }) =>
    ParameterValue === HIDDEN && values[ParameterKey] === undefined ? [[ParameterKey, []] as const] : [],
  );
  const [, partition, , , accountId] = stack.StackId?.split(':') ?? [];
  const zones = JSON.stringify(statement).includes('Fn::GetAZs')
    ? await part(async () => (await import('./live/ec2.ts')).availableZones(target))
    : undefined;
  return {
    parameters: values,
    region: target.region,
    partition,
    accountId,
    stackName,
    stackId: stack.StackId,
    notificationArns: stack.NotificationARNs ?? [],
    imports: Object.fromEntries(exports),
    ssm: Object.fromEntries(ssm),
    open: Object.fromEntries(hidden),
    ...(Array.isArray(zones) ? { availabilityZones: zones } : {}),
  };
}

function withoutHidden(stack: Stack): Record<string, string> {
  return Object.fromEntries(
    (stack.Parameters ?? []).flatMap(({ ParameterKey = '', ParameterValue = '' }) =>
      ParameterValue === HIDDEN ? [] : [[ParameterKey, ParameterValue]],
    ),
  );
}

function checkParameters({ parameters }: Verification, stack: Stack, resolved: ResolvedTemplate): Check[] {
  const deployed = new Map((stack.Parameters ?? []).map((each) => [each.ParameterKey ?? '', each]));
  const checks: Check[] = [];
  for (const name of Object.keys(resolved.parameters))
    if (!deployed.has(name))
      checks.push(check('parameter', `parameter ${name}`, 'differs', 'is in the template and not in the stack'));
  for (const [name, { ParameterValue = '', ResolvedValue }] of deployed) {
    const wanted = resolved.parameters[name];
    const subject = `parameter ${name}`;
    if (wanted === undefined)
      checks.push(check('parameter', subject, 'differs', 'is in the stack and not in the template'));
    else if (ParameterValue === HIDDEN)
      checks.push(check('parameter', subject, 'unknown', 'its value is hidden (NoEcho)'));
    else if (parameters === undefined) continue;
    else if (hasUnknown(wanted)) checks.push(check('parameter', subject, 'unknown', `is "${ParameterValue}"`));
    else {
      const text = Array.isArray(wanted) ? wanted.join(',') : String(wanted);
      const same = text === ParameterValue || text === ResolvedValue || Number(text) === Number(ParameterValue || NaN);
      checks.push({
        ...compare('parameter', subject, same, `is "${ParameterValue}", template and file say "${text}"`),
        ...(same ? {} : { expected: text, actual: ParameterValue }),
      });
    }
  }
  return checks;
}

function checkResources(
  { emulator }: Verification,
  resolved: ResolvedTemplate,
  summaries: readonly StackResourceSummary[],
  statement: Template,
): Check[] {
  const live = new Map(summaries.map((item) => [item.LogicalResourceId ?? '', item]));
  const checks: Check[] = [];
  for (const [id, { type, exists }] of Object.entries(resolved.resources)) {
    const found = live.get(id);
    const about = { resource: id, type };
    if (!found && exists !== true)
      checks.push({ ...check('resource', id, 'unknown', `whether ${type} should be there is not known`), ...about });
    else if (!found)
      checks.push({ ...check('resource', id, 'differs', `${type} is in the template and not in the stack`), ...about });
    else if (emulator?.recorded.has(type))
      checks.push({ ...check('resource', id, 'recorded', `${type} is only recorded by the emulator`), ...about });
    else
      checks.push({
        ...compare(
          'resource',
          id,
          found.ResourceStatus?.endsWith('_COMPLETE') === true,
          `${type} is ${found.ResourceStatus}`,
        ),
        ...about,
      });
  }
  const modules = Object.values(statement.Resources).some(({ Type }) => String(Type).endsWith('::MODULE'));
  for (const [id, { ResourceType, ResourceStatus }] of live) {
    if (resolved.resources[id] || modules || ResourceStatus === 'DELETE_COMPLETE') continue;
    const why = resolved.absent.includes(id) ? 'its condition is false' : 'it is not in the template';
    checks.push({
      ...check('resource', id, 'differs', `${ResourceType} is in the stack, and ${why}`),
      resource: id,
      type: ResourceType ?? '',
    });
  }
  return checks;
}

function checkOutputs(stack: Stack, resolved: ResolvedTemplate, exports: ReadonlyMap<string, string>): Check[] {
  const outputs = new Map((stack.Outputs ?? []).map((output) => [output.OutputKey ?? '', output.OutputValue ?? '']));
  const checks: Check[] = [];
  for (const [id, { value, exists, exportName }] of Object.entries(resolved.outputs)) {
    const found = outputs.get(id);
    const subject = `output ${id}`;
    if (found === undefined) {
      checks.push(check('output', subject, exists === true ? 'differs' : 'unknown', 'is missing'));
      continue;
    }
    const expected = Array.isArray(value) ? value.join(',') : value;
    const same = compareResolved(expected, found);
    if (same === undefined)
      checks.push(check('output', subject, 'unknown', `is "${found}"; what it should be is not known`));
    else
      checks.push({
        ...compare('output', subject, same, same ? `is "${found}"` : `is "${found}", should be "${textOf(expected)}"`),
        ...(same ? {} : { expected: textOf(expected), actual: found }),
      });
    if (typeof exportName !== 'string') continue;
    const exported = exports.get(exportName);
    const message =
      exported === undefined
        ? 'is missing'
        : exported === found
          ? 'is there'
          : `is "${exported}", the output is "${found}"`;
    checks.push(compare('output', `export ${exportName}`, exported === found, message));
  }
  for (const id of outputs.keys())
    if (!resolved.outputs[id])
      checks.push(check('output', `output ${id}`, 'differs', 'is in the stack and not in the template'));
  return checks;
}

/** One check for each property that matches; one for each place in a property that does not. */
async function checkSettings({ target, emulator }: Verification, stack: Stack, live: LiveStack): Promise<Check[]> {
  const stackTags = Object.fromEntries((stack.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  const checks: Check[] = [];
  for (const { id, resource, settings, partial } of live.reads) {
    const { type, physicalId, account } = resource;
    const about = { resource: id, type };
    const onPaper = emulator?.recorded.has(type) === true;
    const stated = withImplied(type, (live.resolved.resources[id] as ResolvedResource).properties);
    if (settings === undefined) {
      const listed = readingOf(emulator, type, '');
      const message = `gone: the stack has ${type} ${physicalId}, and its service does not`;
      checks.push({ ...check('setting', id, listed ? 'emulator' : 'differs', listed ?? message), ...about });
      continue;
    }
    for (const [property, value] of Object.entries(stated as Record<string, Resolved>)) {
      const named = { ...about, property };
      const subject = `${id}.${property}`;
      if (typeof settings === 'string') {
        checks.push({ ...check('setting', subject, onPaper ? 'recorded' : 'not-read', settings), ...named });
        continue;
      }
      const context = { type, account, stackTags, partial };
      const differences = await withAliases(target, compareSetting(property, value, settings, context));
      if (differences.length === 0)
        checks.push({
          ...check('setting', subject, onPaper ? 'recorded' : 'matches', 'as the template says'),
          ...named,
        });
      for (const difference of differences) checks.push(settingCheck(id, type, difference, emulator));
    }
  }
  return checks;
}

function settingCheck(
  id: string,
  type: string,
  { path, state, expected, actual, reason }: SettingDifference,
  emulator: VerifiedEmulator | undefined,
): Check {
  const about = { resource: id, type, property: path };
  const subject = `${id}.${path}`;
  if (state === 'not-read') return { ...check('setting', subject, 'not-read', reason ?? 'not read'), ...about };
  const compared = { ...about, expected: textOf(expected), actual: textOf(actual) };
  if (state === 'unknown')
    return { ...check('setting', subject, 'unknown', 'what it should be is not known'), ...compared };
  const listed = readingOf(emulator, type, path);
  if (listed) return { ...check('setting', subject, 'emulator', listed), ...compared };
  const message = `is ${shortened(textOf(actual))}, template says ${shortened(textOf(expected))}`;
  return { ...check('setting', subject, 'differs', message), ...compared };
}

/** What the list says of a place where the emulator answers otherwise than AWS. `[*]` stands for any member of a list. */
function readingOf(emulator: VerifiedEmulator | undefined, type: string, path: string): string | undefined {
  const found = emulator?.readings.find((reading) => {
    if (reading.type !== type) return false;
    const general = path.replace(/\[[^\]]*\]/g, '[*]');
    return (
      general === reading.property ||
      general.startsWith(`${reading.property}.`) ||
      general.startsWith(`${reading.property}[`)
    );
  });
  return found?.text;
}

/** An alias is the key that it names: AWS gives the key. */
async function withAliases(target: Target, differences: readonly SettingDifference[]): Promise<SettingDifference[]> {
  const kept: SettingDifference[] = [];
  for (const difference of differences) {
    const { state, expected, actual } = difference;
    const alias = state === 'differs' && typeof expected === 'string' && /^(arn:[^/]*:)?alias\//.test(expected);
    const key = alias ? await (await import('./live/kms.ts')).keyOfAlias(target, expected) : undefined;
    if (typeof key === 'string' && (key === actual || key.endsWith(`/${actual}`))) continue;
    kept.push(difference);
  }
  return kept;
}

/** What must be so for the resources to do their work, and the other ends of copies. */
async function checkWorking({ target, emulator }: Verification, { reads, resolved }: LiveStack): Promise<Check[]> {
  const present = reads.filter(({ settings }) => isObject(settings));
  const found = await inTurns(present, async ({ id, resource: read }): Promise<Check[]> => {
    const resource = { ...read, stated: resolved.resources[id]!.properties as Settings };
    const about = { resource: id, type: resource.type };
    const checks: Check[] = [];
    const judge = judgeOf(resource.type);
    if (judge) {
      const state = await part(() => judge(resource));
      if (isObject(state) && typeof state.name === 'string') {
        const { name, verdict, message } = state as unknown as Awaited<ReturnType<typeof judge>>;
        const listed = verdict === 'fails' ? readingOf(emulator, resource.type, name) : undefined;
        const outcome = listed
          ? 'emulator'
          : verdict === 'works'
            ? 'matches'
            : verdict === 'fails'
              ? 'differs'
              : 'unknown';
        const onPaper = outcome === 'matches' && emulator?.recorded.has(resource.type);
        checks.push({
          ...check('state', `${id} ${name}`, onPaper ? 'recorded' : outcome, listed ?? message),
          ...about,
        });
      } else {
        const reason = isObject(state) ? String(state.$notRead) : 'the service says nothing';
        checks.push({ ...check('state', `${id} state`, 'not-read', reason), ...about });
      }
    }
    if (resource.type === 'AWS::Backup::BackupPlan')
      for (const { destination, verdict, message } of await judgeCopies(resource)) {
        const state = verdict === 'works' ? 'matches' : verdict === 'fails' ? 'differs' : verdict;
        checks.push({ ...check('copy', `${id} copies to ${destination}`, state, message), ...about });
      }
    return checks;
  }).catch((error) => call('reading states', target, () => Promise.reject(error)));
  return found.flat();
}

async function checkDrift(
  { target, stackName, emulator }: Verification,
  resolved: ResolvedTemplate,
  settings: readonly Check[],
): Promise<Check[]> {
  const drift = await call('DetectStackDrift', target, () => detectDrift(target, stackName));
  if ('notJudged' in drift) return [check('drift', 'drift', 'not-read', `not judged: ${drift.notJudged}`)];
  const matching = new Set(settings.flatMap(({ kind, state, subject }) => (isMatch(kind, state) ? [subject] : [])));
  const checks: Check[] = [];
  const judged = new Set<string>();
  for (const { LogicalResourceId: id = '', ResourceType: type = '', ...found } of drift.drifts) {
    const about = { resource: id, type };
    const status = found.StackResourceDriftStatus;
    if (status === 'IN_SYNC' || status === 'DELETED' || status === 'MODIFIED') judged.add(id);
    if (status === 'IN_SYNC') checks.push({ ...check('drift', `${id} drift`, 'matches', 'IN_SYNC'), ...about });
    if (status === 'DELETED') checks.push({ ...check('drift', `${id} drift`, 'differs', 'DELETED'), ...about });
    if (status !== 'MODIFIED') continue;
    for (const difference of found.PropertyDifferences ?? [])
      checks.push({ ...propertyDrift(id, type, difference, matching, emulator), ...about });
  }
  for (const [id, { type }] of Object.entries(resolved.resources)) {
    if (judged.has(id)) continue;
    const state = emulator?.recorded.has(type) ? 'recorded' : 'not-read';
    checks.push({ ...check('drift', `${id} drift`, state, 'CloudFormation does not judge it'), resource: id, type });
  }
  return checks;
}

function isMatch(kind: CheckKind, state: CheckState): boolean {
  return kind === 'setting' && state === 'matches';
}

/**
 * Where the service itself gives what the template says, CloudFormation's word against it is no difference: either the file is
 * not what was deployed, or CloudFormation misreads the service, as it is known to (cloudformation-coverage-roadmap issues 956,
 * 1583, 2554, read 2026-11-21).
 */
function propertyDrift(
  id: string,
  type: string,
  { PropertyPath = '', ExpectedValue: expected = '', ActualValue: actual = '', DifferenceType }: PropertyDifference,
  matching: ReadonlySet<string>,
  emulator: VerifiedEmulator | undefined,
): Check {
  const property = PropertyPath.slice(1).replaceAll('/', '.');
  const compared = { property, expected, actual };
  const subject = `${id}.${property} drift`;
  const listed = readingOf(emulator, type, property);
  if (listed) return { ...check('drift', subject, 'emulator', listed), ...compared };
  const message = `${DifferenceType}: is ${shortened(actual)}, was deployed as ${shortened(expected)}`;
  if (!matching.has(`${id}.${property.split('.')[0]}`))
    return { ...check('drift', subject, 'differs', message), ...compared };
  const doubt = 'CloudFormation says so; the service itself gives what the template says';
  return { ...check('drift', subject, 'unknown', `${message}. ${doubt}`), ...compared };
}

/** Values of NoEcho parameters stand nowhere in what is reported. */
function hideSecrets(checks: readonly Check[], { template, parameters = {} }: Verification, stack: Stack): Check[] {
  const hidden = Object.entries(template.Parameters ?? {}).flatMap(([name, body]) => {
    const secret = String(body.NoEcho) === 'true';
    const value =
      parameters[name] ?? stack.Parameters?.find(({ ParameterKey }) => ParameterKey === name)?.ParameterValue;
    return secret && value && value !== HIDDEN ? [value] : [];
  });
  if (hidden.length === 0) return [...checks];
  const hide = (text: string) => hidden.reduce((shown, value) => shown.replaceAll(value, HIDDEN), text);
  return checks.map((each) => ({
    ...each,
    message: hide(each.message),
    ...(each.expected === undefined ? {} : { expected: hide(each.expected) }),
    ...(each.actual === undefined ? {} : { actual: hide(each.actual) }),
  }));
}

function check(kind: CheckKind, subject: string, state: CheckState, message: string): Check {
  return { kind, subject, state, message };
}

function compare(kind: CheckKind, subject: string, matches: boolean, message: string): Check {
  return check(kind, subject, matches ? 'matches' : 'differs', message);
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}

/** A value as text; an open one as its expression. */
function textOf(value: unknown): string {
  if (value === undefined) return 'not set';
  if (typeof value === 'string') return value;
  const plain = (_: string, member: unknown) => {
    if (isUnknown(member)) return member.expression;
    return member instanceof Map ? Object.fromEntries(member) : member;
  };
  return JSON.stringify(value, plain);
}

function stackResources(
  client: CloudFormationClient,
  target: Target,
  stackName: string,
): Promise<StackResourceSummary[]> {
  return pages(async (NextToken) => {
    const page = await call('ListStackResources', target, () =>
      client.send(new ListStackResourcesCommand({ StackName: stackName, NextToken })),
    );
    return { items: page.StackResourceSummaries, next: page.NextToken };
  });
}

async function listExports(client: CloudFormationClient, target: Target): Promise<Map<string, string>> {
  const all = await pages(async (NextToken) => {
    const page = await call('ListExports', target, () => client.send(new ListExportsCommand({ NextToken })));
    return { items: page.Exports, next: page.NextToken };
  });
  return new Map(all.map(({ Name = '', Value = '' }) => [Name, Value]));
}
