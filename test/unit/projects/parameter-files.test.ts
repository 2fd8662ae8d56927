import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ownerNamed, stacksToDeploy } from '../../../generator/projects/deployment.ts';
import { parameterFiles } from '../../../generator/projects/parameter-files.ts';
import { parseRegister, readRegister } from '../../../generator/projects/register.ts';
import { readParameterFile } from '../../../lib/cfn/parameter-file.ts';
import { fileInProject } from '../../../lib/project.ts';

const CERTIFICATE = 'arn:aws:acm:us-west-2:111122223333:certificate/0b1c6a39-0000-4000-8000-000000000000';
const IMAGE = 'public.ecr.aws/nginx/nginx:1.27';
const REGISTER = `
environments:
  dev: {type: development, region: us-west-2, costCenter: shared}
providers:
  pikaia: {environment: dev, domain: api.pikaia.dev, certificateArn: "${CERTIFICATE}", image: "${IMAGE}"}
projects:
  shop:
    {provider: pikaia, domain: api.shop.com, priority: 100, image: "${IMAGE}", parameters: {app-consumer: {MaxTasks: 8}}}
  alone: {environment: dev, domain: api.alone.com, image: "${IMAGE}"}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainform-register-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const register = (text = REGISTER) => parseRegister(text, join(folder, 'plainform.yaml'));
const valuesOf = (owner: string, stack: string) =>
  readParameterFile(join(folder, `params/${owner}/shared/${stack}.json`)).values;

test('every stack of every owner, in the order of deployment, providers first', () => {
  const { stacks, findings } = parameterFiles(register());
  expect(findings).toEqual([]);
  expect(stacks.map(({ stackName }) => stackName)).toEqual([
    ...['pikaia-network', 'pikaia-app', 'pikaia-export', 'pikaia-frontend', 'pikaia-events', 'pikaia-observability'],
    ...['shop-app', 'shop-frontend', 'shop-events', 'shop-observability'],
    ...['alone-network', 'alone-app', 'alone-frontend', 'alone-events', 'alone-observability'],
  ]);
  for (const { region } of stacks) expect(region).toBe('us-west-2');
});

test('a provider exports, under its prefix and with its certificate', () => {
  parameterFiles(register());
  expect(valuesOf('pikaia', 'app')).toMatchObject({
    EnvironmentSuffix: 'pikaia',
    EnvironmentType: 'development',
    CostCenter: 'shared',
    ExportPrefix: '/shared-infra/dev',
    CertificateArn: CERTIFICATE,
    ImageUri: IMAGE,
  });
  expect(valuesOf('pikaia', 'export')).toMatchObject({ ExportPrefix: '/shared-infra/dev' });
});

test('a consumer names the eleven SSM parameters of its provider, its domain and its priority', () => {
  parameterFiles(register());
  const values = valuesOf('shop', 'app-consumer');
  expect(values).toMatchObject({
    EnvironmentSuffix: 'shop',
    SharedInfraPrefix: '/shared-infra/dev',
    DomainName: 'api.shop.com',
    ListenerRulePriority: '100',
    DatabaseSecretPath: 'shop/database-credentials',
    MaxTasks: '8',
  });
  const shared = Object.values(values).filter((value) => value.startsWith('/shared-infra/dev/'));
  expect(shared.sort()).toEqual(
    [
      ...['network/vpc-id', 'network/private-subnet-ids', 'network/public-subnet-ids', 'network/availability-zones'],
      ...['alb/arn', 'alb/dns-name', 'alb/security-group-id', 'alb/https-listener-arn'],
      ...['database/cluster-endpoint', 'database/security-group-id', 'database/proxy-endpoint'],
    ]
      .map((name) => `/shared-infra/dev/${name}`)
      .sort(),
  );
  expect(values).not.toHaveProperty('ExportPrefix');
});

test("a consumer's other stacks import what its app stack read, like those of a standalone project", () => {
  parameterFiles(register());
  for (const stack of ['frontend', 'events', 'observability'])
    expect(Object.keys(valuesOf('shop', stack)).sort()).toEqual(
      [
        ...new Set([
          ...Object.keys(valuesOf('alone', stack)),
          ...(stack === 'observability' ? ['SharedInfraPrefix'] : []),
        ]),
      ].sort(),
    );
});

test('a standalone project has no parameter of sharing', () => {
  parameterFiles(register());
  const values = valuesOf('alone', 'app');
  expect(values).not.toHaveProperty('ExportPrefix');
  expect(values).not.toHaveProperty('SharedInfraPrefix');
});

test('a second time nothing is stale, and to check writes nothing', () => {
  expect(parameterFiles(register(), { check: true }).stale).toHaveLength(15);
  expect(readdirSync(folder)).toEqual([]);
  expect(parameterFiles(register()).stale).toHaveLength(15);
  expect(parameterFiles(register()).stale).toEqual([]);
  const changed = register(REGISTER.replace('priority: 100', 'priority: 101'));
  expect(parameterFiles(changed, { check: true }).stale).toEqual(['params/shop/shared/app-consumer.json']);
});

test('one owner alone', () =>
  expect(new Set(parameterFiles(register(), { only: 'shop' }).stacks.map(({ owner }) => owner))).toEqual(
    new Set(['shop']),
  ));

describe('what is wrong is told where it stands, and nothing is written', () => {
  test.each([
    ['a parameter that there is not', REGISTER.replace('MaxTasks', 'MaxTask'), 'CFN737', 'did you mean MaxTasks?', 8],
    [
      'a stack that it has not',
      REGISTER.replace('app-consumer:', 'network:'),
      'CFN737',
      'shop has no stack "network"',
      8,
    ],
    [
      'a value that the template refuses',
      REGISTER.replace('MaxTasks: 8', 'MaxTasks: many'),
      'CFN406',
      'shop: app-consumer',
      7,
    ],
    [
      'what the template must have',
      REGISTER.replace(`, image: "${IMAGE}", parameters`, ', parameters'),
      'CFN401',
      'ImageUri',
      7,
    ],
    [
      'a priority that the register would not see',
      REGISTER.replace('MaxTasks: 8', 'ListenerRulePriority: "200"'),
      'CFN737',
      'ListenerRulePriority is 100 by its entry',
      8,
    ],
    [
      'the prefix of another project',
      REGISTER.replace('MaxTasks: 8', 'EnvironmentSuffix: pikaia'),
      'CFN737',
      'EnvironmentSuffix is shop by its entry',
      8,
    ],
    [
      'a VPC of another provider',
      REGISTER.replace('MaxTasks: 8', 'VpcId: /other/network/vpc-id'),
      'CFN737',
      'VpcId is /shared-infra/dev/network/vpc-id',
      8,
    ],
    [
      "what the template's rules refuse",
      REGISTER.replace('type: development', 'type: production'),
      'CFN500',
      'rule',
      5,
    ],
  ])('%s', (_, text, code, said, line) => {
    const { findings, stale } = parameterFiles(register(text));
    expect(findings.map((finding) => `${finding.code} ${finding.message}`)).toContainEqual(
      expect.stringContaining(said),
    );
    expect(findings.find((finding) => finding.code === code && finding.message.includes(said))).toMatchObject({ line });
    expect(stale).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('before a deployment too, and before anybody is asked', async () => {
    for (const [text, owner, said] of [
      [REGISTER.replace('MaxTasks', 'MaxTask'), 'shop', 'did you mean MaxTasks?'],
      [REGISTER.replace('type: development', 'type: production'), 'alone', 'ProductionProtectsLoadBalancer'],
    ] as const) {
      const read = register(text);
      await expect(stacksToDeploy(read, ownerNamed(read, owner), 'http://127.0.0.1:9')).rejects.toThrow(said);
    }
    const read = register();
    expect(await stacksToDeploy(read, ownerNamed(read, 'alone'), 'http://127.0.0.1:9')).toHaveLength(5);
  });

  test("a project's own cost centre and image of a stack are its own", () =>
    expect(
      parameterFiles(register(REGISTER.replace('MaxTasks: 8', 'CostCenter: shop, CertificateArn: ""')), { check: true })
        .findings,
    ).toEqual([]));
});

test('a fleet: a thousand consumers of ten providers', () => {
  const providers = Array.from(
    { length: 10 },
    (_, n) =>
      `  p${n}: {environment: dev, domain: p${n}.example.com, certificateArn: "${CERTIFICATE}", image: "${IMAGE}", prefix: /shared/p${n}}`,
  );
  const projects = Array.from(
    { length: 1000 },
    (_, n) =>
      `  c${n}: {provider: p${n % 10}, domain: c${n}.example.com, priority: ${100 + Math.floor(n / 10)}, image: "${IMAGE}"}`,
  );
  const text = `${REGISTER.split('providers:')[0]}providers:\n${providers.join('\n')}\nprojects:\n${projects.join('\n')}\n`;
  const { stacks, findings, stale } = parameterFiles(register(text));
  expect(findings).toEqual([]);
  expect(stacks).toHaveLength(10 * 6 + 1000 * 4);
  expect(stale).toHaveLength(stacks.length);
  expect(JSON.parse(readFileSync(join(folder, 'params/c999/shared/app-consumer.json'), 'utf8'))).toContain(
    'ListenerRulePriority=199',
  );
});

test("this project's own files are those of its register", () => {
  const { stacks, findings, stale } = parameterFiles(readRegister(fileInProject('plainform.yaml')), { check: true });
  expect(findings).toEqual([]);
  expect(stacks).toHaveLength(10);
  expect(stale).toEqual([]);
});
