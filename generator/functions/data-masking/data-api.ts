import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type Field,
  type RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import { failure } from './failure.ts';

//! data-api: the RDS Data API: transactions, what may be tried again, errors without the values PostgreSQL quotes.

export type Row = Record<string, string | number | boolean | null>;
/** Runs one statement. Every parameter arrives as text or bigint, so that a placeholder stands in a CAST where it matters. */
export type Query = (sql: string, parameters?: Record<string, string | number>) => Promise<Row[]>;

/** `retry`: it may pass; roll back, look at what is stored, go on from there. `smaller`: the same at once, with fewer rows. */
export type Remedy = 'retry' | 'smaller' | 'none';

export type Target = { resourceArn: string; secretArn: string; database: string };

type Failed = { name?: string; message?: string; code?: string; $metadata?: { httpStatusCode?: number } };

/** Time or size exceeded, statement cancelled by its timeout, a value or the name of a new object that is taken. */
const TOO_MUCH = /StatementTimeout|response size limit|SQLState: (57014|23505|42710|42P0[67])/i;
// "Communications link failure" is what a paused Aurora Serverless v1 says; v2 has DatabaseResumingException.
const PASSING =
  /Throttl|TooManyRequests|Resuming|Communications link|Unavailable|InternalServer|Transaction\w*NotFound|Transaction .*not found|Timeout|ECONN|EPIPE|EAI_AGAIN|socket hang up/i;
/** Serialisation, deadlock, lock timeout, connection lost, server restarting. */
const PASSING_STATE = /SQLState: (40001|40P01|55P03|08|57P)/i;
/** Errors of AWS itself, whose text names what is missing and has no value in it. */
const SPEAKING = /AccessDenied|Forbidden|HttpEndpointNotEnabled|Secret|DatabaseNotFound/;

/** What an error of the Data API or of the network asks for. Source: error texts of Aurora PostgreSQL, read 2025 and 2026. */
export function remedyFor({ name = '', message = '', code = '', $metadata }: Failed): Remedy {
  if (TOO_MUCH.test(name + message)) return 'smaller';
  // Text that comes with an SQLSTATE can be anything, even data: only the state decides.
  if (/SQLState: /i.test(message)) return PASSING_STATE.test(message) ? 'retry' : 'none';
  const status = $metadata?.httpStatusCode ?? 0;
  return PASSING.test(`${name} ${code} ${message}`) || status >= 500 || status === 429 ? 'retry' : 'none';
}

/** The error without the server's text, which quotes values: names, codes and constraints only. */
export function withoutValues(call: string, error: Failed): Error & { remedy: Remedy } {
  const { name = 'Error', message = '' } = error;
  const [known = ''] = SPEAKING.test(name) ? [message] : (/SQLState: \w{5}/i.exec(message) ?? []);
  const [constraint = ''] = /constraint "[^"]+"/.exec(message) ?? [];
  const text = [`rds-data:${call} failed with ${name}`, known, constraint].filter(Boolean).join(', ');
  return Object.assign(failure(name, text), { remedy: remedyFor(error) });
}

const plain = ({ isNull, stringValue, longValue, booleanValue }: Field) =>
  isNull ? null : (stringValue ?? longValue ?? booleanValue ?? null);

/**
 * The Data API with one policy for retries: the client is to be made with `maxAttempts: 1`. `pause` waits before the next of
 * `attempts`, or throws when the time left does not allow it.
 */
export function openDatabase(
  client: RDSDataClient,
  target: Target,
  attempts: number,
  pause: (attempt: number, reason: string) => Promise<void>,
) {
  const { resourceArn, secretArn } = target;

  const call = <Result>(name: string, answer: Promise<Result>) =>
    answer.catch((error): never => {
      throw withoutValues(name, error);
    });

  const queryIn =
    (transactionId?: string): Query =>
    async (sql, values = {}) => {
      const parameters = Object.entries(values).map(([name, value]) => ({
        name,
        value: typeof value === 'number' ? { longValue: value } : { stringValue: value },
      }));
      const command = { ...target, sql, parameters, transactionId, includeResultMetadata: true };
      const answer = await call('ExecuteStatement', client.send(new ExecuteStatementCommand(command)));
      const names = (answer.columnMetadata ?? []).map(({ label, name }) => label ?? name ?? '');
      return (answer.records ?? []).map((fields) =>
        Object.fromEntries(fields.map((field, place) => [names[place], plain(field)])),
      );
    };

  /** Repeats `work` while its failures may pass. `shrink` is told of what was too much; false if it cannot be less. */
  async function persist<Result>(work: () => Promise<Result>, shrink = (_: Error) => false): Promise<Result> {
    for (let attempt = 1; ; ) {
      try {
        return await work();
      } catch (cause) {
        const error = cause as Error & { remedy?: Remedy };
        if (error.remedy === 'smaller' && shrink(error)) continue;
        if (error.remedy !== 'retry' || attempt >= attempts) throw error;
        await pause(attempt++, error.name);
      }
    }
  }

  /** Runs `work` in one transaction, which sees one state of the database: a row changed meanwhile gives 40001. */
  async function transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    const begun = await call('BeginTransaction', client.send(new BeginTransactionCommand(target)));
    const open = { resourceArn, secretArn, transactionId: begun.transactionId };
    const query = queryIn(begun.transactionId);
    try {
      await query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      // A call ends after 45 seconds. PostgreSQL is to give up before, while the transaction can still be ended.
      await query(`SELECT set_config('statement_timeout', '40s', true), set_config('lock_timeout', '10s', true),
        set_config('TimeZone', 'UTC', true)`);
      const result = await work(query);
      await call('CommitTransaction', client.send(new CommitTransactionCommand(open)));
      return result;
    } catch (error) {
      // An open transaction would hold its locks for three minutes. If this fails too, that is how it ends.
      await client.send(new RollbackTransactionCommand(open)).catch(() => {});
      throw error;
    }
  }

  return { query: queryIn(), persist, transaction };
}

export type Database = ReturnType<typeof openDatabase>;
