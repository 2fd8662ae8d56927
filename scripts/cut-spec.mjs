// Cuts lib/spec/index/ from its sources: the registry's JSON schemas and the rules that the PyPI package cfn-lint carries,
// @aws-cdk/aws-service-spec, and two tables of the project (lib/spec/patches.json, lib/data/interruptions.json). Run by
// `npm run spec`, seldom, after a version of either package has changed; a refresh is a commit of its own. Needs the virtual
// environment of scripts/setup.mjs (or PLAINFORM_VENV). The same sources give the same bytes; with --check nothing is written, and
// what would change is named.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { layOut } from './lay-out.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const venv = process.env.PLAINFORM_VENV ?? join(root, '.venv');
const out = join(root, 'lib/spec/index');
const PRIMARY = 'us-east-1';

/** The keywords that the walker of lib/spec/schema.ts judges by; the rest says nothing about values, or stands beside `schema`. */
const KEYWORDS = new Set([
  ...['$ref', 'type', 'enum', 'enumCaseInsensitive', 'const', 'format', 'pattern', 'minLength', 'maxLength'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'maxUniqueItems', 'uniqueItems', 'uniqueKeys', 'contains'],
  ...['properties', 'patternProperties', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties'],
  ...['required', 'requiredOr', 'requiredXor', 'dependentRequired', 'dependentExcluded', 'dependencies'],
  ...['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'definitions'],
]);
const MAPS_OF_SCHEMAS = new Set(['properties', 'patternProperties', 'definitions', 'dependencies']);
const SCHEMAS = new Set(['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else']);
const LISTS_OF_SCHEMAS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);

/** Rules of cfn-lint whose data AWS adds to from month to month: a value they do not list is only warned of. */
const GROWING = /_enum\.json$|engine_version/;
/** 5 MB of database classes by engine version, where E3025 has them by engine. */
const LEFT_OUT = new Set(['E3062']);

const sitePackages = sitePackagesOf(venv);
const schemas = join(sitePackages, 'cfnlint/data/schemas');
const cfnLint = JSON.parse(
  execFileSync(join(venv, 'bin/python'), [join(root, 'scripts/read-cfn-lint.py')], { maxBuffer: 2 ** 28 }),
);
const patches = json(join(root, 'lib/spec/patches.json')).patches;
const interruptions = json(join(root, 'lib/data/interruptions.json')).types;
const spec = await loadAwsServiceSpec();
const specByType = new Map(spec.all('resource').map((resource) => [resource.cloudFormationType, resource]));

const { registry, regionsOf, regions } = readRegions();
const rules = readRules();
const types = [...new Set([...registry.keys(), ...specByType.keys()])].sort();

const files = new Map();
for (const type of types) write(`${type.replaceAll('::', '-')}.json`, entryOf(type));
for (const { rule, severity, text, schema } of rules.values())
  write(`rules/${rule}.json`, { rule, severity, text, schema });
write('types.json', types);
write('resource.json', resourceSchema());
write('regions.json', regions);
write('formats.json', cfnLint.formats);
write('versions.json', {
  'cfn-lint': distributionVersion('cfn_lint'),
  'registry schemas': json(join(schemas, 'version.json')).schema_date,
  '@aws-cdk/aws-service-spec': json(join(root, 'node_modules/@aws-cdk/aws-service-spec/package.json')).version,
  types: types.length,
  rules: rules.size,
});
if (process.argv.includes('--check')) {
  const changed = changedFiles();
  for (const name of changed) process.stdout.write(`lib/spec/index/${name} is not what its sources give\n`);
  process.stdout.write(`${types.length} types, ${rules.size} rules: ${changed.length} files differ\n`);
  if (changed.length > 0) process.exitCode = 1;
} else {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'rules'), { recursive: true });
  for (const [name, text] of files) writeFileSync(join(out, name), text);
  process.stdout.write(`${types.length} types, ${rules.size} rules written to lib/spec/index\n`);
}

/** Files that the sources would write otherwise, and files that they would not write. */
function changedFiles() {
  const there = readdirSync(out, { recursive: true }).filter((name) => name.endsWith('.json'));
  const differs = ([name, text]) => !existsSync(join(out, name)) || readFileSync(join(out, name), 'utf8') !== text;
  return [...[...files].filter(differs).map(([name]) => name), ...there.filter((name) => !files.has(name))].sort();
}

/** See ResourceType in lib/spec/resource-type.ts for what each key means. */
function entryOf(type) {
  const source = registry.has(type) ? json(join(schemas, 'resources', `${registry.get(type)}.json`)) : undefined;
  for (const entry of patches) if (entry.type === type) for (const step of entry.patch) apply(source, step);
  const resource = specByType.get(type);
  const schema = source ? trimmed(source) : schemaFromSpec(resource);
  if (resource) addNewer(schema, resource);
  return dropEmpty({
    type,
    sources: [...(source ? ['registry'] : []), ...(resource ? ['serviceSpec'] : [])],
    lifecycle: source?.lifecycle,
    regions: regionsOf(type),
    ref: resource?.cfnRefIdentifier ?? resource?.primaryIdentifier ?? pathsOf(source?.primaryIdentifier),
    arn: resource?.arnTemplate,
    stateful: resource?.isStateful === true,
    tags: tagsOf(source, resource),
    attributes: [...new Set([...(cfnLint.attributes[type] ?? []), ...Object.keys(resource?.attributes ?? {})])].sort(),
    // What SAM makes has them; what is written for SAM may give their names another meaning (StateMachine's Name).
    readOnly: type.startsWith('AWS::Serverless::') ? undefined : pathsOf(source?.readOnlyProperties),
    writeOnly: pathsOf(source?.writeOnlyProperties),
    deprecated: pathsOf(source?.deprecatedProperties),
    replacement: replacementOf(source, resource),
    replacementStrategy: source?.replacementStrategy,
    interruptions: interruptionsOf(type, schema),
    rules: [...rules.values()].flatMap(({ rule, places }) =>
      places.filter((place) => place.type === type).map(({ at }) => ({ rule, at })),
    ),
    schema,
  });
}

/** For each type the schema of the primary region, else of the first that has it; where it is not everywhere, where. */
function readRegions() {
  const names = readdirSync(join(schemas, 'providers'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort((a, b) => Number(b === PRIMARY) - Number(a === PRIMARY) || (a < b ? -1 : 1));
  const real = names.filter((name) => name !== 'sam').sort();
  const registry = new Map();
  const having = new Map();
  for (const name of names) {
    for (const [type, hash] of Object.entries(json(join(schemas, 'providers', `${name}.json`)))) {
      if (!registry.has(type)) registry.set(type, hash);
      if (name !== 'sam') having.set(type, [...(having.get(type) ?? []), name]);
    }
  }
  return {
    registry,
    regions: real,
    regionsOf(type) {
      const has = new Set(having.get(type));
      if (has.size === 0 || has.size === real.length) return undefined;
      const lacks = real.filter((name) => !has.has(name));
      return has.size <= lacks.length ? { only: real.filter((name) => has.has(name)) } : { except: lacks };
    },
  };
}

/** The schemas that cfn-lint holds against single properties, where they judge one resource alone and name no region. */
function readRules() {
  const rules = new Map();
  for (const { rule, text, keywords, folder, file, regional } of cfnLint.rules) {
    const places = keywords.flatMap((keyword) => {
      const match = /^Resources\/(AWS::[^/]+)\/Properties(?:\/(.*))?$/.exec(keyword);
      return match ? [{ type: match[1], at: match[2] ?? '' }] : [];
    });
    if (!rule.startsWith('E') || places.length === 0 || !folder.startsWith('aws_') || LEFT_OUT.has(rule)) continue;
    const data = json(join(schemas, 'extensions', folder, file));
    const schema = trimmed(foldEngines(regional ? acrossRegions(data) : data));
    // Those with $data or cfnGather compare with another property or another resource.
    if (/"(\$data|\$lookup|cfnGather|cfnContext|dynamicValidation)"/.test(JSON.stringify(data))) continue;
    rules.set(rule, { rule, text, severity: GROWING.test(file) ? 'warning' : 'error', places, schema });
  }
  return rules;
}

/** What may stand beside Properties in a resource, and who can be kept as a snapshot. */
function resourceSchema() {
  const { definitions } = trimmed(json(join(schemas, 'other/resources/configuration.json')));
  const updates = trimmed(json(join(schemas, 'other/resources/update_policy.json')));
  const forType = (type, schema) => conditional({ properties: { Type: { const: type } } }, { properties: schema });
  return {
    snapshots: cfnLint.snapshots,
    schema: {
      definitions: updates.definitions,
      allOf: [
        definitions.ResourceConfiguration,
        ...updates.allOf,
        ...Object.entries(cfnLint.creationPolicies).map(([type, schema]) => forType(type, { CreationPolicy: schema })),
      ],
    },
  };
}

/** A value is allowed where any region allows it: a template is not written for one region. */
function acrossRegions(byRegion) {
  const enums = new Set();
  const branches = new Map();
  for (const schema of Object.values(byRegion)) {
    for (const value of schema.enum ?? []) enums.add(value);
    for (const { if: when, then } of schema.allOf ?? []) {
      const [[property, { enum: values }]] = Object.entries(then.properties);
      const key = JSON.stringify(when);
      if (!branches.has(key)) branches.set(key, { when, property, values: new Set() });
      for (const value of values) branches.get(key).values.add(value);
    }
  }
  if (enums.size > 0) return { enum: [...enums].sort() };
  // A condition that is missing in some regions says nothing there; with the union of the others nothing wrong is said.
  const allOf = [...branches.keys()].sort().map((key) => {
    const { when, property, values } = branches.get(key);
    return conditional(when, { properties: { [property]: { enum: [...values].sort() } } });
  });
  return { allOf };
}

function conditional(premise, conclusion) {
  return Object.fromEntries([
    ['if', premise],
    ['then', conclusion],
  ]);
}

/** RDS takes the name of an engine in either case; cfn-lint lowers it before it looks. */
function foldEngines(value, isEngine = false) {
  if (Array.isArray(value)) return value.map((item) => foldEngines(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (isEngine && key === 'const') return ['enumCaseInsensitive', [member]];
      if (isEngine && key === 'enum') return ['enumCaseInsensitive', member];
      return [key, foldEngines(member, key === 'Engine')];
    }),
  );
}

/** Keys sorted, only known keywords. Throws on one that is neither known nor known to say nothing. */
function trimmed(schema) {
  if (typeof schema !== 'object' || schema === null) return schema;
  const result = {};
  for (const key of Object.keys(schema)
    .filter((name) => KEYWORDS.has(name))
    .sort()) {
    const value = schema[key];
    if (MAPS_OF_SCHEMAS.has(key))
      result[key] = Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((name) => [name, Array.isArray(value[name]) ? value[name] : trimmed(value[name])]),
      );
    else if (SCHEMAS.has(key)) result[key] = trimmed(value);
    else if (LISTS_OF_SCHEMAS.has(key)) result[key] = value.map(trimmed);
    else if (key === 'format') {
      if (value === 'ipv4-network' || cfnLint.formats[value]) result[key] = value;
    } else result[key] = value;
  }
  return result;
}

// `/properties/A/items/B` and `/properties/A/*/B` as `A/*/B`.
function pathsOf(pointers = []) {
  const paths = pointers.map((pointer) =>
    pointer
      .replace(/^\/properties\//, '')
      .replaceAll('/properties/', '/')
      .replaceAll(/\/items(?=\/|$)/g, '/*'),
  );
  return [...new Set(paths)].sort();
}

/** Which source says that a change of a property replaces the resource: `yes`, `maybe` or `no`; `unknown`: it has no such property. */
function replacementOf(source, resource) {
  const said = new Map();
  const say = (path, who, what) => said.set(path, { ...said.get(path), [who]: what });
  for (const path of pathsOf(source?.conditionalCreateOnlyProperties)) say(path, 'registry', 'maybe');
  for (const path of pathsOf(source?.createOnlyProperties)) say(path, 'registry', 'yes');
  const inSpec = new Map();
  if (resource) flatten(resource.properties, [], inSpec, new Set());
  for (const [path, what] of inSpec) if (what === 'yes' || what === 'maybe') say(path, 'serviceSpec', what);
  for (const parts of resource?.additionalReplacementProperties ?? []) say(parts.join('/'), 'serviceSpec', 'yes');
  const result = {};
  for (const path of [...said.keys()].sort()) {
    const { registry, serviceSpec } = said.get(path);
    const [top] = path.split('/');
    result[path] = {
      registry: registry ?? (source === undefined || !has(source.properties, top) ? 'unknown' : 'no'),
      serviceSpec: serviceSpec ?? (resource === undefined || !has(resource.properties, top) ? 'unknown' : 'no'),
    };
  }
  return result;
}

/** What the service spec says of each property, nested ones by path. A type that holds itself is entered once. */
function flatten(properties, path, into, open) {
  for (const [name, property] of Object.entries(properties)) {
    const here = [...path, name];
    into.set(here.join('/'), property.causesReplacement);
    for (const [steps, definition] of definitionsIn(property.type)) {
      if (open.has(definition.$id)) continue;
      flatten(definition.properties, [...here, ...steps], into, new Set([...open, definition.$id]));
    }
  }
}

function definitionsIn(type, steps = []) {
  if (type.type === 'ref') return [[steps, spec.get('typeDefinition', type.reference.$ref)]];
  if (type.type === 'array' || type.type === 'map') return definitionsIn(type.element, [...steps, '*']);
  return [];
}

function tagsOf(source, resource) {
  const property =
    resource?.tagInformation?.tagPropertyName ??
    (source?.tagging?.taggable === false ? undefined : source?.tagging?.tagProperty?.replace('/properties/', ''));
  if (property === undefined || !has(source?.properties ?? resource.properties, property)) return undefined;
  return { property, form: resource?.tagInformation?.variant ?? 'standard' };
}

/** Properties that only the other source has yet: known by name, not judged further. */
function addNewer(schema, resource) {
  for (const name of Object.keys(resource.properties).sort())
    if (!has(schema.properties, name)) schema.properties[name] = {};
}

/** For types that the registry has no longer: what the service spec knows of names and kinds. */
function schemaFromSpec(resource) {
  const definitions = {};
  const ofProperties = (properties) => ({
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.keys(properties)
        .sort()
        .map((name) => [name, ofType(properties[name].type)]),
    ),
    required: Object.keys(properties)
      .filter((name) => properties[name].required)
      .sort(),
  });
  const ofType = (type) => {
    if (type.type === 'array') return { items: ofType(type.element), type: 'array' };
    if (type.type === 'map') return { patternProperties: { '.*': ofType(type.element) }, type: 'object' };
    if (type.type !== 'ref')
      return ['string', 'number', 'integer', 'boolean'].includes(type.type) ? { type: type.type } : {};
    const definition = spec.get('typeDefinition', type.reference.$ref);
    if (!has(definitions, definition.name)) {
      definitions[definition.name] = {};
      definitions[definition.name] = { ...ofProperties(definition.properties), type: 'object' };
    }
    return { $ref: `#/definitions/${definition.name}` };
  };
  const schema = ofProperties(resource.properties);
  return { ...schema, ...(Object.keys(definitions).length > 0 && { definitions }) };
}

/** One step of a JSON Patch (RFC 6902): add, replace, remove. Throws where its place is not there, so that no patch is stale. */
function apply(document, { op, path, value }) {
  const parts = path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop();
  const parent = parts.reduce((node, part) => node?.[part], document);
  if (parent === undefined || (op !== 'add' && !has(parent, last))) throw new Error(`patches.json: no ${path}`);
  if (op === 'remove') delete parent[last];
  else if (Array.isArray(parent) && last === '-') parent.push(value);
  else parent[last] = value;
}

/** Paths of properties whose change interrupts: those of the type, and those of its definitions (`Type Definition`) where they stand. */
function interruptionsOf(type, schema) {
  const paths = new Set(interruptions[type]);
  const visit = (node, path, open) => {
    const named = node?.$ref?.replace('#/definitions/', '');
    if (named !== undefined) {
      if (open.includes(named)) return;
      for (const property of interruptions[`${type} ${named}`] ?? []) paths.add([...path, property].join('/'));
      visit(schema.definitions?.[named], path, [...open, named]);
    }
    for (const [name, member] of Object.entries(node?.properties ?? {})) visit(member, [...path, name], open);
    if (typeof node?.items === 'object') visit(node.items, [...path, '*'], open);
  };
  visit(schema, [], []);
  return [...paths].sort();
}

function dropEmpty(entry) {
  return Object.fromEntries(
    Object.entries(entry).filter(
      ([, value]) =>
        value !== undefined && value !== false && !(typeof value === 'object' && Object.keys(value).length === 0),
    ),
  );
}

function has(object, name) {
  return object !== undefined && Object.hasOwn(object, name);
}

function write(name, value) {
  files.set(name, `${layOut(value)}\n`);
}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function sitePackagesOf(environment) {
  for (const python of readdirSync(join(environment, 'lib')).filter((name) => name.startsWith('python')))
    return join(environment, 'lib', python, 'site-packages');
  throw new Error(`no site-packages under ${environment}: run node scripts/setup.mjs first`);
}

function distributionVersion(name) {
  const folder = readdirSync(sitePackages).find(
    (entry) => entry.startsWith(`${name}-`) && entry.endsWith('.dist-info'),
  );
  return folder.slice(name.length + 1, -'.dist-info'.length);
}
