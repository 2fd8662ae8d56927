import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CfnError } from './cfn/errors.ts';

/**
 * Replaces a file at once: readers see the old bytes or the new ones, and a failure leaves the old ones in place. Throws CFN711
 * with the system's reason.
 */
export function writeFile(path: string, content: string): void {
  const directory = dirname(path);
  const draft = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(draft, content);
    renameSync(draft, path);
  } catch (error) {
    if (existsSync(draft)) rmSync(draft, { force: true });
    throw new CfnError(
      {
        code: 'CFN711',
        severity: 'error',
        file: path,
        message: `cannot write ${path}: ${(error as Error).message}`,
        fix: 'make the folder writable, or free space; what was there is unchanged',
      },
      { cause: error },
    );
  }
}
