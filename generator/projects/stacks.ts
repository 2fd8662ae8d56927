import { readTemplate } from '../../lib/cfn/read.ts';
import type { ParameterBody, Template } from '../../lib/cfn/template.ts';
import { fileInProject } from '../../lib/project.ts';
import {
  type Consumer,
  databaseOf,
  type ParameterValues,
  type Project,
  type Provider,
  type Register,
} from './register.ts';

/** Who has stacks: a project, or a provider, which is a standalone project that exports. */
export type Owner = Project | (Provider & { readonly mode: 'provider' });

/** One stack of an owner, with the values of its parameters. */
export interface ProjectStack {
  readonly owner: string;
  /** Of the register, where its owner stands. */
  readonly section: 'providers' | 'projects';
  readonly stack: string;
  readonly stackName: string;
  readonly region: string;
  readonly template: string;
  readonly parameterFile: string;
  readonly values: Readonly<Record<string, string>>;
}

/** In the order in which they are deployed. */
const STACKS: Readonly<Record<Owner['mode'], readonly string[]>> = {
  provider: ['network', 'app', 'export', 'frontend', 'events', 'observability'],
  standalone: ['network', 'app', 'frontend', 'events', 'observability'],
  consumer: ['app-consumer', 'frontend', 'events', 'observability'],
};

/**
 * The provider's SSM parameters, by the name that the app stack of a consumer gives to what it reads of them. It exports them
 * again, so that its other stacks import them like those of a standalone project.
 */
const SHARED: Readonly<Record<string, string>> = {
  VpcId: 'network/vpc-id',
  PrivateSubnetIds: 'network/private-subnet-ids',
  PublicSubnetIds: 'network/public-subnet-ids',
  AvailabilityZones: 'network/availability-zones',
  LoadBalancerArn: 'alb/arn',
  LoadBalancerDnsName: 'alb/dns-name',
  LoadBalancerSecurityGroupId: 'alb/security-group-id',
  HttpsListenerArn: 'alb/https-listener-arn',
  DatabaseClusterEndpoint: 'database/cluster-endpoint',
  DatabaseSecurityGroupId: 'database/security-group-id',
  DatabaseProxyEndpoint: 'database/proxy-endpoint',
};

/** Providers first: what consumers read is written before. */
export function ownersOf({ providers, projects }: Register): Owner[] {
  return [
    ...[...providers.values()].map((provider) => ({ ...provider, mode: 'provider' as const })),
    ...projects.values(),
  ];
}

export function sectionOf({ mode }: Owner): ProjectStack['section'] {
  return mode === 'provider' ? 'providers' : 'projects';
}

/** The stacks of an owner, in the order in which they are deployed. */
export function stacksOf(owner: Owner): ProjectStack[] {
  return STACKS[owner.mode].map((stack) => {
    const template = `templates/shared/${stack}.yaml`;
    const own: Record<string, string> = {};
    const given = owner.parameters[stack] ?? {};
    for (const [name, { Type }] of parametersOf(template)) {
      const shared = owner.mode === 'consumer' ? SHARED[name] : undefined;
      const value = given[name] ?? registered(name, owner);
      if (value !== undefined) own[name] = String(value);
      else if (shared !== undefined && Type.startsWith('AWS::SSM::Parameter::Value<'))
        own[name] = `${(owner as Consumer).provider.prefix}/${shared}`;
    }
    return {
      owner: owner.name,
      section: sectionOf(owner),
      stack,
      stackName: `${owner.resourcePrefix}-${stack === 'app-consumer' ? 'app' : stack}`,
      region: owner.environment.region,
      template,
      parameterFile: `params/${owner.name}/shared/${stack}.json`,
      values: own,
    };
  });
}

/** What the register says of a parameter; templates that do not declare it do not get it. */
function registered(name: string, owner: Owner): string | number | undefined {
  const { environment, resourcePrefix, domain } = owner;
  switch (name) {
    case 'EnvironmentSuffix':
      return resourcePrefix;
    case 'EnvironmentType':
      return environment.type;
    case 'CostCenter':
      return environment.costCenter;
    case 'DomainName':
    case 'ApiDomainName':
      return domain;
    case 'CertificateArn':
      return owner.mode === 'consumer' ? undefined : owner.certificateArn;
    case 'ExportPrefix':
      return owner.mode === 'provider' ? owner.prefix : undefined;
    case 'SharedInfraPrefix':
      return owner.mode === 'consumer' ? owner.provider.prefix : undefined;
    case 'ListenerRulePriority':
      return owner.mode === 'consumer' ? owner.priority : undefined;
    case 'ImageUri':
      return owner.image;
    case 'DatabaseName':
      return owner.mode === 'provider' ? undefined : databaseOf(owner);
    case 'DatabaseSecretPath':
      return owner.mode === 'provider' ? undefined : owner.databaseSecretPath;
    default:
      return undefined;
  }
}

/** Of what the register says itself: another value would be that of another project, which the register does not see. */
const SAID: readonly string[] = [
  ...['EnvironmentSuffix', 'EnvironmentType', 'ExportPrefix', 'SharedInfraPrefix', 'DomainName', 'CertificateArn'],
  ...['ListenerRulePriority', 'DatabaseName', 'DatabaseSecretPath'],
];

const declared = new Map<string, Template>();

/** A template without its resources and outputs. A fleet has a few templates, each read once. */
export function declarationsOf(template: string): Template {
  let found = declared.get(template);
  if (!found) {
    const { Resources: _resources, Outputs: _outputs, ...rest } = readTemplate(fileInProject(template)).template;
    found = { ...rest, Resources: {} };
    declared.set(template, found);
  }
  return found;
}

function parametersOf(template: string): [string, ParameterBody][] {
  return Object.entries(declarationsOf(template).Parameters ?? {});
}

/** Parameters that the register sets although it says their value itself. */
export function saidTwice(owner: Owner): { readonly stack: string; readonly name: string; readonly value: string }[] {
  if (Object.keys(owner.parameters).length === 0) return [];
  const own: Owner = { ...owner, parameters: {} };
  const said = new Map(stacksOf(own).map(({ stack, values }) => [stack, values]));
  return Object.entries(owner.parameters).flatMap(([stack, values]) =>
    Object.keys(values).flatMap((name) => {
      const value = said.get(stack)?.[name];
      const isSaid = SAID.includes(name) || (owner.mode === 'consumer' && name in SHARED);
      return value !== undefined && isSaid ? [{ stack, name, value }] : [];
    }),
  );
}

/** Parameters that the register sets and no template of the owner declares: a misspelt name. */
export function strayParameters(
  owner: Owner,
): { readonly stack: string; readonly name: string; readonly known: string[] }[] {
  return Object.entries(owner.parameters as ParameterValues).flatMap(([stack, values]) => {
    const known = STACKS[owner.mode].includes(stack)
      ? parametersOf(`templates/shared/${stack}.yaml`).map(([name]) => name)
      : [];
    return Object.keys(values)
      .filter((name) => !known.includes(name))
      .map((name) => ({ stack, name, known }));
  });
}
