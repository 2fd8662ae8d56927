//! report: logs, and metrics in the Embedded Metric Format.

/** One line of JSON for CloudWatch Logs. Fields are names, codes and counts; never a value from the database. */
export function log(level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: object): void {
  console.log(JSON.stringify({ level, message, ...fields }));
}

/**
 * Counts and milliseconds of one invocation as CloudWatch metrics in the Embedded Metric Format, which needs no call and no
 * permission. Written also for zeros, so that an alarm sees the difference between "no failure" and "did not run".
 */
export function writeMetrics(Environment: string, Timestamp: number, values: Record<string, number>): void {
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: Name === 'Duration' ? 'Milliseconds' : 'Count' }));
  const directive = { Namespace: 'Plainform/DataMasking', Dimensions: [['Environment']], Metrics };
  console.log(JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics: [directive] }, Environment, ...values }));
}
