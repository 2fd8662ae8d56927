import { CfnError } from '../../lib/cfn/errors.ts';
import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { emulatorLimits, recordedTypes } from '../../lib/deployment/emulator.ts';
import { type VerifiedEmulator, verifyStack } from '../../lib/deployment/verify-stack.ts';
import { fileInProject } from '../../lib/project.ts';
import { primaryRegion } from '../../lib/region.ts';
import { renderVerification, type VerifiedStack } from '../../lib/report/verification.ts';
import { stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions {
  environment: string;
  template?: string;
  stackName?: string;
  parameters?: string;
  region?: string;
  /** False where `--no-drift` is given. */
  drift?: boolean;
  json?: boolean;
}

/** A stack to verify; without a parameter file the values that are deployed are taken. */
export interface StackToVerify {
  stackName: string;
  region: string;
  template: string;
  parameterFile?: string;
}

/** Holds deployed stacks, those of an environment or a single one, against their templates. */
export async function verify(options: Options, terminal: Terminal): Promise<0 | 1> {
  const stacks = stacksToVerify(options);
  const verified = await withTarget(options, (endpoint) => verifyStacks(stacks, endpoint, terminal, options.drift));
  if (options.json) terminal.print(JSON.stringify({ version: 1, stacks: verified }, null, 2));
  else for (const stack of verified) terminal.print(renderVerification(stack, terminal.paint));
  return verified.some(({ checks }) => checks.some(({ state }) => state === 'differs')) ? 1 : 0;
}

export function verifyEnvironment(
  environment: string,
  endpoint: string | undefined,
  terminal: Terminal,
): Promise<VerifiedStack[]> {
  return verifyStacks(stacksOfEnvironment(environment), endpoint, terminal);
}

export async function verifyStacks(
  stacks: readonly StackToVerify[],
  endpoint: string | undefined,
  terminal: Terminal,
  drift = true,
): Promise<VerifiedStack[]> {
  const emulator = endpoint === undefined ? undefined : limitsOfEmulator();
  const verified: VerifiedStack[] = [];
  for (const { stackName, region, template, parameterFile } of stacks) {
    terminal.progress(`verifying ${stackName} (${region})`);
    const checks = await verifyStack({
      target: { region, ...(endpoint && { endpoint }) },
      stackName,
      template: readTemplate(template).template,
      ...(parameterFile === undefined ? {} : { parameters: readParameterFile(parameterFile).values }),
      ...(emulator && { emulator }),
      drift,
    });
    verified.push({ stackName, region, checks });
  }
  return verified;
}

/** Throws CFN705 where only one of template and stack name is given. */
function stacksToVerify({ environment, template, stackName, parameters, region }: Options): StackToVerify[] {
  if (template === undefined && stackName === undefined && parameters === undefined && region === undefined)
    return stacksOfEnvironment(environment);
  if (template === undefined || stackName === undefined)
    throw new CfnError({
      code: 'CFN705',
      severity: 'error',
      message: `a stack of your own needs --template and --stack-name; ${template === undefined ? '--template' : '--stack-name'} is missing`,
      fix: 'plainform verify --template FILE --stack-name NAME [--parameters FILE] [--region REGION]',
    });
  return [
    {
      stackName,
      template,
      region: region ?? primaryRegion(),
      ...(parameters === undefined ? {} : { parameterFile: parameters }),
    },
  ];
}

function stacksOfEnvironment(environment: string): StackToVerify[] {
  return stacksOf(environmentOf(environment)).map(({ stackName, region, template, parameterFile }) => ({
    stackName,
    region,
    template: fileInProject(template),
    parameterFile: fileInProject(parameterFile),
  }));
}

function limitsOfEmulator(): VerifiedEmulator {
  const { created, properties, readings } = emulatorLimits();
  const dropped = properties.filter(({ state }) => state === 'dropped');
  return { recorded: recordedTypes(), created: new Set(Object.keys(created)), readings: [...dropped, ...readings] };
}
