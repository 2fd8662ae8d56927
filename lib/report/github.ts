import type { Finding } from '../cfn/errors.ts';
import { allFindings, type CheckedTemplate } from './checked.ts';

const COMMAND = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** Workflow commands of GitHub Actions: one annotation a line, beside the line of the template. */
export function github(templates: readonly CheckedTemplate[]): string {
  return allFindings(templates).map(annotation).join('\n');
}

function annotation({ code, severity, message, file, line, column, when, fix }: Finding): string {
  const places = { file, line, col: column, title: code };
  const properties = Object.entries(places).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${data(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`],
  );
  const conditions = when && Object.keys(when).length > 0 ? `\nwhen ${JSON.stringify(when)}` : '';
  return `::${COMMAND[severity]} ${properties.join(',')}::${data(`${message}${conditions}${fix ? `\nfix: ${fix}` : ''}`)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
