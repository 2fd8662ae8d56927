import { existsSync } from 'node:fs';
import { CfnError, nearestMatch } from '../../lib/cfn/errors.ts';
import { readText } from '../../lib/cfn/read.ts';
import type { Place } from '../../lib/database/create.ts';
import { type ProjectNames, projectNames } from '../../lib/database/names.ts';
import { secretFiles } from '../../lib/database/secret-files.ts';
import type { SecretStore } from '../../lib/database/secrets.ts';
import type { Tls } from '../../lib/database/server.ts';
import type { Target } from '../../lib/deployment/clients.ts';
import { providerDatabase, rdsProxy, type Source, secretsManager } from '../../lib/deployment/project-database.ts';
import { primaryRegion } from '../../lib/region.ts';
import { type Provider, REGISTER, type Register, readRegister } from '../projects/register.ts';
import { regionNamed } from '../region.ts';

export interface SecretOptions {
  arguments: string[];
  provider?: string;
  exports?: string;
  register?: string;
  region?: string;
  endpoint?: string;
  secretsFolder?: string;
  kmsKey?: string;
  json?: boolean;
}

export interface PlaceOptions extends SecretOptions {
  host?: string;
  port?: string;
  user?: string;
  passwordFile?: string;
  masterSecret?: string;
  tls?: boolean;
  ca?: string;
  tlsName?: string;
  secret?: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

export function misused(message: string, fix: string): CfnError {
  return new CfnError({ code: 'CFN756', severity: 'error', message, fix });
}

interface Named {
  readonly names: ProjectNames;
  /** Where the register, or an option, says that the project's cluster is. */
  readonly place?: { readonly source: Source; readonly region?: string };
}

/** The project as the register has it, else by its name alone. Throws CFN750, CFN731 where there is no such provider. */
export function namedProject({ arguments: [name = ''], secret, ...options }: PlaceOptions): Named {
  const register =
    existsSync(options.register ?? REGISTER) || options.register ? readRegister(options.register) : undefined;
  const project = register?.projects.get(name) ?? register?.providers.get(name);
  const path = secret ?? (project && 'databaseSecretPath' in project ? project.databaseSecretPath : undefined);
  const names = projectNames(project?.resourcePrefix ?? name, path);
  if (options.provider !== undefined) return { names, place: placeOfProvider(options.provider, register) };
  if (options.exports !== undefined) return { names, place: { source: { exports: options.exports } } };
  if (!project) return { names };
  const { region } = project.environment;
  if (!('mode' in project)) return { names, place: { source: { parameters: project.prefix }, region } };
  return project.mode === 'consumer'
    ? { names, place: { source: { parameters: project.provider.prefix }, region } }
    : { names, place: { source: { exports: project.resourcePrefix }, region } };
}

function placeOfProvider(name: string, register: Register | undefined): Named['place'] {
  const provider = providerNamed(name, register);
  return {
    source: { parameters: provider.prefix },
    ...('environment' in provider && { region: provider.environment.region }),
  };
}

function providerNamed(name: string, register: Register | undefined): Provider | { prefix: string } {
  if (name.startsWith('/')) return { prefix: name.replace(/\/+$/, '') };
  const found = register?.providers.get(name);
  if (found) return found;
  const known = [...(register?.providers.keys() ?? [])];
  const nearest = nearestMatch(name, known);
  throw new CfnError({
    code: 'CFN731',
    severity: 'error',
    message: `there is no provider "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: `give the prefix of its SSM parameters, as in --provider /shared-infra/prod${known.length > 0 ? `, or one of ${known.join(', ')}` : ''}`,
  });
}

export function targetOf({ region, endpoint }: SecretOptions, place?: Named['place']): Target {
  return {
    region: regionNamed(region ?? place?.region ?? primaryRegion()),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/** Files where a folder is named, else Secrets Manager. */
export function storeOf(options: SecretOptions, target: Target): SecretStore {
  if (options.secretsFolder !== undefined) return secretFiles(options.secretsFolder);
  return secretsManager(target, options.kmsKey === undefined ? {} : { keyId: options.kmsKey });
}

/**
 * The server that is meant, and where its secrets are kept: a provider's, found by its parameters and perhaps reached through a tunnel,
 * or any PostgreSQL. Throws CFN756 where options are missing or contradict each other.
 */
export async function placeOf(options: PlaceOptions, { place }: Named): Promise<Place> {
  const port = options.port === undefined ? undefined : wholeNumber('--port', options.port, 1, 65_535);
  if (options.provider !== undefined && options.exports !== undefined)
    throw misused('--provider and --exports name two deployments', 'leave one of them out');
  if ((options.provider ?? options.exports) !== undefined && options.secretsFolder !== undefined)
    throw misused(
      'a provider keeps its secrets in Secrets Manager, and --secrets-folder names files',
      'leave one of them out',
    );
  if (place && options.secretsFolder === undefined) {
    if (options.user !== undefined || options.passwordFile !== undefined)
      throw misused(
        '--user and --password-file are for a server without provider: the administrator of a provider is its master user',
        'leave them out, or name a secret with --master-secret',
      );
    if (options.host !== undefined && port === undefined)
      throw misused('--host names the end of a tunnel, and its port is missing', 'give it: --port PORT');
    const target = targetOf(options, place);
    const { masterSecret } = options;
    const found = await providerDatabase(target, place.source, masterSecret === undefined ? {} : { masterSecret });
    const host = options.host ?? found.host;
    return {
      server: {
        host,
        port: port ?? found.port,
        user: found.user,
        password: found.password,
        tls: tlsOf(options, host, found.host),
      },
      store: storeOf(options, target),
      proxy: rdsProxy(target, found.proxyName),
      endpoint: { host: found.proxyEndpoint, port: found.port },
    };
  }
  const { host, user } = options;
  if (host === undefined || user === undefined || options.secretsFolder === undefined)
    throw misused(
      'it is not said which server is meant',
      'name a provider: --provider /shared-infra/prod; or a server of your own: --host HOST --user USER --password-file FILE --secrets-folder FOLDER',
    );
  const password = options.passwordFile === undefined ? '' : readText(options.passwordFile).replace(/\r?\n$/, '');
  return {
    server: { host, port: port ?? 5432, user, password, tls: tlsOf(options, host) },
    store: storeOf(options, targetOf(options)),
    endpoint: { host, port: port ?? 5432 },
  };
}

/** Encrypted and verified, but for a server on this machine that nothing else is said of. */
function tlsOf({ tls = true, ca, tlsName }: PlaceOptions, host: string, certified?: string): Tls | false {
  const local = LOOPBACK.test(host);
  if (!tls && !local)
    throw misused(
      `without TLS the credentials of ${host} could be read on the way`,
      'leave --no-tls out, or use a tunnel',
    );
  if (!tls || (local && certified === undefined && ca === undefined && tlsName === undefined)) return false;
  const name = tlsName ?? (certified === host ? undefined : certified);
  return {
    ...(ca !== undefined && { ca: readText(ca), caFile: ca }),
    ...(name !== undefined && { name }),
  };
}

export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw misused(`${option} is ${JSON.stringify(text)}`, `give a whole number from ${least} to ${most}`);
}
