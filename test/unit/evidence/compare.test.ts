import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { isObject, type Json, type Template } from '../../../lib/cfn/template.ts';
import { writeTemplate } from '../../../lib/cfn/write.ts';
import { checkControls } from '../../../lib/check/check-controls.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';
import type { Waiver } from '../../../lib/controls/waivers.ts';
import { canonicalDocument } from '../../../lib/evidence/canonical.ts';
import { type Change, type Comparison, compare, type Side } from '../../../lib/evidence/compare.ts';
import { fileInProject } from '../../../lib/project.ts';
import { comparisonMarkdown, comparisonText, isEmpty, transition } from '../../../lib/report/comparison.ts';

const BASE = `
Parameters:
  Env: {Type: String, AllowedValues: [dev, test, prod], Default: prod}
  Encrypt: {Type: String, AllowedValues: ['true', 'false'], Default: 'true'}
  Days: {Type: Number, MinValue: 1, MaxValue: 3653, Default: 400}
Mappings:
  Tier:
    dev: {MultiAz: false}
    test: {MultiAz: true}
    prod: {MultiAz: true}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Equals [!Ref Env, dev]
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      EnableKeyRotation: true
      KeyPolicy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*', Principal: {AWS: !Sub 'arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root'}}]}
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceClass: db.m5.large
      Engine: postgres
      StorageEncrypted: true
      MultiAZ: !FindInMap [Tier, !Ref Env, MultiAz]
      PubliclyAccessible: false
      DeletionProtection: !If [IsProd, true, false]
      CopyTagsToSnapshot: true
      DBParameterGroupName: !Ref DatabaseParameters
  DatabaseParameters:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres16
      Description: Only over TLS
      Parameters: {rds.force_ssl: '1'}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: !Ref Days
      KmsKeyId: !GetAtt Key.Arn
  Queue:
    Type: AWS::SQS::Queue
    Properties: {SqsManagedSseEnabled: !Ref Encrypt}
  Topic:
    Type: AWS::SNS::Topic
    Metadata: {plainform: {waivers: [{control: SNS.1, reason: Nothing secret., owner: platform, expires: '2999-01-01'}]}}
    Properties: {DisplayName: Alerts}
  Data:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}}]}
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
  DataPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: 's3:*'
            Resource: [!GetAtt Data.Arn, !Sub '\${Data.Arn}/*']
            Condition: {Bool: {'aws:SecureTransport': 'false'}}
  Ssh:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: For the office
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8}]
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      IsLogging: true
      IsMultiRegionTrail: true
      IncludeGlobalServiceEvents: true
      EnableLogFileValidation: true
      S3BucketName: trails
      KMSKeyId: !GetAtt Key.Arn
`;

/** Of the catalogue, what the edits are about: what else it comes to ask changes nothing here. */
const ASKED = [
  ...['RDS.2', 'RDS.3', 'RDS.5', 'RDS.6', 'RDS.8', 'RDS.9', 'RDS.10', 'RDS.17', 'RDS.26', 'RDS.38', 'KMS.4', 'KMS.5'],
  ...['CloudWatch.16', 'PF.Logs.kms', 'SQS.1', 'SNS.1', 'S3.4', 'S3.5', 'S3.7', 'S3.8', 'S3.14', 'S3.17'],
  ...[
    'PF.S3.ownership',
    'EC2.13',
    'EC2.14',
    'CloudTrail.1',
    'CloudTrail.3',
    'CloudTrail.4',
    'CloudTrail.5',
    'Kinesis.1',
  ],
];
const only = new Map(ASKED.map((control) => [control, {}]));
const TODAY = '2026-11-21';

function sideOf(text: string, file = 'new.yaml', waivers: readonly Waiver[] = []): Side {
  const read = parseTemplate(text, file);
  const document = canonicalDocument(read);
  const { facts, findings } = checkControls(document, { today: TODAY, waivers, only });
  const result = checkTemplate(read);
  return { document, findings: [...result.findings, ...findings], facts, notJudged: result.notJudged };
}

const base = sideOf(BASE, 'old.yaml');

function compared(text: string, old: Side = base): Comparison {
  return compare([{ name: 'a.yaml', old, new: sideOf(text) }]);
}

const said = (change: Change) => `${change.control} ${change.resource}: ${transition(change)}`;

type Told = Readonly<Record<string, readonly string[]>>;

/** What the comparison holds, where it holds anything. */
function told(comparison: Comparison): Told {
  const { lost, gained, changed, added, removed, renamedParameters, newFindings } = comparison;
  const all = {
    lost: lost.map(said),
    gained: gained.map(said),
    changed: changed.map(said),
    added: added.map(({ resource, likely }) => `${resource}${likely ? ` like ${likely.resource}` : ''}`),
    removed: removed.map(({ resource, likely }) => `${resource}${likely ? ` like ${likely.resource}` : ''}`),
    parameters: renamedParameters.map(({ from, to }) => `${from} is ${to}`),
    findings: newFindings.map(({ code }) => code),
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}

type Edit = readonly (readonly [from: string | RegExp, to: string])[];

function edited(edit: Edit, text = BASE): string {
  return edit.reduce((before, [from, to]) => {
    const after = typeof from === 'string' ? before.replaceAll(from, to) : before.replace(from, to);
    if (after === before) throw new Error(`the template has no ${from}`);
    return after;
  }, text);
}

const NEVER_IN_DEV: Edit = [
  [
    '    Type: AWS::SQS::Queue\n    Properties: {SqsManagedSseEnabled: !Ref Encrypt}',
    '    Type: AWS::SQS::Queue\n    Condition: IsDev\n    Properties: {SqsManagedSseEnabled: false}',
  ],
];

const EDITS: readonly (readonly [what: string, edit: Edit, expected: Told, before?: Edit])[] = [
  // What was proven and is not.
  [
    'encryption taken away',
    [['StorageEncrypted: true', 'StorageEncrypted: false']],
    { lost: ['RDS.3 Database: proven → never holds'] },
  ],
  ['encryption left out', [['      StorageEncrypted: true\n', '']], { lost: ['RDS.3 Database: proven → never holds'] }],
  [
    'encryption in production only',
    [['StorageEncrypted: true', 'StorageEncrypted: !If [IsProd, true, false]']],
    { lost: ['RDS.3 Database: proven → fails when Env=dev'] },
  ],
  [
    'encryption but in development',
    [['StorageEncrypted: true', 'StorageEncrypted: !If [IsDev, false, true]']],
    { lost: ['RDS.3 Database: proven → fails when Env=dev'] },
  ],
  ['encryption on both branches', [['StorageEncrypted: true', 'StorageEncrypted: !If [IsProd, true, true]']], {}],
  [
    'encryption by a parameter',
    [['StorageEncrypted: true', 'StorageEncrypted: !Ref Encrypt']],
    { lost: ['RDS.3 Database: proven → fails when Encrypt=false'] },
  ],
  [
    'encryption by a parameter that admits only one value',
    [
      ['StorageEncrypted: true', 'StorageEncrypted: !Ref Encrypt'],
      ["AllowedValues: ['true', 'false']", "AllowedValues: ['true']"],
    ],
    { gained: ['SQS.1 Queue: fails when Encrypt=false → proven'] },
  ],
  [
    'encryption by an import',
    [['StorageEncrypted: true', 'StorageEncrypted: !ImportValue encrypt']],
    { lost: ['RDS.3 Database: proven → depends on import encrypt'] },
  ],
  [
    'a public database',
    [['PubliclyAccessible: false', 'PubliclyAccessible: true']],
    { lost: ['RDS.2 Database: proven → never holds'] },
  ],
  [
    'no deletion protection anywhere',
    [['DeletionProtection: !If [IsProd, true, false]', 'DeletionProtection: false']],
    { lost: ['RDS.8 Database: fails when Env=dev → never holds'], findings: ['CFN131'] },
  ],
  [
    'a key that does not rotate',
    [['EnableKeyRotation: true', 'EnableKeyRotation: false']],
    { lost: ['KMS.4 Key: proven → never holds'] },
  ],
  [
    'a key policy for everybody',
    [[/Principal: \{AWS: .*?root'\}/, "Principal: '*'"]],
    { lost: ['KMS.5 Key: proven → never holds'] },
  ],
  [
    'versions suspended',
    [['{Status: Enabled}', '{Status: Suspended}']],
    { lost: ['S3.14 Data: proven → never holds'] },
  ],
  [
    'one flag of the public access block',
    [['RestrictPublicBuckets: true', 'RestrictPublicBuckets: false']],
    { lost: ['S3.8 Data: proven → never holds'] },
  ],
  [
    'another algorithm',
    [['SSEAlgorithm: aws:kms', 'SSEAlgorithm: AES256']],
    { lost: ['S3.17 Data: proven → never holds'] },
  ],
  ['SSH to the world', [['10.0.0.0/8', '0.0.0.0/0']], { lost: ['EC2.13 Ssh: proven → never holds'] }],
  [
    'SSH to the world, in development',
    [['CidrIp: 10.0.0.0/8', 'CidrIp: !If [IsDev, 0.0.0.0/0, 10.0.0.0/8]']],
    { lost: ['EC2.13 Ssh: proven → fails when Env=dev'] },
  ],
  [
    'the database without TLS',
    [["rds.force_ssl: '1'", "rds.force_ssl: '0'"]],
    { lost: ['RDS.38 DatabaseParameters: proven → never holds'] },
  ],
  [
    'a log group without a key',
    [['      KmsKeyId: !GetAtt Key.Arn\n  Queue', '  Queue']],
    { lost: ['PF.Logs.kms Logs: proven → never holds'] },
  ],
  [
    'a trail of one region',
    [['IsMultiRegionTrail: true', 'IsMultiRegionTrail: false']],
    { lost: ['CloudTrail.1 Trail: proven → never holds'] },
  ],
  [
    'a trail that does not log',
    [['IsLogging: true', 'IsLogging: false']],
    { lost: ['CloudTrail.1 Trail: proven → never holds', 'CloudTrail.3 Trail: proven → never holds'] },
  ],
  [
    'a trail without digests',
    [['      EnableLogFileValidation: true\n', '']],
    { lost: ['CloudTrail.4 Trail: proven → never holds'] },
  ],
  [
    'tags not copied',
    [['CopyTagsToSnapshot: true', 'CopyTagsToSnapshot: false']],
    { lost: ['RDS.17 Database: proven → never holds'] },
  ],
  [
    'another default under the same values',
    [['Default: prod', 'Default: dev']],
    {
      lost: [
        'RDS.5 Database: fails when Env=dev → fails with the defaults now too',
        'RDS.8 Database: fails when Env=dev → fails with the defaults now too',
      ],
    },
  ],
  [
    'a parameter without a default',
    [["AllowedValues: ['true', 'false'], Default: 'true'", "AllowedValues: ['true', 'false']"]],
    {},
  ],

  // Where it fails.
  [
    'fails in one more environment',
    [['test: {MultiAz: true', 'test: {MultiAz: false']],
    { lost: ['RDS.5 Database: fails when Env=dev → fails when Env=test now too'] },
  ],
  [
    'fails everywhere',
    [
      ['prod: {MultiAz: true', 'prod: {MultiAz: false'],
      ['test: {MultiAz: true', 'test: {MultiAz: false'],
    ],
    { lost: ['RDS.5 Database: fails when Env=dev → never holds'] },
  ],
  [
    'fails elsewhere',
    [
      ['dev: {MultiAz: false', 'dev: {MultiAz: true'],
      ['test: {MultiAz: true', 'test: {MultiAz: false'],
    ],
    { lost: ['RDS.5 Database: fails when Env=dev → fails when Env=test now too, no longer when Env=dev'] },
  ],
  [
    'fails in one environment less, by a condition',
    [['!If [IsProd, true, false]', '!If [IsDev, false, true]']],
    { gained: ['RDS.8 Database: fails when Env=dev → no longer when Env=test'], findings: ['CFN131'] },
  ],
  [
    'fails in one environment more, by a condition',
    [['MultiAZ: !FindInMap [Tier, !Ref Env, MultiAz]', 'MultiAZ: !If [IsProd, true, false]']],
    { lost: ['RDS.5 Database: fails when Env=dev → fails when Env=test now too'], findings: ['CFN132'] },
  ],
  [
    'fails nowhere',
    [['!If [IsProd, true, false]', 'true']],
    { gained: ['RDS.8 Database: fails when Env=dev → proven'], findings: ['CFN131'] },
  ],
  [
    'the same by a condition in place of the mapping',
    [['!FindInMap [Tier, !Ref Env, MultiAz]', '!If [IsDev, false, true]']],
    { findings: ['CFN132'] },
  ],
  [
    'the same with the condition turned around',
    [['IsProd: !Equals [!Ref Env, prod]', 'IsProd: !Not [!Or [!Equals [!Ref Env, dev], !Equals [test, !Ref Env]]]']],
    {},
  ],
  ['the same by a condition of another name', [['IsProd', 'IsProduction']], {}],
  [
    'one environment is admitted no more',
    [['AllowedValues: [dev, test, prod]', 'AllowedValues: [test, prod]']],
    {
      gained: [
        'RDS.5 Database: fails when Env=dev → proven',
        'RDS.8 Database: fails when Env=dev → no longer when Env=dev',
      ],
      findings: ['CFN501'],
    },
  ],
  [
    'one environment is admitted in addition',
    [
      ['AllowedValues: [dev, test, prod]', 'AllowedValues: [dev, test, prod, demo]'],
      ['    prod: {MultiAz', '    demo: {MultiAz: true}\n    prod: {MultiAz'],
    ],
    { lost: ['RDS.8 Database: fails when Env=dev → fails when Env=demo now too'] },
  ],
  [
    'a rule keeps development out',
    [
      [
        'Conditions:\n',
        'Rules:\n  NotDev: {Assertions: [{Assert: !Not [!Equals [!Ref Env, dev]], AssertDescription: No development.}]}\nConditions:\n',
      ],
    ],
    {
      gained: [
        'RDS.5 Database: fails when Env=dev → proven',
        'RDS.8 Database: fails when Env=dev → no longer when Env=dev',
      ],
      findings: ['CFN501'],
    },
  ],
  [
    'the least of a number is raised',
    [['MinValue: 1,', 'MinValue: 365,']],
    { gained: ['CloudWatch.16 Logs: fails when Days=364 → proven'] },
  ],
  [
    'the least of a number is raised by too little',
    [['MinValue: 1,', 'MinValue: 30,']],
    { gained: ['CloudWatch.16 Logs: fails when Days=364 → no longer when Days=1'] },
  ],
  [
    'the least of a number is lowered',
    [['MinValue: 1,', 'MinValue: 0,']],
    { lost: ['CloudWatch.16 Logs: fails when Days=364 → fails when Days=0 now too'] },
  ],
  [
    'the default of a number falls short',
    [['Default: 400', 'Default: 30']],
    { lost: ['CloudWatch.16 Logs: fails when Days=364 → fails with the defaults now too'] },
  ],
  [
    'a number in place of the parameter',
    [['RetentionInDays: !Ref Days', 'RetentionInDays: 365']],
    { gained: ['CloudWatch.16 Logs: fails when Days=364 → proven'], findings: ['CFN130'] },
  ],

  // What was not proven and is.
  [
    'a queue encrypted whatever is given',
    [['SqsManagedSseEnabled: !Ref Encrypt', 'SqsManagedSseEnabled: true']],
    { gained: ['SQS.1 Queue: fails when Encrypt=false → proven'], findings: ['CFN130'] },
  ],
  [
    'monitoring',
    [
      [
        '      Engine: postgres\n',
        '      Engine: postgres\n      MonitoringInterval: 60\n      MonitoringRoleArn: arn:aws:iam::123456789012:role/monitoring\n',
      ],
    ],
    { gained: ['RDS.6 Database: never holds → proven'] },
  ],
  [
    'logs in CloudWatch',
    [
      [
        '      Engine: postgres\n',
        '      Engine: postgres\n      EnableCloudwatchLogsExports: [postgresql, upgrade]\n',
      ],
    ],
    { gained: ['RDS.9 Database: never holds → proven'] },
  ],
  [
    'logins by IAM, in production',
    [
      [
        '      Engine: postgres\n',
        '      Engine: postgres\n      EnableIAMDatabaseAuthentication: !If [IsProd, true, false]\n',
      ],
    ],
    { gained: ['RDS.10 Database: never holds → fails when Env=dev'] },
  ],
  [
    'ownership of objects',
    [
      [
        '{Status: Enabled}',
        '{Status: Enabled}\n      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}',
      ],
    ],
    { gained: ['PF.S3.ownership Data: never holds → proven'] },
  ],
  [
    'one gain and one loss',
    [
      ['StorageEncrypted: true', 'StorageEncrypted: false'],
      ['!Ref Days', '400'],
    ],
    {
      lost: ['RDS.3 Database: proven → never holds'],
      gained: ['CloudWatch.16 Logs: fails when Days=364 → proven'],
      findings: ['CFN130'],
    },
  ],

  // Waivers.
  [
    'a waiver gone',
    [
      [
        "    Metadata: {plainform: {waivers: [{control: SNS.1, reason: Nothing secret., owner: platform, expires: '2999-01-01'}]}}\n",
        '',
      ],
    ],
    { lost: ['SNS.1 Topic: waived until 2999-01-01 by platform → never holds'] },
  ],
  [
    'a waiver expired',
    [["'2999-01-01'", "'2026-01-01'"]],
    { lost: ['SNS.1 Topic: waived until 2999-01-01 by platform → never holds'], findings: ['CFN531'] },
  ],
  [
    'a waiver by another owner',
    [['owner: platform', 'owner: security']],
    { changed: ['SNS.1 Topic: waived until 2999-01-01 by platform → waived until 2999-01-01 by security'] },
  ],
  [
    'a waiver for another reason',
    [['Nothing secret.', 'Only test data.']],
    {
      changed: [
        'SNS.1 Topic: waived until 2999-01-01 by platform → waived until 2999-01-01 by platform, for another reason',
      ],
    },
  ],
  [
    'mended, the waiver gone',
    [
      [
        "    Metadata: {plainform: {waivers: [{control: SNS.1, reason: Nothing secret., owner: platform, expires: '2999-01-01'}]}}\n",
        '',
      ],
      ['DisplayName: Alerts', 'KmsMasterKeyId: !Ref Key'],
    ],
    { gained: ['SNS.1 Topic: waived until 2999-01-01 by platform → proven'] },
  ],
  [
    'what failed is waived',
    [
      [
        '  Queue:\n    Type: AWS::SQS::Queue\n',
        "  Queue:\n    Type: AWS::SQS::Queue\n    Metadata: {plainform: {waivers: [{control: SQS.1, reason: Empty., owner: platform, expires: '2999-01-01'}]}}\n",
      ],
    ],
    { changed: ['SQS.1 Queue: fails when Encrypt=false → waived until 2999-01-01 by platform'] },
  ],
  [
    'what was proven is broken and waived',
    [
      ['EnableKeyRotation: true', 'EnableKeyRotation: false'],
      [
        '  Key:\n    Type: AWS::KMS::Key\n',
        "  Key:\n    Type: AWS::KMS::Key\n    Metadata: {plainform: {waivers: [{control: KMS.4, reason: Imported., owner: platform, expires: '2999-01-01'}]}}\n",
      ],
    ],
    { lost: ['KMS.4 Key: proven → waived until 2999-01-01 by platform'] },
  ],
  [
    'a waiver that waives nothing',
    [
      [
        '  Key:\n    Type: AWS::KMS::Key\n',
        "  Key:\n    Type: AWS::KMS::Key\n    Metadata: {plainform: {waivers: [{control: KMS.4, reason: Imported., owner: platform, expires: '2999-01-01'}]}}\n",
      ],
    ],
    { findings: ['CFN532'] },
  ],

  // Resources.
  [
    'a resource more',
    [['  Topic:\n', '  Second: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}\n  Topic:\n']],
    { added: ['Second'] },
  ],
  [
    'a resource more that fails',
    [['  Topic:\n', '  Second: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: false}}\n  Topic:\n']],
    { lost: ['SQS.1 Second: new resource, never holds'], added: ['Second'] },
  ],
  [
    'a resource more that fails under a condition',
    [
      [
        '  Topic:\n',
        '  Second: {Type: AWS::SQS::Queue, Condition: IsDev, Properties: {SqsManagedSseEnabled: false}}\n  Topic:\n',
      ],
    ],
    { lost: ['SQS.1 Second: new resource, never holds'], added: ['Second'] },
  ],
  [
    'a resource more that no control is about',
    [['  Topic:\n', '  Wait: {Type: AWS::CloudFormation::WaitConditionHandle}\n  Topic:\n']],
    { added: ['Wait'] },
  ],
  [
    'a resource less',
    [['  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {SqsManagedSseEnabled: !Ref Encrypt}\n', '']],
    { removed: ['Queue'], findings: ['CFN130'] },
  ],
  [
    'what guards another is removed',
    [[/ {2}DataPolicy:[\s\S]*?(?= {2}Ssh)/, '']],
    { lost: ['S3.5 Data: proven → never holds'], removed: ['DataPolicy'] },
  ],
  [
    'what guards another is there in production only',
    [
      [
        '  DataPolicy:\n    Type: AWS::S3::BucketPolicy\n',
        '  DataPolicy:\n    Type: AWS::S3::BucketPolicy\n    Condition: IsProd\n',
      ],
    ],
    { lost: ['S3.5 Data: proven → fails when Env=dev'] },
  ],
  [
    'a guard is removed, and what it guarded is asked for it',
    [
      [/ {2}DatabaseParameters:[\s\S]*?(?= {2}Logs:)/, ''],
      ['      DBParameterGroupName: !Ref DatabaseParameters\n', ''],
    ],
    {
      lost: ['RDS.38 Database: proven → depends on what no template says'],
      removed: ['DatabaseParameters'],
    },
    [['postgres16', 'postgres14']],
  ],
  [
    'a guard is removed with what it guarded',
    [[/ {2}Database:[\s\S]*?(?= {2}Logs:)/, '']],
    { removed: ['Database', 'DatabaseParameters'], findings: ['CFN131', 'CFN132'] },
  ],
  [
    'the trail is there in production only',
    [
      [
        '  Trail:\n    Type: AWS::CloudTrail::Trail\n',
        '  Trail:\n    Type: AWS::CloudTrail::Trail\n    Condition: IsProd\n',
      ],
    ],
    {
      lost: [
        'CloudTrail.1 Trail: proven → gone when Env=dev',
        'CloudTrail.3 Trail: proven → gone when Env=dev',
        'CloudTrail.4 Trail: proven → gone when Env=dev',
      ],
    },
  ],
  [
    'the trail is there in test too',
    [
      ['    Condition: IsProd\n', '    Condition: IsAudited\n'],
      [
        '  IsProd: !Equals [!Ref Env, prod]\n',
        '  IsProd: !Equals [!Ref Env, prod]\n  IsAudited: !Not [!Equals [!Ref Env, dev]]\n',
      ],
    ],
    {
      gained: [
        'CloudTrail.1 Trail: proven → there when Env=test too',
        'CloudTrail.3 Trail: proven → there when Env=test too',
        'CloudTrail.4 Trail: proven → there when Env=test too',
      ],
      lost: ['CloudTrail.5 Trail: never holds → fails when Env=test now too'],
    },
    [
      [
        '  Trail:\n    Type: AWS::CloudTrail::Trail\n',
        '  Trail:\n    Type: AWS::CloudTrail::Trail\n    Condition: IsProd\n',
      ],
    ],
  ],
  [
    'the trail is removed',
    [[/ {2}Trail:[\s\S]*$/, '']],
    {
      lost: [
        'CloudTrail.1 Trail: proven → gone with the resource, and nothing else proves it',
        'CloudTrail.3 Trail: proven → gone with the resource, and nothing else proves it',
        'CloudTrail.4 Trail: proven → gone with the resource, and nothing else proves it',
      ],
      removed: ['Trail'],
    },
  ],
  ['a resource renamed', [['Queue:\n', 'Jobs:\n']], { added: ['Jobs like Queue'], removed: ['Queue like Jobs'] }],
  [
    'the trail renamed',
    [['  Trail:\n', '  AuditTrail:\n']],
    { added: ['AuditTrail like Trail'], removed: ['Trail like AuditTrail'] },
  ],
  [
    'a bucket renamed, what refers to it too',
    [
      ['Data:\n', 'Archive:\n'],
      ['!Ref Data\n', '!Ref Archive\n'],
      ['Data.Arn', 'Archive.Arn'],
    ],
    { added: ['Archive like Data'], removed: ['Data like Archive'] },
  ],
  [
    'renamed and changed',
    [
      ['Queue:\n', 'Jobs:\n'],
      ['SqsManagedSseEnabled: !Ref Encrypt', 'SqsManagedSseEnabled: true'],
    ],
    { added: ['Jobs'], removed: ['Queue'], findings: ['CFN130'] },
  ],
  [
    'another type under the same name',
    [
      [
        '    Type: AWS::SQS::Queue\n    Properties: {SqsManagedSseEnabled: !Ref Encrypt}',
        '    Type: AWS::Kinesis::Stream\n    Properties: {StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}}',
      ],
    ],
    { added: ['Queue'], removed: ['Queue'], findings: ['CFN130'] },
  ],
  [
    'a resource that can never exist any more',
    [
      ['  Queue:\n    Type: AWS::SQS::Queue\n', '  Queue:\n    Type: AWS::SQS::Queue\n    Condition: Never\n'],
      ['Conditions:\n', 'Conditions:\n  Never: !And [!Condition IsDev, !Condition IsProd]\n'],
    ],
    { changed: ['SQS.1 Queue: fails when Encrypt=false → can never exist'], findings: ['CFN501', 'CFN503'] },
  ],
  [
    'a parameter renamed',
    [
      ['Env:', 'Environment:'],
      ['!Ref Env', '!Ref Environment'],
    ],
    { parameters: ['Env is Environment'] },
  ],
  [
    'a parameter renamed, and one environment more in which it fails',
    [
      ['Env:', 'Environment:'],
      ['!Ref Env', '!Ref Environment'],
      ['test: {MultiAz: true', 'test: {MultiAz: false'],
    ],
    {
      lost: ['RDS.5 Database: fails when Env=dev → fails when Environment=test now too'],
      parameters: ['Env is Environment'],
    },
  ],

  // Validity.
  ['a misspelt property', [['DisplayName: Alerts', 'DisplayNam: Alerts']], { findings: ['CFN302'] }],
  [
    'a property that is none, where a control looks for one',
    [['StorageEncrypted: true', 'StorageEncrypt: true']],
    { lost: ['RDS.3 Database: proven → never holds'], findings: ['CFN302'] },
  ],
  ['a condition used at last', [['DisplayName: Alerts', 'DisplayName: !If [IsDev, Dev, Alerts]']], {}],

  // Deployments in which a resource is there.
  [
    'what never holds is there in more deployments',
    [
      ['Condition: IsDev', 'Condition: NotProd'],
      ['  IsDev:', '  NotProd: !Not [!Condition IsProd]\n  IsDev:'],
    ],
    { lost: ['SQS.1 Queue: never holds → fails when Env=test now too'], findings: ['CFN131'] },
    NEVER_IN_DEV,
  ],
  [
    'what never holds is there in fewer deployments',
    [
      ['Condition: IsDev', 'Condition: OnlyDemo'],
      ['  IsDev:', '  OnlyDemo: !And [!Condition IsDev, !Equals [!Ref Encrypt, "false"]]\n  IsDev:'],
    ],
    {},
    NEVER_IN_DEV,
  ],
  [
    'what never holds is there always',
    [['    Condition: IsDev\n', '']],
    { lost: ['SQS.1 Queue: never holds → fails with the defaults now too'], findings: ['CFN131'] },
    NEVER_IN_DEV,
  ],

  // Policies.
  [
    'the statement that refuses plain HTTP is removed',
    [
      [
        / {10}- Effect: Deny[\s\S]*?'false'\}\}\n/,
        "          - {Effect: Deny, Principal: '*', Action: 's3:DeleteBucket', Resource: !GetAtt Data.Arn}\n",
      ],
    ],
    { lost: ['S3.5 DataPolicy: proven → never holds'] },
  ],
  [
    'a statement more that changes nothing',
    [
      [
        '        Statement:\n          - Effect',
        "        Statement:\n          - {Effect: Deny, Principal: '*', Action: 's3:DeleteBucket', Resource: !GetAtt Data.Arn}\n          - Effect",
      ],
    ],
    {},
  ],

  // What is not known.
  [
    'a value of SSM in place of true',
    [['StorageEncrypted: true', "StorageEncrypted: '{{resolve:ssm:encrypt}}'"]],
    { lost: ['RDS.3 Database: proven → depends on external resolve:ssm:encrypt'] },
  ],
  [
    'another value of SSM',
    [['resolve:ssm:encrypt', 'resolve:ssm:encrypted']],
    {
      changed: ['RDS.3 Database: depends on external resolve:ssm:encrypt → depends on external resolve:ssm:encrypted'],
    },
    [['StorageEncrypted: true', "StorageEncrypted: '{{resolve:ssm:encrypt}}'"]],
  ],
  [
    'true in place of a value of SSM',
    [["'{{resolve:ssm:encrypt}}'", 'true']],
    { gained: ['RDS.3 Database: depends on external resolve:ssm:encrypt → proven'] },
    [['StorageEncrypted: true', "StorageEncrypted: '{{resolve:ssm:encrypt}}'"]],
  ],

  // What is no change of compliance.
  ['another size', [['db.m5.large', 'db.m5.xlarge']], {}],
  ['another description', [['For the office', 'For the offices']], {}],
  [
    'a tag',
    [['CopyTagsToSnapshot: true', 'CopyTagsToSnapshot: true\n      Tags: [{Key: Owner, Value: platform}]']],
    {},
  ],
  [
    'the function in its long form',
    [
      ['!Ref Encrypt', '{Ref: Encrypt}'],
      ['!GetAtt Key.Arn', '{Fn::GetAtt: [Key, Arn]}'],
      ['!If [IsProd, true, false]', '{Fn::If: [IsProd, true, false]}'],
    ],
    {},
  ],
  ['a boolean as text', [['StorageEncrypted: true', "StorageEncrypted: 'true'"]], {}],
  [
    'any text in place of allowed values',
    [['AllowedValues: [dev, test, prod], Default: prod', 'Default: prod']],
    { lost: ['RDS.8 Database: fails when Env=dev → fails when Env=other now too'] },
    [['MultiAZ: !FindInMap [Tier, !Ref Env, MultiAz]', 'MultiAZ: true']],
  ],
  [
    'another default with the same outcome',
    [["Default: 'true'", "Default: 'false'"]],
    {},
    [
      ['SqsManagedSseEnabled: !Ref Encrypt', 'SqsManagedSseEnabled: true'],
      ['Properties: {DisplayName: Alerts}', 'Properties: {DisplayName: !Ref Encrypt}'],
    ],
  ],
  ['a default as a number', [['Default: 400', "Default: '400'"]], {}],
  ['AWS::NoValue in one branch', [['!If [IsProd, true, false]', "!If [IsProd, true, !Ref 'AWS::NoValue']"]], {}],
  [
    'one condition for two that are nested',
    [['!If [IsProd, true, !If [IsDev, false, true]]', '!If [IsDev, false, true]']],
    { findings: ['CFN131'] },
    [['!If [IsProd, true, false]', '!If [IsProd, true, !If [IsDev, false, true]]']],
  ],
  ['a reference in other words', [['Bucket: !Ref Data', "Bucket: !Sub '${Data}'"]], {}],
  [
    'dependencies in another order',
    [['[Key, Logs]', '[Logs, Key]']],
    {},
    [['  Queue:\n    Type: AWS::SQS::Queue\n', '  Queue:\n    Type: AWS::SQS::Queue\n    DependsOn: [Key, Logs]\n']],
  ],
  ['values in another order', [['[dev, test, prod]', '[prod, test, dev]']], {}],
  ['an output', [['Resources:\n', 'Outputs: {QueueUrl: {Value: !Ref Queue}}\nResources:\n']], {}],
];

describe('what an edit changes', () => {
  test.each(EDITS)('%s', (_, edit, expected, before = []) => {
    const text = edited(before);
    const result = told(compared(edited(edit, text), before.length > 0 ? sideOf(text, 'old.yaml') : base));
    expect(result).toEqual(expected);
  });
});

describe('what is written otherwise and means the same', () => {
  const model = parseTemplate(BASE, 'a.yaml').template as unknown as Json;

  /** The same with the keys of every mapping in another order. */
  const shuffled = (value: Json, order: (keys: string[]) => string[]): Json => {
    if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
    if (!isObject(value)) return value;
    return Object.fromEntries(order(Object.keys(value)).map((key) => [key, shuffled(value[key]!, order)]));
  };

  test('JSON', () => {
    expect(told(compared(JSON.stringify(model)))).toEqual({});
    expect(told(compared(BASE, sideOf(JSON.stringify(model, null, 2), 'old.json')))).toEqual({});
  });

  test('our own writer, with its short functions', () => {
    expect(told(compared(writeTemplate(model as unknown as Template)))).toEqual({});
  });

  test('any order of keys, any style of YAML, comments', () => {
    const style = fc.record({
      indent: fc.integer({ min: 1, max: 8 }),
      flowLevel: fc.integer({ min: -1, max: 5 }),
      lineWidth: fc.constantFrom(-1, 40, 80, 200),
      forceQuotes: fc.boolean(),
      noArrayIndent: fc.boolean(),
      condenseFlow: fc.boolean(),
    });
    const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(style, numbers, fc.boolean(), (options, stream, isCommented) => {
        const order = (keys: string[]): string[] =>
          keys
            .map((key) => [stream.next().value as number, key] as const)
            .sort(([a], [b]) => a - b)
            .map(([, key]) => key);
        const text = dump(shuffled(model, order), options);
        const commented = text.replace(/^(?=\w)/gm, '# What follows: is "new"\n');
        const comparison = compared(isCommented ? commented : text);
        expect(told(comparison)).toEqual({});
        expect(isEmpty(comparison)).toBe(true);
        expect(comparison.unchanged).toBe(base.facts.length);
      }),
      { numRuns: 40 },
    );
  });

  test('the templates of this project', () => {
    for (const name of readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.yaml')) continue;
      const text = readFileSync(fileInProject('templates', name), 'utf8');
      const turned = shuffled(parseTemplate(text, name).template as unknown as Json, (keys) => keys.reverse());
      const comparison = compare([{ name, old: sideOf(text, name), new: sideOf(JSON.stringify(turned), name) }]);
      expect([name, told(comparison)]).toEqual([name, {}]);
    }
  });
});

describe('a parameter group guards by what it sets', () => {
  const group = (family: string) => `
  Group: {Type: AWS::RDS::DBClusterParameterGroup, Properties: {Family: ${family}, Description: TLS, Parameters: {rds.force_ssl: 1}}}`;
  const cluster =
    '  Cluster: {Type: AWS::RDS::DBCluster, Properties: {Engine: aurora-postgresql, StorageEncrypted: true}}';
  const tls = new Map([['PF.Aurora.tls', {}]]);
  const side = (text: string): Side => {
    const document = canonicalDocument(parseTemplate(`Resources:\n${text}`, 'a.yaml'));
    return { document, findings: [], facts: checkControls(document, { today: TODAY, only: tls }).facts, notJudged: [] };
  };
  test.each([
    [
      'it goes and the cluster stays',
      group('aurora-postgresql14'),
      cluster,
      ['PF.Aurora.tls Group: proven → gone with the resource, and nothing else proves it'],
    ],
    [
      'it goes with the cluster',
      group('aurora-postgresql14'),
      '  Wait: {Type: AWS::CloudFormation::WaitConditionHandle}',
      [],
    ],
    [
      'another takes its place',
      group('aurora-postgresql14'),
      cluster + group('aurora-postgresql14').replace('Group:', 'Second:').replace('TLS', 'By TLS'),
      [],
    ],
    ['it is of an engine that the control is not about', group('docdb5.0'), cluster, []],
  ])('%s', (_, own, after, lost) => {
    const comparison = compare([{ name: 'a.yaml', old: side(cluster + own), new: side(after) }]);
    expect(comparison.lost.map(said)).toEqual(lost);
  });
});

describe('templates that are more than a list of resources', () => {
  const sam = (properties: string) => `
Transform: AWS::Serverless-2016-10-31
Parameters: {Open: {Type: String, AllowedValues: ['yes', 'no'], Default: 'no'}}
Conditions: {IsOpen: !Equals [!Ref Open, 'yes']}
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, Handler: index.handler, InlineCode: '', ${properties}}`;

  test('what SAM makes of a resource', () => {
    const side = (text: string) => {
      const document = canonicalDocument(parseTemplate(sam(text), 'a.yaml'));
      const { facts } = checkControls(document, { today: TODAY, only: new Map([['PF.Lambda.urlauth', {}]]) });
      return { document, findings: [], facts, notJudged: [] };
    };
    const before = side('FunctionUrlConfig: {AuthType: AWS_IAM}');
    const after = side('FunctionUrlConfig: {AuthType: !If [IsOpen, NONE, AWS_IAM]}');
    expect(told(compare([{ name: 'a.yaml', old: before, new: after }]))).toEqual({
      lost: ['PF.Lambda.urlauth Work: proven → fails when Open=yes'],
    });
    expect(told(compare([{ name: 'a.yaml', old: after, new: before }]))).toEqual({
      gained: ['PF.Lambda.urlauth Work: fails when Open=yes → proven'],
    });
  });

  test('what a loop makes', () => {
    const loop = (names: string, encrypted: string) => `
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Queues:
    - Name
    - [${names}]
    - Queue\${Name}: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: ${encrypted}}}`;
    const before = sideOf(loop('A, B', 'true'), 'old.yaml');
    expect(told(compared(loop('A, B, C', 'true'), before))).toEqual({ added: ['QueueC'] });
    expect(told(compared(loop('A', 'false'), before))).toEqual({
      lost: ['SQS.1 QueueA: proven → never holds'],
      removed: ['QueueB'],
    });
  });

  test('a region in which it fails', () => {
    const text = (regions: string) => `
Conditions: {IsThere: !Or [${regions}]}
Resources:
  Database: {Type: AWS::RDS::DBInstance, Properties: {MultiAZ: !If [IsThere, false, true]}}`;
    const one = '!Equals [!Ref AWS::Region, eu-west-1], !Equals [!Ref AWS::Region, none]';
    const two = '!Equals [!Ref AWS::Region, eu-west-1], !Equals [!Ref AWS::Region, eu-west-2]';
    const rds5 = (comparison: Comparison) => comparison.lost.filter(({ control }) => control === 'RDS.5').map(said);
    expect(rds5(compared(text(two), sideOf(text(one), 'old.yaml')))).toEqual([
      'RDS.5 Database: fails when AWS::Region=eu-west-1 → fails when AWS::Region=eu-west-2 now too',
    ]);
    expect(told(compared(text(one), sideOf(text(one), 'old.yaml')))).toEqual({});
  });

  test('more deployments than can be asked: the counterexamples still are', () => {
    const many = (last: string) => {
      const names = Array.from({ length: 12 }, (_, index) => `P${index}`);
      return `
Parameters: {${names.map((name) => `${name}: {Type: String, AllowedValues: ['a', 'b'], Default: a}`).join(', ')}}
Conditions:
${names.map((name) => `  Is${name}: !Equals [!Ref ${name}, b]`).join('\n')}
  Any: !Or [${names
    .slice(0, 10)
    .map((name) => `{Condition: Is${name}}`)
    .join(', ')}]
Resources:
  Database: {Type: AWS::RDS::DBInstance, Properties: {MultiAZ: !If [Any, !If [IsP10, false, !If [IsP11, false, true]], ${last}]}}`;
    };
    const comparison = compared(many('false'), sideOf(many('true'), 'old.yaml'));
    const lost = comparison.lost.filter(({ control }) => control === 'RDS.5').map(said);
    expect(lost).toEqual([
      expect.stringMatching(/^RDS\.5 Database: fails when P\d+=b P\d+=b → fails with the defaults now too$/),
    ]);
  });
});

describe('folders', () => {
  const queue = (id: string) => `Resources: {${id}: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}}`;
  const trail = / {2}Trail:[\s\S]*$/.exec(BASE)![0].replace('      KMSKeyId: !GetAtt Key.Arn\n', '');

  test('a template more, and one less', () => {
    const more = compare([
      { name: 'a.yaml', old: sideOf(queue('A')), new: sideOf(queue('A')) },
      { name: 'b.yaml', new: sideOf(queue('B').replace('true', 'false')) },
    ]);
    expect(told(more)).toEqual({ lost: ['SQS.1 B: new resource, never holds'], added: ['B'] });
    const less = compare([{ name: 'b.yaml', old: sideOf(queue('B')) }]);
    expect(told(less)).toEqual({ removed: ['B'] });
  });

  test('a resource that is moved keeps its verdicts', () => {
    const pair = (a: string, b: string) => [sideOf(`Resources:\n${a}`), sideOf(`Resources:\n${b}`)] as const;
    const rest = '  Wait: {Type: AWS::CloudFormation::WaitConditionHandle}\n';
    const [a1, b1] = pair(rest + trail, rest);
    const [a2, b2] = pair(rest, rest + trail);
    const comparison = compare([
      { name: 'a.yaml', old: a1, new: a2 },
      { name: 'b.yaml', old: b1, new: b2 },
    ]);
    expect(told(comparison)).toEqual({ added: ['Trail like Trail'], removed: ['Trail like Trail'] });
    expect(comparison.added[0]!.likely).toEqual({ template: 'a.yaml', resource: 'Trail' });
    const without = compare([{ name: 'a.yaml', old: a1, new: a2 }]);
    expect(without.lost.map(({ reason }) => reason)).toContain('safeguard-gone');
  });
});

describe('reports', () => {
  const hostile = `
Parameters:
  Env: {Type: String, AllowedValues: ['<b>', 'a|b', '\`x\`', '@team'], Default: 'a|b'}
Conditions:
  IsBold: !Equals [!Ref Env, '<b>']
  IsTeam: !Equals [!Ref Env, '@team']
Resources:
  Key:
    Type: AWS::KMS::Key
    Metadata: {plainform: {waivers: [{control: KMS.4, reason: '<img> | @team #1 https://x.example', owner: 'a|\`b', expires: 2999-01-01}]}}
    Properties: {KeyPolicy: {}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {StorageEncrypted: !If [IsTeam, 'no | <i>@team</i>', !If [IsBold, false, true]]}`;
  const before = hostile.replace(/StorageEncrypted: .*\}/, 'StorageEncrypted: true}').replace(/ {4}Metadata: .*\n/, '');
  const comparison = compared(hostile, sideOf(before, 'old.yaml'));

  test('Markdown shows text of a template as text', () => {
    const text = comparisonMarkdown(comparison);
    const prose = text.replace(/(`+)(?:(?!\1)[\s\S])*?\1(?!`)/g, '');
    expect(prose).not.toMatch(/<(?!!--|\/?details>|\/?summary>)/);
    expect(prose).not.toMatch(/(?<!&)[@#]\w|https:\/\//);
    for (const row of text.split('\n').filter((line) => line.startsWith('|')))
      expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(5);
    expect(text).toContain('waived until 2999-01-01 by ``a\\|`b``');
  });

  test('Markdown says the losses first, the worst of them on top, and folds the gains', () => {
    const edit = compared(
      edited([
        ['StorageEncrypted: true', 'StorageEncrypted: false'],
        ['PubliclyAccessible: false', 'PubliclyAccessible: true'],
        ['!Ref Days', '400'],
      ]),
    );
    const lines = comparisonMarkdown(edit).split('\n');
    expect(lines[0]).toBe('<!-- plainform compare -->');
    expect(lines[1]).toMatch(/^### Compliance: 2 lost, 1 gained; /);
    expect(lines.filter((line) => line.startsWith('| **')).map((line) => line.slice(0, 14))).toEqual([
      '| **RDS.2** Da',
      '| **RDS.3** In',
      '| **CloudWatch',
    ]);
    expect(lines.indexOf('<details>')).toBeGreaterThan(lines.findIndex((line) => line.startsWith('| **RDS.3')));
    expect(comparisonMarkdown(edit)).toBe(comparisonMarkdown(edit));
  });

  test('a comment is no longer than GitHub takes', () => {
    const queues = Array.from(
      { length: 900 },
      (_, index) => `  Queue${index}: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: false}}`,
    );
    const many = compare([{ name: 'a.yaml', new: sideOf(`Resources:\n${queues.join('\n')}`) }]);
    const text = comparisonMarkdown(many);
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/\d+ lines left out/);
    expect(text.match(/^\| \*\*SQS\.1/gm)!.length).toBeGreaterThan(300);
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  test('text says what is lost, where, and why', () => {
    const text = comparisonText(
      compared(
        edited([
          ['StorageEncrypted: true', 'StorageEncrypted: !If [IsProd, true, false]'],
          ['Queue:\n', 'Jobs:\n'],
        ]),
      ),
      (_, words) => words,
    );
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^new\.yaml:\d+:\d+ lost RDS\.3: Database: proven → fails when Env=dev$/),
      '    Instance storage encrypted; StorageEncrypted is false; it must be true',
      expect.stringMatching(/^new\.yaml:\d+ added Jobs \(AWS::SQS::Queue\): SQS\.1 fails when Encrypt=false$/),
      '    looks like a rename of Queue: CloudFormation removes that one and makes this one anew',
      expect.stringMatching(/^old\.yaml:\d+ removed Queue \(AWS::SQS::Queue\): SQS\.1 fails when Encrypt=false$/),
      '    looks renamed to Jobs: CloudFormation removes this one and makes that one anew',
      expect.stringMatching(/^1 lost, 0 gained; 1 resource added, 1 removed; \d+ verdicts of 1 template as before$/),
    ]);
  });

  test('nothing is said to change where nothing does', () => {
    expect(comparisonText(compared(BASE), (_, words) => words)).toBe(
      `nothing changes in compliance: ${base.facts.length} verdicts of 1 template as before`,
    );
    expect(comparisonMarkdown(compared(BASE)).split('\n')).toHaveLength(2);
  });
});
