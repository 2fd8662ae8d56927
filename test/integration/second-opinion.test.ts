import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS, stacksOf } from '../../generator/environments.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { fileInProject } from '../../lib/project.ts';

const cfnLint = fileInProject('.venv/bin/cfn-lint');
const missing = existsSync(cfnLint) ? undefined : 'the official cfn-lint is not installed in .venv';
const judged = missing ? test.skip : test;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-cfn-lint-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`the official cfn-lint has no error and no warning${missing ? ` (skipped: ${missing})` : ''}`, () => {
  judged.each(
    ENVIRONMENTS.flatMap((environment) =>
      stacksOf(environment).map(({ stack, template, parameterFile, region }) => ({
        environment,
        stack,
        template,
        parameterFile,
        region,
      })),
    ),
  )(
    'on $stack with the parameters of $environment',
    ({ environment, stack, template, parameterFile, region }) => {
      const { values } = readParameterFile(fileInProject(parameterFile));
      const file = join(folder, `${environment}-${stack}.json`);
      const list = Object.entries(values).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
      writeFileSync(file, JSON.stringify(list));
      const { stdout, stderr, status } = spawnSync(
        cfnLint,
        ['--regions', region, '--parameter-files', file, '--', fileInProject(template)],
        { encoding: 'utf8' },
      );
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    },
    60_000,
  );
});
