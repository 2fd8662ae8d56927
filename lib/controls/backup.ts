import { type Controls, on } from './control.ts';

export const backup: Controls = {
  'Backup.1': on('AWS::Backup::BackupVault', (vault) => vault.at('EncryptionKeyArn').present()),
};
