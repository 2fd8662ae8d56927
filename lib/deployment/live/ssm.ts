import {
  DescribeParametersCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { clientOf, found, only, type Reader, statedParts } from './reading.ts';

export const parameter: Reader = async (resource) => {
  const client = clientOf(SSMClient, resource.target);
  const Name = resource.physicalId;
  const answer = await found(() => client.send(new GetParameterCommand({ Name })));
  if (!answer?.Parameter) return undefined;
  const describe = async () =>
    (
      await client.send(
        new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [Name] }] }),
      )
    ).Parameters?.[0];
  return {
    Arn: answer.Parameter.ARN,
    ...only(answer.Parameter, 'Name', 'Type', 'Value'),
    DataType: answer.Parameter.DataType ?? 'text',
    ...(await statedParts(resource, {
      Description: async () => (await describe())?.Description,
      AllowedPattern: async () => (await describe())?.AllowedPattern,
      Tier: async () => (await describe())?.Tier,
      Tags: async () =>
        (
          await client.send(new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: Name }))
        ).TagList,
    })),
  };
};
