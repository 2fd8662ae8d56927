import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CfnError, type Finding } from '../cfn/errors.ts';
import { isObject, type Json } from '../cfn/template.ts';
import { sha256 } from '../evidence/evidence.ts';
import { type Bundle, bundleOf, type Inputs, MANIFEST, type Manifest, tool } from './bundle.ts';

/**
 * Writes a bundle in place of what stands there: a folder that is new or empty, or a bundle without files of anybody else's.
 * All of it or nothing: until it is complete it stands beside. Throws CFN740 where it would lose something, CFN711 where it
 * cannot write.
 */
export function writeBundle(folder: string, bundle: Bundle): void {
  refuseToLose(folder);
  const path = resolve(folder);
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  const former = join(dirname(path), `.${basename(path)}.${process.pid}.old`);
  try {
    for (const [name, text] of bundle) {
      mkdirSync(dirname(join(draft, name)), { recursive: true });
      writeFileSync(join(draft, name), text);
    }
    if (existsSync(path)) renameSync(path, former);
    renameSync(draft, path);
    rmSync(former, { recursive: true, force: true });
  } catch (error) {
    if (!existsSync(path) && existsSync(former)) renameSync(former, path);
    rmSync(draft, { recursive: true, force: true });
    throw cannotWrite(folder, error);
  }
}

function cannotWrite(folder: string, error: unknown): CfnError {
  return new CfnError(
    {
      code: 'CFN711',
      severity: 'error',
      file: folder,
      message: `cannot write ${folder}: ${(error as Error).message}`,
      fix: 'make the folder writable, or free space; what was there is unchanged',
    },
    { cause: error },
  );
}

/** Throws CFN740 where a bundle in this folder would lose what stands there. */
export function refuseToLose(folder: string): void {
  const refuse = (message: string) =>
    new CfnError({
      code: 'CFN740',
      severity: 'error',
      file: folder,
      message,
      fix: 'name a folder that is new, empty, or an evidence bundle; nothing was written',
    });
  const there = statOf(folder);
  if (!there) return;
  if (!there.isDirectory()) throw refuse(`${folder} is no folder`);
  const files = filesIn(folder);
  if (files.length === 0) return;
  const manifest = manifestIn(folder);
  if (!manifest) throw refuse(`${folder} has other files in it`);
  const known = new Set([...Object.keys(manifest.files), MANIFEST]);
  const others = files.filter((name) => !known.has(name));
  if (others.length > 0)
    throw refuse(`${folder} has files in it that are not of the bundle: ${others.slice(0, 3).join(', ')}`);
}

function statOf(folder: string) {
  try {
    return lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Regular files by path with slashes, sorted; anything else, such as a link, counts as a file that nobody named. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .sort();
}

function manifestIn(folder: string): Manifest | undefined {
  try {
    const value: Json = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
    if (!isObject(value) || !isObject(value.files) || !isObject(value.tool) || value.version !== 1) return undefined;
    if (!Object.entries(value.files).every(([name, hash]) => isInside(name) && typeof hash === 'string'))
      return undefined;
    return value as unknown as Manifest;
  } catch {
    return undefined;
  }
}

/** A name that leads nowhere else. */
function isInside(name: string): boolean {
  return name !== '' && !name.startsWith('/') && !/^[A-Za-z]:|\\/.test(name) && !name.split('/').includes('..');
}

export interface Verified {
  readonly findings: readonly Finding[];
  /** SHA-256 of the manifest: it stands for the bundle. */
  readonly digest: string;
  readonly files: number;
  readonly templates: readonly string[];
}

/**
 * Whether a bundle is what was written, and whether its verdicts are those of its templates: every hash, no file more or less,
 * and the whole bundle made again from the templates that lie in it. `templates`: texts by path, to be those of the bundle.
 * `expected`: the digest that was noted when it was written, without which nothing tells whether documents and what was read
 * live were exchanged together with the manifest.
 * Throws CFN741 where there is no bundle.
 */
export async function verifyBundle(
  folder: string,
  templates: ReadonlyMap<string, string>,
  expected?: string,
): Promise<Verified> {
  const manifest = manifestIn(folder);
  if (!manifest)
    throw new CfnError({
      code: 'CFN741',
      severity: 'error',
      file: join(folder, MANIFEST),
      message: existsSync(folder)
        ? `${folder} is no evidence bundle: it has no ${MANIFEST} that can be read`
        : `${folder} does not exist`,
      fix: 'name the folder that `plainform audit --out` wrote',
    });
  const findings: Finding[] = [];
  const found = new Map<string, string>();
  const add = (code: string, name: string, message: string, fix: string) =>
    findings.push({ code, severity: 'error', file: join(folder, name), message, fix });
  const digest = sha256(readFileSync(join(folder, MANIFEST), 'utf8'));
  if (expected !== undefined && expected !== digest)
    add(
      'CFN742',
      MANIFEST,
      `${MANIFEST} is not the one that was noted: its SHA-256 is ${digest}, not ${expected}`,
      'take the bundle again from where it was written',
    );
  const present = filesIn(folder);
  for (const [name, hash] of Object.entries(manifest.files)) {
    if (!present.includes(name)) {
      add('CFN742', name, `${name} is missing`, 'take the bundle again from where it was written');
      continue;
    }
    const text = readFileSync(join(folder, name), 'utf8');
    found.set(name, text);
    const actual = sha256(text);
    if (actual !== hash)
      add(
        'CFN742',
        name,
        `${name} was changed: its SHA-256 is ${actual}, the manifest says ${hash}`,
        'take the bundle again from where it was written',
      );
  }
  for (const name of present)
    if (name !== MANIFEST && !Object.hasOwn(manifest.files, name))
      add('CFN742', name, `${name} is not of the bundle`, 'remove it');
  for (const [path, text] of templates) {
    const name = templatesIn(manifest).find((each) => `/${path}`.endsWith(`/${each}`));
    if (name === undefined) {
      add('CFN743', MANIFEST, `the bundle is not about ${path}`, `it is about ${templatesIn(manifest).join(', ')}`);
      continue;
    }
    const own = found.get(`templates/${name}`);
    if (own !== undefined && own !== text)
      add(
        'CFN743',
        `templates/${name}`,
        `${path} is not the template that the bundle is about: its SHA-256 is ${sha256(text)}, in the bundle ${sha256(own)}`,
        'audit this template, or give the one that was audited',
      );
  }
  if (findings.length === 0) findings.push(...(await madeAgain(folder, manifest, found)));
  return {
    findings,
    digest,
    files: Object.keys(manifest.files).length + 1,
    templates: templatesIn(manifest),
  };
}

function templatesIn({ files }: Manifest): string[] {
  return Object.keys(files).flatMap((name) => (name.startsWith('templates/') ? [name.slice('templates/'.length)] : []));
}

/** A manifest that somebody made anew fits what he changed; the verdicts, made again, do not. */
async function madeAgain(folder: string, manifest: Manifest, found: ReadonlyMap<string, string>): Promise<Finding[]> {
  const own = tool();
  const differs = (name: string, message: string, fix: string): Finding => ({
    code: 'CFN744',
    severity: 'error',
    file: join(folder, name),
    message,
    fix,
  });
  if (JSON.stringify(manifest.tool) !== JSON.stringify(own))
    return [
      differs(
        MANIFEST,
        `every hash is right; the verdicts cannot be made again, because the bundle is of ${words(manifest.tool)} and this is ${words(own)}`,
        `verify it with plainform ${manifest.tool.version}`,
      ),
    ];
  try {
    const { inputs } = JSON.parse(found.get('evidence.json') ?? '') as { inputs: Inputs };
    const text = (name: string) => found.get(name) ?? '';
    const live = found.get('live.json');
    const { bundle } = await bundleOf({
      ...inputs,
      templates: inputs.templates.map((name) => ({ name, text: text(`templates/${name}`) })),
      documents: inputs.documents.map((document) => ({ ...document, text: text(`documents/${document.name}`) })),
      ...(live !== undefined && { live: JSON.parse(live) }),
    });
    return [...new Set([...bundle.keys(), ...found.keys()])]
      .filter((name) => name !== MANIFEST && bundle.get(name) !== found.get(name))
      .map((name) =>
        differs(name, `${name} is not what its templates give`, 'take the bundle again from where it was written'),
      );
  } catch (error) {
    const reason = error instanceof CfnError ? error.findings[0]!.message : (error as Error).message;
    return [differs('evidence.json', `the verdicts cannot be made again: ${reason}`, 'audit the templates anew')];
  }
}

function words({ version, catalogue }: Manifest['tool']): string {
  return `plainform ${version} with catalogue ${catalogue.slice(0, 12)}`;
}
