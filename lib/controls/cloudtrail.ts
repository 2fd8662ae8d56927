import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

const TRAIL = 'AWS::CloudTrail::Trail';

export const cloudtrail: Controls = {
  'CloudTrail.1': on(TRAIL, (trail) =>
    all([() => trail.at('IsMultiRegionTrail').is(true), () => trail.at('IsLogging').is(true)]),
  ),
  'CloudTrail.2': on(TRAIL, (trail) => trail.at('KMSKeyId').present()),
  'CloudTrail.3': on(TRAIL, (trail) => trail.at('IsLogging').is(true)),
  'CloudTrail.4': on(TRAIL, (trail) => trail.at('EnableLogFileValidation').is(true)),
  'CloudTrail.5': on(TRAIL, (trail) => trail.at('CloudWatchLogsLogGroupArn').present()),
};
