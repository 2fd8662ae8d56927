import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { compareSetting } from '../../../lib/deployment/compare-settings.ts';
import { lambdaFunction } from '../../../lib/deployment/live/lambda.ts';
import { zipOf } from '../../support/zip.ts';

const lambda = mockClient(LambdaClient);
let server: Server;
let served: Buffer | undefined;

beforeAll(async () => {
  server = createServer((_, response) => {
    response.statusCode = served ? 200 : 403;
    response.end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  lambda.reset();
});

async function compared(code: Record<string, string>, zip?: Buffer) {
  served = zip;
  const { port } = server.address() as AddressInfo;
  lambda.on(GetFunctionCommand).resolves({
    Configuration: { FunctionName: 'mask' },
    Code: { Location: `http://127.0.0.1:${port}/code?signed=yes` },
  });
  const settings = await lambdaFunction({
    target: { region: 'us-west-2' },
    account: '123456789012',
    partition: 'aws',
    type: 'AWS::Lambda::Function',
    physicalId: 'mask',
    stated: { Code: code },
    stack: [],
  });
  return compareSetting('Code', code, settings!, { type: 'AWS::Lambda::Function', account: '123456789012' });
}

const text = 'exports.handler = async () => "déjà vu";\n'.repeat(50);

test.each([
  ['packed', { 'cfn-response.js': 'x', 'index.js': text }, false],
  ['stored', { 'index.mjs': text }, true],
])('code that stands in the template matches what runs, %s', async (_, files, stored) => {
  expect(await compared({ ZipFile: text }, zipOf(files, { stored }))).toEqual([]);
});

test.each([
  ['other code', { 'index.js': `${text}//` }],
  ['a package of another form', { 'main.js': text }],
])('%s is a difference', async (_, files) => {
  expect(await compared({ ZipFile: text }, zipOf(files))).toMatchObject([{ path: 'Code.ZipFile', state: 'differs' }]);
});

test.each([
  ['code that is not handed out', { ZipFile: text }, undefined, /HTTP 403/],
  ['a package that is no archive', { ZipFile: text }, Buffer.from('<html>'), /no ZIP archive/],
  ['code in a bucket', { S3Bucket: 'b', S3Key: 'k' }, zipOf({ 'index.js': text }), /stands in the template/],
])('%s is not read', async (_, code, zip, reason) => {
  expect(await compared(code as Record<string, string>, zip)).toMatchObject([
    { path: 'Code', state: 'not-read', reason: expect.stringMatching(reason) },
  ]);
});
