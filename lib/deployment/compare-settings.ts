import { isObject } from '../cfn/template.ts';
import { compareResolved, isUnknown, type Resolved } from '../scenarios/unknown.ts';
import { isNotRead, type Settings } from './live/reading.ts';

export interface SettingDifference {
  /** Property path, list members by what names them: `BackupPlan.BackupPlanRule[daily].Lifecycle.DeleteAfterDays`. */
  path: string;
  /** `unknown`: what the template states is open. `not-read`: what is live was not read. */
  state: 'differs' | 'unknown' | 'not-read';
  expected?: unknown;
  /** Undefined: not set. */
  actual?: unknown;
  reason?: string;
}

export interface ComparisonContext {
  /** Resource type: some services change the case of what they are given. */
  type: string;
  account: string;
  /** Tags of the stack, which CloudFormation puts on its resources. */
  stackTags?: Readonly<Record<string, string>>;
  /** A value that the reader leaves out is not read, rather than not set. */
  partial?: boolean;
}

interface Place {
  path: string;
  context: ComparisonContext;
  /** Entries of an object that the template does not state are differences: documents and free-form maps. */
  exact: boolean;
}

/**
 * Holds one property that a template states against what was read of the live resource. Empty: it matches. Lists are compared
 * without regard to order. What AWS fills in beside what is stated is no difference; in documents (policies, event patterns, JSON
 * texts), free-form maps, lists and tags it is.
 */
export function compareSetting(
  property: string,
  stated: Resolved,
  live: Settings,
  context: ComparisonContext,
): SettingDifference[] {
  if (!Object.hasOwn(live, property))
    return [{ path: property, state: 'not-read', expected: stated, reason: 'no call gives it' }];
  return compare(stated, live[property], { path: property, context, exact: false });
}

function compare(stated: Resolved, actual: unknown, place: Place): SettingDifference[] {
  const { path, context } = place;
  if (isNotRead(actual)) return [{ path, state: 'not-read', expected: stated, reason: actual.$notRead }];
  if (isUnknown(stated)) return compareOpen(stated, actual, place);
  if (actual === undefined && context.partial)
    return [{ path, state: 'not-read', expected: stated, reason: 'Cloud Control leaves it out' }];
  if (isTagProperty(path)) return compareTags(stated, actual, place);
  if (isEmpty(stated) && isEmpty(actual)) return [];

  const left = documentOf(stated, actual);
  const right = documentOf(actual, stated);
  if (isPolicy(left) || isPolicy(right))
    return compareValues(normalPolicy(left) as Resolved, normalPolicy(right), { ...place, exact: true });
  const isText = typeof stated === 'string' || typeof actual === 'string';
  if (isText && isStructure(left) && isStructure(right))
    return compareValues(left as Resolved, right, { ...place, exact: true });
  return compareValues(stated, actual, place);
}

function compareValues(stated: Resolved, actual: unknown, place: Place): SettingDifference[] {
  const { path } = place;
  if (isUnknown(stated)) return compareOpen(stated, actual, place);
  if (Array.isArray(actual) || Array.isArray(stated)) {
    if (actual === undefined) return [{ path, state: 'differs', expected: stated, actual }];
    return compareLists([stated].flat() as Resolved[], [actual].flat(), place);
  }
  const live = actual instanceof Map ? Object.fromEntries(actual) : actual;
  if (isObject(stated) && isObject(live))
    return compareObjects(stated as Record<string, Resolved>, live, {
      ...place,
      exact: place.exact || actual instanceof Map,
    });
  if (isObject(stated) || isObject(live)) return [{ path, state: 'differs', expected: stated, actual: live }];
  return sameScalar(stated, actual, place) ? [] : [{ path, state: 'differs', expected: stated, actual }];
}

/** A value that is partly open may still be known to differ, by the stretches of text that are known. */
function compareOpen(stated: Resolved, actual: unknown, { path }: Place): SettingDifference[] {
  const scalar = typeof actual === 'string' || typeof actual === 'number' || typeof actual === 'boolean';
  const differs = actual !== undefined && scalar && compareResolved(stated, actual) === false;
  return [{ path, state: differs ? 'differs' : 'unknown', expected: stated, actual }];
}

function compareObjects(
  stated: Readonly<Record<string, Resolved>>,
  actual: Readonly<Record<string, unknown>>,
  place: Place,
): SettingDifference[] {
  const at = (name: string) => ({ ...place, path: `${place.path}.${name}` });
  const differences = Object.entries(stated).flatMap(([name, value]) => compare(value, actual[name], at(name)));
  if (!place.exact) return differences;
  for (const [name, value] of Object.entries(actual))
    if (!Object.hasOwn(stated, name) && value !== undefined)
      differences.push({ path: at(name).path, state: 'differs', expected: undefined, actual: value });
  return differences;
}

function compareLists(stated: readonly Resolved[], actual: readonly unknown[], place: Place): SettingDifference[] {
  const at = (i: number, item: unknown) => ({ ...place, path: `${place.path}[${nameOf(item) ?? i}]` });
  const live = actual.map((item, i) => ({ item, i }));
  const take = (which: (entry: { item: unknown; i: number }) => boolean) => {
    const found = live.findIndex(which);
    return found < 0 ? undefined : live.splice(found, 1)[0];
  };
  let left = stated.map((item, i) => ({ item, i }));
  const pair = (fits: (item: Resolved, candidate: unknown, i: number, j: number) => boolean) => {
    const differences: SettingDifference[] = [];
    left = left.filter(({ item, i }) => {
      const partner = take((candidate) => fits(item, candidate.item, i, candidate.i));
      if (partner) differences.push(...compare(item, partner.item, at(i, item)));
      return !partner;
    });
    return differences;
  };
  const differencesOf = (item: Resolved, candidate: unknown) => compare(item, candidate, { ...place, path: '' });
  return [
    ...pair((item, candidate) => differencesOf(item, candidate).length === 0),
    ...pair((item, candidate) => nameOf(item) !== undefined && nameOf(item) === nameOf(candidate)),
    ...pair((item, candidate) => differencesOf(item, candidate).every(({ state }) => state !== 'differs')),
    ...pair((item, candidate) => isObject(item) && isObject(candidate) && nameOf(item) === nameOf(candidate)),
    ...pair((item, candidate) => left.length === 1 && live.length === 1 && !isObject(item) && !isObject(candidate)),
    ...left.map(
      ({ item, i }): SettingDifference =>
        isUnknown(item)
          ? { path: at(i, item).path, state: 'unknown', expected: item }
          : { path: at(i, item).path, state: 'differs', expected: item, actual: undefined },
    ),
    ...live.map(
      ({ item, i }): SettingDifference => ({
        path: at(i, item).path,
        state: left.some((each) => isUnknown(each.item)) ? 'unknown' : 'differs',
        expected: undefined,
        actual: item,
      }),
    ),
  ];
}

/** Members that name a list's member, in the order in which they are looked for. */
const NAMES = ['Sid', 'RuleName', 'PolicyName', 'Id', 'Name', 'Key', 'LogType', 'ConditionKey', 'MetricName'];

function nameOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  const name = NAMES.find((candidate) => typeof item[candidate] === 'string');
  return name && (item[name] as string);
}

/** Absent and empty are the same to AWS, which gives back no empty list, map or text. `false` and 0 are values. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (value instanceof Map) return value.size === 0;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && !isUnknown(value) && Object.keys(value).length === 0;
}

function isStructure(value: unknown): boolean {
  return Array.isArray(value) || (isObject(value) && !isUnknown(value));
}

/** The value of a JSON text where it stands against a structure or against another JSON text. */
function documentOf(value: unknown, other: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  if (typeof other !== 'string' && !isStructure(other)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function sameScalar(stated: unknown, actual: unknown, { path, context, exact }: Place): boolean {
  if (actual === undefined || actual === null) return isEmpty(stated);
  const [left, right] = [String(stated), String(actual)];
  if (left === right) return true;
  if (typeof stated === 'boolean' || typeof actual === 'boolean') return left.toLowerCase() === right.toLowerCase();
  if (typeof stated === 'number' || typeof actual === 'number')
    return left.trim() !== '' && right.trim() !== '' && Number(left) === Number(right);
  if (exact) return false;
  return (
    isSameName(left, right, context.account) ||
    isSameName(right, left, context.account) ||
    (LOWERS_CASE.test(context.type) && NAME_OR_WINDOW.test(path) && left.toLowerCase() === right) ||
    (/EngineVersion$/.test(path) && right.startsWith(`${left}.`))
  );
}

/** These services keep names and time windows in lower case. */
const LOWERS_CASE = /^AWS::(DMS|DocDB|ElastiCache|Neptune|RDS|Redshift)::/;
const NAME_OR_WINDOW = /(Identifier|Id|Name|Window|StorageType)$/;

/** Whether an ARN is that of the resource which the account knows by the name: a key's ID, a role's or a bucket's name. */
function isSameName(name: string, arn: string, account: string): boolean {
  const [prefix, , service, , owner, ...rest] = arn.split(':');
  if (prefix !== 'arn' || service === undefined || (owner !== '' && owner !== account)) return false;
  if (name === '' || name.startsWith('arn:')) return false;
  const resource = rest.join(':');
  return resource === name || resource.endsWith(`/${name}`) || rest.at(-1) === name;
}

function isTagProperty(path: string): boolean {
  return /^\w*Tags$/.test(path);
}

function compareTags(stated: Resolved, actual: unknown, place: Place): SettingDifference[] {
  const { path, context } = place;
  const wanted = tagMap(stated);
  const live = tagMap(actual);
  if (!wanted || !live) return compareValues(stated, actual, place);
  const differences: SettingDifference[] = [];
  for (const [key, value] of wanted)
    differences.push(...compare(value as Resolved, live.get(key), { ...place, path: `${path}[${key}]` }));
  for (const [key, value] of live) {
    if (wanted.has(key) || key.startsWith('aws:') || context.stackTags?.[key] === value) continue;
    differences.push({ path: `${path}[${key}]`, state: 'differs', expected: undefined, actual: value });
  }
  return differences;
}

/** Tags stand as a map in some types and as a list of pairs in others. Undefined where a key is not known. */
function tagMap(tags: unknown): Map<string, unknown> | undefined {
  if (tags === undefined) return new Map();
  if (Array.isArray(tags)) {
    const pairs = tags.map((tag) => (isObject(tag) ? ([tag.Key, tag.Value] as const) : [undefined, undefined]));
    return pairs.every(([key]) => typeof key === 'string') ? new Map(pairs as [string, unknown][]) : undefined;
  }
  return isObject(tags) && !isUnknown(tags) ? new Map(Object.entries(tags)) : undefined;
}

function isPolicy(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !isUnknown(value) && 'Statement' in value;
}

/** Members of a statement that may be one text or a list of them. */
const LISTS = ['Action', 'NotAction', 'Resource', 'NotResource'];

/**
 * A policy in the one form that AWS's several spellings of it share: lists where one may stand for a list, principals by ARN.
 * Source: IAM user guide, "Grammar of the IAM JSON policy language" and "Principal", read 2026-11-21. A
 * statement without a Sid may come back with a number for one (go-to-k/cdk-real-drift pull request 465, read 2026-11-21).
 */
function normalPolicy(value: unknown): unknown {
  if (!isPolicy(value)) return value;
  const { Id, ...policy } = value;
  return {
    ...policy,
    ...(typeof Id === 'string' && !Id.startsWith('__default') ? { Id } : {}),
    Statement: [value.Statement].flat().map(normalStatement),
  };
}

function normalStatement(statement: unknown): unknown {
  if (!isObject(statement) || isUnknown(statement)) return statement;
  const normal: Record<string, unknown> = { ...statement };
  if (/^\d*$/.test(String(normal.Sid ?? ''))) delete normal.Sid;
  for (const name of LISTS) if (name in normal) normal[name] = [normal[name]].flat();
  for (const name of ['Principal', 'NotPrincipal']) if (name in normal) normal[name] = normalPrincipal(normal[name]);
  if (isObject(normal.Condition) && !isUnknown(normal.Condition)) normal.Condition = normalCondition(normal.Condition);
  return normal;
}

function normalPrincipal(principal: unknown): unknown {
  if (principal === '*') return { AWS: ['*'] };
  if (!isObject(principal) || isUnknown(principal)) return principal;
  return Object.fromEntries(
    Object.entries(principal).map(([kind, who]) => [
      kind,
      kind === 'AWS' ? [who].flat().map(rootOfAccount) : [who].flat(),
    ]),
  );
}

/** `123456789012` and `arn:aws:iam::123456789012:root` are the same principal. */
function rootOfAccount(who: unknown): unknown {
  const [, account] = (typeof who === 'string' && /^arn:[\w-]+:iam::(\d{12}):root$/.exec(who)) || [];
  return account ?? who;
}

function normalCondition(condition: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, test]) => [
      operator,
      isObject(test) && !isUnknown(test)
        ? Object.fromEntries(
            Object.entries(test).map(([key, value]) => [
              key,
              [value]
                .flat()
                .map((each) => (typeof each === 'boolean' || typeof each === 'number' ? String(each) : each)),
            ]),
          )
        : test,
    ]),
  );
}
