import { crc32, deflateRawSync } from 'node:zlib';

/** A ZIP archive of texts. `stored`: not compressed. */
export function zipOf(files: Readonly<Record<string, string>>, { stored = false } = {}): Buffer {
  const entries = Object.entries(files).map(([name, text]) => {
    const data = Buffer.from(text);
    return { name: Buffer.from(name), data, packed: stored ? data : deflateRawSync(data), method: stored ? 0 : 8 };
  });
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, packed, method } of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(checksum(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}

/** Node has it from 20.15 on and 22.2. */
function checksum(data: Buffer): number {
  return typeof crc32 === 'function' ? crc32(data) : 0;
}
