import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { renderStack } from '../../lib/cfn/compose.ts';
import { CfnError } from '../../lib/cfn/errors.ts';
import { fileInProject } from '../../lib/project.ts';
import { writeFile } from '../../lib/write-file.ts';
import { CONTROLS_DOCUMENT, controlsDocument } from '../runbooks/controls.ts';
import { SHARED_RUNBOOK, sharedRunbook } from '../runbooks/shared.ts';
import { STAGING_RUNBOOK, stagingRunbook } from '../runbooks/staging.ts';
import { stacks } from '../stacks/index.ts';
import type { Terminal } from '../terminal.ts';

interface Written {
  file: string;
  state: 'unchanged' | 'changed' | 'new' | 'orphan';
  bytes: number;
  /** Of a template. */
  resources?: number;
}

/**
 * Writes `templates/<stack>.yaml`, or with `check` only compares. Throws what `compose` throws, and CFN540 for each claim of
 * a template that is new or changed and not proven, before anything is written. What is committed was proven when it was.
 */
export async function generate(options: { check?: boolean; json?: boolean }, terminal: Terminal): Promise<0 | 1> {
  const made = Object.values(stacks).map((stack) => {
    const { name, template, claims, ...rest } = stack();
    return {
      file: `templates/${name}.yaml`,
      text: renderStack({ name, template, claims, ...rest }),
      template,
      claims,
    };
  });
  const names = Object.keys(stacks);
  const templates = Object.fromEntries(made.map(({ template }, index) => [names[index]!, template]));
  const runbook = stagingRunbook(
    templates,
    Object.fromEntries(made.map(({ text }, index) => [names[index]!, Buffer.byteLength(text)])),
  );
  const files = [
    ...made.map(({ file, text, template }) => ({ file, text, resources: Object.keys(template.Resources).length })),
    { file: STAGING_RUNBOOK, text: runbook },
    { file: SHARED_RUNBOOK, text: sharedRunbook(templates) },
    { file: CONTROLS_DOCUMENT, text: controlsDocument() },
  ];
  const results = files.map(({ text, ...rest }): Written => {
    const path = fileInProject(rest.file);
    const state = !existsSync(path) ? 'new' : readFileSync(path, 'utf8') === text ? 'unchanged' : 'changed';
    return { ...rest, state, bytes: Buffer.byteLength(text) };
  });
  for (const name of readdirSync(fileInProject('templates'), { recursive: true, encoding: 'utf8' })) {
    const file = `templates/${name.replaceAll('\\', '/')}`;
    if (name.endsWith('.yaml') && !results.some((result) => result.file === file))
      results.push({ file, state: 'orphan', bytes: 0 });
  }

  const changed = made.filter((_, index) => results[index]!.state !== 'unchanged');
  if (changed.length > 0) {
    const { unprovenClaims } = await import('../../lib/controls/claims.ts');
    const unproven = changed.flatMap(({ file, template, claims }) =>
      unprovenClaims(template, claims).map((finding) => ({ ...finding, file })),
    );
    if (unproven.length > 0) throw new CfnError(unproven, { exitCode: 1 });
  }
  if (!options.check)
    for (const [index, { file, text }] of files.entries())
      if (results[index]!.state !== 'unchanged') writeFile(fileInProject(file), text);
  const stale = results.filter(({ state }) => state === 'orphan' || (options.check && state !== 'unchanged'));
  if (options.json) {
    const isTemplate = ({ resources, state }: Written) => resources !== undefined || state === 'orphan';
    const documents = results.filter((result) => !isTemplate(result));
    terminal.print(JSON.stringify({ version: 1, templates: results.filter(isTemplate), documents }, null, 2));
  } else {
    for (const result of results) terminal.print(describe(result, options.check === true));
    if (stale.length > 0 && options.check) terminal.print('run `npm run generate` and commit what it writes');
  }
  return stale.length > 0 ? 1 : 0;
}

function describe({ file, state, bytes, resources }: Written, check: boolean): string {
  const size = `${bytes.toLocaleString('en')} bytes`;
  const figures = resources === undefined ? size : `${resources} resources, ${size}`;
  switch (state) {
    case 'orphan':
      return `${file}  no stack makes this file: delete it, or list its stack in generator/stacks/index.ts`;
    case 'unchanged':
      return `${file}  unchanged (${figures})`;
    default:
      return check ? `${file}  differs from its source` : `${file}  written (${figures})`;
  }
}
