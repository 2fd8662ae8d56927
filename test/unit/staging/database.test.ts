import { describe, expect, test } from '@jest/globals';
import { isUnknown } from '../../../lib/scenarios/unknown.ts';
import { at, committed, deployed, parameterFiles } from './committed.ts';

const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles('staging')];
const exports = { DataKeyArn: 'arn:data', LogsKeyArn: 'arn:logs', AlertTopicArn: 'arn:topic', DatabasePort: '5433' };
const INSTANCES = ['DatabaseWriter', 'DatabaseReader'];

describe.each(environments)('the database under $environment', ({ parameters }) => {
  const template = deployed('staging', parameters, exports);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';

  test('is deployable', () => {
    expect(template.findings).toEqual([]);
  });

  test.each([
    ['is encrypted', 'DatabaseCluster', 'StorageEncrypted', true],
    ['is encrypted under the data key', 'DatabaseCluster', 'KmsKeyId', 'arn:data'],
    ['has its master password managed', 'DatabaseCluster', 'ManageMasterUserPassword', true],
    ['keeps that password under the data key', 'DatabaseCluster', 'MasterUserSecret.KmsKeyId', 'arn:data'],
    ['accepts IAM log-ins', 'DatabaseCluster', 'EnableIAMDatabaseAuthentication', true],
    ['has the Data API', 'DatabaseCluster', 'EnableHttpEndpoint', true],
    ['copies its tags to snapshots', 'DatabaseCluster', 'CopyTagsToSnapshot', true],
    ['exports its log', 'DatabaseCluster', 'EnableCloudwatchLogsExports', ['postgresql']],
    ['logs changes of the schema', 'DatabaseClusterParameterGroup', 'Parameters.log_statement', 'ddl'],
    ['logs who connects', 'DatabaseClusterParameterGroup', 'Parameters.log_connections', '1'],
    ['has a log group under the logs key', 'DatabaseLogGroup', 'KmsKeyId', 'arn:logs'],
    [
      'has a log group named for the cluster',
      'DatabaseLogGroup',
      'LogGroupName',
      `/aws/rds/cluster/${suffix}-database/postgresql`,
    ],
    ['has a name with the suffix', 'DatabaseCluster', 'DBClusterIdentifier', `${suffix}-database`],
  ])('%s', (_, id, path, expected) => {
    expect(at(template, id, path)).toEqual(expected);
  });

  test('refuses sessions without TLS', () => {
    expect(at(template, 'DatabaseClusterParameterGroup', ['Parameters', 'rds.force_ssl'])).toBe('1');
  });

  test('has a parameter group of the family of its version', () => {
    const major = String(at(template, 'DatabaseCluster', 'EngineVersion')).split('.')[0];
    expect(at(template, 'DatabaseClusterParameterGroup', 'Family')).toBe(`aurora-postgresql${major}`);
  });

  test('has its two instances in different zones', () => {
    expect(new Set(INSTANCES.map((id) => at(template, id, 'AvailabilityZone'))).size).toBe(2);
  });

  test.each(INSTANCES)('%s is private, observed under our key and patched', (id) => {
    expect(template.resources[id]?.properties).toMatchObject({
      PubliclyAccessible: false,
      EnablePerformanceInsights: true,
      PerformanceInsightsKMSKeyId: 'arn:data',
      MonitoringInterval: 60,
      AutoMinorVersionUpgrade: true,
    });
  });

  test('runs on a class that the Data API works on', () => {
    expect(at(template, 'DatabaseWriter', 'DBInstanceClass')).not.toMatch(/^db\.t/);
  });

  test('can be restored to any second of a week at least', () => {
    expect(at(template, 'DatabaseCluster', 'BackupRetentionPeriod')).toBeGreaterThanOrEqual(7);
  });

  test('is what AWS Backup selects', () => {
    const tag = at(template, 'BackupSelection', ['BackupSelection', 'ListOfTags', '0']) as Record<string, string>;
    expect(at(template, 'DatabaseCluster', 'Tags')).toContainEqual({
      Key: tag.ConditionKey,
      Value: tag.ConditionValue,
    });
  });

  test.each([
    ['DatabaseClusterEvents', 'db-cluster', ['maintenance', 'failure']],
    ['DatabaseInstanceEvents', 'db-instance', ['maintenance', 'configuration change', 'failure']],
    ['DatabaseParameterEvents', 'db-parameter-group', ['configuration change']],
    ['DatabaseSecurityGroupEvents', 'db-security-group', ['configuration change', 'failure']],
  ])('%s alerts on %s events', (id, type, categories) => {
    expect(at(template, id, 'SourceType')).toBe(type);
    expect(at(template, id, 'SnsTopicArn')).toBe('arn:topic');
    expect(at(template, id, 'EventCategories')).toEqual(expect.arrayContaining(categories));
  });
});

describe('what the template refuses', () => {
  test.each([
    ['a master user that everyone knows', { DatabaseMasterUsername: 'postgres' }],
    ['the name that RDS keeps for itself', { DatabaseMasterUsername: 'rdsadmin' }],
    ['a burstable class', { DatabaseInstanceClass: 'db.t4g.medium' }],
    ['a version without a minor', { DatabaseEngineVersion: '16' }],
    ['a version out of support', { DatabaseEngineVersion: '12.22' }],
    ['a retention under a week', { DatabaseBackupRetentionDays: '6' }],
    ['a window without a day', { DatabaseMaintenanceWindow: '09:00-09:30' }],
    ['production without deletion protection', { EnvironmentType: 'production', DatabaseDeletionProtection: 'false' }],
  ])('%s', (_, parameters) => {
    expect(deployed('staging', parameters as Record<string, string>, exports).findings).not.toEqual([]);
  });
});

describe('what deletion keeps', () => {
  test.each([
    ['DatabaseCluster', 'Snapshot'],
    ['DatabaseLogGroup', 'RetainExceptOnCreate'],
    ['DatabaseWriter', 'Delete'],
    ['DatabaseReader', 'Delete'],
  ])('of %s: %s', (id, policy) => {
    const { DeletionPolicy, UpdateReplacePolicy } = committed('staging').Resources[id]!;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([policy, policy.replace('ExceptOnCreate', '')]);
  });
});

test('a new major version makes a parameter group of another name', () => {
  const names = ['16.8', '17.5'].map((version) =>
    at(
      deployed('staging', { DatabaseEngineVersion: version }),
      'DatabaseClusterParameterGroup',
      'DBClusterParameterGroupName',
    ),
  );
  expect(names.some(isUnknown)).toBe(false);
  expect(new Set(names).size).toBe(2);
});

test('the least capacity is never above the most', () => {
  const { DatabaseMinCapacityAcu, DatabaseMaxCapacityAcu } = committed('staging').Parameters!;
  const least = DatabaseMinCapacityAcu!.AllowedValues!.map(Number);
  const most = DatabaseMaxCapacityAcu!.AllowedValues!.map(Number);
  expect(Math.max(...least)).toBeLessThanOrEqual(Math.min(...most));
});
