import { type Controls, on } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { oneOf } from './tests.ts';

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

export const s3: Controls = {
  // S3 has encrypted every new object since January 2023; the control wants it said.
  'S3.4': on('AWS::S3::Bucket', (bucket) => encryptedBy(bucket, (algorithm) => algorithm.present())),
  'S3.7': on('AWS::S3::Bucket', (bucket) =>
    bucket
      .at('ReplicationConfiguration', 'Rules')
      .some(
        (rule) => all([() => rule.at('Status').isNot('Disabled'), () => rule.at('Destination', 'Bucket').present()]),
        'no replication rule is enabled',
      ),
  ),
  // The settings of new buckets are right by default, but those of the template are what an update keeps.
  'S3.8': on('AWS::S3::Bucket', (bucket) =>
    all(FLAGS.map((flag) => () => bucket.at('PublicAccessBlockConfiguration', flag).is(true))),
  ),
  'S3.9': on('AWS::S3::Bucket', (bucket) =>
    bucket.at('LoggingConfiguration').present('LoggingConfiguration is missing'),
  ),
  'S3.10': on('AWS::S3::Bucket', (bucket) =>
    when(bucket.at('VersioningConfiguration', 'Status').is('Enabled'), () => hasLifecycle(bucket)),
  ),
  'S3.11': on('AWS::S3::Bucket', (bucket) => {
    const notifications = bucket.at('NotificationConfiguration');
    return any(
      [
        () => notifications.at('EventBridgeConfiguration').present(),
        ...NOTIFIED.map((kind) => () => notifications.at(kind).some((each) => each.at('Event').present(), '')),
      ],
      fails(notifications.here, 'NotificationConfiguration names nobody to notify'),
    );
  }),
  'S3.12': on('AWS::S3::Bucket', (bucket) =>
    all([
      () => bucket.at('AccessControl').test(oneOf(['Private', 'BucketOwnerFullControl']), { absent: HOLDS }),
      () => bucket.at('OwnershipControls', 'Rules').every((rule) => rule.at('ObjectOwnership').isNot(...OWNER_DECIDES)),
    ]),
  ),
  'S3.13': on('AWS::S3::Bucket', hasLifecycle),
  'S3.14': on('AWS::S3::Bucket', (bucket) => bucket.at('VersioningConfiguration', 'Status').is('Enabled')),
  'S3.15': on('AWS::S3::Bucket', (bucket) => bucket.at('ObjectLockEnabled').is(true)),
  'S3.17': on('AWS::S3::Bucket', (bucket) =>
    encryptedBy(bucket, (algorithm) => algorithm.is('aws:kms', 'aws:kms:dsse')),
  ),
  'S3.19': on('AWS::S3::AccessPoint', keepsBlocking),
  'S3.24': on('AWS::S3::MultiRegionAccessPoint', keepsBlocking),
};
