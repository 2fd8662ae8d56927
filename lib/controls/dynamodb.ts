import { type Controls, on } from './control.ts';
import { all, any, fails } from './judgement.ts';

const TABLE = 'AWS::DynamoDB::Table';

export const dynamodb: Controls = {
  'DynamoDB.2': on(TABLE, (table) =>
    table.at('PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled').is(true),
  ),
  'DynamoDB.3': on('AWS::DAX::Cluster', (cluster) => cluster.at('SSESpecification', 'SSEEnabled').is(true)),
  'DynamoDB.6': on(TABLE, (table) => table.at('DeletionProtectionEnabled').is(true)),
  'DynamoDB.7': on('AWS::DAX::Cluster', (cluster) => cluster.at('ClusterEndpointEncryptionType').is('TLS')),
  // Without SSEEnabled a table is under a key of DynamoDB; without a key ID, under one that AWS manages.
  'PF.DynamoDB.cmk': on(TABLE, (table) =>
    all([
      () => table.at('SSESpecification', 'SSEEnabled').is(true),
      () => table.at('SSESpecification', 'KMSMasterKeyId').present(),
      () => table.at('SSESpecification', 'KMSMasterKeyId').isNotOfAws('alias/aws/dynamodb'),
    ]),
  ),
  'DynamoDB.1': on('AWS::DynamoDB::Table', (table, stack) =>
    any(
      [
        () => table.at('BillingMode').is('PAY_PER_REQUEST'),
        ...stack
          .all('AWS::ApplicationAutoScaling::ScalableTarget')
          .map((target) => () => all([target.exists(), () => target.at('ResourceId').refersTo(table, 'TableName')])),
      ],
      fails(
        table.here,
        'its capacity does not scale: BillingMode is not PAY_PER_REQUEST, and no scalable target is for it',
      ),
    ),
  ),
};
