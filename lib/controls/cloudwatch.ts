import { type Controls, on } from './control.ts';
import { when } from './judgement.ts';

export const cloudwatch: Controls = {
  'CloudWatch.15': on('AWS::CloudWatch::Alarm', (alarm) => alarm.at('AlarmActions').present('AlarmActions is missing')),
  // Without RetentionInDays events never expire.
  'CloudWatch.16': on('AWS::Logs::LogGroup', (group) =>
    when(group.at('RetentionInDays').present(), () => group.at('RetentionInDays').atLeast(365)),
  ),
  'CloudWatch.17': on('AWS::CloudWatch::Alarm', (alarm) => alarm.at('ActionsEnabled').isNot(false)),
  'PF.Logs.kms': on('AWS::Logs::LogGroup', (group) => group.at('KmsKeyId').present()),
};
