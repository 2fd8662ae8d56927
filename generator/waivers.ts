import { existsSync } from 'node:fs';
import { CfnError, type Finding } from '../lib/cfn/errors.ts';
import { parseSource, readText } from '../lib/cfn/read.ts';
import { isObject } from '../lib/cfn/template.ts';
import { type Waiver, waiverOf } from '../lib/controls/waivers.ts';

const FILE = 'plainform.yaml';

/** A waiver of plainform.yaml, with the template that it is for. */
export interface ProjectWaiver extends Waiver {
  readonly template: string;
}

/**
 * The `waivers` of plainform.yaml in the working directory, each with template, resource, control, reason, owner and expiry.
 * None where there is no such file. Throws CFN530, all of them at once, where one is incomplete.
 */
export function projectWaivers(): ProjectWaiver[] {
  if (!existsSync(FILE)) return [];
  const { value, locate } = sourceOf(FILE);
  const list = isObject(value) ? value.waivers : undefined;
  if (list === undefined || list === null) return [];
  const findings: Finding[] = [];
  const waivers: ProjectWaiver[] = [];
  for (const [index, entry] of (Array.isArray(list) ? list : [list]).entries()) {
    const path = ['waivers', index];
    const read = waiverOf(entry, path);
    const template = isObject(entry) ? entry.template : undefined;
    if ('code' in read) findings.push({ ...read, file: FILE, ...locate(path) });
    else if (typeof template !== 'string')
      findings.push({
        code: 'CFN530',
        severity: 'error',
        file: FILE,
        ...locate(path),
        message: 'a waiver names no template',
        fix: 'add template: templates/…',
      });
    else waivers.push({ ...read, template, file: FILE });
  }
  if (findings.length > 0) throw new CfnError(findings);
  return waivers;
}

function sourceOf(file: string) {
  const document = parseSource(readText(file), file);
  return { value: document.value, locate: (path: (string | number)[]) => document.locate(path) };
}
