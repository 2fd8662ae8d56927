import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackInstancesCommand,
  CreateStackSetCommand,
  DescribeStackSetCommand,
  DescribeStackSetOperationCommand,
  ListStackSetOperationResultsCommand,
  ListStackSetsCommand,
} from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { deploy } from '../../../generator/commands/deploy.ts';
import { print } from '../../../generator/commands/stack-sets.ts';
import { CfnError } from '../../../lib/cfn/errors.ts';
import { primaryRegion } from '../../../lib/region.ts';

const IMAGE = `111111111111.dkr.ecr.us-west-2.amazonaws.com/app@sha256:${'a1'.repeat(32)}`;
const certificate = (account: string, region: string) =>
  `arn:aws:acm:${region}:${account}:certificate/12345678-1234-1234-1234-123456789012`;
const REGISTER = `
environments:
  one: {type: development, region: us-west-2, account: "111111111111"}
  two: {type: staging, region: eu-west-1, account: "222222222222"}
providers:
  pikaia: {environment: one, domain: api.pikaia.dev, certificateArn: "${certificate('111111111111', 'us-west-2')}", image: "${IMAGE}"}
  hydra: {environment: two, domain: api.hydra.dev, certificateArn: "${certificate('222222222222', 'eu-west-1')}", image: "${IMAGE}"}
projects:
  shop: {provider: pikaia, domain: api.shop.com, priority: 100, image: "${IMAGE}"}
`;
const DEFAULTS = {
  stackSetsName: 'plainform',
  permissions: 'self-managed',
  failureTolerance: '0',
  atOnce: '10',
  concurrency: 'strict',
};

const mock = mockClient(CloudFormationClient);
let folder: string;
let file: string;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-stack-sets-'));
  file = join(folder, 'plainform.yaml');
  writeFileSync(file, REGISTER);
  lines = [];
  mock.reset();
  mock.rejects(Object.assign(new Error('not expected'), { name: 'AccessDenied' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const terminal = {
  print: (text: string) => lines.push(text),
  progress: (text: string) => lines.push(text),
  paint: (_: unknown, text: string) => text,
} as never;

type Options = Parameters<typeof print>[0] & Parameters<typeof deploy>[0];
const options = (more: Partial<Options> = {}) =>
  ({ ...DEFAULTS, register: file, target: 'aws', stackSets: true, ...more }) as Options;

async function refusal(work: () => unknown): Promise<CfnError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CfnError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('projects stack-sets', () => {
  test('writes what it prints as JSON: definitions, preferences, instances', () => {
    const out = join(folder, 'stack-sets.json');
    const code = print(
      options({ json: true, out, failureTolerance: '1', concurrency: 'soft', regionOrder: ['eu-west-1'] }),
      terminal,
    );
    expect(code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(`${lines[0]}\n`);
    const { stackSets, findings } = JSON.parse(lines[0]!);
    expect(findings).toEqual([]);
    expect(stackSets).toHaveLength(6 + 4);
    expect(stackSets[0]).toMatchObject({
      name: 'plainform-shared-network',
      operationPreferences: {
        FailureToleranceCount: 1,
        MaxConcurrentCount: 10,
        ConcurrencyMode: 'SOFT_FAILURE_TOLERANCE',
        RegionOrder: ['eu-west-1', 'us-west-2'],
      },
      instances: [
        { owner: 'pikaia', account: '111111111111', region: 'us-west-2' },
        { owner: 'hydra', account: '222222222222', region: 'eu-west-1' },
      ],
    });
    expect(
      stackSets.find(({ name }: { name: string }) => name.endsWith('-100')).operationPreferences.RegionOrder,
    ).toEqual(['us-west-2']);
  });

  test.each([
    ['an account is missing', REGISTER.replace(', account: "222222222222"', ''), 'CFN760'],
    [
      'a value does not fit the template',
      REGISTER.replace('priority: 100', 'parameters: {app-consumer: {MaxTasks: no}}, priority: 100'),
      'CFN4',
    ],
    [
      'a parameter is misspelt',
      REGISTER.replace('priority: 100', 'parameters: {app-consumer: {MaxTask: 2}}, priority: 100'),
      'CFN737',
    ],
  ])('writes nothing where %s', (_, text, code) => {
    writeFileSync(file, text);
    const out = join(folder, 'stack-sets.json');
    writeFileSync(out, 'before');
    expect(print(options({ out }), terminal)).toBe(1);
    expect(lines.join('\n')).toContain(code);
    expect(readFileSync(out, 'utf8')).toBe('before');
  });

  test.each<[Partial<Options>, string]>([
    [{ permissions: 'service' }, '--permissions is "service"'],
    [{ permissions: 'toString' }, '--permissions is "toString"'],
    [{ concurrency: 'hard' }, '--concurrency is "hard"'],
    [{ atOnce: '0' }, '--at-once is "0"'],
    [{ failureTolerance: '-1' }, '--failure-tolerance is "-1"'],
    [{ failureTolerance: '10%' }, '--failure-tolerance is "10%"'],
    [{ stackSetsName: '1st' }, '--stack-sets-name is "1st"'],
    [{ permissions: 'service-managed' }, 'none is named'],
    [
      { permissions: 'service-managed', organizationalUnits: ['111111111111'] },
      '--organizational-units has "111111111111"',
    ],
    [
      { permissions: 'service-managed', organizationalUnits: ['r-ab12'], executionRole: 'Deployer' },
      'AWS makes the roles',
    ],
    [{ organizationalUnits: ['ou-ab12-34567890'] }, 'are for service-managed permissions'],
    [{ delegatedAdmin: true }, 'are for service-managed permissions'],
  ])('refuses %j', async (more, text) => {
    const { findings, exitCode } = await refusal(() => print(options(more), terminal));
    expect(findings.map(({ code }) => code)).toEqual(['CFN766']);
    expect(findings[0]!.message).toContain(text);
    expect(exitCode).toBe(2);
  });

  test('a register without anything to deploy is refused', async () => {
    writeFileSync(file, 'waivers: []\n');
    expect((await refusal(() => print(options(), terminal))).message).toContain('neither providers nor projects');
  });
});

describe('deploy --stack-sets', () => {
  test.each<[string, Partial<Options>, string]>([
    ['the emulator', { target: 'emulator' }, 'the emulator has no StackSets'],
    ['an endpoint', { endpoint: 'http://localhost:4566' }, 'the emulator has no StackSets'],
    ['a project besides', { project: 'shop' }, '--project is given'],
    ['a stack besides', { stackName: 'orders' }, '--stack-name is given'],
    ['no region', { region: 'oregon' }, '"oregon" is no region'],
  ])('refuses %s, and calls nobody', async (_, more, text) => {
    expect((await refusal(() => deploy(options(more), terminal))).message).toContain(text);
    expect(mock.calls()).toEqual([]);
  });

  test('refuses what is wrong in the register before it calls anybody', async () => {
    const second = REGISTER.replace('environment: two', 'environment: one, prefix: /shared-infra/hydra');
    writeFileSync(file, second.replaceAll('eu-west-1:222222222222', 'us-west-2:111111111111'));
    expect((await refusal(() => deploy(options(), terminal))).findings.map(({ code }) => code)).toEqual(['CFN761']);
    expect(mock.calls()).toEqual([]);
  });

  test('fails with what failed, in the region where the StackSets are kept', async () => {
    const regions = new Set<string>();
    mock.on(ListStackSetsCommand).callsFake(async (_, client) => {
      regions.add(await client().config.region());
      return { Summaries: [] };
    });
    mock.on(DescribeStackSetCommand).rejects(Object.assign(new Error(), { name: 'StackSetNotFoundException' }));
    mock.on(CreateStackSetCommand).resolves({});
    mock.on(CreateStackInstancesCommand).resolves({ OperationId: 'one' });
    mock.on(DescribeStackSetOperationCommand).resolves({ StackSetOperation: { Status: 'FAILED' } });
    mock.on(ListStackSetOperationResultsCommand).resolves({
      Summaries: [{ Account: '111111111111', Region: 'us-west-2', Status: 'FAILED', StatusReason: 'no more VPCs' }],
    });
    expect(await deploy(options({ json: true, tags: ['Owner=platform'] }), terminal)).toBe(1);
    expect([...regions]).toEqual([primaryRegion()]);
    const { findings, sets } = JSON.parse(lines.at(-1)!);
    expect(findings).toMatchObject([
      {
        code: 'CFN764',
        message: 'plainform-shared-network: pikaia in account 111111111111, us-west-2 failed: no more VPCs',
      },
    ]);
    expect(sets).toHaveLength(10);
    expect(mock.commandCalls(CreateStackSetCommand)).toHaveLength(1);
    expect(mock.commandCalls(CreateStackSetCommand)[0]!.args[0].input.Tags).toEqual([
      { Key: 'Owner', Value: 'platform' },
    ]);
  });

  test('a dry run says what would be done, and writes nothing anywhere', async () => {
    mock.on(ListStackSetsCommand).resolves({});
    mock.on(DescribeStackSetCommand).rejects(Object.assign(new Error(), { name: 'StackSetNotFoundException' }));
    expect(await deploy(options({ dryRun: true }), terminal)).toBe(0);
    expect(lines.at(-1)).toBe('10 StackSets, instances as they would be: 16 created');
    expect(existsSync(join(folder, 'params'))).toBe(false);
  });
});
