import { shortLabel } from './catalogue.ts';
import type { Card, Drawing, Folded, KeyUse, Member, Zone } from './model.ts';
import { portList } from './security-groups.ts';
import { counted, inTwoLines, shortened, widthOf } from './text.ts';

/** Sizes of letters, in pixels of the drawing. */
export const SIZE = { title: 17, zone: 13, name: 13, small: 11.5, label: 11.5 } as const;

const CARD = { least: 128, most: 236, left: 13, right: 11, top: 7, bottom: 8 } as const;
/** Lines of a box that counts several; the others are in its tooltip and counted. */
const LINES = 5;
/** Lines of what arrows would say. */
const LEADS = 4;
const GLYPH = 20;

/** One line of a box, with its baseline from the top of the box. */
export interface Row {
  readonly kind: 'condition' | 'folded' | 'key' | 'lead' | 'member' | 'more' | 'name' | 'note' | 'service' | 'zone';
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly member?: Member;
  readonly key?: KeyUse;
}

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
}

export function foldedInto(drawing: Drawing): ReadonlyMap<string, readonly Folded[]> {
  const found = new Map<string, Folded[]>();
  for (const each of drawing.folded) found.set(each.into, [...(found.get(each.into) ?? []), each]);
  return found;
}

/** `2 route tables, route`: what is counted with a box. */
export function foldedText(folded: readonly Folded[]): string {
  const counts = new Map<string, number>();
  for (const { type } of folded) counts.set(shortLabel(type), (counts.get(shortLabel(type)) ?? 0) + 1);
  return [...counts].map(([noun, count]) => (count === 1 ? noun : counted(count, noun))).join(', ');
}

/** The lines of a card and how large they make it. */
export function boxOf(card: Card, folded: readonly Folded[]): Box {
  const room = CARD.most - CARD.left - CARD.right;
  const rows: Row[] = [];
  let y = CARD.top;
  let widest = 0;
  const put = (kind: Row['kind'], text: string, size: number, height: number, more: Partial<Row> = {}, indent = 0) => {
    const width = widthOf(text, size, kind === 'name');
    rows.push({ kind, text, x: CARD.left + indent, y: y + height - Math.round(height * 0.26), width, ...more });
    widest = Math.max(widest, width + indent + (kind === 'service' ? GLYPH : 0));
    y += height;
  };
  put('service', shortened(card.service, room - GLYPH, SIZE.small), SIZE.small, 16);
  if (card.name !== undefined)
    for (const line of inTwoLines(card.name, room, SIZE.name, true)) put('name', line, SIZE.name, 17);
  const shown = card.members.length > LINES + 1 ? card.members.slice(0, LINES) : card.members;
  for (const member of shown) {
    const differs = member.condition !== undefined && member.condition !== card.condition;
    const text = differs ? `${member.id} if ${member.condition}` : member.id;
    put('member', shortened(text, room - 10, SIZE.small), SIZE.small, 16, { member }, 10);
  }
  if (shown.length < card.members.length)
    put('more', `and ${card.members.length - shown.length} more`, SIZE.small, 16, {}, 10);
  if (card.condition !== undefined)
    put('condition', shortened(`if ${card.condition}`, room, SIZE.small), SIZE.small, 16);
  const notes = card.notes.length > 3 ? [...card.notes.slice(0, 2), `and ${card.notes.length - 2} more`] : card.notes;
  for (const note of notes) put('note', shortened(note, room, SIZE.small), SIZE.small, 15);
  const { leads = [] } = card;
  for (const lead of leads.length > LEADS
    ? [...leads.slice(0, LEADS - 1), `and ${leads.length - LEADS + 1} more →`]
    : leads)
    put('lead', shortened(lead, room, SIZE.small), SIZE.small, 16);
  for (const key of card.keys) {
    y += 2;
    put('key', shortened(key.name, room - 24, SIZE.small), SIZE.small, 19, { key }, 19);
    widest = Math.max(widest, rows.at(-1)!.width + 27);
  }
  if (folded.length > 0) {
    const text = foldedText(folded);
    put('folded', shortened(`+ ${text}`, room, SIZE.small), SIZE.small, 16);
  }
  const width = Math.max(CARD.least, Math.ceil(widest) + CARD.left + CARD.right);
  return { width, height: y + CARD.bottom, rows };
}

export const CHIP = { height: 20, gap: 6, pad: 8 } as const;

export interface Chip {
  readonly member: Member;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** The head of a zone: its label, its subnets, what is counted with it. */
export interface Head extends Box {
  readonly chips: readonly Chip[];
}

/**
 * Above what stands in the zone, or in a column beside it where arrows come from above.
 *
 * @param beside as narrow as it can be read
 */
export function headOf(zone: Zone, folded: readonly Folded[], beside: boolean): Head {
  const rows: Row[] = [];
  const most = beside ? 190 : 560;
  const left = 12;
  let y = 8;
  let widest = 0;
  const put = (kind: Row['kind'], text: string, size: number, height: number, bold = false, x = left) => {
    const width = widthOf(text, size, bold);
    rows.push({ kind, text, x, y: y + height - Math.round(height * 0.26), width });
    widest = Math.max(widest, x - left + width);
    y += height;
  };
  const labels = beside ? inTwoLines(zone.label, 130, SIZE.zone, true) : [shortened(zone.label, most, SIZE.zone, true)];
  for (const label of labels) put('zone', label, SIZE.zone, 18, true);
  if (zone.note !== undefined) {
    const x = beside ? left : left + rows[0]!.width + 8;
    if (!beside) y -= 18;
    put('note', shortened(zone.note, beside ? 130 : 200, SIZE.small), SIZE.small, beside ? 16 : 18, false, x);
  }
  if (zone.condition !== undefined)
    put('condition', shortened(`if ${zone.condition}`, most, SIZE.small), SIZE.small, 16);
  const chips: Chip[] = [];
  let x = left;
  if (zone.members.length > 0) y += 4;
  for (const [index, member] of zone.members.entries()) {
    const condition =
      member.condition !== undefined && member.condition !== zone.condition ? ` if ${member.condition}` : '';
    const written = `${member.id}${member.note ? ` ${member.note}` : ''}${condition}`;
    const text = shortened(written, (beside ? most : 260) - 2 * CHIP.pad, SIZE.small);
    const width = Math.ceil(widthOf(text, SIZE.small)) + 2 * CHIP.pad;
    // Two in a row: zones stay narrower than the cards that are put into them need anyway.
    if (index > 0 && (beside || index % 2 === 0 || x + width > most)) {
      x = left;
      y += CHIP.height + CHIP.gap;
    }
    chips.push({ member, text, x, y, width });
    x += width + CHIP.gap;
    widest = Math.max(widest, x - CHIP.gap - left);
  }
  if (chips.length > 0) y += CHIP.height + 4;
  if (folded.length > 0) {
    const known = widest;
    const text = `+ ${foldedText(folded)}`;
    // Above, the drawing cuts it to the width that the zone comes to have.
    put('folded', beside ? shortened(text, Math.max(known, 130), SIZE.small) : text, SIZE.small, 17);
    widest = Math.max(known, Math.min(widest, 240));
  }
  return { width: Math.ceil(widest) + 2 * left, height: y + 4, rows, chips };
}

/** What stands on an arrow: two labels, and how many there are besides. */
export function arrowText(labels: readonly string[]): string {
  const ports = labels.filter((label) => /^(tcp|udp) [^ ]+$/.test(label));
  const others = labels.filter((label) => !ports.includes(label));
  const shown = ports.length > 3 ? [portList(ports.slice(0, 2)), `${ports.length - 2} more ports`] : [portList(ports)];
  return shortened([...shown, ...others].filter(Boolean).join(', '), 170, SIZE.label);
}
