import { fragment, sub } from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import { imported } from './environment.ts';

/** Alarms on the masking function, by its name: they may be deployed before or after it. */
export function maskingAlarms() {
  const onFunction = {
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: sub('${EnvironmentSuffix}-masking') },
    periodSeconds: 300,
    breaching: 1,
    of: 1,
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    missingData: 'notBreaching',
    topic: imported('AlertTopicArn'),
  } as const;
  const alarms = [
    alarm('MaskingErrorsAlarm', {
      ...onFunction,
      name: 'masking-errors',
      meaning: 'The masking function ended with an error.',
      first: 'read the last lines of its log group; the run goes on where it stopped at the next start.',
      metric: 'Errors',
      statistic: 'Sum',
    }),
    alarm('MaskingThrottlesAlarm', {
      ...onFunction,
      name: 'masking-throttles',
      meaning:
        'Lambda refused to start the masking function: another run is under way, or the account is at its limit.',
      first: 'see whether a run is still going on; if none is, look at the concurrency of the account.',
      metric: 'Throttles',
      statistic: 'Sum',
      threshold: 5,
    }),
    alarm('MaskingDurationAlarm', {
      ...onFunction,
      name: 'masking-duration',
      meaning: 'A run came close to the time limit of 15 minutes (in milliseconds).',
      first: 'nothing if a continuation follows in the log; else raise BATCH_ROWS or look for locks in the database.',
      metric: 'Duration',
      statistic: 'Maximum',
      comparison: 'GreaterThanThreshold',
      threshold: 870000,
    }),
    alarm('MaskingFailuresAlarm', {
      ...onFunction,
      name: 'masking-failures',
      meaning: 'Masking failed: personal data may be unmasked in this environment.',
      first: 'read the notification for the table and the reason, mend it, and invoke the function again.',
      namespace: 'Plainform/DataMasking',
      dimensions: { Environment: sub('${EnvironmentSuffix}') },
      metric: 'Failures',
      statistic: 'Sum',
    }),
    alarm('MaskingDeadLettersAlarm', {
      ...onFunction,
      name: 'masking-dead-letters',
      meaning: 'A start of the masking function was given up after its retries.',
      first: 'mend the cause, then invoke the function by hand and purge the queue.',
      namespace: 'AWS/SQS',
      dimensions: { QueueName: imported('MaskingDeadLettersName') },
      metric: 'ApproximateNumberOfMessagesVisible',
      statistic: 'Maximum',
    }),
  ];
  return { fragment: fragment('Masking alarms', alarms), alarms };
}
