import { type Controls, on } from './control.ts';
import { all, any, fails, type Judgement, when } from './judgement.ts';
import type { Place } from './place.ts';
import { matching, type TextTest } from './tests.ts';

const SECRET = 'AWS::SecretsManager::Secret';

const underOwnKey = (secret: Place): Judgement =>
  all([
    () => secret.at('KmsKeyId').present(),
    () => secret.at('KmsKeyId').isNotOfAws('alias/aws/secretsmanager', 'aws/secretsmanager'),
  ]);

/** Every month, or every other one: a quarter may have 92 days. What stands in the other fields comes once a month at least. */
const CRON_MONTHS = /cron\(\S+ \S+ \S+ (\*|[*1]\/[12]|1,3,5,7,9,11|2,4,6,8,10,12) \S+( \*)?\)/;
const RATE =
  /rate\(([1-9]|[1-8][0-9]|90) days?\)|rate\(([1-9][0-9]{0,2}|1[0-9]{3}|20[0-9]{2}|21[0-5][0-9]|2160) hours?\)/;
const WITHIN_90_DAYS: TextTest = {
  ...matching(new RegExp(`${CRON_MONTHS.source}|${RATE.source}`), 'at most 90 days'),
  edges: ['rate(91 days)', 'rate(90 days)'],
};

export const secretsmanager: Controls = {
  'SecretsManager.1': on('AWS::SecretsManager::Secret', (secret, stack) =>
    any(
      stack
        .all('AWS::SecretsManager::RotationSchedule')
        .map((schedule) => () => all([schedule.exists(), () => schedule.at('SecretId').refersTo(secret, 'Name')])),
      fails(secret.here, 'no RotationSchedule names it'),
    ),
  ),
  // A database whose password Secrets Manager keeps has a secret too.
  'PF.Secrets.cmk': on([SECRET, 'AWS::RDS::DBCluster', 'AWS::RDS::DBInstance'], (owner) =>
    owner.type === SECRET
      ? underOwnKey(owner)
      : when(owner.at('ManageMasterUserPassword').is(true), () => underOwnKey(owner.at('MasterUserSecret'))),
  ),
  'SecretsManager.4': on('AWS::SecretsManager::RotationSchedule', (schedule) => {
    const rules = schedule.at('RotationRules');
    return any(
      [() => rules.at('AutomaticallyAfterDays').atMost(90), () => rules.at('ScheduleExpression').test(WITHIN_90_DAYS)],
      fails(rules.here, 'it does not rotate within 90 days'),
    );
  }),
};
