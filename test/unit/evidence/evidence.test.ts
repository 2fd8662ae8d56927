import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { CfnError } from '../../../lib/cfn/errors.ts';
import { type AuditInput, type Evidence, evidenceOf } from '../../../lib/evidence/evidence.ts';
import { matrixOf } from '../../../lib/evidence/matrix.ts';
import { assessmentResults, controlToken } from '../../../lib/evidence/oscal.ts';
import { fileInProject } from '../../../lib/project.ts';
import { matrixCsv } from '../../../lib/report/matrix-csv.ts';

const TEMPLATE = `Description: Two buckets
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: prod}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Closed:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration: # S3.8
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      VersioningConfiguration: !If [IsProd, {Status: Enabled}, !Ref AWS::NoValue]
  Open:
    Type: AWS::S3::Bucket
    Condition: IsProd
  Key:
    Type: AWS::KMS::Key
    Properties: {EnableKeyRotation: !ImportValue rotate, KeyPolicy: {Statement: []}}
  Address: {Type: AWS::EC2::EIP}
`;

const input = (more: Partial<AuditInput> = {}): AuditInput => ({
  templates: [{ name: 'a.yaml', text: TEMPLATE }],
  waivers: [],
  date: '2026-11-21',
  documents: [],
  ...more,
});
const evidence = (of: AuditInput): Evidence => evidenceOf(of, { name: 'plainform', version: '0.1.0', catalogue: '00' });
const factsOf = (control: string, of = input()) => evidence(of).controls.find(({ id }) => id === control)!.facts;

describe('evidence', () => {
  test('a proof rests on its properties and their lines', () => {
    const [closed, open] = factsOf('S3.8');
    expect(closed).toMatchObject({ resource: 'Closed', verdict: 'proven', checked: 1, failed: 0 });
    expect(closed!.evidence).toEqual(
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map((name, index) => ({
        path: `Resources.Closed.Properties.PublicAccessBlockConfiguration.${name}`,
        line: 11 + index,
      })),
    );
    expect(open).toMatchObject({ resource: 'Open', verdict: 'never', at: { line: 16 }, evidence: [] });
  });

  test('what fails somewhere has its counterexample', () =>
    expect(factsOf('S3.14')[0]).toMatchObject({
      verdict: 'fails',
      counterexample: { Env: 'dev' },
      checked: 2,
      failed: 1,
    }));

  test('what is not known before deployment is not proven', () =>
    expect(factsOf('KMS.4')[0]).toMatchObject({ verdict: 'depends' }));

  test('the state of a requirement is that of its worst control', () => {
    const { requirements, controls } = evidence(input());
    const byId = new Map(controls.map((control) => [control.id, control]));
    expect(requirements.length).toBeGreaterThan(500);
    for (const { state, controls: own } of requirements) {
      const verdicts = new Set(own.flatMap(({ id }) => byId.get(id)!.facts.map(({ verdict }) => verdict)));
      if (verdicts.has('fails') || verdicts.has('never')) expect(state).toBe('failing');
      else if (verdicts.has('depends')) expect(state).toBe('open');
      else if (verdicts.size > 0) expect(state).toBe('supported');
      else if (own.some(({ id }) => byId.get(id)!.judged === 'template')) expect(state).toBe('no-resource');
      else expect(state).toBe('not-from-template');
    }
    expect(new Set(requirements.map(({ state }) => state)).size).toBeGreaterThan(3);
  });

  test('a waiver turns what fails into waived, until it ends', () => {
    const waiver = {
      template: 'a.yaml',
      control: 'S3.8',
      resource: 'Open',
      reason: 'a test',
      owner: 'me',
      expires: '2026-11-21',
    };
    const waived = input({ waivers: [waiver] });
    expect(factsOf('S3.8', waived)[1]).toMatchObject({ verdict: 'waived', waiver: { owner: 'me', reason: 'a test' } });
    const expired = evidence({ ...waived, date: '2026-11-22' });
    expect(expired.controls.find(({ id }) => id === 'S3.8')!.facts[1]!.verdict).toBe('never');
    expect(expired.templates[0]!.findings.map(({ code }) => code)).toContain('CFN531');
  });

  test('a waiver of another template waives nothing', () => {
    const waiver = {
      template: 'b.yaml',
      control: 'S3.8',
      resource: 'Open',
      reason: 'r',
      owner: 'o',
      expires: '2027-01-01',
    };
    expect(factsOf('S3.8', input({ waivers: [waiver] }))[1]!.verdict).toBe('never');
  });

  test('only the framework asked for', () => {
    const { frameworks, requirements, controls } = evidence(input({ frameworks: ['gdpr'] }));
    expect(frameworks.map(({ id }) => id)).toEqual(['gdpr']);
    expect(new Set(requirements.map(({ framework }) => framework))).toEqual(new Set(['gdpr']));
    expect(controls.every(({ supports }) => 'gdpr' in supports)).toBe(true);
  });

  test('resources that no control is about are counted', () => expect(evidence(input()).withoutControl).toEqual({}));

  test('broken templates are told all at once, and nothing is proven of the others', () => {
    const templates = [
      { name: 'a.yaml', text: 'Resources: [' },
      { name: 'b.yaml', text: 'Resource: {}' },
      { name: 'c.yaml', text: TEMPLATE },
    ];
    const run = () => evidence(input({ templates }));
    expect(run).toThrow(CfnError);
    try {
      run();
    } catch (error) {
      const { findings, exitCode } = error as CfnError;
      expect(new Set(findings.map(({ file }) => file))).toEqual(new Set(['a.yaml', 'b.yaml']));
      expect(exitCode).toBe(2);
    }
  });
});

describe('live settings stand beside the verdict', () => {
  const check = (state: 'matches' | 'differs', property: string, resource = 'Closed') => ({
    kind: 'setting' as const,
    subject: `${resource}.${property}`,
    state,
    message: state === 'matches' ? 'as the template says' : 'is "false", the template says "true"',
    resource,
    property,
  });
  const live = (...checks: ReturnType<typeof check>[]) =>
    factsOf(
      'S3.8',
      input({ live: [{ template: 'a.yaml', stackName: 's', region: 'r', target: 'aws', read: 'now', checks }] }),
    )[0]!.live;

  test('the worst of the settings that the proof rests on', () =>
    expect(
      live(
        check('matches', 'PublicAccessBlockConfiguration.BlockPublicAcls'),
        check('differs', 'PublicAccessBlockConfiguration.IgnorePublicAcls'),
      ),
    ).toEqual({
      state: 'differs',
      message: 'PublicAccessBlockConfiguration.IgnorePublicAcls: is "false", the template says "true"',
    }));

  test('a setting that the proof does not rest on is none of its', () =>
    expect(live(check('differs', 'BucketName'))).toEqual({ state: 'not-read', message: 'nothing of it was read' }));

  test('a whole property, read at once', () =>
    expect(live(check('matches', 'PublicAccessBlockConfiguration'))).toMatchObject({ state: 'matches' }));

  test('another resource says nothing', () =>
    expect(live(check('matches', 'PublicAccessBlockConfiguration', 'Open'))).toMatchObject({ state: 'not-read' }));
});

interface Assessed {
  'assessment-results': {
    results: {
      'local-definitions': { 'inventory-items': { uuid: string }[] };
      observations: { uuid: string; subjects: { 'subject-uuid': string }[] }[];
    }[];
  };
}

describe('OSCAL', () => {
  const schema = JSON.parse(readFileSync(fileInProject('test/support/oscal/assessment-results.schema.json'), 'utf8'));
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

  test('assessment results fit the published schema', () => {
    const waiver = {
      template: 'a.yaml',
      control: 'S3.8',
      resource: 'Open',
      reason: 'line\n two ',
      owner: 'me',
      expires: '2027-01-01',
    };
    for (const each of [input(), input({ waivers: [waiver] }), input({ frameworks: ['soc2', 'cis'] })]) {
      validate(assessmentResults(evidence(each)));
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  test('the schema refuses what is wrong', () => {
    const results = structuredClone(assessmentResults(evidence(input()))) as {
      'assessment-results': Record<string, unknown>;
    };
    results['assessment-results'].uuid = 'no uuid';
    expect(validate(results)).toBe(false);
  });

  test('every verdict is an observation of a resource that is in the inventory', () => {
    const whole = evidence(input());
    const [result] = (assessmentResults(whole) as Assessed)['assessment-results'].results;
    const items = new Set(result!['local-definitions']['inventory-items'].map(({ uuid }) => uuid));
    const { observations } = result!;
    expect(observations).toHaveLength(whole.controls.flatMap(({ facts }) => facts).length);
    for (const { subjects } of observations) expect(items.has(subjects[0]!['subject-uuid'])).toBe(true);
    const uuids = observations.map(({ uuid }) => uuid);
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(result).not.toHaveProperty('findings');
  });

  test.each([
    ['nist80053', 'AC-3(7)', 'ac-3.7'],
    ['nist80053', 'AC-17(4)a', 'ac-17.4'],
    ['nist80053', 'CM-6a', 'cm-6'],
    ['pci', '10.3.2', 'pci_10.3.2'],
    ['gdpr', 'Art. 32', 'gdpr_Art._32'],
    ['hipaa', '164.308(a)(1)', 'hipaa_164.308_a_1_'],
  ])('%s %s is %s', (framework, requirement, token) => expect(controlToken(framework, requirement)).toBe(token));
});

describe('the matrix', () => {
  const whole = evidence(input());
  const rows = [...matrixOf(whole)];

  test('has every fact under every requirement that its control supports', () => {
    for (const { id, supports, facts } of whole.controls) {
      const pairs = Object.values(supports).reduce((sum, ids) => sum + Object.keys(ids).length, 0);
      expect(rows.filter(({ control }) => control.id === id)).toHaveLength(
        Math.max(1, pairs) * Math.max(1, facts.length),
      );
    }
  });

  test('is CSV that a second reader reads', () => {
    const lines = matrixCsv(whole).split('\r\n');
    expect(lines).toHaveLength(rows.length + 2);
    expect(lines[0]).toMatch(/^framework,requirement,state,control,/);
    expect(lines.find((line) => line.includes(',S3.14,') && line.includes('Closed'))).toContain('Env=dev');
  });

  test('no cell is a formula of a spreadsheet', () => {
    const text = TEMPLATE.replaceAll('Env', 'E');
    const waiver = {
      template: 'a.yaml',
      control: 'S3.8',
      resource: 'Open',
      reason: '=HYPERLINK("http://x","y")',
      owner: '@me',
      expires: '2027-01-01',
    };
    const csv = matrixCsv(evidence(input({ templates: [{ name: 'a.yaml', text }], waivers: [waiver] })));
    expect(csv).toContain(`"'=HYPERLINK(""http://x"",""y"")"`);
    expect(csv).not.toMatch(/(^|,)[=@]/m);
  });
});
