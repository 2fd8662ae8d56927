import { basename } from 'node:path';
import type { TemplateDocument } from '../cfn/read.ts';
import { type Layout, layOut } from './layout.ts';
import { type Drawing, modelOf } from './model.ts';
import { LEVELS, simplified } from './simplify.ts';
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

/** With all its arrows where letters are then large enough; else with fewer, as far as that helps. */
export async function renderDrawing(drawing: Drawing): Promise<string> {
  let best: { drawing: Drawing; layout: Layout; legibility: number } | undefined;
  for (const level of LEVELS) {
    const simpler = simplified(drawing, level);
    if (simpler.flows.length > ARROWS && level < LEVELS.at(-1)!) continue;
    const layout = await layOut(simpler);
    const legibility = legibilityOf(layout);
    if (!best || legibility > best.legibility * WORTH_IT) best = { drawing: simpler, layout, legibility };
    if (best.legibility >= LEGIBLE) break;
  }
  return svgOf(best!.drawing, best!.layout);
}

/** More than these are a tangle in any layout, and take the layouter minutes. */
const ARROWS = 90;
/** At 1,400 pixels: letters of 11.5 are then 8.5 high. */
const LEGIBLE = 0.74;
/** Arrows are worth more than a little size. */
const WORTH_IT = 1.1;

/** Size of letters on a page 1,400 wide, less where it is more than 1,600 high. */
function legibilityOf({ width, height }: Layout): number {
  const scale = Math.min(1, 1400 / Math.max(1, width));
  return scale * Math.min(1, 1600 / Math.max(1, height * scale)) ** 0.5;
}
