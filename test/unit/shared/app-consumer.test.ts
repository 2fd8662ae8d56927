import { describe, expect, test } from '@jest/globals';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from '../staging/committed.ts';
import { bytesOf, CERTIFICATE, deployments, ELEVEN, IMAGE, ofType, refusals, textOf, typesOf } from './deployments.ts';

const STACK = 'shared/app-consumer';
const PREFIX = '/shared-infra/test';
const { listed, each } = deployments(STACK, [
  ...['SharedInfraPrefix', 'ExportPrefix', 'DomainName', 'ListenerRulePriority'],
]);
const parameters = committed(STACK).Parameters!;
const read = Object.entries(parameters).filter(([, { Type }]) => Type.startsWith('AWS::SSM::Parameter::Value<'));
const pathOf = (id: string) => ELEVEN.find((name) => parameters[id]?.AllowedPattern?.endsWith(`/${name}$`));
const consumer = (more: Record<string, string> = {}) =>
  deployed(STACK, {
    EnvironmentSuffix: 'myproject',
    SharedInfraPrefix: PREFIX,
    DomainName: 'api.myproject.com',
    ListenerRulePriority: '200',
    ImageUri: IMAGE,
    ...Object.fromEntries(read.map(([id]) => [id, `${PREFIX}/${pathOf(id)}`])),
    ...more,
  });

test('all deployments are known', () => {
  expect(listed).toMatchObject({ exact: true, incomplete: false, tooLarge: false });
  expect(each.length).toBeGreaterThanOrEqual(16);
});

test('it can be deployed without a bucket', () => {
  expect(bytesOf(STACK)).toBeLessThanOrEqual(51200);
});

test.each(parameterFiles(STACK))('the parameters of $environment are deployable', ({ parameters: values }) => {
  expect(deployed(STACK, values).findings).toEqual([]);
});

test('in no deployment it has a network, a load balancer or a database of its own', () => {
  for (const { template } of each) {
    const types = Object.keys(typesOf(template));
    expect(types.filter((type) => /^AWS::(RDS|DocDB|Neptune)::/.test(type))).toEqual([]);
    expect(types.filter((type) => type.startsWith('AWS::EC2::')).sort()).toEqual([
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupEgress',
      'AWS::EC2::SecurityGroupIngress',
    ]);
    expect(types).not.toContain('AWS::ElasticLoadBalancingV2::LoadBalancer');
    expect(types).not.toContain('AWS::ElasticLoadBalancingV2::Listener');
  }
});

test('it has a service, a target group and a rule on the listener, and what belongs to them', () => {
  for (const { template, scenario } of each) {
    const { HasAlertEmail, HasOwnCertificate } = scenario.conditions;
    expect(typesOf(template)).toEqual({
      'AWS::ECS::Cluster': 1,
      'AWS::ECS::Service': 1,
      'AWS::ECS::TaskDefinition': 1,
      'AWS::ElasticLoadBalancingV2::TargetGroup': 1,
      'AWS::ElasticLoadBalancingV2::ListenerRule': 1,
      ...(HasOwnCertificate && { 'AWS::ElasticLoadBalancingV2::ListenerCertificate': 1 }),
      'AWS::ApplicationAutoScaling::ScalableTarget': 1,
      'AWS::ApplicationAutoScaling::ScalingPolicy': 3,
      'AWS::EC2::SecurityGroup': 1,
      'AWS::EC2::SecurityGroupEgress': 1,
      'AWS::EC2::SecurityGroupIngress': 1,
      'AWS::IAM::Role': 2,
      'AWS::Logs::LogGroup': 2,
      'AWS::KMS::Key': 2,
      'AWS::KMS::Alias': 2,
      'AWS::CloudWatch::Alarm': 1,
      'AWS::SNS::Topic': 1,
      'AWS::SNS::TopicPolicy': 1,
      ...(HasAlertEmail && { 'AWS::SNS::Subscription': 1 }),
    });
  }
});

describe('what it reads', () => {
  test('are the eleven, each once', () => {
    expect(read.map(([id]) => pathOf(id)).sort()).toEqual([...ELEVEN].sort());
  });

  test.each([
    ['VpcId', 'AWS::EC2::VPC::Id'],
    ['PrivateSubnetIds', 'List<AWS::EC2::Subnet::Id>'],
    ['PublicSubnetIds', 'List<AWS::EC2::Subnet::Id>'],
    ['AvailabilityZones', 'List<AWS::EC2::AvailabilityZone::Name>'],
    ['LoadBalancerSecurityGroupId', 'AWS::EC2::SecurityGroup::Id'],
    ['DatabaseSecurityGroupId', 'AWS::EC2::SecurityGroup::Id'],
    ['HttpsListenerArn', 'String'],
  ])('%s is read as %s', (id, type) => {
    expect(parameters[id]?.Type).toBe(`AWS::SSM::Parameter::Value<${type}>`);
  });

  test.each(read.map(([id]) => id))('%s refuses the name of another of them', (id) => {
    const other = ELEVEN.find((name) => name !== pathOf(id))!;
    expect(consumer({ [id]: `${PREFIX}/${other}` }).findings).not.toEqual([]);
  });

  test('is never an export of another stack', () => {
    expect(textOf(committed(STACK))).not.toContain('Fn::ImportValue');
  });

  test('goes on as exports of its own, under the names of a provider', () => {
    const { outputs } = consumer();
    for (const [id] of read) expect(outputs[id]?.exportName).toBe(`myproject-${id}`);
  });
});

describe('rules of sharing', () => {
  test.each([
    ['no prefix', { SharedInfraPrefix: '' }, 'Set SharedInfraPrefix to the prefix'],
    ['no domain', { DomainName: '' }, 'Set DomainName to the host name'],
    ['no priority', { ListenerRulePriority: '' }, 'Set ListenerRulePriority to a number from 100 to 999'],
    ['both prefixes', { ExportPrefix: '/other' }, 'Leave ExportPrefix or SharedInfraPrefix empty'],
    ['priority 99', { ListenerRulePriority: '99' }, 'Give a number from 100 to 999'],
    ['priority 1000', { ListenerRulePriority: '1000' }, 'Give a number from 100 to 999'],
    ['a domain with a scheme', { DomainName: 'https://api.example.com' }, 'Give one domain name'],
  ])('%s is refused, with a sentence that says what to do', (_, more, sentence) => {
    const said = refusals(consumer(more as Record<string, string>));
    expect(said).toEqual([expect.stringContaining(sentence)]);
  });

  test.each(['100', '999'])('priority %s is taken', (ListenerRulePriority) => {
    expect(consumer({ ListenerRulePriority }).findings).toEqual([]);
  });

  test('no deployment gets by them', () => {
    for (const { scenario } of each) {
      const { SharedInfraPrefix, ExportPrefix, DomainName, ListenerRulePriority } = scenario.assignment;
      expect([SharedInfraPrefix, DomainName, ListenerRulePriority]).not.toContain('');
      expect(ExportPrefix).toBe('');
    }
  });
});

describe('the service', () => {
  const template = consumer();

  test('is found by its domain, at its priority, on the shared listener', () => {
    expect(at(template, 'ListenerRule')).toMatchObject({
      Priority: '200',
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['api.myproject.com'] } }],
    });
    expect(textOf(at(template, 'ListenerRule', 'ListenerArn'))).toContain('HttpsListenerArn');
  });

  test('is reached by the shared load balancer only, and reaches the shared proxy', () => {
    const [rule, ...others] = at(template, 'ServiceSecurityGroup', 'SecurityGroupIngress') as Record<
      string,
      Resolved
    >[];
    expect(others).toEqual([]);
    expect(rule).not.toHaveProperty('CidrIp');
    expect(textOf(rule?.SourceSecurityGroupId)).toContain('LoadBalancerSecurityGroupId');
    expect(at(template, 'ProxyFromServiceIngress')).toMatchObject({ FromPort: 5432, ToPort: 5432 });
    expect(textOf(at(template, 'ProxyFromServiceIngress', 'GroupId'))).toContain('DatabaseSecurityGroupId');
    expect(textOf(at(template, 'ServiceFromLoadBalancerEgress', 'GroupId'))).toContain('LoadBalancerSecurityGroupId');
  });

  test.each([
    ['by default', {}, 'myproject/database-credentials'],
    ['where told', { DatabaseSecretPath: 'team/credentials' }, 'team/credentials'],
  ])('has its credentials %s', (_, more, path) => {
    const told = consumer(more as Record<string, string>);
    const arn = `arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:${path}`;
    expect(at(told, 'TaskDefinition', 'ContainerDefinitions.0.Secrets.2.ValueFrom')).toBe(`${arn}:password::`);
    const statements = at(told, 'ExecutionRole', 'Policies.0.PolicyDocument.Statement') as unknown as Statement[];
    const reading = statements.find((statement) => actions(statement).includes('secretsmanager:GetSecretValue'));
    expect(reading?.Resource).toBe(`${arn}-??????`);
  });

  test('decrypts with no key, but with the one that it is given', () => {
    const key = `arn:aws:kms:us-west-2:${ACCOUNT}:key/0123`;
    const given = consumer({ DatabaseSecretKeyArn: key });
    const decrypts = (of: typeof given) =>
      (at(of, 'ExecutionRole', 'Policies.0.PolicyDocument.Statement') as unknown as Statement[]).filter((statement) =>
        actions(statement).includes('kms:Decrypt'),
      );
    expect(decrypts(template)).toEqual([]);
    expect(decrypts(given).map(({ Resource }) => Resource)).toEqual([key]);
  });

  test('scales and alarms by the name that metrics have of the shared load balancer', () => {
    expect(textOf(at(template, 'ServiceErrorsAlarm', 'Dimensions'))).toContain('LoadBalancerArn');
    expect(textOf(at(template, 'ScaleAtRequestCount'))).toContain('LoadBalancerArn');
  });

  test('brings a certificate of its own where it has one', () => {
    expect(template.resources).not.toHaveProperty('OwnCertificate');
    expect(consumer({ CertificateArn: CERTIFICATE }).resources).toHaveProperty('OwnCertificate');
  });

  test('is the same as that of a provider', () => {
    const same = ['Cluster', 'TaskRole', 'AppLogGroup', 'ScaleAtCpu', 'ServiceScaling', 'TargetGroup'];
    const provider = committed('shared/app').Resources;
    for (const id of same) {
      const { Type, DeletionPolicy } = provider[id]!;
      expect(committed(STACK).Resources[id]).toMatchObject({ Type, ...(DeletionPolicy && { DeletionPolicy }) });
    }
    expect(ofType(template, 'AWS::ECS::Service')).toHaveLength(1);
  });
});
