import { describe, expect, test } from '@jest/globals';
import { listScenarios } from '../../../lib/scenarios/list.ts';
import { resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging-governance';
const exports = {
  DataKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/data',
  BackupKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/backup',
  DataBucketArn: `arn:aws:s3:::staging-data-${ACCOUNT}-us-west-2`,
};
const TIERS = ['DeveloperRole', 'DevOpsRole', 'AdminRole'] as const;
const role = (tier: string) => `arn:aws:iam::${ACCOUNT}:role/staging-${tier}`;

const template = deployed(STACK, {}, exports);
const boundary = at(template, 'PermissionsBoundary', 'PolicyDocument.Statement') as unknown as Statement[];
const statementsOf = (tier: string) =>
  ((at(template, tier, 'Policies') ?? []) as unknown as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );

/** Whether a pattern of IAM (`*`, `?`) matches a text, in any case. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'i').test(text);
}

/** What a set of statements says of an action, conditions left aside except those that the caller admits. */
function effects(statements: Statement[], action: string, resource: string, admits: (statement: Statement) => boolean) {
  return new Set(
    statements
      .filter((statement) => actions(statement).some((pattern) => matches(pattern, action)))
      .filter(({ Resource }) => [Resource].flat().some((pattern) => matches(String(pattern), resource)))
      .filter(admits)
      .map(({ Effect }) => Effect),
  );
}

describe('multi-factor authentication', () => {
  const source = committed(STACK);
  const scenarios = listScenarios(source, { slice: sliceOf(source, [...TIERS]), region: 'us-west-2' });
  const all = [...scenarios];

  test('every scenario of the roles is looked at', () => {
    expect(scenarios.exact).toBe(true);
    expect(all.length).toBeGreaterThan(1);
  });

  test.each(TIERS)('%s needs it, present and recent, in every statement of trust of every scenario', (tier) => {
    for (const { environment } of all) {
      const resolved = resolveTemplate(source, environment);
      const trust = at(resolved, tier, 'AssumeRolePolicyDocument.Statement') as unknown as Statement[];
      expect(trust.length).toBeGreaterThan(0);
      for (const { Effect, Condition } of trust) {
        expect(Effect).toBe('Allow');
        expect(Condition?.Bool?.['aws:MultiFactorAuthPresent']).toBe('true');
        expect(Condition?.NumericLessThan).toHaveProperty('aws:MultiFactorAuthAge');
      }
    }
  });

  test('the more a role may do, the more recent it has to be and the sooner the session ends', () => {
    for (const parameters of [{}, ...parameterFiles(STACK).map(({ parameters }) => parameters)]) {
      const resolved = deployed(STACK, parameters, exports);
      const ages = TIERS.map((tier) =>
        Number(
          at(resolved, tier, 'AssumeRolePolicyDocument.Statement.0.Condition.NumericLessThan.aws:MultiFactorAuthAge'),
        ),
      );
      const sessions = TIERS.map((tier) => Number(at(resolved, tier, 'MaxSessionDuration')));
      expect(ages).toEqual(ages.toSorted((a, b) => b - a));
      expect(sessions).toEqual(sessions.toSorted((a, b) => b - a));
    }
  });
});

describe('who is trusted', () => {
  const principal = (parameters: Record<string, string>) =>
    at(deployed(STACK, parameters, exports), 'AdminRole', 'AssumeRolePolicyDocument.Statement.0.Principal');

  test('the users of this account by default', () => {
    expect(principal({})).toEqual({ AWS: `arn:aws:iam::${ACCOUNT}:root` });
  });

  test('those that are named, and no others', () => {
    const TrustedPrincipalArns = 'arn:aws:iam::444455556666:root,arn:aws:iam::111122223333:user/ops/ann';
    expect(principal({ TrustedPrincipalArns })).toEqual({ AWS: TrustedPrincipalArns.split(',') });
  });

  test.each([
    ['everyone', '*'],
    ['a role, whose sessions carry no MFA', 'arn:aws:iam::111122223333:role/anything'],
    ['a service', 'ec2.amazonaws.com'],
    ['an account by its number alone', '111122223333'],
  ])('never %s', (_, TrustedPrincipalArns) => {
    expect(deployed(STACK, { TrustedPrincipalArns }, exports).findings).not.toEqual([]);
  });
});

describe('the boundary', () => {
  test.each(TIERS)('is on %s', (tier) => {
    expect(committed(STACK).Resources[tier]?.Properties?.PermissionsBoundary).toEqual({ Ref: 'PermissionsBoundary' });
  });

  test('is all that Admin has', () => {
    expect(committed(STACK).Resources.AdminRole?.Properties?.ManagedPolicyArns).toEqual([
      { Ref: 'PermissionsBoundary' },
    ]);
    expect(statementsOf('AdminRole')).toEqual([]);
  });

  test('fits the quota of a managed policy, 6,144 characters without white space, under the longest suffix', () => {
    const EnvironmentSuffix = 'abcdefghij-abcdefghi';
    const longest = deployed(STACK, { EnvironmentSuffix }, exports);
    const document = at(longest, 'PermissionsBoundary', 'PolicyDocument');
    expect(JSON.stringify(document).replace(/\s/g, '').length).toBeLessThanOrEqual(6144);
  });

  test.each(['DeveloperRole', 'DevOpsRole'])('the policies of %s fit theirs, 10,240 characters', (tier) => {
    expect(JSON.stringify(at(template, tier, 'Policies')).replace(/\s/g, '').length).toBeLessThanOrEqual(10240);
  });

  const everywhere = (statement: Statement) => statement.Condition === undefined;
  test.each([
    'kms:ScheduleKeyDeletion',
    'kms:DisableKey',
    'kms:DisableKeyRotation',
    'backup:DeleteBackupVault',
    'backup:DeleteBackupVaultAccessPolicy',
    'backup:DeleteBackupVaultLockConfiguration',
    'backup:PutBackupVaultAccessPolicy',
    'config:StopConfigurationRecorder',
    'config:DeleteConfigurationRecorder',
    'config:DeleteDeliveryChannel',
    'logs:DeleteLogGroup',
    'logs:DeleteLogStream',
    'ec2:DeleteFlowLogs',
    's3:DeleteObjectVersion',
    'rds:ModifyDBClusterSnapshotAttribute',
  ])('%s is denied to everyone, whatever the resource', (action) => {
    expect(effects(boundary, action, 'arn:aws:any', everywhere)).toContain('Deny');
  });

  test.each([
    ['itself', `arn:aws:iam::${ACCOUNT}:policy/staging-boundary`, 'iam:CreatePolicyVersion'],
    ['itself', `arn:aws:iam::${ACCOUNT}:policy/staging-boundary`, 'iam:DeletePolicy'],
    ['itself', `arn:aws:iam::${ACCOUNT}:policy/staging-boundary`, 'iam:SetDefaultPolicyVersion'],
    ...['developer', 'devops', 'admin'].flatMap((tier) =>
      [
        'iam:AttachRolePolicy',
        'iam:DeleteRole',
        'iam:DeleteRolePermissionsBoundary',
        'iam:DetachRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
      ].map((action) => [tier, role(tier), action] as const),
    ),
  ])('keeps %s (%s) from %s', (_, resource, action) => {
    expect(effects(boundary, action, resource, everywhere)).toContain('Deny');
  });

  test.each(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:AttachRolePolicy', 'iam:PutRolePermissionsBoundary'])(
    '%s is denied for a role that does not carry the boundary',
    (action) => {
      const without = ({ Condition }: Statement) =>
        Condition?.StringNotEquals?.['iam:PermissionsBoundary'] === `arn:aws:iam::${ACCOUNT}:policy/staging-boundary`;
      expect([...effects(boundary, action, role('new'), without)]).toEqual(['Deny']);
    },
  );

  test.each([
    'iam:CreateUser',
    'iam:CreateAccessKey',
    'iam:CreatePolicy',
    'iam:AddUserToGroup',
    'organizations:LeaveOrganization',
    'account:CloseAccount',
    'sts:AssumeRole',
  ])('%s is outside it', (action) => {
    expect(effects(boundary, action, 'arn:aws:any', () => true)).not.toContain('Allow');
  });

  test.each([
    'secretsmanager:GetSecretValue',
    'secretsmanager:BatchGetSecretValue',
    'rds-data:ExecuteStatement',
    'rds-db:connect',
    'elasticache:Connect',
    'lambda:UpdateFunctionCode',
    'lambda:CreateFunction',
    'iam:UpdateAssumeRolePolicy',
  ])('%s is denied to all but Admin, so that no role that DevOps makes reaches it', (action) => {
    const others = ({ Condition }: Statement) => Condition?.ArnNotEquals?.['aws:PrincipalArn'] === role('admin');
    expect([...effects(boundary, action, role('new'), others)]).toEqual(['Deny']);
  });

  test('leaves other environments alone', () => {
    expect(boundary).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: '*',
        Condition: {
          Null: { 'aws:ResourceTag/Environment': 'false' },
          StringNotEquals: { 'aws:ResourceTag/Environment': 'staging' },
        },
      }),
    );
  });
});

describe('developers', () => {
  const bucket = `${exports.DataBucketArn}/customers.csv`;
  test.each([
    ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:us-west-2:111122223333:secret:any'],
    ['secretsmanager:BatchGetSecretValue', '*'],
    ['rds-data:ExecuteStatement', 'arn:aws:rds:us-west-2:111122223333:cluster:staging-database'],
    ['rds-data:BatchExecuteStatement', 'arn:aws:rds:us-west-2:111122223333:cluster:staging-database'],
    ['rds-db:connect', 'arn:aws:rds-db:us-west-2:111122223333:dbuser:any/any'],
    ['elasticache:Connect', 'arn:aws:elasticache:us-west-2:111122223333:user:staging-cache-app'],
    ['kms:Decrypt', exports.DataKeyArn],
    ['kms:Decrypt', exports.BackupKeyArn],
    ['kms:CreateGrant', exports.DataKeyArn],
    ['kms:ReEncryptFrom', exports.DataKeyArn],
    ['s3:GetObject', bucket],
    ['s3:GetObjectVersion', bucket],
    ['ssm:GetParameter', 'arn:aws:ssm:us-west-2:111122223333:parameter/any'],
    ['rds:DownloadDBLogFilePortion', 'arn:aws:rds:us-west-2:111122223333:db:staging-database-1'],
    ['pi:GetDimensionKeyDetails', 'arn:aws:pi:us-west-2:111122223333:metrics/rds/db-X'],
    [
      'logs:GetLogEvents',
      'arn:aws:logs:us-west-2:111122223333:log-group:/aws/rds/cluster/staging-database/postgresql:log-stream:x',
    ],
    [
      'logs:FilterLogEvents',
      'arn:aws:logs:us-west-2:111122223333:log-group:/aws/rds/cluster/staging-database/postgresql',
    ],
    ['logs:StartQuery', 'arn:aws:logs:us-west-2:111122223333:log-group:/aws/rds/cluster/staging-database/postgresql'],
  ])('are denied %s on %s, whatever else they are given', (action, resource) => {
    expect(
      effects(statementsOf('DeveloperRole'), action, resource, ({ Condition }) => Condition === undefined),
    ).toContain('Deny');
  });

  test.each([
    'rds:ModifyDBCluster',
    'rds:RebootDBInstance',
    'elasticache:TestFailover',
    'cloudformation:ExecuteChangeSet',
    'iam:CreateRole',
    'iam:PassRole',
    'lambda:InvokeFunction',
    'ec2:AuthorizeSecurityGroupIngress',
  ])('may not %s', (action) => {
    expect(effects(statementsOf('DeveloperRole'), action, '*', () => true)).not.toContain('Allow');
  });
});

describe('DevOps', () => {
  const statements = statementsOf('DevOpsRole');

  test('creates roles only with the boundary, and through a stack', () => {
    const creating = statements.filter((statement) => actions(statement).includes('iam:CreateRole'));
    expect(creating).toHaveLength(1);
    expect(creating[0]!.Condition).toHaveProperty(['StringEquals', 'iam:PermissionsBoundary']);
    expect(creating[0]!.Condition?.['ForAnyValue:StringEquals']).toEqual({
      'aws:CalledVia': 'cloudformation.amazonaws.com',
    });
  });

  test('passes roles to named services only', () => {
    for (const statement of statements.filter((each) => actions(each).includes('iam:PassRole')))
      expect(statement.Condition?.StringEquals).toHaveProperty(['iam:PassedToService']);
  });

  test('restarts and scales what has a name of this environment, and nothing else', () => {
    const restarts = statements.find(({ Sid }) => Sid === 'RestartsAndScales')!;
    for (const resource of restarts.Resource as string[]) expect(resource).toMatch(/[:/]staging-\*$/);
  });

  test.each([
    'secretsmanager:GetSecretValue',
    'rds-data:ExecuteStatement',
    'rds:DeleteDBCluster',
    'lambda:UpdateFunctionCode',
    'iam:UpdateAssumeRolePolicy',
    'kms:Decrypt',
  ])('may not %s', (action) => {
    expect(effects(statements, action, '*', () => true)).not.toContain('Allow');
  });
});

test('outside the boundary, no statement allows a whole service on every resource', () => {
  for (const tier of TIERS)
    for (const statement of statementsOf(tier)) {
      if (statement.Effect === 'Deny' || ![statement.Resource].flat().includes('*')) continue;
      expect(actions(statement).filter((action) => action === '*' || action.endsWith(':*'))).toEqual([]);
    }
});
