import { compose, select, split } from '../../../lib/cfn/index.ts';
import { alerts } from '../../capabilities/alerts.ts';
import { projectCredentials } from '../../capabilities/credentials.ts';
import { encryption } from '../../capabilities/encryption.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { listenerRule } from '../../capabilities/listener-rule.ts';
import { service } from '../../capabilities/service.ts';
import { sharedParameters } from '../../capabilities/shared-parameters.ts';
import { usedInfrastructure } from '../../capabilities/sharing.ts';
import { targetGroup } from '../../capabilities/target-group.ts';

/**
 * The service of a project on the infrastructure of another. Deploy after the provider's `shared/export` and after
 * `plainform database create`.
 */
export function appConsumer() {
  const base = environment(RESOURCE_PREFIX);
  const sharing = usedInfrastructure();
  const shared = sharedParameters();
  const keys = encryption({ forBackups: false });
  const topic = alerts(keys);
  const own = projectCredentials();
  const targets = targetGroup({ vpcId: shared.VpcId.ref });
  const rule = listenerRule({ ...sharing, ...targets, listenerArn: shared.HttpsListenerArn });
  const application = service({
    ...targets,
    ...own,
    vpcId: shared.VpcId.ref,
    privateSubnetIds: shared.PrivateSubnetIds.ref,
    loadBalancerSecurityGroupId: shared.LoadBalancerSecurityGroupId.ref,
    loadBalancerFullName: select(1, split('loadbalancer/', shared.LoadBalancerArn.ref)),
    attachedBy: rule.rule.ref,
    databaseSecurityGroupId: shared.DatabaseSecurityGroupId.ref,
    databaseHost: shared.DatabaseProxyEndpoint.ref,
    logsKeyArn: keys.logsKey.att('Arn'),
    alertTopicArn: topic.alertTopic.ref,
  });
  return compose({
    name: 'shared/app-consumer',
    source: 'generator/stacks/shared/app-consumer.ts',
    description: 'Shared infrastructure: service of a project that uses it',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      sharing.fragment,
      shared.fragment,
      keys.fragment,
      topic.fragment,
      own.fragment,
      targets.fragment,
      rule.fragment,
      application.fragment,
    ],
  });
}
