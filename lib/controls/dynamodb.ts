import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, HOLDS, type Judgement } from './judgement.ts';
import type { Place, Subject } from './place.ts';

const TABLE = 'AWS::DynamoDB::Table';
const GLOBAL = 'AWS::DynamoDB::GlobalTable';

/** A global table says it for each of its replicas. */
const ofEachReplica = (table: Subject, judge: (place: Place) => Judgement): Judgement =>
  table.type === GLOBAL
    ? all([() => table.at('Replicas').present(), () => table.at('Replicas').every(judge)])
    : judge(table);

/** `table/name`, as Application Auto Scaling calls a table. */
function namesTable(id: Place, table: Subject): Judgement {
  const name = table.at('TableName').content;
  const given = id.content;
  if (name.is === 'text' && given.is === 'text') return id.is(`table/${name.text}`);
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
  if (name.is === 'unknown' && given.is === 'unknown') {
    const [before, named] = given.value.parts ?? [];
    if (before === 'table/' && typeof named === 'object' && same(named.expression, name.value.expression)) return HOLDS;
  }
  return id.refersTo(table, 'TableName');
}

/** Reading and writing scale apart from each other. */
const scales = (table: Subject, stack: Stack, dimension: string): Judgement =>
  any(
    stack
      .all('AWS::ApplicationAutoScaling::ScalableTarget')
      .map(
        (target) => () =>
          all([
            target.exists(),
            () => target.at('ScalableDimension').is(`dynamodb:table:${dimension}`),
            () => namesTable(target.at('ResourceId'), table),
          ]),
      ),
    fails(table.here, `BillingMode is not PAY_PER_REQUEST, and no scalable target is for its ${dimension}`),
  );

export const dynamodb: Controls = {
  'DynamoDB.2': on([TABLE, GLOBAL], (table) =>
    ofEachReplica(table, (place) =>
      place.at('PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled').is(true),
    ),
  ),
  'DynamoDB.3': on('AWS::DAX::Cluster', (cluster) => cluster.at('SSESpecification', 'SSEEnabled').is(true)),
  'DynamoDB.6': on([TABLE, GLOBAL], (table) =>
    ofEachReplica(table, (place) => place.at('DeletionProtectionEnabled').is(true)),
  ),
  'DynamoDB.7': on('AWS::DAX::Cluster', (cluster) => cluster.at('ClusterEndpointEncryptionType').is('TLS')),
  // Without SSEEnabled a table is under a key of DynamoDB; without a key ID, under one that AWS manages.
  'PF.DynamoDB.cmk': on(TABLE, (table) =>
    all([
      () => table.at('SSESpecification', 'SSEEnabled').is(true),
      () => table.at('SSESpecification', 'KMSMasterKeyId').present(),
      () => table.at('SSESpecification', 'KMSMasterKeyId').isNotOfAws('alias/aws/dynamodb'),
    ]),
  ),
  'DynamoDB.1': on(TABLE, (table, stack) =>
    any([
      () => table.at('BillingMode').is('PAY_PER_REQUEST'),
      () => all([() => scales(table, stack, 'ReadCapacityUnits'), () => scales(table, stack, 'WriteCapacityUnits')]),
    ]),
  ),
};
