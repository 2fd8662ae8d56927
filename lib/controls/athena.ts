import { type Controls, on } from './control.ts';
import { any } from './judgement.ts';

const GROUP = 'AWS::Athena::WorkGroup';

export const athena: Controls = {
  // Results that Athena keeps itself are encrypted always.
  'Athena.1': on(GROUP, (group) =>
    any([
      () =>
        group
          .at('WorkGroupConfiguration', 'ResultConfiguration', 'EncryptionConfiguration', 'EncryptionOption')
          .is('SSE_S3', 'SSE_KMS', 'CSE_KMS'),
      () => group.at('WorkGroupConfiguration', 'ManagedQueryResultsConfiguration', 'Enabled').is(true),
    ]),
  ),
  'PF.Athena.enforce': on(GROUP, (group) =>
    group.at('WorkGroupConfiguration', 'EnforceWorkGroupConfiguration').is(true),
  ),
  'PF.Athena.log': on(GROUP, (group) => group.at('WorkGroupConfiguration', 'PublishCloudWatchMetricsEnabled').is(true)),
};
