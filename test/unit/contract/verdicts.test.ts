import { expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import type { Json, Template } from '../../../lib/cfn/template.ts';
import { proveContract } from '../../../lib/contract/contract.ts';
import type { GivenStack } from '../../../lib/contract/stack.ts';
import { equals, not, ref, text } from '../scenarios/support.ts';

const sub = (template: string): Json => ({ 'Fn::Sub': template });
const topic = (name: Json, condition?: string) => ({
  Type: 'AWS::SNS::Topic',
  ...(condition !== undefined && { Condition: condition }),
  Properties: { DisplayName: name },
});
const reads = (name: Json, more: Partial<Template> = {}): Partial<Template> => ({
  ...more,
  Resources: { Topic: topic({ 'Fn::ImportValue': name }) },
});
const writes = (names: Json[], more: Partial<Template> = {}): Partial<Template> => ({
  ...more,
  Outputs: Object.fromEntries(names.map((Name, i) => [`Out${i}`, { Value: 'x', Export: { Name } }])),
});
const looksUp = (type: string, name?: string): Partial<Template> => ({
  Parameters: { Value: { Type: `AWS::SSM::Parameter::Value<${type}>`, ...(name !== undefined && { Default: name }) } },
});
const stores = (Name: Json, Value: Json, Type = 'String'): Partial<Template> => ({
  Resources: { Stored: { Type: 'AWS::SSM::Parameter', Properties: { Name, Type, Value } } },
});
const suffix = { Parameters: { EnvironmentSuffix: text({ Default: 'staging' }) } };

function proven(templates: readonly Partial<Template>[], more: Partial<GivenStack> = {}) {
  return proveContract(
    templates.map((template, position) => ({
      document: parseTemplate(JSON.stringify({ Resources: {}, ...template }, null, 1), `${'abc'[position]}.json`),
      group: 'named',
      position,
      ...more,
    })),
  );
}

interface Case {
  readonly templates: readonly Partial<Template>[];
  readonly verdict: 'proven' | 'unknown' | 'aws' | 'broken';
  readonly where?: readonly string[];
  readonly codes?: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a writer that is not given is not known': {
    templates: [writes(['something']), reads('another-thing')],
    verdict: 'unknown',
    codes: ['info CFN567'],
  },
  'a name of the same family is not near': {
    templates: [
      writes([sub('${EnvironmentSuffix}-DataKeyArn'), sub('${EnvironmentSuffix}-PublicSubnetIds')], suffix),
      reads(sub('${EnvironmentSuffix}-LogsKeyArn'), suffix),
    ],
    verdict: 'unknown',
    codes: ['info CFN567'],
  },
  'what AWS publishes is not looked for': {
    templates: [writes(['x']), looksUp('AWS::EC2::Image::Id', '/aws/service/ami-amazon-linux-latest/al2023')],
    verdict: 'aws',
    codes: [],
  },
  'a name that a deployment gives is not known': {
    templates: [stores('/a', 'x'), looksUp('String')],
    verdict: 'unknown',
    codes: ['info CFN569'],
  },
  'so is the name of an import': {
    templates: [writes(['a']), reads(ref('Name'), { Parameters: { Name: text() } })],
    verdict: 'unknown',
    codes: ['info CFN569'],
  },
  'a name that is a parameter is what it is by default': {
    templates: [writes(['net-vpc']), reads(ref('Name'), { Parameters: { Name: text({ Default: 'net-vpc' }) } })],
    verdict: 'proven',
    codes: [],
  },
  'by default it may be wrong by a letter': {
    templates: [writes(['net-vpc']), reads(ref('Name'), { Parameters: { Name: text({ Default: 'net-vpd' }) } })],
    verdict: 'broken',
    codes: ['error CFN561'],
  },
  'a writer of whatever name hides no slip': {
    templates: [writes(['net-vpc', ref('Name')], { Parameters: { Name: text() } }), reads('net-vpd')],
    verdict: 'broken',
    codes: ['error CFN561'],
  },
  'a suffix is the same on both sides': {
    templates: [writes([sub('${EnvironmentSuffix}-A')], suffix), reads(sub('${EnvironmentSuffix}-A'), suffix)],
    verdict: 'proven',
    where: ['EnvironmentSuffix is the same in b.json and a.json'],
    codes: [],
  },
  'the name of a stack is given to the other': {
    templates: [writes([sub('${AWS::StackName}-A')]), reads(sub('${Stack}-A'), { Parameters: { Stack: text() } })],
    verdict: 'proven',
    where: ['${b.json:Stack} is ${a.json:AWS::StackName}'],
    codes: [],
  },
  'a parameter may be two of the other side': {
    templates: [
      writes([sub('${Project}-${Stage}-A')], {
        Parameters: { Project: text(), Stage: text({ AllowedValues: ['x', 'y'] }) },
      }),
      reads(sub('${Stack}-A'), { Parameters: { Stack: text() } }),
    ],
    verdict: 'proven',
    where: ['${b.json:Stack} is ${a.json:Project}-${a.json:Stage}'],
    codes: [],
  },
  'a reader that has a suffix of its own does not write under that of its provider': {
    templates: [
      writes([sub('${EnvironmentSuffix}-A'), sub('${EnvironmentSuffix}-ServiceName')], suffix),
      {
        ...reads(sub('${ProviderSuffix}-A'), {
          Parameters: { ...suffix.Parameters, ProviderSuffix: text() },
        }),
        ...writes([sub('${EnvironmentSuffix}-ServiceName')]),
      },
    ],
    verdict: 'proven',
    where: ['${b.json:ProviderSuffix} is ${a.json:EnvironmentSuffix}'],
    codes: [],
  },
  'conditions are tied only where they have to be': {
    templates: [
      {
        Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }), Size: text({ AllowedValues: ['1', '2'] }) },
        Conditions: { X: equals(ref('Stage'), 'x'), Big: equals(ref('Size'), '2') },
        Outputs: { A: { Condition: 'X', Value: 'x', Export: { Name: 'a' } } },
      },
      {
        Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }), Size: text({ AllowedValues: ['1', '2'] }) },
        Conditions: { Y: equals(ref('Stage'), 'y'), X: not({ Condition: 'Y' }) },
        Resources: { Topic: topic({ 'Fn::ImportValue': 'a' }, 'X') },
      },
    ],
    verdict: 'proven',
    where: ['Stage is the same in b.json and a.json'],
    codes: [],
  },
  'what never exists is not read': {
    templates: [
      writes(['a']),
      {
        Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) },
        Conditions: { Z: equals(ref('Stage'), 'z') },
        Resources: { Topic: topic({ 'Fn::ImportValue': 'missing' }, 'Z') },
      },
    ],
    verdict: 'proven',
    codes: [],
  },
  'names that are two by default are a warning': {
    templates: [stores(sub('${Prefix}/a'), 'x'), looksUp('String', '/shared/a')].map((template, i) =>
      i === 0 ? { ...template, Parameters: { Prefix: text({ Default: '/own' }) } } : template,
    ),
    verdict: 'proven',
    where: ['${a.json:Prefix} is /shared'],
    codes: ['warning CFN568'],
  },
  'a kind that nothing knows is not known': {
    templates: [{ ...stores('/a', { 'Fn::GetAtt': ['Thing', 'Id'] }), ...{} }, looksUp('AWS::EC2::VPC::Id', '/a')].map(
      (template, i) =>
        i === 0
          ? {
              Resources: { ...template.Resources, Thing: { Type: 'Custom::Thing', Properties: { ServiceToken: 'x' } } },
            }
          : template,
    ),
    verdict: 'unknown',
    codes: ['info CFN569'],
  },
  'a later version is not known': {
    templates: [stores('/a', 'x'), { Resources: { Topic: topic('{{resolve:ssm:/a:3}}') } }],
    verdict: 'unknown',
    codes: ['info CFN569'],
  },
  'a shared parameter is read by its ARN': {
    templates: [stores('/shared/a', 'x'), looksUp('String', 'arn:aws:ssm:us-east-1:111122223333:parameter/shared/a')],
    verdict: 'proven',
    codes: [],
  },
  'of two writers one is an alternative for some values': {
    templates: [
      writes([sub('${Stage}-A')], { Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) } }),
      {
        Parameters: { Stage: text({ AllowedValues: ['y', 'z'] }), On: text({ AllowedValues: ['yes', 'no'] }) },
        Conditions: { On: equals(ref('On'), 'yes') },
        Outputs: { A: { Condition: 'On', Value: 'x', Export: { Name: sub('${Stage}-A') } } },
      },
      reads(sub('${Stage}-A'), { Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) } }),
    ],
    verdict: 'proven',
    codes: ['error CFN564'],
  },
  'a writer that can have none of the values is none': {
    templates: [
      writes([sub('${Stage}-A')], { Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) } }),
      writes([sub('${Stage}-A')], { Parameters: { Stage: text({ AllowedValues: ['z'] }) } }),
      reads(sub('${Stage}-A'), { Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) } }),
    ],
    verdict: 'proven',
    where: ['Stage is the same in c.json and a.json'],
    codes: [],
  },
  'two writers have the values between them, and cannot be deployed together': {
    templates: [
      writes([sub('${Stage}-A')], { Parameters: { Stage: text({ AllowedValues: ['x'] }) } }),
      writes([sub('${Stage}-A')], { Parameters: { Stage: text({ AllowedValues: ['y'] }) } }),
      reads(sub('${Stage}-A'), { Parameters: { Stage: text({ AllowedValues: ['x', 'y'] }) } }),
    ],
    verdict: 'unknown',
    codes: ['info CFN569'],
  },
  'a name that is only handed on is not read': {
    templates: [
      { ...stores('/a', 'x'), ...writes(['a']) },
      { Resources: { Topic: topic('/b'), Other: topic({ 'Fn::ImportValue': 'a' }) } },
    ],
    verdict: 'proven',
    codes: [],
  },
};

test.each(Object.entries(CASES))('%s', (_, { templates, verdict, where, codes }) => {
  const contract = proven(templates);
  expect(contract.names).toHaveLength(1);
  const [name] = contract.names;
  expect({ verdict: name!.verdict, because: name!.because }).toEqual({ verdict, because: name!.because });
  if (where) expect(name!.where).toEqual(where);
  if (codes) expect(contract.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(codes);
});

test('templates that neither read nor write cost nothing', () => {
  const { names, unread, findings } = proven([
    { Resources: { Topic: topic('x') } },
    { Resources: { Topic: topic('y') } },
  ]);
  expect({ names, unread, findings }).toEqual({ names: [], unread: [], findings: [] });
});
