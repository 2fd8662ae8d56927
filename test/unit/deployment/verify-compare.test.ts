import { describe, expect, test } from '@jest/globals';
import { compareSetting } from '../../../lib/deployment/compare-settings.ts';
import { notRead, whole } from '../../../lib/deployment/live/reading.ts';
import { type Resolved, unknown } from '../../../lib/scenarios/unknown.ts';

const ACCOUNT = '123456789012';
const KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/1111`;
const open = unknown('reference', { Ref: 'Other' }, [{ kind: 'resource', name: 'Other' }]);

interface Context {
  type?: string;
  stackTags?: Record<string, string>;
  partial?: boolean;
  property?: string;
}

/** `path state` of each difference. */
function compared(
  stated: Resolved,
  live: unknown,
  { property = 'P', type = 'AWS::S3::Bucket', ...more }: Context = {},
) {
  return compareSetting(property, stated, { [property]: live }, { type, account: ACCOUNT, ...more }).map(
    ({ path, state }) => `${path} ${state}`,
  );
}

/** Rows of different lengths: Jest would hand a test that takes more a callback. */
function rows<R extends [string, ...unknown[]]>(table: R[]): [string, R][] {
  return table.map((row) => [row[0], row]);
}

const policy = (statement: object) => ({ Version: '2012-10-17', Statement: [statement] }) as unknown as Resolved;
const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

describe('a setting matches', () => {
  test.each(
    rows<[string, Resolved, unknown, Context?]>([
      ['the same text', 'a', 'a'],
      ['a number given as text', '5', 5],
      ['a number in another form', 0.5, '0.50'],
      ['a boolean given as text', 'true', true],
      ['nothing where an empty list is stated', [], undefined],
      ['nothing where an empty text is stated', '', undefined],
      ['a list in another order', ['a', 'b'], ['b', 'a']],
      ['one value where a list of one may stand', 'a', ['a']],
      ['an object with what AWS fills in', { A: 1 }, { A: 1, B: 2 }],
      ['a JSON text as an object', { a: ['b'] }, '{"a": ["b"]}'],
      ['a JSON text in another layout', '{"a":1,"b":2}', '{"b": 2, "a": 1}'],
      ['a key by its ID', '1111', KEY],
      ['an ARN where AWS gives the name', `arn:aws:iam::${ACCOUNT}:role/path/one`, 'one'],
      [
        'a name in lower case of a database',
        'Orders',
        'orders',
        { type: 'AWS::RDS::DBCluster', property: 'DBClusterIdentifier' },
      ],
      ['a minor version of the stated engine', '16', '16.4', { property: 'EngineVersion' }],
      ['tags as a map', [{ Key: 'a', Value: 'b' }], { a: 'b' }, { property: 'Tags' }],
      [
        'tags of AWS beside',
        [{ Key: 'a', Value: 'b' }],
        { a: 'b', 'aws:cloudformation:stack-name': 'x' },
        { property: 'Tags' },
      ],
      ['tags of the stack beside', { a: 'b' }, { a: 'b', c: 'd' }, { property: 'Tags', stackTags: { c: 'd' } }],
      [
        'a policy spelled otherwise',
        policy(allow),
        { Version: '2012-10-17', Statement: { ...allow, Action: ['s3:GetObject'], Resource: ['*'], Sid: '' } },
      ],
      [
        'an account by its root',
        policy({ ...allow, Principal: { AWS: ACCOUNT } }),
        policy({ ...allow, Principal: { AWS: [`arn:aws:iam::${ACCOUNT}:root`] } }),
      ],
      [
        'everybody in two spellings',
        policy({ ...allow, Principal: '*' }),
        policy({ ...allow, Principal: { AWS: '*' } }),
      ],
      [
        'conditions as texts',
        policy({ ...allow, Condition: { Bool: { a: true } } }),
        policy({ ...allow, Condition: { Bool: { a: ['true'] } } }),
      ],
      ['a statement that AWS numbered', policy(allow), policy({ ...allow, Sid: '1' })],
      ['a free-form map that is the same', { A: '1' }, whole({ A: '1' })],
    ]),
  )('%s', (_, [, stated, live, context]) => {
    expect(compared(stated, live, context)).toEqual([]);
  });
});

describe('a setting differs', () => {
  test.each(
    rows<[string, Resolved, unknown, string[], Context?]>([
      ['another text', 'a', 'b', ['P differs']],
      ['a text in another case', 'A', 'a', ['P differs']],
      ['nothing where something is stated', 'a', undefined, ['P differs']],
      ['nothing where false is stated', false, undefined, ['P differs']],
      ['nothing where zero is stated', 0, undefined, ['P differs']],
      ['versions that are equal as numbers', '1.10', '1.1', ['P differs']],
      ['a member too few', ['a', 'b'], ['a'], ['P[1] differs']],
      ['a member too many', ['a'], ['a', 'b'], ['P[1] differs']],
      ['a member twice', ['a', 'b'], ['a', 'a'], ['P[1] differs']],
      ['a named member', [{ Id: 'x', N: 1 }], [{ Id: 'x', N: 2 }], ['P[x].N differs']],
      ['a member under another name', [{ Id: 'x', N: 1 }], [{ Id: 'y', N: 1 }], ['P[x] differs', 'P[y] differs']],
      ['a text where an object is stated', { A: 1 }, 'a', ['P differs']],
      ['an object where a text is stated', 'a', { A: 1 }, ['P differs']],
      ['a list where an object is stated', { A: 1 }, [{ A: 2 }], ['P[0].A differs']],
      [
        'a deep place',
        { A: { B: [{ Name: 'n', C: 1 }] } },
        { A: { B: [{ Name: 'n', C: 2 }] } },
        ['P.A.B[n].C differs'],
      ],
      ['a key more in a JSON text', '{"a":1}', '{"a":1,"b":2}', ['P.b differs']],
      ['a key more in a free-form map', { A: '1' }, whole({ A: '1', B: '2' }), ['P.B differs']],
      ['a name in another account', 'one', 'arn:aws:iam::999999999999:role/one', ['P differs']],
      ['a key whose ID ends alike', '111', KEY, ['P differs']],
      ['a tag too many', { a: 'b' }, { a: 'b', c: 'd' }, ['Tags[c] differs'], { property: 'Tags' }],
      ['a tag too few', { a: 'b' }, {}, ['Tags[a] differs'], { property: 'Tags' }],
      [
        'a tag of the stack with another value',
        { a: 'b' },
        { a: 'b', c: 'x' },
        ['Tags[c] differs'],
        { property: 'Tags', stackTags: { c: 'd' } },
      ],
      [
        'a policy that allows more',
        policy(allow),
        policy({ ...allow, Action: ['s3:GetObject', 's3:*'] }),
        ['P.Statement[0].Action[1] differs'],
      ],
      [
        'a policy without its condition',
        policy({ ...allow, Condition: { Bool: { a: 'true' } } }),
        policy(allow),
        ['P.Statement[0].Condition differs'],
      ],
      [
        'a policy with a condition more',
        policy(allow),
        policy({ ...allow, Condition: { Bool: { a: 'true' } } }),
        ['P.Statement[0].Condition differs'],
      ],
      [
        'all resources and all of a service',
        policy(allow),
        policy({ ...allow, Resource: 'arn:aws:s3:::*' }),
        ['P.Statement[0].Resource[0] differs'],
      ],
      [
        'a policy of another version',
        policy(allow),
        { ...(policy(allow) as object), Version: '2008-10-17' },
        ['P.Version differs'],
      ],
    ]),
  )('%s', (_, [, stated, live, expected, context]) => {
    expect(compared(stated, live, context)).toEqual(expected);
  });
});

describe('a setting is not claimed', () => {
  test.each(
    rows<[string, Resolved, unknown, string[], Context?]>([
      ['an open value', open, 'a', ['P unknown']],
      ['an open value that is not set', open, undefined, ['P unknown']],
      ['a text with an open part that fits', unknown('text', '', [], { parts: ['a-', open] }), 'a-b', ['P unknown']],
      [
        'a text with an open part that cannot fit',
        unknown('text', '', [], { parts: ['a-', open] }),
        'b-b',
        ['P differs'],
      ],
      ['one of several values', unknown('condition', '', [], { options: ['a', 'b'] }), 'a', ['P unknown']],
      ['none of several values', unknown('condition', '', [], { options: ['a', 'b'] }), 'c', ['P differs']],
      ['an open member of a list', ['a', open], ['a', 'b'], ['P[1] unknown']],
      ['an open value of a tag', { a: open }, { a: 'b' }, ['Tags[a] unknown'], { property: 'Tags' }],
      ['a value that was not read', 'a', notRead('why'), ['P not-read']],
      ['a part that was not read', { A: 1, B: 2 }, { A: 1, B: notRead('why') }, ['P.B not-read']],
      ['what Cloud Control leaves out', { A: 1, B: 2 }, { A: 1 }, ['P.B not-read'], { partial: true }],
    ]),
  )('%s', (_, [, stated, live, expected, context]) => {
    expect(compared(stated, live, context)).toEqual(expected);
  });

  test('a property that the reader does not give', () => {
    expect(compareSetting('P', 'a', {}, { type: 'T', account: ACCOUNT })).toMatchObject([
      { path: 'P', state: 'not-read' },
    ]);
  });
});
