import type { Reference } from '../cfn/graph.ts';
import type { Json, JsonObject } from '../cfn/template.ts';

/** Drawn inside the resource that one of these properties names, as a line of its own. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'AWS::RDS::DBInstance': ['DBClusterIdentifier'],
  'AWS::DocDB::DBInstance': ['DBClusterIdentifier'],
  'AWS::Neptune::DBInstance': ['DBClusterIdentifier'],
  'AWS::EKS::Nodegroup': ['ClusterName'],
  'AWS::EKS::FargateProfile': ['ClusterName'],
  'AWS::Redshift::EndpointAccess': ['ClusterIdentifier'],
  'AWS::RDS::DBProxyEndpoint': ['DBProxyName'],
};

/** Counted with the resource that the first of these properties names. */
const ATTACHED: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::UsagePlan': ['ApiStages'],
  'AWS::ApiGateway::UsagePlanKey': ['UsagePlanId', 'KeyId'],
  'AWS::ApiGateway::ApiKey': ['StageKeys'],
  'AWS::ApiGateway::BasePathMapping': ['DomainName', 'RestApiId'],
  'AWS::ApiGatewayV2::ApiMapping': ['DomainName', 'ApiId'],
  'AWS::ApplicationAutoScaling::ScalableTarget': ['ResourceId'],
  'AWS::ApplicationAutoScaling::ScalingPolicy': ['ScalingTargetId', 'ResourceId'],
  'AWS::AutoScaling::LifecycleHook': ['AutoScalingGroupName'],
  'AWS::AutoScaling::ScalingPolicy': ['AutoScalingGroupName'],
  'AWS::AutoScaling::ScheduledAction': ['AutoScalingGroupName'],
  'AWS::AutoScaling::WarmPool': ['AutoScalingGroupName'],
  'AWS::Backup::BackupSelection': ['BackupPlanId'],
  'AWS::Cognito::IdentityPoolRoleAttachment': ['IdentityPoolId'],
  'AWS::Config::DeliveryChannel': ['S3BucketName'],
  'AWS::EC2::EIP': ['InstanceId'],
  'AWS::EC2::EIPAssociation': ['InstanceId', 'NetworkInterfaceId', 'AllocationId', 'EIP'],
  'AWS::EC2::NetworkAcl': ['VpcId'],
  'AWS::EC2::NetworkAclEntry': ['NetworkAclId'],
  'AWS::EC2::NetworkInterfaceAttachment': ['InstanceId'],
  'AWS::EC2::Route': ['RouteTableId'],
  'AWS::EC2::RouteTable': ['VpcId'],
  'AWS::EC2::SecurityGroupEgress': ['GroupId', 'GroupName'],
  'AWS::EC2::SecurityGroupIngress': ['GroupId', 'GroupName'],
  'AWS::EC2::SubnetCidrBlock': ['SubnetId'],
  'AWS::EC2::SubnetNetworkAclAssociation': ['SubnetId'],
  'AWS::EC2::SubnetRouteTableAssociation': ['SubnetId'],
  'AWS::EC2::VPCCidrBlock': ['VpcId'],
  'AWS::EC2::VPCDHCPOptionsAssociation': ['VpcId'],
  'AWS::EC2::VPCGatewayAttachment': ['InternetGatewayId', 'VpnGatewayId', 'VpcId'],
  'AWS::EC2::VolumeAttachment': ['InstanceId'],
  'AWS::EFS::AccessPoint': ['FileSystemId'],
  'AWS::EFS::MountTarget': ['FileSystemId'],
  'AWS::EKS::AccessEntry': ['ClusterName'],
  'AWS::EKS::Addon': ['ClusterName'],
  'AWS::EKS::PodIdentityAssociation': ['ClusterName'],
  'AWS::ElasticLoadBalancingV2::Listener': ['LoadBalancerArn'],
  'AWS::ElasticLoadBalancingV2::ListenerCertificate': ['ListenerArn'],
  'AWS::ElasticLoadBalancingV2::ListenerRule': ['ListenerArn'],
  'AWS::Events::EventBusPolicy': ['EventBusName'],
  'AWS::Glue::Partition': ['TableName', 'DatabaseName'],
  'AWS::Glue::Table': ['DatabaseName'],
  'AWS::IAM::AccessKey': ['UserName'],
  'AWS::IAM::GroupPolicy': ['GroupName'],
  'AWS::IAM::ManagedPolicy': ['Roles', 'Users', 'Groups'],
  'AWS::IAM::Policy': ['Roles', 'Users', 'Groups'],
  'AWS::IAM::RolePolicy': ['RoleName'],
  'AWS::IAM::UserPolicy': ['UserName'],
  'AWS::IAM::UserToGroupAddition': ['GroupName', 'Users'],
  'AWS::KMS::Alias': ['TargetKeyId'],
  'AWS::Lambda::Alias': ['FunctionName'],
  'AWS::Lambda::EventInvokeConfig': ['FunctionName'],
  'AWS::Lambda::EventSourceMapping': ['FunctionName'],
  'AWS::Lambda::LayerVersionPermission': ['LayerVersionArn'],
  'AWS::Lambda::Permission': ['FunctionName'],
  'AWS::Lambda::Url': ['TargetFunctionArn'],
  'AWS::Lambda::Version': ['FunctionName'],
  'AWS::Logs::LogStream': ['LogGroupName'],
  'AWS::Logs::MetricFilter': ['LogGroupName'],
  'AWS::Logs::SubscriptionFilter': ['LogGroupName'],
  'AWS::RDS::DBProxyTargetGroup': ['DBProxyName'],
  'AWS::Route53::RecordSet': ['HostedZoneId'],
  'AWS::Route53::RecordSetGroup': ['HostedZoneId'],
  'AWS::S3::BucketPolicy': ['Bucket'],
  'AWS::SNS::Subscription': ['TopicArn'],
  'AWS::SNS::TopicInlinePolicy': ['TopicArn'],
  'AWS::SNS::TopicPolicy': ['Topics'],
  'AWS::SQS::QueueInlinePolicy': ['Queue'],
  'AWS::SQS::QueuePolicy': ['Queues'],
  'AWS::SSM::MaintenanceWindowTarget': ['WindowId'],
  'AWS::SSM::MaintenanceWindowTask': ['WindowId'],
  'AWS::SecretsManager::ResourcePolicy': ['SecretId'],
  'AWS::SecretsManager::RotationSchedule': ['SecretId'],
  'AWS::SecretsManager::SecretTargetAttachment': ['SecretId', 'TargetId'],
  'AWS::WAFv2::LoggingConfiguration': ['ResourceArn'],
  'AWS::WAFv2::WebACLAssociation': ['WebACLArn', 'ResourceArn'],
};

/** Every type of a service but these is counted with what the property names. */
const OF_SERVICE: Readonly<Record<string, { readonly properties: readonly string[]; readonly but: RegExp }>> = {
  ApiGateway: { properties: ['RestApiId'], but: /::(RestApi|DomainName\w*|VpcLink|ClientCertificate|Account)$/ },
  ApiGatewayV2: { properties: ['ApiId'], but: /::(Api|DomainName|VpcLink)$/ },
  AppSync: { properties: ['ApiId'], but: /::(GraphQLApi|Api|DomainName)$/ },
  Cognito: { properties: ['UserPoolId', 'IdentityPoolId'], but: /::(UserPool|IdentityPool)$/ },
};

/** Counted with the resource that refers to them: of several the first. */
const OF_THEIR_USER = new Set(
  [
    'ApiGateway::Account ApiGateway::ClientCertificate AutoScaling::LaunchConfiguration CertificateManager::Certificate ',
    'CloudFront::CachePolicy CloudFront::CloudFrontOriginAccessIdentity CloudFront::Function CloudFront::OriginAccessControl ',
    'CloudFront::OriginRequestPolicy CloudFront::ResponseHeadersPolicy DAX::ParameterGroup DAX::SubnetGroup ',
    'DMS::ReplicationSubnetGroup DocDB::DBClusterParameterGroup DocDB::DBSubnetGroup EC2::DHCPOptions EC2::EIP ',
    'EC2::KeyPair EC2::LaunchTemplate EC2::NetworkInterface EC2::PlacementGroup ECS::TaskDefinition ',
    'ElastiCache::ParameterGroup ElastiCache::SubnetGroup ElastiCache::User ElastiCache::UserGroup ',
    'ElasticBeanstalk::ConfigurationTemplate ElasticLoadBalancingV2::TargetGroup IAM::InstanceProfile IAM::Role ',
    'Lambda::CodeSigningConfig Lambda::LayerVersion MSK::Configuration MemoryDB::ACL MemoryDB::ParameterGroup ',
    'MemoryDB::SubnetGroup MemoryDB::User Neptune::DBClusterParameterGroup Neptune::DBParameterGroup Neptune::DBSubnetGroup ',
    'RDS::DBClusterParameterGroup RDS::DBParameterGroup RDS::DBSubnetGroup RDS::OptionGroup ',
    'Redshift::ClusterParameterGroup Redshift::ClusterSubnetGroup SSM::Document CloudFormation::WaitConditionHandle',
  ]
    .join('')
    .split(' ')
    .map((name) => `AWS::${name}`),
);

/** Types that only make sense together with what they name, by the last word of their name. */
const ATTACHING =
  /(Policy|Permission|Association|Attachment|Alias|Version|Configuration|Entry|Membership|Mapping|Registration)$/;

/** Types that are spoken of by their number. */
export const SMALL = new Set(
  [
    'Budgets::Budget CloudFormation::WaitCondition CloudFormation::WaitConditionHandle CloudWatch::Alarm Config::ConfigRule ',
    'DMS::EventSubscription EC2::NatGateway EC2::VPCEndpoint Events::Rule Logs::LogGroup Logs::QueryDefinition ',
    'RDS::EventSubscription Redshift::EventSubscription SSM::Parameter Scheduler::Schedule',
  ]
    .join('')
    .split(' ')
    .map((name) => `AWS::${name}`),
);

export interface Foldable {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** Of its properties only. */
  readonly references: readonly Reference[];
}

export interface Place {
  readonly owner: string;
  /** `part`: a line of its own; `attached`: counted with what it names; `used`: counted with what names it. */
  readonly as: 'attached' | 'part' | 'used';
}

/**
 * For each resource that has no box of its own, the one it is drawn in or counted with. What is folded leads, over others that
 * are folded too, to one that is not: there are no circles.
 */
export function placesOf(resources: ReadonlyMap<string, Foldable>): Map<string, Place> {
  const users = usersOf(resources);
  const places = new Map<string, Place>();
  for (const resource of resources.values()) {
    const place = placeOf(resource, resources, users);
    if (place) places.set(resource.id, place);
  }
  for (const id of places.keys()) breakCircle(id, places);
  return places;
}

function placeOf(
  { id, type, references, properties }: Foldable,
  resources: ReadonlyMap<string, Foldable>,
  users: ReadonlyMap<string, readonly string[]>,
): Place | undefined {
  const named = (properties: readonly string[]) =>
    properties
      .flatMap((property) => references.filter(({ path }) => path[3] === property))
      .map(({ target }) => target)
      .find((target) => target !== id && resources.has(target));

  const part = Object.hasOwn(PARTS, type) ? named(PARTS[type]!) : undefined;
  if (part) return { owner: part, as: 'part' };
  const [, service = ''] = type.split('::');
  const general = Object.hasOwn(OF_SERVICE, service) ? OF_SERVICE[service] : undefined;
  const own = Object.hasOwn(ATTACHED, type)
    ? ATTACHED[type]
    : general && !general.but.test(type)
      ? general.properties
      : undefined;
  const attached =
    own &&
    (named(own) ??
      calledTheSame(
        id,
        own.map((name) => properties[name]),
        resources,
      ));
  if (attached) return { owner: attached, as: 'attached' };
  const using = preferred(type, users.get(id) ?? [], resources);
  if (OF_THEIR_USER.has(type) && using[0] !== undefined) return { owner: using[0], as: 'used' };
  if (type === 'AWS::IAM::ManagedPolicy' && using.length === 1) return { owner: using[0]!, as: 'used' };
  if (type === 'AWS::Logs::LogGroup') {
    const named = references.find(({ path, target }) => path[3] === 'LogGroupName' && resources.has(target));
    if (named && named.target !== id) return { owner: named.target, as: 'attached' };
  }
  if (Object.hasOwn(ATTACHED, type) || OF_THEIR_USER.has(type) || !ATTACHING.test(type)) return undefined;
  const targets = references.map(({ target }) => target).filter((target) => target !== id && resources.has(target));
  const sibling = targets.find((target) => resources.get(target)!.type.split('::')[1] === service);
  const owner = sibling ?? targets[0];
  return owner === undefined ? undefined : { owner, as: 'attached' };
}

/** The resource whose name is written in the same way: a policy may name its bucket by the text that names the bucket. */
function calledTheSame(
  id: string,
  values: readonly (Json | undefined)[],
  resources: ReadonlyMap<string, Foldable>,
): string | undefined {
  const texts = values
    .flat()
    .flatMap((value) => (value === undefined || value === null ? [] : [JSON.stringify(value)]));
  if (texts.length === 0) return undefined;
  const service = resources.get(id)!.type.split('::')[1];
  for (const other of resources.values()) {
    if (other.id === id || other.type.split('::')[1] !== service) continue;
    for (const [name, value] of Object.entries(other.properties))
      if (
        /(Name|Identifier)$/.test(name) &&
        !Object.hasOwn(ATTACHED, other.type) &&
        texts.includes(JSON.stringify(value))
      )
        return other.id;
  }
  return undefined;
}

/** A target group belongs to the load balancer that sends to it, not to what registers with it; a role not to its profile. */
function preferred(
  type: string,
  using: readonly string[],
  resources: ReadonlyMap<string, Foldable>,
): readonly string[] {
  if (type !== 'AWS::ElasticLoadBalancingV2::TargetGroup') return using;
  const listens = (id: string) => resources.get(id)!.type.startsWith('AWS::ElasticLoadBalancingV2::');
  return [...using.filter(listens), ...using.filter((id) => !listens(id))];
}

/** Who refers to a resource, but for what is itself attached to it. */
function usersOf(resources: ReadonlyMap<string, Foldable>): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { id, type, references } of resources.values()) {
    if (/^AWS::IAM::(\w*Policy|UserToGroupAddition)$/.test(type) || type === 'AWS::KMS::Key') continue;
    for (const { target, path } of references) {
      if (target === id || !resources.has(target) || inPolicy(path)) continue;
      const known = users.get(target) ?? [];
      if (!known.includes(id)) users.set(target, [...known, id]);
    }
  }
  return users;
}

export function inPolicy(path: Reference['path']): boolean {
  return path.some((step) =>
    /^(PolicyDocument|AssumeRolePolicyDocument|KeyPolicy|ResourcePolicy|AccessPolic(y|ies)|Polic(y|ies)|RepositoryPolicyText)$/.test(
      String(step),
    ),
  );
}

function breakCircle(start: string, places: Map<string, Place>): void {
  const seen = new Set<string>();
  for (let id: string | undefined = start; id !== undefined && places.has(id); id = places.get(id)?.owner) {
    if (seen.has(id)) {
      places.delete(id);
      return;
    }
    seen.add(id);
  }
}
