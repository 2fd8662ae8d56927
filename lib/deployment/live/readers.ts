import type { Reader } from './reading.ts';

/** A reader for each type. A service's client is loaded with the first resource of that service. */
const READERS: Readonly<Record<string, () => Promise<Reader>>> = {
  'AWS::Backup::BackupPlan': async () => (await import('./backup.ts')).plan,
  'AWS::Backup::BackupSelection': async () => (await import('./backup.ts')).selection,
  'AWS::Backup::BackupVault': async () => (await import('./backup.ts')).vault,
  'AWS::Budgets::Budget': async () => (await import('./budgets.ts')).budget,
  'AWS::CloudWatch::Alarm': async () => (await import('./cloudwatch.ts')).alarm,
  'AWS::CloudWatch::CompositeAlarm': async () => (await import('./cloudwatch.ts')).compositeAlarm,
  'AWS::CloudWatch::Dashboard': async () => (await import('./cloudwatch.ts')).dashboard,
  'AWS::Config::ConfigRule': async () => (await import('./config.ts')).rule,
  'AWS::Config::ConfigurationRecorder': async () => (await import('./config.ts')).recorder,
  'AWS::Config::DeliveryChannel': async () => (await import('./config.ts')).deliveryChannel,
  'AWS::EC2::EIP': async () => (await import('./ec2.ts')).elasticAddress,
  'AWS::EC2::FlowLog': async () => (await import('./ec2.ts')).flowLog,
  'AWS::EC2::InternetGateway': async () => (await import('./ec2.ts')).internetGateway,
  'AWS::EC2::NatGateway': async () => (await import('./ec2.ts')).natGateway,
  'AWS::EC2::Route': async () => (await import('./ec2.ts')).route,
  'AWS::EC2::RouteTable': async () => (await import('./ec2.ts')).routeTable,
  'AWS::EC2::SecurityGroup': async () => (await import('./ec2.ts')).securityGroup,
  'AWS::EC2::SecurityGroupEgress': async () => (await import('./ec2.ts')).securityGroupEgress,
  'AWS::EC2::SecurityGroupIngress': async () => (await import('./ec2.ts')).securityGroupIngress,
  'AWS::EC2::Subnet': async () => (await import('./ec2.ts')).subnet,
  'AWS::EC2::SubnetRouteTableAssociation': async () => (await import('./ec2.ts')).routeTableAssociation,
  'AWS::EC2::VPC': async () => (await import('./ec2.ts')).vpc,
  'AWS::EC2::VPCEndpoint': async () => (await import('./ec2.ts')).endpoint,
  'AWS::EC2::VPCGatewayAttachment': async () => (await import('./ec2.ts')).gatewayAttachment,
  'AWS::ElastiCache::ParameterGroup': async () => (await import('./elasticache.ts')).parameterGroup,
  'AWS::ElastiCache::ReplicationGroup': async () => (await import('./elasticache.ts')).replicationGroup,
  'AWS::ElastiCache::SubnetGroup': async () => (await import('./elasticache.ts')).subnetGroup,
  'AWS::ElastiCache::User': async () => (await import('./elasticache.ts')).user,
  'AWS::ElastiCache::UserGroup': async () => (await import('./elasticache.ts')).userGroup,
  'AWS::Events::Rule': async () => (await import('./events.ts')).rule,
  'AWS::IAM::InstanceProfile': async () => (await import('./iam.ts')).instanceProfile,
  'AWS::IAM::ManagedPolicy': async () => (await import('./iam.ts')).managedPolicy,
  'AWS::IAM::Role': async () => (await import('./iam.ts')).role,
  'AWS::KMS::Alias': async () => (await import('./kms.ts')).alias,
  'AWS::KMS::Key': async () => (await import('./kms.ts')).key,
  'AWS::Lambda::Function': async () => (await import('./lambda.ts')).lambdaFunction,
  'AWS::Lambda::Permission': async () => (await import('./lambda.ts')).permission,
  'AWS::Logs::LogGroup': async () => (await import('./logs.ts')).logGroup,
  'AWS::RDS::DBCluster': async () => (await import('./rds.ts')).cluster,
  'AWS::RDS::DBClusterParameterGroup': async () => (await import('./rds.ts')).clusterParameterGroup,
  'AWS::RDS::DBInstance': async () => (await import('./rds.ts')).instance,
  'AWS::RDS::DBParameterGroup': async () => (await import('./rds.ts')).parameterGroup,
  'AWS::RDS::DBSubnetGroup': async () => (await import('./rds.ts')).subnetGroup,
  'AWS::RDS::EventSubscription': async () => (await import('./rds.ts')).eventSubscription,
  'AWS::S3::Bucket': async () => (await import('./s3.ts')).bucket,
  'AWS::S3::BucketPolicy': async () => (await import('./s3.ts')).bucketPolicy,
  'AWS::SNS::Subscription': async () => (await import('./sns.ts')).subscription,
  'AWS::SNS::Topic': async () => (await import('./sns.ts')).topic,
  'AWS::SNS::TopicPolicy': async () => (await import('./sns.ts')).topicPolicy,
  'AWS::SQS::Queue': async () => (await import('./sqs.ts')).queue,
  'AWS::SQS::QueuePolicy': async () => (await import('./sqs.ts')).queuePolicy,
  'AWS::SSM::Parameter': async () => (await import('./ssm.ts')).parameter,
  'AWS::SecretsManager::Secret': async () => (await import('./secrets.ts')).secret,
};

/** Types that have a reader of their own. */
export const READ_TYPES: readonly string[] = Object.keys(READERS);

/** The reader of a type, or undefined where it has none of its own. */
export async function readerOf(type: string): Promise<Reader | undefined> {
  return Object.hasOwn(READERS, type) ? READERS[type]!() : undefined;
}

/** Types that are found by what the template states of them, which may name attributes of other resources: read after these. */
export const FOUND_BY_STATEMENT: ReadonlySet<string> = new Set([
  'AWS::Backup::BackupSelection',
  'AWS::EC2::Route',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::Lambda::Permission',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

/** Types whose settings other resources of the stack add to: read again when these are known. */
export const ADDED_TO_BY_OTHERS: ReadonlySet<string> = new Set(['AWS::EC2::SecurityGroup', 'AWS::IAM::Role']);
