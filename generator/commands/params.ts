import type { Finding } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { fileInProject } from '../../lib/project.ts';
import { countFindings, renderFinding } from '../../lib/report/findings.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';
import { ENVIRONMENTS, stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf } from './target.ts';

/** Holds every parameter file against its template: names, constraints, and the assertions of its rules. */
export function params(options: { environment?: string; json?: boolean }, terminal: Terminal): 0 | 1 {
  const environments = options.environment === undefined ? ENVIRONMENTS : [environmentOf(options.environment)];
  const files = environments.flatMap((environment) => stacksOf(environment));
  const findings = files.flatMap(({ template, parameterFile, region, stackName }): Finding[] => {
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
  });
  if (options.json)
    terminal.print(
      JSON.stringify({ version: 1, files: files.map(({ parameterFile }) => parameterFile), findings }, null, 2),
    );
  else {
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    terminal.print(`${files.length} parameter files: ${countFindings(findings)}`);
  }
  return findings.length > 0 ? 1 : 0;
}
