import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Emulator, emulatorLimits, emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { deleteFrom, deployTo } from '../support/emulator-stack.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';

const folder = mkdtempSync(join(tmpdir(), 'plainform-edges-'));
const unread = join(folder, 'unread.json');
let emulator: Emulator;
beforeAll(async () => {
  if (!missing) emulator = await startEmulator({ unread });
}, 60_000);
afterAll(async () => {
  await emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const att = (...names: string[]) => ({ 'Fn::GetAtt': names });
const ref = (Ref: string) => ({ Ref });

/** What the network and app stacks of a project export, as far as frontend, events and observability read it. */
function foundation(suffix: string, more: Record<string, string> = {}) {
  const subnet = (block: string) => ({
    Type: 'AWS::EC2::Subnet',
    Properties: { VpcId: ref('Vpc'), CidrBlock: block },
  });
  const exported = {
    VpcId: ref('Vpc'),
    PrivateSubnetIds: { 'Fn::Join': [',', [ref('One'), ref('Two')]] },
    DatabaseSecurityGroupId: att('Group', 'GroupId'),
    DatabaseProxyEndpoint: 'database.proxy.example.com',
    AlertTopicArn: ref('Topic'),
    DataKeyArn: att('Key', 'Arn'),
    LoadBalancerDnsName: 'shared-1.us-west-2.elb.amazonaws.com',
    LoadBalancerArn: 'arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/shared/1',
    TargetGroupFullName: `targetgroup/${suffix}/1`,
    ClusterName: `${suffix}-app`,
    ServiceName: `${suffix}-app`,
    ...more,
  };
  const rootMay = { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: { AWS: ref('AWS::AccountId') } };
  return {
    Resources: {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
      One: subnet('10.0.0.0/24'),
      Two: subnet('10.0.1.0/24'),
      Group: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'database', VpcId: ref('Vpc') } },
      Topic: { Type: 'AWS::SNS::Topic' },
      Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [rootMay] } } },
    },
    Outputs: Object.fromEntries(
      Object.entries(exported).map(([id, Value]) => [id, { Value, Export: { Name: `${suffix}-${id}` } }]),
    ),
  };
}

const deploy = (suffix: string, stack: string, parameters: Record<string, string> = {}) =>
  deployTo(emulator.endpoint, {
    stackName: `${suffix}-${stack}`,
    template: readFileSync(fileInProject(`templates/shared/${stack}.yaml`), 'utf8'),
    parameters: { EnvironmentSuffix: suffix, ...parameters },
  });

const SHAPES = [
  ['a standalone project', 'pikaia', {}, { DatabaseClusterId: 'pikaia-database' }],
  ['a consumer', 'shop', { SharedInfraPrefix: '/shared-infra/prod' }, {}],
] as const;

describe.each(SHAPES)(`the stacks at the edge of %s${why}`, (_, suffix, sharing, exported) => {
  scenario(
    'are created on what it exports',
    async () => {
      const api = { ApiDomainName: `api.${suffix}.example.com` };
      const outcomes = [
        await deployTo(emulator.endpoint, { stackName: suffix, template: foundation(suffix, exported) }),
        await deploy(suffix, 'frontend', api),
        await deploy(suffix, 'events', { EventArchiveDays: '30' }),
        await deploy(suffix, 'observability', sharing),
      ];
      expect(outcomes.map(({ status, reason }) => `${status} ${reason}`)).toEqual(
        Array.from({ length: 4 }, () => 'CREATE_COMPLETE '),
      );
      expect(outcomes[1]!.outputs.FrontendDistributionDomainName).toMatch(/\.cloudfront\.net$/);
      expect(outcomes[2]!.outputs).toMatchObject({
        EventBusName: `${suffix}-events`,
        EventQueueName: `${suffix}-events`,
        EventDeadLettersName: `${suffix}-event-dead-letters`,
        EventConsumerName: `${suffix}-event-consumer`,
      });
    },
    60_000,
  );

  scenario(
    'take and give back what is a switch',
    async () => {
      const api = { ApiDomainName: `api.${suffix}.example.com` };
      const changed = [
        await deploy(suffix, 'frontend', { ...api, SinglePageApplication: 'false' }),
        await deploy(suffix, 'events', { EventArchiveDays: '0' }),
        await deploy(suffix, 'events', { EventArchiveDays: '7' }),
      ];
      expect(
        changed.map(({ status, changes }) => [
          status,
          changes
            .filter(({ ResourceChange }) => ResourceChange?.Action !== 'Modify')
            .map(({ ResourceChange }) => `${ResourceChange?.Action} ${ResourceChange?.LogicalResourceId}`),
        ]),
      ).toEqual([
        ['UPDATE_COMPLETE', ['Remove PageRoutes']],
        ['UPDATE_COMPLETE', ['Remove EventArchive']],
        ['UPDATE_COMPLETE', ['Add EventArchive']],
      ]);
    },
    60_000,
  );
});

describe(`both${why}`, () => {
  scenario(
    'are deleted side by side',
    async () => {
      for (const [, suffix] of SHAPES)
        for (const stack of ['observability', 'events', 'frontend'])
          expect(await deleteFrom(emulator.endpoint, `${suffix}-${stack}`)).toMatchObject({
            status: 'DELETE_COMPLETE',
          });
    },
    60_000,
  );

  scenario('lose no property on the way that the list does not name', () => {
    const dropped = emulatorLimits().properties.filter(({ state }) => state === 'dropped');
    // Read when a key is deleted, not when it is created.
    const named = new Set([
      ...dropped.map(({ type, property }) => `${type}.${property}`),
      'AWS::KMS::Key.PendingWindowInDays',
    ]);
    const found: string[] = JSON.parse(readFileSync(unread, 'utf8'));
    expect(found.filter((property) => !named.has(property))).toEqual([]);
  });
});
