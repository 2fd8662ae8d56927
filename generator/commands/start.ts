import { relative } from 'node:path';
import { emulatorMissing } from '../../lib/deployment/emulator.ts';
import { fileInProject } from '../../lib/project.ts';
import {
  countStates,
  renderDeployedControls,
  renderVerification,
  unreadByType,
  type VerifiedStack,
} from '../../lib/report/verification.ts';
import { writeFile } from '../../lib/write-file.ts';
import { ENVIRONMENTS, type EnvironmentName, stacksOf } from '../environments.ts';
import { interruptible } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { auditEnvironment } from './audit.ts';
import { check } from './check.ts';
import { type DeployedStack, deployStacks } from './deploy.ts';
import { generate } from './generate.ts';
import { FLAT_OUTPUTS, flatOutputs, mockStackOutputs } from './outputs.ts';
import { chosenStacks, environmentOf, withTarget } from './target.ts';
import { verifyEnvironment } from './verify.ts';

/** Generate, check, deploy to the embedded emulator, verify, report, evidence: the main job, as `npm start` runs it. */
export async function start(options: { environment: string; json?: boolean }, terminal: Terminal): Promise<0 | 1> {
  const environment = environmentOf(options.environment ?? ENVIRONMENTS[0]);
  terminal.progress(terminal.paint('bold', '1. generate'));
  const generated = await generate({}, terminal);

  terminal.progress(terminal.paint('bold', '\n2. check'));
  const templates = stacksOf(environment).map(({ template }) => relative(process.cwd(), fileInProject(template)));
  const checked = await check({ arguments: templates, opinions: ['official'] }, terminal);

  const missing = emulatorMissing();
  if (missing) {
    const mocked = flatOutputs(mockStackOutputs(chosenStacks({ environment })));
    const report = `reports/${environment}/report.md`;
    writeFile(fileInProject(report), renderMockReport(environment, missing, mocked));
    const page = await evidence(environment, undefined, terminal);
    terminal.print(
      [
        '',
        terminal.paint('bold', `${environment}: nothing was deployed`),
        `  left out   deployment, verification and drift, because ${missing}`,
        `  outputs    ${Object.keys(mocked).length} stand-ins, resolved from templates and parameter files`,
        `  report     ${report}`,
        `  evidence   ${page}: open it in a browser`,
      ].join('\n'),
    );
    return generated === 0 && checked === 0 ? 0 : 1;
  }
  const work = async (endpoint: string | undefined, signal: AbortSignal) => {
    terminal.progress(terminal.paint('bold', '\n3. deploy to the embedded emulator'));
    const stacks = await deployStacks(chosenStacks({ environment }), { brief: true }, endpoint, terminal, signal);
    terminal.progress(terminal.paint('bold', '\n4. verify'));
    return { deployed: stacks, verified: await verifyEnvironment(environment, endpoint, terminal) };
  };
  const { deployed, verified } = await interruptible(terminal, (signal) =>
    withTarget({ target: 'emulator' }, (endpoint) => work(endpoint, signal)),
  );

  const outputs = flatOutputs(deployed);
  writeFile(fileInProject(FLAT_OUTPUTS), `${JSON.stringify(outputs, null, 2)}\n`);
  const report = `reports/${environment}/report.md`;
  writeFile(fileInProject(report), renderReport(environment, deployed, verified));
  writeFile(
    fileInProject(`reports/${environment}/verification.json`),
    `${JSON.stringify({ version: 1, stacks: verified }, null, 2)}\n`,
  );

  const page = await evidence(environment, verified, terminal);

  const checks = verified.flatMap((stack) => stack.checks);
  const resources = (state: string) =>
    checks.filter((check) => check.kind === 'resource' && check.state === state).length;
  terminal.print('');
  for (const stack of verified) terminal.print(renderVerification(stack, terminal.paint, { brief: true }));
  terminal.print(renderDeployedControls(verified, terminal.paint));
  terminal.print(
    [
      '',
      terminal.paint(
        'bold',
        `${environment}: ${deployed.length} stacks in ${new Set(deployed.map(({ region }) => region)).size} regions of the embedded emulator`,
      ),
      `  deployed   ${resources('matches')} resources`,
      `  recorded   ${resources('recorded')} resources, of types that the emulator cannot create (lib/data/emulator.json)`,
      `  verified   ${countStates(checks)}`,
      `  outputs    ${Object.keys(outputs).length} in cfn-outputs/flat-outputs.json`,
      `  report     ${report}`,
      `  evidence   ${page}: open it in a browser`,
    ].join('\n'),
  );
  return checks.some(({ state }) => state === 'differs') || checked !== 0 ? 1 : generated;
}

/** The page of the bundle, as a path that can be pasted. */
async function evidence(
  environment: EnvironmentName,
  verified: readonly VerifiedStack[] | undefined,
  terminal: Terminal,
): Promise<string> {
  terminal.progress(terminal.paint('bold', '\n5. evidence'));
  const folder = fileInProject(`reports/${environment}/evidence`);
  return relative(process.cwd(), await auditEnvironment(environment, folder, verified));
}

function renderReport(
  environment: string,
  deployed: readonly DeployedStack[],
  verified: readonly VerifiedStack[],
): string {
  const sections = verified.map(({ stackName, region, checks }) => {
    const stack = deployed.find((candidate) => candidate.stackName === stackName);
    const rows = checks
      .filter(({ kind, state }) => kind !== 'drift' || state === 'differs')
      .map(({ subject, state, message }) => `| ${subject} | ${state} | ${message.replaceAll('|', '\\|')} |`);
    const outputs = Object.entries(stack?.outputs ?? {}).map(([key, value]) => `| ${key} | \`${value}\` |`);
    return [
      `## ${stackName} (${region})`,
      '',
      '| output | value |',
      '| --- | --- |',
      ...outputs,
      '',
      '| subject | state | found |',
      '| --- | --- | --- |',
      ...rows,
      '',
      'Not read:',
      '',
      ...unreadByType(checks).map((line) => `- ${line}`),
      '',
    ].join('\n');
  });
  return [
    `# ${environment} on the embedded emulator`,
    '',
    'What was deployed and read back. *recorded*: the emulator has no such type, the stack holds it on paper. *unknown*: read, and',
    'what it should be cannot be told. *emulator*: it differs because the emulator cannot do it. *not-read*: nobody compared it, so',
    'nothing is claimed about it. Drift is in verification.json. The emulator is an engine check, not AWS.',
    '',
    ...sections,
  ].join('\n');
}

function renderMockReport(environment: string, missing: string, outputs: Readonly<Record<string, string>>): string {
  return [
    `# ${environment}, not deployed`,
    '',
    `Templates were generated and checked. Deployment, verification and drift were left out, because ${missing}.`,
    'These are the outputs that the stacks would have; IDs, keys and host names are stand-ins for what AWS makes up.',
    '',
    '| output | stand-in |',
    '| --- | --- |',
    ...Object.entries(outputs).map(([name, value]) => `| ${name} | \`${value}\` |`),
    '',
  ].join('\n');
}
