import { type Controls, on } from './control.ts';
import { when } from './judgement.ts';

/** Services that a template sets up for a whole account or domain: Amazon GuardDuty, Amazon Route 53, AWS Budgets, ACM, nested stacks. */
export const accounts: Controls = {
  'GuardDuty.1': on('AWS::GuardDuty::Detector', (detector) => detector.at('Enable').is(true)),
  'Route53.2': on('AWS::Route53::HostedZone', (zone) =>
    when(zone.at('VPCs').absent(), () => zone.at('QueryLoggingConfig', 'CloudWatchLogsLogGroupArn').present()),
  ),
  'PF.Budget.alert': on('AWS::Budgets::Budget', (budget) =>
    budget
      .at('NotificationsWithSubscribers')
      .some((alert) => alert.at('Subscribers').hasItems(1), 'nobody is told when it is spent'),
  ),
  'ACM.2': on('AWS::CertificateManager::Certificate', (certificate) =>
    certificate.at('KeyAlgorithm').isNot('RSA_1024'),
  ),
  'CloudFormation.1': on('AWS::CloudFormation::Stack', (stack) => stack.at('NotificationARNs').hasItems(1)),
};
