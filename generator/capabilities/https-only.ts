import { type Resource, sub } from '../../lib/cfn/index.ts';
import type { PolicyStatement } from '../../lib/spec/policy.ts';

/** Statements by which a bucket refuses plain HTTP and TLS older than 1.2, from anyone. */
export function httpsOnly(bucket: Resource<'AWS::S3::Bucket'>): PolicyStatement[] {
  const everything = [bucket.att('Arn'), sub(`\${${bucket.id}.Arn}/*`)];
  return [
    {
      Sid: 'HttpsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: everything,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'Tls12OrNewer',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: everything,
      Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
    },
  ];
}

/** All four blocks; claimed as S3.8 where it is used. */
export const noPublicAccess = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
} as const;
