import { type Controls, on } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { matching } from './tests.ts';

const FUNCTION = 'AWS::Lambda::Function';

/**
 * Runtimes of Security Hub's Lambda.2 as of August 2026, and those of the operating system alone, which it leaves out.
 * Source: AWS Security Hub user guide, change log for controls; AWS Config developer guide; read 2026-11-21.
 */
export const SUPPORTED = [
  ...['nodejs24.x', 'nodejs22.x', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'],
  ...['java25', 'java21', 'java17.al2023', 'java17', 'java11.al2023', 'java11', 'java8.al2023', 'java8.al2'],
  ...['dotnet10', 'dotnet8', 'ruby4.0', 'ruby3.4', 'ruby3.3'],
  ...['provided.al2023', 'provided.al2'],
];

/** Names under which code keeps what nobody should read, and key IDs of AWS. */
const SECRET_NAME = matching(
  /.*(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY).*/i,
  'a name of a secret',
);
const POINTS_TO_SECRET = matching(/.*(ARN|NAME|ID|PATH|URL|PARAMETER|REF)/i, 'a name of where the secret is');
const KEY_ID = matching(/.*(AKIA|ASIA)[A-Z0-9]{16}.*/, 'a key ID of AWS');

/** Written out in the template, that is: a parameter, a dynamic reference, an attribute is no text yet. */
const keepsNoSecret = (name: string, value: Place): Judgement =>
  value.test(
    {
      wanted: 'no secret that is written out',
      passes: (text) =>
        text === '' || !(KEY_ID.passes(text) || (SECRET_NAME.passes(name) && !POINTS_TO_SECRET.passes(name))),
      edges: [],
      passesUnknown: () => true,
    },
    { absent: HOLDS },
  );

const PERMISSION = 'AWS::Lambda::Permission';

const SERVICE = { ...matching(/.*\.amazonaws\.com(\.cn)?/, 'a service of AWS'), edges: [] };

/** Says for whom Lambda is called. S3's ARNs have no account: the same bucket name may be another owner's tomorrow. */
const namesCaller = (permission: Subject, ...properties: readonly string[]): Judgement =>
  any(
    properties.map((property) => () => permission.at(property).present()),
    fails(
      permission.at('Principal').here,
      `Principal alone does not limit who may call: none of ${properties.join(', ')} does`,
    ),
  );

const inVpc = (fn: Subject): Judgement =>
  all([() => fn.at('VpcConfig', 'SubnetIds').present(), () => fn.at('VpcConfig', 'SecurityGroupIds').present()]);

export const lambda: Controls = {
  // Stricter than Security Hub, which of services asks it of Amazon S3 only: any service can be told to call for another account.
  'Lambda.1': on([PERMISSION, 'AWS::Lambda::LayerVersionPermission'], (permission) => {
    const principal = permission.at('Principal');
    if (permission.type !== PERMISSION)
      return when(principal.is('*'), () =>
        permission
          .at('OrganizationId')
          .present('every account may use the layer: Principal is *, without OrganizationId'),
      );
    return all([
      () =>
        when(all([principal.is('*'), () => permission.at('FunctionUrlAuthType').isNot('AWS_IAM')]), () =>
          namesCaller(permission, 'PrincipalOrgID', 'SourceAccount', 'SourceArn'),
        ),
      () => when(principal.is('s3.amazonaws.com'), () => namesCaller(permission, 'SourceAccount', 'PrincipalOrgID')),
      () =>
        when(principal.test(SERVICE), () =>
          namesCaller(permission, 'SourceArn', 'SourceAccount', 'PrincipalOrgID', 'EventSourceToken'),
        ),
    ]);
  }),
  'Lambda.2': on(FUNCTION, (fn) => when(fn.at('PackageType').isNot('Image'), () => fn.at('Runtime').is(...SUPPORTED))),
  'Lambda.3': on(FUNCTION, inVpc),
  'PF.Lambda.dlq': on(FUNCTION, (fn, stack) =>
    any(
      [
        () => fn.at('DeadLetterConfig', 'TargetArn').present(),
        ...stack
          .all('AWS::Lambda::EventInvokeConfig')
          .map(
            (config) => () =>
              all([
                config.exists(),
                () => config.at('FunctionName').refersTo(fn, 'FunctionName'),
                () => config.at('DestinationConfig', 'OnFailure', 'Destination').present(),
              ]),
          ),
      ],
      fails(fn.here, 'what fails is kept nowhere: no DeadLetterConfig, no OnFailure destination'),
    ),
  ),
  'PF.Lambda.conc': on(FUNCTION, (fn) => fn.at('ReservedConcurrentExecutions').present()),
  'PF.Lambda.envkms': on(FUNCTION, (fn) =>
    when(fn.at('Environment', 'Variables').present(), () => fn.at('KmsKeyArn').present()),
  ),
  'PF.Lambda.secrets': on(FUNCTION, (fn) =>
    all(
      fn
        .at('Environment', 'Variables')
        .members()
        .map(
          ([name, value]) =>
            () =>
              keepsNoSecret(name, value),
        ),
    ),
  ),
  'PF.Lambda.urlauth': on('AWS::Lambda::Url', (url) => url.at('AuthType').is('AWS_IAM')),
  'Lambda.5': on(FUNCTION, (fn) =>
    when(fn.at('VpcConfig', 'SubnetIds').present(), () => fn.at('VpcConfig', 'SubnetIds').hasItems(2)),
  ),
};
