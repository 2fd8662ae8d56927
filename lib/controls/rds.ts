import { type Controls, on } from './control.ts';

export const rds: Controls = {
  'RDS.3': on('AWS::RDS::DBInstance', (instance) => instance.at('StorageEncrypted').is(true)),
};
