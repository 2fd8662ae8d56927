// Cuts lib/spec/index/ from its two sources: the registry's JSON schemas, which the PyPI package cfn-lint carries, and
// @aws-cdk/aws-service-spec. Run by `npm run spec`, seldom, after a version of either has changed; a refresh is a commit
// of its own. Needs the virtual environment of scripts/setup.mjs (or PLAINFORM_VENV).
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';

const root = fileURLToPath(new URL('..', import.meta.url));
const venv = process.env.PLAINFORM_VENV ?? join(root, '.venv');
const out = join(root, 'lib/spec/index');

/** What the validator and the types read; descriptions, handlers and links to documentation are left out. */
const DROPPED = new Set([
  'description',
  'handlers',
  'sourceUrl',
  'documentationUrl',
  'typeName',
  'title',
  '$comment',
  'examples',
  'markdownDescription',
]);

const sitePackages = sitePackagesOf(venv);
const schemas = join(sitePackages, 'cfnlint/data/schemas');
const regions = readdirSync(join(schemas, 'providers'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5))
  .sort((a, b) => Number(b === 'us-east-1') - Number(a === 'us-east-1') || a.localeCompare(b));
const registry = new Map();
for (const region of regions) {
  for (const [type, hash] of Object.entries(json(join(schemas, 'providers', `${region}.json`))))
    if (!registry.has(type)) registry.set(type, hash);
}

const spec = await loadAwsServiceSpec();
const specByType = new Map(spec.all('resource').map((resource) => [resource.cloudFormationType, resource]));
const types = [...new Set([...registry.keys(), ...specByType.keys()])].sort();

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const type of types) {
  const schema = registry.has(type)
    ? trimmed(json(join(schemas, 'resources', `${registry.get(type)}.json`)))
    : undefined;
  const resource = specByType.get(type);
  const entry = {
    type,
    source: { registry: schema !== undefined, serviceSpec: resource !== undefined },
    attributes: attributesOf(schema, resource),
    tags: resource?.tagInformation?.tagPropertyName ?? schema?.tagging?.tagProperty?.replace('/properties/', ''),
    replacedBy: {
      registry: (schema?.createOnlyProperties ?? []).map(pointerToPath),
      registryMaybe: (schema?.conditionalCreateOnlyProperties ?? []).map(pointerToPath),
      serviceSpec: resource ? replacementsOf(resource, 'yes') : [],
      serviceSpecMaybe: resource ? replacementsOf(resource, 'maybe') : [],
    },
    schema: schema ?? schemaFromSpec(resource),
  };
  writeFileSync(join(out, `${type.replaceAll('::', '-')}.json`), `${JSON.stringify(entry)}\n`);
}
const packageVersion = (name) => json(join(root, `node_modules/${name}/package.json`)).version;
writeFileSync(join(out, 'types.json'), `${JSON.stringify(types, null, 0)}\n`);
writeFileSync(
  join(out, 'versions.json'),
  `${JSON.stringify(
    {
      'cfn-lint': distributionVersion('cfn_lint'),
      'registry schemas': json(join(schemas, 'version.json')).schema_date,
      '@aws-cdk/aws-service-spec': packageVersion('@aws-cdk/aws-service-spec'),
      types: types.length,
    },
    null,
    2,
  )}\n`,
);
process.stdout.write(`${types.length} types written to lib/spec/index\n`);

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

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function trimmed(value, inProperties = false) {
  if (Array.isArray(value)) return value.map((item) => trimmed(item));
  if (typeof value !== 'object' || value === null) return value;
  const result = {};
  for (const key of Object.keys(value).sort()) {
    if (
      !inProperties &&
      DROPPED.has(key) &&
      (typeof value[key] === 'string' || key === 'handlers' || key === 'examples')
    )
      continue;
    const names = !inProperties && (key === 'properties' || key === 'definitions' || key === 'patternProperties');
    result[key] = trimmed(value[key], names);
  }
  return result;
}

function pointerToPath(pointer) {
  return pointer
    .replace(/^\/properties\//, '')
    .replaceAll('/properties/', '/')
    .replaceAll('/items/', '/*/')
    .replaceAll('/', '.');
}

/** Read-only properties of the registry are its attributes; the service spec knows some more, and their ARN formats. */
function attributesOf(schema, resource) {
  const names = new Set(Object.keys(resource?.attributes ?? {}));
  for (const pointer of schema?.readOnlyProperties ?? []) names.add(pointerToPath(pointer));
  return [...names].sort();
}

function replacementsOf(resource, kind) {
  return Object.entries(resource.properties)
    .filter(([, property]) => property.causesReplacement === kind)
    .map(([name]) => name)
    .sort();
}

/** For the few types that the registry does not hold: names and primitive types only. */
function schemaFromSpec(resource) {
  const properties = {};
  const required = [];
  for (const [name, property] of Object.entries(resource.properties)) {
    const primitive = { string: 'string', boolean: 'boolean', integer: 'integer', number: 'number' }[
      property.type.type
    ];
    properties[name] = primitive ? { type: primitive } : {};
    if (property.required) required.push(name);
  }
  return { additionalProperties: false, properties, required: required.sort() };
}
