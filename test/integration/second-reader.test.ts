import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTemplate } from '../../lib/cfn/read.ts';
import type { Json, Template } from '../../lib/cfn/template.ts';
import { writeTemplate } from '../../lib/cfn/write.ts';
import { fileInProject } from '../../lib/project.ts';

const python = fileInProject('.venv/bin/python');
const missing = existsSync(python) ? undefined : 'there is no .venv with PyYAML';
const judged = missing ? test.skip : test;

const files = readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);

describe(`PyYAML reads the model that we read${missing ? ` (skipped: ${missing})` : ''}`, () => {
  judged.each(files)('of templates/%s', (name) => {
    const file = fileInProject('templates', name);
    const script = fileInProject('test/integration/second-reader/read.py');
    const { stdout, stderr } = spawnSync(python, [script, file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    expect(stderr).toBe('');
    const [model] = JSON.parse(stdout) as Json[];
    expect(readTemplate(file).template).toEqual(model);
    expect(readTemplate(file).findings).toEqual([]);
  });

  judged('of texts that YAML 1.2 takes plain in a list on one line, and PyYAML does not', () => {
    const values = ['::/0', ':x', '?x', '@x', '%x', '!x', '&x', '*x', '-x', 'x:y', '=', '|', '>'];
    const model = { Resources: { Group: { Type: 'AWS::SNS::Topic', Metadata: { values, one: '::/0' } } } };
    const folder = mkdtempSync(join(tmpdir(), 'plainform-second-reader-'));
    const file = join(folder, 'a.yaml');
    writeFileSync(file, writeTemplate(model as unknown as Template));
    const script = fileInProject('test/integration/second-reader/read.py');
    const { stdout, stderr } = spawnSync(python, [script, file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([model]);
  });
});
