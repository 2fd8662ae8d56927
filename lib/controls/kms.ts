import { type Controls, on } from './control.ts';

export const kms: Controls = {
  'KMS.4': on('AWS::KMS::Key', (key) => key.at('EnableKeyRotation').is(true)),
};
