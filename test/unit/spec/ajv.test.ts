import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../lib/cfn/template.ts';
import { Judge } from '../../../lib/spec/judge.ts';
import { matches } from '../../../lib/spec/pattern.ts';
import { resourceType, resourceTypeNames } from '../../../lib/spec/resource-type.ts';
import { referenced, type Schema } from '../../../lib/spec/schema.ts';

/**
 * ajv as an independent judge of what the walker says of literal values. It knows neither intrinsic functions nor what
 * CloudFormation coerces, so values here are of kinds for which its coercion is the same.
 */
type Loose = { [key: string]: Json };

function needsFlag(pattern: string): boolean {
  if (/\\[pP]\{|\\u\{/.test(pattern)) return true;
  try {
    return !new RegExp(pattern);
  } catch {
    return true;
  }
}

/** Without formats, and patterns that need the flag `u`, which ajv cannot be told for one pattern and not for another. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (key, member) => {
    if (key === 'pattern' && typeof member === 'string' && needsFlag(member)) return undefined;
    if (key === 'format' && typeof member === 'string') return undefined;
    const named = typeof member === 'object' && member !== null ? Object.keys(member.patternProperties ?? {}) : [];
    if (!named.some((pattern) => /\\[pP]\{/.test(pattern))) return member;
    const { patternProperties: _, additionalProperties: __, ...rest } = member;
    return rest;
  });
}

/** The words of cfn-lint and of older drafts in those of JSON Schema 2020-12. Formats and foreign patterns are left out. */
function standard(value: Json): Json {
  if (Array.isArray(value)) return value.map(standard);
  if (typeof value !== 'object' || value === null) return value;
  const { format: _, maxUniqueItems: __, uniqueKeys: ___, ...given } = value as Loose;
  const result: Loose = {};
  const allOf: Json[] = [];
  for (const [key, member] of Object.entries(given)) {
    if (key === 'requiredOr') allOf.push({ anyOf: (member as string[]).map((name) => ({ required: [name] })) });
    else if (key === 'requiredXor') allOf.push({ oneOf: (member as string[]).map((name) => ({ required: [name] })) });
    else if (key === 'dependentExcluded')
      for (const [name, others] of Object.entries(member as Record<string, string[]>))
        allOf.push({
          anyOf: [{ not: { required: [name] } }, { not: { anyOf: others.map((other) => ({ required: [other] })) } }],
        });
    else if (key === 'dependencies') {
      for (const [name, needs] of Object.entries(member as Loose))
        allOf.push(
          Array.isArray(needs)
            ? { dependentRequired: { [name]: needs } }
            : { dependentSchemas: { [name]: standard(needs) } },
        );
    } else if (key === 'enumCaseInsensitive') {
      const values = (member as Json[]).map(String);
      allOf.push({ enum: [...new Set(values.flatMap((text) => [text, text.toLowerCase(), text.toUpperCase()]))] });
    } else if (key === 'pattern' && (typeof member !== 'string' || matches(member, '') === undefined)) continue;
    else if (key === 'properties' || key === 'patternProperties' || key === 'definitions')
      result[key] = Object.fromEntries(Object.entries(member as Loose).map(([name, each]) => [name, standard(each)]));
    else result[key] = ['enum', 'const', 'required', 'dependentRequired'].includes(key) ? member : standard(member);
  }
  return allOf.length === 0 ? result : { ...result, allOf: [...((result.allOf as Json[]) ?? []), ...allOf] };
}

/** Values after a schema: often right, sometimes with a member too many, too few, or of another kind. */
function valuesOf(schema: Schema | boolean | undefined, root: Schema, depth: number): fc.Arbitrary<Json> {
  if (schema === undefined || typeof schema === 'boolean') return fc.constantFrom<Json>('text', {});
  if (schema.$ref !== undefined && schema.type === undefined && schema.properties === undefined)
    return valuesOf(referenced(root, schema.$ref), root, depth);
  const [kind = schema.properties ? 'object' : undefined] = [schema.type ?? []].flat();
  if (schema.enum) return fc.constantFrom(...(schema.enum as Json[]), 'NotOffered');
  if (schema.const !== undefined) return fc.constantFrom(schema.const as Json, 'NotOffered');
  const wrong: fc.Arbitrary<Json> = fc.constantFrom<Json>({}, ['item'], 'text');
  const right = (): fc.Arbitrary<Json> => {
    switch (kind) {
      case 'object':
        return objectOf(schema, root, depth);
      case 'array':
        return depth <= 0
          ? fc.constant([])
          : fc.array(valuesOf(typeof schema.items === 'boolean' ? undefined : schema.items, root, depth - 1), {
              maxLength: 3,
            });
      case 'boolean':
        return fc.constantFrom<Json>(true, false, 'true');
      case 'integer':
      case 'number':
        return fc.oneof(
          fc.integer({ min: 2, max: 100_000 }),
          fc.constantFrom<Json>('30', schema.minimum ?? 7, schema.maximum ?? 8),
        );
      default:
        return fc.constantFrom('text', 'a', 'arn:aws:iam::111122223333:role/a', 'x'.repeat(70), '10.0.0.0/16');
    }
  };
  return fc.oneof({ weight: 12, arbitrary: right() }, { weight: 1, arbitrary: wrong });
}

function objectOf(schema: Schema, root: Schema, depth: number): fc.Arbitrary<Json> {
  const names = Object.keys(schema.properties ?? {});
  const required = schema.required ?? [];
  const chosen = depth <= 0 ? required : names;
  if (chosen.length === 0) return fc.constantFrom<Json>({}, { Any: 'text' });
  return fc
    .tuple(
      fc.subarray([...chosen], { maxLength: Math.min(5, chosen.length) }),
      fc.boolean(),
      fc.integer({ min: 0, max: 9 }),
    )
    .chain(([some, complete, odd]) => {
      const members = [...new Set([...some, ...(complete ? required : [])])];
      const values = Object.fromEntries(
        members.map((name) => [name, valuesOf(schema.properties?.[name] as Schema, root, depth - 1)]),
      );
      return fc.record(values).map((made): Json => (odd === 0 ? { ...made, NoSuchProperty: 'text' } : made));
    });
}

const types = resourceTypeNames().filter((name) => resourceType(name)?.sources.includes('registry'));

test('the walker and ajv give the same verdict on literal values', () => {
  const ajv = new Ajv2020({
    strict: false,
    unicodeRegExp: false,
    validateFormats: false,
    coerceTypes: true,
    logger: false,
  });
  let judged = 0;
  let wrong = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...types).chain((type) => {
        const { schema } = resourceType(type)!;
        return fc.record({ type: fc.constant(type), value: objectOf(schema, schema, 3) });
      }),
      ({ type, value }) => {
        const schema = plain(resourceType(type)!.schema);
        const translated = standard(schema as unknown as Json) as JsonObject;
        const compiled =
          ajv.getSchema(type) ?? ajv.addSchema({ type: 'object', ...translated, $id: type }).getSchema(type)!;
        const theirs = compiled(JSON.parse(JSON.stringify(value))) as boolean;
        const walker = new Judge(schema, undefined, () => ({}));
        const ours = walker.judge(value, { type: 'object', ...schema }, [], {});
        if (ours === undefined) return;
        judged++;
        if (!theirs) wrong++;
        expect({ type, verdict: ours, errors: compiled.errors }).toEqual({
          type,
          verdict: theirs,
          errors: compiled.errors,
        });
      },
    ),
    { numRuns: Number(process.env.PLAINFORM_RUNS ?? 400) },
  );
  expect(judged).toBeGreaterThan(200);
  expect(wrong).toBeGreaterThan(20);
});

test('a pattern of the index is one that JavaScript reads, or one of the few that judge nothing', () => {
  const foreign = new Set<string>();
  let patterns = 0;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (key === 'pattern' && typeof member === 'string') {
        patterns++;
        if (matches(member, '') === undefined) foreign.add(member);
      } else visit(member);
    }
  };
  for (const type of types) visit(resourceType(type)?.schema);
  expect(patterns).toBeGreaterThan(7000);
  expect(foreign.size).toBe(37);
}, 60_000);
