import { CfnError } from '../cfn/errors.ts';
import type { ProjectNames } from './names.ts';
import { generatePassword } from './password.ts';
import type { SecretStore } from './secrets.ts';

/** Letters and digits of a generated value: 64 of them hold 381 bits, enough to sign with. */
const LENGTH = 64;

export interface ApplicationSecret {
  readonly secret: string;
  readonly state: 'created' | 'unchanged';
}

/**
 * Makes the secrets of an application that are missing, each with a value that nobody has seen; what exists stays as it is. Throws
 * CFN750 where a name is none, before anything is made, and CFN753 where one is deleted and can be restored.
 */
export async function bootstrapSecrets(
  store: SecretStore,
  project: Pick<ProjectNames, 'project' | 'secret' | 'previousSecret'>,
  names: readonly string[],
): Promise<ApplicationSecret[]> {
  const paths = [...new Set(names)].map((name) => `${project.project}/${name}`);
  const wrong = paths.filter(
    (path, index) =>
      !/^[A-Za-z0-9]+([_.-][A-Za-z0-9]+)*$/.test([...new Set(names)][index]!) ||
      path.length > 490 ||
      path === project.secret ||
      path === project.previousSecret,
  );
  if (wrong.length > 0)
    throw new CfnError(
      wrong.map((path) => ({
        code: 'CFN750',
        severity: 'error',
        message:
          path === project.secret || path === project.previousSecret
            ? `${path} holds the credentials of the database`
            : `${JSON.stringify(path)} cannot name a secret of ${project.project}`,
        fix:
          path === project.secret || path === project.previousSecret
            ? `plainform database create ${project.project} makes it`
            : 'use letters, digits and single hyphens, dots or underscores, as in session-key',
      })),
    );
  const made: ApplicationSecret[] = [];
  for (const secret of paths)
    made.push({ secret, state: (await store.create(secret, generatePassword(LENGTH))) ? 'created' : 'unchanged' });
  return made;
}
