import { createHmac } from 'node:crypto';
import { failure } from './failure.ts';

//! keyed: HMAC-SHA256 under the masking key, and a keyed permutation: different inputs, different outputs.

/** A keyed hash of a list of strings. No two different lists give the same input to the hash. */
export type Digest = (...parts: string[]) => Buffer;

/** A character's place in its alphabet: `radix` characters, of which this is number `value`, counted from 0. */
export type Slot = { radix: number; value: number };

const ROUNDS = 10;

/** HMAC-SHA256 under the masking key. Throws `MaskingKeyTooShort` under 32 characters, which a generated secret always has. */
export function keyedDigest(secret: string): Digest {
  if (secret.length < 32) throw failure('MaskingKeyTooShort', 'the masking key must have at least 32 characters');
  return (...parts) => createHmac('sha256', secret).update(JSON.stringify(parts)).digest();
}

/** A number from 0 to below `limit` (at most 2^32). */
export function pick(hash: Buffer, limit: number): number {
  return Number(hash.readBigUInt64BE(0) % BigInt(limit));
}

/**
 * A keyed permutation of all strings with these radices: two different inputs never meet in one output, so that unique
 * columns stay unique and nothing has to be remembered. A Feistel network over two halves, like NIST SP 800-38G (FF1) but
 * with HMAC-SHA256, which Lambda has without a dependency, for the round function, and with an addition for each character,
 * which takes a time that is proportional to the length. On a few characters only no such permutation hides much.
 */
export function permute(digest: Digest, slots: readonly Slot[]): number[] {
  const values = slots.map(({ value }) => value);
  const middle = values.length >> 1;
  for (let round = 0; round < ROUNDS; round++) {
    const [begin, end] = round % 2 ? [0, middle] : [middle, values.length];
    const other = round % 2 ? values.slice(middle) : values.slice(0, middle);
    const seed = digest(String(round), other.join()).toString('hex');
    let block: Buffer | undefined;
    for (let place = begin; place < end; place++) {
      const offset = ((place - begin) * 4) % 32;
      if (!block || offset === 0) block = digest(seed, String(place));
      values[place] = (values[place]! + block.readUInt32BE(offset)) % slots[place]!.radix;
    }
  }
  return values;
}
