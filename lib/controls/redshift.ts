import { type Controls, on } from './control.ts';
import { all, any, fails, type Judgement, not } from './judgement.ts';
import type { Place } from './place.ts';

const CLUSTER = 'AWS::Redshift::Cluster';

export const redshift: Controls = {
  'Redshift.1': on(CLUSTER, (cluster) => cluster.at('PubliclyAccessible').isNot(true)),
  // From family redshift-2.0 on it is so by default, and clusters take that family where they name no group.
  'Redshift.2': on([CLUSTER, 'AWS::Redshift::ClusterParameterGroup'], (subject) => {
    if (subject.type === CLUSTER) return subject.at('ClusterParameterGroupName').isNot('default.redshift-1.0');
    const says = (value: (place: Place) => Judgement) =>
      subject
        .at('Parameters')
        .some(
          (parameter) =>
            all([() => parameter.at('ParameterName').is('require_ssl'), () => value(parameter.at('ParameterValue'))]),
          'require_ssl is not true',
        );
    return any([
      () => says((value) => value.is(true)),
      () =>
        all([
          () => subject.at('ParameterGroupFamily').is('redshift-2.0'),
          () => not(() => says((value) => value.present()), subject.here, 'require_ssl is not true'),
        ]),
    ]);
  }),
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
