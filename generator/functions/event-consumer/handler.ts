import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Inbound, readMessage } from './message.ts';
import { type Database, openPostgres, PostgresError } from './postgres.ts';
import { targetOf } from './settings.ts';

//! handler: writes each event into the table event_inbox, once. Made from generator/functions/event-consumer.

/** What SQS passes in, as far as it is used. */
export type Batch = { Records: { messageId: string; body: string }[] };

/** The messages that SQS shall show again; after five times it puts them into the dead-letter queue. */
export type Failures = { batchItemFailures: { itemIdentifier: string }[] };

const CREATE = `CREATE TABLE IF NOT EXISTS event_inbox (
  source text NOT NULL,
  event_key text NOT NULL,
  detail_type text NOT NULL,
  occurred_at timestamptz NOT NULL,
  detail jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, event_key)
)`;
const INSERT = `INSERT INTO event_inbox (source, event_key, detail_type, occurred_at, detail)
VALUES ($1, $2, $3, $4::timestamptz, $5::jsonb) ON CONFLICT DO NOTHING`;

const UNDEFINED_TABLE = '42P01';
/** Two that create the same table at once: one of them is told so, and the table is there. */
const CREATED_MEANWHILE = ['23505', '42P07'];
/** Values that PostgreSQL refuses however often they come; anything else may be over soon, as a failover is. */
const OF_THE_VALUES = /^(22|23)/;
const WRONG_PASSWORD = ['28P01', '28000'];

const secrets = new SecretsManagerClient({});

export async function readSecret(): Promise<string> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: process.env.DATABASE_SECRET_ID }));
  return SecretString ?? '';
}

/**
 * Each message is written by a statement of its own, so that one that fails takes no other with it. Returns those that were
 * not written; throws nothing. Logs counts and reasons, never a value.
 */
export function createHandler(secret: () => Promise<string>, open: typeof openPostgres = openPostgres) {
  let kept: string | undefined;

  return async ({ Records }: Batch): Promise<Failures> => {
    const failed = new Set<string>();
    const counts = { received: Records.length, written: 0, duplicates: 0, failed: 0 };
    const fail = (messageId: string, { name, message }: Error) => {
      failed.add(messageId);
      log('ERROR', 'not written', { messageId, reason: name === 'Error' || name === 'PostgresError' ? message : name });
    };
    const readable: { messageId: string; inbound: Inbound }[] = [];
    for (const { messageId, body } of Records) {
      try {
        readable.push({ messageId, inbound: readMessage(body) });
      } catch (error) {
        fail(messageId, error as Error);
      }
    }

    let database: Database | undefined;
    let broken: Error | undefined;
    for (const { messageId, inbound } of readable) {
      if (!broken)
        try {
          database ??= await connected();
          const rows = await write(database, inbound);
          counts[rows === 1 ? 'written' : 'duplicates']++;
          continue;
        } catch (error) {
          if (error instanceof PostgresError && OF_THE_VALUES.test(error.code)) {
            fail(messageId, error);
            continue;
          }
          broken = error as Error;
        }
      fail(messageId, broken);
    }
    await database?.end();
    counts.failed = failed.size;
    log(failed.size > 0 ? 'WARN' : 'INFO', 'batch done', counts);
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  };

  /** The secret is read once, and again where the password of it is refused: it may have been rotated. */
  async function connected(): Promise<Database> {
    const isFirst = kept === undefined;
    kept ??= await secret();
    try {
      return await open(targetOf(process.env, kept));
    } catch (error) {
      kept = undefined;
      if (isFirst || !(error instanceof PostgresError && WRONG_PASSWORD.includes(error.code))) throw error;
      return connected();
    }
  }
}

async function write(database: Database, { source, key, type, time, detail }: Inbound): Promise<number> {
  const insert = () => database.execute(INSERT, [source, key, type, time, detail]);
  try {
    return await insert();
  } catch (error) {
    if (!(error instanceof PostgresError) || error.code !== UNDEFINED_TABLE) throw error;
    await database.execute(CREATE, []).catch((reason) => {
      if (!CREATED_MEANWHILE.includes((reason as PostgresError).code)) throw reason;
    });
    return insert();
  }
}

function log(level: 'INFO' | 'WARN' | 'ERROR', message: string, more: object): void {
  console.log(JSON.stringify({ level, message, ...more }));
}

export const handler = createHandler(readSecret);
