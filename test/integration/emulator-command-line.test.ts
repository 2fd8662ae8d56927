import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Emulator, emulatorMissing, recordedTypes, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';

const missing = emulatorMissing();
const scenario = missing ? test.skip : test;
const why = missing ? ` (skipped: ${missing})` : '';

/** Two types that a service creates, two that only the stack holds, one native: they refer to each other. */
const TEMPLATE = `
Parameters:
  Name: { Type: String }
Resources:
  Address: { Type: AWS::EC2::EIP, Properties: { Domain: vpc } }
  Recorder: { Type: AWS::Config::ConfigurationRecorder, Properties: { RoleARN: !GetAtt Role.Arn } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{ Effect: Allow, Action: "sts:AssumeRole", Principal: { Service: config.amazonaws.com } }]
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      { MinCapacity: 1, MaxCapacity: 4, ResourceId: !Sub "service/\${Name}/web", ScalableDimension: "ecs:service:DesiredCount", ServiceNamespace: ecs }
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: { PolicyName: !Ref Name, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Target }
Outputs:
  AllocationId: { Value: !GetAtt Address.AllocationId }
  Address: { Value: !Ref Address }
  Target: { Value: !Ref Target }
`;
const RECORDED = [
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  'AWS::Config::ConfigurationRecorder',
  'AWS::EC2::EIP',
];

let emulator: Emulator;
let folder: string;
beforeAll(async () => {
  if (missing) return;
  emulator = await startEmulator();
  folder = mkdtempSync(join(tmpdir(), 'plainform-command-line-'));
}, 60_000);
afterAll(async () => {
  await emulator?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function aws(...words: string[]) {
  return spawnSync(
    fileInProject('.venv/bin/aws'),
    ['--endpoint-url', emulator.endpoint, '--region', 'us-west-2', '--output', 'json', ...words],
    {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        AWS_ACCESS_KEY_ID: '123456789012',
        AWS_SECRET_ACCESS_KEY: 'emulator',
      },
    },
  );
}

const answer = (...words: string[]) => JSON.parse(aws(...words).stdout);

function deploy(template: string, ...more: string[]) {
  const file = join(folder, 'template.yaml');
  writeFileSync(file, template);
  return aws('cloudformation', 'deploy', '--stack-name', 'probe', '--template-file', file, ...more);
}

describe(`a template with recorded types through the aws command${why}`, () => {
  test('names types that are recorded', () => {
    expect(RECORDED.filter((type) => !recordedTypes().has(type))).toEqual([]);
  });

  scenario(
    'is deployed as it is, its parameters from a file',
    () => {
      const parameters = join(folder, 'parameters.json');
      writeFileSync(parameters, '["Name=one"]');
      const { status, stderr } = deploy(
        TEMPLATE,
        ...['--parameter-overrides', `file://${parameters}`, '--capabilities', 'CAPABILITY_IAM'],
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
    60_000,
  );

  scenario('is described with every resource complete and every reference resolved', () => {
    const { StackResourceSummaries } = answer('cloudformation', 'list-stack-resources', '--stack-name', 'probe');
    expect(
      StackResourceSummaries.map(({ LogicalResourceId: id, ResourceStatus }: Record<string, string>) => [
        id,
        ResourceStatus,
      ]).sort(),
    ).toEqual(['Address', 'Policy', 'Recorder', 'Role', 'Target'].map((id) => [id, 'CREATE_COMPLETE']));
    const [stack] = answer('cloudformation', 'describe-stacks', '--stack-name', 'probe').Stacks;
    const outputs = Object.fromEntries(
      stack.Outputs.map(({ OutputKey, OutputValue }: Record<string, string>) => [OutputKey, OutputValue]),
    );
    expect(outputs).toEqual({
      AllocationId: expect.stringMatching(/^eipalloc-/),
      Address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      Target: 'service/one/web|ecs:service:DesiredCount|ecs',
    });
  });

  scenario('is found by the services that the emulator has', () => {
    expect(answer('ec2', 'describe-addresses').Addresses).toHaveLength(1);
    expect(answer('configservice', 'describe-configuration-recorders').ConfigurationRecorders).toHaveLength(1);
  });

  scenario(
    'is left alone by a misspelt type, which is refused',
    () => {
      const { status, stderr } = deploy(
        TEMPLATE.replace('::ScalableTarget', '::ScalableTargt'),
        ...['--parameter-overrides', 'Name=one', '--capabilities', 'CAPABILITY_IAM'],
      );
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/AWS::ApplicationAutoScaling::ScalableTargt/);
      expect(answer('cloudformation', 'describe-stacks', '--stack-name', 'probe').Stacks[0].StackStatus).toBe(
        'CREATE_COMPLETE',
      );
    },
    60_000,
  );

  scenario(
    'is deleted and leaves nothing',
    () => {
      expect(aws('cloudformation', 'delete-stack', '--stack-name', 'probe').status).toBe(0);
      expect(aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', 'probe').status).toBe(0);
      expect(answer('ec2', 'describe-addresses').Addresses).toEqual([]);
      expect(answer('configservice', 'describe-configuration-recorders').ConfigurationRecorders).toEqual([]);
      expect(answer('iam', 'list-roles').Roles).toEqual([]);
      expect(answer('cloudformation', 'describe-stacks').Stacks).toEqual([]);
    },
    90_000,
  );
});

scenario(
  `the launcher started by hand leaves the folder it was started in${why}`,
  () => {
    const kept = join(folder, 'kept');
    writeFileSync(kept, '');
    const { status } = spawnSync(
      fileInProject('.venv/bin/python'),
      [fileInProject('lib/deployment/emulator/launch.py')],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'ignore'],
        env: { PATH: process.env.PATH, BIND_HOST: '127.0.0.1', GATEWAY_PORT: '0', IOT_MTLS_ENABLED: '0' },
        timeout: 30_000,
      },
    );
    expect(status).toBe(0);
    expect(existsSync(kept)).toBe(true);
  },
  60_000,
);
