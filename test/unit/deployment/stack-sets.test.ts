import {
  CloudFormationClient,
  CreateStackInstancesCommand,
  type CreateStackInstancesCommandInput,
  CreateStackSetCommand,
  DescribeStackInstanceCommand,
  DescribeStackSetCommand,
  DescribeStackSetOperationCommand,
  ListStackInstancesCommand,
  ListStackSetOperationResultsCommand,
  ListStackSetOperationsCommand,
  ListStackSetsCommand,
  type StackSet as LiveSet,
  type Parameter,
  type StackInstance,
  type StackSetOperationPreferences,
  type StackSetOperationResultSummary,
  type StackSetOperationStatus,
  StopStackSetOperationCommand,
  UpdateStackInstancesCommand,
  UpdateStackSetCommand,
} from '@aws-sdk/client-cloudformation';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { CfnError } from '../../../lib/cfn/errors.ts';
import {
  deployStackSets,
  type StackSetDefinition,
  type StackSetInstance,
  type StackSetPreferences,
  type StackSetsOutcome,
  type StackSetsRequest,
} from '../../../lib/deployment/stack-sets.ts';

const mock = mockClient(CloudFormationClient);
const fault = (name: string, message = name) => Object.assign(new Error(message), { name });

interface FakeOperation {
  id: string;
  status: StackSetOperationStatus;
  /** Looks until it ends. */
  looks: number;
  end: () => void;
  results: StackSetOperationResultSummary[];
}

interface FakeSet {
  set: LiveSet;
  instances: Map<string, StackInstance>;
  operations: FakeOperation[];
}

/** StackSets of an administrator account, as far as the documentation of the API says how they behave. */
class Cloud {
  readonly sets = new Map<string, FakeSet>();
  /** Why an instance fails, by `account region` or `set account region`. */
  readonly failing = new Map<string, string>();
  /** Accounts that are in no organizational unit named. */
  readonly unreachable = new Set<string>();
  mostSets = 1_000;
  looks = 1;
  pageSize = 100;
  mostAtOnce = 0;
  private count = 0;

  setOf(name: string): FakeSet {
    const found = this.sets.get(name);
    if (!found) throw fault('StackSetNotFoundException');
    return found;
  }

  operation(
    set: FakeSet,
    places: readonly [string, string][],
    { FailureToleranceCount: tolerance = 0 }: StackSetOperationPreferences = {},
    change: (key: string) => void = () => {},
  ): string {
    const id = `operation-${++this.count}`;
    const results: StackSetOperationResultSummary[] = [];
    const operation: FakeOperation = { id, status: 'RUNNING', looks: this.looks, end: () => {}, results };
    const failures = () => results.filter(({ Status }) => Status === 'FAILED').length;
    operation.end = () => {
      for (const [Account, Region] of places) {
        const key = `${Account} ${Region}`;
        if (this.unreachable.has(Account)) continue;
        if (failures() > tolerance) {
          results.push({
            Account,
            Region,
            Status: 'CANCELLED',
            StatusReason: 'Cancelled since failure tolerance has exceeded',
          });
          continue;
        }
        const reason = this.failing.get(key) ?? this.failing.get(`${set.set.StackSetName} ${key}`);
        change(key);
        set.instances.get(key)!.Status = reason ? 'OUTDATED' : 'CURRENT';
        results.push({
          Account,
          Region,
          Status: reason ? 'FAILED' : 'SUCCEEDED',
          ...(reason && { StatusReason: reason }),
        });
      }
      operation.status = failures() > tolerance ? 'FAILED' : 'SUCCEEDED';
    };
    set.operations.push(operation);
    const running = [...this.sets.values()].flatMap(({ operations }) =>
      operations.filter(({ status }) => status === 'RUNNING'),
    );
    this.mostAtOnce = Math.max(this.mostAtOnce, running.length);
    return id;
  }

  look(name: string, id: string): FakeOperation {
    const operation = this.setOf(name).operations.find((one) => one.id === id);
    if (!operation) throw fault('OperationNotFoundException');
    if (operation.status === 'RUNNING' && operation.looks-- <= 0) operation.end();
    return operation;
  }
}

const valuesOf = (parameters: readonly Parameter[] = []) =>
  Object.fromEntries(parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));

let cloud: Cloud;

beforeEach(() => {
  cloud = new Cloud();
  mock.reset();
  mock.rejects(fault('AccessDenied', 'not expected'));
  mock.on(DescribeStackSetCommand).callsFake(({ StackSetName }) => ({ StackSet: cloud.setOf(StackSetName).set }));
  mock.on(ListStackSetsCommand).callsFake(({ NextToken }) => {
    const all = [...cloud.sets.values()].map(({ set: { StackSetName, Description } }) => ({
      StackSetName,
      Description,
    }));
    const from = Number(NextToken ?? 0);
    const to = from + cloud.pageSize;
    return { Summaries: all.slice(from, to), ...(to < all.length && { NextToken: String(to) }) };
  });
  mock.on(CreateStackSetCommand).callsFake((input) => {
    if (cloud.sets.size >= cloud.mostSets) throw fault('LimitExceededException', 'StackSets limit exceeded');
    cloud.sets.set(input.StackSetName, { set: { ...input, Status: 'ACTIVE' }, instances: new Map(), operations: [] });
    return { StackSetId: input.StackSetName };
  });
  mock.on(UpdateStackSetCommand).callsFake(({ OperationPreferences, Parameters, ...input }) => {
    const set = cloud.setOf(input.StackSetName);
    const before = valuesOf(set.set.Parameters);
    Object.assign(set.set, input, {
      Parameters: Parameters.map((one: Parameter) => ({
        ParameterKey: one.ParameterKey,
        ParameterValue: one.UsePreviousValue ? before[one.ParameterKey!] : one.ParameterValue,
      })),
    });
    const places = [...set.instances.values()].map(({ Account, Region }): [string, string] => [Account!, Region!]);
    for (const instance of set.instances.values()) instance.Status = 'OUTDATED';
    return { OperationId: cloud.operation(set, places, OperationPreferences) };
  });
  mock.on(ListStackInstancesCommand).callsFake(({ StackSetName, NextToken }) => {
    const all = [...cloud.setOf(StackSetName).instances.values()];
    const from = Number(NextToken ?? 0);
    const to = from + cloud.pageSize;
    return {
      Summaries: all.slice(from, to).map(({ ParameterOverrides: _overrides, ...summary }) => summary),
      ...(to < all.length && { NextToken: String(to) }),
    };
  });
  mock.on(DescribeStackInstanceCommand).callsFake((input) => ({
    StackInstance: cloud
      .setOf(input.StackSetName)
      .instances.get(`${input.StackInstanceAccount} ${input.StackInstanceRegion}`),
  }));
  const onInstances = (mustExist: boolean) => (input: CreateStackInstancesCommandInput) => {
    const set = cloud.setOf(input.StackSetName!);
    const accounts = input.Accounts ?? input.DeploymentTargets!.Accounts!;
    const places = accounts.flatMap((account) =>
      input.Regions!.map((region: string): [string, string] => [account, region]),
    );
    for (const [Account, Region] of places) {
      const key = `${Account} ${Region}`;
      if (mustExist && !set.instances.has(key)) throw fault('StackInstanceNotFoundException');
      if (!set.instances.has(key) && !cloud.unreachable.has(Account))
        set.instances.set(key, {
          Account,
          Region,
          Status: 'OUTDATED',
          StackInstanceStatus: { DetailedStatus: 'PENDING' },
        });
    }
    return {
      OperationId: cloud.operation(set, places, input.OperationPreferences, (key) => {
        set.instances.get(key)!.ParameterOverrides = input.ParameterOverrides;
      }),
    };
  };
  mock.on(CreateStackInstancesCommand).callsFake(onInstances(false));
  mock.on(UpdateStackInstancesCommand).callsFake(onInstances(true));
  mock.on(DescribeStackSetOperationCommand).callsFake(({ StackSetName, OperationId }) => ({
    StackSetOperation: { OperationId, Status: cloud.look(StackSetName, OperationId).status },
  }));
  mock.on(ListStackSetOperationsCommand).callsFake(({ StackSetName }) => ({
    Summaries: cloud.setOf(StackSetName).operations.map(({ id, status }) => ({ OperationId: id, Status: status })),
  }));
  mock.on(ListStackSetOperationResultsCommand).callsFake(({ StackSetName, OperationId }) => ({
    Summaries: cloud.look(StackSetName, OperationId).results,
  }));
  mock.on(StopStackSetOperationCommand).callsFake(({ StackSetName, OperationId }) => {
    const operation = cloud.look(StackSetName, OperationId);
    if (operation.status !== 'RUNNING') throw fault('InvalidOperationException');
    operation.status = 'STOPPED';
    return {};
  });
});

const instance = (n: number, more: Partial<StackSetInstance> = {}): StackSetInstance => ({
  owner: `p${n}`,
  account: String(n).padStart(12, '0'),
  region: 'us-west-2',
  overrides: { EnvironmentSuffix: `p${n}`, MaxTasks: '4' },
  ...more,
});

const definition = (name: string, wave: number, instances: StackSetInstance[]): StackSetDefinition => ({
  name,
  wave,
  template: `${name}.yaml`,
  capabilities: ['CAPABILITY_NAMED_IAM'],
  readsParameters: false,
  parameters: {},
  identity: 'EnvironmentSuffix',
  instances,
});

const PREFERENCES: StackSetPreferences = {
  failureTolerance: 0,
  maxConcurrent: 10,
  concurrencyMode: 'STRICT_FAILURE_TOLERANCE',
  regionOrder: [],
};

function deploy(definitions: readonly StackSetDefinition[], more: Partial<StackSetsRequest> = {}) {
  return deployStackSets({
    target: { region: 'us-west-2' },
    definitions,
    namesBegin: '',
    permissions: { model: 'SELF_MANAGED', organizationalUnits: [], delegatedAdministrator: false },
    preferences: PREFERENCES,
    bodyOf: (template) => `# ${template}`,
    pause: () => Promise.resolve(),
    ...more,
  });
}

const thrown = (work: Promise<unknown>): Promise<CfnError> =>
  work.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );

/** `network p1 created` */
const doneIn = ({ sets }: StackSetsOutcome) =>
  sets.flatMap(({ name, instances }) => instances.map(({ owner, done }) => `${name} ${owner} ${done}`));
const codesOf = ({ findings }: StackSetsOutcome) => findings.map(({ code }) => code);
const CHANGING = [
  CreateStackSetCommand,
  UpdateStackSetCommand,
  CreateStackInstancesCommand,
  UpdateStackInstancesCommand,
  StopStackSetOperationCommand,
];
const changes = () =>
  mock
    .calls()
    .filter(({ args: [command] }) => CHANGING.some((Command) => (command as unknown) instanceof Command))
    .map(({ args: [command] }) => {
      const { StackSetName, Accounts = [] } = command.input as { StackSetName: string; Accounts?: string[] };
      return [command.constructor.name.replace('Command', ''), StackSetName, ...Accounts.map(Number)].join(' ');
    });

describe('creation', () => {
  test('wave after wave: nothing of the second begins before all of the first is done', async () => {
    const outcome = await deploy([
      definition('app', 2, [instance(1), instance(2)]),
      definition('network', 1, [instance(1), instance(2)]),
    ]);
    expect(changes()).toEqual([
      'CreateStackSet network',
      'CreateStackInstances network 1',
      'CreateStackInstances network 2',
      'CreateStackSet app',
      'CreateStackInstances app 1',
      'CreateStackInstances app 2',
    ]);
    expect(doneIn(outcome)).toEqual(['network p1 created', 'network p2 created', 'app p1 created', 'app p2 created']);
    expect(outcome.findings).toEqual([]);
  });

  test('each instance has its own values, and the set only those without default', async () => {
    const one = { ...definition('app', 1, [instance(1), instance(2)]), parameters: { ImageUri: 'x:1' } };
    await deploy([one], { tags: { Owner: 'platform' } });
    const { set, instances } = cloud.setOf('app');
    expect(set).toMatchObject({
      TemplateBody: '# app.yaml',
      Description: 'plainform: app.yaml',
      PermissionModel: 'SELF_MANAGED',
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Parameters: [{ ParameterKey: 'ImageUri', ParameterValue: 'x:1' }],
      Tags: [{ Key: 'Owner', Value: 'platform' }],
      ManagedExecution: { Active: true },
    });
    expect(set.AutoDeployment).toBeUndefined();
    expect(mock.commandCalls(CreateStackInstancesCommand)[0]!.args[0].input.OperationPreferences).toEqual({
      FailureToleranceCount: 0,
      MaxConcurrentCount: 1,
    });
    expect([...instances.values()].map(({ ParameterOverrides }) => valuesOf(ParameterOverrides))).toEqual([
      { EnvironmentSuffix: 'p1', MaxTasks: '4' },
      { EnvironmentSuffix: 'p2', MaxTasks: '4' },
    ]);
  });

  test('with service-managed permissions accounts are named within their units, for whom the caller acts too', async () => {
    await deploy([definition('app', 1, [instance(1)])], {
      permissions: {
        model: 'SERVICE_MANAGED',
        organizationalUnits: ['ou-ab12-34567890'],
        delegatedAdministrator: true,
      },
    });
    expect(mock.commandCalls(CreateStackSetCommand)[0]!.args[0].input).toMatchObject({
      PermissionModel: 'SERVICE_MANAGED',
      AutoDeployment: { Enabled: false },
      CallAs: 'DELEGATED_ADMIN',
    });
    const { input } = mock.commandCalls(CreateStackInstancesCommand)[0]!.args[0];
    expect(input.Accounts).toBeUndefined();
    expect(input.DeploymentTargets).toEqual({
      OrganizationalUnitIds: ['ou-ab12-34567890'],
      Accounts: ['000000000001'],
      AccountFilterType: 'INTERSECTION',
    });
    const without = mock
      .calls()
      .filter(({ args: [command] }) => (command.input as { CallAs?: string }).CallAs !== 'DELEGATED_ADMIN');
    expect(without).toEqual([]);
  });

  test('an account outside of the units is a failure, although the operation succeeds', async () => {
    cloud.unreachable.add('000000000001');
    const outcome = await deploy([definition('app', 1, [instance(1)])], {
      permissions: {
        model: 'SERVICE_MANAGED',
        organizationalUnits: ['ou-ab12-34567890'],
        delegatedAdministrator: false,
      },
    });
    expect(codesOf(outcome)).toEqual(['CFN764']);
    expect(outcome.findings[0]!.message).toContain('is the account in ou-ab12-34567890');
  });

  test('a dry run changes nothing and says what would be done', async () => {
    const outcome = await deploy([definition('app', 1, [instance(1)])], { dryRun: true });
    expect(doneIn(outcome)).toEqual(['app p1 created']);
    expect(changes()).toEqual([]);
  });
});

describe('the second run', () => {
  const sets = () => [
    definition(
      'network',
      1,
      [1, 2, 3].map((n) => instance(n)),
    ),
  ];
  const deployed = async (definitions = sets()) => {
    await deploy(definitions);
    mock.resetHistory();
  };

  test('changes nothing where nothing differs', async () => {
    await deployed();
    const outcome = await deploy(sets());
    expect(changes()).toEqual([]);
    expect(doneIn(outcome)).toEqual(['network p1 unchanged', 'network p2 unchanged', 'network p3 unchanged']);
    expect(outcome.sets[0]!.done).toBe('unchanged');
  });

  test('finds instances beyond the first page', async () => {
    await deployed();
    cloud.pageSize = 2;
    expect(doneIn(await deploy(sets()))[2]).toBe('network p3 unchanged');
    expect(changes()).toEqual([]);
  });

  test.each([
    ['a value that differs', { EnvironmentSuffix: 'p2', MaxTasks: '8' }],
    ['a value more', { EnvironmentSuffix: 'p2', MaxTasks: '4', MinTasks: '2' }],
    ['a value less', { EnvironmentSuffix: 'p2' }],
  ])('updates only the instance with %s', async (_, overrides) => {
    await deployed();
    const outcome = await deploy([definition('network', 1, [instance(1), instance(2, { overrides }), instance(3)])]);
    expect(changes()).toEqual(['UpdateStackInstances network 2']);
    expect(doneIn(outcome)).toEqual(['network p1 unchanged', 'network p2 updated', 'network p3 unchanged']);
    expect(valuesOf(cloud.setOf('network').instances.get('000000000002 us-west-2')!.ParameterOverrides)).toEqual(
      overrides,
    );
  });

  test('creates only the instance that is new', async () => {
    await deployed();
    await deploy([definition('network', 1, [...sets()[0]!.instances, instance(4)])]);
    expect(changes()).toEqual(['CreateStackInstances network 4']);
  });

  test('updates the set, and all of its instances with it, where the template differs', async () => {
    await deployed();
    const outcome = await deploy(sets(), {
      bodyOf: () => '# newer',
      preferences: { ...PREFERENCES, failureTolerance: 2, maxConcurrent: 5, regionOrder: ['eu-west-1', 'us-west-2'] },
    });
    expect(changes()).toEqual(['UpdateStackSet network']);
    expect(outcome.sets[0]!.done).toBe('updated');
    expect(doneIn(outcome)).toEqual(['network p1 updated', 'network p2 updated', 'network p3 updated']);
    expect(mock.commandCalls(UpdateStackSetCommand)[0]!.args[0].input.OperationPreferences).toEqual({
      FailureToleranceCount: 2,
      MaxConcurrentCount: 3,
      ConcurrencyMode: 'STRICT_FAILURE_TOLERANCE',
      RegionConcurrencyType: 'SEQUENTIAL',
      RegionOrder: ['us-west-2'],
    });
  });

  test('keeps the values of the set, and gives one to a parameter that is new', async () => {
    const one = (parameters: Record<string, string>) => [{ ...sets()[0]!, parameters }];
    await deployed(one({ ImageUri: 'old' }));
    await deploy(one({ ImageUri: 'of another first instance', DomainName: 'api.example.com' }));
    expect(valuesOf(cloud.setOf('network').set.Parameters)).toEqual({ ImageUri: 'old', DomainName: 'api.example.com' });
    mock.resetHistory();
    await deploy(one({ ImageUri: 'yet another', DomainName: 'api.example.org' }));
    expect(changes()).toEqual([]);
  });

  test('a dry run says that all would be updated with the set, and waits for nobody', async () => {
    await deployed();
    cloud.looks = 1_000;
    cloud.operation(cloud.setOf('network'), []);
    const outcome = await deploy(sets(), { dryRun: true, bodyOf: () => '# newer' });
    expect(doneIn(outcome)).toEqual(['network p1 updated', 'network p2 updated', 'network p3 updated']);
    expect(changes()).toEqual([]);
    expect(cloud.setOf('network').operations.at(-1)!.status).toBe('RUNNING');
    expect(mock.commandCalls(DescribeStackSetOperationCommand)).toEqual([]);
  });

  test('does not operate again on an outdated instance that the update of the set brought up to date', async () => {
    await deployed();
    cloud.setOf('network').instances.get('000000000002 us-west-2')!.Status = 'OUTDATED';
    const outcome = await deploy(sets(), { bodyOf: () => '# newer' });
    expect(changes()).toEqual(['UpdateStackSet network']);
    expect(doneIn(outcome)).toEqual(['network p1 updated', 'network p2 updated', 'network p3 updated']);
  });

  test('updates the set where capabilities differ', async () => {
    await deployed();
    await deploy([{ ...sets()[0]!, capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'] }]);
    expect(changes()).toEqual(['UpdateStackSet network']);
  });

  test('updates the set where a tag is one too many', async () => {
    await deploy(sets(), { tags: { Owner: 'platform', Cost: '42' } });
    mock.resetHistory();
    await deploy(sets(), { tags: { Owner: 'platform' } });
    expect(changes()).toEqual(['UpdateStackSet network']);
    expect(cloud.setOf('network').set.Tags).toEqual([{ Key: 'Owner', Value: 'platform' }]);
  });

  test('creates a set anew whose name a deleted one had', async () => {
    mock.on(DescribeStackSetCommand).resolves({ StackSet: { StackSetName: 'network', Status: 'DELETED' } });
    await deploy(sets());
    expect(changes()[0]).toBe('CreateStackSet network');
  });

  test('updates values that differ after the template was updated', async () => {
    await deployed();
    const changed = instance(2, { overrides: { EnvironmentSuffix: 'p2', MaxTasks: '8' } });
    await deploy([definition('network', 1, [instance(1), changed, instance(3)])], { bodyOf: () => '# newer' });
    expect(changes()).toEqual(['UpdateStackSet network', 'UpdateStackInstances network 2']);
  });

  test.each([
    ['tags', { tags: { Owner: 'platform' } }],
    [
      'another role',
      {
        permissions: {
          model: 'SELF_MANAGED' as const,
          organizationalUnits: [],
          delegatedAdministrator: false,
          administrationRoleArn: 'arn:aws:iam::111111111111:role/Administration',
        },
      },
    ],
    [
      'a role',
      {
        permissions: {
          model: 'SELF_MANAGED' as const,
          organizationalUnits: [],
          delegatedAdministrator: false,
          executionRoleName: 'Deployer',
        },
      },
    ],
  ])('updates the set where %s differ', async (_, more) => {
    await deployed();
    await deploy(sets(), more);
    expect(changes()).toEqual(['UpdateStackSet network']);
    mock.resetHistory();
    await deploy(sets(), more);
    expect(changes()).toEqual([]);
  });

  test('an instance that the register does not have any more is told and left', async () => {
    await deployed();
    const outcome = await deploy([definition('network', 1, [instance(1), instance(3)])]);
    expect(changes()).toEqual([]);
    expect(codesOf(outcome)).toEqual(['CFN767']);
    expect(outcome.sets[0]!.left).toEqual([{ account: '000000000002', region: 'us-west-2' }]);
  });

  test('a StackSet that the register does not make any more is told; others are none of its business', async () => {
    const kept = definition('fleet-network', 1, [instance(1)]);
    await deployed([
      kept,
      definition('fleet-app-consumer-100', 2, [instance(1)]),
      definition('other-app', 2, [instance(1)]),
    ]);
    cloud.sets.set('fleet-wide-audit', {
      set: { StackSetName: 'fleet-wide-audit' },
      instances: new Map(),
      operations: [],
    });
    cloud.pageSize = 2;
    const outcome = await deploy([kept], { namesBegin: 'fleet-' });
    expect(outcome.findings).toMatchObject([
      { code: 'CFN767', severity: 'warning', message: expect.stringContaining('the StackSet fleet-app-consumer-100') },
    ]);
    expect(changes()).toEqual([]);
  });

  test('a custom role is given again where the set is updated and no role is named', async () => {
    const administrationRoleArn = 'arn:aws:iam::111111111111:role/Administration';
    const permissions = { model: 'SELF_MANAGED' as const, organizationalUnits: [], delegatedAdministrator: false };
    await deploy(sets(), { permissions: { ...permissions, administrationRoleArn } });
    await deploy(sets(), { permissions, bodyOf: () => '# newer' });
    expect(mock.commandCalls(UpdateStackSetCommand)[0]!.args[0].input.AdministrationRoleARN).toBe(
      administrationRoleArn,
    );
  });

  test('what reads SSM parameters is updated when its provider was, or when it is asked for', async () => {
    const all = (MaxTasks: string) => [
      definition('network', 1, [instance(1, { overrides: { EnvironmentSuffix: 'p1', MaxTasks } })]),
      {
        ...definition('app-consumer', 2, [
          instance(1, { owner: 'shop', provider: 'p1', overrides: { EnvironmentSuffix: 'shop' } }),
          instance(2, { owner: 'blog', provider: 'p2', overrides: { EnvironmentSuffix: 'blog' } }),
        ]),
        readsParameters: true,
      },
      definition('frontend', 3, [
        instance(1, { owner: 'shop', provider: 'p1', overrides: { EnvironmentSuffix: 'shop' } }),
      ]),
    ];
    await deployed(all('4'));
    await deploy(all('4'));
    expect(changes()).toEqual([]);
    await deploy(all('8'));
    expect(changes()).toEqual(['UpdateStackInstances network 1', 'UpdateStackInstances app-consumer 1']);
    mock.resetHistory();
    await deploy(all('8'), { refresh: true });
    expect(changes()).toEqual(['UpdateStackInstances app-consumer 1', 'UpdateStackInstances app-consumer 2']);
  });
});

describe('what is not to be touched', () => {
  const refused = async (outcome: StackSetsOutcome, text: string) => {
    expect(changes()).toEqual([]);
    expect(codesOf(outcome)).toEqual(['CFN765']);
    expect(outcome.findings[0]!.message).toContain(text);
  };
  beforeEach(async () => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.resetHistory();
  });

  test('a StackSet of somebody else', async () => {
    cloud.setOf('network').set.Description = 'baseline of the security team';
    await refused(
      await deploy([definition('network', 1, [instance(1)]), definition('app', 2, [instance(1)])]),
      'did not make',
    );
  });

  test('the stack of another owner in the same account and region', async () => {
    const other = instance(1, { owner: 'newcomer', overrides: { EnvironmentSuffix: 'newcomer', MaxTasks: '4' } });
    await refused(await deploy([definition('network', 1, [other])]), 'has the stack of p1 in account 000000000001');
  });

  test('a StackSet with the other permission model', async () => {
    const permissions = {
      model: 'SERVICE_MANAGED' as const,
      organizationalUnits: ['r-ab12'],
      delegatedAdministrator: false,
    };
    await refused(await deploy([definition('network', 1, [instance(1)])], { permissions }), 'is SELF_MANAGED');
  });
});

describe('failure', () => {
  const REASON = 'ResourceLogicalId:Vpc, ResourceStatusReason: The maximum number of VPCs has been reached.';

  test('is told with account, region, owner and reason, and nothing more is begun', async () => {
    cloud.failing.set('000000000002 us-west-2', REASON);
    const outcome = await deploy([
      definition(
        'network',
        1,
        [1, 2, 3].map((n) => instance(n)),
      ),
      definition('app', 2, [instance(1)]),
    ]);
    expect(changes()).toEqual([
      'CreateStackSet network',
      'CreateStackInstances network 1',
      'CreateStackInstances network 2',
    ]);
    expect(outcome.findings).toMatchObject([
      { code: 'CFN764', message: `network: p2 in account 000000000002, us-west-2 failed: ${REASON}` },
    ]);
    expect(doneIn(outcome)).toEqual([
      'network p1 created',
      'network p2 failed',
      'network p3 not begun',
      'app p1 not begun',
    ]);
  });

  test('the next run goes on where it stopped: what is done is kept', async () => {
    const all = () => [
      definition(
        'network',
        1,
        [1, 2, 3].map((n) => instance(n)),
      ),
      definition('app', 2, [instance(1)]),
    ];
    cloud.failing.set('000000000002 us-west-2', REASON);
    await deploy(all());
    mock.resetHistory();
    cloud.failing.clear();
    const outcome = await deploy(all());
    expect(changes()).toEqual([
      'CreateStackInstances network 2',
      'CreateStackInstances network 3',
      'CreateStackSet app',
      'CreateStackInstances app 1',
    ]);
    expect(outcome.findings).toEqual([]);
  });

  test('that is tolerated lets the others go on, but not what stands on what failed', async () => {
    cloud.failing.set('network 000000000001 us-west-2', REASON);
    const outcome = await deploy(
      [
        definition('network', 1, [instance(1), instance(2)]),
        definition('app', 2, [instance(1), instance(2)]),
        definition('app-consumer', 3, [
          instance(1, { owner: 'shop', provider: 'p1' }),
          instance(2, { owner: 'blog', provider: 'p2' }),
        ]),
        definition('frontend', 4, [instance(1, { owner: 'shop', provider: 'p1' })]),
      ],
      { preferences: { ...PREFERENCES, failureTolerance: 1 } },
    );
    expect(doneIn(outcome)).toEqual([
      'network p1 failed',
      'network p2 created',
      'app p1 not begun',
      'app p2 created',
      'app-consumer shop not begun',
      'app-consumer blog created',
      'frontend shop not begun',
    ]);
    expect(codesOf(outcome)).toEqual(['CFN764']);
  });

  test('in a region keeps the next region from being begun', async () => {
    cloud.failing.set('000000000001 eu-west-1', REASON);
    const outcome = await deploy([definition('network', 1, [instance(2), instance(1, { region: 'eu-west-1' })])], {
      preferences: { ...PREFERENCES, regionOrder: ['eu-west-1', 'us-west-2'] },
    });
    expect(doneIn(outcome)).toEqual(['network p2 not begun', 'network p1 failed']);
  });

  test('of an update of the set: each instance with its reason, and those that CloudFormation did not come to', async () => {
    const all = () => [definition('network', 1, [instance(1), instance(2)]), definition('app', 2, [instance(1)])];
    await deploy(all());
    cloud.failing.set('network 000000000001 us-west-2', REASON);
    const outcome = await deploy(all(), {
      bodyOf: (template) => (template === 'network.yaml' ? '# newer' : `# ${template}`),
    });
    expect(doneIn(outcome)).toEqual(['network p1 failed', 'network p2 not begun', 'app p1 not begun']);
    expect(outcome.sets[0]!.done).toBe('failed');
    expect(codesOf(outcome)).toEqual(['CFN764']);
    cloud.failing.clear();
    mock.resetHistory();
    const again = await deploy(all(), {
      bodyOf: (template) => (template === 'network.yaml' ? '# newer' : `# ${template}`),
    });
    expect(changes()).toEqual(['CreateStackInstances network 1', 'CreateStackInstances network 2']);
    expect(again.findings).toEqual([]);
  });

  test('of an update of the set that is tolerated: the others are updated, and nothing that stands on it', async () => {
    const all = () => ['network', 'app'].map((name, wave) => definition(name, wave, [instance(1), instance(2)]));
    await deploy(all());
    mock.resetHistory();
    cloud.failing.set('network 000000000001 us-west-2', REASON);
    const outcome = await deploy(all(), {
      bodyOf: () => '# newer',
      preferences: { ...PREFERENCES, failureTolerance: 1 },
    });
    expect(changes()).toEqual(['UpdateStackSet network']);
    expect(doneIn(outcome)).toEqual([
      'network p1 failed',
      'network p2 updated',
      'app p1 not begun',
      'app p2 not begun',
    ]);
  });

  test('of one that has no stack there yet lets the set of the others be updated', async () => {
    await deploy([definition('network', 1, [instance(2)]), definition('app', 2, [instance(2)])]);
    mock.resetHistory();
    cloud.failing.set('network 000000000001 us-west-2', REASON);
    const both = ['network', 'app'].map((name, wave) => definition(name, wave, [instance(1), instance(2)]));
    const outcome = await deploy(both, {
      bodyOf: (template) => (template === 'app.yaml' ? '# newer' : `# ${template}`),
      preferences: { ...PREFERENCES, failureTolerance: 1 },
    });
    expect(changes()).toEqual(['CreateStackInstances network 1', 'UpdateStackSet app']);
    expect(doneIn(outcome)).toEqual([
      'network p1 failed',
      'network p2 unchanged',
      'app p1 not begun',
      'app p2 updated',
    ]);
  });

  test('of an update of the set without any instance has the reason of the operation', async () => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.on(DescribeStackSetOperationCommand).callsFake(({ OperationId }) => ({
      StackSetOperation: { OperationId, Status: 'FAILED', StatusReason: 'the role cannot be assumed' },
    }));
    mock.on(ListStackSetOperationResultsCommand).resolves({});
    const outcome = await deploy([definition('network', 1, [instance(1)])], { bodyOf: () => '# newer' });
    expect(outcome.findings.map(({ message }) => message)).toEqual([
      'network: the operation failed: the role cannot be assumed',
    ]);
  });

  test.each([
    [
      'instances',
      [definition('network', 1, [instance(1), instance(2), instance(3)])],
      '# network.yaml',
      'p2 in account 000000000002, us-west-2 failed',
    ],
    ['the set', [definition('network', 1, [instance(1)])], '# newer', 'the operation failed'],
  ])('that is an operation on %s which somebody else stopped', async (_, definitions, body, text) => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.on(DescribeStackSetOperationCommand).callsFake(({ OperationId }) => ({
      StackSetOperation: { OperationId, Status: OperationId === 'operation-1' ? 'SUCCEEDED' : 'STOPPED' },
    }));
    const outcome = await deploy([...definitions, definition('app', 2, [instance(1)])], { bodyOf: () => body });
    expect(outcome.findings.map(({ message }) => message)).toEqual([`network: ${text}: the operation was stopped`]);
    expect(doneIn(outcome).at(-1)).toBe('app p1 not begun');
  });

  test('a call that is refused keeps further operations from being begun', async () => {
    mock.on(CreateStackInstancesCommand).rejects(fault('AccessDenied', 'not authorized'));
    const four = [1, 2, 3, 4].map((n) => instance(n));
    const preferences = { ...PREFERENCES, concurrencyMode: 'SOFT_FAILURE_TOLERANCE' as const, maxConcurrent: 2 };
    const error = await thrown(deploy([definition('network', 1, four)], { preferences }));
    expect(error.findings[0]!.code).toBe('CFN603');
    expect(mock.commandCalls(CreateStackInstancesCommand)).toHaveLength(2);
  });

  test('an instance that is INOPERABLE counts: beyond the tolerance nothing is begun', async () => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.resetHistory();
    Object.assign(cloud.setOf('network').instances.get('000000000001 us-west-2')!, { Status: 'INOPERABLE' });
    const outcome = await deploy([definition('network', 1, [instance(1), instance(2)])]);
    expect(changes()).toEqual([]);
    expect(doneIn(outcome)).toEqual(['network p1 failed', 'network p2 not begun']);
  });

  test('an instance that is INOPERABLE is not operated on', async () => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.resetHistory();
    Object.assign(cloud.setOf('network').instances.get('000000000001 us-west-2')!, {
      Status: 'INOPERABLE',
      StatusReason: 'deletion failed',
    });
    const outcome = await deploy([definition('network', 1, [instance(1)])]);
    expect(changes()).toEqual([]);
    expect(outcome.findings).toMatchObject([
      { code: 'CFN764', message: expect.stringContaining('INOPERABLE: deletion failed') },
    ]);
  });

  test('too many StackSets are told beforehand, and tried: the quota may have been raised', async () => {
    const taken = (n: number): FakeSet => ({ set: { StackSetName: `s${n}` }, instances: new Map(), operations: [] });
    for (let n = 0; n < 1_000; n++) cloud.sets.set(`s${n}`, taken(n));
    cloud.mostSets = 2_000;
    const outcome = await deploy([definition('network', 1, [instance(1)])]);
    expect(outcome.findings).toMatchObject([
      {
        code: 'CFN763',
        severity: 'warning',
        message: expect.stringContaining('1 StackSets are new and 1000 are there'),
      },
    ]);
    expect(doneIn(outcome)).toEqual(['network p1 created']);
  });

  test('the quota of StackSets is told as such', async () => {
    cloud.mostSets = 1;
    const error = await thrown(deploy([definition('network', 1, [instance(1)]), definition('app', 2, [instance(1)])]));
    expect(error.findings).toMatchObject([{ code: 'CFN763', message: expect.stringContaining('app was not created') }]);
    expect(error.exitCode).toBe(1);
  });

  test('a call that is refused ends the run when what is under way has ended', async () => {
    cloud.looks = 3;
    mock.on(CreateStackSetCommand, { StackSetName: 'b' }).rejects(fault('AccessDenied', 'not authorized'));
    const error = await thrown(deploy([definition('a', 1, [instance(1)]), definition('b', 1, [instance(1)])]));
    expect(error.findings[0]!.code).toBe('CFN603');
    expect(cloud.setOf('a').operations.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  });
});

describe('how many at once', () => {
  const five = () => [
    definition(
      'network',
      1,
      [1, 2, 3, 4, 5].map((n) => instance(n)),
    ),
  ];
  test.each([
    ['strict: one more than may fail', { failureTolerance: 1 }, 2],
    ['strict: not more than are allowed', { failureTolerance: 4, maxConcurrent: 3 }, 3],
    ['soft: as many as are allowed', { concurrencyMode: 'SOFT_FAILURE_TOLERANCE' as const, maxConcurrent: 4 }, 4],
  ])('%s', async (_, preferences, most) => {
    cloud.looks = 3;
    await deploy(five(), { preferences: { ...PREFERENCES, ...preferences } });
    expect(cloud.mostAtOnce).toBe(most);
  });

  test('strict: fewer with each failure', async () => {
    cloud.failing.set('000000000001 us-west-2', 'no');
    cloud.looks = 2;
    let mostAfterwards = 0;
    const operations = () => cloud.setOf('network').operations;
    await deploy(five(), {
      preferences: { ...PREFERENCES, failureTolerance: 1 },
      pause: async () => {
        if (operations().some(({ status }) => status === 'FAILED'))
          mostAfterwards = Math.max(
            mostAfterwards,
            operations()
              .slice(2)
              .filter(({ status }) => status === 'RUNNING').length,
          );
      },
    });
    expect(mostAfterwards).toBe(1);
  });
});

describe('throttling', () => {
  test('a call is tried again, later each time', async () => {
    const waits: number[] = [];
    mock
      .on(CreateStackSetCommand)
      .rejectsOnce(fault('Throttling', 'Rate exceeded'))
      .rejectsOnce(fault('ThrottlingException', 'Rate exceeded'))
      .rejectsOnce(fault('OperationInProgressException'))
      .callsFake((input) => {
        cloud.sets.set(input.StackSetName, { set: input, instances: new Map(), operations: [] });
        return {};
      });
    cloud.looks = 0;
    const outcome = await deploy([definition('network', 1, [instance(1)])], {
      pause: async (milliseconds) => waits.push(milliseconds),
    });
    expect(waits).toEqual([1000, 2000, 4000]);
    expect(doneIn(outcome)).toEqual(['network p1 created']);
  });

  test('in the end it is told', async () => {
    mock.on(DescribeStackSetCommand).rejects(fault('Throttling', 'Rate exceeded'));
    const error = await thrown(deploy([definition('network', 1, [instance(1)])]));
    expect(error.findings).toMatchObject([{ code: 'CFN604', message: expect.stringContaining('Rate exceeded') }]);
    expect(mock.commandCalls(DescribeStackSetCommand)).toHaveLength(10);
  });

  test('looks at an operation come ever later', async () => {
    const waits: number[] = [];
    cloud.looks = 12;
    await deploy([definition('network', 1, [instance(1)])], {
      pause: async (milliseconds) => waits.push(milliseconds),
    });
    expect(waits.slice(0, 3)).toEqual([2000, 3000, 4500]);
    expect(waits.at(-1)).toBe(30_000);
  });
});

describe('Ctrl-C', () => {
  test('stops what is under way, begins nothing more, and says so', async () => {
    const controller = new AbortController();
    cloud.looks = 1_000;
    let looks = 0;
    const error = await thrown(
      deploy([definition('network', 1, [instance(1), instance(2)]), definition('app', 2, [instance(1)])], {
        signal: controller.signal,
        pause: async () => {
          if (++looks === 3) controller.abort();
        },
      }),
    );
    expect(changes()).toEqual([
      'CreateStackSet network',
      'CreateStackInstances network 1',
      'StopStackSetOperation network',
    ]);
    expect(error.exitCode).toBe(130);
    expect(error.findings[0]).toMatchObject({
      code: 'CFN610',
      message: expect.stringContaining('1 of 2 StackSets were begun'),
    });
    expect(error.findings[0]!.message).toContain('network (operation operation-1)');
  });

  test('stops the update of a set', async () => {
    await deploy([definition('network', 1, [instance(1)])]);
    mock.resetHistory();
    const controller = new AbortController();
    cloud.looks = 1_000;
    const error = await thrown(
      deploy([definition('network', 1, [instance(1), instance(2)])], {
        signal: controller.signal,
        bodyOf: () => '# newer',
        pause: async () => controller.abort(),
      }),
    );
    expect(changes()).toEqual(['UpdateStackSet network', 'StopStackSetOperation network']);
    expect(error.findings.map(({ code }) => code)).toEqual(['CFN610']);
  });

  test('before anything was begun changes nothing', async () => {
    const controller = new AbortController();
    mock.on(DescribeStackSetCommand).callsFake(() => {
      controller.abort();
      throw fault('StackSetNotFoundException');
    });
    const error = await thrown(deploy([definition('network', 1, [instance(1)])], { signal: controller.signal }));
    expect(changes()).toEqual([]);
    expect(error.findings[0]!.message).toContain('0 of 1 StackSets were begun');
  });

  test('an operation that ended meanwhile is no error', async () => {
    const controller = new AbortController();
    cloud.looks = 1_000;
    const error = await thrown(
      deploy([definition('network', 1, [instance(1)])], {
        signal: controller.signal,
        pause: async () => {
          cloud.setOf('network').operations[0]!.end();
          controller.abort();
        },
      }),
    );
    expect(error.findings[0]!.code).toBe('CFN610');
  });

  test('the next run waits for operations of the one before, and goes on', async () => {
    const set = () => [definition('network', 1, [instance(1), instance(2)])];
    const controller = new AbortController();
    cloud.looks = 4;
    mock.on(StopStackSetOperationCommand).resolves({});
    await thrown(deploy(set(), { signal: controller.signal, pause: async () => controller.abort() }));
    expect(cloud.setOf('network').operations[0]!.status).toBe('RUNNING');
    mock.resetHistory();
    const said: string[] = [];
    const outcome = await deploy(set(), { say: (line) => said.push(line) });
    expect(said[0]).toBe('network: waiting for operation operation-1, which is RUNNING');
    expect(doneIn(outcome)).toEqual(['network p1 unchanged', 'network p2 created']);
    expect(changes()).toEqual(['CreateStackInstances network 2']);
  });
});

test('calls grow in line with the instances', async () => {
  const callsFor = async (instances: number) => {
    cloud.sets.clear();
    const sets = ['network', 'app'].map((name, wave) =>
      definition(
        name,
        wave,
        Array.from({ length: instances }, (_, n) => instance(n + 1)),
      ),
    );
    const count = async () => {
      mock.resetHistory();
      await deploy(sets);
      return mock.calls().length;
    };
    return [await count(), await count()];
  };
  const [created, again] = await callsFor(20);
  const [createdTwice, againTwice] = await callsFor(40);
  const [createdThrice, againThrice] = await callsFor(60);
  expect(createdThrice! - createdTwice!).toBe(createdTwice! - created!);
  expect(againThrice! - againTwice!).toBe(againTwice! - again!);
  expect(againTwice! - again!).toBe(2 * 20);
});
