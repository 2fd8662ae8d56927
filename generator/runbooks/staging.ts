import { isObject, type Json, type ParameterBody, type Template } from '../../lib/cfn/template.ts';
import { stacksOf } from '../environments.ts';
import { spokenOf, withSuffix } from './names.ts';

type Templates = Readonly<Record<string, Template>>;
type Section = 'Parameters' | 'Resources' | 'Outputs';

export const STAGING_RUNBOOK = 'docs/runbooks/staging.md';

/** The runbook of staging. Throws CFN710 where it speaks of something that the templates do not have. */
export function stagingRunbook(templates: Templates, bytes: Readonly<Record<string, number>>): string {
  const stacks = stacksOf('staging');

  const has = <T>(bodies: Readonly<Record<string, T>> | undefined, name: string, where: string): T =>
    spokenOf(bodies, name, where, 'generator/runbooks/staging.ts');
  const template = (stack: string) => has(templates, stack, 'the generator');
  /** A name of a template, in code font. */
  function name(stack: string, section: Section, id: string): string {
    has<unknown>(template(stack)[section], id, `${section} of ${stack}`);
    return `\`${id}\``;
  }
  const parameter = (stack: string, id: string) => name(stack, 'Parameters', id);
  const logical = (stack: string, id: string) => name(stack, 'Resources', id);
  const output = (stack: string, id: string) => name(stack, 'Outputs', id);
  /** What a resource is called in staging. */
  function physical(stack: string, id: string, property: string): string {
    const body = has(template(stack).Resources, id, `Resources of ${stack}`);
    return inStaging(has(body.Properties, property, `${id} of ${stack}`));
  }
  const deployed = (stack: string) =>
    has(Object.fromEntries(stacks.map((each) => [each.stack, each])), stack, 'generator/environments.ts');
  const alarms = stacks.flatMap(({ stack }) =>
    Object.entries(template(stack).Resources)
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([id, { Properties = {} }]) => ({ stack, id, properties: Properties })),
  );
  /** An alarm's name in staging. */
  const alarm = (id: string) => {
    has(Object.fromEntries(alarms.map((each) => [each.id, each])), id, 'every stack');
    return `\`${physical(alarms.find((each) => each.id === id)!.stack, id, 'AlarmName')}\``;
  };
  const limit = (stack: string, threshold: Json | undefined): string => {
    if (!isObject(threshold)) return String(threshold);
    const id = String(threshold.Ref);
    return `${parameter(stack, id)} (${template(stack).Parameters![id]!.Default})`;
  };

  const replica = deployed('staging-replica').region;
  const primary = deployed('staging').region;
  const vault = physical('staging-replica', 'ReplicaVault', 'BackupVaultName');
  const cluster = physical('staging', 'DatabaseCluster', 'DBClusterIdentifier');
  const restored = `${cluster}-restored`;
  const masking = physical('staging-masking', 'MaskingFunction', 'FunctionName');
  const rules = physical('staging', 'MaskingRuleSet', 'Name');
  const subnets = physical('staging', 'DatabaseSubnetGroup', 'DBSubnetGroupName');
  const retained = stacks.flatMap(({ stack, stackName }) =>
    Object.entries(template(stack).Resources)
      .filter(([, { DeletionPolicy }]) => DeletionPolicy && DeletionPolicy !== 'Delete')
      .map(([id, { Type, DeletionPolicy }]) => [`\`${stackName}\``, `\`${id}\``, Type, DeletionPolicy!]),
  );
  const deploy = stacks.map(({ stack, region, stackName, template: file, parameterFile }) =>
    [
      `aws cloudformation deploy --region ${region} --stack-name ${stackName}`,
      `--template-file ${file}`,
      `--parameter-overrides file://${parameterFile}`,
      `--capabilities CAPABILITY_NAMED_IAM${template(stack).Transform ? ' CAPABILITY_AUTO_EXPAND' : ''}`,
    ].join(' \\\n  '),
  );

  return `<!-- Generated from generator/runbooks/staging.ts by \`npm run generate\`; edit that, not this file. -->
# Runbook: staging

## What there is

${table(
  ['Stack', 'Region', 'Resources', 'Services', 'Bytes'],
  stacks.map(({ stack, stackName, region }) => {
    const types = Object.values(template(stack).Resources).map(({ Type }) => Type.split('::')[1]!);
    return [
      `\`${stackName}\``,
      region,
      String(types.length),
      [...new Set(types)].sort().join(', '),
      String(has(bytes, stack, 'the generator')),
    ];
  }),
)}

Some resources exist under a condition only.

## Deployment

Before:

- [ ] \`aws sts get-caller-identity\` answers with the account of staging.
- [ ] AWS Backup is opted in for Aurora and S3 in ${primary} and ${replica} (\`aws backup describe-region-settings\`).
- [ ] Billing alerts are switched on in the billing preferences; without them the alarm ${alarm('EstimatedChargesAlarm')} has no data.
- [ ] The cost allocation tag \`Environment\` is activated; the budget ${logical('staging-foundation', 'MonthlyBudget')} counts by it. A new tag can take a day to appear.
- [ ] \`aws configservice describe-configuration-recorders\` shows whether the account has AWS Config: see below.
- [ ] ${parameter('staging-foundation', 'AlertEmail')} is set for both alert topics, if e-mail is wanted.

Deploy in this order:

\`\`\`sh
${deploy.join('\n\n')}
\`\`\`

After:

- [ ] Confirm the e-mail of each subscription, one in each region.
- [ ] \`npx plainform verify --environment staging --target aws\` finds nothing.

## Parameters

${stacks
  .map(
    ({ stack, stackName }) =>
      `### ${stackName}\n\n${table(
        ['Name', 'Default', 'Allowed', 'Description'],
        Object.entries(template(stack).Parameters ?? {}).map(([id, body]) => [
          `\`${id}\``,
          body.Default === undefined ? 'none' : body.Default === '' ? 'empty' : `\`${body.Default}\``,
          allowed(body),
          body.Description ?? '',
        ]),
      )}`,
  )
  .join('\n\n')}

## Alarms

${table(
  ['Alarm', 'Threshold', 'What it means', 'What to do first'],
  alarms.map(({ stack, id, properties }) => {
    const [meaning = '', first = ''] = inStaging(properties.AlarmDescription ?? '').split(' First: ');
    return [alarm(id), `${properties.ComparisonOperator} ${limit(stack, properties.Threshold)}`, meaning, first];
  }),
)}

## Restore in ${replica}

1. Find the recovery point: \`aws backup list-recovery-points-by-backup-vault --region ${replica} --backup-vault-name ${vault}\`.
2. Deploy \`templates/staging-foundation.yaml\` in ${replica} under another suffix, as the IAM names are taken. Make a DB subnet group \`${subnets}\` of its ${output('staging-foundation', 'DataSubnetIds')} with \`aws rds create-db-subnet-group\`.
3. Read the metadata: \`aws backup get-recovery-point-restore-metadata --region ${replica} --backup-vault-name ${vault} --recovery-point-arn ARN\`. In a file \`metadata.json\`, set \`DBClusterIdentifier\` to \`${restored}\`, \`DBSubnetGroupName\` to \`${subnets}\`, \`VpcSecurityGroupIds\` to ${output('staging-foundation', 'DatabaseSecurityGroupId')} of that region, and \`KmsKeyId\` to ${output('staging-replica', 'ReplicaKeyArn')}. Keys of ${primary} cannot be used there.
4. Restore, as ${output('staging', 'RestoreRoleArn')} (IAM is global):

   \`\`\`sh
   aws backup start-restore-job --region ${replica} --resource-type Aurora \\
     --recovery-point-arn ARN --iam-role-arn ROLE --metadata file://metadata.json
   aws backup describe-restore-job --region ${replica} --restore-job-id ID
   \`\`\`

5. The restore makes the cluster only. Create its instances: \`aws rds create-db-instance --region ${replica} --db-cluster-identifier ${restored} --db-instance-identifier ${restored}-1 --engine aurora-postgresql --db-instance-class ${has(template('staging').Parameters, 'DatabaseInstanceClass', 'staging').Default}\`; likewise \`-2\`.
6. Give it a managed master secret and the Data API: \`aws rds modify-db-cluster --region ${replica} --db-cluster-identifier ${restored} --manage-master-user-password --enable-http-endpoint\`.
7. For S3, make an empty bucket with versioning and start a job with \`--resource-type S3\` and metadata \`DestinationBucketName\`, \`NewBucket=false\`, \`EncryptionType=SSE-KMS\`, \`KMSKey\`.
8. Point applications at the new endpoint instead of ${output('staging', 'DatabaseEndpoint')}, and at the new bucket.
9. Count rows and objects, read the newest ones, and log in with an application. A failed job notifies through ${logical('staging-replica', 'RestoreFailureRule')}.

## AWS Config in an account that has it

An account has one recorder and one delivery channel in a region. Leave ${parameter('staging-governance', 'CreateConfigRecorder')} and ${parameter('staging-governance', 'CreateConfigDeliveryChannel')} \`false\` there, and set ${parameter('staging-governance', 'CreateConfigRules')} to \`true\`. Where there is neither, set all three to \`true\`.

## Keys and secrets

- KMS rotates ${logical('staging-foundation', 'DataKey')}, ${logical('staging-foundation', 'BackupKey')}, ${logical('staging-foundation', 'LogsKey')} and ${logical('staging-replica', 'ReplicaKey')} by itself; nothing has to be encrypted again.
- RDS rotates the master secret (${output('staging', 'DatabaseSecretArn')}). At once: \`aws secretsmanager rotate-secret\`.
- Never change ${logical('staging', 'MaskingKey')} in place. A new key comes with the next refresh: see [0020](../decisions/0020-data-masking.md).

## Masking

The rules are JSON in the SSM parameter \`${rules}\`, from ${parameter('staging', 'MaskingRules')}. The default:

\`\`\`json
${JSON.stringify(JSON.parse(String(has(template('staging').Parameters, 'MaskingRules', 'staging').Default)), null, 2)}
\`\`\`

Count first, then run by hand:

\`\`\`sh
aws lambda invoke --region ${primary} --function-name ${masking} --cli-binary-format raw-in-base64-out --payload '{"dryRun":true}' out.json
aws lambda invoke --region ${primary} --function-name ${masking} --invocation-type Event out.json
\`\`\`

## Troubleshooting

${table(
  ['Symptom', 'Cause and remedy'],
  [
    ['`No export named …`', 'A stack is missing or has another suffix. Deploy in the order above.'],
    ['`Requires capabilities`', 'Pass the capabilities of the command above.'],
    [
      'A stack cannot be made: a name already exists',
      'An earlier deletion retained it. Import or delete it: see Teardown.',
    ],
    ['No e-mail arrives', `${logical('staging-foundation', 'AlertEmailSubscription')} waits for confirmation.`],
    ['The budget stays at zero', 'The cost allocation tag is not activated, or was less than a day ago.'],
    [
      `${alarm('BackupCopiesFailedAlarm')} goes off`,
      `${logical('staging-replica', 'ReplicaVault')} is missing, or AWS Backup is not opted in there.`,
    ],
    [`${alarm('MaskingFailuresAlarm')} goes off`, 'Read the notification, mend the rule, invoke the function again.'],
    [
      `${alarm('MaskingDeadLettersAlarm')} goes off`,
      `Mend the cause, invoke by hand, purge ${logical('staging', 'MaskingDeadLetters')}.`,
    ],
    ['Masking refuses to start', `${parameter('staging', 'EnvironmentType')} is \`production\`, or a name looks so.`],
    ['The database refuses a connection without TLS', '`rds.force_ssl` is 1. Connect with `sslmode=verify-full`.'],
    ['The cache refuses a log-in', `Log in with an IAM token, as ${output('staging', 'CacheUserArn')}, over TLS.`],
    ['An upload is refused', `It asks for another key than ${output('staging-foundation', 'DataKeyArn')}.`],
    ['A role cannot be assumed', 'Log in with MFA again; it is too long ago for that role.'],
    ['Drift in backup window or retention', 'AWS Backup has taken over: see decision 0030. Nothing to do.'],
  ],
)}

## Teardown

1. Set ${parameter('staging', 'DatabaseDeletionProtection')} to \`false\` and deploy \`${deployed('staging').stackName}\`.
2. Delete in reverse order. A stack whose exports are in use cannot be deleted before those that import them.

\`\`\`sh
${[...stacks]
  .reverse()
  .map(
    ({ region, stackName }) =>
      `aws cloudformation delete-stack --region ${region} --stack-name ${stackName}\naws cloudformation wait stack-delete-complete --region ${region} --stack-name ${stackName}`,
  )
  .join('\n')}
\`\`\`

These stay, or leave a final snapshot. A bucket has to be emptied, with all versions, before it can be deleted; a vault, of all recovery points. Delete keys last: what they encrypt is lost with them.

${table(['Stack', 'Resource', 'Type', 'DeletionPolicy'], retained)}

## Decisions

- [0020](../decisions/0020-data-masking.md): masking is keyed and can be resumed, so that a killed run leaves a consistent database.
- [0030](../decisions/0030-database-classes.md): no T classes, because the Data API is not offered on them.
- [0031](../decisions/0031-cache-without-password.md): the cache has IAM log-ins, because a token is a secret for everybody.
- [0032](../decisions/0032-config-and-access.md): AWS Config has three switches, because an account has one recorder a region.
`;
}

function inStaging(value: Json): string {
  return withSuffix(value, 'staging');
}

function allowed(body: ParameterBody): string {
  if (body.AllowedValues) return body.AllowedValues.map((value) => `\`${value}\``).join(', ');
  if (body.ConstraintDescription) return body.ConstraintDescription;
  if (body.MinValue !== undefined || body.MaxValue !== undefined)
    return `${body.MinValue ?? ''} to ${body.MaxValue ?? 'any'}`;
  return body.AllowedPattern ? `\`${body.AllowedPattern}\`` : body.Type;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
