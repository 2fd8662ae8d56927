import type { LocatedFact } from '../check/check-controls.ts';

const ORDER: readonly LocatedFact['verdict'][] = [
  'proven',
  'fails',
  'never',
  'depends',
  'waived',
  'unreachable',
  'not-evaluated',
];

/** "41 proven, 2 fail, 1 depends on what is not known". */
export function verdictCounts(facts: readonly LocatedFact[]): string {
  const parts = ORDER.flatMap((verdict) => {
    const count = facts.filter((fact) => fact.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict === 'not-evaluated' ? 'not evaluated' : verdict}`];
  });
  return parts.length === 0 ? 'none apply' : parts.join(', ');
}
