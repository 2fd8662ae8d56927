import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement, not, notKnown, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { BUCKET, BUCKET_POLICY, s3 } from './s3.ts';

const TRAIL = 'AWS::CloudTrail::Trail';

/** The bucket that a trail writes to, where the template has it. */
function itsBucket(trail: Subject, stack: Stack, judge: (bucket: Subject) => Judgement): Judgement {
  const name = trail.at('S3BucketName');
  for (const bucket of stack.all(BUCKET)) {
    const same = all([bucket.exists(), () => name.refersTo(bucket, 'BucketName')]);
    if (same.is === 'open') return same;
    if (same.is === 'holds') return judge(bucket);
  }
  return notKnown(name.here, 'the bucket is not one of this template');
}

/** Neither its access control list nor a policy of the template lets anyone read it or write to it. */
function closed(bucket: Subject, stack: Stack): Judgement {
  const isClosed = (subject: Subject) => ['S3.2', 'S3.3'].map((id) => () => s3[id]!.judge(subject, stack));
  const policies = stack
    .all(BUCKET_POLICY)
    .map(
      (policy) => () =>
        when(all([policy.exists(), () => policy.at('Bucket').refersTo(bucket, 'BucketName')]), () =>
          all(isClosed(policy)),
        ),
    );
  return all([...isClosed(bucket), ...policies]);
}

/** What manages resources, reading and writing: all of it where no selector is given. */
function recordsManagement(trail: Subject): Judgement {
  const [plain, advanced] = [trail.at('EventSelectors'), trail.at('AdvancedEventSelectors')];
  const otherwise = 'its event selectors leave out management events that read or that write';
  const selects = (selector: Place, field: string, judge: (values: Place) => Judgement): Judgement =>
    selector
      .at('FieldSelectors')
      .some((each) => all([() => each.at('Field').is(field), () => judge(each.at('Equals'))]), otherwise);
  return any(
    [
      () => all([() => plain.absent(), () => advanced.absent()]),
      () =>
        plain.some(
          (selector) =>
            all([
              () => selector.at('ReadWriteType').isNot('ReadOnly', 'WriteOnly'),
              () => selector.at('IncludeManagementEvents').isNot(false),
            ]),
          otherwise,
        ),
      () =>
        advanced.some(
          (selector) =>
            all([
              () =>
                selects(selector, 'eventCategory', (values) => values.some((one) => one.is('Management'), otherwise)),
              () => not(() => selects(selector, 'readOnly', (values) => values.present()), selector.here, otherwise),
            ]),
          otherwise,
        ),
    ],
    fails(trail.here, otherwise),
  );
}

export const cloudtrail: Controls = {
  'CloudTrail.1': on(TRAIL, (trail) =>
    all([
      () => trail.at('IsMultiRegionTrail').is(true),
      () => trail.at('IsLogging').is(true),
      () => recordsManagement(trail),
    ]),
  ),
  'CloudTrail.2': on(TRAIL, (trail) => trail.at('KMSKeyId').present()),
  'CloudTrail.3': on(TRAIL, (trail) => trail.at('IsLogging').is(true)),
  'CloudTrail.4': on(TRAIL, (trail) => trail.at('EnableLogFileValidation').is(true)),
  'CloudTrail.5': on(TRAIL, (trail) => trail.at('CloudWatchLogsLogGroupArn').present()),
  'CloudTrail.6': on(TRAIL, (trail, stack) => itsBucket(trail, stack, (bucket) => closed(bucket, stack))),
  'CloudTrail.7': on(TRAIL, (trail, stack) =>
    itsBucket(trail, stack, (bucket) => bucket.at('LoggingConfiguration').present('LoggingConfiguration is missing')),
  ),
};
