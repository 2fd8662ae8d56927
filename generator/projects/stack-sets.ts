import type { Finding } from '../../lib/cfn/errors.ts';
import { parseTemplate, readText } from '../../lib/cfn/read.ts';
import type { Template } from '../../lib/cfn/template.ts';
import { LARGEST_BODY } from '../../lib/deployment/deploy-stack.ts';
import {
  MOST_STACK_SETS,
  type StackSetDefinition,
  type StackSetInstance,
  type StackSetPermissions,
} from '../../lib/deployment/stack-sets.ts';
import { fileInProject } from '../../lib/project.ts';
import type { Register } from './register.ts';
import { declarationsOf, type Owner, ownersOf, type ProjectStack, stacksOf } from './stacks.ts';

/** What imports comes after what exports: a later wave waits for an earlier one. */
const WAVES: Readonly<Record<string, number>> = { network: 1, app: 2, export: 3, 'app-consumer': 4 };
const LAST_WAVE = 5;

/** The parameter that every physical name begins with: it tells whose stack an instance is. */
const IDENTITY = 'EnvironmentSuffix';

export interface StackSets {
  /** In the order in which they are deployed. */
  readonly definitions: readonly StackSetDefinition[];
  /** CFN612, CFN760, CFN761, CFN763, CFN766: with an error among them there is nothing to deploy. */
  readonly findings: readonly Finding[];
}

export interface StackSetOptions {
  /** With which the names of all StackSets begin: registers that share an administrator account need one each. */
  readonly name: string;
  readonly permissions: Pick<StackSetPermissions, 'model'>;
}

/**
 * The register as StackSets: one for each stack of providers, one for each stack and priority of consumers, one for each stack of a
 * project that stands alone. All values of an instance are its own. Linear in the number of owners.
 */
export function stackSets(register: Register, { name, permissions }: StackSetOptions): StackSets {
  const findings: Finding[] = [];
  const sets = new Map<string, Omit<StackSetDefinition, 'instances'> & { instances: StackSetInstance[] }>();
  const providers = new Map<string, string>();
  const placeless = new Set<string>();
  for (const owner of ownersOf(register)) {
    const { account, region } = owner.environment;
    if (account === undefined) {
      placeless.add(owner.environment.name);
      continue;
    }
    const place = `account ${account}, ${region}`;
    const other = owner.mode === 'provider' ? providers.get(place) : undefined;
    if (other !== undefined) {
      findings.push({
        code: 'CFN761',
        severity: 'error',
        file: register.file,
        ...register.locate(['providers', owner.name]),
        message: `${owner.name} and ${other} are both in ${place}: a StackSet has one instance there`,
        fix: 'give one of them another account or region, or keep it in a register of its own, with another --stack-sets-name',
      });
      continue;
    }
    if (owner.mode === 'provider') providers.set(place, owner.name);
    for (const stack of stacksOf(owner)) {
      const setName = `${name}-shared-${stack.stack}${suffixOf(owner, stack.stack)}`;
      let set = sets.get(setName);
      if (!set) {
        set = definitionOf(setName, stack);
        sets.set(setName, set);
      }
      set.instances.push({
        owner: owner.name,
        ...(owner.mode === 'consumer' && { provider: owner.provider.name }),
        account,
        region,
        overrides: stack.values,
      });
    }
  }
  for (const environment of placeless)
    findings.push({
      code: 'CFN760',
      severity: 'error',
      file: register.file,
      ...register.locate(['environments', environment]),
      message: `environment ${environment} has no account; a StackSet has to know it`,
      fix: `add account: "123456789012" to environments.${environment}`,
    });
  const definitions = [...sets.values()].sort((a, b) => a.wave - b.wave);
  const templates = new Set(definitions.map(({ template }) => template));
  for (const template of templates) findings.push(...unfit(template, bodyOf(template), permissions.model));
  findings.push(...tooMany(definitions, register));
  return { definitions, findings };
}

/** The priority stays a project's own: no instance ever moves to another StackSet because of its neighbours. */
function suffixOf(owner: Owner, stack: string): string {
  if (owner.mode === 'provider') return '';
  if (owner.mode === 'standalone') return `-standalone-${owner.name}`;
  return `${stack.endsWith('-consumer') ? '' : '-consumer'}-${owner.priority}`;
}

function definitionOf(name: string, { stack, template, values }: ProjectStack) {
  const { Parameters = {}, Transform } = declarationsOf(template);
  const needed = Object.keys(Parameters).filter((one) => Parameters[one]!.Default === undefined && one in values);
  return {
    name,
    wave: WAVES[stack] ?? LAST_WAVE,
    template,
    capabilities: capabilitiesOf(Transform),
    readsParameters: Object.values(Parameters).some(({ Type }) => Type.startsWith('AWS::SSM::Parameter::')),
    parameters: Object.fromEntries(needed.map((one) => [one, values[one]!])),
    identity: IDENTITY,
    instances: [] as StackSetInstance[],
  };
}

export function capabilitiesOf(transform: Template['Transform']): StackSetDefinition['capabilities'] {
  return ['CAPABILITY_NAMED_IAM', ...(transform === undefined ? [] : (['CAPABILITY_AUTO_EXPAND'] as const))];
}

/** What StackSets do not take of a template. */
export function unfit(template: string, text: string, model: StackSetPermissions['model']): Finding[] {
  const findings: Finding[] = [];
  const size = Buffer.byteLength(text);
  if (size > LARGEST_BODY)
    findings.push({
      code: 'CFN612',
      severity: 'error',
      file: template,
      message: `the template has ${size} bytes; without a bucket AWS takes at most ${LARGEST_BODY}`,
      fix: 'split it',
    });
  if (model === 'SERVICE_MANAGED' && parseTemplate(text, template).template.Transform !== undefined)
    findings.push({
      code: 'CFN766',
      severity: 'error',
      file: template,
      message: 'the template has a transform, which StackSets with service-managed permissions do not take',
      fix: 'say --permissions self-managed',
    });
  return findings;
}

/** A warning: the quota can be raised, and what is deployed by other means counts too. */
function tooMany(definitions: readonly StackSetDefinition[], { file }: Register): Finding[] {
  if (definitions.length <= MOST_STACK_SETS) return [];
  return [
    {
      code: 'CFN763',
      severity: 'warning',
      file,
      message: `the register makes ${definitions.length} StackSets; an administrator account has ${MOST_STACK_SETS} unless AWS raised its quota`,
      fix: 'have the quota "Stack sets per administrator account" raised, give consumers of different providers the same priorities, or deploy some from another account',
    },
  ];
}

const bodies = new Map<string, string>();

/** The text of a template, which is sent as it is. */
export function bodyOf(template: string): string {
  let body = bodies.get(template);
  if (body === undefined) {
    body = readText(fileInProject(template));
    bodies.set(template, body);
  }
  return body;
}
