import { fragment, join, type Parameter, parameter, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, imported, tagMap } from './environment.ts';

const text = 'String';

/**
 * What a provider shares, as the specification names it: the path under the prefix, the type that a consumer reads it as, and
 * the ID by which the stacks of one project know it. Lists are of the type StringList of Parameter Store.
 */
export const SHARED = [
  ['VpcId', 'network/vpc-id', 'AWS::EC2::VPC::Id', 'ID of the VPC.'],
  ['PrivateSubnetIds', 'network/private-subnet-ids', 'List<AWS::EC2::Subnet::Id>', 'Subnets of the services.'],
  ['PublicSubnetIds', 'network/public-subnet-ids', 'List<AWS::EC2::Subnet::Id>', 'Subnets of the load balancer.'],
  [
    'AvailabilityZones',
    'network/availability-zones',
    'List<AWS::EC2::AvailabilityZone::Name>',
    'Zones of the subnets.',
  ],
  ['LoadBalancerArn', 'alb/arn', text, 'ARN of the load balancer.'],
  ['LoadBalancerDnsName', 'alb/dns-name', text, 'DNS name of the load balancer.'],
  [
    'LoadBalancerSecurityGroupId',
    'alb/security-group-id',
    'AWS::EC2::SecurityGroup::Id',
    'Security group of the load balancer.',
  ],
  ['HttpsListenerArn', 'alb/https-listener-arn', text, 'ARN of the HTTPS listener.'],
  ['DatabaseClusterEndpoint', 'database/cluster-endpoint', text, 'Host name of the writer.'],
  [
    'DatabaseSecurityGroupId',
    'database/security-group-id',
    'AWS::EC2::SecurityGroup::Id',
    'Security group of cluster and proxy.',
  ],
  ['DatabaseProxyEndpoint', 'database/proxy-endpoint', text, 'Host name of the proxy.'],
] as const;

type SharedId = (typeof SHARED)[number][0];

/** Writes the eleven parameters under the prefix, from the exports of the project. Parameters of the standard tier cost nothing. */
export function exportedParameters() {
  const parameters = SHARED.map(([id, path, type, description]) =>
    resource(`${id}Parameter`, 'AWS::SSM::Parameter', {
      Properties: {
        Name: sub(`\${ExportPrefix}/${path}`),
        Description: description,
        Type: type.startsWith('List<') ? 'StringList' : 'String',
        Value: imported(id),
        Tags: tagMap(path.replace('/', '-')),
      },
    }),
  );
  return { fragment: fragment('Shared parameters', parameters) };
}

/**
 * Reads the eleven: CloudFormation takes their values anew at every deployment. The patterns keep them from being mixed up.
 * The project's own exports have the same IDs as a provider's, so that its other stacks need not know which it is.
 */
export function sharedParameters() {
  const entries = SHARED.map(([id, path, type, description]) => [
    id,
    parameter(id, `AWS::SSM::Parameter::Value<${type}>`, {
      group: 'Network',
      label: `Parameter ${path}`,
      Description: `Name of the provider's SSM parameter. ${description}`,
      AllowedPattern: `^/.+/${path}$`,
      ConstraintDescription: `Give the prefix of the provider and then /${path}.`,
    }),
  ]);
  const parameters = Object.fromEntries(entries) as Record<SharedId, Parameter>;
  const outputs = SHARED.map(([id, , type, description]) =>
    exportedOutput(id, description, type.startsWith('List<') ? join(',', parameters[id].ref) : parameters[id].ref),
  );
  return { fragment: fragment('Shared infrastructure', [...Object.values(parameters), ...outputs]), ...parameters };
}
