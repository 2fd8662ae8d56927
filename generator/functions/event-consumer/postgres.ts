import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { scram } from './scram.ts';
import type { Target } from './settings.ts';

//! postgres: as much of the protocol of PostgreSQL (3.0) as an insert takes. Only over TLS, with the certificate verified.

export type Database = {
  /** Runs one statement by itself and returns the number of its rows. Throws `PostgresError`. */
  execute(statement: string, values: (string | null)[]): Promise<number>;
  /** Waits for the connection to close, for a second at most: Lambda stops the clock when the answer is given. */
  end(): Promise<void>;
};

/** What the server refused: `code` is its SQLSTATE. Its message may quote values and is left out. */
export class PostgresError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`PostgreSQL says ${code}`);
    this.code = code;
  }
}

type Message = { kind: string; body: Buffer };

const TIMEOUT = 10_000;

/** `ca` is for tests; the certificates of RDS Proxy are of public authorities, which Node.js knows. */
export async function openPostgres(target: Target, ca?: string): Promise<Database> {
  const socket = await secured(target, ca);
  const next = reader(socket);
  const send = (kind: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    socket.write(Buffer.concat([Buffer.from(kind, 'latin1'), int32(body.length + 4), body]));
  };

  try {
    await logIn();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { execute, end };

  async function logIn(): Promise<void> {
    const settings = { user: target.user, database: target.database, application_name: 'event-consumer' };
    const startup = [int32(196608), ...Object.entries(settings).flat().map(cString), Buffer.from([0])];
    const length = startup.reduce((sum, part) => sum + part.length, 4);
    socket.write(Buffer.concat([int32(length), ...startup]));
    const proof = scram(target.password);
    for (;;) {
      const { kind, body } = await next();
      if (kind === 'E') throw refusal(body);
      if (kind === 'Z') return;
      if (kind !== 'R') continue;
      const rest = body.subarray(4);
      switch (body.readInt32BE(0)) {
        case 0:
          break;
        case 3:
          send('p', cString(target.password));
          break;
        case 10: {
          if (!rest.toString().split('\0').includes('SCRAM-SHA-256')) throw new Error('the server asks for no SCRAM');
          const first = Buffer.from(proof.first());
          send('p', cString('SCRAM-SHA-256'), int32(first.length), first);
          break;
        }
        case 11:
          send('p', Buffer.from(proof.final(rest.toString())));
          break;
        case 12:
          proof.verify(rest.toString());
          break;
        default:
          throw new Error('the server asks for a password in a way that is not safe');
      }
    }
  }

  async function execute(statement: string, values: (string | null)[]): Promise<number> {
    const bound = values.flatMap((value) => {
      if (value === null) return [int32(-1)];
      const bytes = Buffer.from(value);
      return [int32(bytes.length), bytes];
    });
    send('P', cString(''), cString(statement), int16(0));
    send('B', cString(''), cString(''), int16(0), int16(values.length), ...bound, int16(0));
    send('E', cString(''), int32(0));
    send('S');
    let rows = 0;
    let refused: Error | undefined;
    for (;;) {
      const { kind, body } = await next();
      if (kind === 'C') rows = Number(/(\d+)\0$/.exec(body.toString())?.[1] ?? 0);
      if (kind === 'E') refused = refusal(body);
      if (kind !== 'Z') continue;
      if (refused) throw refused;
      return rows;
    }
  }

  async function end(): Promise<void> {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), 1000);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      send('X');
      socket.end();
    });
  }
}

async function secured({ host, port }: Target, ca?: string): Promise<Socket> {
  const plain = quiet(connectTcp({ host, port }));
  try {
    await once(plain, 'connect');
    plain.write(Buffer.concat([int32(8), int32(80877103)]));
    const [answer] = await once<[Buffer]>(plain, 'data');
    // More than the one byte would have come before encryption began, from somebody else.
    if (answer.toString() !== 'S') throw new Error('the server speaks no TLS');
    const options = { socket: plain, host, servername: host, minVersion: 'TLSv1.2' as const };
    const socket = quiet(connectTls({ ...options, ...(ca && { ca }) }));
    await once(socket, 'secureConnect');
    return socket;
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

/** An error that nobody waits for would end the process; who reads next learns of it. */
function quiet<T extends Socket>(socket: T): T {
  return socket.on('error', () => {});
}

/** The first such event. Rejects where the connection fails, ends or is silent before. */
function once<T extends unknown[]>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error) => settle(() => reject(error ?? new Error('the server hung up')));
    const late = () => fail(new Error('the server is silent'));
    const timer = setTimeout(late, TIMEOUT);
    const done = (...values: unknown[]) => settle(() => resolve(values as T));
    socket.once(event, done).once('error', fail).once('close', fail);
    function settle(then: () => void) {
      clearTimeout(timer);
      socket.off(event, done).off('error', fail).off('close', fail);
      then();
    }
  });
}

/** Reads the messages one by one: kind, length, body. */
function reader(socket: Socket): () => Promise<Message> {
  let buffered = Buffer.alloc(0);
  return async () => {
    for (;;) {
      const length = buffered.length >= 5 ? buffered.readInt32BE(1) + 1 : Number.POSITIVE_INFINITY;
      if (buffered.length >= length) {
        const message = { kind: buffered.toString('latin1', 0, 1), body: buffered.subarray(5, length) };
        buffered = buffered.subarray(length);
        return message;
      }
      const chunk = socket.read() as Buffer | null;
      if (chunk) buffered = Buffer.concat([buffered, chunk]);
      else if (socket.destroyed || socket.readableEnded) throw new Error('the server hung up');
      else await once(socket, 'readable');
    }
  };
}

function refusal(body: Buffer): PostgresError {
  const fields = body.toString().split('\0');
  return new PostgresError(fields.find((field) => field.startsWith('C'))?.slice(1) ?? '?????');
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
