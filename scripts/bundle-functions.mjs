import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const script = fileURLToPath(import.meta.url);
const root = resolve(dirname(script), '..');

/** Functions whose code is in a template: folders of generator/functions, each with a `handler.ts`. */
export const functions = ['data-masking'];

/**
 * One CommonJS file that a person can read, for `InlineCode`: names and lines as written, comments that begin with `//!`
 * kept, the AWS SDK left to the runtime. The same sources give the same bytes wherever the project lies.
 *
 * esbuild writes an ES module, whose imports and export are then put as CommonJS spells them: its own CommonJS output
 * begins with twenty lines of helpers and hides each imported name behind another.
 * @param {string} entry - path of the entry file, relative to the project
 * @returns {string}
 */
export function bundleFunction(entry) {
  const folder = dirname(relative(root, resolve(root, entry)));
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [relative(root, resolve(root, entry))],
    bundle: true,
    write: false,
    platform: 'node',
    // Node 20, which the tests may run on, has all the syntax that is used of the runtime's Node 22.
    target: 'node20',
    format: 'esm',
    external: ['@aws-sdk/*'],
    legalComments: 'inline',
    charset: 'ascii',
    logLevel: 'silent',
  });
  const names = (list) => list.replace(/\s+/g, ' ').trim();
  const code = outputFiles[0].text
    .replace(
      /^import \{([^}]*)\} from ("[^"]+");$/gm,
      (_, list, from) =>
        `const {${names(list)
          .replace(/ as /g, ': ')
          .replace(/^(.*)$/, ' $1 ')}} = require(${from});`,
    )
    .replace(/^export \{([^}]*)\};$/m, (_, list) => `module.exports = { ${names(list)} };`)
    .replaceAll(`// ${folder}/`, '// ')
    .replaceAll('/* @__PURE__ */ ', '');
  const left = /^(import|export) .*/m.exec(code);
  if (left) throw new Error(`${entry}: cannot put "${left[0]}" as CommonJS`);
  return `"use strict";\n${code}`;
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
