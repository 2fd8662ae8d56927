import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import pg from 'pg';

/** One call that reached the endpoint, in the order of arrival. */
export type Call = {
  /** `ExecuteStatement`, `CommitTransaction` ..., `sns:Publish`, `lambda:Invoke`, `ssm:GetParameter` ... */
  operation: string;
  sql: string;
  body: Record<string, unknown>;
  /** How many calls of this operation there have been, from 1. */
  count: number;
};

/**
 * What is to go wrong with a call. `before`: it is refused and not run. `lost`: it is run, and the connection breaks before
 * the answer. A function may also do something on its own (such as holding a lock) and let the call go on.
 */
export type Fault = { before: { status?: number; type: string; message: string } } | { lost: true } | undefined;

export type AwsEndpoint = {
  url: string;
  calls: Call[];
  /** Asked before each call. */
  fault: (call: Call) => Fault | Promise<Fault>;
  parameters: Record<string, string>;
  secrets: Record<string, string>;
  /** Transactions that are open now. */
  open: () => number;
  /** Rolls back what is open, as the service does after three minutes without a call. Gives how many there were. */
  expire: () => Promise<number>;
  /** Forgets calls and faults. */
  reset: () => void;
  close: () => Promise<void>;
};

type Json = Record<string, unknown>;
type Parameter = { name: string; value: Record<string, unknown>; typeHint?: string };

const PATHS: Record<string, string> = {
  '/Execute': 'ExecuteStatement',
  '/BatchExecute': 'BatchExecuteStatement',
  '/BeginTransaction': 'BeginTransaction',
  '/CommitTransaction': 'CommitTransaction',
  '/RollbackTransaction': 'RollbackTransaction',
};

/** The limits of the service that a caller can run into, in bytes. */
const RESPONSE_BYTES = 1024 * 1024;
const REQUEST_BYTES = 4 * 1024 * 1024;
const ROW_BYTES = 64 * 1024;

type AwsError = Error & { status: number; type: string };

const awsError = (status: number, type: string, message: string): AwsError =>
  Object.assign(new Error(message), { status, type });

/**
 * An HTTP endpoint that speaks the RDS Data API's wire format before a real PostgreSQL server, and just as much of SNS,
 * Lambda, SSM and Secrets Manager as records what a function sends. The AWS SDK reaches it through `AWS_ENDPOINT_URL`.
 *
 * As in the service, parameters are typed by their field and not by where they stand, a request, a response and a row have
 * their limits, and a failing statement ends its transaction.
 */
export async function startAwsEndpoint(databasePort: number): Promise<AwsEndpoint> {
  const transactions = new Map<string, pg.PoolClient>();
  const pools = new Map<string, pg.Pool>();
  const counts = new Map<string, number>();

  const poolFor = (database: string) => {
    const pool =
      pools.get(database) ??
      new pg.Pool({
        host: '127.0.0.1',
        port: databasePort,
        user: 'postgres',
        database,
        max: 12,
        idleTimeoutMillis: 500,
      });
    if (!pools.has(database)) {
      pool.on('error', () => {});
      pool.on('connect', (client) => client.on('error', () => {}));
    }
    pools.set(database, pool);
    return pool;
  };

  async function end(body: Json, statement: 'COMMIT' | 'ROLLBACK'): Promise<Json> {
    const id = String(body.transactionId);
    const client = transactions.get(id);
    if (!client) throw awsError(404, 'TransactionNotFoundException', `Transaction ${id} is not found`);
    transactions.delete(id);
    try {
      await client.query(statement);
    } catch (error) {
      throw databaseError(error as pg.DatabaseError);
    } finally {
      client.release();
    }
    return { transactionStatus: statement === 'COMMIT' ? 'Transaction Committed' : 'Rollback Complete' };
  }

  async function query(body: Json, sets: Parameter[][]): Promise<pg.QueryResult> {
    const id = body.transactionId as string | undefined;
    const client = id ? transactions.get(id) : await poolFor(String(body.database)).connect();
    if (!client) throw awsError(404, 'TransactionNotFoundException', `Transaction ${id} is not found`);
    try {
      let result: pg.QueryResult | undefined;
      for (const parameters of sets) {
        const { text, values } = positional(String(body.sql), parameters);
        result = await client.query({
          text,
          values,
          rowMode: 'array',
          types: { getTypeParser: () => (value: string) => value },
        });
      }
      if (!result) throw awsError(400, 'BadRequestException', 'parameterSets is empty');
      return result;
    } catch (error) {
      if ('status' in (error as AwsError)) throw error;
      // The service ends the transaction itself; the caller's rollback then finds none.
      if (id) await end(body, 'ROLLBACK').catch(() => {});
      throw databaseError(error as pg.DatabaseError);
    } finally {
      if (!id) client.release();
    }
  }

  const dataApi: Record<string, (body: Json) => Promise<Json>> = {
    async BeginTransaction(body) {
      const client = await poolFor(String(body.database)).connect();
      await client.query('BEGIN');
      const transactionId = randomUUID();
      transactions.set(transactionId, client);
      return { transactionId };
    },
    CommitTransaction: (body) => end(body, 'COMMIT'),
    RollbackTransaction: (body) => end(body, 'ROLLBACK'),
    async ExecuteStatement(body) {
      const result = await query(body, [(body.parameters as Parameter[] | undefined) ?? []]);
      return statementAnswer(body, result);
    },
    async BatchExecuteStatement(body) {
      await query(body, (body.parameterSets as Parameter[][] | undefined) ?? []);
      return { updateResults: [] };
    },
  };

  const endpoint: AwsEndpoint = {
    url: '',
    calls: [],
    fault: () => undefined,
    parameters: {},
    secrets: {},
    open: () => transactions.size,
    async expire() {
      const ids = [...transactions.keys()];
      for (const transactionId of ids) await end({ transactionId }, 'ROLLBACK');
      return ids.length;
    },
    reset() {
      endpoint.calls = [];
      endpoint.fault = () => undefined;
      counts.clear();
    },
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      for (const client of transactions.values()) client.release(true);
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };

  const server: Server = createServer(async (request, response) => {
    try {
      const text = await bodyOf(request);
      const { operation, body } = operationOf(request, text);
      const count = (counts.get(operation) ?? 0) + 1;
      counts.set(operation, count);
      const call = { operation, sql: String(body.sql ?? ''), body, count };
      endpoint.calls.push(call);
      const fault = await endpoint.fault(call);
      if (fault && 'before' in fault) {
        // A statement that is refused leaves its transaction as it is; the caller has to end it.
        throw awsError(fault.before.status ?? 400, fault.before.type, fault.before.message);
      }
      if (text.length > REQUEST_BYTES) throw awsError(413, 'BadRequestException', 'Request body too large');
      const answer = await (dataApi[operation]?.(body) ?? otherService(operation, body, endpoint));
      if (fault && 'lost' in fault) request.socket.destroy();
      else send(response, operation, answer);
    } catch (error) {
      const { status = 500, type = 'InternalServerErrorException', message } = error as Partial<AwsError>;
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
      response.end(JSON.stringify({ message, __type: type }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return endpoint;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function operationOf({ url = '', headers }: IncomingMessage, text: string): { operation: string; body: Json } {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [service, name] = target.split('.');
    return { operation: `${service?.startsWith('AmazonSSM') ? 'ssm' : service}:${name}`, body: JSON.parse(text) };
  }
  if (PATHS[url]) return { operation: PATHS[url], body: JSON.parse(text) };
  const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations/.exec(url)?.[1];
  if (invoked) {
    const body = {
      functionName: decodeURIComponent(invoked),
      type: headers['x-amz-invocation-type'],
      payload: JSON.parse(text),
    };
    return { operation: 'lambda:Invoke', body };
  }
  const form = Object.fromEntries(new URLSearchParams(text));
  return { operation: `sns:${form.Action ?? 'unknown'}`, body: form };
}

function otherService(operation: string, body: Json, { parameters, secrets }: AwsEndpoint): Json | string {
  const found = (values: Record<string, string>, name: unknown) => {
    const value = values[String(name)];
    if (value === undefined) throw awsError(400, 'ResourceNotFoundException', `${name} is not there`);
    return value;
  };
  switch (operation) {
    case 'ssm:GetParameter':
      return { Parameter: { Name: body.Name, Type: 'String', Value: found(parameters, body.Name) } };
    case 'secretsmanager:GetSecretValue':
      return { ARN: body.SecretId, SecretString: found(secrets, body.SecretId) };
    case 'sns:Publish':
      return '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';
    case 'lambda:Invoke':
      return '';
    default:
      throw awsError(400, 'UnknownOperationException', operation);
  }
}

function send(response: ServerResponse, operation: string, answer: Json | string): void {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const type = operation.startsWith('sns:') ? 'text/xml' : 'application/json';
  response.writeHead(operation === 'lambda:Invoke' ? 202 : 200, { 'content-type': type });
  response.end(text);
}

const tooLarge = () =>
  awsError(400, 'BadRequestException', 'Database returned more than the allowed response size limit');

/** Named parameters become positional ones that have the type of their field, as the service binds them. */
function positional(sql: string, parameters: Parameter[]): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const places = new Map<string, string>();
  const text = sql.replace(/(?<!:):([A-Za-z_]\w*)/g, (_, name: string) => {
    const known = places.get(name);
    if (known) return known;
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (!parameter) throw awsError(400, 'BadRequestException', `Named parameter ${name} is not set`);
    const { value, type } = typed(parameter);
    values.push(value);
    const place = `$${values.length}${type}`;
    places.set(name, place);
    return place;
  });
  return { text, values };
}

const HINTS: Record<string, string> = {
  DATE: '::date',
  TIME: '::time',
  TIMESTAMP: '::timestamp',
  DECIMAL: '::numeric',
  JSON: '::jsonb',
  UUID: '::uuid',
};

function typed({ name, value, typeHint }: Parameter): { value: unknown; type: string } {
  if (value.isNull) return { value: null, type: '' };
  if (value.arrayValue) throw awsError(400, 'BadRequestException', 'Array parameters are not supported.');
  if ('stringValue' in value) return { value: value.stringValue, type: HINTS[typeHint ?? ''] ?? '::varchar' };
  if ('longValue' in value) return { value: value.longValue, type: '::bigint' };
  if ('doubleValue' in value) return { value: value.doubleValue, type: '::float8' };
  if ('booleanValue' in value) return { value: value.booleanValue, type: '::boolean' };
  if ('blobValue' in value) return { value: Buffer.from(String(value.blobValue), 'base64'), type: '::bytea' };
  throw awsError(400, 'BadRequestException', `Parameter ${name} has no value`);
}

/** Object identifiers of PostgreSQL's types whose values are not given as text. */
const FIELDS: Record<number, (text: string) => Json> = {
  16: (text) => ({ booleanValue: text === 't' }),
  17: (text) => ({ blobValue: Buffer.from(text.slice(2), 'hex').toString('base64') }),
  20: (text) => ({ longValue: Number(text) }),
  21: (text) => ({ longValue: Number(text) }),
  23: (text) => ({ longValue: Number(text) }),
  700: (text) => ({ doubleValue: Number(text) }),
  701: (text) => ({ doubleValue: Number(text) }),
};

function statementAnswer(body: Json, result: pg.QueryResult): Json {
  if (!result.fields.length) return { numberOfRecordsUpdated: result.rowCount ?? 0, generatedFields: [] };
  const rows = result.rows as (string | null)[][];
  for (const row of rows) {
    if (row.reduce((sum, value) => sum + Buffer.byteLength(value ?? ''), 0) > ROW_BYTES) throw tooLarge();
  }
  const columnMetadata = result.fields.map(({ name }) => ({ name, label: name }));
  const records = rows.map((row) =>
    row.map((value, place) => {
      if (value === null) return { isNull: true };
      return FIELDS[result.fields[place]!.dataTypeID]?.(value) ?? { stringValue: value };
    }),
  );
  if (JSON.stringify(records).length > RESPONSE_BYTES) throw tooLarge();
  if (body.formatRecordsAs === 'JSON') {
    const objects = records.map((record) =>
      Object.fromEntries(
        record.map((field, place) => [result.fields[place]!.name, 'isNull' in field ? null : Object.values(field)[0]]),
      ),
    );
    return { formattedRecords: JSON.stringify(objects), numberOfRecordsUpdated: 0 };
  }
  return { records, numberOfRecordsUpdated: 0, ...(body.includeResultMetadata ? { columnMetadata } : {}) };
}

/** The service's text for an error of PostgreSQL: with the detail, which quotes the values of the row. */
function databaseError({ message, detail, code }: pg.DatabaseError): AwsError {
  if (!code) return awsError(500, 'InternalServerErrorException', message);
  const text = `ERROR: ${message}${detail ? `\n  Detail: ${detail}` : ''}; SQLState: ${code}`;
  return awsError(400, 'DatabaseErrorException', text);
}
