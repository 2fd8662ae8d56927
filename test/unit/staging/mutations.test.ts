import { describe, expect, test } from '@jest/globals';
import { stacks } from '../../../generator/stacks/index.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../../../lib/cfn/template.ts';
import { unprovenClaims } from '../../../lib/controls/claims.ts';

const REMOVED = Symbol('removed');

function changed(value: Json, [part, ...rest]: Path, to: (old: Json) => Json | typeof REMOVED): Json {
  if (part === undefined) return value;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as JsonObject) }) as Record<string | number, Json>;
  const next = rest.length === 0 ? to(copy[part]!) : changed(copy[part]!, rest, to);
  if (next !== REMOVED) copy[part] = next;
  else if (Array.isArray(copy)) copy.splice(Number(part), 1);
  else delete copy[part];
  return copy as unknown as Json;
}

/** Where any text but a certain one is right. */
const WRONG: Readonly<Record<string, string>> = {
  'CloudFront.10': 'SSLv3',
  'ECS.2': 'ENABLED',
  'ECS.10': '1.3.0',
  'RDS.24': 'postgres',
  'S3.12': 'ObjectWriter',
};

/** What the value must not be. */
function inverted(control: string, value: Json): Json | typeof REMOVED {
  if (WRONG[control] !== undefined) return WRONG[control];
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return 0;
  if (Array.isArray(value)) return ['none-of-these'];
  return isObject(value) ? REMOVED : 'none-of-these';
}

const claims = Object.values(stacks).flatMap((stack) => {
  const { name, template, claims: made } = stack();
  return made.map(({ control, path }) => ({ name, template, control, path, at: path.slice(1).join('.') }));
});

describe('a claim whose value is removed, or inverted, is not proven any more', () => {
  test.each(claims)('$name: $at meets $control', ({ template, control, path }) => {
    const isProven = (to: (old: Json) => Json | typeof REMOVED) =>
      unprovenClaims(changed(template as unknown as Json, path, to) as unknown as Template, [{ control, path }])
        .length === 0;
    const proven = { removed: isProven(() => REMOVED), inverted: isProven((old) => inverted(control, old)) };
    expect(proven).not.toEqual({ removed: true, inverted: true });
  });
});
