import { type Controls, on } from './control.ts';
import { all, any, fails, type Judgement, when } from './judgement.ts';
import type { Place } from './place.ts';

const SECRET = 'AWS::SecretsManager::Secret';

const underOwnKey = (secret: Place): Judgement =>
  all([
    () => secret.at('KmsKeyId').present(),
    () => secret.at('KmsKeyId').isNotOfAws('alias/aws/secretsmanager', 'aws/secretsmanager'),
  ]);

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
      [
        () => rules.at('AutomaticallyAfterDays').atMost(90),
        () =>
          rules.at('ScheduleExpression').matches(/rate\(([1-9]|[1-8][0-9]|90) days?\)|cron\(.+\)/, 'at most 90 days'),
      ],
      fails(rules.here, 'it does not rotate within 90 days'),
    );
  }),
};
