import { type ApplicationSecret, bootstrapSecrets } from '../../lib/database/application-secrets.ts';
import type { Terminal } from '../terminal.ts';
import { misused, namedProject, type SecretOptions, storeOf, targetOf } from './database-place.ts';

/** Makes the secrets of an application that are missing. Prints names, no value. */
export async function bootstrap(options: SecretOptions, terminal: Terminal): Promise<0> {
  const { names: project, place } = namedProject(options);
  const [, ...names] = options.arguments;
  if (options.provider !== undefined && options.secretsFolder !== undefined)
    throw misused('--provider says Secrets Manager, and --secrets-folder files', 'leave one of them out');
  const store = storeOf(options, targetOf(options, place));
  const secrets = await bootstrapSecrets(store, project, names);
  if (options.json) terminal.print(JSON.stringify({ version: 1, project: project.project, secrets }, null, 2));
  else terminal.print(secrets.map(line).join('\n'));
  return 0;
}

function line({ secret, state }: ApplicationSecret): string {
  return `${state.padEnd(9)}  ${secret}`;
}
