import { isMap, parseDocument } from 'yaml';
import { CfnError } from '../../lib/cfn/errors.ts';

/** A project as it is written on one line. */
export type Entry = Readonly<Record<string, string | number>>;

/** The register with one project more, after the others; everything else stays as it was written, comments included. */
export function withProject(text: string, file: string, name: string, entry: Entry): string {
  const document = parseDocument(text);
  const projects = document.get('projects', true);
  const line = `${name}: { ${Object.entries(entry)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(', ')} }`;
  if (!isMap(projects)) {
    if ((document.get('projects') ?? null) !== null) throw notBlock(file);
    const head = document.has('projects')
      ? text.replace(/^projects:.*$/m, 'projects:')
      : `${withEnd(text)}\nprojects:\n`;
    return document.has('projects') ? head.replace(/^projects:$/m, `projects:\n  ${line}`) : `${head}  ${line}\n`;
  }
  if (projects.flow || projects.items.length === 0) throw notBlock(file);
  const [last] = projects.items.slice(-1);
  const first = projects.items[0]!.key as { range?: [number, number, number] };
  const start = text.lastIndexOf('\n', first.range![0]) + 1;
  const indent = text.slice(start, first.range![0]);
  const value = last!.value as { range?: [number, number, number] } | null;
  const end = (value?.range ?? (last!.key as { range: [number, number, number] }).range)[1];
  const at = text.slice(0, end).trimEnd().length;
  return `${text.slice(0, at)}${rest(text, at)}\n${indent}${line}${text.slice(at + rest(text, at).length)}`;
}

/** A comment on the same line stays there. */
function rest(text: string, from: number): string {
  return /^[ \t]*(#[^\n]*)?/.exec(text.slice(from))![0].trimEnd();
}

function withEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function notBlock(file: string): CfnError {
  return new CfnError({
    code: 'CFN730',
    severity: 'error',
    file,
    message: 'projects is written in braces, where nothing is added',
    fix: 'write one project a line below projects:',
  });
}
