import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnError } from '../cfn/errors.ts';
import { fileInProject } from '../project.ts';

export interface Emulator {
  /** `http://127.0.0.1:<port>`: reachable from this machine only. */
  endpoint: string;
  stop(): Promise<void>;
}

/** Why the emulator cannot be started here, or undefined where it can: set-up found no Python, or no package index. */
export function emulatorMissing(): string | undefined {
  if (existsSync(python())) return undefined;
  const state = fileInProject('.setup.json');
  const reason = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).python?.reason : undefined;
  return reason ?? 'the Python environment .venv is not set up: run `node scripts/setup.mjs`';
}

/** Resource types that the emulator only records, as `lib/data/emulator.json` lists them. */
export function recordedTypes(): ReadonlySet<string> {
  return new Set(JSON.parse(readFileSync(fileInProject('lib/data/emulator.json'), 'utf8')).recorded as string[]);
}

/** Types that the emulator creates by itself, asked of the installed version. */
export function nativeTypes(): string[] {
  const { stdout, stderr, status } = spawnSync(python(), [launcher(), typesFile(), '--list-types'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw unreachable(`cannot list its types: ${stderr}`);
  return JSON.parse(stdout);
}

/**
 * Starts the embedded emulator on a free port of the loopback interface; empty, and gone with this process. Throws
 * CFN601 (exit code 3) with the end of its log where it does not answer within 30 seconds.
 */
export async function startEmulator(): Promise<Emulator> {
  const missing = emulatorMissing();
  if (missing) throw unreachable(missing);
  const folder = mkdtempSync(join(tmpdir(), 'plainform-emulator-'));
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const port = await freePort();
  const child = spawn(python(), [launcher(), typesFile()], {
    cwd: folder,
    stdio: ['ignore', output, output],
    env: { ...process.env, GATEWAY_PORT: String(port), BIND_HOST: '127.0.0.1' },
  });
  closeSync(output);
  const kill = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);

  const endpoint = `http://127.0.0.1:${port}`;
  if (!(await answers(`${endpoint}/_ministack/health`, child))) {
    const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
    kill();
    throw unreachable(`it did not answer at ${endpoint}\n${tail}`);
  }
  return {
    endpoint,
    stop: async () => {
      process.removeListener('exit', kill);
      await stopped(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function python(): string {
  return fileInProject('.venv/bin/python');
}

function launcher(): string {
  return fileInProject('lib/deployment/emulator/launch.py');
}

function typesFile(): string {
  return fileInProject('lib/spec/index/types.json');
}

function unreachable(reason: string): CfnError {
  return new CfnError(
    {
      code: 'CFN601',
      severity: 'error',
      message: `the emulator cannot be started: ${reason}`,
      fix: 'run `node scripts/setup.mjs` and read what it says, or deploy to AWS with --target aws',
    },
    { exitCode: 3 },
  );
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    try {
      if ((await fetch(url)).ok) return true;
    } catch {
      // Not listening yet.
    }
    await pause(100);
  }
  return false;
}

/** The emulator may outlive one SIGTERM: SIGKILL follows after two seconds. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
  await exit;
  clearTimeout(timer);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
