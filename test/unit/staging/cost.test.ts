import { describe, expect, test } from '@jest/globals';
import { ACCOUNT, actions, at, deployed, parameterFiles, type Statement } from './committed.ts';

const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles('staging-foundation')];

interface Alert {
  Notification: { NotificationType: string; ThresholdType: string; Threshold: number };
  Subscribers: { SubscriptionType: string }[];
}

describe.each(environments)('cost and alerts under $environment', ({ parameters }) => {
  const template = deployed('staging-foundation', parameters);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';

  test('the budget counts what carries the tag of this environment', () => {
    expect(at(template, 'MonthlyBudget', 'Budget.CostFilters')).toEqual({
      TagKeyValue: [`user:Environment$${suffix}`],
    });
  });

  test('the budget alerts the topic on two shares spent and one expected', () => {
    const alerts = at(template, 'MonthlyBudget', 'NotificationsWithSubscribers') as unknown as Alert[];
    expect(alerts.map(({ Notification }) => Notification.NotificationType)).toEqual(['ACTUAL', 'ACTUAL', 'FORECASTED']);
    for (const { Notification, Subscribers } of alerts) {
      expect(Notification.ThresholdType).toBe('PERCENTAGE');
      expect(Subscribers.map(({ SubscriptionType }) => SubscriptionType)).toEqual(['SNS']);
    }
  });

  test('the first alert comes before the second', () => {
    const [first, second] = at(template, 'MonthlyBudget', 'NotificationsWithSubscribers') as unknown as Alert[];
    expect(first!.Notification.Threshold).toBeLessThan(second!.Notification.Threshold);
  });

  test('the budget waits for the policy by which it may publish', () => {
    expect(template.resources.MonthlyBudget?.dependsOn).toContain('AlertTopicPolicy');
  });

  test('services publish to the topic for this account only', () => {
    const statements = at(template, 'AlertTopicPolicy', 'PolicyDocument.Statement') as unknown as Statement[];
    const services = statements.find(({ Sid }) => Sid === 'ServicesPublish')!;
    expect(services.Condition).toEqual({ StringEquals: { 'aws:SourceAccount': ACCOUNT } });
  });

  test('EventBridge, which sends no account, publishes without a condition and does nothing else', () => {
    const statements = at(template, 'AlertTopicPolicy', 'PolicyDocument.Statement') as unknown as Statement[];
    const events = statements.filter(({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined);
    expect(events.map(({ Principal }) => Principal)).toEqual([{ Service: 'events.amazonaws.com' }]);
    expect(events.flatMap(actions)).toEqual(['sns:Publish']);
  });

  test('the topic refuses plain HTTP', () => {
    const statements = at(template, 'AlertTopicPolicy', 'PolicyDocument.Statement') as unknown as Statement[];
    expect(statements.filter(({ Effect }) => Effect === 'Deny').map(({ Condition }) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
    ]);
  });
});

describe('e-mail', () => {
  test.each([
    ['nobody is subscribed by default', {}, false],
    ['an address is subscribed', { AlertEmail: 'on-call@example.com' }, true],
  ])('%s', (_, parameters, expected) => {
    const template = deployed('staging-foundation', parameters as Record<string, string>);
    expect('AlertEmailSubscription' in template.resources).toBe(expected);
  });

  test.each(['on-call', 'a@b', 'a@example.com,b@example.com@', 'a b@example.com'])('"%s" is refused', (AlertEmail) => {
    expect(deployed('staging-foundation', { AlertEmail }).findings).not.toEqual([]);
  });
});
