import { condition, equals, fragment, not, parameter } from '../../lib/cfn/index.ts';
import { imported } from './environment.ts';

/** The topic that alarms notify: the one that is given, else that of the project's own stacks. */
export function alertTopic() {
  const given = parameter('AlertTopicArn', 'String', {
    group: 'Operations',
    label: 'Alert topic',
    Description:
      'ARN of the topic that alarms notify; its key has to admit CloudWatch. Empty: that of the project is imported.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$',
    ConstraintDescription: 'Give the ARN of an SNS topic, or leave it empty.',
  });
  const isGiven = condition('HasAlertTopic', not(equals(given.ref, '')));
  return {
    fragment: fragment('Alert topic', [given, isGiven]),
    alertTopicArn: isGiven.pick<string>(given.ref, imported('AlertTopicArn')),
  };
}
