import { describe, expect, test } from '@jest/globals';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { ACCOUNT, actions, at, committed, deployed, parameterFiles, type Statement } from '../staging/committed.ts';
import { bytesOf, CERTIFICATE, deployments, IMAGE, ofType, refusals, target, textOf, typesOf } from './deployments.ts';

const STACK = 'shared/app';
const SHARING = ['ExportPrefix', 'SharedInfraPrefix', 'CertificateArn'];
const { listed, each } = deployments(STACK, SHARING);
const standalone = (parameters: Record<string, string> = {}) => deployed(STACK, { ImageUri: IMAGE, ...parameters });

test('all deployments are known', () => {
  expect(listed).toMatchObject({ incomplete: false, tooLarge: false });
  // Two parameters that are compared with each other.
  expect(listed.assumptions).toEqual([expect.stringMatching(/DatabaseSecretPath.* may be true or false$/)]);
  expect(each.length).toBeGreaterThanOrEqual(100);
});

test('it can be deployed without a bucket', () => {
  expect(bytesOf(STACK)).toBeLessThanOrEqual(51200);
});

describe('standalone is the default', () => {
  test('it works with no sharing parameter: an image is all that it asks for', () => {
    const required = Object.entries(committed(STACK).Parameters!).filter(([, { Default }]) => Default === undefined);
    expect(required.map(([name]) => name)).toEqual(['ImageUri']);
    expect(standalone().findings).toEqual([]);
    expect(standalone().parameters).toMatchObject({
      ExportPrefix: '',
      SharedInfraPrefix: '',
      EnvironmentSuffix: 'pikaia',
    });
  });

  test('it has all that the document says', () => {
    expect(typesOf(standalone())).toMatchObject({
      'AWS::RDS::DBCluster': 1,
      'AWS::RDS::DBInstance': 1,
      'AWS::RDS::DBProxy': 1,
      'AWS::RDS::DBProxyTargetGroup': 1,
      'AWS::ElasticLoadBalancingV2::LoadBalancer': 1,
      'AWS::ElasticLoadBalancingV2::TargetGroup': 1,
      'AWS::ECS::Cluster': 1,
      'AWS::ECS::Service': 1,
    });
  });

  test.each(parameterFiles(STACK))('the parameters of $environment are deployable', ({ parameters }) => {
    expect(deployed(STACK, parameters).findings).toEqual([]);
  });
});

describe('rules of sharing', () => {
  const BOTH = 'Leave ExportPrefix or SharedInfraPrefix empty';
  test.each([
    ['both prefixes', { ExportPrefix: '/x', SharedInfraPrefix: '/x', CertificateArn: CERTIFICATE }, BOTH],
    [
      'an export without a certificate',
      { ExportPrefix: '/shared-infra/test' },
      'Set CertificateArn where ExportPrefix',
    ],
    ['a consumer', { SharedInfraPrefix: '/shared-infra/test' }, 'deploy shared/app-consumer'],
    ['production over HTTP', { EnvironmentType: 'production' }, 'Set CertificateArn where EnvironmentType'],
    [
      'production whose load balancer can be deleted',
      { EnvironmentType: 'production', CertificateArn: CERTIFICATE, LoadBalancerDeletionProtection: 'false' },
      'Set LoadBalancerDeletionProtection to true',
    ],
    [
      'production whose database can be deleted',
      { EnvironmentType: 'production', CertificateArn: CERTIFICATE, DatabaseDeletionProtection: 'false' },
      'Set DatabaseDeletionProtection to true',
    ],
  ])('%s is refused, with a sentence that says what to do', (_, parameters, sentence) => {
    const said = refusals(standalone(parameters as Record<string, string>));
    expect(said).toEqual([expect.stringContaining(sentence)]);
  });

  test('an export with a certificate is not', () => {
    expect(standalone({ ExportPrefix: '/shared-infra/test', CertificateArn: CERTIFICATE }).findings).toEqual([]);
  });

  test('no deployment gets by them', () => {
    for (const { scenario } of each) {
      const { ExportPrefix, SharedInfraPrefix, CertificateArn } = scenario.assignment;
      expect(SharedInfraPrefix).toBe('');
      if (ExportPrefix !== '') expect(CertificateArn).not.toBe('');
    }
    expect(each.some(({ scenario }) => scenario.assignment.ExportPrefix !== '')).toBe(true);
  });

  test.each(['/aws/x', '/SSM/x', 'x', '/x/', '/x//y', '/x y'])('the prefix %s is refused', (ExportPrefix) => {
    expect(standalone({ ExportPrefix, CertificateArn: CERTIFICATE }).findings).not.toEqual([]);
  });
});

describe('in each deployment', () => {
  test('nothing is public but the load balancer', () => {
    for (const { template } of each) {
      const open = ofType(template, 'AWS::EC2::SecurityGroup').filter(([, { properties }]) =>
        textOf(properties.SecurityGroupIngress).includes('0.0.0.0/0'),
      );
      expect(open.map(([id]) => id)).toEqual(['LoadBalancerSecurityGroup']);
      for (const [, { properties }] of ofType(template, 'AWS::EC2::SecurityGroupIngress')) {
        expect(properties).toHaveProperty('SourceSecurityGroupId');
        expect(properties).not.toHaveProperty('CidrIp');
      }
      for (const [, { properties }] of ofType(template, 'AWS::RDS::DBInstance'))
        expect(properties.PubliclyAccessible).toBe(false);
      expect(at(template, 'Service', 'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp')).toBe('DISABLED');
    }
  });

  test('tasks are in private subnets, database and proxy in those without a way out, the load balancer in public ones', () => {
    for (const { template } of each) {
      expect(textOf(at(template, 'Service', 'NetworkConfiguration.AwsvpcConfiguration.Subnets'))).toContain(
        '-PrivateSubnetIds',
      );
      expect(textOf(at(template, 'DatabaseSubnetGroup', 'SubnetIds'))).toContain('-DataSubnetIds');
      expect(textOf(at(template, 'DatabaseProxy', 'VpcSubnetIds'))).toContain('-DataSubnetIds');
      expect(textOf(at(template, 'LoadBalancer', 'Subnets'))).toContain('-PublicSubnetIds');
    }
  });

  test('a certificate makes the HTTPS listener, of TLS 1.2 at least, and HTTP redirect to it', () => {
    for (const { template, scenario } of each) {
      const [action] = at(template, 'HttpListener', 'DefaultActions') as Record<string, Resolved>[];
      if (scenario.conditions.HasCertificate) {
        expect(at(template, 'HttpsListener', 'SslPolicy')).toBe('ELBSecurityPolicy-TLS13-1-2-2021-06');
        expect(action).toMatchObject({
          Type: 'redirect',
          RedirectConfig: { Protocol: 'HTTPS', StatusCode: 'HTTP_301' },
        });
        expect(template.outputs).toHaveProperty('HttpsListenerArn');
      } else {
        expect(template.resources).not.toHaveProperty('HttpsListener');
        expect(action).toMatchObject({ Type: 'forward' });
        expect(template.outputs).not.toHaveProperty('HttpsListenerArn');
      }
    }
  });

  test('the service waits for the listener that leads to it', () => {
    for (const { template, scenario } of each) {
      const { AttachedBy } = template.resources.Service!.metadata as Record<string, Resolved>;
      expect(target(AttachedBy)).toBe(scenario.conditions.HasCertificate ? 'HttpsListener' : 'HttpListener');
    }
  });

  test('a web ACL stands before the load balancer where one is given', () => {
    for (const { template, scenario } of each)
      expect('WebAclAssociation' in template.resources).toBe(scenario.conditions.HasWebAcl);
  });

  test('the other stacks of the project find what they import', () => {
    const agreed = [
      ...['LoadBalancerArn', 'LoadBalancerFullName', 'LoadBalancerDnsName', 'LoadBalancerHostedZoneId'],
      ...['LoadBalancerSecurityGroupId', 'DatabaseClusterId', 'DatabaseClusterEndpoint', 'DatabaseProxyEndpoint'],
      ...['DatabaseSecretArn', 'ClusterName', 'ServiceName', 'ServiceSecurityGroupId', 'TargetGroupArn'],
      'TargetGroupFullName',
    ];
    for (const { template } of each) expect(Object.keys(template.outputs)).toEqual(expect.arrayContaining(agreed));
  });
});

describe('the service', () => {
  const template = standalone();
  const [container] = at(template, 'TaskDefinition', 'ContainerDefinitions') as Record<string, Resolved>[];

  test('takes a deployment back that fails, or that answers with errors', () => {
    expect(at(template, 'Service', 'DeploymentConfiguration')).toMatchObject({
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      Alarms: { Enable: true, Rollback: true },
      MinimumHealthyPercent: 100,
    });
    const [name] = at(template, 'Service', 'DeploymentConfiguration.Alarms.AlarmNames') as Resolved[];
    expect(target(name)).toBe('ServiceErrorsAlarm');
  });

  test('cannot be entered, and cannot write but to /tmp', () => {
    expect(at(template, 'Service', 'EnableExecuteCommand')).toBe(false);
    expect(container).toMatchObject({ Privileged: false, ReadonlyRootFilesystem: true });
    expect(container?.MountPoints).toEqual([{ SourceVolume: 'tmp', ContainerPath: '/tmp', ReadOnly: false }]);
  });

  test('is asked by the load balancer whether it is well, and by itself where there is a command', () => {
    expect(at(template, 'TargetGroup', 'HealthCheckPath')).toBe('/health');
    expect(container).not.toHaveProperty('HealthCheck');
    const asked = standalone({
      ContainerHealthCommand: 'curl -f http://localhost:8080/health',
      HealthCheckPath: '/up',
    });
    expect(at(asked, 'TargetGroup', 'HealthCheckPath')).toBe('/up');
    expect(at(asked, 'TaskDefinition', 'ContainerDefinitions.0.HealthCheck.Command')).toEqual([
      'CMD-SHELL',
      'curl -f http://localhost:8080/health',
    ]);
  });

  test('has its credentials from Secrets Manager, none in the environment', () => {
    const secrets = container?.Secrets as { Name: string; ValueFrom: Resolved }[];
    expect(secrets.map(({ Name }) => Name)).toEqual(['DATABASE_NAME', 'DATABASE_USER', 'DATABASE_PASSWORD']);
    for (const { ValueFrom } of secrets) expect(target(ValueFrom)).toBe('DatabaseCredentials');
    expect(textOf(container?.Environment)).not.toMatch(/password|secret/i);
  });

  test('finds them where the document says, or where it is told', () => {
    expect(at(template, 'DatabaseCredentials', 'Name')).toBe('pikaia/database-credentials');
    expect(standalone({ DatabaseSecretPath: 'pikaia/database-credentials' }).resources).toHaveProperty(
      'DatabaseCredentials',
    );
    const elsewhere = standalone({ DatabaseSecretPath: 'team/credentials' });
    expect(elsewhere.resources).not.toHaveProperty('DatabaseCredentials');
    expect(at(elsewhere, 'TaskDefinition', 'ContainerDefinitions.0.Secrets.2.ValueFrom')).toBe(
      `arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:team/credentials:password::`,
    );
    const statements = at(elsewhere, 'ExecutionRole', 'Policies.0.PolicyDocument.Statement') as unknown as Statement[];
    const read = statements.find((statement) => actions(statement).includes('secretsmanager:GetSecretValue'));
    expect(read?.Resource).toBe(`arn:aws:secretsmanager:us-west-2:${ACCOUNT}:secret:team/credentials-??????`);
  });

  test('names user and database as `plainform database create` does', () => {
    const text = textOf(
      at(
        standalone({ EnvironmentSuffix: 'my-project' }),
        'DatabaseCredentials',
        'GenerateSecretString.SecretStringTemplate',
      ),
    );
    expect(text).toContain('my_project_user');
    expect(text).toContain('\\"dbname\\":\\"my_project\\"');
  });

  test('scales at CPU, memory and requests, between the fewest and the most tasks', () => {
    const policies = ofType(template, 'AWS::ApplicationAutoScaling::ScalingPolicy').map(
      ([, { properties }]) =>
        (properties.TargetTrackingScalingPolicyConfiguration as Record<string, Record<string, Resolved>>)
          .PredefinedMetricSpecification?.PredefinedMetricType,
    );
    expect(policies.sort()).toEqual([
      'ALBRequestCountPerTarget',
      'ECSServiceAverageCPUUtilization',
      'ECSServiceAverageMemoryUtilization',
    ]);
    expect(at(template, 'ServiceScaling')).toMatchObject({ MinCapacity: 1, MaxCapacity: 4 });
    const { MinTasks, MaxTasks } = committed(STACK).Parameters!;
    expect(Math.max(...MinTasks!.AllowedValues!.map(Number))).toBeLessThanOrEqual(
      Math.min(...MaxTasks!.AllowedValues!.map(Number)),
    );
  });

  test.each([
    ['a digest', IMAGE],
    ['a tag', 'public.ecr.aws/nginx/nginx:1.27'],
    ['tag and digest', `localhost:5000/app:v1@sha256:${'0'.repeat(64)}`],
  ])('takes an image with %s', (_, ImageUri) => {
    expect(standalone({ ImageUri }).findings).toEqual([]);
  });

  test.each([
    ['half a digest', 'registry/app@sha256:0123'],
    ['no registry', 'app'],
    ['a blank', 'registry/app:a b'],
    ['nothing', ''],
  ])('refuses an image with %s', (_, ImageUri) => {
    expect(standalone({ ImageUri }).findings).not.toEqual([]);
  });
});

describe('roles', () => {
  const template = standalone();
  const statementsOf = (id: string) =>
    at(template, id, 'Policies.0.PolicyDocument.Statement') as unknown as Statement[];

  test('tasks may do nothing by themselves', () => {
    expect(template.resources.TaskRole?.properties).not.toHaveProperty('Policies');
    expect(template.resources.TaskRole?.properties).not.toHaveProperty('ManagedPolicyArns');
  });

  test.each(['ExecutionRole', 'TaskRole', 'ProxyRole'])('%s is assumed by one service for this account only', (id) => {
    const statements = at(template, id, 'AssumeRolePolicyDocument.Statement') as unknown as Statement[];
    expect(statements).toHaveLength(1);
    expect(statements[0]?.Condition?.StringEquals).toEqual({ 'aws:SourceAccount': ACCOUNT });
    expect(textOf(statements[0]?.Principal)).toMatch(/"(ecs-tasks|rds)\.amazonaws\.com"/);
  });

  test.each([
    [
      'ExecutionRole',
      [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetAuthorizationToken',
        'ecr:GetDownloadUrlForLayer',
        'kms:Decrypt',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        'secretsmanager:GetSecretValue',
      ],
    ],
    ['ProxyRole', ['kms:Decrypt', 'secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue']],
  ])('%s may do no more than it must', (id, expected) => {
    expect(statementsOf(id).flatMap(actions).sort()).toEqual(expected);
    for (const statement of statementsOf(id))
      if (statement.Resource === '*') expect(actions(statement)).toEqual(['ecr:GetAuthorizationToken']);
  });

  test.each(['ExecutionRole', 'ProxyRole'])('%s decrypts through Secrets Manager only, with one key', (id) => {
    const decrypt = statementsOf(id).find((statement) => actions(statement).includes('kms:Decrypt'));
    expect(decrypt?.Condition).toEqual({
      StringEquals: { 'kms:ViaService': 'secretsmanager.us-west-2.amazonaws.com' },
    });
    expect(textOf(decrypt?.Resource)).toContain('-DataKeyArn');
  });
});

describe('the database', () => {
  const template = standalone();

  test('is Serverless v2, encrypted, with a password that nobody knows', () => {
    expect(at(template, 'DatabaseWriter', 'DBInstanceClass')).toBe('db.serverless');
    expect(at(template, 'DatabaseCluster')).toMatchObject({
      Engine: 'aurora-postgresql',
      StorageEncrypted: true,
      ManageMasterUserPassword: true,
      DeletionProtection: 'true',
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
    });
  });

  test('has a reader in another zone where asked for', () => {
    const two = standalone({ DatabaseInstances: '2' });
    expect(template.resources).not.toHaveProperty('DatabaseReader');
    expect(at(two, 'DatabaseReader', 'AvailabilityZone')).not.toEqual(at(two, 'DatabaseWriter', 'AvailabilityZone'));
    expect(at(two, 'DatabaseInstanceEvents', 'SourceIds')).toHaveLength(2);
    expect(at(template, 'DatabaseInstanceEvents', 'SourceIds')).toHaveLength(1);
  });

  test('is reached through a proxy that refuses plain text', () => {
    expect(at(template, 'DatabaseProxy')).toMatchObject({
      RequireTLS: true,
      EngineFamily: 'POSTGRESQL',
      DebugLogging: false,
    });
    const [auth] = at(template, 'DatabaseProxy', 'Auth') as Record<string, Resolved>[];
    expect(auth).toMatchObject({ AuthScheme: 'SECRETS', ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256' });
  });

  test('the service reaches the port of the proxy, not that of the cluster', () => {
    expect(at(template, 'ProxyFromServiceIngress')).toMatchObject({ FromPort: 5432, ToPort: 5432 });
    expect(deployed('shared/network', { DatabasePort: '5432' }).findings).not.toEqual([]);
  });
});

describe('the load balancer', () => {
  test('keeps its log, drops what is malformed, and is protected', () => {
    const attributes = at(standalone(), 'LoadBalancer', 'LoadBalancerAttributes') as { Key: string; Value: Resolved }[];
    expect(Object.fromEntries(attributes.map(({ Key, Value }) => [Key, Value]))).toMatchObject({
      'deletion_protection.enabled': 'true',
      'routing.http.drop_invalid_header_fields.enabled': 'true',
      'access_logs.s3.enabled': 'true',
    });
    expect(textOf(attributes)).toContain('-LoadBalancerLogBucketName');
  });

  test('can be deleted where that is said', () => {
    const template = standalone({ LoadBalancerDeletionProtection: 'false' });
    expect(at(template, 'LoadBalancer', 'LoadBalancerAttributes.0.Value')).toBe('false');
  });
});
