import { describe, expect, test } from '@jest/globals';
import { ACCOUNT, at, committed, deployed, parameterFiles, type Statement } from './committed.ts';

const STACK = 'staging';
const exports = { DataKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/data' };
const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles(STACK)];
const BUCKETS = ['DataBucket', 'AccessLogBucket'];

describe.each(environments)('the buckets under $environment', ({ parameters }) => {
  const template = deployed(STACK, parameters, exports);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';
  const statements = (id: string) => at(template, id, 'PolicyDocument.Statement') as unknown as Statement[];

  test.each(BUCKETS)('%s is private, owned, versioned and tidied', (id) => {
    expect(template.resources[id]?.properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [{ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }],
      },
    });
  });

  test.each([
    ['DataBucket', `${suffix}-data-${ACCOUNT}-us-west-2`],
    ['AccessLogBucket', `${suffix}-access-logs-${ACCOUNT}-us-west-2`],
  ])('%s has the name %s, which S3 takes', (id, name) => {
    expect(at(template, id, 'BucketName')).toBe(name);
    expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
  });

  test.each([
    ['DataBucketPolicy', 'DataBucket'],
    ['AccessLogBucketPolicy', 'AccessLogBucket'],
  ])('%s refuses plain HTTP and old TLS to everyone', (id) => {
    const refusals = statements(id).filter(({ Action }) => Action === 's3:*');
    expect(refusals).toMatchObject([
      { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Effect: 'Deny', Principal: '*', Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } },
    ]);
    for (const { Resource } of refusals) expect(Resource).toHaveLength(2);
  });

  test('the data bucket is encrypted under the data key, with a bucket key', () => {
    expect(at(template, 'DataBucket', 'BucketEncryption.ServerSideEncryptionConfiguration')).toEqual([
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: exports.DataKeyArn },
      },
    ]);
  });

  test('an upload to it cannot ask for another encryption or another key', () => {
    const refusals = statements('DataBucketPolicy').filter(({ Action }) => Action === 's3:PutObject');
    expect(refusals).toMatchObject([
      { Effect: 'Deny', Condition: { StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' } } },
      {
        Effect: 'Deny',
        Condition: {
          StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption-aws-kms-key-id': exports.DataKeyArn },
        },
      },
    ]);
  });

  test('its policy grants nothing', () => {
    expect(statements('DataBucketPolicy').filter(({ Effect }) => Effect !== 'Deny')).toEqual([]);
  });

  test('the log bucket is encrypted in the one way that S3 can log to', () => {
    expect(
      at(
        template,
        'AccessLogBucket',
        'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault',
      ),
    ).toEqual({ SSEAlgorithm: 'AES256' });
  });

  test('S3 alone writes to it, of the buckets of this environment, below their prefixes', () => {
    const grants = statements('AccessLogBucketPolicy').filter(({ Effect }) => Effect === 'Allow');
    expect(grants).toMatchObject([
      {
        Principal: { Service: 'logging.s3.amazonaws.com' },
        Action: 's3:PutObject',
        Condition: {
          ArnLike: {
            'aws:SourceArn': [
              `arn:aws:s3:::${suffix}-data-${ACCOUNT}-us-west-2`,
              `arn:aws:s3:::${suffix}-config-${ACCOUNT}-us-west-2`,
            ],
          },
          StringEquals: { 'aws:SourceAccount': ACCOUNT },
        },
      },
    ]);
    expect(JSON.stringify(grants[0]?.Resource)).toMatch(/\/data\/\*.*\/config\/\*/);
  });

  test('access to the data bucket is logged below its prefix, once the policy allows it', () => {
    expect(at(template, 'DataBucket', 'LoggingConfiguration.LogFilePrefix')).toBe('data/');
    expect(template.resources.DataBucket?.dependsOn).toContain('AccessLogBucketPolicy');
  });

  test('the data bucket is backed up: tag, versions and the events that continuous backup needs', () => {
    expect(at(template, 'DataBucket', 'Tags')).toContainEqual({ Key: 'BackupPlan', Value: suffix });
    expect(at(template, 'DataBucket', 'NotificationConfiguration')).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
  });
});

describe('days', () => {
  const template = deployed(STACK, {
    IntelligentTieringDays: '11',
    ArchiveAccessDays: '99',
    NoncurrentVersionDays: '12',
    AccessLogDays: '13',
  });
  const rule = 'LifecycleConfiguration.Rules.0';

  test.each([
    ['until Intelligent-Tiering', 'DataBucket', `${rule}.Transitions.0.TransitionInDays`, '11'],
    ['until an old version goes', 'DataBucket', `${rule}.NoncurrentVersionExpiration.NoncurrentDays`, '12'],
    ['until a log goes', 'AccessLogBucket', `${rule}.ExpirationInDays`, '13'],
    ['until what is not read is archived', 'DataBucket', 'IntelligentTieringConfigurations.0.Tierings.0.Days', '99'],
  ])('%s are a parameter', (_, id, path, days) => {
    expect(String(at(template, id, path))).toBe(days);
  });

  test('the data itself never expires', () => {
    expect(at(template, 'DataBucket', `${rule}.ExpirationInDays`)).toBeUndefined();
    expect(at(template, 'DataBucket', `${rule}.Transitions.0.StorageClass`)).toBe('INTELLIGENT_TIERING');
  });

  test('nothing is archived, so that it could not be read at once, but what is put there for it', () => {
    expect(at(template, 'DataBucket', 'IntelligentTieringConfigurations.0.Prefix')).toBe('archive/');
  });

  test.each([
    ['an archive sooner than S3 has one', { ArchiveAccessDays: '89' }],
    ['an archive later than S3 has one', { ArchiveAccessDays: '731' }],
    ['old versions for no day', { NoncurrentVersionDays: '0' }],
  ])('%s is refused', (_, parameters) => {
    expect(deployed(STACK, parameters as Record<string, string>).findings).not.toEqual([]);
  });
});

test.each(BUCKETS)('%s is kept when the stack goes, not when it fails to be created', (id) => {
  const { DeletionPolicy, UpdateReplacePolicy } = committed(STACK).Resources[id]!;
  expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
});
