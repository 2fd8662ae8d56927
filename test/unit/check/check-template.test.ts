import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTemplate, readTemplate } from '../../../lib/cfn/read.ts';
import { isObject, type Json } from '../../../lib/cfn/template.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';
import { fileInProject } from '../../../lib/project.ts';

const GOOD = `
Parameters:
  Tier: {Type: String, Default: dev, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Tier, prod]
Resources:
  Key:
    Type: AWS::KMS::Key
    Condition: IsProd
    Properties: {KeyPolicy: {}, EnableKeyRotation: true}
  Alias:
    Type: AWS::KMS::Alias
    Properties: {AliasName: alias/a, TargetKeyId: key}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '\${Tier}-data'
      VersioningConfiguration: {Status: Enabled}
Outputs:
  KeyArn: {Condition: IsProd, Value: !GetAtt Key.Arn}
`;

const codes = (text: string) => checkTemplate(parseTemplate(text, 'a.yaml')).findings.map(({ code }) => code);

test('a good template has no finding, and its scenarios are counted', () => {
  const result = checkTemplate(parseTemplate(GOOD, 'a.yaml'));
  expect(result).toMatchObject({ findings: [], notJudged: [], scenarios: { total: '2', reachable: '2' } });
});

describe('one change makes one finding', () => {
  test.each([
    ['CFN110', 'no resources', 'Resources:', 'Resource:'],
    ['CFN112', 'a resource without a type', 'Type: AWS::S3::Bucket', 'Kind: AWS::S3::Bucket'],
    ['CFN201', 'a Ref to nothing', "'${Tier}-data'", "'${Teir}-data'"],
    ['CFN204', 'a condition that is not there', 'Condition: IsProd\n', 'Condition: IsProduction\n'],
    ['CFN301', 'a type that does not exist', 'AWS::S3::Bucket', 'AWS::S3::Buckett'],
    ['CFN302', 'a misspelt property', 'BucketName:', 'BucketNam:'],
    ['CFN302', 'a misspelt nested property', '{Status: Enabled}', '{Status: Enabled, Stat: x}'],
    ['CFN303', 'a missing property', ', TargetKeyId: key', ''],
    ['CFN303', 'a property that AWS::NoValue removes', 'TargetKeyId: key', 'TargetKeyId: !Ref AWS::NoValue'],
    ['CFN304', 'a list where a text stands', "!Sub '${Tier}-data'", '[a]'],
    ['CFN305', 'a value that is not offered', 'Status: Enabled', 'Status: On-ish'],
    ['CFN305', 'a value that is not offered, in a branch', 'Status: Enabled', 'Status: !If [IsProd, Enabled, Of]'],
    ['CFN306', 'an attribute that the type lacks', 'Key.Arn', 'Key.Name'],
    ['CFN402', 'a default that is not allowed', 'Default: dev', 'Default: test'],
    ['CFN501', 'a condition that is never true', '[!Ref Tier, prod]', '[!Ref Tier, live]'],
    ['CFN504', 'an output of what may be absent', '{Condition: IsProd, Value', '{Value'],
  ])('%s: %s', (code, _what, was, is) => {
    expect(GOOD).toContain(was);
    expect(codes(GOOD.replace(was, is))).toContain(code);
  });
});

test('a finding has line, column, what is near and the next step', () => {
  const [finding] = checkTemplate(parseTemplate(GOOD.replace('BucketName:', 'BucketNam:'), 'a.yaml')).findings;
  expect(finding).toEqual({
    code: 'CFN302',
    severity: 'error',
    path: ['Resources', 'Bucket', 'Properties', 'BucketNam'],
    message: 'Bucket.Properties.BucketNam: there is no property BucketNam here; did you mean BucketName?',
    fix: 'write BucketName',
    file: 'a.yaml',
    line: 17,
    column: 7,
  });
});

test('what a function gives is not judged, and never an error', () => {
  const text = GOOD.replace('Status: Enabled', 'Status: !ImportValue x').replace(
    '{KeyPolicy: {}',
    '{KeyPolicy: !Ref Tier',
  );
  expect(codes(text)).toEqual([]);
});

describe('what SAM makes apart makes no cycle', () => {
  const sam = (properties: string) => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      DefinitionBody: {paths: {/: {get: {x-amazon-apigateway-integration: {uri: !GetAtt Function.Arn}}}}}
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, Handler: a.b, CodeUri: ., ${properties}}
`;
  test.each([
    ['Events: {Get: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref Api}}}', []],
    ['DeploymentPreference: {Type: AllAtOnce, Alarms: [!Ref Api]}, AutoPublishAlias: live', []],
    ['Environment: {Variables: {API: !Ref Api}}', ['CFN206']],
  ])('%s', (properties, expected) => expect(codes(sam(properties))).toEqual(expected));
});

test('a whole list default that is allowed is a default that is allowed', () => {
  const list = 'Type: CommaDelimitedList, Default: "dev,prod"';
  const text = GOOD.replace('Type: String, Default: dev', list).replace('!Ref Tier, prod', '"a", "b"');
  const allowing = (values: string) => codes(text.replace('AllowedValues: [dev, prod]', `AllowedValues: ${values}`));
  expect(allowing('["dev,prod"]')).not.toContain('CFN402');
  expect(allowing('[dev]')).toContain('CFN402');
});

test('a property that only AWS sets is a warning: CloudFormation takes it and sends it nowhere', () => {
  const text = GOOD.replace('BucketName: ', 'Arn: a\n      BucketName: ');
  expect(checkTemplate(parseTemplate(text, 'a.yaml')).findings).toEqual([
    expect.objectContaining({
      code: 'CFN307',
      severity: 'warning',
      path: ['Resources', 'Bucket', 'Properties', 'Arn'],
    }),
  ]);
});

test('what SAM leaves out of a property is a warning, a property that it refuses an error', () => {
  const of = (table: string) =>
    checkTemplate(
      parseTemplate(
        `Transform: AWS::Serverless-2016-10-31\nResources: {T: {Type: AWS::Serverless::SimpleTable, Properties: {${table}}}}`,
        'a',
      ),
    ).findings.map(({ code, severity }) => `${severity} ${code}`);
  expect(of('PrimaryKey: {Name: a, Type: String, Kind: b}')).toEqual(['warning CFN302']);
  expect(of('PrimaryKy: {Name: a, Type: String}')).toEqual(['error CFN302']);
});

test('what SAM leaves out of a resource is a warning', () => {
  const text =
    'Transform: AWS::Serverless-2016-10-31\nResources: {T: {Type: AWS::Serverless::SimpleTable, Comment: x}}';
  expect(checkTemplate(parseTemplate(text, 'a.yaml')).findings).toEqual([
    expect.objectContaining({ code: 'CFN314', severity: 'warning', path: ['Resources', 'T', 'Comment'] }),
  ]);
});

test.each([
  'staging-replica',
  'staging-foundation',
  'staging',
  'staging-masking',
  'staging-governance',
  'staging-monitoring',
])('templates/%s.yaml has no finding', (name) =>
  expect(checkTemplate(readTemplate(fileInProject(`templates/${name}.yaml`))).findings).toEqual([]),
);

test('no mutilation of a template makes the check throw', () => {
  const original = parseTemplate(GOOD, 'a.yaml').value;
  const places = pathsOf(original, []);
  const odd = fc.constantFrom<Json>(
    null,
    7,
    '',
    [],
    {},
    [null],
    { Ref: 3 },
    { 'Fn::If': [] },
    { 'Fn::Sub': {} },
    { 'Fn::GetAtt': 'x' },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(places.length - 1), odd), { minLength: 1, maxLength: 3 }), (changes) => {
      const value = structuredClone(original);
      for (const [place, replacement] of changes) put(value, places[place]!, structuredClone(replacement));
      if (!isObject(value)) return;
      const result = checkTemplate(parseTemplate(JSON.stringify(value), 'a.json'));
      expect(Array.isArray(result.findings)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

function pathsOf(value: Json, path: (string | number)[]): (string | number)[][] {
  const members = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  return members.flatMap(([key, member]) => [[...path, key], ...pathsOf(member, [...path, key])]);
}

function put(root: Json, path: readonly (string | number)[], replacement: Json): void {
  let node = root as Record<string | number, Json>;
  for (const key of path.slice(0, -1)) {
    const next = node?.[key];
    if (typeof next !== 'object' || next === null) return;
    node = next as Record<string | number, Json>;
  }
  if (typeof node === 'object' && node !== null) node[path.at(-1)!] = replacement;
}

test.each<[string, string, { codes: string[]; notJudged: number }]>([
  ['a region that has the type', 'us-east-1', { codes: [], notJudged: 0 }],
  ['a region that does not', 'us-west-2', { codes: ['CFN315'], notJudged: 0 }],
  ['a region that no source names', 'xx-nowhere-1', { codes: [], notJudged: 1 }],
])('%s', (_, region, expected) => {
  const text = `Resources:
  Report:
    Type: AWS::CUR::ReportDefinition
    Condition: Wanted
    Properties:
      ReportName: a
      TimeUnit: DAILY
      Format: Parquet
      Compression: Parquet
      RefreshClosedReports: true
      ReportVersioning: OVERWRITE_REPORT
      S3Bucket: a-bucket
      S3Prefix: a
      S3Region: us-east-1
Parameters: { Want: { Type: String, Default: 'yes', AllowedValues: ['yes', 'no'] } }
Conditions: { Wanted: !Equals [!Ref Want, 'yes'] }
`;
  const { findings, notJudged } = checkTemplate(parseTemplate(text, 'a.yaml'), region);
  expect({ codes: findings.map(({ code }) => code), notJudged: notJudged.length }).toEqual(expected);
  for (const finding of findings)
    expect(finding).toMatchObject({
      severity: 'warning',
      message: 'Report.Type: us-west-2 has no AWS::CUR::ReportDefinition, where Wanted holds',
      line: 3,
    });
});

describe('a required property that one branch leaves out', () => {
  const template = (resource: string) => `
Parameters: {Tier: {Type: String, Default: dev, AllowedValues: [dev, prod]}}
Conditions: {IsProd: !Equals [!Ref Tier, prod], IsDev: !Equals [!Ref Tier, dev], IsOther: !Not [!Or [!Condition IsProd, !Condition IsDev]]}
Resources:
  Thing: ${resource}
`;
  const missing = (resource: string) =>
    checkTemplate(parseTemplate(template(resource), 'a.yaml'))
      .findings.filter(({ code }) => code === 'CFN303')
      .map(({ severity, when, path }) => ({ severity, when, at: path?.slice(3).join('.') }));
  const alias = (target: string, more = '') =>
    `{Type: AWS::KMS::Alias, ${more}Properties: {AliasName: alias/a, TargetKeyId: ${target}}}`;

  const bucket = (properties: string, more = '') => `{Type: AWS::S3::Bucket, ${more}Properties: {${properties}}}`;
  const versioning = (value: string, more = '') => bucket(`VersioningConfiguration: ${value}`, more);

  test.each<[what: string, resource: string, found: { when: object | undefined; at: string }[]]>([
    [
      'there by default',
      alias('!If [IsProd, !Ref AWS::NoValue, key]'),
      [{ when: { Tier: 'prod' }, at: 'TargetKeyId' }],
    ],
    ['missing by default', alias('!If [IsProd, key, !Ref AWS::NoValue]'), [{ when: {}, at: 'TargetKeyId' }]],
    [
      'missing in a branch of a branch',
      alias('!If [IsDev, key, !If [IsProd, !Ref AWS::NoValue, key]]'),
      [{ when: { Tier: 'prod' }, at: 'TargetKeyId' }],
    ],
    ['missing where nothing leads', alias('!If [IsOther, !Ref AWS::NoValue, key]'), []],
    ['missing where the resource is not', alias('!If [IsProd, !Ref AWS::NoValue, key]', 'Condition: IsDev, '), []],
    ['missing where another branch excludes it', alias('!If [IsProd, !If [IsDev, !Ref AWS::NoValue, key], key]'), []],
    [
      'missing within a list',
      '{Type: AWS::S3::Bucket, Properties: {LifecycleConfiguration: {Rules: [{Status: !If [IsDev, Enabled, !Ref AWS::NoValue], ExpirationInDays: 3}]}}}',
      [{ when: { Tier: 'prod' }, at: 'LifecycleConfiguration.Rules.0.Status' }],
    ],
    [
      'lacking in the mapping of one branch',
      versioning('!If [IsProd, {}, {Status: Enabled}]'),
      [{ when: { Tier: 'prod' }, at: 'VersioningConfiguration.Fn::If.1' }],
    ],
    ['lacking in a mapping where nothing leads', versioning('!If [IsOther, {}, {Status: Enabled}]'), []],
    [
      'lacking in a mapping that another branch excludes',
      versioning('!If [IsProd, !If [IsDev, {}, {Status: Enabled}], {Status: Enabled}]'),
      [],
    ],
    [
      'lacking in a mapping where the resource is not',
      versioning('!If [IsProd, {}, {Status: Enabled}]', 'Condition: IsDev, '),
      [],
    ],
    [
      'lacking in the only mapping that the resource can have',
      versioning('!If [IsProd, {}, {Status: Enabled}]', 'Condition: IsProd, '),
      [{ when: undefined, at: 'VersioningConfiguration.Fn::If.1' }],
    ],
    [
      'lacking in an item of a list',
      bucket(
        'LifecycleConfiguration: {Rules: [!If [IsDev, {ExpirationInDays: 3}, {Status: Enabled, ExpirationInDays: 3}]]}',
      ),
      [{ when: {}, at: 'LifecycleConfiguration.Rules.0.Fn::If.1' }],
    ],
    [
      'lacking in the list of one branch',
      bucket(
        'LifecycleConfiguration: {Rules: !If [IsProd, [{ExpirationInDays: 3}], [{Status: Enabled, ExpirationInDays: 3}]]}',
      ),
      [{ when: { Tier: 'prod' }, at: 'LifecycleConfiguration.Rules.Fn::If.1.0' }],
    ],
    ['lacking in every deployment', versioning('{}'), [{ when: undefined, at: 'VersioningConfiguration' }]],
  ])('%s', (_what, resource, found) => {
    expect(missing(resource)).toEqual(found.map((one) => ({ severity: 'error', ...one })));
  });

  test.each([
    ['cannot be decided', "IsHere: !Equals [!Select [0, !GetAZs ''], x], "],
    ['is nowhere', ''],
  ])('where the condition %s, it is a warning', (_what, condition) => {
    for (const resource of [
      alias('!If [IsHere, key, !Ref AWS::NoValue]'),
      versioning('!If [IsHere, {}, {Status: Enabled}]'),
    ]) {
      const text = template(resource).replace('Conditions: {', `Conditions: {${condition}`);
      const found = checkTemplate(parseTemplate(text, 'a.yaml')).findings.filter(({ code }) => code === 'CFN303');
      expect(found.map(({ severity, when }) => ({ severity, when }))).toEqual([
        { severity: 'warning', when: undefined },
      ]);
    }
  });
});
