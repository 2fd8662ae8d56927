import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { accountControls, type DeployedFact, deployedControls } from '../../lib/deployment/deployed-controls.ts';
import { emulatorLimits, recordedTypes, type VerifiedEmulator } from '../../lib/deployment/emulator.ts';
import { verifyStack } from '../../lib/deployment/verify-stack.ts';
import { renderDeployedControls, renderVerification, type VerifiedStack } from '../../lib/report/verification.ts';
import type { Terminal } from '../terminal.ts';
import { type ChosenStack, chosenStacks, type StackOptions, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions, StackOptions {
  /** False where `--no-drift` is given. */
  drift?: boolean;
  json?: boolean;
}

/** Holds deployed stacks, those of an environment or a single one, against their templates. */
export async function verify(options: Options, terminal: Terminal): Promise<0 | 1> {
  const stacks = chosenStacks(options);
  if (options.target === 'emulator' && options.endpoint === undefined)
    terminal.progress(
      'an emulator of its own starts empty: `plainform start` deploys and verifies; say --target aws, or --endpoint, for what stands',
    );
  const verified = await withTarget(options, (endpoint) => verifyStacks(stacks, endpoint, terminal, options.drift));
  if (options.json) terminal.print(JSON.stringify({ version: 1, stacks: verified }, null, 2));
  else {
    for (const stack of verified) terminal.print(renderVerification(stack, terminal.paint));
    terminal.print(renderDeployedControls(verified, terminal.paint));
  }
  return verified.some(({ checks }) => checks.some(({ state }) => state === 'differs')) ? 1 : 0;
}

export function verifyEnvironment(
  environment: string,
  endpoint: string | undefined,
  terminal: Terminal,
): Promise<VerifiedStack[]> {
  return verifyStacks(chosenStacks({ environment }), endpoint, terminal);
}

export async function verifyStacks(
  stacks: readonly ChosenStack[],
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
    const target = { region, ...(endpoint && { endpoint }) };
    // The account of an emulator is nobody's.
    const ofAccount = endpoint === undefined && !verified.some((stack) => stack.controls?.some(isOfAccount));
    const controls = [
      ...(await deployedControls(target, stackName).catch((): DeployedFact[] => [])),
      ...(ofAccount ? await accountControls(target) : []),
    ];
    verified.push({ stackName, region, checks, controls });
  }
  return verified;
}

const isOfAccount = ({ subject }: DeployedFact): boolean => subject === 'account';

function limitsOfEmulator(): VerifiedEmulator {
  const { created, properties, readings } = emulatorLimits();
  const dropped = properties.filter(({ state }) => state === 'dropped');
  return { recorded: recordedTypes(), created: new Set(Object.keys(created)), readings: [...dropped, ...readings] };
}
