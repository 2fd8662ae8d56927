import {
  condition,
  type Expression,
  equals,
  fragment,
  meets,
  not,
  noValue,
  type Parameter,
  parameter,
  type Resource,
  resource,
  rule,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';
import { nothingGoesOut } from './nothing-goes-out.ts';

interface Inputs {
  environmentType: Parameter;
  certificateArn: Parameter;
  vpcId: Expression;
  publicSubnetIds: Expression;
  logBucketName: Expression;
  targetGroup: Resource<'AWS::ElasticLoadBalancingV2::TargetGroup'>;
}

/**
 * The only thing that the internet reaches: a load balancer for HTTPS, to which HTTP redirects. Its default action is the
 * project's own service; consumers add rules of their own to the HTTPS listener. Without a certificate it serves HTTP. At
 * rest: 16.43 USD a month and 5.84 for each capacity unit in use (us-west-2, 2026-11).
 */
export function loadBalancer(inputs: Inputs) {
  const { environmentType, certificateArn, vpcId, publicSubnetIds, logBucketName, targetGroup } = inputs;
  const deletionProtection = parameter('LoadBalancerDeletionProtection', 'String', {
    group: 'Protection',
    label: 'Load balancer deletion protection',
    Description: 'true: the load balancer, which consumers may share, cannot be deleted until this is false.',
    Default: 'true',
    AllowedValues: ['true', 'false'],
  });
  const productionProtectsLoadBalancer = rule('ProductionProtectsLoadBalancer', {
    RuleCondition: equals(environmentType.ref, 'production'),
    Assertions: [
      {
        Assert: equals(deletionProtection.ref, 'true'),
        AssertDescription: 'Set LoadBalancerDeletionProtection to true where EnvironmentType is production.',
      },
      {
        Assert: not(equals(certificateArn.ref, '')),
        AssertDescription:
          'Set CertificateArn where EnvironmentType is production: passwords must not travel over HTTP.',
      },
    ],
  });
  const hasCertificate = condition('HasCertificate', not(equals(certificateArn.ref, '')));

  const fromAnywhere = (port: number, Description: string) => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    CidrIp: '0.0.0.0/0',
    Description,
  });
  const securityGroup = resource('LoadBalancerSecurityGroup', 'AWS::EC2::SecurityGroup', {
    comment: 'The way to each service is a rule of its own, beside the service: a consumer adds one.',
    Properties: {
      GroupName: named('alb'),
      GroupDescription: 'Load balancer: the only thing that the internet reaches',
      VpcId: vpcId,
      SecurityGroupIngress: [
        fromAnywhere(80, 'HTTP, which redirects to HTTPS where there is a certificate'),
        hasCertificate.pick(fromAnywhere(443, 'HTTPS'), noValue),
      ],
      SecurityGroupEgress: nothingGoesOut,
      Tags: tags('alb'),
    },
  });
  const balancer = resource('LoadBalancer', 'AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Properties: {
      Name: named('alb'),
      Type: 'application',
      Scheme: 'internet-facing',
      IpAddressType: 'ipv4',
      Subnets: publicSubnetIds,
      SecurityGroups: [securityGroup.att('GroupId')],
      LoadBalancerAttributes: [
        { Key: 'deletion_protection.enabled', Value: deletionProtection.ref },
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: meets('ELB.4', 'true') },
        { Key: 'routing.http.desync_mitigation_mode', Value: meets('ELB.12', 'defensive') },
        { Key: 'access_logs.s3.enabled', Value: meets('ELB.5', 'true') },
        { Key: 'access_logs.s3.bucket', Value: logBucketName },
      ],
      Tags: tags('alb'),
    },
  });
  const toService = [{ Type: 'forward' as const, TargetGroupArn: targetGroup.ref }];
  const httpListener = resource('HttpListener', 'AWS::ElasticLoadBalancingV2::Listener', {
    Properties: {
      LoadBalancerArn: balancer.ref,
      Port: 80,
      Protocol: 'HTTP',
      DefaultActions: hasCertificate.pick(
        [{ Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } }],
        toService,
      ),
    },
  });
  const httpsListener = resource('HttpsListener', 'AWS::ElasticLoadBalancingV2::Listener', {
    Condition: hasCertificate,
    Properties: {
      LoadBalancerArn: balancer.ref,
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: meets('PF.ELB.tls', 'ELBSecurityPolicy-TLS13-1-2-2021-06'),
      Certificates: [{ CertificateArn: certificateArn.ref }],
      DefaultActions: toService,
    },
  });
  const outputs = [
    exportedOutput('LoadBalancerArn', 'ARN of the load balancer.', balancer.ref),
    exportedOutput('LoadBalancerFullName', 'Its name in metrics.', balancer.att('LoadBalancerFullName')),
    exportedOutput('LoadBalancerDnsName', 'Its DNS name.', balancer.att('DNSName')),
    exportedOutput('LoadBalancerHostedZoneId', 'For alias records.', balancer.att('CanonicalHostedZoneID')),
    exportedOutput('LoadBalancerSecurityGroupId', 'Its security group.', securityGroup.att('GroupId')),
    exportedOutput('HttpsListenerArn', 'ARN of the HTTPS listener.', httpsListener.ref, hasCertificate),
  ];
  return {
    fragment: fragment('Load balancer', [
      ...[deletionProtection, productionProtectsLoadBalancer, hasCertificate],
      ...[securityGroup, balancer, httpListener, httpsListener],
      ...outputs,
    ]),
    loadBalancer: balancer,
    securityGroup,
    /** The listener that leads to the service. */
    listenerArn: hasCertificate.pick<string>(httpsListener.ref, httpListener.ref),
  };
}
