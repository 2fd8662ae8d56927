import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Change,
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  type ResourceChange,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { CfnError } from '../cfn/errors.ts';
import type { Template } from '../cfn/template.ts';
import { resourceType } from '../spec/resource-type.ts';
import { call, clientOptions, type Target } from './clients.ts';

export interface PlannedChange {
  action: string;
  logicalId: string;
  type: string;
  /** Whether the resource is replaced: its physical ID and what it holds are new afterwards. */
  replacement: 'no' | 'yes' | 'maybe';
  /** What changes: names of properties, or `Tags`, `Metadata` and the like; for a replacement only what causes it. */
  because: readonly string[];
  /** The change takes data along: a stateful resource is replaced or removed, and the template does not keep it. */
  losesData: boolean;
}

export interface DeployRequest {
  target: Target;
  stackName: string;
  template: Template;
  /** Its text, which is sent as it is. */
  templateBody: string;
  parameters: Readonly<Record<string, string>>;
  tags?: Readonly<Record<string, string>>;
}

export interface ChangeSet {
  request: DeployRequest;
  name: string;
  kind: 'CREATE' | 'UPDATE';
  changes: PlannedChange[];
}

/** States of a stack in which no change set can be made, and what to do. */
const STUCK: Readonly<Record<string, string>> = {
  ROLLBACK_COMPLETE: 'its first creation failed: delete it (plainform destroy), then deploy again',
  ROLLBACK_FAILED: 'delete it, retaining what cannot be deleted, then deploy again',
  DELETE_FAILED: 'look at its events for what could not be deleted, remove that, and delete the stack again',
  UPDATE_ROLLBACK_FAILED: 'mend what the events name, then run `aws cloudformation continue-update-rollback`',
};

/** Largest template that AWS takes without a bucket, in bytes. */
export const LARGEST_BODY = 51_200;

/**
 * Makes a change set and waits for it. Undefined where there is nothing to change. Throws CFN605 (the stack is in a state in
 * which nothing can be changed), CFN606 (AWS refuses the change set), CFN610 (stopped by the signal; the change set is discarded).
 */
export async function createChangeSet(request: DeployRequest, signal?: AbortSignal): Promise<ChangeSet | undefined> {
  const { target, stackName } = request;
  const client = new CloudFormationClient(clientOptions(target));
  const stack = await describeStack(client, target, stackName);
  const status = stack?.StackStatus ?? '';
  if (STUCK[status] || (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS')) {
    throw new CfnError(
      {
        code: 'CFN605',
        severity: 'error',
        message: `stack ${stackName} in ${target.region} is ${status} and cannot be changed now`,
        fix: STUCK[status] ?? 'wait until the operation that is under way has ended',
      },
      { exitCode: 1 },
    );
  }
  const kind = stack === undefined || status === 'REVIEW_IN_PROGRESS' ? 'CREATE' : 'UPDATE';
  const name = `plainform-${Date.now()}`;
  await call('CreateChangeSet', target, () =>
    client.send(
      new CreateChangeSetCommand({
        StackName: stackName,
        ChangeSetName: name,
        ChangeSetType: kind,
        TemplateBody: request.templateBody,
        Parameters: Object.entries(request.parameters).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
        ...(request.tags && { Tags: Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })) }),
        Capabilities: [
          'CAPABILITY_NAMED_IAM',
          ...(request.template.Transform === undefined ? [] : (['CAPABILITY_AUTO_EXPAND'] as const)),
        ],
      }),
    ),
  );
  for (;;) {
    const description = await call('DescribeChangeSet', target, () =>
      client.send(new DescribeChangeSetCommand({ StackName: stackName, ChangeSetName: name })),
    );
    if (description.Status === 'CREATE_COMPLETE') {
      const changes = [...(description.Changes ?? [])];
      for (let token = description.NextToken; token !== undefined; ) {
        const next = token;
        const page = await call('DescribeChangeSet', target, () =>
          client.send(new DescribeChangeSetCommand({ StackName: stackName, ChangeSetName: name, NextToken: next })),
        );
        changes.push(...(page.Changes ?? []));
        token = page.NextToken;
      }
      return { request, name, kind, changes: changes.flatMap((change) => plannedChange(change, request.template)) };
    }
    if (description.Status === 'FAILED') {
      await discardChangeSet({ request, name, kind, changes: [] });
      const reason = description.StatusReason ?? 'no reason given';
      if (/didn't contain changes|No updates are to be performed/i.test(reason)) return undefined;
      throw new CfnError(
        { code: 'CFN606', severity: 'error', message: `no change set for ${stackName}: ${reason}` },
        { exitCode: 1 },
      );
    }
    if (await stopped(target, signal)) {
      await discardChangeSet({ request, name, kind, changes: [] });
      throw stoppedAt(`no change set for ${stackName} in ${target.region}: nothing was changed there`, 'run it again');
    }
  }
}

/** Deletes a change set that is not executed; nothing has changed. */
export async function discardChangeSet({ request: { target, stackName }, name }: ChangeSet): Promise<void> {
  const client = new CloudFormationClient(clientOptions(target));
  await call('DeleteChangeSet', target, () =>
    client.send(new DeleteChangeSetCommand({ StackName: stackName, ChangeSetName: name })),
  );
}

/**
 * Executes a change set and follows it to its end. Throws CFN607 with the events of what failed first, CFN610 where the signal
 * stops the watching: AWS goes on.
 */
export async function executeChangeSet(
  { request: { target, stackName }, name }: ChangeSet,
  onEvent: (event: { logicalId: string; type: string; status: string }) => void,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const client = new CloudFormationClient(clientOptions(target));
  const before = new Set((await eventsOf(client, target, stackName)).map(({ EventId }) => EventId));
  await call('ExecuteChangeSet', target, () =>
    client.send(new ExecuteChangeSetCommand({ StackName: stackName, ChangeSetName: name })),
  );
  const seen: StackEvent[] = [];
  for (;;) {
    const events = (await eventsOf(client, target, stackName)).filter(({ EventId }) => !before.has(EventId)).reverse();
    for (const event of events.slice(seen.length)) {
      seen.push(event);
      onEvent({
        logicalId: event.LogicalResourceId ?? '',
        type: event.ResourceType ?? '',
        status: event.ResourceStatus ?? '',
      });
    }
    const stack = await describeStack(client, target, stackName);
    const status = stack?.StackStatus ?? 'DELETE_COMPLETE';
    if (!status.endsWith('_IN_PROGRESS')) {
      if (stack && /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return outputsOf(stack);
      throw failureOf(stackName, status, seen);
    }
    if (await stopped(target, signal)) throw leftBehind(target, stackName, status);
  }
}

/** Outputs of a stack, or undefined where there is no such stack. */
export async function stackOutputs(target: Target, stackName: string): Promise<Record<string, string> | undefined> {
  const stack = await describeStack(new CloudFormationClient(clientOptions(target)), target, stackName);
  return stack && outputsOf(stack);
}

export async function describeStack(
  client: CloudFormationClient,
  target: Target,
  stackName: string,
): Promise<Stack | undefined> {
  return call('DescribeStacks', target, async () => {
    try {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
      return Stacks?.[0];
    } catch (error) {
      if (/does not exist/.test((error as Error).message)) return undefined;
      throw error;
    }
  });
}

export async function eventsOf(client: CloudFormationClient, target: Target, stackName: string): Promise<StackEvent[]> {
  const events: StackEvent[] = [];
  let token: string | undefined;
  do {
    const next = token;
    const page = await call('DescribeStackEvents', target, () =>
      client.send(new DescribeStackEventsCommand({ StackName: stackName, NextToken: next })),
    );
    events.push(...(page.StackEvents ?? []));
    token = page.NextToken;
  } while (token !== undefined);
  return events;
}

function plannedChange({ ResourceChange: change }: Change, template: Template): PlannedChange[] {
  if (!change) return [];
  const type = change.ResourceType ?? '';
  const replacement = change.Replacement === 'True' ? 'yes' : change.Replacement === 'Conditional' ? 'maybe' : 'no';
  const targets = (change.Details ?? []).flatMap(({ Target }) => Target ?? []);
  const causes = targets.filter(({ RequiresRecreation }) => RequiresRecreation && RequiresRecreation !== 'Never');
  const named = (replacement === 'no' ? targets : causes).map(({ Name, Attribute }) => Name ?? Attribute ?? '');
  const goes = change.Action === 'Remove' || replacement === 'yes';
  return [
    {
      action: change.Action ?? '',
      logicalId: change.LogicalResourceId ?? '',
      type,
      replacement,
      because: [...new Set(named)].filter((name) => name !== '').sort(),
      losesData: goes && !isKept(change, template) && resourceType(type)?.stateful === true,
    },
  ];
}

/** As AWS says; where the emulator says nothing, as the new template says of what it replaces. */
function isKept({ PolicyAction, LogicalResourceId = '' }: ResourceChange, { Resources }: Template): boolean {
  const action = PolicyAction ?? Resources[LogicalResourceId]?.UpdateReplacePolicy ?? 'Delete';
  return /Retain|Snapshot/.test(action);
}

function outputsOf(stack: Stack): Record<string, string> {
  return Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
  );
}

/** The first failures are causes; what was cancelled after them is counted. */
function failureOf(stackName: string, status: string, events: readonly StackEvent[]): CfnError {
  const failed = events.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
  const causes = failed.filter(({ ResourceStatusReason }) => !/cancelled/i.test(ResourceStatusReason ?? ''));
  const lines = causes.map(
    (event) => `    ${event.LogicalResourceId} (${event.ResourceType}): ${event.ResourceStatusReason}`,
  );
  const cancelled = failed.length - causes.length;
  return new CfnError(
    {
      code: 'CFN607',
      severity: 'error',
      message: [
        `stack ${stackName} ended as ${status}`,
        ...lines,
        ...(cancelled > 0 ? [`    and ${cancelled} more were cancelled because of that`] : []),
      ].join('\n'),
      fix:
        status === 'ROLLBACK_COMPLETE'
          ? 'mend the cause, delete the stack, deploy again'
          : 'mend the cause and deploy again',
    },
    { exitCode: 1 },
  );
}

/** Waits a moment: short against the emulator, which is done at once; two seconds against AWS, which limits calls. */
export async function stopped({ endpoint }: Target, signal: AbortSignal | undefined): Promise<boolean> {
  if (!signal?.aborted) await sleep(endpoint ? 100 : 2000, undefined, signal && { signal }).catch(() => undefined);
  return signal?.aborted === true;
}

/** CFN610: what is under way when the watching is stopped, and how to go on. */
export function leftBehind({ region, endpoint }: Target, stackName: string, status: string): CfnError {
  const at = `--stack-name ${stackName} --region ${region}`;
  const undo =
    status === 'UPDATE_IN_PROGRESS'
      ? `take it back: aws cloudformation cancel-update-stack ${at}`
      : status.startsWith('DELETE')
        ? 'a deletion cannot be taken back'
        : `take it back when it has ended: aws cloudformation delete-stack ${at}`;
  return stoppedAt(
    `stack ${stackName} in ${region} is ${status}, and goes on without us`,
    endpoint
      ? 'an emulator that plainform started has ended, and all in it'
      : `watch it: aws cloudformation describe-stack-events ${at}; ${undo}`,
  );
}

/** CFN610, exit code 130. */
export function stoppedAt(message: string, fix: string): CfnError {
  return new CfnError({ code: 'CFN610', severity: 'error', message: `stopped: ${message}`, fix }, { exitCode: 130 });
}
