import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { clientOf, pages, type Reader, statedParts } from './reading.ts';

export const logGroup: Reader = async (resource) => {
  const client = clientOf(CloudWatchLogsClient, resource.target);
  const groups = await pages(async (nextToken) => {
    const page = await client.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: resource.physicalId, nextToken }),
    );
    return { items: page.logGroups, next: page.nextToken };
  });
  const live = groups.find(({ logGroupName }) => logGroupName === resource.physicalId);
  if (!live) return undefined;
  const resourceArn = live.logGroupArn ?? live.arn?.replace(/:\*$/, '');
  return {
    Arn: live.arn,
    LogGroupName: live.logGroupName,
    RetentionInDays: live.retentionInDays,
    KmsKeyId: live.kmsKeyId,
    LogGroupClass: live.logGroupClass ?? 'STANDARD',
    DeletionProtectionEnabled: live.deletionProtectionEnabled ?? false,
    ...(await statedParts(resource, {
      Tags: async () => (await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags,
    })),
  };
};
