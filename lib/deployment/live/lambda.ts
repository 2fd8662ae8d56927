import {
  GetFunctionCommand,
  GetFunctionRecursionConfigCommand,
  GetPolicyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { isObject } from '../../cfn/template.ts';
import { inlineCode } from './inline-code.ts';
import { clientOf, found, isMissing, notRead, only, parsed, type Reader, statedParts, whole } from './reading.ts';

export const lambdaFunction: Reader = async (resource) => {
  const client = clientOf(LambdaClient, resource.target);
  const FunctionName = resource.physicalId;
  const answer = await found(() => client.send(new GetFunctionCommand({ FunctionName })));
  const live = answer?.Configuration;
  if (!live) return undefined;
  return {
    Arn: live.FunctionArn,
    ...only(
      live,
      'FunctionName',
      'Description',
      'Runtime',
      'Handler',
      'Role',
      'MemorySize',
      'Timeout',
      'PackageType',
      'FileSystemConfigs',
    ),
    Architectures: live.Architectures ?? ['x86_64'],
    DeadLetterConfig: live.DeadLetterConfig?.TargetArn ? { TargetArn: live.DeadLetterConfig.TargetArn } : undefined,
    Environment: live.Environment && { Variables: whole(live.Environment.Variables) },
    EphemeralStorage: live.EphemeralStorage ?? { Size: 512 },
    KmsKeyArn: live.KMSKeyArn || undefined,
    Layers: live.Layers?.map(({ Arn }) => Arn),
    LoggingConfig: live.LoggingConfig,
    ReservedConcurrentExecutions: answer?.Concurrency?.ReservedConcurrentExecutions,
    SnapStart: live.SnapStart && { ApplyOn: live.SnapStart.ApplyOn },
    Tags: answer?.Tags,
    TracingConfig: live.TracingConfig ?? { Mode: 'PassThrough' },
    VpcConfig: live.VpcConfig?.SubnetIds?.length
      ? {
          ...only(live.VpcConfig, 'SubnetIds', 'SecurityGroupIds'),
          Ipv6AllowedForDualStack: live.VpcConfig.Ipv6AllowedForDualStack ?? false,
        }
      : undefined,
    ...(await statedParts(resource, {
      Code: async () => {
        const inline = isObject(resource.stated.Code) && 'ZipFile' in resource.stated.Code;
        const location = answer?.Code?.Location;
        if (!inline || location === undefined) return notRead('only code that stands in the template is compared');
        return { ZipFile: await inlineCode(location, resource.target) };
      },
      RecursiveLoop: async () =>
        (
          await client.send(new GetFunctionRecursionConfigCommand({ FunctionName }))
        ).RecursiveLoop,
    })),
  };
};

interface Statement {
  Sid?: string;
  Action?: string;
  Principal?: string | { Service?: string; AWS?: string };
  Condition?: Record<string, Record<string, string>>;
}

/** A permission is the statement of its function's policy that has the physical ID for its `Sid`. */
export const permission: Reader = async ({ target, physicalId, stated }) => {
  const FunctionName = String(stated.FunctionName);
  let policy: { Statement?: Statement[] } | undefined;
  try {
    const answer = await clientOf(LambdaClient, target).send(new GetPolicyCommand({ FunctionName }));
    policy = parsed(answer.Policy) as typeof policy;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const statement = policy?.Statement?.find(({ Sid }) => Sid === physicalId);
  if (!statement) return undefined;
  const { Principal: principal, Condition = {} } = statement;
  const condition = (name: string) =>
    Object.values(Condition).flatMap((test) =>
      Object.entries(test).flatMap(([key, value]) => (key.toLowerCase() === name.toLowerCase() ? [value] : [])),
    )[0];
  return {
    Id: physicalId,
    FunctionName,
    Action: statement.Action,
    Principal: typeof principal === 'string' ? principal : (principal?.Service ?? principal?.AWS),
    SourceArn: condition('AWS:SourceArn'),
    SourceAccount: condition('AWS:SourceAccount'),
    PrincipalOrgID: condition('aws:PrincipalOrgID'),
    EventSourceToken: condition('lambda:EventSourceToken'),
    FunctionUrlAuthType: condition('lambda:FunctionUrlAuthType'),
  };
};
