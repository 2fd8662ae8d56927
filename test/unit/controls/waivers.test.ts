import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { assess } from '../../../lib/controls/assess.ts';
import { kms } from '../../../lib/controls/kms.ts';
import { rds } from '../../../lib/controls/rds.ts';

const template = (waiver: string, encrypted = 'false') =>
  parseTemplate(
    `
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Metadata: {plainform: {waivers: [${waiver}]}}
    Properties: {StorageEncrypted: ${encrypted}}`,
    'a.yaml',
  ).template;
const CONTROLS = { 'RDS.3': rds['RDS.3']!, 'KMS.4': kms['KMS.4']! };
const WHOLE = '{control: RDS.3, reason: A copy for tests., owner: platform, expires: 2026-12-31}';
const today = '2026-11-21';
const codes = (waiver: string, encrypted?: string, on = today) =>
  assess(template(waiver, encrypted), CONTROLS, { today: on }).findings.map(({ code }) => code);

test('a waiver turns what never holds into waived, and says who answers for it', () => {
  const { facts, findings } = assess(template(WHOLE), CONTROLS, { today });
  expect(findings).toEqual([]);
  expect(facts).toMatchObject([{ control: 'RDS.3', verdict: 'waived', waiver: { owner: 'platform' }, failed: 1 }]);
});

describe('a waiver that is a finding itself', () => {
  test.each([
    ['CFN530', 'no reason', WHOLE.replace('A copy for tests.', "''")],
    ['CFN530', 'no owner', WHOLE.replace('owner: platform, ', '')],
    ['CFN530', 'no day', WHOLE.replace('2026-12-31', 'never')],
    ['CFN530', 'no mapping', 'RDS.3'],
    ['CFN531', 'expired', WHOLE.replace('2026-12-31', '2026-11-20')],
    ['CFN533', 'an unknown control', WHOLE.replace('RDS.3', 'RDS.33')],
    ['CFN532', 'a control for other resources', WHOLE.replace('RDS.3', 'KMS.4')],
  ])('%s: %s', (code, _what, waiver) => {
    expect(codes(waiver)).toEqual([code]);
    if (code !== 'CFN532') expect(assess(template(waiver), CONTROLS, { today }).facts[0]!.verdict).toBe('never');
  });

  test('CFN532: the control holds', () => {
    expect(codes(WHOLE, 'true')).toEqual(['CFN532']);
  });

  test('its last day counts', () => {
    expect(codes(WHOLE, 'false', '2026-12-31')).toEqual([]);
    expect(codes(WHOLE, 'false', '2027-01-01')).toEqual(['CFN531']);
  });
});

test('a waiver from outside the template, and one for a resource that is not there', () => {
  const waiver = { control: 'RDS.3', reason: 'x', owner: 'y', expires: '2030-01-01', path: ['waivers', 0] };
  const at = (resource: string) =>
    assess(template(''), CONTROLS, { today, waivers: [{ ...waiver, resource, file: 'plainform.yaml' }] });
  expect(at('Database')).toMatchObject({ facts: [{ verdict: 'waived' }], findings: [] });
  expect(at('Databas')).toMatchObject({
    facts: [{ verdict: 'never' }],
    findings: [{ code: 'CFN533', file: 'plainform.yaml', fix: 'write Database' }],
  });
});

test('with parameters, one deployment is judged', () => {
  const { template: conditional } = parseTemplate(
    `
Parameters: {Env: {Type: String, AllowedValues: [dev, prod], Default: prod}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Database: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !If [IsProd, true, false]}}`,
    'a.yaml',
  );
  const verdict = (parameters?: Record<string, string>) =>
    assess(conditional, CONTROLS, { today, ...(parameters && { parameters }) }).facts[0]!.verdict;
  expect([verdict(), verdict({}), verdict({ Env: 'dev' })]).toEqual(['fails', 'proven', 'never']);
});
