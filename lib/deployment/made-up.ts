import { createHash } from 'node:crypto';
import { partitionOf } from '../scenarios/regions.ts';

/**
 * Stand-ins for what AWS makes up, in its forms. Source: examples of the CloudFormation resource reference ("Return values"),
 * read 2026-11-21. The same seed gives the same text.
 */

/** IDs with a start of their own, and 17 hexadecimal digits. */
const ID_START: Readonly<Record<string, string>> = {
  'AWS::EC2::CustomerGateway': 'cgw',
  'AWS::EC2::DHCPOptions': 'dopt',
  'AWS::EC2::EgressOnlyInternetGateway': 'eigw',
  'AWS::EC2::FlowLog': 'fl',
  'AWS::EC2::Instance': 'i',
  'AWS::EC2::InternetGateway': 'igw',
  'AWS::EC2::LaunchTemplate': 'lt',
  'AWS::EC2::NatGateway': 'nat',
  'AWS::EC2::NetworkAcl': 'acl',
  'AWS::EC2::NetworkInterface': 'eni',
  'AWS::EC2::PrefixList': 'pl',
  'AWS::EC2::RouteTable': 'rtb',
  'AWS::EC2::SecurityGroup': 'sg',
  'AWS::EC2::SecurityGroupEgress': 'sgr',
  'AWS::EC2::SecurityGroupIngress': 'sgr',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::SubnetRouteTableAssociation': 'rtbassoc',
  'AWS::EC2::TransitGateway': 'tgw',
  'AWS::EC2::TransitGatewayAttachment': 'tgw-attach',
  'AWS::EC2::TransitGatewayRouteTable': 'tgw-rtb',
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::VPCEndpoint': 'vpce',
  'AWS::EC2::VPCEndpointService': 'vpce-svc',
  'AWS::EC2::VPCPeeringConnection': 'pcx',
  'AWS::EC2::VPNConnection': 'vpn',
  'AWS::EC2::VPNGateway': 'vgw',
  'AWS::EC2::Volume': 'vol',
  'AWS::EFS::AccessPoint': 'fsap',
  'AWS::EFS::FileSystem': 'fs',
  'AWS::EFS::MountTarget': 'fsmt',
};

/** What `Ref` gives of a type whose ID has a form of its own; undefined for the others. */
export function idMadeUp(type: string, seed: string, region: string): string | undefined {
  if (ID_START[type] !== undefined) return `${ID_START[type]}-${digest(seed)}`;
  const capitals = digest(seed).toUpperCase();
  if (type === 'AWS::KMS::Key') return uuid(seed);
  if (type === 'AWS::Route53::HostedZone') return `Z${capitals.slice(0, 13)}`;
  if (type === 'AWS::CloudFront::Distribution') return `E${capitals.slice(0, 13)}`;
  if (type === 'AWS::Cognito::UserPool') return `${region}_${capitals.slice(0, 9)}`;
  if (type === 'AWS::Cognito::IdentityPool') return `${region}:${uuid(seed)}`;
  return /^AWS::ApiGateway(V2)?::/.test(type) ? digest(seed).slice(0, 10) : undefined;
}

/** Where the index has no form, or one with parts that are no property. */
export const ARN_FORMS: Readonly<Record<string, string>> = {
  'AWS::ElasticLoadBalancingV2::LoadBalancer':
    'arn:${Partition}:elasticloadbalancing:${Region}:${Account}:loadbalancer/${LoadBalancerKind}/${Name}/${Digits}',
  'AWS::ElasticLoadBalancingV2::TargetGroup':
    'arn:${Partition}:elasticloadbalancing:${Region}:${Account}:targetgroup/${Name}/${Digits}',
};

/** Host names and URLs that are attributes; undefined where an attribute is none. */
export function hostMadeUp(
  type: string,
  attribute: string,
  name: string,
  seed: string,
  region: string,
): string | undefined {
  const { urlSuffix } = partitionOf(region);
  const hash = digest(seed).slice(0, 12);
  const attributeOf = `${type.split('::').slice(1).join('::')}.${attribute}`;
  const hosts: Readonly<Record<string, string>> = {
    'ApiGateway::RestApi.RootResourceId': hash.slice(0, 10),
    'ApiGatewayV2::Api.ApiEndpoint': `https://${digest(seed).slice(0, 10)}.execute-api.${region}.${urlSuffix}`,
    'CloudFront::Distribution.DomainName': `d${hash}.cloudfront.net`,
    'Cognito::UserPool.ProviderName': `cognito-idp.${region}.${urlSuffix}/${idMadeUp(type, seed, region)}`,
    'Cognito::UserPool.ProviderURL': `https://cognito-idp.${region}.${urlSuffix}/${idMadeUp(type, seed, region)}`,
    'EC2::Instance.PublicIp': '203.0.113.10',
    'EC2::Instance.PrivateIp': '10.0.0.10',
    'EC2::EIP.PublicIp': '203.0.113.10',
    'ECR::Repository.RepositoryUri': `111122223333.dkr.ecr.${region}.${urlSuffix}/${name}`,
    'EKS::Cluster.Endpoint': `https://${hash.toUpperCase()}.gr7.${region}.eks.${urlSuffix}`,
    'ElastiCache::ReplicationGroup.ConfigurationEndPoint.Address': `clustercfg.${name}.${hash.slice(0, 6)}.${region}.cache.${urlSuffix}`,
    'ElastiCache::ReplicationGroup.PrimaryEndPoint.Address': `master.${name}.${hash.slice(0, 6)}.${region}.cache.${urlSuffix}`,
    'ElastiCache::ReplicationGroup.ReaderEndPoint.Address': `replica.${name}.${hash.slice(0, 6)}.${region}.cache.${urlSuffix}`,
    'ElasticLoadBalancing::LoadBalancer.DNSName': `${name}-${digits(seed)}.${region}.elb.${urlSuffix}`,
    'ElasticLoadBalancingV2::LoadBalancer.DNSName': `${name}-${digits(seed)}.${region}.elb.${urlSuffix}`,
    'Lambda::Url.FunctionUrl': `https://${hash}.lambda-url.${region}.on.aws/`,
    'OpenSearchService::Domain.DomainEndpoint': `search-${name}-${hash}.${region}.es.${urlSuffix}`,
    'RDS::DBCluster.Endpoint.Address': `${name}.cluster-${hash}.${region}.rds.${urlSuffix}`,
    'RDS::DBCluster.ReadEndpoint.Address': `${name}.cluster-ro-${hash}.${region}.rds.${urlSuffix}`,
    'RDS::DBInstance.Endpoint.Address': `${name}.${hash}.${region}.rds.${urlSuffix}`,
    'Redshift::Cluster.Endpoint.Address': `${name}.${hash}.${region}.redshift.${urlSuffix}`,
    'S3::Bucket.DomainName': `${name}.s3.${urlSuffix}`,
    'S3::Bucket.DualStackDomainName': `${name}.s3.dualstack.${region}.${urlSuffix}`,
    'S3::Bucket.RegionalDomainName': `${name}.s3.${region}.${urlSuffix}`,
    'S3::Bucket.WebsiteURL': `http://${name}.s3-website-${region}.${urlSuffix}`,
    'SQS::Queue.QueueUrl': `https://sqs.${region}.${urlSuffix}/111122223333/${name}`,
  };
  if (hosts[attributeOf] !== undefined) return hosts[attributeOf];
  const last = attribute.split('.').at(-1)!;
  if (!/^(Address|Endpoint|DNSName|DomainName)$/.test(last)) return undefined;
  return `${name}.${hash}.${region}.${type.split('::')[1]!.toLowerCase()}.${urlSuffix}`;
}

/** 17 hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 17);
}

/** Ten digits, as load balancers have them. */
function digits(seed: string): string {
  return String(1_000_000_000 + (Number.parseInt(digest(seed).slice(0, 7), 16) % 1_000_000_000));
}

export function uuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
