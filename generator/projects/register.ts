import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type AnySchemaObject, type ErrorObject } from 'ajv';
import { CfnError, type Finding, nearestMatch } from '../../lib/cfn/errors.ts';
import { type Location, parseSource, readText, type SourceDocument } from '../../lib/cfn/read.ts';
import { isObject, type Path } from '../../lib/cfn/template.ts';
import { fileInProject } from '../../lib/project.ts';

export const REGISTER = 'plainform.yaml';

export interface Environment {
  readonly name: string;
  readonly type: 'development' | 'staging' | 'production';
  readonly region: string;
  readonly account?: string;
  readonly costCenter?: string;
}

/** Values of parameters, by template (`app`) and name. */
export type ParameterValues = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

/** A standalone deployment that exports what others share. */
export interface Provider {
  readonly name: string;
  readonly environment: Environment;
  readonly domain: string;
  readonly certificateArn: string;
  /** Under which the eleven SSM parameters stand. */
  readonly prefix: string;
  readonly resourcePrefix: string;
  readonly image?: string;
  readonly parameters: ParameterValues;
}

interface AnyProject {
  readonly name: string;
  readonly environment: Environment;
  readonly domain: string;
  readonly resourcePrefix: string;
  readonly databaseSecretPath: string;
  readonly image?: string;
  readonly parameters: ParameterValues;
}

export interface Consumer extends AnyProject {
  readonly mode: 'consumer';
  readonly provider: Provider;
  /** Of its rule on the provider's listener. */
  readonly priority: number;
}

export interface Standalone extends AnyProject {
  readonly mode: 'standalone';
  readonly certificateArn?: string;
}

export type Project = Consumer | Standalone;

export interface Register {
  readonly file: string;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly projects: ReadonlyMap<string, Project>;
  /** Place of an entry: `['projects', 'shop']`. */
  locate(path: Path): Location;
}

export const FIRST_PRIORITY = 100;
export const LAST_PRIORITY = 999;

/** Throws CFN730 to CFN735, all of them at once, and what reading throws. */
export function readRegister(file = REGISTER): Register {
  if (!existsSync(file))
    throw new CfnError({
      code: 'CFN730',
      severity: 'error',
      file,
      message: `there is no register of projects: ${file} does not exist`,
      fix: 'run this where plainform.yaml is, or name it with --register',
    });
  return parseRegister(readText(file), file);
}

export function parseRegister(text: string, file: string): Register {
  const document = sourceOf(text, file);
  const value = document.value ?? {};
  const validate = validator();
  if (!validate(value)) throw new CfnError(misfits(validate.errors ?? [], document));
  return checked(value as unknown as Written, document);
}

/** Whole: what stands twice, or in a second document, would be lost without a word. */
function sourceOf(text: string, file: string): SourceDocument {
  let document: SourceDocument;
  try {
    document = parseSource(text, file);
  } catch (error) {
    throw error instanceof CfnError ? new CfnError(error.findings, { cause: error }) : error;
  }
  if (document.findings.length > 0) throw new CfnError(document.findings);
  return document;
}

interface Written {
  environments?: Record<string, Omit<Environment, 'name'>>;
  providers?: Record<string, Omit<Provider, 'name' | 'environment'> & { environment: string }>;
  projects?: Record<
    string,
    {
      provider?: string;
      environment?: string;
      domain: string;
      priority?: number;
      certificateArn?: string;
      image?: string;
      resourcePrefix?: string;
      region?: string;
      databaseSecretPath?: string;
      parameters?: ParameterValues;
    }
  >;
}

let compiled: ReturnType<Ajv['compile']> | undefined;

function validator() {
  const schema: AnySchemaObject = JSON.parse(
    readFileSync(fileInProject('generator/projects/register.schema.json'), 'utf8'),
  );
  compiled ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(schema);
  return compiled;
}

/** One finding a place: what names a member that is wrong says it better than what holds it. */
function misfits(errors: readonly ErrorObject[], document: SourceDocument): Finding[] {
  return errors
    .filter(({ keyword }) => keyword !== 'propertyNames')
    .map((error): Finding => {
      const path = pathOf(error.instancePath, document.value);
      const { message, fix, at = path } = misfit(error, path);
      return { code: 'CFN730', severity: 'error', file: document.file, ...document.locate(at), message, fix };
    });
}

interface Misfit {
  readonly message: string;
  readonly fix: string;
  readonly at?: Path;
}

function misfit({ keyword, params, data, parentSchema, schema, propertyName }: ErrorObject, path: Path): Misfit {
  const name = path.join('.') || REGISTER;
  const wanted = typeof parentSchema?.description === 'string' ? parentSchema.description : undefined;
  if (propertyName !== undefined)
    return { message: `"${propertyName}" is no name`, fix: `write ${wanted}`, at: [...path, propertyName] };
  switch (keyword) {
    case 'additionalProperties': {
      const known = Object.keys(parentSchema?.properties ?? {});
      const nearest = nearestMatch(params.additionalProperty, known);
      return {
        message: `${name} has no ${params.additionalProperty}${nearest ? `; did you mean ${nearest}?` : ''}`,
        fix: `one of ${known.join(', ')}`,
        at: [...path, params.additionalProperty],
      };
    }
    case 'required':
      return { message: `${name} has no ${params.missingProperty}`, fix: `add ${params.missingProperty}` };
    case 'enum':
      return { message: `${name} is "${data}"`, fix: `one of ${(schema as string[]).join(', ')}` };
    case 'minimum':
    case 'maximum':
      return {
        message: `${name} is ${data}; it is from ${FIRST_PRIORITY} to ${LAST_PRIORITY}`,
        fix: 'take a free one',
      };
    default:
      return {
        message: `${name} is ${shown(data)}`,
        fix: `write ${wanted ?? TYPES[[parentSchema?.type].flat()[0]] ?? 'another value'}`,
      };
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping: a name, a colon and its value on each line',
  integer: 'a whole number',
  string: 'a text',
};

function shown(data: unknown): string {
  if (data === null) return 'empty';
  if (typeof data !== 'object') return `"${data}"`;
  return Array.isArray(data) ? 'a list' : 'a mapping';
}

function pathOf(pointer: string, value: unknown): Path {
  const path: (string | number)[] = [];
  let place = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(place) ? Number(name) : name);
    place = isObject(place) ? place[name] : undefined;
  }
  return path;
}

/** What no schema can say: names that lead nowhere, and what two would claim. */
function checked(written: Written, document: SourceDocument): Register {
  const findings: Finding[] = [];
  const found = (code: string, path: Path, message: string, fix: string) =>
    findings.push({ code, severity: 'error', file: document.file, ...document.locate(path), message, fix });
  const known = <T>(all: ReadonlyMap<string, T>, name: string, path: Path, kind: string): T | undefined => {
    const one = all.get(name);
    if (one) return one;
    const nearest = nearestMatch(name, all.keys());
    found(
      'CFN731',
      path,
      `there is no ${kind} "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
      all.size > 0 ? `one of ${[...all.keys()].join(', ')}` : `add it under ${kind}s`,
    );
    return undefined;
  };

  const environments = new Map(
    Object.entries(written.environments ?? {}).map(([name, entry]) => [name, { name, ...entry }]),
  );
  /** A listener takes certificates of its own region only. */
  const lives = (certificate: string | undefined, { region }: Environment, path: Path) => {
    const its = certificate?.split(':')[3];
    if (its !== undefined && its !== region)
      found('CFN732', path, `the certificate is of ${its}, and its listener is in ${region}`, `name one of ${region}`);
  };
  const providers = new Map<string, Provider>();
  for (const [name, entry] of Object.entries(written.providers ?? {})) {
    const environment = known(environments, entry.environment, ['providers', name, 'environment'], 'environment');
    if (environment) lives(entry.certificateArn, environment, ['providers', name, 'certificateArn']);
    if (environment)
      providers.set(name, {
        ...entry,
        name,
        environment,
        prefix: entry.prefix ?? `/shared-infra/${environment.name}`,
        resourcePrefix: entry.resourcePrefix ?? name,
        parameters: entry.parameters ?? {},
      });
  }
  const projects = new Map<string, Project>();
  for (const [name, entry] of Object.entries(written.projects ?? {})) {
    const path = ['projects', name];
    const resourcePrefix = entry.resourcePrefix ?? name;
    const shared = {
      name,
      domain: entry.domain,
      resourcePrefix,
      databaseSecretPath: entry.databaseSecretPath ?? `${resourcePrefix}/database-credentials`,
      ...(entry.image !== undefined && { image: entry.image }),
      parameters: entry.parameters ?? {},
    };
    if ((entry.provider === undefined) === (entry.environment === undefined)) {
      const both = entry.provider !== undefined;
      found(
        'CFN732',
        path,
        both
          ? `${name} names a provider and an environment of its own: it is a consumer or stands alone`
          : `${name} names neither a provider nor an environment of its own`,
        'give provider to share one, or environment to stand alone',
      );
    } else if (entry.environment !== undefined) {
      const environment = known(environments, entry.environment, [...path, 'environment'], 'environment');
      if (entry.priority !== undefined)
        found('CFN732', [...path, 'priority'], `${name} stands alone: its listener is its own`, 'remove priority');
      if (environment && entry.region !== undefined && entry.region !== environment.region)
        found(
          'CFN732',
          [...path, 'region'],
          `${name} is in ${entry.region}, and its environment ${environment.name} in ${environment.region}`,
          'leave region out, or name an environment there',
        );
      if (environment) lives(entry.certificateArn, environment, [...path, 'certificateArn']);
      if (environment)
        projects.set(name, {
          ...shared,
          mode: 'standalone',
          environment,
          ...(entry.certificateArn !== undefined && { certificateArn: entry.certificateArn }),
        });
    } else {
      const provider = known(providers, entry.provider!, [...path, 'provider'], 'provider');
      if (entry.certificateArn !== undefined)
        found(
          'CFN732',
          [...path, 'certificateArn'],
          `${name} shares a listener, whose certificate is the provider's`,
          'remove certificateArn',
        );
      if (entry.priority === undefined)
        found(
          'CFN732',
          path,
          `${name} has no priority on the listener that it shares`,
          `add priority, from ${FIRST_PRIORITY} to ${LAST_PRIORITY}; \`plainform projects add\` takes the next free one`,
        );
      if (provider && entry.region !== undefined && entry.region !== provider.environment.region)
        found(
          'CFN732',
          [...path, 'region'],
          `${name} is in ${entry.region}, and what it shares is in ${provider.environment.region}`,
          'leave region out, or name a provider there',
        );
      if (provider && entry.priority !== undefined)
        projects.set(name, {
          ...shared,
          mode: 'consumer',
          environment: provider.environment,
          provider,
          priority: entry.priority,
        });
    }
  }
  findings.push(...claimedTwice({ providers, projects }, document));
  if (findings.length > 0) throw new CfnError(findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
  return { file: document.file, environments, providers, projects, locate: document.locate };
}

/** Environments that say no account are deployed with the same credentials: into one. */
function accountOf({ account }: Environment): string {
  return account ?? 'the account of the credentials';
}

/** Where a thing of a region is deployed: names must be its own there. */
function placeOf(environment: Environment): string {
  return `${accountOf(environment)}, ${environment.region}`;
}

/** What names of AWS must not begin with: those of security groups, of buckets. */
const RESERVED = ['sg', 'sthree', 'amzn-s3-demo'];

/** And those of load balancers, which a consumer has none of. */
const RESERVED_WITH_LOAD_BALANCER = [...RESERVED, 'internal'];

/** The name of a project's database: PostgreSQL takes no hyphen without quotes. */
export function databaseOf({ resourcePrefix }: Pick<AnyProject, 'resourcePrefix'>): string {
  return resourcePrefix.replaceAll('-', '_');
}

function claimedTwice(
  { providers, projects }: Pick<Register, 'providers' | 'projects'>,
  document: SourceDocument,
): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, Path>();
  const claim = (code: string, key: string, path: Path, what: string, fix: () => string) => {
    const owner = owners.get(`${code} ${key}`);
    if (!owner) {
      owners.set(`${code} ${key}`, path);
      return;
    }
    const { line } = document.locate(owner);
    findings.push({
      code,
      severity: 'error',
      file: document.file,
      ...document.locate(path),
      message: `${what} is claimed twice: by ${owner[1]} (line ${line}) and by ${path[1]}`,
      fix: fix(),
    });
  };
  for (const [section, entries] of [
    ['providers', providers],
    ['projects', projects],
  ] as const)
    for (const [name, entry] of entries) {
      const path = (member: string): Path => [section, name, member];
      const { domain, resourcePrefix, environment } = entry;
      claim('CFN733', domain, path('domain'), `domain ${domain}`, () => 'give each its own domain');
      claim(
        'CFN734',
        // Roles are of an account, not of a region.
        `${accountOf(environment)} ${resourcePrefix}`,
        path('resourcePrefix'),
        `resource prefix ${resourcePrefix} in ${accountOf(environment)}`,
        () =>
          'give one of them another resourcePrefix, which every physical name begins with, or say the account of each environment',
      );
      claim('CFN734', `name ${name}`, [section, name], `the name ${name}`, () => 'rename one: both have params/NAME');
      const isConsumer = 'mode' in entry && entry.mode === 'consumer';
      const reserved = isConsumer ? RESERVED : RESERVED_WITH_LOAD_BALANCER;
      const begins = reserved.find((each) => `${resourcePrefix}-`.startsWith(`${each}-`));
      if (begins)
        findings.push({
          code: 'CFN730',
          severity: 'error',
          file: document.file,
          ...document.locate(path('resourcePrefix')),
          message: `the physical names of ${name} would begin with ${begins}-, which AWS refuses`,
          fix: 'give it another resourcePrefix',
        });
    }
  findings.push(...secretsClaimedTwice({ providers, projects }, document));
  for (const [name, { prefix, environment }] of providers)
    claim(
      'CFN734',
      `${placeOf(environment)} ${prefix}`,
      ['providers', name, 'prefix'],
      `prefix ${prefix} in ${placeOf(environment)}`,
      () => 'give each provider its own prefix',
    );
  for (const [name, project] of projects) {
    if (project.mode !== 'consumer') continue;
    const { provider, priority } = project;
    claim(
      'CFN735',
      `${provider.name} ${priority}`,
      ['projects', name, 'priority'],
      `priority ${priority} on the listener of ${provider.name}`,
      () => `take ${nextPriority([...projects.values()], provider.name) ?? 'another provider: all are taken'}`,
    );
    if (databaseOf(project) === databaseOf(provider))
      findings.push({
        code: 'CFN734',
        severity: 'error',
        file: document.file,
        ...document.locate(['projects', name]),
        message: `the database of ${name} would be that of its provider, ${databaseOf(provider)}`,
        fix: 'give the project another resourcePrefix',
      });
  }
  return findings;
}

/** A secret is of one project: two that read one reach one database. */
function secretsClaimedTwice(
  { providers, projects }: Pick<Register, 'providers' | 'projects'>,
  document: SourceDocument,
): Finding[] {
  const owners = new Map<string, string>();
  const all: Iterable<Provider | Project> = [...providers.values(), ...projects.values()];
  for (const { name, environment, resourcePrefix } of all) {
    const key = `${placeOf(environment)} ${resourcePrefix}/database-credentials`;
    if (!owners.has(key)) owners.set(key, name);
  }
  return [...projects.values()].flatMap(({ name, environment, resourcePrefix, databaseSecretPath }): Finding[] => {
    const key = `${placeOf(environment)} ${databaseSecretPath}`;
    if (databaseSecretPath === `${resourcePrefix}/database-credentials`) return [];
    const owner = owners.get(key) ?? name;
    owners.set(key, owner);
    if (owner === name) return [];
    return [
      {
        code: 'CFN734',
        severity: 'error',
        file: document.file,
        ...document.locate(['projects', name, 'databaseSecretPath']),
        message: `the secret ${databaseSecretPath} is claimed twice: by ${owner} and by ${name}`,
        fix: `leave databaseSecretPath out: it is ${resourcePrefix}/database-credentials then`,
      },
    ];
  });
}

/** The lowest priority that neither a project nor a live rule has on the listener of a provider; undefined: none is left. */
export function nextPriority(
  projects: readonly Project[],
  provider: string,
  live: readonly number[] = [],
): number | undefined {
  const taken = new Set(live);
  for (const project of projects)
    if (project.mode === 'consumer' && project.provider.name === provider) taken.add(project.priority);
  for (let priority = FIRST_PRIORITY; priority <= LAST_PRIORITY; priority++) if (!taken.has(priority)) return priority;
  return undefined;
}
