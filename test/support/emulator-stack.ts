import {
  type Change,
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { clientOptions } from '../../lib/deployment/clients.ts';

const REGION = 'us-west-2';
const SETTLED = /(_COMPLETE|_FAILED)$/;

/** What became of an operation on a stack. */
export interface Outcome {
  /** The stack's status; REFUSED where CloudFormation took no change set, UNCHANGED where it found nothing to do. */
  status: string;
  outputs: Record<string, string>;
  changes: Change[];
  /** The refusal, or what the failed resources gave for a reason. */
  reason: string;
}

export interface Deployment {
  stackName: string;
  template: object | string;
  parameters?: Record<string, string>;
  capabilities?: 'CAPABILITY_IAM'[];
}

/** Creates or updates a stack on an emulator, without the checks of `lib/deployment`: whatever it answers is the outcome. */
export async function deployTo(endpoint: string, deployment: Deployment): Promise<Outcome> {
  const { stackName, template, parameters = {}, capabilities } = deployment;
  const client = new CloudFormationClient(clientOptions({ region: REGION, endpoint }));
  const exists = (await statusOf(client, stackName)) !== undefined;
  const name = `set-${Math.random().toString(36).slice(2)}`;
  const nothing = { outputs: {}, changes: [] };
  try {
    await client.send(
      new CreateChangeSetCommand({
        StackName: stackName,
        ChangeSetName: name,
        ChangeSetType: exists ? 'UPDATE' : 'CREATE',
        TemplateBody: typeof template === 'string' ? template : JSON.stringify(template),
        Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
        Capabilities: capabilities ?? ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
      }),
    );
  } catch (error) {
    return { ...nothing, status: 'REFUSED', reason: (error as Error).message };
  }
  const changeSet = await client.send(new DescribeChangeSetCommand({ StackName: stackName, ChangeSetName: name }));
  if (changeSet.Status === 'FAILED') return { ...nothing, status: 'UNCHANGED', reason: changeSet.StatusReason ?? '' };
  await client.send(new ExecuteChangeSetCommand({ StackName: stackName, ChangeSetName: name }));
  return { ...(await settled(client, stackName)), changes: changeSet.Changes ?? [] };
}

export async function deleteFrom(endpoint: string, stackName: string): Promise<Outcome> {
  const client = new CloudFormationClient(clientOptions({ region: REGION, endpoint }));
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  try {
    await client.send(new DeleteStackCommand({ StackName: stackName }));
  } catch (error) {
    return { status: 'REFUSED', outputs: {}, changes: [], reason: (error as Error).message };
  }
  return settled(client, Stacks[0]?.StackId ?? stackName);
}

async function settled(client: CloudFormationClient, stack: string): Promise<Outcome> {
  for (;;) {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const { StackStatus: status = '', Outputs = [] } = Stacks[0] ?? {};
    if (SETTLED.test(status) && status !== 'REVIEW_IN_PROGRESS') {
      const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: stack }));
      const failed = StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
      return {
        status,
        outputs: Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
        changes: [],
        reason: failed
          .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`)
          .join('\n'),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function statusOf(client: CloudFormationClient, stackName: string): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return Stacks[0]?.StackStatus;
  } catch {
    return undefined;
  }
}
