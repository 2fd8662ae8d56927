import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Capability,
  CloudFormationClient,
  CreateStackInstancesCommand,
  CreateStackSetCommand,
  DescribeStackInstanceCommand,
  DescribeStackSetCommand,
  DescribeStackSetOperationCommand,
  ListStackInstancesCommand,
  ListStackSetOperationResultsCommand,
  ListStackSetOperationsCommand,
  ListStackSetsCommand,
  type Parameter,
  type StackInstanceSummary,
  type StackSet,
  type StackSetOperationPreferences,
  type StackSetOperationResultSummary,
  type StackSetOperationStatus,
  StopStackSetOperationCommand,
  UpdateStackInstancesCommand,
  UpdateStackSetCommand,
} from '@aws-sdk/client-cloudformation';
import { CfnError, type Finding } from '../cfn/errors.ts';
import { call, type Target } from './clients.ts';
import { stoppedAt } from './deploy-stack.ts';
import { clientOf } from './live/reading.ts';

/** How StackSets get into other accounts. */
export interface StackSetPermissions {
  readonly model: 'SELF_MANAGED' | 'SERVICE_MANAGED';
  /** Of the accounts, with SERVICE_MANAGED: an account outside of them is not reached. */
  readonly organizationalUnits: readonly string[];
  /** With SERVICE_MANAGED: the caller administers StackSets for the organization without being its management account. */
  readonly delegatedAdministrator: boolean;
  /** With SELF_MANAGED, where the roles have not the names that AWS gives them. */
  readonly administrationRoleArn?: string;
  readonly executionRoleName?: string;
}

/** Counts are of accounts in one region, as in OperationPreferences. */
export interface StackSetPreferences {
  /** Accounts in which an operation may fail in a region before no more are begun. */
  readonly failureTolerance: number;
  readonly maxConcurrent: number;
  readonly regionOrder: readonly string[];
  readonly concurrencyMode: 'STRICT_FAILURE_TOLERANCE' | 'SOFT_FAILURE_TOLERANCE';
}

/** A stack in an account and region; a StackSet has at most one for both. */
export interface StackSetInstance {
  readonly owner: string;
  /** Whose failure keeps this from being deployed, besides an earlier one of its owner. */
  readonly provider?: string;
  readonly account: string;
  readonly region: string;
  readonly overrides: Readonly<Record<string, string>>;
}

export interface StackSetDefinition {
  readonly name: string;
  /** StackSets of one wave do not wait for each other. */
  readonly wave: number;
  readonly template: string;
  readonly capabilities: readonly ('CAPABILITY_NAMED_IAM' | 'CAPABILITY_AUTO_EXPAND')[];
  /** Its stacks read SSM parameters, which CloudFormation looks up in their account whenever it updates them. */
  readonly readsParameters: boolean;
  /** Only what the template has no default for: CloudFormation asks for a value, every instance has its own. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The parameter whose value says whose stack an instance is: it never changes. */
  readonly identity: string;
  readonly instances: readonly StackSetInstance[];
}

export interface StackSetsRequest {
  /** In whose region the StackSets are kept. */
  readonly target: Target;
  readonly definitions: readonly StackSetDefinition[];
  /** With which all their names begin: a StackSet of plainform that has such a name and no definition is told. */
  readonly namesBegin: string;
  readonly permissions: StackSetPermissions;
  readonly preferences: StackSetPreferences;
  readonly bodyOf: (template: string) => string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Updates stacks that read SSM parameters even where nothing that is known here differs. */
  readonly refresh?: boolean;
  /** Only reads, and says what would be done. */
  readonly dryRun?: boolean;
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Waits between two looks, in milliseconds. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

type Done = 'created' | 'updated' | 'unchanged' | 'failed' | 'not begun' | 'stopped';

export interface InstanceOutcome {
  readonly owner: string;
  readonly account: string;
  readonly region: string;
  readonly done: Done;
  readonly reason?: string;
}

export interface StackSetOutcome {
  readonly name: string;
  readonly wave: number;
  /** Of the StackSet itself: its template, roles and tags. */
  readonly done: Done;
  readonly instances: readonly InstanceOutcome[];
  /** Instances that no definition has any more; they are left as they are. */
  readonly left: readonly { readonly account: string; readonly region: string }[];
}

export interface StackSetsOutcome {
  readonly sets: readonly StackSetOutcome[];
  /** CFN763, CFN764, CFN765, CFN767. */
  readonly findings: readonly Finding[];
}

/** Of one administrator account in a region; AWS raises it on request (Service Quotas, "Stack sets per administrator account", 2026-11). */
export const MOST_STACK_SETS = 1_000;

const QUOTA = 'have the quota "Stack sets per administrator account" raised (Service Quotas, CloudFormation)';
const SETS_AT_ONCE = 5;
const OURS = 'plainform: ';
const STOPPED = 'the operation was stopped';
const FINAL: readonly (StackSetOperationStatus | undefined)[] = ['SUCCEEDED', 'FAILED', 'STOPPED'];

interface Run extends StackSetsRequest {
  readonly client: CloudFormationClient;
  readonly findings: Finding[];
  /** Operations that were asked to stop. */
  readonly stopped: string[];
  /** Owners of which a stack failed, or was not begun, in an earlier wave. */
  readonly blocked: Set<string>;
  /** Owners of which a stack was made or changed in an earlier wave. */
  readonly changed: Set<string>;
  isHalted: boolean;
}

/**
 * Brings StackSets and their instances to what is defined, wave after wave, and changes only what differs. What failed is told
 * and comes again with the next run; beyond the failure tolerance no further StackSet is begun. Throws CFN602 to CFN604, and CFN610 where the
 * signal stops it: operations under way are stopped then.
 */
export async function deployStackSets(request: StackSetsRequest): Promise<StackSetsOutcome> {
  const run: Run = {
    ...request,
    client: clientOf(CloudFormationClient, request.target),
    findings: [],
    stopped: [],
    blocked: new Set(),
    changed: new Set(),
    isHalted: false,
  };
  await lookAtAccount(run);
  const sets: StackSetOutcome[] = [];
  const waves = [...new Set(request.definitions.map(({ wave }) => wave))].sort((a, b) => a - b);
  for (const wave of waves) {
    const definitions = request.definitions.filter((definition) => definition.wave === wave);
    const outcomes = await atOnce(
      definitions,
      () => SETS_AT_ONCE,
      run,
      async (definition) => (run.isHalted || isAborted(run) ? notBegun(definition) : deploySet(definition, run)),
    );
    sets.push(...outcomes);
    if (isAborted(run)) throw stoppedOn(sets, request.definitions.length, run);
    for (const { instances } of outcomes)
      for (const { owner, done } of instances) {
        if (done === 'failed' || done === 'not begun') run.blocked.add(owner);
        if (done === 'created' || done === 'updated') run.changed.add(owner);
      }
  }
  return { sets, findings: run.findings };
}

/** StackSets that nothing defines any more, and whether there is room for those that are new. */
async function lookAtAccount(run: Run): Promise<void> {
  const defined = new Set(run.definitions.map(({ name }) => name));
  let live = 0;
  let NextToken: string | undefined;
  do {
    const page = await send('ListStackSets', run, () =>
      run.client.send(
        new ListStackSetsCommand({
          Status: 'ACTIVE',
          MaxResults: 100,
          ...(NextToken && { NextToken }),
          ...callAs(run),
        }),
      ),
    );
    for (const { StackSetName = '', Description = '' } of page.Summaries ?? []) {
      if (!defined.delete(StackSetName) && StackSetName.startsWith(run.namesBegin) && Description.startsWith(OURS))
        run.findings.push({
          code: 'CFN767',
          severity: 'warning',
          message: `the register does not make the StackSet ${StackSetName} any more; it was left as it is`,
          fix: `delete its instances when nothing needs them (aws cloudformation list-stack-instances --stack-set-name ${StackSetName}), then the StackSet`,
        });
      live += 1;
    }
    NextToken = page.NextToken;
  } while (NextToken);
  if (defined.size > 0 && live + defined.size > MOST_STACK_SETS)
    run.findings.push({
      code: 'CFN763',
      severity: 'warning',
      message: `${defined.size} StackSets are new and ${live} are there; an account has ${MOST_STACK_SETS} unless AWS raised its quota`,
      fix: QUOTA,
    });
}

/** What there is of a StackSet: itself, its instances, and their values. */
interface Live {
  readonly set: StackSet | undefined;
  readonly instances: ReadonlyMap<string, StackInstanceSummary>;
  readonly overrides: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

interface Step {
  readonly instance: StackSetInstance;
  readonly how: 'created' | 'updated';
}

type Outcomes = Map<string, InstanceOutcome>;

async function deploySet(definition: StackSetDefinition, run: Run): Promise<StackSetOutcome> {
  const { name, wave } = definition;
  const set = await describeSet(name, run);
  const refused = set && refusalOf(definition, set, run);
  if (refused) return refuse(definition, [refused], run);
  if (set && !run.dryRun && !(await underWayEnded(name, run))) return notBegun(definition);
  const live = await lookAt(definition, set, run);
  const strangers = definition.instances.flatMap((instance) => strangerAt(definition, instance, live));
  if (strangers.length > 0) return refuse(definition, strangers, run);

  const left = leftIn(definition, live, run);
  const change = !set ? 'created' : differs(definition, set, run) ? 'updated' : 'unchanged';
  if (
    change === 'updated' &&
    definition.instances.some((one) => isBlocked(one, run) && live.instances.has(keyOf(one)))
  ) {
    run.say?.(`${name}: not begun: it would change stacks of what failed before`);
    return { ...notBegun(definition), left };
  }
  const outcomes: Outcomes = new Map();
  const todo = plan(definition, live, change, outcomes, run);
  let done: Done = change;
  if (run.dryRun) for (const { instance, how } of todo) record(name, instance, how, outcomes, run);
  else if (isAborted(run)) done = 'not begun';
  else {
    if (change === 'created') await createSet(definition, run);
    if (change === 'updated' && !(await updateSet(definition, live, outcomes, run))) done = 'failed';
    else await operate(name, todo, outcomes, run);
    run.say?.(`${name}: ${countOf([...outcomes.values()])}`);
  }
  const instances = definition.instances.map((instance) => outcomes.get(keyOf(instance)) ?? asNotBegun(instance));
  return { name, wave, done, instances, left };
}

async function lookAt(definition: StackSetDefinition, set: StackSet | undefined, run: Run): Promise<Live> {
  const instances = set ? await instancesOf(definition.name, run) : new Map<string, StackInstanceSummary>();
  const overrides = new Map<string, Readonly<Record<string, string>>>();
  await atOnce(
    definition.instances.filter((instance) => instances.has(keyOf(instance))),
    () => SETS_AT_ONCE,
    run,
    async (instance) => {
      overrides.set(keyOf(instance), await overridesOf(definition.name, instance, run));
    },
  );
  return { set, instances, overrides };
}

/** Instances that the definition does not have; they are told and left. */
function leftIn({ name, instances }: StackSetDefinition, live: Live, run: Run): StackSetOutcome['left'] {
  const defined = new Set(instances.map(keyOf));
  const left = [...live.instances.values()]
    .map(({ Account: account = '', Region: region = '' }) => ({ account, region }))
    .filter((place) => !defined.has(keyOf(place)));
  for (const place of left)
    run.findings.push({
      code: 'CFN767',
      severity: 'warning',
      message: `${name} has an instance in ${placeOf(place)} that the register does not have; it was left as it is`,
      fix: `when nothing needs it: ${deletionOf(name, place, run)} --no-retain-stacks`,
    });
  return left;
}

function isBlocked({ owner, provider }: StackSetInstance, { blocked }: Run): boolean {
  return blocked.has(owner) || (provider !== undefined && blocked.has(provider));
}

/** What is to be done with which instances; the outcome of the others is known now. */
function plan(
  definition: StackSetDefinition,
  live: Live,
  change: 'created' | 'updated' | 'unchanged',
  outcomes: Outcomes,
  run: Run,
): Step[] {
  const todo: Step[] = [];
  const { name } = definition;
  for (const instance of definition.instances) {
    const summary = live.instances.get(keyOf(instance));
    if (isBlocked(instance, run)) record(name, instance, 'not begun', outcomes, run, 'what it needs failed before');
    else if (summary?.Status === 'INOPERABLE')
      record(name, instance, 'failed', outcomes, run, `INOPERABLE: ${summary.StatusReason ?? 'no reason given'}`);
    else if (summary?.Status !== 'CURRENT') todo.push({ instance, how: 'created' });
    else if (!hasItsValues(instance, live) || isReadAnew(definition, instance, run))
      todo.push({ instance, how: 'updated' });
    else record(name, instance, change === 'updated' && run.dryRun ? 'updated' : 'unchanged', outcomes, run);
  }
  return todo;
}

function hasItsValues(instance: StackSetInstance, { overrides }: Live): boolean {
  return sameValues(overrides.get(keyOf(instance)) ?? {}, instance.overrides);
}

function record(
  name: string,
  instance: StackSetInstance,
  done: Done,
  outcomes: Outcomes,
  run: Run,
  reason?: string,
): void {
  const { owner, account, region } = instance;
  outcomes.set(keyOf(instance), { owner, account, region, done, ...(reason !== undefined && { reason }) });
  if (done === 'failed') run.findings.push(failureOf(name, instance, reason ?? 'no reason given', run));
}

/**
 * One operation for an instance, because an operation gives all of its instances the same values. The preferences therefore hold
 * here: accounts of a region at once, regions one after the other, and no more begun where too many failed.
 */
async function operate(name: string, todo: readonly Step[], outcomes: Outcomes, run: Run): Promise<void> {
  const { failureTolerance, regionOrder } = run.preferences;
  const left = todo.filter(({ instance }) => !outcomes.has(keyOf(instance)));
  const before = [...outcomes.values()].filter(({ done }) => done === 'failed');
  let isOver = false;
  for (const region of new Set([
    ...regionOrder,
    ...[...left.map(({ instance }) => instance), ...before].map(regionOf),
  ])) {
    let failures = before.filter((one) => one.region === region).length;
    isOver ||= failures > failureTolerance;
    await atOnce(
      left.filter(({ instance }) => instance.region === region),
      () => atMost(run.preferences, failures),
      run,
      async ({ instance, how }) => {
        if (isOver || isAborted(run)) return;
        const { status, results, reason } = await operateOn(name, instance, how, run);
        const result = results.get(keyOf(instance));
        if (status === 'STOPPED' && isAborted(run)) record(name, instance, 'stopped', outcomes, run);
        else if (status === 'SUCCEEDED' && result?.Status === 'SUCCEEDED') record(name, instance, how, outcomes, run);
        else {
          failures += 1;
          isOver ||= failures > failureTolerance;
          const why = result ? reasonOf(result) : (reason ?? unreached(run.permissions));
          record(name, instance, 'failed', outcomes, run, status === 'STOPPED' ? STOPPED : why);
        }
      },
    );
  }
  run.isHalted ||= isOver;
}

/** What a provider writes may be another after its stacks were changed. */
function isReadAnew({ readsParameters }: StackSetDefinition, { provider }: StackSetInstance, run: Run): boolean {
  return readsParameters && (run.refresh === true || (provider !== undefined && run.changed.has(provider)));
}

function unreached({ model, organizationalUnits }: StackSetPermissions): string {
  return model === 'SERVICE_MANAGED'
    ? `CloudFormation tells of no stack there: is the account in ${organizationalUnits.join(', ')}, and not the management account?`
    : 'CloudFormation tells of no stack there';
}

interface Operation {
  readonly status: StackSetOperationStatus;
  readonly reason: string | undefined;
  readonly results: ReadonlyMap<string, StackSetOperationResultSummary>;
}

async function operateOn(
  name: string,
  { account, region, overrides, owner }: StackSetInstance,
  how: 'created' | 'updated',
  run: Run,
): Promise<Operation> {
  const { model, organizationalUnits } = run.permissions;
  const input = {
    StackSetName: name,
    Regions: [region],
    ...(model === 'SELF_MANAGED'
      ? { Accounts: [account] }
      : {
          DeploymentTargets: {
            OrganizationalUnitIds: [...organizationalUnits],
            Accounts: [account],
            AccountFilterType: 'INTERSECTION' as const,
          },
        }),
    ParameterOverrides: parametersOf(overrides),
    OperationPreferences: { FailureToleranceCount: 0, MaxConcurrentCount: 1 },
    ...callAs(run),
  };
  run.say?.(`${name}: ${owner} in ${placeOf({ account, region })} is ${how}`);
  // An instance that failed before is retried by the same call that creates one.
  const { OperationId = '' } =
    how === 'created'
      ? await send('CreateStackInstances', run, () => run.client.send(new CreateStackInstancesCommand(input)))
      : await send('UpdateStackInstances', run, () => run.client.send(new UpdateStackInstancesCommand(input)));
  return follow(name, OperationId, run);
}

async function createSet({ name, ...definition }: StackSetDefinition, run: Run): Promise<void> {
  const { model } = run.permissions;
  run.say?.(`${name}: the StackSet is created`);
  await send('CreateStackSet', run, async () => {
    try {
      await run.client.send(
        new CreateStackSetCommand({
          StackSetName: name,
          ...contentOf({ name, ...definition }, run),
          Parameters: parametersOf(definition.parameters),
          PermissionModel: model,
          ...(model === 'SERVICE_MANAGED' && { AutoDeployment: { Enabled: false } }),
        }),
      );
    } catch (error) {
      if ((error as Error).name !== 'LimitExceededException') throw error;
      throw new CfnError(
        {
          code: 'CFN763',
          severity: 'error',
          message: `${name} was not created: the account has as many StackSets as it may have (${(error as Error).message})`,
          fix: `${QUOTA}, then run it again: what is done is kept`,
        },
        { exitCode: 1, cause: error },
      );
    }
  });
}

/** Updates a StackSet and all of its instances as they are. False: it failed, or was stopped. */
async function updateSet(definition: StackSetDefinition, live: Live, outcomes: Outcomes, run: Run): Promise<boolean> {
  const { name, parameters } = definition;
  const { AdministrationRoleARN, Parameters = [] } = live.set!;
  const known = new Set(Parameters.map(({ ParameterKey }) => ParameterKey));
  const regions = new Set([...live.instances.values()].map(({ Region = '' }) => Region));
  run.say?.(`${name}: the StackSet is updated, with all of its instances`);
  const { OperationId = '' } = await send('UpdateStackSet', run, () =>
    run.client.send(
      new UpdateStackSetCommand({
        StackSetName: name,
        // One that was given at the creation must be given again.
        ...(AdministrationRoleARN !== undefined && { AdministrationRoleARN }),
        ...contentOf(definition, run),
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) =>
          known.has(ParameterKey) ? { ParameterKey, UsePreviousValue: true } : { ParameterKey, ParameterValue },
        ),
        OperationPreferences: operationPreferences(run.preferences, regions),
      }),
    ),
  );
  const { status, reason, results } = await follow(name, OperationId, run);
  for (const instance of definition.instances) {
    const result = results.get(keyOf(instance));
    if (result?.Status === 'SUCCEEDED' && hasItsValues(instance, live))
      record(name, instance, 'updated', outcomes, run);
    else if (result?.Status === 'FAILED') record(name, instance, 'failed', outcomes, run, reasonOf(result));
    else if (result?.Status === 'CANCELLED') outcomes.set(keyOf(instance), asNotBegun(instance));
  }
  if (status === 'SUCCEEDED') return true;
  run.isHalted = true;
  if (![...outcomes.values()].some(({ done }) => done === 'failed'))
    run.findings.push(failureOf(name, undefined, status === 'STOPPED' ? STOPPED : (reason ?? 'no reason given'), run));
  return false;
}

/** As CloudFormation takes them, for the regions in which there are instances. */
export function operationPreferences(
  { failureTolerance, maxConcurrent, regionOrder, concurrencyMode }: StackSetPreferences,
  regions: ReadonlySet<string>,
): StackSetOperationPreferences {
  return {
    FailureToleranceCount: failureTolerance,
    MaxConcurrentCount: atMost({ failureTolerance, maxConcurrent, concurrencyMode }, 0),
    ConcurrencyMode: concurrencyMode,
    RegionConcurrencyType: 'SEQUENTIAL',
    RegionOrder: [...new Set([...regionOrder, ...regions])].filter((region) => regions.has(region)),
  };
}

/** Accounts at once: with strict tolerance never more than may still fail, and one. */
function atMost(
  { failureTolerance, maxConcurrent, concurrencyMode }: Omit<StackSetPreferences, 'regionOrder'>,
  failures: number,
): number {
  return concurrencyMode === 'SOFT_FAILURE_TOLERANCE'
    ? maxConcurrent
    : Math.max(1, Math.min(maxConcurrent, failureTolerance + 1 - failures));
}

function contentOf({ template, capabilities }: StackSetDefinition, run: Run) {
  const { administrationRoleArn, executionRoleName } = run.permissions;
  return {
    Description: `${OURS}${template}`,
    TemplateBody: run.bodyOf(template),
    Capabilities: [...capabilities] as Capability[],
    ...(administrationRoleArn !== undefined && { AdministrationRoleARN: administrationRoleArn }),
    ...(executionRoleName !== undefined && { ExecutionRoleName: executionRoleName }),
    ...(run.tags && { Tags: Object.entries(run.tags).map(([Key, Value]) => ({ Key, Value })) }),
    // Operations on different accounts of one StackSet run beside each other; others wait for their turn.
    ManagedExecution: { Active: true },
    ...callAs(run),
  };
}

function callAs({ permissions }: Run): { CallAs?: 'DELEGATED_ADMIN' } {
  return permissions.delegatedAdministrator ? { CallAs: 'DELEGATED_ADMIN' } : {};
}

/** Whether what the StackSet itself says is another; values of its parameters stay those of its creation. */
function differs(definition: StackSetDefinition, live: StackSet, run: Run): boolean {
  const wanted = contentOf(definition, run);
  const known = new Set((live.Parameters ?? []).map(({ ParameterKey }) => ParameterKey));
  const tags = new Map((live.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  return (
    (live.TemplateBody ?? '').trim() !== wanted.TemplateBody.trim() ||
    [...(live.Capabilities ?? [])].sort().join() !== [...wanted.Capabilities].sort().join() ||
    Object.keys(definition.parameters).some((name) => !known.has(name)) ||
    (wanted.AdministrationRoleARN ?? live.AdministrationRoleARN) !== live.AdministrationRoleARN ||
    (wanted.ExecutionRoleName ?? live.ExecutionRoleName) !== live.ExecutionRoleName ||
    (wanted.Tags !== undefined &&
      (wanted.Tags.length !== tags.size || wanted.Tags.some(({ Key, Value }) => tags.get(Key) !== Value)))
  );
}

function refusalOf({ name }: StackSetDefinition, live: StackSet, { permissions }: Run): Finding | undefined {
  const model = live.PermissionModel ?? 'SELF_MANAGED';
  if (!live.Description?.startsWith(OURS))
    return {
      code: 'CFN765',
      severity: 'error',
      message: `there is a StackSet ${name} that plainform did not make; it was left as it is`,
      fix: 'give the StackSets of this register another name: --stack-sets-name',
    };
  if (model !== permissions.model)
    return {
      code: 'CFN765',
      severity: 'error',
      message: `${name} is ${model}; a StackSet that has instances cannot become ${permissions.model}`,
      fix: `say --permissions ${model === 'SELF_MANAGED' ? 'self-managed' : 'service-managed'}, or give the StackSets another name: --stack-sets-name`,
    };
  return undefined;
}

function strangerAt(
  { name, identity }: StackSetDefinition,
  instance: StackSetInstance,
  { overrides }: Live,
): Finding[] {
  const found = overrides.get(keyOf(instance))?.[identity];
  if (found === undefined || found === instance.overrides[identity]) return [];
  return [
    {
      code: 'CFN765',
      severity: 'error',
      message: `${name} has the stack of ${found} in ${placeOf(instance)}, where ${instance.overrides[identity]} (${instance.owner}) would be; it was left as it is`,
      fix: 'delete that instance first, or give the StackSets of this register another name: --stack-sets-name',
    },
  ];
}

function refuse(definition: StackSetDefinition, findings: readonly Finding[], run: Run): StackSetOutcome {
  run.findings.push(...findings);
  run.isHalted = true;
  return notBegun(definition);
}

function notBegun({ name, wave, instances }: StackSetDefinition): StackSetOutcome {
  return { name, wave, done: 'not begun', instances: instances.map(asNotBegun), left: [] };
}

function asNotBegun({ owner, account, region }: StackSetInstance): InstanceOutcome {
  return { owner, account, region, done: 'not begun' };
}

async function describeSet(name: string, run: Run): Promise<StackSet | undefined> {
  return send('DescribeStackSet', run, async () => {
    try {
      const { StackSet } = await run.client.send(new DescribeStackSetCommand({ StackSetName: name, ...callAs(run) }));
      return StackSet?.Status === 'DELETED' ? undefined : StackSet;
    } catch (error) {
      if ((error as Error).name === 'StackSetNotFoundException') return undefined;
      throw error;
    }
  });
}

async function instancesOf(name: string, run: Run): Promise<Map<string, StackInstanceSummary>> {
  const found = new Map<string, StackInstanceSummary>();
  let NextToken: string | undefined;
  do {
    const page = await send('ListStackInstances', run, () =>
      run.client.send(
        new ListStackInstancesCommand({
          StackSetName: name,
          MaxResults: 100,
          ...(NextToken && { NextToken }),
          ...callAs(run),
        }),
      ),
    );
    for (const summary of page.Summaries ?? [])
      found.set(keyOf({ account: summary.Account ?? '', region: summary.Region ?? '' }), summary);
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

async function overridesOf(
  name: string,
  { account, region }: StackSetInstance,
  run: Run,
): Promise<Record<string, string>> {
  const { StackInstance } = await send('DescribeStackInstance', run, () =>
    run.client.send(
      new DescribeStackInstanceCommand({
        StackSetName: name,
        StackInstanceAccount: account,
        StackInstanceRegion: region,
        ...callAs(run),
      }),
    ),
  );
  return Object.fromEntries(
    (StackInstance?.ParameterOverrides ?? []).map(({ ParameterKey = '', ParameterValue = '' }) => [
      ParameterKey,
      ParameterValue,
    ]),
  );
}

/** Waits for operations of an earlier run, or of somebody else. False: the signal ended the waiting. */
async function underWayEnded(name: string, run: Run): Promise<boolean> {
  let NextToken: string | undefined;
  do {
    const page = await send('ListStackSetOperations', run, () =>
      run.client.send(
        new ListStackSetOperationsCommand({ StackSetName: name, ...(NextToken && { NextToken }), ...callAs(run) }),
      ),
    );
    for (const { OperationId = '', Status } of page.Summaries ?? []) {
      if (FINAL.includes(Status)) continue;
      run.say?.(`${name}: waiting for operation ${OperationId}, which is ${Status}`);
      if ((await finalOf(name, OperationId, run)) === undefined) return false;
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return true;
}

/** Follows an operation that this run began; the signal stops it. */
async function follow(name: string, operation: string, run: Run): Promise<Operation> {
  const final = await finalOf(name, operation, run);
  if (!final) {
    await stop(name, operation, run);
    return { status: 'STOPPED', reason: undefined, results: new Map() };
  }
  return { status: final.Status!, reason: final.StatusReason, results: await resultsOf(name, operation, run) };
}

async function finalOf(name: string, operation: string, run: Run) {
  for (let wait = 2_000; ; wait = Math.min(wait * 1.5, 30_000)) {
    const { StackSetOperation } = await send('DescribeStackSetOperation', run, () =>
      run.client.send(
        new DescribeStackSetOperationCommand({ StackSetName: name, OperationId: operation, ...callAs(run) }),
      ),
    );
    if (FINAL.includes(StackSetOperation?.Status)) return StackSetOperation!;
    if (isAborted(run)) return undefined;
    await pause(wait, run);
    if (isAborted(run)) return undefined;
  }
}

async function stop(name: string, operation: string, run: Run): Promise<void> {
  run.stopped.push(`${name} (operation ${operation})`);
  await send('StopStackSetOperation', run, async () => {
    try {
      await run.client.send(
        new StopStackSetOperationCommand({ StackSetName: name, OperationId: operation, ...callAs(run) }),
      );
    } catch (error) {
      // It has ended in the meantime.
      if (!/InvalidOperation|OperationNotFound/.test((error as Error).name)) throw error;
    }
  });
}

async function resultsOf(
  name: string,
  operation: string,
  run: Run,
): Promise<Map<string, StackSetOperationResultSummary>> {
  const results = new Map<string, StackSetOperationResultSummary>();
  let NextToken: string | undefined;
  do {
    const page = await send('ListStackSetOperationResults', run, () =>
      run.client.send(
        new ListStackSetOperationResultsCommand({
          StackSetName: name,
          OperationId: operation,
          MaxResults: 100,
          ...(NextToken && { NextToken }),
          ...callAs(run),
        }),
      ),
    );
    for (const summary of page.Summaries ?? [])
      results.set(keyOf({ account: summary.Account ?? '', region: summary.Region ?? '' }), summary);
    NextToken = page.NextToken;
  } while (NextToken);
  return results;
}

const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|Rate exceeded/i;
/** Another operation is under way, or one that was just begun is not known everywhere yet. */
const PASSING = /^(OperationInProgress|OperationNotFound|StaleRequest)/;
const MOST_TRIES = 10;

/** A call that is tried again, ever later, while AWS says that there are too many, or that another operation is under way. */
async function send<T>(name: string, run: Run, work: () => Promise<T>): Promise<T> {
  try {
    for (let attempt = 1, wait = 1_000; ; attempt++, wait = Math.min(wait * 2, 30_000)) {
      try {
        return await work();
      } catch (error) {
        const { name: kind, message } = error as Error;
        const canWait = THROTTLED.test(`${kind}: ${message}`) || PASSING.test(kind);
        if (!canWait || attempt === MOST_TRIES || isAborted(run)) throw error;
        await pause(wait, run);
      }
    }
  } catch (error) {
    if (error instanceof CfnError) throw error;
    return call(`cloudformation:${name}`, run.target, () => Promise.reject(error));
  }
}

async function pause(milliseconds: number, { signal, pause: given }: Run): Promise<void> {
  if (signal?.aborted) return;
  if (given) await given(milliseconds);
  else await sleep(milliseconds, undefined, signal && { signal }).catch(() => undefined);
}

function isAborted({ signal }: Run): boolean {
  return signal?.aborted === true;
}

/**
 * Work on every item, at most `limit()` at a time, which may become less meanwhile. What is thrown is thrown when the work that is
 * under way has ended, and nothing more is begun: no operation is lost sight of.
 */
async function atOnce<T, R>(
  items: readonly T[],
  limit: () => number,
  run: Run,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const running = new Set<Promise<void>>();
  const thrown: unknown[] = [];
  let next = 0;
  while (next < items.length || running.size > 0) {
    while (next < items.length && thrown.length === 0 && running.size < limit()) {
      const index = next++;
      const one: Promise<void> = work(items[index]!)
        .then(
          (result) => {
            results[index] = result;
          },
          (error) => {
            thrown.push(error);
            run.isHalted = true;
          },
        )
        .finally(() => running.delete(one));
      running.add(one);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (thrown.length > 0) throw thrown[0];
  return results;
}

function deletionOf(name: string, { account, region }: { account: string; region: string }, run: Run): string {
  const { model, organizationalUnits } = run.permissions;
  const where =
    model === 'SELF_MANAGED'
      ? `--accounts ${account}`
      : `--deployment-targets OrganizationalUnitIds=${organizationalUnits.join(',')},Accounts=${account},AccountFilterType=INTERSECTION`;
  return `aws cloudformation delete-stack-instances --stack-set-name ${name} ${where} --regions ${region}`;
}

function failureOf(name: string, instance: StackSetInstance | undefined, reason: string, run: Run): Finding {
  return {
    code: 'CFN764',
    severity: 'error',
    message: instance
      ? `${name}: ${instance.owner} in ${placeOf(instance)} failed: ${reason}`
      : `${name}: the operation failed: ${reason}`,
    fix:
      instance && reason.startsWith('INOPERABLE')
        ? `take the instance out (${deletionOf(name, instance, run)} --retain-stacks), delete its stack by hand, and run it again`
        : 'mend the cause and run it again: what is done is kept',
  };
}

function reasonOf({ Status, StatusReason, AccountGateResult }: StackSetOperationResultSummary): string {
  return StatusReason ?? AccountGateResult?.StatusReason ?? `${Status ?? 'it'}, and no reason given`;
}

function stoppedOn(sets: readonly StackSetOutcome[], all: number, { stopped }: Run): CfnError {
  const begun = sets.filter(({ done }) => done !== 'not begun').length;
  return stoppedAt(
    [
      `${begun} of ${all} StackSets were begun`,
      ...stopped.map((operation) => `    ${operation} was asked to stop; stacks that it has begun come to their end`),
    ].join('\n'),
    'run it again: what is done is kept',
  );
}

function countOf(outcomes: readonly InstanceOutcome[]): string {
  const counts = new Map<Done, number>();
  for (const { done } of outcomes) counts.set(done, (counts.get(done) ?? 0) + 1);
  return [...counts].map(([done, count]) => `${count} ${done}`).join(', ') || 'no instances';
}

function parametersOf(values: Readonly<Record<string, string>>): Parameter[] {
  return Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
}

function sameValues(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function keyOf({ account, region }: { readonly account: string; readonly region: string }): string {
  return `${account} ${region}`;
}

function regionOf({ region }: { readonly region: string }): string {
  return region;
}

function placeOf({ account, region }: { readonly account: string; readonly region: string }): string {
  return `account ${account}, ${region}`;
}
