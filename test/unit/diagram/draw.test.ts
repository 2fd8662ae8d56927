import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readParameterFile } from '../../../lib/cfn/parameter-file.ts';
import { parseTemplate, readTemplate } from '../../../lib/cfn/read.ts';
import { drawTemplate } from '../../../lib/diagram/draw.ts';
import { fileInProject } from '../../../lib/project.ts';

const ours = readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);

const draw = (text: string, parameters?: Record<string, string>) =>
  drawTemplate(parseTemplate(text, 'stack.yaml'), parameters && { parameters });

test.each(ours)('%s: the same bytes again, whatever was drawn in between', async (name) => {
  const template = readTemplate(fileInProject('templates', name));
  const first = await drawTemplate(template);
  await draw('Resources: {Other: {Type: AWS::S3::Bucket}}');
  expect(await drawTemplate(template)).toBe(first);
});

test.each(ours)('%s: with the parameters of staging', async (name) => {
  const { values } = readParameterFile(fileInProject('params/staging', name.replace('.yaml', '.json')));
  const svg = await drawTemplate(readTemplate(fileInProject('templates', name)), { parameters: values });
  expect(svg).toMatch(/^<svg class="plainform-diagram" /);
});
