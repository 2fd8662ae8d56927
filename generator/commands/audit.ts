import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { bundleOf, MANIFEST } from '../../lib/bundle/bundle.ts';
import { refuseToLose, verifyBundle, writeBundle } from '../../lib/bundle/folder.ts';
import { CfnError } from '../../lib/cfn/errors.ts';
import { readText } from '../../lib/cfn/read.ts';
import { controlsOfFrameworks } from '../../lib/check/frameworks.ts';
import { type AuditDocument, type AuditInput, type Evidence, sha256 } from '../../lib/evidence/evidence.ts';
import type { LiveStack } from '../../lib/evidence/live.ts';
import { fileInProject } from '../../lib/project.ts';
import { renderFinding } from '../../lib/report/findings.ts';
import type { VerifiedStack } from '../../lib/report/verification.ts';
import { stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { projectWaivers } from '../waivers.ts';
import { filesOf as templateFiles } from './controls-of.ts';
import { chosenStacks, environmentOf, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions {
  arguments: string[];
  out?: string;
  framework?: string;
  environment: string;
  /** Waivers count as of this day. */
  date?: string;
  /** The stack made from the template; `true`: those of the environment. */
  stack?: string | true;
  parameters?: string;
  region?: string;
  /** A bundle to verify instead. */
  verify?: string;
  /** The digest that was noted when it was written. */
  digest?: string;
  json?: boolean;
}

/** Writes the evidence bundle of templates, or of an environment, or verifies one. Exit code 1 where something fails. */
export async function audit(options: Options, terminal: Terminal): Promise<0 | 1> {
  if (options.verify !== undefined) return verify(options.verify, options, terminal);
  if (options.out === undefined)
    throw new CfnError({
      code: 'CFN745',
      severity: 'error',
      message: 'nothing says where to write the evidence, or which bundle to verify',
      fix: 'give --out FOLDER, or --verify FOLDER',
    });
  const files = filesOf(options);
  refuseToLose(options.out);
  const live = options.stack === undefined ? undefined : await liveOf(options, files, terminal);
  terminal.progress(`auditing ${files.length} template${files.length === 1 ? '' : 's'}`);
  const written = await writeEvidence({ ...options, out: options.out, ...(live && { live }) }, files);
  const { verdicts } = written;
  if (options.json) terminal.print(JSON.stringify({ version: 1, ...written }, null, 2));
  else {
    const counts = Object.entries(verdicts).map(
      ([verdict, count]) => `${count} ${verdict === 'not-evaluated' ? 'not evaluated' : verdict}`,
    );
    terminal.print(
      [
        `controls   ${counts.join(', ') || 'none apply'}`,
        `bundle     ${written.files} files, SHA-256 of its manifest ${written.digest}`,
        `open       ${written.page}`,
      ].join('\n'),
    );
  }
  return verdicts.fails || verdicts.never ? 1 : 0;
}

/** The bundle of an environment's templates, with what was read of its stacks, where any were. Returns the page to open. */
export async function auditEnvironment(
  environment: string,
  out: string,
  verified: readonly VerifiedStack[] | undefined,
): Promise<string> {
  refuseToLose(out);
  const options = { arguments: [], environment };
  const files = filesOf(options);
  const live = verified && { live: liveStacks(files, verified, 'emulator') };
  return (await writeEvidence({ ...options, out, ...live }, files)).page;
}

interface Written {
  readonly page: string;
  /** SHA-256 of the manifest. */
  readonly digest: string;
  readonly files: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

interface Wanted extends Pick<Options, 'arguments' | 'environment' | 'framework' | 'date'> {
  readonly out: string;
  readonly live?: readonly LiveStack[];
}

async function writeEvidence(wanted: Wanted, files: readonly AuditedFile[]): Promise<Written> {
  const names = wanted.framework?.split(',').map((name) => name.trim());
  if (names) controlsOfFrameworks(names);
  const { evidence, bundle } = await bundleOf({
    templates: files.map(({ name, text }) => ({ name, text })),
    waivers: waiversFor(files),
    date: dateOf(wanted.date),
    ...(names && { frameworks: names }),
    ...(wanted.live && { live: wanted.live }),
    documents: wanted.arguments.length === 0 ? documentsOf(environmentOf(wanted.environment)) : [],
  }).catch((error: unknown) => {
    throw error instanceof CfnError ? asGiven(error, files) : error;
  });
  writeBundle(wanted.out, bundle);
  return {
    page: join(wanted.out, 'index.html'),
    digest: sha256(bundle.get(MANIFEST)!),
    files: bundle.size,
    verdicts: countsOf(evidence),
  };
}

/** Findings name files as a bundle does; the user knows them by their paths. */
function asGiven(error: CfnError, files: readonly AuditedFile[]): CfnError {
  const findings = error.findings.map((finding) => {
    const file = files.find(({ name }) => name === finding.file);
    return file ? { ...finding, file: relative(process.cwd(), file.path) } : finding;
  });
  return new CfnError(findings, { exitCode: error.exitCode, cause: error });
}

function countsOf({ controls }: Evidence): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict } of controls.flatMap(({ facts }) => facts)) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

async function verify(folder: string, options: Options, terminal: Terminal): Promise<0 | 1> {
  const given = options.arguments.length > 0 ? filesOf(options) : [];
  const result = await verifyBundle(folder, new Map(given.map(({ path, text }) => [path, text])), options.digest);
  const { findings, digest, files, templates } = result;
  if (options.json) terminal.print(JSON.stringify({ version: 1, ...result }, null, 2));
  else {
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    if (findings.length === 0)
      terminal.print(
        [
          `${folder}: ${files} files, as they were written; the verdicts were made again from ${templates.join(', ')}, and are the same`,
          ...(given.length > 0 ? [`the ${given.length === 1 ? 'template' : 'templates'} given: byte for byte`] : []),
          `SHA-256 of its manifest ${digest}`,
        ].join('\n'),
      );
  }
  return findings.length === 0 ? 0 : 1;
}

interface AuditedFile {
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

/** Names count from the folder that all of them share, so that they are the same wherever the command is run. */
function filesOf(options: Pick<Options, 'arguments' | 'environment'>): AuditedFile[] {
  const paths =
    options.arguments.length > 0
      ? templateFiles(options.arguments).map((path) => resolve(path))
      : stacksOf(environmentOf(options.environment)).map(({ template }) => fileInProject(template));
  const unique = [...new Set(paths)];
  const shared = commonFolder(unique);
  return unique.map((path) => ({ path, name: relative(shared, path).split(sep).join('/'), text: readText(path) }));
}

function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0]!);
  while (!paths.every((path) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep)))
    folder = dirname(folder);
  return folder;
}

function waiversFor(files: readonly AuditedFile[]): AuditInput['waivers'] {
  return projectWaivers().flatMap(({ template, control, resource, reason, owner, expires }) => {
    const file = files.find(({ path }) => path === template);
    return file ? [{ template: file.name, control, resource, reason, owner, expires }] : [];
  });
}

/** Throws CFN746 where it is no day. */
function dateOf(text = new Date().toISOString().slice(0, 10)): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
  if (isDay && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)) return text;
  throw new CfnError({
    code: 'CFN746',
    severity: 'error',
    message: `"${text}" is no day`,
    fix: 'write it as 2026-11-21',
  });
}

function documentsOf(environment: string): AuditDocument[] {
  const runbook = `docs/runbooks/${environment}.md`;
  try {
    const text = readText(fileInProject(runbook));
    return [{ name: basename(runbook), title: `Runbook of the ${environment} environment`, text }];
  } catch {
    return [];
  }
}

async function liveOf(options: Options, files: readonly AuditedFile[], terminal: Terminal): Promise<LiveStack[]> {
  const { verifyStacks } = await import('./verify.ts');
  const { stack, environment, parameters, region } = options;
  const [file] = options.arguments;
  if ((typeof stack === 'string') !== (options.arguments.length === 1))
    throw new CfnError({
      code: 'CFN705',
      severity: 'error',
      message:
        typeof stack === 'string'
          ? `--stack ${stack} is the stack of one template, and ${files.length} are given`
          : '--stack needs the name of the stack made from the template',
      fix: 'give one template and --stack NAME; or --environment NAME --stack for the stacks of an environment',
    });
  const stacks = chosenStacks({
    environment,
    ...(typeof stack === 'string' && { template: file!, stackName: stack }),
    ...(parameters !== undefined && { parameters }),
    ...(region !== undefined && { region }),
  });
  const verified = await withTarget(options, (endpoint) => verifyStacks(stacks, endpoint, terminal));
  const absent = verified.flatMap(({ checks }) =>
    checks.filter(({ kind, subject, state }) => kind === 'stack' && state === 'differs' && subject !== 'status'),
  );
  if (absent.length > 0)
    throw new CfnError(
      absent.map(({ message }) => ({
        code: 'CFN747',
        severity: 'error' as const,
        message,
        fix: 'check the name, --region and --target; without --stack the evidence is of the template alone',
      })),
    );
  const isAws = options.target === 'aws' && options.endpoint === undefined;
  return liveStacks(files, verified, isAws ? 'aws' : 'emulator');
}

/** Stacks in the order of the files that they are made from. */
function liveStacks(
  files: readonly AuditedFile[],
  verified: readonly VerifiedStack[],
  target: LiveStack['target'],
): LiveStack[] {
  const read = `${new Date().toISOString().slice(0, 19)}Z`;
  return verified.map((stack, index) => ({ template: files[index]!.name, target, read, ...stack }));
}
