import { describe, expect, test } from '@jest/globals';
import { nextPriority, parseRegister } from '../../../generator/projects/register.ts';
import { CfnError, type Finding } from '../../../lib/cfn/errors.ts';

const CERTIFICATE = 'arn:aws:acm:us-west-2:111122223333:certificate/0b1c';
const REGISTER = `
environments:
  prod: {type: production, region: us-west-2, account: "111122223333"}
  dev: {type: development, region: eu-west-1}
providers:
  pikaia: {environment: prod, domain: api.pikaia.dev, certificateArn: "${CERTIFICATE}"}
projects:
  consumer-a: {provider: pikaia, domain: api.consumer-a.com, priority: 100}
  consumer-b: {provider: pikaia, domain: api.consumer-b.com, priority: 200, resourcePrefix: cb}
  alone: {environment: dev, domain: api.alone.com}
`;

function findingsOf(text: string): readonly Finding[] {
  try {
    parseRegister(text, 'plainform.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof CfnError)) throw error;
    return error.findings;
  }
}
const edited = (from: string, to: string) => {
  expect(REGISTER).toContain(from);
  return REGISTER.replace(from, to);
};

test('what a register says, and what follows from it', () => {
  const { providers, projects } = parseRegister(REGISTER, 'plainform.yaml');
  expect(providers.get('pikaia')).toMatchObject({
    prefix: '/shared-infra/prod',
    resourcePrefix: 'pikaia',
    environment: { name: 'prod', region: 'us-west-2' },
  });
  expect([...projects.values()]).toMatchObject([
    {
      name: 'consumer-a',
      mode: 'consumer',
      resourcePrefix: 'consumer-a',
      databaseSecretPath: 'consumer-a/database-credentials',
    },
    { name: 'consumer-b', mode: 'consumer', priority: 200, databaseSecretPath: 'cb/database-credentials' },
    { name: 'alone', mode: 'standalone', environment: { region: 'eu-west-1' } },
  ]);
  expect(nextPriority([...projects.values()], 'pikaia')).toBe(101);
});

test('a file with waivers only is an empty register', () =>
  expect(parseRegister('waivers: []\n', 'plainform.yaml').projects.size).toBe(0));

describe('what is refused, and where', () => {
  test.each<[what: string, text: string, code: string, line: number, said: string]>([
    ['a member that there is not', edited('priority: 100', 'prioritty: 100'), 'CFN730', 8, 'did you mean priority?'],
    ['a section that there is not', `${REGISTER}project: {}\n`, 'CFN730', 11, 'did you mean projects?'],
    ['a name with capitals', edited('consumer-a:', 'ConsumerA:'), 'CFN730', 8, '"ConsumerA" is no name'],
    ['a name that is too long', edited('consumer-a:', 'a-name-that-is-too-long-for-all:'), 'CFN730', 8, 'is no name'],
    ['no domain', edited('domain: api.alone.com', ''), 'CFN730', 10, 'projects.alone has no domain'],
    [
      'a domain that is none',
      edited('api.alone.com', 'localhost'),
      'CFN730',
      10,
      'projects.alone.domain is "localhost"',
    ],
    ['a domain in capitals', edited('api.alone.com', 'API.alone.com'), 'CFN730', 10, 'in lower case'],
    ['a priority below', edited('priority: 100', 'priority: 99'), 'CFN730', 8, 'from 100 to 999'],
    ['a priority above', edited('priority: 100', 'priority: 1000'), 'CFN730', 8, 'from 100 to 999'],
    [
      'a priority as text',
      edited('priority: 100', 'priority: first'),
      'CFN730',
      8,
      'projects.consumer-a.priority is "first"',
    ],
    [
      'a type of environment',
      edited('type: production', 'type: prod'),
      'CFN730',
      3,
      'one of development, staging, production',
    ],
    ['an account as a number', edited('"111122223333"', '111122223333'), 'CFN730', 3, 'in quotes'],
    ['a certificate that is none', edited(CERTIFICATE, 'certificate'), 'CFN730', 6, 'the ARN of a certificate'],
    [
      'an environment that there is not',
      edited('environment: prod', 'environment: prd'),
      'CFN731',
      6,
      'did you mean prod?',
    ],
    [
      'a provider that there is not',
      edited('provider: pikaia, domain: api.consumer-b', 'provider: pikia, domain: api.consumer-b'),
      'CFN731',
      9,
      'did you mean pikaia?',
    ],
    [
      'a provider and an environment',
      edited('{environment: dev', '{provider: pikaia, priority: 300, environment: dev'),
      'CFN732',
      10,
      'it is a consumer or stands alone',
    ],
    ['neither', edited('environment: dev, ', ''), 'CFN732', 10, 'neither a provider nor an environment'],
    ['a consumer without priority', edited(', priority: 100', ''), 'CFN732', 8, 'has no priority'],
    [
      'a priority where nothing is shared',
      edited('{environment: dev', '{priority: 100, environment: dev'),
      'CFN732',
      10,
      'stands alone',
    ],
    [
      'a certificate where the listener is shared',
      edited('priority: 100', `priority: 100, certificateArn: "${CERTIFICATE}"`),
      'CFN732',
      8,
      "is the provider's",
    ],
    [
      'a consumer in another region',
      edited('priority: 100', 'priority: 100, region: eu-west-1'),
      'CFN732',
      8,
      'what it shares is in us-west-2',
    ],
    [
      'a certificate of another region',
      edited(CERTIFICATE, CERTIFICATE.replace('us-west-2', 'us-east-1')),
      'CFN732',
      6,
      'the certificate is of us-east-1',
    ],
    [
      'a domain claimed twice',
      edited('api.consumer-b.com', 'api.consumer-a.com'),
      'CFN733',
      9,
      'by consumer-a (line 8) and by consumer-b',
    ],
    ['the domain of the provider', edited('api.consumer-b.com', 'api.pikaia.dev'), 'CFN733', 9, 'by pikaia (line 6)'],
    [
      'a resource prefix claimed twice',
      edited('resourcePrefix: cb', 'resourcePrefix: consumer-a'),
      'CFN734',
      9,
      'resource prefix consumer-a in 111122223333 is claimed twice',
    ],
    [
      'the resource prefix of the provider',
      edited('resourcePrefix: cb', 'resourcePrefix: pikaia'),
      'CFN734',
      9,
      'pikaia',
    ],
    [
      'a priority claimed twice',
      edited('priority: 200', 'priority: 100'),
      'CFN735',
      9,
      'priority 100 on the listener of pikaia is claimed twice',
    ],
  ])('%s', (_, text, code, line, said) => {
    const findings = findingsOf(text);
    const finding = findings.find((each) => each.code === code && `${each.message} ${each.fix}`.includes(said));
    expect(findings.map((each) => `${each.code} ${each.line} ${each.message}; ${each.fix}`)).toContainEqual(
      expect.stringContaining(said),
    );
    expect(finding).toMatchObject({ code, line, file: 'plainform.yaml', severity: 'error' });
  });

  test('all at once, from top to bottom', () => {
    const text = edited('priority: 200', 'priority: 100').replace('api.alone.com', 'api.consumer-a.com');
    expect(findingsOf(text).map(({ code, line }) => [code, line])).toEqual([
      ['CFN735', 9],
      ['CFN733', 10],
    ]);
  });

  test.each<[what: string, text: string, code: string, line: number, said: string]>([
    [
      'a project written twice, of which one would be lost',
      `${REGISTER}  alone: {environment: dev, domain: b.com}\n`,
      'CFN104',
      11,
      '"alone" stands twice',
    ],
    ['a second document', `${REGISTER}---\nprojects: {}\n`, 'CFN106', 2, 'more than one YAML document'],
    ['what is no YAML', `${REGISTER}  x: [\n`, 'CFN102', 12, 'flow collection'],
    ['a list', '- projects\n', 'CFN730', 1, 'is a list; write a mapping'],
    ['a project without anything', `${REGISTER}  x1:\n`, 'CFN730', 11, 'projects.x1 is empty'],
    [
      'a provider and a project of one name',
      `${REGISTER}  pikaia: {environment: dev, domain: b.com, resourcePrefix: other}\n`,
      'CFN734',
      11,
      'the name pikaia is claimed twice',
    ],
    [
      'one prefix in two regions of an account, where roles are one',
      edited('region: eu-west-1', 'region: eu-west-1, account: "111122223333"').replace(
        '{environment: dev, ',
        '{environment: dev, resourcePrefix: cb, ',
      ),
      'CFN734',
      10,
      'resource prefix cb in 111122223333',
    ],
    [
      'one prefix in two environments without account',
      edited(', account: "111122223333"', '').replace('{environment: dev, ', '{environment: dev, resourcePrefix: cb, '),
      'CFN734',
      10,
      'say the account of each environment',
    ],
    [
      'the secret of the provider',
      edited('priority: 100', 'priority: 100, databaseSecretPath: pikaia/database-credentials'),
      'CFN734',
      8,
      'by pikaia and by consumer-a',
    ],
    [
      'the secret of a project that comes later',
      edited('priority: 100', 'priority: 100, databaseSecretPath: cb/database-credentials'),
      'CFN734',
      8,
      'by consumer-b and by consumer-a',
    ],
    [
      'a name that AWS keeps for security groups',
      edited('resourcePrefix: cb', 'resourcePrefix: sg'),
      'CFN730',
      9,
      'would begin with sg-, which AWS refuses',
    ],
    [
      'a name that AWS keeps for load balancers',
      edited('alone:', 'internal-tools:'),
      'CFN730',
      10,
      'would begin with internal-',
    ],
    [
      'a project alone in another region than its environment',
      edited('{environment: dev, ', '{environment: dev, region: us-west-2, '),
      'CFN732',
      10,
      'its environment dev in eu-west-1',
    ],
  ])('%s', (_, text, code, line, said) => {
    const findings = findingsOf(text);
    expect(findings.map((each) => `${each.code} ${each.line} ${each.message}; ${each.fix}`)).toContainEqual(
      expect.stringContaining(said),
    );
    expect(findings.find((each) => `${each.message}; ${each.fix}`.includes(said))).toMatchObject({ code, line });
    expect(() => parseRegister(text, 'plainform.yaml')).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  test.each([
    ['a consumer has no load balancer that could be called internal', edited('consumer-a:', 'internal-a:')],
    ['a word that only begins like one of AWS', edited('resourcePrefix: cb', 'resourcePrefix: sgx')],
    ['a section without entries', 'projects:\nproviders: ~\nenvironments:\n'],
    ['anchors', REGISTER.replace('dev: {', 'dev: &d {').replace('providers:', '  two: *d\nproviders:')],
  ])('%s: accepted', (_, text) => expect(findingsOf(text)).toEqual([]));

  test('one prefix in two accounts is two names', () =>
    expect(findingsOf(edited('{environment: dev, ', '{environment: dev, resourcePrefix: cb, '))).toEqual([]));

  test('a listener holds nine hundred rules of ours, and then no more', () => {
    const many = (count: number) =>
      Array.from(
        { length: count },
        (_, n) => `  p${n}: {provider: pikaia, domain: p${n}.example.com, priority: ${100 + n}}`,
      );
    const full = parseRegister(`${REGISTER.split('projects:')[0]}projects:\n${many(900).join('\n')}\n`, 'r.yaml');
    expect(nextPriority([...full.projects.values()], 'pikaia')).toBeUndefined();
  });
});
