import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { bundleOf, MANIFEST } from '../../../lib/bundle/bundle.ts';
import { verifyBundle, writeBundle } from '../../../lib/bundle/folder.ts';
import type { CfnError } from '../../../lib/cfn/errors.ts';
import { type AuditInput, sha256 } from '../../../lib/evidence/evidence.ts';

const INPUT: AuditInput = {
  templates: [
    { name: 'a.yaml', text: 'Resources:\n  Bucket: {Type: AWS::S3::Bucket} # plain\n' },
    { name: 'more/b.yaml', text: 'Resources:\r\n  Queue: {Type: AWS::SQS::Queue}\r\n' },
  ],
  waivers: [],
  date: '2026-11-21',
  documents: [{ name: 'runbook.md', title: 'Runbook', text: '# What to do\n' }],
  live: [
    {
      template: 'a.yaml',
      stackName: 's',
      region: 'eu-west-1',
      target: 'aws',
      read: '2026-11-21T00:00:00Z',
      checks: [],
    },
  ],
};

const home = mkdtempSync(join(tmpdir(), 'plainform-bundle-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
let folder: string;
let number = 0;
beforeEach(async () => {
  folder = join(home, String(++number));
  writeBundle(folder, (await bundleOf(INPUT)).bundle);
});

const at = (...names: string[]) => join(folder, ...names);
const codes = async (templates = new Map<string, string>()) =>
  (await verifyBundle(folder, templates)).findings.map(({ code }) => code);
const codeOf = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as CfnError).findings[0]!.code;
  }
};
/** As somebody would who wants his change to look right. */
function forge(name: string, change: (text: string) => string): void {
  writeFileSync(at(name), change(readFileSync(at(name), 'utf8')));
  const manifest = JSON.parse(readFileSync(at(MANIFEST), 'utf8'));
  manifest.files[name] = sha256(readFileSync(at(name), 'utf8'));
  writeFileSync(at(MANIFEST), JSON.stringify(manifest));
}
const FILES = [
  ...['index.html', 'matrix.csv', 'evidence.json', 'assessment-results.json', 'live.json'],
  ...['templates/a.yaml', 'templates/more/b.yaml', 'documents/runbook.md'],
];

describe('the same input', () => {
  test('gives the same bytes', async () => {
    const [one, two] = await Promise.all([bundleOf(INPUT), bundleOf(structuredClone(INPUT))]);
    expect([...two.bundle]).toEqual([...one.bundle]);
  });

  test('another day is another input', async () => {
    const other = await bundleOf({ ...INPUT, date: '2026-11-22' });
    expect(other.bundle.get(MANIFEST)).not.toBe((await bundleOf(INPUT)).bundle.get(MANIFEST));
  });

  test('templates lie in the bundle byte for byte', () =>
    expect(readFileSync(at('templates/more/b.yaml'), 'utf8')).toBe(INPUT.templates[1]!.text));
});

describe('verifying', () => {
  test('what was written', async () => {
    const verified = await verifyBundle(folder, new Map());
    expect(verified.findings).toEqual([]);
    expect(verified.templates).toEqual(['a.yaml', 'more/b.yaml']);
    expect(verified.digest).toBe(sha256(readFileSync(at(MANIFEST), 'utf8')));
    for (const name of FILES) expect(existsSync(at(name))).toBe(true);
  });

  test.each(FILES)('%s changed, missing, or forged with its hash', async (name) => {
    const before = readFileSync(at(name), 'utf8');
    writeFileSync(at(name), `${before} `);
    expect(await codes()).toEqual(['CFN742']);
    rmSync(at(name));
    expect(await codes()).toEqual(['CFN742']);
    writeFileSync(at(name), before);
    expect(await codes()).toEqual([]);
    if (name.startsWith('documents/')) return;
    forge(name, (text) =>
      name.endsWith('.json') ? text.replace(/"(proven|never|aws|a\.yaml)"/, '"changed"') : `${text}x`,
    );
    expect(new Set(await codes())).toEqual(new Set(['CFN744']));
  });

  test('a file more', async () => {
    writeFileSync(at('note.txt'), 'mine');
    expect(await codes()).toEqual(['CFN742']);
  });

  test('a link in place of a file', async () => {
    symlinkSync('/etc/hostname', at('link'));
    expect(await codes()).toEqual(['CFN742']);
  });

  test('a verdict that was made better, hash and all', async () => {
    forge('evidence.json', (text) => text.replace('"verdict": "never"', '"verdict": "proven"'));
    expect(await codes()).toEqual(['CFN744']);
  });

  test('what nothing derives is held by the digest that was noted', async () => {
    const { digest } = await verifyBundle(folder, new Map());
    forge('documents/runbook.md', (text) => `${text}x`);
    expect((await verifyBundle(folder, new Map(), digest)).findings).toMatchObject([{ code: 'CFN742' }]);
  });

  test('of another version: the hashes are right, and that is all that is said', async () => {
    const manifest = JSON.parse(readFileSync(at(MANIFEST), 'utf8'));
    manifest.tool.version = '0.0.9';
    writeFileSync(at(MANIFEST), JSON.stringify(manifest));
    const { findings } = await verifyBundle(folder, new Map());
    expect(findings).toMatchObject([{ code: 'CFN744', fix: 'verify it with plainform 0.0.9' }]);
  });

  test.each([
    ['the same template', new Map([['/home/me/templates/a.yaml', INPUT.templates[0]!.text]]), []],
    ['one that changed', new Map([['a.yaml', 'Resources: {}']]), ['CFN743']],
    ['one that it is not about', new Map([['c.yaml', 'Resources: {}']]), ['CFN743']],
    ['one in a folder', new Map([['x/more/b.yaml', INPUT.templates[1]!.text]]), []],
  ])('%s', async (_, templates, found) => expect(await codes(templates)).toEqual(found));

  test.each([
    ['no manifest', () => rmSync(at(MANIFEST))],
    ['no JSON', () => writeFileSync(at(MANIFEST), '{')],
    ['not a manifest', () => writeFileSync(at(MANIFEST), '{"version":1}')],
    ['names that lead out', () => writeFileSync(at(MANIFEST), '{"version":1,"tool":{},"files":{"../x":"00"}}')],
    ['no folder', () => rmSync(folder, { recursive: true })],
  ])('%s is no bundle', async (_, spoil) => {
    spoil();
    await expect(verifyBundle(folder, new Map())).rejects.toMatchObject({
      findings: [{ code: 'CFN741' }],
      exitCode: 2,
    });
  });
});

describe('writing', () => {
  const bundle = new Map([['index.html', 'new']]);

  test('takes the place of a bundle, and leaves nothing beside it', async () => {
    const { bundle: other } = await bundleOf({ ...INPUT, documents: [] });
    writeBundle(folder, other);
    expect(existsSync(at('documents'))).toBe(false);
    expect(await codes()).toEqual([]);
    expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('makes the folder, and those above it', () => {
    writeBundle(at('..', `${number}-new`, 'evidence'), bundle);
    expect(readFileSync(at('..', `${number}-new`, 'evidence', 'index.html'), 'utf8')).toBe('new');
  });

  test('loses nothing of anybody: a file of his own in a bundle, a folder of his, a file', () => {
    writeFileSync(at('note.txt'), 'mine');
    expect(codeOf(() => writeBundle(folder, bundle))).toBe('CFN740');
    expect(readFileSync(at('note.txt'), 'utf8')).toBe('mine');
    const own = join(home, `own-${number}`);
    mkdirSync(own);
    writeFileSync(join(own, 'a.txt'), 'mine');
    expect(codeOf(() => writeBundle(own, bundle))).toBe('CFN740');
    expect(codeOf(() => writeBundle(join(own, 'a.txt'), bundle))).toBe('CFN740');
    expect(readFileSync(join(own, 'a.txt'), 'utf8')).toBe('mine');
  });

  test('an empty folder is taken', () => {
    const empty = join(home, `empty-${number}`);
    mkdirSync(empty);
    writeBundle(empty, bundle);
    expect(readdirSync(empty)).toEqual(['index.html']);
  });

  test('where it cannot write it says why, and leaves what was there', () => {
    expect(codeOf(() => writeBundle(at('index.html', 'inside'), bundle))).toBe('CFN711');
    expect(readFileSync(at('index.html'), 'utf8')).not.toBe('new');
  });
});
