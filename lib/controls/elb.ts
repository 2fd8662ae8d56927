import { type Controls, on } from './control.ts';
import { all, any, fails, type Judgement, type Part, when } from './judgement.ts';
import type { Subject } from './place.ts';

const BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const CLASSIC = 'AWS::ElasticLoadBalancing::LoadBalancer';

/** An attribute of a load balancer, which is a list of keys and values. */
function attribute(balancer: Subject, key: string, values: readonly (string | boolean)[]): Judgement {
  return balancer
    .at('LoadBalancerAttributes')
    .some(
      (each) => all([() => each.at('Key').is(key), () => each.at('Value').is(...values)]),
      `the attribute ${key} is not ${values.join(' or ')}`,
    );
}

/** Application load balancers, which they are where nothing is said. */
const ofApplications = (balancer: Subject, then: Part): Judgement =>
  when(balancer.at('Type').isNot('network', 'gateway'), then);

export const elb: Controls = {
  // HTTP only leads to HTTPS.
  'ELB.1': on('AWS::ElasticLoadBalancingV2::Listener', (listener) =>
    when(listener.at('Protocol').is('HTTP'), () =>
      listener
        .at('DefaultActions')
        .every((action) =>
          all([
            () => action.at('Type').is('redirect'),
            () => any([() => action.at('RedirectConfig', 'Protocol').is('HTTPS')]),
          ]),
        ),
    ),
  ),
  'ELB.3': on(CLASSIC, (balancer) =>
    balancer.at('Listeners').every((listener) => listener.at('Protocol').is('HTTPS', 'SSL', 'https', 'ssl')),
  ),
  'ELB.4': on(BALANCER, (balancer) =>
    ofApplications(balancer, () => attribute(balancer, 'routing.http.drop_invalid_header_fields.enabled', [true])),
  ),
  'ELB.5': on([BALANCER, CLASSIC], (balancer) =>
    balancer.type === CLASSIC
      ? balancer.at('AccessLoggingPolicy', 'Enabled').is(true)
      : ofApplications(balancer, () => attribute(balancer, 'access_logs.s3.enabled', [true])),
  ),
  'ELB.6': on(BALANCER, (balancer) => attribute(balancer, 'deletion_protection.enabled', [true])),
  'ELB.9': on(CLASSIC, (balancer) => balancer.at('CrossZone').is(true)),
  // Defensive where nothing is said.
  'ELB.12': on(BALANCER, (balancer) =>
    ofApplications(balancer, () =>
      balancer
        .at('LoadBalancerAttributes')
        .every((each) =>
          when(each.at('Key').is('routing.http.desync_mitigation_mode'), () =>
            each.at('Value').is('defensive', 'strictest'),
          ),
        ),
    ),
  ),
  'ELB.16': on(BALANCER, (balancer, stack) =>
    ofApplications(balancer, () =>
      any(
        stack
          .all('AWS::WAFv2::WebACLAssociation', 'AWS::WAFRegional::WebACLAssociation')
          .map(
            (association) => () => all([association.exists(), () => association.at('ResourceArn').refersTo(balancer)]),
          ),
        fails(balancer.here, 'no WebACLAssociation names it'),
      ),
    ),
  ),
  'ELB.10': on('AWS::ElasticLoadBalancing::LoadBalancer', (balancer) =>
    any(
      [() => balancer.at('Subnets').hasItems(2), () => balancer.at('AvailabilityZones').hasItems(2)],
      fails(balancer.here, 'it is in one Availability Zone'),
    ),
  ),
  'ELB.13': on('AWS::ElasticLoadBalancingV2::LoadBalancer', (balancer) =>
    any(
      [() => balancer.at('Subnets').hasItems(2), () => balancer.at('SubnetMappings').hasItems(2)],
      fails(balancer.here, 'it is in one Availability Zone'),
    ),
  ),
  // Without a policy CloudFormation takes ELBSecurityPolicy-2016-08, which lets TLS 1.0 in.
  'PF.ELB.tls': on('AWS::ElasticLoadBalancingV2::Listener', (listener) =>
    when(listener.at('Protocol').is('HTTPS', 'TLS'), () =>
      listener
        .at('SslPolicy')
        .matches(/ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-.*/, 'a security policy of TLS 1.2 at least'),
    ),
  ),
};
