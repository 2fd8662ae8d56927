import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

const FLAGS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

export const s3: Controls = {
  'S3.8': on('AWS::S3::Bucket', (bucket) =>
    all(FLAGS.map((flag) => bucket.at('PublicAccessBlockConfiguration', flag).is(true))),
  ),
};
