import { parse, resolve, sep } from 'node:path';
import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readText, type TemplateDocument } from '../../lib/cfn/read.ts';
import type { Path } from '../../lib/cfn/template.ts';
import type { CheckedControls } from '../../lib/check/check-controls.ts';
import type { CheckResult } from '../../lib/check/check-template.ts';
import type { Opinion } from '../../lib/check/opinions.ts';
import type { Contract } from '../../lib/contract/contract.ts';
import { fileInProject } from '../../lib/project.ts';
import { allFindings, asFinding, type CheckedTemplate, isViolated } from '../../lib/report/checked.ts';
import { contractJson, contractSummary } from '../../lib/report/contract.ts';
import { countVerdicts, verdictCounts } from '../../lib/report/controls.ts';
import { countFindings, renderFinding, sortFindings } from '../../lib/report/findings.ts';
import { renderOpinion } from '../../lib/report/opinions.ts';
import type { KnownStack } from '../contract.ts';
import { formatOf } from '../format.ts';
import type { Tool } from '../opinions.ts';
import { regionNamed } from '../region.ts';
import type { Terminal } from '../terminal.ts';
import { type CheckedFile, checkFile, controlJudge, filesOf, isFolder, isJudgeable } from './controls-of.ts';

interface Options {
  arguments: string[];
  strict?: boolean;
  region?: string;
  /** Asks other tools too; a list of them from inside. */
  opinions?: boolean | readonly Tool[];
  /** `false`: validity only. */
  controls?: boolean;
  /** Parameter files: the controls of these deployments; those of all the others are counted. */
  params?: readonly string[];
  /** `false`: each template on its own. */
  contract?: boolean;
  /** Only the controls that support these frameworks: `soc2,pci`. */
  framework?: string;
  format?: string;
  json?: boolean;
}

const FORMATS = ['text', 'json', 'sarif', 'junit', 'github', 'markdown'] as const;
type Format = (typeof FORMATS)[number];

/**
 * Judges templates, each on its own: what is wrong with one never hides the others; then what they promise each other. Exit code 1 on an error or a control that
 * does not hold, 2 on a file that cannot be read.
 */
export async function check(options: Options, terminal: Terminal): Promise<0 | 1 | 2> {
  const format = formatOf(options, FORMATS);
  const region = options.region === undefined ? undefined : regionNamed(options.region);
  const files = filesOf(options.arguments).map((file) => checkFile(file, region));
  const controls = options.controls === false ? undefined : await controlsOf(files, options);
  const contract = options.contract === false ? undefined : await contractOf(files, options);
  const checked = files.map(({ result }, index): CheckedTemplate => {
    const { facts = [], findings = [], overAll } = controls?.[index] ?? {};
    const broken = contract?.findings.filter(({ file }) => file === result.file) ?? [];
    const all = sortFindings([...result.findings, ...findings, ...broken]);
    return { ...result, findings: all, controls: facts, ...(overAll && { overAll }) };
  });
  const opinions = await opinionsOn(
    files.map(({ result }) => result),
    options,
  );
  terminal.print(await rendered(format, checked, controls !== undefined, contract, opinions, terminal));

  const findings = checked.flatMap((template) => template.findings);
  if (findings.some(({ code }) => code === 'CFN101')) return 2;
  const counted = [
    ...allFindings(checked),
    ...(opinions ?? []).flatMap(({ counts, remarks }) => (counts ? remarks : [])),
  ];
  if (checked.some((template) => template.controls.some(isViolated))) return 1;
  return counted.some(({ severity }) => severity === 'error' || (options.strict && severity === 'warning')) ? 1 : 0;
}

async function rendered(
  format: Format,
  checked: readonly CheckedTemplate[],
  withControls: boolean,
  contract: Contract | undefined,
  opinions: readonly Opinion[] | undefined,
  terminal: Terminal,
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(
        {
          version: 1,
          templates: checked.map(asJson),
          ...(contract && { contract: contractJson(contract) }),
          ...(opinions && { opinions }),
        },
        null,
        2,
      );
    case 'sarif': {
      const { sarif } = await import('../../lib/report/sarif.ts');
      const { readCatalogue } = await import('../../lib/check/catalogue.ts');
      return sarif(checked, version(), (code) => readCatalogue()[code]?.title ?? code);
    }
    case 'junit':
      return (await import('../../lib/report/junit.ts')).junit(checked);
    case 'github':
      return (await import('../../lib/report/github.ts')).github(checked);
    case 'markdown': {
      const summary = contract && contractSummary(contract);
      const { markdown } = await import('../../lib/report/markdown.ts');
      return `${markdown(checked)}${summary === undefined ? '' : `\n\n${summary}`}`;
    }
    default:
      return asText(checked, withControls, contract, opinions ?? [], terminal);
  }
}

function asText(
  checked: readonly CheckedTemplate[],
  withControls: boolean,
  contract: Contract | undefined,
  opinions: readonly Opinion[],
  terminal: Terminal,
): string {
  const findings = sortFindings(allFindings(checked));
  const lines = findings.map((finding) => renderFinding(finding, terminal.paint));
  for (const { file, controls, notJudged } of checked) {
    for (const part of notJudged) lines.push(`${file}: not judged: ${part}`);
    for (const fact of controls)
      if (fact.verdict === 'depends' || fact.verdict === 'not-evaluated')
        lines.push(renderFinding(asFinding(file, fact), terminal.paint));
  }
  const resources = checked.reduce((sum, template) => sum + template.resources, 0);
  const [only] = checked;
  const scenarios =
    checked.length === 1 && only ? `, ${only.scenarios.reachable} reachable scenarios of ${only.scenarios.total}` : '';
  const templates = `${checked.length} template${checked.length === 1 ? '' : 's'}`;
  lines.push(
    `${templates}, ${resources} resource${resources === 1 ? '' : 's'}${scenarios}: ${countFindings(findings)}`,
  );
  if (withControls) {
    lines.push(`controls: ${verdictCounts(checked.flatMap(({ controls }) => controls))}`);
    const overAll = checked.flatMap((template) => template.overAll ?? []);
    if (checked.some((template) => template.overAll)) lines.push(`over every deployment: ${verdictCounts(overAll)}`);
  }
  const summary = contract && contractSummary(contract);
  if (summary !== undefined) lines.push(summary);
  for (const opinion of opinions) lines.push(...renderOpinion(opinion, terminal.paint));
  return lines.join('\n');
}

interface JudgedControls extends CheckedControls {
  readonly overAll?: CheckedControls['facts'];
}

/** The facts of each file; with parameter files, those of the one deployment of the file that fits each template. */
async function controlsOf(files: readonly CheckedFile[], options: Options): Promise<JudgedControls[]> {
  const judge = await controlJudge(options.framework);
  const given = parametersGiven(options);
  return files.map(({ document, result }) => {
    if (!document || !isJudgeable(result)) return { facts: [], findings: [] };
    const overAll = judge(document);
    if (!given) return overAll;
    const { facts } = judge(document, { parameters: fitting(given, document, result.file).values });
    // Whether a waiver is needed, every deployment decides.
    return { facts, findings: overAll.findings, overAll: overAll.facts };
  });
}

/** Of two templates or more. The code is loaded only where one of them reads or writes. */
async function contractOf(files: readonly CheckedFile[], options: Options): Promise<Contract | undefined> {
  const folders = options.arguments.filter(isFolder).map((folder) => `${folder.replace(/[\\/]+$/, '')}${sep}`);
  const given = parametersGiven(options);
  const seen = new Set<string>();
  const templates = files.flatMap(({ document, result }) => {
    if (!document || !isJudgeable(result) || seen.has(resolve(result.file))) return [];
    seen.add(resolve(result.file));
    const parameters = given && fittingOf(given, document, result.file);
    const named = options.arguments.includes(result.file) || !folders.some((folder) => result.file.startsWith(folder));
    return [{ document, named, ...(parameters && { parameters }) }];
  });
  if (templates.length < 2) return undefined;
  const { stacksGiven } = await import('../contract.ts');
  const { proveContract } = await import('../../lib/contract/contract.ts');
  return proveContract(stacksGiven(templates, given ? await stacksOfRegister() : []));
}

/** Where there is a register here that can be read. What is wrong with it, other commands tell. */
async function stacksOfRegister(): Promise<KnownStack[]> {
  const { readRegister } = await import('../projects/register.ts');
  const { ownersOf, stacksOf } = await import('../projects/stacks.ts');
  try {
    return ownersOf(readRegister()).flatMap(stacksOf);
  } catch (error) {
    if (error instanceof CfnError) return [];
    throw error;
  }
}

interface GivenParameters {
  readonly file: string;
  readonly values: Readonly<Record<string, string>>;
}

function parametersGiven({ params }: Options): GivenParameters[] | undefined {
  return params?.map((file) => ({ file, values: readParameterFile(file).values }));
}

/** The one named like the template, else the first whose parameters it has. */
function fittingOf(given: readonly GivenParameters[], document: TemplateDocument, file: string) {
  const names = Object.keys(document.template.Parameters ?? {});
  const fit = given.filter(({ values }) => Object.keys(values).every((name) => names.includes(name)));
  return fit.find((each) => parse(each.file).name === parse(file).name) ?? fit[0];
}

/** Throws CFN709 where none of the parameter files is for the template. */
function fitting(given: readonly GivenParameters[], document: TemplateDocument, file: string): GivenParameters {
  const found = fittingOf(given, document, file);
  if (found) return found;
  const names = Object.keys(document.template.Parameters ?? {});
  throw new CfnError({
    code: 'CFN709',
    severity: 'error',
    message: `no parameter file given by --params fits ${file}`,
    fix: `its parameters are ${names.join(', ') || 'none'}`,
  });
}

function version(): string {
  return JSON.parse(readText(fileInProject('package.json'))).version;
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

function asJson(template: CheckedTemplate) {
  const { file, resources, conditions, scenarios, findings, controls, notJudged, overAll } = template;
  const number = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
  const pathText = <T extends { path?: Path }>({ path, ...rest }: T) => ({
    ...rest,
    ...(path && { path: path.join('.') }),
  });
  return {
    file,
    resources,
    conditions,
    scenarios: { total: number(scenarios.total), reachable: number(scenarios.reachable) },
    findings: findings.map((finding: Finding) => pathText(finding)),
    controls: controls.map(({ waiver, ...fact }) => ({
      ...pathText(fact),
      ...(waiver && { waiver: { reason: waiver.reason, owner: waiver.owner, expires: waiver.expires } }),
    })),
    notJudged,
    ...(overAll && { overEveryDeployment: countVerdicts(overAll) }),
  };
}
