import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { diagram } from '../../../generator/commands/diagram.ts';
import type { Terminal } from '../../../generator/terminal.ts';
import { CfnError } from '../../../lib/cfn/errors.ts';

let folder = '';
const at = (name: string) => join(folder, name);

const TEMPLATE = `
Parameters: {Size: {Type: String, AllowedValues: [small, large]}}
Conditions: {IsLarge: !Equals [!Ref Size, large]}
Rules: {NotLarge: {Assertions: [{Assert: !Not [!Equals [!Ref Size, large]], AssertDescription: too large}]}}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Policy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket}}
  Queue: {Type: AWS::SQS::Queue, Condition: IsLarge}
`;

const FILES = {
  'stack.yaml': TEMPLATE,
  'small.json': '["Size=small"]',
  'large.json': '["Size=large"]',
  'wrong.json': '["Size=tiny", "Colour=red"]',
  'none.json': '{"a": 1}',
  'broken.yaml': 'Resources: {A: [',
  'list.yaml': '[]',
  'package.json': '{"name": "x"}',
  'ours.svg': '<svg class="plainform-diagram" old/>',
  'theirs.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'diagram-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What the command printed, with the files as they are before each. */
async function run(options: {
  file?: string;
  params?: string;
  out?: string;
  force?: boolean;
  json?: boolean;
  region?: string;
}) {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(at(name), text);
  const { file = 'stack.yaml', params, out, ...more } = options;
  const printed: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text), progress: () => {} } as unknown as Terminal;
  await diagram(
    { arguments: [at(file)], ...(params && { params: at(params) }), ...(out && { out: at(out) }), ...more },
    terminal,
  );
  return printed.join('\n');
}

async function refusal(options: Parameters<typeof run>[0]): Promise<CfnError> {
  const error = await run(options).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(CfnError);
  return error;
}

test('prints the SVG and nothing else', async () => {
  expect(await run({})).toMatch(/^<svg class="plainform-diagram"[\s\S]*<\/svg>$/);
});

test.each([
  ['a new file', 'new.svg', {}],
  ['over a diagram', 'ours.svg', {}],
  ['over another file where that is asked for', 'theirs.svg', { force: true }],
])('writes it: %s', async (_, out, more) => {
  expect(await run({ out, ...more })).toBe(`${at(out)}: 3 resources · 2 shown in 2 boxes · 1 counted with another (+)`);
  expect(readFileSync(at(out), 'utf8')).toMatch(/^<svg class="plainform-diagram" xmlns/);
});

test('with a parameter file, of that deployment', async () => {
  const svg = await run({ params: 'small.json' });
  expect(svg).not.toContain('data-resource="Queue"');
  expect(svg).toContain('1 not in this deployment');
});

test('--json describes the drawing: every resource, and where', async () => {
  const { resources, boxes, folded, notInThisDeployment } = JSON.parse(await run({ params: 'small.json', json: true }));
  expect({ resources, folded, notInThisDeployment }).toEqual({
    resources: 2,
    folded: [{ id: 'Policy', type: 'AWS::S3::BucketPolicy', into: 'Bucket' }],
    notInThisDeployment: ['Queue'],
  });
  expect(boxes.map(({ id }: { id: string }) => id)).toEqual(['Bucket']);
});

test.each([
  ['another file stands there', { out: 'theirs.svg' }, 'CFN720', 2],
  ['the template itself', { out: 'stack.yaml' }, 'CFN720', 2],
  ['a folder', { out: '.' }, 'CFN720', 2],
  ['a folder that cannot be made', { out: 'small.json/x.svg' }, 'CFN711', 2],
  ['a template that does not exist', { file: 'gone.yaml', out: 'ours.svg' }, 'CFN101', 2],
  ['a template that does not parse', { file: 'broken.yaml', out: 'ours.svg' }, 'CFN102', 1],
  ['a list', { file: 'list.yaml', out: 'ours.svg' }, 'CFN103', 1],
  ['a file without resources', { file: 'package.json', out: 'ours.svg' }, 'CFN110', 2],
  ['a parameter file that is none', { params: 'none.json', out: 'ours.svg' }, 'CFN410', 2],
  ['a parameter that the template has not', { params: 'wrong.json', out: 'ours.svg' }, 'CFN400', 2],
  ['parameters that a rule refuses', { params: 'large.json', out: 'ours.svg' }, 'CFN500', 2],
  ['a parameter file that does not exist', { params: 'gone.json', out: 'ours.svg' }, 'CFN101', 2],
  ['no region', { region: 'here', out: 'ours.svg' }, 'CFN706', 2],
])('%s: refused, and every file is as it was', async (_, options, code, exitCode) => {
  const error = await refusal(options);
  expect(error.findings.map((finding) => finding.code)).toContain(code);
  expect(error.exitCode).toBe(exitCode);
  for (const [name, text] of Object.entries(FILES))
    expect([name, readFileSync(at(name), 'utf8')]).toEqual([name, text]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('what is wrong with a parameter is told with its file and line', async () => {
  const { findings } = await refusal({ params: 'wrong.json' });
  expect(findings.map(({ code, file, line }) => [code, file, line])).toEqual([
    ['CFN400', at('wrong.json'), 1],
    ['CFN402', at('wrong.json'), 1],
  ]);
});
