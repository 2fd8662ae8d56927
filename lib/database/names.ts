import { CfnError } from '../cfn/errors.ts';

/** What belongs to a project on the server that it shares, and where its credentials are kept. */
export interface ProjectNames {
  readonly project: string;
  readonly database: string;
  /** Owns the project's schema. */
  readonly user: string;
  /** Takes turns with `user` when the password is rotated; acts as `user`. */
  readonly alternate: string;
  readonly schema: string;
  readonly secret: string;
  /** The credentials before the last rotation: the proxy needs both while clients that run still have the former. */
  readonly previousSecret: string;
  /** The comment on database and roles by which later runs know them. */
  readonly mark: string;
}

/** PostgreSQL cuts longer identifiers off silently (NAMEDATALEN 64). */
const LONGEST_IDENTIFIER = 63;
const ALTERNATE = '_user_clone';
export const LONGEST_NAME = LONGEST_IDENTIFIER - ALTERNATE.length;

/** Databases of PostgreSQL and of RDS, and words that pg_hba.conf or GRANT read as something else than a name. */
const RESERVED = new Set(
  'postgres template0 template1 rdsadmin rdsproxyadmin rdsrepladmin root admin public none all sameuser samerole samegroup replication'.split(
    ' ',
  ),
);

/** Throws CFN750 where the name is none, is too long, or means something else to PostgreSQL or RDS. */
export function projectNames(project: string, secret = `${project}/database-credentials`): ProjectNames {
  const reason = wrongWith(project);
  if (reason)
    throw new CfnError({
      code: 'CFN750',
      severity: 'error',
      message: `${JSON.stringify(project)} cannot name the database of a project: ${reason}`,
      fix: `use 1 to ${LONGEST_NAME} lower-case letters, digits and single hyphens or underscores, beginning with a letter`,
    });
  if (!/^[A-Za-z0-9/_+=.@-]{1,490}$/.test(secret))
    throw new CfnError({
      code: 'CFN750',
      severity: 'error',
      message: `${JSON.stringify(secret)} cannot name a secret`,
      fix: 'use letters, digits and /_+=.@- , as in myproject/database-credentials',
    });
  const database = project.replaceAll('-', '_');
  return {
    project,
    database,
    user: `${database}_user`,
    alternate: `${database}${ALTERNATE}`,
    schema: 'app',
    secret,
    previousSecret: `${secret}-previous`,
    mark: `plainform project ${project}`,
  };
}

function wrongWith(project: string): string | undefined {
  if (!/^[a-z]/.test(project)) return 'it does not begin with a lower-case letter';
  const stray = /[^a-z0-9_-]/u.exec(project);
  if (stray) return `it has ${JSON.stringify(stray[0])}`;
  if (!/^[a-z0-9]+([_-][a-z0-9]+)*$/.test(project))
    return 'hyphens and underscores stand alone between letters or digits';
  if (project.length > LONGEST_NAME)
    return `it has ${project.length} characters, and ${LONGEST_NAME} leave room for ${ALTERNATE}`;
  if (RESERVED.has(project)) return 'the name is reserved';
  if (/^(pg|rds|aws)[_-]/.test(project))
    return `names that begin with ${project.slice(0, 3).replace(/[_-]$/, '')} are reserved`;
  return undefined;
}
