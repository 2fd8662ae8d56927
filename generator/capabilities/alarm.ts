import { type AnyValue, type Condition, resource, type Value } from '../../lib/cfn/index.ts';
import { named, tags } from './environment.ts';

export interface AlarmOptions {
  /** Physical name, after the suffix: `database-cpu-high`. */
  name: string;
  /** What it means, then what to do first. The runbook is made from it; the person on call reads it in the e-mail. */
  meaning: string;
  first: string;
  namespace: string;
  metric: string;
  dimensions: Readonly<Record<string, AnyValue>>;
  statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum';
  /** Length of one period in seconds, and how many of the last `of` periods have to breach. */
  periodSeconds: 60 | 300 | 3600 | 21600;
  breaching: number;
  of: number;
  comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  threshold: Value<number>;
  /** `missing` where silence itself is a symptom: then the topic hears of it too. */
  missingData: 'missing' | 'notBreaching';
  topic: Value<string>;
  condition?: Condition;
}

/** One CloudWatch alarm that notifies when it goes off and when it is over. 0.10 USD a month each (CloudWatch pricing, 2026-11). */
export function alarm(id: string, options: AlarmOptions) {
  return resource(id, 'AWS::CloudWatch::Alarm', {
    ...(options.condition && { Condition: options.condition }),
    Properties: {
      AlarmName: named(options.name),
      AlarmDescription: `${options.meaning} First: ${options.first}`,
      Namespace: options.namespace,
      MetricName: options.metric,
      Dimensions: Object.entries(options.dimensions).map(([Name, Value]) => ({ Name, Value: Value as Value<string> })),
      Statistic: options.statistic,
      Period: options.periodSeconds,
      EvaluationPeriods: options.of,
      DatapointsToAlarm: options.breaching,
      ComparisonOperator: options.comparison,
      Threshold: options.threshold,
      TreatMissingData: options.missingData,
      AlarmActions: [options.topic],
      OKActions: [options.topic],
      ...(options.missingData === 'missing' && { InsufficientDataActions: [options.topic] }),
      Tags: tags(options.name),
    },
  });
}
