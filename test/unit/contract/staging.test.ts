import { expect, test } from '@jest/globals';
import { stacksGiven } from '../../../generator/contract.ts';
import { ENVIRONMENTS, stacksOf } from '../../../generator/environments.ts';
import { readParameterFile } from '../../../lib/cfn/parameter-file.ts';
import { parseTemplate, readTemplate } from '../../../lib/cfn/read.ts';
import type { OutputBody } from '../../../lib/cfn/template.ts';
import { proveContract } from '../../../lib/contract/contract.ts';
import { fileInProject } from '../../../lib/project.ts';

const [STAGING] = ENVIRONMENTS;
const documents = stacksOf(STAGING).map(({ template }) => readTemplate(fileInProject(template)));
const all = (more: { environment?: (typeof ENVIRONMENTS)[number] } = {}) =>
  documents.map((document, i) => {
    const file = more.environment && fileInProject(stacksOf(more.environment)[i]!.parameterFile);
    return {
      document,
      named: true,
      ...(file !== undefined && { parameters: { file, values: readParameterFile(file).values } }),
    };
  });

test('our stacks keep what they promise each other, in every deployment', () => {
  const { names, findings, order } = proveContract(stacksGiven(all()));
  expect(findings).toEqual([]);
  expect(names.length).toBeGreaterThan(25);
  expect(names.filter(({ verdict }) => verdict !== 'proven')).toEqual([]);
  // What is tied is the suffix, and nothing else.
  expect([...new Set(names.flatMap(({ where }) => where.map((each) => each.split(' ')[0])))]).toEqual([
    'EnvironmentSuffix',
  ]);
  expect(order).toEqual(documents.map(({ file }) => file));
});

test.each(ENVIRONMENTS)('and with the parameter files of %s, where nothing has to be assumed', (environment) => {
  const { names, findings } = proveContract(stacksGiven(all({ environment })));
  expect(findings).toEqual([]);
  expect(names.filter(({ verdict, where }) => verdict !== 'proven' || where.length > 0)).toEqual([]);
});

test('what staging-replica exports cannot be imported: it is in another region', () => {
  const [replica] = documents;
  const reader = parseTemplate(
    JSON.stringify(
      {
        Parameters: { EnvironmentSuffix: { Type: 'String', Default: 'staging' } },
        Resources: {
          Topic: {
            Type: 'AWS::SNS::Topic',
            Properties: { DisplayName: { 'Fn::ImportValue': { 'Fn::Sub': '${EnvironmentSuffix}-ReplicaKeyArn' } } },
          },
        },
      },
      null,
      1,
    ),
    'reader.json',
  );
  const given = [
    ...stacksGiven(all()),
    { document: reader, region: 'us-west-2', group: 'environment', position: documents.length },
  ];
  const { findings, names } = proveContract(given);
  const line = replica!.text.split('\n').findIndex((each) => each.includes('-ReplicaKeyArn')) + 1;
  expect(findings).toMatchObject([{ code: 'CFN563', severity: 'error', file: 'reader.json', line: 13 }]);
  expect(findings[0]!.message).toContain('us-west-2');
  expect(findings[0]!.message).toContain(`${replica!.file}:${line}:`);
  expect(findings[0]!.message).toContain('us-east-1');
  expect(names.find(({ name }) => name.endsWith('ReplicaKeyArn'))).toMatchObject({ verdict: 'broken' });
});

test('an export that is taken away is missed, with the place that reads it', () => {
  const changed = documents.map((document) =>
    document.file.endsWith('staging-foundation.yaml')
      ? parseTemplate(document.text.replaceAll('-CacheSecurityGroupId', '-RedisGroup'), document.file)
      : document,
  );
  const given = stacksGiven(all()).map((stack, i) => ({ ...stack, document: changed[i]! }));
  const { findings } = proveContract(given);
  expect(findings).toMatchObject([{ code: 'CFN560', severity: 'error', file: documents[2]!.file }]);
  expect(findings[0]!.message).toContain('${EnvironmentSuffix}-CacheSecurityGroupId');
});

const MUTATIONS: Readonly<Record<string, (id: string, outputs: Record<string, OutputBody>) => void>> = {
  removed: (id, outputs) => {
    delete outputs[id];
  },
  'made conditional': (id, outputs) => {
    outputs[id]!.Condition = 'MayShare';
  },
  'renamed by a letter': (id, outputs) => {
    outputs[id]!.Export!.Name = { 'Fn::Sub': `\${EnvironmentSuffix}-${id}x` };
  },
  'in other case': (id, outputs) => {
    outputs[id]!.Export!.Name = { 'Fn::Sub': `\${EnvironmentSuffix}-${id.toUpperCase()}` };
  },
  'under another prefix': (id, outputs) => {
    outputs[id]!.Export!.Name = { 'Fn::Sub': `shared-\${EnvironmentSuffix}-${id}` };
  },
};

test.each(Object.entries(MUTATIONS))('every export that is read, %s, is missed', (_, mutate) => {
  const changed = documents.map((document) => {
    const template = structuredClone(document.template);
    for (const [id, { Export }] of Object.entries(template.Outputs ?? {})) if (Export) mutate(id, template.Outputs!);
    template.Parameters = { ...template.Parameters, Share: { Type: 'String', Default: 'yes' } };
    template.Conditions = { ...template.Conditions, MayShare: { 'Fn::Equals': [{ Ref: 'Share' }, 'yes'] } };
    return parseTemplate(JSON.stringify(template), document.file);
  });
  const given = stacksGiven(all()).map((stack, i) => ({ ...stack, document: changed[i]! }));
  const { names, findings } = proveContract(given);
  expect(names.length).toBeGreaterThan(25);
  expect(names.filter(({ verdict }) => verdict !== 'broken')).toEqual([]);
  expect(findings.filter(({ severity }) => severity === 'error').length).toBeGreaterThanOrEqual(names.length);
});
