import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Template } from '../../../lib/cfn/template.ts';
import { listScenarios, type Scenarios } from '../../../lib/scenarios/list.ts';
import { sliceOf } from '../../../lib/scenarios/slice.ts';
import { cases, NAMES, outcome, type Raw } from './oracle.ts';

/** How many parameters differ from their defaults; those without a default always count. */
function changes(template: Template, raw: Raw): number {
  const defaults: Raw = { 'AWS::Region': 'us-east-1' };
  return Object.entries(raw).filter(([name, value]) => {
    const usual = template.Parameters?.[name]?.Default ?? defaults[name];
    return usual === undefined || String(usual) !== value;
  }).length;
}

/** For each key the least of the numbers seen. */
function least(entries: Iterable<readonly [string, number]>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, number] of entries) found[key] = Math.min(found[key] ?? Infinity, number);
  return Object.fromEntries(Object.entries(found).sort());
}

describe('against every raw value of random templates', () => {
  test('the condition vectors are those that can be deployed, each with the fewest changes of defaults', () => {
    fc.assert(
      fc.property(cases, ({ template, all }) => {
        const slice = sliceOf(template, [
          ...Object.keys(template.Conditions!).map((condition) => ({ condition })),
          ...NAMES.map((parameter) => ({ parameter })),
        ]);
        const scenarios = listScenarios(template, { slice });
        if (!scenarios.exact) {
          // Comparisons of computed texts over open texts, all of them in the list of assumptions.
          expect(scenarios.assumptions.length).toBeGreaterThan(0);
          return;
        }
        const expected = least(
          all().flatMap((raw) => {
            const vector = outcome(template, raw);
            return vector ? [[JSON.stringify(vector), changes(template, raw)] as const] : [];
          }),
        );
        const found = [...scenarios].map((scenario) => {
          const raw = {
            'AWS::Region': 'us-east-1',
            ...scenario.overrides,
            ...Object.fromEntries(Object.entries(scenario.assignment).map(([name, value]) => [name, String(value)])),
          };
          expect(outcome(template, raw)).toEqual(scenario.conditions);
          return [JSON.stringify(scenario.conditions), Object.keys(scenario.overrides).length] as const;
        });
        expect(found.length).toBe(scenarios.reachable);
        expect(least(found)).toEqual(expected);
        const weights = found.map(([, weight]) => weight);
        expect(weights).toEqual([...weights].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  test('a slice has the outcomes that the whole has for its conditions', () => {
    const outcomes = (scenarios: Scenarios, name: string): unknown[] =>
      [...new Set([...scenarios].map((each) => each.conditions[name]))].sort();
    fc.assert(
      fc.property(cases, ({ template }) => {
        const whole = listScenarios(template);
        for (const condition of Object.keys(template.Conditions!)) {
          const slice = sliceOf(template, [{ condition }]);
          const sliced = listScenarios(template, { slice });
          if (whole.exact && sliced.exact)
            expect([condition, outcomes(sliced, condition)]).toEqual([condition, outcomes(whole, condition)]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
