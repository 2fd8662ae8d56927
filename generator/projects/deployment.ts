import { CfnError, type Finding, nearestMatch } from '../../lib/cfn/errors.ts';
import type { Target } from '../../lib/deployment/clients.ts';
import {
  type ListenerRule,
  listenerRules,
  type SharedParameter,
  sharedParameters,
} from '../../lib/deployment/shared-infrastructure.ts';
import { fileInProject } from '../../lib/project.ts';
import type { ChosenStack } from '../commands/target.ts';
import { wrongParameters } from './parameter-files.ts';
import type { Consumer, Provider, Register } from './register.ts';
import { type Owner, ownersOf, type ProjectStack, stacksOf } from './stacks.ts';

/** The project or the provider of a name. Throws CFN731. */
export function ownerNamed(register: Register, name: string): Owner {
  const owners = ownersOf(register);
  const found = owners.find((owner) => owner.name === name);
  if (found) return found;
  const names = owners.map((owner) => owner.name);
  const nearest = nearestMatch(name, names);
  throw new CfnError({
    code: 'CFN731',
    severity: 'error',
    file: register.file,
    message: `there is no project "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: names.length === 0 ? 'add it under projects' : `one of ${names.slice(0, 20).join(', ')}`,
  });
}

/**
 * The stacks of an owner in the order in which they are deployed. Throws what is wrong with its parameters. Of a consumer, only where its provider's eleven SSM parameters
 * are there and well formed, and nobody else has its priority or its domain on the live listener: throws CFN738, all at once.
 */
export async function stacksToDeploy(
  register: Register,
  owner: Owner,
  endpoint: string | undefined,
): Promise<ChosenStack[]> {
  const wrong = wrongParameters(owner, register);
  if (wrong.length > 0) throw new CfnError(wrong);
  if (owner.mode === 'consumer') await requireShared(owner, targetOf(owner, endpoint));
  return stacksOf(owner).map(chosen);
}

function chosen({ stackName, region, template, values }: ProjectStack): ChosenStack {
  return { stackName, region, template: fileInProject(template), values };
}

async function requireShared(owner: Consumer, target: Target): Promise<void> {
  const { provider } = owner;
  const found = await sharedParameters(target, provider.prefix);
  const findings = found.flatMap((parameter) =>
    parameter.state === 'well formed' ? [] : [unusable(parameter, provider)],
  );
  if (findings.length > 0) throw new CfnError(findings);
  const listener = found.find(({ name }) => name === 'alb/https-listener-arn')!;
  for (const rule of await listenerRules(target, listener.value!)) {
    const { priority, hosts } = rule;
    const isOwn = hosts.includes(owner.domain);
    if ((priority === owner.priority) === isOwn || isRuleOf(rule, owner)) continue;
    findings.push({
      code: 'CFN738',
      severity: 'error',
      message: isOwn
        ? `the listener of ${provider.name} has ${owner.domain} on priority ${priority}; the register says ${owner.priority}`
        : `priority ${priority} on the listener of ${provider.name} is that of ${hosts.join(', ') || 'another rule'}`,
      fix: isOwn
        ? `write priority: ${priority}, or remove that rule`
        : 'take another priority: `plainform projects add` names a free one',
    });
  }
  if (findings.length > 0) throw new CfnError(findings);
}

/** What its own rule says otherwise than the register, the deployment changes. */
function isRuleOf({ targetGroups }: ListenerRule, { resourcePrefix }: Consumer): boolean {
  return targetGroups.includes(`${resourcePrefix}-app`);
}

function unusable({ name, state, value }: SharedParameter, { name: provider, prefix }: Provider): Finding {
  return {
    code: 'CFN738',
    severity: 'error',
    message: state === 'missing' ? `${prefix}/${name} is missing` : `${prefix}/${name} is "${value}", which is none`,
    fix: `deploy the provider first: plainform deploy --project ${provider}`,
  };
}

/** The stacks of an owner, last first. Of a provider, only where nobody shares it any more: throws CFN739. */
export async function stacksToDestroy(
  register: Register,
  owner: Owner,
  endpoint: string | undefined,
): Promise<ChosenStack[]> {
  if (owner.mode === 'provider') {
    const users = new Set<string>();
    for (const project of register.projects.values())
      if (project.mode === 'consumer' && project.provider.name === owner.name) users.add(project.name);
    const target = targetOf(owner, endpoint);
    const listener = (await sharedParameters(target, owner.prefix)).find(
      ({ name }) => name === 'alb/https-listener-arn',
    );
    if (listener?.state === 'well formed')
      for (const { hosts } of await listenerRules(target, listener.value!)) for (const host of hosts) users.add(host);
    users.delete(owner.domain);
    if (users.size > 0)
      throw new CfnError({
        code: 'CFN739',
        severity: 'error',
        message: `${owner.name} is in use by ${[...users].join(', ')}; nothing was deleted`,
        fix: 'destroy them first, or let them graduate: plainform projects graduate NAME',
      });
  }
  return stacksOf(owner).map(chosen).reverse();
}

function targetOf({ environment }: Owner, endpoint: string | undefined): Target {
  return { region: environment.region, ...(endpoint && { endpoint }) };
}
