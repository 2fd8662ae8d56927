import { existsSync, readFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { deployStacks } from '../../generator/commands/deploy.ts';
import { flatOutputs, MOCK_OUTPUTS, mockStackOutputs } from '../../generator/commands/outputs.ts';
import { chosenStacks, environmentOf } from '../../generator/commands/target.ts';
import { stackOutputs } from '../../lib/deployment/deploy-stack.ts';
import { emulatorMissing, startEmulator } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import { silent } from './deploying.ts';

/**
 * Where the tests of an environment look:
 *   aws       PLAINFORM_TARGET=aws, with credentials; the stacks of PLAINFORM_ENVIRONMENT (staging) must stand there
 *   emulator  by default; the environment is deployed to it first
 *   mock      cfn-outputs/mock-outputs.json, where there is no emulator, or by PLAINFORM_TARGET=mock: nothing is called.
 *             The file is that of staging; for other environments the same is made anew.
 * Nothing here changes a stack on AWS. What is asked for by name is never replaced by something else.
 */
export type TargetKind = 'aws' | 'emulator' | 'mock';

const KINDS: readonly string[] = ['aws', 'emulator', 'mock'] satisfies TargetKind[];
const asked = process.env.PLAINFORM_TARGET || undefined;
const missing = emulatorMissing();
export const kind = chosenKind();
export const environment = environmentOf(process.env.PLAINFORM_ENVIRONMENT ?? 'staging');

const nothingDeployed = `nothing is deployed: ${missing ?? 'PLAINFORM_TARGET=mock'}`;

/** What a test needs, and why it is left out where that is not to be had. */
const NEEDS = {
  outputs: undefined,
  live: kind === 'mock' ? nothingDeployed : undefined,
  emulator:
    kind === 'emulator' ? undefined : kind === 'aws' ? 'it changes stacks, which no test does on AWS' : nothingDeployed,
} as const;

function chosenKind(): TargetKind {
  if (asked !== undefined && !KINDS.includes(asked))
    throw new Error(`PLAINFORM_TARGET=${asked} is none of ${KINDS.join(', ')}`);
  if (asked === 'emulator' && missing) throw new Error(`PLAINFORM_TARGET=emulator, but ${missing}`);
  return (asked as TargetKind | undefined) ?? (missing ? 'mock' : 'emulator');
}

/** `test`, or `test.skip` with the reason in the name. */
export function needing(need: keyof typeof NEEDS) {
  const reason = NEEDS[need];
  return (name: string, run: () => unknown, timeout?: number): void => {
    if (reason === undefined) test(`${name} [${kind}]`, run as () => void, timeout);
    else test.skip(`${name} (needs ${need === 'live' ? 'live resources' : need}; skipped: ${reason})`, () => {});
  };
}

export interface Environment {
  readonly outputs: Readonly<Record<string, string>>;
  /** Undefined on AWS. */
  readonly endpoint?: string;
  stop(): Promise<void>;
}

/** The environment under test: looked up, deployed, or read from the mock file. */
export async function environmentUnderTest(): Promise<Environment> {
  const stop = async () => {};
  const stacks = chosenStacks({ environment });
  if (kind === 'mock') return { outputs: standIns(stacks), stop };
  if (kind === 'emulator') {
    const emulator = await startEmulator();
    const deployed = await deployStacks(stacks, {}, emulator.endpoint, silent);
    return { outputs: flatOutputs(deployed), endpoint: emulator.endpoint, stop: () => emulator.stop() };
  }
  const found = await Promise.all(
    stacks.map(async ({ stackName, region }) => {
      const outputs = await stackOutputs({ region }, stackName);
      if (outputs === undefined)
        throw new Error(
          `there is no stack ${stackName} in ${region}: deploy ${environment} first, no test does it on AWS`,
        );
      return { stackName, outputs };
    }),
  );
  return { outputs: flatOutputs(found), stop };
}

function standIns(stacks: ReturnType<typeof chosenStacks>): Record<string, string> {
  if (environment !== 'staging') return flatOutputs(mockStackOutputs(stacks));
  const file = fileInProject(MOCK_OUTPUTS);
  if (!existsSync(file)) throw new Error(`${file} is missing: run plainform outputs --mock`);
  return JSON.parse(readFileSync(file, 'utf8'));
}
