import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compare } from '../../../generator/commands/compare.ts';
import { CfnError } from '../../../lib/cfn/errors.ts';
import { listeningTerminal } from '../../support/listening-terminal.ts';

const queue = (encrypted: boolean, id = 'Queue') =>
  `Resources: {${id}: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: ${encrypted}}}}\n`;
const waiver = (template: string) => `
waivers:
  - {template: ${template}, resource: Queue, control: SQS.1, reason: Nothing secret., owner: platform, expires: 2999-01-01}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-compare-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

function files(texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  }
}

interface Printed {
  version: number;
  templates: { name: string }[];
  lost: { control: string; resource: string; reason: string }[];
  gained: { control: string }[];
  changed: { control: string }[];
  added: { resource: string; likely?: { resource: string } }[];
  removed: { resource: string }[];
  unchanged: number;
}

async function compared(old: string, now: string, options: object = {}): Promise<Printed & { exitCode: number }> {
  const terminal = listeningTerminal();
  const exitCode = await compare({ arguments: [at(old), at(now)], json: true, ...options }, terminal);
  return { exitCode, ...(JSON.parse(terminal.printed.join('\n')) as Printed) };
}

async function refused(
  old: string,
  now: string,
  options: object = {},
): Promise<{ exitCode: number; findings: string[] }> {
  const error = await compare({ arguments: [at(old), at(now)], ...options }, listeningTerminal()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CfnError)) throw new Error(`not refused: ${error}`);
  const findings = error.findings.map(({ code, file }) => `${code} ${file?.replace(`${folder}/`, '') ?? ''}`.trim());
  return { exitCode: error.exitCode, findings: [...new Set(findings)] };
}

describe('the exit code', () => {
  test('0 where nothing is lost, be it that something is gained', async () => {
    files({ 'old.yaml': queue(false), 'new.yaml': queue(true) });
    expect(await compared('old.yaml', 'new.yaml')).toMatchObject({
      exitCode: 0,
      lost: [],
      gained: [{ control: 'SQS.1' }],
    });
    expect(await compared('old.yaml', 'old.yaml')).toMatchObject({ exitCode: 0, lost: [], gained: [], unchanged: 1 });
  });

  test('1 where something is lost', async () => {
    files({ 'old.yaml': queue(true), 'new.yaml': queue(false) });
    expect(await compared('old.yaml', 'new.yaml')).toMatchObject({
      exitCode: 1,
      lost: [{ control: 'SQS.1' }],
      gained: [],
    });
  });

  test('0 where what is lost supports no requirement of the framework asked for', async () => {
    files({ 'old.yaml': queue(true), 'new.yaml': queue(false) });
    expect(await compared('old.yaml', 'new.yaml', { framework: 'nist80053' })).toMatchObject({
      exitCode: 1,
      lost: [{ control: 'SQS.1', requirements: { nist80053: expect.any(Array) } }],
    });
    expect(await compared('old.yaml', 'new.yaml', { framework: 'pci' })).toMatchObject({ exitCode: 0, lost: [] });
  });
});

describe('what cannot be compared: exit code 2, with the findings of both sides', () => {
  test.each([
    ['neither parses', { 'a.yaml': 'Resources: [\n', 'b.yaml': 'Resources: {\n' }, ['CFN102 a.yaml', 'CFN102 b.yaml']],
    ['the old one is missing', { 'b.yaml': queue(true) }, ['CFN101 a.yaml']],
    ['the new one is missing', { 'a.yaml': queue(true) }, ['CFN101 b.yaml']],
    ['both are missing', {}, ['CFN101 a.yaml', 'CFN101 b.yaml']],
    [
      'one is empty, one has no resources',
      { 'a.yaml': '', 'b.yaml': 'Parameters: {}\n' },
      ['CFN103 a.yaml', 'CFN110 b.yaml'],
    ],
    ['one is a folder', { 'a.yaml/x.yaml': queue(true), 'b.yaml': queue(true) }, ['CFN713']],
    ['both are folders without a template', { 'a.yaml/x.txt': '', 'b.yaml/x.txt': '' }, ['CFN703']],
    [
      'a template of a folder does not parse',
      { 'a.yaml/x.yaml': queue(true), 'b.yaml/x.yaml': '- [' },
      ['CFN102 b.yaml/x.yaml'],
    ],
  ])('%s', async (_, texts, findings) => {
    files(texts as unknown as Record<string, string>);
    expect(await refused('a.yaml', 'b.yaml')).toEqual({ exitCode: 2, findings });
  });

  test('a format, a framework that is not known', async () => {
    files({ 'a.yaml': queue(true) });
    expect(await refused('a.yaml', 'a.yaml', { format: 'markdwon' })).toEqual({ exitCode: 2, findings: ['CFN708'] });
    expect(await refused('a.yaml', 'a.yaml', { framework: 'soc' })).toEqual({ exitCode: 2, findings: ['CFN712'] });
  });
});

describe('folders', () => {
  test('match templates by name, below folders too', async () => {
    files({
      'old/a.yaml': queue(true),
      'old/sub/b.yaml': queue(true),
      'new/a.yaml': queue(true),
      'new/sub/b.yaml': queue(false),
    });
    const { lost, templates } = await compared('old', 'new');
    expect(templates.map(({ name }) => name)).toEqual(['a.yaml', 'sub/b.yaml']);
    expect(lost).toMatchObject([{ template: 'sub/b.yaml', control: 'SQS.1' }]);
  });

  test('match a template that is JSON now', async () => {
    files({
      'old/a.yaml': queue(true),
      'new/a.json':
        '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": true}}}}',
    });
    expect(await compared('old', 'new')).toMatchObject({ exitCode: 0, added: [], removed: [], unchanged: 1 });
  });

  test('a template that only one of them has', async () => {
    files({
      'old/a.yaml': queue(true),
      'old/gone.yaml': queue(true, 'Gone'),
      'new/a.yaml': queue(true),
      'new/b.yaml': queue(false, 'Came'),
    });
    expect(await compared('old', 'new')).toMatchObject({
      exitCode: 1,
      lost: [{ control: 'SQS.1', resource: 'Came', reason: 'new-resource' }],
      added: [{ resource: 'Came' }],
      removed: [{ resource: 'Gone' }],
    });
  });
});

describe('the waivers of a side', () => {
  test('are those of its own project file', async () => {
    files({
      'base/plainform.yaml': waiver('t/a.yaml'),
      'base/t/a.yaml': queue(false),
      'head/plainform.yaml': 'waivers: []\n',
      'head/t/a.yaml': queue(false),
    });
    expect(await compared('base/t', 'head/t')).toMatchObject({
      exitCode: 1,
      lost: [{ control: 'SQS.1', reason: 'verdict' }],
    });
    expect(await compared('head/t', 'base/t')).toMatchObject({
      exitCode: 0,
      lost: [],
      changed: [{ control: 'SQS.1' }],
    });
    expect(await compared('base/t', 'base/t')).toMatchObject({ exitCode: 0, lost: [], changed: [] });
  });

  test('an old template that was taken out of its project has those of the new one', async () => {
    files({
      'project/plainform.yaml': waiver('a.yaml'),
      'project/a.yaml': queue(false),
      'elsewhere/old.yaml': queue(false),
    });
    expect(await compared('elsewhere/old.yaml', 'project/a.yaml')).toMatchObject({
      exitCode: 0,
      lost: [],
      changed: [],
      unchanged: 1,
    });
  });

  test('a project file that is wrong is said', async () => {
    files({ 'plainform.yaml': 'waivers: [{template: a.yaml, control: SQS.1}]\n', 'a.yaml': queue(false) });
    expect(await refused('a.yaml', 'a.yaml')).toMatchObject({
      exitCode: 2,
      findings: [expect.stringMatching(/^CFN530 /)],
    });
  });
});

test('--json has the shape that scripts depend on', async () => {
  files({ 'old.yaml': queue(true), 'new.yaml': queue(false) });
  const { exitCode: _, ...printed } = await compared('old.yaml', 'new.yaml');
  expect(printed).toEqual({
    version: 1,
    templates: [{ name: at('new.yaml'), old: at('old.yaml'), new: at('new.yaml') }],
    lost: [
      {
        template: at('new.yaml'),
        control: 'SQS.1',
        title: expect.any(String),
        level: expect.stringMatching(/^(critical|high|medium|low)$/),
        resource: 'Queue',
        type: 'AWS::SQS::Queue',
        reason: 'verdict',
        from: {
          verdict: 'proven',
          checked: 1,
          failed: 0,
          message: expect.any(String),
          line: 1,
          column: expect.any(Number),
        },
        to: {
          verdict: 'never',
          when: {},
          checked: 1,
          failed: 1,
          message: expect.any(String),
          line: 1,
          column: expect.any(Number),
        },
      },
    ],
    gained: [],
    changed: [],
    added: [],
    removed: [],
    renamedParameters: [],
    newFindings: [],
    goneFindings: [],
    notJudged: [],
    unchanged: 0,
  });
});
