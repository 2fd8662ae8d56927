import { describe, expect, test } from '@jest/globals';
import { stacks } from '../../../generator/stacks/index.ts';
import { expandServerless } from '../../../lib/cfn/serverless.ts';
import { CONTROLS } from '../../../lib/controls/index.ts';
import { Prover } from '../../../lib/controls/prove.ts';
import { committed } from './committed.ts';

/** What `meets` claims of a resource, and the control can judge. The claims of controls that nobody judges yet stay claims. */
const claims = Object.values(stacks).flatMap((stack) => {
  const { name, claims: made } = stack();
  const { Resources } = expandServerless(committed(name)).template;
  return made.flatMap(({ control, path }) => {
    const resource = String(path[1]);
    const judges = CONTROLS[control]?.types.includes(Resources[resource]?.Type ?? '');
    return judges ? [{ name, control, resource }] : [];
  });
});

describe('what a template claims is proven, in every deployment that it admits', () => {
  test.each(claims)('$name: $resource meets $control', ({ name, control, resource }) => {
    const fact = new Prover(committed(name)).prove(control, CONTROLS[control]!, resource);
    expect({ verdict: fact.verdict, message: fact.message, when: fact.counterexample }).toEqual({
      verdict: 'proven',
      message: expect.stringMatching(/^holds/),
      when: undefined,
    });
  });

  test('there are many', () => {
    expect(claims.length).toBeGreaterThan(30);
  });
});
