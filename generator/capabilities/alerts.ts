import {
  aws,
  condition,
  equals,
  fragment,
  meets,
  not,
  parameter,
  type Resource,
  resource,
} from '../../lib/cfn/index.ts';
import { exportedOutput, named, tags } from './environment.ts';

interface AlertsInputs {
  /** Encrypts the topic. Its policy has to admit the services that publish here. */
  logsKey: Resource<'AWS::KMS::Key'>;
}

/**
 * The topic that everything in the environment alerts: alarms, budgets, events of the database and EventBridge rules.
 * Nothing at rest; e-mail costs 2 USD per 100,000 messages (SNS pricing, 2026-11). Deletion loses subscriptions only.
 */
export function alerts({ logsKey }: AlertsInputs) {
  const alertEmail = parameter('AlertEmail', 'String', {
    group: 'Operations',
    label: 'Alert e-mail',
    Description: 'Address that receives every alert, after it has confirmed the subscription. Empty: no e-mail.',
    Default: '',
    AllowedPattern: '^$|^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
    MaxLength: 254,
    ConstraintDescription: 'Give one e-mail address, or leave it empty.',
  });
  const hasAlertEmail = condition('HasAlertEmail', not(equals(alertEmail.ref, '')));

  const alertTopic = resource('AlertTopic', 'AWS::SNS::Topic', {
    Properties: {
      TopicName: named('alerts'),
      DisplayName: named('alerts'),
      KmsMasterKeyId: meets('SNS.1', logsKey.att('Arn')),
      Tags: tags('alerts'),
    },
  });
  const alertTopicPolicy = resource('AlertTopicPolicy', 'AWS::SNS::TopicPolicy', {
    comment: 'EventBridge sends no source account to a topic: a condition on its statement would drop every event.',
    Properties: {
      Topics: [alertTopic.ref],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'ServicesPublish',
            Effect: 'Allow',
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com', 'events.rds.amazonaws.com'] },
            Action: 'sns:Publish',
            Resource: alertTopic.ref,
            Condition: { StringEquals: { 'aws:SourceAccount': aws.accountId } },
          },
          {
            Sid: 'EventRulesPublish',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: alertTopic.ref,
          },
          {
            Sid: 'PlaintextIsRefused',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Resource: alertTopic.ref,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    },
  });
  const alertEmailSubscription = resource('AlertEmailSubscription', 'AWS::SNS::Subscription', {
    Condition: hasAlertEmail,
    Properties: {
      TopicArn: alertTopic.ref,
      Protocol: 'email',
      Endpoint: alertEmail.ref,
    },
  });
  const outputs = [exportedOutput('AlertTopicArn', 'ARN of the topic that receives every alert.', alertTopic.ref)];

  return {
    fragment: fragment('Alerts', [
      alertEmail,
      hasAlertEmail,
      alertTopic,
      alertTopicPolicy,
      alertEmailSubscription,
      ...outputs,
    ]),
    alertTopic,
    alertTopicPolicy,
  };
}
