import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeFlowLogsCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type IpPermission,
  type Route,
  type SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import type { Target } from '../clients.ts';
import {
  clientOf,
  found,
  type LiveResource,
  only,
  parsed,
  type Reader,
  type Settings,
  statedParts,
} from './reading.ts';

export const vpc: Reader = async (resource) => {
  const client = clientOf(EC2Client, resource.target);
  const VpcId = resource.physicalId;
  const live = (await found(() => client.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }))))?.Vpcs?.[0];
  if (!live) return undefined;
  return {
    ...only(live, 'VpcId', 'CidrBlock', 'InstanceTenancy'),
    Tags: live.Tags ?? [],
    ...(await statedParts(resource, {
      EnableDnsSupport: async () =>
        (
          await client.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' }))
        ).EnableDnsSupport?.Value,
      EnableDnsHostnames: async () =>
        (
          await client.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsHostnames' }))
        ).EnableDnsHostnames?.Value,
    })),
  };
};

export const subnet: Reader = async ({ target, physicalId }) => {
  const command = new DescribeSubnetsCommand({ SubnetIds: [physicalId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.Subnets?.[0];
  if (!live) return undefined;
  const { HostnameType, EnableResourceNameDnsARecord, EnableResourceNameDnsAAAARecord } =
    live.PrivateDnsNameOptionsOnLaunch ?? {};
  return {
    ...only(live, 'SubnetId', 'VpcId', 'CidrBlock', 'AvailabilityZone', 'AvailabilityZoneId', 'OutpostArn'),
    AssignIpv6AddressOnCreation: live.AssignIpv6AddressOnCreation ?? false,
    EnableDns64: live.EnableDns64 ?? false,
    Ipv6CidrBlock: live.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock,
    Ipv6Native: live.Ipv6Native ?? false,
    MapPublicIpOnLaunch: live.MapPublicIpOnLaunch ?? false,
    PrivateDnsNameOptionsOnLaunch: { HostnameType, EnableResourceNameDnsARecord, EnableResourceNameDnsAAAARecord },
    Tags: live.Tags ?? [],
  };
};

export const internetGateway: Reader = async ({ target, physicalId }) => {
  const command = new DescribeInternetGatewaysCommand({ InternetGatewayIds: [physicalId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.InternetGateways?.[0];
  return live && { InternetGatewayId: live.InternetGatewayId, Tags: live.Tags ?? [] };
};

export const gatewayAttachment: Reader = async ({ target, stated }) => {
  if (typeof stated.InternetGatewayId !== 'string') throw new Error('only internet gateways are read');
  const command = new DescribeInternetGatewaysCommand({ InternetGatewayIds: [stated.InternetGatewayId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.InternetGateways?.[0];
  const attachment = live?.Attachments?.find(({ State }) => State !== 'detached');
  return attachment && { InternetGatewayId: live?.InternetGatewayId, VpcId: attachment.VpcId };
};

export const routeTable: Reader = async ({ target, physicalId }) => {
  const live = await tableOf(target, physicalId);
  return live && { ...only(live, 'RouteTableId', 'VpcId'), Tags: live.Tags ?? [] };
};

export const route: Reader = async ({ target, stated }) => {
  const table = await tableOf(target, String(stated.RouteTableId));
  const live = table?.Routes?.find(
    (candidate) =>
      (stated.DestinationCidrBlock !== undefined && candidate.DestinationCidrBlock === stated.DestinationCidrBlock) ||
      (stated.DestinationIpv6CidrBlock !== undefined &&
        candidate.DestinationIpv6CidrBlock === stated.DestinationIpv6CidrBlock) ||
      (stated.DestinationPrefixListId !== undefined &&
        candidate.DestinationPrefixListId === stated.DestinationPrefixListId),
  );
  return live && { RouteTableId: table?.RouteTableId, ...routeSettings(live) };
};

function routeSettings(live: Route): Settings {
  const gateway = live.GatewayId;
  return {
    ...only(
      live,
      'CarrierGatewayId',
      'CoreNetworkArn',
      'DestinationCidrBlock',
      'DestinationIpv6CidrBlock',
      'DestinationPrefixListId',
      'InstanceId',
      'LocalGatewayId',
      'NatGatewayId',
      'NetworkInterfaceId',
      'TransitGatewayId',
      'VpcPeeringConnectionId',
    ),
    CidrBlock: live.DestinationCidrBlock,
    EgressOnlyInternetGatewayId: live.EgressOnlyInternetGatewayId,
    GatewayId: gateway?.startsWith('vpce-') ? undefined : gateway,
    VpcEndpointId: gateway?.startsWith('vpce-') ? gateway : undefined,
  };
}

export const routeTableAssociation: Reader = async ({ target, physicalId }) => {
  const command = new DescribeRouteTablesCommand({
    Filters: [{ Name: 'association.route-table-association-id', Values: [physicalId] }],
  });
  const { RouteTables = [] } = await clientOf(EC2Client, target).send(command);
  const live = RouteTables.flatMap(({ Associations = [] }) => Associations).find(
    ({ RouteTableAssociationId }) => RouteTableAssociationId === physicalId,
  );
  return live && { Id: live.RouteTableAssociationId, ...only(live, 'RouteTableId', 'SubnetId') };
};

async function tableOf(target: Target, id: string) {
  const command = new DescribeRouteTablesCommand({ RouteTableIds: [id] });
  return (await found(() => clientOf(EC2Client, target).send(command)))?.RouteTables?.[0];
}

export const elasticAddress: Reader = async ({ target, physicalId }) => {
  const command = new DescribeAddressesCommand(
    physicalId.startsWith('eipalloc-') ? { AllocationIds: [physicalId] } : { PublicIps: [physicalId] },
  );
  const answer = await found(() => clientOf(EC2Client, target).send(command));
  const live = answer?.Addresses?.find((each) => [each.AllocationId, each.PublicIp].includes(physicalId));
  return (
    live && {
      ...only(live, 'AllocationId', 'Domain', 'InstanceId', 'NetworkBorderGroup', 'PublicIp', 'PublicIpv4Pool'),
      Tags: live.Tags ?? [],
    }
  );
};

export const natGateway: Reader = async ({ target, physicalId }) => {
  const command = new DescribeNatGatewaysCommand({ NatGatewayIds: [physicalId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.NatGateways?.[0];
  if (!live || live.State?.startsWith('delet')) return undefined;
  const addresses = live.NatGatewayAddresses ?? [];
  const primary = addresses.find(({ IsPrimary }) => IsPrimary) ?? addresses[0];
  return {
    ...only(live, 'NatGatewayId', 'SubnetId', 'VpcId'),
    AllocationId: primary?.AllocationId,
    ConnectivityType: live.ConnectivityType ?? 'public',
    EniId: primary?.NetworkInterfaceId,
    PrivateIpAddress: primary?.PrivateIp,
    SecondaryAllocationIds: addresses.filter((each) => each !== primary).map(({ AllocationId }) => AllocationId),
    Tags: live.Tags ?? [],
  };
};

export const endpoint: Reader = async ({ target, physicalId }) => {
  const command = new DescribeVpcEndpointsCommand({ VpcEndpointIds: [physicalId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.VpcEndpoints?.[0];
  if (!live || live.State?.toLowerCase().startsWith('delet')) return undefined;
  return {
    Id: live.VpcEndpointId,
    ...only(live, 'VpcEndpointType', 'VpcId', 'ServiceName', 'SubnetIds', 'RouteTableIds', 'IpAddressType'),
    DnsOptions: live.DnsOptions,
    PolicyDocument: parsed(live.PolicyDocument),
    PrivateDnsEnabled: live.PrivateDnsEnabled ?? false,
    SecurityGroupIds: live.Groups?.map(({ GroupId }) => GroupId),
    Tags: live.Tags ?? [],
  };
};

/** Source: names of `ResourceType` and prefixes of IDs, EC2 API reference, CreateFlowLogs, read 2026-11-21. */
const FLOW_LOG_KINDS: Readonly<Record<string, string>> = {
  vpc: 'VPC',
  subnet: 'Subnet',
  eni: 'NetworkInterface',
  tgw: 'TransitGateway',
  'tgw-attach': 'TransitGatewayAttachment',
  nat: 'RegionalNatGateway',
};

export const flowLog: Reader = async ({ target, physicalId }) => {
  const command = new DescribeFlowLogsCommand({ FlowLogIds: [physicalId] });
  const live = (await found(() => clientOf(EC2Client, target).send(command)))?.FlowLogs?.[0];
  if (!live) return undefined;
  return {
    Id: live.FlowLogId,
    ...only(
      live,
      'DeliverLogsPermissionArn',
      'DestinationOptions',
      'LogDestination',
      'LogFormat',
      'LogGroupName',
      'ResourceId',
      'TrafficType',
    ),
    DeliverCrossAccountRole: live.DeliverCrossAccountRole,
    LogDestinationType: live.LogDestinationType ?? 'cloud-watch-logs',
    MaxAggregationInterval: live.MaxAggregationInterval ?? 600,
    ResourceType: FLOW_LOG_KINDS[live.ResourceId?.replace(/-[0-9a-f]+$/, '') ?? ''],
    Tags: live.Tags ?? [],
  };
};

/** Without the rules that resources of their own add, in this stack or in another. */
export const securityGroup: Reader = async (resource) => {
  const live = await groupOf(resource.target, resource.physicalId);
  if (!live) return undefined;
  return {
    GroupId: live.GroupId,
    Id: live.GroupId,
    ...only(live, 'GroupName', 'VpcId'),
    GroupDescription: live.Description,
    SecurityGroupIngress: await ownRules(resource, rulesOf(live.IpPermissions, 'Source'), 'Ingress'),
    ...(Object.hasOwn(resource.stated, 'SecurityGroupEgress')
      ? { SecurityGroupEgress: await ownRules(resource, rulesOf(live.IpPermissionsEgress, 'Destination'), 'Egress') }
      : {}),
    Tags: live.Tags ?? [],
  };
};

async function ownRules(resource: LiveResource, rules: Settings[], direction: 'Ingress' | 'Egress') {
  const { target, physicalId, stack, stated } = resource;
  for (const { type, stated: other } of stack) {
    if (type !== `AWS::EC2::SecurityGroup${direction}` || other.GroupId !== physicalId) continue;
    const at = rules.findIndex((rule) => isSameRule(other, rule));
    if (at >= 0) rules.splice(at, 1);
  }
  const inTemplate = [stated[`SecurityGroup${direction}`] ?? []].flat() as Settings[];
  const kept: Settings[] = [];
  for (const rule of rules) {
    const isStated = inTemplate.some((other) => isSameRule(other, rule));
    if (isStated || !(await belongsToAnotherStack(target, physicalId, rule, direction))) kept.push(rule);
  }
  return kept;
}

/** Whether a stack has the rule as a resource of its own. False where that cannot be found out. */
async function belongsToAnotherStack(
  target: Target,
  groupId: string,
  rule: Settings,
  direction: 'Ingress' | 'Egress',
): Promise<boolean> {
  const side = direction === 'Ingress' ? 'Source' : 'Destination';
  try {
    const command = new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [groupId] }] });
    const { SecurityGroupRules = [] } = await clientOf(EC2Client, target).send(command);
    const live = SecurityGroupRules.find(
      (each) => each.IsEgress === (direction === 'Egress') && isSameRule(ruleSettings(each, side), rule),
    );
    if (!live?.SecurityGroupRuleId) return false;
    const { StackResources = [] } = await clientOf(CloudFormationClient, target).send(
      new DescribeStackResourcesCommand({ PhysicalResourceId: live.SecurityGroupRuleId }),
    );
    return StackResources.some(({ PhysicalResourceId }) => PhysicalResourceId === live.SecurityGroupRuleId);
  } catch {
    return false;
  }
}

function ruleSettings(live: SecurityGroupRule, side: 'Source' | 'Destination'): Settings {
  return {
    ...only(live, 'GroupId', 'IpProtocol', 'FromPort', 'ToPort', 'Description', 'CidrIpv6'),
    CidrIp: live.CidrIpv4,
    [`${side}SecurityGroupId`]: live.ReferencedGroupInfo?.GroupId,
    [`${side}PrefixListId`]: live.PrefixListId,
  };
}

export const securityGroupIngress: Reader = (resource) => ruleOfGroup(resource, 'Source');
export const securityGroupEgress: Reader = (resource) => ruleOfGroup(resource, 'Destination');

async function ruleOfGroup(resource: LiveResource, side: 'Source' | 'Destination'): Promise<Settings | undefined> {
  const { target, physicalId, stated } = resource;
  if (physicalId.startsWith('sgr-')) {
    const command = new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [physicalId] });
    const live = (await found(() => clientOf(EC2Client, target).send(command)))?.SecurityGroupRules?.[0];
    return live && { Id: physicalId, ...ruleSettings(live, side) };
  }
  const group = await groupOf(target, String(stated.GroupId));
  const permissions = side === 'Source' ? group?.IpPermissions : group?.IpPermissionsEgress;
  const live = rulesOf(permissions, side).find((rule) => isSameRule(stated, rule));
  return live && { GroupId: group?.GroupId, ...live };
}

async function groupOf(target: Target, id: string) {
  const command = new DescribeSecurityGroupsCommand({ GroupIds: [id] });
  return (await found(() => clientOf(EC2Client, target).send(command)))?.SecurityGroups?.[0];
}

/** One rule for each peer: EC2 gathers the peers of the same protocol and ports. */
function rulesOf(permissions: readonly IpPermission[] | undefined, side: 'Source' | 'Destination'): Settings[] {
  return (permissions ?? []).flatMap((permission) => {
    const common = only(permission, 'IpProtocol', 'FromPort', 'ToPort');
    return [
      ...(permission.IpRanges ?? []).map(({ CidrIp, Description }) => ({ ...common, CidrIp, Description })),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6, Description }) => ({ ...common, CidrIpv6, Description })),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId, Description }) => ({
        ...common,
        [`${side}SecurityGroupId`]: GroupId,
        Description,
      })),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId, Description }) => ({
        ...common,
        [`${side}PrefixListId`]: PrefixListId,
        Description,
      })),
    ];
  });
}

/** What tells a rule from others: its protocol, its ports, its peer. */
const RULE_IDENTITY = [
  'IpProtocol',
  'FromPort',
  'ToPort',
  'CidrIp',
  'CidrIpv6',
  'SourceSecurityGroupId',
  'SourcePrefixListId',
  'DestinationSecurityGroupId',
  'DestinationPrefixListId',
];

function isSameRule(stated: Settings, live: Settings): boolean {
  const text = (value: unknown) => (value === undefined || value === -1 ? '' : String(value));
  return RULE_IDENTITY.every((name) =>
    name === 'IpProtocol' ? String(stated[name]) === String(live[name]) : text(stated[name]) === text(live[name]),
  );
}

/** Zones as `Fn::GetAZs` gives them. */
export async function availableZones(target: Target): Promise<string[]> {
  const command = new DescribeAvailabilityZonesCommand({
    Filters: [
      { Name: 'state', Values: ['available'] },
      { Name: 'zone-type', Values: ['availability-zone'] },
    ],
  });
  const { AvailabilityZones = [] } = await clientOf(EC2Client, target).send(command);
  return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
}
