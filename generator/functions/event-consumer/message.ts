//! message: an event of EventBridge, as SQS hands it on.

export type Inbound = { source: string; key: string; type: string; time: string; detail: string };

/** Characters of a key: those of an index entry of PostgreSQL, with room to spare. */
const KEY_LENGTH = 256;

/**
 * Reads the body of a message. The same event has the same `key`: the producer's `idempotencyKey` in the detail, which it
 * keeps when it sends again, else the ID that EventBridge gave. Throws; the text says what is wrong and holds no value.
 */
export function readMessage(body: string): Inbound {
  const event = object(parse(body), 'the body');
  const detail = object(event.detail, 'detail');
  const { idempotencyKey } = detail;
  if (idempotencyKey !== undefined) text(idempotencyKey, 'detail.idempotencyKey');
  const time = text(event.time, 'time');
  if (Number.isNaN(Date.parse(time))) throw new Error('time is no time');
  return {
    source: text(event.source, 'source'),
    key: text(idempotencyKey ?? event.id, 'id'),
    type: text(event['detail-type'], 'detail-type'),
    time: new Date(time).toISOString(),
    detail: JSON.stringify(detail),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('the body is no JSON');
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} is no object`);
  return value as Record<string, unknown>;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${name} is no text`);
  if (value.length > KEY_LENGTH) throw new Error(`${name} is longer than ${KEY_LENGTH} characters`);
  return value;
}
