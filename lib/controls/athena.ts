import { type Controls, on } from './control.ts';

const GROUP = 'AWS::Athena::WorkGroup';

export const athena: Controls = {
  'Athena.1': on(GROUP, (group) =>
    group
      .at('WorkGroupConfiguration', 'ResultConfiguration', 'EncryptionConfiguration', 'EncryptionOption')
      .is('SSE_S3', 'SSE_KMS', 'CSE_KMS'),
  ),
  'PF.Athena.enforce': on(GROUP, (group) =>
    group.at('WorkGroupConfiguration', 'EnforceWorkGroupConfiguration').is(true),
  ),
  'PF.Athena.log': on(GROUP, (group) => group.at('WorkGroupConfiguration', 'PublishCloudWatchMetricsEnabled').is(true)),
};
