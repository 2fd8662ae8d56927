import { fragment, parameter } from '../../lib/cfn/index.ts';

/**
 * Where a function of a consumer finds network and database: in the parameters of its provider. CloudFormation reads
 * them at every deployment, so that a template which has these parameters serves consumers only.
 */
export function sharedDatabase() {
  const shared = (id: string, path: string, type: string, description: string) =>
    parameter(id, `AWS::SSM::Parameter::Value<${type}>`, {
      group: 'Network',
      label: `Parameter ${path}`,
      Description: `Name of the provider's SSM parameter. ${description}`,
      AllowedPattern: `^/.+/${path}$`,
      ConstraintDescription: `Give the prefix of the provider and then /${path}.`,
    });
  const vpc = shared('VpcId', 'network/vpc-id', 'AWS::EC2::VPC::Id', 'ID of the VPC.');
  const subnets = shared(
    'PrivateSubnetIds',
    'network/private-subnet-ids',
    'List<AWS::EC2::Subnet::Id>',
    'Subnets of the services.',
  );
  const group = shared(
    'DatabaseSecurityGroupId',
    'database/security-group-id',
    'AWS::EC2::SecurityGroup::Id',
    'Security group of cluster and proxy.',
  );
  const endpoint = shared('DatabaseProxyEndpoint', 'database/proxy-endpoint', 'String', 'Host name of the proxy.');
  return {
    fragment: fragment('Shared database', [vpc, subnets, group, endpoint]),
    vpcId: vpc.ref,
    privateSubnetIds: subnets.ref,
    databaseSecurityGroupId: group.ref,
    databaseProxyEndpoint: endpoint.ref,
  };
}
