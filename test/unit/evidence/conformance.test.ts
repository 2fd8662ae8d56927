import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { conformance } from '../../../generator/commands/conformance.ts';
import { CfnError } from '../../../lib/cfn/errors.ts';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { readCatalogue } from '../../../lib/check/catalogue.ts';
import { checkControls } from '../../../lib/check/check-controls.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';
import { CONTROLS } from '../../../lib/controls/index.ts';
import { demandedOf, readConfigRules } from '../../../lib/evidence/config-rules.ts';
import { type ConformancePack, conformancePack, packTemplate } from '../../../lib/evidence/conformance.ts';
import { fileInProject } from '../../../lib/project.ts';
import { packSummary, renderPack } from '../../../lib/report/conformance.ts';
import { listeningTerminal } from '../../support/listening-terminal.ts';

const { rules, limits, securityHubOnly } = readConfigRules();
const catalogue = readCatalogue();
const named = Object.entries(catalogue).flatMap(([control, { configRule }]) =>
  configRule === undefined ? [] : [[control, configRule] as const],
);

function packOf(texts: Readonly<Record<string, string>>, region?: string): ConformancePack {
  const judged = Object.entries(texts).map(([name, text]) => ({
    name,
    facts: checkControls(parseTemplate(text, name), { today: '2026-11-21' }).facts,
  }));
  return conformancePack(judged, region);
}

describe('what is known of the managed rules', () => {
  test('has the form of its schema', () => {
    const json = (name: string) => JSON.parse(readFileSync(fileInProject('lib/data', name), 'utf8'));
    const validate = new Ajv({ allErrors: true }).compile(json('config-rules.schema.json'));
    expect(validate(json('config-rules.json')) ? [] : validate.errors).toEqual([]);
  });

  test('covers every rule that the catalogue names, and no other', () => {
    expect([...new Set(named.map(([, rule]) => rule))].sort()).toEqual(Object.keys(rules).sort());
  });

  test('a rule that Security Hub keeps for itself is no rule of the catalogue', () => {
    for (const control of Object.keys(securityHubOnly))
      expect([control, catalogue[control]?.configRule]).toEqual([control, undefined]);
  });

  test.each([
    ['restricted-ssh', 'INCOMING_SSH_DISABLED'],
    ['restricted-common-ports', 'RESTRICTED_INCOMING_TRAFFIC'],
    ['multi-region-cloudtrail-enabled', 'MULTI_REGION_CLOUD_TRAIL_ENABLED'],
    ['cloudtrail-enabled', 'CLOUD_TRAIL_ENABLED'],
  ])('%s is %s: AWS does not always write the name in capitals', (name, identifier) => {
    expect(rules[name]?.identifier).toBe(identifier);
  });

  test('every other identifier is the name in capitals', () => {
    const odd = Object.entries(rules).filter(
      ([name, { identifier }]) => identifier !== name.toUpperCase().replaceAll('-', '_'),
    );
    expect(odd.map(([name]) => name).sort()).toEqual([
      'cloudtrail-enabled',
      'multi-region-cloudtrail-enabled',
      'restricted-common-ports',
      'restricted-ssh',
    ]);
  });

  test('a rule of a control that templates show has all that it requires, and is given only what it takes', () => {
    for (const [control, name] of named.filter(([id]) => CONTROLS[id])) {
      const { parameters = {} } = rules[name]!;
      const given = demandedOf(rules[name]!, control);
      expect([name, Object.keys(given).filter((parameter) => !parameters[parameter])]).toEqual([name, []]);
      const lacking = Object.entries(parameters).filter(
        ([parameter, each]) => each.required && each.default === undefined && given[parameter] === undefined,
      );
      expect([name, lacking]).toEqual([name, []]);
    }
  });

  /** The value at which the control turns is the one that the rule is given. */
  test.each([
    ['CloudWatch.16', 'MinRetentionTime', 'AWS::Logs::LogGroup', (days: number) => ({ RetentionInDays: days }), 364],
    [
      'RDS.11',
      'backupRetentionMinimum',
      'AWS::RDS::DBInstance',
      (days: number) => ({ BackupRetentionPeriod: days }),
      6,
    ],
    [
      'RDS.50',
      'minimumBackupRetentionPeriod',
      'AWS::RDS::DBCluster',
      (days: number) => ({ BackupRetentionPeriod: days, Engine: 'aurora-mysql' }),
      6,
    ],
    [
      'DocumentDB.2',
      'minimumBackupRetentionPeriod',
      'AWS::DocDB::DBCluster',
      (days: number) => ({ BackupRetentionPeriod: days }),
      6,
    ],
    [
      'Neptune.5',
      'minimumBackupRetentionPeriod',
      'AWS::Neptune::DBCluster',
      (days: number) => ({ BackupRetentionPeriod: days }),
      6,
    ],
    [
      'Redshift.3',
      'MinRetentionPeriod',
      'AWS::Redshift::Cluster',
      (days: number) => ({ AutomatedSnapshotRetentionPeriod: days }),
      6,
    ],
    [
      'ElastiCache.1',
      'snapshotRetentionPeriod',
      'AWS::ElastiCache::ReplicationGroup',
      (days: number) => ({ SnapshotRetentionLimit: days }),
      0,
    ],
  ])('%s is given %s as the control asks', (control, parameter, Type, properties, tooLittle) => {
    const demanded = Number(demandedOf(rules[catalogue[control]!.configRule!]!, control)[parameter]);
    const verdict = (value: number) => {
      const text = JSON.stringify({ Resources: { It: { Type, Properties: properties(value) } } });
      const { facts } = checkControls(parseTemplate(text, 'a.json'), { today: '2026-11-21' });
      return facts.find((fact) => fact.control === control)?.verdict;
    };
    expect(demanded).toBe(tooLittle + 1);
    expect([verdict(tooLittle), verdict(demanded)]).toEqual(['never', 'proven']);
  });
});

const QUEUE_AND_KEY = `
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}
  Key: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: true, KeyPolicy: {}}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 400}}
  ShortLogs: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 30}}
  WaivedLogs:
    Type: AWS::Logs::LogGroup
    Metadata: {plainform: {waivers: [{control: CloudWatch.16, reason: Test data., owner: platform, expires: '2999-01-01'}]}}
    Properties: {RetentionInDays: 30}
`;
const DISTRIBUTION = `
Resources:
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        DefaultRootObject: index.html
        DefaultCacheBehavior: {TargetOriginId: a, ViewerProtocolPolicy: https-only}
        Origins: [{Id: a, DomainName: a.example, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
`;

describe('the pack', () => {
  const pack = packOf({ 'a.yaml': QUEUE_AND_KEY });

  test('has a rule for each managed rule of what is proven, and for nothing else', () => {
    expect(pack.rules.map(({ name, rule }) => [name, rule.identifier])).toEqual([
      ['cmk-backing-key-rotation-enabled', 'CMK_BACKING_KEY_ROTATION_ENABLED'],
      ['cw-loggroup-retention-period-check', 'CW_LOGGROUP_RETENTION_PERIOD_CHECK'],
    ]);
  });

  test('says what is proven and that nothing watches it, and why', () => {
    expect(pack.unwatched).toContainEqual(
      expect.objectContaining({ control: 'SQS.1', reason: 'security-hub', rule: 'sqs-queue-encrypted' }),
    );
    expect(pack.unwatched).toContainEqual(expect.objectContaining({ control: 'KMS.5', reason: 'none' }));
  });

  test('names what the rule looks at too, and is not proven', () => {
    expect(pack.rules[1]!.controls).toEqual([
      { control: 'CloudWatch.16', title: expect.any(String), resources: [{ template: 'a.yaml', resource: 'Logs' }] },
    ]);
    expect(pack.rules[1]!.notProven).toEqual([
      { template: 'a.yaml', resource: 'ShortLogs', control: 'CloudWatch.16', verdict: 'never' },
      { template: 'a.yaml', resource: 'WaivedLogs', control: 'CloudWatch.16', verdict: 'waived' },
    ]);
    expect(packSummary(pack)).toMatch(/not proven and so not asked for: .*1 waived/);
  });

  test('is a template of rules with parameters that an account may change', () => {
    expect(packTemplate(pack)).toEqual({
      Parameters: {
        CwLoggroupRetentionPeriodCheckParamMinRetentionTime: {
          Type: 'String',
          Description: expect.any(String),
          Default: '365',
        },
      },
      Resources: {
        CmkBackingKeyRotationEnabled: {
          Type: 'AWS::Config::ConfigRule',
          Properties: {
            ConfigRuleName: 'cmk-backing-key-rotation-enabled',
            Source: { Owner: 'AWS', SourceIdentifier: 'CMK_BACKING_KEY_ROTATION_ENABLED' },
          },
        },
        CwLoggroupRetentionPeriodCheck: {
          Type: 'AWS::Config::ConfigRule',
          Properties: {
            ConfigRuleName: 'cw-loggroup-retention-period-check',
            InputParameters: { MinRetentionTime: { Ref: 'CwLoggroupRetentionPeriodCheckParamMinRetentionTime' } },
            Source: { Owner: 'AWS', SourceIdentifier: 'CW_LOGGROUP_RETENTION_PERIOD_CHECK' },
          },
        },
      },
    });
  });

  test('a rule of changes is scoped to its types', () => {
    const group = 'Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: Inside}}}';
    const template = packTemplate(packOf({ 'a.yaml': group }));
    expect(template.Resources.RestrictedSsh?.Properties?.Scope).toEqual({
      ComplianceResourceTypes: ['AWS::EC2::SecurityGroup'],
    });
  });

  test('two controls that ask one rule for different things have a rule each', () => {
    const group = 'Resources: {Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: Inside}}}';
    const own = packOf({ 'a.yaml': group }).rules.filter(
      ({ rule }) => rule.identifier === 'VPC_SG_PORT_RESTRICTION_CHECK',
    );
    expect(own.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['vpc-sg-port-restriction-check-ec2-53', { ipType: 'IPv4' }],
      ['vpc-sg-port-restriction-check-ec2-54', { ipType: 'IPv6' }],
    ]);
  });

  test('what the rule does not look at is not said to be watched: policies inside a role', () => {
    const policy =
      "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*'}]}";
    const both = packOf({
      'a.yaml': `
Resources:
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: ${policy}}}
  Inline: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: a, PolicyName: a, PolicyDocument: ${policy}}}`,
    });
    const rule = both.rules.find(({ name }) => name === 'iam-policy-no-statements-with-admin-access');
    expect(rule?.controls).toMatchObject([
      { control: 'IAM.1', resources: [{ template: 'a.yaml', resource: 'Managed' }] },
    ]);
    expect(both.unwatched).toContainEqual(
      expect.objectContaining({
        control: 'IAM.1',
        reason: 'type',
        resources: [{ template: 'a.yaml', resource: 'Inline' }],
      }),
    );
  });

  test('a rule looks only at types that its controls are about', () => {
    for (const [name, { watches = [] }] of Object.entries(rules)) {
      const types = named.filter(([, rule]) => rule === name).flatMap(([control]) => catalogue[control]!.resourceTypes);
      expect([name, watches.filter((type) => !types.includes(type))]).toEqual([name, []]);
    }
  });

  test('a control that fails everywhere is not in it', () => {
    const open = packOf({ 'a.yaml': 'Resources: {Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}}' });
    expect(open.rules.map(({ name }) => name)).not.toContain('cmk-backing-key-rotation-enabled');
  });

  test('resources of several templates stand under one rule', () => {
    const both = packOf({ 'a.yaml': QUEUE_AND_KEY, 'b.yaml': QUEUE_AND_KEY });
    expect(both.rules[0]!.controls[0]!.resources).toEqual([
      { template: 'a.yaml', resource: 'Key' },
      { template: 'b.yaml', resource: 'Key' },
    ]);
    expect(renderPack(both)).toContain('  # KMS.4 Key material rotates, proven of a.yaml: Key; b.yaml: Key\n');
  });

  test('rules of CloudFront are left out where AWS does not have them, and it is said', () => {
    const inVirginia = packOf({ 'a.yaml': DISTRIBUTION }, 'us-east-1');
    expect(inVirginia.rules.map(({ name }) => name)).toContain('cloudfront-viewer-policy-https');
    const elsewhere = packOf({ 'a.yaml': DISTRIBUTION }, 'eu-west-1');
    expect(elsewhere.rules.filter(({ name }) => name.startsWith('cloudfront-'))).toEqual([]);
    expect(elsewhere.unwatched).toContainEqual(
      expect.objectContaining({ control: 'CloudFront.3', reason: 'region', rule: 'cloudfront-viewer-policy-https' }),
    );
    expect(renderPack(packOf({ 'a.yaml': DISTRIBUTION }))).toMatch(/# .* only in us-east-1 \(\d{4}-/);
  });

  test('rules that AWS lacked in a region are named', () => {
    const text = renderPack(
      packOf({ 'a.yaml': QUEUE_AND_KEY.replace('KeyPolicy: {}', 'KeyPolicy: {}') }, 'eu-south-2'),
    );
    const lacked = pack.rules.filter(({ rule }) => rule.notIn?.includes('eu-south-2')).map(({ name }) => name);
    for (const name of lacked) expect(text).toContain(`${name} (`);
  });

  test('the text is what it says: read back it is the same template, without a finding of ours', () => {
    const text = renderPack(pack);
    const document = parseTemplate(text, 'pack.yaml');
    expect(document.template).toEqual(packTemplate(pack));
    expect(checkTemplate(document).findings).toEqual([]);
    expect(renderPack(packOf({ 'a.yaml': QUEUE_AND_KEY }))).toBe(text);
  });

  test('comments give way where they would make the pack larger than a request', () => {
    const many = (count: number) => {
      const queues = Array.from(
        { length: count },
        (_, index) =>
          `  Key${index}OfSomeService: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: true, KeyPolicy: {}}}`,
      );
      return renderPack(packOf({ 'a.yaml': `Resources:\n${queues.join('\n')}` }));
    };
    expect(many(3)).toContain('proven of Key0OfSomeService, Key1OfSomeService, Key2OfSomeService\n');
    const text = many(3500);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.inlineBytes);
    expect(text).toContain('Key2OfSomeService and 3497 more');
    expect(text).toContain('plainform conformance --json has them all');
    expect(text).toContain('--template-body file://FILE');
  }, 60_000);

  test('every rule of the catalogue in one pack is more than AWS Config takes', () => {
    expect(Object.keys(rules).length).toBeGreaterThan(limits.rulesInPack);
    expect(limits).toEqual({ rulesInPack: 130, inlineBytes: 51_200, bucketBytes: 307_200 });
  });
});

describe('plainform conformance', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plainform-pack-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('writes the file and says what is in it', async () => {
    const terminal = listeningTerminal();
    const out = join(folder, 'out', 'pack.yaml');
    expect(await conformance({ arguments: [file('a.yaml', QUEUE_AND_KEY)], out }, terminal)).toBe(0);
    expect(terminal.printed).toEqual([]);
    expect(terminal.said).toEqual([expect.stringMatching(/pack\.yaml: \d+ verdicts proven: 2 rules for 2 controls; /)]);
    expect(parseTemplate(readFileSync(out, 'utf8'), out).template.Resources).toHaveProperty(
      'CmkBackingKeyRotationEnabled',
    );
  });

  test('--json holds the same text, and what no rule watches', async () => {
    const terminal = listeningTerminal();
    await conformance({ arguments: [file('a.yaml', QUEUE_AND_KEY)], json: true }, terminal);
    const printed = JSON.parse(terminal.printed.join('\n'));
    expect(Object.keys(printed)).toEqual([
      'version',
      'templates',
      'rules',
      'unwatched',
      'verdicts',
      'bytes',
      'template',
    ]);
    expect(printed.bytes).toBe(Buffer.byteLength(printed.template));
    expect(printed.unwatched.map(({ control }: { control: string }) => control)).toContain('SQS.1');
  });

  test.each([
    [
      'nothing with a rule is proven',
      1,
      'CFN714',
      'Resources: {Wait: {Type: AWS::CloudFormation::WaitConditionHandle}}',
      {},
    ],
    ['it does not parse', 2, 'CFN102', 'Resources: [\n', {}],
    ['it is no template', 2, 'CFN110', 'Parameters: {}', {}],
    ['the framework is not known', 2, 'CFN712', QUEUE_AND_KEY, { framework: 'pcidss' }],
    ['the region is none', 2, 'CFN706', QUEUE_AND_KEY, { region: 'europe' }],
  ])('where %s, exit code %i, %s, and nothing is written', async (_, exitCode, code, text, options) => {
    const out = file('kept.yaml', 'as it was');
    const made = conformance({ arguments: [file('b.yaml', text)], out, ...options }, listeningTerminal());
    const error = await made.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CfnError);
    expect({
      exitCode: (error as CfnError).exitCode,
      codes: (error as CfnError).findings.map((each) => each.code),
    }).toEqual({
      exitCode,
      codes: expect.arrayContaining([code]),
    });
    expect(readFileSync(out, 'utf8')).toBe('as it was');
  });
});
