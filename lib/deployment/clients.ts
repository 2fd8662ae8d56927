import { CfnError } from '../cfn/errors.ts';

/** Where stacks go: AWS with the credentials of the environment, or an endpoint such as the emulator's. */
export interface Target {
  region: string;
  /** Absent: AWS itself. */
  endpoint?: string;
}

/** The account that stacks in the emulator belong to: its access key, by the emulator's convention. No real account. */
const EMULATOR_ACCOUNT = '123456789012';

export function clientOptions({ region, endpoint }: Target) {
  return endpoint === undefined
    ? { region }
    : {
        region,
        endpoint,
        credentials: { accessKeyId: EMULATOR_ACCOUNT, secretAccessKey: 'emulator' },
        forcePathStyle: true,
      };
}

const UNREACHABLE =
  /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNRESET|TimeoutError|CredentialsProviderError|ExpiredToken|UnrecognizedClient|InvalidClientTokenId/;

/** Whether nothing answered, or nobody is logged in: no further call would get through either. */
export function isUnreachable(error: unknown): boolean {
  const { name = '', message = '', code = '' } = error as { name?: string; message?: string; code?: string };
  return UNREACHABLE.test(`${name}: ${message} ${code}`);
}

const DENIED = /AccessDenied|UnauthorizedOperation|not authorized/;

/** Runs one AWS call; what goes wrong is told with the call and the region. Throws CFN602, CFN603 (exit code 3) or CFN604. */
export async function call<T>(name: string, target: Target, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const code = (error as { code?: string }).code ?? '';
    const where = `${name} in ${target.region}${target.endpoint ? ` at ${target.endpoint}` : ''}`;
    if (UNREACHABLE.test(`${reason} ${code}`)) {
      throw new CfnError(
        {
          code: 'CFN602',
          severity: 'error',
          message: `${where} did not get through: ${reason}`,
          fix: target.endpoint
            ? 'is the emulator running?'
            : 'check the credentials (aws sts get-caller-identity) and the region',
        },
        { exitCode: 3, cause: error },
      );
    }
    if (DENIED.test(reason)) {
      throw new CfnError(
        {
          code: 'CFN603',
          severity: 'error',
          message: `${where} was refused: ${reason}`,
          fix: 'grant the permission it names',
        },
        { exitCode: 3, cause: error },
      );
    }
    throw new CfnError(
      { code: 'CFN604', severity: 'error', message: `${where} failed: ${reason}` },
      { exitCode: 1, cause: error },
    );
  }
}
