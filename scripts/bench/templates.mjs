// Templates to measure with: made here from a fixed seed, always the same, no two alike, of the kinds that people deploy.
// Every template has parameters, conditions and twelve kinds of part; what a part sets differs from template to template.

/** Numbers in [0, 1) that look random and are the same in every run (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ref = (id) => ({ Ref: id });
const att = (id, name) => ({ 'Fn::GetAtt': [id, name] });
const sub = (text) => ({ 'Fn::Sub': text });
const when = (condition, then, otherwise) => ({ 'Fn::If': [condition, then, otherwise] });
const noValue = ref('AWS::NoValue');
const NAMES = ['Orders', 'Billing', 'Catalogue', 'Ledger', 'Media', 'Search', 'Audit', 'Import', 'Report', 'Session'];

/** What the parts of one template choose from. */
function choices(seed) {
  const next = numbers(seed);
  const one = (...values) => values[Math.floor(next() * values.length)];
  return {
    one,
    chance: (share) => next() < share,
    whole: (low, high) => low + Math.floor(next() * (high - low + 1)),
    /** A value that is right everywhere, right in production only, or left out. */
    flag: (right, wrong) =>
      one(right, right, when('IsProduction', right, wrong), when('IsLive', right, noValue), noValue),
  };
}

function parameters({ one, whole }) {
  return {
    Environment: {
      Type: 'String',
      AllowedValues: ['development', 'staging', 'production'],
      Default: one('development', 'staging'),
    },
    RetentionDays: { Type: 'Number', MinValue: 1, MaxValue: 365, Default: whole(7, 90) },
    KeyArn: { Type: 'String', Default: '' },
    OfficeCidr: {
      Type: 'String',
      AllowedPattern: '^10\\.[0-9]{1,3}\\.[0-9]{1,3}\\.0/24$',
      Default: `10.${whole(0, 250)}.0.0/24`,
    },
    Debug: { Type: 'String', AllowedValues: ['yes', 'no'], Default: 'no' },
  };
}

const conditions = {
  IsProduction: { 'Fn::Equals': [ref('Environment'), 'production'] },
  IsDebug: { 'Fn::And': [{ 'Fn::Equals': [ref('Debug'), 'yes'] }, { 'Fn::Not': [{ Condition: 'IsProduction' }] }] },
  IsLive: { 'Fn::Or': [{ Condition: 'IsProduction' }, { 'Fn::Equals': [ref('Environment'), 'staging'] }] },
  HasKey: { 'Fn::Not': [{ 'Fn::Equals': [ref('KeyArn'), ''] }] },
};

const allow = (service) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});

/** Each adds the resources of one part, under names that begin with `n`; the network comes first. */
const PARTS = {
  network(n, { whole, flag }) {
    const octet = whole(0, 250);
    const subnet = (index) => ({
      Type: 'AWS::EC2::Subnet',
      Properties: {
        VpcId: ref(`${n}Vpc`),
        CidrBlock: { 'Fn::Select': [index, { 'Fn::Cidr': [att(`${n}Vpc`, 'CidrBlock'), 4, 8] }] },
        AvailabilityZone: { 'Fn::Select': [index, { 'Fn::GetAZs': '' }] },
        MapPublicIpOnLaunch: flag(false, true),
      },
    });
    return {
      [`${n}Vpc`]: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: `10.${octet}.0.0/16`, EnableDnsSupport: true } },
      [`${n}SubnetA`]: subnet(0),
      [`${n}SubnetB`]: subnet(1),
    };
  },
  securityGroup(n, { one, whole }) {
    const port = one(22, 443, 5432, 8080, whole(1024, 60000));
    const cidr = one(ref('OfficeCidr'), when('IsDebug', '0.0.0.0/0', '10.0.0.0/8'), `10.${whole(0, 250)}.0.0/16`);
    return {
      [`${n}Group`]: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          GroupDescription: `Reaches ${n}`,
          VpcId: ref('MainVpc'),
          SecurityGroupIngress: [
            { IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: cidr, Description: 'Within' },
          ],
        },
      },
    };
  },
  key(n, { flag }) {
    const account = sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root');
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'kms:*', Resource: '*' }],
    };
    return {
      [`${n}Key`]: { Type: 'AWS::KMS::Key', Properties: { EnableKeyRotation: flag(true, false), KeyPolicy: policy } },
    };
  },
  bucket(n, { flag, whole }) {
    return {
      [`${n}Bucket`]: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          VersioningConfiguration: { Status: when('IsProduction', 'Enabled', 'Suspended') },
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: flag(true, false),
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: flag(true, false),
          },
          LifecycleConfiguration: {
            Rules: [{ Id: `after-${whole(1, 400)}`, Status: 'Enabled', ExpirationInDays: ref('RetentionDays') }],
          },
        },
      },
      [`${n}BucketPolicy`]: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: ref(`${n}Bucket`),
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Deny',
                Principal: '*',
                Action: 's3:*',
                Resource: [att(`${n}Bucket`, 'Arn'), sub(`\${${n}Bucket.Arn}/*`)],
                Condition: { Bool: { 'aws:SecureTransport': 'false' } },
              },
            ],
          },
        },
      },
    };
  },
  queue(n, { whole, chance }) {
    const encrypted = { KmsMasterKeyId: when('HasKey', ref('KeyArn'), noValue) };
    return {
      [`${n}Queue`]: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          ...(chance(0.6) ? encrypted : {}),
          VisibilityTimeout: whole(30, 900),
          RedrivePolicy: { deadLetterTargetArn: att(`${n}Dead`, 'Arn'), maxReceiveCount: whole(2, 9) },
        },
      },
      [`${n}Dead`]: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 1209600 } },
    };
  },
  topic(n, { chance }) {
    return {
      [`${n}Topic`]: {
        Type: 'AWS::SNS::Topic',
        Properties: chance(0.5) ? { KmsMasterKeyId: when('HasKey', ref('KeyArn'), 'alias/aws/sns') } : {},
      },
      [`${n}Alarm`]: {
        Type: 'AWS::CloudWatch::Alarm',
        Condition: 'IsLive',
        Properties: {
          Namespace: 'AWS/Lambda',
          MetricName: 'Errors',
          Statistic: 'Sum',
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          AlarmActions: [ref(`${n}Topic`)],
        },
      },
    };
  },
  database(n, { flag, one, whole }) {
    return {
      [`${n}Subnets`]: {
        Type: 'AWS::RDS::DBSubnetGroup',
        Properties: { DBSubnetGroupDescription: n, SubnetIds: [ref('MainSubnetA'), ref('MainSubnetB')] },
      },
      [`${n}Database`]: {
        Type: 'AWS::RDS::DBInstance',
        DeletionPolicy: 'Snapshot',
        UpdateReplacePolicy: 'Snapshot',
        Properties: {
          Engine: one('postgres', 'mysql'),
          DBInstanceClass: when('IsProduction', 'db.r6g.large', 'db.t4g.medium'),
          AllocatedStorage: String(whole(20, 200)),
          DBSubnetGroupName: ref(`${n}Subnets`),
          StorageEncrypted: flag(true, false),
          MultiAZ: when('IsProduction', true, false),
          PubliclyAccessible: flag(false, true),
          DeletionProtection: flag(true, false),
          BackupRetentionPeriod: when('IsProduction', 30, 7),
          MasterUsername: 'owner',
          ManageMasterUserPassword: true,
        },
      },
    };
  },
  function(n, { one, chance, whole }) {
    const inVpc = {
      SubnetIds: [ref('MainSubnetA'), ref('MainSubnetB')],
      SecurityGroupIds: [att('MainVpc', 'DefaultSecurityGroup')],
    };
    const statement = {
      Effect: 'Allow',
      Action: one('logs:PutLogEvents', 'sqs:*', ['s3:GetObject', 's3:PutObject']),
      Resource: '*',
    };
    return {
      [`${n}Role`]: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: allow('lambda.amazonaws.com'),
          Policies: [{ PolicyName: 'work', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }],
        },
      },
      [`${n}Function`]: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: one('nodejs22.x', 'python3.13', 'nodejs20.x'),
          Handler: 'index.handler',
          MemorySize: whole(128, 3008),
          Code: { ZipFile: 'exports.handler = async () => {}' },
          Role: att(`${n}Role`, 'Arn'),
          VpcConfig: chance(0.5) ? inVpc : when('IsProduction', inVpc, noValue),
          Environment: { Variables: { STAGE: ref('Environment') } },
        },
      },
      [`${n}Logs`]: {
        Type: 'AWS::Logs::LogGroup',
        Properties: {
          LogGroupName: sub(`/aws/lambda/\${${n}Function}`),
          RetentionInDays: when('IsProduction', 365, 30),
          KmsKeyId: when('HasKey', ref('KeyArn'), noValue),
        },
      },
    };
  },
  table(n, { flag }) {
    return {
      [`${n}Table`]: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: flag(true, false) },
          DeletionProtectionEnabled: flag(true, false),
        },
      },
    };
  },
  secret(n, { one, whole }) {
    const generated = { GenerateSecretString: { PasswordLength: whole(20, 60) } };
    return {
      [`${n}Secret`]: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: one(generated, { ...generated, KmsKeyId: when('HasKey', ref('KeyArn'), noValue) }),
      },
    };
  },
  repository(n, { flag, one }) {
    return {
      [`${n}Repository`]: {
        Type: 'AWS::ECR::Repository',
        Properties: {
          ImageTagMutability: one('IMMUTABLE', when('IsProduction', 'IMMUTABLE', 'MUTABLE')),
          ImageScanningConfiguration: { ScanOnPush: flag(true, false) },
        },
      },
    };
  },
  parameter(n, { one }) {
    return {
      [`${n}Parameter`]: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Type: 'String', Value: one(ref('Environment'), sub('${AWS::StackName}-${Environment}')) },
      },
    };
  },
};

/** A template of exactly `size` resources, as JSON, which every tool reads. The same seed gives the same text. */
export function templateOf(seed, size) {
  const chosen = choices(seed);
  const resources = { ...PARTS.network('Main', chosen) };
  const { network: _, ...others } = PARTS;
  const makers = Object.values(others);
  for (let part = 0; Object.keys(resources).length < size; part++) {
    const name = `${chosen.one(...NAMES)}${part}`;
    const made = chosen.one(...makers)(name, chosen);
    // The last part is the one that fits; a part of one resource always does.
    if (Object.keys(resources).length + Object.keys(made).length <= size) Object.assign(resources, made);
  }
  return JSON.stringify(
    {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: `Template ${seed} of the benchmark`,
      Parameters: parameters(chosen),
      Conditions: conditions,
      Resources: resources,
    },
    null,
    1,
  );
}
