import { type Controls, on } from './control.ts';
import { all, when } from './judgement.ts';

const CLUSTER = 'AWS::EKS::Cluster';

export const eks: Controls = {
  // Public where nothing is said.
  'EKS.1': on(CLUSTER, (cluster) => cluster.at('ResourcesVpcConfig', 'EndpointPublicAccess').is(false)),
  'EKS.3': on(CLUSTER, (cluster) =>
    cluster
      .at('EncryptionConfig')
      .some(
        (config) => config.at('Resources').some((resource) => resource.is('secrets'), 'secrets are not named'),
        'secrets are not encrypted under a key of yours',
      ),
  ),
  'EKS.8': on(CLUSTER, (cluster) =>
    cluster
      .at('Logging', 'ClusterLogging', 'EnabledTypes')
      .some((type) => type.at('Type').is('audit'), 'audit logs are not switched on'),
  ),
  'PF.EKS.cidr': on(CLUSTER, (cluster) =>
    when(cluster.at('ResourcesVpcConfig', 'EndpointPublicAccess').isNot(false), () =>
      all([
        () =>
          cluster
            .at('ResourcesVpcConfig', 'PublicAccessCidrs')
            .present('PublicAccessCidrs is missing: everybody reaches the endpoint'),
        () => cluster.at('ResourcesVpcConfig', 'PublicAccessCidrs').every((cidr) => cidr.isNot('0.0.0.0/0', '::/0')),
      ]),
    ),
  ),
  'PF.EKS.del': on(CLUSTER, (cluster) => cluster.at('DeletionProtection').is(true)),
};
