import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTemplate, readTemplate } from '../../../lib/cfn/read.ts';
import { isObject, type Json, type JsonObject } from '../../../lib/cfn/template.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';
import { fileInProject } from '../../../lib/project.ts';

const LOOPS = `
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'A,B', AllowedValues: [A, B], AllowedPattern: '[A-Z]'}
  Count: {Type: Number, Default: 1, MinValue: 1, MaxValue: 3}
Rules:
  R: {RuleCondition: !Equals [!Ref Count, 1], Assertions: [{Assert: !Contains [[1, 2], !Ref Count], AssertDescription: a}]}
Mappings: {Map: {one: {a: x, b: [y, z]}, two: {a: x}}}
Conditions:
  Fn::ForEach::Conditions: [N, !Ref Names, {'Is\${N}': !And [!Equals [!Ref Count, 2], !Not [!Equals ['\${N}', A]]]}]
Globals: {Function: {Timeout: 3}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - [A, B]
    - Topic\${Name}: {Type: AWS::SNS::Topic, Condition: 'Is\${Name}', Properties: {DisplayName: !Sub '\${Name}-\${AWS::Region}'}}
  Function:
    Type: AWS::Serverless::Function
    DependsOn: [Role]
    Properties:
      Runtime: nodejs22.x
      Handler: !Select [0, !Split ['.', !FindInMap [Map, one, a]]]
      CodeUri: .
      Role: !If [IsA, !GetAtt Role.Arn, !Ref AWS::NoValue]
      Environment: {Variables: {A: !Join [',', !FindInMap [Map, one, b]], B: !ImportValue b, C: !ToJsonString {a: !Ref Count}}}
  Role:
    Type: AWS::IAM::Role
    DeletionPolicy: !If [IsB, Retain, Delete]
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: '*', Action: 'sts:AssumeRole'}]}
Outputs:
  Arn: {Condition: IsA, Value: !GetAtt Role.Arn, Export: {Name: !Sub '\${AWS::StackName}-arn'}}
  Blocks: {Value: !Select [0, !Cidr [10.0.0.0/16, 4, 8]]}
`;
const BASES: Json[] = [
  parseTemplate(LOOPS, 'loops.yaml').value,
  readTemplate(fileInProject('templates/staging-replica.yaml')).value,
];

const FUNCTIONS = [
  ...[
    'Ref',
    'Condition',
    'Fn::GetAtt',
    'Fn::Sub',
    'Fn::If',
    'Fn::Join',
    'Fn::Select',
    'Fn::Split',
    'Fn::FindInMap',
    'Fn::Cidr',
  ],
  ...['Fn::GetAZs', 'Fn::ImportValue', 'Fn::And', 'Fn::Not', 'Fn::Or', 'Fn::Equals', 'Fn::Contains', 'Fn::ForEach::X'],
  ...[
    'Fn::EachMemberIn',
    'Fn::ValueOf',
    'Fn::ValueOfAll',
    'Fn::RefAll',
    'Fn::Transform',
    'Fn::Length',
    'Fn::ToJsonString',
  ],
  ...[
    'Fn::GetStackOutput',
    'Fn::Base64',
    'Fn::Nothing',
    'Rain::Embed',
    '__proto__',
    'constructor',
    'Type',
    'Properties',
  ],
];
const leaf = fc.constantFrom<Json>(
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    'A',
    'Role',
    'Role.Arn',
    'IsA',
    'Map',
    '${',
    '${}',
    '${A.}',
    '${A}${!B}',
    '{{resolve:',
  ],
  ...['__proto__', 'toString', '10.0.0.0/16', '[', '(?<', '.*', [], {}, [[]], [null], 'AWS::NoValue', 'AWS::Region'],
);
const odd: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...FUNCTIONS), tie('value'), { minKeys: 1, maxKeys: 2 }),
    fc
      .tuple(fc.constantFrom(...FUNCTIONS), fc.array(tie('value'), { maxLength: 4 }))
      .map(([name, list]) => ({ [name]: list })),
  ),
})).value;

type Change = {
  how: 'replace' | 'remove' | 'wrap' | 'rename' | 'copy';
  at: number;
  from: number;
  odd: Json;
  key: string;
};
const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom('replace', 'remove', 'wrap', 'rename', 'copy'),
  at: fc.nat(),
  from: fc.nat(),
  odd,
  key: fc.constantFrom(...FUNCTIONS, 'Tier', 'Resources', 'Parameters'),
});

test('no mutation of a template makes a part of the check fail', () => {
  fc.assert(
    fc.property(fc.constantFrom(...BASES), fc.array(change, { minLength: 1, maxLength: 3 }), (base, changes) => {
      const value = structuredClone(base);
      for (const each of changes) apply(value, each);
      if (!isObject(value)) return;
      const { notJudged, findings } = checkTemplate(parseTemplate(JSON.stringify(value), 'a.json'));
      expect(notJudged.filter((part) => !part.startsWith('what macros add'))).toEqual([]);
      for (const { line, column, message } of findings) {
        expect(message).not.toMatch(/undefined|\[object|NaN/);
        expect([line, column].every((at) => at === undefined || at >= 1)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
}, 120_000);

function apply(root: Json, { how, at, from, odd: value, key }: Change): void {
  const places = placesOf(root);
  if (places.length === 0) return;
  const [holder, step] = places[at % places.length]!;
  const inside = holder as unknown as Record<string | number, Json>;
  if (how === 'replace') put(inside, step, structuredClone(value));
  else if (how === 'wrap') put(inside, step, { [key]: inside[step]! });
  else if (how === 'copy') {
    const [other, place] = places[from % places.length]!;
    put(inside, step, structuredClone((other as unknown as Record<string | number, Json>)[place]!));
  } else if (Array.isArray(holder)) holder.splice(Number(step), 1);
  else {
    const old = inside[step]!;
    delete inside[step];
    if (how === 'rename') put(inside, key, old);
  }
}

function put(holder: Record<string | number, Json>, step: string | number, value: Json): void {
  Object.defineProperty(holder, step, { value, enumerable: true, configurable: true, writable: true });
}

function placesOf(value: Json): [JsonObject | Json[], string | number][] {
  if (typeof value !== 'object' || value === null) return [];
  const members: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return members.flatMap(([step, member]): [JsonObject | Json[], string | number][] => [
    [value as JsonObject, step],
    ...placesOf(member),
  ]);
}
