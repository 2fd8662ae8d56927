import { describe, expect, test } from '@jest/globals';
import { parameterFiles } from '../../../generator/projects/parameter-files.ts';
import { parseRegister } from '../../../generator/projects/register.ts';
import { bodyOf, capabilitiesOf, stackSets, unfit } from '../../../generator/projects/stack-sets.ts';
import { readTemplate } from '../../../lib/cfn/read.ts';
import type { StackSetDefinition } from '../../../lib/deployment/stack-sets.ts';
import { fileInProject } from '../../../lib/project.ts';

const IMAGE = `111111111111.dkr.ecr.us-west-2.amazonaws.com/app@sha256:${'a1'.repeat(32)}`;
const provider = (account: string, region: string) =>
  `certificateArn: "arn:aws:acm:${region}:${account}:certificate/12345678-1234-1234-1234-123456789012", image: "${IMAGE}"`;

const REGISTER = `
environments:
  one: {type: development, region: us-west-2, account: "111111111111", costCenter: shared}
  two: {type: staging, region: eu-west-1, account: "222222222222"}
providers:
  pikaia: {environment: one, domain: api.pikaia.dev, ${provider('111111111111', 'us-west-2')}}
  hydra: {environment: two, domain: api.hydra.dev, ${provider('222222222222', 'eu-west-1')}}
projects:
  shop: {provider: pikaia, domain: api.shop.com, priority: 100, image: "${IMAGE}", parameters: {app-consumer: {MaxTasks: 8}}}
  blog: {provider: hydra, domain: api.blog.com, priority: 100, image: "${IMAGE}"}
  wiki: {provider: hydra, domain: api.wiki.com, priority: 101, image: "${IMAGE}"}
  alone: {environment: one, domain: api.alone.com, image: "${IMAGE}"}
`;

const made = (text = REGISTER, model: 'SELF_MANAGED' | 'SERVICE_MANAGED' = 'SELF_MANAGED', name = 'plainform') =>
  stackSets(parseRegister(text, 'plainform.yaml'), { name, permissions: { model } });
const named = (definitions: readonly StackSetDefinition[], name: string) =>
  definitions.find((definition) => definition.name === name)!;
const placesOf = ({ instances }: StackSetDefinition) =>
  instances.map(({ owner, account, region }) => `${owner} ${account} ${region}`);

describe('the definitions', () => {
  const { definitions, findings } = made();

  test('one for each stack of providers, of consumers with one priority, and of a project that stands alone', () => {
    expect(findings).toEqual([]);
    expect(definitions.map(({ wave, name, instances }) => `${wave} ${name} ${instances.length}`)).toEqual([
      '1 plainform-shared-network 2',
      '1 plainform-shared-network-standalone-alone 1',
      '2 plainform-shared-app 2',
      '2 plainform-shared-app-standalone-alone 1',
      '3 plainform-shared-export 2',
      '4 plainform-shared-app-consumer-100 2',
      '4 plainform-shared-app-consumer-101 1',
      '5 plainform-shared-frontend 2',
      '5 plainform-shared-events 2',
      '5 plainform-shared-observability 2',
      '5 plainform-shared-frontend-consumer-100 2',
      '5 plainform-shared-events-consumer-100 2',
      '5 plainform-shared-observability-consumer-100 2',
      '5 plainform-shared-frontend-consumer-101 1',
      '5 plainform-shared-events-consumer-101 1',
      '5 plainform-shared-observability-consumer-101 1',
      '5 plainform-shared-frontend-standalone-alone 1',
      '5 plainform-shared-events-standalone-alone 1',
      '5 plainform-shared-observability-standalone-alone 1',
    ]);
  });

  test('an instance is in the account and region of its environment, and of its provider', () => {
    expect(placesOf(named(definitions, 'plainform-shared-network'))).toEqual([
      'pikaia 111111111111 us-west-2',
      'hydra 222222222222 eu-west-1',
    ]);
    expect(placesOf(named(definitions, 'plainform-shared-app-consumer-100'))).toEqual([
      'shop 111111111111 us-west-2',
      'blog 222222222222 eu-west-1',
    ]);
    expect(named(definitions, 'plainform-shared-app-consumer-101').instances[0]!.provider).toBe('hydra');
  });

  test('no StackSet has two instances in an account and region', () => {
    for (const definition of definitions) {
      const places = definition.instances.map(({ account, region }) => `${account} ${region}`);
      expect(new Set(places).size).toBe(places.length);
    }
  });

  test('values are those of the parameter files, all of them those of the instance', () => {
    const { stacks } = parameterFiles(parseRegister(REGISTER, 'nowhere/plainform.yaml'), { check: true });
    const wanted = stacks.map(({ owner, template, values }) => ({ owner, template, overrides: values }));
    const found = definitions.flatMap(({ template, instances }) =>
      instances.map(({ owner, overrides }) => ({ owner, template, overrides })),
    );
    const byName = (a: { owner: string; template: string }, b: { owner: string; template: string }) =>
      `${a.owner} ${a.template}` < `${b.owner} ${b.template}` ? -1 : 1;
    expect(found.sort(byName)).toEqual(wanted.sort(byName));
    expect(named(definitions, 'plainform-shared-app-consumer-100').instances[0]!.overrides).toMatchObject({
      EnvironmentSuffix: 'shop',
      ListenerRulePriority: '100',
      MaxTasks: '8',
      VpcId: '/shared-infra/one/network/vpc-id',
    });
  });

  test('the set itself has a value for each parameter without default, and for no other', () => {
    for (const { template, parameters, identity } of definitions) {
      const { Parameters = {} } = readTemplate(fileInProject(template)).template;
      const needed = Object.keys(Parameters).filter((one) => Parameters[one]!.Default === undefined);
      expect(Object.keys(parameters).sort()).toEqual(needed.sort());
      expect(Object.keys(Parameters)).toContain(identity);
    }
  });

  test('only what reads SSM parameters is marked so', () => {
    const reading = definitions.filter(({ readsParameters }) => readsParameters).map(({ name }) => name);
    expect(reading).toEqual(['plainform-shared-app-consumer-100', 'plainform-shared-app-consumer-101']);
  });

  test('what a stack imports is exported in an earlier wave, by the same owner', () => {
    const text = (template: string) => bodyOf(template);
    for (const { wave, template, instances } of definitions) {
      const imports = [...text(template).matchAll(/ImportValue: !Sub (\S+)/g)].map(([, name]) => name!);
      for (const { owner } of instances) {
        const earlier = definitions.filter(
          (one) => one.wave < wave && one.instances.some((each) => each.owner === owner),
        );
        const exported = earlier.flatMap((one) =>
          [...text(one.template).matchAll(/ Name: !Sub (\S+)/g)].map(([, name]) => name!),
        );
        expect(imports.filter((name) => !isConsumed(name, exported, template))).toEqual([]);
      }
    }
  });

  test('templates are sent as they are', () => {
    expect(bodyOf('templates/shared/network.yaml')).toBe(
      readTemplate(fileInProject('templates/shared/network.yaml')).text,
    );
  });
});

/** A consumer has no database metrics: that import is in a branch that it does not take. */
function isConsumed(name: string, exported: readonly string[], template: string): boolean {
  return exported.includes(name) || (template.endsWith('observability.yaml') && /Database/.test(name));
}

describe('an instance never moves', () => {
  const placeOf = (definitions: readonly StackSetDefinition[], owner: string) =>
    definitions.filter(({ instances }) => instances.some((one) => one.owner === owner)).map(({ name }) => name);

  test.each([
    [
      'another project is added',
      `${REGISTER}  news: {provider: pikaia, domain: api.news.com, priority: 101, image: "${IMAGE}"}\n`,
    ],
    ['another project is removed', REGISTER.replace(/ {2}blog: .*\n/, '')],
    ['projects stand in another order', REGISTER.replace(/( {2}shop: .*\n)( {2}blog: .*\n)( {2}wiki: .*\n)/, '$3$2$1')],
  ])('when %s', (_, text) => {
    for (const owner of ['shop', 'wiki', 'pikaia', 'alone'])
      expect(placeOf(made(text).definitions, owner)).toEqual(placeOf(made().definitions, owner));
  });
});

describe('what is told', () => {
  test('an environment without account, once, where it stands', () => {
    const { findings } = made(REGISTER.replace(', account: "222222222222"', ''));
    expect(findings).toMatchObject([
      {
        code: 'CFN760',
        severity: 'error',
        line: 4,
        message: expect.stringContaining('environment two has no account'),
      },
    ]);
  });

  test('two providers in one account and region, once', () => {
    const { findings } = made(
      REGISTER.replace('hydra: {environment: two', 'hydra: {environment: one, prefix: /shared-infra/hydra').replace(
        'eu-west-1:222222222222',
        'us-west-2:111111111111',
      ),
    );
    expect(findings).toMatchObject([
      {
        code: 'CFN761',
        severity: 'error',
        line: 7,
        message: expect.stringContaining('hydra and pikaia are both in account 111111111111, us-west-2'),
      },
    ]);
  });

  test('two providers of one account in two regions are no conflict', () => {
    const { findings, definitions } = made(REGISTER.replaceAll('222222222222', '111111111111'));
    expect(findings).toEqual([]);
    expect(placesOf(named(definitions, 'plainform-shared-network'))).toEqual([
      'pikaia 111111111111 us-west-2',
      'hydra 111111111111 eu-west-1',
    ]);
  });

  test('another name keeps registers apart', () => {
    const names = made(REGISTER, 'SELF_MANAGED', 'emea').definitions.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith('emea-shared-'))).toEqual([]);
  });

  test('a template that StackSets do not take', () => {
    const topic = 'Resources: {Topic: {Type: "AWS::SNS::Topic"}}\n';
    const sam = `Transform: AWS::Serverless-2016-10-31\n${topic}`;
    const codes = (text: string, model: 'SELF_MANAGED' | 'SERVICE_MANAGED') =>
      unfit('stack.yaml', text, model).map(({ code }) => code);
    expect(codes(topic.padEnd(51_200, '#'), 'SELF_MANAGED')).toEqual([]);
    expect(codes(topic.padEnd(51_201, '#'), 'SELF_MANAGED')).toEqual(['CFN612']);
    expect(codes(sam, 'SELF_MANAGED')).toEqual([]);
    expect(codes(sam, 'SERVICE_MANAGED')).toEqual(['CFN766']);
    expect(made(REGISTER, 'SERVICE_MANAGED').findings).toEqual([]);
    expect(capabilitiesOf('AWS::Serverless-2016-10-31')).toEqual(['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND']);
    expect(capabilitiesOf(undefined)).toEqual(['CAPABILITY_NAMED_IAM']);
  });

  test('more StackSets than an account may have: a warning that counts them', () => {
    const projects = Array.from(
      { length: 260 },
      (_, n) => `  c${n}: {provider: pikaia, domain: c${n}.example.com, priority: ${100 + n}, image: "${IMAGE}"}`,
    );
    const { definitions, findings } = made(`${REGISTER.split('  shop:')[0]}${projects.join('\n')}\n`);
    expect(definitions).toHaveLength(6 + 260 * 4);
    expect(findings).toMatchObject([
      { code: 'CFN763', severity: 'warning', message: expect.stringContaining('makes 1046 StackSets') },
    ]);
  });
});

test('a thousand projects over ten providers in ten accounts: 406 StackSets, whose instances grow in line', () => {
  const fleet = (projects: number) => {
    const accounts = Array.from(
      { length: 10 },
      (_, n) => `  e${n}: {type: development, region: us-west-2, account: "${n}11111111111"}`,
    );
    const providers = Array.from(
      { length: 10 },
      (_, n) => `  p${n}: {environment: e${n}, domain: p${n}.example.com, ${provider(`${n}11111111111`, 'us-west-2')}}`,
    );
    const consumers = Array.from(
      { length: projects },
      (_, n) =>
        `  c${n}: {provider: p${n % 10}, domain: c${n}.example.com, priority: ${100 + Math.floor(n / 10)}, image: "${IMAGE}"}`,
    );
    const text = ['environments:', ...accounts, 'providers:', ...providers, 'projects:', ...consumers, ''].join('\n');
    const { definitions, findings } = made(text);
    expect(findings).toEqual([]);
    return {
      sets: definitions.length,
      instances: definitions.reduce((sum, { instances }) => sum + instances.length, 0),
      most: Math.max(...definitions.map(({ instances }) => instances.length)),
    };
  };
  expect(fleet(500)).toEqual({ sets: 6 + 50 * 4, instances: 10 * 6 + 500 * 4, most: 10 });
  expect(fleet(1000)).toEqual({ sets: 6 + 100 * 4, instances: 10 * 6 + 1000 * 4, most: 10 });
});
