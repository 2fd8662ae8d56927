import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import type { Controls } from '../../../lib/controls/control.ts';
import { ec2 } from '../../../lib/controls/ec2.ts';
import { kms } from '../../../lib/controls/kms.ts';
import { messaging } from '../../../lib/controls/messaging.ts';
import { type Fact, Prover, type Verdict } from '../../../lib/controls/prove.ts';
import { rds } from '../../../lib/controls/rds.ts';
import { s3 } from '../../../lib/controls/s3.ts';

const ALL: Controls = { ...ec2, ...kms, ...rds, ...s3 };

function factOf(control: string, text: string): Fact {
  const { template, findings } = parseTemplate(text, 'a.yaml');
  expect(findings).toEqual([]);
  const [fact, ...more] = new Prover(template).facts({ [control]: ALL[control]! });
  expect(more).toEqual([]);
  return fact!;
}

const ENV = `
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: DEFAULT}
  On: {Type: String, AllowedValues: ['true', 'false'], Default: 'true'}
  Debug: {Type: String, AllowedValues: ['yes', 'no'], Default: 'no'}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  On: !Equals [!Ref On, 'true']
  IsDebug: !Equals [!Ref Debug, 'yes']
`;

const instance = (value: string, usual = 'prod') =>
  `${ENV.replace('DEFAULT', usual)}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: ${value}}}`;
const flags = '{BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}';

type Case = [what: string, control: string, text: string, verdict: Verdict, counterexample?: Record<string, string>];

describe('the verdict over every deployment', () => {
  test.each([
    ['both ways, production by default', 'RDS.3', instance('!If [IsProd, true, false]'), 'fails', { Env: 'dev' }],
    ['both ways, development by default', 'RDS.3', instance('!If [IsProd, true, false]', 'dev'), 'fails', {}],
    ['true on both sides', 'RDS.3', instance('!If [IsProd, true, true]'), 'proven'],
    ['false on both sides', 'RDS.3', instance('!If [IsProd, false, false]'), 'never', {}],
    ['a literal', 'RDS.3', instance('true'), 'proven'],
    ['nothing', 'RDS.3', instance('!Ref AWS::NoValue'), 'never', {}],
    [
      'removed under a condition',
      'S3.8',
      `${ENV.replace('DEFAULT', 'dev')}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {PublicAccessBlockConfiguration: !If [On, ${flags}, !Ref AWS::NoValue]}`,
      'fails',
      { On: 'false' },
    ],
    [
      'a resource that exists under a condition',
      'EC2.19',
      `${ENV.replace('DEFAULT', 'dev')}
Resources:
  Open:
    Type: AWS::EC2::SecurityGroup
    Condition: IsDebug
    Properties: {GroupDescription: x, SecurityGroupIngress: [{IpProtocol: '-1', CidrIp: 0.0.0.0/0}]}`,
      'never',
      { Debug: 'yes' },
    ],
    [
      'a range under a condition',
      'EC2.19',
      `${ENV.replace('DEFAULT', 'dev')}
Resources:
  Open:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: x
      SecurityGroupIngress: [{IpProtocol: '-1', CidrIp: !If [IsDebug, 0.0.0.0/0, 10.0.0.0/8]}]`,
      'fails',
      { Debug: 'yes' },
    ],
    [
      'a parameter with both values',
      'KMS.4',
      `
Parameters:
  Rotate: {Type: String, AllowedValues: ['true', 'false'], Default: 'true'}
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: !Ref Rotate}}`,
      'fails',
      { Rotate: 'false' },
    ],
    [
      'a parameter with one value',
      'RDS.3',
      `
Parameters:
  Enc: {Type: String, AllowedValues: ['true'], Default: 'true'}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !Ref Enc}}`,
      'proven',
    ],
    [
      'a free parameter',
      'RDS.3',
      `
Parameters:
  Enc: {Type: String, Default: 'true'}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !Ref Enc}}`,
      'fails',
      { Enc: 'false' },
    ],
    [
      'a mapping, of which one row is wrong',
      'RDS.3',
      `
Parameters:
  Tier: {Type: String, AllowedValues: [small, large], Default: large}
Mappings:
  M: {small: {Enc: false}, large: {Enc: true}, unused: {Enc: false}}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !FindInMap [M, !Ref Tier, Enc]}}`,
      'fails',
      { Tier: 'small' },
    ],
    [
      'a mapping, of which no parameter can choose the wrong row',
      'RDS.3',
      `
Parameters:
  Tier: {Type: String, AllowedValues: [small, large], Default: large}
Mappings:
  M: {small: {Enc: true}, large: {Enc: true}, unused: {Enc: false}}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !FindInMap [M, !Ref Tier, Enc]}}`,
      'proven',
    ],
    [
      'a pattern that admits the world',
      'EC2.19',
      `
Parameters:
  Cidr: {Type: String, AllowedPattern: '[0-9./]+', Default: 10.0.0.0/8}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {IpProtocol: tcp, CidrIp: !Ref Cidr}`,
      'fails',
      { Cidr: '0.0.0.0/0' },
    ],
    [
      'a pattern that does not',
      'EC2.19',
      `
Parameters:
  Cidr: {Type: String, AllowedPattern: '10\\.[0-9.]+/(8|16|24)', Default: 10.0.0.0/8}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {IpProtocol: tcp, CidrIp: !Ref Cidr}`,
      'proven',
    ],
    [
      'an attribute of another resource',
      'EC2.19',
      `
Resources:
  Block: {Type: AWS::CloudFormation::CustomResource, Properties: {ServiceToken: x}}
  Group:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {IpProtocol: tcp, CidrIp: !GetAtt Block.Cidr}`,
      'depends',
    ],
    [
      'a resource that can never exist',
      'RDS.3',
      `
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: dev}
Conditions:
  Test: !Equals [!Ref Env, test]
Resources:
  Db: {Type: AWS::RDS::DBInstance, Condition: Test, Properties: {}}`,
      'unreachable',
    ],
  ] satisfies Case[])('%s (%s)', (...row) => {
    const [, control, text, verdict, counterexample] = row as Case;
    const fact = factOf(control, text);
    expect(fact).toMatchObject({ verdict });
    expect(fact.counterexample).toEqual(verdict === 'fails' || verdict === 'never' ? counterexample : undefined);
  });
});

test('a rule that keeps the wrong value out is named', () => {
  const fact = factOf(
    'RDS.3',
    `
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: prod}
Rules:
  OnlyProduction:
    Assertions:
      - {Assert: !Equals [!Ref Env, prod], AssertDescription: Only production is deployed.}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !If [IsProd, true, false]}}`,
  );
  expect(fact.verdict).toBe('proven');
  expect(fact.message).toContain('rule OnlyProduction (Only production is deployed.)');
});

test('a parameter that is not empty where it is used', () => {
  const fact = factOf(
    'RDS.3',
    `
Parameters:
  Enc: {Type: String, AllowedValues: ['', 'true'], Default: ''}
Conditions:
  Given: !Not [!Equals [!Ref Enc, '']]
Resources:
  Db: {Type: AWS::RDS::DBInstance, Condition: Given, Properties: {StorageEncrypted: !Ref Enc}}`,
  );
  expect(fact.verdict).toBe('proven');
});

/** Rules of one security group, each with a condition of its own. */
function independent(count: number, wrong: number | undefined): string {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return `
Parameters:
${numbers.map((i) => `  P${i}: {Type: String, AllowedValues: ['yes', 'no'], Default: 'no'}`).join('\n')}
Conditions:
${numbers.map((i) => `  C${i}: !Equals [!Ref P${i}, 'yes']`).join('\n')}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: x
      SecurityGroupIngress:
${numbers.map((i) => `        - !If [C${i}, {IpProtocol: tcp, CidrIp: ${i === wrong ? '0.0.0.0/0' : '10.0.0.0/8'}}, !Ref AWS::NoValue]`).join('\n')}`;
}

test('forty conditions in one list are forty questions', () => {
  expect(factOf('EC2.19', independent(40, undefined)).verdict).toBe('proven');
  expect(factOf('EC2.19', independent(40, 17))).toMatchObject({ verdict: 'fails', counterexample: { P17: 'yes' } });
});

test('what a loop makes is told by its own name, at the place of the loop', () => {
  const { template } = parseTemplate(
    `Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Buckets:
    - Name
    - [One, Two]
    - Bucket\${Name}: {Type: AWS::S3::Bucket, Properties: {ObjectLockEnabled: true}}`,
    'a.yaml',
  );
  const facts = [...new Prover(template).facts({ 'S3.14': s3['S3.14']!, 'S3.15': s3['S3.15']! })];
  expect(facts.map(({ control, resource, verdict, path }) => [control, resource, verdict, path[1]])).toEqual([
    ['S3.14', 'BucketOne', 'never', 'Fn::ForEach::Buckets'],
    ['S3.14', 'BucketTwo', 'never', 'Fn::ForEach::Buckets'],
    ['S3.15', 'BucketOne', 'proven', 'Fn::ForEach::Buckets'],
    ['S3.15', 'BucketTwo', 'proven', 'Fn::ForEach::Buckets'],
  ]);
});

describe('policies, in every deployment', () => {
  const policy = (head: string, statement: string) => `${head}
Resources:
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [q], PolicyDocument: {Statement: ${statement}}}`;
  const open = '{Effect: Allow, Principal: "*", Action: "sqs:*", Resource: "*"}';
  const shut =
    '{Effect: Deny, Principal: "*", Action: "sqs:*", Resource: "*", Condition: {StringNotEquals: {aws:PrincipalOrgID: o-1}}}';

  test.each<[what: string, text: string, verdict: Verdict, counterexample: object | undefined]>([
    [
      'a statement in one branch',
      policy(ENV.replace('DEFAULT', 'prod'), `[!If [IsDebug, ${open}, !Ref AWS::NoValue]]`),
      'fails',
      { Debug: 'yes' },
    ],
    [
      'a Deny that is there in one branch only',
      policy(ENV.replace('DEFAULT', 'prod'), `[${open}, !If [IsProd, ${shut}, !Ref AWS::NoValue]]`),
      'fails',
      { Env: 'dev' },
    ],
    [
      'a Deny that is always there',
      policy(ENV.replace('DEFAULT', 'prod'), `[${shut}, !If [IsProd, ${open}, !Ref AWS::NoValue]]`),
      'proven',
      undefined,
    ],
    [
      'a principal that is a parameter of two values',
      policy(
        'Parameters: {Who: {Type: String, AllowedValues: ["111122223333", "*"], Default: "111122223333"}}',
        '[{Effect: Allow, Principal: {AWS: !Ref Who}, Action: "sqs:*"}]',
      ),
      'fails',
      { Who: '*' },
    ],
    [
      'a principal that is any account number',
      policy(
        'Parameters: {Who: {Type: String, AllowedPattern: "[0-9]{12}", Default: "111122223333"}}',
        '[{Effect: Allow, Principal: {AWS: !Ref Who}, Action: "sqs:*"}]',
      ),
      'proven',
      undefined,
    ],
    [
      'a list of principals that nobody knows',
      policy(
        'Parameters: {Who: {Type: CommaDelimitedList}}',
        '[{Effect: Allow, Principal: {AWS: !Ref Who}, Action: "sqs:*"}]',
      ),
      'depends',
      undefined,
    ],
    [
      'a condition in one branch',
      policy(
        ENV.replace('DEFAULT', 'prod'),
        '[{Effect: Allow, Principal: "*", Action: "sqs:*", Condition: !If [IsProd, {ArnEquals: {aws:SourceArn: "arn:aws:sns:eu-west-1:111122223333:news"}}, !Ref AWS::NoValue]}]',
      ),
      'fails',
      { Env: 'dev' },
    ],
  ])('%s', (_what, text, verdict, counterexample) => {
    const { template } = parseTemplate(text, 'a.yaml');
    const [fact] = new Prover(template).facts({ 'PF.SQS.public': messaging['PF.SQS.public']! });
    expect({ verdict: fact!.verdict, counterexample: fact!.counterexample }).toEqual({ verdict, counterexample });
  });
});

describe('the values on which a proof rests', () => {
  const evidenceOf = (control: string, text: string) => {
    const { template } = parseTemplate(text, 'a.yaml');
    const facts = [...new Prover(template, { evidence: true }).facts({ [control]: ALL[control]! })];
    return facts.map(({ verdict, evidence }) => [verdict, evidence?.map((path) => path.slice(3).join('.'))]);
  };

  test.each<[what: string, control: string, text: string, found: [Verdict, string[] | undefined][]]>([
    ['a value', 'RDS.3', instance('true'), [['proven', ['StorageEncrypted']]]],
    [
      'the branches that are reached',
      'RDS.3',
      instance('!If [IsProd, true, true]'),
      [['proven', ['StorageEncrypted.Fn::If.1', 'StorageEncrypted.Fn::If.2']]],
    ],
    [
      'each of several',
      'S3.8',
      `Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {PublicAccessBlockConfiguration: ${flags}}}`,
      [
        [
          'proven',
          ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
            (name) => `PublicAccessBlockConfiguration.${name}`,
          ),
        ],
      ],
    ],
    ['what is absent is none', 'S3.12', 'Resources:\n  B: {Type: AWS::S3::Bucket}', [['proven', []]]],
    ['what fails has a place of its own', 'RDS.3', instance('false'), [['never', undefined]]],
  ])('%s', (_, control, text, found) => expect(evidenceOf(control, text)).toEqual(found));

  test('nobody asks, nothing is kept', () => expect(factOf('RDS.3', instance('true'))).not.toHaveProperty('evidence'));
});

test.each([
  [7, 'proven'],
  [0, 'fails'],
  [6, 'fails'],
])('a number from %d on: both that it is not 0 and that it is 7 at least', (least, verdict) => {
  const text = `
Parameters: {Days: {Type: Number, MinValue: ${least}, MaxValue: 35, Default: 14}}
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {Engine: postgres, BackupRetentionPeriod: !Ref Days}}`;
  expect(factOf('RDS.11', text).verdict).toBe(verdict);
});
