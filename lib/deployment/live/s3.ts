import {
  GetBucketAccelerateConfigurationCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type IntelligentTieringConfiguration,
  type LifecycleRule,
  ListBucketIntelligentTieringConfigurationsCommand,
  type NotificationConfigurationFilter,
  S3Client,
} from '@aws-sdk/client-s3';
import { clientOf, found, only, pages, parsed, type Reader, statedParts } from './reading.ts';

export const bucket: Reader = async (resource) => {
  const client = clientOf(S3Client, resource.target);
  const Bucket = resource.physicalId;
  if (!(await found(() => client.send(new HeadBucketCommand({ Bucket }))))) return undefined;
  const objectLock = async () =>
    (await client.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration;
  return {
    Arn: `arn:${resource.partition}:s3:::${Bucket}`,
    BucketName: Bucket,
    ...(await statedParts(resource, {
      AccelerateConfiguration: async () => ({
        AccelerationStatus: (await client.send(new GetBucketAccelerateConfigurationCommand({ Bucket }))).Status,
      }),
      BucketEncryption: async () => {
        const answer = await client.send(new GetBucketEncryptionCommand({ Bucket }));
        return {
          ServerSideEncryptionConfiguration: answer.ServerSideEncryptionConfiguration?.Rules?.map((rule) => ({
            BucketKeyEnabled: rule.BucketKeyEnabled ?? false,
            ServerSideEncryptionByDefault: rule.ApplyServerSideEncryptionByDefault,
            BlockedEncryptionTypes: rule.BlockedEncryptionTypes,
          })),
        };
      },
      CorsConfiguration: async () => ({
        CorsRules: (
          await client.send(new GetBucketCorsCommand({ Bucket }))
        ).CORSRules?.map((rule) => ({
          ...only(rule, 'AllowedHeaders', 'AllowedMethods', 'AllowedOrigins'),
          ExposedHeaders: rule.ExposeHeaders,
          Id: rule.ID,
          MaxAge: rule.MaxAgeSeconds,
        })),
      }),
      IntelligentTieringConfigurations: async () => {
        const all = await pages(async (ContinuationToken) => {
          const page = await client.send(
            new ListBucketIntelligentTieringConfigurationsCommand({ Bucket, ContinuationToken }),
          );
          return { items: page.IntelligentTieringConfigurationList, next: page.NextContinuationToken };
        });
        return all.map(tieringOf);
      },
      LifecycleConfiguration: async () => {
        const answer = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        return {
          Rules: answer.Rules?.map(lifecycleRuleOf),
          TransitionDefaultMinimumObjectSize: answer.TransitionDefaultMinimumObjectSize,
        };
      },
      LoggingConfiguration: async () => {
        const { LoggingEnabled: live } = await client.send(new GetBucketLoggingCommand({ Bucket }));
        return (
          live && {
            DestinationBucketName: live.TargetBucket,
            LogFilePrefix: live.TargetPrefix,
            TargetObjectKeyFormat: live.TargetObjectKeyFormat,
          }
        );
      },
      NotificationConfiguration: async () => {
        const live = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
        return {
          EventBridgeConfiguration: { EventBridgeEnabled: live.EventBridgeConfiguration !== undefined },
          LambdaConfigurations: live.LambdaFunctionConfigurations?.flatMap(({ LambdaFunctionArn, Events, Filter }) =>
            (Events ?? []).map((Event) => ({ Event, Function: LambdaFunctionArn, Filter: filterOf(Filter) })),
          ),
          QueueConfigurations: live.QueueConfigurations?.flatMap(({ QueueArn, Events, Filter }) =>
            (Events ?? []).map((Event) => ({ Event, Queue: QueueArn, Filter: filterOf(Filter) })),
          ),
          TopicConfigurations: live.TopicConfigurations?.flatMap(({ TopicArn, Events, Filter }) =>
            (Events ?? []).map((Event) => ({ Event, Topic: TopicArn, Filter: filterOf(Filter) })),
          ),
        };
      },
      ObjectLockEnabled: async () => (await objectLock())?.ObjectLockEnabled === 'Enabled',
      ObjectLockConfiguration: objectLock,
      OwnershipControls: async () =>
        (
          await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))
        ).OwnershipControls,
      PublicAccessBlockConfiguration: async () =>
        (
          await client.send(new GetPublicAccessBlockCommand({ Bucket }))
        ).PublicAccessBlockConfiguration,
      Tags: async () => (await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet,
      VersioningConfiguration: async () => ({
        Status: (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status,
      }),
    })),
  };
};

export const bucketPolicy: Reader = async ({ target, physicalId, stated }) => {
  const Bucket = typeof stated.Bucket === 'string' ? stated.Bucket : physicalId;
  const answer = await found(() => clientOf(S3Client, target).send(new GetBucketPolicyCommand({ Bucket })));
  return answer?.Policy === undefined ? undefined : { Bucket, PolicyDocument: parsed(answer.Policy) };
};

/** CloudFormation has one rule's parts side by side where S3 nests them. */
function lifecycleRuleOf(rule: LifecycleRule) {
  const { Filter: filter, Expiration, NoncurrentVersionExpiration: noncurrent } = rule;
  const Transitions = rule.Transitions?.map(({ Days, Date: date, StorageClass }) => ({
    TransitionInDays: Days,
    TransitionDate: date?.toISOString(),
    StorageClass,
  }));
  const NoncurrentVersionTransitions = rule.NoncurrentVersionTransitions?.map((transition) => ({
    TransitionInDays: transition.NoncurrentDays,
    ...only(transition, 'StorageClass', 'NewerNoncurrentVersions'),
  }));
  return {
    Id: rule.ID,
    Status: rule.Status,
    Prefix: filter?.And?.Prefix ?? filter?.Prefix ?? rule.Prefix,
    TagFilters: filter?.And?.Tags ?? (filter?.Tag ? [filter.Tag] : []),
    ObjectSizeGreaterThan: filter?.And?.ObjectSizeGreaterThan ?? filter?.ObjectSizeGreaterThan,
    ObjectSizeLessThan: filter?.And?.ObjectSizeLessThan ?? filter?.ObjectSizeLessThan,
    ExpirationInDays: Expiration?.Days,
    ExpirationDate: Expiration?.Date?.toISOString(),
    ExpiredObjectDeleteMarker: Expiration?.ExpiredObjectDeleteMarker ?? false,
    AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
    NoncurrentVersionExpiration: noncurrent && only(noncurrent, 'NoncurrentDays', 'NewerNoncurrentVersions'),
    NoncurrentVersionExpirationInDays: noncurrent?.NoncurrentDays,
    Transitions,
    NoncurrentVersionTransitions,
    ...(Transitions?.length === 1 ? { Transition: Transitions[0] } : {}),
    ...(NoncurrentVersionTransitions?.length === 1
      ? { NoncurrentVersionTransition: NoncurrentVersionTransitions[0] }
      : {}),
  };
}

function tieringOf({ Id, Status, Filter: filter, Tierings }: IntelligentTieringConfiguration) {
  return {
    Id,
    Status,
    Prefix: filter?.And?.Prefix ?? filter?.Prefix,
    TagFilters: filter?.And?.Tags ?? (filter?.Tag ? [filter.Tag] : []),
    Tierings: Tierings?.map((tier) => only(tier, 'AccessTier', 'Days')),
  };
}

function filterOf(filter: NotificationConfigurationFilter | undefined) {
  const rules = filter?.Key?.FilterRules;
  return rules && { S3Key: { Rules: rules.map((rule) => only(rule, 'Name', 'Value')) } };
}
