import type { Finding } from '../cfn/errors.ts';
import { allFindings, type CheckedTemplate } from './checked.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const;

/**
 * SARIF 2.1.0 (OASIS, 2020), as code scanning reads it: one run, a rule for each code, a result for each finding. Files are
 * relative to the working directory; `titleOf` gives the short text of a rule.
 */
export function sarif(
  templates: readonly CheckedTemplate[],
  version: string,
  titleOf: (code: string) => string,
): string {
  const findings = allFindings(templates);
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  const run = {
    tool: {
      driver: {
        name: 'plainform',
        version,
        rules: codes.map((code) => ({
          id: code,
          shortDescription: { text: titleOf(code) },
          help: { text: helpOf(findings, code) },
        })),
      },
    },
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code))),
  };
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return JSON.stringify(log, null, 2);
}

function resultOf({ code, severity, message, file, line, column, when, path, fix }: Finding, ruleIndex: number) {
  const where = when && Object.keys(when).length > 0 ? ` When ${JSON.stringify(when)}.` : '';
  const region =
    line === undefined ? {} : { region: { startLine: line, ...(column !== undefined && { startColumn: column }) } };
  return {
    ruleId: code,
    ruleIndex,
    level: LEVEL[severity],
    message: { text: `${message}${where}${fix ? ` Fix: ${fix}` : ''}` },
    ...(file !== undefined && {
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }],
    }),
    // Lines move; the place in the template does not.
    partialFingerprints: { 'plainform/v1': `${code}:${file ?? ''}:${path?.join('.') ?? ''}` },
  };
}

function helpOf(findings: readonly Finding[], code: string): string {
  return (
    findings.find((finding) => finding.code === code && finding.fix)?.fix ?? 'See the list of controls and findings.'
  );
}

function uriOf(file: string): string {
  return file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
