import { type Finding, nearestMatch, type Severity } from '../cfn/errors.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { isOfRain, type Transforms, transformsOf } from '../cfn/transforms.ts';

const SECTIONS = [
  ...['AWSTemplateFormatVersion', 'Transform', 'Description', 'Metadata', 'Parameters', 'Rules', 'Mappings'],
  ...['Conditions', 'Hooks', 'Resources', 'Outputs'],
];

/** Sections that hold entries with names of the author's. */
const NAMED = ['Parameters', 'Rules', 'Mappings', 'Conditions', 'Resources', 'Outputs'] as const;

/** Keys of an entry, those that it needs first. */
const KEYS: Readonly<Record<string, { needed: readonly string[]; also: readonly string[] }>> = {
  Parameters: {
    needed: ['Type'],
    also: [
      ...['Description', 'Default', 'AllowedValues', 'AllowedPattern', 'ConstraintDescription', 'MinLength'],
      ...['MaxLength', 'MinValue', 'MaxValue', 'NoEcho'],
    ],
  },
  Rules: { needed: ['Assertions'], also: ['RuleCondition'] },
  Outputs: { needed: ['Value'], also: ['Description', 'Condition', 'Export'] },
};

/**
 * Quotas of CloudFormation, in entries, in characters of a name, in bytes.
 * Source: "Understand CloudFormation quotas", read 2026-11-21.
 */
const QUOTAS = {
  entries: { Parameters: 200, Mappings: 200, Resources: 500, Outputs: 200 } as Readonly<Record<string, number>>,
  mappingAttributes: 200,
  name: 255,
  description: 1024,
  /** What a request can carry; more has to be put in S3. */
  request: 51_200,
  template: 1_048_576,
};

/**
 * What a template must look like whatever is in it: CFN109 and CFN117 quotas, CFN111 and CFN113 to CFN119 sections, entries,
 * their names and keys; CFN107 Rain's functions, CFN136 SAM's types without SAM. Keys of a resource are judged with its
 * properties.
 *
 * @param text of the file, for its size.
 */
export function checkStructure(template: Template, text: string): Finding[] {
  const transforms = transformsOf(template);
  const sections = template as unknown as JsonObject;
  return [
    ...size(text),
    ...sectionsOf(sections, transforms),
    ...header(sections),
    ...NAMED.flatMap((section) => entries(section, sections[section])),
    ...(transforms.sam || transforms.macros ? [] : serverless(sections.Resources)),
    ...mappings(sections.Mappings),
    ...rain(sections, []),
    ...nulls(sections, [], transforms.sam ? 'warning' : 'error'),
  ];
}

function size(text: string): Finding[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > QUOTAS.template)
    return [
      finding(
        'CFN109',
        [],
        `the template has ${bytes} bytes; allowed: ${QUOTAS.template}`,
        'split it into several stacks',
      ),
    ];
  if (bytes <= QUOTAS.request) return [];
  const message = `the template has ${bytes} bytes; more than ${QUOTAS.request} can be deployed from S3 only`;
  return [finding('CFN109', [], message, 'deploy it with --s3-bucket, or split it', 'info')];
}

function sectionsOf(template: JsonObject, transforms: Transforms): Finding[] {
  return Object.keys(template).flatMap((section): Finding[] => {
    if (SECTIONS.includes(section) || section.startsWith('Fn::Transform')) return [];
    if (section === 'Globals') {
      if (transforms.sam || transforms.addsNames) return [];
      const message = 'Globals is a section of SAM, and the template has not its transform';
      return [finding('CFN114', [section], message, 'add Transform: AWS::Serverless-2016-10-31')];
    }
    const nearest = nearestMatch(section, SECTIONS);
    const message = `there is no section ${section}${nearest ? `; did you mean ${nearest}?` : ''}`;
    const fix = nearest ? `write ${nearest}` : `remove it; allowed: ${SECTIONS.join(', ')}`;
    return [finding('CFN114', [section], message, fix)];
  });
}

function header(template: JsonObject): Finding[] {
  const findings: Finding[] = [];
  const { AWSTemplateFormatVersion: version, Description: description, Transform: transform } = template;
  if (version !== undefined && version !== null && version !== '2010-09-09') {
    const message = `AWSTemplateFormatVersion is ${shown(version)}; there is only 2010-09-09`;
    findings.push(finding('CFN115', ['AWSTemplateFormatVersion'], message, "write '2010-09-09'"));
  }
  if (description !== undefined && description !== null) {
    if (typeof description === 'object') {
      const message = 'Description is no text; functions cannot be used in it';
      findings.push(finding('CFN115', ['Description'], message, 'write it out'));
    } else findings.push(...tooLong('Description', String(description), ['Description'], QUOTAS.description));
  }
  for (const [index, entry] of [transform ?? []].flat().entries()) {
    const path = Array.isArray(transform) ? ['Transform', index] : ['Transform'];
    if (typeof entry === 'string' || (isObject(entry) && typeof entry.Name === 'string' && isCall(entry))) continue;
    const message = 'a transform is a name, or a mapping with Name and Parameters';
    findings.push(finding('CFN115', path, message, 'write the name of the macro'));
  }
  return findings;
}

function isCall(entry: JsonObject): boolean {
  return Object.keys(entry).every((key) => key === 'Name' || key === 'Parameters');
}

function entries(section: (typeof NAMED)[number], value: Json | undefined): Finding[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value))
    return section === 'Resources'
      ? []
      : [finding('CFN111', [section], `${section} is no mapping`, 'give each entry a name')];
  const findings: Finding[] = [];
  const named = Object.entries(value).filter(([name]) => !name.startsWith('Fn::'));
  const most = QUOTAS.entries[section] ?? Infinity;
  if (named.length > most) {
    const message = `there are ${named.length} ${section}; allowed: ${most}`;
    findings.push(finding('CFN117', [section], message, 'split the template into several stacks'));
  }
  for (const [name, entry] of named) {
    const path = [section, name];
    findings.push(...nameOf(name, path, section === 'Conditions' ? /^[A-Za-z0-9&_]+$/ : /^[A-Za-z0-9]+$/));
    const keys = KEYS[section];
    if (keys) findings.push(...keysOf(entry, path, keys));
    if (section === 'Outputs' && isObject(entry)) findings.push(...output(entry, path));
    if (section === 'Rules' && isObject(entry)) findings.push(...assertions(entry, path));
  }
  return findings;
}

function serverless(resources: Json | undefined): Finding[] {
  return Object.entries(isObject(resources) ? resources : {}).flatMap(([id, entry]): Finding[] => {
    if (!isObject(entry) || typeof entry.Type !== 'string' || !entry.Type.startsWith('AWS::Serverless::')) return [];
    const message = `${id}: ${entry.Type} is a type of SAM, and the template has not its transform`;
    return [finding('CFN136', ['Resources', id, 'Type'], message, 'add Transform: AWS::Serverless-2016-10-31')];
  });
}

function nameOf(name: string, path: Path, allowed: RegExp): Finding[] {
  if (name.length > QUOTAS.name) return tooLong('the name', name, path, QUOTAS.name);
  if (allowed.test(name)) return [];
  const fitting = name.replace(/[^A-Za-z0-9]/g, '');
  const message = `${path.join('.')}: a name has letters and digits only`;
  return [finding('CFN116', path, message, fitting ? `write ${fitting}` : 'give it a name')];
}

function keysOf(
  entry: Json,
  path: Path,
  { needed, also }: (typeof KEYS)[string],
  stranger: Severity = 'error',
): Finding[] {
  const name = path.slice(1).join('.');
  if (entry === null) return [];
  if (!isObject(entry)) return [finding('CFN111', path, `${name} is no mapping`, `give it ${needed.join(', ')}`)];
  const known = [...needed, ...also];
  const findings = Object.keys(entry).flatMap((key): Finding[] => {
    if (known.includes(key) || key.startsWith('Fn::Transform')) return [];
    const nearest = nearestMatch(key, known);
    const message = `${name} has no key ${key}${nearest ? `; did you mean ${nearest}?` : ''}`;
    return [
      finding(
        'CFN118',
        [...path, key],
        message,
        nearest ? `write ${nearest}` : `remove it; allowed: ${known.join(', ')}`,
        stranger,
      ),
    ];
  });
  for (const key of needed)
    if (!Object.hasOwn(entry, key) && !Object.hasOwn(entry, 'Fn::Transform'))
      findings.push(finding('CFN119', path, `${name} has no ${key}`, `add ${key}`));
  return findings;
}

function output(entry: JsonObject, path: Path): Finding[] {
  const findings: Finding[] = [];
  const name = path.slice(1).join('.');
  const { Export: exported, Condition: condition, Description: description } = entry;
  if (exported !== undefined && exported !== null)
    findings.push(...keysOf(exported, [...path, 'Export'], { needed: ['Name'], also: [] }));
  if (condition !== undefined && condition !== null && typeof condition !== 'string')
    findings.push(
      finding('CFN119', [...path, 'Condition'], `${name}: Condition is no name of a condition`, 'name a condition'),
    );
  if (isObject(description) || Array.isArray(description))
    findings.push(
      finding(
        'CFN119',
        [...path, 'Description'],
        `${name}: Description is no text; functions cannot be used in it`,
        'write it out',
      ),
    );
  else if (typeof description === 'string')
    findings.push(...tooLong('Description', description, [...path, 'Description'], QUOTAS.description));
  return findings;
}

const ASSERTION = { needed: ['Assert'], also: ['AssertDescription'] };

function assertions(entry: JsonObject, path: Path): Finding[] {
  if (entry.Assertions === undefined || entry.Assertions === null) return [];
  const here = [...path, 'Assertions'];
  const name = here.slice(1).join('.');
  if (!Array.isArray(entry.Assertions))
    return [finding('CFN119', here, `${name} is no list`, 'write a list of mappings with Assert')];
  return entry.Assertions.flatMap((assertion, index) => keysOf(assertion, [...here, index], ASSERTION, 'warning'));
}

function mappings(section: Json | undefined): Finding[] {
  if (!isObject(section)) return [];
  return Object.entries(section).flatMap(([name, rows]): Finding[] => {
    const path = ['Mappings', name];
    if (name.startsWith('Fn::') || rows === null) return [];
    if (!isObject(rows)) return [finding('CFN111', path, `${name} is no mapping`, 'write: Key: {Name: value}')];
    if (Object.hasOwn(rows, 'Fn::Transform')) return [];
    const findings: Finding[] = [];
    if (Object.keys(rows).length > QUOTAS.mappingAttributes) {
      const message = `${name} has ${Object.keys(rows).length} keys; allowed: ${QUOTAS.mappingAttributes}`;
      findings.push(finding('CFN117', path, message, 'split the mapping'));
    }
    for (const [key, row] of Object.entries(rows)) findings.push(...rowOf(row, [...path, key], key));
    return findings;
  });
}

function rowOf(row: Json, path: Path, key: string): Finding[] {
  const name = path.slice(1).join('.');
  if (row === null) return [];
  const findings = nameOf(key, path, /^[A-Za-z0-9.-]+$/);
  if (!isObject(row)) return [...findings, finding('CFN111', path, `${name} is no mapping`, 'write: Name: value')];
  if (Object.hasOwn(row, 'Fn::Transform')) return findings;
  for (const [attribute, value] of Object.entries(row)) {
    const here = [...path, attribute];
    findings.push(...nameOf(attribute, here, /^[A-Za-z0-9]+$/));
    if (isObject(value) || (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)))
      findings.push(
        finding(
          'CFN119',
          here,
          `${here.slice(1).join('.')} is neither a text nor a list of texts; functions cannot be used in mappings`,
          'write the value out, at the second level of keys',
        ),
      );
  }
  return findings;
}

/**
 * CFN113, a warning where SAM comes first and may leave out what holds it. What stands in `Metadata` is nobody's but the
 * author's.
 */
function nulls(value: Json, path: Path, severity: Severity): Finding[] {
  if (value === null) {
    const message = `${path.join('.')} has no value; CloudFormation refuses null`;
    return [finding('CFN113', path, message, 'give it a value, or remove it', severity)];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => nulls(item, [...path, index], severity));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'Metadata' && (path.length === 0 || path[0] === 'Resources')) return [];
    if (key === 'Resources' && path.length === 0 && member === null) return [];
    return nulls(member, [...path, key], severity);
  });
}

/** CFN107, a warning: what Rain makes of the file is another template, and that one is deployed. */
function rain(value: Json, path: Path): Finding[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => rain(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (!isOfRain(key)) return rain(member, [...path, key]);
    const message = `${key} is filled in by Rain; CloudFormation has no such function`;
    return [finding('CFN107', path, message, 'check what rain pkg makes of the file', 'warning')];
  });
}

function tooLong(what: string, text: string, path: Path, most: number): Finding[] {
  const bytes = Buffer.byteLength(text);
  if (bytes <= most) return [];
  return [finding('CFN117', path, `${what} has ${bytes} bytes; allowed: ${most}`, 'shorten it')];
}

function shown(value: Json): string {
  return typeof value === 'object' ? 'no text' : `"${value}"`;
}

function finding(code: string, path: Path, message: string, fix: string, severity: Severity = 'error'): Finding {
  return { code, severity, path, message, fix };
}
