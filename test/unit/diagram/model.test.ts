import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTemplate } from '../../../lib/cfn/read.ts';
import { type Drawing, type DrawOptions, modelOf } from '../../../lib/diagram/model.ts';

const model = (text: string, options?: DrawOptions): Drawing =>
  modelOf(parseTemplate(text, 'stack.yaml').template, options);

/** Every resource that is drawn or counted, as often as it is. */
function placed({ zones, cards, folded }: Drawing): string[] {
  return [
    ...zones.flatMap(({ resource, members }) => [...(resource ? [resource] : []), ...members.map(({ id }) => id)]),
    ...cards.flatMap(({ id, name, external, members }) => [
      ...(name !== undefined && !external ? [id] : []),
      ...members.map((member) => member.id),
    ]),
    ...folded.map(({ id }) => id),
  ].sort();
}

const zoneOf = ({ zones, cards }: Drawing, id: string) => {
  const card = cards.find((one) => one.id === id);
  return zones.find((zone) => zone.id === card?.zone)?.kind;
};

const arrows = ({ flows }: Drawing) => flows.map(({ from, to, labels }) => `${from} > ${to}: ${labels.join()}`).sort();

const NETWORK = `
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  WebA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  WebB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  AppA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}}
  DbA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.3.0/24}}
  DbB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.4.0/24}}
  Open: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Closed: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Through: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Open, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Over: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Through, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}}
  OfWebA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref WebA, RouteTableId: !Ref Open}}
  OfWebB: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref WebB, RouteTableId: !Ref Open}}
  OfAppA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref AppA, RouteTableId: !Ref Through}}
  OfDbA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref DbA, RouteTableId: !Ref Closed}}
  OfDbB: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref DbB, RouteTableId: !Ref Closed}}
  Address: {Type: AWS::EC2::EIP}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref WebA, AllocationId: !GetAtt Address.AllocationId}}
  BalancerGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]
  FunctionGroup: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc}}
  DatabaseGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/16}
  FromFunction:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref DatabaseGroup, IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !Ref FunctionGroup}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: [!Ref WebA, !Ref WebB], SecurityGroups: [!Ref BalancerGroup]}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {VpcConfig: {SubnetIds: [!Ref AppA], SecurityGroupIds: [!Ref FunctionGroup]}}
  Group: {Type: AWS::RDS::DBSubnetGroup, Properties: {SubnetIds: [!Ref DbA, !Ref DbB]}}
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBSubnetGroupName: !Ref Group, VPCSecurityGroups: [!Ref DatabaseGroup]}
  Bucket: {Type: AWS::S3::Bucket}
`;

test.each([
  ['a route to an Internet gateway makes subnets public', 'Balancer', 'public'],
  ['a route to a NAT gateway makes them private', 'Worker', 'private'],
  ['no route makes them isolated, and a subnet group says where a database is', 'Database', 'isolated'],
  ['a NAT gateway stands in its subnet', 'Nat', 'public'],
  ['what is in no network is grouped by what it is for', 'Bucket', 'group'],
  ['an Internet gateway is in the VPC it is attached to', 'Gateway', 'vpc'],
])('%s', (_, id, kind) => {
  expect(zoneOf(model(NETWORK), id)).toBe(kind);
});

test('subnets of one kind and name stand in one box, with the VPC around it', () => {
  const { zones } = model(NETWORK);
  const tiers = zones.filter(({ parent }) => parent === 'vpc:Vpc');
  expect(tiers.map(({ kind, members }) => [kind, members.map(({ id }) => id)])).toEqual([
    ['public', ['WebA', 'WebB']],
    ['private', ['AppA']],
    ['isolated', ['DbA', 'DbB']],
  ]);
});

test('rules of security groups are arrows with the port, between what the groups are on', () => {
  const drawing = model(NETWORK);
  expect(arrows(drawing)).toEqual([
    'Gateway > tier:WebA: ',
    'Worker > Database: tcp 5432',
    'external:internet > Balancer: tcp 443',
    'external:internet > Gateway: ',
    'tier:AppA > Nat: outbound',
  ]);
  expect(drawing.cards.find(({ id }) => id === 'Database')?.notes).toEqual(['in from the VPC: tcp 5432']);
  expect(drawing.folded.find(({ id }) => id === 'FromFunction')?.into).toBe('Database');
});

test('a group that nothing of the template has is a box of its own', () => {
  const drawing = model(`
Parameters: {VpcId: {Type: 'AWS::EC2::VPC::Id'}, Clients: {Type: String}}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref VpcId
      SecurityGroupIngress:
        - {IpProtocol: -1, CidrIp: !Ref Clients}
        - {IpProtocol: udp, FromPort: 53, ToPort: 60, SourceSecurityGroupId: !Ref Group}
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, SourcePrefixListId: pl-1}
`);
  expect(arrows(drawing)).toEqual(['external:addresses:Clients > Group: all traffic']);
  expect(drawing.cards[0]).toMatchObject({
    zone: 'vpc:parameter:VpcId',
    notes: ['among themselves: udp 53-60', 'in from a prefix list: tcp 22'],
  });
});

const flowCases: [sentence: string, resources: string, arrow: string][] = [
  [
    'an event source mapping: from the queue to the function',
    `Q: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Lambda::Function}
  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {EventSourceArn: !GetAtt Q.Arn, FunctionName: !Ref F}}`,
    'Q > F: events',
  ],
  [
    'a target of a rule',
    `T: {Type: AWS::SNS::Topic}
  R: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !Ref T}]}}`,
    'R > T: events',
  ],
  [
    'an alarm: what it watches, and whom it tells',
    `T: {Type: AWS::SNS::Topic}
  Q: {Type: AWS::SQS::Queue}
  A: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref T], Dimensions: [{Name: QueueName, Value: !GetAtt Q.QueueName}]}}`,
    'A > T: alarm|Q > A: metrics',
  ],
  [
    'what a role allows to the function that has it',
    `B: {Type: AWS::DynamoDB::Table}
  R:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: !GetAtt B.Arn}]}}]
  F: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt R.Arn}}`,
    'F > B: reads, writes',
  ],
  [
    'a policy apart from its role, and what it denies is no flow',
    `B: {Type: AWS::S3::Bucket}
  C: {Type: AWS::S3::Bucket}
  R: {Type: AWS::IAM::Role}
  P:
    Type: AWS::IAM::Policy
    Properties:
      Roles: [!Ref R]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Action: 's3:GetObject', Resource: !Sub '\${B.Arn}/*'}
          - {Effect: Deny, Action: 's3:*', Resource: !GetAtt C.Arn}
  F: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt R.Arn}}`,
    'F > B: reads',
  ],
  [
    'backups by tag: what has the tag goes to the plan, the plan stores in the vault',
    `B: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: Backup, Value: daily}]}}
  C: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: Backup, Value: none}]}}
  V: {Type: AWS::Backup::BackupVault}
  P: {Type: AWS::Backup::BackupPlan, Properties: {BackupPlan: {BackupPlanRule: [{TargetBackupVault: !Ref V}]}}}
  S: {Type: AWS::Backup::BackupSelection, Properties: {BackupPlanId: !Ref P, BackupSelection: {ListOfTags: [{ConditionKey: Backup, ConditionValue: daily}]}}}`,
    'B > P: backed up|P > V: stores',
  ],
  [
    'a flow log and its log group',
    `V: {Type: AWS::EC2::VPC}
  G: {Type: AWS::Logs::LogGroup}
  L: {Type: AWS::EC2::FlowLog, Properties: {ResourceId: !Ref V, LogGroupName: !Ref G}}`,
    'L > G: flow logs',
  ],
  [
    'a trail and its bucket, but not the policy that lets it in',
    `B: {Type: AWS::S3::Bucket}
  P: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B, PolicyDocument: {Statement: [{Condition: {StringEquals: {'aws:SourceArn': !GetAtt T.Arn}}}]}}}
  T: {Type: AWS::CloudTrail::Trail, Properties: {S3BucketName: !Ref B}}`,
    'T > B: trail',
  ],
  [
    'a log group by the name that the service writes to',
    `G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/aws/lambda/\${AWS::StackName}-f'}}
  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Sub '\${AWS::StackName}-f'}}`,
    'F > G: logs',
  ],
  [
    'a load balancer sends to what registers with its target group',
    `L: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer}
  G: {Type: AWS::ElasticLoadBalancingV2::TargetGroup}
  N: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref L, DefaultActions: [{TargetGroupArn: !Ref G}]}}
  A: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {TargetGroupARNs: [!Ref G]}}`,
    'L > A: traffic',
  ],
  [
    'what another stack exports is outside',
    `R: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !ImportValue {'Fn::Sub': '\${Env}-AlertTopicArn'}}]}}`,
    'R > external:import:AlertTopicArn: events',
  ],
  [
    'an e-mail address',
    `T: {Type: AWS::SNS::Topic}
  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref T, Protocol: email, Endpoint: !Ref Mail}}`,
    'T > external:addresses:Mail: notifies',
  ],
  [
    'a reference of which no more is known',
    `B: {Type: AWS::S3::Bucket}
  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {BUCKET: !Ref B}}}}`,
    'F > B: ',
  ],
];

test.each(flowCases)('%s', (_, resources, expected) => {
  const drawing = model(`Parameters: {Env: {Type: String}, Mail: {Type: String}}\nResources:\n  ${resources}\n`);
  expect(arrows(drawing)).toEqual(expected.split('|').sort());
});

test('SAM: events and policies of a function, and the role that it makes is counted', () => {
  const drawing = model(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Table: {Type: AWS::Serverless::SimpleTable}
  Queue: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]
      Events:
        Http: {Type: Api, Properties: {Path: /, Method: get}}
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
`);
  expect(arrows(drawing)).toEqual([
    'Queue > Worker: events',
    'Worker > Table: reads, writes',
    'external:addresses:rate(1 day) > Worker: starts',
    'external:sam:Api > Worker: calls',
  ]);
  expect(drawing.folded).toEqual([{ id: 'WorkerRole', type: 'AWS::IAM::Role', into: 'Worker' }]);
});

test.each([
  ['a key of the template', 'KmsMasterKeyId: !GetAtt Key.Arn', { name: 'Key', from: 'template' }],
  ['by its alias', 'KmsMasterKeyId: !Ref Alias', { name: 'Key', from: 'template' }],
  [
    'of another stack',
    "KmsMasterKeyId: !ImportValue {'Fn::Sub': '${Env}-DataKeyArn'}",
    { name: 'DataKeyArn', from: 'import' },
  ],
  ['of a parameter', 'KmsMasterKeyId: !Ref KeyArn', { name: 'KeyArn', from: 'parameter' }],
  ['by an alias of AWS', 'KmsMasterKeyId: alias/aws/sqs', { name: 'alias/aws/sqs', from: 'text' }],
  ['by an ARN', 'KmsMasterKeyId: arn:aws:kms:eu-west-1:111122223333:key/1', { name: 'key/1', from: 'text' }],
])('a badge says with which key: %s', (_, property, key) => {
  const { cards, flows } = model(`
Parameters: {Env: {Type: String}, KeyArn: {Type: String}}
Resources:
  Key: {Type: AWS::KMS::Key}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/x, TargetKeyId: !Ref Key}}
  Queue: {Type: AWS::SQS::Queue, Properties: {${property}}}
`);
  expect(cards.find(({ id }) => id === 'Queue')?.keys).toEqual([key]);
  expect(flows).toEqual([]);
});

test('what is not encrypted with a key has no badge, and a permission to use a key is none', () => {
  const { cards } = model(`
Resources:
  Key: {Type: AWS::KMS::Key}
  Bucket: {Type: AWS::S3::Bucket}
  Role: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}]}}]}}
  Worker: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn, Environment: {Variables: {KMS_KEY_ARN: !GetAtt Key.Arn}}}}
  Rule: {Type: AWS::Config::ConfigRule, Properties: {InputParameters: {kmsMasterKeyId: !GetAtt Key.Arn}}}
`);
  expect(cards.flatMap(({ keys }) => keys)).toEqual([]);
});

test('many alarms are one box that counts them, and so are rules of AWS Config', () => {
  const ids = Array.from({ length: 21 }, (_, index) => `Alarm${index}`);
  const drawing = model(
    `Resources:\n  Topic: {Type: AWS::SNS::Topic}\n${ids.map((id) => `  ${id}: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!Ref Topic]}}\n`).join('')}`,
  );
  expect(drawing.cards.map(({ service, members }) => [service, members.length])).toEqual([
    ['SNS topic', 0],
    ['21 CloudWatch alarms', 21],
  ]);
  expect(arrows(drawing)).toEqual(['Alarm0 > Topic: alarm']);
});

test('keys stay apart: badges name them', () => {
  const drawing = model(`Resources:\n${['A', 'B', 'C', 'D'].map((id) => `  ${id}: {Type: AWS::KMS::Key}\n`).join('')}`);
  expect(drawing.cards.map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D']);
});

const CONDITIONAL = `
Parameters: {Size: {Type: String, Default: small, AllowedValues: [small, large]}, Port: {Type: Number, Default: 5432}}
Conditions: {IsLarge: !Equals [!Ref Size, large]}
Resources:
  Topic: {Type: AWS::SNS::Topic, Condition: IsLarge}
  Always: {Type: AWS::SNS::Topic}
  Rule: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !If [IsLarge, !Ref Topic, !Ref Always]}]}}
`;

test('a resource under a condition names it; a flow under Fn::If is conditional', () => {
  const { cards, flows, absent } = model(CONDITIONAL);
  expect(cards.map(({ id, condition }) => [id, condition])).toEqual([
    ['Topic', 'IsLarge'],
    ['Always', undefined],
    ['Rule', undefined],
  ]);
  expect(flows.map(({ to, conditional }) => [to, conditional])).toEqual([
    ['Topic', true],
    ['Always', true],
  ]);
  expect(absent).toEqual([]);
});

test.each([
  ['large', ['Rule > Topic: events'], []],
  ['small', ['Rule > Always: events'], ['Topic']],
])('with parameters, only what that deployment has: %s', (Size, expected, absent) => {
  const drawing = model(CONDITIONAL, { parameters: { Size } });
  expect(arrows(drawing)).toEqual(expected);
  expect(drawing.absent).toEqual(absent);
  expect(drawing.cards.every(({ condition }) => condition === undefined)).toBe(true);
  expect(drawing.flows.every(({ conditional }) => !conditional)).toBe(true);
});

test('loops are unrolled with the parameters of the deployment', () => {
  const text = `
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: 'A,B'}}
Resources:
  Fn::ForEach::Topics: [Name, !Ref Names, {'Topic\${Name}': {Type: AWS::SNS::Topic}}]
`;
  expect(placed(model(text))).toEqual(['TopicA', 'TopicB']);
  expect(placed(model(text, { parameters: { Names: 'X,Y,Z' } }))).toEqual(['TopicX', 'TopicY', 'TopicZ']);
});

test.each([
  ['no sections', '{}'],
  ['no resources', 'Resources: {}'],
  ['resources that are a list', 'Resources: [a, b]'],
  [
    'resources that are nothing',
    'Resources: {A: null, B: text, C: [1], D: {Type: 5}, E: {Type: AWS::S3::Bucket, Properties: [x]}}',
  ],
  [
    'names of every object',
    'Resources: {constructor: {Type: AWS::S3::Bucket}, __proto__: {Type: AWS::SNS::Topic}, toString: {Type: toString}}',
  ],
  [
    'policies in a circle',
    'Resources: {A: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref B}}, B: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref A}}}',
  ],
  [
    'itself',
    'Resources: {A: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{SourceSecurityGroupId: !Ref A}, !Ref A, 4]}}}',
  ],
  [
    'a reference to nothing',
    'Resources: {A: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Gone, SourceArn: !GetAtt Gone.Arn}}}',
  ],
])('an odd template is drawn, and nothing is lost: %s', (_, text) => {
  const { template } = parseTemplate(text, 'stack.yaml');
  const drawing = modelOf(template);
  const { Resources: resources } = template as { Resources?: unknown };
  const isMapping = typeof resources === 'object' && resources !== null && !Array.isArray(resources);
  expect(placed(drawing)).toEqual(isMapping ? Object.keys(resources).sort() : []);
});

const types = fc.constantFrom(
  ...[
    'VPC',
    'Subnet',
    'SecurityGroup',
    'SecurityGroupIngress',
    'Instance',
    'EIP',
    'NatGateway',
    'RouteTable',
    'Route',
  ].map((name) => `AWS::EC2::${name}`),
  ...['AWS::EC2::SubnetRouteTableAssociation', 'AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::IAM::InstanceProfile'],
  ...['AWS::Lambda::Function', 'AWS::Lambda::Permission', 'AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'AWS::KMS::Key'],
  ...[
    'AWS::KMS::Alias',
    'AWS::Logs::LogGroup',
    'AWS::CloudWatch::Alarm',
    'AWS::RDS::DBCluster',
    'AWS::RDS::DBInstance',
  ],
  ...['AWS::RDS::DBSubnetGroup', 'AWS::ElasticLoadBalancingV2::TargetGroup', 'AWS::ElasticLoadBalancingV2::Listener'],
  ...['Custom::Thing', 'AWS::Backup::BackupSelection', 'AWS::EFS::MountTarget', 'Acme::Own::Type', ''],
);
const names = fc.constantFrom(
  ...[
    'VpcId',
    'SubnetId',
    'SubnetIds',
    'SecurityGroupIds',
    'GroupId',
    'SourceSecurityGroupId',
    'Role',
    'Roles',
    'Bucket',
  ],
  ...[
    'Queues',
    'FunctionName',
    'SourceArn',
    'TargetKeyId',
    'KmsKeyId',
    'LogGroupName',
    'DBClusterIdentifier',
    'AlarmActions',
  ],
  ...[
    'DBSubnetGroupName',
    'RouteTableId',
    'NatGatewayId',
    'AllocationId',
    'InstanceId',
    'FileSystemId',
    'LoadBalancerArn',
  ],
);
const templates = fc
  .array(
    fc.record({ type: types, condition: fc.boolean(), uses: fc.array(fc.tuple(names, fc.nat(19)), { maxLength: 4 }) }),
    {
      maxLength: 20,
    },
  )
  .map((resources) => ({
    Conditions: { Maybe: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'x'] } },
    Resources: Object.fromEntries(
      resources.map(({ type, condition, uses }, index) => [
        `R${index}`,
        {
          Type: type,
          ...(condition && { Condition: 'Maybe' }),
          Properties: Object.fromEntries(uses.map(([name, target]) => [name, { Ref: `R${target}` }])),
        },
      ]),
    ),
  }));

test('every resource of any template is drawn or counted, once, in a place that exists', () => {
  fc.assert(
    fc.property(templates, (template) => {
      const drawing = modelOf(template);
      expect(placed(drawing)).toEqual(Object.keys(template.Resources).sort());
      const places = new Set([...drawing.zones, ...drawing.cards].map(({ id }) => id));
      for (const { into } of drawing.folded) expect(places).toContain(into);
      for (const { zone } of drawing.cards) if (zone !== undefined) expect(places).toContain(zone);
      for (const { from, to } of drawing.flows) expect([places.has(from), places.has(to)]).toEqual([true, true]);
    }),
    { numRuns: 1000 },
  );
});
