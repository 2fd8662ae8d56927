import { type Controls, on } from './control.ts';
import { any, fails, when } from './judgement.ts';

const GROUP = 'AWS::AutoScaling::AutoScalingGroup';
const CONFIGURATION = 'AWS::AutoScaling::LaunchConfiguration';

export const autoscaling: Controls = {
  'AutoScaling.1': on(GROUP, (group) =>
    when(
      any([
        () => group.at('LoadBalancerNames').present(),
        () => group.at('TargetGroupARNs').present(),
        () => group.at('TrafficSources').some((source) => source.at('Type').isNot('vpc-lattice'), 'it has no source'),
      ]),
      () => group.at('HealthCheckType').matches(/([A-Z_]+,)*ELB(,[A-Z_]+)*/, 'ELB, alone or beside others'),
    ),
  ),
  'AutoScaling.2': on(GROUP, (group) =>
    any(
      [() => group.at('VPCZoneIdentifier').hasItems(2), () => group.at('AvailabilityZones').hasItems(2)],
      fails(group.here, 'it is in one Availability Zone'),
    ),
  ),
  'AutoScaling.3': on(CONFIGURATION, (configuration) =>
    configuration.at('MetadataOptions', 'HttpTokens').is('required'),
  ),
  'AutoScaling.5': on(CONFIGURATION, (configuration) => configuration.at('AssociatePublicIpAddress').is(false)),
  'AutoScaling.9': on(GROUP, (group) =>
    any(
      [() => group.at('LaunchTemplate').present(), () => group.at('MixedInstancesPolicy', 'LaunchTemplate').present()],
      fails(group.here, 'it is launched from no launch template'),
    ),
  ),
};
