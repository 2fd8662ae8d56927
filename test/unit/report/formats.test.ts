import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { checkControls } from '../../../lib/check/check-controls.ts';
import { checkTemplate } from '../../../lib/check/check-template.ts';
import type { CheckedTemplate } from '../../../lib/report/checked.ts';
import { github } from '../../../lib/report/github.ts';
import { junit } from '../../../lib/report/junit.ts';
import { markdown } from '../../../lib/report/markdown.ts';
import { sarif } from '../../../lib/report/sarif.ts';

/** Names and values that mean something to XML, Markdown and GitHub's commands. */
const HOSTILE = `
Parameters:
  Env: {Type: String, AllowedValues: ['<dev>', "a&b|c", '*'], Default: '*'}
Conditions:
  IsStar: !Equals [!Ref Env, '*']
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBInstanceClass: db.m5.large, StorageEncrypted: !If [IsStar, true, false], PubliclyAccessible: "]]><b>%0A::"}
  Waived:
    Type: AWS::KMS::Key
    Metadata: {plainform: {waivers: [{control: KMS.4, reason: '<i>kept</i> | so', owner: a&b, expires: 2999-01-01}]}}
    Properties: {KeyPolicy: {}}
  Depends:
    Type: AWS::KMS::Key
    Properties: {KeyPolicy: {}, EnableKeyRotation: !GetAtt Waived.Arn}
`;

function checked(text: string, file = 'templates/a,b:c.yaml'): CheckedTemplate {
  const document = parseTemplate(text, file);
  const { facts, findings } = checkControls(document, { today: '2026-11-21' });
  const result = checkTemplate(document);
  return { ...result, findings: [...result.findings, ...findings], controls: facts };
}
const hostile = [checked(HOSTILE)];

/** The text of every element and attribute, by a reader that knows nothing of JUnit. Throws where the XML is not well-formed. */
function readXml(xml: string): { names: string[]; texts: string[] } {
  const names: string[] = [];
  const texts: string[] = [];
  const open: string[] = [];
  const tokens = xml.replace(/^<\?xml[^>]*\?>\s*/, '').match(/<[^>]*>|[^<]+/g) ?? [];
  const decoded = (text: string): string => {
    if (/&(?!(amp|lt|gt|quot|#10);)/.test(text) || text.includes('<')) throw new Error(`not escaped: ${text}`);
    return text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#10;', '\n')
      .replaceAll('&amp;', '&');
  };
  for (const token of tokens) {
    const tag = /^<(\/?)([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>$/.exec(token);
    if (!tag) {
      if (token.startsWith('<')) throw new Error(`no tag: ${token}`);
      texts.push(decoded(token));
      continue;
    }
    const [, closes, name = '', attributes = '', alone] = tag;
    if (closes && open.pop() !== name) throw new Error(`${name} closes nothing`);
    if (!closes) names.push(name);
    if (!closes && !alone) open.push(name);
    for (const [, value = ''] of attributes.matchAll(/="([^"]*)"/g)) texts.push(decoded(value));
  }
  if (open.length > 0) throw new Error(`${open.join()} stays open`);
  return { names, texts };
}

describe('SARIF', () => {
  const log = JSON.parse(sarif(hostile, '1.2.3', (code) => `title of ${code}`));
  const [run] = log.runs;

  test('is one run of this tool, with a rule for each code', () => {
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') });
    expect(run.tool.driver).toMatchObject({ name: 'plainform', version: '1.2.3' });
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
    for (const rule of run.tool.driver.rules)
      expect(rule).toMatchObject({
        shortDescription: { text: `title of ${rule.id}` },
        help: { text: expect.stringMatching(/./) },
      });
  });

  test('names file, line and column, and the counterexample', () => {
    const result = run.results.find(({ ruleId }: { ruleId: string }) => ruleId === 'RDS.3');
    expect(result.message.text).toContain('{"Env":"<dev>"}');
    expect(result.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'templates/a%2Cb%3Ac.yaml' },
      region: { startLine: expect.any(Number), startColumn: expect.any(Number) },
    });
    expect(result.level).toBe('error');
  });

  test('tells no two results apart by their line alone', () => {
    const prints = run.results.map((result: { partialFingerprints: object }) =>
      JSON.stringify(result.partialFingerprints),
    );
    expect(new Set(prints).size).toBe(prints.length);
  });

  test('of nothing is a run without results', () => {
    const clean = [checked('Resources: {Handle: {Type: AWS::CloudFormation::WaitConditionHandle}}')];
    expect(JSON.parse(sarif(clean, '1', () => '')).runs[0].results).toEqual([]);
  });
});

describe('JUnit', () => {
  const xml = junit(hostile);
  const { names, texts } = readXml(xml);

  test('has a case for each control and each finding, and counts them', () => {
    const cases = hostile[0]!.controls.length + hostile[0]!.findings.length;
    expect(names.filter((name) => name === 'testcase')).toHaveLength(cases);
    const [, tests, failures, skipped] = /tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)"/
      .exec(xml)!
      .map(Number);
    expect([tests, failures, skipped]).toEqual([
      cases,
      names.filter((name) => name === 'failure').length,
      names.filter((name) => name === 'skipped').length,
    ]);
    expect(failures).toBeGreaterThan(0);
  });

  test('keeps what a template says as text', () => {
    expect(texts.some((text) => text.includes('"Env":"<dev>"'))).toBe(true);
    expect(xml).not.toContain('<i>');
  });

  test('what is waived or not known is skipped with its reason, never passed', () => {
    expect(texts).toContain('waived until 2999-01-01 by a&b: <i>kept</i> | so');
    expect(texts.some((text) => text.startsWith('depends: EnableKeyRotation turns on resource Waived'))).toBe(true);
  });
});

describe('annotations of GitHub Actions', () => {
  const lines = github(hostile).split('\n');

  test('each is one line, with properties and text escaped', () => {
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^\s].*::\S/);
    const encrypted = lines.find((line) => line.includes('title=RDS.3'))!;
    expect(encrypted).toContain('file=templates/a%2Cb%3Ac.yaml');
    expect(encrypted).toContain('%0Awhen {"Env":"<dev>"}');
    expect(lines.filter((line) => line.includes('%0A::') && !line.includes('%250A'))).toEqual([]);
  });
});

describe('Markdown', () => {
  const text = markdown(hostile);

  test('what a template says is no markup, and breaks no table', () => {
    expect(text).not.toMatch(/[^\\]<(b|i|dev)>/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.endsWith('|')).toBe(true);
    expect(text).toContain('## Waived');
    expect(text).toContain('## Not known before deployment');
  });
});
