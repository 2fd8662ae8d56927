import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { CfnError, type Finding } from '../lib/cfn/errors.ts';
import { parseSource, readText } from '../lib/cfn/read.ts';
import { isObject } from '../lib/cfn/template.ts';
import { type Waiver, waiverOf } from '../lib/controls/waivers.ts';
import { fileInProject } from '../lib/project.ts';

const FILE = 'plainform.yaml';

/** A waiver of plainform.yaml, with the template that it is for. */
export interface ProjectWaiver extends Waiver {
  /** Absolute. */
  readonly template: string;
}

/**
 * The `waivers` of plainform.yaml in the working directory, and of this project's own; each with template, resource, control,
 * reason, owner and expiry. None where there is no such file. Throws CFN530, all of them at once, where one is incomplete.
 */
export function projectWaivers(): ProjectWaiver[] {
  const files = [...new Set([resolve(FILE), fileInProject(FILE)])].filter((file) => existsSync(file));
  return files.flatMap(waiversOf);
}

/** The plainform.yaml that a template belongs to: in its folder, or the nearest one above. */
export function projectFileOf(template: string): string | undefined {
  for (let folder = dirname(resolve(template)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, FILE))) return join(folder, FILE);
    if (folder === dirname(folder)) return undefined;
  }
}

/** The waivers of one plainform.yaml, given by its absolute path. Throws CFN530 as `projectWaivers` does. */
export function waiversOf(path: string): ProjectWaiver[] {
  const file = relative(process.cwd(), path);
  const { value, locate } = sourceOf(path);
  const list = isObject(value) ? value.waivers : undefined;
  if (list === undefined || list === null) return [];
  const findings: Finding[] = [];
  const waivers: ProjectWaiver[] = [];
  for (const [index, entry] of (Array.isArray(list) ? list : [list]).entries()) {
    const place = ['waivers', index];
    const read = waiverOf(entry, place);
    const template = isObject(entry) ? entry.template : undefined;
    if ('code' in read) findings.push({ ...read, file, ...locate(place) });
    else if (typeof template !== 'string')
      findings.push({
        code: 'CFN530',
        severity: 'error',
        file,
        ...locate(place),
        message: 'a waiver names no template',
        fix: 'add template: templates/…',
      });
    else waivers.push({ ...read, template: resolve(dirname(path), template), file });
  }
  if (findings.length > 0) throw new CfnError(findings);
  return waivers;
}

function sourceOf(file: string) {
  const document = parseSource(readText(file), file);
  return { value: document.value, locate: (path: (string | number)[]) => document.locate(path) };
}
