import type { Contract, NameVerdict } from '../contract/contract.ts';

/** "contract: 24 names read, 24 proven"; undefined where the templates promise each other nothing. */
export function contractSummary({ names, unread }: Contract): string | undefined {
  if (names.length === 0) return undefined;
  const count = (verdict: NameVerdict) => names.filter((name) => name.verdict === verdict).length;
  const parts = (
    [
      ['proven', 'proven'],
      ['broken', 'broken'],
      ['unknown', 'not known'],
      ['aws', "of AWS's own"],
    ] as const
  ).flatMap(([verdict, said]) => (count(verdict) > 0 || verdict === 'proven' ? [`${count(verdict)} ${said}`] : []));
  const written = unread.length > 0 ? `; ${unread.length} written that none of these reads` : '';
  return `contract: ${names.length} name${names.length === 1 ? '' : 's'} read, ${parts.join(', ')}${written}`;
}

export function contractJson({ names, unread, order }: Contract) {
  const count = (verdict: NameVerdict) => names.filter((name) => name.verdict === verdict).length;
  return {
    read: names.length,
    proven: count('proven'),
    broken: count('broken'),
    unknown: count('unknown'),
    names: names.map(({ readers, writers, ...name }) => ({
      kind: name.kind,
      name: name.name,
      verdict: name.verdict,
      readers,
      writers,
      ...(name.type && { type: name.type }),
      where: name.where,
      ...(name.when && { when: name.when }),
      ...(name.because !== undefined && { because: name.because }),
    })),
    unread,
    ...(order && { order }),
  };
}
