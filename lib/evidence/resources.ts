import { expandForEach } from '../cfn/for-each.ts';
import type { TemplateDocument } from '../cfn/read.ts';
import { entriesOf } from '../scenarios/entries.ts';

/** A resource as its template declares it: loops unrolled, what SAM makes left in. */
export interface Declared {
  readonly template: string;
  readonly id: string;
  readonly type: string;
  readonly condition?: string;
  /** The rest of the body as text. */
  readonly text: string;
  readonly line: number;
}

/** By logical ID. The document is canonical, so equal bodies have equal texts. */
export function resourcesOf(name: string, document: TemplateDocument): ReadonlyMap<string, Declared> {
  const { template, origin } = expandForEach(document.template);
  return new Map(
    entriesOf(template.Resources).map(([id, { Type, ...body }]): [string, Declared] => [
      id,
      {
        template: name,
        id,
        type: String(Type),
        ...(typeof body.Condition === 'string' && { condition: body.Condition }),
        text: JSON.stringify(body),
        line: document.locate(origin(['Resources', id])).line,
      },
    ]),
  );
}

/**
 * Joins resources that came with those that went, both ways, where type and body are the same but for the names of what came and
 * went: a rename, or a move to another template. Of several that fit, one of the same name is taken first.
 */
export function partnersOf(came: readonly Declared[], went: readonly Declared[]): ReadonlyMap<Declared, Declared> {
  const names = [...new Set([...came, ...went].map(({ id }) => id.replace(/\W/g, '\\$&')))];
  const anyName = names.length > 0 ? new RegExp(`\\b(?:${names.join('|')})\\b`, 'g') : /$^/;
  const look = ({ type, text }: Declared) => `${type} ${text.replace(anyName, '?')}`;
  const left = new Map<string, Declared[]>();
  for (const each of went) left.set(look(each), [...(left.get(look(each)) ?? []), each]);
  const partners = new Map<Declared, Declared>();
  for (const each of came) {
    const candidates = left.get(look(each)) ?? [];
    const partner = candidates.find(({ id }) => id === each.id) ?? candidates[0];
    if (!partner) continue;
    candidates.splice(candidates.indexOf(partner), 1);
    partners.set(each, partner).set(partner, each);
  }
  return partners;
}
