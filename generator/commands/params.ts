import { existsSync } from 'node:fs';
import type { Finding } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { fileInProject } from '../../lib/project.ts';
import { countFindings, renderFinding } from '../../lib/report/findings.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';
import { ENVIRONMENTS, stacksOf } from '../environments.ts';
import { type ParameterFiles, parameterFiles } from '../projects/parameter-files.ts';
import { REGISTER, readRegister } from '../projects/register.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf } from './target.ts';

interface Options {
  environment?: string;
  register?: string;
  check?: boolean;
  json?: boolean;
}

/**
 * Writes the parameter files of the register's providers and projects, and holds every parameter file against its template:
 * names, constraints, and the assertions of its rules. With `check` it only compares.
 */
export function params(options: Options, terminal: Terminal): 0 | 1 {
  const environments = options.environment === undefined ? ENVIRONMENTS : [environmentOf(options.environment)];
  const files = environments.flatMap((environment) => stacksOf(environment));
  const made = options.environment === undefined ? ofRegister(options) : undefined;
  const findings = [...files.flatMap(misfits), ...(made?.findings ?? [])];
  const stale = made?.stale ?? [];
  if (options.json) {
    const order = made?.stacks.map(({ owner, stackName, region, parameterFile, template }) => ({
      owner,
      stackName,
      region,
      template,
      parameterFile,
    }));
    terminal.print(
      JSON.stringify(
        {
          version: 1,
          files: files.map(({ parameterFile }) => parameterFile),
          findings,
          ...(order && { order, stale }),
        },
        null,
        2,
      ),
    );
  } else {
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    if (made && findings.length === 0) terminal.print(orderOf(made));
    for (const file of stale) terminal.print(`${file}  ${options.check ? 'differs from the register' : 'written'}`);
    terminal.print(`${files.length + (made?.stacks.length ?? 0)} parameter files: ${countFindings(findings)}`);
  }
  return findings.length > 0 || (options.check && stale.length > 0) ? 1 : 0;
}

function ofRegister({ register = REGISTER, check = false }: Options): ParameterFiles | undefined {
  if (register === REGISTER && !existsSync(register)) return undefined;
  const read = readRegister(register);
  return read.providers.size + read.projects.size === 0 ? undefined : parameterFiles(read, { check });
}

const MOST_SHOWN = 20;

/** The stacks as they are deployed, one after the other; of a fleet, the first. */
function orderOf({ stacks }: ParameterFiles): string {
  const lines = stacks.slice(0, MOST_SHOWN).map(({ stackName, region, template, parameterFile }, index) => {
    return `${String(index + 1).padStart(3)}. ${stackName} (${region})  ${template}  ${parameterFile}`;
  });
  const left = stacks.length - lines.length;
  return ['deploy in this order:', ...lines, ...(left > 0 ? [`     and ${left} more`] : [])].join('\n');
}

function misfits({ template, parameterFile, region, stackName }: ReturnType<typeof stacksOf>[number]): Finding[] {
  const { document, values } = readParameterFile(fileInProject(parameterFile));
  const resolved = resolveTemplate(readTemplate(fileInProject(template)).template, {
    parameters: values,
    region,
    stackName,
  });
  const names = Object.keys(values);
  return resolved.findings
    .filter(({ code }) => /^CFN(4|500)/.test(code))
    .map(({ path: _path, ...finding }) => {
      const index = names.findIndex((name) => new RegExp(`\\b${name}\\b`).test(finding.message));
      return { ...finding, file: parameterFile, ...document.locate(index === -1 ? [] : [index]) };
    });
}
