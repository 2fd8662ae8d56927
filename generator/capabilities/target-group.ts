import { type Expression, fragment, parameter, resource } from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

interface Inputs {
  vpcId: Expression;
}

/** Where the load balancer finds the tasks of a service, and which of them are well. Costs nothing. */
export function targetGroup({ vpcId }: Inputs) {
  const healthCheckPath = parameter('HealthCheckPath', 'String', {
    group: 'Operations',
    label: 'Path of the health check',
    Description: 'The service answers 200 here while it can serve requests, whatever becomes of the database.',
    Default: '/health',
    AllowedPattern: '^/[A-Za-z0-9/_.~-]*$',
    MaxLength: 256,
  });
  const group = resource('TargetGroup', 'AWS::ElasticLoadBalancingV2::TargetGroup', {
    comment: 'Each task registers with the port of its container: Port is only what a target without one would have.',
    Properties: {
      Name: named('app'),
      VpcId: vpcId,
      TargetType: 'ip',
      Protocol: 'HTTP',
      Port: 80,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: healthCheckPath.ref,
      HealthCheckIntervalSeconds: 15,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 3,
      Matcher: { HttpCode: '200' },
      TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }],
      Tags: tags('app'),
    },
  });
  const outputs = [
    exportedOutput('TargetGroupArn', 'ARN of the target group of the service.', group.ref),
    exportedOutput('TargetGroupFullName', 'Its name in metrics.', group.att('TargetGroupFullName')),
  ];
  return { fragment: fragment('Target group', [healthCheckPath, group, ...outputs]), targetGroup: group };
}
