import {
  CloudFormationClient,
  DeleteStackCommand,
  ListImportsCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { CfnError } from '../cfn/errors.ts';
import { call, clientOptions, type Target } from './clients.ts';
import { describeStack, eventsOf, leftBehind, stopped } from './deploy-stack.ts';

/** Deletes a stack and waits. `false` where there was none. Throws CFN609: exports in use, protection, what could not be deleted. */
export async function deleteStack(target: Target, stackName: string, signal?: AbortSignal): Promise<boolean> {
  const client = new CloudFormationClient(clientOptions(target));
  const stack = await describeStack(client, target, stackName);
  if (!stack) return false;
  const users = await importersOf(
    client,
    target,
    (stack.Outputs ?? []).flatMap(({ ExportName }) => ExportName ?? []),
  );
  if (users.length > 0) throw refused(stackName, `${users.join(', ')} import from it`, 'delete those stacks first');
  if (stack.EnableTerminationProtection)
    throw refused(
      stackName,
      'termination protection is on',
      `switch it off: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stackName}`,
    );

  await call('DeleteStack', target, () => client.send(new DeleteStackCommand({ StackName: stackName })));
  for (;;) {
    // By its ID: a deleted stack is no longer found by its name.
    const now = await describeStack(client, target, stack.StackId ?? stackName);
    const status = now?.StackStatus ?? 'DELETE_COMPLETE';
    if (status === 'DELETE_COMPLETE') return true;
    if (!status.endsWith('_IN_PROGRESS')) {
      const events = await eventsOf(client, target, stackName);
      throw refused(
        stackName,
        `it ended as ${status}${failures(events)}`,
        'remove what is named (a bucket must be empty), then delete again',
      );
    }
    if (await stopped(target, signal)) throw leftBehind(target, stackName, status);
  }
}

/** Deletes a stack whose first creation was rolled back: nothing of it is left but its name. `false` where it is no such one. */
export async function deleteRolledBack(target: Target, stackName: string, signal?: AbortSignal): Promise<boolean> {
  const stack = await describeStack(new CloudFormationClient(clientOptions(target)), target, stackName);
  return stack?.StackStatus === 'ROLLBACK_COMPLETE' && deleteStack(target, stackName, signal);
}

async function importersOf(
  client: CloudFormationClient,
  target: Target,
  exports: readonly string[],
): Promise<string[]> {
  const users = new Set<string>();
  for (const name of exports) {
    const { Imports = [] } = await call('ListImports', target, async () => {
      try {
        return await client.send(new ListImportsCommand({ ExportName: name }));
      } catch (error) {
        if (/not imported/i.test((error as Error).message)) return { Imports: [] };
        throw error;
      }
    });
    for (const user of Imports) users.add(user);
  }
  return [...users].sort();
}

function failures(events: readonly StackEvent[]): string {
  return events
    .filter(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED')
    .map((event) => `\n    ${event.LogicalResourceId} (${event.ResourceType}): ${event.ResourceStatusReason}`)
    .join('');
}

function refused(stackName: string, reason: string, fix: string): CfnError {
  return new CfnError(
    { code: 'CFN609', severity: 'error', message: `stack ${stackName} is not deleted: ${reason}`, fix },
    { exitCode: 1 },
  );
}
