import { aws, condition, equals, fragment, parameter, type Resource } from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';

interface Inputs {
  alertTopic: Resource<'AWS::SNS::Topic'>;
}

/** Alarm on the estimated charges of the whole account. Needs "billing alerts" switched on in the billing preferences. */
export function billingAlarm({ alertTopic }: Inputs) {
  const monthlyCharges = parameter('MonthlyChargesUsd', 'Number', {
    group: 'Operations',
    label: 'Billing alarm (USD a month)',
    Description: 'Estimated charges of the account in the current month above which the alarm goes off, in USD.',
    Default: 2000,
    MinValue: 1,
  });
  // The metric exists in this one region, whichever region the charges come from.
  const hasBillingMetrics = condition('HasBillingMetrics', equals(aws.region, 'us-east-1'));
  const estimatedCharges = alarm('EstimatedChargesAlarm', {
    name: 'estimated-charges',
    meaning: 'The account has spent more this month than planned.',
    first: 'open Cost Explorer grouped by the Environment tag and compare with last month.',
    namespace: 'AWS/Billing',
    metric: 'EstimatedCharges',
    dimensions: { Currency: 'USD' },
    statistic: 'Maximum',
    periodSeconds: 21600,
    breaching: 1,
    of: 1,
    comparison: 'GreaterThanThreshold',
    threshold: monthlyCharges.ref,
    missingData: 'notBreaching',
    topic: alertTopic.ref,
    condition: hasBillingMetrics,
  });
  return { fragment: fragment('Billing', [monthlyCharges, hasBillingMetrics, estimatedCharges]) };
}
