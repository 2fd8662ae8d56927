import { type Controls, on } from './control.ts';
import { all, any, fails } from './judgement.ts';

export const config: Controls = {
  // That it records, that there is one in each region, and that its role may: only an account shows.
  'Config.1': on('AWS::Config::ConfigurationRecorder', (recorder, stack) => {
    const group = recorder.at('RecordingGroup');
    return all([
      () => recorder.at('RoleARN').present(),
      () =>
        any(
          [
            () => group.absent(),
            () => group.at('AllSupported').is(true),
            () =>
              group
                .at('RecordingStrategy', 'UseOnly')
                .is('ALL_SUPPORTED_RESOURCE_TYPES', 'EXCLUSION_BY_RESOURCE_TYPES'),
          ],
          fails(group.here, 'it does not record all types that AWS Config supports'),
        ),
      () =>
        any(
          stack.all('AWS::Config::DeliveryChannel').map((channel) => () => channel.exists()),
          fails(recorder.here, 'no delivery channel of the template takes what it records'),
        ),
    ]);
  }),
};
