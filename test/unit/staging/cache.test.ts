import { describe, expect, test } from '@jest/globals';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { at, committed, deployed, parameterFiles } from './committed.ts';

const environments = [{ environment: 'the defaults', parameters: {} }, ...parameterFiles('staging')];
const exports = { DataKeyArn: 'arn:data', LogsKeyArn: 'arn:logs', CachePort: '6379' };

describe.each(environments)('the cache under $environment', ({ parameters }) => {
  const template = deployed('staging', parameters, exports);
  const given: Record<string, string> = parameters;
  const suffix = given.EnvironmentSuffix ?? 'staging';

  test.each<[string, string, Resolved]>([
    ['fails over by itself', 'AutomaticFailoverEnabled', true],
    ['spans zones', 'MultiAZEnabled', true],
    ['is encrypted on disk', 'AtRestEncryptionEnabled', true],
    ['is encrypted under the data key', 'KmsKeyId', 'arn:data'],
    ['speaks TLS', 'TransitEncryptionEnabled', true],
    ['speaks nothing but TLS', 'TransitEncryptionMode', 'required'],
    ['is patched', 'AutoMinorVersionUpgrade', true],
    ['has a name with the suffix', 'ReplicationGroupId', `${suffix}-cache`],
  ])('%s', (_, path, expected) => {
    expect(at(template, 'CacheReplicationGroup', path)).toEqual(expected);
  });

  test('has a replica', () => {
    expect(at(template, 'CacheReplicationGroup', 'NumCacheClusters')).toBeGreaterThanOrEqual(2);
  });

  test('keeps daily snapshots', () => {
    expect(at(template, 'CacheReplicationGroup', 'SnapshotRetentionLimit')).toBeGreaterThanOrEqual(1);
  });

  test('lets in only users that IAM vouches for, and no password exists', () => {
    expect(at(template, 'CacheReplicationGroup', 'UserGroupIds')).toHaveLength(1);
    expect(at(template, 'CacheReplicationGroup', 'AuthToken')).toBeUndefined();
    expect(at(template, 'CacheUser', 'AuthenticationMode')).toEqual({ Type: 'iam' });
  });

  test('gives that user the name that IAM needs: the same as its ID', () => {
    expect(at(template, 'CacheUser', 'UserName')).toBe(at(template, 'CacheUser', 'UserId'));
  });

  test('keeps administration from applications', () => {
    expect(at(template, 'CacheUser', 'AccessString')).toMatch(/-@admin/);
    expect(at(template, 'CacheUser', 'AccessString')).toMatch(/-@dangerous/);
  });

  test.each(['CacheEngineLogGroup', 'CacheSlowLogGroup'])('%s is encrypted, ends, and is a vended log', (id) => {
    expect(at(template, id, 'KmsKeyId')).toBe('arn:logs');
    expect(at(template, id, 'RetentionInDays')).toBeGreaterThanOrEqual(30);
    expect(at(template, id, 'LogGroupName')).toMatch(`/aws/vendedlogs/elasticache/${suffix}-cache/`);
  });

  test('delivers both logs', () => {
    const logs = at(template, 'CacheReplicationGroup', 'LogDeliveryConfigurations') as { LogType: string }[];
    expect(logs.map(({ LogType }) => LogType)).toEqual(['engine-log', 'slow-log']);
  });
});

describe('what the template refuses', () => {
  test.each([
    ['a single node, which cannot fail over', { CacheNodeCount: '1' }],
    ['no snapshots', { CacheSnapshotRetentionDays: '0' }],
    ['a version of another parameter group family', { CacheEngineVersion: '7.2' }],
  ])('%s', (_, parameters) => {
    expect(deployed('staging', parameters as Record<string, string>, exports).findings).not.toEqual([]);
  });
});

describe('what deletion keeps', () => {
  test.each([
    ['CacheReplicationGroup', 'Snapshot'],
    ['CacheEngineLogGroup', 'RetainExceptOnCreate'],
    ['CacheSlowLogGroup', 'RetainExceptOnCreate'],
  ])('of %s: %s', (id, policy) => {
    const { DeletionPolicy, UpdateReplacePolicy } = committed('staging').Resources[id]!;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([policy, policy.replace('ExceptOnCreate', '')]);
  });
});
