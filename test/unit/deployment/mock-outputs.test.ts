import { describe, expect, test } from '@jest/globals';
import { flatOutputs, mockStackOutputs, type StackOutputs } from '../../../generator/commands/outputs.ts';
import { chosenStacks } from '../../../generator/commands/target.ts';
import type { Template } from '../../../lib/cfn/template.ts';
import { mockOutputs } from '../../../lib/deployment/mock-outputs.ts';

const REQUEST = { stackName: 'shop', region: 'eu-west-1', parameters: {}, imports: {} };

/** The one output of a template with one resource. */
function outputOf(type: string, properties: object, value: unknown, region = REQUEST.region): string | undefined {
  const template = { Resources: { Thing: { Type: type, Properties: properties } }, Outputs: { Out: { Value: value } } };
  return mockOutputs(template as unknown as Template, { ...REQUEST, region }).outputs.Out;
}

const REF = { Ref: 'Thing' };
const att = (name: string) => ({ 'Fn::GetAtt': ['Thing', name] });

describe('what AWS makes up has the form that AWS gives it', () => {
  test.each<[type: string, properties: object, value: object, form: RegExp]>([
    ['AWS::EC2::Instance', {}, REF, /^i-[0-9a-f]{17}$/],
    ['AWS::EC2::Instance', {}, att('PrivateIp'), /^10\.\d+\.\d+\.\d+$/],
    ['AWS::EC2::Volume', {}, REF, /^vol-[0-9a-f]{17}$/],
    ['AWS::EC2::VPC', {}, att('VpcId'), /^vpc-[0-9a-f]{17}$/],
    ['AWS::EC2::SecurityGroup', {}, att('GroupId'), /^sg-[0-9a-f]{17}$/],
    ['AWS::EC2::NatGateway', {}, att('NatGatewayId'), /^nat-[0-9a-f]{17}$/],
    ['AWS::EFS::FileSystem', {}, REF, /^fs-[0-9a-f]{17}$/],
    [
      'AWS::EFS::FileSystem',
      {},
      att('Arn'),
      /^arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system\/fs-[0-9a-f]{17}$/,
    ],
    ['AWS::KMS::Key', {}, att('Arn'), /^arn:aws:kms:eu-west-1:111122223333:key\/[0-9a-f-]{36}$/],
    ['AWS::KMS::Key', {}, att('KeyId'), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/],
    ['AWS::S3::Bucket', {}, REF, /^shop-Thing-[0-9A-F]{12}$/],
    ['AWS::S3::Bucket', { BucketName: 'files' }, att('Arn'), /^arn:aws:s3:::files$/],
    ['AWS::S3::Bucket', { BucketName: 'files' }, att('RegionalDomainName'), /^files\.s3\.eu-west-1\.amazonaws\.com$/],
    ['AWS::SQS::Queue', { QueueName: 'jobs' }, REF, /^https:\/\/sqs\.eu-west-1\.amazonaws\.com\/111122223333\/jobs$/],
    ['AWS::SNS::Topic', { TopicName: 'news' }, REF, /^arn:aws:sns:eu-west-1:111122223333:news$/],
    [
      'AWS::SecretsManager::Secret',
      { Name: 'key' },
      REF,
      /^arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-\w{6}$/,
    ],
    [
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      { Name: 'web' },
      REF,
      /^arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer\/app\/web\/[0-9a-f]{16}$/,
    ],
    [
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      { Name: 'web', Type: 'network' },
      att('LoadBalancerArn'),
      /:loadbalancer\/net\/web\/[0-9a-f]{16}$/,
    ],
    [
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      { Name: 'web' },
      att('DNSName'),
      /^web-\d{10}\.eu-west-1\.elb\.amazonaws\.com$/,
    ],
    [
      'AWS::RDS::DBCluster',
      { DBClusterIdentifier: 'db' },
      att('Endpoint.Address'),
      /^db\.cluster-\w{12}\.eu-west-1\.rds\.amazonaws\.com$/,
    ],
    ['AWS::RDS::DBCluster', { Engine: 'aurora-mysql' }, att('Endpoint.Port'), /^3306$/],
    ['AWS::RDS::DBCluster', { Engine: 'aurora-postgresql' }, att('Endpoint.Port'), /^5432$/],
    ['AWS::RDS::DBCluster', { Port: 5433 }, att('Endpoint.Port'), /^5433$/],
    ['AWS::ElastiCache::ReplicationGroup', {}, att('PrimaryEndPoint.Port'), /^6379$/],
    ['AWS::CloudFront::Distribution', {}, REF, /^E[0-9A-F]{13}$/],
    ['AWS::CloudFront::Distribution', {}, att('DomainName'), /^d[0-9a-f]{12}\.cloudfront\.net$/],
    ['AWS::Cognito::UserPool', {}, REF, /^eu-west-1_\w{9}$/],
  ])('%s %j: %j', (type, properties, value, form) => {
    expect(outputOf(type, properties, value)).toMatch(form);
  });
});

describe('partitions have their own names', () => {
  test.each([
    ['cn-north-1', 'AWS::KMS::Key', att('Arn'), /^arn:aws-cn:kms:cn-north-1:/],
    ['cn-north-1', 'AWS::SQS::Queue', REF, /^https:\/\/sqs\.cn-north-1\.amazonaws\.com\.cn\//],
    ['cn-north-1', 'AWS::RDS::DBCluster', att('Endpoint.Address'), /\.rds\.amazonaws\.com\.cn$/],
    ['us-gov-west-1', 'AWS::SecretsManager::Secret', REF, /^arn:aws-us-gov:secretsmanager:us-gov-west-1:/],
    ['us-gov-west-1', 'AWS::S3::Bucket', att('Arn'), /^arn:aws-us-gov:s3:::/],
  ])('%s: %s %j', (region, type, value, form) => {
    expect(outputOf(type, {}, value, region)).toMatch(form);
  });
});

test('the same request gives the same text, another stack another', () => {
  const of = (stackName: string) =>
    mockOutputs({ Resources: { V: { Type: 'AWS::EC2::VPC' } }, Outputs: { V: { Value: { Ref: 'V' } } } } as Template, {
      ...REQUEST,
      stackName,
    }).outputs.V;
  expect(of('one')).toBe(of('one'));
  expect(of('one')).not.toBe(of('two'));
});

test('an output whose condition is false is left out; exports carry their names', () => {
  const template = {
    Parameters: { On: { Type: 'String', Default: 'no' } },
    Conditions: { IsOn: { 'Fn::Equals': [{ Ref: 'On' }, 'yes'] } },
    Resources: { V: { Type: 'AWS::EC2::VPC' } },
    Outputs: {
      A: { Value: { 'Fn::Sub': 'x-${On}' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}-a' } } },
      B: { Condition: 'IsOn', Value: 'b' },
    },
  } as unknown as Template;
  expect(mockOutputs(template, REQUEST)).toEqual({ outputs: { A: 'x-no' }, exports: { 'shop-a': 'x-no' } });
  const on = mockOutputs(template, { ...REQUEST, parameters: { On: 'yes' } });
  expect(on.outputs).toEqual({ A: 'x-yes', B: 'b' });
});

test('an import gives what the stack before exported', () => {
  const template = {
    Resources: { V: { Type: 'AWS::EC2::VPC' } },
    Outputs: { A: { Value: { 'Fn::ImportValue': 'base-vpc' } } },
  } as unknown as Template;
  expect(mockOutputs(template, { ...REQUEST, imports: { 'base-vpc': 'vpc-1' } }).outputs.A).toBe('vpc-1');
});

describe('flat outputs', () => {
  test('lose nothing where two stacks give one name: the later ranks first, the earlier keeps its stack', () => {
    const stacks: StackOutputs[] = [
      { stackName: 'one', outputs: { Topic: 'a', Own: '1' } },
      { stackName: 'two', outputs: { Topic: 'b' } },
    ];
    expect(flatOutputs(stacks)).toEqual({ Topic: 'b', Own: '1', 'one.Topic': 'a' });
  });

  test('do not repeat a value on which two stacks agree', () => {
    const stacks = ['one', 'two'].map((stackName) => ({ stackName, outputs: { Topic: 'a' } }));
    expect(flatOutputs(stacks)).toEqual({ Topic: 'a' });
  });
});

test('no output of an environment is a stand-in without a form', () => {
  const flat = flatOutputs(mockStackOutputs(chosenStacks({ environment: 'production-like' })));
  expect(Object.entries(flat).filter(([, value]) => /^mock-|undefined|\[object/.test(value))).toEqual([]);
});
