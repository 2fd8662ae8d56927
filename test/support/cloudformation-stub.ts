import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Stub {
  readonly endpoint: string;
  /** Names of the calls so far. */
  readonly calls: readonly string[];
  stop(): Promise<void>;
}

/** What a call answers: the inside of its result, or an error. */
export type Answer = string | { readonly code: string; readonly message: string; readonly status?: number };

/** CloudFormation's query protocol, as far as a test says what each call answers; what it leaves out answers nothing. */
export async function stubCloudFormation(
  answers: Readonly<Record<string, Answer | ((parameters: URLSearchParams, before: number) => Answer)>>,
): Promise<Stub> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const parameters = new URLSearchParams(body);
      const action = parameters.get('Action') ?? '';
      const before = calls.filter((call) => call === action).length;
      calls.push(action);
      const known = answers[action] ?? '';
      const answer = typeof known === 'function' ? known(parameters, before) : known;
      const failed = typeof answer !== 'string';
      response.writeHead(failed ? (answer.status ?? 400) : 200, { 'content-type': 'text/xml' });
      response.end(
        failed
          ? `<ErrorResponse><Error><Type>Sender</Type><Code>${answer.code}</Code><Message>${answer.message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`
          : `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${answer}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export const NO_STACK: Answer = { code: 'ValidationError', message: 'Stack with id orders does not exist' };

export function stackOf(status: string, more = ''): string {
  return `<Stacks><member><StackName>orders</StackName><StackId>arn:aws:cloudformation:us-west-2:111122223333:stack/orders/1</StackId><CreationTime>2026-11-21T00:00:00Z</CreationTime><StackStatus>${status}</StackStatus>${more}</member></Stacks>`;
}

export function changeSetOf(changes: string, status = 'CREATE_COMPLETE'): string {
  return `<Status>${status}</Status><Changes>${changes}</Changes>`;
}

export function changeOf(
  action: string,
  id: string,
  type: string,
  { replacement = '', policy = '', because = '' } = {},
): string {
  const details =
    because === ''
      ? ''
      : `<Details><member><Target><Attribute>Properties</Attribute><Name>${because}</Name><RequiresRecreation>${replacement === 'True' ? 'Always' : 'Never'}</RequiresRecreation></Target></member></Details>`;
  const optional = (name: string, text: string) => (text === '' ? '' : `<${name}>${text}</${name}>`);
  return `<member><Type>Resource</Type><ResourceChange><Action>${action}</Action><LogicalResourceId>${id}</LogicalResourceId><ResourceType>${type}</ResourceType>${optional('Replacement', replacement)}${optional('PolicyAction', policy)}${details}</ResourceChange></member>`;
}
