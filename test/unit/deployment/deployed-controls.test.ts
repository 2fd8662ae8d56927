import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeSecurityGroupsCommand, EC2Client, GetEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { GetAccountPasswordPolicyCommand, GetAccountSummaryCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DescribeDBClusterSnapshotAttributesCommand,
  DescribeDBClusterSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { readCatalogue } from '../../../lib/check/catalogue.ts';
import { accountControls, DEPLOYED_CONTROLS, deployedControls } from '../../../lib/deployment/deployed-controls.ts';
import { renderDeployedControls } from '../../../lib/report/verification.ts';

const mocks = {
  stacks: mockClient(CloudFormationClient),
  ec2: mockClient(EC2Client),
  iam: mockClient(IAMClient),
  kms: mockClient(KMSClient),
  rds: mockClient(RDSClient),
  secrets: mockClient(SecretsManagerClient),
};
const target = { region: 'us-west-2' };
const DAY = 24 * 3600 * 1000;
const ago = (days: number) => new Date(Date.now() - days * DAY);

beforeEach(() => {
  for (const mock of Object.values(mocks)) {
    mock.reset();
    mock.rejects(Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' }));
  }
});

function stackOf(type: string) {
  mocks.stacks.on(ListStackResourcesCommand).resolves({
    StackResourceSummaries: [
      {
        LogicalResourceId: 'It',
        PhysicalResourceId: 'it',
        ResourceType: type,
        ResourceStatus: 'CREATE_COMPLETE',
        LastUpdatedTimestamp: ago(1),
      },
    ],
  });
}

const verdictOf = async (control: string): Promise<string | undefined> =>
  (await deployedControls(target, 'one')).find((fact) => fact.control === control)?.verdict;

test('each is in the catalogue, as one that needs a deployed stack', () => {
  const catalogue = readCatalogue();
  for (const id of Object.keys(DEPLOYED_CONTROLS)) expect([id, catalogue[id]?.judged]).toEqual([id, 'deployed']);
});

describe('of a live resource', () => {
  test.each([
    ['Enabled', 'holds'],
    ['Disabled', 'holds'],
    ['PendingDeletion', 'fails'],
  ] as const)('KMS.3: a key that is %s: %s', async (KeyState, verdict) => {
    stackOf('AWS::KMS::Key');
    mocks.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: 'it', KeyState } });
    expect(await verdictOf('KMS.3')).toBe(verdict);
  });

  test.each([
    ['no rules', [{ GroupId: 'sg-1', IpPermissions: [], IpPermissionsEgress: [] }], 'holds'],
    ['a way out', [{ GroupId: 'sg-1', IpPermissionsEgress: [{ IpProtocol: '-1' }] }], 'fails'],
    ['no such group', [], 'unknown'],
  ])('EC2.2: a default security group with %s', async (_what, SecurityGroups, verdict) => {
    stackOf('AWS::EC2::VPC');
    mocks.ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups });
    expect(await verdictOf('EC2.2')).toBe(verdict);
  });

  test.each([
    [['111122223333'], 'holds'],
    [['all'], 'fails'],
  ])('RDS.1: a snapshot that %j may restore', async (AttributeValues, verdict) => {
    stackOf('AWS::RDS::DBCluster');
    mocks.rds
      .on(DescribeDBClusterSnapshotsCommand)
      .resolves({ DBClusterSnapshots: [{ DBClusterSnapshotIdentifier: 's' }] });
    mocks.rds.on(DescribeDBClusterSnapshotAttributesCommand).resolves({
      DBClusterSnapshotAttributesResult: {
        DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues }],
      },
    });
    expect(await verdictOf('RDS.1')).toBe(verdict);
  });

  test.each([
    ['is used', { LastAccessedDate: ago(2) }, 'holds', 'holds'],
    ['nobody uses', { LastAccessedDate: ago(100) }, 'fails', 'holds'],
    ['is new', { CreatedDate: ago(1) }, 'holds', 'holds'],
    [
      'is rotated too late',
      { LastAccessedDate: ago(2), RotationEnabled: true, NextRotationDate: ago(3) },
      'holds',
      'fails',
    ],
    ['says nothing', {}, 'unknown', 'holds'],
  ])('SecretsManager.3 and .2: a secret that %s', async (_what, secret, used, rotated) => {
    stackOf('AWS::SecretsManager::Secret');
    mocks.secrets.on(DescribeSecretCommand).resolves(secret);
    expect([await verdictOf('SecretsManager.3'), await verdictOf('SecretsManager.2')]).toEqual([used, rotated]);
  });

  test('what may not be read is unknown, and says why', async () => {
    stackOf('AWS::EC2::VPC');
    expect(await deployedControls(target, 'one')).toEqual([
      { control: 'EC2.2', subject: 'it', verdict: 'unknown', message: 'AccessDeniedException: not allowed' },
    ]);
  });
});

describe('of the account', () => {
  const verdicts = async () =>
    Object.fromEntries((await accountControls(target)).map(({ control, verdict }) => [control, verdict]));

  test('all in order', async () => {
    mocks.ec2.on(GetEbsEncryptionByDefaultCommand).resolves({ EbsEncryptionByDefault: true });
    mocks.iam
      .on(GetAccountSummaryCommand)
      .resolves({ SummaryMap: { AccountAccessKeysPresent: 0, AccountMFAEnabled: 1 } });
    mocks.iam.on(GetAccountPasswordPolicyCommand).resolves({
      PasswordPolicy: {
        MinimumPasswordLength: 14,
        RequireLowercaseCharacters: true,
        RequireUppercaseCharacters: true,
        RequireNumbers: true,
        RequireSymbols: true,
      },
    });
    expect(await verdicts()).toEqual({ 'EC2.7': 'holds', 'IAM.4': 'holds', 'IAM.7': 'holds', 'IAM.9': 'holds' });
  });

  test('nothing in order', async () => {
    mocks.ec2.on(GetEbsEncryptionByDefaultCommand).resolves({ EbsEncryptionByDefault: false });
    mocks.iam
      .on(GetAccountSummaryCommand)
      .resolves({ SummaryMap: { AccountAccessKeysPresent: 1, AccountMFAEnabled: 0 } });
    mocks.iam
      .on(GetAccountPasswordPolicyCommand)
      .rejects(Object.assign(new Error('none'), { name: 'NoSuchEntityException' }));
    expect(await verdicts()).toEqual({ 'EC2.7': 'fails', 'IAM.4': 'fails', 'IAM.7': 'fails', 'IAM.9': 'fails' });
  });
});

test('is told in a line each, with counts', () => {
  const controls = [
    { control: 'KMS.3', subject: 'key', verdict: 'holds', message: 'the key is Enabled' },
    { control: 'EC2.2', subject: 'vpc-1', verdict: 'fails', message: 'sg-1 has 1 rule' },
    { control: 'IAM.9', subject: 'account', verdict: 'unknown', message: 'AccessDenied' },
  ] as const;
  const text = renderDeployedControls(
    [{ stackName: 'one', region: 'us-west-2', checks: [], controls }],
    (_, said) => said,
  );
  expect(text.split('\n')).toEqual([
    'controls of what is deployed: 1 hold, 1 fail, 1 could not be read',
    '    EC2.2 vpc-1: Default security group passes nothing; sg-1 has 1 rule',
    '    IAM.9 account: Root has MFA; AccessDenied',
  ]);
});
