import { aws, type Expression, fragment, meets, parameter, type Resource, resource, sub } from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

/** RDS Proxy listens on the default port of the engine, whatever the port of the cluster is (RDS user guide, 2026-11). */
export const PROXY_PORT = 5432;

interface ProxyInputs {
  dataKeyArn: Expression;
  logsKeyArn: Expression;
  dataSubnetIds: Expression;
  databaseSecurityGroupId: Expression;
  databaseCluster: Resource<'AWS::RDS::DBCluster'>;
  databaseWriter: Resource<'AWS::RDS::DBInstance'>;
  masterSecretArn: Expression;
}

/**
 * The proxy through which projects reach the cluster. It knows the users whose secrets are registered with it: the master
 * here, each project's by `plainform database create`. At rest: 0.015 USD an hour for each ACU of Serverless v2, at least
 * for 8, 88 USD a month (RDS Proxy pricing, 2026-11).
 */
export function databaseProxy(inputs: ProxyInputs) {
  const { dataKeyArn, logsKeyArn, databaseCluster, masterSecretArn } = inputs;
  const projectSecrets = parameter('ProjectSecrets', 'String', {
    group: 'Operations',
    label: 'Secrets of projects',
    Description: 'Names of the secrets that the proxy may read besides that of the master, with * for what differs.',
    Default: '*/database-credentials*',
    AllowedPattern: '^[A-Za-z0-9/_+=.@*-]*[A-Za-z0-9/_+=.@-]{8}\\*?$',
    ConstraintDescription: 'Give a name with * in it, of which at least eight characters at the end are fixed.',
  });
  const role = resource('ProxyRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('database-proxy'),
      Description: 'RDS Proxy reads the credentials of the users that it connects as.',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'rds.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'read-credentials',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
                Resource: [
                  masterSecretArn,
                  sub('arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ProjectSecrets}'),
                ],
              },
              {
                Effect: 'Allow',
                Action: 'kms:Decrypt',
                Resource: dataKeyArn,
                Condition: {
                  StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.${AWS::URLSuffix}') },
                },
              },
            ],
          },
        },
      ],
      Tags: tags('database-proxy'),
    },
  });
  const logGroup = resource('ProxyLogGroup', 'AWS::Logs::LogGroup', {
    comment: 'Made before the proxy, which would make it without key and without end.',
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      LogGroupName: sub('/aws/rds/proxy/${EnvironmentSuffix}-database'),
      RetentionInDays: meets('CloudWatch.16', 365),
      KmsKeyId: meets('PF.Logs.kms', logsKeyArn),
      Tags: tags('database-proxy'),
    },
  });
  const proxy = resource('DatabaseProxy', 'AWS::RDS::DBProxy', {
    comment:
      'Projects register their secrets later. An update of Auth takes those away: `plainform database create` brings them back.',
    DependsOn: [logGroup],
    Properties: {
      DBProxyName: named('database'),
      EngineFamily: 'POSTGRESQL',
      RequireTLS: meets('RDS.43', true),
      Auth: [
        {
          AuthScheme: 'SECRETS',
          ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256',
          IAMAuth: 'DISABLED',
          SecretArn: masterSecretArn,
          Description: 'Master user',
        },
      ],
      RoleArn: role.att('Arn'),
      VpcSubnetIds: inputs.dataSubnetIds,
      VpcSecurityGroupIds: [inputs.databaseSecurityGroupId],
      IdleClientTimeout: 1800,
      DebugLogging: false,
      Tags: tags('database'),
    },
  });
  const proxyTarget = resource('DatabaseProxyTarget', 'AWS::RDS::DBProxyTargetGroup', {
    DependsOn: [inputs.databaseWriter],
    Properties: {
      DBProxyName: proxy.ref,
      TargetGroupName: 'default',
      DBClusterIdentifiers: [databaseCluster.ref],
      ConnectionPoolConfigurationInfo: {
        MaxConnectionsPercent: 90,
        MaxIdleConnectionsPercent: 50,
        ConnectionBorrowTimeout: 30,
      },
    },
  });
  const outputs = [exportedOutput('DatabaseProxyEndpoint', 'Host name of the proxy.', proxy.att('Endpoint'))];
  return {
    fragment: fragment('Database proxy', [projectSecrets, role, logGroup, proxy, proxyTarget, ...outputs]),
    proxy,
    proxyTarget,
  };
}
