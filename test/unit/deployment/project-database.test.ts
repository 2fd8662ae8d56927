import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeDBClustersCommand,
  DescribeDBProxiesCommand,
  DescribeDBProxyEndpointsCommand,
  ModifyDBProxyCommand,
  RDSClient,
  type UserAuthConfig,
} from '@aws-sdk/client-rds';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { providerDatabase, rdsProxy, secretsManager } from '../../../lib/deployment/project-database.ts';

const mocks = {
  stacks: mockClient(CloudFormationClient),
  rds: mockClient(RDSClient),
  secrets: mockClient(SecretsManagerClient),
  ssm: mockClient(SSMClient),
};
const target = { region: 'us-west-2' };
const fault = (name: string, message = name) => Object.assign(new Error(message), { name });
const MARKED = fault(
  'InvalidRequestException',
  "You can't perform this operation on the secret because it was marked for deletion.",
);
const SCHEDULED = fault(
  'InvalidRequestException',
  "You can't create this secret because a secret with this name is already scheduled for deletion.",
);

beforeEach(() => {
  for (const mock of Object.values(mocks)) {
    mock.reset();
    mock.rejects(fault('AccessDeniedException', 'not allowed'));
  }
});

const thrown = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('nothing was thrown'),
    (error) => error,
  );

describe('the provider', () => {
  const CLUSTER = 'shared-database.cluster-abc.us-west-2.rds.amazonaws.com';
  const PROXY = 'shared-database.proxy-abc.us-west-2.rds.amazonaws.com';
  const PARAMETERS: Record<string, string> = {
    'database/cluster-endpoint': CLUSTER,
    'database/proxy-endpoint': PROXY,
    'database/security-group-id': 'sg-0123456789abcdef0',
  };

  function provider(parameters = PARAMETERS) {
    mocks.ssm.on(GetParametersCommand).callsFake(({ Names }: { Names: string[] }) => ({
      Parameters: Names.flatMap((Name) => {
        const Value = parameters[Name.replace('/shared-infra/prod/', '')];
        return Value === undefined ? [] : [{ Name, Value }];
      }),
    }));
    mocks.rds.on(DescribeDBClustersCommand, { DBClusterIdentifier: 'shared-database' }).resolves({
      DBClusters: [
        {
          ...{ Endpoint: CLUSTER, Port: 5433, Engine: 'aurora-postgresql', MasterUsername: 'app_owner' },
          MasterUserSecret: { SecretArn: 'arn:of-the-master' },
        },
      ],
    });
    mocks.rds
      .on(DescribeDBProxiesCommand, { DBProxyName: 'shared-database' })
      .resolves({ DBProxies: [{ DBProxyName: 'shared-database', Endpoint: PROXY, EngineFamily: 'POSTGRESQL' }] });
    mocks.secrets
      .on(GetSecretValueCommand, { SecretId: 'arn:of-the-master' })
      .resolves({ SecretString: '{"username":"app_owner","password":"s3cr3t-of-master"}' });
  }

  test('is found by its prefix', async () => {
    provider();
    expect(await providerDatabase(target, { parameters: '/shared-infra/prod' })).toEqual({
      ...{ host: CLUSTER, port: 5433, user: 'app_owner', password: 's3cr3t-of-master' },
      ...{ proxyName: 'shared-database', proxyEndpoint: PROXY },
    });
  });

  test('one that shares nothing is found by the exports of its stacks', async () => {
    provider({});
    mocks.stacks
      .on(ListExportsCommand)
      .resolves({ Exports: [{ Name: 'alone-DatabaseClusterEndpoint', Value: CLUSTER }], NextToken: 'next' });
    mocks.stacks
      .on(ListExportsCommand, { NextToken: 'next' })
      .resolves({ Exports: [{ Name: 'alone-DatabaseProxyEndpoint', Value: PROXY }] });
    expect(await providerDatabase(target, { exports: 'alone' })).toMatchObject({ host: CLUSTER, proxyEndpoint: PROXY });
    const error = await thrown(providerDatabase(target, { exports: 'other' }));
    expect(error.message).toContain('exports other-DatabaseClusterEndpoint or other-DatabaseProxyEndpoint');
  });

  test('by an endpoint that was added to its proxy', async () => {
    const added = 'more.endpoint.proxy-abc.us-west-2.rds.amazonaws.com';
    provider({ ...PARAMETERS, 'database/proxy-endpoint': added });
    mocks.rds.on(DescribeDBProxiesCommand, { DBProxyName: 'more' }).rejects(fault('DBProxyNotFoundFault'));
    mocks.rds.on(DescribeDBProxyEndpointsCommand).resolves({ DBProxyEndpoints: [], Marker: 'next' });
    mocks.rds
      .on(DescribeDBProxyEndpointsCommand, { Marker: 'next' })
      .resolves({ DBProxyEndpoints: [{ Endpoint: added, DBProxyName: 'shared-database' }] });
    expect(await providerDatabase(target, { parameters: '/shared-infra/prod' })).toMatchObject({
      proxyName: 'shared-database',
    });
  });

  test.each<[string, () => void, string]>([
    ['a parameter is missing', () => provider({ 'database/proxy-endpoint': PROXY }), 'cluster-endpoint is missing'],
    [
      'a parameter is malformed',
      () => provider({ ...PARAMETERS, 'database/cluster-endpoint': 'a b' }),
      'cluster-endpoint is malformed',
    ],
    [
      'the cluster is gone',
      () => mocks.rds.on(DescribeDBClustersCommand).rejects(fault('DBClusterNotFoundFault')),
      'is the endpoint of no cluster',
    ],
    [
      'the cluster is another',
      () => mocks.rds.on(DescribeDBClustersCommand).resolves({ DBClusters: [{ Endpoint: 'shared-database.other' }] }),
      'that of shared-database is shared-database.other',
    ],
    [
      'it is MySQL',
      () =>
        mocks.rds
          .on(DescribeDBClustersCommand)
          .resolves({ DBClusters: [{ Endpoint: CLUSTER, Engine: 'aurora-mysql' }] }),
      'not PostgreSQL',
    ],
    [
      'no managed password',
      () =>
        mocks.rds
          .on(DescribeDBClustersCommand)
          .resolves({ DBClusters: [{ Endpoint: CLUSTER, Engine: 'aurora-postgresql' }] }),
      'keeps no password of its master user',
    ],
    [
      'the proxy is gone',
      () => {
        mocks.rds.on(DescribeDBProxiesCommand).rejects(fault('DBProxyNotFoundFault'));
        mocks.rds.on(DescribeDBProxyEndpointsCommand).resolves({ DBProxyEndpoints: [] });
      },
      'is the endpoint of no proxy',
    ],
    [
      'the secret of the master is no JSON',
      () => mocks.secrets.on(GetSecretValueCommand).resolves({ SecretString: 's3cr3t-of-master' }),
      'holds no password',
    ],
  ])('%s: says so', async (_, change, message) => {
    provider();
    change();
    const error = await thrown(providerDatabase(target, { parameters: '/shared-infra/prod' }));
    expect(error.message).toContain('CFN754');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('s3cr3t');
  });
});

describe('secrets', () => {
  const VALUE = '{"username":"shop_user","password":"s3cr3t-of-shop"}';
  const name = 'shop/database-credentials';

  test.each<[string, Error, string | undefined]>([
    ['missing', fault('ResourceNotFoundException'), undefined],
    ['marked for deletion', MARKED, undefined],
  ])('one that is %s reads as none', async (_, error, value) => {
    mocks.secrets.on(GetSecretValueCommand).rejects(error);
    expect(await secretsManager(target).read(name)).toBe(value);
  });

  test('one that may not be read is not taken for none', async () => {
    expect((await thrown(secretsManager(target).read(name))).message).toContain('CFN603');
  });

  test('a new value becomes a version; a missing secret is made, under the key that is given', async () => {
    mocks.secrets.on(PutSecretValueCommand).resolves({});
    await secretsManager(target).write(name, VALUE);
    expect(mocks.secrets.commandCalls(CreateSecretCommand)).toHaveLength(0);
    mocks.secrets.on(PutSecretValueCommand).rejects(fault('ResourceNotFoundException'));
    mocks.secrets.on(CreateSecretCommand).resolves({});
    await secretsManager(target, { keyId: 'arn:of-a-key' }).write(name, VALUE);
    expect(mocks.secrets.commandCalls(CreateSecretCommand)[0]!.args[0].input).toMatchObject({
      ...{ Name: name, SecretString: VALUE, KmsKeyId: 'arn:of-a-key' },
    });
  });

  test('one that is marked for deletion is restored first', async () => {
    mocks.secrets.on(PutSecretValueCommand).rejectsOnce(MARKED).resolves({});
    mocks.secrets.on(RestoreSecretCommand).resolves({});
    await secretsManager(target).write(name, VALUE);
    expect(mocks.secrets.commandCalls(RestoreSecretCommand)).toHaveLength(1);
    expect(mocks.secrets.commandCalls(PutSecretValueCommand)).toHaveLength(2);
  });

  test('what exists is not made again; what is marked for deletion is not restored unasked', async () => {
    mocks.secrets.on(CreateSecretCommand).rejects(fault('ResourceExistsException'));
    expect(await secretsManager(target).create(name, VALUE)).toBe(false);
    mocks.secrets.on(CreateSecretCommand).rejects(SCHEDULED);
    expect((await thrown(secretsManager(target).create(name, VALUE))).message).toContain('CFN753');
    expect(mocks.secrets.commandCalls(RestoreSecretCommand)).toHaveLength(0);
    expect(mocks.secrets.commandCalls(PutSecretValueCommand)).toHaveLength(0);
  });

  test('a removed one can be restored for 30 days', async () => {
    mocks.secrets.on(DeleteSecretCommand).resolves({});
    expect(await secretsManager(target).remove(name)).toBe(true);
    expect(mocks.secrets.commandCalls(DeleteSecretCommand)[0]!.args[0].input).toEqual({
      ...{ SecretId: name, RecoveryWindowInDays: 30 },
    });
    mocks.secrets.on(DeleteSecretCommand).rejects(fault('ResourceNotFoundException'));
    expect(await secretsManager(target).remove(name)).toBe(false);
  });

  test('an error that repeats the value is told without it', async () => {
    mocks.secrets
      .on(PutSecretValueCommand)
      .rejects(fault('ValidationException', `Value '${VALUE}' at 'secretString' failed; s3cr3t-of-shop`));
    const error = await thrown(secretsManager(target).write(name, VALUE));
    expect(error.message).toContain('ValidationException');
    expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toContain('s3cr3t');
  });
});

describe('the proxy', () => {
  const ARN = 'arn:aws:secretsmanager:us-west-2:123456789012:secret:';
  const MASTER: UserAuthConfig = {
    ...{ AuthScheme: 'SECRETS', SecretArn: `${ARN}rds!cluster-1-AbCdEf`, IAMAuth: 'REQUIRED' },
    ...{ Description: 'Master user', ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256' },
  };
  const OTHER: UserAuthConfig = {
    AuthScheme: 'SECRETS',
    SecretArn: `${ARN}other/database-credentials-AbCdEf`,
    UserName: 'x',
  };
  let auth: UserAuthConfig[];
  let states: string[];
  const proxy = () => rdsProxy(target, 'shared', { interval: 1, most: 20 });

  beforeEach(() => {
    auth = [MASTER, OTHER];
    states = [];
    mocks.secrets
      .on(DescribeSecretCommand)
      .callsFake(({ SecretId }: { SecretId: string }) => ({ ARN: `${ARN}${SecretId}-123456` }));
    mocks.rds.on(DescribeDBProxiesCommand).callsFake(() => ({
      DBProxies: [{ DBProxyName: 'shared', Status: states.shift() ?? 'available', Auth: auth }],
    }));
    mocks.rds.on(ModifyDBProxyCommand).callsFake(({ Auth }: { Auth: UserAuthConfig[] }) => {
      auth = Auth;
      states = ['modifying', 'modifying'];
      return {};
    });
  });

  test('gets the secret, and keeps the others as they are', async () => {
    expect(await proxy().add(['shop/database-credentials'])).toEqual(['shop/database-credentials']);
    expect(auth).toEqual([
      MASTER,
      OTHER,
      {
        ...{ AuthScheme: 'SECRETS', SecretArn: `${ARN}shop/database-credentials-123456`, IAMAuth: 'DISABLED' },
        ...{ ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256', Description: 'shop/database-credentials' },
      },
    ]);
    expect(states).toEqual([]);
    expect(await proxy().add(['shop/database-credentials'])).toEqual([]);
    expect(mocks.rds.commandCalls(ModifyDBProxyCommand)).toHaveLength(1);
    expect(await proxy().has('shop/database-credentials')).toBe(true);
    expect(await proxy().has('shop/database-credentials-previous')).toBe(false);
  });

  test('loses only what is dropped', async () => {
    await proxy().add([
      'shop/database-credentials',
      'shop/database-credentials-previous',
      'my-shop/database-credentials',
    ]);
    expect(await proxy().remove(['shop/database-credentials'])).toEqual(['shop/database-credentials']);
    expect(auth.map(({ Description, SecretArn }) => Description ?? SecretArn)).toEqual([
      'Master user',
      OTHER.SecretArn,
      'shop/database-credentials-previous',
      'my-shop/database-credentials',
    ]);
    expect(await proxy().remove(['gone/database-credentials'])).toEqual([]);
  });

  test('a secret that was made again takes the place of the former one', async () => {
    auth = [MASTER, { SecretArn: `${ARN}shop/database-credentials-former` }];
    auth[1]!.SecretArn = `${ARN}shop/database-credentials-Former`;
    expect(await proxy().add(['shop/database-credentials'])).toEqual(['shop/database-credentials']);
    expect(auth.map(({ SecretArn }) => SecretArn)).toEqual([
      MASTER.SecretArn,
      `${ARN}shop/database-credentials-123456`,
    ]);
  });

  test('is waited for while something else changes it', async () => {
    states = ['modifying', 'modifying'];
    let busy = true;
    mocks.rds.on(ModifyDBProxyCommand).callsFake(({ Auth }: { Auth: UserAuthConfig[] }) => {
      if (busy) {
        busy = false;
        throw fault('InvalidDBProxyStateFault');
      }
      auth = Auth;
      return {};
    });
    expect(await proxy().add(['shop/database-credentials'])).toEqual(['shop/database-credentials']);
    expect(auth).toHaveLength(3);
  });

  test('what another program took away is written again', async () => {
    let rounds = 0;
    mocks.rds.on(ModifyDBProxyCommand).callsFake(({ Auth }: { Auth: UserAuthConfig[] }) => {
      auth = ++rounds < 3 ? [MASTER] : Auth;
      return {};
    });
    await proxy().add(['shop/database-credentials']);
    expect(auth.map(({ Description }) => Description)).toEqual(['Master user', 'shop/database-credentials']);
  });

  test.each<[string, () => void, string]>([
    ['is never available', () => void states.push(...Array(100).fill('modifying')), 'has been modifying'],
    ['is suspended', () => void states.push('suspended'), 'is suspended'],
    [
      'is full',
      () => void auth.push(...Array.from({ length: 198 }, (_, index) => ({ SecretArn: `${ARN}p${index}-123456` }))),
      'RDS allows 200',
    ],
    ['does not keep it', () => void mocks.rds.on(ModifyDBProxyCommand).resolves({}), 'does not keep'],
    [
      'is gone',
      () => void mocks.rds.on(DescribeDBProxiesCommand).rejects(fault('DBProxyNotFoundFault')),
      'there is no proxy',
    ],
    [
      'has no such secret to know',
      () => void mocks.secrets.on(DescribeSecretCommand).rejects(fault('ResourceNotFoundException')),
      'there is no secret',
    ],
  ])('one that %s', async (_, change, message) => {
    change();
    const error = await thrown(proxy().add(['shop/database-credentials']));
    expect(error.message).toContain('CFN754');
    expect(error.message).toContain(message);
  });
});
