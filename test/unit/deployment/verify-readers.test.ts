import { afterEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { isObject } from '../../../lib/cfn/template.ts';
import { compareSetting, type SettingDifference } from '../../../lib/deployment/compare-settings.ts';
import { READ_TYPES, readerOf } from '../../../lib/deployment/live/readers.ts';
import { isNotRead, type Settings } from '../../../lib/deployment/live/reading.ts';
import type { Resolved } from '../../../lib/scenarios/unknown.ts';
import { resourceType } from '../../../lib/spec/resource-type.ts';
import { referenced, type Schema } from '../../../lib/spec/schema.ts';
import { ACCOUNT, LIVE_CASES, type LiveCase } from '../../support/live-cases.ts';

type Answers = LiveCase['answers'];
const mocks = new Map<string, ReturnType<typeof mockClient>>();

afterEach(() => {
  for (const mock of mocks.values()) mock.restore();
  mocks.clear();
});

/** Every client of the package answers as told, and refuses what it is not told. */
async function answering(answers: Answers): Promise<void> {
  for (const [service, commands] of Object.entries(answers)) {
    const sdk = await import(`@aws-sdk/client-${service}`);
    const name = Object.keys(sdk).find(
      (each) => each.endsWith('Client') && typeof sdk[each].prototype?.send === 'function',
    );
    let mock = mocks.get(service);
    if (!mock) {
      mock = mockClient(sdk[name!]);
      mocks.set(service, mock);
    }
    mock.reset();
    mock.rejects(Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' }));
    for (const [command, answer] of Object.entries(commands))
      mock.on(sdk[`${command}Command`]).resolves(answer as object);
  }
}

async function read({ type, physicalId, stated, stack = [] }: LiveCase, answers: Answers) {
  await answering(answers);
  const reader = (await readerOf(type))!;
  return reader({
    target: { region: 'us-west-2' },
    account: ACCOUNT,
    partition: 'aws',
    type,
    physicalId,
    stated,
    stack: [...stack],
  });
}

function differences({ type, stated }: LiveCase, settings: Settings | undefined): SettingDifference[] | 'gone' {
  if (settings === undefined) return 'gone';
  return Object.entries(stated).flatMap(([property, value]) =>
    compareSetting(property, value as Resolved, settings, { type, account: ACCOUNT }),
  );
}

interface Mutation {
  place: string;
  answers: Answers;
}

/** The answers with one value changed, or one taken away; inside JSON texts too. */
function mutations(answers: Answers): Mutation[] {
  return Object.entries(answers).flatMap(([service, commands]) =>
    Object.entries(commands).flatMap(([command, answer]) =>
      variants(answer).map(({ place, value }) => ({
        place: `${command}${place}`,
        answers: { ...answers, [service]: { ...commands, [command]: value } },
      })),
    ),
  );
}

function variants(value: unknown): { place: string; value: unknown }[] {
  if (Array.isArray(value))
    return value.flatMap((item, i) => [
      { place: `.${i} (removed)`, value: value.filter((_, j) => j !== i) },
      ...variants(item).map((inner) => ({
        place: `.${i}${inner.place}`,
        value: value.with?.(i, inner.value) ?? replaced(value, i, inner.value),
      })),
    ]);
  if (isObject(value))
    return Object.entries(value).flatMap(([key, member]) => [
      { place: `.${key} (removed)`, value: Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)) },
      ...variants(member).map((inner) => ({
        place: `.${key}${inner.place}`,
        value: { ...value, [key]: inner.value as never },
      })),
    ]);
  if (typeof value === 'boolean') return [{ place: ' (changed)', value: !value }];
  if (typeof value === 'number') return [{ place: ' (changed)', value: value + 1 }];
  const text = String(value);
  const encoded = text.startsWith('%7B');
  const json = encoded ? decodeURIComponent(text) : text;
  if (/^\{/.test(json))
    return variants(JSON.parse(json)).map((inner) => {
      const changed = JSON.stringify(inner.value);
      return { place: inner.place, value: encoded ? encodeURIComponent(changed) : changed };
    });
  const other = text === 'true' ? 'false' : /^[\d.]+$/.test(text) ? `${Number(text) + 1}` : `${text}-other`;
  return [{ place: ' (changed)', value: other }];
}

function replaced(list: readonly unknown[], i: number, value: unknown): unknown[] {
  return list.map((item, j) => (j === i ? value : item));
}

test('every type that is read has a case', () => {
  expect(LIVE_CASES.map(({ type }) => type).sort()).toEqual([...READ_TYPES].sort());
});

describe.each(LIVE_CASES.map((each) => [each.type, each] as const))('%s', (type, live) => {
  test('matches the template that says the same', async () => {
    expect(differences(live, await read(live, live.answers))).toEqual([]);
  });

  test('gives settings and attributes that the type has, in its own names and shapes', async () => {
    const settings = await read(live, live.answers);
    expect(misnamed(settings!, type)).toEqual([]);
  });

  test('differs where any live setting is changed or gone', async () => {
    const unnoticed: string[] = [];
    for (const { place, answers } of mutations(live.answers)) {
      if (live.besides?.test(place)) continue;
      const found = differences(live, await read(live, answers));
      if (found !== 'gone' && !found.some(({ state }) => state === 'differs')) unnoticed.push(place);
    }
    expect(unnoticed).toEqual([]);
  });

  test('claims nothing of what it could not read where a single call is refused', async () => {
    for (const [service, commands] of Object.entries(live.answers)) {
      for (const command of Object.keys(commands)) {
        if (live.askedBeside?.includes(command)) continue;
        const { [command]: _, ...rest } = commands;
        const settings = await read(live, { ...live.answers, [service]: rest }).catch((error: Error) => error);
        if (settings instanceof Error) expect(settings.name).toBe('AccessDeniedException');
        else expect([command, differences(live, settings)]).toEqual([command, unread]);
      }
    }
  });
});

/** Nothing but places that were not read, and at least one of them. */
const unread = {
  asymmetricMatch: (found: unknown) =>
    Array.isArray(found) && found.length > 0 && found.every(({ state }) => state === 'not-read'),
  toString: () => 'Unread',
  toAsymmetricMatcher: () => 'at least one place, all of them not-read',
};

describe('the access string of a cache user', () => {
  const user = LIVE_CASES.find(({ type }) => type === 'AWS::ElastiCache::User')!;
  test.each([
    ['on ~a:* +@read', 'on ~a:* -@all +@read', true],
    ['on ~a:* -@all +@read', 'on ~a:* -@all +@read', true],
    ['on ~a:* +@read', 'on ~a:* -@all +@read +@write', false],
    ['on ~a:* +@read', 'on ~a:* +@read -@all', false],
    ['on ~a:* -@all +@read', 'on ~a:* +@read', false],
  ])('"%s" that comes back as "%s": the same is %s', async (AccessString, back, same) => {
    const live = { ...user, stated: { AccessString } };
    const answers = { elasticache: { DescribeUsers: { Users: [{ UserId: 'app-id', AccessString: back }] } } };
    expect(differences(live, await read(live, answers))).toHaveLength(same ? 0 : 1);
  });
});

/** Settings that the schema of the type does not have. */
function misnamed(settings: Settings, type: string): string[] {
  const { schema, attributes = [] } = resourceType(type)! as unknown as { schema: Schema; attributes?: string[] };
  const visit = (value: unknown, part: Schema | undefined, path: string): string[] => {
    const found = part?.$ref ? referenced(schema, part.$ref) : part;
    if (value === undefined || isNotRead(value) || value instanceof Map || !found) return [];
    if (Array.isArray(value)) return value.flatMap((item, i) => visit(item, found.items as Schema, `${path}[${i}]`));
    if (!isObject(value) || !found.properties) return [];
    return Object.entries(value).flatMap(([name, member]) => {
      const at = path ? `${path}.${name}` : name;
      if (attributes.some((attribute) => attribute === at || attribute.startsWith(`${at}.`))) return [];
      return found.properties![name] ? visit(member, found.properties![name] as Schema, at) : [at];
    });
  };
  return visit(settings, schema, '');
}
