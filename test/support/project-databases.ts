import pg from 'pg';
import type { Place } from '../../lib/database/create.ts';
import { scramVerifier } from '../../lib/database/password.ts';
import type { ProxyRegistry, SecretStore } from '../../lib/database/secrets.ts';
import type { Server } from '../../lib/database/server.ts';
import { type Postgres, startPostgres } from './postgres.ts';

const MASTER_PASSWORD = 'of-the-master-user';

export interface SharedServer {
  postgres: Postgres;
  /** As the master user of RDS: no superuser, may create databases and roles, owns `postgres` and `template1`. */
  server: Server;
  asSuperuser: <T>(work: (client: pg.Client) => Promise<T>, database?: string) => Promise<T>;
  as: (login: { user: string; password: string; database: string }) => Promise<pg.Client>;
}

/** Logs every statement, so that a test can look for what must not be in it. */
export async function startSharedServer(settings: Record<string, string> = {}): Promise<SharedServer> {
  const postgres = await startPostgres({
    authentication: 'scram-sha-256',
    settings: {
      log_statement: 'all',
      log_connections: 'on',
      log_min_duration_statement: 0,
      log_error_verbosity: 'verbose',
      ...settings,
    },
  });
  const connect = async (login: { user: string; password: string; database: string }) => {
    const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, ...login });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    return client;
  };
  const asSuperuser: SharedServer['asSuperuser'] = async (work, database = 'postgres') => {
    const client = await connect({ user: 'postgres', password: '', database });
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  await asSuperuser(async (client) => {
    await client.query(`CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD '${scramVerifier(MASTER_PASSWORD)}'`);
    await client.query('ALTER DATABASE postgres OWNER TO master');
    await client.query('ALTER DATABASE template1 OWNER TO master');
  });
  const server: Server = {
    ...{ host: '127.0.0.1', port: postgres.port },
    ...{ user: 'master', password: MASTER_PASSWORD, tls: false },
  };
  return { postgres, server, asSuperuser, as: connect };
}

export interface SecretsInMemory extends SecretStore {
  values: Map<string, string>;
}

export function secretsInMemory(): SecretsInMemory {
  const values = new Map<string, string>();
  return {
    values,
    read: async (name) => values.get(name),
    write: async (name, value) => void values.set(name, value),
    create: async (name, value) => {
      if (values.has(name)) return false;
      values.set(name, value);
      return true;
    },
    remove: async (name) => values.delete(name),
  };
}

export interface ProxyInMemory extends ProxyRegistry {
  secrets: string[];
}

/** Reads its list, waits, writes it back: two at once would lose one. */
export function proxyInMemory(): ProxyInMemory {
  const proxy: ProxyInMemory = {
    name: 'shared',
    secrets: ['of-the-provider'],
    add: async (wanted) => {
      const before = [...proxy.secrets];
      await new Promise((resolve) => setTimeout(resolve, 2));
      const added = wanted.filter((secret) => !before.includes(secret));
      proxy.secrets = [...before, ...added];
      return added;
    },
    remove: async (unwanted) => {
      const before = [...proxy.secrets];
      await new Promise((resolve) => setTimeout(resolve, 2));
      proxy.secrets = before.filter((secret) => !unwanted.includes(secret));
      return before.filter((secret) => unwanted.includes(secret));
    },
    has: async (secret) => proxy.secrets.includes(secret),
  };
  return proxy;
}

export function placeOn({ server }: SharedServer, more: Partial<Place> = {}): Place & { store: SecretsInMemory } {
  const store = secretsInMemory();
  return { server, store, endpoint: { host: server.host, port: server.port }, ...more } as Place & {
    store: SecretsInMemory;
  };
}
