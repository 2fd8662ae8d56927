import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';

const TEMPLATE = `
Parameters:
  Name: {Type: String, Default: a}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
Mappings:
  Map: {one: {a: x, b: [y, z]}, two: {a: x}}
Conditions:
  Cond: !Equals [!Ref Name, b]
  Test: TEST
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join ['', !Ref Names]}}
  Other:
    Type: AWS::CloudFormation::CustomResource
    Condition: Test
    Properties:
      ServiceToken: !Ref Topic
      Map: !FindInMap [Map, one, a]
      If: !If [Cond, a, b]
      Value: VALUE
`;

const summary = (text: string) =>
  checkTemplate(parseTemplate(text, 'a.yaml'))
    .findings.filter(({ code }) => !/^CFN50[1-4]/.test(code))
    .map(({ code, severity, path }) => `${severity} ${code} ${path?.slice(3).join('.')}`.trim());
const withValue = (value: string) =>
  summary(TEMPLATE.replace('TEST', '!Equals [a, !Ref Name]').replace('VALUE', value));
const withTest = (test: string) =>
  checkTemplate(parseTemplate(TEMPLATE.replace('TEST', test).replace('VALUE', 'v'), 'a.yaml'))
    .findings.filter(({ code }) => !/^CFN50[1-4]/.test(code))
    .map(({ code }) => code);

describe('what is well-formed has no finding', () => {
  test.each([
    '!Ref Name',
    '!Ref AWS::Region',
    '!GetAtt Topic.TopicArn',
    '{Fn::GetAtt: Topic.TopicArn}',
    '{Fn::GetAtt: [Topic, !Ref Name]}',
    '!Base64 {Fn::Sub: "${Name}"}',
    '!Cidr [10.0.0.0/16, 6]',
    '!Cidr [!Ref Name, "6", 8]',
    '!Select [0, !Cidr [10.0.0.0/16, 6, 8]]',
    "!GetAZs ''",
    '!GetAZs {Ref: AWS::Region}',
    '!ImportValue {Fn::Sub: "${Name}-x"}',
    '!Join [",", [a, !Ref Name, !GetAtt Topic.TopicArn]]',
    '!Join [",", !If [Cond, [a], [b]]]',
    '!Join [",", !Split [".", !Ref Name]]',
    '!Join [",", !FindInMap [Map, one, b]]',
    '!Select [1, [a, b]]',
    '!Select ["1", !Ref Names]',
    '!Select [!Ref Name, [a, !Ref Name]]',
    '!Split [",", !ImportValue x]',
    '!Sub "${Name} ${Topic} ${Topic.TopicArn} ${AWS::Region} ${!Literal}"',
    '!Sub ["${x}", {x: !Join [",", !Ref Names]}]',
    '!If [Cond, !Ref AWS::NoValue, [a]]',
    '!FindInMap [Map, !Ref Name, a]',
    '!FindInMap [!Ref Name, one, nothing]',
    '{Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Ref Name}}}',
    '{Fn::Transform: [{Name: AWS::Include, Parameters: {Location: s3://a/b}}]}',
    '!GetStackOutput {StackName: a, OutputName: !Ref Name}',
    '"{{resolve:ssm:name}}"',
    '!Sub "{{resolve:secretsmanager:${Topic}:SecretString:x}}"',
    '!Join ["", ["{{resolve:secretsmanager:", !Ref Topic, ":SecretString:x}}"]]',
    '"${aws:username}"',
    '{Condition: {a: b}}',
  ])('%s', (value) => expect(withValue(value)).toEqual([]));
});

describe('one mistake makes one finding', () => {
  test.each([
    ['!Ref [Name]', 'CFN123 Value.Ref'],
    ['!Ref {Fn::Sub: "${Name}"}', 'CFN124 Value.Ref'],
    ['!GetAtt Topic', 'CFN123 Value.Fn::GetAtt'],
    ['!GetAtt [Topic]', 'CFN123 Value.Fn::GetAtt'],
    ['!GetAtt [Topic, TopicArn, Arn]', 'CFN123 Value.Fn::GetAtt'],
    ['{Fn::GetAtt: [Topic, !Sub "${Name}"]}', 'CFN124 Value.Fn::GetAtt.1'],
    ['!Base64 [a]', 'CFN123 Value.Fn::Base64'],
    ['!Base64 {Ref: Names}', 'CFN125 Value.Fn::Base64'],
    ['!Base64 {Fn::Split: [".", a]}', 'CFN125 Value.Fn::Base64'],
    ['!Cidr [10.0.0.0/16]', 'CFN123 Value.Fn::Cidr'],
    ['!Cidr [10.0.0.0/16, six]', 'CFN123 Value.Fn::Cidr.1'],
    ['!Cidr [10.0.0.0/16, 257]', 'CFN507 Value.Fn::Cidr.1'],
    ['!Cidr [10.0.0.0/16, 6, 129]', 'CFN507 Value.Fn::Cidr.2'],
    ['!GetAZs [a]', 'CFN123 Value.Fn::GetAZs'],
    ['!ImportValue {a: b}', 'CFN123 Value.Fn::ImportValue'],
    ['!ImportValue {Fn::Sub: "${Topic}-x"}', 'CFN128 Value.Fn::ImportValue'],
    ['!Join [",", a]', 'CFN123 Value.Fn::Join.1'],
    ['!Join [a]', 'CFN123 Value.Fn::Join'],
    ['!Join [!Ref Name, [a]]', 'CFN125 Value.Fn::Join.0'],
    ['!Join [",", !Ref Name]', 'CFN125 Value.Fn::Join.1'],
    ['!Join [",", !Sub "${Name}"]', 'CFN125 Value.Fn::Join.1'],
    ['!Join [",", !If [Cond, a, [b]]]', 'CFN123 Value.Fn::Join.1.Fn::If.1'],
    ['!Join a', 'CFN123 Value.Fn::Join'],
    ['!Select [a, [b]]', 'CFN123 Value.Fn::Select.0'],
    ['!Select [-1, [b]]', 'CFN123 Value.Fn::Select.0'],
    ['!Select [2, [a, b]]', 'CFN506 Value.Fn::Select'],
    ['!Select [0, !Join [",", [a]]]', 'CFN125 Value.Fn::Select.1'],
    ['!Select [!Select [0, [0]], [a]]', 'CFN124 Value.Fn::Select.0'],
    ['!Select [0]', 'CFN123 Value.Fn::Select'],
    ['!Split [".", [a]]', 'CFN123 Value.Fn::Split.1'],
    ['!Split [".", !Ref Names]', 'CFN125 Value.Fn::Split.1'],
    ['!Sub [a, {}, c]', 'CFN123 Value.Fn::Sub'],
    ['!Sub [!Ref Name]', 'CFN123 Value.Fn::Sub'],
    ['!Sub "${Names}"', 'CFN125 Value.Fn::Sub'],
    ['!Sub ["${x}", {x: [a]}]', 'CFN123 Value.Fn::Sub.1.x'],
    ['!If [Cond, a]', 'CFN123 Value.Fn::If'],
    ['!If [!Equals [a, b], c, d]', 'CFN122 Value.Fn::If.0'],
    ['!FindInMap [Map, one]', 'CFN123 Value.Fn::FindInMap'],
    ['!FindInMap [Map, three, a]', 'CFN505 Value.Fn::FindInMap.1'],
    ['!FindInMap [Map, two, b]', 'CFN505 Value.Fn::FindInMap.2'],
    ['!FindInMap [Map, !Ref Name, c]', 'CFN505 Value.Fn::FindInMap.2'],
    ['!FindInMap [Map, !Sub "${Name}", a]', 'CFN124 Value.Fn::FindInMap.1'],
    ['!FindInMap [Map, one, a, {DefaultValue: x}]', 'CFN124 Value.Fn::FindInMap.3'],
    ['!GetStackOutput {StackName: a}', 'CFN123 Value.Fn::GetStackOutput'],
    ['!Transform x', 'CFN123 Value.Fn::Transform'],
    ['!Length [a]', 'CFN124 Value'],
    ['!ToJsonString {a: b}', 'CFN124 Value'],
    ['{Fn::ForEach::X: [I, [a], {"k${I}": v}]}', 'CFN124 Value.Fn::ForEach::X'],
    ['!Equals [a, b]', 'CFN122 Value'],
    ['!Not [!Equals [a, b]]', 'CFN122 Value'],
    ['!Contains [[a], b]', 'CFN122 Value'],
    ['{Fn::Jion: [a, [b]]}', 'CFN120 Value.Fn::Jion'],
    ['{Fn::Join: [a, [b]], More: c}', 'CFN121 Value.Fn::Join'],
    ['"{{resolve:smm:name}}"', 'CFN129 Value'],
    ['"{{resolve:ssm:}}"', 'CFN129 Value'],
  ])('%s', (value, expected) => {
    expect(withValue(value)).toEqual([`error ${expected}`]);
  });
  test.each([
    ['!Sub ["a", {x: b}]', 'warning CFN126 Value.Fn::Sub.1.x'],
    ['"arn:${AWS::Partition}:x"', 'warning CFN127 Value'],
    ['"${Topic.TopicArn}"', 'warning CFN127 Value'],
  ])('%s is a warning', (value, expected) => expect(withValue(value)).toEqual([expected]));
});

describe('tests', () => {
  test.each([
    ['!And [!Condition Cond, !Equals [a, b]]', []],
    ['!Or [!Not [!Condition Cond], {Condition: Cond}]', []],
    ['!Equals [!Join [",", !Ref Names], !Sub "${Name}"]', []],
    ['!Equals [!FindInMap [Map, one, a], !Select [0, !Split [".", !Ref Name]]]', []],
    ['{Condition: Cond}', []],
    ['!Equals [a]', ['CFN123']],
    ['!Equals [a, [b]]', ['CFN123']],
    ['!Equals [!Ref Names, b]', ['CFN125']],
    ['!Equals [!Condition Cond, "true"]', ['CFN123']],
    ['!Not !Condition Cond', ['CFN102']],
    ['!Not [Cond]', ['CFN123']],
    ['!Not [!Condition Cond, !Condition Cond]', ['CFN123']],
    ['!And [!Condition Cond]', ['CFN123']],
    [`!Or [${'!Condition Cond, '.repeat(11)}]`, ['CFN123']],
    ['!Or [!Condition Cond, !Ref Name]', ['CFN125']],
    ['!Ref Name', ['CFN125']],
    ['"true"', ['CFN123']],
    ['!If [Cond, a, b]', ['CFN122']],
    ['!Equals [!ImportValue x, b]', ['CFN122']],
    ['!Contains [[a], !Ref Name]', ['CFN122']],
    ['{Fn::Equals: [a, b], Fn::Not: [{Condition: Cond}]}', ['CFN123', 'CFN121', 'CFN121']],
  ])('%s', (test, expected) => {
    if (expected[0] === 'CFN102') expect(() => withTest(test)).toThrow('CFN102');
    else expect(withTest(test)).toEqual(expected);
  });

  const withRule = (assertion: string) =>
    checkTemplate(
      parseTemplate(
        `${TEMPLATE.replace('TEST', '!Condition Cond').replace('VALUE', 'v')}Rules: {R: {Assertions: [{Assert: ${assertion}}]}}`,
        'a.yaml',
      ),
    )
      .findings.filter(({ code }) => code.startsWith('CFN1'))
      .map(({ code }) => code);
  test.each([
    ['!Contains [[a, b], !Ref Name]', []],
    ['!EachMemberIn [!Ref Names, [a, b]]', []],
    ['!EachMemberEquals [{Fn::ValueOf: [Names, VpcId]}, a]', []],
    ["!EachMemberIn [{Fn::ValueOfAll: ['AWS::EC2::VPC::Id', Tags.A]}, {Fn::RefAll: 'AWS::EC2::VPC::Id'}]", []],
    ['!Contains [a, !Ref Name]', ['CFN123']],
    ['!Contains [!Ref Names]', ['CFN123']],
    ['!EachMemberIn [!Ref Name, [a]]', ['CFN125']],
    ['!Equals [!GetAtt Topic.TopicArn, a]', ['CFN122']],
  ])('a rule with %s', (assertion, expected) => expect(withRule(assertion)).toEqual(expected));
});

describe('places', () => {
  const resource = (attribute: string) =>
    summary(`Conditions: {C: !Equals [!Ref AWS::Region, a]}
Parameters: {Policy: {Type: String}}
Outputs: {O: {Value: !Ref Policy}, P: {Condition: C, Value: a}}
Resources:
  A: {Type: AWS::SNS::Topic}
  B: {Type: AWS::SNS::Topic, ${attribute}}`);
  test.each([
    ['DeletionPolicy: !Ref Policy', []],
    ['DeletionPolicy: !If [C, Retain, Delete]', []],
    ['DeletionPolicy: !Sub "${Policy}"', ['error CFN124']],
    ['UpdateReplacePolicy: !Select [0, [Retain]]', ['error CFN124']],
    ['Metadata: {a: !Ref Policy}', []],
    ['Metadata: {a: !Join [a]}', ['error CFN123']],
  ])('%s', (attribute, expected) =>
    expect(resource(attribute).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(expected),
  );
  test.each(['DependsOn: !Ref A', 'Condition: !Ref Policy', 'DependsOn: [!Ref A]'])('%s is refused', (attribute) =>
    expect(resource(attribute).join(' ')).toContain('CFN122'),
  );

  test.each([
    ['Value: [a]', ['CFN123']],
    ['Value: !GetAZs ""', ['CFN125']],
    ['Value: !Ref Policies', ['CFN125']],
    ['Value: a, Export: {Name: [a]}', ['CFN123']],
  ])('an output with %s', (body, expected) => {
    const text = `Parameters: {Policies: {Type: CommaDelimitedList}}
Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Select [0, !Ref Policies]}}}
Outputs: {O: {${body}}}`;
    expect(checkTemplate(parseTemplate(text, 'a')).findings.map(({ code }) => code)).toEqual(expected);
  });
});

describe('with AWS::LanguageExtensions', () => {
  test.each([
    '!Length [a, b]',
    '!ToJsonString {a: !Ref Name}',
    '!FindInMap [Map, !Sub "${Name}", a]',
    '!FindInMap [Map, three, a, {DefaultValue: x}]',
    '!Ref {Fn::Sub: Topic}',
    '{Fn::GetAtt: [!Sub Topic, TopicArn]}',
    '!Select [!Length [a], [b, c]]',
  ])('%s needs nothing', (value) => {
    const text = `Transform: AWS::LanguageExtensions\n${TEMPLATE.replace('TEST', '!Condition Cond').replace('VALUE', value)}`;
    expect(summary(text)).toEqual([]);
  });
});

test.each([
  ['!Join [",", [a, !Ref Name]]', '{Fn::Join: [",", [a, {Ref: Name}]]}'],
  ['!Select [a, !GetAZs ""]', '{Fn::Select: [a, {Fn::GetAZs: ""}]}'],
  ['!GetAtt Topic.Nothing', '{Fn::GetAtt: [Topic, Nothing]}'],
  ['!Sub "${Nothing}"', '{Fn::Sub: "${Nothing}"}'],
  ['!If [Nothing, a, b]', '{Fn::If: [Nothing, a, b]}'],
])('%s is judged as %s', (short, long) => expect(withValue(short)).toEqual(withValue(long)));

test('what Rain fills in is a warning, and what it may give is not judged', () => {
  expect(withValue('!Rain::Embed a.py')).toEqual(['warning CFN107 Value']);
  expect(
    summary('Resources: {A: !Rain::Module a.yml, B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref ANet}}}'),
  ).toHaveLength(2);
});

test('a type of SAM without SAM', () => {
  const text = 'Resources: {T: {Type: AWS::Serverless::SimpleTable}}';
  expect(checkTemplate(parseTemplate(text, 'a')).findings).toEqual([
    expect.objectContaining({ code: 'CFN136', severity: 'error', line: 1 }),
  ]);
});
