import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, not, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import {
  admitsAnyone,
  coversAction,
  coversEverything,
  everyAllow,
  identityPolicies,
  limitsCallers,
  someCondition,
} from './policy.ts';
import { matching, type TextTest } from './tests.ts';

const MANAGED = 'AWS::IAM::ManagedPolicy';
const INLINE = [
  'AWS::IAM::Policy',
  'AWS::IAM::RolePolicy',
  'AWS::IAM::UserPolicy',
  'AWS::IAM::GroupPolicy',
  'AWS::IAM::Role',
  'AWS::IAM::User',
  'AWS::IAM::Group',
  'AWS::SSO::PermissionSet',
];
const IDENTITIES = ['AWS::IAM::Role', 'AWS::IAM::User'];

/** A permissions boundary gives nothing: Security Hub leaves it out. */
function isBoundary(policy: Subject, stack: Stack): Judgement {
  return any(
    stack
      .all(...IDENTITIES)
      .map(
        (identity) => () =>
          all([identity.exists(), () => identity.at('PermissionsBoundary').refersTo(policy, 'ManagedPolicyName')]),
      ),
    fails(policy.here, `${policy.id} is no permissions boundary`),
  );
}

/** No Allow statement of its documents is so. */
function noAllow(subject: Subject, stack: Stack, isSo: (statement: Place) => Judgement, message: string): Judgement {
  const judged = identityPolicies(subject, (document) =>
    everyAllow(document, (statement) => not(isSo(statement), statement.here, message)),
  );
  return judged.is === 'holds' ? HOLDS : any([judged, () => isBoundary(subject, stack)]);
}

const EVERY_ACTION: TextTest = { ...matching(/\*+(:\*+)?/, 'every action'), edges: ['*'] };
/** `s3:*`, which `s3:Get*` is not. */
const EVERY_ACTION_OF_A_SERVICE: TextTest = {
  ...matching(/\*+|[\w*-]+:\*+/, 'every action of a service'),
  edges: ['*'],
};

const someAction = (actions: Place, test: TextTest): Judgement =>
  actions.some((action) => action.test(test), `${actions.name} is narrower`);

const isFullAccess = (statement: Place): Judgement =>
  all([() => someAction(statement.at('Action'), EVERY_ACTION), () => coversEverything(statement)]);

const isServiceWide = (statement: Place): Judgement =>
  any([
    () => someAction(statement.at('Action'), EVERY_ACTION_OF_A_SERVICE),
    () => someAction(statement.at('NotAction'), EVERY_ACTION_OF_A_SERVICE),
  ]);

/** `*`, or every key of an account. */
const EVERY_KEY: TextTest = {
  ...matching(/\*+|arn:[^:]*:(kms|\*):[^:]*:[^:]*:(key\/)?\*+/, 'every key'),
  edges: ['*'],
  passesUnknown: ({ $unknown, parts }) => {
    if (['attribute', 'reference', 'import'].includes($unknown)) return false;
    const last = parts?.at(-1);
    if (typeof last !== 'string') return undefined;
    if (!last.endsWith('*') || /:alias\/|key\/[^*]/.test(last)) return false;
    // `arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/*`; of another service it names no key.
    const known = parts!.filter((part) => typeof part === 'string').join(' ');
    return /:kms:|^arn:\S* kms:|^\S*:\*:/.test(known);
  },
};

const decryptsWithEveryKey = (statement: Place): Judgement =>
  all([
    () => coversAction(statement, 'kms:Decrypt', 'kms:ReEncryptFrom'),
    () =>
      any([
        () => statement.at('Resource').some((resource) => resource.test(EVERY_KEY), 'Resource names its keys'),
        () => statement.at('NotResource').present(),
      ]),
  ]);

/** People assume a role of an account as a whole, or as a user. Another company's machine shows an external ID. */
const ACCOUNT_OR_USER = /^(\*|\d{12}|arn:[^:]*:iam::[^:]*:(root|user\/.*))$/;
const ofPeople: TextTest = {
  wanted: 'an account or a user',
  passes: (text) => ACCOUNT_OR_USER.test(text),
  edges: ['*'],
  passesUnknown: ({ $unknown, parts, expression }) => {
    if ($unknown === 'pseudo') return JSON.stringify(expression).includes('AccountId');
    if ($unknown === 'attribute' || $unknown === 'reference' || $unknown === 'import') return false;
    const last = parts?.at(-1);
    return typeof last === 'string' ? last.endsWith(':root') || last.includes(':user/') : undefined;
  },
};

/** Under such an operator the key has a value that fits. */
const conditionAsks = (
  statement: Place,
  operators: RegExp,
  asked: string,
  judge: (value: Place) => Judgement,
): Judgement =>
  someCondition(
    statement,
    operators,
    (_, key, value) =>
      key.toLowerCase() === asked.toLowerCase() ? judge(value) : fails(value.here, `it does not ask for ${asked}`),
    `no Condition asks for ${asked}`,
  );

const needsMfa = (statement: Place): Judgement =>
  all([
    () => conditionAsks(statement, /^Bool$/i, 'aws:MultiFactorAuthPresent', (value) => value.is(true)),
    () => conditionAsks(statement, /^NumericLessThan(Equals)?$/i, 'aws:MultiFactorAuthAge', (value) => value.present()),
  ]);

/** Judges each statement by which people assume a role. */
function ofPeopleOnly(role: Subject, judge: (statement: Place) => Judgement): Judgement {
  return everyAllow(trust(role), (statement) =>
    when(
      all([
        () => coversAction(statement, 'sts:AssumeRole'),
        () => statement.at('Principal', 'AWS').some((one) => one.test(ofPeople), 'it is for roles'),
        () =>
          not(
            conditionAsks(statement, /^StringEquals$/i, 'sts:ExternalId', (value) => value.present()),
            statement.here,
            'it is for another company',
          ),
      ]),
      () => judge(statement),
    ),
  );
}

/** Tokens of these providers say in `sub` who asks; without it anybody with an account there is let in. */
const SHARED = /token\.actions\.githubusercontent\.com|gitlab\.com|app\.terraform\.io|oidc\.circleci\.com/;
const SHARED_PROVIDER: TextTest = {
  wanted: 'a provider of tokens that everybody can use',
  passes: (text) => SHARED.test(text),
  edges: [],
  passesUnknown: ({ $unknown, parts }) =>
    $unknown === 'text' ? parts?.some((part) => typeof part === 'string' && SHARED.test(part)) : undefined,
};

const SAYS_WHO = /:(sub|job_workflow_ref|repository|repository_owner|namespace_path|project_path)$/i;

const NOT_ALL: TextTest = { ...matching(/(?![*?]*$)(?!repo:\*).*/, 'more than a wildcard'), edges: ['*'] };

/** Some condition on the token names who may come, and not only with a wildcard. */
const namesWho = (statement: Place): Judgement =>
  someCondition(
    statement,
    /^(foranyvalue:)?string(equals|equalsignorecase|like)$/i,
    (_, key, value) =>
      SAYS_WHO.test(key)
        ? all([value.present(), () => value.every((one) => one.test(NOT_ALL))])
        : fails(value.here, `${key} does not say who comes`),
    'no Condition on the token says who may come',
  );

const trust = (role: Subject): Place => role.at('AssumeRolePolicyDocument');

export const iam: Controls = {
  'IAM.1': on([MANAGED, ...INLINE], (policy, stack) =>
    noAllow(policy, stack, isFullAccess, 'it allows every action on every resource'),
  ),
  'IAM.2': on(['AWS::IAM::User', 'AWS::IAM::Policy', MANAGED, 'AWS::IAM::UserPolicy'], (subject) => {
    if (subject.type === 'AWS::IAM::UserPolicy')
      return fails(subject.here, `${subject.id} is of a user: give it to a group`);
    if (subject.type !== 'AWS::IAM::User')
      return subject.at('Users').absent(`${subject.id} is attached to users: attach it to a group`);
    return all([
      () => subject.at('Policies').absent(`${subject.id} has policies of its own: put it in a group`),
      () => subject.at('ManagedPolicyArns').absent(`${subject.id} has policies attached: put it in a group`),
    ]);
  }),
  // Security Hub asks it of managed policies; an inline one gives no less.
  'IAM.21': on([MANAGED, ...INLINE], (policy, stack) =>
    noAllow(policy, stack, isServiceWide, 'it allows every action of a service'),
  ),
  'KMS.1': on(MANAGED, (policy, stack) =>
    noAllow(policy, stack, decryptsWithEveryKey, 'it allows decrypting with every key'),
  ),
  'KMS.2': on(INLINE, (policy, stack) =>
    noAllow(policy, stack, decryptsWithEveryKey, 'it allows decrypting with every key'),
  ),
  'PF.IAM.boundary': on('AWS::IAM::Role', (role) => ofPeopleOnly(role, () => role.at('PermissionsBoundary').present())),
  'PF.IAM.mfa': on('AWS::IAM::Role', (role) => ofPeopleOnly(role, needsMfa)),
  'PF.IAM.trust': on('AWS::IAM::Role', (role) =>
    everyAllow(trust(role), (statement) =>
      all([
        () =>
          when(admitsAnyone(statement), () =>
            any([() => limitsCallers(statement)], fails(statement.here, 'anyone may assume the role')),
          ),
        () =>
          when(
            statement
              .at('Principal', 'Federated')
              .some((one) => one.test(SHARED_PROVIDER), 'it is a provider of its own'),
            () => namesWho(statement),
          ),
      ]),
    ),
  ),
};
