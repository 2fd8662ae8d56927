import { describe, expect, test } from '@jest/globals';
import type { Check } from '../../../lib/deployment/verify-stack.ts';
import { countStates, renderVerification, unreadByType } from '../../../lib/report/verification.ts';

const plain = (_style: string, text: string) => text;
const about = { resource: 'A', type: 'AWS::S3::Bucket' };
const checks: Check[] = [
  { kind: 'stack', subject: 'status', state: 'matches', message: 'stack is CREATE_COMPLETE' },
  {
    kind: 'setting',
    subject: 'A.VersioningConfiguration.Status',
    state: 'differs',
    message: 'is Suspended, template says Enabled',
    property: 'VersioningConfiguration.Status',
    expected: 'Enabled',
    actual: 'Suspended',
    ...about,
  },
  {
    kind: 'resource',
    subject: 'B',
    state: 'differs',
    message: 'AWS::S3::Bucket is in the template and not in the stack',
  },
  { kind: 'state', subject: 'R compliance', state: 'unknown', message: 'INSUFFICIENT_DATA: not evaluated' },
  { kind: 'setting', subject: 'A.Tags[a]', state: 'emulator', message: 'it forgets', property: 'Tags[a]', ...about },
  {
    kind: 'setting',
    subject: 'A.AccessControl',
    state: 'not-read',
    message: 'no call gives it',
    property: 'AccessControl',
    ...about,
  },
  {
    kind: 'setting',
    subject: 'C.AccessControl',
    state: 'not-read',
    message: 'no call gives it',
    property: 'AccessControl',
    ...about,
  },
  { kind: 'drift', subject: 'A drift', state: 'not-read', message: 'CloudFormation does not judge it', ...about },
];

test('the text has the counts, a table of differences, and what is not claimed', () => {
  expect(renderVerification({ stackName: 'one', region: 'us-west-2', checks }, plain)).toBe(
    [
      'one (us-west-2): 1 match, 2 differ, 1 unknown, 1 only of the emulator, 3 not read',
      '  differs                           template says  is',
      '  A.VersioningConfiguration.Status  Enabled        Suspended',
      '  B                                 AWS::S3::Bucket is in the template and not in the stack',
      '  unknown: read, and what it should be or whether it works cannot be told',
      '    R compliance: INSUFFICIENT_DATA: not evaluated',
      '  of the emulator, not of the stack (lib/data/emulator.json)',
      '    A.Tags[a]: it forgets',
      '  not read',
      '    AWS::S3::Bucket: AccessControl (no call gives it), 2 times',
      '    drift: CloudFormation does not judge 1 resource of 1 type here',
    ].join('\n'),
  );
});

describe('counts', () => {
  test('name matches and differences even where there are none, and nothing else', () => {
    expect(countStates([])).toBe('0 match, 0 differ');
  });

  test('say nothing of what is read', () => {
    expect(unreadByType(checks.filter(({ state }) => state !== 'not-read'))).toEqual([]);
  });
});
