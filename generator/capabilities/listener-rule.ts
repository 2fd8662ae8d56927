import {
  condition,
  equals,
  fragment,
  not,
  type Parameter,
  parameter,
  type Resource,
  resource,
} from '../../lib/cfn/index.ts';

interface Inputs {
  listenerArn: Parameter;
  domainName: Parameter;
  priority: Parameter;
  targetGroup: Resource<'AWS::ElasticLoadBalancingV2::TargetGroup'>;
}

/** By its domain a consumer is found on the listener of its provider. Costs nothing; a listener takes 100 rules by default. */
export function listenerRule({ listenerArn, domainName, priority, targetGroup }: Inputs) {
  const certificateArn = parameter('CertificateArn', 'String', {
    group: 'Operations',
    label: 'Certificate',
    Description:
      "ARN of a certificate for DomainName, added to the listener. Empty: the provider's certificate has it.",
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$',
    ConstraintDescription: 'Give the ARN of a certificate of ACM, or leave it empty.',
  });
  const hasOwnCertificate = condition('HasOwnCertificate', not(equals(certificateArn.ref, '')));
  const rule = resource('ListenerRule', 'AWS::ElasticLoadBalancingV2::ListenerRule', {
    comment: 'cfn-lint tries Priority with its empty default, which a rule of this template refuses.',
    Metadata: { 'cfn-lint': { config: { ignore_checks: ['W1030'] } } },
    Properties: {
      ListenerArn: listenerArn.ref,
      Priority: priority.ref,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [domainName.ref] } }],
      Actions: [{ Type: 'forward', TargetGroupArn: targetGroup.ref }],
    },
  });
  const certificate = resource('OwnCertificate', 'AWS::ElasticLoadBalancingV2::ListenerCertificate', {
    Condition: hasOwnCertificate,
    Properties: { ListenerArn: listenerArn.ref, Certificates: [{ CertificateArn: certificateArn.ref }] },
  });
  return { fragment: fragment('Listener rule', [certificateArn, hasOwnCertificate, rule, certificate]), rule };
}
