import { BackupClient, DescribeBackupVaultCommand, GetBackupPlanCommand } from '@aws-sdk/client-backup';
import {
  CloudFormationClient,
  ListExportsCommand,
  ListStackResourcesCommand,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import type { ResolvedTemplate } from '../scenarios/resolve.ts';
import { hasUnknown } from '../scenarios/unknown.ts';
import { call, clientOptions, type Target } from './clients.ts';
import { describeStack } from './deploy-stack.ts';

/** `not-read`: nobody compared it, which is no match. `recorded`: the emulator keeps the resource on paper only. */
export type CheckState = 'matches' | 'differs' | 'recorded' | 'not-read';

export interface Check {
  kind: 'stack' | 'parameter' | 'resource' | 'output' | 'setting';
  subject: string;
  state: CheckState;
  message: string;
}

interface Verification {
  target: Target;
  stackName: string;
  resolved: ResolvedTemplate;
  /** Types that the target only records; empty on AWS. */
  recorded: ReadonlySet<string>;
}

/**
 * Holds a deployed stack against its resolved template: status, parameters, resources, outputs, exports, and the settings of
 * vaults and plans as AWS Backup reports them. Settings of other types are not read, and the result says so.
 */
export async function verifyStack({ target, stackName, resolved, recorded }: Verification): Promise<Check[]> {
  const client = new CloudFormationClient(clientOptions(target));
  const stack = await describeStack(client, target, stackName);
  if (!stack)
    return [
      {
        kind: 'stack',
        subject: stackName,
        state: 'differs',
        message: `there is no stack ${stackName} in ${target.region}`,
      },
    ];
  const checks: Check[] = [
    compare(
      'stack',
      'status',
      /^(CREATE|UPDATE)_COMPLETE$/.test(stack.StackStatus ?? ''),
      `stack is ${stack.StackStatus}`,
    ),
  ];

  for (const { ParameterKey, ParameterValue } of stack.Parameters ?? []) {
    const wanted = resolved.parameters[ParameterKey ?? ''];
    if (wanted === undefined || hasUnknown(wanted)) continue;
    const text = Array.isArray(wanted) ? wanted.join(',') : String(wanted);
    checks.push(
      compare(
        'parameter',
        `parameter ${ParameterKey}`,
        text === ParameterValue,
        `is "${ParameterValue}", template and file say "${text}"`,
      ),
    );
  }

  const live = new Map((await stackResources(client, target, stackName)).map((item) => [item.LogicalResourceId, item]));
  for (const [id, { type }] of Object.entries(resolved.resources)) {
    const found = live.get(id);
    if (!found)
      checks.push({
        kind: 'resource',
        subject: id,
        state: 'differs',
        message: `${type} is in the template and not in the stack`,
      });
    else if (recorded.has(type))
      checks.push({
        kind: 'resource',
        subject: id,
        state: 'recorded',
        message: `${type} is only recorded by the emulator`,
      });
    else
      checks.push(
        compare(
          'resource',
          id,
          found.ResourceStatus?.endsWith('_COMPLETE') === true,
          `${type} is ${found.ResourceStatus}`,
        ),
      );
  }

  const outputs = new Map((stack.Outputs ?? []).map((output) => [output.OutputKey, output]));
  const exports = await exportNames(client, target);
  for (const [id, output] of Object.entries(resolved.outputs)) {
    const found = outputs.get(id);
    checks.push(
      compare(
        'output',
        `output ${id}`,
        Boolean(found?.OutputValue),
        found ? `is "${found.OutputValue}"` : 'is missing',
      ),
    );
    if (typeof output.exportName === 'string')
      checks.push(
        compare(
          'output',
          `export ${output.exportName}`,
          exports.has(output.exportName),
          exports.has(output.exportName) ? 'is there' : 'is missing',
        ),
      );
  }

  for (const [id, { type, properties }] of Object.entries(resolved.resources)) {
    if (recorded.has(type)) continue;
    const read = SETTINGS[type];
    const physicalId = live.get(id)?.PhysicalResourceId;
    if (!read || !physicalId)
      checks.push({
        kind: 'setting',
        subject: `${id} settings`,
        state: 'not-read',
        message: `settings of ${type} are not read`,
      });
    else checks.push(...(await read(target, id, physicalId, (properties ?? {}) as Record<string, unknown>)));
  }
  return checks;
}

type Read = (target: Target, id: string, physicalId: string, properties: Record<string, unknown>) => Promise<Check[]>;

const SETTINGS: Readonly<Record<string, Read>> = {
  'AWS::Backup::BackupVault': async (target, id, physicalId) => {
    const vault = await call('DescribeBackupVault', target, () =>
      new BackupClient(clientOptions(target)).send(new DescribeBackupVaultCommand({ BackupVaultName: physicalId })),
    );
    return [
      compare(
        'setting',
        `${id} key`,
        Boolean(vault.EncryptionKeyArn),
        `encrypted with ${vault.EncryptionKeyArn ?? 'no key of its own'}`,
      ),
    ];
  },
  'AWS::Backup::BackupPlan': async (target, id, physicalId, properties) => {
    const { BackupPlan: plan } = await call('GetBackupPlan', target, () =>
      new BackupClient(clientOptions(target)).send(new GetBackupPlanCommand({ BackupPlanId: physicalId })),
    );
    const wanted = rulesOf((properties.BackupPlan as Record<string, unknown> | undefined)?.BackupPlanRule);
    const found = rulesOf(plan?.Rules);
    return [
      compare(
        'setting',
        `${id} rules`,
        String(found.map(([name]) => name)) === String(wanted.map(([name]) => name)),
        `rules are ${found.map(([name]) => name).join(', ')}`,
      ),
      compare(
        'setting',
        `${id} copies`,
        String(found) === String(wanted),
        `copy actions: ${found.map(([name, copies]) => `${name} ${copies}`).join(', ')}`,
      ),
    ];
  },
};

/** Name and number of copy actions of each rule, by name. */
function rulesOf(rules: unknown): [string, number][] {
  if (!Array.isArray(rules)) return [];
  return rules
    .map((rule): [string, number] => [
      String(rule.RuleName),
      Array.isArray(rule.CopyActions) ? rule.CopyActions.length : 0,
    ])
    .sort(([a], [b]) => a.localeCompare(b));
}

function compare(kind: Check['kind'], subject: string, matches: boolean, message: string): Check {
  return { kind, subject, state: matches ? 'matches' : 'differs', message };
}

async function stackResources(
  client: CloudFormationClient,
  target: Target,
  stackName: string,
): Promise<StackResourceSummary[]> {
  const resources: StackResourceSummary[] = [];
  let token: string | undefined;
  do {
    const next = token;
    const page = await call('ListStackResources', target, () =>
      client.send(new ListStackResourcesCommand({ StackName: stackName, NextToken: next })),
    );
    resources.push(...(page.StackResourceSummaries ?? []));
    token = page.NextToken;
  } while (token !== undefined);
  return resources;
}

async function exportNames(client: CloudFormationClient, target: Target): Promise<Set<string>> {
  const names = new Set<string>();
  let token: string | undefined;
  do {
    const next = token;
    const page = await call('ListExports', target, () => client.send(new ListExportsCommand({ NextToken: next })));
    for (const { Name } of page.Exports ?? []) if (Name) names.add(Name);
    token = page.NextToken;
  } while (token !== undefined);
  return names;
}
