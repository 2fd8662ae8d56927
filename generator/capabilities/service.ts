import {
  aws,
  condition,
  type Expression,
  equals,
  fragment,
  join,
  mapping,
  meets,
  not,
  noValue,
  parameter,
  type Resource,
  resource,
  sub,
  type Value,
} from '../../lib/cfn/index.ts';
import { alarm } from './alarm.ts';
import type { Credentials } from './credentials.ts';
import { PROXY_PORT } from './database-proxy.ts';
import { exportedOutput, named, tags } from './environment.ts';

type PredefinedMetric =
  | { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' | 'ECSServiceAverageMemoryUtilization' }
  | { PredefinedMetricType: 'ALBRequestCountPerTarget'; ResourceLabel: Expression };

interface Inputs {
  vpcId: Expression;
  privateSubnetIds: Expression;
  loadBalancerSecurityGroupId: Expression;
  /** Its name in metrics: `app/name/id`. */
  loadBalancerFullName: Value<string>;
  /** What leads to the target group: a service is refused whose target group no load balancer knows. */
  attachedBy: Value<string>;
  targetGroup: Resource<'AWS::ElasticLoadBalancingV2::TargetGroup'>;
  databaseSecurityGroupId: Expression;
  databaseHost: Expression;
  credentials: Credentials;
  logsKeyArn: Expression;
  alertTopicArn: Expression;
}

/**
 * An application on ECS Fargate, in private subnets, behind a load balancer and before a database, with a cluster of its own.
 * A deployment that fails, or answers with errors, is taken back by itself. At rest: the smallest task costs 9 USD a month
 * (us-west-2, 2026-11), alarms and logs. Deletion keeps the logs of the application.
 */
export function service(inputs: Inputs) {
  const { targetGroup, logsKeyArn, alertTopicArn: topic, loadBalancerFullName, credentials } = inputs;

  const imageUri = parameter('ImageUri', 'String', {
    group: 'Required',
    label: 'Container image',
    Description: 'Image with its digest (repository@sha256:...), which always means the same, or with a tag.',
    AllowedPattern:
      '^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$',
    MaxLength: 512,
    ConstraintDescription: 'Give registry, repository and @sha256:<64 digits>, or a tag.',
  });
  const containerPort = parameter('ContainerPort', 'Number', {
    group: 'Operations',
    label: 'Container port',
    Description: 'Port on which the application listens for HTTP. The root file system is read-only; /tmp is not.',
    Default: 8080,
    MinValue: 1024,
    MaxValue: 65535,
  });
  const healthCommand = parameter('ContainerHealthCommand', 'String', {
    group: 'Operations',
    label: 'Health check in the container',
    Description: 'Shell command that ends with 0 while the application is well. Empty: the load balancer alone asks.',
    Default: '',
    MaxLength: 512,
  });
  const cpuArchitecture = parameter('CpuArchitecture', 'String', {
    group: 'Sizing',
    label: 'Processor architecture',
    Description: 'What the image is built for. ARM64 costs a fifth less.',
    Default: 'X86_64',
    AllowedValues: ['X86_64', 'ARM64'],
  });
  const taskSize = parameter('TaskSize', 'String', {
    group: 'Sizing',
    label: 'Size of a task',
    Description: 'small: 0.25 vCPU, 512 MiB. medium: 0.5, 1 GiB. large: 1, 2 GiB. xlarge: 2, 4 GiB.',
    Default: 'small',
    AllowedValues: ['small', 'medium', 'large', 'xlarge'],
  });
  const minTasks = parameter('MinTasks', 'Number', {
    group: 'Sizing',
    label: 'Fewest tasks',
    Description: 'Tasks that run when idle. 1: a zone that fails, or a task, is an outage of a minute.',
    Default: 1,
    AllowedValues: [1, 2, 3, 4],
  });
  const maxTasks = parameter('MaxTasks', 'Number', {
    group: 'Sizing',
    label: 'Most tasks',
    Description: 'Tasks that the service may grow to.',
    Default: 4,
    AllowedValues: [4, 8, 16, 32, 64],
  });
  const cpuPercent = parameter('ScaleAtCpuPercent', 'Number', {
    group: 'Sizing',
    label: 'Scale at CPU (percent)',
    Description: 'Average CPU of the tasks that scaling aims at.',
    Default: 60,
    MinValue: 20,
    MaxValue: 90,
  });
  const memoryPercent = parameter('ScaleAtMemoryPercent', 'Number', {
    group: 'Sizing',
    label: 'Scale at memory (percent)',
    Description: 'Average memory of the tasks that scaling aims at.',
    Default: 75,
    MinValue: 20,
    MaxValue: 90,
  });
  const requests = parameter('ScaleAtRequests', 'Number', {
    group: 'Sizing',
    label: 'Scale at requests',
    Description: 'Requests to a task in a minute that scaling aims at.',
    Default: 1000,
    MinValue: 1,
    MaxValue: 1000000,
  });
  const errorLimit = parameter('ErrorsPerMinute', 'Number', {
    group: 'Operations',
    label: 'Errors in a minute',
    Description: 'Answers of the 5xx kind in a minute above which the alarm goes off and a deployment is taken back.',
    Default: 10,
    MinValue: 0,
    MaxValue: 1000000,
  });
  const logRetentionDays = parameter('AppLogRetentionDays', 'Number', {
    group: 'Protection',
    label: 'Application log retention (days)',
    Description: 'Days until a line of the application log expires.',
    Default: 365,
    AllowedValues: [365, 731, 1827, 3653],
  });
  const sizes = mapping('TaskSizes', {
    small: { Cpu: '256', Memory: '512' },
    medium: { Cpu: '512', Memory: '1024' },
    large: { Cpu: '1024', Memory: '2048' },
    xlarge: { Cpu: '2048', Memory: '4096' },
  });
  const hasHealthCommand = condition('HasContainerHealthCommand', not(equals(healthCommand.ref, '')));

  const logGroup = resource('AppLogGroup', 'AWS::Logs::LogGroup', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      LogGroupName: sub('/plainform/${EnvironmentSuffix}/app'),
      RetentionInDays: logRetentionDays.ref,
      KmsKeyId: meets('PF.Logs.kms', logsKeyArn),
      Tags: tags('app'),
    },
  });
  const insightsLogGroup = resource('InsightsLogGroup', 'AWS::Logs::LogGroup', {
    comment: 'Made before the cluster, which would make it without key.',
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      LogGroupName: sub('/aws/ecs/containerinsights/${EnvironmentSuffix}-app/performance'),
      RetentionInDays: meets('CloudWatch.16', 365),
      KmsKeyId: meets('PF.Logs.kms', logsKeyArn),
      Tags: tags('app-insights'),
    },
  });
  const cluster = resource('Cluster', 'AWS::ECS::Cluster', {
    DependsOn: [insightsLogGroup],
    Properties: {
      ClusterName: named('app'),
      ClusterSettings: [{ Name: 'containerInsights', Value: meets('ECS.12', 'enabled') }],
      Tags: tags('app'),
    },
  });

  const ofTasks = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': aws.accountId },
          ArnLike: { 'aws:SourceArn': sub('arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*') },
        },
      },
    ],
  } as const;
  const executionRole = resource('ExecutionRole', 'AWS::IAM::Role', {
    comment:
      'Of ECS, before the application runs: fetches image and secret, opens the log. The application never has it.',
    Properties: {
      RoleName: named('task-start'),
      AssumeRolePolicyDocument: ofTasks,
      Policies: [
        {
          PolicyName: 'start-tasks',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              { Sid: 'LogInToRegistry', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
              {
                Sid: 'FetchImage',
                Effect: 'Allow',
                Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
                Resource: sub('arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*'),
              },
              {
                Sid: 'WriteLog',
                Effect: 'Allow',
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Resource: logGroup.att('Arn'),
              },
              ...credentials.statements,
            ],
          },
        },
      ],
      Tags: tags('task-start'),
    },
  });
  const taskRole = resource('TaskRole', 'AWS::IAM::Role', {
    comment: 'Of the application. It may do nothing by itself: stacks that give it something to do add a policy.',
    Properties: { RoleName: named('task'), AssumeRolePolicyDocument: ofTasks, Tags: tags('task') },
  });

  const member = (name: string) => sub(`\${Secret}:${name}::`, { Secret: credentials.secretArn });
  const taskDefinition = resource('TaskDefinition', 'AWS::ECS::TaskDefinition', {
    Properties: {
      Family: named('app'),
      RequiresCompatibilities: ['FARGATE'],
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: cpuArchitecture.ref, OperatingSystemFamily: 'LINUX' },
      Cpu: sizes.find(taskSize.ref, 'Cpu'),
      Memory: sizes.find(taskSize.ref, 'Memory'),
      ExecutionRoleArn: executionRole.att('Arn'),
      TaskRoleArn: taskRole.att('Arn'),
      Volumes: [{ Name: 'tmp' }],
      ContainerDefinitions: [
        {
          Name: 'app',
          Image: imageUri.ref,
          Essential: true,
          Privileged: meets('ECS.4', false),
          ReadonlyRootFilesystem: meets('ECS.5', true),
          LinuxParameters: { InitProcessEnabled: true },
          MountPoints: [{ SourceVolume: 'tmp', ContainerPath: '/tmp', ReadOnly: false }],
          PortMappings: [{ ContainerPort: containerPort.ref, Protocol: 'tcp' }],
          StopTimeout: 30,
          HealthCheck: hasHealthCommand.pick(
            { Command: ['CMD-SHELL', healthCommand.ref], Interval: 15, Timeout: 5, Retries: 3, StartPeriod: 60 },
            noValue,
          ),
          Environment: [
            { Name: 'PORT', Value: containerPort.ref },
            { Name: 'DATABASE_HOST', Value: inputs.databaseHost },
            { Name: 'DATABASE_PORT', Value: String(PROXY_PORT) },
            { Name: 'DATABASE_SSLMODE', Value: 'require' },
          ],
          Secrets: [
            { Name: 'DATABASE_NAME', ValueFrom: member('dbname') },
            { Name: 'DATABASE_USER', ValueFrom: member('username') },
            { Name: 'DATABASE_PASSWORD', ValueFrom: member('password') },
          ],
          LogConfiguration: {
            LogDriver: meets('ECS.9', 'awslogs'),
            Options: {
              'awslogs-group': logGroup.ref,
              'awslogs-region': aws.region,
              'awslogs-stream-prefix': 'app',
              mode: 'non-blocking',
            },
          },
        },
      ],
      Tags: tags('app'),
    },
  });

  const securityGroup = resource('ServiceSecurityGroup', 'AWS::EC2::SecurityGroup', {
    Properties: {
      GroupName: named('service'),
      GroupDescription: 'Tasks: reached by the load balancer only',
      VpcId: inputs.vpcId,
      SecurityGroupIngress: [
        {
          IpProtocol: 'tcp',
          FromPort: containerPort.ref,
          ToPort: containerPort.ref,
          SourceSecurityGroupId: inputs.loadBalancerSecurityGroupId,
          Description: 'Load balancer',
        },
      ],
      SecurityGroupEgress: [
        {
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          CidrIp: '0.0.0.0/0',
          Description: 'HTTPS to AWS and partners',
        },
        {
          IpProtocol: 'tcp',
          FromPort: PROXY_PORT,
          ToPort: PROXY_PORT,
          DestinationSecurityGroupId: inputs.databaseSecurityGroupId,
          Description: 'Proxy of the database',
        },
      ],
      Tags: tags('service'),
    },
  });
  const paths = [
    resource('ServiceFromLoadBalancerEgress', 'AWS::EC2::SecurityGroupEgress', {
      Properties: {
        GroupId: inputs.loadBalancerSecurityGroupId,
        DestinationSecurityGroupId: securityGroup.att('GroupId'),
        IpProtocol: 'tcp',
        FromPort: containerPort.ref,
        ToPort: containerPort.ref,
        Description: sub('Tasks of ${EnvironmentSuffix}'),
      },
    }),
    resource('ProxyFromServiceIngress', 'AWS::EC2::SecurityGroupIngress', {
      Properties: {
        GroupId: inputs.databaseSecurityGroupId,
        SourceSecurityGroupId: securityGroup.att('GroupId'),
        IpProtocol: 'tcp',
        FromPort: PROXY_PORT,
        ToPort: PROXY_PORT,
        Description: sub('Tasks of ${EnvironmentSuffix}'),
      },
    }),
  ];

  const errorsAlarm = alarm('ServiceErrorsAlarm', {
    namespace: 'AWS/ApplicationELB',
    dimensions: { LoadBalancer: loadBalancerFullName, TargetGroup: targetGroup.att('TargetGroupFullName') },
    periodSeconds: 60,
    topic,
    name: 'service-errors',
    meaning:
      'The service answers with errors of its own (5xx); while it is being deployed, the deployment is taken back.',
    first: 'read the log of the application from the first error on, and compare with the deployment before.',
    metric: 'HTTPCode_Target_5XX_Count',
    statistic: 'Sum',
    breaching: 3,
    of: 5,
    comparison: 'GreaterThanThreshold',
    threshold: errorLimit.ref,
    missingData: 'notBreaching',
  });

  const ecsService = resource('Service', 'AWS::ECS::Service', {
    comment: 'Without DesiredCount: it begins with one task, and an update leaves the number to scaling.',
    DependsOn: paths,
    Metadata: { AttachedBy: inputs.attachedBy as Expression },
    Properties: {
      ServiceName: named('app'),
      Cluster: cluster.ref,
      LaunchType: 'FARGATE',
      PlatformVersion: meets('ECS.10', 'LATEST'),
      TaskDefinition: taskDefinition.ref,
      EnableExecuteCommand: false,
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: meets('ECS.2', 'DISABLED'),
          Subnets: inputs.privateSubnetIds,
          SecurityGroups: [securityGroup.att('GroupId')],
        },
      },
      LoadBalancers: [{ ContainerName: 'app', ContainerPort: containerPort.ref, TargetGroupArn: targetGroup.ref }],
      HealthCheckGracePeriodSeconds: 60,
      AvailabilityZoneRebalancing: 'ENABLED',
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        Alarms: { AlarmNames: [errorsAlarm.ref], Enable: true, Rollback: true },
      },
      EnableECSManagedTags: true,
      PropagateTags: 'SERVICE',
      Tags: tags('app'),
    },
  });
  const scalableTarget = resource('ServiceScaling', 'AWS::ApplicationAutoScaling::ScalableTarget', {
    Properties: {
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: join('/', ['service', cluster.ref, ecsService.att('Name')]),
      MinCapacity: minTasks.ref,
      MaxCapacity: maxTasks.ref,
    },
  });
  const scaleAt = (
    id: string,
    name: string,
    TargetValue: Expression,
    PredefinedMetricSpecification: PredefinedMetric,
  ) =>
    resource(id, 'AWS::ApplicationAutoScaling::ScalingPolicy', {
      Properties: {
        PolicyName: named(name),
        PolicyType: 'TargetTrackingScaling',
        ScalingTargetId: scalableTarget.ref,
        TargetTrackingScalingPolicyConfiguration: {
          PredefinedMetricSpecification,
          TargetValue,
          ScaleOutCooldown: 60,
          ScaleInCooldown: 300,
        },
      },
    });
  const policies = [
    scaleAt('ScaleAtCpu', 'scale-at-cpu', cpuPercent.ref, { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' }),
    scaleAt('ScaleAtMemory', 'scale-at-memory', memoryPercent.ref, {
      PredefinedMetricType: 'ECSServiceAverageMemoryUtilization',
    }),
    scaleAt('ScaleAtRequestCount', 'scale-at-requests', requests.ref, {
      PredefinedMetricType: 'ALBRequestCountPerTarget',
      ResourceLabel: join('/', [loadBalancerFullName as Expression, targetGroup.att('TargetGroupFullName')]),
    }),
  ];
  const outputs = [
    exportedOutput('ClusterName', 'Name of the ECS cluster.', cluster.ref),
    exportedOutput('ServiceName', 'Name of the ECS service.', ecsService.att('Name')),
    exportedOutput('ServiceSecurityGroupId', 'Security group of the tasks.', securityGroup.att('GroupId')),
    exportedOutput('TaskRoleName', 'Role of the application, for policies that give it something to do.', taskRole.ref),
    exportedOutput('AppLogGroupName', 'Log group of the application.', logGroup.ref),
  ];
  return {
    fragment: fragment('Service', [
      ...[imageUri, containerPort, healthCommand, cpuArchitecture, taskSize, minTasks, maxTasks],
      ...[cpuPercent, memoryPercent, requests, errorLimit, logRetentionDays],
      ...[sizes, hasHealthCommand],
      ...[logGroup, insightsLogGroup, cluster, executionRole, taskRole, taskDefinition, securityGroup, ...paths],
      ...[errorsAlarm, ecsService, scalableTarget, ...policies],
      ...outputs,
    ]),
  };
}
