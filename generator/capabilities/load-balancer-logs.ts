import { fragment, meets, parameter, resource, sub } from '../../lib/cfn/index.ts';
import type { PolicyDocument } from '../../lib/spec/policy.ts';
import { exportedOutput, tags } from './environment.ts';
import { httpsOnly, noPublicAccess } from './https-only.ts';

/** The bucket of the load balancer's access logs. At rest: storage only. Deletion of the stack keeps it. */
export function loadBalancerLogs() {
  const logDays = parameter('LoadBalancerLogDays', 'Number', {
    group: 'Protection',
    label: 'Access logs kept (days)',
    Description: 'Days for which records of requests are kept.',
    Default: 365,
    MinValue: 1,
    MaxValue: 3650,
  });
  const logBucket = resource('LoadBalancerLogBucket', 'AWS::S3::Bucket', {
    comment: 'Encrypted with the key of S3: access logs cannot be delivered to a bucket under a KMS key.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-alb-logs-${AWS::AccountId}-${AWS::Region}'),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: meets('PF.S3.ownership', 'BucketOwnerEnforced') }] },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'ExpireLogs',
            Status: meets(['S3.10', 'S3.13'], 'Enabled'),
            ExpirationInDays: logDays.ref,
            NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
      Tags: tags('alb-logs'),
    },
  });
  const logBucketPolicy = resource('LoadBalancerLogBucketPolicy', 'AWS::S3::BucketPolicy', {
    comment: 'Logs of load balancers of other accounts have their account in the path, so that none is let in.',
    Properties: {
      Bucket: logBucket.ref,
      PolicyDocument: meets<PolicyDocument>('S3.5', {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(logBucket),
          {
            Sid: 'LogDelivery',
            Effect: 'Allow',
            Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: sub('${LoadBalancerLogBucket.Arn}/AWSLogs/${AWS::AccountId}/*'),
          },
        ],
      }),
    },
  });

  const outputs = [
    exportedOutput('LoadBalancerLogBucketName', "Bucket of the load balancer's access logs.", logBucket.ref),
  ];
  return { fragment: fragment('Load balancer logs', [logDays, logBucket, logBucketPolicy, ...outputs]) };
}
