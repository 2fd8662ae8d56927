import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** Absolute path of a file that ships with the project: right from the sources, in jest and in the bundle under dist/. */
export function fileInProject(...segments: string[]): string {
  root ??= findRoot(dirname(fileURLToPath(import.meta.url)));
  return join(root, ...segments);
}

function findRoot(directory: string): string {
  return existsSync(join(directory, 'AWS_REGION')) && existsSync(join(directory, 'package.json'))
    ? directory
    : findRoot(dirname(directory));
}
