import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

const CONFIGURATION = 'AWS::Glue::SecurityConfiguration';

export const glue: Controls = {
  'PF.Glue.s3': on(CONFIGURATION, (configuration) => {
    const encryptions = configuration.at('EncryptionConfiguration', 'S3Encryptions');
    return all([
      () => encryptions.present(),
      () => encryptions.every((one) => one.at('S3EncryptionMode').is('SSE-KMS', 'SSE-S3')),
    ]);
  }),
  'PF.Glue.cw': on(CONFIGURATION, (configuration) =>
    configuration.at('EncryptionConfiguration', 'CloudWatchEncryption', 'CloudWatchEncryptionMode').is('SSE-KMS'),
  ),
  'PF.Glue.catalog': on('AWS::Glue::DataCatalogEncryptionSettings', (settings) =>
    settings
      .at('DataCatalogEncryptionSettings', 'EncryptionAtRest', 'CatalogEncryptionMode')
      .is('SSE-KMS', 'SSE-KMS-WITH-SERVICE-ROLE'),
  ),
  'PF.Glue.log': on('AWS::Glue::Job', (job) =>
    job.at('DefaultArguments', '--enable-continuous-cloudwatch-log').is(true),
  ),
};
