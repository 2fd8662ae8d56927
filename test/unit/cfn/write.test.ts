import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import { pathKey, writeTemplate } from '../../../lib/cfn/write.ts';

/** Texts that some version of YAML reads as something else, and texts that are hard to quote. */
const HAZARDS = [
  ...[
    'on',
    'No',
    'yes',
    'y',
    'null',
    '~',
    '',
    ' lead',
    'trail ',
    '012',
    '0x1f',
    '1e3',
    '1_000',
    '.5',
    '12:30:45',
    '2012-10-17',
  ],
  ...[
    'a: b',
    '# no comment',
    '- item',
    '!Ref X',
    '::/0',
    '?x',
    '@x',
    '%x',
    '{{resolve:ssm:a}}',
    '${A}',
    'line\nline',
    'line\n\n',
    '\ttab',
    "it's",
    '"',
    '\\',
    '<<',
    '__proto__',
  ],
  ...['123456789012', '=', '@', '`', '%', '&a', '*a', '|', '>', '[', ']', '{', '}', ',', '?', '😀', '\u2028', '\u0007'],
];

const text = fc.oneof(fc.constantFrom(...HAZARDS), fc.string({ unit: 'grapheme', maxLength: 12 }));
const name = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,8}$/);
const key = fc.oneof(name, fc.constantFrom('aws:SourceArn', 'a.b', 'on', '012', 'x y', 'Fn::If'));
/** Numbers that a template holds. With an exponent and no point (5e-7) YAML 1.1 and 1.2 disagree; nobody writes that. */
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .filter((n) => !Object.is(n, -0) && !String(n).includes('e'));
const scalar = fc.oneof(text, fc.boolean(), number);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar as fc.Arbitrary<Json>,
    fc.array(tie('value'), { maxLength: 4 }) as fc.Arbitrary<Json>,
    fc.dictionary(
      key.filter((k) => k !== 'Fn::If'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ) as fc.Arbitrary<Json>,
    name.map((id): Json => ({ Ref: id })),
    fc.tuple(name, name).map((pair): Json => ({ 'Fn::GetAtt': pair })),
    text.map((body): Json => ({ 'Fn::Sub': body })),
    fc.tuple(name, tie('value'), tie('value')).map((list): Json => ({ 'Fn::If': list as Json[] })),
    tie('value').map((inner): Json => ({ 'Fn::Base64': inner as Json })),
  ),
}));

const template: fc.Arbitrary<Template> = fc
  .dictionary(
    name,
    fc.record({
      Type: fc.constant('AWS::S3::Bucket'),
      Properties: fc.dictionary(name, value, { noNullPrototype: true }),
    }),
    {
      minKeys: 1,
      noNullPrototype: true,
    },
  )
  .map((Resources) => ({ AWSTemplateFormatVersion: '2010-09-09', Resources }) as unknown as Template);

test('reading what was written gives the model back, whatever it holds', () => {
  fc.assert(
    fc.property(template, (model) => {
      const document = parseTemplate(writeTemplate(model), 'written.yaml');
      expect(document.findings).toEqual([]);
      expect(document.value).toEqual(model);
    }),
    { numRuns: 300 },
  );
});

test('writing what was read gives the same bytes', () => {
  fc.assert(
    fc.property(template, (model) => {
      const once = writeTemplate(model);
      expect(writeTemplate(parseTemplate(once, 'written.yaml').template)).toBe(once);
    }),
  );
});

test('a second reader agrees on every scalar', () => {
  fc.assert(
    fc.property(fc.dictionary(name, scalar, { minKeys: 1, noNullPrototype: true }), (Properties) => {
      const model = { Resources: { A: { Type: 'X', Properties } } } as unknown as Template;
      for (const version of ['1.1', '1.2'] as const) expect(parse(writeTemplate(model), { version })).toEqual(model);
    }),
    { numRuns: 300 },
  );
});

test('sections and the keys of an entry stand in canonical order, comments beside what they are about', () => {
  const model: Template = {
    Outputs: { Id: { Value: { Ref: 'Key' }, Description: 'The key.' } },
    Resources: {
      Key: {
        Properties: { EnableKeyRotation: true, Tags: { 'Fn::If': ['IsOn', [{ Key: 'a' }], { Ref: 'AWS::NoValue' }] } },
        Type: 'AWS::KMS::Key',
        DeletionPolicy: 'Retain',
      },
    },
    Conditions: { IsOn: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'x'] } },
    Description: 'Area: thing',
  } as unknown as Template;
  const written = writeTemplate(model, {
    header: ['Generated.'],
    headings: new Map([[pathKey(['Resources', 'Key']), 'Encryption']]),
    above: new Map([[pathKey(['Resources', 'Key']), 'Kept on deletion.']]),
    trailing: new Map([
      [pathKey(['Resources', 'Key', 'Properties', 'EnableKeyRotation']), 'KMS.4'],
      [pathKey(['Resources', 'Key', 'Properties', 'Tags']), 'PF.x'],
    ]),
  });
  expect(written).toBe(`# Generated.

Description: 'Area: thing'

Conditions:
  IsOn: !Equals [!Ref AWS::Region, x]

Resources:
  # -- Encryption --
  # Kept on deletion.
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    Properties:
      EnableKeyRotation: true # KMS.4
      # PF.x
      Tags: !If
        - IsOn
        - - Key: a
        - !Ref AWS::NoValue

Outputs:
  Id:
    Description: The key.
    Value: !Ref Key
`);
});
