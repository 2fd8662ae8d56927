import { describe, expect, test } from '@jest/globals';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import { Judge, type Problem, type Verdict } from '../../../lib/spec/judge.ts';
import type { Decided } from '../../../lib/spec/known.ts';
import { matches } from '../../../lib/spec/pattern.ts';
import type { Schema } from '../../../lib/spec/schema.ts';

const PARAMETERS = {
  Text: { Type: 'String' },
  Size: { Type: 'String', AllowedValues: ['small', 'large'] },
  Wrong: { Type: 'String', AllowedValues: ['huge', 'tiny'] },
  Mixed: { Type: 'String', AllowedValues: ['small', 'huge'] },
  Names: { Type: 'CommaDelimitedList' },
  Subnets: { Type: 'List<AWS::EC2::Subnet::Id>' },
  FromStore: { Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: ['/a', '/b'] },
  ListFromStore: { Type: 'AWS::SSM::Parameter::Value<List<String>>' },
} as unknown as Template['Parameters'];

const FORMATS = { 'AWS::EC2::VPC.Id': '^vpc-[0-9a-f]{8}$' };

function judged(
  schema: Schema | boolean,
  value: Json,
  decided: Decided = {},
): { verdict: Verdict; problems: Problem[] } {
  const judge = new Judge(typeof schema === 'object' ? schema : {}, PARAMETERS, () => FORMATS);
  const problems: Problem[] = [];
  const verdict = judge.judge(value, schema, ['Here'], decided, (problem) => problems.push(problem));
  // Without a report it stops early, and has to come to the same.
  expect(judge.judge(value, schema, ['Here'], decided)).toBe(verdict);
  return { verdict, problems };
}

/** `unknown` where it depends on the deployment, else `right` or the code of the first problem. */
function outcome(schema: Schema | boolean, value: Json, decided?: Decided): string {
  const { verdict, problems } = judged(schema, value, decided);
  if (verdict === false) {
    expect(problems.length).toBeGreaterThan(0);
    return problems[0]!.code;
  }
  return verdict === undefined ? 'unknown' : 'right';
}

const NO_VALUE = { Ref: 'AWS::NoValue' };
const when = (condition: string, yes: Json, no: Json): Json => ({ 'Fn::If': [condition, yes, no] });
const UNKNOWN = { 'Fn::ImportValue': 'x' };
const both = { properties: { A: {}, B: {}, C: {} } };

describe('kinds of value, as CloudFormation coerces them', () => {
  test.each<[Schema['type'], Json, string]>([
    ['boolean', true, 'right'],
    ['boolean', 'true', 'right'],
    ['boolean', 'False', 'right'],
    ['boolean', 'yes', 'CFN304'],
    ['boolean', 1, 'CFN304'],
    ['integer', 5, 'right'],
    ['integer', '5', 'right'],
    ['integer', '5.5', 'CFN304'],
    ['integer', 5.5, 'CFN304'],
    ['integer', '', 'CFN304'],
    ['integer', '0x10', 'CFN304'],
    ['number', '1e3', 'right'],
    ['number', '-0.5', 'right'],
    ['number', 'Infinity', 'CFN304'],
    ['number', 'five', 'CFN304'],
    ['number', true, 'CFN304'],
    ['string', 5, 'right'],
    ['string', false, 'right'],
    ['string', {}, 'CFN304'],
    ['string', ['a'], 'CFN304'],
    ['array', 'a', 'CFN304'],
    ['array', {}, 'CFN304'],
    ['object', [], 'CFN304'],
    ['object', 'a', 'CFN304'],
    [['object', 'string'], 'a', 'right'],
    [['object', 'string'], {}, 'right'],
    [['object', 'string'], [], 'CFN304'],
  ])('%j given %j: %s', (type, value, expected) => {
    expect(outcome({ type: type! }, value)).toBe(expected);
  });
});

describe('scalars', () => {
  test.each<[string, Schema, Json, string]>([
    ['an allowed value', { enum: ['a', 'b'] }, 'a', 'right'],
    ['one that is not allowed', { enum: ['a', 'b'] }, 'c', 'CFN305'],
    ['the other case of letters', { enum: ['a'] }, 'A', 'CFN305'],
    ['a number written as text', { enum: [1, 2] }, '1', 'right'],
    ['a text written as a number', { enum: ['1'] }, 1, 'right'],
    ['a boolean in any case', { enum: [true] }, 'TRUE', 'right'],
    ['a mapping among scalars', { enum: ['a'] }, { a: 1 }, 'CFN305'],
    ['a mapping that is allowed', { enum: [{ A: 1, B: 2 }] }, { B: 2, A: 1 }, 'right'],
    ['a mapping that may become an allowed one', { enum: [{ A: 1 }] }, { A: UNKNOWN }, 'unknown'],
    ['either case of letters', { enumCaseInsensitive: ['aurora'] }, 'Aurora', 'right'],
    ['neither case', { enumCaseInsensitive: ['aurora'] }, 'auror', 'CFN305'],
    ['a constant', { const: 'a' }, 'a', 'right'],
    ['not the constant', { const: 'a' }, 'b', 'CFN305'],
    ['a constant list', { const: ['a'] }, ['a'], 'right'],
    ['not the constant list', { const: ['a'] }, ['b'], 'CFN305'],
    ['a pattern', { pattern: '^a+$' }, 'aaa', 'right'],
    ['a pattern that is not matched', { pattern: '^a+$' }, 'b', 'CFN308'],
    ['a pattern on the text of a number', { pattern: '^\\d{3}$' }, 123, 'right'],
    ['a pattern that JavaScript reads otherwise', { pattern: '\\Aa\\z' }, 'b', 'unknown'],
    ['a pattern that JavaScript cannot read', { pattern: '(?P<x>a)' }, 'b', 'unknown'],
    ['an escaped star, repeated', { pattern: '^\\*+$' }, '**', 'right'],
    ['a property of Unicode', { pattern: '^\\p{L}+$' }, 'é', 'right'],
    ['no property of Unicode', { pattern: '^\\p{L}+$' }, '1', 'CFN308'],
    ['a format', { format: 'AWS::EC2::VPC.Id' }, 'vpc-0123abcd', 'right'],
    ['not the format', { format: 'AWS::EC2::VPC.Id' }, 'subnet-1', 'CFN308'],
    ['a format that nobody knows', { format: 'strange' }, 'a', 'right'],
    ['a network', { format: 'ipv4-network' }, '10.0.0.0/16', 'right'],
    ['every address', { format: 'ipv4-network' }, '0.0.0.0/0', 'right'],
    ['the last address', { format: 'ipv4-network' }, '255.255.255.255/32', 'right'],
    ['bits after the network', { format: 'ipv4-network' }, '10.0.1.0/16', 'CFN308'],
    ['bits in the highest half', { format: 'ipv4-network' }, '192.168.0.1/31', 'CFN308'],
    ['a byte too large', { format: 'ipv4-network' }, '256.0.0.0/8', 'CFN308'],
    ['a length too large', { format: 'ipv4-network' }, '10.0.0.0/33', 'CFN308'],
    ['long enough', { minLength: 2, maxLength: 3 }, 'ab', 'right'],
    ['too short', { minLength: 2 }, 'a', 'CFN309'],
    ['too long', { maxLength: 2 }, 'abc', 'CFN309'],
    ['characters outside the first plane counted once', { maxLength: 2 }, '😀😀', 'right'],
    ['in range', { minimum: 1, maximum: 5 }, '5', 'right'],
    ['below', { minimum: 1 }, 0, 'CFN309'],
    ['above', { maximum: 5 }, '6', 'CFN309'],
    ['at an open end', { exclusiveMinimum: 0 }, 0, 'CFN309'],
    ['at the other', { exclusiveMaximum: 1 }, 1, 'CFN309'],
    ['within open ends', { exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5, 'right'],
    ['a multiple', { multipleOf: 5 }, 15, 'right'],
    ['no multiple', { multipleOf: 5 }, 16, 'CFN309'],
    ['a multiple that binary fractions spoil', { multipleOf: 0.1 }, 0.3, 'right'],
    ['another', { multipleOf: 0.01 }, 0.07, 'right'],
    ['no multiple of a fraction', { multipleOf: 0.1 }, 0.35, 'CFN309'],
  ])('%s', (_, schema, value, expected) => {
    expect(outcome(schema, value)).toBe(expected);
  });

  test.each(['\\AB', '[[:alpha:]]', '(?i)a', 'a++', 'a*+', '\\x{41}', '[a&&[b]]', '(?P<x>a)', '(a'])(
    'the pattern %s decides nothing',
    (pattern) => {
      expect(matches(pattern, 'a')).toBeUndefined();
    },
  );
});

describe('lists', () => {
  const items = (schema: Omit<Schema, 'type'>): Schema => ({ type: 'array', ...schema });
  test.each<[string, Schema, Json, string]>([
    ['items of the kind', items({ items: { type: 'integer' } }), [1, '2'], 'right'],
    ['an item of another', items({ items: { type: 'integer' } }), [1, 'b'], 'CFN304'],
    ['no item allowed', items({ items: false }), ['a'], 'CFN310'],
    ['first items of their own', items({ prefixItems: [{ const: 'a' }], items: { const: 'b' } }), ['a', 'b'], 'right'],
    ['a wrong first item', items({ prefixItems: [{ const: 'a' }], items: { const: 'b' } }), ['b', 'b'], 'CFN305'],
    ['a wrong later item', items({ prefixItems: [{ const: 'a' }], items: { const: 'b' } }), ['a', 'a'], 'CFN305'],
    ['enough items', items({ minItems: 1, maxItems: 2 }), ['a', 'b'], 'right'],
    ['too few', items({ minItems: 1 }), [], 'CFN309'],
    ['too many', items({ maxItems: 1 }), ['a', 'b'], 'CFN309'],
    ['left out, too few', items({ minItems: 1 }), [NO_VALUE], 'CFN309'],
    ['perhaps too few', items({ minItems: 1 }), [when('C', 'a', NO_VALUE)], 'unknown'],
    ['perhaps too many', items({ maxItems: 1 }), ['a', when('C', 'b', NO_VALUE)], 'unknown'],
    ['too many whatever the condition', items({ maxItems: 1 }), ['a', 'b', when('C', 'c', NO_VALUE)], 'CFN309'],
    ['a loop gives any number', items({ maxItems: 1 }), [{ 'Fn::ForEach::X': [] }], 'unknown'],
    ['too many beside a loop', items({ maxItems: 1 }), ['a', 'b', { 'Fn::ForEach::X': [] }], 'CFN309'],
    ['different items', items({ uniqueItems: true }), ['a', 'b'], 'right'],
    ['the same twice', items({ uniqueItems: true }), ['a', 'a'], 'CFN311'],
    [
      'the same in another order',
      items({ uniqueItems: true }),
      [
        { A: 1, B: 2 },
        { B: 2, A: 1 },
      ],
      'CFN311',
    ],
    ['the same function twice', items({ uniqueItems: true }), [UNKNOWN, UNKNOWN], 'CFN311'],
    [
      'the same under a condition',
      items({ uniqueItems: true }),
      [when('C', 'a', NO_VALUE), when('C', 'a', NO_VALUE)],
      'right',
    ],
    ['different in the keys', items({ uniqueKeys: ['K'] }), [{ K: 1 }, { K: 2 }], 'right'],
    [
      'the same in the keys',
      items({ uniqueKeys: ['K'] }),
      [
        { K: 1, V: 1 },
        { K: 1, V: 2 },
      ],
      'CFN311',
    ],
    ['without a key', items({ uniqueKeys: ['K'] }), [{ V: 1 }, { V: 1 }], 'right'],
    ['few different items', items({ maxUniqueItems: 1 }), ['a', 'a'], 'right'],
    ['too many different items', items({ maxUniqueItems: 1 }), ['a', 'b'], 'CFN309'],
    ['functions that may give the same', items({ maxUniqueItems: 1 }), [{ Ref: 'A' }, { Ref: 'B' }], 'unknown'],
    ['repeated items are items', items({ maxUniqueItems: 5, minItems: 2 }), ['a', 'a'], 'right'],
    ['one of a kind', items({ contains: { const: 'a' } }), ['b', 'a'], 'right'],
    ['none of a kind', items({ contains: { const: 'a' } }), ['b'], 'CFN310'],
    ['perhaps one of a kind', items({ contains: { const: 'a' } }), ['b', UNKNOWN], 'unknown'],
  ])('%s', (_, schema, value, expected) => {
    expect(outcome(schema, value)).toBe(expected);
  });
});

describe('mappings', () => {
  const closed: Schema = {
    type: 'object',
    additionalProperties: false,
    properties: { Name: { type: 'string' }, Size: {} },
  };
  test.each<[string, Schema, Json, string]>([
    ['known names', closed, { Name: 'a' }, 'right'],
    ['an unknown name', closed, { Nam: 'a' }, 'CFN302'],
    ['an unknown name left out', closed, { Nam: NO_VALUE }, 'right'],
    ['an unknown name sometimes left out', closed, { Nam: when('C', 'a', NO_VALUE) }, 'unknown'],
    ['what Object.prototype has', closed, { constructor: 'a' }, 'CFN302'],
    ['further names of a kind', { additionalProperties: { type: 'integer' } }, { Any: 'a' }, 'CFN304'],
    [
      'names by pattern',
      { patternProperties: { '^a': { type: 'integer' } }, additionalProperties: false },
      { a1: 1 },
      'right',
    ],
    ['a wrong value by pattern', { patternProperties: { '^a': { type: 'integer' } } }, { a1: 'x' }, 'CFN304'],
    ['no name by pattern', { patternProperties: { '^a': {} }, additionalProperties: false }, { b: 1 }, 'CFN302'],
    ['a pattern nobody reads', { patternProperties: { '\\Aa': {} }, additionalProperties: false }, { b: 1 }, 'unknown'],
    ['allowed names', { propertyNames: { enum: ['A'] } }, { A: 1 }, 'right'],
    ['a name that is not allowed', { propertyNames: { enum: ['A'] } }, { B: 1 }, 'CFN305'],
    ['all that is required', { required: ['A'] }, { A: 1 }, 'right'],
    ['something missing', { required: ['A'] }, { B: 1 }, 'CFN303'],
    ['missing since left out', { required: ['A'] }, { A: NO_VALUE }, 'CFN303'],
    ['perhaps missing', { required: ['A'] }, { A: when('C', 1, NO_VALUE) }, 'unknown'],
    ['a macro may add it', { required: ['A'] }, { 'Fn::Transform': { Name: 'M' }, B: 1 }, 'unknown'],
    ['a loop may add it', { required: ['A'] }, { 'Fn::ForEach::X': [], B: 1 }, 'unknown'],
    ['one of several', { requiredOr: ['A', 'B'] }, { B: 1 }, 'right'],
    ['none of several', { requiredOr: ['A', 'B'] }, { C: 1 }, 'CFN310'],
    ['perhaps one of several', { requiredOr: ['A', 'B'] }, { A: when('C', 1, NO_VALUE) }, 'unknown'],
    ['exactly one', { requiredXor: ['A', 'B'] }, { A: 1 }, 'right'],
    ['two where one may be', { requiredXor: ['A', 'B'] }, { A: 1, B: 1 }, 'CFN310'],
    ['none where one must be', { requiredXor: ['A', 'B'] }, { C: 1 }, 'CFN310'],
    ['perhaps two', { requiredXor: ['A', 'B'] }, { A: 1, B: when('C', 1, NO_VALUE) }, 'unknown'],
    ['what goes along', { dependentRequired: { A: ['B'] } }, { A: 1, B: 1 }, 'right'],
    ['without what goes along', { dependentRequired: { A: ['B'] } }, { A: 1 }, 'CFN310'],
    ['neither', { dependentRequired: { A: ['B'] } }, { C: 1 }, 'right'],
    ['perhaps without', { dependentRequired: { A: ['B'] } }, { A: when('C', 1, NO_VALUE) }, 'unknown'],
    ['what excludes', { dependentExcluded: { A: ['B'] } }, { A: 1, B: 1 }, 'CFN310'],
    ['what would exclude', { dependentExcluded: { A: ['B'] } }, { A: 1 }, 'right'],
    ['an old dependency', { dependencies: { A: ['B'] } }, { A: 1 }, 'CFN310'],
    ['an old dependency on a schema', { dependencies: { A: { required: ['B'] } } }, { A: 1 }, 'CFN303'],
    ['that dependency without its cause', { dependencies: { A: { required: ['B'] } } }, { C: 1 }, 'right'],
    ['enough members', { minProperties: 1, maxProperties: 2 }, { A: 1 }, 'right'],
    ['too few members', { minProperties: 1 }, {}, 'CFN309'],
    ['too many members', { maxProperties: 1 }, { A: 1, B: 1 }, 'CFN309'],
    ['perhaps too many members', { maxProperties: 1 }, { A: 1, B: when('C', 1, NO_VALUE) }, 'unknown'],
    ['any number of members from a loop', { minProperties: 1 }, { 'Fn::ForEach::X': [] }, 'unknown'],
  ])('%s', (_, schema, value, expected) => {
    expect(outcome(schema, value)).toBe(expected);
  });
});

describe('combinations', () => {
  const only = (name: string): Schema => ({ required: [name] });
  const conditional = (premise: Schema, word: 'then' | 'else'): Schema =>
    Object.fromEntries([
      ['if', premise],
      [word, only('B')],
    ]);
  test.each<[string, Schema, Json, string]>([
    ['all of', { allOf: [only('A'), only('B')] }, { A: 1, B: 1 }, 'right'],
    ['not all of', { allOf: [only('A'), only('B')] }, { A: 1 }, 'CFN303'],
    ['any of', { anyOf: [only('A'), only('B')] }, { B: 1 }, 'right'],
    ['none of any', { anyOf: [only('A'), only('B')] }, { C: 1 }, 'CFN310'],
    ['perhaps any of', { anyOf: [only('A'), only('B')] }, { A: when('C', 1, NO_VALUE) }, 'unknown'],
    ['one of', { oneOf: [only('A'), only('B')], ...both }, { A: 1 }, 'right'],
    ['two of one', { oneOf: [only('A'), only('B')] }, { A: 1, B: 1 }, 'CFN310'],
    ['none of one', { oneOf: [only('A'), only('B')] }, {}, 'CFN310'],
    ['perhaps two of one', { oneOf: [only('A'), only('B')] }, { A: 1, B: when('C', 1, NO_VALUE) }, 'unknown'],
    ['a scalar that is text and number', { oneOf: [{ type: 'string' }, { type: 'integer' }] }, 5, 'right'],
    ['what may not be', { not: only('A') }, { A: 1 }, 'CFN310'],
    ['what may be', { not: only('A') }, { B: 1 }, 'right'],
    ['what perhaps may not be', { not: only('A') }, { A: when('C', 1, NO_VALUE) }, 'unknown'],
    ['if, then', conditional(only('A'), 'then'), { A: 1 }, 'CFN303'],
    ['if, else', conditional(only('A'), 'else'), { C: 1 }, 'CFN303'],
    ['if not', conditional(only('A'), 'then'), { C: 1 }, 'right'],
    ['perhaps if', conditional(only('A'), 'then'), { A: when('C', 1, NO_VALUE) }, 'unknown'],
    [
      'a premise on a mapping that is no scalar',
      conditional({ properties: { A: { const: 'x' } } }, 'then'),
      { A: {} },
      'right',
    ],
    ['a reference', { $ref: '#/definitions/T', definitions: { T: { type: 'integer' } } }, 'a', 'CFN304'],
    [
      'a reference beside other words',
      { $ref: '#/definitions/T', maximum: 5, definitions: { T: { type: 'integer' } } },
      6,
      'CFN309',
    ],
    ['a reference to nothing', { $ref: '#/definitions/T' }, 'a', 'right'],
  ])('%s', (_, schema, value, expected) => {
    expect(outcome(schema, value)).toBe(expected);
  });

  test('a definition that holds itself is judged as deep as the value goes', () => {
    const schema: Schema = {
      $ref: '#/definitions/Node',
      definitions: {
        Node: {
          type: 'object',
          additionalProperties: false,
          properties: { Next: { $ref: '#/definitions/Node' }, Size: { type: 'integer' } },
        },
      },
    };
    expect(outcome(schema, { Next: { Next: { Size: 1 } } })).toBe('right');
    expect(judged(schema, { Next: { Next: { Size: 'a' } } }).problems).toMatchObject([
      { code: 'CFN304', path: ['Here', 'Next', 'Next', 'Size'] },
    ]);
  });
});

describe('functions in place', () => {
  const size: Schema = { type: 'string', enum: ['small', 'large'] };
  test.each<[string, Schema | boolean, Json, string]>([
    ['an import may be anything of text', size, UNKNOWN, 'unknown'],
    ['text is no list', { type: 'array' }, { 'Fn::Sub': 'a' }, 'CFN304'],
    ['text is no mapping', { type: 'object' }, { 'Fn::Join': ['', ['a']] }, 'CFN304'],
    ['text may be a number', { type: 'integer' }, { 'Fn::Sub': '${A}' }, 'unknown'],
    ['a list is no text', { type: 'string' }, { 'Fn::GetAZs': '' }, 'CFN304'],
    [
      'a list behind a reference',
      { $ref: '#/definitions/T', definitions: { T: { type: 'string' } } },
      { 'Fn::Split': [',', 'a'] },
      'CFN304',
    ],
    ['a list where one is expected', { type: 'array' }, { 'Fn::Split': [',', 'a'] }, 'unknown'],
    ['an attribute may be anything', { type: 'array' }, { 'Fn::GetAtt': ['A', 'B'] }, 'unknown'],
    ['nothing is expected', {}, UNKNOWN, 'right'],
    ['nothing may be given', false, UNKNOWN, 'CFN310'],
    ['nothing may be given, and nothing is', false, NO_VALUE, 'right'],
    ['the region is text', { type: 'array' }, { Ref: 'AWS::Region' }, 'CFN304'],
    ['the topics of a stack are a list', { type: 'array' }, { Ref: 'AWS::NotificationARNs' }, 'unknown'],
    ['a resource may be of any kind', { type: 'array' }, { Ref: 'Bucket' }, 'unknown'],
    ['a parameter is text', { type: 'array' }, { Ref: 'Text' }, 'CFN304'],
    ['a parameter with a list', { type: 'string' }, { Ref: 'Names' }, 'CFN304'],
    ['a parameter with a list of IDs', { type: 'array' }, { Ref: 'Subnets' }, 'unknown'],
    ['a stored list', { type: 'string' }, { Ref: 'ListFromStore' }, 'CFN304'],
    ['a parameter whose values all fit', size, { Ref: 'Size' }, 'right'],
    ['a parameter of whose values none fits', size, { Ref: 'Wrong' }, 'CFN305'],
    ['a parameter of whose values some fit', size, { Ref: 'Mixed' }, 'unknown'],
    ['what the store holds is no name of it', size, { Ref: 'FromStore' }, 'unknown'],
    ['a dynamic reference', size, '{{resolve:ssm:a}}', 'unknown'],
    ['a dynamic reference is text', { type: 'array' }, '{{resolve:ssm:a}}', 'CFN304'],
    ['a macro', size, { 'Fn::Transform': { Name: 'M' } }, 'unknown'],
    ['a function of no one', size, { 'Fn::Nothing': 'a' }, 'CFN304'],
    ['both branches right', size, when('C', 'small', 'large'), 'right'],
    ['both branches wrong', size, when('C', 'huge', 'tiny'), 'CFN305'],
    ['one branch wrong', size, when('C', 'small', 'tiny'), 'unknown'],
    ['the same condition again is decided', size, when('C', 'small', when('C', 'tiny', 'large')), 'right'],
    ['a malformed choice', size, { 'Fn::If': ['C', 'tiny'] }, 'unknown'],
  ])('%s', (_, schema, value, expected) => {
    expect(outcome(schema, value)).toBe(expected);
  });

  test.each<[Decided, string]>([
    [{ C: true }, 'right'],
    [{ C: false }, 'CFN305'],
    [{ D: true }, 'unknown'],
  ])('with %j decided, a choice is %s', (decided, expected) => {
    expect(outcome(size, when('C', 'small', 'tiny'), decided)).toBe(expected);
  });

  test('what is wrong in one branch is told where it stands, though the verdict is open', () => {
    const { verdict, problems } = judged(
      { type: 'object', properties: { Size: size } },
      { Size: when('C', 'small', 'tiny') },
    );
    expect(verdict).toBeUndefined();
    expect(problems).toMatchObject([{ code: 'CFN305', path: ['Here', 'Size', 'Fn::If', 2] }]);
  });
});

describe('what is told', () => {
  const type: Schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      BucketName: { type: 'string' },
      Size: { enum: ['small', 'large'] },
      Names: { type: 'array', maxItems: 1 },
    },
    required: ['BucketName'],
  };
  test.each<[Json, Partial<Problem>]>([
    [
      { BucketName: 'a', Siz: 'small' },
      { path: ['Here', 'Siz'], message: 'there is no property Siz here; did you mean Size?', fix: 'write Size' },
    ],
    [
      { BucketName: 'a', Unrelated: 1 },
      {
        path: ['Here', 'Unrelated'],
        message: 'there is no property Unrelated here',
        fix: 'remove it; allowed: BucketName, Size, Names',
      },
    ],
    [{}, { path: ['Here'], message: 'the required property BucketName is missing', fix: 'add BucketName' }],
    [
      { BucketName: 'a', Size: 'smal' },
      {
        path: ['Here', 'Size'],
        message: '"smal" is not allowed; did you mean small?',
        fix: 'give one of small, large',
      },
    ],
    [
      { BucketName: 'a', Size: { Ref: 'Wrong' } },
      { path: ['Here', 'Size'], message: 'no value that parameter Wrong allows fits: "huge" is not allowed' },
    ],
    [
      { BucketName: ['a'] },
      { path: ['Here', 'BucketName'], message: 'a list stands where a text is expected', fix: 'give a text' },
    ],
    [
      { BucketName: { Ref: 'Names' } },
      { path: ['Here', 'BucketName'], message: 'Ref Names gives a list, and it stands where a text is expected' },
    ],
    [
      { BucketName: 'a', Names: ['a', 'b', { 'Fn::ForEach::X': [] }] },
      { path: ['Here', 'Names'], message: 'the list has at least 2 items; allowed: at most 1', fix: 'remove items' },
    ],
    [{ BucketName: 'a', Names: ['a', 'b'] }, { message: 'the list has 2 items; allowed: at most 1' }],
  ])('%j', (value, expected) => {
    const { problems } = judged(type, value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject(expected);
  });

  test('of several forms, the nearest one tells what it lacks', () => {
    const forms: Schema = {
      oneOf: [
        {
          type: 'object',
          additionalProperties: false,
          properties: { A: { type: 'integer' }, B: {} },
          required: ['A', 'B'],
        },
        { type: 'object', additionalProperties: false, properties: { X: {} }, required: ['X'] },
      ],
    };
    expect(judged(forms, { A: 1 }).problems).toMatchObject([
      { code: 'CFN310', message: 'the required property B is missing (the nearest of 2 allowed forms)', fix: 'add B' },
    ]);
  });

  test('everything wrong is told at once', () => {
    expect(judged(type, { Siz: 1, Size: 'x' }).problems.map(({ code }) => code)).toEqual([
      'CFN302',
      'CFN305',
      'CFN303',
    ]);
  });
});
