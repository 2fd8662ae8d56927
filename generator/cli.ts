import { Command, CommanderError } from 'commander';
import { CfnError } from '../lib/cfn/errors.ts';
import { renderFinding, sortFindings } from '../lib/report/findings.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** 0 clean, 1 findings, 2 wrong usage or input, 3 AWS or the emulator unreachable. */
type ExitCode = 0 | 1 | 2 | 3;
type Run<O> = (options: O & { json?: boolean }, terminal: Terminal) => Promise<ExitCode> | ExitCode;

// The SDK is pinned to versions that support this Node; its advice about later ones is not for the user of a command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// `plainform … | head` closes the pipe early: nobody reads on, so end quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const program = new Command('plainform')
  .description('Plain CloudFormation and SAM templates, and the harness that proves what they say.')
  .option('--verbose', 'print stack traces')
  .showHelpAfterError('(plainform COMMAND --help shows examples)')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    '\nExit codes: 0 clean, 1 findings, 2 wrong usage or input, 3 AWS or the emulator unreachable,\n130 stopped by Ctrl-C.',
  )
  .exitOverride();

command('generate')
  .description('write the templates under templates/')
  .option('--check', 'write nothing; fail where a committed template differs from what would be written')
  .addHelpText('after', examples('plainform generate', 'plainform generate --check'))
  .action(runs(async () => (await import('./commands/generate.ts')).generate));

command('check')
  .argument('<files...>', 'templates, or folders of templates')
  .description(
    'judge any template: its validity, and its controls over every deployment that it admits;\n' +
      'of several, what they promise each other by exports and SSM parameters too',
  )
  .option('--strict', 'fail on warnings too')
  .option('--region <region>', 'warn of types that this region does not have')
  .option('--no-controls', 'validity only')
  .option('--no-contract', 'each template on its own: for templates that have nothing to do with each other')
  .option('--params <files...>', 'controls of the deployments of these parameter files; the others are counted')
  .option('--framework <list>', 'only controls that support these: soc2, pci, hipaa, nist80053, cis, iso27001, gdpr')
  .option('--format <format>', 'text, json, sarif, junit, github or markdown', 'text')
  .option('--opinions', "ask the official cfn-lint and npm's as well; says which of them could not be asked")
  .addHelpText(
    'after',
    examples(
      'plainform check templates',
      'plainform check stack.yaml --framework soc2,pci',
      'plainform check stack.yaml --params staging.json --format sarif',
      'plainform check network.yaml application.yaml    # in the order in which they are deployed',
      'plainform check stack.yaml --opinions --json',
    ),
  )
  .action(runs(async () => (await import('./commands/check.ts')).check));

command('compare')
  .argument('<old>', 'a template as it was, or a folder of templates')
  .argument('<new>', 'the same as it is now')
  .description('what changes in compliance between two templates, or two folders of templates matched by name')
  .option('--framework <list>', 'only controls that support these: soc2, pci, hipaa, nist80053, cis, iso27001, gdpr')
  .option('--format <format>', 'text, json or markdown, which is a comment for a pull request', 'text')
  .addHelpText(
    'after',
    `${examples(
      'plainform compare old.yaml new.yaml',
      'plainform compare ../base/templates templates --format markdown',
      'plainform compare old.yaml new.yaml --framework pci --json',
    )}\nExit code 1 where something is lost: what was proven, waived or not there, and is weaker or fails now.\n`,
  )
  .action(runs(async () => (await import('./commands/compare.ts')).compare));

command('conformance')
  .argument('<files...>', 'templates, or folders of templates')
  .description('the conformance pack of AWS Config that watches in an account what is proven in the templates')
  .option('--framework <list>', 'only controls that support these: soc2, pci, hipaa, nist80053, cis, iso27001, gdpr')
  .option('--region <region>', 'leave out rules that AWS has only elsewhere, and name those that it lacked there')
  .option('--out <file>', 'write it there; without it, it is printed')
  .addHelpText(
    'after',
    examples(
      'plainform conformance templates --out conformance-pack.yaml',
      'plainform conformance stack.yaml --framework pci --region eu-central-1',
      'plainform conformance stack.yaml --json',
    ),
  )
  .action(runs(async () => (await import('./commands/conformance.ts')).conformance));

command('diagram')
  .argument('<file>', 'a template')
  .description('draw the architecture of any template as SVG: networks, flows, who may connect to whom, keys')
  .option('--params <file>', 'the deployment of this parameter file: without what does not exist in it')
  .option('--region <region>', 'the region that conditions may ask for')
  .option('--out <file>', 'write it to this file instead of printing it')
  .option('--force', 'overwrite a file that is no diagram')
  .addHelpText(
    'after',
    examples(
      'plainform diagram stack.yaml > stack.svg',
      'plainform diagram stack.yaml --params staging.json --out stack.svg',
      'plainform diagram stack.yaml --json',
    ),
  )
  .action(runs(async () => (await import('./commands/diagram.ts')).diagram));

asStackSets(ofStacks('deploy'))
  .description('deploy stacks, of an environment or one of your own, each by a change set that is shown first')
  .option('--project <name>', 'a project or a provider of the register: its stacks, after what it shares was looked at')
  .option('--register <file>', 'the register', 'plainform.yaml')
  .option('--dry-run', 'make the change sets, show them, discard them')
  .option('--force', 'deploy in spite of errors that the check found')
  .option('--allow-data-loss', 'replace or remove what holds data although the template does not keep it')
  .option('--tags <Key=Value...>', 'tags of the stacks, which CloudFormation gives to their resources')
  .option('--stack-sets', 'the whole register, as StackSets that are kept in --region')
  .option('--refresh', 'with --stack-sets: read SSM parameters anew although nothing else differs')
  .addHelpText(
    'after',
    examples(
      'plainform deploy --environment staging --dry-run',
      'plainform deploy --environment staging --target aws --tags Owner=platform',
      'plainform deploy --target aws --template stack.yaml --stack-name orders --parameters orders.json',
      'plainform deploy --target aws --project shop',
      'plainform deploy --target aws --stack-sets --dry-run',
      'plainform deploy --target aws --stack-sets --permissions service-managed --organizational-units ou-ab12-34567890',
    ),
  )
  .action(runs(async () => (await import('./commands/deploy.ts')).deploy));

ofStacks('verify')
  .description('hold deployed stacks, of an environment or one of your own, against their templates')
  .option('--no-drift', "leave out CloudFormation's drift detection, which takes minutes for a large stack")
  .addHelpText(
    'after',
    examples(
      'plainform verify --environment staging --target aws',
      'plainform verify --target aws --template stack.yaml --stack-name orders --parameters orders.json',
    ),
  )
  .action(runs(async () => (await import('./commands/verify.ts')).verify));

command('params')
  .description('write the parameter files of the register, and hold every parameter file against its template')
  .option('--environment <name>', 'only this environment; without it, all of them and the register')
  .option('--register <file>', 'the register of providers and projects', 'plainform.yaml')
  .option('--check', 'write nothing; fail where a file differs from the register')
  .addHelpText(
    'after',
    examples('plainform params', 'plainform params --environment staging', 'plainform params --check'),
  )
  .action(runs(async () => (await import('./commands/params.ts')).params));

ofStacks('outputs')
  .description('write the outputs of deployed stacks to cfn-outputs/flat-outputs.json')
  .option('--mock', 'those they would have, with stand-ins for what AWS makes up, to cfn-outputs/mock-outputs.json')
  .addHelpText('after', examples('plainform outputs --environment staging --target aws', 'plainform outputs --mock'))
  .action(runs(async () => (await import('./commands/outputs.ts')).outputs));

ofStacks('destroy')
  .description('delete stacks, of an environment or one of your own; says first what is kept')
  .option('--project <name>', 'a project of the register, or a provider that nobody shares any more')
  .option('--register <file>', 'the register', 'plainform.yaml')
  .option('--yes <name>', 'the name of the environment or stack again: without it nothing is deleted')
  .addHelpText(
    'after',
    examples(
      'plainform destroy --environment development --target aws --yes development',
      'plainform destroy --stack-name orders --target aws --yes orders',
    ),
  )
  .action(runs(async () => (await import('./commands/destroy.ts')).destroy));

targeted('audit')
  .argument('[files...]', 'templates, or folders of them; without any, those of the environment')
  .description('write the evidence of what is proven, as a page, CSV, JSON and OSCAL, or verify such a bundle offline')
  .option('--out <folder>', 'where to write it')
  .option('--framework <list>', 'only what supports these: soc2, pci, hipaa, nist80053, cis, iso27001, gdpr')
  .option('--date <day>', 'waivers count as of this day; without it, today')
  .option('--stack [name]', 'read the stack made from the template, or those of the environment, beside it')
  .option('--parameters <file>', 'parameter file of that stack')
  .option('--region <region>', 'its region; without one the region in AWS_REGION')
  .option('--verify <folder>', 'a bundle: was it changed, and are its verdicts those of its templates?')
  .option('--digest <sha256>', 'with --verify: the digest that was noted when the bundle was written')
  .addHelpText(
    'after',
    examples(
      'plainform audit --environment staging --out evidence',
      'plainform audit templates --framework soc2,pci --out evidence',
      'plainform audit stack.yaml --stack orders --target aws --out evidence',
      'plainform audit --verify evidence',
      'plainform audit --verify evidence templates/*.yaml',
    ),
  )
  .action(runs(async () => (await import('./commands/audit.ts')).audit));

const projects = program
  .command('projects')
  .description('the projects that share infrastructure, as plainform.yaml lists them');

register('list')
  .description(
    'every project with its priority, domain and share of the cost; with a target, what the live listener says of it',
  )
  .addHelpText('after', examples('plainform projects list', 'plainform projects list --target aws'))
  .action(runs(async () => (await import('./commands/projects.ts')).list));

register('add')
  .argument('<name>', 'the project: 2 to 20 lower-case letters, digits and hyphens')
  .description('add a consumer to the register, on the next free priority')
  .option('--domain <domain>', 'by which it is reached')
  .option('--provider <name>', 'whose infrastructure it shares; needed where there are several')
  .option('--priority <number>', 'from 100 to 999; without it, the next free one')
  .option('--image <uri>', 'of its service, with a tag or a digest')
  .option('--resource-prefix <prefix>', 'with which its physical names begin; without it, its name')
  .addHelpText(
    'after',
    examples(
      'plainform projects add shop --domain api.shop.com',
      'plainform projects add shop --domain api.shop.com --provider pikaia --target aws',
    ),
  )
  .action(runs(async () => (await import('./commands/projects.ts')).add));

const database = program
  .command('database')
  .description('a database of its own for each project, on a server that it shares');

onServer('create')
  .description('make the database, the user and the secret of a project, or complete them; prints no password')
  .option('--connections <number>', 'that each role of it may have open at once; 20 where nothing was said yet')
  .option('--statement-timeout <seconds>', 'after which a statement is cut off; 30 where nothing was said yet')
  .option('--kms-key <arn>', "key of a new secret; without one, AWS's own for Secrets Manager")
  .addHelpText(
    'after',
    examples(
      'plainform database create shop --provider /shared-infra/prod --ca global-bundle.pem',
      'plainform database create shop --provider prod --host localhost --port 15432 --ca global-bundle.pem',
      'plainform database create shop --host localhost --user postgres --password-file master.txt --secrets-folder secrets',
    ),
  )
  .action(runs(async () => (await import('./commands/database.ts')).create));

onServer('rotate')
  .description('give a project new credentials; clients that run keep theirs until the next rotation')
  .option('--in-use', 'although clients still use the credentials from before the last rotation: cuts them off')
  .addHelpText('after', examples('plainform database rotate shop --provider /shared-infra/prod --ca global-bundle.pem'))
  .action(runs(async () => (await import('./commands/database.ts')).rotate));

onServer('check')
  .description('log in as a project and try what must be refused; exit code 1 where anything is not')
  .addHelpText('after', examples('plainform database check shop --provider /shared-infra/prod --ca global-bundle.pem'))
  .action(runs(async () => (await import('./commands/database.ts')).check));

onServer('drop')
  .description('dump the database of a project, then take it, its roles and its secrets away')
  .option('--yes <name>', 'the name again; without it, it is asked for on a terminal')
  .option('--dump <file>', 'where to write the dump; without it NAME-TIME.dump, here')
  .option('--end-sessions', 'end what is still connected, such as connections that the proxy keeps')
  .addHelpText(
    'after',
    examples(
      'plainform database drop shop --provider /shared-infra/prod --ca global-bundle.pem --yes shop --dump shop.dump',
    ),
  )
  .action(runs(async () => (await import('./commands/database.ts')).drop));

command('bootstrap', program.command('secrets').description("an application's own secrets"))
  .argument('<project>', 'the project')
  .argument('<names...>', 'secrets of it, each made as PROJECT/NAME')
  .description('make the secrets that are missing, with values that nobody sees; what exists stays as it is')
  .option('--provider <name>', 'prefix of its SSM parameters, or its name in the register: says the region')
  .option('--register <file>', 'the register; without it plainform.yaml, where there is one')
  .option('--region <region>', 'without one that of the provider, or the one in AWS_REGION')
  .option('--endpoint <url>', 'of an emulator instead of AWS')
  .option('--kms-key <arn>', "key of a new secret; without one, AWS's own for Secrets Manager")
  .option('--secrets-folder <folder>', 'files there instead of Secrets Manager')
  .addHelpText('after', examples('plainform secrets bootstrap shop session-key webhook-token --region us-west-2'))
  .action(runs(async () => (await import('./commands/secrets.ts')).bootstrap));

register('graduate')
  .argument('<name>', 'a consumer')
  .description('the steps that give a consumer infrastructure of its own, and their parameter files; deploys nothing')
  .option('--certificate <arn>', 'of its domain, in ACM')
  .option('--resource-prefix <prefix>', 'of what is its own; without it, its name and -own')
  .addHelpText('after', examples('plainform projects graduate shop --certificate arn:aws:acm:…'))
  .action(runs(async () => (await import('./commands/projects.ts')).graduate));

asStackSets(command('stack-sets', projects))
  .description('the StackSets by which `deploy --stack-sets` brings the register to many accounts; deploys nothing')
  .option('--register <file>', 'the register', 'plainform.yaml')
  .option('--out <file>', 'write them there, as JSON')
  .addHelpText(
    'after',
    examples(
      'plainform projects stack-sets',
      'plainform projects stack-sets --failure-tolerance 1 --out stack-sets.json',
    ),
  )
  .action(runs(async () => (await import('./commands/stack-sets.ts')).print));

command('start')
  .description('generate, check, deploy to the embedded emulator, verify, report: what `npm start` does')
  .option('--environment <name>', 'staging, development or production-like', 'staging')
  .addHelpText('after', examples('plainform start', 'plainform start --environment development'))
  .action(runs(async () => (await import('./commands/start.ts')).start));

function ofStacks(name: string): Command {
  return targeted(name)
    .option('--template <file>', 'the template of a stack of your own, with --stack-name')
    .option('--stack-name <name>', 'its name')
    .option('--parameters <file>', 'its parameter file; without one the defaults, or what is deployed')
    .option('--region <region>', 'its region; without one the region in AWS_REGION');
}

function asStackSets(known: Command): Command {
  return known
    .option('--stack-sets-name <name>', 'with which the names of all StackSets begin', 'plainform')
    .option('--permissions <model>', 'of StackSets: self-managed or service-managed', 'self-managed')
    .option('--organizational-units <ids...>', 'with service-managed: where the accounts are')
    .option('--delegated-admin', 'with service-managed: from an account that is not the management account')
    .option('--administration-role <arn>', 'with self-managed, where it is not the one that AWS names')
    .option('--execution-role <name>', 'with self-managed, where it is not the one that AWS names')
    .option('--failure-tolerance <number>', 'accounts of a region that may fail before no more are begun', '0')
    .option('--at-once <number>', 'accounts of a region at once; strict: at most one more than may fail', '10')
    .option('--concurrency <mode>', 'strict: fewer at once with each failure; soft: always as many', 'strict')
    .option('--region-order <regions...>', 'regions first to last; the others follow as the register has them');
}

function targeted(name: string): Command {
  return command(name)
    .option('--environment <name>', 'staging, development or production-like', 'staging')
    .option('--target <target>', 'emulator or aws', 'emulator')
    .option('--endpoint <url>', 'endpoint of an emulator that is running already');
}

function register(name: string): Command {
  return command(name, projects)
    .option('--register <file>', 'the register', 'plainform.yaml')
    .option('--target <target>', 'emulator or aws: asks the live listeners too')
    .option('--endpoint <url>', 'endpoint of an emulator that is running already');
}

function onServer(name: string): Command {
  return command(name, database)
    .argument('<name>', 'the project')
    .option('--provider <name>', 'prefix of its SSM parameters, or its name in the register')
    .option('--exports <prefix>', 'of a deployment that shares nothing: EnvironmentSuffix of its stacks')
    .option('--register <file>', 'the register; without it plainform.yaml, where there is one')
    .option('--region <region>', 'without one that of the provider, or the one in AWS_REGION')
    .option('--endpoint <url>', 'of an emulator instead of AWS')
    .option('--master-secret <arn>', 'that holds the master password, where RDS does not manage it')
    .option('--secret <name>', 'of the project; without it NAME/database-credentials, or as the register says')
    .option('--host <host>', 'the end of a tunnel to the provider, or a server without provider')
    .option('--port <port>', 'its port')
    .option('--user <name>', 'who administers a server without provider')
    .option('--password-file <file>', 'that holds its password')
    .option('--secrets-folder <folder>', 'files there instead of Secrets Manager')
    .option('--ca <file>', 'certificates of the authorities to trust; those of RDS are no public ones')
    .option('--tls-name <name>', 'that the certificate is for, where it is not the host')
    .option('--no-tls', 'for a server on this machine or behind a tunnel');
}

function command(name: string, parent = program): Command {
  return parent.command(name).option('--json', 'print the result as JSON').exitOverride();
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** Loads a command's code only when it is called; its positional arguments arrive as `options.arguments`. */
function runs<O>(load: () => Promise<Run<O>>) {
  return async (...received: unknown[]) => {
    const self = received.at(-1) as Command;
    const options = { ...(received.at(-2) as O & { json?: boolean }), arguments: self.args };
    const terminal = processTerminal({ quiet: options.json === true });
    process.exitCode = await (await load())(options, terminal);
  };
}

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    fail(error);
  }
}

/** The only place that prints an error. */
function fail(error: unknown): void {
  const json = process.argv.includes('--json');
  const { paint } = processTerminal({ quiet: json });
  const verbose = program.opts<{ verbose?: boolean }>().verbose === true;
  if (error instanceof CfnError) {
    const findings = sortFindings(error.findings);
    if (json) process.stdout.write(`${JSON.stringify({ version: 1, findings }, null, 2)}\n`);
    else process.stderr.write(`${findings.map((finding) => renderFinding(finding, paint)).join('\n')}\n`);
    process.exitCode = error.exitCode;
  } else {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `error CFN700: plainform itself failed: ${reason}\n    fix   run again with --verbose and report what it prints\n`,
    );
    process.exitCode = 2;
  }
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

await main();
