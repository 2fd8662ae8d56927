import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

//! scram: proves to know the password without sending it (RFC 5802, 7677), and that the server does too.

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The three steps of SCRAM-SHA-256. The password has to be ASCII, as those that are generated are. */
export function scram(password: string, nonce = randomBytes(18).toString('base64')) {
  const bare = `n=,r=${nonce}`;
  let expected: Buffer | undefined;
  return {
    first: () => `n,,${bare}`,
    /** Throws where the server does not answer to this nonce. */
    final(challenge: string): string {
      const { r = '', s = '', i } = attributes(challenge);
      const iterations = Number(i);
      if (!r.startsWith(nonce) || r.length === nonce.length || !s || !(iterations >= 4096))
        throw new Error('the server challenges wrongly');
      const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), iterations, 32, 'sha256');
      const clientKey = hmac(salted, 'Client Key');
      const withoutProof = `c=biws,r=${r}`;
      const signed = `${bare},${challenge},${withoutProof}`;
      const signature = hmac(createHash('sha256').update(clientKey).digest(), signed);
      const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
      expected = hmac(hmac(salted, 'Server Key'), signed);
      return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
    },
    /** Throws where the server does not know the password: it is not the one that was meant. */
    verify(outcome: string): void {
      const given = Buffer.from(attributes(outcome).v ?? '', 'base64');
      if (expected?.length !== given.length || !timingSafeEqual(expected, given))
        throw new Error('the server does not know the password');
    },
  };
}

function attributes(message: string): Record<string, string> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
