import {
  BudgetsClient,
  DescribeBudgetCommand,
  DescribeNotificationsForBudgetCommand,
  DescribeSubscribersForNotificationCommand,
  ListTagsForResourceCommand,
  type Notification,
} from '@aws-sdk/client-budgets';
import { clientOf, found, only, pages, type Reader, statedParts } from './reading.ts';

export const budget: Reader = async (resource) => {
  const client = clientOf(BudgetsClient, resource.target);
  const key = { AccountId: resource.account, BudgetName: resource.physicalId };
  const answer = await found(() => client.send(new DescribeBudgetCommand(key)));
  if (!answer?.Budget) return undefined;
  const { BudgetLimit } = answer.Budget;
  return {
    Budget: {
      ...only(answer.Budget, 'BudgetName', 'BudgetType', 'TimeUnit', 'CostFilters', 'CostTypes'),
      BudgetLimit: BudgetLimit && { Amount: Number(BudgetLimit.Amount), Unit: BudgetLimit.Unit },
    },
    ...(await statedParts(resource, {
      NotificationsWithSubscribers: async () => {
        const notifications = await pages(async (NextToken) => {
          const page = await client.send(new DescribeNotificationsForBudgetCommand({ ...key, NextToken }));
          return { items: page.Notifications, next: page.NextToken };
        });
        return Promise.all(notifications.map(async (each) => withSubscribers(client, key, each)));
      },
      ResourceTags: async () => {
        const ResourceARN = `arn:${resource.partition}:budgets::${resource.account}:budget/${resource.physicalId}`;
        return (await client.send(new ListTagsForResourceCommand({ ResourceARN }))).ResourceTags;
      },
    })),
  };
};

async function withSubscribers(
  client: BudgetsClient,
  key: { AccountId: string; BudgetName: string },
  notification: Notification,
) {
  const subscribers = await pages(async (NextToken) => {
    const page = await client.send(
      new DescribeSubscribersForNotificationCommand({ ...key, Notification: notification, NextToken }),
    );
    return { items: page.Subscribers, next: page.NextToken };
  });
  return {
    Notification: {
      ...only(notification, 'NotificationType', 'ComparisonOperator', 'Threshold'),
      ThresholdType: notification.ThresholdType ?? 'PERCENTAGE',
    },
    Subscribers: subscribers.map((subscriber) => only(subscriber, 'SubscriptionType', 'Address')),
  };
}
