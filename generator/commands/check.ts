import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { type CheckResult, checkTemplate } from '../../lib/check/check-template.ts';
import type { Opinion } from '../../lib/check/opinions.ts';
import { countFindings, renderFinding, sortFindings } from '../../lib/report/findings.ts';
import { renderOpinion } from '../../lib/report/opinions.ts';
import type { Tool } from '../opinions.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  arguments: string[];
  strict?: boolean;
  /** Asks other tools too; a list of them from inside. */
  opinions?: boolean | readonly Tool[];
  json?: boolean;
}

/** Judges templates, each on its own: what is wrong with one never hides the others. Exit code 1 on an error, 2 on a file that cannot be read. */
export async function check(options: Options, terminal: Terminal): Promise<0 | 1 | 2> {
  const results = filesOf(options.arguments).map(checkFile);
  const findings = sortFindings(results.flatMap((result) => result.findings));
  const opinions = await opinionsOn(results, options);
  if (options.json) {
    const templates = results.map(asJson);
    terminal.print(JSON.stringify({ version: 1, templates, ...(opinions && { opinions }) }, null, 2));
  } else {
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    for (const { file, notJudged } of results)
      for (const part of notJudged) terminal.print(`${file}: not judged: ${part}`);
    const counted = results.reduce((sum, { resources }) => sum + resources, 0);
    const [only] = results;
    const scenarios =
      results.length === 1 && only
        ? `, ${only.scenarios.reachable} reachable scenarios of ${only.scenarios.total}`
        : '';
    terminal.print(
      `${results.length} template${results.length === 1 ? '' : 's'}, ${counted} resources${scenarios}: ${countFindings(findings)}`,
    );
    for (const opinion of opinions ?? [])
      for (const line of renderOpinion(opinion, terminal.paint)) terminal.print(line);
  }
  if (findings.some(({ code }) => code === 'CFN101')) return 2;
  const counted = [...findings, ...(opinions ?? []).flatMap(({ counts, remarks }) => (counts ? remarks : []))];
  return counted.some(({ severity }) => severity === 'error' || (options.strict && severity === 'warning')) ? 1 : 0;
}

/** Asked only when told to: plain `check` starts no other program. */
async function opinionsOn(results: readonly CheckResult[], { opinions }: Options): Promise<Opinion[] | undefined> {
  if (!opinions) return undefined;
  const readable = results.filter(({ findings }) => !findings.some(({ code }) => code === 'CFN101'));
  if (readable.length === 0) return [];
  const { secondOpinions } = await import('../opinions.ts');
  return secondOpinions(
    readable.map(({ file }) => file),
    opinions === true ? ['official', 'npm'] : opinions,
  );
}

function checkFile(file: string): CheckResult {
  try {
    return checkTemplate(readTemplate(file));
  } catch (error) {
    if (!(error instanceof CfnError)) throw error;
    const scenarios = { total: 'unknown', reachable: 'unknown' };
    return { file, resources: 0, conditions: 0, scenarios, findings: [...error.findings], notJudged: [] };
  }
}

/** Files as named; of a folder, what looks like a template by its ending. Throws CFN703 where nothing is left. */
function filesOf(names: readonly string[]): string[] {
  const files = names.flatMap((name) => {
    if (!statSync(name, { throwIfNoEntry: false })?.isDirectory()) return [name];
    return readdirSync(name, { recursive: true, encoding: 'utf8' })
      .filter((entry) => /\.(ya?ml|json|template)$/.test(entry))
      .map((entry) => join(name, entry))
      .sort();
  });
  if (files.length === 0)
    throw new CfnError({
      code: 'CFN703',
      severity: 'error',
      message: 'there is no template to check',
      fix: 'name files or folders',
    });
  return files;
}

function asJson({ file, resources, conditions, scenarios, findings, notJudged }: CheckResult) {
  const number = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
  return {
    file,
    resources,
    conditions,
    scenarios: { total: number(scenarios.total), reachable: number(scenarios.reachable) },
    findings: sortFindings(findings).map(({ path, ...finding }: Finding) => ({
      ...finding,
      ...(path && { path: path.join('.') }),
    })),
    controls: [],
    notJudged,
  };
}
