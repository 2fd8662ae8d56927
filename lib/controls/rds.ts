import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement, not, notKnown, type Part, several, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { starting } from './tests.ts';

const INSTANCE = 'AWS::RDS::DBInstance';
const CLUSTER = 'AWS::RDS::DBCluster';
const GROUP = 'AWS::RDS::DBParameterGroup';

/** What an instance of a cluster, and so every one of Aurora, has, its cluster decides: it is judged there. */
export const alone = (instance: Subject, conclusion: Part): Judgement =>
  when(
    all([
      () => instance.at('DBClusterIdentifier').absent(),
      () => not(engineIs(instance, /aurora.*/), instance.here, 'it is one of Aurora'),
    ]),
    conclusion,
  );

/** In any letter case, as RDS takes it: many templates say `MySQL`. */
const engineIs = (subject: Subject, pattern: RegExp): Judgement =>
  subject
    .at('Engine')
    .matches(
      new RegExp(pattern.source.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)),
      `an engine that matches ${pattern.source}`,
    );

/** A restored database, and a replica, is encrypted as what it comes from: nothing need be given here. */
export function encrypted(subject: Subject, origins: readonly string[]): Judgement {
  const stated = subject.at('StorageEncrypted');
  const inherited = any(
    origins.map((name) => () => subject.at(name).present()),
    fails(subject.here, 'it is made anew'),
  );
  if (inherited.is === 'fails') return stated.is(true);
  const unsaid = notKnown(subject.here, `StorageEncrypted is that of the ${origins.join(' or ')}`);
  return all([
    () => stated.isNot(false),
    () => any([() => stated.is(true), inherited.is === 'holds' ? unsaid : inherited]),
  ]);
}

/** The log types that AWS asks for, by engine. */
const LOGS: readonly (readonly [engine: RegExp, types: readonly string[]])[] = [
  [/(mysql|mariadb)/, ['audit', 'error', 'general', 'slowquery']],
  [/postgres/, ['postgresql', 'upgrade']],
  [/oracle-.*/, ['alert', 'audit', 'trace', 'listener']],
  [/sqlserver-.*/, ['error', 'agent']],
];

function exportsLogs(subject: Subject, types: readonly string[]): Judgement {
  const exports = subject.at('EnableCloudwatchLogsExports');
  return all(types.map((type) => () => exports.some((each) => each.is(type), `the log ${type} is not exported`)));
}

const logsOfItsEngine = (instance: Subject): Judgement =>
  all(
    LOGS.map(
      ([engine, types]) =>
        () =>
          when(engineIs(instance, engine), () => exportsLogs(instance, types)),
    ),
  );

const PORTS: readonly (readonly [engine: RegExp, port: number])[] = [
  [/(aurora|aurora-mysql|mysql|mariadb)/, 3306],
  [/(aurora-postgresql|postgres)/, 5432],
  [/(custom-)?oracle-.*/, 1521],
  [/(custom-)?sqlserver-.*/, 1433],
];

const usualPortAvoided = (subject: Subject): Judgement =>
  all(
    PORTS.map(
      ([engine, port]) =>
        () =>
          when(engineIs(subject, engine), () =>
            all([
              () => subject.at('Port').present(`Port is missing: it is ${port} then`),
              () => subject.at('Port').isNot(port),
            ]),
          ),
    ),
  );

const usualNameAvoided = (subject: Subject): Judgement => subject.at('MasterUsername').isNot('postgres', 'admin');

/** Events of the source reach somebody; no categories means all of them. */
const subscribed = (source: string, categories: readonly string[]) =>
  on('AWS::RDS::EventSubscription', (subscription) =>
    when(subscription.at('SourceType').is(source), () => {
      const chosen = subscription.at('EventCategories');
      return all([
        () => subscription.at('Enabled').isNot(false),
        () =>
          when(chosen.present(), () =>
            all(
              categories.map((name) => () => chosen.some((each) => each.is(name), `the category ${name} is missing`)),
            ),
          ),
      ]);
    }),
  );

/** A cluster whose members are in two zones, or that is Multi-AZ itself. */
function spansZones(cluster: Subject, stack: Stack): Judgement {
  const members = stack
    .all(INSTANCE)
    .map(
      (instance) => () =>
        all([instance.exists(), () => instance.at('DBClusterIdentifier').refersTo(cluster, 'DBClusterIdentifier')]),
    );
  return any(
    [
      () => cluster.at('DBClusterInstanceClass').present(),
      () => cluster.at('EngineMode').is('serverless'),
      () => several(2, members, fails(cluster.here, 'it has fewer than two instances')),
    ],
    fails(cluster.here, 'it has fewer than two instances, so none in a second zone'),
  );
}

const withoutTls = (instance: Subject): Judgement =>
  fails(instance.here, 'its default parameter group lets connections in without TLS');

/** Its own group is judged itself; without one it has that of its engine, of which `byDefault` judges. */
function inTransit(instance: Subject, stack: Stack, engine: RegExp, byDefault: () => Judgement): Judgement {
  const name = instance.at('DBParameterGroupName');
  const groups = stack
    .all(GROUP)
    .map((group) => () => all([group.exists(), () => name.refersTo(group, 'DBParameterGroupName')]));
  const otherwise = (): Judgement => {
    const isDefault = any([() => name.absent(), () => name.matches(/default\..*/, 'a default parameter group')]);
    if (isDefault.is === 'holds') return byDefault();
    return isDefault.is === 'fails' ? notKnown(name.here, 'the group is not one of this template') : isDefault;
  };
  return alone(instance, () =>
    when(engineIs(instance, engine), () => any([...groups, otherwise], withoutTls(instance))),
  );
}

/** The parameter of a group, where its family has it. */
const parameterOf = (group: Subject, family: RegExp, judge: (parameters: Place) => Judgement): Judgement =>
  when(group.at('Family').matches(family, `a family that matches ${family.source}`), () =>
    judge(group.at('Parameters')),
  );

export const rds: Controls = {
  // Left out, it depends on the subnets; only "false" keeps an instance private in all of them. One of Neptune is private then.
  'RDS.2': on([INSTANCE, 'AWS::Neptune::DBInstance'], (instance) => {
    const open = instance.at('PubliclyAccessible');
    return instance.type === INSTANCE ? open.is(false) : open.isNot(true);
  }),
  'RDS.3': on(INSTANCE, (instance) =>
    alone(instance, () =>
      encrypted(instance, ['DBSnapshotIdentifier', 'SourceDBInstanceIdentifier', 'SourceDBClusterIdentifier']),
    ),
  ),
  'RDS.5': on(INSTANCE, (instance) => alone(instance, () => instance.at('MultiAZ').is(true))),
  'RDS.6': on(INSTANCE, (instance) => instance.at('MonitoringInterval').is(1, 5, 10, 15, 30, 60)),
  'RDS.7': on(CLUSTER, (cluster) => cluster.at('DeletionProtection').is(true)),
  'RDS.8': on(INSTANCE, (instance) => alone(instance, () => instance.at('DeletionProtection').is(true))),
  'RDS.9': on(INSTANCE, (instance) =>
    alone(instance, () =>
      all([() => instance.at('EnableCloudwatchLogsExports').present(), () => logsOfItsEngine(instance)]),
    ),
  ),
  'RDS.10': on(INSTANCE, (instance) =>
    alone(instance, () =>
      when(engineIs(instance, /(mysql|postgres|mariadb)/), () =>
        instance.at('EnableIAMDatabaseAuthentication').is(true),
      ),
    ),
  ),
  // One day where nothing is said. AWS leaves replicas out, which have none by default; 0 is asked for.
  'RDS.11': on(INSTANCE, (instance) =>
    alone(instance, () =>
      all([
        () => instance.at('BackupRetentionPeriod').isNot(0),
        () =>
          when(
            all([
              () => instance.at('SourceDBInstanceIdentifier').absent(),
              () => instance.at('SourceDBClusterIdentifier').absent(),
            ]),
            () => instance.at('BackupRetentionPeriod').atLeast(7),
          ),
      ]),
    ),
  ),
  'RDS.12': on(CLUSTER, (cluster) => cluster.at('EnableIAMDatabaseAuthentication').is(true)),
  'RDS.13': on(INSTANCE, (instance) => instance.at('AutoMinorVersionUpgrade').isNot(false)),
  'RDS.14': on(CLUSTER, (cluster) =>
    when(engineIs(cluster, /aurora(-mysql)?/), () => cluster.at('BacktrackWindow').atLeast(1)),
  ),
  'RDS.15': on(CLUSTER, spansZones),
  // Of Aurora; Multi-AZ clusters are asked by RDS.47 and RDS.48.
  'RDS.16': on(CLUSTER, (cluster) =>
    when(not(engineIs(cluster, /mysql|postgres/), cluster.here, 'it is none of Aurora'), () =>
      cluster.at('CopyTagsToSnapshot').is(true),
    ),
  ),
  'RDS.17': on(INSTANCE, (instance) => alone(instance, () => instance.at('CopyTagsToSnapshot').is(true))),
  // Security groups of databases are those of EC2-Classic, which ended in August 2022: whatever names none is in a VPC.
  'RDS.18': on(INSTANCE, (instance) => instance.at('DBSecurityGroups').absent()),
  'RDS.19': subscribed('db-cluster', ['maintenance', 'failure']),
  'RDS.20': subscribed('db-instance', ['maintenance', 'configuration change', 'failure']),
  'RDS.21': subscribed('db-parameter-group', ['configuration change']),
  'RDS.22': subscribed('db-security-group', ['configuration change', 'failure']),
  'RDS.23': {
    types: [CLUSTER, INSTANCE],
    judge: (subject) =>
      subject.type === CLUSTER ? usualPortAvoided(subject) : alone(subject, () => usualPortAvoided(subject)),
  },
  'RDS.24': on(CLUSTER, usualNameAvoided),
  'RDS.25': on(INSTANCE, (instance) => alone(instance, () => usualNameAvoided(instance))),
  'RDS.27': on(CLUSTER, (cluster) => encrypted(cluster, ['SnapshotIdentifier', 'SourceDBClusterIdentifier'])),
  // Aurora Serverless v1 publishes what its parameter group says.
  'RDS.34': on(CLUSTER, (cluster) =>
    when(all([engineIs(cluster, /aurora(-mysql)?/), () => cluster.at('EngineMode').isNot('serverless')]), () =>
      exportsLogs(cluster, ['audit']),
    ),
  ),
  // Of Aurora too, since September 2026; on by default.
  'RDS.35': on(CLUSTER, (cluster) => cluster.at('AutoMinorVersionUpgrade').isNot(false)),
  'RDS.36': on(INSTANCE, (instance) =>
    alone(instance, () => when(engineIs(instance, /postgres/), () => exportsLogs(instance, ['postgresql']))),
  ),
  'RDS.37': on(CLUSTER, (cluster) =>
    when(engineIs(cluster, /aurora-postgresql/), () => exportsLogs(cluster, ['postgresql'])),
  ),
  // From PostgreSQL 15 on it is so by default.
  'RDS.38': on([GROUP, INSTANCE], (subject, stack) =>
    subject.type === GROUP
      ? all([
          () => parameterOf(subject, /postgres(9.*|1[0-4])/, (parameters) => parameters.at('rds.force_ssl').is(1)),
          () =>
            parameterOf(subject, /postgres(1[5-9]|[2-9][0-9])/, (parameters) =>
              parameters.at('rds.force_ssl').isNot(0),
            ),
        ])
      : inTransit(subject, stack, /postgres/, () => {
          const version = subject.at('EngineVersion');
          const unsaid = notKnown(subject.here, 'EngineVersion is missing: AWS chooses it');
          return any(
            [
              () => version.matches(/(1[5-9]|[2-9][0-9])(\..*)?/, '15 or later'),
              () => all([() => version.absent(), unsaid]),
            ],
            withoutTls(subject),
          );
        }),
  ),
  'RDS.39': on([GROUP, INSTANCE], (subject, stack) =>
    subject.type === GROUP
      ? parameterOf(subject, /mysql.*/, (parameters) => parameters.at('require_secure_transport').is(1, 'ON'))
      : inTransit(subject, stack, /mysql/, () => withoutTls(subject)),
  ),
  'RDS.47': on(CLUSTER, (cluster) =>
    when(engineIs(cluster, /postgres/), () => cluster.at('CopyTagsToSnapshot').is(true)),
  ),
  'RDS.48': on(CLUSTER, (cluster) => when(engineIs(cluster, /mysql/), () => cluster.at('CopyTagsToSnapshot').is(true))),
  // One day where nothing is said.
  'RDS.50': on(CLUSTER, (cluster) => cluster.at('BackupRetentionPeriod').atLeast(7)),
  'RDS.43': on('AWS::RDS::DBProxy', (proxy) => proxy.at('RequireTLS').is(true)),
  'PF.RDS.pikms': on([CLUSTER, INSTANCE], (database) => {
    const [enabled, key] =
      database.type === CLUSTER
        ? (['PerformanceInsightsEnabled', 'PerformanceInsightsKmsKeyId'] as const)
        : (['EnablePerformanceInsights', 'PerformanceInsightsKMSKeyId'] as const);
    return when(database.at(enabled).is(true), () => database.at(key).present());
  }),
  'PF.Aurora.tls': on('AWS::RDS::DBClusterParameterGroup', (group) => {
    const [family, parameters] = [group.at('Family'), group.at('Parameters')];
    return all([
      () => when(family.test(starting('aurora-postgresql', 'postgres')), () => parameters.at('rds.force_ssl').is(1)),
      () =>
        when(family.test(starting('aurora-mysql', 'mysql')), () =>
          parameters.at('require_secure_transport').is('ON', 1),
        ),
    ]);
  }),
  'PF.Aurora.secret': on(CLUSTER, (cluster) =>
    any(
      [
        () => cluster.at('ManageMasterUserPassword').is(true),
        // What is restored or copied has the password of its source.
        ...['SnapshotIdentifier', 'SourceDBClusterIdentifier', 'ReplicationSourceIdentifier'].map(
          (source) => () => cluster.at(source).present(),
        ),
        () => all([() => cluster.at('GlobalClusterIdentifier').present(), () => cluster.at('MasterUsername').absent()]),
      ],
      fails(cluster.here, 'ManageMasterUserPassword is not true'),
    ),
  ),
};
