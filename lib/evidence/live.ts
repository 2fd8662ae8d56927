import type { Check, CheckState } from '../deployment/verify-stack.ts';
import type { Spot } from './evidence.ts';

/** What was read of a stack through the AWS SDK, as `plainform verify` gives it. */
export interface LiveStack {
  readonly template: string;
  readonly stackName: string;
  readonly region: string;
  /** `emulator`: an engine check, not AWS. */
  readonly target: 'aws' | 'emulator';
  /** When it was read, in UTC: `2026-11-21T10:00:00Z`. */
  readonly read: string;
  readonly checks: readonly Check[];
  readonly controls?: readonly { control: string; subject: string; verdict: string; message: string }[];
}

/** What was found of the properties on which a verdict rests; of the resource, where they were not read one by one. */
export interface LiveFact {
  readonly state: CheckState;
  readonly message: string;
}

/** The worst first: one setting that differs is what a reader wants to know. */
const ORDER: readonly CheckState[] = ['differs', 'unknown', 'emulator', 'recorded', 'not-read', 'matches'];

export function liveFact({ checks }: LiveStack, resource: string, spots: readonly Spot[]): LiveFact {
  const own = checks.filter((check) => check.resource === resource);
  const start = `Resources.${resource}.Properties.`;
  const asked = spots.flatMap(({ path }) => (path.startsWith(start) ? [plain(path.slice(start.length))] : []));
  const settings = own.filter(
    ({ kind, property }) =>
      kind === 'setting' &&
      property !== undefined &&
      asked.some((path) => isWithin(path, plain(property)) || isWithin(plain(property), path)),
  );
  const found = settings.length > 0 ? settings : own.filter(({ kind }) => kind === 'resource');
  const state = ORDER.find((each) => found.some((check) => check.state === each));
  const check = found.find((each) => each.state === state);
  if (!state || !check) return { state: 'not-read', message: 'nothing of it was read' };
  return { state, message: settings.length > 0 ? `${check.property}: ${check.message}` : check.message };
}

/** Without the branches of `Fn::If`, which only the template has. */
function plain(path: string): string {
  return path.replace(/\.Fn::If\.[12]/g, '');
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`);
