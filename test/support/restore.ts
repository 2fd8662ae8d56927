import { readFileSync } from 'node:fs';
import type pg from 'pg';

interface CopyIn extends pg.Submittable {
  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void;
  handleCommandComplete(): void;
  handleReadyForQuery(): void;
  handleError(error: unknown): void;
}

/** What psql does with a dump in SQL: statements, and the lines after COPY as its data. */
export async function restore(client: pg.Client, file: string): Promise<void> {
  let statements = '';
  const lines = readFileSync(file, 'utf8').split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (!/^COPY .* FROM stdin;$/.test(line)) {
      statements += `${line}\n`;
      continue;
    }
    await client.query(statements);
    statements = '';
    const end = lines.indexOf('\\.', index);
    await copyIn(
      client,
      line,
      lines
        .slice(index + 1, end)
        .map((row) => `${row}\n`)
        .join(''),
    );
    index = end;
  }
  await client.query(statements);
}

function copyIn(client: pg.Client, statement: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query: CopyIn = {
      submit: (connection) => connection.query(statement),
      handleCopyInResponse: (connection) => {
        connection.sendCopyFromChunk(Buffer.from(data));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => {},
      handleReadyForQuery: resolve,
      handleError: reject,
    };
    client.query(query);
  });
}
