import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { confirmed } from '../../generator/commands/database.ts';
import type { CfnError } from '../../lib/cfn/errors.ts';
import { LONGEST_NAME, projectNames } from '../../lib/database/names.ts';
import { generatePassword, scramVerifier } from '../../lib/database/password.ts';

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as CfnError).findings[0]?.code;
  }
  return undefined;
};

describe('names', () => {
  test.each([
    ['shop', 'shop', 'shop_user'],
    ['my-shop', 'my_shop', 'my_shop_user'],
    ['a', 'a', 'a_user'],
    ['select', 'select', 'select_user'],
    ['pgadmin2', 'pgadmin2', 'pgadmin2_user'],
    ['x'.repeat(LONGEST_NAME), 'x'.repeat(LONGEST_NAME), `${'x'.repeat(LONGEST_NAME)}_user`],
  ])('%s makes the database %s and the user %s', (project, database, user) => {
    expect(projectNames(project)).toMatchObject({ database, user, secret: `${project}/database-credentials` });
  });

  test.each([
    '',
    ' ',
    'Shop',
    '1shop',
    '-shop',
    'shop-',
    'shop_',
    'my--shop',
    'my-_shop',
    'my shop',
    'shop;drop',
    'shop"; DROP DATABASE postgres; --',
    "shop'; ALTER ROLE x SUPERUSER; --",
    'shop\n',
    'shop\0',
    'shop\\',
    '$$shop$$',
    '../shop',
    'shop/other',
    'ѕhop',
    'shöp',
    'postgres',
    'template0',
    'template1',
    'rdsadmin',
    'rdsproxyadmin',
    'root',
    'public',
    'all',
    'replication',
    'pg_shop',
    'pg-shop',
    'rds_shop',
    'aws-shop',
    'x'.repeat(LONGEST_NAME + 1),
  ])('%j is refused', (project) => {
    expect(codeOf(() => projectNames(project))).toBe('CFN750');
  });

  test('whatever is taken fits an identifier of PostgreSQL, and needs no quotes', () => {
    const near = fc.stringMatching(/^[a-z0-9_-]{1,70}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        if (codeOf(() => projectNames(text))) return;
        const { database, user, alternate } = projectNames(text);
        for (const name of [database, user, alternate]) expect(name).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('no two projects with different databases share a role', () => {
    const name = fc.stringMatching(/^[a-z](_user|_clone|[a-z]){0,4}$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        if (one === other || codeOf(() => projectNames(one)) || codeOf(() => projectNames(other))) return;
        const [a, b] = [projectNames(one), projectNames(other)];
        expect(new Set([a.user, a.alternate, b.user, b.alternate]).size).toBe(4);
      }),
    );
  });

  test('a path of a secret that Secrets Manager does not take is refused', () => {
    expect(codeOf(() => projectNames('shop', 'shop/"credentials"'))).toBe('CFN750');
  });
});

describe('passwords', () => {
  test('differ, and need no quoting anywhere', () => {
    const many = Array.from({ length: 500 }, () => generatePassword());
    expect(new Set(many).size).toBe(500);
    for (const password of many) expect(password).toMatch(/^[A-Za-z0-9]{40}$/);
  });

  test('the verifier is that of RFC 7677', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    const [, stored, server] = /\$([^$:]+):([^:]+)$/.exec(scramVerifier('pencil', salt, 4096))!;
    // The RFC's example: the proof that its client sends, and the signature that its server answers with.
    const message = [
      'n=user,r=rOprNGfwEbeRWgbNEkqO',
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    ].join(',');
    const signed = (key: Buffer) => createHmac('sha256', key).update(message).digest();
    expect(signed(Buffer.from(server!, 'base64')).toString('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const signature = signed(Buffer.from(stored!, 'base64'));
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(stored);
  });

  test('two verifiers of one password differ', () => {
    expect(scramVerifier('same')).not.toBe(scramVerifier('same'));
  });
});

describe('the name of what is dropped is given again', () => {
  const outcome = (yes: string | undefined, typed?: string) =>
    confirmed('shop', yes, typed === undefined ? undefined : async () => typed).then(
      () => 'confirmed',
      (error) => error.findings[0].code,
    );

  test.each<[string | undefined, string | undefined, string]>([
    ['shop', undefined, 'confirmed'],
    [undefined, 'shop', 'confirmed'],
    [undefined, undefined, 'CFN704'],
    [undefined, '', 'CFN704'],
    [undefined, 'y', 'CFN704'],
    [undefined, 'shop ', 'CFN704'],
    ['ship', 'shop', 'CFN704'],
    ['', 'shop', 'CFN704'],
  ])('--yes %j, typed %j: %s', async (yes, typed, expected) => {
    expect(await outcome(yes, typed)).toBe(expected);
  });
});
