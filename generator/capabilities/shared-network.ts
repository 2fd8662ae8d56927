import { fragment, join, noValue, type Resource } from '../../lib/cfn/index.ts';
import { exportedOutput } from './environment.ts';
import { zones } from './zones.ts';

interface Inputs {
  logsKey: Resource<'AWS::KMS::Key'>;
}

/**
 * The network that projects share: the same zones and tiers as in `network`, without the security groups,
 * which stand beside what they protect. One NAT gateway unless asked for more. At rest in us-west-2 (VPC pricing, 2026-11): about 33 USD a
 * month for it, 3.65 for its address. Deletion keeps nothing but the log group of the flow logs.
 */
export function sharedNetwork({ logsKey }: Inputs) {
  const inZones = zones({ logsKey, natGateways: 'one' });
  const { hasThirdZone, publicSubnetIds, applicationSubnetIds, dataSubnetIds } = inZones;
  const [first, second, third] = inZones.publicSubnets.map((subnet) => subnet.att('AvailabilityZone'));
  const zoneNames = [first!, second!, hasThirdZone.pick<string>(third!, noValue)];
  const outputs = [
    exportedOutput('VpcId', 'ID of the VPC.', inZones.vpc.ref),
    exportedOutput('PublicSubnetIds', 'Subnets of the load balancer, joined by commas.', join(',', publicSubnetIds)),
    exportedOutput('PrivateSubnetIds', 'Subnets of the services, joined by commas.', join(',', applicationSubnetIds)),
    exportedOutput('DataSubnetIds', 'Subnets of the database, joined by commas.', join(',', dataSubnetIds)),
    exportedOutput('AvailabilityZones', 'Zones of the subnets, joined by commas.', join(',', zoneNames)),
  ];
  return {
    fragment: fragment('Network', [
      ...[inZones.vpcCidr, inZones.zoneCount, inZones.natGateways, inZones.flowLogRetentionDays],
      ...inZones.conditions,
      ...inZones.resources,
      ...inZones.flowLogs,
      ...outputs,
    ]),
    vpcId: inZones.vpc.ref,
  };
}
