import type { Unknown } from '../scenarios/unknown.ts';
import { type Control, type Controls, on, type Stack } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, not, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import {
  admitsAnyone,
  coversAction,
  denies,
  everyAllow,
  hasOneMember,
  notPublic,
  OWN_ACCOUNT,
  someStatement,
} from './policy.ts';
import { oneOf, type TextTest } from './tests.ts';

const FLAGS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];
const OWNER_DECIDES = ['ObjectWriter', 'BucketOwnerPreferred'];
const NOTIFIED = ['LambdaConfigurations', 'QueueConfigurations', 'TopicConfigurations'];

const isEnabled = (rule: Place): Judgement => rule.at('Status').is('Enabled');

function hasLifecycle(bucket: Subject): Judgement {
  return bucket.at('LifecycleConfiguration', 'Rules').some(isEnabled, 'no lifecycle rule is enabled');
}

/** The algorithms of the default encryption. S3 takes one rule; each that is given must do. */
function encryptedBy(bucket: Subject, judge: (algorithm: Place) => Judgement): Judgement {
  const rules = bucket.at('BucketEncryption', 'ServerSideEncryptionConfiguration');
  return all([
    () => rules.present('BucketEncryption is missing'),
    () => rules.every((rule) => judge(rule.at('ServerSideEncryptionByDefault', 'SSEAlgorithm'))),
  ]);
}

/** Access points block public access unless they are told otherwise. */
const keepsBlocking = (point: Subject): Judgement =>
  all(FLAGS.map((flag) => () => point.at('PublicAccessBlockConfiguration', flag).isNot(false)));

export const BUCKET = 'AWS::S3::Bucket';
export const BUCKET_POLICY = 'AWS::S3::BucketPolicy';

const READING = ['GetObject', 'GetObjectVersion', 'ListBucket', 'ListBucketVersions', 'GetBucketAcl', 'GetObjectAcl'];
const WRITING = [
  ...['PutObject', 'DeleteObject', 'DeleteObjectVersion', 'PutObjectAcl', 'PutBucketAcl', 'PutBucketPolicy'],
  ...['DeleteBucket', 'DeleteBucketPolicy', 'ReplicateObject', 'RestoreObject', 'AbortMultipartUpload'],
];
/** What Security Hub's S3.6 takes amiss in other accounts. */
const DANGEROUS = [
  'DeleteBucketPolicy',
  'PutBucketAcl',
  'PutBucketPolicy',
  'PutEncryptionConfiguration',
  'PutObjectAcl',
];

const ofS3 = (actions: readonly string[]): string[] => actions.map((action) => `s3:${action}`);

/** Those buckets of the template that a policy is for, which say so. */
function someBucketOf(
  policy: Subject,
  stack: Stack,
  judge: (bucket: Subject) => Judgement,
  otherwise: string,
): Judgement {
  return any(
    stack
      .all(BUCKET)
      .map(
        (bucket) => () =>
          all([bucket.exists(), () => policy.at('Bucket').refersTo(bucket, 'BucketName'), () => judge(bucket)]),
      ),
    fails(policy.here, otherwise),
  );
}

/** By an access control list that nothing ignores, or by a policy that nothing restricts. */
function closedTo(acls: readonly string[], actions: readonly string[]): Control {
  return on([BUCKET, BUCKET_POLICY], (subject, stack) => {
    const blocks = (bucket: Subject, flag: string) => bucket.at('PublicAccessBlockConfiguration', flag).is(true);
    if (subject.type === BUCKET)
      return any([() => subject.at('AccessControl').isNot(...acls), () => blocks(subject, 'IgnorePublicAcls')]);
    const judged = notPublic(subject.at('PolicyDocument'), ...ofS3(actions));
    if (judged.is === 'holds') return judged;
    return any([
      judged,
      () => someBucketOf(subject, stack, (bucket) => blocks(bucket, 'RestrictPublicBuckets'), 'no bucket restricts it'),
    ]);
  });
}

/** Whether an ARN is of objects: `${Bucket.Arn}/*`; that of a bucket has no slash, whatever a deployment fills in as its name. */
function isOfObjects({ parts, $unknown }: Unknown): boolean | undefined {
  if ($unknown === 'attribute') return false;
  const known = parts?.filter((part) => typeof part === 'string').join('');
  const last = parts?.at(-1);
  if (typeof last === 'string' && last.endsWith('*')) return true;
  return known?.includes(':::') && !known.includes('/') ? false : undefined;
}

/** `*` is for both. */
const OF_OBJECTS: TextTest = {
  wanted: 'the objects',
  passes: (text) => text.endsWith('*'),
  edges: ['*'],
  passesUnknown: isOfObjects,
};
const OF_BUCKET: TextTest = {
  wanted: 'the bucket',
  passes: (text) => !text.endsWith('/*'),
  edges: ['*'],
  passesUnknown: (value) => {
    const ofObjects = isOfObjects(value);
    return ofObjects === undefined ? undefined : !ofObjects;
  },
};

/** Denies everybody everything over plain HTTP. Source: Amazon S3 user guide, security best practices, read 2026-11-21. */
function refusesHttp(statement: Place): Judgement {
  const condition = statement.at('Condition');
  const resource = statement.at('Resource');
  return all([
    () => denies(statement),
    () => admitsAnyone(statement),
    () => statement.at('NotPrincipal').absent(),
    () => statement.at('Action').some((action) => action.is('*', 's3:*', 'S3:*'), 'it denies some actions only'),
    () => resource.some((one) => one.test(OF_OBJECTS), 'it leaves the objects out'),
    () => resource.some((one) => one.test(OF_BUCKET), 'it leaves the bucket itself out'),
    () => hasOneMember(condition),
    () =>
      any(
        ['Bool', 'BoolIfExists'].map((operator) => () => asksForHttp(condition.at(operator))),
        fails(condition.here, 'its Condition is not aws:SecureTransport false'),
      ),
  ]);
}

function asksForHttp(keys: Place): Judgement {
  const named = keys.members().find(([key]) => key.toLowerCase() === 'aws:securetransport');
  const value = named ? named[1] : keys.at('aws:SecureTransport');
  return all([() => hasOneMember(keys), value.present(), () => value.every((one) => one.is(false))]);
}

/** The ARN is that of a bucket of the template, which is in the Region of the stack. */
function isOfTemplate(arn: Place, stack: Stack): Judgement {
  const { content } = arn;
  const isThat = (bucket: Subject): boolean => {
    if (content.is === 'text') return content.text.endsWith(`:::${bucket.at('BucketName').text ?? ' '}`);
    if (content.is !== 'unknown') return false;
    // What comes last is the whole name: `${Bucket}-copy` is another one's.
    const { value } = content;
    const last = value.parts === undefined ? value : value.parts.at(-1);
    return (
      typeof last === 'object' &&
      ['attribute', 'reference'].includes(last.$unknown) &&
      last.dependsOn.some(({ kind, name }) => kind === 'resource' && name === bucket.id)
    );
  };
  return any(
    stack
      .all(BUCKET)
      .filter(isThat)
      .map((bucket) => () => bucket.exists()),
    fails(arn.here, 'it is not of this template'),
  );
}

export const s3: Controls = {
  'S3.2': closedTo(['PublicRead', 'PublicReadWrite', 'AuthenticatedRead'], READING),
  'S3.3': closedTo(['PublicReadWrite'], WRITING),
  'S3.5': on([BUCKET, BUCKET_POLICY], (subject, stack) => {
    if (subject.type === BUCKET_POLICY)
      return someStatement(
        subject.at('PolicyDocument'),
        refusesHttp,
        'no statement denies everything where aws:SecureTransport is false',
      );
    return any(
      stack
        .all(BUCKET_POLICY)
        .map((policy) => () => all([policy.exists(), () => policy.at('Bucket').refersTo(subject, 'BucketName')])),
      fails(subject.here, 'it has no bucket policy that refuses plain HTTP'),
    );
  }),
  'S3.6': on(BUCKET_POLICY, (policy) =>
    everyAllow(policy.at('PolicyDocument'), (statement) =>
      when(coversAction(statement, ...ofS3(DANGEROUS)), () =>
        all([
          () => statement.at('NotPrincipal').absent('NotPrincipal lets other accounts in'),
          () =>
            statement.at('Principal').content.is === 'mapping'
              ? HOLDS
              : statement.at('Principal').every((one) => one.test(OWN_ACCOUNT)),
          () => statement.at('Principal', 'AWS').every((one) => one.test(OWN_ACCOUNT)),
        ]),
      ),
    ),
  ),
  // S3 has encrypted every new object since January 2023; the control wants it said.
  'S3.4': on(BUCKET, (bucket) => encryptedBy(bucket, (algorithm) => algorithm.present())),
  'S3.7': on(BUCKET, (bucket, stack) =>
    bucket.at('ReplicationConfiguration', 'Rules').some((rule) => {
      const copy = rule.at('Destination', 'Bucket');
      return all([
        () => rule.at('Status').isNot('Disabled'),
        () => copy.present(),
        () => not(() => isOfTemplate(copy, stack), copy.here, 'it replicates within its Region'),
      ]);
    }, 'no replication rule is enabled'),
  ),
  // The settings of new buckets are right by default, but those of the template are what an update keeps.
  'S3.8': on(BUCKET, (bucket) =>
    all(FLAGS.map((flag) => () => bucket.at('PublicAccessBlockConfiguration', flag).is(true))),
  ),
  'S3.9': on(BUCKET, (bucket) => bucket.at('LoggingConfiguration').present('LoggingConfiguration is missing')),
  'S3.10': on(BUCKET, (bucket) =>
    when(bucket.at('VersioningConfiguration', 'Status').is('Enabled'), () => hasLifecycle(bucket)),
  ),
  'S3.11': on(BUCKET, (bucket) => {
    const notifications = bucket.at('NotificationConfiguration');
    return any(
      [
        () =>
          all([
            () => notifications.at('EventBridgeConfiguration').present(),
            () => notifications.at('EventBridgeConfiguration', 'EventBridgeEnabled').isNot(false),
          ]),
        ...NOTIFIED.map((kind) => () => notifications.at(kind).some((each) => each.at('Event').present(), '')),
      ],
      fails(notifications.here, 'NotificationConfiguration names nobody to notify'),
    );
  }),
  'S3.12': on(BUCKET, (bucket) =>
    all([
      () => bucket.at('AccessControl').test(oneOf(['Private', 'BucketOwnerFullControl']), { absent: HOLDS }),
      () => bucket.at('OwnershipControls', 'Rules').every((rule) => rule.at('ObjectOwnership').isNot(...OWNER_DECIDES)),
    ]),
  ),
  'S3.13': on(BUCKET, hasLifecycle),
  'S3.14': on(BUCKET, (bucket) => bucket.at('VersioningConfiguration', 'Status').is('Enabled')),
  'S3.15': on(BUCKET, (bucket) => bucket.at('ObjectLockEnabled').is(true)),
  'S3.17': on(BUCKET, (bucket) => encryptedBy(bucket, (algorithm) => algorithm.is('aws:kms', 'aws:kms:dsse'))),
  // Bucket owners own every object of buckets made since April 2023; the control wants it said.
  'PF.S3.ownership': on(BUCKET, (bucket) =>
    bucket
      .at('OwnershipControls', 'Rules')
      .some(
        (rule) => rule.at('ObjectOwnership').is('BucketOwnerEnforced'),
        'ObjectOwnership is not BucketOwnerEnforced',
      ),
  ),
  'S3.19': on('AWS::S3::AccessPoint', keepsBlocking),
  'S3.24': on('AWS::S3::MultiRegionAccessPoint', keepsBlocking),
};
