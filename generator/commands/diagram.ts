import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate, type TemplateDocument } from '../../lib/cfn/read.ts';
import { isObject } from '../../lib/cfn/template.ts';
import { renderDrawing } from '../../lib/diagram/draw.ts';
import { type Drawing, modelOf } from '../../lib/diagram/model.ts';
import { ROOT, summary } from '../../lib/diagram/svg.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';
import { writeFile } from '../../lib/write-file.ts';
import { regionNamed } from '../region.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  arguments: string[];
  /** Parameter file: only what exists in this deployment. */
  params?: string;
  region?: string;
  out?: string;
  /** Overwrites a file that no diagram is in. */
  force?: boolean;
  json?: boolean;
}

/**
 * Draws a template as SVG. Throws CFN110 where the file has no resources to draw, CFN400-406 and CFN500 where the parameters
 * do not fit, CFN720 where `--out` names another file than a diagram. Nothing is written then.
 */
export async function diagram(options: Options, terminal: Terminal): Promise<0> {
  const [file = ''] = options.arguments;
  const document = readTemplate(file);
  requireResources(document);
  const region = options.region === undefined ? undefined : regionNamed(options.region);
  const parameters = options.params === undefined ? undefined : fittingValues(options.params, document, region);
  if (options.out !== undefined && !options.force) refuseOther(options.out);
  const drawing = modelOf(document.template, {
    name: basename(file),
    ...(parameters && { parameters }),
    ...(region && { region }),
  });
  if (options.out !== undefined) writeFile(options.out, await renderDrawing(drawing));
  if (options.json)
    terminal.print(
      JSON.stringify({ version: 1, file, ...(options.out && { out: options.out }), ...asJson(drawing) }, null, 2),
    );
  else if (options.out === undefined) terminal.print((await renderDrawing(drawing)).trimEnd());
  else terminal.print(`${options.out}: ${summary(drawing)}`);
  return 0;
}

function requireResources({ template, file, locate }: TemplateDocument): void {
  if (isObject(template.Resources)) return;
  throw new CfnError({
    code: 'CFN110',
    severity: 'error',
    file,
    ...locate([]),
    message: `${file} has no Resources section: there is nothing to draw`,
    fix: 'name a CloudFormation or SAM template',
  });
}

function fittingValues(
  file: string,
  { template }: TemplateDocument,
  region: string | undefined,
): Readonly<Record<string, string>> {
  const { document, values } = readParameterFile(file);
  const names = Object.keys(values);
  const { findings } = resolveTemplate(template, { parameters: values, ...(region !== undefined && { region }) });
  const wrong = findings
    .filter(({ code }) => /^CFN(4|500)/.test(code))
    .map(({ path: _, ...finding }): Finding => {
      const index = names.findIndex((name) => new RegExp(`\\b${name}\\b`).test(finding.message));
      return { ...finding, file, ...document.locate(index === -1 ? [] : [index]) };
    });
  if (wrong.length > 0) throw new CfnError(wrong);
  return values;
}

/** A diagram is made again at any time; what else stands there is not. */
function refuseOther(out: string): void {
  if (!existsSync(out) || (statSync(out).isFile() && readFileSync(out, 'utf8').startsWith(ROOT))) return;
  throw new CfnError({
    code: 'CFN720',
    severity: 'error',
    file: out,
    message: `${out} exists and is no diagram of plainform; it is left as it is`,
    fix: 'name another file, or overwrite it with --force',
  });
}

function asJson(drawing: Drawing) {
  const { title, resources, zones, cards, flows, folded, absent } = drawing;
  return { title, resources, zones, boxes: cards, flows, folded, notInThisDeployment: absent };
}
