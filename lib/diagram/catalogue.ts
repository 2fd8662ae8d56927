/** What a resource is for, by which what stands outside a network is grouped. */
export type Kind =
  | 'access'
  | 'compute'
  | 'data'
  | 'delivery'
  | 'development'
  | 'governance'
  | 'messaging'
  | 'monitoring'
  | 'network'
  | 'other'
  | 'outside'
  | 'security';

export const KIND_LABEL: Readonly<Record<Kind, string>> = {
  access: 'Identities and access',
  compute: 'Compute',
  data: 'Data',
  delivery: 'Delivery and APIs',
  development: 'Development',
  governance: 'Governance and operations',
  messaging: 'Messaging and events',
  monitoring: 'Monitoring and logs',
  network: 'Network',
  other: 'Other',
  outside: 'Outside this template',
  security: 'Security and keys',
};

/** By the namespace of the service: `S3` of `AWS::S3::Bucket`. */
const KIND_OF_SERVICE: Readonly<Record<string, Kind>> = Object.fromEntries(
  Object.entries({
    access: 'IAM Cognito SSO IdentityStore RolesAnywhere DirectoryService AccessAnalyzer VerifiedPermissions',
    compute:
      'Lambda ECS EKS Batch AutoScaling AutoScalingPlans ApplicationAutoScaling AppRunner ElasticBeanstalk Lightsail EMR ' +
      'EMRServerless EMRContainers SageMaker Bedrock GameLift ImageBuilder WorkSpaces AppStream StepFunctions Serverless ' +
      'PCS Omics RoboMaker',
    data:
      'S3 S3Express S3Tables S3Outposts S3ObjectLambda RDS DynamoDB DAX ElastiCache MemoryDB EFS FSx Redshift ' +
      'RedshiftServerless DocDB DocDBElastic Neptune NeptuneGraph OpenSearchService OpenSearchServerless Elasticsearch ' +
      'QLDB Timestream Cassandra Backup ECR Glue Athena LakeFormation DMS DataSync DataBrew DataPipeline DLM DSQL ' +
      'StorageGateway Transfer QuickSight Kendra SDB HealthLake',
    delivery:
      'ApiGateway ApiGatewayV2 CloudFront Route53 Route53Resolver Route53RecoveryControl AppSync GlobalAccelerator ' +
      'ElasticLoadBalancing ElasticLoadBalancingV2 Amplify AppMesh ServiceDiscovery VpcLattice MediaStore MediaPackage ' +
      'MediaLive MediaConvert MediaTailor MediaConnect',
    development:
      'CodeBuild CodePipeline CodeCommit CodeDeploy CodeArtifact CodeStar CodeStarConnections Cloud9 CodeConnections',
    governance:
      'Config CloudTrail Budgets CE CUR BCMDataExports SSM ServiceCatalog Organizations ControlTower CloudFormation ' +
      'ResourceGroups AuditManager Custom AppConfig RAM Chatbot LicenseManager ResilienceHub FIS SSMContacts SSMIncidents',
    messaging:
      'SNS SQS Events EventSchemas Kinesis KinesisFirehose KinesisAnalytics KinesisAnalyticsV2 KinesisVideo MSK ' +
      'KafkaConnect AmazonMQ Pipes Scheduler SES Pinpoint IoT IoTAnalytics IoTEvents Connect Lex AppFlow',
    monitoring:
      'CloudWatch Logs Synthetics XRay RUM Grafana APS ApplicationInsights InternetMonitor Oam ApplicationSignals ' +
      'DevOpsGuru Evidently',
    network: 'EC2 NetworkFirewall NetworkManager DirectConnect',
    security:
      'KMS SecretsManager WAF WAFv2 WAFRegional CertificateManager ACMPCA PCAConnectorAD GuardDuty SecurityHub Macie ' +
      'Inspector InspectorV2 Shield Detective FMS CloudHSM Signer SecurityLake',
  } satisfies Partial<Record<Kind, string>>).flatMap(([kind, services]) =>
    services.split(' ').map((service) => [service, kind as Kind]),
  ),
);

const KIND_OF_TYPE: Readonly<Record<string, Kind>> = {
  'AWS::EC2::Instance': 'compute',
  'AWS::EC2::LaunchTemplate': 'compute',
  'AWS::EC2::EC2Fleet': 'compute',
  'AWS::EC2::SpotFleet': 'compute',
  'AWS::EC2::KeyPair': 'security',
  'AWS::EC2::Volume': 'data',
  'AWS::RDS::EventSubscription': 'messaging',
  'AWS::Redshift::EventSubscription': 'messaging',
  'AWS::DMS::EventSubscription': 'messaging',
  'AWS::Lambda::LayerVersion': 'compute',
};

export function kindOf(type: string): Kind {
  if (Object.hasOwn(KIND_OF_TYPE, type)) return KIND_OF_TYPE[type]!;
  if (type.startsWith('Custom::')) return 'governance';
  const [, service = ''] = type.split('::');
  return Object.hasOwn(KIND_OF_SERVICE, service) ? KIND_OF_SERVICE[service]! : 'other';
}

/** Where the name in the type is not how the service is spoken of. */
const SERVICE_NAME: Readonly<Record<string, string>> = {
  ApiGateway: 'API Gateway',
  ApiGatewayV2: 'API Gateway',
  AutoScaling: '',
  CertificateManager: '',
  DocDB: 'DocumentDB',
  EC2: '',
  ElasticLoadBalancing: '',
  ElasticLoadBalancingV2: '',
  Elasticsearch: 'Elasticsearch',
  Events: 'EventBridge',
  KinesisFirehose: 'Firehose',
  Logs: '',
  OpenSearchService: 'OpenSearch',
  SecretsManager: 'Secrets Manager',
  Serverless: '',
  StepFunctions: '',
  WAFv2: 'WAF',
  WAFRegional: 'WAF',
};

const TYPE_NAME: Readonly<Record<string, string>> = {
  'AWS::ApiGateway::RestApi': 'REST API',
  'AWS::ApiGatewayV2::Api': 'HTTP or WebSocket API',
  'AWS::AutoScaling::AutoScalingGroup': 'Auto Scaling group',
  'AWS::Backup::BackupPlan': 'Backup plan',
  'AWS::Backup::BackupVault': 'Backup vault',
  'AWS::Budgets::Budget': 'Budget',
  'AWS::CertificateManager::Certificate': 'TLS certificate',
  'AWS::CloudFront::Distribution': 'CloudFront distribution',
  'AWS::CloudTrail::Trail': 'CloudTrail trail',
  'AWS::EC2::EIP': 'Elastic IP address',
  'AWS::EC2::Instance': 'EC2 instance',
  'AWS::EC2::NatGateway': 'NAT gateway',
  'AWS::EC2::SecurityGroup': 'Security group',
  'AWS::EC2::TransitGateway': 'Transit gateway',
  'AWS::EC2::VPCEndpoint': 'VPC endpoint',
  'AWS::EC2::Volume': 'EBS volume',
  'AWS::ElasticLoadBalancing::LoadBalancer': 'Classic load balancer',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'Load balancer',
  'AWS::RDS::DBCluster': 'RDS cluster',
  'AWS::RDS::DBInstance': 'RDS instance',
  'AWS::RDS::DBProxy': 'RDS proxy',
  'AWS::StepFunctions::StateMachine': 'State machine',
};

/** A short name in plain words: `S3 bucket`, `Load balancer`, `Config rule`. */
export function typeLabel(type: string): string {
  if (Object.hasOwn(TYPE_NAME, type)) return TYPE_NAME[type]!;
  if (type === '') return 'no type';
  if (type.startsWith('Custom::')) return `Custom ${words(type.slice('Custom::'.length))}`;
  const [provider, service = '', ...rest] = type.split('::');
  if (rest.length === 0) return words(type);
  const what = words(rest.join(' '));
  const name = Object.hasOwn(SERVICE_NAME, service) ? SERVICE_NAME[service]! : words(service, true);
  const label = provider === 'AWS' ? name : `${provider} ${name}`;
  if (label === '' || what.toLowerCase().startsWith(label.toLowerCase())) return capital(what);
  return `${label} ${what}`;
}

const SHORT: Readonly<Record<string, string>> = {
  'AWS::EC2::EIP': 'IP address',
  'AWS::EC2::SecurityGroupEgress': 'egress rule',
  'AWS::EC2::SecurityGroupIngress': 'ingress rule',
  'AWS::EC2::SubnetRouteTableAssociation': 'route association',
  'AWS::EC2::SubnetNetworkAclAssociation': 'network ACL association',
  'AWS::EC2::VPCDHCPOptionsAssociation': 'DHCP options association',
  'AWS::EC2::VPCGatewayAttachment': 'attachment',
};

/** What is left where the service is clear from what it is counted with: `bucket policy`, `DB subnet group`. */
export function shortLabel(type: string): string {
  if (Object.hasOwn(SHORT, type)) return SHORT[type]!;
  return words(type.split('::').at(-1) || 'resource');
}

/** `DBSubnetGroup` to `DB subnet group`. */
function words(name: string, keepCase = false): string {
  const parts = name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_ ]+/);
  return parts
    .map((part) => (keepCase || /^[A-Z0-9]{2,}$/.test(part) ? part : part.toLowerCase()))
    .join(keepCase ? '' : ' ');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
