import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../../lib/project.ts';
import type { ResolvedTemplate } from '../../../lib/scenarios/resolve.ts';
import { ACCOUNT, at, committed, deployed } from '../staging/committed.ts';

const STACK = 'shared/observability';
const TOPIC = `arn:aws:sns:us-west-2:${ACCOUNT}:somewhere-alerts`;
const BALANCER = 'app/pikaia/50dc6c495c0c9188';

/** What both shapes of the app stack export. */
const EXPORTS = {
  AlertTopicArn: `arn:aws:sns:us-west-2:${ACCOUNT}:pikaia-alerts`,
  ClusterName: 'app-cluster',
  LoadBalancerArn: `arn:aws:elasticloadbalancing:us-west-2:${ACCOUNT}:loadbalancer/${BALANCER}`,
  ServiceName: 'app-service',
  TargetGroupFullName: 'targetgroup/pikaia/73e2d6bc24d8a067',
};
const OWN = { ...EXPORTS, DatabaseClusterId: 'pikaia-database' };

const full = (parameters: Record<string, string> = {}) => deployed(STACK, parameters, OWN);
/** Where nothing of a database can be imported. */
const consumer = (parameters: Record<string, string> = {}) =>
  deployed(STACK, { EnvironmentSuffix: 'shop', SharedInfraPrefix: '/shared-infra/prod', ...parameters }, EXPORTS);

const DATABASE = [
  'DatabaseCpuHighAlarm',
  'DatabaseConnectionsHighAlarm',
  'DatabaseCapacityHighAlarm',
  'ProxyWaitHighAlarm',
];
const SHARED = ['LoadBalancerErrorsAlarm', ...DATABASE];
const PROJECT = [
  ...['ErrorRateHighAlarm', 'ResponseTimeHighAlarm', 'UnhealthyHostsAlarm', 'ServiceCpuHighAlarm'],
  ...['ServiceMemoryHighAlarm', 'RunningTasksLowAlarm', 'EventConsumerErrorsAlarm', 'EventConsumerThrottlesAlarm'],
];

const alarms = (of: ResolvedTemplate) =>
  Object.entries(of.resources).flatMap(([id, { type }]) => (type === 'AWS::CloudWatch::Alarm' ? [id] : []));

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { title?: string; alarms?: string[]; metrics?: unknown[][] };
}

/** The dashboard as it is written for the chosen branch, with its variables where nothing is known of them yet. */
function widgets(shape: 'full' | 'consumer'): Widget[] {
  const { DashboardBody } = committed(STACK).Resources.OverviewDashboard!.Properties as unknown as {
    DashboardBody: { 'Fn::If': [string, ...{ 'Fn::Sub': [string, object] }[]] };
  };
  const [condition, whenOwned, otherwise] = DashboardBody['Fn::If'];
  expect(condition).toBe('OwnsInfrastructure');
  return JSON.parse((shape === 'full' ? whenOwned! : otherwise!)['Fn::Sub'][0]).widgets;
}

describe('what is watched', () => {
  test('of a project with infrastructure of its own: all', () => {
    expect(full().findings).toEqual([]);
    expect(alarms(full()).sort()).toEqual([...PROJECT, ...SHARED].sort());
  });

  test('of a consumer: what is its own, and nothing of the database is imported', () => {
    expect(consumer().findings).toEqual([]);
    expect(alarms(consumer()).sort()).toEqual([...PROJECT].sort());
    expect(JSON.stringify(consumer().resources)).not.toContain('AWS/RDS');
  });

  test.each<[string, string, string, Record<string, string>]>([
    [
      'ResponseTimeHighAlarm',
      'AWS/ApplicationELB',
      'TargetResponseTime',
      { LoadBalancer: BALANCER, TargetGroup: OWN.TargetGroupFullName },
    ],
    [
      'UnhealthyHostsAlarm',
      'AWS/ApplicationELB',
      'UnHealthyHostCount',
      { LoadBalancer: BALANCER, TargetGroup: OWN.TargetGroupFullName },
    ],
    ['LoadBalancerErrorsAlarm', 'AWS/ApplicationELB', 'HTTPCode_ELB_5XX_Count', { LoadBalancer: BALANCER }],
    ['ServiceCpuHighAlarm', 'AWS/ECS', 'CPUUtilization', { ClusterName: 'app-cluster', ServiceName: 'app-service' }],
    [
      'ServiceMemoryHighAlarm',
      'AWS/ECS',
      'MemoryUtilization',
      { ClusterName: 'app-cluster', ServiceName: 'app-service' },
    ],
    [
      'RunningTasksLowAlarm',
      'ECS/ContainerInsights',
      'RunningTaskCount',
      { ClusterName: 'app-cluster', ServiceName: 'app-service' },
    ],
    ['EventConsumerErrorsAlarm', 'AWS/Lambda', 'Errors', { FunctionName: 'pikaia-event-consumer' }],
    ['EventConsumerThrottlesAlarm', 'AWS/Lambda', 'Throttles', { FunctionName: 'pikaia-event-consumer' }],
    ['DatabaseCpuHighAlarm', 'AWS/RDS', 'CPUUtilization', { DBClusterIdentifier: 'pikaia-database' }],
    ['DatabaseConnectionsHighAlarm', 'AWS/RDS', 'DatabaseConnections', { DBClusterIdentifier: 'pikaia-database' }],
    ['DatabaseCapacityHighAlarm', 'AWS/RDS', 'ACUUtilization', { DBClusterIdentifier: 'pikaia-database' }],
    ['ProxyWaitHighAlarm', 'AWS/RDS', 'DatabaseConnectionsBorrowLatency', { ProxyName: 'pikaia-database' }],
  ])('%s watches %s %s', (id, namespace, metric, dimensions) => {
    expect([at(full(), id, 'Namespace'), at(full(), id, 'MetricName')]).toEqual([namespace, metric]);
    const given = at(full(), id, 'Dimensions') as unknown as { Name: string; Value: string }[];
    expect(Object.fromEntries(given.map(({ Name, Value }) => [Name, Value]))).toEqual(dimensions);
  });

  test('errors are counted as a share, of enough requests', () => {
    const [requests, errors, rate] = at(full(), 'ErrorRateHighAlarm', 'Metrics') as unknown as {
      Expression?: string;
      ReturnData: boolean;
      MetricStat: { Stat: string; Metric: { MetricName: string } };
    }[];
    expect(
      [requests, errors].map((one) => [one!.MetricStat.Metric.MetricName, one!.MetricStat.Stat, one!.ReturnData]),
    ).toEqual([
      ['RequestCount', 'Sum', false],
      ['HTTPCode_Target_5XX_Count', 'Sum', false],
    ]);
    expect(rate).toMatchObject({
      ReturnData: true,
      Expression: expect.stringContaining('100 * FILL(errors, 0) / requests'),
    });
  });

  test.each<[string, string, string, number]>([
    ['ErrorRatePercent', '5', 'ErrorRateHighAlarm', 5],
    ['ResponseTimeSeconds', '0.5', 'ResponseTimeHighAlarm', 0.5],
    ['FewestTasks', '3', 'RunningTasksLowAlarm', 3],
    ['DatabaseCapacityPercent', '70', 'DatabaseCapacityHighAlarm', 70],
  ])('%s is a threshold', (parameter, value, id, threshold) => {
    expect(at(full({ [parameter]: value }), id, 'Threshold')).toBe(threshold);
  });
});

describe('every alarm', () => {
  test.each([...PROJECT, ...SHARED])('%s notifies, when it goes off and when it is over', (id) => {
    for (const action of ['AlarmActions', 'OKActions']) {
      expect(at(full(), id, action)).toEqual([OWN.AlertTopicArn]);
      expect(at(full({ AlertTopicArn: TOPIC }), id, action)).toEqual([TOPIC]);
    }
  });

  test.each([...PROJECT, ...SHARED])('%s says what it means and what to do first', (id) => {
    expect(at(full(), id, 'AlarmDescription')).toMatch(/^.{20,}\. First: .{20,}\.$/);
  });

  test('has a name that is of the project, and no other alarm of its stacks has it', () => {
    const names = (stack: string) =>
      Object.values(committed(stack).Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::CloudWatch::Alarm' ? [JSON.stringify((Properties as { AlarmName: object }).AlarmName)] : [],
      );
    const all = [STACK, 'shared/events', 'shared/app', 'shared/network'].flatMap(names);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
    expect(all.filter((name) => !name.includes('${EnvironmentSuffix}-'))).toEqual([]);
  });
});

describe.each(['full', 'consumer'] as const)('the dashboard, %s', (shape) => {
  test('shows each alarm that there is, and no other', () => {
    const shown = widgets(shape).flatMap(({ properties }) => properties.alarms ?? []);
    expect(shown.map((reference) => reference.replace(/^\$\{(\w+)\.Arn\}$/, '$1')).sort()).toEqual(
      alarms(shape === 'full' ? full() : consumer()).sort(),
    );
  });

  test('lies on the grid without a gap to the left or an overlap', () => {
    const cells = widgets(shape).flatMap(({ x, y, width, height }) => {
      expect([x >= 0, x + width <= 24]).toEqual([true, true]);
      return Array.from(
        { length: width * height },
        (_, index) => `${x + (index % width)},${y + Math.floor(index / width)}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test('draws metrics by pairs of dimension and value', () => {
    for (const metric of widgets(shape).flatMap(({ properties }) => properties.metrics ?? [])) {
      const words = metric.filter((part) => typeof part === 'string');
      expect([words.length >= 4, words.length % 2]).toEqual([true, 0]);
    }
  });
});

test('a consumer sees no metric of what it shares; the provider sees all of it', () => {
  const metrics = (shape: 'full' | 'consumer') => JSON.stringify(widgets(shape));
  expect(metrics('consumer')).not.toMatch(/AWS\/RDS|HTTPCode_ELB/);
  for (const metric of [
    'CPUUtilization',
    'ServerlessDatabaseCapacity',
    'DatabaseConnections',
    'ClientConnections',
    'HTTPCode_ELB_5XX_Count',
  ])
    expect(metrics('full')).toContain(metric);
});

test.each([
  ['a standalone project', ['shared/network', 'shared/app'], OWN],
  ['a consumer', ['shared/app-consumer'], EXPORTS],
])('what it imports is exported by the stacks of %s', (_, stacks, needed) => {
  const exported = stacks.flatMap((stack) => Object.keys(committed(stack).Outputs ?? {}));
  expect(exported).toEqual(expect.arrayContaining(Object.keys(needed)));
});

test.each<[string, Record<string, string>]>([
  ['a prefix that is none', { SharedInfraPrefix: 'shared' }],
  ['more than all', { DatabaseCpuPercent: '101' }],
  ['no task at all', { FewestTasks: '0' }],
  ['a topic that is a queue', { AlertTopicArn: TOPIC.replace('sns', 'sqs') }],
])('%s is refused', (_, parameters) => {
  expect(full(parameters).findings).not.toEqual([]);
});

test('it deploys without a bucket, and writes no account or region out', () => {
  const text = readFileSync(fileInProject(`templates/${STACK}.yaml`), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51200);
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|af|me)-[a-z]+-[0-9]\b/);
});
