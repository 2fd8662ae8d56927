import { type Controls, on } from './control.ts';
import { all, any, fails } from './judgement.ts';

export const secretsmanager: Controls = {
  'SecretsManager.1': on('AWS::SecretsManager::Secret', (secret, stack) =>
    any(
      stack
        .all('AWS::SecretsManager::RotationSchedule')
        .map((schedule) => () => all([schedule.exists(), () => schedule.at('SecretId').refersTo(secret, 'Name')])),
      fails(secret.here, 'no RotationSchedule names it'),
    ),
  ),
  'PF.Secrets.cmk': on('AWS::SecretsManager::Secret', (secret) =>
    all([
      () => secret.at('KmsKeyId').present(),
      () => secret.at('KmsKeyId').isNotOfAws('alias/aws/secretsmanager', 'aws/secretsmanager'),
    ]),
  ),
};
