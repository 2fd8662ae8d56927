import { basename } from 'node:path';
import type { TemplateDocument } from '../cfn/read.ts';
import { layOut } from './layout.ts';
import { type Drawing, modelOf } from './model.ts';
import { svgOf } from './svg.ts';

/**
 * An architecture drawing as one SVG that stands by itself: no ids, no links, the same bytes for the same template and
 * parameters. With parameters, of that deployment: what does not exist in it is left out, and said. Never throws for an odd
 * template: what cannot be read is a box.
 */
export async function drawTemplate(
  document: TemplateDocument,
  options: { parameters?: Readonly<Record<string, string>>; region?: string } = {},
): Promise<string> {
  return renderDrawing(modelOf(document.template, { ...options, name: basename(document.file) }));
}

export async function renderDrawing(drawing: Drawing): Promise<string> {
  return svgOf(drawing, await layOut(drawing));
}
