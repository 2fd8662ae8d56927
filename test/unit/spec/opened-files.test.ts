import fs from 'node:fs';
import { basename } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';

test('a check opens the entries of the types in the template, and no other', () => {
  const opened = jest.spyOn(fs, 'readFileSync');
  const text = `Resources:
  Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: a } }
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.0.0.0/16 } }
`;
  const { findings } = checkTemplate(parseTemplate(text, 'a.yaml'));
  const files = opened.mock.calls.map(([file]) => String(file)).filter((file) => file.includes('/lib/spec/index/'));
  opened.mockRestore();
  expect(findings).toEqual([]);
  const entries = files.map((file) => basename(file)).filter((name) => /^[A-Z]\w*-/.test(name) && !/^E\d/.test(name));
  expect(entries.sort()).toEqual(['AWS-EC2-VPC.json', 'AWS-SNS-Topic.json']);
  expect(files.length).toBeLessThan(10);
});
