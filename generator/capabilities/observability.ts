import {
  condition,
  equals,
  type Fragment,
  fragment,
  parameter,
  resource,
  select,
  split,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';
import { graph, layOut, type Metric, type Place, place, text } from './widgets.ts';

interface Inputs {
  alertTopicArn: Value<string>;
}

const FIVE_MINUTES = 300;

/**
 * Alarms and a dashboard of a project: load balancer, service, events, and database and proxy where they are its own. What
 * is shared the provider watches. 0.10 USD a month an alarm, 3 the dashboard (CloudWatch pricing, 2026-11).
 */
export function observability({ alertTopicArn: topic }: Inputs): { fragment: Fragment } {
  const sharedInfraPrefix = parameter('SharedInfraPrefix', 'String', {
    group: 'Required',
    label: 'Prefix of another project',
    Description: 'For consumers: path under which the provider writes its SSM parameters. Empty: all is watched.',
    Default: '',
    AllowedPattern: '^$|^(/[A-Za-z0-9_.-]+)+$',
    MaxLength: 200,
    ConstraintDescription: 'Give a path as in /shared-infra/prod, or leave it empty.',
  });
  const number = (
    id: string,
    label: string,
    Description: string,
    limits: { Default: number; MinValue: number; MaxValue: number },
  ) => parameter(id, 'Number', { group: 'Operations', label, Description, ...limits });
  const errorPercent = number(
    'ErrorRatePercent',
    'Error rate alarm (percent)',
    'Share of requests that the service answers with 5xx above which the alarm goes off, in percent.',
    { Default: 1, MinValue: 0, MaxValue: 100 },
  );
  const balancerErrors = number(
    'LoadBalancerErrorLimit',
    'Load balancer errors alarm (in 5 minutes)',
    'Answers with 5xx of the load balancer itself in five minutes above which the alarm goes off.',
    { Default: 10, MinValue: 0, MaxValue: 1000000 },
  );
  const responseSeconds = number(
    'ResponseTimeSeconds',
    'Response time alarm (seconds)',
    'Mean time to the answer of a task above which the alarm goes off, in seconds.',
    { Default: 1, MinValue: 0.01, MaxValue: 300 },
  );
  const cpuPercent = number(
    'ServiceCpuPercent',
    'Service CPU alarm (percent)',
    'Mean CPU of the tasks above which the alarm goes off, in percent. Scaling begins earlier.',
    { Default: 85, MinValue: 10, MaxValue: 100 },
  );
  const memoryPercent = number(
    'ServiceMemoryPercent',
    'Service memory alarm (percent)',
    'Mean memory of the tasks above which the alarm goes off, in percent.',
    { Default: 85, MinValue: 10, MaxValue: 100 },
  );
  const fewestTasks = number('FewestTasks', 'Running tasks alarm', 'Running tasks below which the alarm goes off.', {
    Default: 1,
    MinValue: 1,
    MaxValue: 1000,
  });
  const databaseCpu = number(
    'DatabaseCpuPercent',
    'Database CPU alarm (percent)',
    'Mean CPU of the cluster above which the alarm goes off, in percent.',
    { Default: 80, MinValue: 10, MaxValue: 100 },
  );
  const connections = number(
    'DatabaseConnectionLimit',
    'Database connections alarm',
    'Open connections to the cluster above which the alarm goes off. A greatest capacity of 4 ACU accepts about 820.',
    { Default: 600, MinValue: 1, MaxValue: 5000 },
  );
  const capacityPercent = number(
    'DatabaseCapacityPercent',
    'Database capacity alarm (percent)',
    'Share of the greatest ACU in use above which the alarm goes off, in percent.',
    { Default: 90, MinValue: 10, MaxValue: 100 },
  );
  const borrowMicroseconds = number(
    'ProxyBorrowMicroseconds',
    'Proxy wait alarm (microseconds)',
    'Mean wait of a client for a connection of the proxy above which the alarm goes off, in microseconds.',
    { Default: 500000, MinValue: 1000, MaxValue: 60000000 },
  );
  const ownsInfrastructure = condition('OwnsInfrastructure', equals(sharedInfraPrefix.ref, ''));

  // Both shapes of the app stack export the ARN: …:loadbalancer/app/name/id.
  const balancer = { LoadBalancer: select(1, split('loadbalancer/', imported('LoadBalancerArn'))) };
  const target = { ...balancer, TargetGroup: imported('TargetGroupFullName') };
  const service = { ClusterName: imported('ClusterName'), ServiceName: imported('ServiceName') };
  const cluster = { DBClusterIdentifier: imported('DatabaseClusterId') };
  const proxy = { ProxyName: named('database') };
  const consumer = { FunctionName: named('event-consumer') };

  const usual = { topic, periodSeconds: FIVE_MINUTES, comparison: 'GreaterThanThreshold' } as const;
  const own = { ...usual, condition: ownsInfrastructure, missingData: 'missing', breaching: 3, of: 3 } as const;
  const balancing = { ...usual, namespace: 'AWS/ApplicationELB', missingData: 'notBreaching' } as const;

  const dimensionsOf = (dimensions: Readonly<Record<string, Value<string>>>) =>
    Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const count = (Id: string, MetricName: string) => ({
    Id,
    MetricStat: {
      Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions: dimensionsOf(target) },
      Period: FIVE_MINUTES,
      Stat: 'Sum',
    },
    ReturnData: false,
  });
  const errorRate = resource('ErrorRateHighAlarm', 'AWS::CloudWatch::Alarm', {
    comment:
      'A share, not a number, and none of fewer than 20 requests: the number is watched while a deployment runs.',
    Properties: {
      AlarmName: named('error-rate-high'),
      AlarmDescription:
        'The service fails more requests than it should (5xx, in percent). First: read the log of the application from the first error on, and compare with the last deployment.',
      Metrics: [
        count('requests', 'RequestCount'),
        count('errors', 'HTTPCode_Target_5XX_Count'),
        {
          Id: 'rate',
          Label: '5xx (%)',
          Expression: 'IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)',
          ReturnData: true,
        },
      ],
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: errorPercent.ref,
      TreatMissingData: 'notBreaching',
      AlarmActions: [topic],
      OKActions: [topic],
      Tags: tags('error-rate-high'),
    },
  });
  const always = [
    errorRate,
    alarm('ResponseTimeHighAlarm', {
      ...balancing,
      name: 'response-time-high',
      meaning: 'The service answers slowly.',
      first: 'compare CPU of the service with connections and CPU of the database; look for a statement that waits.',
      metric: 'TargetResponseTime',
      dimensions: target,
      statistic: 'Average',
      breaching: 3,
      of: 3,
      threshold: responseSeconds.ref,
    }),
    alarm('UnhealthyHostsAlarm', {
      ...balancing,
      name: 'unhealthy-hosts',
      meaning: 'The load balancer takes a task for unhealthy and sends it nothing.',
      first: "read why the last tasks stopped in the service's events, then the log of the application.",
      metric: 'UnHealthyHostCount',
      dimensions: target,
      statistic: 'Maximum',
      breaching: 2,
      of: 3,
      threshold: 0,
    }),
    alarm('ServiceCpuHighAlarm', {
      ...usual,
      name: 'service-cpu-high',
      meaning: 'The tasks are short of CPU although the service scales.',
      first: 'see whether the greatest number of tasks is reached; raise it, or the size of a task.',
      namespace: 'AWS/ECS',
      metric: 'CPUUtilization',
      dimensions: service,
      statistic: 'Average',
      breaching: 3,
      of: 3,
      threshold: cpuPercent.ref,
      missingData: 'missing',
    }),
    alarm('ServiceMemoryHighAlarm', {
      ...usual,
      name: 'service-memory-high',
      meaning: 'The tasks are nearly out of memory; the next to run out is stopped.',
      first: 'see whether memory grows without load, which is a leak; raise the size of a task if the load is real.',
      namespace: 'AWS/ECS',
      metric: 'MemoryUtilization',
      dimensions: service,
      statistic: 'Average',
      breaching: 3,
      of: 3,
      threshold: memoryPercent.ref,
      missingData: 'missing',
    }),
    alarm('RunningTasksLowAlarm', {
      ...usual,
      name: 'running-tasks-low',
      meaning: 'Fewer tasks run than have to.',
      first: "read the service's events: an image that cannot be pulled, a secret that cannot be read, no capacity.",
      namespace: 'ECS/ContainerInsights',
      metric: 'RunningTaskCount',
      dimensions: service,
      statistic: 'Minimum',
      breaching: 3,
      of: 3,
      comparison: 'LessThanThreshold',
      threshold: fewestTasks.ref,
      missingData: 'missing',
    }),
    ...(['Errors', 'Throttles'] as const).map((metric) =>
      alarm(`EventConsumer${metric}Alarm`, {
        ...usual,
        name: `event-consumer-${metric.toLowerCase()}`,
        ...{
          Errors: {
            meaning: 'The consumer of events ended with an error; its batch is shown again.',
            first: 'read the last lines of its log group: a time limit, no memory, or no network.',
          },
          Throttles: {
            meaning: 'Lambda refused to start the consumer of events: the account is at its limit.',
            first: 'look at the concurrency of the account and at what takes it.',
          },
        }[metric],
        namespace: 'AWS/Lambda',
        metric,
        dimensions: consumer,
        statistic: 'Sum',
        breaching: 1,
        of: 1,
        threshold: 0,
        missingData: 'notBreaching',
      }),
    ),
  ];
  const whereOwned = [
    alarm('LoadBalancerErrorsAlarm', {
      ...balancing,
      condition: ownsInfrastructure,
      name: 'load-balancer-errors',
      meaning: 'The load balancer answers with 5xx itself: it reached no task, or none answered in time.',
      first: 'look at healthy hosts first, then at the response time; a project that shares it may be the cause.',
      metric: 'HTTPCode_ELB_5XX_Count',
      dimensions: balancer,
      statistic: 'Sum',
      breaching: 2,
      of: 3,
      threshold: balancerErrors.ref,
    }),
    alarm('DatabaseCpuHighAlarm', {
      ...own,
      name: 'database-cpu-high',
      meaning: 'The cluster has been short of CPU for 15 minutes.',
      first: 'find the statements with the most load in Performance Insights, and whose project they are.',
      namespace: 'AWS/RDS',
      metric: 'CPUUtilization',
      dimensions: cluster,
      statistic: 'Average',
      threshold: databaseCpu.ref,
    }),
    alarm('DatabaseConnectionsHighAlarm', {
      ...own,
      name: 'database-connections-high',
      meaning: 'More connections are open than the cluster is sized for; new ones may soon be refused.',
      first: 'list pg_stat_activity by user and state: each project has a user of its own, and a limit.',
      namespace: 'AWS/RDS',
      metric: 'DatabaseConnections',
      dimensions: cluster,
      statistic: 'Maximum',
      threshold: connections.ref,
    }),
    alarm('DatabaseCapacityHighAlarm', {
      ...own,
      name: 'database-capacity-high',
      meaning: 'The cluster has nearly scaled to its greatest capacity; everything that shares it slows down.',
      first: 'find what takes it in Performance Insights; raise the greatest ACU, or let a project stand alone.',
      namespace: 'AWS/RDS',
      metric: 'ACUUtilization',
      dimensions: cluster,
      statistic: 'Average',
      threshold: capacityPercent.ref,
    }),
    alarm('ProxyWaitHighAlarm', {
      ...own,
      name: 'proxy-wait-high',
      meaning: 'Clients wait for a connection of the proxy.',
      first: 'look for pinned sessions and for transactions that stay open; then at connections of the database.',
      namespace: 'AWS/RDS',
      metric: 'DatabaseConnectionsBorrowLatency',
      dimensions: proxy,
      statistic: 'Average',
      threshold: borrowMicroseconds.ref,
      missingData: 'notBreaching',
    }),
  ];

  const names = {
    Balancer: balancer.LoadBalancer,
    Cluster: service.ClusterName,
    Service: service.ServiceName,
    Target: target.TargetGroup,
  };
  const idsOf = (alarms: readonly { id: string }[]) => alarms.map(({ id }) => id);
  const overview = resource('OverviewDashboard', 'AWS::CloudWatch::Dashboard', {
    comment: 'For the person on call. Of what is shared the provider has one of its own.',
    Properties: {
      DashboardName: named('overview'),
      DashboardBody: ownsInfrastructure.pick<string>(
        sub(body(idsOf([...always, ...whereOwned]), [...projectGraphs(), ...databaseGraphs()]), {
          ...names,
          Database: cluster.DBClusterIdentifier,
        }),
        sub(body(idsOf(always), projectGraphs()), names),
      ),
      Tags: tags('overview'),
    },
  });
  const url = exportedOutput(
    'DashboardUrl',
    'The dashboard in the console.',
    sub(
      'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${OverviewDashboard}',
    ),
  );
  return {
    fragment: fragment('Observability', [
      ...[sharedInfraPrefix, errorPercent, balancerErrors, responseSeconds, cpuPercent, memoryPercent, fewestTasks],
      ...[databaseCpu, connections, capacityPercent, borrowMicroseconds, ownsInfrastructure],
      ...[...always, ...whereOwned, overview, url],
    ]),
  };
}

type Graph = readonly [title: string, stat: string, metrics: readonly Metric[]];

function body(alarmIds: readonly string[], graphs: readonly Graph[]): string {
  const widgets = [
    text(
      { x: 0, y: 0, width: 24, height: 2 },
      '# ${EnvironmentSuffix} (${EnvironmentType})\nWhat each alarm means and what to do first is in its description.',
    ),
    {
      type: 'alarm',
      ...place({ x: 0, y: 2, width: 24, height: 4 }),
      properties: { title: 'Alarms', alarms: alarmIds.map((id) => `\${${id}.Arn}`) },
    },
    ...graphs.map(([title, stat, metrics], index) => graph(cell(index), title, stat, metrics)),
  ];
  return `${layOut({ start: '-P1D', widgets })}\n`;
}

/** Three graphs a row, below the alarms. */
function cell(index: number): Place {
  return { x: (index % 3) * 8, y: 6 + Math.floor(index / 3) * 6, width: 8, height: 6 };
}

function projectGraphs(): Graph[] {
  const target = ['TargetGroup', '${Target}', 'LoadBalancer', '${Balancer}'] as const;
  const service = ['ClusterName', '${Cluster}', 'ServiceName', '${Service}'] as const;
  const queue = (name: string) => ['QueueName', `\${EnvironmentSuffix}-${name}`] as const;
  const consumer = ['FunctionName', '${EnvironmentSuffix}-event-consumer'] as const;
  return [
    [
      'Requests and answers with 5xx',
      'Sum',
      [
        ['AWS/ApplicationELB', 'RequestCount', ...target, { label: 'requests' }],
        ['AWS/ApplicationELB', 'HTTPCode_Target_5XX_Count', ...target, { label: '5xx', yAxis: 'right' }],
      ],
    ],
    [
      'Response time (s)',
      'Average',
      [
        ['AWS/ApplicationELB', 'TargetResponseTime', ...target, { label: 'mean' }],
        ['AWS/ApplicationELB', 'TargetResponseTime', ...target, { label: 'p95', stat: 'p95' }],
      ],
    ],
    [
      'Tasks',
      'Minimum',
      [
        ['AWS/ApplicationELB', 'HealthyHostCount', ...target, { label: 'healthy' }],
        ['AWS/ApplicationELB', 'UnHealthyHostCount', ...target, { label: 'unhealthy', stat: 'Maximum' }],
        ['ECS/ContainerInsights', 'RunningTaskCount', ...service, { label: 'running' }],
      ],
    ],
    [
      'Service: CPU and memory (%)',
      'Average',
      [
        ['AWS/ECS', 'CPUUtilization', ...service, { label: 'CPU' }],
        ['AWS/ECS', 'MemoryUtilization', ...service, { label: 'memory' }],
      ],
    ],
    [
      'Events: waiting and given up',
      'Maximum',
      [
        ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', ...queue('events'), { label: 'waiting' }],
        ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', ...queue('event-dead-letters'), { label: 'given up' }],
        ['AWS/SQS', 'ApproximateAgeOfOldestMessage', ...queue('events'), { label: 'oldest (s)', yAxis: 'right' }],
      ],
    ],
    [
      'Events: consumer',
      'Sum',
      [
        ['AWS/Lambda', 'Invocations', ...consumer, { label: 'batches' }],
        ['AWS/Lambda', 'Errors', ...consumer, { label: 'errors', yAxis: 'right' }],
        ['AWS/Lambda', 'Throttles', ...consumer, { label: 'throttles', yAxis: 'right' }],
      ],
    ],
  ];
}

function databaseGraphs(): Graph[] {
  const balancer = ['LoadBalancer', '${Balancer}'] as const;
  const cluster = ['DBClusterIdentifier', '${Database}'] as const;
  const proxy = ['ProxyName', '${EnvironmentSuffix}-database'] as const;
  return [
    [
      'Database: CPU (%) and capacity (ACU)',
      'Average',
      [
        ['AWS/RDS', 'CPUUtilization', ...cluster, { label: 'CPU' }],
        ['AWS/RDS', 'ServerlessDatabaseCapacity', ...cluster, { label: 'ACU', yAxis: 'right' }],
      ],
    ],
    [
      'Database: connections',
      'Maximum',
      [
        ['AWS/RDS', 'DatabaseConnections', ...cluster, { label: 'of the cluster' }],
        ['AWS/RDS', 'ClientConnections', ...proxy, { label: 'of clients to the proxy' }],
      ],
    ],
    [
      'Load balancer: errors of its own; proxy: wait (microseconds)',
      'Sum',
      [
        ['AWS/ApplicationELB', 'HTTPCode_ELB_5XX_Count', ...balancer, { label: '5xx' }],
        [
          'AWS/RDS',
          'DatabaseConnectionsBorrowLatency',
          ...proxy,
          { label: 'wait for a connection', stat: 'Average', yAxis: 'right' },
        ],
      ],
    ],
  ];
}
