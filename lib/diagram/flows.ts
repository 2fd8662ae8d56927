import { referencesIn } from '../cfn/graph.ts';
import { isObject, type Json, type JsonObject, type Path } from '../cfn/template.ts';
import { inPolicy } from './folding.ts';
import { lastName } from './network.ts';
import { type Named, namesIn, type Prepared, type Resource } from './prepare.ts';

/** `network`: who may connect to whom. `data`: what is sent, written, started or watched. `uses`: a reference, no more is known. */
export type FlowKind = 'data' | 'network' | 'uses';

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly kind: FlowKind;
  readonly labels: readonly string[];
  /** Only where a condition decides it. */
  readonly conditional: boolean;
}

/** What is drawn and is no resource of the template. */
export interface External {
  readonly id: string;
  readonly name: string;
  readonly what: string;
}

/** How references are read: by type and property, the longest that fits. */
interface Reading {
  readonly label?: string;
  /** From what is referred to, to what refers. */
  readonly reverse?: true;
  /** No flow. */
  readonly none?: true;
}

const READINGS: Readonly<Record<string, Reading>> = {
  'AWS::ApiGateway::Authorizer|ProviderARNs': { label: 'signs in with' },
  'AWS::AppSync::DataSource': { label: 'resolves from' },
  'AWS::AutoScaling::AutoScalingGroup|LoadBalancerNames': { label: 'traffic', reverse: true },
  'AWS::AutoScaling::AutoScalingGroup|NotificationConfigurations': { label: 'notifies' },
  'AWS::AutoScaling::AutoScalingGroup|TargetGroupARNs': { label: 'traffic', reverse: true },
  'AWS::AutoScaling::ScalingPolicy': { none: true },
  'AWS::Backup::BackupPlan|BackupPlan/BackupPlanRule': { label: 'stores' },
  'AWS::Backup::BackupSelection|BackupSelection/Resources': { label: 'backed up', reverse: true },
  'AWS::Backup::BackupVault|Notifications': { label: 'notifies' },
  'AWS::Budgets::Budget|NotificationsWithSubscribers': { label: 'notifies' },
  'AWS::CloudFront::Distribution|DistributionConfig/DefaultCacheBehavior': { label: 'runs' },
  'AWS::CloudFront::Distribution|DistributionConfig/Logging': { label: 'access logs' },
  'AWS::CloudFront::Distribution|DistributionConfig/Origins': { label: 'origin' },
  'AWS::CloudFront::Distribution|DistributionConfig/WebACLId': { label: 'protects', reverse: true },
  'AWS::CloudTrail::Trail|CloudWatchLogsLogGroupArn': { label: 'trail' },
  'AWS::CloudTrail::Trail|S3BucketName': { label: 'trail' },
  'AWS::CloudTrail::Trail|SnsTopicName': { label: 'notifies' },
  'AWS::CloudWatch::Alarm|AlarmActions': { label: 'alarm' },
  'AWS::CloudWatch::Alarm|Dimensions': { label: 'metrics', reverse: true },
  'AWS::CloudWatch::Alarm|InsufficientDataActions': { label: 'alarm' },
  'AWS::CloudWatch::Alarm|Metrics': { label: 'metrics', reverse: true },
  'AWS::CloudWatch::Alarm|OKActions': { label: 'alarm' },
  'AWS::CloudWatch::CompositeAlarm|AlarmActions': { label: 'alarm' },
  'AWS::CloudWatch::CompositeAlarm|AlarmRule': { label: 'combines', reverse: true },
  'AWS::CloudWatch::Dashboard|DashboardBody': { label: 'shown', reverse: true },
  'AWS::CodeBuild::Project|Artifacts': { label: 'artifacts' },
  'AWS::CodePipeline::Pipeline|ArtifactStore': { label: 'artifacts' },
  'AWS::CodePipeline::Pipeline|Stages': { label: 'runs' },
  'AWS::Cognito::UserPool|LambdaConfig': { label: 'triggers' },
  'AWS::Config::ConfigRule|Source': { label: 'evaluates with' },
  'AWS::Config::DeliveryChannel|S3BucketName': { label: 'history' },
  'AWS::Config::DeliveryChannel|SnsTopicARN': { label: 'notifies' },
  'AWS::EC2::FlowLog|LogDestination': { label: 'flow logs' },
  'AWS::EC2::FlowLog|LogGroupName': { label: 'flow logs' },
  'AWS::EC2::Instance|Volumes': { label: 'mounts' },
  'AWS::ECS::Service|Cluster': { label: 'runs in' },
  'AWS::ECS::Service|LoadBalancers': { label: 'traffic', reverse: true },
  'AWS::ECS::TaskDefinition|ContainerDefinitions/LogConfiguration': { label: 'logs' },
  'AWS::ECS::TaskDefinition|ContainerDefinitions/Secrets': { label: 'reads' },
  'AWS::ECS::TaskDefinition|Volumes': { label: 'mounts' },
  'AWS::ElastiCache::ReplicationGroup|LogDeliveryConfigurations': { label: 'logs' },
  'AWS::ElasticLoadBalancing::LoadBalancer|AccessLoggingPolicy': { label: 'access logs' },
  'AWS::ElasticLoadBalancing::LoadBalancer|Instances': { label: 'traffic' },
  'AWS::ElasticLoadBalancingV2::LoadBalancer|LoadBalancerAttributes': { label: 'access logs' },
  'AWS::ElasticLoadBalancingV2::TargetGroup|Targets': { label: 'traffic' },
  'AWS::Events::Rule|EventPattern': { label: 'events', reverse: true },
  'AWS::Events::Rule|Targets': { label: 'events' },
  'AWS::IAM::Role|AssumeRolePolicyDocument': { none: true },
  'AWS::IoT::TopicRule|TopicRulePayload': { label: 'messages' },
  'AWS::KinesisFirehose::DeliveryStream': { label: 'delivers' },
  'AWS::KinesisFirehose::DeliveryStream|KinesisStreamSourceConfiguration': { label: 'records', reverse: true },
  'AWS::Lambda::EventInvokeConfig|DestinationConfig': { label: 'results' },
  'AWS::Lambda::EventSourceMapping|DestinationConfig': { label: 'failures' },
  'AWS::Lambda::EventSourceMapping|EventSourceArn': { label: 'events', reverse: true },
  'AWS::Lambda::Function|DeadLetterConfig': { label: 'failures' },
  'AWS::Lambda::Function|FileSystemConfigs': { label: 'mounts' },
  'AWS::Lambda::Function|LoggingConfig': { label: 'logs' },
  'AWS::Lambda::Permission|SourceArn': { label: 'invokes', reverse: true },
  'AWS::Logs::SubscriptionFilter|DestinationArn': { label: 'log events' },
  'AWS::Pipes::Pipe|Source': { label: 'events', reverse: true },
  'AWS::Pipes::Pipe|Target': { label: 'events' },
  'AWS::RDS::DBInstance|SourceDBInstanceIdentifier': { label: 'replicates', reverse: true },
  'AWS::RDS::DBProxyTargetGroup': { label: 'connects' },
  'AWS::RDS::EventSubscription|SnsTopicArn': { label: 'events' },
  'AWS::RDS::EventSubscription|SourceIds': { label: 'events', reverse: true },
  'AWS::Route53::RecordSet': { label: 'resolves to' },
  'AWS::Route53::RecordSetGroup': { label: 'resolves to' },
  'AWS::S3::Bucket|LoggingConfiguration': { label: 'access logs' },
  'AWS::S3::Bucket|NotificationConfiguration': { label: 'events' },
  'AWS::S3::Bucket|ReplicationConfiguration': { label: 'replicates' },
  'AWS::S3::Bucket|InventoryConfigurations': { label: 'inventory' },
  'AWS::SNS::Subscription|Endpoint': { label: 'notifies' },
  'AWS::SNS::Topic|Subscription': { label: 'notifies' },
  'AWS::SQS::Queue|RedrivePolicy': { label: 'failures' },
  'AWS::Scheduler::Schedule|Target': { label: 'starts' },
  'AWS::SecretsManager::RotationSchedule|RotationLambdaARN': { label: 'rotates', reverse: true },
  'AWS::SecretsManager::SecretTargetAttachment': { label: 'credentials' },
  'AWS::StepFunctions::StateMachine|DefinitionString': { label: 'runs' },
  'AWS::StepFunctions::StateMachine|Definition': { label: 'runs' },
  'AWS::StepFunctions::StateMachine|DefinitionSubstitutions': { label: 'runs' },
  'AWS::StepFunctions::StateMachine|LoggingConfiguration': { label: 'logs' },
  'AWS::WAFv2::LoggingConfiguration': { label: 'logs' },
  'AWS::WAFv2::WebACLAssociation': { label: 'protects' },
  'AWS::WAFv2::WebACLAssociation|WebACLArn': { label: 'protects', reverse: true },
};

export function readingOf(type: string, path: Path): Reading {
  const names = path.slice(3).filter((step) => typeof step === 'string' && step !== 'Ref' && !step.startsWith('Fn::'));
  for (let length = names.length; length > 0; length--) {
    const place = `${type}|${names.slice(0, length).join('/')}`;
    if (Object.hasOwn(READINGS, place)) return READINGS[place]!;
  }
  if (Object.hasOwn(READINGS, type)) return READINGS[type]!;
  if (names[0] === 'Integration' || names.includes('IntegrationUri')) return { label: 'calls' };
  if (names.includes('Environment') || names.includes('EnvironmentVariables')) return {};
  if (names.some((name) => /Log(ging|s|Group)/.test(String(name)))) return { label: 'logs' };
  if (names.some((name) => /Notification|Sns|SNS/.test(String(name)))) return { label: 'notifies' };
  if (names.some((name) => /DeadLetter/.test(String(name)))) return { label: 'failures' };
  return {};
}

/** Policies of who may reach a resource, which say nothing of what it does. */
const RESOURCE_POLICY =
  /^AWS::(S3::BucketPolicy|S3::AccessPointPolicy|SNS::Topic(Inline)?Policy|SQS::Queue(Inline)?Policy|KMS::(Key|ReplicaKey)|Lambda::LayerVersionPermission|SecretsManager::ResourcePolicy|Events::EventBusPolicy|ECR::RepositoryPolicy|Logs::ResourcePolicy|EFS::FileSystemPolicy)$/;

const PEOPLE_AND_ROLES = /^AWS::IAM::/;

export interface Ends {
  /** Boxes that stand for a resource in flows from what it says: several for what is shared. */
  from(resource: Resource): readonly string[];
  /** The box that stands for a resource that is referred to; undefined where that is no flow. */
  to(target: string): string | undefined;
}

/** Flows that references say. */
export function referenceFlows(prepared: Prepared, ends: Ends, externals: Map<string, External>): Flow[] {
  const flows: Flow[] = [];
  for (const resource of prepared.resources.values()) {
    if (RESOURCE_POLICY.test(resource.type)) continue;
    const from = ends.from(resource);
    for (const reference of resource.references) {
      if (isAside(reference.path) || inPolicyOf(resource, reference.path)) continue;
      const reading = readingOf(resource.type, reference.path);
      const to = ends.to(reference.target);
      if (to === undefined || reading.none) continue;
      const conditional = reference.path.includes('Fn::If');
      for (const one of from) flows.push(flow(one, to, reading, conditional));
    }
    for (const named of importsIn(resource, prepared)) {
      const reading = readingOf(resource.type, named.path);
      if (reading.none || !isPartner(named, resource, reading)) continue;
      const external = externalOf(named, externals);
      for (const one of from) flows.push(flow(one, external.id, reading, named.path.includes('Fn::If')));
    }
    if (PEOPLE_AND_ROLES.test(resource.type)) flows.push(...policyFlows(resource, from, prepared, ends, externals));
    if (resource.type === 'AWS::SNS::Subscription')
      flows.push(...subscriptionFlows(resource, from, prepared, externals));
    if (resource.type === 'AWS::SNS::Topic' && Array.isArray(resource.properties.Subscription))
      for (const each of resource.properties.Subscription)
        if (isObject(each))
          flows.push(...subscriptionFlows({ ...resource, properties: each }, from, prepared, externals));
    if (resource.type === 'AWS::Lambda::Url')
      for (const one of from) {
        const internet = internetOf(externals);
        flows.push(flow(internet.id, one, { label: 'function URL' }, false));
      }
  }
  return [...flows, ...backupsByTag(prepared, ends), ...logsByName(prepared, ends)];
}

function flow(from: string, to: string, { label, reverse }: Reading, conditional: boolean, kind?: FlowKind): Flow {
  const [start, end] = reverse ? [to, from] : [from, to];
  return { from: start, to: end, kind: kind ?? (label ? 'data' : 'uses'), labels: label ? [label] : [], conditional };
}

/** Tags, and what only puts a resource in its place. */
function isAside(path: Path): boolean {
  return (
    path[3] === 'Tags' || path[3] === 'TagSpecifications' || path[3] === 'Description' || path.includes('UserData')
  );
}

function inPolicyOf({ type }: Resource, path: Path): boolean {
  return (
    inPolicy(path) &&
    (PEOPLE_AND_ROLES.test(type) ||
      path.some((step) => /PolicyDocument|KeyPolicy|ResourcePolicy|^Policy$/.test(String(step))))
  );
}

function importsIn(resource: Resource, { template }: Prepared): Named[] {
  const base = ['Resources', resource.id, 'Properties'];
  return namesIn(resource.properties, template, base).filter(({ path }) => !isAside(path) && !inPolicy(path));
}

/** Whether what is named by a parameter or import is a resource that something is sent to or read from. */
function isPartner({ name, from, path }: Named, { type }: Resource, { label }: Reading): boolean {
  if (
    /Kms|KMS|EncryptionKey|MasterKey|Subnet|SecurityGroup|Vpc|VPC|Role|Certificate|Image|Ami|Port$|Policy/.test(
      `${lastName(path)} ${name}`,
    )
  )
    return false;
  if (
    label !== undefined &&
    /Actions|Targets|Topic|Destination|Endpoint|Arn|ARN|SourceArn|Subscribers|Origins|Bucket/.test(path.join('/'))
  )
    return from === 'import' || /(Arn|ARN|Topic|Queue|Bucket|Function|Stream|Url|URL|Endpoint)\w*$/.test(name);
  if (/^AWS::(EC2|CloudFormation|Config)::/.test(type) || /Key(Arn|ARN|Id)?$/.test(name)) return false;
  return (
    from === 'import' &&
    /(Arn|ARN|Url|URL|Endpoint|Topic|Queue|Bucket|Table|Stream|Function|Cluster)(Name)?s?$/.test(name)
  );
}

function externalOf({ name, from }: Pick<Named, 'name' | 'from'>, externals: Map<string, External>): External {
  const id = `external:${from}:${name}`;
  const what = from === 'import' ? 'imported from another stack' : 'given by a parameter';
  const known = externals.get(id) ?? { id, name, what };
  externals.set(id, known);
  return known;
}

export function internetOf(externals: Map<string, External>): External {
  const known = externals.get('external:internet') ?? {
    id: 'external:internet',
    name: 'Internet',
    what: 'any address',
  };
  externals.set(known.id, known);
  return known;
}

export function addressesOf(name: string, what: string, externals: Map<string, External>): External {
  const id = `external:addresses:${name}`;
  const known = externals.get(id) ?? { id, name, what };
  externals.set(id, known);
  return known;
}

function subscriptionFlows(
  { properties }: Resource,
  from: readonly string[],
  { say }: Prepared,
  externals: Map<string, External>,
): Flow[] {
  const protocol = say(properties.Protocol) ?? '';
  if (!/^(email|email-json|sms|https?)$/.test(protocol)) return [];
  const name = say(properties.Endpoint) ?? protocol;
  const what = protocol.startsWith('email') ? 'e-mail' : protocol === 'sms' ? 'text message' : 'web hook';
  const external = addressesOf(name, what, externals);
  return from.map((one) => flow(one, external.id, { label: 'notifies' }, false));
}

/** What a role, or a policy on it, allows to whoever has the role: flows to the resources that its statements name. */
function policyFlows(
  resource: Resource,
  from: readonly string[],
  { template }: Prepared,
  ends: Ends,
  externals: Map<string, External>,
): Flow[] {
  const flows: Flow[] = [];
  for (const statement of statementsIn(resource.properties)) {
    if (statement.Effect !== 'Allow') continue;
    // What is encrypted with which key, badges tell.
    if ([statement.Action].flat().every((action) => String(action).startsWith('kms:'))) continue;
    const label = accessOf(statement.Action);
    for (const { target } of referencesIn(statement.Resource, [])) {
      const to = ends.to(target);
      if (to !== undefined) for (const one of from) flows.push(flow(one, to, { label }, false));
    }
    for (const named of namesIn(statement.Resource, template))
      if (named.from === 'import')
        for (const one of from) flows.push(flow(one, externalOf(named, externals).id, { label }, false));
  }
  return flows;
}

function statementsIn(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(statementsIn);
  if (!isObject(value)) return [];
  if (value.Effect !== undefined && value.Action !== undefined) return [value];
  return Object.entries(value).flatMap(([key, member]) =>
    key === 'AssumeRolePolicyDocument' ? [] : statementsIn(member),
  );
}

/** `reads`, `writes`, `reads, writes`: by the verbs of the actions. */
function accessOf(actions: Json | undefined): string {
  const names = (Array.isArray(actions) ? actions : [actions]).filter(
    (action): action is string => typeof action === 'string',
  );
  const verbs = names.map((name) => name.slice(name.indexOf(':') + 1));
  const any = (pattern: RegExp) => verbs.some((verb) => pattern.test(verb));
  const every = (pattern: RegExp) => names.length > 0 && names.every((name) => pattern.test(name));
  if (every(/^(lambda:Invoke|states:Start)/)) return 'starts';
  if (every(/^sns:Publish/)) return 'notifies';
  if (every(/^(sqs:Send|events:PutEvents|kinesis:Put|firehose:Put)/)) return 'sends';
  if (any(/^ExecuteStatement$/)) return 'reads, writes';
  if (any(/^\*$/)) return 'reads, writes';
  const reads = any(/^(Get|List|Describe|Query|Scan|BatchGet|Select|Receive|Read|Head|Search|Decrypt|ES?HttpGet)/);
  const writes = any(
    /^(Put|Create|Update|Delete|Write|BatchWrite|Send|Publish|Execute|Begin|Commit|Start|Stop|Run|Upload|Abort|Restore|Add|Remove|Invoke|ClientWrite|ESHttp(Post|Put))/,
  );
  if (reads && writes) return 'reads, writes';
  return writes ? 'writes' : reads ? 'reads' : 'may use';
}

/** A selection by tag backs up what has the tag with the same value. */
function backupsByTag({ resources }: Prepared, ends: Ends): Flow[] {
  const flows: Flow[] = [];
  for (const selection of resources.values()) {
    const { BackupSelection: body } = selection.properties;
    if (selection.type !== 'AWS::Backup::BackupSelection' || !isObject(body) || !Array.isArray(body.ListOfTags))
      continue;
    for (const tag of body.ListOfTags) {
      if (!isObject(tag) || tag.ConditionKey === undefined) continue;
      for (const resource of resources.values()) {
        if (
          !tagsOf(resource).some(
            ([key, value]) => key === tag.ConditionKey && JSON.stringify(value) === JSON.stringify(tag.ConditionValue),
          )
        )
          continue;
        const to = ends.to(resource.id);
        if (to !== undefined)
          for (const one of ends.from(selection))
            flows.push(flow(one, to, { label: 'backed up', reverse: true }, false));
      }
    }
  }
  return flows;
}

function tagsOf({ properties: { Tags } }: Resource): [Json, Json][] {
  if (isObject(Tags)) return Object.entries(Tags);
  if (!Array.isArray(Tags)) return [];
  return Tags.flatMap((tag): [Json, Json][] =>
    isObject(tag) && tag.Key !== undefined ? [[tag.Key, tag.Value ?? null]] : [],
  );
}

/** A log group that is made for a function or a database by the name that the service writes to. */
const NAMED_LOGS: readonly (readonly [type: RegExp, property: string, prefix: string])[] = [
  [/^AWS::Lambda::Function$/, 'FunctionName', '/aws/lambda/'],
  [/^AWS::RDS::DBCluster$/, 'DBClusterIdentifier', '/aws/rds/cluster/'],
  [/^AWS::RDS::DBInstance$/, 'DBInstanceIdentifier', '/aws/rds/instance/'],
  [/^AWS::CodeBuild::Project$/, 'Name', '/aws/codebuild/'],
];

function logsByName({ resources }: Prepared, ends: Ends): Flow[] {
  const flows: Flow[] = [];
  const groups = [...resources.values()].filter(({ type }) => type === 'AWS::Logs::LogGroup');
  for (const group of groups) {
    const name = writtenName(group.properties.LogGroupName);
    if (name === undefined) continue;
    for (const resource of resources.values()) {
      const kind = NAMED_LOGS.find(([type]) => type.test(resource.type));
      const own = kind && writtenName(resource.properties[kind[1]]);
      if (!kind || own === undefined || (name !== `${kind[2]}${own}` && !name.startsWith(`${kind[2]}${own}/`)))
        continue;
      const to = ends.to(group.id);
      if (to !== undefined) for (const one of ends.from(resource)) flows.push(flow(one, to, { label: 'logs' }, false));
    }
  }
  return flows;
}

function writtenName(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  const text = isObject(value) ? value['Fn::Sub'] : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** Events and policies of SAM functions, which are not expanded. */
export function serverlessFlows(prepared: Prepared, ends: Ends, externals: Map<string, External>): Flow[] {
  const flows: Flow[] = [];
  for (const [id, properties] of prepared.serverless) {
    const resource = prepared.resources.get(id);
    if (!resource) continue;
    const [one] = ends.from(resource);
    if (one === undefined) continue;
    for (const event of Object.values(isObject(properties.Events) ? properties.Events : {})) {
      if (!isObject(event)) continue;
      const given = isObject(event.Properties) ? event.Properties : {};
      const type = String(event.Type);
      const sources = referencesIn(event.Properties, []).flatMap(({ target }) => ends.to(target) ?? []);
      const label = /^(Http)?Api$/.test(type) ? 'calls' : 'events';
      for (const source of new Set(sources))
        flows.push({ from: source, to: one, kind: 'data', labels: [label], conditional: false });
      if (sources.length > 0) continue;
      if (/^(Http)?Api$/.test(type)) {
        const api: External = {
          id: `external:sam:${type}`,
          name: type === 'Api' ? 'ServerlessRestApi' : 'ServerlessHttpApi',
          what: 'API that SAM makes',
        };
        externals.set(api.id, api);
        flows.push({ from: api.id, to: one, kind: 'data', labels: ['calls'], conditional: false });
      } else if (/^Schedule/.test(type)) {
        const name = prepared.say(given.Schedule ?? given.ScheduleExpression) ?? 'schedule';
        const schedule = addressesOf(name, 'schedule', externals);
        flows.push({ from: schedule.id, to: one, kind: 'data', labels: ['starts'], conditional: false });
      }
    }
    for (const { path, target } of referencesIn(properties.Policies, [])) {
      const to = ends.to(target);
      const template = path.map(String).find((step) => /Policy$/.test(step)) ?? '';
      const label = /Crud|FullAccess/.test(template)
        ? 'reads, writes'
        : /Read|Get/.test(template)
          ? 'reads'
          : /Write|Send|Publish|Put/.test(template)
            ? 'writes'
            : 'may use';
      if (to !== undefined && path.length > 0)
        flows.push({ from: one, to, kind: 'data', labels: [label], conditional: false });
    }
  }
  return flows;
}
