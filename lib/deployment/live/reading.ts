import { clientOptions, isUnreachable, type Target } from '../clients.ts';

/** Settings of a live resource by CloudFormation's names. A name that is missing was not read; `undefined` is read and not set. */
export type Settings = Readonly<Record<string, unknown>>;

/** A resource of a deployed stack, as far as a reader must know it. */
export interface LiveResource {
  readonly target: Target;
  readonly account: string;
  readonly partition: string;
  readonly type: string;
  readonly physicalId: string;
  /** What the template states, with the physical IDs of other resources of the stack filled in. */
  readonly stated: Settings;
  /** All resources of the stack: some settings of one are owned by another. */
  readonly stack: readonly { type: string; physicalId: string; stated: Settings }[];
}

/** Reads a resource's settings and read-only attributes. Undefined where there is no such resource. */
export type Reader = (resource: LiveResource) => Promise<Settings | undefined>;

/** In place of a value that the API does not give, or did not give this time. */
export interface NotRead {
  readonly $notRead: string;
}

export function notRead(reason: string): NotRead {
  return { $notRead: reason };
}

export function isNotRead(value: unknown): value is NotRead {
  return typeof value === 'object' && value !== null && typeof (value as NotRead).$notRead === 'string';
}

type ClientClass<C> = new (options: ReturnType<typeof clientOptions>) => C;

const clients = new Map<unknown, Map<string, unknown>>();

/** One client for each service, region and endpoint, so that connections are shared. */
export function clientOf<C>(Client: ClientClass<C>, target: Target, more: Record<string, unknown> = {}): C {
  const byTarget = clients.get(Client) ?? new Map<string, unknown>();
  clients.set(Client, byTarget);
  const key = `${target.region} ${target.endpoint ?? ''}`;
  const client = (byTarget.get(key) as C | undefined) ?? new Client({ ...clientOptions(target), ...more });
  byTarget.set(key, client);
  return client;
}

/** Each service has its own word for it: NoSuchBucket, DBClusterNotFoundFault, InvalidVpcID.NotFound, QueueDoesNotExist. */
export function isMissing(error: unknown): boolean {
  const { name = '', message = '', Code = '' } = error as { name?: string; message?: string; Code?: string };
  if (/NotFound|NoSuch|NotExist|NonExistent/.test(`${name} ${Code}`)) return true;
  return !/AccessDenied|Unauthorized/.test(name) && /does not exist|not found/i.test(message);
}

/** What the call gives, or undefined where there is no such thing. */
export async function found<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * One part of a resource's settings: undefined where it is not set, and a `NotRead` with the reason where the call is refused or
 * unknown to the target, so that the other parts are still judged. Throws where nothing answers at all.
 */
export async function part(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await found(run);
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return notRead(reasonOf(error));
  }
}

export function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  return `${name}: ${message}`.replace(/\s+/g, ' ').slice(0, 200);
}

/** Reads, at once, the parts that the template states; what it does not state costs no call. */
export async function statedParts(
  { stated }: LiveResource,
  parts: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Settings> {
  const wanted = Object.entries(parts).filter(([name]) => Object.hasOwn(stated, name));
  return Object.fromEntries(await Promise.all(wanted.map(async ([name, read]) => [name, await part(read)])));
}

/** The members of these names, undefined ones included: they were read and are not set. */
export function only(record: object | undefined, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, (record as Record<string, unknown> | undefined)?.[name]]));
}

/** A free-form map, such as a function's variables: compared whole, so that an entry too many is a difference. */
export function whole(record: object | undefined): ReadonlyMap<string, unknown> | undefined {
  return record && new Map(Object.entries(record));
}

/** A policy or another JSON text as its value; IAM gives it percent-encoded. */
export function parsed(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text.startsWith('%7B') ? decodeURIComponent(text) : text);
  } catch {
    return text;
  }
}

/** All pages of a list. */
export async function pages<T>(
  page: (token: string | undefined) => Promise<{ items: readonly T[] | undefined; next: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    all.push(...(items ?? []));
    token = next;
  } while (token !== undefined && token !== '');
  return all;
}
