import {
  condition,
  equals,
  fragment,
  join,
  meets,
  not,
  type Parameter,
  parameter,
  resource,
  sub,
} from '../../lib/cfn/index.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';

/**
 * Three roles for people, each behind multi-factor authentication that is present and recent, and the boundary that they
 * and whatever they create stay within. Developers observe; DevOps operates and updates stacks; Admin does what the
 * boundary leaves, and alone reaches secrets and unmasked data. Functions are deployed by the pipeline or by Admin: who
 * changes the code of the masking function reads what it reads. Free of charge; deletion keeps nothing.
 * The roles are for IAM users: a session of IAM Identity Center, like that of any role, says nothing of its MFA, so that
 * no condition could let it in safely (IAM user guide, "Secure API access with MFA", 2026-11).
 */
export function access() {
  const trustedPrincipalArns = parameter('TrustedPrincipalArns', 'CommaDelimitedList', {
    group: 'Protection',
    label: 'Trusted principals',
    Description:
      'IAM users or accounts that may assume the roles, where their own policies allow it too. Empty: users of this account. Sessions of roles, also those of IAM Identity Center, carry no MFA and are not admitted.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:iam::[0-9]{12}:(root|user/[A-Za-z0-9+=,.@_/-]+)$',
    ConstraintDescription: 'Give ARNs of IAM users, or of accounts as arn:aws:iam::<account>:root.',
  });
  const hasTrustedPrincipals = condition('HasTrustedPrincipals', not(equals(join('', trustedPrincipalArns.ref), '')));

  const mfaSeconds = (tier: string, seconds: number, most: number) =>
    parameter(`${tier}MfaSeconds`, 'Number', {
      group: 'Protection',
      label: `${tier}: age of MFA (seconds)`,
      Description: `Seconds since multi-factor authentication within which the ${tier} role can be assumed.`,
      Default: seconds,
      MinValue: 300,
      MaxValue: most,
    });
  const sessionSeconds = (tier: string, seconds: number, most: number) =>
    parameter(`${tier}SessionSeconds`, 'Number', {
      group: 'Protection',
      label: `${tier}: session (seconds)`,
      Description: `Seconds after which a session of the ${tier} role ends.`,
      Default: seconds,
      MinValue: 3600,
      MaxValue: most,
    });
  const developerMfaSeconds = mfaSeconds('Developer', 14400, 43200);
  const developerSessionSeconds = sessionSeconds('Developer', 28800, 43200);
  const devOpsMfaSeconds = mfaSeconds('DevOps', 3600, 14400);
  const devOpsSessionSeconds = sessionSeconds('DevOps', 14400, 28800);
  const adminMfaSeconds = mfaSeconds('Admin', 900, 3600);
  const adminSessionSeconds = sessionSeconds('Admin', 3600, 14400);

  const permissionsBoundary = resource('PermissionsBoundary', 'AWS::IAM::ManagedPolicy', {
    comment:
      'As a boundary it grants nothing and limits everything. Admin has it as its policy too: no right lies outside.',
    Properties: {
      ManagedPolicyName: named('boundary'),
      Description: 'The most that people of the environment, and roles they create, may do.',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'ServicesInUse',
            Effect: 'Allow',
            Action: [
              'backup:*',
              'budgets:*',
              'cloudformation:*',
              'cloudwatch:*',
              'config:*',
              'ec2:*',
              'elasticache:*',
              'events:*',
              'lambda:*',
              'logs:*',
              'pi:*',
              'rds:*',
              'rds-data:*',
              'rds-db:*',
              's3:*',
              'secretsmanager:*',
              'sns:*',
              'sqs:*',
              'tag:*',
            ],
            Resource: '*',
          },
          {
            Sid: 'KeysOfTheEnvironment',
            Effect: 'Allow',
            Action: 'kms:*',
            Resource: '*',
            Condition: { StringEquals: { 'aws:ResourceTag/Environment': environmentSuffix } },
          },
          {
            Sid: 'KeysAndIdentitiesListed',
            Effect: 'Allow',
            Action: ['iam:Get*', 'iam:List*', 'kms:ListAliases', 'kms:ListKeys'],
            Resource: '*',
          },
          {
            Sid: 'RolesOfTheEnvironment',
            Effect: 'Allow',
            Action: [
              'iam:AttachRolePolicy',
              'iam:CreateRole',
              'iam:DeleteRole',
              'iam:DeleteRolePolicy',
              'iam:DetachRolePolicy',
              'iam:PassRole',
              'iam:PutRolePermissionsBoundary',
              'iam:PutRolePolicy',
              'iam:TagRole',
              'iam:UntagRole',
              'iam:UpdateAssumeRolePolicy',
              'iam:UpdateRole',
            ],
            Resource: role('*'),
          },
          {
            Sid: 'RolesOnlyWithTheBoundary',
            Effect: 'Deny',
            Action: ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'],
            Resource: '*',
            Condition: { StringNotEquals: { 'iam:PermissionsBoundary': boundaryArn } },
          },
          {
            Sid: 'TiersAndBoundaryUntouched',
            Effect: 'Deny',
            Action: [
              'iam:AttachRolePolicy',
              'iam:CreatePolicyVersion',
              'iam:DeletePolicy*',
              'iam:DeleteRole*',
              'iam:DetachRolePolicy',
              'iam:PutRole*',
              'iam:SetDefaultPolicyVersion',
              'iam:TagRole',
              'iam:UntagRole',
              'iam:UpdateAssumeRolePolicy',
              'iam:UpdateRole*',
            ],
            Resource: [boundaryArn, role('admin'), role('developer'), role('devops')],
          },
          {
            Sid: 'OtherEnvironmentsUntouched',
            Effect: 'Deny',
            Action: '*',
            Resource: '*',
            Condition: {
              Null: { 'aws:ResourceTag/Environment': 'false' },
              StringNotEquals: { 'aws:ResourceTag/Environment': environmentSuffix },
            },
          },
          {
            Sid: 'OnlyForAdmin',
            Effect: 'Deny',
            Action: [
              'backup:DeleteRecoveryPoint',
              'backup:UpdateRecoveryPointLifecycle',
              'elasticache:Connect',
              'iam:UpdateAssumeRolePolicy',
              'lambda:CreateFunction',
              'lambda:UpdateFunction*',
              'rds-data:*',
              'rds-db:connect',
              'rds:RestoreDBCluster*',
              'rds:StartExportTask',
              'secretsmanager:BatchGetSecretValue',
              'secretsmanager:GetSecretValue',
            ],
            Resource: '*',
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': role('admin') } },
          },
          {
            Sid: 'ObjectsOnlyForAdmin',
            Effect: 'Deny',
            Action: 's3:GetObject*',
            Resource: dataObjects,
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': role('admin') } },
          },
          {
            Sid: 'NothingShared',
            Effect: 'Deny',
            Action: [
              'ec2:ModifySnapshotAttribute',
              'rds:ModifyDBClusterSnapshotAttribute',
              'rds:ModifyDBSnapshotAttribute',
            ],
            Resource: '*',
          },
          {
            Sid: 'KeysAndVaultKept',
            Effect: 'Deny',
            Action: [
              'backup:DeleteBackupVault*',
              'backup:DisassociateRecoveryPoint*',
              'backup:PutBackupVaultAccessPolicy',
              'kms:DeleteImportedKeyMaterial',
              'kms:DisableKey*',
              'kms:ScheduleKeyDeletion',
            ],
            Resource: '*',
          },
          {
            Sid: 'EvidenceKept',
            Effect: 'Deny',
            Action: [
              'config:DeleteConfigurationRecorder',
              'config:DeleteDeliveryChannel',
              'config:StopConfigurationRecorder',
              'ec2:DeleteFlowLogs',
              'logs:DeleteLog*',
              'logs:DisassociateKmsKey',
              's3:DeleteBucketPolicy',
              's3:DeleteObjectVersion',
              's3:PutBucketPublicAccessBlock',
            ],
            Resource: '*',
          },
        ],
      },
    },
  });

  const trust = (mfaAge: Parameter) => ({
    Version: '2012-10-17' as const,
    Statement: [
      {
        Sid: 'UsersWithRecentMfa',
        Effect: 'Allow' as const,
        Principal: {
          AWS: hasTrustedPrincipals.pick<string>(
            trustedPrincipalArns.ref,
            sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root'),
          ),
        },
        Action: 'sts:AssumeRole',
        Condition: {
          Bool: { 'aws:MultiFactorAuthPresent': meets('PF.IAM.mfa', 'true') },
          NumericLessThan: { 'aws:MultiFactorAuthAge': mfaAge.ref },
        },
      },
    ],
  });

  const developerRole = resource('DeveloperRole', 'AWS::IAM::Role', {
    comment: 'Observes. The log of the database is closed as well: its statements hold data.',
    Properties: {
      RoleName: named('developer'),
      Description: 'Developers observe the environment and read no secret and no data.',
      MaxSessionDuration: developerSessionSeconds.ref,
      PermissionsBoundary: meets('PF.IAM.boundary', permissionsBoundary.ref),
      AssumeRolePolicyDocument: trust(developerMfaSeconds),
      Policies: [
        {
          PolicyName: 'observe',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              observes,
              readsLogs,
              {
                Sid: 'SecretsAndDataHidden',
                Effect: 'Deny',
                Action: [
                  'elasticache:Connect',
                  'kms:CreateGrant',
                  'kms:Decrypt',
                  'kms:ReEncrypt*',
                  'pi:*',
                  'rds-data:*',
                  'rds-db:connect',
                  'rds:DownloadCompleteDBLogFile',
                  'rds:DownloadDBLogFilePortion',
                  'secretsmanager:BatchGetSecretValue',
                  'secretsmanager:GetSecretValue',
                  'ssm:GetParameter*',
                ],
                Resource: '*',
              },
              {
                Sid: 'DataKeysHidden',
                Effect: 'Deny',
                Action: 'kms:*',
                Resource: [imported('DataKeyArn'), imported('BackupKeyArn')],
              },
              { Sid: 'ObjectsHidden', Effect: 'Deny', Action: 's3:GetObject*', Resource: dataObjects },
              {
                Sid: 'DatabaseLogHidden',
                Effect: 'Deny',
                Action: [
                  'logs:FilterLogEvents',
                  'logs:GetLog*',
                  'logs:StartLiveTail',
                  'logs:StartQuery',
                  'logs:Unmask',
                ],
                Resource: sub('arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:/aws/rds/*'),
              },
            ],
          },
        },
      ],
      Tags: tags('developer'),
    },
  });
  const devOpsRole = resource('DevOpsRole', 'AWS::IAM::Role', {
    comment: 'Operates by name, and changes settings only through the stacks of the environment.',
    Properties: {
      RoleName: named('devops'),
      Description: 'DevOps restarts, scales and updates the environment.',
      MaxSessionDuration: devOpsSessionSeconds.ref,
      PermissionsBoundary: meets('PF.IAM.boundary', permissionsBoundary.ref),
      AssumeRolePolicyDocument: trust(devOpsMfaSeconds),
      Policies: [
        {
          PolicyName: 'operate',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              observes,
              readsLogs,
              {
                Sid: 'ReadsDatabaseLogAndLoad',
                Effect: 'Allow',
                Action: [
                  'logs:FilterLogEvents',
                  'logs:GetLogEvents',
                  'logs:StartQuery',
                  'pi:DescribeDimensionKeys',
                  'pi:GetResourceMetrics',
                ],
                Resource: [
                  logGroups('/aws/rds/cluster/${EnvironmentSuffix}-*'),
                  sub('arn:${AWS::Partition}:pi:${AWS::Region}:${AWS::AccountId}:metrics/rds/*'),
                ],
              },
              {
                Sid: 'RestartsAndScales',
                Effect: 'Allow',
                Action: [
                  'backup:StartBackupJob',
                  'cloudwatch:DisableAlarmActions',
                  'cloudwatch:EnableAlarmActions',
                  'cloudwatch:SetAlarmState',
                  'elasticache:CreateSnapshot',
                  'elasticache:DecreaseReplicaCount',
                  'elasticache:IncreaseReplicaCount',
                  'elasticache:ModifyReplicationGroup',
                  'elasticache:RebootCacheCluster',
                  'elasticache:TestFailover',
                  'events:DisableRule',
                  'events:EnableRule',
                  'lambda:GetFunctionConfiguration',
                  'lambda:InvokeFunction',
                  'lambda:PutFunctionConcurrency',
                  'rds:CreateDBClusterSnapshot',
                  'rds:FailoverDBCluster',
                  'rds:ModifyDBInstance',
                  'rds:RebootDBInstance',
                  'rds:StartDBCluster',
                  'rds:StopDBCluster',
                ],
                Resource: [
                  regional('backup', 'backup-vault:'),
                  regional('cloudwatch', 'alarm:'),
                  regional('elasticache', 'cluster:'),
                  regional('elasticache', 'replicationgroup:'),
                  regional('elasticache', 'snapshot:'),
                  regional('events', 'rule/'),
                  regional('lambda', 'function:'),
                  regional('rds', 'cluster-snapshot:'),
                  regional('rds', 'cluster:'),
                  regional('rds', 'db:'),
                ],
              },
              {
                Sid: 'UpdatesStacks',
                Effect: 'Allow',
                Action: [
                  'cloudformation:CancelUpdateStack',
                  'cloudformation:ContinueUpdateRollback',
                  'cloudformation:CreateChangeSet',
                  'cloudformation:DeleteChangeSet',
                  'cloudformation:DetectStack*Drift',
                  'cloudformation:ExecuteChangeSet',
                  'cloudformation:RollbackStack',
                ],
                Resource: [
                  sub(
                    'arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${EnvironmentSuffix}/*',
                  ),
                  sub(
                    'arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${EnvironmentSuffix}-*/*',
                  ),
                  sub('arn:${AWS::Partition}:cloudformation:${AWS::Region}:aws:transform/Serverless-2016-10-31'),
                ],
              },
              {
                Sid: 'ChangesSettingsThroughStacks',
                Effect: 'Allow',
                Action: [
                  'backup:UpdateBackupPlan',
                  'budgets:ModifyBudget',
                  'cloudwatch:DeleteAlarms',
                  'cloudwatch:PutDashboard',
                  'cloudwatch:PutMetricAlarm',
                  'elasticache:ModifyCacheParameterGroup',
                  'events:PutRule',
                  'events:PutTargets',
                  'logs:PutRetentionPolicy',
                  'rds:ModifyDBCluster',
                  'rds:ModifyDBClusterParameterGroup',
                  's3:PutLifecycleConfiguration',
                  'sns:Subscribe',
                  'sns:Unsubscribe',
                ],
                Resource: '*',
                Condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': 'cloudformation.amazonaws.com' } },
              },
              {
                Sid: 'CreatesRolesWithTheBoundary',
                Effect: 'Allow',
                Action: ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePolicy'],
                Resource: role('*'),
                Condition: {
                  StringEquals: { 'iam:PermissionsBoundary': permissionsBoundary.ref },
                  'ForAnyValue:StringEquals': { 'aws:CalledVia': 'cloudformation.amazonaws.com' },
                },
              },
              {
                Sid: 'PassesRolesToServices',
                Effect: 'Allow',
                Action: 'iam:PassRole',
                Resource: role('*'),
                Condition: {
                  StringEquals: { 'iam:PassedToService': ['backup.amazonaws.com', 'monitoring.rds.amazonaws.com'] },
                },
              },
            ],
          },
        },
      ],
      Tags: tags('devops'),
    },
  });
  const adminRole = resource('AdminRole', 'AWS::IAM::Role', {
    Properties: {
      RoleName: named('admin'),
      Description: 'Admins do all that the boundary leaves.',
      MaxSessionDuration: adminSessionSeconds.ref,
      PermissionsBoundary: meets('PF.IAM.boundary', permissionsBoundary.ref),
      AssumeRolePolicyDocument: trust(adminMfaSeconds),
      ManagedPolicyArns: [permissionsBoundary.ref],
      Tags: tags('admin'),
    },
  });
  const outputs = [
    exportedOutput('DeveloperRoleArn', 'ARN of the role of developers.', developerRole.att('Arn')),
    exportedOutput('DevOpsRoleArn', 'ARN of the role of DevOps.', devOpsRole.att('Arn')),
    exportedOutput('AdminRoleArn', 'ARN of the role of admins.', adminRole.att('Arn')),
    exportedOutput(
      'PermissionsBoundaryArn',
      'ARN of the boundary that every role made by people has to carry.',
      permissionsBoundary.ref,
    ),
  ];

  return {
    fragment: fragment('Access', [
      trustedPrincipalArns,
      developerMfaSeconds,
      developerSessionSeconds,
      devOpsMfaSeconds,
      devOpsSessionSeconds,
      adminMfaSeconds,
      adminSessionSeconds,
      hasTrustedPrincipals,
      permissionsBoundary,
      developerRole,
      devOpsRole,
      adminRole,
      ...outputs,
    ]),
    permissionsBoundary,
  };
}

const environmentSuffix = sub('${EnvironmentSuffix}');

/** By name, for a policy cannot refer to itself and the roles refer to the policy. */
const boundaryArn = sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${EnvironmentSuffix}-boundary');

const dataObjects = sub('${DataBucketArn}/*', { DataBucketArn: imported('DataBucketArn') });

/** Settings, states and metrics of everything, as far as no data is among them; most of these actions take no resource. */
const observes = {
  Sid: 'Observes',
  Effect: 'Allow' as const,
  Action: [
    'backup:Describe*',
    'backup:List*',
    'budgets:ViewBudget',
    'cloudformation:Describe*',
    'cloudformation:GetTemplate*',
    'cloudformation:List*',
    'cloudwatch:Describe*',
    'cloudwatch:Get*',
    'cloudwatch:List*',
    'config:Describe*',
    'config:Get*',
    'ec2:Describe*',
    'elasticache:Describe*',
    'elasticache:List*',
    'events:Describe*',
    'events:List*',
    'lambda:ListFunctions',
    'logs:Describe*',
    'logs:GetQueryResults',
    'rds:Describe*',
    'rds:ListTagsForResource',
    'sns:GetTopicAttributes',
    'sns:List*',
    'sqs:GetQueueAttributes',
    'sqs:ListQueues',
    'tag:GetResources',
  ],
  Resource: '*',
};

const readsLogs = {
  Sid: 'ReadsLogs',
  Effect: 'Allow' as const,
  Action: ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:StartQuery'],
  Resource: [
    logGroups('/aws/lambda/${EnvironmentSuffix}-*'),
    logGroups('/aws/vendedlogs/elasticache/${EnvironmentSuffix}-*'),
  ],
};

function logGroups(name: string) {
  return sub(`arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:${name}`);
}

function regional(service: string, kind: string) {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${kind}\${EnvironmentSuffix}-*`);
}

function role(name: string) {
  return sub(`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${EnvironmentSuffix}-${name}`);
}
