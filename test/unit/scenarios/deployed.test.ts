import { expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { resolveTemplate } from '../../../lib/scenarios/resolve.ts';

const { template } = parseTemplate(
  `
Parameters: {On: {Type: String, Default: 'no'}}
Conditions: {IsOn: !Equals [!Ref On, 'yes']}
Resources:
  Key: {Type: AWS::KMS::Key}
  Extra: {Type: AWS::KMS::Key, Condition: IsOn}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: !Ref Key
      TopicName: !GetAtt Key.Arn
      DisplayName: !Sub 'with ${'$'}{Key} and ${'$'}{Key.Other}'
Outputs:
  Extra: {Condition: IsOn, Value: !Ref Extra}
`,
  'one.yaml',
);
const deployed = {
  Key: { ref: '1111', attributes: { Arn: 'arn:1111' } },
  Extra: { ref: '2222' },
};

test('a deployed resource is what Ref and GetAtt say of it, as far as it is known', () => {
  const { resources, findings } = resolveTemplate(template, { deployed });
  expect(resources.Topic?.properties).toMatchObject({
    KmsMasterKeyId: '1111',
    TopicName: 'arn:1111',
    DisplayName: { $unknown: 'text', parts: ['with 1111 and ', { $unknown: 'attribute' }] },
  });
  expect(findings).toEqual([]);
});

test('what the environment leaves out stays out, deployed or not', () => {
  expect(resolveTemplate(template, { deployed }).outputs).toEqual({});
  expect(resolveTemplate(template, { deployed, parameters: { On: 'yes' } }).outputs.Extra?.value).toBe('2222');
});

test('without a deployed stack references stay open', () => {
  expect(resolveTemplate(template, {}).resources.Topic?.properties).toMatchObject({
    KmsMasterKeyId: { $unknown: 'reference' },
    TopicName: { $unknown: 'attribute' },
  });
});
