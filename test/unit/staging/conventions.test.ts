import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { isObject, type Json } from '../../../lib/cfn/template.ts';
import { fileInProject } from '../../../lib/project.ts';
import { resourceType } from '../../../lib/spec/resource-type.ts';
import { ACCOUNT, committed, deployed } from './committed.ts';

const STACKS = readdirSync(fileInProject('templates'))
  .filter((name) => /^staging.*\.yaml$/.test(name))
  .map((name) => name.replace('.yaml', ''));
/** Deployed to the region of the copies, by itself. */
const ELSEWHERE = ['staging-replica'];
const resources = STACKS.flatMap((stack) =>
  Object.entries(committed(stack).Resources).map(([id, body]) => ({ stack, id, ...body })),
);

/** The property that takes the tags of a type, or undefined where it takes none. */
function tagsProperty(type: string): string | undefined {
  return resourceType(type)?.tags?.property;
}

describe('tags', () => {
  /** The code of the function leaves its template no byte to spare: the stack's own tags reach this one. */
  const WITHOUT = ['MaskingLogGroup'];
  const taggable = resources.filter(({ id, Type }) => !WITHOUT.includes(id) && tagsProperty(Type) !== undefined);

  test.each(taggable)('$stack: $id says whose cost it is', ({ stack, id, Type }) => {
    const tags = deployed(stack, everything(stack)).resources[id]!.properties[tagsProperty(Type)!];
    const keys = Array.isArray(tags) ? tags.map((tag) => (tag as { Key: string }).Key) : Object.keys(tags ?? {});
    expect(keys).toEqual(expect.arrayContaining(['Environment', 'CostCenter']));
  });
});

describe('names', () => {
  /** Properties by which AWS knows a thing. An alias begins with `alias/`, a log group with the service's prefix. */
  const NAME =
    /^(AliasName|.*(BucketName|GroupName|GroupId|PolicyName|RoleName|TopicName|RuleName|PlanName|VaultName|SubscriptionName|DashboardName|AlarmName|FunctionName|QueueName)|.*Identifier|UserId|UserName|Name|BudgetName|ReplicationGroupId)$/;
  const POINTERS =
    /^(DBClusterIdentifier|DBClusterParameterGroupName|DBSubnetGroupName|CacheSubnetGroupName|CacheParameterGroupName)$/;

  test.each(resources.filter(({ Properties }) => isObject(Properties as Json)))(
    '$stack: what names $id holds the suffix',
    ({ stack, id }) => {
      const suffix = 'somewhere';
      const properties = deployed(stack, { ...everything(stack), EnvironmentSuffix: suffix }).resources[id]!.properties;
      for (const [name, value] of Object.entries(properties))
        if (NAME.test(name) && typeof value === 'string' && !POINTERS.test(name)) expect(value).toContain(suffix);
    },
  );
});

describe('retention', () => {
  const HOLDS_DATA = [
    'AWS::Backup::BackupVault',
    'AWS::ElastiCache::ReplicationGroup',
    'AWS::KMS::Key',
    'AWS::Logs::LogGroup',
    'AWS::RDS::DBCluster',
    'AWS::RDS::DBInstance',
    'AWS::S3::Bucket',
    'AWS::SecretsManager::Secret',
  ];

  test.each(resources.filter(({ Type }) => HOLDS_DATA.includes(Type)))(
    '$stack: $id says what deletion and replacement keep',
    ({ DeletionPolicy, UpdateReplacePolicy }) => {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([expect.anything(), expect.anything()]);
    },
  );
});

describe('stacks together', () => {
  const together = STACKS.filter((stack) => !ELSEWHERE.includes(stack));
  const exportsOf = (stack: string) =>
    Object.values(deployed(stack, everything(stack)).outputs).map(({ exportName }) => exportName);

  test('no two export the same name', () => {
    const names = together.flatMap(exportsOf);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test.each(together)('what %s imports, another exports', (stack) => {
    const imports = new Set<string>();
    collectImports(committed(stack) as unknown as Json, imports);
    const offered = together.filter((other) => other !== stack).flatMap(exportsOf);
    expect([...imports].filter((name) => !offered.includes(name.replace('${EnvironmentSuffix}', 'staging')))).toEqual(
      [],
    );
  });
});

test.each(STACKS)('%s is at most 51,200 bytes, deploys without a bucket, and writes no account out', (stack) => {
  const text = readFileSync(fileInProject(`templates/${stack}.yaml`), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51200);
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  expect(text).not.toContain(ACCOUNT);
});

test.each(STACKS)('%s writes no region and no zone out', (stack) => {
  const { HasBillingMetrics: _, ...Conditions } = committed(stack).Conditions ?? {};
  // Where the metrics of the bill are is a fact of AWS, not a choice.
  const text = JSON.stringify({ ...committed(stack), Conditions });
  expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|af|me)-[a-z]+-[0-9][a-z]?\b/);
});

/** Parameters under which every resource of a stack exists. */
function everything(stack: string): Record<string, string> {
  const wanted: Record<string, string> = {
    AlertEmail: 'on-call@example.com',
    AvailabilityZoneCount: '3',
    CreateConfigDeliveryChannel: 'true',
    CreateConfigRecorder: 'true',
    CreateConfigRules: 'true',
    InterfaceEndpoints: 'true',
    NatGateways: 'one-per-zone',
    ReplicaRegion: 'us-east-1',
  };
  const known = committed(stack).Parameters ?? {};
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => name in known));
}

function collectImports(value: Json, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === 'Fn::ImportValue') found.add((member as { 'Fn::Sub': string })['Fn::Sub']);
    else collectImports(member as Json, found);
  }
}
