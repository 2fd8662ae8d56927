import { describe, expect, test } from '@jest/globals';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { type Opinion, remarksOfCfnLint, remarksOfNpmCfnLint } from '../../../lib/check/opinions.ts';
import { renderOpinion } from '../../../lib/report/opinions.ts';

const MATCH = {
  Filename: 'a.yaml',
  Level: 'Warning',
  Message: 'Parameter A not used.',
  Rule: { Id: 'W2001' },
  Location: { Start: { LineNumber: 3, ColumnNumber: 5 }, Path: ['Parameters', 'A'] },
};

describe('remarks of the official cfn-lint', () => {
  test.each([
    [
      'a warning',
      [MATCH],
      [{ file: 'a.yaml', rule: 'W2001', severity: 'warning', message: MATCH.Message, line: 3, column: 5 }],
    ],
    ['information', [{ ...MATCH, Level: 'Informational' }], [expect.objectContaining({ severity: 'info' })]],
    ['an error', [{ ...MATCH, Level: 'Error' }], [expect.objectContaining({ severity: 'error' })]],
    ['nothing', [], []],
  ])('%s', (_what, output, expected) => expect(remarksOfCfnLint(JSON.stringify(output))).toEqual(expected));
  test('no output is no remark, and what is no list is refused', () => {
    expect(remarksOfCfnLint('')).toEqual([]);
    expect(() => remarksOfCfnLint('Traceback')).toThrow();
    expect(() => remarksOfCfnLint('{}')).toThrow('no list');
  });
});

describe("remarks of npm's cfn-lint", () => {
  const document = parseTemplate(
    'Resources:\n  A:\n    Type: X\n    Properties:\n      List:\n        - B: 1\n',
    'a.yaml',
  );
  const colour = (text: string) => `\x1b[31m${text}\x1b[39m`;
  const remark = (path: string, message: string) =>
    `Resource: ${colour(path)}\nMessage: ${colour(message)}\nDocumentation: x\n\n`;
  test('have their level for a rule and the line of their path', () => {
    const output = `${colour('1 infos')}\n${remark('Resources > A', 'old')}${colour('0 warn')}\n${colour('1 crit')}\n${remark('Resources > A > Properties > List > 0 > B', 'bad')}Template invalid!\n`;
    expect(remarksOfNpmCfnLint(output, document)).toEqual([
      { file: 'a.yaml', rule: 'infos', severity: 'info', message: 'Resources.A: old', line: 2, column: 3 },
      {
        file: 'a.yaml',
        rule: 'crit',
        severity: 'error',
        message: 'Resources.A.Properties.List.0.B: bad',
        line: 6,
        column: 11,
      },
    ]);
  });
  test('a template that it finds valid has none', () =>
    expect(remarksOfNpmCfnLint('0 infos\n0 warn\n0 crit\nTemplate valid!\n', document)).toEqual([]));
  test('a template that it cannot parse is not judged', () =>
    expect(
      remarksOfNpmCfnLint('Unable to parse template! Use --verbose for more information.\n', document),
    ).toBeUndefined());
});

test('an opinion says whose it is, what was judged and what was not', () => {
  const plain = (_style: string, text: string) => text;
  const opinion: Opinion = {
    tool: 'linter 1.0',
    counts: false,
    files: ['a.yaml'],
    remarks: [
      { file: 'a.yaml', rule: 'W2', severity: 'warning', message: 'two', line: 7, column: 1 },
      { file: 'a.yaml', rule: 'E1', severity: 'error', message: 'one', line: 2, column: 1 },
    ],
    unheard: [{ file: 'b.yaml', reason: 'it gave up' }],
  };
  expect(renderOpinion(opinion, plain)).toEqual([
    'a.yaml:2:1 error E1 (linter 1.0): one',
    'a.yaml:7:1 warning W2 (linter 1.0): two',
    'linter 1.0 on 1 template: 1 error, 1 warning; they do not decide',
    'linter 1.0: no opinion on b.yaml: it gave up',
  ]);
  expect(renderOpinion({ ...opinion, files: [], remarks: [], unheard: [{ reason: 'not installed' }] }, plain)).toEqual([
    'linter 1.0: no opinion: not installed',
  ]);
});
