import { type Controls, on } from './control.ts';
import { notPublic } from './policy.ts';

export const kms: Controls = {
  'KMS.4': on('AWS::KMS::Key', (key) => key.at('EnableKeyRotation').is(true)),
  'KMS.5': on(['AWS::KMS::Key', 'AWS::KMS::ReplicaKey'], (key) => notPublic(key.at('KeyPolicy'))),
};
