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
 * columns stay unique and nothing has to be remembered. A Feistel network over two halves with modular addition, as in
 * NIST SP 800-38G (FF1), with HMAC-SHA256 for the round function because Lambda has it without a dependency. It is not FF1,
 * and on a few characters only (fewer than six digits) no such permutation hides much.
 */
export function permute(digest: Digest, slots: readonly Slot[]): number[] {
  const middle = slots.length >> 1;
  const halves = [slots.slice(0, middle), slots.slice(middle)] as const;
  const moduli = halves.map((half) => half.reduce((product, { radix }) => product * BigInt(radix), 1n));
  const numbers = halves.map((half) => half.reduce((sum, { radix, value }) => sum * BigInt(radix) + BigInt(value), 0n));
  for (let round = 0; round < ROUNDS; round++) {
    const to = (round + 1) % 2;
    const modulus = moduli[to]!;
    // 128 bits more than the modulus leave no measurable bias; long texts need several blocks.
    const length = modulus.toString(16).length + 32;
    let hex = '';
    while (hex.length < length) hex += digest(`${round}`, `${numbers[1 - to]}`, `${hex.length}`).toString('hex');
    numbers[to] = (numbers[to]! + BigInt(`0x${hex}`)) % modulus;
  }
  return halves.flatMap((half, index) => {
    let rest = numbers[index]!;
    const values = half.reduceRight<number[]>((behind, { radix }) => {
      behind.push(Number(rest % BigInt(radix)));
      rest /= BigInt(radix);
      return behind;
    }, []);
    return values.reverse();
  });
}
