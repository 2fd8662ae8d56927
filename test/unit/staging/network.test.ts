import { describe, expect, test } from '@jest/globals';
import { listScenarios } from '../../../lib/scenarios/list.ts';
import { type ResolvedResource, type ResolvedTemplate, resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { isUnknown, type Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging-foundation';
const ofType = (template: ResolvedTemplate, type: string): [string, ResolvedResource][] =>
  Object.entries(template.resources).filter(([, resource]) => resource.type === `AWS::EC2::${type}`);
/** What a `Ref` or `Fn::GetAtt` of a resource points to. */
const target = (value: Resolved | undefined): string | undefined =>
  isUnknown(value) ? value.dependsOn.find(({ kind }) => kind === 'resource')?.name : undefined;

/** Each way in which the network can be deployed: zones, NAT gateways, endpoints. */
const conditions = ['HasThirdZone', 'HasNatPerZone', 'HasInterfaceEndpoints'].map((condition) => ({ condition }));
const listed = listScenarios(committed(STACK), { slice: sliceOf(committed(STACK), conditions) });
const scenarios = [...listed].map(({ overrides, environment }) => ({
  when: Object.entries(overrides).join(' ').replaceAll(',', '=') || 'the defaults',
  template: resolveTemplate(committed(STACK), environment),
}));

test('the scenarios of the network are all known', () => {
  expect(listed).toMatchObject({ exact: true, incomplete: false, tooLarge: false });
  expect(scenarios.length).toBeGreaterThanOrEqual(8);
});

describe.each(scenarios)('the network under $when', ({ template }) => {
  test('lets nobody in by address: each rule of ingress names a group', () => {
    const rules = [
      ...ofType(template, 'SecurityGroupIngress').map(([, { properties }]) => properties),
      ...ofType(template, 'SecurityGroup').flatMap(([, { properties }]) =>
        [properties.SecurityGroupIngress ?? []].flat(),
      ),
    ] as { SourceSecurityGroupId?: Resolved; CidrIp?: Resolved; CidrIpv6?: Resolved }[];
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const rule of rules) {
      expect(target(rule.SourceSecurityGroupId)).toBe('ApplicationSecurityGroup');
      expect([rule.CidrIp, rule.CidrIpv6]).toEqual([undefined, undefined]);
    }
  });

  test('lets HTTPS out of the application tier, and nothing out of other groups', () => {
    for (const [id, { properties }] of ofType(template, 'SecurityGroup')) {
      const [out, ...others] = properties.SecurityGroupEgress as Record<string, Resolved>[];
      expect(others).toEqual([]);
      expect(out).toMatchObject(
        id === 'ApplicationSecurityGroup'
          ? { IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }
          : { IpProtocol: 'icmp', CidrIp: '255.255.255.255/32' },
      );
    }
  });

  test('has no route out of the data subnets', () => {
    const routes = ofType(template, 'Route').map(([, { properties }]) => target(properties.RouteTableId));
    expect(routes).not.toContain('DataRouteTable');
    const tables = ofType(template, 'SubnetRouteTableAssociation')
      .filter(([, { properties }]) => target(properties.SubnetId)?.startsWith('Data'))
      .map(([, { properties }]) => target(properties.RouteTableId));
    expect(new Set(tables)).toEqual(new Set(['DataRouteTable']));
  });

  test('has a route to the internet gateway from the public subnets only', () => {
    const toInternet = ofType(template, 'Route').filter(([, { properties }]) => properties.GatewayId !== undefined);
    expect(toInternet.map(([, { properties }]) => target(properties.RouteTableId))).toEqual(['PublicRouteTable']);
    for (const [, { properties }] of ofType(template, 'SubnetRouteTableAssociation'))
      expect(target(properties.SubnetId)?.startsWith('Public')).toBe(
        target(properties.RouteTableId) === 'PublicRouteTable',
      );
  });

  test('gives each subnet a route table, each application subnet a way out that exists', () => {
    const subnets = ofType(template, 'Subnet').map(([id]) => id);
    const routed = ofType(template, 'SubnetRouteTableAssociation').map(([, { properties }]) =>
      target(properties.SubnetId),
    );
    expect(routed.sort()).toEqual(subnets.sort());
    const gateways = ofType(template, 'NatGateway').map(([id]) => id);
    for (const [, { properties }] of ofType(template, 'Route'))
      if (properties.NatGatewayId !== undefined) expect(gateways).toContain(target(properties.NatGatewayId));
  });

  test('gives no public address at launch', () => {
    for (const [, { properties }] of ofType(template, 'Subnet')) expect(properties.MapPublicIpOnLaunch).toBe(false);
  });

  test('records its traffic in a log group under the key', () => {
    expect(at(template, 'FlowLog', 'TrafficType')).toBe('ALL');
    expect(target(at(template, 'FlowLog', 'ResourceId'))).toBe('Vpc');
    expect(target(at(template, 'FlowLogGroup', 'KmsKeyId'))).toBe('LogsKey');
  });

  test('has a policy on each endpoint that names no more than the account and the images', () => {
    for (const [, { properties }] of ofType(template, 'VPCEndpoint')) {
      const { Statement: statements } = properties.PolicyDocument as unknown as { Statement: Statement[] };
      const [own, ...others] = statements;
      expect(Object.keys(own?.Condition?.StringEquals ?? {})).toEqual([
        expect.stringMatching(/^aws:(Principal|Resource)Account$/),
      ]);
      expect(others.map(({ Sid, Action }) => [Sid, Action])).toEqual(
        properties.VpcEndpointType === 'Gateway' ? [['LayersOfContainerImages', 's3:GetObject']] : [],
      );
    }
  });
});

describe('zones and NAT gateways', () => {
  test.each([
    { zones: '2', nats: 'one', subnets: 6, gateways: 1 },
    { zones: '2', nats: 'one-per-zone', subnets: 6, gateways: 2 },
    { zones: '3', nats: 'one', subnets: 9, gateways: 1 },
    { zones: '3', nats: 'one-per-zone', subnets: 9, gateways: 3 },
  ])('$zones zones with NAT gateways: $nats', ({ zones, nats, subnets, gateways }) => {
    const template = deployed(STACK, { AvailabilityZoneCount: zones, NatGateways: nats });
    expect(template.findings).toEqual([]);
    expect(ofType(template, 'Subnet')).toHaveLength(subnets);
    expect(ofType(template, 'NatGateway')).toHaveLength(gateways);
    expect(ofType(template, 'EIP')).toHaveLength(gateways);
  });

  const three = deployed(STACK, { AvailabilityZoneCount: '3' });

  test('the subnets of a tier are in different zones', () => {
    for (const tier of ['Public', 'Application', 'Data'])
      expect([1, 2, 3].map((zone) => at(three, `${tier}Subnet${zone}`, 'AvailabilityZone'))).toEqual([
        'us-west-2a',
        'us-west-2b',
        'us-west-2c',
      ]);
  });

  test('no two subnets share a block, all are within the range', () => {
    const blocks = ofType(three, 'Subnet').map(([, { properties }]) => properties.CidrBlock as string);
    expect(new Set(blocks).size).toBe(9);
    for (const block of blocks) expect(block).toMatch(/^10\.20\.\d+\.0\/20$/);
  });

  test('a third zone moves no subnet of the first two', () => {
    const two = deployed(STACK, { AvailabilityZoneCount: '2' });
    for (const [id, { properties }] of ofType(two, 'Subnet'))
      expect(at(three, id, 'CidrBlock')).toEqual(properties.CidrBlock);
  });

  test.each([
    { zones: '2', subnets: ['DataSubnet1', 'DataSubnet2'] },
    { zones: '3', subnets: ['DataSubnet1', 'DataSubnet2', 'DataSubnet3'] },
  ])('with $zones zones the list of data subnets has them all', ({ zones, subnets }) => {
    const { value } = deployed(STACK, { AvailabilityZoneCount: zones }).outputs.DataSubnetIds!;
    expect(isUnknown(value) && value.dependsOn.map(({ name }) => name)).toEqual(subnets);
  });
});

describe('endpoints', () => {
  const interfaces = (template: ResolvedTemplate) =>
    ofType(template, 'VPCEndpoint').filter(([, { properties }]) => properties.VpcEndpointType === 'Interface');

  test.each([
    { wanted: 'false', count: 0 },
    { wanted: 'true', count: 4 },
  ])('InterfaceEndpoints $wanted gives $count interface endpoints', ({ wanted, count }) => {
    const template = deployed(STACK, { InterfaceEndpoints: wanted });
    expect(interfaces(template)).toHaveLength(count);
    expect('EndpointSecurityGroup' in template.resources).toBe(count > 0);
  });

  test('S3 is reached without NAT from application and data subnets', () => {
    const tables = at(deployed(STACK), 'StorageEndpoint', 'RouteTableIds') as Resolved[];
    expect(tables.map(target)).toEqual(['ApplicationRouteTable1', 'ApplicationRouteTable2', 'DataRouteTable']);
  });

  test('S3 is reached in the own account, and for layers of images', () => {
    const [own, layers] = at(deployed(STACK), 'StorageEndpoint', 'PolicyDocument.Statement') as unknown as Statement[];
    expect(own?.Condition).toEqual({ StringEquals: { 'aws:ResourceAccount': ACCOUNT } });
    expect(layers?.Resource).toBe('arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*');
  });
});

describe('security groups', () => {
  const template = deployed(STACK, { DatabasePort: '6000', CachePort: '7000' });

  test.each([
    ['database', 'ApplicationToDatabaseEgress', 'DatabaseFromApplicationIngress', 'DatabaseSecurityGroup', '6000'],
    ['cache', 'ApplicationToCacheEgress', 'CacheFromApplicationIngress', 'CacheSecurityGroup', '7000'],
  ])('the application reaches the %s at its port, from both sides', (_, out, into, group, port) => {
    expect(target(at(template, out, 'DestinationSecurityGroupId'))).toBe(group);
    expect(target(at(template, into, 'GroupId'))).toBe(group);
    for (const id of [out, into])
      expect([at(template, id, 'FromPort'), at(template, id, 'ToPort')].map(String)).toEqual([port, port]);
  });
});

test('the role of the flow logs writes to their group and nowhere else, for this account', () => {
  const template = deployed(STACK);
  const [trust] = at(template, 'FlowLogRole', 'AssumeRolePolicyDocument.Statement') as unknown as Statement[];
  expect(trust?.Condition).toEqual({
    StringEquals: { 'aws:SourceAccount': ACCOUNT },
    ArnLike: { 'aws:SourceArn': `arn:aws:ec2:us-west-2:${ACCOUNT}:vpc-flow-log/*` },
  });
  const [statement, ...others] = at(
    template,
    'FlowLogRole',
    'Policies.0.PolicyDocument.Statement',
  ) as unknown as Statement[];
  expect(others).toEqual([]);
  expect(actions(statement!)).toEqual(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents']);
  expect(target(statement?.Resource)).toBe('FlowLogGroup');
});

describe('parameters', () => {
  test.each(parameterFiles(STACK))('those of $environment are deployable', ({ parameters }) => {
    expect(deployed(STACK, parameters).findings).toEqual([]);
  });

  test.each(['10.0.0.0/16', '10.255.0.0/16', '172.16.0.0/16', '172.31.0.0/16', '192.168.0.0/16'])(
    'the range %s is taken',
    (VpcCidr) => {
      expect(deployed(STACK, { VpcCidr }).findings).toEqual([]);
    },
  );

  test.each([
    ['an address range that is no /16', { VpcCidr: '10.0.0.0/20' }],
    ['a range with bits of the host', { VpcCidr: '10.0.1.0/16' }],
    ['a range that is not an address', { VpcCidr: '10.256.0.0/16' }],
    ['a public range of 172', { VpcCidr: '172.32.0.0/16' }],
    ['a public range of 192', { VpcCidr: '192.0.0.0/16' }],
    ['one zone', { AvailabilityZoneCount: '1' }],
    ['four zones', { AvailabilityZoneCount: '4' }],
    ['no NAT gateway', { NatGateways: 'none' }],
    ['the default port of PostgreSQL', { DatabasePort: '5432' }],
    ['a port below those that Aurora takes', { DatabasePort: '1149' }],
    ['a retention that Logs does not have', { FlowLogRetentionDays: '100' }],
    ['one NAT gateway in production', { EnvironmentType: 'production', NatGateways: 'one' }],
  ])('%s is refused', (_, parameters) => {
    expect(deployed(STACK, parameters as Record<string, string>).findings).not.toEqual([]);
  });

  test('production with a NAT gateway a zone is not refused', () => {
    expect(deployed(STACK, { EnvironmentType: 'production', NatGateways: 'one-per-zone' }).findings).toEqual([]);
  });
});
