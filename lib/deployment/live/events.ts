import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { clientOf, found, only, pages, parsed, type Reader, statedParts } from './reading.ts';

/** The physical ID is the rule's name, after `<bus>|` where the bus is not the default one. */
export const rule: Reader = async (resource) => {
  const client = clientOf(EventBridgeClient, resource.target);
  const [name = '', bus] = resource.physicalId.split('|').reverse();
  const live = await found(() => client.send(new DescribeRuleCommand({ Name: name, EventBusName: bus })));
  if (!live) return undefined;
  return {
    ...only(live, 'Arn', 'Name', 'Description', 'State', 'ScheduleExpression', 'RoleArn'),
    EventBusName: live.EventBusName ?? 'default',
    EventPattern: parsed(live.EventPattern),
    ...(await statedParts(resource, {
      Targets: () =>
        pages(async (NextToken) => {
          const page = await client.send(new ListTargetsByRuleCommand({ Rule: name, EventBusName: bus, NextToken }));
          return { items: page.Targets, next: page.NextToken };
        }),
      Tags: async () => (await client.send(new ListTagsForResourceCommand({ ResourceARN: live.Arn }))).Tags,
    })),
  };
};
