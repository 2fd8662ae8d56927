import { CfnError, nearestMatch } from '../../lib/cfn/errors.ts';
import { startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { ENVIRONMENTS, type EnvironmentName, stacksOf } from '../environments.ts';
import { regionNamed } from '../region.ts';

export interface TargetOptions {
  target: string;
  endpoint?: string;
}

/** Which stacks a command is for: those of an environment, or one of the user's own. */
export interface StackOptions {
  environment: string;
  template?: string;
  stackName?: string;
  parameters?: string;
  region?: string;
}

/** Files as paths that can be read from anywhere. Without a parameter file the defaults of the template count. */
export interface ChosenStack {
  stackName: string;
  region: string;
  template: string;
  parameterFile?: string;
  /** In place of a file. */
  values?: Readonly<Record<string, string>>;
}

/** The stacks in the order in which they are deployed. Throws CFN705 where only one of template and stack name is given. */
export function chosenStacks({ environment, template, stackName, parameters, region }: StackOptions): ChosenStack[] {
  if (template === undefined && stackName === undefined && parameters === undefined && region === undefined) {
    return stacksOf(environmentOf(environment)).map((stack) => ({
      stackName: stack.stackName,
      region: stack.region,
      template: fileInProject(stack.template),
      parameterFile: fileInProject(stack.parameterFile),
    }));
  }
  if (template === undefined || stackName === undefined) {
    throw new CfnError({
      code: 'CFN705',
      severity: 'error',
      message: `a stack of your own needs --template and --stack-name; ${template === undefined ? '--template' : '--stack-name'} is missing`,
      fix: 'give both: --template FILE --stack-name NAME [--parameters FILE] [--region REGION]',
    });
  }
  const parameterFile = parameters === undefined ? {} : { parameterFile: parameters };
  return [{ stackName, template, region: regionNamed(region ?? primaryRegion()), ...parameterFile }];
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
