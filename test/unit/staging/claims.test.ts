import { describe, expect, test } from '@jest/globals';
import { stacks } from '../../../generator/stacks/index.ts';
import { unprovenClaims } from '../../../lib/controls/claims.ts';

const made = Object.values(stacks).map((stack) => stack());

describe('what a template claims is proven, in every deployment that it admits', () => {
  test.each(made)('$name', ({ template, claims }) => {
    expect(unprovenClaims(template, claims)).toEqual([]);
  });

  test('there are many', () => {
    expect(made.flatMap(({ claims }) => claims).length).toBeGreaterThan(80);
  });
});
