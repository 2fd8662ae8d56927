import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { openDatabase } from './data-api.ts';
import { failure } from './failure.ts';
import { keyedDigest } from './keyed.ts';
import { maskTable } from './mask-table.ts';
import { makePlan } from './plan.ts';
import { log, writeMetrics } from './report.ts';
import { readRuleSet } from './rules.ts';
import { readSettings, refuseProduction } from './settings.ts';
import { endRun, inspect, openRun } from './state.ts';

//! handler: masks personal data in this environment's database. Made from generator/functions/data-masking.

/** What Lambda passes in, as far as it is used. */
export type Context = { awsRequestId: string; invokedFunctionArn: string; getRemainingTimeInMillis: () => number };

/** An event of a schedule has none of these. `invocation` counts the invocations of one start, from 1. */
export type Event = { dryRun?: boolean; invocation?: number };

export type Result = {
  status: 'completed' | 'continued' | 'counted';
  tables: { table: string; seen: number; masked: number; done: boolean }[];
  missing: string[];
};

/** Milliseconds kept free at the end of an invocation: for a batch, and for the call that goes on. */
const RESERVE = 20_000;
/** Attempts of one batch. They wait about 55 seconds in all, which a paused database needs to resume. */
const ATTEMPTS = 10;
/** Invocations of one start: a day, with 15 minutes each. */
const INVOCATIONS = 96;

const lambda = new LambdaClient({});
const secrets = new SecretsManagerClient({});
const sns = new SNSClient({});
const ssm = new SSMClient({});
const rdsData = new RDSDataClient({ maxAttempts: 1 });

/** Milliseconds after attempt `attempt`, counted from 1: doubling from 0.2 to 20 seconds, less a random part up to half. */
export function backoff(attempt: number): number {
  return Math.round(Math.min(20_000, 200 * 2 ** (attempt - 1)) * (1 - Math.random() / 2));
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Masks what the rule set names, or with `dryRun` counts it. Throws on every failure, after a metric and a notification, so
 * that the event reaches the dead-letter queue. Nothing it logs, publishes, returns or throws has a value from the database.
 * `sleep` waits for so many milliseconds, so that tests need not.
 */
export function createHandler(sleep: (milliseconds: number) => Promise<unknown> = wait) {
  return async (event: Event | undefined, context: Context): Promise<Result> => {
    const start = Date.now();
    const environment = process.env.ENVIRONMENT_NAME ?? '';
    const metrics = { RowsSeen: 0, RowsMasked: 0, Tables: 0, Missing: 0, Retries: 0, Continuations: 0, Failures: 0 };
    try {
      refuseProduction(process.env);
      return await run(event ?? {});
    } catch (error) {
      const { name: code, message: reason } = error as Error;
      metrics.Failures = 1;
      log('ERROR', 'data masking failed', { code, reason });
      await notify({ environment, code, reason, requestId: context.awsRequestId });
      throw error;
    } finally {
      writeMetrics(environment, start, { ...metrics, Duration: Date.now() - start });
    }

    async function run({ dryRun = false, invocation = 1 }: Event): Promise<Result> {
      const { target, batchRows, maskingKeySecretArn, ruleSetParameter } = readSettings(process.env);
      const timeLeft = () => context.getRemainingTimeInMillis() - RESERVE;
      const secret = await secrets.send(new GetSecretValueCommand({ SecretId: maskingKeySecretArn }));
      const digest = keyedDigest(secret.SecretString ?? '');
      const parameter = await ssm.send(new GetParameterCommand({ Name: ruleSetParameter }));
      const rules = readRuleSet(parameter.Parameter?.Value ?? '');

      const database = openDatabase(rdsData, target, ATTEMPTS, async (attempt, reason) => {
        const milliseconds = backoff(attempt);
        metrics.Retries++;
        log('WARN', 'trying again', { reason, attempt, milliseconds });
        if (milliseconds > timeLeft()) throw failure('OutOfTime', `no time is left to try again after ${reason}`);
        await sleep(milliseconds);
      });
      const { query, persist } = database;
      const hasState = await persist(() => inspect(query, target.resourceArn));
      const { tables, missing } = await persist(() => makePlan(query, rules));
      metrics.Missing = missing.length;
      if (missing.length) log('WARN', 'not found and skipped', { missing });

      const key = digest('key').toString('hex').slice(0, 16);
      const open = () => openRun(query, hasState, rules.fingerprint, key);
      // CREATE ... IF NOT EXISTS fails when another invocation creates the same at the same time.
      let races = 0;
      const opened = dryRun ? undefined : await persist(open, () => races++ < ATTEMPTS);
      const work = { database, digest, batchRows, hasMarks: hasState || !dryRun, run: opened?.run ?? 0 };
      // At least one batch in each invocation, so that a short time limit cannot make a loop that does nothing.
      let batches = 0;
      const mayGoOn = () => batches++ === 0 || timeLeft() > 0;

      const done: Result['tables'] = [];
      for (const plan of tables) {
        const { seen, masked, pass, done: isDone, newlySeen, newlyMasked } = await maskTable(plan, work, mayGoOn);
        done.push({ table: plan.label, seen, masked, done: isDone });
        log('INFO', isDone ? 'table done' : 'table stopped', { run: work.run, table: plan.label, seen, masked, pass });
        metrics.RowsSeen += newlySeen;
        metrics.RowsMasked += dryRun ? 0 : newlyMasked;
        metrics.Tables += isDone ? 1 : 0;
        if (!isDone) break;
      }
      if (!opened) return { status: 'counted', tables: done, missing };
      if (done.every((table) => table.done)) {
        await persist(() => endRun(query, opened));
        return { status: 'completed', tables: done, missing };
      }
      if (invocation >= INVOCATIONS)
        throw failure('TooLong', `not done after ${invocation} invocations; start it again`);
      const Payload = JSON.stringify({ invocation: invocation + 1 });
      const FunctionName = context.invokedFunctionArn;
      await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload }));
      metrics.Continuations = 1;
      return { status: 'continued', tables: done, missing };
    }
  };
}

/** Tells the topic. A notification that fails must not hide what it was about. */
async function notify(message: {
  environment: string;
  code: string;
  reason: string;
  requestId: string;
}): Promise<void> {
  const TopicArn = process.env.TOPIC_ARN;
  const Subject = `Data masking failed: ${message.environment}`.slice(0, 99);
  try {
    if (TopicArn) await sns.send(new PublishCommand({ TopicArn, Subject, Message: JSON.stringify(message, null, 2) }));
  } catch (error) {
    log('ERROR', 'notification failed', { code: (error as Error).name });
  }
}

export const handler = createHandler();
