import { type Controls, on } from './control.ts';
import { any } from './judgement.ts';
import { notPublic } from './policy.ts';

export const messaging: Controls = {
  'SNS.1': on('AWS::SNS::Topic', (topic) => topic.at('KmsMasterKeyId').present()),
  'SNS.4': on(['AWS::SNS::TopicPolicy', 'AWS::SNS::TopicInlinePolicy'], (policy) =>
    notPublic(policy.at('PolicyDocument')),
  ),
  'PF.SNS.https': on('AWS::SNS::Subscription', (subscription) => subscription.at('Protocol').isNot('http')),
  // SQS encrypts new queues with keys of its own unless it is told not to; the control wants it said.
  'SQS.1': on('AWS::SQS::Queue', (queue) =>
    any([() => queue.at('KmsMasterKeyId').present(), () => queue.at('SqsManagedSseEnabled').is(true)]),
  ),
  'PF.SQS.public': on(['AWS::SQS::QueuePolicy', 'AWS::SQS::QueueInlinePolicy'], (policy) =>
    notPublic(policy.at('PolicyDocument')),
  ),
};
