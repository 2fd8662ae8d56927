// `npm start`: sets up, then generates, deploys to the embedded emulator, verifies and reports.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

await setUp();
const plainform = fileURLToPath(new URL('../bin/plainform.js', import.meta.url));
const { status } = spawnSync(process.execPath, [plainform, 'start', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 2;
