import { describe, expect, test } from '@jest/globals';
import { committed, deployed, parameterFiles } from '../staging/committed.ts';
import { bytesOf, CERTIFICATE, deployments, ELEVEN, ofType, refusals, textOf, typesOf } from './deployments.ts';

const STACK = 'shared/export';
const PREFIX = '/shared-infra/prod';
const { listed, each } = deployments(STACK, ['ExportPrefix', 'SharedInfraPrefix', 'CertificateArn']);
const exported = (parameters: Record<string, string> = {}) =>
  deployed(STACK, { ExportPrefix: PREFIX, CertificateArn: CERTIFICATE, ...parameters });

test('it can be deployed without a bucket', () => {
  expect(bytesOf(STACK)).toBeLessThanOrEqual(51200);
});

test('exactly the eleven are written in every deployment, and nothing else', () => {
  expect(listed).toMatchObject({ exact: true, incomplete: false, tooLarge: false });
  expect(each.length).toBeGreaterThanOrEqual(1);
  for (const { template, scenario } of each) {
    expect(typesOf(template)).toEqual({ 'AWS::SSM::Parameter': 11 });
    const named = ofType(deployed(STACK, scenario.overrides), 'AWS::SSM::Parameter').map(
      ([, { properties }]) => properties.Name,
    );
    expect(named.sort()).toEqual(ELEVEN.map((name) => `${scenario.overrides.ExportPrefix}/${name}`).sort());
    expect(template.absent).toEqual([]);
  }
});

test('no deployment is without a certificate, or with both prefixes', () => {
  for (const { scenario } of each) {
    expect(scenario.assignment.CertificateArn).not.toBe('');
    expect(scenario.assignment.SharedInfraPrefix).toBe('');
  }
});

test.each(parameterFiles(STACK))('the parameters of $environment are deployable', ({ parameters }) => {
  expect(deployed(STACK, parameters).findings).toEqual([]);
});

describe('what is refused', () => {
  test.each([
    ['no certificate', { CertificateArn: '' }, 'Set CertificateArn where ExportPrefix is set'],
    ['both prefixes', { SharedInfraPrefix: '/other' }, 'Leave ExportPrefix or SharedInfraPrefix empty'],
    ['no prefix', { ExportPrefix: '' }, 'Give a path as in /shared-infra/prod'],
    ['a prefix that AWS keeps', { ExportPrefix: '/aws/shared' }, 'Give a path as in /shared-infra/prod'],
  ])('%s', (_, parameters, sentence) => {
    expect(refusals(exported(parameters as Record<string, string>)).join(' ')).toContain(sentence);
  });
});

describe('what is written', () => {
  const template = exported();
  const byName = Object.fromEntries(
    ofType(template, 'AWS::SSM::Parameter').map(([, { properties }]) => [properties.Name as string, properties]),
  );

  test('lists are lists, so that they can be read as such', () => {
    const lists = Object.entries(byName).filter(([, { Type }]) => Type === 'StringList');
    expect(lists.map(([name]) => name).sort()).toEqual(
      ['availability-zones', 'private-subnet-ids', 'public-subnet-ids'].map((name) => `${PREFIX}/network/${name}`),
    );
  });

  const offered = ['shared/network', 'shared/app'].flatMap((stack) => Object.keys(committed(stack).Outputs ?? {}));

  test.each(ELEVEN)('%s is what a stack of the project exports', (name) => {
    const [, id] = /"pikaia-([A-Za-z]+)"/.exec(textOf(byName[`${PREFIX}/${name}`]?.Value)) ?? [];
    expect(offered).toContain(id);
    const last = name.split('/')[1]!.replaceAll('-', '');
    expect(id?.toLowerCase()).toContain(last === 'arn' ? 'loadbalancerarn' : last);
    expect(id?.toLowerCase()).toContain(name.startsWith('database') ? 'database' : '');
  });
});
