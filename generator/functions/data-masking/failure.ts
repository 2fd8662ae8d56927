//! failure: an error whose text is safe to log: names and codes, never a value from the database.

/**
 * An error whose text may be logged, published and stored in a dead-letter queue: it names tables, columns, rules and
 * codes, and never a value. `code` becomes `errorType` in Lambda's own report. The cause is left out on purpose, because
 * Node prints it and PostgreSQL quotes values in its details.
 */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: code });
}
