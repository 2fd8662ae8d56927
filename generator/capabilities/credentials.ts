import {
  condition,
  type Expression,
  equals,
  fragment,
  join,
  meets,
  not,
  noValue,
  or,
  type Parameter,
  parameter,
  type Resource,
  resource,
  split,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import type { PolicyStatement } from '../../lib/spec/policy.ts';
import { exportedOutput, tags } from './environment.ts';

function secretPath({ whereEmpty }: { whereEmpty: string }) {
  return parameter('DatabaseSecretPath', 'String', {
    group: 'Operations',
    label: 'Secret of the database',
    Description: `Name of the secret with the project's credentials. Empty: <EnvironmentSuffix>/database-credentials${whereEmpty}.`,
    Default: '',
    AllowedPattern: '^$|^[A-Za-z0-9/_+=.@-]{1,490}$',
    ConstraintDescription: 'Give the name of a secret, as in myproject/database-credentials, or leave it empty.',
  });
}

export interface Credentials {
  /** By which tasks are given the members of the secret. */
  secretArn: Value<string>;
  /** What the role that reads them may do. */
  statements: readonly Value<PolicyStatement>[];
}

interface OwnInputs {
  environmentSuffix: Parameter;
  dataKeyArn: Expression;
  proxy: Resource<'AWS::RDS::DBProxy'>;
}

/**
 * The credentials of the project that owns the cluster: made here unless they are elsewhere. Their user is made by
 * `plainform database create`, which takes over the password it finds. 0.40 USD a month.
 */
export function ownCredentials({ environmentSuffix, dataKeyArn, proxy }: OwnInputs) {
  const databaseSecretPath = secretPath({ whereEmpty: ', made here' });
  const ownPath = join('/', [environmentSuffix.ref, 'database-credentials']);
  const ownsSecret = condition(
    'OwnsDatabaseSecret',
    or(equals(databaseSecretPath.ref, ''), equals(databaseSecretPath.ref, ownPath)),
  );
  const Project = join('_', split('-', environmentSuffix.ref));
  const secret = resource('DatabaseCredentials', 'AWS::SecretsManager::Secret', {
    Condition: ownsSecret,
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      Name: sub('${EnvironmentSuffix}/database-credentials'),
      Description: sub('Credentials of the database of ${EnvironmentSuffix}, in the form that RDS Proxy reads'),
      KmsKeyId: meets('PF.Secrets.cmk', dataKeyArn),
      GenerateSecretString: {
        SecretStringTemplate: sub(
          '{"engine":"postgres","host":"${Host}","port":5432,"username":"${Project}_user","dbname":"${Project}"}',
          { Host: proxy.att('Endpoint'), Project },
        ),
        GenerateStringKey: 'password',
        PasswordLength: 40,
        ExcludePunctuation: true,
      },
      Tags: tags('database-credentials'),
    },
  });
  const outputs = [
    exportedOutput('DatabaseCredentialsArn', 'ARN of the secret of the project.', secret.ref, ownsSecret),
  ];
  const credentials: Credentials = {
    secretArn: ownsSecret.pick<string>(secret.ref, secretArn(databaseSecretPath.ref)),
    statements: [
      mayRead(ownsSecret.pick<string>(secret.ref, secretArn(databaseSecretPath.ref, ANY_SUFFIX))),
      mayDecrypt(dataKeyArn),
    ],
  };
  return {
    fragment: fragment('Credentials', [...[databaseSecretPath, ownsSecret, secret], ...outputs]),
    credentials,
  };
}

/**
 * The credentials of a consumer, or those that another stack of the project made: `plainform database create` does before it
 * is deployed. Without `keyArn` and a key that is given they are under that of Secrets Manager, which admits the account.
 */
export function projectCredentials({ keyArn }: { keyArn?: Expression } = {}) {
  const databaseSecretPath = secretPath({ whereEmpty: '' });
  const databaseSecretKeyArn = parameter('DatabaseSecretKeyArn', 'String', {
    group: 'Operations',
    label: 'Key of the secret',
    Description: 'ARN of the customer-managed key that the secret is under, where it is under one of another stack.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$',
    ConstraintDescription: 'Give the ARN of a key, or leave it empty.',
  });
  const hasSecretPath = condition('HasDatabaseSecretPath', not(equals(databaseSecretPath.ref, '')));
  const hasSecretKey = condition('HasDatabaseSecretKey', not(equals(databaseSecretKeyArn.ref, '')));
  const path = hasSecretPath.pick<string>(databaseSecretPath.ref, sub('${EnvironmentSuffix}/database-credentials'));
  const credentials: Credentials = {
    secretArn: secretArn(path),
    statements: [
      mayRead(secretArn(path, ANY_SUFFIX)),
      keyArn
        ? mayDecrypt(hasSecretKey.pick<string>(databaseSecretKeyArn.ref, keyArn))
        : hasSecretKey.pick<PolicyStatement>(mayDecrypt(databaseSecretKeyArn.ref), noValue),
    ],
  };
  return {
    fragment: fragment('Credentials', [databaseSecretPath, databaseSecretKeyArn, hasSecretPath, hasSecretKey]),
    credentials,
    secretName: path,
  };
}

/** A secret is read by an ARN without the six characters that Secrets Manager adds to its name; a policy names them. */
const ANY_SUFFIX = '-??????';

function secretArn(Path: Value<string>, suffix = '') {
  return sub(`arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:\${Path}${suffix}`, {
    Path,
  });
}

function mayRead(secret: Value<string>): PolicyStatement {
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secret };
}

function mayDecrypt(key: Value<string>): PolicyStatement {
  const through = sub('secretsmanager.${AWS::Region}.${AWS::URLSuffix}');
  return {
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': through } },
  };
}
