import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { sharedParameters } from '../../lib/deployment/shared-infrastructure.ts';
import { fileInProject } from '../../lib/project.ts';

const REGISTER = `# who shares what
environments:
  prod: {type: production, region: us-west-2}
providers:
  pikaia: {environment: prod, domain: api.pikaia.dev, certificateArn: "arn:aws:acm:us-west-2:111122223333:certificate/0b1c"}
projects:
  consumer-a: {provider: pikaia, domain: api.consumer-a.com, priority: 100} # the first
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-projects-'));
  writeFileSync(join(folder, 'plainform.yaml'), REGISTER);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plainform(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, all: stdout + stderr };
}
const written = () => readFileSync(join(folder, 'plainform.yaml'), 'utf8');

describe('exit code and message', () => {
  test.each([
    [0, 'consumer-a  consumer  pikaia    100       api.consumer-a.com  1/2         not asked', ['projects', 'list']],
    [0, '"priority": 100', ['projects', 'list', '--json']],
    [0, '"costShare": 0.5', ['projects', 'list', '--json']],
    [0, 'shop: priority 101', ['projects', 'add', 'shop', '--domain', 'api.shop.com']],
    [0, 'shop: priority 300', ['projects', 'add', 'shop', '--domain', 'api.shop.com', '--priority', '300']],
    [0, 'Examples:', ['projects', 'add', '--help']],
    [
      2,
      'priority 100 on the listener of pikaia is claimed twice',
      ['projects', 'add', 'shop', '--domain', 'api.shop.com', '--priority', '100'],
    ],
    [2, 'domain api.consumer-a.com is claimed twice', ['projects', 'add', 'shop', '--domain', 'api.consumer-a.com']],
    [
      2,
      'resource prefix consumer-a',
      ['projects', 'add', 'shop', '--domain', 'api.shop.com', '--resource-prefix', 'consumer-a'],
    ],
    [2, 'there is a project consumer-a already', ['projects', 'add', 'consumer-a', '--domain', 'api.shop.com']],
    [2, 'did you mean pikaia?', ['projects', 'add', 'shop', '--domain', 'api.shop.com', '--provider', 'pikia']],
    [2, 'is no number from 100 to 999', ['projects', 'add', 'shop', '--domain', 'api.shop.com', '--priority', '99']],
    [2, '"Shop" is no name', ['projects', 'add', 'Shop', '--domain', 'api.shop.com']],
    [2, 'in lower case', ['projects', 'add', 'shop', '--domain', 'Shop']],
    [2, 'give --domain', ['projects', 'add', 'shop']],
    [2, 'give --certificate ARN', ['projects', 'graduate', 'consumer-a']],
    [2, 'did you mean consumer-a?', ['projects', 'graduate', 'consumer-b', '--certificate', 'arn']],
    [
      2,
      'parameter ImageUri',
      [
        'projects',
        'graduate',
        'consumer-a',
        '--certificate',
        'arn:aws:acm:us-west-2:111122223333:certificate/0b1c6a39-0000-4000-8000-000000000000',
      ],
    ],
    ...['pikaia', 'consumer-a'].map((prefix): [number, string, string[]] => [
      2,
      `the stacks and parameter files of ${prefix} would be those of ${prefix}`,
      ['projects', 'graduate', 'consumer-a', '--certificate', 'arn', '--resource-prefix', prefix],
    ]),
    [2, 'nothing.yaml does not exist', ['projects', 'list', '--register', 'nothing.yaml']],
  ])('%d and "%s": plainform %j', (status, said, words) => {
    const ran = plainform(...words);
    expect(ran.all).toContain(said);
    expect(ran.status).toBe(status);
    if (status !== 0 || !said.startsWith('shop')) expect(written()).toBe(REGISTER);
  });

  test('one line more, and nothing else', () => {
    plainform('projects', 'add', 'shop', '--domain', 'api.shop.com');
    expect(written()).toBe(`${REGISTER}  shop: { provider: "pikaia", domain: "api.shop.com", priority: 101 }\n`);
  });
});

test('several at once: what is said to be written is there, and the others are told', async () => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six'];
  const ran = await Promise.all(
    names.map(
      (name) =>
        new Promise<{ name: string; status: number; all: string }>((resolve) => {
          const words = [fileInProject('bin/plainform.js'), 'projects', 'add', name, '--domain', `${name}.example.com`];
          const child = execFile(process.execPath, words, { cwd: folder }, (_, out, err) =>
            resolve({ name, status: child.exitCode!, all: out + err }),
          );
        }),
    ),
  );
  const added = ran.filter(({ status }) => status === 0).map(({ name }) => name);
  expect(added).not.toEqual([]);
  const lines = [...written().matchAll(/^ {2}(\w+): \{ provider/gm)].map(([, name]) => name);
  expect(lines.sort()).toEqual(added.sort());
  for (const { status, all } of ran.filter((each) => each.status !== 0))
    expect(`${status} ${all}`).toMatch(/^2 [\s\S]*(was changed meanwhile|another run is writing)/);
  expect(readdirSync(folder)).toEqual(['plainform.yaml']);
});

const missing = emulatorMissing();

(missing ? describe.skip : describe)(`with a live listener${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let emulator: Emulator;
  let at: { region: string; endpoint: string };
  beforeAll(async () => {
    emulator = await startEmulator();
    at = { region: 'us-west-2', endpoint: emulator.endpoint };
    const balancers = new ElasticLoadBalancingV2Client(clientOptions(at));
    const balancer = await balancers.send(
      new CreateLoadBalancerCommand({ Name: 'shared', Subnets: ['subnet-1', 'subnet-2'] }),
    );
    const { LoadBalancerArn } = balancer.LoadBalancers![0]!;
    const groups = await balancers.send(
      new CreateTargetGroupCommand({ Name: 'none', Port: 80, Protocol: 'HTTP', VpcId: 'vpc-1' }),
    );
    const { TargetGroupArn } = groups.TargetGroups![0]!;
    const forward = [{ Type: 'forward' as const, TargetGroupArn }];
    const listeners = await balancers.send(
      new CreateListenerCommand({ LoadBalancerArn, Port: 443, Protocol: 'HTTP', DefaultActions: forward }),
    );
    const { ListenerArn } = listeners.Listeners![0]!;
    for (const [Priority, host] of [
      [100, 'api.consumer-a.com'],
      [101, 'api.somebody.com'],
    ] as const)
      await balancers.send(
        new CreateRuleCommand({
          ListenerArn,
          Priority,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
          Actions: forward,
        }),
      );
    await new SSMClient(clientOptions(at)).send(
      new PutParameterCommand({
        Name: '/shared-infra/prod/alb/https-listener-arn',
        Type: 'String',
        Value: ListenerArn!,
      }),
    );
  }, 60_000);
  afterAll(() => emulator?.stop());

  test('what the listener says stands in the list', () =>
    expect(plainform('projects', 'list', '--endpoint', emulator.endpoint).stdout).toMatch(/consumer-a .* routed$/m));

  test('the next free priority is free on the listener too', () =>
    expect(
      plainform('projects', 'add', 'shop', '--domain', 'api.shop.com', '--endpoint', emulator.endpoint).stdout,
    ).toContain('shop: priority 102'));

  test.each([
    ['a priority', ['--domain', 'api.shop.com', '--priority', '101']],
    ['a domain', ['--domain', 'api.somebody.com']],
  ])('%s that somebody else has there is refused', (_, words) => {
    const ran = plainform('projects', 'add', 'shop', ...words, '--endpoint', emulator.endpoint);
    expect(ran.all).toContain('the listener of pikaia has a rule');
    expect(ran.status).toBe(2);
    expect(written()).toBe(REGISTER);
  });

  test('which of the eleven parameters are there, and which are well formed', async () => {
    await new SSMClient(clientOptions(at)).send(
      new PutParameterCommand({ Name: '/shared-infra/prod/network/vpc-id', Type: 'String', Value: 'no vpc' }),
    );
    const found = await sharedParameters(at, '/shared-infra/prod');
    expect(found).toHaveLength(11);
    const states = Object.fromEntries(found.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      'network/vpc-id': 'malformed',
      'alb/arn': 'missing',
      'alb/https-listener-arn': 'well formed',
    });
  });
});
