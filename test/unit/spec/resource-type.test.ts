import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { fileInProject } from '../../../lib/project.ts';
import {
  hasAttribute,
  isAvailable,
  replacementOf,
  resourceType,
  resourceTypeNames,
  ruleOf,
  specVersions,
} from '../../../lib/spec/resource-type.ts';

describe('what a change of a property does', () => {
  // CloudFormation User Guide, template reference, "Update requires", read November 2026.
  test.each([
    ['AWS::S3::Bucket', ['BucketName'], 'replace'],
    ['AWS::S3::Bucket', ['VersioningConfiguration'], 'update'],
    ['AWS::S3::Bucket', ['VersioningConfiguration', 'Status'], 'update'],
    ['AWS::KMS::Key', ['EnableKeyRotation'], 'update'],
    ['AWS::KMS::Alias', ['AliasName'], 'replace'],
    ['AWS::KMS::Alias', ['TargetKeyId'], 'update'],
    ['AWS::RDS::DBCluster', ['StorageEncrypted'], 'replace'],
    ['AWS::RDS::DBCluster', ['KmsKeyId'], 'replace'],
    ['AWS::RDS::DBCluster', ['DBClusterIdentifier'], 'replace'],
    ['AWS::RDS::DBCluster', ['DeletionProtection'], 'update'],
    ['AWS::RDS::DBCluster', ['BackupRetentionPeriod'], 'update'],
    ['AWS::RDS::DBInstance', ['DBInstanceIdentifier'], 'replace'],
    ['AWS::RDS::DBInstance', ['MonitoringInterval'], 'update'],
    ['AWS::RDS::DBSubnetGroup', ['DBSubnetGroupName'], 'replace'],
    ['AWS::ElastiCache::ReplicationGroup', ['ReplicationGroupId'], 'replace'],
    ['AWS::ElastiCache::ReplicationGroup', ['AtRestEncryptionEnabled'], 'replace'],
    ['AWS::ElastiCache::ReplicationGroup', ['SnapshotRetentionLimit'], 'update'],
    ['AWS::ElastiCache::SubnetGroup', ['CacheSubnetGroupName'], 'replace'],
    ['AWS::EC2::VPC', ['CidrBlock'], 'replace'],
    ['AWS::EC2::VPC', ['EnableDnsSupport'], 'update'],
    ['AWS::EC2::Subnet', ['CidrBlock'], 'replace'],
    ['AWS::EC2::Subnet', ['MapPublicIpOnLaunch'], 'update'],
    ['AWS::EC2::SecurityGroup', ['GroupDescription'], 'replace'],
    ['AWS::EC2::SecurityGroup', ['SecurityGroupIngress'], 'interrupt'],
    ['AWS::EC2::NatGateway', ['SubnetId'], 'replace'],
    ['AWS::EC2::FlowLog', ['TrafficType'], 'replace'],
    ['AWS::Logs::LogGroup', ['LogGroupName'], 'replace'],
    ['AWS::Logs::LogGroup', ['RetentionInDays'], 'update'],
    ['AWS::Lambda::Function', ['FunctionName'], 'replace'],
    ['AWS::Lambda::Function', ['MemorySize'], 'update'],
    ['AWS::Lambda::Function', ['Environment', 'Variables', 'A'], 'update'],
    ['AWS::IAM::Role', ['RoleName'], 'replace'],
    ['AWS::IAM::Role', ['AssumeRolePolicyDocument'], 'update'],
    ['AWS::SNS::Topic', ['TopicName'], 'replace'],
    ['AWS::SQS::Queue', ['FifoQueue'], 'replace'],
    ['AWS::SQS::Queue', ['VisibilityTimeout'], 'update'],
    ['AWS::Backup::BackupVault', ['BackupVaultName'], 'replace'],
    ['AWS::Backup::BackupVault', ['EncryptionKeyArn'], 'replace'],
    ['AWS::DynamoDB::Table', ['TableName'], 'replace'],
    ['AWS::DynamoDB::Table', ['BillingMode'], 'update'],
    ['AWS::CloudWatch::Alarm', ['AlarmName'], 'replace'],
    ['AWS::CloudWatch::Alarm', ['Threshold'], 'update'],
    ['AWS::SecretsManager::Secret', ['Name'], 'replace'],
    ['AWS::SSM::Parameter', ['Value'], 'update'],
    ['AWS::AmazonMQ::Broker', ['HostInstanceType'], 'interrupt'],
  ] as const)('%s %j: %s', (type, path, behaviour) => {
    expect(replacementOf(type, path)?.behaviour).toBe(behaviour);
  });

  test('what the sources say differently is a conflict, and the worse of it counts', () => {
    const conflicts = resourceTypeNames().flatMap((type) =>
      Object.keys(resourceType(type)?.replacement ?? {}).flatMap((path) => {
        const found = replacementOf(type, path.split('/'))!;
        return found.conflict ? [found] : [];
      }),
    );
    expect(conflicts.length).toBeGreaterThan(100);
    for (const { behaviour, sources } of conflicts)
      expect(['replace', 'maybe']).toContain(Object.values(sources).includes('yes') ? 'replace' : behaviour);
  });

  test('what interrupts stands at its path, however deep', () => {
    expect(resourceType('AWS::AutoScaling::AutoScalingGroup')!.interruptions).toContain(
      'MixedInstancesPolicy/InstancesDistribution/OnDemandBaseCapacity',
    );
  });

  test('a type that is not known has no answer', () => {
    expect(replacementOf('AWS::S3::Buckett', ['A'])).toBeUndefined();
  });
});

describe('attributes', () => {
  test.each([
    ['AWS::S3::Bucket', 'Arn', true],
    ['AWS::S3::Bucket', 'Name', false],
    ['AWS::RDS::DBCluster', 'Endpoint.Address', true],
    ['AWS::RDS::DBCluster', 'Endpoint.Addres', false],
    ['AWS::CloudFormation::Stack', 'Outputs.Anything', true],
    ['Custom::Anything', 'Whatever', true],
    ['AWS::Serverless::Function', 'Arn', undefined],
    ['Acme::Own::Type', 'Arn', undefined],
  ] as const)('%s has %s: %s', (type, attribute, expected) => {
    expect(hasAttribute(type, attribute)).toBe(expected);
  });
});

describe('what Ref gives, and tags', () => {
  test.each([
    ['AWS::S3::Bucket', ['BucketName'], { property: 'Tags', form: 'standard' }],
    ['AWS::SNS::Topic', ['TopicArn'], { property: 'Tags', form: 'standard' }],
    ['AWS::SQS::Queue', ['QueueUrl'], { property: 'Tags', form: 'standard' }],
    ['AWS::KMS::Key', ['KeyId'], { property: 'Tags', form: 'standard' }],
    ['AWS::EC2::VPC', ['VpcId'], { property: 'Tags', form: 'standard' }],
    ['AWS::AutoScaling::AutoScalingGroup', ['AutoScalingGroupName'], { property: 'Tags', form: 'asg' }],
    ['AWS::SSM::Parameter', ['Name'], { property: 'Tags', form: 'map' }],
    ['AWS::Backup::BackupVault', ['BackupVaultName'], { property: 'BackupVaultTags', form: 'map' }],
    ['AWS::S3::BucketPolicy', ['Bucket'], undefined],
  ])('%s: %j, %j', (type, ref, tags) => {
    const entry = resourceType(type)!;
    expect({ ref: entry.ref, tags: entry.tags }).toEqual({ ref, tags });
  });
});

describe('regions', () => {
  test.each([
    ['AWS::S3::Bucket', 'us-east-1', true],
    ['AWS::S3::Bucket', 'xx-nowhere-1', undefined],
    ['Acme::Own::Type', 'us-east-1', undefined],
  ] as const)('%s in %s: %s', (type, region, expected) => {
    expect(isAvailable(type, region)).toBe(expected);
  });

  test('some types are not everywhere', () => {
    const partly = resourceTypeNames().filter((type) => resourceType(type)?.regions !== undefined);
    expect(partly.length).toBeGreaterThan(100);
    for (const type of partly.slice(0, 50)) {
      const { regions } = resourceType(type)!;
      const [named] = 'only' in regions! ? regions.only : regions!.except;
      expect(isAvailable(type, named!)).toBe('only' in regions!);
    }
  });
});

describe('the index', () => {
  const folder = fileInProject('lib/spec/index');

  test('is cut from the versions that are pinned', () => {
    const versions = specVersions();
    const { devDependencies } = JSON.parse(readFileSync(fileInProject('package.json'), 'utf8'));
    expect(versions['@aws-cdk/aws-service-spec']).toBe(devDependencies['@aws-cdk/aws-service-spec']);
    expect(readFileSync(fileInProject('requirements.txt'), 'utf8')).toContain(`cfn-lint==${versions['cfn-lint']}`);
    expect(versions.types).toBe(resourceTypeNames().length);
  });

  const venv = process.env.PLAINFORM_VENV ?? fileInProject('.venv');
  const python = existsSync(join(venv, 'bin/python'));
  (python ? test : test.skip)(
    python
      ? 'is byte for byte what its sources give'
      : 'is byte for byte what its sources give: left out, there is no .venv with cfn-lint',
    () => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [fileInProject('scripts/cut-spec.mjs'), '--check'],
        { encoding: 'utf8' },
      );
      expect({ status, stdout: stdout.split('\n').slice(-2), stderr }).toEqual({
        status: 0,
        stdout: [expect.stringMatching(/^\d+ types, \d+ rules: 0 files differ$/), ''],
        stderr: expect.any(String),
      });
    },
    60_000,
  );

  test('names a region in no rule, since a template is not written for one', () => {
    const regions: string[] = JSON.parse(readFileSync(`${folder}/regions.json`, 'utf8'));
    const naming = readdirSync(`${folder}/rules`).filter((name) =>
      regions.some((region) => readFileSync(`${folder}/rules/${name}`, 'utf8').includes(`"${region}"`)),
    );
    expect(regions).toContain('us-east-1');
    expect(naming).toEqual([]);
  });

  test('has a file for each type, and no rule that nobody uses', () => {
    const used = new Set(
      resourceTypeNames().flatMap((type) => resourceType(type)!.rules?.map(({ rule }) => rule) ?? []),
    );
    for (const rule of used) expect(ruleOf(rule)).toMatchObject({ rule });
    expect(readdirSync(`${folder}/rules`).sort()).toEqual([...used].map((rule) => `${rule}.json`).sort());
  });

  test.each(['lib/data/emulator', 'lib/data/interruptions', 'lib/data/controls', 'lib/spec/patches'])(
    '%s.json is what its schema says',
    (name) => {
      const schema = fileInProject(`${name}.schema.json`);
      expect(existsSync(schema)).toBe(true);
      const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(readFileSync(schema, 'utf8')));
      const data = JSON.parse(readFileSync(fileInProject(`${name}.json`), 'utf8'));
      validate(data);
      expect(validate.errors).toBeNull();
    },
  );
});
