import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import {
  type DBProxy,
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
import { CfnError } from '../cfn/errors.ts';
import type { ProxyRegistry, SecretStore } from '../database/secrets.ts';
import { call, type Target } from './clients.ts';
import { clientOf } from './live/reading.ts';
import { sharedParameters } from './shared-infrastructure.ts';

/** What a provider shares of its database, and who administers it. */
export interface ProviderDatabase {
  /** Of the cluster's writer: administration goes there, past the proxy. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly proxyName: string;
  readonly proxyEndpoint: string;
}

const faulty = (message: string, fix: string) =>
  new CfnError({ code: 'CFN754', severity: 'error', message, fix }, { exitCode: 1 });

const named = (error: unknown, name: string) => (error as { name?: string }).name === name;
const marked = (error: unknown) =>
  /marked (for deletion|deleted)|scheduled for deletion/i.test((error as Error).message ?? '');

/** By what a deployment says where its database is: SSM parameters of a provider, or the exports of one that shares nothing. */
export type Source = { readonly parameters: string } | { readonly exports: string };

/**
 * Finds the database of a provider by the prefix of its SSM parameters, or of a standalone deployment by that of its exports. Throws
 * CFN754 where endpoint, cluster, proxy or the master's secret is missing or does not fit, and CFN602 to CFN604.
 */
export async function providerDatabase(
  target: Target,
  source: Source,
  { masterSecret }: { masterSecret?: string } = {},
): Promise<ProviderDatabase> {
  const endpoints =
    'parameters' in source
      ? await sharedEndpoints(target, source.parameters)
      : await exportedEndpoints(target, source.exports);
  const cluster = await clusterAt(target, endpoints.cluster);
  const proxy = await proxyAt(target, endpoints.proxy);
  const secret = masterSecret ?? cluster.masterSecret;
  if (secret === undefined)
    throw faulty(
      `the cluster ${cluster.id} keeps no password of its master user in Secrets Manager`,
      'name the secret that holds it: --master-secret ARN',
    );
  const { user, password } = await masterCredentials(target, secret, cluster.user);
  return {
    ...{ host: cluster.endpoint, port: cluster.port, user, password },
    ...{ proxyName: proxy.DBProxyName!, proxyEndpoint: endpoints.proxy },
  };
}

interface Endpoints {
  readonly cluster: string;
  readonly proxy: string;
}

async function sharedEndpoints(target: Target, prefix: string): Promise<Endpoints> {
  const parameters = await sharedParameters(target, prefix);
  const wrong = parameters.filter(({ name, state }) => name.startsWith('database/') && state !== 'well formed');
  if (wrong.length > 0)
    throw faulty(
      `the provider ${prefix} in ${target.region}: ${wrong.map(({ name, state }) => `${prefix}/${name} is ${state}`).join(', ')}`,
      'deploy the provider with its export first; or check the prefix and the region',
    );
  const valueAt = (name: string) => parameters.find((parameter) => parameter.name === name)!.value!;
  return { cluster: valueAt('database/cluster-endpoint'), proxy: valueAt('database/proxy-endpoint') };
}

async function exportedEndpoints(target: Target, prefix: string): Promise<Endpoints> {
  const names = { cluster: `${prefix}-DatabaseClusterEndpoint`, proxy: `${prefix}-DatabaseProxyEndpoint` };
  const found = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const page = await call('cloudformation:ListExports', target, () =>
      clientOf(CloudFormationClient, target).send(new ListExportsCommand({ ...(NextToken && { NextToken }) })),
    );
    for (const { Name = '', Value = '' } of page.Exports ?? []) found.set(Name, Value);
    NextToken = page.NextToken;
  } while (NextToken);
  const missing = Object.values(names).filter((name) => !found.get(name));
  if (missing.length > 0)
    throw faulty(
      `no stack in ${target.region} exports ${missing.join(' or ')}`,
      'deploy the stacks of the project first; or check its name and the region',
    );
  return { cluster: found.get(names.cluster)!, proxy: found.get(names.proxy)! };
}

/** The first label of an endpoint is the identifier. */
const labelOf = (endpoint: string) => endpoint.split('.')[0]!;

async function clusterAt(target: Target, endpoint: string) {
  const id = labelOf(endpoint);
  const { DBClusters: [cluster] = [] } = await call('rds:DescribeDBClusters', target, async () => {
    try {
      return await clientOf(RDSClient, target).send(new DescribeDBClustersCommand({ DBClusterIdentifier: id }));
    } catch (error) {
      if (named(error, 'DBClusterNotFoundFault')) return { DBClusters: [] };
      throw error;
    }
  });
  if (cluster?.Endpoint !== endpoint)
    throw faulty(
      `${endpoint} is the endpoint of no cluster in ${target.region}${cluster ? `: that of ${id} is ${cluster.Endpoint}` : ''}`,
      'deploy the export of the provider again, so that its parameters are those of its cluster',
    );
  if (!/postgres/.test(cluster.Engine ?? ''))
    throw faulty(`the cluster ${id} is ${cluster.Engine}, not PostgreSQL`, 'name a provider with Aurora PostgreSQL');
  return {
    ...{ id, endpoint, port: cluster.Port ?? 5432, user: cluster.MasterUsername ?? '' },
    masterSecret: cluster.MasterUserSecret?.SecretArn,
  };
}

async function describeProxy(target: Target, name: string): Promise<DBProxy | undefined> {
  const { DBProxies: [proxy] = [] } = await call('rds:DescribeDBProxies', target, async () => {
    try {
      return await clientOf(RDSClient, target).send(new DescribeDBProxiesCommand({ DBProxyName: name }));
    } catch (error) {
      if (named(error, 'DBProxyNotFoundFault')) return { DBProxies: [] };
      throw error;
    }
  });
  return proxy;
}

/** By its default endpoint, whose first label is its name, or by one that was added to it. */
async function proxyAt(target: Target, endpoint: string): Promise<DBProxy> {
  const first = await describeProxy(target, labelOf(endpoint));
  let proxy = first?.Endpoint === endpoint ? first : undefined;
  let Marker: string | undefined;
  while (!proxy) {
    const page = await call('rds:DescribeDBProxyEndpoints', target, () =>
      clientOf(RDSClient, target).send(new DescribeDBProxyEndpointsCommand({ ...(Marker && { Marker }) })),
    );
    const owner = page.DBProxyEndpoints?.find(({ Endpoint }) => Endpoint === endpoint)?.DBProxyName;
    if (owner !== undefined) proxy = await describeProxy(target, owner);
    Marker = page.Marker;
    if (!proxy && !Marker)
      throw faulty(
        `${endpoint} is the endpoint of no proxy in ${target.region}`,
        'deploy the export of the provider again, so that its parameters are those of its proxy',
      );
  }
  if (proxy.EngineFamily !== 'POSTGRESQL')
    throw faulty(`the proxy ${proxy.DBProxyName} is of ${proxy.EngineFamily}`, 'name a provider with PostgreSQL');
  return proxy;
}

async function masterCredentials(target: Target, secret: string, user: string) {
  const { SecretString = '' } = await call('secretsmanager:GetSecretValue', target, () =>
    clientOf(SecretsManagerClient, target).send(new GetSecretValueCommand({ SecretId: secret })),
  );
  let value: { username?: unknown; password?: unknown } = {};
  try {
    value = JSON.parse(SecretString) ?? {};
  } catch {
    // Not the parser's words: they quote the text.
  }
  if (typeof value.password !== 'string' || value.password === '')
    throw faulty(
      `the secret ${secret} holds no password of a master user`,
      'name the one that does: --master-secret ARN',
    );
  return { user: typeof value.username === 'string' ? value.username : user, password: value.password };
}

/** Days in which a secret can be restored after it was removed. */
const RECOVERY_DAYS = 30;

/** Secrets Manager. A new secret is under `keyId`, or AWS's own key for it. */
export function secretsManager(target: Target, { keyId }: { keyId?: string } = {}): SecretStore {
  const client = clientOf(SecretsManagerClient, target);
  /** AWS does not repeat a value in an error; if it ever does, it ends here. */
  const ask = <T>(name: string, run: () => Promise<T>, value?: string) =>
    call(`secretsmanager:${name}`, target, async () => {
      try {
        return await run();
      } catch (error) {
        if (value === undefined) throw error;
        const { name: kind = 'Error', message = '' } = error as Error;
        throw Object.assign(new Error(withoutSecrets(message, value)), {
          name: kind,
          code: (error as { code?: string }).code,
        });
      }
    });
  const keyOf = async (secret: string) => (await client.send(new DescribeSecretCommand({ SecretId: secret }))).KmsKeyId;
  const make = (Name: string, value: string, key = keyId) =>
    client.send(
      new CreateSecretCommand({
        ...{ Name, SecretString: value, Description: 'Made by plainform; it prints none of it' },
        ...(key !== undefined && { KmsKeyId: key }),
        Tags: [{ Key: 'plainform:project', Value: Name.split('/')[0]! }],
      }),
    );
  const put = (SecretId: string, value: string) =>
    client.send(new PutSecretValueCommand({ SecretId, SecretString: value }));
  return {
    read: (name) =>
      ask('GetSecretValue', async () => {
        try {
          return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
        } catch (error) {
          if (named(error, 'ResourceNotFoundException') || marked(error)) return undefined;
          throw error;
        }
      }),
    write: (name, value, like) =>
      ask(
        'PutSecretValue',
        async () => {
          try {
            await put(name, value);
          } catch (error) {
            if (named(error, 'ResourceNotFoundException'))
              await make(name, value, like === undefined ? keyId : await keyOf(like));
            else if (marked(error)) {
              await client.send(new RestoreSecretCommand({ SecretId: name }));
              await put(name, value);
            } else throw error;
          }
        },
        value,
      ),
    create: (name, value) =>
      ask(
        'CreateSecret',
        async () => {
          try {
            await make(name, value);
            return true;
          } catch (error) {
            if (named(error, 'ResourceExistsException')) return false;
            if (!marked(error)) throw error;
            return 'marked' as const;
          }
        },
        value,
      ).then((made) => {
        if (made !== 'marked') return made;
        throw new CfnError(
          {
            code: 'CFN753',
            severity: 'error',
            message: `the secret ${name} is deleted and can still be restored; it is left as it is`,
            fix: `restore it: aws secretsmanager restore-secret --region ${target.region} --secret-id ${name}`,
          },
          { exitCode: 1 },
        );
      }),
    remove: (name) =>
      ask('DeleteSecret', async () => {
        try {
          await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: RECOVERY_DAYS }));
          return true;
        } catch (error) {
          if (named(error, 'ResourceNotFoundException') || marked(error)) return false;
          throw error;
        }
      }),
  };
}

function withoutSecrets(message: string, value: string): string {
  let texts = [value];
  try {
    texts = [value, ...Object.values(JSON.parse(value) as object).filter((text) => typeof text === 'string')];
  } catch {
    // A plain value.
  }
  return texts.filter((text) => text.length > 7).reduce((told, text) => told.replaceAll(text, '***'), message);
}

/** RDS quotas, "Secrets Manager secrets per proxy", 2026-11. */
const MOST_SECRETS = 200;
/** How often a list is written before we take it that somebody else writes it too. */
const ROUNDS = 5;

interface Patience {
  /** Milliseconds between two looks at a proxy that is being changed. */
  readonly interval?: number;
  /** Milliseconds after which it should have become available: RDS takes some minutes. */
  readonly most?: number;
}

/**
 * The secrets of an RDS Proxy. RDS replaces the list as a whole, so it is read, changed, written, and read again; those of others stay
 * as they are. Assumes that no other run of ours changes it meanwhile. Throws CFN754 where it does not become available, or has no room.
 */
export function rdsProxy(
  target: Target,
  name: string,
  { interval = 2000, most = 600_000 }: Patience = {},
): ProxyRegistry {
  const rds = clientOf(RDSClient, target);
  const pause = () => new Promise((resolve) => setTimeout(resolve, interval));
  const available = async (): Promise<DBProxy> => {
    for (let waited = 0; ; waited += interval) {
      const proxy = await describeProxy(target, name);
      if (!proxy) throw faulty(`there is no proxy ${name} in ${target.region}`, 'deploy the provider again');
      if (proxy.Status === 'available') return proxy;
      if (proxy.Status !== 'modifying' && proxy.Status !== 'creating' && proxy.Status !== 'reactivating')
        throw faulty(`the proxy ${name} is ${proxy.Status}`, 'see its events in the RDS console; then run again');
      if (waited >= most)
        throw faulty(`the proxy ${name} has been ${proxy.Status} for ${most / 1000} seconds`, 'wait, then run again');
      await pause();
    }
  };
  const arnOf = (secret: string) =>
    call('secretsmanager:DescribeSecret', target, async () => {
      try {
        const { ARN } = await clientOf(SecretsManagerClient, target).send(
          new DescribeSecretCommand({ SecretId: secret }),
        );
        return ARN;
      } catch (error) {
        if (named(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    });
  const arnsOf = ({ Auth = [] }: DBProxy) => Auth.flatMap(({ SecretArn }) => SecretArn ?? []);

  /** Changes the list until it is as wanted: another program may write its own between reading and writing. */
  const change = async (wanted: (auth: UserAuthConfig[]) => UserAuthConfig[]): Promise<void> => {
    for (let round = 0; ; round++) {
      const auth = ((await available()).Auth ?? []) as UserAuthConfig[];
      const next = wanted(auth);
      if (same(auth, next)) return;
      if (next.length > MOST_SECRETS)
        throw faulty(
          `the proxy ${name} has ${auth.length} secrets, and RDS allows ${MOST_SECRETS}`,
          'drop what is no longer used, or put the project on another provider',
        );
      if (round === ROUNDS)
        throw faulty(
          `the proxy ${name} does not keep the list of secrets that it is given`,
          'does another program write it? stop that, then run again',
        );
      await call('rds:ModifyDBProxy', target, async () => {
        try {
          await rds.send(new ModifyDBProxyCommand({ DBProxyName: name, Auth: next }));
        } catch (error) {
          // Something else began to change it: look again.
          if (!named(error, 'InvalidDBProxyStateFault')) throw error;
        }
      });
      await pause();
    }
  };

  return {
    name,
    has: async (secret) => {
      const arn = await arnOf(secret);
      const proxy = await describeProxy(target, name);
      return arn !== undefined && proxy !== undefined && arnsOf(proxy).includes(arn);
    },
    add: async (secrets) => {
      const arns = new Map<string, string>();
      for (const secret of secrets) {
        const arn = await arnOf(secret);
        if (arn === undefined) throw faulty(`there is no secret ${secret} to register`, 'run again');
        arns.set(secret, arn);
      }
      const before = arnsOf(await available());
      await change((auth) => {
        // A secret that was removed and made again has another ARN: the former one lets nobody in.
        const kept = auth.filter(({ SecretArn }) =>
          [...arns].every(([secret, arn]) => SecretArn === arn || !isOf(SecretArn, secret)),
        );
        const missing = [...arns].filter(([, arn]) => kept.every(({ SecretArn }) => SecretArn !== arn));
        return [
          ...kept,
          ...missing.map(
            ([secret, arn]): UserAuthConfig => ({
              ...{ AuthScheme: 'SECRETS', SecretArn: arn, IAMAuth: 'DISABLED' },
              ...{ ClientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256', Description: secret },
            }),
          ),
        ];
      });
      return secrets.filter((secret) => !before.includes(arns.get(secret)!));
    },
    remove: async (secrets) => {
      const before = arnsOf(await available());
      await change((auth) => auth.filter(({ SecretArn }) => !secrets.some((secret) => isOf(SecretArn, secret))));
      return secrets.filter((secret) => before.some((arn) => isOf(arn, secret)));
    },
  };
}

/** Secrets Manager ends an ARN in a hyphen and six characters of its own. */
function isOf(arn: string | undefined, secret: string): boolean {
  return arn?.slice(0, -7).endsWith(`:secret:${secret}`) ?? false;
}

function same(one: readonly UserAuthConfig[], other: readonly UserAuthConfig[]): boolean {
  return one.length === other.length && one.every(({ SecretArn }, index) => SecretArn === other[index]!.SecretArn);
}
