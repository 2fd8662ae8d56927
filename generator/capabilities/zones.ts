import {
  and,
  availabilityZones,
  aws,
  type Condition,
  cidr,
  condition,
  equals,
  meets,
  noValue,
  parameter,
  type Resource,
  resource,
  select,
  sub,
} from '../../lib/cfn/index.ts';
import { named, tags } from './environment.ts';

interface Inputs {
  logsKey: Resource<'AWS::KMS::Key'>;
  /** What `NatGateways` is where nothing is said. */
  natGateways: 'one' | 'one-per-zone';
}

const ZONES = [1, 2, 3] as const;
const TIERS = ['Public', 'Application', 'Data'] as const;

/**
 * A VPC over two or three zones with three tiers of subnets; only the public one has a way in from the internet, the data
 * tier has none out either. With its routes, NAT gateways, the endpoint of S3 and flow logs; without any security group.
 * Gives its declarations in pieces, for the capabilities that add groups of their own to list.
 */
export function zones({ logsKey, natGateways: defaultNatGateways }: Inputs) {
  const vpcCidr = parameter('VpcCidr', 'String', {
    group: 'Network',
    label: 'Address range of the VPC',
    Description: 'IPv4 range of the VPC, a /16. Cut into sixteen /20 blocks, of which up to nine become subnets.',
    Default: '10.20.0.0/16',
    AllowedPattern:
      '^(10\\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.0\\.0/16$',
    ConstraintDescription: 'Use a /16 of a private range: 10.x.0.0/16, 172.16.0.0/16 to 172.31.0.0/16, 192.168.0.0/16.',
  });
  const zoneCount = parameter('AvailabilityZoneCount', 'Number', {
    group: 'Network',
    label: 'Availability Zones',
    Description: 'Zones that the subnets are spread over. Three need a region that has three.',
    Default: 2,
    AllowedValues: [2, 3],
  });
  const natGateways = parameter('NatGateways', 'String', {
    group: 'Network',
    label: 'NAT gateways',
    Description: 'one: cheaper, but its zone is a single point of failure for outbound traffic. one-per-zone: none is.',
    Default: defaultNatGateways,
    AllowedValues: ['one', 'one-per-zone'],
  });
  const flowLogRetentionDays = parameter('FlowLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Flow log retention (days)',
    Description: 'Days until a record of network traffic expires.',
    Default: 365,
    AllowedValues: [30, 60, 90, 180, 365, 731, 1827, 3653],
  });

  const hasThirdZone = condition('HasThirdZone', equals(zoneCount.ref, 3));
  const hasNatPerZone = condition('HasNatPerZone', equals(natGateways.ref, 'one-per-zone'));
  const hasThirdNat = condition('HasThirdNat', and(hasThirdZone.test, hasNatPerZone.test));

  const vpc = resource('Vpc', 'AWS::EC2::VPC', {
    comment:
      'Nothing uses its default security group. EC2.2 asks for one without rules, which CloudFormation cannot take away.',
    Properties: {
      CidrBlock: vpcCidr.ref,
      EnableDnsSupport: true,
      EnableDnsHostnames: true,
      Tags: tags('vpc'),
    },
  });
  const internetGateway = resource('InternetGateway', 'AWS::EC2::InternetGateway', {
    Properties: { Tags: tags('internet') },
  });
  const gatewayAttachment = resource('InternetGatewayAttachment', 'AWS::EC2::VPCGatewayAttachment', {
    Properties: { VpcId: vpc.ref, InternetGatewayId: internetGateway.ref },
  });

  const blocks = cidr(vpcCidr.ref, 16, 12);
  const onlyInThirdZone = (zone: number) => (zone === 3 ? { Condition: hasThirdZone } : {});
  const subnet = (tier: (typeof TIERS)[number], zone: (typeof ZONES)[number]) =>
    resource(`${tier}Subnet${zone}`, 'AWS::EC2::Subnet', {
      ...onlyInThirdZone(zone),
      Properties: {
        VpcId: vpc.ref,
        AvailabilityZone: select(zone - 1, availabilityZones()),
        CidrBlock: select(TIERS.indexOf(tier) * 4 + zone - 1, blocks),
        MapPublicIpOnLaunch: meets('EC2.15', false),
        Tags: tags(`${tier.toLowerCase()}-${zone}`),
      },
    });
  const publicSubnets = ZONES.map((zone) => subnet('Public', zone));
  const applicationSubnets = ZONES.map((zone) => subnet('Application', zone));
  const dataSubnets = ZONES.map((zone) => subnet('Data', zone));

  const nats = ZONES.flatMap((zone) => {
    const when = zone === 1 ? {} : { Condition: zone === 2 ? hasNatPerZone : hasThirdNat };
    const address = resource(`NatAddress${zone}`, 'AWS::EC2::EIP', {
      ...when,
      DependsOn: [gatewayAttachment],
      Properties: { Domain: 'vpc', Tags: tags(`nat-${zone}`) },
    });
    const gateway = resource(`NatGateway${zone}`, 'AWS::EC2::NatGateway', {
      ...when,
      Properties: {
        AllocationId: address.att('AllocationId'),
        SubnetId: publicSubnets[zone - 1]!.ref,
        Tags: tags(`nat-${zone}`),
      },
    });
    return [{ address, gateway }];
  });

  const publicRoutes = resource('PublicRouteTable', 'AWS::EC2::RouteTable', {
    Properties: { VpcId: vpc.ref, Tags: tags('public') },
  });
  const internetRoute = resource('InternetRoute', 'AWS::EC2::Route', {
    DependsOn: [gatewayAttachment],
    Properties: {
      RouteTableId: publicRoutes.ref,
      DestinationCidrBlock: '0.0.0.0/0',
      GatewayId: internetGateway.ref,
    },
  });
  const applicationRouteTables = ZONES.map((zone) =>
    resource(`ApplicationRouteTable${zone}`, 'AWS::EC2::RouteTable', {
      ...onlyInThirdZone(zone),
      Properties: { VpcId: vpc.ref, Tags: tags(`application-${zone}`) },
    }),
  );
  const outboundRoutes = ZONES.map((zone) => {
    const first = nats[0]!.gateway.ref;
    const own = nats[zone - 1]!.gateway.ref;
    return resource(`OutboundRoute${zone}`, 'AWS::EC2::Route', {
      ...onlyInThirdZone(zone),
      Properties: {
        RouteTableId: applicationRouteTables[zone - 1]!.ref,
        DestinationCidrBlock: '0.0.0.0/0',
        NatGatewayId: zone === 1 ? first : hasNatPerZone.pick(own, first),
      },
    });
  });
  const dataRoutes = resource('DataRouteTable', 'AWS::EC2::RouteTable', {
    comment: 'No route out: what holds data reaches nothing but its own VPC and, by the gateway endpoint, S3.',
    Properties: { VpcId: vpc.ref, Tags: tags('data') },
  });
  const associations = ZONES.flatMap((zone) =>
    [
      { tier: 'Public', subnets: publicSubnets, table: publicRoutes },
      { tier: 'Application', subnets: applicationSubnets, table: applicationRouteTables[zone - 1]! },
      { tier: 'Data', subnets: dataSubnets, table: dataRoutes },
    ].map(({ tier, subnets, table }) =>
      resource(`${tier}Subnet${zone}Routes`, 'AWS::EC2::SubnetRouteTableAssociation', {
        ...onlyInThirdZone(zone),
        Properties: { SubnetId: subnets[zone - 1]!.ref, RouteTableId: table.ref },
      }),
    ),
  );

  const storageEndpoint = resource('StorageEndpoint', 'AWS::EC2::VPCEndpoint', {
    comment:
      'Free of charge, and traffic to S3 does not pass the NAT gateways. ECR keeps the layers of images in a bucket of AWS.',
    Properties: {
      VpcId: vpc.ref,
      ServiceName: sub('com.amazonaws.${AWS::Region}.s3'),
      VpcEndpointType: 'Gateway',
      RouteTableIds: [
        applicationRouteTables[0]!.ref,
        applicationRouteTables[1]!.ref,
        hasThirdZone.pick<string>(applicationRouteTables[2]!.ref, noValue),
        dataRoutes.ref,
      ],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OwnAccountOnly',
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:*',
            Resource: '*',
            Condition: { StringEquals: { 'aws:ResourceAccount': aws.accountId } },
          },
          {
            Sid: 'LayersOfContainerImages',
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: sub('arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*'),
          },
        ],
      },
      Tags: tags('storage-endpoint'),
    },
  });

  const flowLogGroup = resource('FlowLogGroup', 'AWS::Logs::LogGroup', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      LogGroupName: sub('/plainform/${EnvironmentSuffix}/flow-logs'),
      RetentionInDays: flowLogRetentionDays.ref,
      KmsKeyId: meets('PF.Logs.kms', logsKey.att('Arn')),
      Tags: tags('flow-logs'),
    },
  });
  const flowLogRole = resource('FlowLogRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('flow-logs'),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: {
              StringEquals: { 'aws:SourceAccount': aws.accountId },
              ArnLike: {
                'aws:SourceArn': sub('arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*'),
              },
            },
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'write-flow-logs',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
                Resource: flowLogGroup.att('Arn'),
              },
            ],
          },
        },
      ],
      Tags: tags('flow-logs'),
    },
  });
  const flowLog = resource('FlowLog', 'AWS::EC2::FlowLog', {
    Properties: {
      ResourceType: 'VPC',
      ResourceId: meets('EC2.6', vpc.ref),
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: flowLogGroup.ref,
      DeliverLogsPermissionArn: flowLogRole.att('Arn'),
      MaxAggregationInterval: 60,
      Tags: tags('flow-log'),
    },
  });

  return {
    vpcCidr,
    zoneCount,
    natGateways,
    flowLogRetentionDays,
    conditions: [hasThirdZone, hasNatPerZone, hasThirdNat],
    vpc,
    resources: [
      ...[vpc, internetGateway, gatewayAttachment, ...publicSubnets, ...applicationSubnets, ...dataSubnets],
      ...nats.flatMap(({ address, gateway }) => [address, gateway]),
      ...[publicRoutes, internetRoute, ...applicationRouteTables, ...outboundRoutes, dataRoutes, ...associations],
      storageEndpoint,
    ],
    flowLogs: [flowLogGroup, flowLogRole, flowLog],
    hasThirdZone,
    publicSubnets,
    publicSubnetIds: zonal(publicSubnets, hasThirdZone),
    applicationSubnetIds: zonal(applicationSubnets, hasThirdZone),
    dataSubnetIds: zonal(dataSubnets, hasThirdZone),
  };
}

/** The subnets of a tier: two, or three where the third zone is asked for. */
function zonal(subnets: readonly Resource<'AWS::EC2::Subnet'>[], hasThirdZone: Condition) {
  const [first, second, third] = subnets;
  return [first!.ref, second!.ref, hasThirdZone.pick<string>(third!.ref, noValue)];
}
