import { inflateRawSync } from 'node:zlib';
import type { Target } from '../clients.ts';

/** The largest package that is fetched: inline code is at most 4 MiB of text. */
const LARGEST_PACKAGE = 8 * 1024 * 1024;

/**
 * The text that CloudFormation put into the `index` file of a function's package. Undefined where the package has none: somebody
 * uploaded another. Throws where the package cannot be fetched. Source: CloudFormation template reference,
 * AWS::Lambda::Function Code, read 2026-11-21.
 */
export async function inlineCode(location: string, { endpoint }: Target): Promise<string | undefined> {
  const url = new URL(location);
  const response = await fetch(endpoint ? new URL(`${url.pathname}${url.search}`, endpoint) : url);
  if (!response.ok) throw new Error(`the code is not handed out: HTTP ${response.status}`);
  const zip = Buffer.from(await response.arrayBuffer());
  if (zip.length > LARGEST_PACKAGE) return undefined;
  return filesOf(zip)
    .find(({ name }) => /^index\.\w+$/.test(name))
    ?.read();
}

/** Files of a ZIP archive by its central directory. Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16. */
function filesOf(zip: Buffer): { name: string; read(): string }[] {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error('the code is no ZIP archive');
  const files: { name: string; read(): string }[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const header = zip.readUInt32LE(at + 42);
    files.push({
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      read: () => {
        const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
        const data = zip.subarray(start, start + size);
        return (method === 8 ? inflateRawSync(data) : data).toString('utf8');
      },
    });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}
