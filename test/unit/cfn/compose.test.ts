import { expect, test } from '@jest/globals';
import { compose, renderStack } from '../../../lib/cfn/compose.ts';
import { type Declaration, fragment, parameter, resource, sub } from '../../../lib/cfn/index.ts';

const stack = (...items: Declaration[]) =>
  compose({
    name: 'x',
    source: 'generator/stacks/x.ts',
    description: 'X: y',
    groups: ['Environment'],
    fragments: [fragment('Keys', items)],
  });
const alias = (id: string, name: ReturnType<typeof sub> | string) =>
  resource(id, 'AWS::KMS::Alias', { Properties: { AliasName: name, TargetKeyId: 'key' } });

test.each([
  ['CFN001', 'an ID declared twice', () => stack(alias('A', 'alias/a'), alias('A', 'alias/b'))],
  ['CFN002', 'an ID with a hyphen', () => stack(alias('A-B', 'alias/a'))],
  [
    'CFN003',
    'a parameter in no group of the stack',
    () => stack(alias('A', 'a'), parameter('P', 'String', { group: 'Nowhere', label: 'P', Description: 'P.' })),
  ],
  ['CFN201', 'a Sub of what no fragment lists', () => stack(alias('A', sub('alias/${Missing}')))],
  ['CFN202', 'a Sub of an attribute of what no fragment lists', () => stack(alias('A', sub('alias/${Missing.Arn}')))],
  ['CFN206', 'two resources that wait for each other', () => stack(alias('A', sub('${B}')), alias('B', sub('${A}')))],
])('%s: refuses %s', (code, _what, make) => {
  expect(make).toThrow(new RegExp(code));
});

test('all mistakes are told at once', () => {
  expect(() => stack(alias('A-B', sub('${Missing}')), alias('C', sub('${AlsoMissing}')))).toThrow(
    /CFN002[\s\S]*CFN201[\s\S]*CFN201/,
  );
});

test('the same declarations give the same bytes', () => {
  expect(renderStack(stack(alias('A', 'alias/a')))).toBe(renderStack(stack(alias('A', 'alias/a'))));
});
