import { describe, expect, test } from '@jest/globals';
import { parseSub, placeholderExpression, subArguments } from '../../../lib/cfn/sub.ts';

describe('parseSub', () => {
  test.each([
    ['no placeholder is one literal', 'plain', [{ text: 'plain' }]],
    ['nothing has no part', '', []],
    ['a placeholder alone', '${Name}', [{ name: 'Name', offset: 0 }]],
    ['an attribute keeps its dots', '${Stack.Outputs.Id}', [{ name: 'Stack.Outputs.Id', offset: 0 }]],
    [
      'pseudo parameters',
      'arn:${AWS::Partition}:s3',
      [{ text: 'arn:' }, { name: 'AWS::Partition', offset: 4 }, { text: ':s3' }],
    ],
    ['an escape is literal, and joins its neighbours', 'a${!Literal}b', [{ text: 'a${Literal}b' }]],
    ['an unclosed brace is literal', 'a${Name', [{ text: 'a${Name' }]],
    ['a dollar before a placeholder is literal', '$${Name}', [{ text: '$' }, { name: 'Name', offset: 1 }]],
    [
      'neighbours stay apart',
      '${A}${B}',
      [
        { name: 'A', offset: 0 },
        { name: 'B', offset: 4 },
      ],
    ],
    ['the inner of two openings is the placeholder', '${A${B}', [{ text: '${A' }, { name: 'B', offset: 3 }]],
  ])('%s', (_, source, expected) => {
    expect(parseSub(source)).toEqual(expected);
  });
});

test('a placeholder is a Ref, or with a dot an attribute', () => {
  expect(placeholderExpression('Key')).toEqual({ Ref: 'Key' });
  expect(placeholderExpression('Stack.Outputs.Id')).toEqual({ 'Fn::GetAtt': ['Stack', 'Outputs.Id'] });
});

test.each([
  ['a string', 'a', { text: 'a', variables: {} }],
  ['a list of one', ['a'], { text: 'a', variables: {} }],
  ['a list with variables', ['a', { B: 1 }], { text: 'a', variables: { B: 1 } }],
  ['a list without text', [1, {}], undefined],
  ['an object', { a: 1 }, undefined],
])('the argument of Fn::Sub may be %s', (_, argument, expected) => {
  expect(subArguments(argument)).toEqual(expected);
});
