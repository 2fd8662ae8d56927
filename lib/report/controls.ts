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

export function countVerdicts(facts: readonly LocatedFact[]): Record<string, number> {
  return Object.fromEntries(
    ORDER.map((verdict) => [verdict, facts.filter((fact) => fact.verdict === verdict).length] as const).filter(
      ([, count]) => count > 0,
    ),
  );
}

/** "41 proven, 2 fail, 1 depends on what is not known". */
export function verdictCounts(facts: readonly LocatedFact[]): string {
  const parts = Object.entries(countVerdicts(facts)).map(
    ([verdict, count]) => `${count} ${verdict === 'not-evaluated' ? 'not evaluated' : verdict}`,
  );
  return parts.length === 0 ? 'none apply' : parts.join(', ');
}
