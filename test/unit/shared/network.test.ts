import { describe, expect, test } from '@jest/globals';
import { at, committed, deployed, parameterFiles, type Statement } from '../staging/committed.ts';
import { bytesOf, deployments, ofType, refusals, target, textOf } from './deployments.ts';

const STACK = 'shared/network';
const { listed, each } = deployments(STACK);

test('the deployments of the network are all known', () => {
  expect(listed).toMatchObject({ exact: true, incomplete: false, tooLarge: false });
  expect(each.length).toBeGreaterThanOrEqual(8);
});

test('it is deployable as it is, and as its parameter files say', () => {
  for (const { parameters } of [{ parameters: {} }, ...parameterFiles(STACK)])
    expect(deployed(STACK, parameters).findings).toEqual([]);
});

test('it can be deployed without a bucket', () => {
  expect(bytesOf(STACK)).toBeLessThanOrEqual(51200);
});

test('the prefix of the document is the default', () => {
  expect(committed(STACK).Parameters?.EnvironmentSuffix?.Default).toBe('pikaia');
});

describe.each(each)('the network under $when', ({ template }) => {
  test('exports what the other stacks of a project import', () => {
    expect(Object.keys(template.outputs).sort()).toEqual([
      'AlertTopicArn',
      'AvailabilityZones',
      'DataKeyArn',
      'DataSubnetIds',
      'DatabasePort',
      'DatabaseSecurityGroupId',
      'LoadBalancerLogBucketName',
      'LogsKeyArn',
      'PrivateSubnetIds',
      'PublicSubnetIds',
      'VpcId',
    ]);
    for (const [id, { exportName }] of Object.entries(template.outputs))
      expect(JSON.stringify(exportName)).toContain(`-${id}`);
  });

  test('lets nobody in: cluster and proxy are reached by each other only, until a service adds its own way', () => {
    expect(ofType(template, 'AWS::EC2::SecurityGroup').map(([id]) => id)).toEqual(['DatabaseSecurityGroup']);
    expect(template.resources.DatabaseSecurityGroup?.properties).not.toHaveProperty('SecurityGroupIngress');
    const rules = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([, { properties }]) => properties);
    expect(rules.map(({ SourceSecurityGroupId }) => target(SourceSecurityGroupId))).toEqual(['DatabaseSecurityGroup']);
  });

  test('only public subnets have a way from the internet', () => {
    const toInternet = ofType(template, 'AWS::EC2::Route').filter(([, { properties }]) => 'GatewayId' in properties);
    expect(toInternet.map(([, { properties }]) => target(properties.RouteTableId))).toEqual(['PublicRouteTable']);
    for (const [, { properties }] of ofType(template, 'AWS::EC2::SubnetRouteTableAssociation'))
      expect(target(properties.SubnetId)?.startsWith('Public')).toBe(
        target(properties.RouteTableId) === 'PublicRouteTable',
      );
  });

  test('has no route out of the subnets of the database', () => {
    const routes = ofType(template, 'AWS::EC2::Route').map(([, { properties }]) => target(properties.RouteTableId));
    expect(routes).not.toContain('DataRouteTable');
  });

  test('keeps the logs of the load balancer, closed to all but Elastic Load Balancing', () => {
    const statements = at(
      template,
      'LoadBalancerLogBucketPolicy',
      'PolicyDocument.Statement',
    ) as unknown as Statement[];
    expect(statements.map(({ Sid, Effect }) => `${Effect} ${Sid}`)).toEqual([
      'Deny HttpsOnly',
      'Deny Tls12OrNewer',
      'Allow LogDelivery',
    ]);
    expect(statements[2]?.Principal).toEqual({ Service: 'logdelivery.elasticloadbalancing.amazonaws.com' });
    expect(textOf(at(template, 'LoadBalancerLogBucket', 'BucketEncryption'))).toContain('AES256');
  });

  test('records its traffic under the key', () => {
    expect(at(template, 'FlowLog', 'TrafficType')).toBe('ALL');
    expect(target(at(template, 'FlowLogGroup', 'KmsKeyId'))).toBe('LogsKey');
  });
});

test.each([
  { zones: '2', nats: undefined, gateways: 1 },
  { zones: '3', nats: undefined, gateways: 1 },
  { zones: '2', nats: 'one-per-zone', gateways: 2 },
  { zones: '3', nats: 'one-per-zone', gateways: 3 },
])('over $zones zones with NAT gateways: $nats, there are $gateways', ({ zones, nats, gateways }) => {
  const template = deployed(STACK, { AvailabilityZoneCount: zones, ...(nats && { NatGateways: nats }) });
  expect(template.findings).toEqual([]);
  expect(ofType(template, 'AWS::EC2::NatGateway')).toHaveLength(gateways);
  expect(ofType(template, 'AWS::EC2::Subnet')).toHaveLength(Number(zones) * 3);
});

test('production may have one NAT gateway: the price in the document is of one', () => {
  expect(deployed(STACK, { EnvironmentType: 'production' }).findings).toEqual([]);
});

test('a consumer has none: refused, with a sentence that says what to do', () => {
  expect(refusals(deployed(STACK, { SharedInfraPrefix: '/shared-infra/prod' }))).toEqual([
    expect.stringContaining('It deploys shared/app-consumer'),
  ]);
});
