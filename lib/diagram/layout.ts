import type { ElkExtendedEdge, ElkNode, ElkPort, LayoutOptions } from 'elkjs/lib/elk-api.js';
import { arrowText, type Box, boxOf, foldedInto, type Head, headOf, SIZE } from './boxes.ts';
import type { Card, Drawing, Flow, Folded, Zone } from './model.ts';
import { widthOf } from './text.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rectangle extends Point {
  readonly width: number;
  readonly height: number;
}

export interface PlacedFlow {
  readonly flow: Flow;
  readonly points: readonly Point[];
  readonly label?: Rectangle & { readonly text: string };
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly zones: readonly { readonly zone: Zone; readonly at: Rectangle; readonly head: Head }[];
  readonly cards: readonly { readonly card: Card; readonly at: Rectangle; readonly box: Box }[];
  readonly flows: readonly PlacedFlow[];
}

/** What a drawing is fitted to: letters are as large as they can be in it. About 16:10. */
const PAGE = { width: 1400, height: 875 };
const GAP = 18;
const DOWNWARDS = 0.85;
/** A page can be scrolled down: what is too high weighs less than what is too wide. */
const TALL = 0.5;
/** So much of its full size is enough. */
const ENOUGH = 0.9;
const INSIDE = 14;

/** Part of the drawing that no arrow leaves. */
interface Part {
  readonly zones: readonly Zone[];
  readonly cards: readonly Card[];
  readonly flows: readonly Flow[];
}

/** A part as it is laid out, from 0, 0. */
interface Placed {
  /** Arrows lead downwards, and heads stand beside: only where that makes letters much larger. */
  readonly down: boolean;
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Rectangle>;
  readonly flows: readonly PlacedFlow[];
}

interface Measured {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly heads: ReadonlyMap<string, Head>;
  readonly headsBeside: ReadonlyMap<string, Head>;
}

type Elk = { layout(graph: ElkNode): Promise<ElkNode> };

/** Where everything stands. The same drawing gives the same places. */
export async function layOut(drawing: Drawing): Promise<Layout> {
  const folded = foldedInto(drawing);
  const measured: Measured = {
    boxes: evenWidths(drawing, new Map(drawing.cards.map((card) => [card.id, boxOf(card, folded.get(card.id) ?? [])]))),
    heads: headsOf(drawing, folded, false),
    headsBeside: headsOf(drawing, folded, true),
  };
  const elk = await layouter();
  const parts: Placed[][] = [];
  for (const part of partsOf(drawing)) parts.push(await alternatives(part, measured, elk));
  const { width, height, placed } = packed(parts);
  const places = new Map(placed.flatMap((part) => [...part.places]));
  const down = new Set(placed.flatMap((part) => (part.down ? [...part.places.keys()] : [])));
  return {
    width,
    height,
    zones: drawing.zones.map((zone) => ({
      zone,
      at: places.get(zone.id)!,
      head: (down.has(zone.id) ? measured.headsBeside : measured.heads).get(zone.id)!,
    })),
    cards: drawing.cards.map((card) => ({ card, at: places.get(card.id)!, box: measured.boxes.get(card.id)! })),
    flows: placed.flatMap(({ flows }) => flows),
  };
}

function headsOf({ zones }: Drawing, folded: ReadonlyMap<string, readonly Folded[]>, beside: boolean) {
  return new Map(zones.map((zone) => [zone.id, headOf(zone, folded.get(zone.id) ?? [], beside)]));
}

/** Boxes of one zone are as wide as the widest. */
function evenWidths({ cards }: Drawing, boxes: ReadonlyMap<string, Box>): ReadonlyMap<string, Box> {
  const widest = new Map<string | undefined, number>();
  for (const { id, zone } of cards) widest.set(zone, Math.max(widest.get(zone) ?? 0, boxes.get(id)!.width));
  return new Map(cards.map(({ id, zone }) => [id, { ...boxes.get(id)!, width: widest.get(zone)! }]));
}

/** Loaded when something is drawn: it is the largest module of all. */
async function layouter(): Promise<Elk> {
  const { default: module } = await import('elkjs/lib/elk.bundled.js');
  const Constructor = (module as unknown as { default?: typeof module }).default ?? module;
  return new Constructor();
}

/** Zones and cards that arrows or boxes hold together. */
function partsOf({ zones, cards, flows }: Drawing): Part[] {
  const parent = new Map<string, string | undefined>([
    ...zones.map((zone) => [zone.id, zone.parent] as const),
    ...cards.map((card) => [card.id, card.zone] as const),
  ]);
  const outermost = (id: string): string => {
    const outer = parent.get(id);
    return outer === undefined ? id : outermost(outer);
  };
  const joinedWith = new Map<string, string>();
  const root = (id: string): string => {
    const next = joinedWith.get(id);
    return next === undefined ? id : root(next);
  };
  for (const { from, to } of flows) {
    const [a, b] = [root(outermost(from)), root(outermost(to))];
    if (a !== b) joinedWith.set(b, a);
  }
  const roots = [...new Set([...zones, ...cards].map(({ id }) => root(outermost(id))))];
  const inPart = (name: string) => (id: string) => root(outermost(id)) === name;
  return roots.map((name) => ({
    zones: zones.filter(({ id }) => inPart(name)(id)),
    cards: cards.filter(({ id }) => inPart(name)(id)),
    flows: flows.filter(({ from }) => inPart(name)(from)),
  }));
}

interface Attempt {
  readonly direction: 'DOWN' | 'RIGHT';
  /** Of cards that no arrow leads to: how much wider than high. */
  readonly wide: number;
}

/** What is tried, in rounds: the next only where what was found does not fit the page. */
function rounds(part: Part): Attempt[][] {
  if (part.flows.length === 0) return [[0.4, 0.8, 1.6, 3.2, 6.4].map((wide) => ({ direction: 'RIGHT', wide }))];
  const busy = new Set(part.flows.flatMap(({ from, to }) => [from, to]));
  const idle = part.cards.some(({ id }) => !busy.has(id));
  const widths = idle ? [0.5, 1.4] : [1];
  return (['RIGHT', 'DOWN'] as const).map((direction) => widths.map((wide) => ({ direction, wide })));
}

async function alternatives(part: Part, measured: Measured, elk: Elk): Promise<Placed[]> {
  const found: Placed[] = [];
  let failure: unknown;
  for (const round of rounds(part)) {
    for (const attempt of round) {
      try {
        found.push(await placePart(part, measured, elk, attempt));
      } catch (error) {
        failure = error;
      }
    }
    if (found.some((one) => worth({ ...one, placed: [one] }) >= ENOUGH)) break;
  }
  if (found.length === 0) throw failure;
  return found;
}

async function placePart(part: Part, measured: Measured, elk: Elk, attempt: Attempt): Promise<Placed> {
  const { direction, wide } = attempt;
  const shelves = new Map<string, Shelf>();
  const zones = new Set(part.zones.map(({ id }) => id));
  const busy = new Set(part.flows.flatMap(({ from, to }) => [from, to]));
  const childrenOf = (zone: string | undefined): ElkNode[] => {
    const own = part.cards.filter((card) => card.zone === zone);
    const idle = own.filter(({ id }) => !busy.has(id));
    const nodes: ElkNode[] = part.zones.filter(({ parent }) => parent === zone).map(zoneNode);
    for (const { id } of own)
      if (busy.has(id)) nodes.push({ id, ...size(measured.boxes.get(id)!), ports: portsOf(id, part.flows) });
    if (idle.length > 0) {
      const shelf = shelve(idle, measured, wide);
      const id = `shelf ${zone ?? ''}`;
      shelves.set(id, shelf);
      nodes.push({ id, width: shelf.width, height: shelf.height });
    }
    return nodes;
  };
  const zoneNode = (zone: Zone): ElkNode => {
    const down = direction === 'DOWN';
    const head = (down ? measured.headsBeside : measured.heads).get(zone.id)!;
    const children = childrenOf(zone.id);
    if (children.length === 0) return { id: zone.id, width: head.width, height: head.height + 6 };
    const [top, left] = down ? [INSIDE, head.width] : [head.height + 6, INSIDE];
    return {
      id: zone.id,
      children,
      layoutOptions: {
        ...optionsOf(attempt),
        'elk.padding': `[top=${top},left=${left},bottom=${INSIDE},right=${INSIDE}]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        // ELK lays out downwards by turning the graph, but not what is least.
        'elk.nodeSize.minimum': down ? `(${head.height + 6},0)` : `(${head.width},0)`,
      },
    };
  };
  const edges = part.flows.map((flow, index): ElkExtendedEdge => {
    const text = arrowText(flow.labels);
    const width = Math.ceil(widthOf(text, SIZE.label)) + 6;
    return {
      id: `flow ${index}`,
      sources: [zones.has(flow.from) ? flow.from : portOf(flow.from, 'out', flow)],
      targets: [zones.has(flow.to) ? flow.to : portOf(flow.to, 'in', flow)],
      ...(text !== '' && { labels: [{ text, width, height: 15 }] }),
    };
  });
  const graph = await elk.layout({
    id: 'root',
    layoutOptions: { ...optionsOf(attempt), 'elk.padding': '[top=0,left=0,bottom=0,right=0]' },
    children: childrenOf(undefined),
    edges,
  });
  return read(graph, part, shelves, direction === 'DOWN');
}

/** Arrows of one kind leave a box, or come to it, as one line; those of different kinds never share one. */
function portsOf(id: string, flows: readonly Flow[]): ElkPort[] {
  const names = flows.flatMap((flow) => [
    ...(flow.from === id ? [portOf(id, 'out', flow)] : []),
    ...(flow.to === id ? [portOf(id, 'in', flow)] : []),
  ]);
  return [...new Set(names)].map((name) => ({ id: name, width: 0, height: 0 }));
}

function portOf(id: string, way: 'in' | 'out', { kind, conditional }: Flow): string {
  return `${way} ${kind} ${conditional} ${id}`;
}

function size({ width, height }: Box): { width: number; height: number } {
  return { width, height };
}

function optionsOf({ direction }: Attempt): LayoutOptions {
  return {
    'elk.algorithm': 'layered',
    'elk.direction': direction,
    'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.json.shapeCoords': 'ROOT',
    'elk.json.edgeCoords': 'ROOT',
    'elk.randomSeed': '1',
    'elk.spacing.nodeNode': '18',
    'elk.spacing.edgeNode': '12',
    'elk.spacing.edgeEdge': '9',
    'elk.spacing.edgeLabel': '2',
    'elk.spacing.componentComponent': '18',
    'elk.layered.spacing.nodeNodeBetweenLayers': '26',
    'elk.layered.spacing.edgeNodeBetweenLayers': '12',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
    'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  };
}

function read(graph: ElkNode, part: Part, shelves: ReadonlyMap<string, Shelf>, down: boolean): Placed {
  const places = new Map<string, Rectangle>();
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children }: ElkNode): void => {
    const shelf = shelves.get(id);
    if (shelf) {
      for (const [card, at] of shelf.places) places.set(card, { ...at, x: at.x + x, y: at.y + y });
    } else places.set(id, { x, y, width, height });
    children?.forEach(visit);
  };
  graph.children?.forEach(visit);
  const flows = (graph.edges ?? []).map((edge, index): PlacedFlow => {
    const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      startPoint,
      ...bendPoints,
      endPoint,
    ]);
    const [label] = edge.labels ?? [];
    return {
      flow: part.flows[index]!,
      points,
      ...(label && {
        label: { text: label.text!, x: label.x!, y: label.y!, width: label.width!, height: label.height! },
      }),
    };
  });
  return { down, width: graph.width ?? 0, height: graph.height ?? 0, places, flows };
}

/** Cards that no arrow leads to, in rows. */
interface Shelf {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<string, Rectangle>;
}

/** @param wide how much wider than high, where cards allow it. */
function shelve(cards: readonly Card[], { boxes }: Measured, wide: number): Shelf {
  const sizes = cards.map(({ id }) => ({ id, ...size(boxes.get(id)!) }));
  const area = sizes.reduce((sum, { width, height }) => sum + (width + GAP) * (height + GAP), 0);
  const widest = Math.max(...sizes.map(({ width }) => width));
  const limit = Math.max(widest, Math.sqrt(area * wide));
  const places = new Map<string, Rectangle>();
  let [x, y, row, right] = [0, 0, 0, 0];
  for (const { id, width, height } of sizes) {
    if (x > 0 && x + width > limit) {
      x = 0;
      y += row + GAP - 4;
      row = 0;
    }
    places.set(id, { x, y, width, height });
    right = Math.max(right, x + width);
    row = Math.max(row, height);
    x += width + GAP - 4;
  }
  return { width: right, height: y + row, places };
}

interface Packed {
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
}

/** Parts side by side and below each other, in the shape in which letters are largest. */
function packed(parts: readonly (readonly Placed[])[]): Packed {
  const widths = new Set(parts.flat().map(({ width }) => Math.round(width)));
  for (let width = 400; width <= 4000; width += 100) widths.add(width);
  const single = parts.length === 1;
  let best: Packed | undefined;
  for (const width of [...widths].sort((a, b) => a - b)) {
    const chosen = parts.map((alternatives) => bestFor(alternatives, single ? Number.POSITIVE_INFINITY : width));
    const attempt = pack(chosen, width);
    if (!best || worth(attempt) > worth(best) + 1e-9) best = attempt;
  }
  return best ?? { width: 0, height: 0, placed: [] };
}

/** How large letters are where the drawing is as wide as the page, less where it is then higher than the page. */
function worth({ width, height, placed }: Packed): number {
  const scale = Math.min(1, PAGE.width / width);
  const down = placed.some((part) => part.down) ? DOWNWARDS : 1;
  return scale * down * Math.min(1, PAGE.height / (height * scale)) ** TALL - (width * height) / 1e8;
}

function bestFor(alternatives: readonly Placed[], width: number): Placed {
  const fitting = alternatives.filter((one) => one.width <= width);
  const worthOf = (one: Placed) => worth({ ...one, placed: [one] });
  const candidates = fitting.length > 0 ? fitting : alternatives;
  return candidates.reduce((best, one) => (worthOf(one) > worthOf(best) ? one : best));
}

/** The largest first, each as high as it can stand, then as far left. */
function pack(parts: readonly Placed[], limit: number): Packed {
  const order = parts.map((part, index) => ({ part, index }));
  order.sort((a, b) => b.part.width * b.part.height - a.part.width * a.part.height || a.index - b.index);
  const taken: Rectangle[] = [];
  const moved: Placed[] = [];
  for (const { part } of order) {
    const at = firstFree(part, taken, limit);
    taken.push({ ...at, width: part.width, height: part.height });
    moved.push(shifted(part, at));
  }
  return {
    width: Math.max(0, ...taken.map(({ x, width }) => x + width)),
    height: Math.max(0, ...taken.map(({ y, height }) => y + height)),
    placed: moved,
  };
}

function firstFree(part: Placed, taken: readonly Rectangle[], limit: number): Point {
  const xs = [0, ...taken.map(({ x, width }) => x + width + GAP)];
  const ys = [0, ...taken.map(({ y, height }) => y + height + GAP)].sort((a, b) => a - b);
  for (const y of ys)
    for (const x of [...xs].sort((a, b) => a - b)) {
      if (x > 0 && x + part.width > limit) continue;
      if (taken.every((other) => apart(other, { x, y, width: part.width, height: part.height }))) return { x, y };
    }
  return { x: 0, y: Math.max(0, ...taken.map(({ y, height }) => y + height + GAP)) };
}

function apart(a: Rectangle, b: Rectangle): boolean {
  return (
    a.x + a.width + GAP <= b.x ||
    b.x + b.width + GAP <= a.x ||
    a.y + a.height + GAP <= b.y ||
    b.y + b.height + GAP <= a.y
  );
}

function shifted(part: Placed, by: Point): Placed {
  const move = <T extends Point>(point: T): T => ({ ...point, x: point.x + by.x, y: point.y + by.y });
  return {
    ...part,
    places: new Map([...part.places].map(([id, at]) => [id, move(at)])),
    flows: part.flows.map(({ flow, points, label }) => ({
      flow,
      points: points.map(move),
      ...(label && { label: move(label) }),
    })),
  };
}
