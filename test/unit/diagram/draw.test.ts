import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readParameterFile } from '../../../lib/cfn/parameter-file.ts';
import { parseTemplate, readTemplate } from '../../../lib/cfn/read.ts';
import { drawTemplate } from '../../../lib/diagram/draw.ts';
import { escaped, inTwoLines, plural, shortened, widthOf } from '../../../lib/diagram/text.ts';
import { fileInProject } from '../../../lib/project.ts';

const ours = readdirSync(fileInProject('templates')).filter((name) => name.endsWith('.yaml'));

const draw = (text: string, options?: { parameters?: Record<string, string>; region?: string }) =>
  drawTemplate(parseTemplate(text, 'stack.yaml'), options);

/** Well-formed as far as it matters here: every tag that opens closes, and no character is missing its entity. */
function unclosed(svg: string): string[] {
  const open: string[] = [];
  for (const [, end, name, self] of svg.matchAll(/<(\/?)([\w:]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (self) continue;
    if (!end) open.push(name!);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  const text = svg.replace(/<\/?[\w:]+(?:\s+[\w:-]+="[^"<]*")*\s*\/?>/g, '').replace(/&(amp|lt|gt|quot|#39);/g, '');
  return [...open, ...(text.match(/[<&]/g) ?? [])];
}

const resourcesIn = (svg: string) =>
  [...svg.matchAll(/ data-(?:resource|folded|counted)="([^"]*)"/g)].flatMap(([, ids]) => ids!.split(' ')).sort();

test.each(ours)('%s: every resource is in the SVG, which is well-formed and stands by itself', async (name) => {
  const document = readTemplate(fileInProject('templates', name));
  const svg = await drawTemplate(document);
  expect(resourcesIn(svg)).toEqual(expect.arrayContaining(Object.keys(document.template.Resources)));
  expect(new Set(resourcesIn(svg)).size).toBe(resourcesIn(svg).length);
  expect(unclosed(svg)).toEqual([]);
  expect(svg).not.toMatch(/ id="|href|url\(|<script|@import|http:(?!\/\/www\.w3\.org\/2000\/svg")/);
  expect(svg).not.toMatch(/NaN|undefined|\[object/);
});

test('the same bytes again, whatever was drawn in between', async () => {
  const document = readTemplate(fileInProject('templates/staging-replica.yaml'));
  const first = await drawTemplate(document);
  await draw('Resources: {Other: {Type: AWS::S3::Bucket}}');
  expect(await drawTemplate(document)).toBe(first);
});

test('the folder of the file does not matter', async () => {
  const text = 'Resources: {Other: {Type: AWS::S3::Bucket}}';
  const [one, other] = ['/tmp/a/stack.yaml', 'b/stack.yaml'].map((file) => drawTemplate(parseTemplate(text, file)));
  expect(await one).toBe(await other);
});

test('it has a name and a description, and says how many resources were counted where', async () => {
  const svg = await draw(`
Description: A shop for <one>. More words.
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Policy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket}}
`);
  expect(svg).toMatch(/^<svg class="plainform-diagram" [^>]*role="img" viewBox="0 0 \d+ \d+"/);
  expect(svg).toContain('<title>Architecture: A shop for &lt;one&gt;</title>');
  expect(svg).toContain('2 resources · 1 shown in 1 box · 1 counted with another (+).');
  expect(svg).toContain('With Bucket: bucket policy (Policy).');
  expect(svg).toContain(
    '<g class="resource card data" data-resource="Bucket" data-folded="Policy"><title>Bucket\nS3 bucket',
  );
});

test.each([
  ['markup', '</text><script>alert(1)</script>'],
  ['quotes', `" onload="alert(1)' x='`],
  ['a comment and CDATA', '<!-- ]]> <![CDATA['],
  ['entities', '&amp;&#x3c;&'],
  ['characters that XML has not', 'a\u0000b\u0001c\u000bd\ufffee'],
  ['letters of other scripts', 'Ключ 鍵 🔑 مفتاح'],
])('hostile names are text: %s', async (_, name) => {
  const document = parseTemplate(
    JSON.stringify({
      Description: name,
      Conditions: { [name]: { 'Fn::Equals': ['a', 'b'] } },
      Resources: {
        [name]: { Type: 'AWS::SQS::Queue', Condition: name, Properties: { KmsMasterKeyId: name } },
        Group: {
          Type: 'AWS::EC2::SecurityGroup',
          Properties: {
            VpcId: { Ref: name },
            SecurityGroupIngress: [{ IpProtocol: name, CidrIp: name, FromPort: name }],
          },
        },
        Other: { Type: name, Properties: { Target: { Ref: name }, SubnetIds: { 'Fn::ImportValue': name } } },
      },
    }),
    `${name}.json`,
  );
  const svg = await drawTemplate(document);
  expect(unclosed(svg)).toEqual([]);
  expect(svg).not.toMatch(/<script|onload="/);
  expect([...svg].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
});

test('a lone half of a character is replaced', () => {
  expect(escaped('a\ud800b\udc00')).toBe('a\ufffdb\ufffd');
});

const CONDITIONAL = `
Parameters: {Size: {Type: String, Default: small}}
Conditions: {IsLarge: !Equals [!Ref Size, large], IsFar: !Equals [!Ref 'AWS::Region', eu-west-1]}
Resources:
  Always: {Type: AWS::SNS::Topic}
  Large: {Type: AWS::SQS::Queue, Condition: IsLarge}
  Far: {Type: AWS::DynamoDB::Table, Condition: IsFar}
`;

test.each([
  ['without parameters both are dashed', undefined, ['Far', 'Large'], []],
  ['with them the one that is decided is not', { parameters: { Size: 'large' } }, ['Far'], []],
  ['a region decides the other', { parameters: { Size: 'large' }, region: 'eu-west-1' }, [], []],
  [
    'what does not exist is left out and said',
    { parameters: { Size: 'small' }, region: 'us-east-1' },
    [],
    ['Large', 'Far'],
  ],
])('conditions: %s', async (_, options, dashed, absent) => {
  const svg = await draw(CONDITIONAL, options);
  const conditional = [...svg.matchAll(/class="[^"]*card[^"]*conditional" data-resource="(\w+)"/g)].map(([, id]) => id);
  expect(conditional.sort()).toEqual(dashed);
  expect(/Not in this deployment: ([^.]*)\./.exec(svg)?.[1]?.split(', ') ?? []).toEqual(absent);
  for (const id of absent) expect(svg).not.toContain(`data-resource="${id}"`);
});

test.each(ours)('%s: with the parameters of staging', async (name) => {
  const { values } = readParameterFile(fileInProject('params/staging', name.replace('.yaml', '.json')));
  const svg = await drawTemplate(readTemplate(fileInProject('templates', name)), {
    parameters: values,
    region: 'us-west-2',
  });
  expect(unclosed(svg)).toEqual([]);
  expect(svg).not.toMatch(/class="[^"]*\bconditional\b/);
});

test.each([
  ['no resources', 'Resources: {}', 0],
  ['one resource', 'Resources: {Bucket: {Type: AWS::S3::Bucket}}', 1],
  ['a resource of no type', 'Resources: {Odd: 5}', 1],
])('small templates: %s', async (_, text, count) => {
  const svg = await draw(text);
  expect(unclosed(svg)).toEqual([]);
  expect(resourcesIn(svg)).toHaveLength(count);
});

test('colours are classes of the drawing alone: light, dark, and light again in print', async () => {
  const style = /<style>([\s\S]*)<\/style>/.exec(await draw('Resources: {}'))![1]!;
  expect(style.indexOf('@media (prefers-color-scheme:dark)')).toBeGreaterThan(0);
  expect(style.indexOf('@media print')).toBeGreaterThan(style.indexOf('@media (prefers-color-scheme:dark)'));
  const selectors = style.replace(/@media[^{]*\{/g, '').match(/[^{}]+(?=\{)/g)!;
  for (const selector of selectors.flatMap((each) => each.split(',')))
    expect(selector.trim()).toMatch(/^\.plainform-diagram\b/);
});

/** Contrast of two colours by WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const full = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join('') : hex.slice(1);
    const [r, g, blue] = [0, 2, 4].map((at) => {
      const value = Number.parseInt(full.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

test.each(['ink', 'muted', 'network', 'data'])(
  'text in %s can be read on every ground, light and dark',
  async (ink) => {
    const svg = await draw('Resources: {}');
    const modes = [...svg.matchAll(/\.plainform-diagram\{(--paper[^}]*)\}/g)].slice(0, 2).map(([, body]) => {
      const colours = body!.split(';').flatMap((one) => [...one.matchAll(/^--([\w-]+):(#\w+)$/g)]);
      return Object.fromEntries(colours.map(([, name, colour]) => [name, colour!]));
    });
    expect(modes).toHaveLength(2);
    for (const mode of modes)
      for (const ground of ['paper', 'card', 'group', 'vpc', 'public', 'private', 'isolated'])
        expect([ground, contrast(mode[ink]!, mode[ground]!) >= 4.5]).toEqual([ground, true]);
    for (const mode of modes) expect(contrast(mode['badge-ink']!, mode.badge!)).toBeGreaterThanOrEqual(4.5);
  },
);

test.each([
  ['a name that fits', 'Bucket', 200, ['Bucket']],
  ['between its words', 'ConfigNonComplianceEvents', 150, ['ConfigNonCompliance', 'Events']],
  ['one word is cut', 'abcdefghijklmnopqrstuvwxyz', 80, ['abcdefghi…']],
])('names in two lines: %s', (_, name, width, lines) => {
  expect(inTwoLines(name, width, 13)).toEqual(lines);
  for (const line of lines) expect(widthOf(line, 13)).toBeLessThanOrEqual(width);
});

test.each([
  ['route', 'routes'],
  ['policy', 'policies'],
  ['key', 'keys'],
  ['IP address', 'IP addresses'],
  ['box', 'boxes'],
])('plural of %s', (one, many) => {
  expect(plural(one)).toBe(many);
});

test('what is cut says so', () => {
  expect(shortened('abc', 100, 12)).toBe('abc');
  expect(shortened('abcdefghijkl', 40, 12)).toMatch(/^abc.*…$/);
});
