import type { Unknown } from '../scenarios/unknown.ts';
import { all, any, fails, HOLDS, type Judgement, when } from './judgement.ts';
import { Place, type Subject } from './place.ts';
import { matching, notMatching, type TextTest } from './tests.ts';

/**
 * Policies as IAM evaluates them: a statement is read in its list and its string forms, a document also as JSON text; a Deny
 * weighs more than any Allow. Source: IAM user guide, policy elements and evaluation logic; Amazon S3 user guide, "The meaning
 * of public"; read 2026-11-21.
 */

/** Judges each statement of a policy. A policy that is not given has none. */
export function everyStatement(document: Place, judge: (statement: Place) => Judgement): Judgement {
  return parsed(document).at('Statement').every(judge);
}

/** Some statement does. */
export function someStatement(document: Place, judge: (statement: Place) => Judgement, otherwise: string): Judgement {
  const { content } = document;
  if (content.is === 'absent') return fails(document.here, otherwise);
  return parsed(document).at('Statement').some(judge, otherwise);
}

/** Each Allow statement. */
export function everyAllow(document: Place, judge: (statement: Place) => Judgement): Judgement {
  return everyStatement(document, (statement) => when(allows(statement), () => judge(statement)));
}

/** A document may be given as text. What is no JSON stays as it is: schemas refuse it. */
function parsed(document: Place): Place {
  const { text } = document;
  if (text === undefined) return document;
  try {
    return new Place(document.scene, document.here, JSON.parse(text));
  } catch {
    return document;
  }
}

export const allows = (statement: Place): Judgement => statement.at('Effect').is('Allow');
export const denies = (statement: Place): Judgement => statement.at('Effect').is('Deny');

/** `*`, `?` and letter case as IAM compares actions and ARNs. */
export function covers(pattern: string, text: string): boolean {
  return new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'is',
  ).test(text);
}

/** Everything: `*`, also as `*:*` or `arn:aws:*:*:*:*`. */
const ANYTHING: TextTest = {
  ...matching(/\*+(:\*+)*|arn:[^:]+(:\*+)+|arn:\*+/, 'everything (*)', ['*']),
  passesUnknown: (value) => {
    if (isName(value)) return false;
    const known = value.parts?.filter((part) => typeof part === 'string').join('') ?? '';
    return known.replace(/^arn:/, '') === '' ? undefined : /^(arn:)?[*:]+$/.test(known);
  },
};

/** What a deployment fills in here is the name, the ARN or the ID of one thing. */
function isName({ $unknown }: Unknown): boolean {
  return ['attribute', 'reference', 'import', 'pseudo'].includes($unknown);
}

/** The statement covers one of these actions. `NotAction` covers all that it does not name. */
export function coversAction(statement: Place, ...actions: readonly string[]): Judgement {
  const test = covering(...actions);
  const notAction = statement.at('NotAction');
  const isLeft = (action: string) => () => notAction.every((except) => except.test(notCovering(action)));
  return any([
    () => statement.at('Action').some((action) => action.test(test), `Action covers no ${actions[0]}`),
    () => all([notAction.present(), () => any([isLeft(actions[0]!), ...actions.slice(1).map(isLeft)])]),
  ]);
}

/** A pattern that matches at least one of the texts. */
function covering(...texts: readonly string[]): TextTest {
  return {
    wanted: texts.join(' or '),
    passes: (pattern) => texts.some((text) => covers(pattern, text)),
    edges: ['*', ...texts.slice(0, 1)],
  };
}

function notCovering(text: string): TextTest {
  return { wanted: `not ${text}`, passes: (pattern) => !covers(pattern, text), edges: ['*', text] };
}

/** Over every resource, whatever `Resource` or `NotResource` leaves out by name. */
export function coversEverything(statement: Place): Judgement {
  return any([
    () => statement.at('Resource').some((resource) => resource.test(ANYTHING), 'Resource names what it is for'),
    () => statement.at('NotResource').present(),
  ]);
}

// ---- who

const ANYONE: TextTest = {
  ...matching(/\*|arn:[^:]*:(iam|sts)::\*.*/, 'anyone', ['*']),
  passesUnknown: (value) =>
    isName(value) || value.parts?.some((part) => typeof part === 'string' && /^(arn:|[^*]*\w)/.test(part))
      ? false
      : undefined,
};

/** `Principal` takes in callers whom it does not name. */
export function admitsAnyone(statement: Place): Judgement {
  const principal = statement.at('Principal');
  return any([
    () =>
      principal.content.is === 'mapping'
        ? fails(principal.here, 'Principal names types')
        : principal.some((one) => one.test(ANYONE), 'Principal names callers'),
    () => principal.at('AWS').some((one) => one.test(ANYONE), 'Principal names callers'),
    () => statement.at('NotPrincipal').present(),
  ]);
}

/**
 * The account of the stack, or something in it. An account that is written out counts as another: its own is
 * `AWS::AccountId`.
 */
export const OWN_ACCOUNT: TextTest = {
  ...notMatching(/\*|[0-9]{12}|arn:[^:]*:(iam|sts)::.*/, 'of this account'),
  passesUnknown: ({ $unknown, parts, dependsOn }) => {
    if ($unknown === 'attribute' || $unknown === 'reference') return true;
    if (dependsOn.some(({ name }) => name === 'AWS::AccountId')) return true;
    const known = parts?.filter((part) => typeof part === 'string').join('');
    return known !== undefined && /::(\d{12}|\*):/.test(known) ? false : undefined;
  },
};

/** Keys by which a caller is known, or where the call comes from. Lower case: keys are not told apart by case. */
const KNOWN_CALLER: readonly string[] = [
  ...['aws:principalarn', 'aws:principalaccount', 'aws:principalorgid', 'aws:principalorgpaths', 'aws:userid'],
  ...['aws:sourcearn', 'aws:sourceaccount', 'aws:sourceowner', 'aws:sourceorgid', 'aws:sourceorgpaths'],
  ...['aws:sourceip', 'aws:vpcsourceip', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:sourcevpcarn'],
  ...['aws:vpceaccount', 'aws:vpceorgid', 'aws:vpceorgpaths', 'aws:principalserviceorgid', 'aws:username'],
  ...['kms:calleraccount', 's3:dataaccesspointaccount', 's3:dataaccesspointarn', 'aws:principalisawsservice'],
  ...['elasticfilesystem:accesspointarn', 'elasticfilesystem:accessedviamounttarget'],
];

/** A condition that asks for a value: `ForAllValues:` and `…IfExists` are also met where there is none. */
const ASKS = /^(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like)|ipaddress|bool)$/i;
/** A condition that shuts out: met by every caller who has not the value, or has none. */
const SHUTS_OUT =
  /^(forallvalues:)?(stringnot(equals|equalsignorecase|like)|arnnot(equals|like)|notipaddress)(ifexists)?$/i;
/** These compare with wildcards; the others take `*` for itself. */
const WITH_WILDCARDS = /like$|^arn|:arn/i;

/** Values that leave somebody out. Amazon S3 counts address ranges of more than 2^24 addresses as the public. */
function narrowing(operator: string, key: string): TextTest {
  const wild = WITH_WILDCARDS.test(operator.replace(/ifexists$/i, ''));
  const byAddress = /ipaddress/i.test(operator);
  const isWhole = (text: string): boolean => {
    if (byAddress) {
      const [address = '', bits] = text.split('/');
      return bits !== undefined && Number(bits) < (address.includes(':') ? 32 : 8);
    }
    if (/^bool/i.test(operator)) return text.toLowerCase() !== 'true';
    if (!wild) return false;
    const account = /^arn:[^:]*:[^:]*:[^:]*:([^:]*):/.exec(text)?.[1];
    return /^[*?]*$/.test(text) || account?.includes('*') === true || (key.endsWith('account') && /[*?]/.test(text));
  };
  return {
    wanted: `a value of ${key} that leaves somebody out`,
    passes: (text) => !isWhole(text),
    edges: byAddress ? ['0.0.0.0/0'] : wild ? ['*'] : [],
    passesUnknown: (value) =>
      isName(value) || value.parts?.some((part) => typeof part === 'string' && /\w/.test(part)) || !(wild || byAddress)
        ? true
        : undefined,
  };
}

/** Some condition of the statement lets only callers in who are known. */
export function limitsCallers(statement: Place): Judgement {
  return someCondition(statement, ASKS, namesCallers, 'no Condition limits the callers');
}

/** Some key of a condition, under an operator of this kind, is so. */
export function someCondition(
  statement: Place,
  operators: RegExp,
  judge: (operator: string, key: string, value: Place) => Judgement,
  otherwise: string,
): Judgement {
  const conditions = statement.at('Condition');
  const ofOperator = (operator: string, keys: Place): Judgement =>
    any(
      keys.members().map(
        ([key, value]) =>
          () =>
            judge(operator, key, value),
      ),
      unlessUnknown(keys, otherwise),
    );
  return any(
    conditions
      .members()
      .filter(([operator]) => operators.test(operator))
      .map(
        ([operator, keys]) =>
          () =>
            ofOperator(operator, keys),
      ),
    unlessUnknown(conditions, otherwise),
  );
}

function namesCallers(operator: string, key: string, value: Place): Judgement {
  if (!KNOWN_CALLER.includes(key.toLowerCase())) return fails(value.here, `${key} does not say who calls`);
  const test = narrowing(operator, key.toLowerCase());
  return all([value.present(), () => value.every((one) => one.test(test))]);
}

/** A mapping of one member: nothing else is said in it. */
export function hasOneMember(place: Place): Judgement {
  const members = place.members();
  const alone = (name: string): Judgement =>
    all(
      members
        .filter(([other]) => other !== name)
        .map(
          ([, other]) =>
            () =>
              other.absent(),
        ),
    );
  return any(
    members.map(
      ([name, member]) =>
        () =>
          all([member.present(), () => alone(name)]),
    ),
    unlessUnknown(place, `${place.name} has other members`),
  );
}

/** What cannot be seen into does not fail. */
function unlessUnknown(place: Place, message: string): Judgement {
  const { content } = place;
  if (content.is === 'open') return { is: 'open', needs: content.needs };
  if (content.is === 'unknown') return place.depends(content.value, message);
  return fails(place.here, message);
}

/**
 * Nobody is let in whom the policy does not name, or know by a condition. An Allow that is open to anyone counts as limited
 * where a Deny takes back all its actions from those without a known value.
 */
export function notPublic(document: Place, ...actions: readonly string[]): Judgement {
  return everyAllow(document, (statement) =>
    when(
      all([() => admitsAnyone(statement), ...(actions.length > 0 ? [() => coversAction(statement, ...actions)] : [])]),
      () =>
        any(
          [() => limitsCallers(statement), () => isTakenBack(document, statement)],
          fails(
            statement.at('Principal').here,
            'anyone is let in: Principal is open and no Condition limits the callers',
          ),
        ),
    ),
  );
}

/** Some Deny covers what the statement allows, for all but known callers. */
function isTakenBack(document: Place, allowed: Place): Judgement {
  return someStatement(
    document,
    (statement) =>
      all([
        () => denies(statement),
        () => admitsAnyone(statement),
        () => statement.at('NotPrincipal').absent(),
        () => deniesActionsOf(statement, allowed),
        () => deniesResourcesOf(statement, allowed),
        () => shutsOut(statement),
      ]),
    'nothing takes it back',
  );
}

function deniesActionsOf(denying: Place, allowed: Place): Judgement {
  return all([
    () => allowed.at('NotAction').absent(),
    () =>
      allowed
        .at('Action')
        .every((action) =>
          denying
            .at('Action')
            .some(
              (pattern) => pattern.test(action.text === undefined ? ANYTHING : covering(action.text)),
              'it denies other actions',
            ),
        ),
  ]);
}

/** Policies of a resource mostly speak of all of it: the same text, or everything. */
function deniesResourcesOf(denying: Place, allowed: Place): Judgement {
  const same = (one: Place, other: Place): boolean => JSON.stringify(said(one)) === JSON.stringify(said(other));
  const denied = denying.at('Resource');
  return any([
    () => all([denied.absent(), () => denying.at('NotResource').absent()]),
    () => denied.some((pattern) => pattern.test(ANYTHING), 'it denies other resources'),
    () =>
      allowed
        .at('Resource')
        .every((resource) =>
          denied.some(
            (pattern) => (same(resource, pattern) ? HOLDS : fails(pattern.here, 'it denies another resource')),
            'it denies other resources',
          ),
        ),
  ]);
}

function said({ content }: Place): unknown {
  return content.is === 'text' ? content.text : content.is === 'unknown' ? content.value.expression : content;
}

/** Everybody, or everybody but known callers: then each key must be one by which callers are known, or spare AWS itself. */
export function shutsOut(statement: Place): Judgement {
  const conditions = statement.at('Condition');
  const sparesAws = (operator: string, key: string, value: Place): Judgement =>
    /^bool(ifexists)?$/i.test(operator) && /^aws:(principalisawsservice|viaawsservice)$/i.test(key)
      ? value.is(false)
      : fails(value.here, `${key} lets callers in who are not known`);
  const keep = (operator: string, key: string, value: Place): Judgement =>
    SHUTS_OUT.test(operator) ? namesCallers(operator, key, value) : sparesAws(operator, key, value);
  const operators = conditions.members();
  return any([
    () => conditions.absent(),
    () =>
      operators.length === 0
        ? unlessUnknown(conditions, 'its Condition shuts nobody out')
        : all(
            operators.map(
              ([operator, keys]) =>
                () =>
                  keys.content.is === 'mapping'
                    ? all(
                        keys.members().map(
                          ([key, value]) =>
                            () =>
                              keep(operator, key, value),
                        ),
                      )
                    : unlessUnknown(keys, 'its Condition shuts nobody out'),
            ),
          ),
  ]);
}

// ---- policies of identities

/** The documents of a role, a user, a group, a permission set or a policy. */
export function identityPolicies(subject: Subject, judge: (document: Place) => Judgement): Judgement {
  return all([
    () => judge(subject.at('PolicyDocument')),
    () => judge(subject.at('InlinePolicy')),
    () => subject.at('Policies').every((policy) => judge(policy.at('PolicyDocument'))),
  ]);
}
