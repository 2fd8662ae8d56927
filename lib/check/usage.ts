import { type Finding, nearestMatch } from '../cfn/errors.ts';
import { referencesIn, templateReferences } from '../cfn/graph.ts';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { transformsOf } from '../cfn/transforms.ts';

/**
 * What is declared and does nothing (CFN130 parameters, CFN131 conditions, CFN132 mappings), what a form of the console names
 * and is not declared (CFN133), and what is declared twice (CFN134 exports, CFN135 names).
 *
 * @param source before its loops are unrolled: what a loop runs over is used.
 */
export function checkUsage(template: Template, source: Template): Finding[] {
  // A macro, and what it includes, gets the parameters whether the template refers to them or not.
  const judged = transformsOf(template).addsNames ? [] : [...unused(template, source), ...form(template)];
  return [...judged, ...exportedTwice(template), ...namedTwice(template)];
}

function unused(template: Template, source: Template): Finding[] {
  const used = { Parameters: new Set<string>(), Conditions: new Set<string>(), Mappings: new Set<string>() };
  const sections = source as unknown as JsonObject;
  const looping = source === template ? [] : ['Conditions', 'Resources', 'Outputs'];
  const references = [
    ...templateReferences(template),
    ...[...looping, 'Globals', 'Hooks', 'Metadata'].flatMap((section) => referencesIn(sections[section], [section])),
  ];
  for (const { kind, target } of references)
    used[kind === 'Condition' ? 'Conditions' : kind === 'Mapping' ? 'Mappings' : 'Parameters'].add(target);
  const types = new Set<string>();
  readByRules(sections.Rules ?? null, used.Parameters, types);
  let text: string | undefined;
  /** Whether names of the section are computed somewhere: which, is not known. */
  const isComputed = (section: string): boolean => {
    text ??= JSON.stringify(template);
    if (section === 'Mappings') return text.includes('"Fn::FindInMap":[{');
    return section === 'Parameters' && /"Ref":\{(?!"Fn::Sub":"[^"$]*"\})/.test(text);
  };
  const what = {
    Parameters: ['CFN130', 'parameter'],
    Conditions: ['CFN131', 'condition'],
    Mappings: ['CFN132', 'mapping'],
  };
  return (['Parameters', 'Conditions', 'Mappings'] as const).flatMap((section) => {
    const [code, noun] = what[section] as [string, string];
    const declared = template[section] as JsonObject | undefined;
    return Object.entries(isObject(declared) ? declared : {}).flatMap(([name, body]): Finding[] => {
      if (name.startsWith('Fn::') || used[section].has(name)) return [];
      if (section === 'Parameters' && isObject(body) && types.has(String(body.Type))) return [];
      if (isComputed(section)) return [];
      const message = `${noun} ${name} is not used`;
      return [{ code, severity: 'warning', path: [section, name], message, fix: 'remove it' }];
    });
  });
}

/** `Fn::ValueOf` names a parameter, `Fn::RefAll` and `Fn::ValueOfAll` all of a type. */
function readByRules(value: Json, names: Set<string>, types: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) readByRules(item, names, types);
  if (!isObject(value)) return;
  const call = intrinsicOf(value);
  const first = Array.isArray(call?.argument) ? call.argument[0] : call?.argument;
  if (typeof first === 'string') {
    if (call?.name === 'Fn::ValueOf') names.add(first);
    if (call?.name === 'Fn::RefAll' || call?.name === 'Fn::ValueOfAll') types.add(first);
  }
  for (const member of Object.values(value)) readByRules(member, names, types);
}

const GROUP_KEYS = ['Label', 'Parameters'];
const FORM_KEYS = ['ParameterGroups', 'ParameterLabels'];

/** `AWS::CloudFormation::Interface`: CloudFormation deploys it as it is, and the console leaves out what it does not know. */
function form(template: Template): Finding[] {
  const path: Path = ['Metadata', 'AWS::CloudFormation::Interface'];
  const given = isObject(template.Metadata) ? template.Metadata['AWS::CloudFormation::Interface'] : undefined;
  if (!isObject(given)) return [];
  const findings: Finding[] = [];
  const report = (at: Path, message: string, fix: string): void => {
    findings.push({ code: 'CFN133', severity: 'warning', path: [...path, ...at], message, fix });
  };
  const declared = Object.keys(isObject(template.Parameters) ? template.Parameters : {});
  const named = (name: Json, at: Path): void => {
    if (typeof name === 'string' && declared.includes(name)) return;
    const nearest = nearestMatch(String(name), declared);
    const message = `the form names ${typeof name === 'string' ? name : 'something'}; there is no parameter of that name${nearest ? `; did you mean ${nearest}?` : ''}`;
    report(at, message, nearest ? `write ${nearest}` : 'remove it');
  };
  const known = (value: JsonObject, keys: readonly string[], at: Path): void => {
    for (const key of Object.keys(value))
      if (!keys.includes(key))
        report([...at, key], `the form has no key ${key}`, `remove it; allowed: ${keys.join(', ')}`);
  };
  known(given, FORM_KEYS, []);
  const groups = Array.isArray(given.ParameterGroups) ? given.ParameterGroups : [];
  for (const [index, group] of groups.entries()) {
    const at = ['ParameterGroups', index];
    if (!isObject(group)) continue;
    known(group, GROUP_KEYS, at);
    if (Array.isArray(group.Parameters))
      for (const [place, name] of group.Parameters.entries()) named(name, [...at, 'Parameters', place]);
  }
  if (isObject(given.ParameterLabels))
    for (const name of Object.keys(given.ParameterLabels)) named(name, ['ParameterLabels', name]);
  return findings;
}

/** An error where both are always there together, a warning where one has a condition. Two conditions may exclude each other. */
function exportedTwice(template: Template): Finding[] {
  const seen: { name: string; exported: string; condition: Json | undefined }[] = [];
  return Object.entries(isObject(template.Outputs) ? template.Outputs : {}).flatMap(([name, body]): Finding[] => {
    if (!isObject(body) || !isObject(body.Export) || body.Export.Name === undefined) return [];
    const exported = JSON.stringify(body.Export.Name);
    const condition = body.Condition as Json | undefined;
    const alike = seen.filter((other) => other.exported === exported);
    seen.push({ name, exported, condition });
    const together = alike.find((other) => other.condition === condition);
    const first = together ?? alike.find((other) => other.condition === undefined || condition === undefined);
    if (!first) return [];
    const message = `${name} exports under the name that ${first.name} exports under`;
    const severity = together ? 'error' : 'warning';
    return [{ code: 'CFN134', severity, path: ['Outputs', name, 'Export'], message, fix: 'give it another name' }];
  });
}

function namedTwice(template: Template): Finding[] {
  const parameters = isObject(template.Parameters) ? template.Parameters : {};
  return Object.keys(isObject(template.Resources) ? template.Resources : {}).flatMap((id): Finding[] => {
    if (!Object.hasOwn(parameters, id)) return [];
    const message = `${id} is the name of a parameter and of a resource; Ref cannot tell them apart`;
    return [{ code: 'CFN135', severity: 'error', path: ['Resources', id], message, fix: 'rename one of them' }];
  });
}
