import { GetQueueAttributesCommand, ListQueueTagsCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Target } from '../clients.ts';
import { clientOf, found, parsed, type Reader, statedParts } from './reading.ts';
import { policyOfAll } from './shared-policy.ts';

/** The emulator's queue URLs name a host of its own. */
function clientFor(target: Target): SQSClient {
  return clientOf(SQSClient, target, { useQueueUrlAsEndpoint: target.endpoint === undefined });
}

export const queue: Reader = async (resource) => {
  const client = clientFor(resource.target);
  const QueueUrl = resource.physicalId;
  const answer = await found(() => client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })));
  if (!answer) return undefined;
  const live: Partial<Record<string, string>> = answer.Attributes ?? {};
  return {
    Arn: live.QueueArn,
    QueueUrl,
    QueueName: live.QueueArn?.split(':').at(-1),
    DelaySeconds: live.DelaySeconds,
    MaximumMessageSize: live.MaximumMessageSize,
    MessageRetentionPeriod: live.MessageRetentionPeriod,
    ReceiveMessageWaitTimeSeconds: live.ReceiveMessageWaitTimeSeconds,
    VisibilityTimeout: live.VisibilityTimeout,
    KmsMasterKeyId: live.KmsMasterKeyId || undefined,
    KmsDataKeyReusePeriodSeconds: live.KmsDataKeyReusePeriodSeconds,
    SqsManagedSseEnabled: live.SqsManagedSseEnabled,
    FifoQueue: live.FifoQueue ?? 'false',
    ContentBasedDeduplication: live.ContentBasedDeduplication ?? 'false',
    DeduplicationScope: live.DeduplicationScope,
    FifoThroughputLimit: live.FifoThroughputLimit,
    RedrivePolicy: parsed(live.RedrivePolicy),
    RedriveAllowPolicy: parsed(live.RedriveAllowPolicy),
    ...(await statedParts(resource, {
      Tags: async () => (await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags,
    })),
  };
};

export const queuePolicy: Reader = async ({ target, stated }) =>
  policyOfAll('Queues', stated.Queues, async (QueueUrl) => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] });
    return parsed((await found(() => clientFor(target).send(command)))?.Attributes?.Policy);
  });
