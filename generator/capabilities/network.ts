import {
  aws,
  condition,
  equals,
  fragment,
  join,
  meets,
  type Parameter,
  parameter,
  type Resource,
  resource,
  rule,
  sub,
} from '../../lib/cfn/index.ts';
import { databasePortIsNotDefault } from './database-group.ts';
import { exportedOutput, named, tags } from './environment.ts';
import { nothingGoesOut } from './nothing-goes-out.ts';
import { zones } from './zones.ts';

interface Inputs {
  environmentType: Parameter;
  logsKey: Resource<'AWS::KMS::Key'>;
}

/**
 * The network of an environment: zones with three tiers, and the security groups of application, database and cache. At
 * rest in us-west-2 (VPC pricing, 2026-11): about 33 USD a month for each NAT gateway, 3.65 for its address, 7.30 for
 * each interface endpoint and zone. Deletion keeps nothing but the log group of the flow logs.
 */
export function network({ environmentType, logsKey }: Inputs) {
  const inZones = zones({ logsKey, natGateways: 'one-per-zone' });
  const { vpc, natGateways, applicationSubnetIds, publicSubnetIds, dataSubnetIds } = inZones;
  const interfaceEndpoints = parameter('InterfaceEndpoints', 'String', {
    group: 'Network',
    label: 'Interface endpoints',
    Description: 'true: calls to KMS, Secrets Manager, Logs and the RDS Data API stay inside the VPC.',
    Default: 'false',
    AllowedValues: ['true', 'false'],
  });
  const databasePort = parameter('DatabasePort', 'Number', {
    group: 'Network',
    label: 'Database port',
    Description: 'Port of the database. 5432, the default of PostgreSQL, is what scanners try first; it is refused.',
    Default: 5433,
    MinValue: 1150,
    MaxValue: 65535,
  });
  const cachePort = parameter('CachePort', 'Number', {
    group: 'Network',
    label: 'Cache port',
    Description: 'Port of the cache.',
    Default: 6379,
    MinValue: 1024,
    MaxValue: 65535,
  });
  const outlivesZone = rule('ProductionOutlivesZone', {
    RuleCondition: equals(environmentType.ref, 'production'),
    Assertions: [
      {
        Assert: equals(natGateways.ref, 'one-per-zone'),
        AssertDescription: 'Set NatGateways to one-per-zone where EnvironmentType is production.',
      },
    ],
  });
  const hidesPort = databasePortIsNotDefault(databasePort);

  const hasInterfaceEndpoints = condition('HasInterfaceEndpoints', equals(interfaceEndpoints.ref, 'true'));

  const applicationGroup = resource('ApplicationSecurityGroup', 'AWS::EC2::SecurityGroup', {
    Properties: {
      GroupName: named('application'),
      GroupDescription: 'Application tier: the only clients of database and cache',
      VpcId: vpc.ref,
      SecurityGroupEgress: [
        {
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          CidrIp: '0.0.0.0/0',
          Description: 'HTTPS to AWS and partners',
        },
      ],
      Tags: tags('application'),
    },
  });
  const dataGroup = (id: string, name: string, description: string) =>
    resource(id, 'AWS::EC2::SecurityGroup', {
      Properties: {
        GroupName: named(name),
        GroupDescription: description,
        VpcId: vpc.ref,
        SecurityGroupEgress: nothingGoesOut,
        Tags: tags(name),
      },
    });
  const databaseGroup = dataGroup(
    'DatabaseSecurityGroup',
    'database',
    'Database: reached by the application tier only',
  );
  const cacheGroup = dataGroup('CacheSecurityGroup', 'cache', 'Cache: reached by the application tier only');
  const paths = [
    { from: applicationGroup, to: databaseGroup, port: databasePort.ref, name: 'Database' },
    { from: applicationGroup, to: cacheGroup, port: cachePort.ref, name: 'Cache' },
  ].flatMap(({ from, to, port, name }) => [
    resource(`ApplicationTo${name}Egress`, 'AWS::EC2::SecurityGroupEgress', {
      Properties: {
        GroupId: from.att('GroupId'),
        DestinationSecurityGroupId: to.att('GroupId'),
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        Description: `${name} of this environment`,
      },
    }),
    resource(`${name}FromApplicationIngress`, 'AWS::EC2::SecurityGroupIngress', {
      Properties: {
        GroupId: to.att('GroupId'),
        SourceSecurityGroupId: from.att('GroupId'),
        IpProtocol: 'tcp',
        FromPort: port,
        ToPort: port,
        Description: 'Application tier',
      },
    }),
  ]);

  const endpointGroup = resource('EndpointSecurityGroup', 'AWS::EC2::SecurityGroup', {
    Condition: hasInterfaceEndpoints,
    Properties: {
      GroupName: named('endpoints'),
      GroupDescription: 'Interface endpoints: reached by the application tier only',
      VpcId: vpc.ref,
      SecurityGroupIngress: [
        {
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          SourceSecurityGroupId: applicationGroup.att('GroupId'),
          Description: 'Application tier',
        },
      ],
      SecurityGroupEgress: nothingGoesOut,
      Tags: tags('endpoints'),
    },
  });
  const endpoints = [
    { id: 'KmsEndpoint', service: 'kms' },
    { id: 'SecretsEndpoint', service: 'secretsmanager' },
    { id: 'LogsEndpoint', service: 'logs' },
    { id: 'DataApiEndpoint', service: 'rds-data' },
  ].map(({ id, service }) =>
    resource(id, 'AWS::EC2::VPCEndpoint', {
      Condition: hasInterfaceEndpoints,
      Properties: {
        VpcId: vpc.ref,
        ServiceName: sub(`com.amazonaws.\${AWS::Region}.${service}`),
        VpcEndpointType: 'Interface',
        PrivateDnsEnabled: true,
        SubnetIds: meets('PF.VPC.endpoint', applicationSubnetIds),
        SecurityGroupIds: [endpointGroup.att('GroupId')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'OwnAccountOnly',
              Effect: 'Allow',
              Principal: '*',
              Action: `${service}:*`,
              Resource: '*',
              Condition: { StringEquals: { 'aws:PrincipalAccount': aws.accountId } },
            },
          ],
        },
        Tags: tags(`${service}-endpoint`),
      },
    }),
  );

  const outputs = [
    exportedOutput('VpcId', 'ID of the VPC.', vpc.ref),
    exportedOutput('PublicSubnetIds', 'Public subnets, joined by commas.', join(',', publicSubnetIds)),
    exportedOutput('ApplicationSubnetIds', 'Application subnets, joined by commas.', join(',', applicationSubnetIds)),
    exportedOutput('DataSubnetIds', 'Data subnets, joined by commas.', join(',', dataSubnetIds)),
    exportedOutput('ApplicationSecurityGroupId', 'For what calls database and cache.', applicationGroup.att('GroupId')),
    exportedOutput('DatabaseSecurityGroupId', 'Security group of the database.', databaseGroup.att('GroupId')),
    exportedOutput('DatabasePort', 'Port of the database.', databasePort.ref),
    exportedOutput('CachePort', 'Port of the cache.', cachePort.ref),
    exportedOutput('CacheSecurityGroupId', 'Security group of the cache.', cacheGroup.att('GroupId')),
  ];

  return {
    fragment: fragment('Network', [
      ...[inZones.vpcCidr, inZones.zoneCount, natGateways, interfaceEndpoints, databasePort, cachePort],
      inZones.flowLogRetentionDays,
      ...[outlivesZone, hidesPort],
      ...[...inZones.conditions, hasInterfaceEndpoints],
      ...inZones.resources,
      ...[applicationGroup, databaseGroup, cacheGroup, ...paths],
      ...[endpointGroup, ...endpoints, ...inZones.flowLogs],
      ...outputs,
    ]),
  };
}
