import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { check } from '../../../generator/commands/check.ts';
import { fileInProject } from '../../../lib/project.ts';

const network = (name: string) => `Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16
  VpcIdParameter:
    Type: AWS::SSM::Parameter
    Properties:
      Name: ${name}
      Type: String
      Value: !Ref Vpc
`;
const APPLICATION = `Parameters:
  VpcId:
    Type: AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>
    Default: /shared/network/vpc-id
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Of the service
      VpcId: !Ref VpcId
`;

let folder = '';
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-contract-'));
  writeFileSync(file('right.yaml'), network('/shared/network/vpc-id'));
  writeFileSync(file('wrong.yaml'), network('/shared/network/vpc_id'));
  writeFileSync(file('app.yaml'), APPLICATION);
  mkdirSync(file('both'));
  writeFileSync(file('both/a.yaml'), network('/shared/network/vpc-id'));
  writeFileSync(file('both/b.yaml'), network('/shared/network/vpc-id'));
  writeFileSync(file('both/app.yaml'), APPLICATION);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(options: Partial<Parameters<typeof check>[0]> & { arguments: string[] }) {
  const printed: string[] = [];
  const terminal = { print: (text: string) => printed.push(text), paint: (_: unknown, text: string) => text };
  const code = await check({ controls: false, ...options }, terminal as never);
  return { code, text: printed.join('\n') };
}

test('one line says that the contract holds', async () => {
  const { code, text } = await run({ arguments: [file('right.yaml'), file('app.yaml')] });
  expect(text).toMatch(/^contract: 1 name read, 1 proven$/m);
  expect(code).toBe(0);
});

test('what is broken is an error beside the line that reads, and names the other', async () => {
  const { code, text } = await run({ arguments: [file('wrong.yaml'), file('app.yaml')] });
  expect(text).toContain(
    `${file('app.yaml')}:4:5 error CFN561: reads the SSM parameter /shared/network/vpc-id, which no template given writes; ` +
      `${file('wrong.yaml')}:9:7 writes /shared/network/vpc_id`,
  );
  expect(text).toMatch(/^contract: 1 name read, 0 proven, 1 broken; 1 written that none of these reads$/m);
  expect(code).toBe(1);
});

test('as JSON with names, writers, readers and verdicts', async () => {
  const { text } = await run({ arguments: [file('right.yaml'), file('app.yaml')], json: true });
  expect(JSON.parse(text).contract).toMatchObject({
    read: 1,
    proven: 1,
    broken: 0,
    unknown: 0,
    names: [
      {
        kind: 'ssm',
        name: '/shared/network/vpc-id',
        verdict: 'proven',
        type: 'fits',
        readers: [{ file: file('app.yaml'), line: 4, column: 5 }],
        writers: [{ file: file('right.yaml'), line: 9, column: 7 }],
      },
    ],
    unread: [],
    order: [file('right.yaml'), file('app.yaml')],
  });
});

test.each(['sarif', 'junit', 'github', 'markdown'])('as %s', async (format) => {
  const { code, text } = await run({ arguments: [file('wrong.yaml'), file('app.yaml')], format });
  expect(text).toContain('CFN561');
  expect(text).toContain('wrong.yaml:9:7');
  expect(code).toBe(1);
});

test('one template, or each on its own, has no contract', async () => {
  const alone = await run({ arguments: [file('app.yaml')] });
  expect(alone).toMatchObject({ code: 0, text: expect.not.stringContaining('contract') });
  const apart = await run({ arguments: [file('wrong.yaml'), file('app.yaml')], contract: false });
  expect(apart).toMatchObject({ code: 0, text: expect.not.stringContaining('contract') });
});

test('files of a folder have no order and may be alternatives; named, they are deployed side by side', async () => {
  const whole = await run({ arguments: [file('both')] });
  expect(whole.text).toContain('info CFN564');
  expect(whole.text).toMatch(/^contract: 1 name read, 1 proven$/m);
  expect(whole.code).toBe(0);
  const named = await run({ arguments: ['a.yaml', 'app.yaml', 'b.yaml'].map((name) => file(`both/${name}`)) });
  expect(named.text).toContain('error CFN564');
  expect(named.text).toContain('error CFN566');
  expect(named.code).toBe(1);
});

test('our templates, in whatever order they are named, are deployed in that of their environment', async () => {
  const names = [
    'staging-monitoring',
    'staging',
    'staging-governance',
    'staging-masking',
    'staging-foundation',
    'staging-replica',
  ];
  const { code, text } = await run({ arguments: names.map((name) => fileInProject(`templates/${name}.yaml`)) });
  expect(text).toMatch(/^contract: (\d+) names read, \1 proven/m);
  expect(code).toBe(0);
});

const SHARED = {
  'a standalone project, whatever it is given': {
    standalone: ['network', 'app', 'frontend', 'events', 'observability'],
  },
  'a provider, by its parameter files': {
    'shared-provider': ['network', 'app', 'export', 'frontend', 'events', 'observability'],
  },
  'a provider and its consumer, by their parameter files': {
    'shared-provider': ['network', 'app', 'export'],
    'shared-consumer': ['app-consumer', 'frontend', 'events', 'observability'],
  },
};

test.each(Object.entries(SHARED))('%s', async (_, owners) => {
  const stacks = Object.entries(owners).flatMap(([owner, names]) => names.map((name) => ({ owner, name })));
  const params = stacks.flatMap(({ owner, name }) =>
    owner === 'standalone' ? [] : [fileInProject(`params/${owner}/shared/${name}.json`)],
  );
  const { code, text } = await run({
    arguments: stacks.map(({ name }) => fileInProject(`templates/shared/${name}.yaml`)),
    ...(params.length > 0 && { params }),
  });
  expect(text).toMatch(/^contract: (\d+) names read, \1 proven/m);
  expect(code).toBe(0);
});

test('the example of the README', async () => {
  const [example, readme] = [fileInProject('test/unit/contract/example'), fileInProject('README.md')];
  const { text } = await run({ arguments: ['network.yaml', 'application.yaml'].map((name) => join(example, name)) });
  const printed = text.replaceAll(`${example}${sep}`, '').replace(/^(?=.)/gm, '    ');
  expect(readFileSync(readme, 'utf8')).toContain(printed);
});
