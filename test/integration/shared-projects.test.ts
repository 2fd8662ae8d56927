import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { listenerRules, sharedParameters } from '../../lib/deployment/shared-infrastructure.ts';
import { fileInProject } from '../../lib/project.ts';

jest.setTimeout(300_000);

const missing = emulatorMissing();
const CERTIFICATE = 'arn:aws:acm:us-west-2:123456789012:certificate/0b1c6a39-0000-4000-8000-000000000000';
const IMAGE = 'public.ecr.aws/nginx/nginx:1.27';
const project = (name: string, priority: number) =>
  `  ${name}: {provider: pikaia, domain: api.${name}.com, priority: ${priority}, image: "${IMAGE}"}\n`;
const REGISTER = `environments:
  dev: {type: development, region: us-west-2}
providers:
  pikaia: {environment: dev, domain: api.pikaia.dev, certificateArn: "${CERTIFICATE}", image: "${IMAGE}", parameters: {app: {LoadBalancerDeletionProtection: "false", DatabaseDeletionProtection: "false"}}}
projects:
${project('shop', 100)}${project('blog', 200)}${project('docs', 300)}`;

/** One provider and three consumers, by the register alone, as its owner would. */
(missing ? describe.skip : describe)(`a provider and its consumers${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let emulator: Emulator;
  let folder: string;
  let at: { region: string; endpoint: string };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plainform-shared-'));
    write(REGISTER);
    emulator = await startEmulator();
    at = { region: 'us-west-2', endpoint: emulator.endpoint };
  });
  afterAll(async () => {
    await emulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (text: string) => writeFileSync(join(folder, 'plainform.yaml'), text);
  function plainform(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [fileInProject('bin/plainform.js'), ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    return { status, all: stdout + stderr };
  }
  const deploy = (name: string) => plainform('deploy', '--project', name, '--endpoint', emulator.endpoint);
  const stacks = async () => {
    const { StackSummaries = [] } = await new CloudFormationClient(clientOptions(at)).send(new ListStacksCommand({}));
    return StackSummaries.filter(({ StackStatus }) => /^(CREATE|UPDATE)_COMPLETE$/.test(StackStatus!)).map(
      ({ StackName }) => StackName!,
    );
  };

  test('the register gives every parameter file, and the order', () => {
    const ran = plainform('params');
    expect(ran.all).toContain('1. pikaia-network (us-west-2)  templates/shared/network.yaml');
    expect(ran.all).toContain('7. shop-app (us-west-2)  templates/shared/app-consumer.yaml');
    expect(ran.status).toBe(0);
  });

  test('a consumer before its provider is refused, with what is missing', async () => {
    const ran = deploy('shop');
    expect(ran.all).toContain('/shared-infra/dev/network/vpc-id is missing');
    expect(ran.all).toContain('deploy the provider first: plainform deploy --project pikaia');
    expect(ran.all.match(/CFN738/g)).toHaveLength(11);
    expect(ran.status).toBe(2);
    expect(await stacks()).toEqual([]);
  });

  test('the provider, which writes exactly eleven', async () => {
    const ran = deploy('pikaia');
    expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    expect((await sharedParameters(at, '/shared-infra/dev')).map(({ name, state }) => [name, state])).toEqual(
      (await sharedParameters(at, '/shared-infra/dev')).map(({ name }) => [name, 'well formed']),
    );
  });

  test('three consumers, each with a rule of its own', async () => {
    for (const name of ['shop', 'blog', 'docs']) {
      const ran = deploy(name);
      expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    }
    const shared = await sharedParameters(at, '/shared-infra/dev');
    const listener = shared.find(({ name }) => name === 'alb/https-listener-arn')!.value!;
    const rules = await listenerRules(at, listener);
    expect(rules.map(({ priority, hosts }) => [priority, ...hosts])).toEqual(
      expect.arrayContaining([
        [100, 'api.shop.com'],
        [200, 'api.blog.com'],
        [300, 'api.docs.com'],
      ]),
    );
    expect(plainform('projects', 'list', '--endpoint', emulator.endpoint).all.match(/ routed$/gm)).toHaveLength(3);
  });

  test('a second time nothing changes: what is done is kept', () => {
    const ran = deploy('shop');
    expect(ran.all).toContain('shop-app (us-west-2): no changes');
    expect(ran.status).toBe(0);
  });

  test('two with one priority are refused, in the register and on the listener', () => {
    write(`${REGISTER}${project('late', 100)}`);
    expect(deploy('late')).toMatchObject({
      status: 2,
      all: expect.stringContaining('priority 100 on the listener of pikaia is claimed twice'),
    });
    write(REGISTER.replace(project('shop', 100), project('late', 100)));
    expect(deploy('late')).toMatchObject({ status: 2, all: expect.stringContaining('is that of api.shop.com') });
    write(REGISTER);
  });

  test('a run that failed is gone on with, once its cause is mended', async () => {
    const wiki = project('wiki', 400);
    write(REGISTER + wiki);
    const disturbing = join(folder, 'disturbing.yaml');
    writeFileSync(
      disturbing,
      'Resources: {Topic: {Type: AWS::SNS::Topic}}\nOutputs: {Name: {Value: taken, Export: {Name: wiki-EventBusArn}}}\n',
    );
    const own = ['--stack-name', 'disturbing', '--region', 'us-west-2', '--endpoint', emulator.endpoint];
    expect(plainform('deploy', '--force', '--template', disturbing, ...own).status).toBe(0);
    const failed = deploy('wiki');
    expect(`${failed.status} ${failed.all}`).toMatch(/^1 [\s\S]*wiki-events ended as ROLLBACK_COMPLETE/);
    expect(plainform('destroy', ...own, '--yes', 'disturbing').status).toBe(0);
    const ran = deploy('wiki');
    expect(ran.all).toContain('wiki-app (us-west-2): no changes');
    expect(ran.all).toContain('wiki-events (us-west-2): its first creation had failed; made anew');
    expect(ran.status).toBe(0);
    expect(await stacks()).toContain('wiki-observability');
    plainform('destroy', '--project', 'wiki', '--yes', 'wiki', '--endpoint', emulator.endpoint);
    write(REGISTER);
  });

  test('a project takes another priority and another domain, by a deployment', async () => {
    const moved = REGISTER.replace('api.docs.com, priority: 300', 'www.docs.com, priority: 350');
    write(moved);
    const state = () => plainform('projects', 'list', '--endpoint', emulator.endpoint).all;
    expect(state()).toMatch(/docs .* 350 .* to deploy$/m);
    const ran = deploy('docs');
    expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    expect(state()).toMatch(/docs .* 350 .* routed$/m);
    write(REGISTER);
    expect(deploy('docs').status).toBe(0);
  });

  test('a second environment beside it: its own provider, its own parameters, the same priority', async () => {
    const second = REGISTER.replace(
      'providers:\n',
      '  trial: {type: development, region: us-west-2}\nproviders:\n',
    ).replace(
      'projects:\n',
      `  hydra: {environment: trial, domain: api.hydra.dev, certificateArn: "${CERTIFICATE}", image: "${IMAGE}", parameters: {app: {LoadBalancerDeletionProtection: "false", DatabaseDeletionProtection: "false"}}}\nprojects:\n  lake: {provider: hydra, domain: api.lake.com, priority: 100, image: "${IMAGE}"}\n`,
    );
    write(second);
    for (const name of ['hydra', 'lake']) {
      const ran = deploy(name);
      expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    }
    const [dev, trial] = await Promise.all(
      ['dev', 'trial'].map((name) => sharedParameters(at, `/shared-infra/${name}`)),
    );
    for (const [index, { name, value, state }] of trial!.entries()) {
      expect([name, state]).toEqual([name, 'well formed']);
      if (name !== 'network/availability-zones') expect(value).not.toBe(dev![index]!.value);
    }
    for (const name of ['lake', 'hydra']) {
      if (name === 'hydra') write(second.replace(/ {2}lake: .*\n/, ''));
      const ran = plainform('destroy', '--project', name, '--yes', name, '--endpoint', emulator.endpoint);
      expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    }
    write(REGISTER);
    expect(await stacks()).toContain('pikaia-network');
    expect((await stacks()).filter((name) => /^(hydra|lake)-/.test(name))).toEqual([]);
  });

  test('a provider in use is not deleted, by the register or by what the listener says', async () => {
    const destroy = () =>
      plainform('destroy', '--project', 'pikaia', '--yes', 'pikaia', '--endpoint', emulator.endpoint);
    expect(destroy()).toMatchObject({
      status: 2,
      all: expect.stringContaining('pikaia is in use by shop, blog, docs'),
    });
    write(REGISTER.split('projects:')[0]!);
    expect(destroy()).toMatchObject({ status: 2, all: expect.stringContaining('pikaia is in use by api.shop.com') });
    write(REGISTER);
    expect(await stacks()).toContain('pikaia-network');
  });

  test('consumers go, then the provider', async () => {
    for (const name of ['shop', 'blog', 'docs', 'pikaia']) {
      if (name === 'pikaia') write(REGISTER.split('projects:')[0]!);
      const ran = plainform('destroy', '--project', name, '--yes', name, '--endpoint', emulator.endpoint);
      expect(`${ran.status} ${ran.all}`).toMatch(/^0 /);
    }
    expect(await stacks()).toEqual([]);
  });
});
