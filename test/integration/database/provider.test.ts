import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeDBClustersCommand,
  DescribeDBProxiesCommand,
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
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { check, create, drop, rotate } from '../../../generator/commands/database.ts';
import { bootstrap } from '../../../generator/commands/secrets.ts';
import type { Terminal } from '../../../generator/terminal.ts';
import { type SharedServer, startSharedServer } from '../../support/project-databases.ts';

jest.setTimeout(60_000);

const CLUSTER = 'shared-database.cluster-abc.us-east-2.rds.amazonaws.com';
const PROXY = 'shared-database.proxy-abc.us-east-2.rds.amazonaws.com';
const ARN = 'arn:aws:secretsmanager:us-east-2:123456789012:secret:';

const folder = mkdtempSync(join(tmpdir(), 'plainform-provider-'));
const certificate = join(folder, 'server.crt');
/** Of the cluster, signed by itself; openssl makes it, as Node.js cannot. */
function certify(name: string, file: string, key: string): boolean {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', `/CN=${name}`.slice(0, 60), '-addext', `subjectAltName=DNS:${name}`];
  return spawnSync('openssl', [...words, ...subject, '-keyout', key, '-out', file]).status === 0;
}
const key = join(folder, 'server.key');
const certified =
  certify(CLUSTER, certificate, key) && certify('other.example', join(folder, 'other.crt'), join(folder, 'other.key'));
const real = certified ? test : test.skip;
const why = certified ? '' : ' (skipped: openssl is not installed)';

const mocks = {
  stacks: mockClient(CloudFormationClient),
  rds: mockClient(RDSClient),
  secrets: mockClient(SecretsManagerClient),
  ssm: mockClient(SSMClient),
};
const fault = (name: string, message = name) => Object.assign(new Error(message), { name });

let shared: SharedServer;
/** What AWS holds: of a secret its value, `deleted` where it can be restored only. */
let secrets: Map<string, { value: string; deleted: boolean; key?: string }>;
let auth: UserAuthConfig[];
let said: string;

beforeAll(async () => {
  if (!certified) return;
  chmodSync(folder, 0o755);
  chmodSync(key, 0o600);
  if (process.getuid?.() === 0) {
    const id = (name: string) => Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout);
    chownSync(key, ['postgres', 'nobody'].map(id).find((uid) => uid > 0) ?? 0, statSync(folder).gid);
  }
  shared = await startSharedServer({ ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key });
});
afterAll(async () => {
  await shared?.postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const nameOf = (id: string) => id.replace(ARN, '').replace(/-[A-Za-z0-9]{6}$/, '');

beforeEach(() => {
  said = '';
  auth = [{ AuthScheme: 'SECRETS', SecretArn: `${ARN}of-the-master-AbCdEf`, Description: 'Master user' }];
  secrets = new Map([
    [
      'of-the-master',
      { value: JSON.stringify({ username: 'master', password: shared?.server.password }), deleted: false },
    ],
  ]);
  for (const mock of Object.values(mocks)) {
    mock.reset();
    mock.rejects(fault('AccessDeniedException', 'not foreseen'));
  }
  mocks.ssm.on(GetParametersCommand).callsFake(({ Names }: { Names: string[] }) => ({
    Parameters: Names.flatMap((Name) => {
      if (Name === '/shared-infra/prod/database/cluster-endpoint') return { Name, Value: CLUSTER };
      if (Name === '/shared-infra/prod/database/proxy-endpoint') return { Name, Value: PROXY };
      if (Name === '/shared-infra/prod/database/security-group-id') return { Name, Value: 'sg-0123456789abcdef0' };
      return [];
    }),
  }));
  mocks.rds.on(DescribeDBClustersCommand).resolves({
    DBClusters: [
      {
        ...{ Endpoint: CLUSTER, Port: 5432, Engine: 'aurora-postgresql', MasterUsername: 'master' },
        MasterUserSecret: { SecretArn: `${ARN}of-the-master-AbCdEf` },
      },
    ],
  });
  mocks.rds.on(DescribeDBProxiesCommand).callsFake(() => ({
    DBProxies: [
      { DBProxyName: 'shared-database', Endpoint: PROXY, EngineFamily: 'POSTGRESQL', Status: 'available', Auth: auth },
    ],
  }));
  mocks.rds.on(ModifyDBProxyCommand).callsFake(({ Auth }: { Auth: UserAuthConfig[] }) => {
    auth = Auth;
    return {};
  });
  mocks.stacks.on(ListExportsCommand).resolves({
    Exports: [
      { Name: 'alone-DatabaseClusterEndpoint', Value: CLUSTER },
      { Name: 'alone-DatabaseProxyEndpoint', Value: PROXY },
    ],
  });
  const held = (id: string) => {
    const found = secrets.get(nameOf(id));
    if (!found) throw fault('ResourceNotFoundException');
    return found;
  };
  const live = (id: string) => {
    const found = held(id);
    if (found.deleted) throw fault('InvalidRequestException', 'it was marked for deletion');
    return found;
  };
  const on = mocks.secrets;
  on.on(DescribeSecretCommand).callsFake(({ SecretId }) => ({
    ARN: `${ARN}${SecretId}-123456`,
    KmsKeyId: held(SecretId).key,
  }));
  on.on(GetSecretValueCommand).callsFake(({ SecretId }) => ({ SecretString: live(SecretId).value }));
  on.on(PutSecretValueCommand).callsFake(({ SecretId, SecretString }) => {
    live(SecretId).value = SecretString;
    return {};
  });
  on.on(CreateSecretCommand).callsFake(({ Name, SecretString, KmsKeyId }) => {
    if (secrets.has(Name)) throw fault('ResourceExistsException');
    secrets.set(Name, { value: SecretString, deleted: false, ...(KmsKeyId && { key: KmsKeyId }) });
    return {};
  });
  on.on(RestoreSecretCommand).callsFake(({ SecretId }) => {
    held(SecretId).deleted = false;
    return {};
  });
  on.on(DeleteSecretCommand).callsFake(({ SecretId }) => {
    live(SecretId).deleted = true;
    return {};
  });
});

const terminal: Terminal = {
  print: (text) => {
    said += `${text}\n`;
  },
  progress: (text) => {
    said += `${text}\n`;
  },
  work: (_, work) => work((line) => terminal.progress(line)),
  paint: (_, text) => text,
  interactive: false,
  width: 120,
};

/** Through a tunnel: the certificate is the cluster's, the address this machine's. */
const options = (...names: string[]) => ({
  ...{ arguments: names, provider: '/shared-infra/prod', region: 'us-east-2', ca: certificate },
  ...{ host: '127.0.0.1', port: String(shared.postgres.port) },
});

real(`a project of a provider, through a tunnel, from create to drop and back${why}`, async () => {
  expect(await create({ ...options('shop'), statementTimeout: '1', kmsKey: 'arn:of-a-key' }, terminal)).toBe(0);
  const first = JSON.parse(secrets.get('shop/database-credentials')!.value);
  expect(first).toMatchObject({ engine: 'postgres', host: PROXY, port: 5432, username: 'shop_user', dbname: 'shop' });
  expect(secrets.get('shop/database-credentials')!.key).toBe('arn:of-a-key');
  expect(auth.map(({ Description }) => Description)).toEqual(['Master user', 'shop/database-credentials']);

  expect(await check(options('shop'), terminal)).toBe(0);
  auth.pop();
  expect(await check(options('shop'), terminal)).toBe(1);
  expect(said).toContain('CFN754: the proxy shared-database does not know the secret shop/database-credentials');
  expect(await create(options('shop'), terminal)).toBe(0);

  expect(await rotate(options('shop'), terminal)).toBe(0);
  expect(auth.map(({ Description }) => Description)).toEqual([
    'Master user',
    'shop/database-credentials',
    'shop/database-credentials-previous',
  ]);
  expect(JSON.parse(secrets.get('shop/database-credentials')!.value)).toMatchObject({
    username: 'shop_user_clone',
    host: PROXY,
  });
  expect(JSON.parse(secrets.get('shop/database-credentials-previous')!.value)).toEqual(first);

  expect(secrets.get('shop/database-credentials-previous')!.key).toBe('arn:of-a-key');

  const dump = join(folder, 'shop.dump');
  await expect(drop({ ...options('shop'), dump }, terminal)).rejects.toThrow('nothing was dropped');
  expect(await drop({ ...options('shop'), dump, yes: 'shop' }, terminal)).toBe(0);
  expect(readdirSync(folder)).toContain('shop.dump');
  expect(secrets.get('shop/database-credentials')).toMatchObject({ deleted: true });
  expect(auth).toHaveLength(1);

  expect(await create(options('shop'), terminal)).toBe(0);
  const restored = JSON.parse(secrets.get('shop/database-credentials')!.value);
  expect(restored).toMatchObject({ username: 'shop_user' });
  expect(restored.password).not.toBe(first.password);
  const client = await shared.as({ user: restored.username, password: restored.password, database: 'shop' });
  await client.end();

  const texts = [...secrets.values()].flatMap(({ value }) => JSON.parse(value).password as string);
  for (const password of [...texts, first.password]) expect(said + shared.postgres.log()).not.toContain(password);
});

real('the register says provider, region, names and secret', async () => {
  const register = join(folder, 'plainform.yaml');
  writeFileSync(
    register,
    `
environments: {prod: {type: production, region: us-east-2}}
providers:
  base: {environment: prod, domain: api.base.example.com, certificateArn: "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012", prefix: /shared-infra/prod}
projects:
  alone: {environment: prod, domain: api.alone.example.com, certificateArn: "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"}
  orders: {provider: base, domain: api.orders.example.com, priority: 100, resourcePrefix: my-orders, databaseSecretPath: my-orders/db}
`,
  );
  const { provider: _, region: __, ...rest } = options('orders');
  expect(await create({ ...rest, register }, terminal)).toBe(0);
  expect(JSON.parse(secrets.get('my-orders/db')!.value)).toMatchObject({
    dbname: 'my_orders',
    username: 'my_orders_user',
  });
  await expect(create({ ...rest, register, provider: 'bass' }, terminal)).rejects.toThrow('did you mean base?');
  expect(await create({ ...rest, arguments: ['alone'], register }, terminal)).toBe(0);
  expect(JSON.parse(secrets.get('alone/database-credentials')!.value)).toMatchObject({ host: PROXY, dbname: 'alone' });
  expect(await bootstrap({ arguments: ['orders', 'session-key'], register }, terminal)).toBe(0);
  expect(secrets.get('my-orders/session-key')!.value).toMatch(/^[A-Za-z0-9]{64}$/);
  expect(said).not.toContain(secrets.get('my-orders/session-key')!.value);
  const calls = mocks.secrets.calls().length;
  await expect(bootstrap({ arguments: ['orders', 'db'], register }, terminal)).rejects.toThrow(
    'credentials of the database',
  );
  expect(mocks.secrets.calls()).toHaveLength(calls);
});

real.each([
  ['a certificate that nobody vouches for', { ca: undefined }, /--ca FILE/],
  ['a certificate of another authority', { ca: 'other.crt' }, /CFN751/],
  ['a certificate of another server', { tlsName: 'elsewhere.rds.amazonaws.com' }, /--tls-name/],
])('%s is not trusted, and nothing is sent', async (_, change, message) => {
  const { ca = undefined } = change as { ca?: string };
  const chosen = 'ca' in change ? { ca: ca && join(folder, ca) } : change;
  const error = await create({ ...options('untrusted'), ...chosen } as Parameters<typeof create>[0], terminal).catch(
    (e) => e,
  );
  expect(JSON.stringify(error.findings)).toMatch(message);
  expect(error.exitCode).toBe(3);
  expect(secrets.size).toBe(1);
  expect(JSON.stringify([error, error.message, error.stack])).not.toContain(shared.server.password);
});

real('a connection without encryption is not made to a provider by itself', async () => {
  await expect(create({ ...options('plain'), host: 'db.example.com', tls: false }, terminal)).rejects.toThrow('CFN756');
});
