import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readTemplate } from '../../lib/cfn/read.ts';
import type { Json } from '../../lib/cfn/template.ts';
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
});
