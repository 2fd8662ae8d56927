import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../../lib/project.ts';
import { resourceType } from '../../../lib/spec/resource-type.ts';
import { ACCOUNT, committed } from '../staging/committed.ts';
import { deployments } from './deployments.ts';

const STACKS = [
  ...['shared/network', 'shared/app', 'shared/export', 'shared/app-consumer'],
  ...['shared/frontend', 'shared/events', 'shared/observability'],
];
const resources = STACKS.flatMap((stack) =>
  Object.entries(committed(stack).Resources).map(([id, body]) => ({ stack, id, ...body })),
);

describe('tags', () => {
  const taggable = resources
    .map((each) => ({ ...each, property: resourceType(each.Type)?.tags?.property }))
    // Of what others name by its ARN only: they show nowhere in a bill.
    .filter(
      ({ Type, property }) => property !== undefined && !/::(Listener|ListenerRule|DBProxyTargetGroup)$/.test(Type),
    )
    .filter(({ Type }) => Type !== 'AWS::ApplicationAutoScaling::ScalableTarget');

  test.each(taggable)('$stack: $id says whose cost it is', ({ Properties, property }) => {
    const text = JSON.stringify((Properties as Record<string, unknown>)[property!]);
    expect(text).toContain('CostCenter');
    expect(text).toContain('EnvironmentSuffix');
  });
});

describe('names', () => {
  /** The longest that AWS takes, by type and property. Source: the API reference of each service, read 2026-11-21. */
  const LONGEST: Readonly<Record<string, number>> = {
    'AWS::CloudFront::Function.Name': 64,
    'AWS::ElasticLoadBalancingV2::LoadBalancer.Name': 32,
    'AWS::ElasticLoadBalancingV2::TargetGroup.Name': 32,
    'AWS::Events::Archive.ArchiveName': 48,
    'AWS::Events::Rule.Name': 64,
    'AWS::IAM::Role.RoleName': 64,
    'AWS::Lambda::Function.FunctionName': 64,
    'AWS::RDS::DBProxy.DBProxyName': 60,
    'AWS::RDS::DBCluster.DBClusterIdentifier': 63,
    'AWS::S3::Bucket.BucketName': 63,
    'AWS::SQS::Queue.QueueName': 80,
    'AWS::ECS::Service.ServiceName': 255,
    'AWS::SecretsManager::Secret.Name': 512,
  };
  const named = resources.flatMap(({ stack, id, Type, Properties }) =>
    Object.entries((Properties ?? {}) as Record<string, { 'Fn::Sub'?: string }>).flatMap(([property, value]) => {
      const longest = LONGEST[`${Type}.${property}`];
      return longest === undefined ? [] : [{ stack, id, property, text: value['Fn::Sub'] ?? '', longest }];
    }),
  );

  test.each(named)(
    '$stack: $property of $id is unique by the suffix, and fits with the longest one',
    ({ text, longest }) => {
      expect(text).toContain('${EnvironmentSuffix}');
      const whole = text
        .replace('${EnvironmentSuffix}', 'x'.repeat(20))
        .replace('${AWS::AccountId}', ACCOUNT)
        .replace('${AWS::Region}', 'ap-southeast-99');
      expect(whole).not.toContain('${');
      expect(whole.length).toBeLessThanOrEqual(longest);
    },
  );

  test('there are some of each kind', () => {
    expect(named.length).toBeGreaterThanOrEqual(10);
  });

  test.each(STACKS)('the suffix of %s is at most that long', (stack) => {
    expect(committed(stack).Parameters?.EnvironmentSuffix?.MaxLength).toBe(20);
  });
});

describe('retention', () => {
  const HOLDS_DATA = /::(Key|LogGroup|DBCluster|DBInstance|Bucket|Secret)$/;
  test.each(resources.filter(({ Type }) => HOLDS_DATA.test(Type)))(
    '$stack: $id says what deletion and replacement keep',
    ({ DeletionPolicy, UpdateReplacePolicy }) => {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([expect.anything(), expect.anything()]);
    },
  );
});

describe('stacks of one project together', () => {
  const always = ['shared/frontend', 'shared/events', 'shared/observability'];
  const PHYSICAL = /^(Name|Family|(?!Display).*(Name|Identifier))$/;

  test.each([
    ['provider', ['shared/network', 'shared/app', 'shared/export', ...always]],
    ['consumer', ['shared/app-consumer', ...always]],
  ])('nothing of a %s has the name of another thing', (_, stacks) => {
    const names = stacks.flatMap((stack) =>
      Object.values(committed(stack).Resources).flatMap(({ Type, Properties }) =>
        Object.entries((Properties ?? {}) as Record<string, { 'Fn::Sub'?: string }>).flatMap(([property, value]) =>
          PHYSICAL.test(property) && typeof value?.['Fn::Sub'] === 'string' ? [`${Type} ${value['Fn::Sub']}`] : [],
        ),
      ),
    );
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  const offered = STACKS.filter((stack) => stack !== 'shared/app-consumer').flatMap((stack) =>
    Object.keys(committed(stack).Outputs ?? {}),
  );

  test('no two export the same name', () => {
    expect(new Set(offered).size).toBe(offered.length);
  });

  test.each(STACKS)('what %s imports, the project exports', (stack) => {
    const imports = [
      ...JSON.stringify(committed(stack)).matchAll(/"Fn::ImportValue":\{"Fn::Sub":"\$\{EnvironmentSuffix\}-(\w+)"/g),
    ];
    for (const [, id] of imports) expect(offered).toContain(id);
    expect(imports.length > 0).toBe(!['shared/network', 'shared/app-consumer'].includes(stack));
  });

  test('an export that some deployments lack is read by none of them', () => {
    const { each } = deployments('shared/app', ['ExportPrefix']);
    const exporting = each.filter(({ scenario }) => scenario.assignment.ExportPrefix !== '');
    expect(exporting.length).toBeGreaterThan(0);
    const read = JSON.stringify(committed('shared/export'));
    for (const id of Object.keys(committed('shared/app').Outputs ?? {}))
      if (read.includes(`\${EnvironmentSuffix}-${id}"`))
        for (const { template } of exporting) expect(template.outputs).toHaveProperty(id);
  });
});

test.each(STACKS)('%s writes no account, no region and no zone out', (stack) => {
  const whole = readFileSync(fileInProject(`templates/${stack}.yaml`), 'utf8');
  // Where certificates and web ACLs of CloudFront are is a fact of AWS, not a choice.
  const text = stack === 'shared/frontend' ? whole.replaceAll('us-east-1', '') : whole;
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  expect(text).not.toMatch(/\b(us|eu|ap|sa|ca|af|me)-[a-z]+-[0-9][a-z]?\b/);
});
