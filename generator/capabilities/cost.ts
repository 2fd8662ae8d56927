import {
  type AnyResource,
  fragment,
  join,
  meets,
  type Parameter,
  parameter,
  type Resource,
  resource,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

interface CostInputs {
  environmentSuffix: Parameter;
  alertTopic: Resource<'AWS::SNS::Topic'>;
  /** Has to stand before the budget, which publishes a test message when it is made. */
  alertTopicPolicy: AnyResource;
}

/**
 * A monthly budget for what carries the environment's tag. It counts only once the payer account has activated
 * `Environment` as a cost allocation tag. Free of charge (AWS Budgets pricing, 2026-11).
 */
export function cost({ environmentSuffix, alertTopic, alertTopicPolicy }: CostInputs) {
  const monthlyBudgetUsd = parameter('MonthlyBudgetUsd', 'Number', {
    group: 'Operations',
    label: 'Monthly budget (USD)',
    Description: 'What the environment may cost in a month, in USD. Counts resources by their Environment tag.',
    Default: 1000,
    MinValue: 1,
    MaxValue: 1000000,
  });
  const budgetWarningPercent = parameter('BudgetWarningPercent', 'Number', {
    group: 'Operations',
    label: 'Budget warning (percent spent)',
    Description: 'Share of the budget at which a first alert says how much is spent.',
    Default: 60,
    MinValue: 1,
    MaxValue: 100,
  });
  const budgetCriticalPercent = parameter('BudgetCriticalPercent', 'Number', {
    group: 'Operations',
    label: 'Budget critical (percent spent)',
    Description: 'Share of the budget at which a second alert says how much is spent.',
    Default: 90,
    MinValue: 1,
    MaxValue: 200,
  });
  const budgetForecastPercent = parameter('BudgetForecastPercent', 'Number', {
    group: 'Operations',
    label: 'Budget forecast (percent expected)',
    Description: 'Share of the budget that the forecast for the month may reach before an alert.',
    Default: 100,
    MinValue: 1,
    MaxValue: 200,
  });

  const notification = (kind: 'ACTUAL' | 'FORECASTED', percent: ReturnType<typeof parameter>) => ({
    Notification: {
      NotificationType: kind,
      ComparisonOperator: 'GREATER_THAN',
      Threshold: percent.ref,
      ThresholdType: 'PERCENTAGE',
    },
    Subscribers: [{ SubscriptionType: 'SNS', Address: alertTopic.ref }],
  });
  const monthlyBudget = resource('MonthlyBudget', 'AWS::Budgets::Budget', {
    comment: 'Alerts go to the topic alone, whose e-mail subscriber then hears of them once.',
    DependsOn: [alertTopicPolicy],
    Properties: {
      Budget: {
        BudgetName: named('monthly'),
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: monthlyBudgetUsd.ref, Unit: 'USD' },
        CostFilters: { TagKeyValue: [join('$', ['user:Environment', environmentSuffix.ref])] },
      },
      NotificationsWithSubscribers: meets('PF.Budget.alert', [
        notification('ACTUAL', budgetWarningPercent),
        notification('ACTUAL', budgetCriticalPercent),
        notification('FORECASTED', budgetForecastPercent),
      ]),
      ResourceTags: tags('monthly'),
    },
  });
  const outputs = [exportedOutput('MonthlyBudgetName', 'Name of the monthly budget.', named('monthly'))];

  return {
    fragment: fragment('Cost', [
      monthlyBudgetUsd,
      budgetWarningPercent,
      budgetCriticalPercent,
      budgetForecastPercent,
      monthlyBudget,
      ...outputs,
    ]),
  };
}
