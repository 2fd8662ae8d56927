import {
  ConfigServiceClient,
  DescribeComplianceByConfigRuleCommand,
  DescribeConfigRulesCommand,
  DescribeConfigurationRecorderStatusCommand,
  DescribeConfigurationRecordersCommand,
  DescribeDeliveryChannelStatusCommand,
  DescribeDeliveryChannelsCommand,
  ListTagsForResourceCommand,
  type RecordingMode,
} from '@aws-sdk/client-config-service';
import type { Target } from '../clients.ts';
import { clientOf, found, only, parsed, type Reader, statedParts } from './reading.ts';

export const recorder: Reader = async ({ target, physicalId }) => {
  const client = clientOf(ConfigServiceClient, target);
  const answer = await found(() =>
    client.send(new DescribeConfigurationRecordersCommand({ ConfigurationRecorderNames: [physicalId] })),
  );
  const live = answer?.ConfigurationRecorders?.[0];
  if (!live) return undefined;
  const { recordingGroup: group } = live;
  return {
    Name: live.name,
    RoleARN: live.roleARN,
    RecordingGroup: group && {
      AllSupported: group.allSupported ?? false,
      IncludeGlobalResourceTypes: group.includeGlobalResourceTypes ?? false,
      ResourceTypes: group.resourceTypes,
      ExclusionByResourceTypes: group.exclusionByResourceTypes && {
        ResourceTypes: group.exclusionByResourceTypes.resourceTypes,
      },
      RecordingStrategy: group.recordingStrategy && { UseOnly: group.recordingStrategy.useOnly },
    },
    RecordingMode: recordingModeOf(live.recordingMode),
  };
};

function recordingModeOf(mode: RecordingMode | undefined) {
  return {
    RecordingFrequency: mode?.recordingFrequency ?? 'CONTINUOUS',
    RecordingModeOverrides: mode?.recordingModeOverrides?.map((override) => ({
      Description: override.description,
      ResourceTypes: override.resourceTypes,
      RecordingFrequency: override.recordingFrequency,
    })),
  };
}

export const deliveryChannel: Reader = async ({ target, physicalId }) => {
  const client = clientOf(ConfigServiceClient, target);
  const answer = await found(() =>
    client.send(new DescribeDeliveryChannelsCommand({ DeliveryChannelNames: [physicalId] })),
  );
  const live = answer?.DeliveryChannels?.[0];
  if (!live) return undefined;
  return {
    Name: live.name,
    S3BucketName: live.s3BucketName,
    S3KeyPrefix: live.s3KeyPrefix,
    S3KmsKeyArn: live.s3KmsKeyArn,
    SnsTopicARN: live.snsTopicARN,
    ConfigSnapshotDeliveryProperties: live.configSnapshotDeliveryProperties && {
      DeliveryFrequency: live.configSnapshotDeliveryProperties.deliveryFrequency,
    },
  };
};

export const rule: Reader = async (resource) => {
  const client = clientOf(ConfigServiceClient, resource.target);
  const answer = await found(() =>
    client.send(new DescribeConfigRulesCommand({ ConfigRuleNames: [resource.physicalId] })),
  );
  const live = answer?.ConfigRules?.[0];
  if (!live || live.ConfigRuleState?.startsWith('DELETING')) return undefined;
  return {
    Arn: live.ConfigRuleArn,
    ...only(
      live,
      'ConfigRuleId',
      'ConfigRuleName',
      'Description',
      'MaximumExecutionFrequency',
      'Scope',
      'Source',
      'EvaluationModes',
    ),
    InputParameters: parsed(live.InputParameters),
    ...(await statedParts(resource, {
      Tags: async () => (await client.send(new ListTagsForResourceCommand({ ResourceArn: live.ConfigRuleArn }))).Tags,
    })),
  };
};

export interface Compliance {
  /** COMPLIANT, NON_COMPLIANT, INSUFFICIENT_DATA or NOT_APPLICABLE; undefined where AWS Config says nothing. */
  type: string | undefined;
  /** Resources that are not compliant, at most 25 as AWS Config counts. */
  offenders: number;
}

export async function complianceOf(target: Target, ruleName: string): Promise<Compliance> {
  const { ComplianceByConfigRules } = await clientOf(ConfigServiceClient, target).send(
    new DescribeComplianceByConfigRuleCommand({ ConfigRuleNames: [ruleName] }),
  );
  const compliance = ComplianceByConfigRules?.find(({ ConfigRuleName }) => ConfigRuleName === ruleName)?.Compliance;
  return {
    type: compliance?.ComplianceType,
    offenders: compliance?.ComplianceContributorCount?.CappedCount ?? 0,
  };
}

export async function recorderStatus(target: Target, name: string) {
  const { ConfigurationRecordersStatus } = await clientOf(ConfigServiceClient, target).send(
    new DescribeConfigurationRecorderStatusCommand({ ConfigurationRecorderNames: [name] }),
  );
  return ConfigurationRecordersStatus?.[0];
}

export async function deliveryStatus(target: Target, name: string) {
  const { DeliveryChannelsStatus } = await clientOf(ConfigServiceClient, target).send(
    new DescribeDeliveryChannelStatusCommand({ DeliveryChannelNames: [name] }),
  );
  return DeliveryChannelsStatus?.[0];
}
