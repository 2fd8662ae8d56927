import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { renderStack } from '../../lib/cfn/compose.ts';
import { fileInProject } from '../../lib/project.ts';
import { writeFile } from '../../lib/write-file.ts';
import { STAGING_RUNBOOK, stagingRunbook } from '../runbooks/staging.ts';
import { stacks } from '../stacks/index.ts';
import type { Terminal } from '../terminal.ts';

interface Written {
  file: string;
  state: 'unchanged' | 'changed' | 'new' | 'orphan';
  bytes: number;
  resources: number;
}

/** Writes `templates/<stack>.yaml`, or with `check` only compares. Throws what `compose` throws, before anything is written. */
export function generate(options: { check?: boolean; json?: boolean }, terminal: Terminal): 0 | 1 {
  const made = Object.values(stacks).map((stack) => {
    const composed = stack();
    return { file: `templates/${composed.name}.yaml`, text: renderStack(composed), template: composed.template };
  });
  const names = Object.keys(stacks);
  const runbook = stagingRunbook(
    Object.fromEntries(made.map(({ template }, index) => [names[index]!, template])),
    Object.fromEntries(made.map(({ text }, index) => [names[index]!, Buffer.byteLength(text)])),
  );
  const runbookPath = fileInProject(STAGING_RUNBOOK);
  const runbookStale = !existsSync(runbookPath) || readFileSync(runbookPath, 'utf8') !== runbook;
  const results: Written[] = made.map(({ file, text, template }) => {
    const path = fileInProject(file);
    const state = !existsSync(path) ? 'new' : readFileSync(path, 'utf8') === text ? 'unchanged' : 'changed';
    return { file, state, bytes: Buffer.byteLength(text), resources: Object.keys(template.Resources).length };
  });
  for (const name of readdirSync(fileInProject('templates'))) {
    const file = `templates/${name}`;
    if (name.endsWith('.yaml') && !results.some((result) => result.file === file))
      results.push({ file, state: 'orphan', bytes: 0, resources: 0 });
  }

  if (!options.check) {
    for (const [index, { file, text }] of made.entries())
      if (results[index]!.state !== 'unchanged') writeFile(fileInProject(file), text);
    if (runbookStale) writeFile(runbookPath, runbook);
  }
  const stale = results.filter(({ state }) => state === 'orphan' || (options.check && state !== 'unchanged'));
  if (options.json) {
    terminal.print(JSON.stringify({ version: 1, templates: results }, null, 2));
  } else {
    for (const result of results) terminal.print(describe(result, options.check === true));
    if (runbookStale) terminal.print(`${STAGING_RUNBOOK}  ${options.check ? 'differs from its source' : 'written'}`);
    if ((stale.length > 0 || runbookStale) && options.check)
      terminal.print('run `npm run generate` and commit what it writes');
  }
  return stale.length > 0 || (options.check && runbookStale) ? 1 : 0;
}

function describe({ file, state, bytes, resources }: Written, check: boolean): string {
  const figures = `${resources} resources, ${bytes.toLocaleString('en')} bytes`;
  switch (state) {
    case 'orphan':
      return `${file}  no stack makes this file: delete it, or list its stack in generator/stacks/index.ts`;
    case 'unchanged':
      return `${file}  unchanged (${figures})`;
    default:
      return check ? `${file}  differs from its source` : `${file}  written (${figures})`;
  }
}
