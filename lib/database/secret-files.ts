import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CfnError } from '../cfn/errors.ts';
import type { SecretStore } from './secrets.ts';

/** Secrets as files that only their owner may read, one each, for a server without AWS. Throws CFN711 where one cannot be written. */
export function secretFiles(folder: string): SecretStore {
  const fileOf = (name: string) => {
    if (name.split('/').some((part) => part === '' || part.startsWith('.')))
      throw new CfnError({
        code: 'CFN750',
        severity: 'error',
        message: `${JSON.stringify(name)} cannot name a secret in a file`,
        fix: 'name it as in myproject/database-credentials',
      });
    return join(folder, `${name}.secret`);
  };
  const drafted = <T>(file: string, value: string, place: (draft: string) => T): T => {
    const draft = join(dirname(file), `.${randomUUID()}.tmp`);
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(draft, value, { mode: 0o600, flag: 'wx' });
      chmodSync(draft, 0o600);
      return place(draft);
    } catch (error) {
      if (error instanceof CfnError) throw error;
      throw new CfnError({
        code: 'CFN711',
        severity: 'error',
        file,
        message: `cannot write ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`,
        fix: 'make the folder writable, or free space; what was there is unchanged',
      });
    } finally {
      rmSync(draft, { force: true });
    }
  };
  return {
    read: async (name) => (existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8') : undefined),
    write: async (name, value) => drafted(fileOf(name), value, (draft) => renameSync(draft, fileOf(name))),
    create: async (name, value) =>
      drafted(fileOf(name), value, (draft) => {
        try {
          linkSync(draft, fileOf(name));
          return true;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
          throw error;
        }
      }),
    remove: async (name) => {
      const there = existsSync(fileOf(name));
      rmSync(fileOf(name), { force: true });
      return there;
    },
  };
}
