import { type Controls, on } from './control.ts';
import { all, HOLDS, when } from './judgement.ts';
import { notPublic } from './policy.ts';
import { oneOf } from './tests.ts';

/** AWS KMS rotates symmetric keys whose material it made; of others it refuses to. */
const OF_AWS = oneOf(['AWS_KMS']);
const SYMMETRIC = oneOf(['SYMMETRIC_DEFAULT']);

export const kms: Controls = {
  'KMS.4': on('AWS::KMS::Key', (key) =>
    when(
      all([
        () => key.at('KeySpec').test(SYMMETRIC, { absent: HOLDS }),
        () => key.at('Origin').test(OF_AWS, { absent: HOLDS }),
      ]),
      () => key.at('EnableKeyRotation').is(true),
    ),
  ),
  'KMS.5': on(['AWS::KMS::Key', 'AWS::KMS::ReplicaKey'], (key) => notPublic(key.at('KeyPolicy'))),
};
