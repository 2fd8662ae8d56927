import type { Finding } from './errors.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from './template.ts';

const LOOP = 'Fn::ForEach::';
const SECTIONS = ['Conditions', 'Resources', 'Outputs'] as const;

const UNKNOWN = 'loops over a collection that is not known before deployment: what it makes is not judged';
const FIX = 'write: [Identifier, [member, …], {"Key${Identifier}": …}]; a list parameter is known by its Default';

export interface Expansion {
  readonly template: Template;
  readonly findings: readonly Finding[];
  /** Where the text of a path in the expanded template stands in the source: inside the loop that made it. */
  origin(path: Path): Path;
}

/**
 * A template with its `Fn::ForEach` loops unrolled, in Conditions, Resources, resource properties and Outputs. A template
 * without the transform AWS::LanguageExtensions is returned as it is. Findings: CFN150 a loop that is not well-formed or
 * whose collection is not known, CFN151 two entries of one name.
 * Source: AWS::LanguageExtensions transform, Fn::ForEach, read 2026-11-20.
 *
 * @param membersOf value of a list parameter, for a collection that refers to one. By default its `Default`.
 */
export function expandForEach(source: Template, membersOf = defaultMembers(source)): Expansion {
  if (![source.Transform ?? []].flat().includes('AWS::LanguageExtensions')) {
    return { template: source, findings: [], origin: (path) => path };
  }
  const findings: Finding[] = [];
  const origins = new Map<string, Path>();

  const expandObject = (object: JsonObject, bound: Bound, from: Path, to: Path): JsonObject => {
    const result: JsonObject = {};
    const put = (key: string, value: Json, at: Path): void => {
      if (Object.hasOwn(result, key)) {
        const message = `Fn::ForEach makes a second entry ${key}`;
        findings.push({ code: 'CFN151', severity: 'error', message, path: at, fix: 'Use the identifier in the key.' });
      } else result[key] = value;
    };
    for (const [written, value] of Object.entries(object)) {
      const at = [...from, written];
      if (!written.startsWith(LOOP)) {
        const key = substitute(written, bound);
        const target = [...to, key];
        if (bound.size > 0) origins.set(JSON.stringify(target), at);
        put(key, expand(value, bound, at, target), at);
        continue;
      }
      const loop = loopOf(value, bound);
      if (typeof loop === 'string') {
        const severity = loop === UNKNOWN ? 'info' : 'error';
        findings.push({ code: 'CFN150', severity, message: `${written} ${loop}`, path: at, fix: FIX });
        continue;
      }
      for (const member of loop.members) {
        const inner = new Map(bound).set(loop.identifier, member);
        const entries = expandObject(loop.body, inner, [...at, 2], to);
        for (const [key, entry] of Object.entries(entries)) put(key, entry, at);
      }
    }
    return result;
  };

  const expand = (value: Json, bound: Bound, from: Path, to: Path): Json => {
    if (typeof value === 'string') return substitute(value, bound);
    if (Array.isArray(value)) return value.map((member, i) => expand(member, bound, [...from, i], [...to, i]));
    if (!isObject(value)) return value;
    if (typeof value.Ref === 'string' && bound.has(value.Ref)) return bound.get(value.Ref)!;
    return expandObject(value, bound, from, to);
  };

  const loopOf = (value: Json, bound: Bound): Loop | string => {
    if (!Array.isArray(value) || value.length !== 3 || typeof value[0] !== 'string' || !isObject(value[2])) {
      return 'needs an identifier, a collection and an object of entries';
    }
    const [identifier, collection, body] = value as [string, Json, JsonObject];
    const members = collectionOf(expand(collection, bound, [], []));
    return members ? { identifier, members, body } : UNKNOWN;
  };

  const collectionOf = (collection: Json): string[] | undefined => {
    if (Array.isArray(collection)) {
      const lists = collection.map((member) => (typeof member === 'object' ? collectionOf(member) : [String(member)]));
      return lists.some((list) => list === undefined) ? undefined : lists.flatMap((list) => list!);
    }
    if (!isObject(collection)) return undefined;
    if (typeof collection.Ref === 'string') return membersOf(collection.Ref);
    const keys = collection['Fn::FindInMap'];
    if (!Array.isArray(keys)) return undefined;
    const found = keys
      .slice(0, 3)
      .reduce<Json | undefined>(
        (row, key) => (isObject(row) && typeof key === 'string' && Object.hasOwn(row, key) ? row[key] : undefined),
        (source.Mappings ?? {}) as JsonObject,
      );
    return Array.isArray(found) ? collectionOf(found) : undefined;
  };

  const sections: Record<string, JsonObject> = {};
  for (const section of SECTIONS) {
    const entries = source[section];
    if (isObject(entries)) sections[section] = expandObject(entries as JsonObject, new Map(), [section], [section]);
  }
  return {
    template: { ...source, ...sections } as Template,
    findings,
    origin: (path) => {
      for (let length = path.length; length > 0; length--) {
        const found = origins.get(JSON.stringify(path.slice(0, length)));
        if (found) return [...found, ...path.slice(length)];
      }
      return path;
    },
  };
}

/** Identifiers of the loops around, with the value of this turn. */
type Bound = ReadonlyMap<string, string>;

interface Loop {
  readonly identifier: string;
  readonly members: readonly string[];
  readonly body: JsonObject;
}

/** `${Identifier}` is the value; `&{Identifier}` the value without what a logical ID may not hold. */
function substitute(text: string, bound: Bound): string {
  if (bound.size === 0 || !text.includes('{')) return text;
  return text.replace(/([$&])\{(\w+)\}/g, (whole, mark, name) => {
    const value = bound.get(name);
    if (value === undefined) return whole;
    return mark === '&' ? value.replace(/[^A-Za-z0-9]/g, '') : value;
  });
}

function defaultMembers(template: Template): (parameter: string) => string[] | undefined {
  return (parameter) => {
    const value = template.Parameters?.[parameter]?.Default;
    return value === undefined || typeof value === 'object'
      ? undefined
      : String(value)
          .split(',')
          .map((member) => member.trim());
  };
}
