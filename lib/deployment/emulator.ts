import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { CfnError } from '../cfn/errors.ts';
import { fileInProject } from '../project.ts';

export interface Emulator {
  /** `http://127.0.0.1:<port>`: reachable from this machine only. */
  endpoint: string;
  /** What it writes while it runs. Gone with it. */
  logFile: string;
  /** Ends it and removes all it kept. May be called twice. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Default: one that is free. */
  port?: number;
  /** False: without the corrections of `lib/deployment/emulator/correcting.py`. For the tests of these. Default: true. */
  corrected?: boolean;
  /** A file that takes, as a JSON list of `Type.Property`, what no handler looks at. For the tests. */
  unread?: string;
}

/** `lib/data/emulator.json`: what the emulator cannot do, and what is done about it. */
export interface EmulatorLimits {
  emulator: { name: string; version: string };
  /** Types that it creates by itself: a report calls them *deployed*. */
  native: string[];
  /** Types created through a service's API, by the call that does it: the SDK finds them, a report calls them *recorded*. */
  created: Record<string, string>;
  properties: PropertyLimit[];
  behaviours: BehaviourLimit[];
  readings: ReadingLimit[];
}

export interface PropertyLimit {
  type: string;
  property: string;
  /** `corrected`: dropped by the emulator, kept by us. `dropped`: by both. */
  state: 'corrected' | 'dropped';
  text: string;
  /** Reads the property back from the stack of test/integration/emulator/properties.yaml; `kept` is what it gives where it is kept. */
  probe: { service: string; operation: string; parameters: Record<string, unknown>; query: string; kept: unknown };
}

/** A setting that the emulator's service answers otherwise than AWS: `verify` reports it as the emulator's, not the stack's. */
export interface ReadingLimit {
  type: string;
  /** Path in CloudFormation's names, `[*]` for any member of a list; a state that `verify` judges; empty: the whole resource. */
  property: string;
  text: string;
}

export interface BehaviourLimit {
  id: string;
  /** `corrected`: the emulator differs from AWS, we put it right. `differs`: it differs, and a test must not rely on it. */
  state: 'corrected' | 'differs';
  text: string;
}

/** What `verify` must know of it. */
export interface VerifiedEmulator {
  /** Types that it only records, and of these the ones that its services hold, so that they can be read. */
  recorded: ReadonlySet<string>;
  created: ReadonlySet<string>;
  readings: readonly Pick<ReadingLimit, 'type' | 'property' | 'text'>[];
}

/** Why the emulator cannot be started here, or undefined where it can: set-up found no Python, or no package index. */
export function emulatorMissing(): string | undefined {
  if (existsSync(python())) return undefined;
  const state = fileInProject('.setup.json');
  const reason = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).python?.reason : undefined;
  return reason ?? 'the Python environment .venv is not set up: run `node scripts/setup.mjs`';
}

export function emulatorLimits(): EmulatorLimits {
  return JSON.parse(readFileSync(fileInProject('lib/data/emulator.json'), 'utf8'));
}

/**
 * Resource types that the emulator does not create by itself. Their stacks reach CREATE_COMPLETE, Ref and GetAtt give well-formed
 * values, some can be read through the SDK (`created` in `lib/data/emulator.json`); a report says *recorded*, never *deployed*.
 */
export function recordedTypes(): ReadonlySet<string> {
  const native = new Set(emulatorLimits().native);
  const known: string[] = JSON.parse(readFileSync(fileInProject('lib/spec/index/types.json'), 'utf8'));
  return new Set(known.filter((type) => !native.has(type)));
}

/** The version that is installed, the types that it creates by itself, and those that `creating.py` adds. */
export function describeEmulator(): { version: string; native: string[]; created: string[] } {
  const { stdout, stderr, status } = spawnSync(python(), [launcher(), '--describe'], { encoding: 'utf8' });
  if (status !== 0) throw unreachable(`it cannot be asked for its types: ${stderr}`);
  return JSON.parse(stdout);
}

/**
 * Starts the embedded emulator, empty, on the loopback interface; about a second. It ends with this process, however that ends.
 * Throws CFN601 (exit code 3) with the end of its log where it does not answer within 30 seconds.
 */
export async function startEmulator({ port, corrected = true, unread }: EmulatorOptions = {}): Promise<Emulator> {
  const missing = emulatorMissing();
  if (missing) throw unreachable(missing);
  const listensOn = await freePort(port ?? 0);
  const folder = mkdtempSync(join(tmpdir(), 'plainform-emulator-'));
  const logFile = join(folder, 'log');
  const output = openSync(logFile, 'a');
  const options = [...(corrected ? [] : ['--uncorrected']), ...(unread ? ['--unread', unread] : [])];
  const child = spawn(python(), [launcher(), ...options], {
    cwd: folder,
    detached: true, // a process group of its own: Ctrl-C reaches us, and we end it
    stdio: ['pipe', output, output],
    env: environment(listensOn, folder),
  });
  closeSync(output);

  const kill = () => {
    signal(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  const endpoint = `http://127.0.0.1:${listensOn}`;
  const refusal = await answers(`${endpoint}/_ministack/health`, child);
  if (refusal) {
    const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
    process.removeListener('exit', kill);
    kill();
    throw unreachable(`${refusal} at ${endpoint}${tail ? `\n${tail}` : ''}`);
  }
  return {
    endpoint,
    logFile,
    stop: async () => {
      process.removeListener('exit', kill);
      await stopped(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Nothing of the user's own: no AWS settings, no proxy, no docker daemon whose images would be pulled. Functions run with this
 * Node and find the packages of this project, the AWS SDK among them, as they find the SDK in Lambda's runtime.
 */
function environment(port: number, folder: string): Record<string, string> {
  return {
    PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    NODE_PATH: fileInProject('node_modules'),
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    DOCKER_HOST: 'unix:///dev/null',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    S3_DATA_DIR: join(folder, 's3'),
  };
}

function python(): string {
  return fileInProject('.venv/bin/python');
}

function launcher(): string {
  return fileInProject('lib/deployment/emulator/launch.py');
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

/** The port itself where it is free, else a refusal: another server would answer in place of the emulator. 0: any. */
async function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(unreachable(error.code === 'EADDRINUSE' ? `port ${wanted} is already in use` : error.message)),
    );
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Why it does not answer, or undefined when it does. */
async function answers(url: string, child: ChildProcess): Promise<string | undefined> {
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    const error = await Promise.race([failed, pause(25)]);
    if (error) return error.message;
    if (hasEnded(child)) return `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
    try {
      if ((await fetch(url)).ok) return undefined;
    } catch {
      // Not listening yet.
    }
  }
  return 'it did not answer within 30 seconds';
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** To its functions' processes too: they are of its group. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has ended.
  }
}

/** It may outlive one SIGTERM: SIGKILL follows after a second. */
async function stopped(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signal(child, 'SIGTERM');
  const timer = setTimeout(() => signal(child, 'SIGKILL'), 1000);
  await exit;
  clearTimeout(timer);
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}
