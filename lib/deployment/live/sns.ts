import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import type { Target } from '../clients.ts';
import { clientOf, found, type LiveResource, only, pages, parsed, type Reader, statedParts } from './reading.ts';
import { policyOfAll } from './shared-policy.ts';

export const topic: Reader = async (resource) => {
  const client = clientOf(SNSClient, resource.target);
  const TopicArn = resource.physicalId;
  const answer = await found(() => client.send(new GetTopicAttributesCommand({ TopicArn })));
  if (!answer) return undefined;
  const attributes = answer.Attributes ?? {};
  return {
    TopicArn,
    TopicName: TopicArn.split(':').at(-1),
    DisplayName: attributes.DisplayName || undefined,
    KmsMasterKeyId: attributes.KmsMasterKeyId || undefined,
    FifoTopic: attributes.FifoTopic ?? 'false',
    ContentBasedDeduplication: attributes.ContentBasedDeduplication ?? 'false',
    SignatureVersion: attributes.SignatureVersion ?? '1',
    TracingConfig: attributes.TracingConfig ?? 'PassThrough',
    ArchivePolicy: parsed(attributes.ArchivePolicy),
    ...(await statedParts(resource, {
      Tags: async () => (await client.send(new ListTagsForResourceCommand({ ResourceArn: TopicArn }))).Tags,
    })),
  };
};

export const topicPolicy: Reader = async ({ target, stated }) =>
  policyOfAll('Topics', stated.Topics, async (TopicArn) => {
    const answer = await found(() => clientOf(SNSClient, target).send(new GetTopicAttributesCommand({ TopicArn })));
    return parsed(answer?.Attributes?.Policy);
  });

export const subscription: Reader = async (resource) => {
  const attributes = await subscriptionAttributes(resource.target, resource);
  if (!attributes) return undefined;
  return {
    Arn: attributes.SubscriptionArn,
    ...only(attributes, 'Endpoint', 'Protocol', 'TopicArn', 'SubscriptionRoleArn'),
    FilterPolicy: parsed(attributes.FilterPolicy),
    FilterPolicyScope: attributes.FilterPolicyScope ?? 'MessageAttributes',
    RawMessageDelivery: attributes.RawMessageDelivery ?? 'false',
    RedrivePolicy: parsed(attributes.RedrivePolicy),
    DeliveryPolicy: parsed(attributes.DeliveryPolicy),
  };
};

/** What SNS says of a subscription. One that nobody has confirmed has no ARN yet: it is found by its protocol and endpoint. */
export async function subscriptionAttributes(
  target: Target,
  { physicalId, stated }: Pick<LiveResource, 'physicalId' | 'stated'>,
): Promise<Record<string, string> | undefined> {
  const client = clientOf(SNSClient, target);
  if (physicalId.startsWith('arn:')) {
    const byArn = await found(() => client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: physicalId })));
    if (byArn) return byArn.Attributes ?? {};
  }
  if (typeof stated.TopicArn !== 'string') return undefined;
  const all = await found(() =>
    pages(async (NextToken) => {
      const page = await client.send(
        new ListSubscriptionsByTopicCommand({ TopicArn: stated.TopicArn as string, NextToken }),
      );
      return { items: page.Subscriptions, next: page.NextToken };
    }),
  );
  const listed = all?.find(({ Protocol, Endpoint }) => Protocol === stated.Protocol && Endpoint === stated.Endpoint);
  if (!listed) return undefined;
  const { SubscriptionArn = '', Protocol = '', Endpoint = '', TopicArn = '' } = listed;
  const pending = SubscriptionArn.startsWith('arn:') ? 'false' : 'true';
  return { SubscriptionArn, Protocol, Endpoint, TopicArn, PendingConfirmation: pending };
}
