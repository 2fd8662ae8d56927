import { readParameterFile } from '../../lib/cfn/parameter-file.ts';
import { readTemplate } from '../../lib/cfn/read.ts';
import { recordedTypes } from '../../lib/deployment/emulator.ts';
import { type Check, type CheckState, verifyStack } from '../../lib/deployment/verify-stack.ts';
import { fileInProject } from '../../lib/project.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';
import { stacksOf } from '../environments.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, type TargetOptions, withTarget } from './target.ts';

interface Options extends TargetOptions {
  environment: string;
  json?: boolean;
}

export interface VerifiedStack {
  stackName: string;
  region: string;
  checks: readonly Check[];
}

/** Holds the deployed stacks of an environment against their templates. */
export async function verify(options: Options, terminal: Terminal): Promise<0 | 1> {
  const verified = await withTarget(options, (endpoint) => verifyEnvironment(options.environment, endpoint, terminal));
  if (options.json) terminal.print(JSON.stringify({ version: 1, stacks: verified }, null, 2));
  else for (const stack of verified) terminal.print(renderVerified(stack));
  return verified.some(({ checks }) => checks.some(({ state }) => state === 'differs')) ? 1 : 0;
}

export async function verifyEnvironment(
  environment: string,
  endpoint: string | undefined,
  terminal: Terminal,
): Promise<VerifiedStack[]> {
  const verified: VerifiedStack[] = [];
  for (const { stackName, region, template, parameterFile } of stacksOf(environmentOf(environment))) {
    terminal.progress(`verifying ${stackName} (${region})`);
    const { values } = readParameterFile(fileInProject(parameterFile));
    const resolved = resolveTemplate(readTemplate(fileInProject(template)).template, {
      parameters: values,
      region,
      stackName,
    });
    const checks = await verifyStack({
      target: { region, ...(endpoint && { endpoint }) },
      stackName,
      resolved,
      recorded: endpoint ? recordedTypes() : new Set(),
    });
    verified.push({ stackName, region, checks });
  }
  return verified;
}

/** Counts by state, then every difference. */
export function renderVerified({ stackName, region, checks }: VerifiedStack): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const lines = [
    `${stackName} (${region}): ${count('matches')} match, ${count('differs')} differ, ${count('recorded')} recorded only, ${count('not-read')} not read`,
  ];
  for (const { subject, state, message } of checks)
    if (state === 'differs') lines.push(`  differs  ${subject}: ${message}`);
  return lines.join('\n');
}
