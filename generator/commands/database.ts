import { createInterface } from 'node:readline/promises';
import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { checkIsolation, type Isolation } from '../../lib/database/check.ts';
import { type Created, createDatabase, type Limits } from '../../lib/database/create.ts';
import { dropDatabase, whatDropTakes } from '../../lib/database/drop.ts';
import type { ProjectNames } from '../../lib/database/names.ts';
import { rotatePassword } from '../../lib/database/rotate.ts';
import { countFindings, renderFinding } from '../../lib/report/findings.ts';
import { interruptible } from '../interrupt.ts';
import type { Terminal } from '../terminal.ts';
import { namedProject, type PlaceOptions, placeOf, wholeNumber } from './database-place.ts';

interface CreateOptions extends PlaceOptions {
  connections?: string;
  statementTimeout?: string;
}

/** Makes a project's database, its user and its secret, or completes them. Prints no password. */
export async function create(options: CreateOptions, terminal: Terminal): Promise<0> {
  const limits: Partial<Limits> = {
    ...(options.connections !== undefined && {
      connections: wholeNumber('--connections', options.connections, 1, 1000),
    }),
    ...(options.statementTimeout !== undefined && {
      statementSeconds: wholeNumber('--statement-timeout', options.statementTimeout, 1, 900),
    }),
  };
  const named = namedProject(options);
  const place = await placeOf(options, named);
  const created = await stepwise(terminal, `database of ${named.names.project}`, (after) =>
    createDatabase({ ...place, after }, named.names, limits),
  );
  if (options.json) terminal.print(JSON.stringify({ version: 1, ...publicNames(named.names), ...created }, null, 2));
  else terminal.print(createdText(named.names, created));
  return 0;
}

/** Work that Ctrl-C ends after the step that is under way. Throws CFN610 (exit code 130) then. */
function stepwise<T>(
  terminal: Terminal,
  title: string,
  work: (after: (step: string) => void) => Promise<T>,
): Promise<T> {
  return interruptible(terminal, (signal) =>
    terminal.work(title, (say) =>
      work((step) => {
        say(step);
        if (!signal.aborted) return;
        throw new CfnError(
          {
            code: 'CFN610',
            severity: 'error',
            message: `stopped: ${title}, after the step "${step}"`,
            fix: 'run again: what is half done is completed',
          },
          { exitCode: 130 },
        );
      }),
    ),
  );
}

/** Names only: nothing of what a secret holds. */
function publicNames({ project, database, user, secret }: ProjectNames) {
  return { project, names: { database, user, secret } };
}

function createdText(names: ProjectNames, { database, user, secret, proxy, lockdown }: Created): string {
  return [
    `${names.project}:`,
    `  ${database.padEnd(9)}  database ${names.database}`,
    `  ${user.padEnd(9)}  user ${names.user}`,
    `  ${secret.padEnd(9)}  secret ${names.secret}`,
    ...(proxy === 'none' ? [] : [`  ${proxy.padEnd(9)}  secrets of the proxy`]),
    ...lockdown.closed.map(
      ({ database: closed, kept }) =>
        `  closed     database ${closed}: PUBLIC may no longer connect${kept.length > 0 ? `; still may ${kept.join(', ')}` : ''}`,
    ),
    ...lockdown.left.map(
      (left) => `  open       database ${left} is not ours to close: plainform database check tries it`,
    ),
  ].join('\n');
}

/** Gives a project new credentials; the former ones stay valid until the next rotation. */
export async function rotate(options: PlaceOptions & { inUse?: boolean }, terminal: Terminal): Promise<0> {
  const named = namedProject(options);
  const place = await placeOf(options, named);
  const rotated = await stepwise(terminal, `credentials of ${named.names.project}`, (after) =>
    rotatePassword({ ...place, after }, named.names, { inUse: options.inUse === true }),
  );
  if (options.json) terminal.print(JSON.stringify({ version: 1, ...publicNames(named.names), ...rotated }, null, 2));
  else
    terminal.print(
      [
        `${named.names.project}: the secret ${named.names.secret} now names ${rotated.user}`,
        `  ${rotated.previous} stays valid until the next rotation; ${rotated.running} of its sessions are open`,
        '  deploy its services again, so that they read the secret',
      ].join('\n'),
    );
  return 0;
}

interface DropOptions extends PlaceOptions {
  yes?: string;
  dump?: string;
  endSessions?: boolean;
}

/** Dumps a project's database and takes it away. Throws CFN704 unless its name is given again, by --yes or on a terminal. */
export async function drop(options: DropOptions, terminal: Terminal): Promise<0> {
  const named = namedProject(options);
  const [name = ''] = options.arguments;
  const place = await placeOf(options, named);
  const { database, roles, secret, sessions } = await whatDropTakes(place, named.names);
  terminal.progress(
    [
      `dropping ${name} takes away:`,
      ...(database
        ? [`  database ${named.names.database}, ${Math.ceil(database.bytes / 2 ** 20)} MiB, after a dump`]
        : []),
      ...roles.map((role) => `  role ${role}`),
      ...(secret ? [`  secret ${named.names.secret}`] : []),
      ...(sessions > 0 ? [`  ${sessions} sessions that are open`] : []),
    ].join('\n'),
  );
  const asks = terminal.interactive && process.stdin.isTTY === true && options.json !== true;
  await confirmed(name, options.yes, asks ? ask : undefined);
  const dumpFile = options.dump ?? `${named.names.database}-${stamp(new Date())}.dump`;
  const dropped = await stepwise(terminal, `dropping ${name}`, (after) =>
    dropDatabase({ ...place, after }, named.names, { dumpFile, endSessions: options.endSessions === true }),
  );
  if (options.json) terminal.print(JSON.stringify({ version: 1, ...publicNames(named.names), ...dropped }, null, 2));
  else terminal.print(droppedText(name, dropped));
  return 0;
}

function droppedText(name: string, { dump, removed, kept }: Awaited<ReturnType<typeof dropDatabase>>): string {
  const restore = dump?.format === 'sql' ? `psql --file ${dump.file}` : `pg_restore --dbname NAME ${dump?.file}`;
  return [
    `${name}: dropped`,
    ...removed.map((one) => `  ${one}`),
    ...kept.map((secret) => `  kept: secret ${secret}, if there is one, leads to another server`),
    ...(dump
      ? [`dump ${dump.file}: ${dump.tables} tables, ${dump.bytes} bytes, sha256 ${dump.sha256}; back by ${restore}`]
      : []),
  ].join('\n');
}

/** Throws CFN704 where the name was not given again. `asks` is absent where there is nobody to ask. */
export async function confirmed(
  name: string,
  yes: string | undefined,
  asks?: (name: string) => Promise<string>,
): Promise<void> {
  const answer = yes ?? (await asks?.(name));
  if (answer === name) return;
  throw new CfnError({
    code: 'CFN704',
    severity: 'error',
    message: `dropping ${name} ${answer === undefined ? 'was not confirmed' : `was confirmed with ${JSON.stringify(answer)}`}; nothing was dropped`,
    fix: `repeat the name: --yes ${name}`,
  });
}

async function ask(name: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(`type ${name} to drop it: `);
  } finally {
    reader.close();
  }
}

function stamp(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Tries as the project what it must not be able to do. 1 where anything of it is not refused, or could not be tried. */
export async function check(options: PlaceOptions, terminal: Terminal): Promise<0 | 1> {
  const named = namedProject(options);
  const place = await placeOf(options, named);
  const isolation = await terminal.work(`trying ${named.names.project}`, (say) =>
    checkIsolation(place, named.names, say),
  );
  const findings = findingsOf(isolation, named.names);
  if (options.json)
    terminal.print(JSON.stringify({ version: 1, ...publicNames(named.names), ...isolation, findings }, null, 2));
  else {
    for (const { attempt, outcome, answer } of isolation.attempts)
      terminal.print(`${outcome.padEnd(11)}  ${attempt}: ${answer}`);
    for (const finding of findings) terminal.print(renderFinding(finding, terminal.paint));
    terminal.print(`${isolation.attempts.length} attempts as ${named.names.project}: ${countFindings(findings)}`);
  }
  return findings.length > 0 ? 1 : 0;
}

function findingsOf({ attempts, proxy }: Isolation, { project, secret }: ProjectNames): Finding[] {
  const findings = attempts.flatMap(({ attempt, outcome, answer }): Finding[] => {
    if (outcome === 'refused') return [];
    return outcome === 'NOT refused'
      ? [
          {
            code: 'CFN758',
            severity: 'error',
            message: `${project} can ${attempt}: ${answer}`,
            fix: `plainform database create ${project} closes what it knows of; revoke what was granted by hand`,
          },
        ]
      : [
          {
            code: 'CFN759',
            severity: 'warning',
            message: `whether ${project} can ${attempt} is not known: ${answer}`,
            fix: 'remove what was in the way, then check again',
          },
        ];
  });
  if (proxy && !proxy.known)
    findings.push({
      code: 'CFN754',
      severity: 'error',
      message: `the proxy ${proxy.name} does not know the secret ${secret}: it lets ${project} in no more`,
      fix: `plainform database create ${project} registers it`,
    });
  return findings;
}
