// Bundles the command line into dist/ (one chunk a command, so that each loads only what it needs) and the functions'
// code into dist/functions/. Started by `npm run build` and by scripts/setup.mjs; takes well under a second.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleFunction } from './bundle-functions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** How the command line is bundled; a test bundles a broken stack in the same way. */
export const BUNDLE = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  external: ['@aws-sdk/*', 'elkjs/*', 'listr2', 'pg'],
  legalComments: 'none',
  logLevel: 'warning',
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};

export async function buildProject() {
  rmSync(`${root}dist`, { recursive: true, force: true });
  await build({ ...BUNDLE, entryPoints: ['generator/cli.ts'], outdir: 'dist' });
  mkdirSync(`${root}dist/functions`, { recursive: true });
  for (const entry of readdirSync(`${root}generator/functions`, { withFileTypes: true })) {
    if (entry.isDirectory())
      writeFileSync(
        `${root}dist/functions/${entry.name}.js`,
        await bundleFunction(`generator/functions/${entry.name}/handler.ts`),
      );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildProject();
