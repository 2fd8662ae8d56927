import { compose, split } from '../../../lib/cfn/index.ts';
import { ownCredentials } from '../../capabilities/credentials.ts';
import { database } from '../../capabilities/database.ts';
import { databaseProxy } from '../../capabilities/database-proxy.ts';
import { environment, imported, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { loadBalancer } from '../../capabilities/load-balancer.ts';
import { service } from '../../capabilities/service.ts';
import { ownInfrastructure } from '../../capabilities/sharing.ts';
import { targetGroup } from '../../capabilities/target-group.ts';
import { webAcl } from '../../capabilities/web-acl.ts';

/**
 * Database, load balancer and service of a project that stands alone, and of one that others share. Deploy after
 * `shared/network`, and `shared/export` after it where others share.
 */
export function app() {
  const base = environment(RESOURCE_PREFIX);
  const sharing = ownInfrastructure({ exports: 'where wanted' });
  const inputs = {
    ...base,
    ...sharing,
    vpcId: imported('VpcId'),
    publicSubnetIds: split(',', imported('PublicSubnetIds')),
    privateSubnetIds: split(',', imported('PrivateSubnetIds')),
    dataSubnetIds: split(',', imported('DataSubnetIds')),
    dataKeyArn: imported('DataKeyArn'),
    logsKeyArn: imported('LogsKeyArn'),
    alertTopicArn: imported('AlertTopicArn'),
    databasePort: imported('DatabasePort'),
    databaseSecurityGroupId: imported('DatabaseSecurityGroupId'),
    logBucketName: imported('LoadBalancerLogBucketName'),
  };
  const cluster = database({ ...inputs, shape: 'serverless' });
  const proxy = databaseProxy({ ...inputs, ...cluster });
  const own = ownCredentials({ ...inputs, ...proxy });
  const targets = targetGroup(inputs);
  const balancer = loadBalancer({ ...inputs, ...targets });
  const application = service({
    ...inputs,
    ...targets,
    ...own,
    loadBalancerSecurityGroupId: balancer.securityGroup.att('GroupId'),
    loadBalancerFullName: balancer.loadBalancer.att('LoadBalancerFullName'),
    attachedBy: balancer.listenerArn,
    databaseHost: proxy.proxy.att('Endpoint'),
  });
  return compose({
    name: 'shared/app',
    source: 'generator/stacks/shared/app.ts',
    description: 'Shared infrastructure: database, load balancer and service',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      sharing.fragment,
      cluster.fragment,
      proxy.fragment,
      own.fragment,
      targets.fragment,
      balancer.fragment,
      webAcl(balancer).fragment,
      application.fragment,
    ],
  });
}
