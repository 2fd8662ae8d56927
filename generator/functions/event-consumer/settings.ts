//! settings: what the template says, and what the secret does.

/** Where events go, and as whom. */
export type Target = { host: string; port: number; database: string; user: string; password: string };

/** Joins the environment variables with the text of the secret, in the form that RDS Proxy reads. Throws; no value is in the text. */
export function targetOf(variables: Record<string, string | undefined>, secret: string): Target {
  const { username, password, dbname } = read(secret);
  const database = variables.DATABASE_NAME || dbname;
  const need = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value === '') throw new Error(`${name} is missing`);
    return value;
  };
  return {
    host: need('DATABASE_HOST', variables.DATABASE_HOST),
    port: Number(variables.DATABASE_PORT) || 5432,
    database: need('DATABASE_NAME', database),
    user: need('username of the secret', username),
    password: need('password of the secret', password),
  };
}

function read(secret: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(secret);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, without the text.
  }
  throw new Error('the secret is no JSON object');
}
