import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildSync, transformSync } from 'esbuild';

const script = fileURLToPath(import.meta.url);
const root = resolve(dirname(script), '..');

/** Functions whose code is in a template: folders of generator/functions, each with a `handler.ts`. */
export const functions = ['data-masking', 'event-consumer'];

/**
 * One CommonJS file that a person can read, for `InlineCode`: names as written, one statement a line, comments that begin
 * with `//!` kept, the AWS SDK left to the runtime. The same sources give the same bytes wherever the project lies.
 *
 * esbuild joins the modules without blanks and then writes the result anew: lines are broken by statement and not where the
 * 120 columns of the sources ask for it, which saves the template a seventh. It writes an ES module, whose imports and export
 * are put as CommonJS spells them here: its own CommonJS begins with twenty lines of helpers.
 * @param {string} entry - path of the entry file, relative to the project
 * @returns {string}
 */
export function bundleFunction(entry) {
  // Node 20, which the tests may run on, has all the syntax that is used of the runtime's Node 22.
  const common = { target: 'node20', charset: 'ascii', legalComments: 'inline', logLevel: 'silent' };
  const { outputFiles } = buildSync({
    ...common,
    absWorkingDir: root,
    entryPoints: [relative(root, resolve(root, entry))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['@aws-sdk/*'],
    minifyWhitespace: true,
  });
  const { code } = transformSync(outputFiles[0].text, common);
  const names = (list) => list.replace(/\s+/g, ' ').trim();
  const commonJs = code
    .replace(
      /^import \{([^}]*)\} from ("[^"]+");$/gm,
      (_, list, from) => `const { ${names(list).replaceAll(' as ', ': ')} } = require(${from});`,
    )
    .replace(/^export \{([^}]*)\};$/m, (_, list) => `module.exports = { ${names(list)} };`)
    .replaceAll('/* @__PURE__ */ ', '')
    .replaceAll('\n//!', '\n\n//');
  const left = /^(import|export) .*/m.exec(commonJs);
  if (left) throw new Error(`${entry}: cannot put "${left[0]}" as CommonJS`);
  // One column an indent: the template carries the code ten columns in and has 51,200 bytes for all. Inside a template
  // literal only the blanks that begin a line of SQL change.
  return `"use strict";\n${commonJs.replace(/^(?: {2})+/gm, (indent) => ' '.repeat(indent.length / 2))}`;
}

/** Writes each function's bundle to dist/functions/<name>.js and returns the paths. */
export function bundleFunctions() {
  return functions.map((name) => {
    const file = join(root, 'dist', 'functions', `${name}.js`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bundleFunction(join('generator', 'functions', name, 'handler.ts')));
    return file;
  });
}

if (argv[1] && resolve(argv[1]) === script) for (const file of bundleFunctions()) console.log(relative(root, file));
