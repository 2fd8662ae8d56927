import { createHash } from 'node:crypto';
import type pg from 'pg';
import { CfnError } from '../cfn/errors.ts';
import { stateOf } from './server.ts';

/** The first of two keys of our advisory locks; the second is the hash of a name. Any number would do. */
const OURS = 0x706c6169;
const PATIENCE_SECONDS = 60;

/**
 * Runs work while no other run on this server holds the name. The lock ends with the session, however that ends.
 * Throws CFN755 where another holds it for a minute.
 */
export async function holding<T>(
  client: pg.Client,
  name: string,
  work: () => Promise<T>,
  seconds = PATIENCE_SECONDS,
): Promise<T> {
  const key = createHash('sha256').update(name).digest().readInt32BE();
  try {
    // Making a database, or waiting for its turn, may take longer than the server allows a statement otherwise.
    await client.query(`SET statement_timeout = 0; SET lock_timeout = '${seconds}s'`);
    await client.query('SELECT pg_advisory_lock($1, $2)', [OURS, key]);
  } catch (error) {
    if (stateOf(error) !== '55P03') throw error;
    throw new CfnError(
      {
        code: 'CFN755',
        severity: 'error',
        message: `another run has been working on ${name} for ${seconds} seconds`,
        fix: 'wait until it has ended, then run again',
      },
      { exitCode: 1 },
    );
  }
  try {
    return await work();
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [OURS, key]).catch(() => {});
  }
}
