import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingProxy {
  readonly endpoint: string;
  /** What was called, in the order of arrival: `DescribeStacks`, and `GET /bucket` where the protocol names no operation. */
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

/** Stands before an endpoint of AWS calls, passes everything on unchanged, and keeps what was called. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const calls: string[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, answer) => {
    const body = await bodyOf(incoming);
    calls.push(operationOf(incoming, body.toString()));
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The protocols name it in a header (JSON), in the path (CBOR) or in the body (Query); REST does not. */
function operationOf({ method, url = '', headers }: IncomingMessage, body: string): string {
  const inHeader = String(headers['x-amz-target'] ?? '').split('.')[1];
  const inPath = /\/operation\/(\w+)$/.exec(url)?.[1];
  const isForm = String(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  const inBody = isForm ? new URLSearchParams(body).get('Action') : null;
  return inHeader ?? inPath ?? inBody ?? `${method} ${url.split('?')[0]}`;
}
