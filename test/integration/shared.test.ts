import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readText } from '../../lib/cfn/read.ts';
import { clientOptions } from '../../lib/deployment/clients.ts';
import { deleteStack } from '../../lib/deployment/delete-stack.ts';
import { type Emulator, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { listenerRules, sharedParameters } from '../../lib/deployment/shared-infrastructure.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { deployText } from '../support/deploying.ts';
import { ELEVEN } from '../unit/shared/deployments.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';

let emulator: Emulator;
beforeAll(async () => {
  if (missing) return;
  emulator = await startEmulator();
}, 60_000);
afterAll(async () => {
  await emulator?.stop();
});

const target = () => ({ region: primaryRegion(), endpoint: emulator.endpoint });
const valuesOf = (owner: string, stack: string) =>
  readParameterFile(fileInProject(`params/${owner}/shared/${stack}.json`)).values;
const provider = (stack: string, more: Record<string, string> = {}) =>
  deploy(stack, { ...valuesOf('shared-provider', stack), ...more });
const consumer = (more: Record<string, string> = {}) =>
  deploy('app-consumer', { ...valuesOf('shared-consumer', 'app-consumer'), ...more });

/** The committed template, as the stack `<suffix>-<stack>`; its outputs. */
async function deploy(stack: string, parameters: Record<string, string>): Promise<Record<string, string>> {
  const name = `${parameters.EnvironmentSuffix}-${stack}`;
  const outputs = await deployText(
    target(),
    name,
    readText(fileInProject(`templates/shared/${stack}.yaml`)),
    parameters,
  );
  if (!outputs) throw new Error(`${name} had nothing to change`);
  return outputs;
}

describe(`projects on one infrastructure${why}`, () => {
  const { ExportPrefix: prefix = '' } = valuesOf('shared-provider', 'export');
  let listener: string;
  let balancer: string;

  scenario('a consumer before its provider is refused: there is nothing to read', async () => {
    await expect(consumer()).rejects.toThrow(new RegExp(`${prefix}/.* does not exist`));
  });

  scenario('the app stack before its network is refused', async () => {
    await expect(provider('app', { EnvironmentSuffix: 'alone' })).rejects.toThrow(/alone-/);
  });

  scenario.each([
    ['both prefixes given', { SharedInfraPrefix: '/x' }, /Leave ExportPrefix or SharedInfraPrefix empty/],
    ['exporting without a certificate', { CertificateArn: '' }, /Set CertificateArn where ExportPrefix is set/],
  ])('%s is refused before anything is made', async (_, more, sentence) => {
    await expect(provider('app', { EnvironmentSuffix: 'refused', ...more })).rejects.toThrow(sentence);
    await expect(provider('export', { EnvironmentSuffix: 'refused', ...more })).rejects.toThrow(sentence);
  });

  scenario(
    'the provider deploys in order',
    async () => {
      await provider('network');
      ({ HttpsListenerArn: listener = '', LoadBalancerArn: balancer = '' } = await provider('app'));
      expect(await provider('export')).toEqual({});
    },
    120_000,
  );

  scenario('and has written the eleven, well formed', async () => {
    const written = await sharedParameters(target(), prefix);
    expect(written.map(({ name, state }) => `${name} ${state}`).sort()).toEqual(
      ELEVEN.map((name) => `${name} well formed`).sort(),
    );
    expect(written.find(({ name }) => name === 'alb/https-listener-arn')?.value).toBe(listener);
  });

  scenario(
    'a consumer deploys, and is found on the listener of the provider',
    async () => {
      const outputs = await consumer();
      expect(outputs.LoadBalancerArn).toBe(balancer);
      expect(await listenerRules(target(), listener)).toEqual([
        expect.objectContaining({ priority: 200, hosts: ['api.myproject.com'] }),
      ]);
    },
    120_000,
  );

  scenario('which has neither network, load balancer nor database', async () => {
    const client = new CloudFormationClient(clientOptions(target()));
    const { StackResourceSummaries: made = [] } = await client.send(
      new ListStackResourcesCommand({ StackName: 'myproject-app-consumer' }),
    );
    expect(made.length).toBeGreaterThan(15);
    expect(
      made.filter(({ ResourceType = '' }) => /::(RDS|EC2::(VPC|Subnet|NatGateway))|::LoadBalancer$/.test(ResourceType)),
    ).toEqual([]);
  });

  scenario.each([
    ['no domain', { DomainName: '' }, /Set DomainName/],
    ['no prefix', { SharedInfraPrefix: '' }, /Set SharedInfraPrefix/],
    ['no priority', { ListenerRulePriority: '' }, /Set ListenerRulePriority/],
  ])('a consumer with %s is refused', async (_, more, sentence) => {
    await expect(consumer({ EnvironmentSuffix: 'other', ...more })).rejects.toThrow(sentence);
  });

  scenario(
    'a second consumer has a priority of its own',
    async () => {
      const second = { EnvironmentSuffix: 'second', DomainName: 'api.second.com' };
      await expect(consumer(second)).rejects.toThrow(/Priority '200' is currently in use/);
      await consumer({ ...second, EnvironmentSuffix: 'third', ListenerRulePriority: '300' });
      expect((await listenerRules(target(), listener)).map(({ priority }) => priority).sort()).toEqual([200, 300]);
    },
    120_000,
  );

  scenario('a network that others stand on is not deleted', async () => {
    await expect(deleteStack(target(), 'pikaia-network')).rejects.toThrow(/pikaia-/);
  });
});
