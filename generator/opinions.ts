import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseSource, readText } from '../lib/cfn/read.ts';
import { type Opinion, type Remark, remarksOfCfnLint, remarksOfNpmCfnLint } from '../lib/check/opinions.ts';
import { fileInProject } from '../lib/project.ts';

/** docs/decisions/0040-second-opinions.md says what each is, and why only one of them counts. */
const NPM_VERSION = '1.9.7';
const SECONDS = 120;
const ASKED_AT_ONCE = 2;

/** What other tools say of the files. A tool that cannot be had says so; nothing is thrown. */
export async function secondOpinions(files: readonly string[], tools: readonly Tool[]): Promise<Opinion[]> {
  return Promise.all(tools.map((tool) => (tool === 'official' ? official(files) : npm(files))));
}

export type Tool = 'official' | 'npm';

interface Ran {
  status: number | null;
  stdout: string;
  /** Why it came to nothing, in one line. */
  reason: string;
}

/** cfn-lint of aws-cloudformation, a Python program. */
async function official(files: readonly string[]): Promise<Opinion> {
  const opinion = { tool: 'cfn-lint', counts: true, files: [], remarks: [] };
  const own = fileInProject('.venv/bin/cfn-lint');
  const command = existsSync(own) ? own : 'cfn-lint';
  const { stdout: version, reason } = await run(command, ['--version']);
  const [tool] = /^cfn-lint \d\S*/.exec(version) ?? [];
  if (tool === undefined) {
    const missing = version === '' ? `it is not installed (${reason})` : `${command} is another program of that name`;
    return { ...opinion, unheard: [{ reason: `${missing}: run node scripts/setup.mjs, or pip install cfn-lint` }] };
  }
  const ask = async (some: readonly string[]): Promise<Pick<Opinion, 'files' | 'remarks' | 'unheard'>> => {
    const ran = await run(command, ['--format', 'json', '--non-zero-exit-code', 'none', '--', ...some]);
    try {
      if (ran.status !== 0) throw new Error(ran.reason);
      return { files: some, remarks: remarksOfCfnLint(ran.stdout), unheard: [] };
    } catch (error) {
      const [file] = some;
      if (some.length === 1)
        return { files: [], remarks: [], unheard: [{ file: file!, reason: `it failed: ${(error as Error).message}` }] };
    }
    // It fails on all for the sake of one: half of them may do.
    const middle = Math.ceil(some.length / 2);
    const [a, b] = [await ask(some.slice(0, middle)), await ask(some.slice(middle))];
    return {
      files: [...a.files, ...b.files],
      remarks: [...a.remarks, ...b.remarks],
      unheard: [...a.unheard, ...b.unheard],
    };
  };
  return { ...opinion, tool, ...(await ask(files)) };
}

/** cfn-lint of the npm registry, another program: where it is installed, else fetched by npx. */
async function npm(files: readonly string[]): Promise<Opinion> {
  const tool = `npm cfn-lint ${NPM_VERSION}`;
  const installed = [resolve('node_modules/.bin/cfn-lint'), fileInProject('node_modules/.bin/cfn-lint')].find(
    existsSync,
  );
  const [command, ...first] = installed ? [installed] : ['npx', '--yes', `cfn-lint@${NPM_VERSION}`];
  const { stdout, reason } = await run(command!, [...first, '--version']);
  const version = stdout.trim();
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    const unheard = [{ reason: `npx cannot fetch it: ${version || reason}` }];
    return { tool, counts: false, files: [], remarks: [], unheard };
  }
  const judged: string[] = [];
  const remarks: Remark[] = [];
  const unheard: { file: string; reason: string }[] = [];
  const waiting = [...files];
  const ask = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const ran = await run(command!, [...first, 'validate', resolve(file)]);
      const found = remarksIn(ran.stdout, file);
      if (found) {
        judged.push(file);
        remarks.push(...found);
      } else unheard.push({ file, reason: `it gave up: ${lastLine(ran.stdout) || ran.reason}` });
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
  return { tool: `npm cfn-lint ${version}`, counts: false, files: judged.sort(), remarks, unheard };
}

function remarksIn(output: string, file: string): Remark[] | undefined {
  try {
    return remarksOfNpmCfnLint(output, parseSource(readText(file), file));
  } catch {
    return undefined; // The file has no syntax to find a place in, and our own findings say so.
  }
}

function run(command: string, words: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    let stdout = '';
    let stderr = '';
    const child = spawn(command, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        npm_config_loglevel: 'error',
        npm_config_fetch_retries: '1',
        npm_config_update_notifier: 'false',
      },
    });
    // The option `timeout` of spawn holds the process for its whole length where the command does not exist.
    const timer = setTimeout(() => child.kill(), SECONDS * 1000);
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      done({ status: null, stdout: '', reason: error.message });
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const late = signal === null ? '' : `stopped by ${signal}, after at most ${SECONDS} s`;
      done({ status, stdout, reason: late || lastLine(stderr) || `exit code ${status}` });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
