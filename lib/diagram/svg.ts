import { type Box, CHIP, foldedInto, foldedText, type Head, SIZE } from './boxes.ts';
import { type Kind, typeLabel } from './catalogue.ts';
import type { Layout, PlacedFlow, Point, Rectangle } from './layout.ts';
import type { Card, Drawing, Folded, KeyUse, Zone } from './model.ts';
import { counted, escaped, inTwoLines, shortened, widthOf } from './text.ts';

/** The first word of every drawing: by it a file is known to be one that may be overwritten. */
export const ROOT = '<svg class="plainform-diagram"';

const MARGIN = 16;
const LINE = 18;

/** One SVG without ids, scripts, links or anything that differs from run to run: several may stand in one page. */
export function svgOf(drawing: Drawing, layout: Layout): string {
  const [title = '', second] = inTwoLines(drawing.title, Math.max(layout.width, 640), SIZE.title, true);
  const subtitle = shortened(summary(drawing), Math.max(layout.width, 700), SIZE.small);
  const legend = legendOf(drawing, Math.max(layout.width, 640));
  const width = Math.ceil(
    Math.max(
      layout.width,
      ...[title, second ?? ''].map((text) => widthOf(text, SIZE.title, true)),
      widthOf(subtitle, SIZE.small),
      legend.width,
    ) +
      2 * MARGIN,
  );
  const more = second === undefined ? 0 : 22;
  const top = MARGIN + 44 + more;
  const height = Math.ceil(top + layout.height + 18 + legend.height + MARGIN);
  const folded = foldedInto(drawing);
  const lines = [
    `${ROOT} xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(`Architecture: ${drawing.title}`)}</title>`,
    `<desc>${escaped(description(drawing))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="${MARGIN + 16}">${escaped(title)}</text>`,
    ...(second === undefined
      ? []
      : [`<text class="title" x="${MARGIN}" y="${MARGIN + 16 + more}">${escaped(second)}</text>`]),
    `<text class="subtitle" x="${MARGIN}" y="${MARGIN + 34 + more}">${escaped(subtitle)}</text>`,
    `<g transform="translate(${MARGIN} ${top})">`,
    ...inside(layout).map(({ zone, at }) => zoneText(zone, at, folded.get(zone.id) ?? [])),
    ...layout.flows.map((flow) => arrow(flow, drawing)),
    ...layout.zones.map(({ zone, at, head }) => headText(zone, at, head)),
    ...layout.cards.map(({ card, at, box }) => cardText(card, at, box, folded.get(card.id) ?? [])),
    ...layout.flows.flatMap(({ label, flow }) =>
      label
        ? [
            `<text class="flow-label ${flow.kind}" x="${n(label.x + label.width / 2)}" y="${n(label.y + 11.5)}">${escaped(label.text)}</text>`,
          ]
        : [],
    ),
    '</g>',
    `<g class="legend" transform="translate(${MARGIN} ${n(top + layout.height + 18)})">${legend.text}</g>`,
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/** Outer zones first: each is drawn over what it stands in. */
function inside({ zones }: Layout): Layout['zones'] {
  const depth = new Map(zones.map(({ zone }) => [zone.id, zone.parent === undefined ? 0 : 1]));
  return [...zones].sort((a, b) => depth.get(a.zone.id)! - depth.get(b.zone.id)!);
}

/** How many of the resources are where. */
export function summary(drawing: Drawing): string {
  const { resources, folded, absent } = drawing;
  const boxes = drawing.cards.filter(({ external }) => !external).length;
  const parts = [
    counted(resources, 'resource'),
    `${resources - folded.length} shown in ${counted(boxes, 'box')}${zoneCount(drawing)}`,
    `${folded.length} counted with another (+)`,
  ];
  if (absent.length > 0) parts.push(`${absent.length} not in this deployment`);
  return parts.join(' · ');
}

function zoneCount({ zones }: Drawing): string {
  const own = zones.filter(({ resource, members }) => resource !== undefined || members.length > 0).length;
  return own === 0 ? '' : ` and ${counted(own, 'network zone')}`;
}

/** In words: what is drawn, and where everything that has no box of its own was counted. */
function description(drawing: Drawing): string {
  const sentences = [`${summary(drawing)}.`];
  for (const [into, folded] of foldedInto(drawing)) {
    const names = folded.map(({ id }) => id).join(', ');
    sentences.push(`With ${nameOf(into, drawing)}: ${foldedText(folded)} (${names}).`);
  }
  for (const { service, members, name } of drawing.cards)
    if (name === undefined) sentences.push(`${service} as one: ${members.map(({ id }) => id).join(', ')}.`);
  if (drawing.absent.length > 0) sentences.push(`Not in this deployment: ${drawing.absent.join(', ')}.`);
  return sentences.join(' ');
}

function nameOf(id: string, { zones, cards }: Drawing): string {
  const card = cards.find((one) => one.id === id);
  if (card) return card.name ?? card.service;
  return zones.find((zone) => zone.id === id)?.label ?? id;
}

function zoneText(zone: Zone, at: Rectangle, folded: readonly Folded[]): string {
  const dashed = zone.condition !== undefined ? ' conditional' : '';
  const given = zone.kind !== 'group' && zone.resource === undefined && zone.members.length === 0 ? ' given' : '';
  const own = zone.resource === undefined ? '' : ` resource" data-resource="${escaped(zone.resource)}`;
  const title = [zone.label, zone.note, whether(zone.condition), foldedTitle(folded)].filter(Boolean).join('\n');
  const box = `<rect x="${n(at.x)}" y="${n(at.y)}" width="${n(at.width)}" height="${n(at.height)}" rx="8"/>`;
  return `<g class="zone ${zone.kind}${dashed}${given}${own}"${foldedData(folded)}><title>${escaped(title)}</title>${box}</g>`;
}

/** Over the arrows, which may pass below. */
function headText(zone: Zone, at: Rectangle, head: Head): string {
  const rows = head.rows.map(({ kind, text, x, y }) => {
    const fitting = kind === 'folded' ? shortened(text, at.width - 2 * x, SIZE.small) : text;
    return `<text class="${kind}" x="${n(at.x + x)}" y="${n(at.y + y)}">${escaped(fitting)}</text>`;
  });
  const chips = head.chips.map(({ member, text, x, y, width }) => {
    const title = [member.id, typeLabel(member.type), member.note, whether(member.condition)]
      .filter(Boolean)
      .join('\n');
    const dashed = member.condition === undefined ? '' : ' conditional';
    return [
      `<g class="resource subnet${dashed}" data-resource="${escaped(member.id)}"><title>${escaped(title)}</title>`,
      `<rect x="${n(at.x + x)}" y="${n(at.y + y)}" width="${n(width)}" height="${CHIP.height}" rx="4"/>`,
      `<text x="${n(at.x + x + CHIP.pad)}" y="${n(at.y + y + 14)}">${escaped(text)}</text></g>`,
    ].join('');
  });
  return `<g class="zone-head ${zone.kind}">${rows.join('')}${chips.join('')}</g>`;
}

function whether(condition: string | undefined): string | undefined {
  return condition === undefined ? undefined : `Exists if ${condition}`;
}

function foldedTitle(folded: readonly Folded[]): string | undefined {
  if (folded.length === 0) return undefined;
  return `Counted here: ${folded.map(({ id, type }) => `${id} (${typeLabel(type)})`).join(', ')}`;
}

function foldedData(folded: readonly Folded[]): string {
  return folded.length === 0 ? '' : ` data-folded="${escaped(folded.map(({ id }) => id).join(' '))}"`;
}

function cardText(card: Card, at: Rectangle, box: Box, folded: readonly Folded[]): string {
  const several = card.name === undefined;
  const isResource = !card.external && !several;
  const classes = [
    isResource ? 'resource' : several ? 'several' : 'external',
    'card',
    card.kind,
    ...(card.condition === undefined ? [] : ['conditional']),
  ];
  const title = [
    card.name ?? card.service,
    several
      ? card.members.map(({ id, condition }) => (condition ? `${id} (if ${condition})` : id)).join(', ')
      : card.service,
    whether(card.condition),
    ...card.notes,
    ...(card.leads ?? []),
    ...card.keys.map((key) => `Encrypted with ${keyText(key)}`),
    foldedTitle(folded),
  ];
  const shown = new Set(box.rows.flatMap(({ member }) => (member ? [member.id] : [])));
  const hidden = card.members.filter(({ id }) => !shown.has(id));
  const data = isResource ? ` data-resource="${escaped(card.id)}"` : '';
  const more = hidden.length === 0 ? '' : ` data-counted="${escaped(hidden.map(({ id }) => id).join(' '))}"`;
  const parts = [
    `<title>${escaped(title.filter(Boolean).join('\n'))}</title>`,
    ...(several ? [plate(at, 5), plate(at, 2.5)] : []),
    `<rect class="plate" x="${n(at.x)}" y="${n(at.y)}" width="${n(at.width)}" height="${n(at.height)}" rx="6"/>`,
    ...(card.external ? [] : [`<path class="band" d="${band(at)}"/>`]),
    ...(card.external
      ? []
      : [
          `<path class="glyph" transform="translate(${n(at.x + at.width - 22)} ${n(at.y + 7)})" d="${GLYPHS[card.kind]}"/>`,
        ]),
    ...box.rows.map((row) => rowText(row, at, card)),
  ];
  return `<g class="${classes.join(' ')}"${data}${more}${foldedData(folded)}>${parts.join('')}</g>`;
}

/** Behind a box that stands for several. */
function plate({ x, y, width, height }: Rectangle, by: number): string {
  return `<rect class="plate" x="${n(x + by)}" y="${n(y + by)}" width="${n(width)}" height="${n(height)}" rx="6"/>`;
}

function band({ x, y, height }: Rectangle): string {
  return `M${n(x + 6)} ${n(y)}h-1a5 5 0 0 0-5 5v${n(height - 10)}a5 5 0 0 0 5 5h1z`;
}

function rowText({ kind, text, x, y, width, member, key }: Box['rows'][number], at: Rectangle, card: Card): string {
  const [left, base] = [at.x + x, at.y + y];
  const line = `<text class="${kind}" x="${n(left)}" y="${n(base)}">${escaped(text)}</text>`;
  if (member) {
    const title = [member.id, whether(member.condition)].filter(Boolean).join('\n');
    const conditional = member.condition !== undefined && card.condition === undefined ? ' conditional' : '';
    return `<g class="resource line${conditional}" data-resource="${escaped(member.id)}"><title>${escaped(title)}</title><circle cx="${n(left - 6)}" cy="${n(base - 4)}" r="2.2"/>${line}</g>`;
  }
  if (key) {
    const pill = `<rect x="${n(left - 19)}" y="${n(base - 12.5)}" width="${n(width + 27)}" height="17" rx="8.5"/>`;
    const glyph = `<path transform="translate(${n(left - 14)} ${n(base - 9)})" d="${KEY}"/>`;
    return `<g class="badge" data-key="${escaped(key.name)}"><title>${escaped(`Encrypted with ${keyText(key)}`)}</title>${pill}${glyph}${line}</g>`;
  }
  return line;
}

function keyText({ name, from }: KeyUse): string {
  if (from === 'import') return `${name}, imported from another stack`;
  return from === 'parameter' ? `${name}, given by a parameter` : name;
}

function arrow({ flow, points }: PlacedFlow, drawing: Drawing): string {
  if (points.length < 2) return '';
  const names = `${nameOf(flow.from, drawing)} → ${nameOf(flow.to, drawing)}`;
  const said = flow.labels.length > 0 ? flow.labels.join(', ') : flow.kind === 'uses' ? 'refers to' : 'connects';
  const title = `${names}: ${said}${flow.conditional ? ' (under a condition)' : ''}`;
  const classes = `flow ${flow.kind}${flow.conditional ? ' conditional' : ''}`;
  return `<g class="${classes}" data-from="${escaped(flow.from)}" data-to="${escaped(flow.to)}"><title>${escaped(title)}</title><path d="${line(points)}"/><path class="head" d="${head(points)}"/></g>`;
}

/** Up to the head, with small round corners. */
function line(points: readonly Point[]): string {
  const radius = 5;
  const last = points.length - 1;
  let text = `M${n(points[0]!.x)} ${n(points[0]!.y)}`;
  for (let index = 1; index < last; index++) {
    const [before, at, after] = [points[index - 1]!, points[index]!, points[index + 1]!];
    const into = towards(at, before, Math.min(radius, distance(at, before) / 2));
    const out = towards(at, after, Math.min(radius, distance(at, after) / 2));
    text += `L${n(into.x)} ${n(into.y)}Q${n(at.x)} ${n(at.y)} ${n(out.x)} ${n(out.y)}`;
  }
  const end = towards(points[last]!, points[last - 1]!, Math.min(6, distance(points[last]!, points[last - 1]!)));
  return `${text}L${n(end.x)} ${n(end.y)}`;
}

function head(points: readonly Point[]): string {
  const end = points.at(-1)!;
  let before = points.at(-2)!;
  if (distance(end, before) < 0.01) before = points.at(-3) ?? before;
  const length = distance(end, before) || 1;
  const [dx, dy] = [(end.x - before.x) / length, (end.y - before.y) / length];
  const [x, y] = [end.x - dx * 8, end.y - dy * 8];
  return `M${n(end.x)} ${n(end.y)}L${n(x - dy * 4)} ${n(y + dx * 4)}L${n(x + dy * 4)} ${n(y - dx * 4)}z`;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}

/** Only what occurs in the drawing. */
function legendOf(
  { cards, flows, zones, folded }: Drawing,
  most: number,
): { text: string; width: number; height: number } {
  const sample = (kind: string, more = '') =>
    `<g class="flow ${kind}${more}"><path d="M0 -4L20 -4"/><path class="head" d="M26 -4L18 0L18 -8z"/></g>`;
  const entries: [string, number, string, boolean][] = [
    [sample('network'), 32, 'may connect (rules, routes)', flows.some(({ kind }) => kind === 'network')],
    [sample('data'), 32, 'data, events, logs', flows.some(({ kind }) => kind === 'data')],
    [sample('uses'), 32, 'refers to', flows.some(({ kind }) => kind === 'uses')],
    [
      `<g class="badge"><rect x="0" y="-13" width="24" height="17" rx="8.5"/><path transform="translate(6 -9)" d="${KEY}"/></g>`,
      30,
      'encrypted with this key',
      cards.some(({ keys }) => keys.length > 0),
    ],
    [
      '<g class="card conditional other"><rect class="plate" x="0" y="-12" width="24" height="14" rx="3"/></g>',
      30,
      'exists under a condition',
      [...cards, ...zones].some(
        ({ condition, members }) => condition !== undefined || members.some((one) => one.condition !== undefined),
      ),
    ],
    [
      '<g class="card external outside"><rect class="plate" x="0" y="-12" width="24" height="14" rx="3"/></g>',
      30,
      'not of this template',
      cards.some(({ external }) => external),
    ],
    [
      '<text class="lead" x="4" y="0">→</text>',
      22,
      'leads there, without an arrow',
      cards.some(({ leads }) => leads !== undefined),
    ],
    ['<text class="folded" x="8" y="0">+</text>', 22, 'small resources counted with this one', folded.length > 0],
  ];
  let [x, y, width] = [0, 12, 0];
  const parts: string[] = [];
  for (const [symbol, room, text, occurs] of entries) {
    if (!occurs) continue;
    const needed = room + widthOf(text, SIZE.small) + 24;
    if (x > 0 && x + needed > most) {
      x = 0;
      y += LINE;
    }
    parts.push(`<g transform="translate(${n(x)} ${y})">${symbol}<text x="${room}" y="0">${escaped(text)}</text></g>`);
    x += needed;
    width = Math.max(width, x - 24);
  }
  return { text: parts.join(''), width, height: parts.length === 0 ? 0 : y + 4 };
}

/** Numbers with one decimal, and none where there is none. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const KEY =
  'M3.2 0a3.2 3.2 0 1 0 3.05 4.2H8v1.6h1.6V4.2h1V2.2H6.25A3.2 3.2 0 0 0 3.2 0zm0 2a1.2 1.2 0 1 1 0 2.4 1.2 1.2 0 0 1 0-2.4z';

/** Neutral shapes of 12 by 12, one a kind. */
const GLYPHS: Readonly<Record<Kind, string>> = {
  access: 'M6 1a2.6 2.6 0 1 1 0 5.2A2.6 2.6 0 0 1 6 1zM1 11.5c0-3 2.2-4.3 5-4.3s5 1.3 5 4.3',
  compute: 'M2.5 2.5h7v7h-7zM4.5 .5v2M7.5 .5v2M4.5 9.5v2M7.5 9.5v2M.5 4.5h2M.5 7.5h2M9.5 4.5h2M9.5 7.5h2',
  data: 'M1.5 2.5c0-2.2 9-2.2 9 0v7c0 2.2-9 2.2-9 0zM1.5 2.5c0 2.2 9 2.2 9 0M1.5 6c0 2.2 9 2.2 9 0',
  delivery: 'M6 .8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 6 .8zM.8 6h10.4M6 .8c-3 3-3 7.4 0 10.4M6 .8c3 3 3 7.4 0 10.4',
  development: 'M4 3L1 6l3 3M8 3l3 3-3 3M7 1.5l-2 9',
  governance: 'M1.5 1.5h9v9h-9zM3.5 6l2 2 3-4',
  messaging: 'M1 2.5h10v7H1zM1 2.5l5 4 5-4',
  monitoring: 'M.8 7.5h2.2L5 2l2.5 8L9 6h2.2',
  network:
    'M6 1a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zM2.3 8a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zM9.7 8a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3zM6 4v2.5M2.3 8V6.5h7.4V8',
  other: 'M6 1l5 5-5 5-5-5z',
  outside: 'M6 1l5 5-5 5-5-5z',
  security: 'M6 .8l4.6 1.7v3.2c0 3-2 4.8-4.6 5.6C3.4 10.5 1.4 8.7 1.4 5.7V2.5z',
};

/** Hues of the kinds on white, and on dark. */
const HUES: Readonly<Record<Kind, readonly [light: string, dark: string]>> = {
  access: ['#9a3412', '#fb923c'],
  compute: ['#b45309', '#fbbf24'],
  data: ['#15803d', '#4ade80'],
  delivery: ['#6d28d9', '#a78bfa'],
  development: ['#4d7c0f', '#a3e635'],
  governance: ['#475569', '#94a3b8'],
  messaging: ['#be185d', '#f472b6'],
  monitoring: ['#0e7490', '#22d3ee'],
  network: ['#1d4ed8', '#60a5fa'],
  other: ['#57534e', '#a8a29e'],
  outside: ['#57534e', '#a8a29e'],
  security: ['#b91c1c', '#f87171'],
};

const S = '.plainform-diagram';

const LIGHT = [
  '--paper:#fff;--ink:#1c2430;--muted:#55606e;--line:#98a2b0;--card:#fff;--group:#f5f6f8;--vpc:#f3f7fd;--edge:#c3cad4',
  '--public:#e6f4ea;--public-line:#4f9a67;--private:#e4eefb;--private-line:#5b8cc9;--isolated:#efe9f8;--isolated-line:#8a6fbf',
  '--network:#1d4ed8;--data:#3f4a5a;--uses:#8a94a3;--badge:#fdf1cf;--badge-line:#c99a1b;--badge-ink:#6b4c00',
  ...Object.entries(HUES).map(([kind, [light]]) => `--${kind}-hue:${light}`),
].join(';');

const DARK = [
  '--paper:#11161d;--ink:#e6eaf0;--muted:#a4aebb;--line:#6b7685;--card:#1b222c;--group:#171d26;--vpc:#141c29;--edge:#3a4452',
  '--public:#15291c;--public-line:#4f9a67;--private:#14253a;--private-line:#5b8cc9;--isolated:#231c35;--isolated-line:#8a6fbf',
  '--network:#7ab0ff;--data:#c3ccd8;--uses:#77818f;--badge:#3a2f10;--badge-line:#b98f22;--badge-ink:#f4d888',
  ...Object.entries(HUES).map(([kind, [, dark]]) => `--${kind}-hue:${dark}`),
].join(';');

const STYLE = [
  `${S}{${LIGHT};font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans","DejaVu Sans",sans-serif;max-width:100%;height:auto}`,
  `@media (prefers-color-scheme:dark){${S}{${DARK}}}`,
  `@media print{${S}{${LIGHT};print-color-adjust:exact;-webkit-print-color-adjust:exact}}`,
  `${S} text{fill:var(--ink);font-size:${SIZE.small}px}`,
  `${S} .paper{fill:var(--paper)}`,
  `${S} .title{font-size:${SIZE.title}px;font-weight:700}`,
  `${S} .subtitle,${S} .legend text,${S} .note,${S} .service,${S} .folded,${S} .more{fill:var(--muted)}`,
  `${S} .zone-head>text{paint-order:stroke;stroke:var(--group);stroke-width:4px;stroke-linejoin:round}`,
  `${S} .zone-head.vpc>text{stroke:var(--vpc)}`,
  ...['public', 'private', 'isolated'].map((kind) => `${S} .zone-head.${kind}>text{stroke:var(--${kind})}`),
  `${S} .zone>rect{fill:var(--group);stroke:var(--edge);stroke-width:1}`,
  `${S} .zone.vpc>rect{fill:var(--vpc);stroke:var(--network);stroke-width:1.5}`,
  ...['public', 'private', 'isolated'].map(
    (kind) => `${S} .zone.${kind}>rect{fill:var(--${kind});stroke:var(--${kind}-line)}`,
  ),
  `${S} .zone.given>rect{stroke-dasharray:2 3}`,
  `${S} .zone.conditional>rect,${S} .subnet.conditional>rect,${S} .card.conditional>.plate{stroke-dasharray:5 3}`,
  `${S} text.zone{font-size:${SIZE.zone}px;font-weight:700}`,
  `${S} .subnet>rect{fill:var(--paper);stroke:var(--line)}`,
  `${S} .plate{fill:var(--card);stroke:var(--line);stroke-width:1}`,
  `${S} .external .plate{fill:var(--paper);stroke-dasharray:2 3}`,
  `${S} text.name{font-size:${SIZE.name}px;font-weight:700}`,
  `${S} .glyph{fill:none;stroke-width:1.1;stroke-linejoin:round;stroke-linecap:round}`,
  ...Object.keys(HUES).map(
    (kind) => `${S} .${kind}>.band{fill:var(--${kind}-hue)}${S} .${kind}>.glyph{stroke:var(--${kind}-hue)}`,
  ),
  `${S} .line>circle{fill:var(--muted)}`,
  `${S} .line.conditional>circle{fill:none;stroke:var(--muted)}`,
  `${S} text.lead{fill:var(--data)}`,
  `${S} text.condition,${S} text.folded{font-style:italic}`,
  `${S} .badge>rect{fill:var(--badge);stroke:var(--badge-line)}`,
  `${S} .badge>path,${S} .badge>text{fill:var(--badge-ink)}`,
  `${S} .flow>path{fill:none;stroke-width:1.3}`,
  ...['network', 'data', 'uses'].map(
    (kind) =>
      `${S} .flow.${kind}>path{stroke:var(--${kind})}${S} .flow.${kind}>.head{fill:var(--${kind});stroke:none}${S} text.flow-label.${kind}{fill:var(--${kind})}`,
  ),
  `${S} .flow.conditional>path{stroke-dasharray:5 3}`,
  `${S} .flow:hover>path{stroke-width:2.6}`,
  `${S} .flow-label{font-size:${SIZE.label}px;text-anchor:middle;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round;pointer-events:none}`,
].join('\n');
