import { describe, expect, test } from '@jest/globals';
import { CfnError } from '../../../lib/cfn/errors.ts';
import { parseTemplate } from '../../../lib/cfn/read.ts';

const read = (yaml: string) => (parseTemplate(`V: ${yaml}`, 'a.yaml').value as { V: unknown }).V;

describe('short forms become long forms', () => {
  test.each([
    ['!Ref Key', { Ref: 'Key' }],
    ['!GetAtt Key.Arn', { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['!GetAtt Db.Endpoint.Port', { 'Fn::GetAtt': ['Db', 'Endpoint.Port'] }],
    ['!GetAtt [Key, Arn]', { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['{Fn::GetAtt: Key.Arn}', { 'Fn::GetAtt': ['Key', 'Arn'] }],
    ['!Condition IsOn', { Condition: 'IsOn' }],
    ['!If [IsOn, !Ref A, !Ref AWS::NoValue]', { 'Fn::If': ['IsOn', { Ref: 'A' }, { Ref: 'AWS::NoValue' }] }],
    ['!Sub ["${x}", {x: !Ref A}]', { 'Fn::Sub': ['${x}', { x: { Ref: 'A' } }] }],
    ['!Select [0, !GetAZs ""]', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }],
    ['!Transform {Name: AWS::Include}', { 'Fn::Transform': { Name: 'AWS::Include' } }],
  ])('%s', (yaml, expected) => expect(read(yaml)).toEqual(expected));
});

describe('scalars are those of YAML 1.1, but dates and single letters stay text', () => {
  test.each([
    ['yes', true],
    ['off', false],
    ['Y', 'Y'],
    ['n', 'n'],
    ['0644', 420],
    ['012345678901', '012345678901'],
    ['2012-10-17', '2012-10-17'],
    ['1.10', 1.1],
    ['4.0', '4.0'],
    ['-1.00', '-1.0'],
    ['~', null],
    ['""', ''],
    ['"5"', '5'],
  ])('%s', (yaml, expected) => expect(read(yaml)).toEqual(expected));
});

test.each([
  ['JSON with tabs', '{\n\t"Resources": {\n\t\t"A": {"Type": "X"}\n\t}\n}'],
  ['a byte order mark', '\ufeffResources: {A: {Type: X}}'],
  ['CRLF line ends', 'Resources:\r\n  A:\r\n    Type: X\r\n'],
  ['anchors and merge keys', 'Base: &b {Type: X}\nResources:\n  A:\n    <<: *b\n'],
])('reads %s', (_what, text) => {
  expect(parseTemplate(text, 'a').template.Resources).toEqual({ A: { Type: 'X' } });
});

describe('a line of a flow collection or a quoted text may start in any column, as for CloudFormation', () => {
  const FLOW = `Resources:
  A:
    Type: X
    Properties:
      Actions: [
        a,
      b,
    ]
      Nested: {
  "x": [1,
  2], # ]
}
      Text: 'one
  two'
      Last: {a: b}
`;
  test('and is read', () => {
    expect(parseTemplate(FLOW, 'a.yaml').template.Resources.A!.Properties).toEqual({
      Actions: ['a', 'b'],
      Nested: { x: [1, 2] },
      Text: 'one two',
      Last: { a: 'b' },
    });
  });
  test.each([
    [['Actions', 1], 7, 7],
    [['Nested', 'x'], 10, 3],
    [['Nested', 'x', 1], 11, 3],
    [['Last', 'a'], 15, 14],
  ])('and %j is where it stands in the file', (path, line, column) => {
    const place = parseTemplate(FLOW, 'a.yaml').locate(['Resources', 'A', 'Properties', ...path]);
    expect(place).toEqual({ line, column });
  });
  test('and a mistake after it is named where it stands', () => {
    expect(() => parseTemplate(`${FLOW}      Actions: ]\n`, 'a.yaml')).toThrow(
      expect.objectContaining({ findings: [expect.objectContaining({ code: 'CFN102', line: 16 })] }),
    );
  });
});

test.each([
  ['a key that stands twice', 'Resources:\n  A: {Type: X}\n  A: {Type: Y}\n', 'CFN104', 3, 3],
  ['a tag that is no function', 'Resources:\n  A: !Reff X\n', 'CFN107', 2, 6],
  ['a second document', 'Resources: {}\n---\nResources: {}\n', 'CFN106', 1, 1],
])('names the place of %s', (_what, text, code, line, column) => {
  expect(parseTemplate(text, 'a.yaml').findings).toEqual([
    expect.objectContaining({ code, line, column, file: 'a.yaml' }),
  ]);
});

test.each([
  ['an empty file', '', 'CFN103'],
  ['a list', '- a\n', 'CFN103'],
  ['broken YAML', 'Resources: [\n', 'CFN102'],
])('refuses %s', (_what, text, code) => {
  let thrown: unknown;
  try {
    parseTemplate(text, 'a.yaml');
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CfnError);
  expect((thrown as CfnError).findings[0]).toMatchObject({ code, file: 'a.yaml' });
});

test.each([
  [['Resources', 'A'], 2, 3],
  [['Resources', 'A', 'Properties', 'Name'], 5, 7],
  [['Resources', 'A', 'Properties', 'Name', 'Fn::Sub'], 5, 13],
  [['Resources', 'A', 'Properties', 'List', 1], 8, 11],
  [['Resources', 'A', 'Properties', 'NotThere', 'x'], 4, 5],
])('locates %j', (path, line, column) => {
  const text =
    'Resources:\n  A:\n    Type: X\n    Properties:\n      Name: !Sub a\n      List:\n        - 1\n        - !Ref B\n';
  expect(parseTemplate(text, 'a.yaml').locate(path)).toEqual({ line, column });
});

test('a name that YAML takes for a boolean or a number stays the text of its key', () => {
  const { template } = parseTemplate(
    `
Conditions:
  On: !Equals [!Ref Yes, yes]
  Off: !Not [Condition: On]
Resources:
  No: {Type: A::B::C, Condition: On, DependsOn: On, Properties: {A: !If [On, Yes, {Ref: Off}], B: {Fn::If: [Off, 1, 2]}}}
`,
    'a.yaml',
  );
  expect(template).toEqual({
    Conditions: {
      On: { 'Fn::Equals': [{ Ref: 'Yes' }, true] },
      Off: { 'Fn::Not': [{ Condition: 'On' }] },
    },
    Resources: {
      No: {
        Type: 'A::B::C',
        Condition: 'On',
        DependsOn: 'On',
        Properties: { A: { 'Fn::If': ['On', true, { Ref: 'Off' }] }, B: { 'Fn::If': ['Off', 1, 2] } },
      },
    },
  });
});
