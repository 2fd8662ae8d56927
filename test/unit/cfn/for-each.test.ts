import { describe, expect, test } from '@jest/globals';
import { expandForEach } from '../../../lib/cfn/for-each.ts';
import type { Json, Template } from '../../../lib/cfn/template.ts';

const template = (more: object): Template =>
  ({ Transform: 'AWS::LanguageExtensions', Resources: {}, ...more }) as Template;
const topic = (name: Json): Json => ({ Type: 'AWS::SNS::Topic', Properties: { TopicName: name } });

describe('expandForEach', () => {
  test.each<[string, object, object]>([
    [
      'resources of a written collection',
      {
        Resources: {
          'Fn::ForEach::Topics': ['Name', ['A', 'B'], { 'Topic${Name}': topic({ 'Fn::Sub': '${Name}.fifo' }) }],
        },
      },
      { TopicA: topic({ 'Fn::Sub': 'A.fifo' }), TopicB: topic({ 'Fn::Sub': 'B.fifo' }) },
    ],
    [
      'Ref of the identifier is its value',
      { Resources: { 'Fn::ForEach::Topics': ['Name', ['A'], { 'Topic${Name}': topic({ Ref: 'Name' }) }] } },
      { TopicA: topic('A') },
    ],
    [
      'an ampersand leaves out what no logical ID may hold',
      { Resources: { 'Fn::ForEach::Topics': ['Name', ['a-b.c'], { 'Topic&{Name}': topic('${Name}') }] } },
      { Topicabc: topic('a-b.c') },
    ],
    [
      'a collection from a parameter',
      {
        Parameters: { Names: { Type: 'CommaDelimitedList', Default: 'A, B' } },
        Resources: { 'Fn::ForEach::Topics': ['Name', { Ref: 'Names' }, { 'Topic${Name}': topic('x') }] },
      },
      { TopicA: topic('x'), TopicB: topic('x') },
    ],
    [
      'loops in loops, the inner over a row that the outer chooses',
      {
        Mappings: { Teams: { Red: { Names: ['A', 'B'] }, Blue: { Names: ['C'] } } },
        Resources: {
          'Fn::ForEach::Teams': [
            'Team',
            ['Red', 'Blue'],
            {
              'Fn::ForEach::Names': [
                'Name',
                { 'Fn::FindInMap': ['Teams', { Ref: 'Team' }, 'Names'] },
                { '${Team}${Name}': topic('${Name}') },
              ],
            },
          ],
        },
      },
      { RedA: topic('A'), RedB: topic('B'), BlueC: topic('C') },
    ],
    [
      'properties, beside written ones',
      {
        Resources: {
          T: { Type: 'X', Properties: { Kept: 1, 'Fn::ForEach::P': ['N', ['A', 'B'], { 'Key${N}': '${N}' }] } },
        },
      },
      { T: { Type: 'X', Properties: { Kept: 1, KeyA: 'A', KeyB: 'B' } } },
    ],
    [
      'a placeholder of something else stays',
      { Resources: { 'Fn::ForEach::T': ['N', ['A'], { T: topic('${Other}${!N}') }] } },
      { T: topic('${Other}${!N}') },
    ],
  ])('%s', (_, more, resources) => {
    const expanded = expandForEach(template(more));
    expect(expanded.findings).toEqual([]);
    expect(expanded.template.Resources).toEqual(resources);
  });

  test('conditions and outputs are unrolled, and paths lead back into the loop', () => {
    const { template: expanded, origin } = expandForEach(
      template({
        Conditions: { 'Fn::ForEach::C': ['N', ['A'], { 'Is${N}': { 'Fn::Equals': ['${N}', 'A'] } }] },
        Outputs: { 'Fn::ForEach::O': ['N', ['A'], { '${N}Name': { Value: { Ref: 'N' } } }] },
      }),
    );
    expect(expanded.Conditions).toEqual({ IsA: { 'Fn::Equals': ['A', 'A'] } });
    expect(expanded.Outputs).toEqual({ AName: { Value: 'A' } });
    expect(origin(['Outputs', 'AName', 'Value'])).toEqual(['Outputs', 'Fn::ForEach::O', 2, '${N}Name', 'Value']);
    expect(origin(['Outputs', 'Other', 'Value'])).toEqual(['Outputs', 'Other', 'Value']);
  });

  test.each<[string, Json, string]>([
    ['a collection that is not known', ['N', { 'Fn::GetAtt': ['A', 'B'] }, {}], 'CFN150'],
    ['a loop of another shape', { N: 1 }, 'CFN150'],
    ['a key without the identifier', ['N', ['A', 'B'], { Same: topic('x') }], 'CFN151'],
  ])('a finding for %s', (_, loop, code) => {
    const { findings } = expandForEach(template({ Resources: { 'Fn::ForEach::Loop': loop } }));
    expect(findings).toMatchObject([{ code, path: ['Resources', 'Fn::ForEach::Loop'] }]);
  });

  test('without the transform the template is the same object', () => {
    const plain: Template = { Resources: {} };
    expect(expandForEach(plain).template).toBe(plain);
  });
});
