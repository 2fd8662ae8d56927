import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { Target } from './clients.ts';
import { clientOf, found, pages } from './live/reading.ts';

/** A control that no template shows, asked of a live resource or of the account. Reading only. */
export interface DeployedFact {
  readonly control: string;
  /** Physical ID, or `account`. */
  readonly subject: string;
  readonly verdict: 'holds' | 'fails' | 'unknown';
  readonly message: string;
}

type Said = Pick<DeployedFact, 'verdict' | 'message'>;
const holds = (message: string): Said => ({ verdict: 'holds', message });
const fails = (message: string): Said => ({ verdict: 'fails', message });

interface DeployedControl {
  /** Of which resources of a stack; absent: of the account, once. */
  readonly type?: string;
  judge(target: Target, physicalId: string): Promise<Said>;
}

const NINETY_DAYS = 90 * 24 * 3600 * 1000;

/** By ID in lib/data/controls.json, which calls these *deployed*. Each service's code is loaded when it is asked. */
export const DEPLOYED_CONTROLS: Readonly<Record<string, DeployedControl>> = {
  'KMS.3': {
    type: 'AWS::KMS::Key',
    judge: async (target, physicalId) => {
      const { describeKey } = await import('./live/kms.ts');
      const state = (await describeKey(target, physicalId))?.KeyState ?? 'gone';
      return state === 'PendingDeletion' || state === 'gone'
        ? fails(`the key is ${state}`)
        : holds(`the key is ${state}`);
    },
  },
  'EC2.2': {
    type: 'AWS::EC2::VPC',
    judge: async (target, physicalId) => {
      const { DescribeSecurityGroupsCommand, EC2Client } = await import('@aws-sdk/client-ec2');
      const Filters = [
        { Name: 'vpc-id', Values: [physicalId] },
        { Name: 'group-name', Values: ['default'] },
      ];
      const { SecurityGroups = [] } = await clientOf(EC2Client, target).send(
        new DescribeSecurityGroupsCommand({ Filters }),
      );
      const [group] = SecurityGroups;
      if (!group) return { verdict: 'unknown', message: 'the VPC shows no default security group' };
      const rules = (group.IpPermissions?.length ?? 0) + (group.IpPermissionsEgress?.length ?? 0);
      return rules === 0
        ? holds(`${group.GroupId} has no rules`)
        : fails(`${group.GroupId} has ${rules} rule${rules === 1 ? '' : 's'}`);
    },
  },
  'RDS.1': {
    type: 'AWS::RDS::DBCluster',
    judge: async (target, physicalId) => {
      const { DescribeDBClusterSnapshotAttributesCommand, DescribeDBClusterSnapshotsCommand, RDSClient } = await import(
        '@aws-sdk/client-rds'
      );
      const client = clientOf(RDSClient, target);
      const snapshots = await pages(async (Marker) => {
        const page = await client.send(
          new DescribeDBClusterSnapshotsCommand({ DBClusterIdentifier: physicalId, SnapshotType: 'manual', Marker }),
        );
        return { items: page.DBClusterSnapshots, next: page.Marker };
      });
      for (const { DBClusterSnapshotIdentifier } of snapshots) {
        const { DBClusterSnapshotAttributesResult: result } = await client.send(
          new DescribeDBClusterSnapshotAttributesCommand({ DBClusterSnapshotIdentifier }),
        );
        const restorers = result?.DBClusterSnapshotAttributes?.find(({ AttributeName }) => AttributeName === 'restore');
        if (restorers?.AttributeValues?.includes('all'))
          return fails(`everybody may restore ${DBClusterSnapshotIdentifier}`);
      }
      return holds(`${snapshots.length} manual snapshots, none for everybody`);
    },
  },
  'SecretsManager.2': {
    type: 'AWS::SecretsManager::Secret',
    judge: async (target, physicalId) => {
      const secret = await describeSecret(target, physicalId);
      if (!secret?.RotationEnabled) return holds('it is not rotated by a schedule');
      const { NextRotationDate: next } = secret;
      return next && next.getTime() < Date.now()
        ? fails(`it should have been rotated on ${next.toISOString().slice(0, 10)}`)
        : holds('its rotation is not overdue');
    },
  },
  'SecretsManager.3': {
    type: 'AWS::SecretsManager::Secret',
    judge: async (target, physicalId) => {
      const secret = await describeSecret(target, physicalId);
      const since = secret?.LastAccessedDate ?? secret?.CreatedDate;
      if (!since) return { verdict: 'unknown', message: 'Secrets Manager does not say when it was used' };
      const day = since.toISOString().slice(0, 10);
      return Date.now() - since.getTime() > NINETY_DAYS
        ? fails(`nobody has used it since ${day}`)
        : holds(`used on ${day}`);
    },
  },
  'EC2.7': {
    judge: async (target) => {
      const { EC2Client, GetEbsEncryptionByDefaultCommand } = await import('@aws-sdk/client-ec2');
      const { EbsEncryptionByDefault } = await clientOf(EC2Client, target).send(
        new GetEbsEncryptionByDefaultCommand({}),
      );
      return EbsEncryptionByDefault ? holds('EBS encrypts by default') : fails('EBS does not encrypt by default');
    },
  },
  'IAM.4': {
    judge: async (target) =>
      (await accountSummary(target)).AccountAccessKeysPresent
        ? fails('root has an access key')
        : holds('root has no access key'),
  },
  'IAM.9': {
    judge: async (target) =>
      (await accountSummary(target)).AccountMFAEnabled ? holds('root needs MFA') : fails('root needs no MFA'),
  },
  'IAM.7': {
    judge: async (target) => {
      const { GetAccountPasswordPolicyCommand, IAMClient } = await import('@aws-sdk/client-iam');
      const answer = await found(() => clientOf(IAMClient, target).send(new GetAccountPasswordPolicyCommand({})));
      const policy = answer?.PasswordPolicy;
      if (!policy) return fails('the account has no password policy');
      const missing = [
        ...((policy.MinimumPasswordLength ?? 0) < 8 ? ['8 characters'] : []),
        ...(policy.RequireUppercaseCharacters ? [] : ['capitals']),
        ...(policy.RequireLowercaseCharacters ? [] : ['small letters']),
        ...(policy.RequireNumbers ? [] : ['digits']),
        ...(policy.RequireSymbols ? [] : ['symbols']),
      ];
      return missing.length === 0 ? holds('it asks for all') : fails(`it does not ask for ${missing.join(', ')}`);
    },
  },
};

async function describeSecret(target: Target, SecretId: string) {
  const { DescribeSecretCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  return found(() => clientOf(SecretsManagerClient, target).send(new DescribeSecretCommand({ SecretId })));
}

async function accountSummary(target: Target): Promise<Record<string, number | undefined>> {
  const { GetAccountSummaryCommand, IAMClient } = await import('@aws-sdk/client-iam');
  return (await clientOf(IAMClient, target).send(new GetAccountSummaryCommand({}))).SummaryMap ?? {};
}

/** What cannot be read is unknown, and passes nothing. */
async function factOf(control: string, subject: string, target: Target): Promise<DeployedFact> {
  try {
    return { control, subject, ...(await DEPLOYED_CONTROLS[control]!.judge(target, subject)) };
  } catch (error) {
    const { name, message } = error as Error;
    return { control, subject, verdict: 'unknown', message: `${name}: ${message}` };
  }
}

const idsOf = (isOfStack: boolean): string[] =>
  Object.entries(DEPLOYED_CONTROLS).flatMap(([id, { type }]) => ((type !== undefined) === isOfStack ? [id] : []));

/** The controls of the live resources of a stack. */
export async function deployedControls(target: Target, StackName: string): Promise<DeployedFact[]> {
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  const client = clientOf(CloudFormationClient, target);
  const resources = await pages(async (NextToken) => {
    const page = await client.send(new ListStackResourcesCommand({ StackName, NextToken }));
    return { items: page.StackResourceSummaries, next: page.NextToken };
  });
  const asked = idsOf(true).flatMap((control) =>
    resources
      .filter(({ ResourceType }) => ResourceType === DEPLOYED_CONTROLS[control]!.type)
      .map(({ PhysicalResourceId = '' }) => factOf(control, PhysicalResourceId, target)),
  );
  return Promise.all(asked);
}

/** The controls of the account, in a region. */
export function accountControls(target: Target): Promise<DeployedFact[]> {
  return Promise.all(idsOf(false).map((control) => factOf(control, 'account', target)));
}
