/**
 * What must not compile. `tsc` reads this file (`npm run check`); nothing runs it. An expected error that does not
 * come is itself an error, so a type that grows too lax is noticed.
 */
import { condition, equals, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';

const tier = parameter('Tier', 'String', { group: 'Environment', label: 'Tier', Description: 'Tier.' });
const isProduction = condition('IsProduction', equals(tier.ref, 'production'));

const key = resource('Key', 'AWS::KMS::Key', {
  Properties: {
    EnableKeyRotation: meets('KMS.4', true),
    PendingWindowInDays: isProduction.pick(30, 7),
    KeyPolicy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
  },
});

export const accepted = resource('Bucket', 'AWS::S3::Bucket', {
  DependsOn: [key],
  Properties: {
    BucketName: sub('${Tier}-data'),
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: meets('S3.17', 'aws:kms'), KMSMasterKeyID: key.att('Arn') },
        },
      ],
    },
    VersioningConfiguration: isProduction.pick({ Status: 'Enabled' }, { Status: 'Suspended' }),
  },
});

// @ts-expect-error a resource type that does not exist
resource('A', 'AWS::KMS::Keys', { Properties: {} });

// @ts-expect-error an attribute that the type does not have
key.att('Name');

// @ts-expect-error a control that the catalogue does not have
meets('KMS.400', true);

resource('B', 'AWS::S3::Bucket', {
  // @ts-expect-error a misspelt property
  Properties: { BucketNam: 'x' },
});

resource('C', 'AWS::S3::Bucket', {
  // @ts-expect-error a misspelt key inside a property
  Properties: { VersioningConfiguration: { Statuss: 'Enabled' } },
});

resource('D', 'AWS::S3::Bucket', {
  Properties: {
    // @ts-expect-error a value that the property does not allow, inside a condition
    VersioningConfiguration: isProduction.pick({ Status: 'Enabled' }, { Status: 'Off' }),
  },
});

resource('E', 'AWS::S3::Bucket', {
  // @ts-expect-error a number where a string stands
  Properties: { BucketName: 7 },
});

resource('F', 'AWS::KMS::Key', {
  // @ts-expect-error a string where a boolean stands, beside a control
  Properties: { KeyPolicy: {}, EnableKeyRotation: meets('KMS.4', 'yes') },
});

// @ts-expect-error a required property is missing
resource('G', 'AWS::KMS::Alias', { Properties: { AliasName: 'alias/x' } });

// @ts-expect-error a retention that CloudFormation does not know
resource('H', 'AWS::S3::Bucket', { DeletionPolicy: 'Keep' });
