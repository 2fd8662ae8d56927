import { condition, equals, fragment, not, parameter, type Resource, resource } from '../../lib/cfn/index.ts';

interface Inputs {
  loadBalancer: Resource<'AWS::ElasticLoadBalancingV2::LoadBalancer'>;
}

/** A web ACL before the load balancer, where one is given. It costs 5 USD a month by itself, however many it stands before. */
export function webAcl({ loadBalancer }: Inputs) {
  const webAclArn = parameter('WebAclArn', 'String', {
    group: 'Protection',
    label: 'Web ACL',
    Description: 'ARN of a regional web ACL of AWS WAF that requests pass first. Empty: none.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]+/[a-f0-9-]+$',
    ConstraintDescription: 'Give the ARN of a regional web ACL, or leave it empty.',
  });
  const hasWebAcl = condition('HasWebAcl', not(equals(webAclArn.ref, '')));
  const association = resource('WebAclAssociation', 'AWS::WAFv2::WebACLAssociation', {
    Condition: hasWebAcl,
    Properties: { ResourceArn: loadBalancer.ref, WebACLArn: webAclArn.ref },
  });
  return { fragment: fragment('Web ACL', [webAclArn, hasWebAcl, association]) };
}
