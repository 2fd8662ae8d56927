import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readTemplate, type TemplateDocument } from '../../lib/cfn/read.ts';
import type { CheckedControls, ControlOptions } from '../../lib/check/check-controls.ts';
import { type CheckResult, checkTemplate } from '../../lib/check/check-template.ts';
import type { Waiver } from '../../lib/controls/waivers.ts';

/** A template that was named on the command line. */
export interface CheckedFile {
  readonly result: CheckResult;
  /** Undefined where the file cannot be read. */
  readonly document?: TemplateDocument;
}

export function checkFile(file: string, region?: string): CheckedFile {
  try {
    const document = readTemplate(file);
    return { document, result: checkTemplate(document, region) };
  } catch (error) {
    if (!(error instanceof CfnError)) throw error;
    const scenarios = { total: 'unknown', reachable: 'unknown' };
    return { result: { file, resources: 0, conditions: 0, scenarios, findings: [...error.findings], notJudged: [] } };
  }
}

/** Where the sections or the resources are not what they should be, a proof would be of something else. */
export function isJudgeable({ findings }: CheckResult): boolean {
  return !findings.some(({ code, severity }) => severity === 'error' && UNJUDGEABLE.test(code));
}

const UNJUDGEABLE = /^CFN1(0|1)/;

/** Why a file cannot be judged: it is not there, does not parse, or is no template. Empty where it can. */
export function refusals({ document, result }: CheckedFile): Finding[] {
  if (document && isJudgeable(result)) return [];
  return result.findings.filter((finding) => finding.severity === 'error' && UNJUDGEABLE.test(finding.code));
}

export function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What looks like a template by its ending, as paths inside the folder. */
export function templatesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((entry) => /\.(ya?ml|json|template)$/.test(entry))
    .sort();
}

/** Files as named; of a folder, what looks like a template by its ending. Throws CFN703 where nothing is left. */
export function filesOf(names: readonly string[]): string[] {
  const files = names.flatMap((name) =>
    isFolder(name) ? templatesIn(name).map((entry) => join(name, entry)) : [name],
  );
  if (files.length === 0)
    throw new CfnError({
      code: 'CFN703',
      severity: 'error',
      message: 'there is no template to check',
      fix: 'name files or folders',
    });
  return files;
}

export type ControlJudge = (
  document: TemplateDocument,
  options?: { waivers?: readonly Waiver[]; parameters?: Readonly<Record<string, string>> },
) => CheckedControls;

/**
 * Judges the controls of templates with the waivers of the project, of today: all controls, or those of a list of frameworks
 * (`soc2,pci`). The code of the controls is loaded only here. Throws CFN530 and CFN712.
 */
export async function controlJudge(framework?: string): Promise<ControlJudge> {
  const { checkControls } = await import('../../lib/check/check-controls.ts');
  const { projectWaivers } = await import('../waivers.ts');
  const { controlsOfFrameworks } = await import('../../lib/check/frameworks.ts');
  const names = framework?.split(',').map((name) => name.trim());
  const shared: ControlOptions = {
    today: new Date().toISOString().slice(0, 10),
    ...(names && { only: controlsOfFrameworks(names) }),
  };
  const ofProject = projectWaivers();
  return (document, { waivers, parameters } = {}) =>
    checkControls(document, {
      ...shared,
      waivers: waivers ?? ofProject.filter(({ template }) => template === resolve(document.file)),
      ...(parameters && { parameters }),
    });
}
