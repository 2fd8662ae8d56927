import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateDBClusterCommand, CreateDBProxyCommand, DescribeDBProxiesCommand, RDSClient } from '@aws-sdk/client-rds';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { check, create, drop, rotate } from '../../../generator/commands/database.ts';
import { bootstrap } from '../../../generator/commands/secrets.ts';
import type { Terminal } from '../../../generator/terminal.ts';
import { clientOptions } from '../../../lib/deployment/clients.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../../lib/deployment/emulator.ts';
import { type SharedServer, startSharedServer } from '../../support/project-databases.ts';

jest.setTimeout(120_000);

const missing = emulatorMissing();
const real = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';
const PREFIX = '/shared-infra/prod';
const REGION = 'us-west-2';

let emulator: Emulator;
let shared: SharedServer;
let folder: string;
let secrets: SecretsManagerClient;
let rds: RDSClient;
let said = '';

/** What a provider's stacks leave behind, by the services' own API. */
beforeAll(async () => {
  if (missing) return;
  folder = mkdtempSync(join(tmpdir(), 'plainform-emulated-'));
  [emulator, shared] = await Promise.all([startEmulator(), startSharedServer()]);
  const client = clientOptions({ region: REGION, endpoint: emulator.endpoint });
  secrets = new SecretsManagerClient(client);
  rds = new RDSClient(client);
  const ec2 = new EC2Client(client);
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnets = [];
  for (const [index, zone] of ['a', 'b'].entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        ...{ VpcId: Vpc!.VpcId!, CidrBlock: `10.0.${index}.0/24`, AvailabilityZone: `${REGION}${zone}` },
      }),
    );
    subnets.push(Subnet!.SubnetId!);
  }
  const { ARN } = await secrets.send(
    new CreateSecretCommand({
      Name: 'of-the-master',
      SecretString: JSON.stringify({ username: 'master', password: shared.server.password }),
    }),
  );
  const { DBCluster } = await rds.send(
    new CreateDBClusterCommand({
      ...{ DBClusterIdentifier: 'shared-database', Engine: 'aurora-postgresql', MasterUsername: 'master' },
      MasterUserPassword: 'another-of-the-emulator',
    }),
  );
  const { DBProxy } = await rds.send(
    new CreateDBProxyCommand({
      ...{ DBProxyName: 'shared-database', EngineFamily: 'POSTGRESQL', VpcSubnetIds: subnets },
      RoleArn: 'arn:aws:iam::123456789012:role/shared-database-proxy',
      Auth: [{ AuthScheme: 'SECRETS', SecretArn: ARN!, IAMAuth: 'DISABLED', Description: 'Master user' }],
    }),
  );
  const ssm = new SSMClient(client);
  for (const [name, Value] of Object.entries({
    'cluster-endpoint': DBCluster!.Endpoint!,
    'proxy-endpoint': DBProxy!.Endpoint!,
    'security-group-id': 'sg-0123456789abcdef0',
  }))
    await ssm.send(new PutParameterCommand({ Name: `${PREFIX}/database/${name}`, Value, Type: 'String' }));
});
afterAll(async () => {
  await shared?.postgres.stop();
  await emulator?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
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

const options = (...names: string[]) => ({
  ...{ arguments: names, provider: PREFIX, region: REGION, endpoint: emulator.endpoint, masterSecret: 'of-the-master' },
  ...{ host: '127.0.0.1', port: String(shared.postgres.port), tls: false },
});

const credentialsIn = async (SecretId: string) =>
  JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString!);
const registered = async () =>
  (await rds.send(new DescribeDBProxiesCommand({ DBProxyName: 'shared-database' }))).DBProxies![0]!.Auth!.map(
    ({ Description }) => Description,
  );

real(`a project on the emulator: its secrets and its proxy behave as AWS says${why}`, async () => {
  await create({ ...options('shop'), statementTimeout: '1' }, terminal);
  const first = await credentialsIn('shop/database-credentials');
  expect(first).toMatchObject({ username: 'shop_user', host: expect.stringContaining('shared-database.proxy-') });
  expect(await registered()).toEqual(['Master user', 'shop/database-credentials']);

  expect(await check(options('shop'), terminal)).toBe(0);
  await rotate(options('shop'), terminal);
  expect(await credentialsIn('shop/database-credentials-previous')).toEqual(first);
  expect(await registered()).toEqual([
    'Master user',
    'shop/database-credentials',
    'shop/database-credentials-previous',
  ]);
  await create({ ...options('next-door'), statementTimeout: '1' }, terminal);

  await drop({ ...options('shop'), yes: 'shop', dump: join(folder, 'shop.dump') }, terminal);
  expect(await registered()).toEqual(['Master user', 'next-door/database-credentials']);
  const gone = await secrets.send(new DescribeSecretCommand({ SecretId: 'shop/database-credentials' }));
  expect(gone.DeletedDate).toBeDefined();

  // The name can be used again while the former secret could still be restored.
  await create(options('shop'), terminal);
  const again = await credentialsIn('shop/database-credentials');
  const client = await shared.as({ user: again.username, password: again.password, database: 'shop' });
  await client.end();
  expect(again.password).not.toBe(first.password);
  for (const { password } of [first, again]) expect(said + shared.postgres.log()).not.toContain(password);
});

real(`secrets of an application: made once${why}`, async () => {
  const { masterSecret: _, host: __, port: ___, tls: ____, ...rest } = options('shop', 'session-key');
  await bootstrap(rest, terminal);
  const before = (await secrets.send(new GetSecretValueCommand({ SecretId: 'shop/session-key' }))).SecretString;
  await bootstrap(rest, terminal);
  expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'shop/session-key' }))).SecretString).toBe(before);
  expect(said).toContain('unchanged  shop/session-key');
  expect(said).not.toContain(before);
});
