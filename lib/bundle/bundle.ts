import { readFileSync } from 'node:fs';
import { parseTemplate } from '../cfn/read.ts';
import { drawTemplate } from '../diagram/draw.ts';
import { type AuditInput, type Evidence, evidenceOf, sha256, type Tool } from '../evidence/evidence.ts';
import { assessmentResults } from '../evidence/oscal.ts';
import { fileInProject } from '../project.ts';
import { auditPage, type Diagrams } from '../report/audit-page/page.ts';
import { matrixCsv } from '../report/matrix-csv.ts';

/** Its files by name, `manifest.json` among them; parts of names are joined by slashes. */
export type Bundle = ReadonlyMap<string, string>;

export const MANIFEST = 'manifest.json';

export interface Manifest {
  readonly version: 1;
  readonly tool: Tool;
  /** Of every other file of the bundle: its SHA-256. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a bundle was made from beside its templates, documents and live settings, which lie in it: enough to make it again. */
export interface Inputs {
  readonly date: string;
  readonly frameworks?: readonly string[];
  readonly waivers: AuditInput['waivers'];
  readonly templates: readonly string[];
  readonly documents: readonly { readonly name: string; readonly title: string }[];
}

export function tool(): Tool {
  const data = ['lib/data/controls.json', 'lib/data/frameworks.json'].map((file) =>
    readFileSync(fileInProject(file), 'utf8'),
  );
  const { version } = JSON.parse(readFileSync(fileInProject('package.json'), 'utf8'));
  return { name: 'plainform', version, catalogue: sha256(data.join('')) };
}

/** The same input gives the same bytes. Throws what `evidenceOf` throws. */
export async function bundleOf(input: AuditInput): Promise<{ evidence: Evidence; bundle: Bundle }> {
  const evidence = evidenceOf(input, tool());
  const diagrams = await diagramsOf(input);
  const files = new Map<string, string>();
  files.set('index.html', auditPage(evidence, diagrams));
  files.set('matrix.csv', matrixCsv(evidence));
  files.set('evidence.json', json(withInputs(evidence, input)));
  files.set('assessment-results.json', json(assessmentResults(evidence)));
  for (const { name, text } of input.templates) files.set(`templates/${name}`, text);
  for (const [name, svg] of Object.entries(diagrams)) files.set(`diagrams/${name}.svg`, svg);
  for (const { name, text } of input.documents) files.set(`documents/${name}`, text);
  if (input.live) files.set('live.json', json(input.live));
  const manifest: Manifest = {
    version: 1,
    tool: evidence.tool,
    files: Object.fromEntries(
      [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => [name, sha256(text)]),
    ),
  };
  files.set(MANIFEST, json(manifest));
  return { evidence, bundle: files };
}

async function diagramsOf({ templates }: AuditInput): Promise<Diagrams> {
  const diagrams: Record<string, string> = {};
  for (const { name, text } of templates) diagrams[name] = await drawTemplate(parseTemplate(text, name));
  return diagrams;
}

/** Without the texts that lie beside it. */
function withInputs({ templates, documents, ...evidence }: Evidence, input: AuditInput): object {
  const inputs: Inputs = {
    date: input.date,
    ...(input.frameworks && { frameworks: input.frameworks }),
    waivers: input.waivers,
    templates: input.templates.map(({ name }) => name),
    documents: input.documents.map(({ name, title }) => ({ name, title })),
  };
  return {
    version: 1,
    ...evidence,
    templates: templates.map(({ text: _text, stack: _stack, ...template }) => template),
    inputs,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
