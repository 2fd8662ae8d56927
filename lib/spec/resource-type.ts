import { existsSync, readFileSync } from 'node:fs';
import type { Path } from '../cfn/template.ts';
import { fileInProject } from '../project.ts';
import type { Schema } from './schema.ts';

export type Source = 'registry' | 'serviceSpec';
/** What a source says of a change: it replaces, may replace, or does not. `unknown`: the source has no such property. */
export type Said = 'yes' | 'maybe' | 'no' | 'unknown';

/**
 * One entry of lib/spec/index, cut from the registry's schemas (by way of cfn-lint) and the AWS service specification. Paths
 * of properties are written `A/B`, and `A/*` where B is an item of a list or a value of a map.
 */
export interface ResourceType {
  type: string;
  sources: readonly Source[];
  /** AWS has announced the end of the service, or it has come. */
  lifecycle?: { status: 'maintenance' | 'sunset' | 'shutdown'; date: string };
  /** Absent: in every region of regions.json, or not known (SAM). */
  regions?: { only: readonly string[] } | { except: readonly string[] };
  /** The properties that `Ref` gives, joined by `|` where there are several. */
  ref?: readonly string[];
  arn?: string;
  /** Holds data that goes with it. */
  stateful?: true;
  tags?: { property: string; form: 'standard' | 'asg' | 'map' };
  /** Names for `Fn::GetAtt`; `Outputs.*` stands for any. */
  attributes?: readonly string[];
  readOnly?: readonly string[];
  writeOnly?: readonly string[];
  deprecated?: readonly string[];
  /** Only where a source says `yes` or `maybe`. */
  replacement?: Readonly<Record<string, Readonly<Record<Source, Said>>>>;
  /** The order in which CloudFormation replaces; absent: it creates first. */
  replacementStrategy?: 'delete_then_create' | 'create_then_delete';
  /** Properties whose change interrupts; lib/data/interruptions.json. */
  interruptions?: readonly string[];
  /** Files of lib/spec/index/rules, and the property that each judges; '' is all properties. */
  rules?: readonly { rule: string; at: string }[];
  schema: Schema;
}

/** A further schema for one property, as cfn-lint has it. `warning`: a list that AWS lengthens from month to month. */
export interface Rule {
  rule: string;
  severity: 'error' | 'warning';
  text: string;
  schema: Schema;
}

const loaded = new Map<string, unknown>();

/** A file of the index, read once. */
function load<T>(name: string): T | undefined {
  if (!loaded.has(name)) {
    const file = fileInProject('lib/spec/index', name);
    loaded.set(name, existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
  }
  return loaded.get(name) as T | undefined;
}

/** A resource type by its name, read on first use; undefined where AWS publishes no such type. `Custom::…` are custom resources. */
export function resourceType(name: string): ResourceType | undefined {
  if (name.startsWith('Custom::')) return resourceType('AWS::CloudFormation::CustomResource');
  return /^\w+::\w+::\w+$/.test(name) ? load(`${name.replaceAll('::', '-')}.json`) : undefined;
}

/** Names of all types of the index, sorted. */
export function resourceTypeNames(): readonly string[] {
  return load<string[]>('types.json') ?? [];
}

/** The versions of the sources from which the index is cut. */
export function specVersions(): Readonly<Record<string, string | number>> {
  return load<Record<string, string | number>>('versions.json') ?? {};
}

/** Throws where the index is broken: a type names a rule that is not there. */
export function ruleOf(name: string): Rule {
  const rule = load<Rule>(`rules/${name}.json`);
  if (!rule) throw new Error(`lib/spec/index/rules/${name}.json is missing: run npm run spec`);
  return rule;
}

/** Patterns of the values of `format` that the index uses. */
export function formats(): Readonly<Record<string, string>> {
  return load<Record<string, string>>('formats.json') ?? {};
}

/** What may stand in a resource beside its properties, and the types that `DeletionPolicy: Snapshot` is for. */
export function resourceBody(): { snapshots: readonly string[]; schema: Schema } {
  return load<{ snapshots: string[]; schema: Schema }>('resource.json') ?? { snapshots: [], schema: {} };
}

/** `true` where the name is one that only AWS gives. Customers' own and third parties' types, and modules, are in no index. */
export function isPublished(name: string): boolean {
  return /^(AWS|Alexa|AMZN)::/.test(name) && !name.endsWith('::MODULE');
}

/** Whether the registry's schemas of the region are among the sources. */
export function isKnownRegion(region: string): boolean {
  return load<string[]>('regions.json')?.includes(region) === true;
}

/** `false` where the region does not have the type; undefined where that is not known. Source: the registry, per region. */
export function isAvailable(type: string, region: string): boolean | undefined {
  const entry = resourceType(type);
  if (!entry?.sources.includes('registry') || !isKnownRegion(region)) return undefined;
  if (entry.regions === undefined) return true;
  return 'only' in entry.regions ? entry.regions.only.includes(region) : !entry.regions.except.includes(region);
}

/**
 * Whether `Fn::GetAtt` gives the attribute. Undefined: not known, as for third parties' types, what SAM makes, and a mapping
 * of which only the members are listed.
 */
export function hasAttribute(type: string, attribute: string): boolean | undefined {
  const entry = resourceType(type);
  if (!entry || type.startsWith('AWS::Serverless::')) return undefined;
  const names = entry.attributes ?? [];
  if (names.some((name) => name === attribute || isPatternOf(name, attribute))) return true;
  // What is listed without its members may hold any, and what holds something listed may be asked for whole.
  const holds = (name: string) =>
    attribute.startsWith(`${name}.`) && !names.some((other) => other.startsWith(`${name}.`));
  if (names.some(holds)) return true;
  return names.some((name) => name.startsWith(`${attribute}.`)) ? undefined : false;
}

function isPatternOf(name: string, attribute: string): boolean {
  return name === '.*' || (name.endsWith('.*') && attribute.startsWith(name.slice(0, -1)));
}

export interface Replacement {
  /** The worse of what the sources say: a plan that frightens without need is read again, one that soothes is executed. */
  behaviour: 'replace' | 'maybe' | 'interrupt' | 'update';
  /** Absent: the source does not have the type. */
  sources: Partial<Record<Source, Said>>;
  /** Both sources know the property and say different things. */
  conflict: boolean;
}

/**
 * What a change of the property at the path (within `Properties`) does to the resource. Undefined where the type is not known.
 * A property that holds one that replaces `may` replace: which member has changed is not asked.
 */
export function replacementOf(type: string, path: Path): Replacement | undefined {
  const entry = resourceType(type);
  if (!entry) return undefined;
  const here = path.map((part) => (typeof part === 'number' ? '*' : part));
  const sources: Partial<Record<Source, Said>> = {};
  for (const source of entry.sources) sources[source] = 'no';
  for (const [named, said] of Object.entries(entry.replacement ?? {})) {
    const place = relation(named.split('/'), here);
    if (place === undefined) continue;
    for (const source of entry.sources) {
      const word = place === 'within' && said[source] === 'yes' ? 'maybe' : said[source];
      if (WORST.indexOf(word) < WORST.indexOf(sources[source]!) || sources[source] === 'no') sources[source] = word;
    }
  }
  const all = Object.values(sources);
  const known = all.filter((said) => said !== 'unknown');
  const interrupts = entry.interruptions?.some((named) => relation(named.split('/'), here) !== undefined) === true;
  return {
    behaviour: all.includes('yes') ? 'replace' : all.includes('maybe') ? 'maybe' : interrupts ? 'interrupt' : 'update',
    sources,
    conflict: new Set(known).size > 1,
  };
}

const WORST: readonly Said[] = ['yes', 'maybe', 'no', 'unknown'];

/** `at`: the path is the named property or lies in it. `within`: the named one lies in what the path holds. */
function relation(named: readonly string[], here: readonly string[]): 'at' | 'within' | undefined {
  const shared = Math.min(named.length, here.length);
  for (let index = 0; index < shared; index++)
    if (named[index] !== here[index] && named[index] !== '*') return undefined;
  return named.length <= here.length ? 'at' : 'within';
}
