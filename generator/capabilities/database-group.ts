import {
  type Expression,
  equals,
  fragment,
  not,
  type Parameter,
  parameter,
  resource,
  rule,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';
import { nothingGoesOut } from './nothing-goes-out.ts';

interface Inputs {
  vpcId: Expression;
}

/** The security group of cluster and proxy, and the cluster's port. Who calls the proxy adds a rule of its own. */
export function databaseGroup({ vpcId }: Inputs) {
  const databasePort = parameter('DatabasePort', 'Number', {
    group: 'Network',
    label: 'Database port',
    Description: 'Port of the cluster. The proxy listens on 5432: with another port here nobody passes it by.',
    Default: 5433,
    MinValue: 1150,
    MaxValue: 65535,
  });
  const hidesPort = databasePortIsNotDefault(databasePort);
  const securityGroup = resource('DatabaseSecurityGroup', 'AWS::EC2::SecurityGroup', {
    Properties: {
      GroupName: named('database'),
      GroupDescription: 'Cluster and proxy: each service adds its own way in, to the proxy only',
      VpcId: vpcId,
      SecurityGroupEgress: nothingGoesOut,
      Tags: tags('database'),
    },
  });
  const among = {
    GroupId: securityGroup.att('GroupId'),
    IpProtocol: 'tcp',
    FromPort: databasePort.ref,
    ToPort: databasePort.ref,
    Description: 'From the proxy to the cluster',
  };
  const paths = [
    resource('ProxyToClusterEgress', 'AWS::EC2::SecurityGroupEgress', {
      Properties: { ...among, DestinationSecurityGroupId: securityGroup.att('GroupId') },
    }),
    resource('ClusterFromProxyIngress', 'AWS::EC2::SecurityGroupIngress', {
      Properties: { ...among, SourceSecurityGroupId: securityGroup.att('GroupId') },
    }),
  ];
  const outputs = [
    exportedOutput('DatabasePort', 'Port of the cluster; the proxy listens on 5432.', databasePort.ref),
    exportedOutput('DatabaseSecurityGroupId', 'Security group of cluster and proxy.', securityGroup.att('GroupId')),
  ];
  return {
    fragment: fragment('Database network', [databasePort, hidesPort, securityGroup, ...paths, ...outputs]),
  };
}

export function databasePortIsNotDefault(databasePort: Parameter) {
  return rule('DatabasePortIsNotDefault', {
    Assertions: [
      {
        Assert: not(equals(databasePort.ref, '5432')),
        AssertDescription: 'Set DatabasePort to another port than 5432, the default of PostgreSQL.',
      },
    ],
  });
}
