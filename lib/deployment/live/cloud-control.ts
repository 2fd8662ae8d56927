import { CloudControlClient, GetResourceCommand } from '@aws-sdk/client-cloudcontrol';
import { clientOf, found, type Reader, type Settings } from './reading.ts';

/**
 * Any type that CloudFormation's registry can read, in its own shapes. What the answer leaves out may be unset or may not have
 * been looked at: it counts as not read.
 */
export const anyType: Reader = async ({ target, type, physicalId }) => {
  const answer = await found(() =>
    clientOf(CloudControlClient, target).send(new GetResourceCommand({ TypeName: type, Identifier: physicalId })),
  );
  const properties = answer?.ResourceDescription?.Properties;
  return properties === undefined ? undefined : (JSON.parse(properties) as Settings);
};
