import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';

const GOOD = `AWSTemplateFormatVersion: '2010-09-09'
Description: A bucket
Metadata:
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - Label: {default: Size}
        Parameters: [Tier, Count]
    ParameterLabels: {Tier: {default: Tier}}
Parameters:
  Tier: {Type: String, Default: dev, AllowedValues: [dev, prod], MinLength: 1, MaxLength: 9}
  Count: {Type: Number, Default: 2, MinValue: 1, MaxValue: 3}
Rules:
  Sized:
    RuleCondition: !Equals [!Ref Tier, prod]
    Assertions: [{Assert: !Equals [!Ref Count, 3], AssertDescription: three}]
Mappings:
  Names: {us-east-1: {dev: [a, b], prod: c}}
Conditions:
  IsProd: !Equals [!Ref Tier, prod]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Select [0, !FindInMap [Names, us-east-1, dev]]
  Topic:
    Type: AWS::SNS::Topic
    Condition: IsProd
    DependsOn: [Bucket]
Outputs:
  Name:
    Description: Its name
    Value: !Ref Bucket
    Export: {Name: !Sub '\${AWS::StackName}-name'}
  Arn:
    Value: !GetAtt Bucket.Arn
`;

const findingsOf = (text: string) => checkTemplate(parseTemplate(text, 'a.yaml')).findings;
const summary = (text: string) =>
  findingsOf(text).map(({ code, severity, line }) => `${severity} ${code}${line === undefined ? '' : ` ${line}`}`);

test('a good template has no finding', () => expect(findingsOf(GOOD)).toEqual([]));

describe('one change makes one finding', () => {
  test.each([
    ['error CFN114 29', 'a misspelt section', 'Outputs:', 'Outpust:'],
    ['error CFN114 29', 'Globals without SAM', 'Outputs:\n', 'Globals: {}\nOutputs:\n'],
    ['error CFN115 1', 'a version that does not exist', "'2010-09-09'", "'2010-09-10'"],
    ['error CFN115 2', 'a function in the description', 'A bucket', '!Ref Tier'],
    ['error CFN117 2', 'a description of 1,025 bytes', 'A bucket', 'x'.repeat(1025)],
    ['error CFN115 1', 'a transform without a name', 'AWST', 'Transform: {Parameters: {}}\nAWST'],
    [
      'error CFN115 1',
      'a transform with a stray key',
      'AWST',
      'Transform: {Name: AWS::LanguageExtensions, X: 1}\nAWST',
    ],
    ['warning CFN133 7', 'a group with a parameter that is not there', '[Tier, Count]', '[Tier, Cuont]'],
    ['warning CFN133 8', 'a stray key in a group', '[Tier, Count]', '[Tier, Count]\n        Order: 1'],
    [
      'warning CFN133 8',
      'a label of a parameter that is not there',
      'ParameterLabels: {Tier',
      'ParameterLabels: {Tire',
    ],
    ['error CFN118 10', 'a misspelt key of a parameter', 'AllowedValues', 'AllowdValues'],
    ['error CFN119 10', 'a parameter without a type', 'Type: String, Default', 'Default'],
    ['error CFN407 10', 'a type that is none', 'Type: String', 'Type: Strin'],
    ['error CFN408 10', 'a range for a text', 'MinLength', 'MinValue'],
    ['error CFN408 11', 'a length for a number', 'MinValue', 'MinLength'],
    ['error CFN409 10', 'a length that is no number', 'MaxLength: 9', 'MaxLength: nine'],
    [
      'error CFN409 10, error CFN510 12',
      'a least above the most',
      'MinLength: 1, MaxLength: 9',
      'MaxLength: 3, MinLength: 4',
    ],
    ['error CFN409 10', 'a function in a default', 'Default: dev', 'Default: !Ref Count'],
    ['error CFN111 10', 'a parameter that is a text', /Tier: \{Type.*\}/, 'Tier: String'],
    [
      'warning CFN130 11',
      'a parameter that nothing uses',
      'Assert: !Equals [!Ref Count, 3]',
      'Assert: !Equals [!Ref Tier, prod]',
    ],
    ['error CFN119 13, warning CFN130 11', 'a rule without assertions', /Assertions: .*\]/, ''],
    ['error CFN119 15, warning CFN130 11', 'assertions that are no list', /Assertions: .*\]/, 'Assertions: yes'],
    ['error CFN119 15, warning CFN130 11', 'an assertion without a test', 'Assert: !Equals [!Ref Count, 3], ', ''],
    ['warning CFN118 15', 'a misspelt key of an assertion', 'AssertDescription', 'AssetDescription'],
    ['error CFN111 17', 'a mapping of one level', '{us-east-1: {dev: [a, b], prod: c}}', '{us-east-1: a}'],
    ['error CFN119 17', 'a mapping of three levels', 'prod: c', 'prod: {a: b}'],
    ['error CFN119 17', 'a function in a mapping', 'prod: c', 'prod: !Ref Tier'],
    ['error CFN116 17', 'a dash at the second level of a mapping', 'prod: c', 'p-rod: c'],
    ['error CFN116 17', 'an underscore at the first level of a mapping', 'prod: c}}', 'prod: c}, a_b: {c: d}}'],
    ['warning CFN132 17', 'a mapping that nothing uses', '!FindInMap [Names, us-east-1, dev]', '[a]'],
    ['warning CFN131 19', 'a condition that nothing uses', '    Condition: IsProd\n', ''],
    ['error CFN116 25', 'a dash in a logical ID', '  Topic:', '  To-pic:'],
    ['error CFN135 25', 'a resource with the name of a parameter', '  Topic:', '  Count:'],
    ['error CFN203 28', 'a DependsOn of nothing', '[Bucket]', '[Bukcet]'],
    ['error CFN206 25', 'a resource that waits for itself', '[Bucket]', '[Topic]'],
    ['error CFN113 32', 'an output of null', '!Ref Bucket', '!!null'],
    ['error CFN119 30', 'an output without a value', '    Value: !Ref Bucket\n', ''],
    ['error CFN118 31', 'a misspelt key of an output', 'Description: Its', 'Descripton: Its'],
    ['error CFN119 33', 'an export without a name', "Export: {Name: !Sub '${AWS::StackName}-name'}", 'Export: {}'],
    ['error CFN119 31', 'a function in the description of an output', 'Its name', '!Ref Tier'],
    ['error CFN119 36', 'a condition that is no name', 'Bucket.Arn', 'Bucket.Arn\n    Condition: !Equals [a, a]'],
    [
      'error CFN134 36',
      'two exports of one name',
      'Bucket.Arn',
      "Bucket.Arn\n    Export: {Name: !Sub '${AWS::StackName}-name'}",
    ],
    [
      'warning CFN134 37',
      'two exports of one name, one under a condition',
      'Bucket.Arn',
      "Bucket.Arn\n    Condition: IsProd\n    Export: {Name: !Sub '${AWS::StackName}-name'}",
    ],
  ])('%s: %s', (expected, _what, was, is) => {
    const changed = GOOD.replace(was, is);
    expect(changed).not.toBe(GOOD);
    expect(summary(changed).filter((line) => !line.startsWith('warning CFN501'))).toEqual(expected.split(', '));
  });
});

describe('quotas', () => {
  const many = (count: number, entry: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => entry(i)).join('');
  const topics = (count: number) => `Resources:\n${many(count, (i) => `  T${i}: {Type: AWS::SNS::Topic}\n`)}`;
  const outputs = (count: number) => `Outputs:\n${many(count, (i) => `  O${i}: {Value: a}\n`)}`;
  const rows = (count: number) => `Mappings:\n  M:\n${many(count, (i) => `    k${i}: {a: b}\n`)}`;
  const mapped = 'Outputs: {O: {Value: !FindInMap [M, k0, a]}}\n';
  const name = (length: number) => `Resources: {${'a'.repeat(length)}: {Type: AWS::SNS::Topic}}`;
  test.each([
    ['500 resources', topics(500), []],
    ['501 resources', topics(501), ['error CFN117 1']],
    ['200 outputs', topics(1) + outputs(200), []],
    ['201 outputs', topics(1) + outputs(201), ['error CFN117 3']],
    ['200 keys of a mapping', topics(1) + mapped + rows(200), []],
    ['201 keys of a mapping', topics(1) + mapped + rows(201), ['error CFN117 5']],
    ['a name of 255 letters', name(255), []],
    ['a name of 256 letters', name(256), ['error CFN117 1']],
    ['51,200 bytes', `${topics(1)}#`.padEnd(51_200, 'x'), []],
    ['51,201 bytes', `${topics(1)}#`.padEnd(51_201, 'x'), ['info CFN109 1']],
    ['more than a megabyte', `${topics(1)}#`.padEnd(1_048_577, 'x'), ['error CFN109 1']],
    [
      'what a loop makes',
      `Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::L: [N, [${many(501, (i) => `a${i},`)}], {'T\${N}': {Type: AWS::SNS::Topic}}]`,
      ['error CFN117 2'],
    ],
  ])('%s', (_what, text, expected) => expect(summary(text)).toEqual(expected));
});

describe('names that a transform may make', () => {
  const text = (transform: string, ref: string, more = '') => `${transform}
Resources:
  Function: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, CodeUri: .}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref ${ref}}}
${more}`;
  const sam = 'Transform: AWS::Serverless-2016-10-31';
  test.each([
    [sam, 'FunctionRole', []],
    [sam, 'ServerlessRestApi', []],
    [sam, 'Funtcion', ['CFN201']],
    ['Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]', 'Funtcion', ['CFN201']],
    ['Transform: [AWS::Serverless-2016-10-31, MyMacro]', 'Funtcion', []],
    ['Transform: [AWS::Serverless-2016-10-31, {Name: AWS::Include, Parameters: {Location: s3://a/b}}]', 'Funtcion', []],
  ])('%s: %s', (transform, ref, expected) =>
    expect(findingsOf(text(transform, ref)).map(({ code }) => code)).toEqual(expected),
  );

  const loop = (collection: string, ref: string) => `Transform: AWS::LanguageExtensions
Parameters: {Open: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - ${collection}
    - Topic\${Name}: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join [' ', !Ref Open]}}
Outputs: {Arn: {Value: !Ref ${ref}}}
`;
  test.each([
    ['[A, B]', 'TopicB', []],
    ['[A, B]', 'TopicC', ['error CFN201 8']],
    ['!Ref Open', 'TopicC', ['info CFN150 4']],
    ['{a: b}', 'TopicC', ['info CFN150 4']],
  ])('a loop over %s and a Ref to %s', (collection, ref, expected) =>
    expect(summary(loop(collection, ref))).toEqual(expected),
  );

  test('a parameter that a loop reads by a computed name is used', () => {
    const found = summary(`Transform: AWS::LanguageExtensions
Parameters: {TopicA: {Type: String}, TopicB: {Type: String}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - [A]
    - Topic\${Name}s: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref {'Fn::Sub': 'Topic\${Name}'}}}
`);
    expect(found).toEqual(['warning CFN130 2']);
  });
});

test.each([
  ['a condition', 'Conditions: {C: !Equals [!Ref Topic, a]}', 'CFN207'],
  ['a rule', 'Rules: {R: {Assertions: [{Assert: !Equals [!Ref Topic, a]}]}}', 'CFN207'],
])('%s cannot refer to a resource', (_what, section, code) => {
  const text = `${section}\nResources: {Topic: {Type: AWS::SNS::Topic}, Other: {Type: AWS::SNS::Topic, Condition: C}}`;
  expect(findingsOf(text).map((finding) => finding.code)).toContain(code);
});

test('a property that is called Condition is no reference', () => {
  const text =
    'Resources: {R: {Type: Custom::R, Properties: {ServiceToken: arn:aws:sns:us-east-1:123456789012:a, Of: {Condition: other}}}}';
  expect(findingsOf(text)).toEqual([]);
});

test('what a macro may be made for is a warning', () => {
  expect(summary('Transform: MyMacro\nCounts: {}\nResources: {T: {Type: AWS::SNS::Topic}}')).toEqual([
    'warning CFN114 2',
  ]);
});
