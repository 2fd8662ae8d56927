import type { Drawing, Flow } from './model.ts';

/** How far a drawing is simplified, from not at all. */
export const LEVELS = [0, 1, 2, 3, 4] as const;
export type Level = (typeof LEVELS)[number];

/**
 * A drawing with fewer arrows: what they say stands as text in the box they would come from. First those to boxes where many
 * end, then all that only refer and where several end, then all between groups but who may connect to whom, at last all.
 * Nothing is lost.
 */
export function simplified(drawing: Drawing, level: Level): Drawing {
  if (level === 0) return drawing;
  const { cards, zones, flows } = drawing;
  const ending = new Map<string, number>();
  for (const { to, kind } of flows) if (kind !== 'network') ending.set(to, (ending.get(to) ?? 0) + 1);
  const outermost = outermostOf(drawing);
  const own = new Set(cards.filter(({ external }) => !external).map(({ id }) => id));
  const isText = ({ from, to, kind }: Flow) => {
    if (level === 4) return own.has(from) || own.has(to);
    if (kind === 'network' || !own.has(from)) return false;
    const hub = (ending.get(to) ?? 0) >= (level === 1 ? 4 : 2);
    return hub || (level >= 2 && kind === 'uses') || (level === 3 && outermost(from) !== outermost(to));
  };
  const names = new Map([
    ...zones.map(({ id, label }) => [id, label] as const),
    ...cards.map(({ id, name, service }) => [id, name ?? service] as const),
  ]);
  const leads = new Map<string, Map<string, string[]>>();
  const reached = new Map<string, string[]>();
  for (const { from, to, labels } of flows.filter(isText)) {
    const said = labels.join(', ');
    const name = names.get(from) ?? from;
    if (!own.has(from)) {
      reached.set(to, [...(reached.get(to) ?? []), said === '' ? name : `${name}: ${said}`]);
      continue;
    }
    const saying = leads.get(from) ?? new Map<string, string[]>();
    leads.set(from, saying.set(said, [...(saying.get(said) ?? []), names.get(to) ?? to]));
    if (own.has(to)) reached.set(to, [...(reached.get(to) ?? []), name]);
  }
  const textOf = (id: string) => [
    ...[...(leads.get(id) ?? [])].map(([said, targets]) => `${said} → ${targets.join(', ')}`.trimStart()),
    ...(reached.has(id) ? [`← ${sourcesOf(reached.get(id)!)}`] : []),
  ];
  const kept = flows.filter((flow) => !isText(flow));
  const used = new Set(kept.flatMap(({ from, to }) => [from, to]));
  return {
    ...drawing,
    // What is outside and has no arrow any more is named where it is meant.
    cards: cards
      .filter(({ id, external }) => !external || used.has(id))
      .map((card) => (leads.has(card.id) || reached.has(card.id) ? { ...card, leads: textOf(card.id) } : card)),
    flows: kept,
  };
}

function sourcesOf(names: readonly string[]): string {
  return names.length > 2 ? `${names.length} boxes` : names.join(', ');
}

function outermostOf({ zones, cards }: Drawing): (id: string) => string {
  const parent = new Map<string, string | undefined>([
    ...zones.map((zone) => [zone.id, zone.parent] as const),
    ...cards.map((card) => [card.id, card.zone] as const),
  ]);
  const outermost = (id: string): string => {
    const outer = parent.get(id);
    return outer === undefined ? id : outermost(outer);
  };
  return outermost;
}
