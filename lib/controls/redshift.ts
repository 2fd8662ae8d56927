import { type Controls, on } from './control.ts';
import { all, any, fails } from './judgement.ts';

const CLUSTER = 'AWS::Redshift::Cluster';

export const redshift: Controls = {
  'Redshift.1': on(CLUSTER, (cluster) => cluster.at('PubliclyAccessible').isNot(true)),
  'Redshift.2': on('AWS::Redshift::ClusterParameterGroup', (group) =>
    group
      .at('Parameters')
      .some(
        (parameter) =>
          all([() => parameter.at('ParameterName').is('require_ssl'), () => parameter.at('ParameterValue').is(true)]),
        'require_ssl is not true',
      ),
  ),
  // One day where nothing is said.
  'Redshift.3': on(CLUSTER, (cluster) => cluster.at('AutomatedSnapshotRetentionPeriod').atLeast(7)),
  'Redshift.4': on(CLUSTER, (cluster) =>
    any(
      [
        () => cluster.at('LoggingProperties', 'BucketName').present(),
        () => cluster.at('LoggingProperties', 'LogDestinationType').is('cloudwatch'),
      ],
      fails(cluster.at('LoggingProperties').here, 'LoggingProperties names no destination of the audit log'),
    ),
  ),
  'Redshift.6': on(CLUSTER, (cluster) => cluster.at('AllowVersionUpgrade').isNot(false)),
  'Redshift.7': on(CLUSTER, (cluster) => cluster.at('EnhancedVpcRouting').is(true)),
  'Redshift.8': on(CLUSTER, (cluster) => cluster.at('MasterUsername').isNot('awsuser')),
  'Redshift.9': on(CLUSTER, (cluster) => cluster.at('DBName').isNot('dev')),
  'Redshift.10': on(CLUSTER, (cluster) => cluster.at('Encrypted').is(true)),
};
