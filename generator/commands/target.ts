import { CfnError, nearestMatch } from '../../lib/cfn/errors.ts';
import { startEmulator } from '../../lib/deployment/emulator.ts';
import { ENVIRONMENTS, type EnvironmentName } from '../environments.ts';

export interface TargetOptions {
  target: string;
  endpoint?: string;
}

/**
 * Runs work against AWS (no endpoint), a given endpoint, or an emulator that lives as long as the work. Throws CFN701 where
 * the target is neither.
 */
export async function withTarget<T>(
  { target, endpoint }: TargetOptions,
  work: (endpoint?: string) => Promise<T>,
): Promise<T> {
  if (endpoint !== undefined) return work(endpoint);
  if (target === 'aws') return work();
  if (target !== 'emulator') {
    throw new CfnError({
      code: 'CFN701',
      severity: 'error',
      message: `--target ${target} is neither emulator nor aws`,
      fix: 'say --target emulator, or --target aws to deploy with your credentials',
    });
  }
  const emulator = await startEmulator();
  try {
    return await work(emulator.endpoint);
  } finally {
    await emulator.stop();
  }
}

/** Throws CFN702 where there is no such environment. */
export function environmentOf(name: string): EnvironmentName {
  const found = ENVIRONMENTS.find((environment) => environment === name);
  if (found) return found;
  const nearest = nearestMatch(name, ENVIRONMENTS);
  throw new CfnError({
    code: 'CFN702',
    severity: 'error',
    message: `there is no environment "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: `one of ${ENVIRONMENTS.join(', ')}`,
  });
}
