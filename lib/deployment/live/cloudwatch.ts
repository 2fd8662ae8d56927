import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { clientOf, found, only, parsed, type Reader, statedParts } from './reading.ts';

export const alarm: Reader = async (resource) => {
  const client = clientOf(CloudWatchClient, resource.target);
  const { MetricAlarms } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [resource.physicalId], AlarmTypes: ['MetricAlarm'] }),
  );
  const live = MetricAlarms?.find(({ AlarmName }) => AlarmName === resource.physicalId);
  if (!live) return undefined;
  return {
    Arn: live.AlarmArn,
    ...only(
      live,
      'AlarmName',
      'AlarmDescription',
      'AlarmActions',
      'OKActions',
      'InsufficientDataActions',
      'ComparisonOperator',
      'DatapointsToAlarm',
      'Dimensions',
      'EvaluateLowSampleCountPercentile',
      'EvaluationPeriods',
      'ExtendedStatistic',
      'MetricName',
      'Metrics',
      'Namespace',
      'Period',
      'Statistic',
      'Threshold',
      'ThresholdMetricId',
      'Unit',
    ),
    ActionsEnabled: live.ActionsEnabled ?? true,
    TreatMissingData: live.TreatMissingData ?? 'missing',
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.AlarmArn) })),
  };
};

export const compositeAlarm: Reader = async (resource) => {
  const client = clientOf(CloudWatchClient, resource.target);
  const { CompositeAlarms } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [resource.physicalId], AlarmTypes: ['CompositeAlarm'] }),
  );
  const live = CompositeAlarms?.find(({ AlarmName }) => AlarmName === resource.physicalId);
  if (!live) return undefined;
  return {
    Arn: live.AlarmArn,
    ...only(
      live,
      'AlarmName',
      'AlarmDescription',
      'AlarmRule',
      'AlarmActions',
      'OKActions',
      'InsufficientDataActions',
      'ActionsSuppressor',
      'ActionsSuppressorExtensionPeriod',
      'ActionsSuppressorWaitPeriod',
    ),
    ActionsEnabled: live.ActionsEnabled ?? true,
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.AlarmArn) })),
  };
};

export const dashboard: Reader = async (resource) => {
  const client = clientOf(CloudWatchClient, resource.target);
  const live = await found(() => client.send(new GetDashboardCommand({ DashboardName: resource.physicalId })));
  if (!live) return undefined;
  return {
    DashboardName: live.DashboardName,
    DashboardBody: parsed(live.DashboardBody),
    ...(await statedParts(resource, { Tags: () => tagsOf(client, live.DashboardArn) })),
  };
};

async function tagsOf(client: CloudWatchClient, arn: string | undefined) {
  return (await client.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags;
}
