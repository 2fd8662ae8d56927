// Templates to measure with: made here, always the same, of the kinds that people deploy, with parameters and conditions.
const parameters = {
  Environment: { Type: 'String', AllowedValues: ['development', 'staging', 'production'], Default: 'development' },
  RetentionDays: { Type: 'Number', MinValue: 1, MaxValue: 365, Default: 30 },
  KeyArn: { Type: 'String', Default: '' },
  VpcCidr: { Type: 'String', Default: '10.0.0.0/16' },
};

const conditions = {
  IsProduction: { 'Fn::Equals': [{ Ref: 'Environment' }, 'production'] },
  HasKey: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'KeyArn' }, ''] }] },
};

const ref = (id) => ({ Ref: id });
const att = (id, name) => ({ 'Fn::GetAtt': [id, name] });
const sub = (text) => ({ 'Fn::Sub': text });
const when = (condition, then, otherwise) => ({ 'Fn::If': [condition, then, otherwise] });
const noValue = ref('AWS::NoValue');

/** Seventeen resources; `n` keeps their names apart. */
function block(n) {
  const id = (name) => `${name}${n}`;
  return {
    [id('Vpc')]: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: ref('VpcCidr'), EnableDnsSupport: true } },
    [id('SubnetA')]: {
      Type: 'AWS::EC2::Subnet',
      Properties: {
        VpcId: ref(id('Vpc')),
        CidrBlock: { 'Fn::Select': [0, { 'Fn::Cidr': [ref('VpcCidr'), 4, 8] }] },
        AvailabilityZone: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
      },
    },
    [id('SubnetB')]: {
      Type: 'AWS::EC2::Subnet',
      Properties: {
        VpcId: ref(id('Vpc')),
        CidrBlock: { 'Fn::Select': [1, { 'Fn::Cidr': [ref('VpcCidr'), 4, 8] }] },
        AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
      },
    },
    [id('SecurityGroup')]: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Reached from within',
        VpcId: ref(id('Vpc')),
        SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: ref('VpcCidr') }],
      },
    },
    [id('Key')]: {
      Type: 'AWS::KMS::Key',
      Properties: {
        EnableKeyRotation: when('IsProduction', true, false),
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
    [id('Bucket')]: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        VersioningConfiguration: { Status: when('IsProduction', 'Enabled', 'Suspended') },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: ref('RetentionDays') }] },
      },
    },
    [id('BucketPolicy')]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(id('Bucket')),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [att(id('Bucket'), 'Arn'), sub(`\${${id('Bucket')}.Arn}/*`)],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
    [id('Queue')]: {
      Type: 'AWS::SQS::Queue',
      Properties: { KmsMasterKeyId: when('HasKey', ref('KeyArn'), noValue), VisibilityTimeout: 60 },
    },
    [id('Topic')]: {
      Type: 'AWS::SNS::Topic',
      Properties: { KmsMasterKeyId: when('HasKey', ref('KeyArn'), ref(id('Key'))) },
    },
    [id('Subscription')]: {
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: ref(id('Topic')), Protocol: 'sqs', Endpoint: att(id('Queue'), 'Arn') },
    },
    [id('LogGroup')]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { RetentionInDays: 365, KmsKeyId: when('HasKey', ref('KeyArn'), noValue) },
    },
    [id('Role')]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
        Policies: [
          {
            PolicyName: 'work',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
                  Resource: att(id('Queue'), 'Arn'),
                },
                { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: att(id('LogGroup'), 'Arn') },
              ],
            },
          },
        ],
      },
    },
    [id('Function')]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Code: { ZipFile: 'exports.handler = async () => {}' },
        Role: att(id('Role'), 'Arn'),
        VpcConfig: {
          SubnetIds: [ref(id('SubnetA')), ref(id('SubnetB'))],
          SecurityGroupIds: [ref(id('SecurityGroup'))],
        },
        Environment: { Variables: { STAGE: ref('Environment'), QUEUE: ref(id('Queue')) } },
      },
    },
    [id('Permission')]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: ref(id('Function')),
        Principal: 'sns.amazonaws.com',
        SourceArn: ref(id('Topic')),
      },
    },
    [id('Table')]: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: when('IsProduction', true, false) },
      },
    },
    [id('Alarm')]: {
      Type: 'AWS::CloudWatch::Alarm',
      Condition: 'IsProduction',
      Properties: {
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: ref(id('Function')) }],
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: [ref(id('Topic'))],
      },
    },
    [id('Parameter')]: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Type: 'String', Value: ref(id('Bucket')) },
    },
  };
}

/** A template of `blocks` times seventeen resources, as JSON, which every tool reads. */
export function templateOf(blocks, description) {
  const numbers = Array.from({ length: blocks }, (_, index) => index + 1);
  return JSON.stringify(
    {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: description,
      Parameters: parameters,
      Conditions: conditions,
      Resources: Object.assign({}, ...numbers.map(block)),
      Outputs: { Bucket: { Value: ref('Bucket1') } },
    },
    null,
    1,
  );
}
