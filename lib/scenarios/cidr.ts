/** A block of IPv4 or IPv6 addresses. */
interface Block {
  readonly address: bigint;
  readonly prefix: number;
  readonly width: 32 | 128;
}

/**
 * The blocks that `Fn::Cidr` cuts from a block: `count` of them, each with `hostBits` bits for hosts. A sentence where
 * CloudFormation would refuse.
 * Source: CloudFormation template reference, Fn::Cidr (count 1 to 256), read 2026-11-20.
 */
export function cutCidr(ipBlock: string, count: number, hostBits: number): string[] | { problem: string } {
  const block = parseBlock(ipBlock);
  if (!block) return { problem: `"${ipBlock}" is not a CIDR block` };
  const prefix = block.width - hostBits;
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    return { problem: `the count is ${count}, allowed are 1 to 256` };
  }
  if (!Number.isInteger(hostBits) || hostBits < 1 || prefix < block.prefix) {
    return { problem: `${ipBlock} holds no block with ${hostBits} host bits` };
  }
  const available = 2n ** BigInt(prefix - block.prefix);
  if (BigInt(count) > available) {
    return { problem: `${ipBlock} holds ${available} blocks with ${hostBits} host bits, ${count} are asked for` };
  }
  const first = (block.address >> BigInt(block.width - block.prefix)) << BigInt(block.width - block.prefix);
  return Array.from({ length: count }, (_, i) => {
    const address = first + BigInt(i) * 2n ** BigInt(hostBits);
    return `${block.width === 32 ? formatV4(address) : formatV6(address)}/${prefix}`;
  });
}

function parseBlock(text: string): Block | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text.trim());
  if (!match) return undefined;
  const width = match[1]!.includes(':') ? 128 : 32;
  const address = width === 32 ? parseV4(match[1]!) : parseV6(match[1]!);
  const prefix = Number(match[2]);
  return address === undefined || prefix > width ? undefined : { address, prefix, width };
}

function parseV4(text: string): bigint | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) <= 255)) return undefined;
  return bytes.reduce((address, byte) => (address << 8n) | BigInt(byte), 0n);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}

function formatV4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.');
}

/** The canonical form of RFC 5952: the longest run of zero groups is left out. */
function formatV6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let run = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === '0') length++;
    if (length > run.length) run = { at, length };
  }
  if (run.at < 0) return groups.join(':');
  return `${groups.slice(0, run.at).join(':')}::${groups.slice(run.at + run.length).join(':')}`;
}
