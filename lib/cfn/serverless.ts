import { isObject, type Json, type JsonObject, type Path, type ResourceBody, type Template } from './template.ts';

export interface ServerlessExpansion {
  readonly template: Template;
  /** Where the text of a path in the expanded template stands in the source. */
  origin(path: Path): Path;
}

/** What one SAM resource becomes: resources by logical ID, and the SAM property that each of their properties comes from. */
interface Made {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** By property; what is not named comes from the property of the same name. */
  readonly from?: Readonly<Record<string, Path>>;
}

type Expand = (id: string, properties: JsonObject) => Made[];

/**
 * A SAM template with what its resources become, as far as properties decide it: functions with their roles and URLs, APIs
 * with their stages, tables, state machines, layers. Deployments, permissions of events and what connectors and policy
 * templates add are left out: SAM limits them to what is named. A template without the transform is returned as it is.
 * Source: AWS SAM specification 2016-10-31, and the output of aws-sam-translator 1.115, read 2026-11-21.
 */
export function expandServerless(source: Template): ServerlessExpansion {
  if (![source.Transform ?? []].flat().includes('AWS::Serverless-2016-10-31')) {
    return { template: source, origin: (path) => path };
  }
  const origins = new Map<string, { readonly id: string; readonly from: Readonly<Record<string, Path>> }>();
  const Resources: Record<string, ResourceBody> = {};
  for (const [id, body] of Object.entries(source.Resources)) {
    const kind =
      isObject(body) && typeof body.Type === 'string' ? /^AWS::Serverless::(\w+)$/.exec(body.Type)?.[1] : undefined;
    const expand = kind === undefined ? undefined : EXPAND[kind];
    if (expand === undefined) {
      Resources[id] = body;
      continue;
    }
    const { Type: _, Properties, ...beside } = body;
    for (const made of expand(id, withGlobals(source.Globals?.[kind!], Properties ?? {}))) {
      if (Object.hasOwn(source.Resources, made.id) && made.id !== id) continue;
      Resources[made.id] = { ...beside, Type: made.type, Properties: made.properties };
      origins.set(made.id, { id, from: made.from ?? {} });
    }
  }
  const { Globals: _, ...rest } = source;
  return {
    template: { ...rest, Resources },
    origin(path) {
      const [section, id, part, name, ...more] = path;
      const made = section === 'Resources' ? origins.get(String(id)) : undefined;
      if (made === undefined) return path;
      const written = [section!, made.id];
      if (part !== 'Properties' || name === undefined) return [...written, ...path.slice(2)];
      const renamed = made.from[name];
      if (renamed) return [...written, 'Properties', ...renamed];
      return id === made.id ? [...written, 'Properties', name, ...more] : written;
    },
  };
}

/** Mappings are merged, lists joined, anything else is the resource's own where it has one. */
function withGlobals(globals: Json | undefined, own: JsonObject): JsonObject {
  return isObject(globals) ? (merged(globals, own) as JsonObject) : own;
}

function merged(general: Json, own: Json): Json {
  if (isObject(general) && isObject(own) && !isCall(general) && !isCall(own)) {
    const result: JsonObject = { ...general };
    for (const [key, value] of Object.entries(own))
      result[key] = Object.hasOwn(general, key) ? merged(general[key]!, value) : value;
    return result;
  }
  return Array.isArray(general) && Array.isArray(own) ? [...general, ...own] : own;
}

function isCall(value: JsonObject): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'Ref' || keys[0]!.startsWith('Fn::'));
}

const EXPAND: Readonly<Record<string, Expand>> = {
  Function: expandFunction,
  Api: expandApi,
  HttpApi: expandHttpApi,
  SimpleTable: expandTable,
  StateMachine: expandStateMachine,
  LayerVersion: (id, properties) => [
    { id, type: 'AWS::Lambda::LayerVersion', ...renamed(properties, { ContentUri: 'Content' }) },
  ],
};

/** Properties under their new names, and where each comes from. */
function renamed(properties: JsonObject, names: Readonly<Record<string, string>>): Pick<Made, 'properties' | 'from'> {
  const from: Record<string, Path> = {};
  const entries = Object.entries(properties).map(([name, value]) => {
    const to = names[name] ?? name;
    from[to] = [name];
    return [to, name === 'Tags' && isObject(value) && !isCall(value) ? tagList(value) : value] as const;
  });
  return { properties: Object.fromEntries(entries), from };
}

function tagList(tags: JsonObject): Json {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function expandFunction(id: string, given: JsonObject): Made[] {
  const { Policies, Tracing, DeadLetterQueue, FunctionUrlConfig, AssumeRolePolicyDocument, ...rest } = given;
  const { Events: _, AutoPublishAlias: __, DeploymentPreference: ___, RolePath, PermissionsBoundary, ...own } = rest;
  const { properties, from } = renamed(own, { CodeUri: 'Code', InlineCode: 'Code' });
  if (Tracing !== undefined) properties.TracingConfig = { Mode: Tracing };
  if (DeadLetterQueue !== undefined) {
    const { TargetArn } = isObject(DeadLetterQueue) ? DeadLetterQueue : {};
    properties.DeadLetterConfig = TargetArn === undefined ? DeadLetterQueue : { TargetArn };
  }
  const made: Made[] = [];
  if (given.Role === undefined) {
    properties.Role = { 'Fn::GetAtt': [`${id}Role`, 'Arn'] };
    const managed = ['service-role/AWSLambdaBasicExecutionRole'];
    if (Tracing === 'Active') managed.push('AWSXrayWriteOnlyAccess');
    if (given.VpcConfig !== undefined) managed.push('service-role/AWSLambdaVPCAccessExecutionRole');
    const letters = isObject(properties.DeadLetterConfig) ? properties.DeadLetterConfig.TargetArn : undefined;
    const service = 'lambda.amazonaws.com';
    made.push(
      role(
        `${id}Role`,
        service,
        managed,
        Policies,
        {
          ...(AssumeRolePolicyDocument !== undefined && { AssumeRolePolicyDocument }),
          ...(RolePath !== undefined && { Path: RolePath }),
          ...(PermissionsBoundary !== undefined && { PermissionsBoundary }),
        },
        letters === undefined ? [] : [deadLetterPolicy(DeadLetterQueue!, letters)],
      ),
    );
  }
  if (isObject(FunctionUrlConfig)) {
    const { properties: url } = renamed(FunctionUrlConfig, {});
    const fromUrl = Object.fromEntries(Object.keys(url).map((name) => [name, ['FunctionUrlConfig', name]]));
    made.push({
      id: `${id}Url`,
      type: 'AWS::Lambda::Url',
      properties: { ...url, TargetFunctionArn: { Ref: id } },
      from: fromUrl,
    });
  }
  const renames = { ...from, TracingConfig: ['Tracing'], DeadLetterConfig: ['DeadLetterQueue'] };
  return [{ id, type: 'AWS::Lambda::Function', properties, from: renames }, ...made];
}

/** The role that SAM makes where none is given. Policy templates, which are limited to what they name, are left out. */
function role(
  id: string,
  service: string,
  managed: readonly string[],
  given: Json | undefined,
  more: JsonObject,
  first: readonly Json[] = [],
): Made {
  const policies = given === undefined ? [] : Array.isArray(given) ? given : [given];
  const arns: Json[] = managed.map((name) => managedPolicy(name));
  const inline: Json[] = [...first];
  for (const [index, policy] of policies.entries()) {
    if (typeof policy === 'string') arns.push(policy.startsWith('arn:') ? policy : managedPolicy(policy));
    else if (isObject(policy) && isCall(policy)) arns.push(policy);
    else if (isObject(policy) && policy.Statement !== undefined)
      inline.push({ PolicyName: `${id}Policy${index}`, PolicyDocument: policy });
  }
  const statement = { Effect: 'Allow', Principal: { Service: [service] }, Action: ['sts:AssumeRole'] };
  return {
    id,
    type: 'AWS::IAM::Role',
    properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      ManagedPolicyArns: arns,
      ...(inline.length > 0 && { Policies: inline }),
      ...more,
    },
    from: { Policies: ['Policies'], ManagedPolicyArns: ['Policies'], PermissionsBoundary: ['PermissionsBoundary'] },
  };
}

function deadLetterPolicy(queue: Json, Resource: Json): Json {
  const Action = isObject(queue) && queue.Type === 'SNS' ? 'sns:Publish' : 'sqs:SendMessage';
  const Statement = [{ Effect: 'Allow', Action, Resource }];
  return { PolicyName: 'DeadLetterQueuePolicy', PolicyDocument: { Version: '2012-10-17', Statement } };
}

function managedPolicy(name: string): Json {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/${name}` };
}

const API_ONLY = [
  'Name',
  'Description',
  'BinaryMediaTypes',
  'MinimumCompressionSize',
  'DisableExecuteApiEndpoint',
  'ApiKeySourceType',
];
const STAGE_OF_API = [
  'AccessLogSetting',
  'CacheClusterEnabled',
  'CacheClusterSize',
  'CanarySetting',
  'MethodSettings',
  'TracingEnabled',
  'Variables',
];

function expandApi(id: string, given: JsonObject): Made[] {
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  const { EndpointConfiguration: endpoint, DefinitionBody, StageName, Auth } = given;
  const api: JsonObject = pick(API_ONLY);
  if (DefinitionBody !== undefined) api.Body = DefinitionBody;
  if (typeof endpoint === 'string') api.EndpointConfiguration = { Types: [endpoint] };
  else if (isObject(endpoint))
    api.EndpointConfiguration = isCall(endpoint)
      ? endpoint
      : {
          ...(endpoint.Type !== undefined && { Types: [endpoint.Type] }),
          ...(endpoint.VPCEndpointIds !== undefined && { VpcEndpointIds: endpoint.VPCEndpointIds }),
        };
  if (isObject(Auth) && isObject(Auth.ResourcePolicy) && Auth.ResourcePolicy.CustomStatements !== undefined)
    api.Policy = { Version: '2012-10-17', Statement: Auth.ResourcePolicy.CustomStatements };
  const name = typeof StageName === 'string' && /^\w+$/.test(StageName) ? StageName : '';
  const fromApi = { Body: ['DefinitionBody'], Policy: ['Auth', 'ResourcePolicy'] };
  const stage = { ...pick(STAGE_OF_API), ...stageOf(id, StageName), ...tagged(given) };
  return [
    { id, type: 'AWS::ApiGateway::RestApi', properties: { ...api, ...tagged(given) }, from: fromApi },
    { id: `${id}${name}Stage`, type: 'AWS::ApiGateway::Stage', properties: stage, from: sameNames(stage) },
  ];
}

function expandHttpApi(id: string, given: JsonObject): Made[] {
  const {
    Name,
    Description,
    DisableExecuteApiEndpoint,
    CorsConfiguration,
    DefinitionBody,
    StageName = '$default',
  } = given;
  const api = {
    Name,
    Description,
    DisableExecuteApiEndpoint,
    CorsConfiguration,
    Body: DefinitionBody,
  };
  const { AccessLogSettings, DefaultRouteSettings, RouteSettings, StageVariables } = given;
  const stage = { AccessLogSettings, DefaultRouteSettings, RouteSettings, StageVariables, AutoDeploy: true };
  const named = typeof StageName === 'string' ? (StageName === '$default' ? 'ApiGatewayDefault' : StageName) : '';
  const properties = {
    ...defined(stage),
    ApiId: { Ref: id },
    StageName,
    ...(isObject(given.Tags) && { Tags: given.Tags }),
  };
  return [
    {
      id,
      type: 'AWS::ApiGatewayV2::Api',
      properties: { ...defined(api), ...(isObject(given.Tags) && { Tags: given.Tags }) },
      from: { Body: ['DefinitionBody'] },
    },
    { id: `${id}${named}Stage`, type: 'AWS::ApiGatewayV2::Stage', properties, from: sameNames(properties) },
  ];
}

function expandTable(id: string, given: JsonObject): Made[] {
  const { PrimaryKey, ProvisionedThroughput, ...rest } = given;
  const { Name = 'id', Type = 'String' } = isObject(PrimaryKey) ? PrimaryKey : {};
  const { properties, from } = renamed(rest, {});
  properties.KeySchema = [{ AttributeName: Name, KeyType: 'HASH' }];
  properties.AttributeDefinitions = [{ AttributeName: Name, AttributeType: String(Type)[0]! }];
  if (ProvisionedThroughput === undefined) properties.BillingMode = 'PAY_PER_REQUEST';
  else properties.ProvisionedThroughput = ProvisionedThroughput;
  return [{ id, type: 'AWS::DynamoDB::Table', properties, from: { ...from, KeySchema: ['PrimaryKey'] } }];
}

function expandStateMachine(id: string, given: JsonObject): Made[] {
  const { Policies, Logging, Tracing, Name, Type, PermissionsBoundary, Events: _, Role, ...rest } = given;
  const names = { Definition: 'DefinitionString', DefinitionUri: 'DefinitionS3Location' };
  const { properties, from } = renamed(rest, names);
  Object.assign(
    properties,
    defined({
      LoggingConfiguration: Logging,
      TracingConfiguration: Tracing,
      StateMachineName: Name,
      StateMachineType: Type,
    }),
  );
  const renames = {
    ...from,
    LoggingConfiguration: ['Logging'],
    TracingConfiguration: ['Tracing'],
    StateMachineName: ['Name'],
    StateMachineType: ['Type'],
    RoleArn: ['Role'],
  };
  properties.RoleArn = Role ?? { 'Fn::GetAtt': [`${id}Role`, 'Arn'] };
  const machine: Made = { id, type: 'AWS::StepFunctions::StateMachine', properties, from: renames };
  if (Role !== undefined) return [machine];
  const boundary: JsonObject = PermissionsBoundary === undefined ? {} : { PermissionsBoundary };
  const traced = isObject(Tracing) && Tracing.Enabled === true ? ['AWSXrayWriteOnlyAccess'] : [];
  return [machine, role(`${id}Role`, 'states.amazonaws.com', traced, Policies, boundary)];
}

function stageOf(id: string, StageName: Json | undefined): JsonObject {
  return { RestApiId: { Ref: id }, ...(StageName !== undefined && { StageName }) };
}

function tagged({ Tags }: JsonObject): JsonObject {
  return isObject(Tags) && !isCall(Tags) ? { Tags: tagList(Tags) } : {};
}

function sameNames(properties: JsonObject): Record<string, Path> {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, [name]]));
}

function defined(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;
}
