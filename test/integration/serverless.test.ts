import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS, stacksOf } from '../../generator/environments.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { parseTemplate, readTemplate } from '../../lib/cfn/read.ts';
import { expandServerless } from '../../lib/cfn/serverless.ts';
import { isObject, type Json, type JsonObject, type Template } from '../../lib/cfn/template.ts';
import { checkTemplate } from '../../lib/check/check-template.ts';
import { fileInProject } from '../../lib/project.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';

const python = `${process.env.PLAINFORM_VENV ?? fileInProject('.venv')}/bin/python`;

/** What the SAM translator makes of it, with these values of its parameters. */
function translated(template: Template, parameters: Record<string, string> = {}): Template {
  const script = fileInProject('test/integration/serverless/translate.py');
  const input = JSON.stringify({ template, parameters });
  const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const SAM = (resources: string, globals = '') =>
  parseTemplate(`Transform: AWS::Serverless-2016-10-31\n${globals}Resources:\n${resources}`, 'a.yaml').template;

const CASES: Record<string, Template> = {
  'the masking template': readTemplate(fileInProject('templates/staging-masking.yaml')).template,
  'a function with everything': SAM(
    `
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: nodejs22.x
      CodeUri: s3://code/work.zip
      MemorySize: 256
      Tracing: Active
      VpcConfig: {SecurityGroupIds: [sg-1], SubnetIds: [subnet-1]}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}
      KmsKeyArn: arn:aws:kms:us-west-2:111122223333:key/1
      PermissionsBoundary: arn:aws:iam::111122223333:policy/boundary
      Policies:
        - AmazonS3ReadOnlyAccess
        - Version: '2012-10-17'
          Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]
      FunctionUrlConfig: {AuthType: NONE}
      Environment: {Variables: {A: b}}
  Queue: {Type: AWS::SQS::Queue}`,
    'Globals: {Function: {Timeout: 30, Environment: {Variables: {C: d}}, ReservedConcurrentExecutions: 5}}\n',
  ),
  'a function with a role of its own': SAM(`
  Work:
    Type: AWS::Serverless::Function
    Properties: {Handler: a.b, Runtime: python3.13, InlineCode: pass, Role: 'arn:aws:iam::111122223333:role/own'}`),
  'an API': SAM(`
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      TracingEnabled: true
      AccessLogSetting: {DestinationArn: arn, Format: x}
      MethodSettings: [{ResourcePath: /*, HttpMethod: '*', LoggingLevel: INFO}]
      EndpointConfiguration: {Type: PRIVATE, VPCEndpointIds: [vpce-1]}
      DefinitionBody: {swagger: '2.0', info: {title: a, version: '1'}, paths: {}}`),
  'an HTTP API': SAM(`
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      AccessLogSettings: {DestinationArn: arn, Format: x}
      DefinitionBody: {openapi: '3.0', info: {title: a, version: '1'}, paths: {}}`),
  'a table': SAM(`
  Table:
    Type: AWS::Serverless::SimpleTable
    Properties: {PrimaryKey: {Name: key, Type: Number}, SSESpecification: {SSEEnabled: true}}`),
  'a state machine': SAM(`
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Succeed}}}
      Logging: {Level: ALL, IncludeExecutionData: true, Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: arn}}]}
      Tracing: {Enabled: true}
      Policies: [{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: '*'}]}]`),
};

/** The translator spells these otherwise, to the same effect; the code and the definition say nothing of a resource's settings. */
const SPELT_OTHERWISE = ['Code', 'DefinitionString', 'Body', 'Tags', 'Parameters', 'DeploymentId'];

function alike(value: Json): Json {
  if (Array.isArray(value)) return value.map(alike);
  if (!isObject(value))
    return typeof value === 'string' ? value.replace(/^arn:aws:iam::aws:/, 'arn:P:iam::aws:') : value;
  const sub = value['Fn::Sub'];
  if (typeof sub === 'string' && Object.keys(value).length === 1) return sub.replace('arn:${AWS::Partition}', 'arn:P');
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, alike(member)]));
}

function plain(properties: JsonObject): JsonObject {
  const kept = Object.entries(properties).filter(([key]) => !SPELT_OTHERWISE.includes(key));
  return alike(Object.fromEntries(kept)) as JsonObject;
}

const describeWithPython = existsSync(python) ? describe : describe.skip;

describeWithPython('expanded as the SAM translator does (needs .venv)', () => {
  test.each(Object.keys(CASES))('%s', (name) => {
    const ours = expandServerless(CASES[name]!).template.Resources;
    const theirs = translated(CASES[name]!).Resources;
    const made = Object.entries(ours).filter(([id]) => CASES[name]!.Resources[id]?.Type !== ours[id]!.Type);
    expect(made.length).toBeGreaterThan(0);
    for (const [id, { Type, Properties = {} }] of made) {
      expect([id, theirs[id]?.Type]).toEqual([id, Type]);
      expect({ id, ...plain(theirs[id]!.Properties ?? {}) }).toEqual({ id, ...plain(Properties) });
    }
  });
});

const underParameterFiles = ENVIRONMENTS.flatMap((environment) =>
  stacksOf(environment)
    .filter(({ template }) => template.endsWith('-masking.yaml'))
    .map(({ parameterFile }) => ({ environment, values: readParameterFile(fileInProject(parameterFile)).values })),
);

describe.each(underParameterFiles)('the masking template with the parameters of $environment', ({ values }) => {
  const scenario = existsSync(python) ? test : test.skip;
  const why = existsSync(python) ? '' : ' (skipped: no .venv)';
  const made = () => translated(CASES['the masking template']!, values);

  scenario(`has no error of ours once the SAM translator has made it plain${why}`, () => {
    const document = parseTemplate(JSON.stringify(made()), 'translated.json');
    const types = Object.values(document.template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::Serverless::'))).toEqual([]);
    expect(checkTemplate(document).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  scenario(
    `has no error and no warning of the official cfn-lint then${why}`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'plainform-sam-'));
      const files = { template: join(folder, 'translated.json'), parameters: join(folder, 'parameters.json') };
      writeFileSync(files.template, JSON.stringify(made()));
      const list = Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
      writeFileSync(files.parameters, JSON.stringify(list));
      const { stdout, status } = spawnSync(
        fileInProject('.venv/bin/cfn-lint'),
        ['--ignore-checks', 'W2001', '--parameter-files', files.parameters, '--', files.template],
        { encoding: 'utf8' },
      );
      rmSync(folder, { recursive: true });
      expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    },
    60_000,
  );

  scenario(`resolves to the same resources and properties, ours and theirs${why}`, () => {
    const template = CASES['the masking template']!;
    const resolve = (of: Template) =>
      Object.entries(resolveTemplate(of, { parameters: values, region: 'us-west-2' }).resources)
        .filter(([, { exists }]) => exists === true)
        .map(([id, { type, properties }]) => ({ id, type, properties: plain(properties as JsonObject) }));
    // What starts a function is left to SAM.
    const starters = Object.entries(template.Resources).flatMap(([id, { Properties = {} }]) =>
      Object.keys((Properties.Events ?? {}) as JsonObject).map((event) => `${id}${event}`),
    );
    const ours = resolve(expandServerless(template).template);
    const theirs = resolve(made()).filter(({ id }) => !starters.some((starter) => id.startsWith(starter)));
    expect(theirs).toEqual(expect.arrayContaining(ours));
    expect(theirs).toHaveLength(ours.length);
    expect(ours.map(({ type }) => type)).toContain('AWS::Lambda::Function');
  });
});
