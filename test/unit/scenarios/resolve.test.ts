import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import type { Environment } from '../../../lib/scenarios/environment.ts';
import { listScenarios, resolveScenario } from '../../../lib/scenarios/list.ts';
import { unreachableConditions } from '../../../lib/scenarios/reachability.ts';
import { unsafeReferences } from '../../../lib/scenarios/references.ts';
import { resolveTemplate } from '../../../lib/scenarios/resolve.ts';
import { and, equals, getAtt, NO_VALUE, named, not, or, ref, templateOf, text, when } from './support.ts';

const BASE: Partial<Template> = {
  Parameters: {
    Environment: text({ Default: 'dev', AllowedValues: ['dev', 'prod'] }),
    Count: { Type: 'Number', Default: 3 },
    Zones: { Type: 'CommaDelimitedList', Default: 'a, b,c' },
    Ports: { Type: 'List<Number>', Default: '80,443' },
    Image: { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/images/base' },
    Free: text(),
  },
  Mappings: { Sizes: { dev: { Size: 'small', List: ['x', 'y'] }, prod: { Size: 'large', List: ['z'] } } },
  Conditions: {
    IsProd: equals(ref('Environment'), 'prod'),
    IsDev: not(named('IsProd')),
    IsFree: equals(ref('Free'), 'yes'),
  },
  Resources: {
    Key: { Type: 'AWS::KMS::Key' },
    ProdOnly: { Type: 'AWS::KMS::Key', Condition: 'IsProd' },
  },
};

function resolvedValue(value: Json, environment: Environment = {}): unknown {
  return resolveTemplate(templateOf(value, BASE), environment).resources.Subject?.properties.Value;
}

describe('functions with known arguments', () => {
  test.each<[string, Json, unknown]>([
    ['Ref of a parameter with a default', ref('Environment'), 'dev'],
    ['Ref of a number gives a number', ref('Count'), 3],
    ['Ref of a list is trimmed', ref('Zones'), ['a', 'b', 'c']],
    ['Ref of a list of numbers', ref('Ports'), [80, 443]],
    ['If takes the branch', when('IsProd', 1, 2), 2],
    ['If on a negated condition', when('IsDev', { A: 1 }, 2), { A: 1 }],
    ['NoValue removes a key', { A: 1, B: when('IsProd', 1, NO_VALUE) }, { A: 1 }],
    ['NoValue removes a member', [1, when('IsProd', 2, NO_VALUE), 3], [1, 3]],
    ['NoValue removes the property', NO_VALUE, undefined],
    ['Sub with a parameter and an escape', { 'Fn::Sub': '${Environment}-${!Kept}-${Count}' }, 'dev-${Kept}-3'],
    ['Sub with variables', { 'Fn::Sub': ['${A}/${Environment}', { A: ref('Count') }] }, '3/dev'],
    ['Sub variables come before parameters', { 'Fn::Sub': ['${Count}', { Count: 'own' }] }, 'own'],
    ['Join', { 'Fn::Join': ['-', ['a', ref('Count'), true]] }, 'a-3-true'],
    ['Join of a list parameter', { 'Fn::Join': [':', ref('Zones')] }, 'a:b:c'],
    ['Join leaves out what has no value', { 'Fn::Join': ['-', ['a', NO_VALUE, 'b']] }, 'a-b'],
    ['Split', { 'Fn::Split': ['/', 'a/b//'] }, ['a', 'b', '', '']],
    ['Select from a literal list', { 'Fn::Select': [1, ['a', 'b']] }, 'b'],
    ['Select with a text as index', { 'Fn::Select': ['1', ref('Zones')] }, 'b'],
    ['Select of a Split', { 'Fn::Select': [1, { 'Fn::Split': ['.', 'db.r6g.large'] }] }, 'r6g'],
    ['FindInMap with a parameter as key', { 'Fn::FindInMap': ['Sizes', ref('Environment'), 'Size'] }, 'small'],
    ['FindInMap of a list', { 'Fn::FindInMap': ['Sizes', 'dev', 'List'] }, ['x', 'y']],
    ['FindInMap with a default', { 'Fn::FindInMap': ['Sizes', 'none', 'Size', { DefaultValue: ref('Count') }] }, 3],
    ['Base64', { 'Fn::Base64': { 'Fn::Sub': 'é${Count}' } }, Buffer.from('é3').toString('base64')],
    ['Length', { 'Fn::Length': ref('Zones') }, 3],
    ['ToJsonString', { 'Fn::ToJsonString': { A: ref('Count'), B: [NO_VALUE, 'x'] } }, '{"A":3,"B":["x"]}'],
    ['Cidr of IPv4', { 'Fn::Cidr': ['10.0.0.0/16', 3, 8] }, ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24']],
    ['Cidr clears the host part', { 'Fn::Select': [1, { 'Fn::Cidr': ['10.0.3.7/22', '2', '8'] }] }, '10.0.1.0/24'],
    [
      'Cidr of IPv6',
      { 'Fn::Cidr': ['2001:db8:1234:1a00::/56', 2, 64] },
      ['2001:db8:1234:1a00::/64', '2001:db8:1234:1a01::/64'],
    ],
    [
      'an IAM statement with a Condition key is no function',
      { Condition: { Bool: { a: 'b' } } },
      { Condition: { Bool: { a: 'b' } } },
    ],
  ])('%s', (_, expression, expected) => {
    expect(resolvedValue(expression)).toEqual(expected);
  });
});

describe('what the environment knows', () => {
  test.each<[string, Json, Environment, unknown]>([
    ['a parameter', ref('Environment'), { parameters: { Environment: 'prod' } }, 'prod'],
    ['a list given as a list', ref('Zones'), { parameters: { Zones: ['x', 'y'] } }, ['x', 'y']],
    ['a number that would not read back stays text', ref('Count'), { parameters: { Count: '007' } }, '007'],
    ['the region', ref('AWS::Region'), { region: 'eu-west-1' }, 'eu-west-1'],
    ['the partition follows the region', ref('AWS::Partition'), { region: 'cn-north-1' }, 'aws-cn'],
    [
      'the suffix follows the region',
      { 'Fn::Sub': 'ec2.${AWS::URLSuffix}' },
      { region: 'cn-north-1' },
      'ec2.amazonaws.com.cn',
    ],
    ['the account', ref('AWS::AccountId'), { accountId: '111122223333' }, '111122223333'],
    ['zones', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, { availabilityZones: ['r-1a', 'r-1b'] }, 'r-1a'],
    [
      'zones by region',
      { 'Fn::GetAZs': ref('AWS::Region') },
      { region: 'r-1', availabilityZones: { 'r-1': ['r-1a'] } },
      ['r-1a'],
    ],
    [
      'imports',
      { 'Fn::ImportValue': { 'Fn::Sub': '${Environment}-Vpc' } },
      { imports: { 'dev-Vpc': 'vpc-1' } },
      'vpc-1',
    ],
    ['values of SSM parameters', ref('Image'), { ssm: { '/images/base': 'ami-1' } }, 'ami-1'],
    ['a condition decided beforehand', when('IsProd', 1, 2), { conditions: { IsProd: true } }, 1],
  ])('%s', (_, expression, environment, expected) => {
    expect(resolvedValue(expression, environment)).toEqual(expected);
  });
});

describe('what stays unknown', () => {
  test.each<[string, Json, object]>([
    [
      'an attribute',
      getAtt('Key', 'Arn'),
      { $unknown: 'attribute', expression: getAtt('Key', 'Arn'), dependsOn: [{ kind: 'resource', name: 'Key' }] },
    ],
    ['a reference', ref('Key'), { $unknown: 'reference', dependsOn: [{ kind: 'resource', name: 'Key' }] }],
    [
      'a parameter without a value',
      ref('Free'),
      { $unknown: 'parameter', dependsOn: [{ kind: 'parameter', name: 'Free' }] },
    ],
    [
      'the value of an SSM parameter',
      ref('Image'),
      {
        $unknown: 'ssm',
        dependsOn: [
          { kind: 'parameter', name: 'Image' },
          { kind: 'external', name: 'SSM parameter /images/base' },
        ],
      },
    ],
    [
      'a pseudo parameter',
      ref('AWS::AccountId'),
      { $unknown: 'pseudo', dependsOn: [{ kind: 'pseudo', name: 'AWS::AccountId' }] },
    ],
    [
      'an import, with its name filled in',
      { 'Fn::ImportValue': { 'Fn::Sub': '${Environment}-Vpc' } },
      { $unknown: 'import', expression: { 'Fn::ImportValue': 'dev-Vpc' } },
    ],
    [
      'a zone',
      { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
      { $unknown: 'function', expression: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] } },
    ],
    [
      'a Sub keeps its known stretches',
      { 'Fn::Sub': '${Environment}-${Key.Arn}/*' },
      { $unknown: 'text', parts: ['dev-', { $unknown: 'attribute' }, '/*'] },
    ],
    [
      'a Join keeps its known stretches',
      { 'Fn::Join': ['', ['arn:', ref('AWS::Partition'), ':s3:::', 'b']] },
      { $unknown: 'text', parts: ['arn:', { $unknown: 'pseudo' }, ':s3:::b'] },
    ],
    [
      'a dynamic reference',
      '{{resolve:secretsmanager:db:SecretString:password}}',
      {
        $unknown: 'dynamic',
        dependsOn: [{ kind: 'external', name: 'resolve:secretsmanager:db:SecretString:password' }],
      },
    ],
    [
      'a dynamic reference inside a text',
      { 'Fn::Sub': 'a-{{resolve:ssm:/x:1}}-${Count}' },
      { $unknown: 'text', parts: ['a-', { $unknown: 'dynamic' }, '-3'] },
    ],
    [
      'a dynamic reference that names something unknown',
      { 'Fn::Sub': '{{resolve:ssm:/${Free}}}' },
      { $unknown: 'dynamic' },
    ],
    [
      'a branch on an unknown condition has options',
      when('IsFree', 'a', NO_VALUE),
      { $unknown: 'condition', options: ['a', NO_VALUE] },
    ],
    [
      'a row of a mapping has options',
      { 'Fn::FindInMap': ['Sizes', ref('Free'), 'Size'] },
      { $unknown: 'mapping', options: ['small', 'large'] },
    ],
    ['a macro', { 'Fn::Transform': { Name: 'AWS::Include', Parameters: {} } }, { $unknown: 'transform' }],
    [
      'JSON text keeps its known stretches',
      { 'Fn::ToJsonString': { A: ref('Key') } },
      { $unknown: 'text', parts: ['{"A":"', { $unknown: 'reference' }, '"}'] },
    ],
    ['a reference to nothing', ref('Nothing'), { $unknown: 'invalid' }],
  ])('%s', (_, expression, expected) => {
    expect(resolvedValue(expression)).toMatchObject(expected);
  });

  test('a parameter left open keeps its options, less what it is known not to be', () => {
    expect(resolvedValue(ref('Environment'), { open: { Environment: ['prod'] } })).toMatchObject({
      options: ['dev'],
      not: ['prod'],
    });
  });

  test('an unknown is plain JSON', () => {
    const value = resolvedValue({ 'Fn::Sub': '${Key.Arn}/*' });
    expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  });
});

describe('conditions in three-valued logic', () => {
  test.each<[string, Json, unknown]>([
    ['Or of true and an unknown is true', or(named('IsDev'), named('IsFree')), true],
    ['And of false and an unknown is false', and(named('IsProd'), named('IsFree')), false],
    [
      'And of true and an unknown is unknown',
      and(named('IsDev'), named('IsFree')),
      { $unknown: 'condition', dependsOn: [{ kind: 'parameter', name: 'Free' }] },
    ],
    ['Not of an unknown is unknown', not(named('IsFree')), { $unknown: 'condition' }],
    ['an unknown equals itself', equals(ref('Free'), ref('Free')), true],
    ['a text is unequal where its known stretches differ', equals({ 'Fn::Sub': 'x-${Free}' }, 'y-1'), false],
    ['numbers compare as text', equals(ref('Count'), '3'), true],
    ['another writing of the number is another text', equals(ref('Count'), '3.0'), false],
    ['booleans compare as text', equals(true, 'true'), true],
    ['a condition that depends on itself', named('Tested'), { $unknown: 'invalid' }],
    ['a test that is none', { 'Fn::Join': ['', []] }, { $unknown: 'invalid' }],
  ])('%s', (_, tested, expected) => {
    const template = templateOf(1, { ...BASE, Conditions: { ...BASE.Conditions, Tested: tested } });
    const verdict = resolveTemplate(template, {}).conditions.Tested;
    if (typeof expected === 'boolean') expect(verdict).toBe(expected);
    else expect(verdict).toMatchObject(expected as object);
  });
});

describe('findings', () => {
  const codes = (template: Template, environment: Environment = {}): string[] =>
    resolveTemplate(template, environment).findings.map((finding) => finding.code);
  const parameter = (body: object, value?: string): string[] =>
    codes({ ...templateOf(1), Parameters: { P: text(body) } }, value === undefined ? {} : { parameters: { P: value } });

  test.each<[string, object, string | undefined, string[]]>([
    ['nothing for a value that is admitted', { AllowedValues: ['a'] }, 'a', []],
    ['CFN401 for a missing value', {}, undefined, ['CFN401']],
    ['CFN402 for a value that is not allowed', { AllowedValues: ['a', true] }, 'b', ['CFN402']],
    ['nothing for a boolean allowed value given as text', { AllowedValues: [true] }, 'true', []],
    ['CFN403 for a pattern that matches only a part', { AllowedPattern: '[a-z]' }, 'ab', ['CFN403']],
    ['CFN404 for a text too short', { MinLength: 3 }, 'ab', ['CFN404']],
    ['CFN404 for a text too long', { MaxLength: '1' }, 'ab', ['CFN404']],
    ['CFN405 for a number too low', { Type: 'Number', MinValue: 2 }, '1', ['CFN405']],
    ['CFN405 for one number of a list', { Type: 'List<Number>', MaxValue: 2 }, '1,3', ['CFN405']],
    ['CFN406 for no number', { Type: 'Number' }, 'x', ['CFN406']],
    ['CFN402 for one member of a list', { Type: 'CommaDelimitedList', AllowedValues: ['a'] }, 'a, b', ['CFN402']],
    ['CFN403 for a default that is refused', { Default: 'A', AllowedPattern: '[a-z]' }, undefined, ['CFN403']],
  ])('%s', (_, body, value, expected) => {
    expect(parameter(body, value)).toEqual(expected);
  });

  test('a refused value is named with what is allowed and the description of the constraint', () => {
    const template = {
      ...templateOf(1),
      Parameters: { P: text({ AllowedValues: ['prod'], ConstraintDescription: 'a tier' }) },
    };
    expect(resolveTemplate(template, { parameters: { P: 'prd' } }).findings).toEqual([
      {
        code: 'CFN402',
        severity: 'error',
        path: ['Parameters', 'P'],
        message: 'parameter P is "prd", allowed are "prod" (a tier)',
        fix: 'Did you mean "prod"?',
      },
    ]);
  });

  test('CFN400 for an unknown parameter offers the nearest', () => {
    const findings = resolveTemplate(templateOf(1, { Parameters: { Environment: text({ Default: 'a' }) } }), {
      parameters: { Enviroment: 'x' },
    }).findings;
    expect(findings).toMatchObject([{ code: 'CFN400', fix: 'Did you mean Environment?' }]);
  });

  test.each<[string, Json, string]>([
    ['a reference to a resource that this environment leaves out', ref('ProdOnly'), 'CFN504'],
    ['an attribute of one', getAtt('ProdOnly', 'Arn'), 'CFN504'],
    ['a Sub of one', { 'Fn::Sub': '${ProdOnly.Arn}' }, 'CFN504'],
    ['a key that the mapping lacks', { 'Fn::FindInMap': ['Sizes', 'test', 'Size'] }, 'CFN505'],
    ['an index beyond the list', { 'Fn::Select': [3, ref('Zones')] }, 'CFN506'],
    ['a block that is too small', { 'Fn::Cidr': ['10.0.0.0/24', 4, 7] }, 'CFN507'],
    ['a Join without a list', { 'Fn::Join': ['-', 'a'] }, 'CFN508'],
  ])('%s', (_, expression, code) => {
    const { findings } = resolveTemplate(templateOf(expression, BASE), { parameters: { Free: 'x' } });
    expect(findings).toMatchObject([{ code, path: expect.arrayContaining(['Subject', 'Value']) }]);
  });

  test.each<[string, Json]>([
    ['in a branch that is not taken', when('IsProd', ref('ProdOnly'), 'none')],
    ['in a branch of which it is open whether it is taken', when('IsFree', ref('ProdOnly'), 'none')],
  ])('nothing for a reference to an absent resource %s', (_, expression) => {
    expect(codes(templateOf(expression, BASE), { open: { Free: [] } })).toEqual([]);
  });

  test('CFN504 for DependsOn of an absent resource', () => {
    const template = templateOf(1, BASE);
    template.Resources.Subject!.DependsOn = ['Key', 'ProdOnly'];
    expect(codes(template, { parameters: { Free: 'x' } })).toEqual(['CFN504']);
  });

  test.each<[string, Json | undefined, Json, string[]]>([
    ['an assertion that is false', undefined, { 'Fn::Contains': [['a', 'b'], ref('P')] }, ['CFN500']],
    ['an assertion that is true', undefined, { 'Fn::Contains': [['a', 'x'], ref('P')] }, []],
    ['a rule that does not apply', equals(ref('P'), 'y'), equals(1, 2), []],
    ['each member in a list', undefined, { 'Fn::EachMemberIn': [ref('L'), ['1', '2']] }, []],
    ['a member that is not', undefined, { 'Fn::EachMemberIn': [ref('L'), ['1']] }, ['CFN500']],
    ['each member equal', undefined, { 'Fn::EachMemberEquals': [ref('L'), '1'] }, ['CFN500']],
    [
      'what only the account knows',
      undefined,
      {
        'Fn::EachMemberIn': [
          { 'Fn::ValueOfAll': ['AWS::EC2::Subnet::Id', 'VpcId'] },
          { 'Fn::RefAll': 'AWS::EC2::VPC::Id' },
        ],
      },
      [],
    ],
  ])('rules: %s', (_, RuleCondition, Assert, expected) => {
    const rule = {
      ...(RuleCondition === undefined ? {} : { RuleCondition }),
      Assertions: [{ Assert, AssertDescription: 'say so' }],
    };
    const template = templateOf(1, {
      Parameters: { P: text({ Default: 'x' }), L: { Type: 'CommaDelimitedList', Default: '1,2' } },
      Rules: { R: rule },
    });
    const { findings } = resolveTemplate(template, {});
    expect(findings.map((finding) => finding.code)).toEqual(expected);
    for (const finding of findings) expect(finding.message).toBe('rule R refuses these parameter values: say so');
  });
});

test('a resolved resource keeps what CloudFormation acts on, and outputs their export', () => {
  const template: Template = {
    Transform: 'AWS::LanguageExtensions',
    Parameters: { Keep: text({ Default: 'Retain' }) },
    Conditions: { Never: equals('a', 'b'), Always: equals('a', 'a') },
    Resources: {
      Data: {
        Type: 'AWS::S3::Bucket',
        Condition: 'Always',
        DependsOn: 'Key',
        DeletionPolicy: ref('Keep') as unknown as string,
        UpdateReplacePolicy: 'Retain',
        Metadata: { Reason: ref('Keep') },
      },
      Key: { Type: 'AWS::KMS::Key', Properties: { Enabled: true } },
      Gone: { Type: 'AWS::KMS::Key', Condition: 'Never' },
    },
    Outputs: {
      Name: { Value: ref('Key'), Export: { Name: { 'Fn::Sub': '${AWS::StackName}-Key' } }, Description: 'The key.' },
      None: { Value: 'x', Condition: 'Never' },
    },
  };
  const resolved = resolveTemplate(template, { stackName: 'logs' });
  expect(resolved.absent).toEqual(['Gone']);
  expect(resolved.resources).toEqual({
    Data: {
      type: 'AWS::S3::Bucket',
      condition: 'Always',
      exists: true,
      dependsOn: ['Key'],
      deletionPolicy: 'Retain',
      updateReplacePolicy: 'Retain',
      metadata: { Reason: 'Retain' },
      properties: {},
    },
    Key: { type: 'AWS::KMS::Key', exists: true, dependsOn: [], properties: { Enabled: true } },
  });
  expect(resolved.outputs).toMatchObject({ Name: { exportName: 'logs-Key', description: 'The key.' } });
  expect(Object.keys(resolved.outputs)).toEqual(['Name']);
  expect(resolveTemplate(template, {}, { only: ['Key'] }).resources).toEqual({ Key: resolved.resources.Key });
});

test('no template makes it throw', () => {
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Json>(
        null,
        1,
        true,
        '',
        'P',
        'C',
        'R.Arn',
        '${P}',
        '${R.Arn}',
        'AWS::NoValue',
        '{{resolve:ssm:x}}',
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .tuple(
          fc.constantFrom(
            ...['Ref', 'Condition', 'Type', 'Default', 'AllowedValues', 'AllowedPattern', 'Assertions', 'Assert'],
            ...[
              'If',
              'Sub',
              'Join',
              'Select',
              'Split',
              'GetAtt',
              'FindInMap',
              'Cidr',
              'GetAZs',
              'Equals',
              'Not',
              'And',
            ].map((f) => `Fn::${f}`),
            ...['Contains', 'EachMemberIn', 'Length', 'ToJsonString', 'Transform', 'ImportValue', 'ForEach::X'].map(
              (f) => `Fn::${f}`,
            ),
          ),
          tie('value'),
        )
        .map(([key, member]) => ({ [key]: member })),
      fc.dictionary(
        fc.constantFrom('Type', 'Properties', 'Condition', 'P', 'C', 'R', 'Value', 'Export', 'Name'),
        tie('value'),
      ),
    ) as fc.Arbitrary<Json>,
  }));
  const section = fc.oneof(fc.dictionary(fc.constantFrom('P', 'C', 'R'), value), value);
  const sections = ['Parameters', 'Rules', 'Mappings', 'Conditions', 'Resources', 'Outputs'];
  const template = fc.record(Object.fromEntries(sections.map((name) => [name, section])), { requiredKeys: [] });
  fc.assert(
    fc.property(template, fc.boolean(), (body, extended) => {
      const odd = { ...body, ...(extended ? { Transform: 'AWS::LanguageExtensions' } : {}) } as unknown as Template;
      expect(() => {
        resolveTemplate(odd, { parameters: { P: 'x' } });
        for (const scenario of listScenarios(odd)) {
          resolveScenario(odd, scenario);
          break;
        }
        unreachableConditions(odd);
        unsafeReferences(odd);
      }).not.toThrow();
    }),
    { numRuns: 1000 },
  );
});
