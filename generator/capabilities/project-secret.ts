import { condition, type Expression, equals, fragment, not, parameter, sub, type Value } from '../../lib/cfn/index.ts';
import type { PolicyStatement } from '../../lib/spec/policy.ts';

export interface ProjectSecret {
  /** Name by which it is read. */
  id: Value<string>;
  /** What a role that reads it may do. */
  statements: readonly Value<PolicyStatement>[];
}

/** The secret with the credentials of a project, under the key `keyArn` or the one that is given. */
export function projectSecret({ keyArn }: { keyArn: Expression }) {
  const path = parameter('DatabaseSecretPath', 'String', {
    group: 'Operations',
    label: 'Secret of the database',
    Description: "Name of the secret with the project's credentials. Empty: <EnvironmentSuffix>/database-credentials.",
    Default: '',
    AllowedPattern: '^$|^[A-Za-z0-9/_+=.@-]{1,490}$',
    ConstraintDescription: 'Give the name of a secret, as in myproject/database-credentials, or leave it empty.',
  });
  const key = parameter('DatabaseSecretKeyArn', 'String', {
    group: 'Operations',
    label: 'Key of the secret',
    Description: 'ARN of the customer-managed key that the secret is under, where it is under one of another stack.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$',
    ConstraintDescription: 'Give the ARN of a key, or leave it empty.',
  });
  const hasPath = condition('HasDatabaseSecretPath', not(equals(path.ref, '')));
  const hasKey = condition('HasDatabaseSecretKey', not(equals(key.ref, '')));
  const id = hasPath.pick<string>(path.ref, sub('${EnvironmentSuffix}/database-credentials'));
  // Secrets Manager ends the ARN in six characters of its own.
  const arn = sub('arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretName}-??????', {
    SecretName: id,
  });
  const databaseSecret: ProjectSecret = {
    id,
    statements: [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: hasKey.pick<string>(key.ref, keyArn),
        Condition: { StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.${AWS::URLSuffix}') } },
      },
    ],
  };
  return { fragment: fragment('Secret', [path, key, hasPath, hasKey]), databaseSecret };
}
