import { type Finding, nearestMatch, type Severity } from '../cfn/errors.ts';
import { SHORT_TAG } from '../cfn/intrinsics.ts';
import { parseSub, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { isOfRain, type Transforms, transformsOf } from '../cfn/transforms.ts';

/** What an argument takes and a function gives. `any` is not known; `name` is a text that is written out. */
type Kind = 'text' | 'list' | 'number' | 'test' | 'any' | 'name';

const GIVES: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(['Base64', 'ImportValue', 'Join', 'Sub', 'ToJsonString'].map((name) => [name, 'text'])),
  ...Object.fromEntries(['Cidr', 'GetAZs', 'RefAll', 'Split', 'ValueOfAll'].map((name) => [name, 'list'])),
  ...Object.fromEntries(
    ['And', 'Contains', 'EachMemberEquals', 'EachMemberIn', 'Equals', 'Not', 'Or'].map((name) => [name, 'test']),
  ),
  Length: 'number',
};

interface Shape {
  /** Of each argument; the last stands for all that follow. */
  readonly takes: readonly Kind[];
  readonly least: number;
  readonly most: number;
  readonly form: string;
}

/**
 * Functions that take a list of arguments.
 * Source: CloudFormation template reference, intrinsic functions, condition functions and rule functions, read 2026-11-21.
 */
const SHAPES: Readonly<Record<string, Shape>> = {
  And: { takes: ['test'], least: 2, most: 10, form: '[test, test, …], 2 to 10 of them' },
  Cidr: { takes: ['text', 'number'], least: 2, most: 3, form: '[block, count, bits]' },
  Contains: { takes: ['list', 'text'], least: 2, most: 2, form: '[list, text]' },
  EachMemberEquals: { takes: ['list', 'text'], least: 2, most: 2, form: '[list, text]' },
  EachMemberIn: { takes: ['list', 'list'], least: 2, most: 2, form: '[list, list]' },
  Equals: { takes: ['text', 'text'], least: 2, most: 2, form: '[text, text]' },
  FindInMap: { takes: ['text', 'text', 'text', 'any'], least: 3, most: 4, form: '[map, key, name]' },
  GetAtt: { takes: ['text', 'text'], least: 2, most: 2, form: '[resource, attribute]' },
  If: { takes: ['name', 'any', 'any'], least: 3, most: 3, form: '[condition, value, value]' },
  Join: { takes: ['name', 'list'], least: 2, most: 2, form: '[text, list]' },
  Not: { takes: ['test'], least: 1, most: 1, form: '[test]' },
  Or: { takes: ['test'], least: 2, most: 10, form: '[test, test, …], 2 to 10 of them' },
  Select: { takes: ['number', 'list'], least: 2, most: 2, form: '[index, list]' },
  Split: { takes: ['name', 'text'], least: 2, most: 2, form: '[text, text]' },
  ValueOf: { takes: ['name', 'name'], least: 2, most: 2, form: '[parameter, attribute]' },
  ValueOfAll: { takes: ['name', 'name'], least: 2, most: 2, form: '[type, attribute]' },
};

/** Functions that take one value. */
const SINGLE: Readonly<Record<string, Kind>> = {
  Base64: 'text',
  GetAZs: 'text',
  ImportValue: 'text',
  Length: 'list',
  RefAll: 'name',
  ToJsonString: 'any',
};

const ONLY_IN_RULES = ['Contains', 'EachMemberEquals', 'EachMemberIn', 'RefAll', 'ValueOf', 'ValueOfAll'];
const ONLY_IN_TESTS = ['And', 'Equals', 'Not', 'Or'];
/** What is known only when there are resources, or chosen by what is being decided. */
const NOT_IN_TESTS = ['Cidr', 'GetAtt', 'GetStackOutput', 'If', 'ImportValue'];
const OF_EXTENSIONS = ['Length', 'ToJsonString'];
const DYNAMIC = ['ssm', 'ssm-secure', 'secretsmanager'];
/** What a policy can be decided by without AWS::LanguageExtensions. Source: aws-cloudformation/cfn-lint pull request 2784, read 2026-11-21. */
const IN_POLICIES = ['Ref', 'Fn::FindInMap', 'Fn::If'];
/** Texts of another language, in which `${…}` is that language's. */
const FOREIGN_TEXTS = ['BuildSpec', 'DefinitionString', 'InlineCode', 'TemplateBody', 'ZipFile'];
const STACK_OUTPUT = ['StackName', 'OutputName', 'Region', 'RoleArn'];

/** Attributes of a resource that name things, and are read before any function is. */
const WRITTEN_OUT = ['Type', 'DependsOn', 'Condition'];

/**
 * Every intrinsic function of a template: CFN120 that it exists, CFN121 to CFN123 its place and arguments, CFN124 the
 * transform that it needs, CFN125 what stands within it, CFN126 to CFN129 what is written in texts; CFN505 to CFN507 mappings
 * without the row, indexes and networks, as far as all is written out.
 */
export function checkFunctions(template: Template): Finding[] {
  const walk = new Walk(template);
  const sections = template as unknown as JsonObject;
  for (const section of ['Conditions', 'Rules', 'Resources', 'Outputs']) {
    const entries = sections[section];
    if (!isObject(entries)) continue;
    for (const [name, entry] of Object.entries(entries)) walk.entry(section, name, entry);
  }
  if (isObject(sections.Globals)) walk.visit(sections.Globals, 'any', ['Globals']);
  return walk.findings;
}

/** State of one walk only: never exported. */
class Walk {
  readonly findings: Finding[] = [];
  readonly #template: Template;
  readonly #transforms: Transforms;
  /** Names that a placeholder can mean. */
  readonly #names: Set<string>;

  constructor(template: Template) {
    this.#template = template;
    this.#transforms = transformsOf(template);
    this.#names = new Set([...keysOf(template.Parameters), ...keysOf(template.Resources)]);
  }

  entry(section: string, name: string, entry: Json): void {
    const path = [section, name];
    if (name.startsWith('Fn::')) {
      if (name.startsWith('Fn::ForEach::') && !this.#transforms.languageExtensions) this.#extension(name, path);
      return;
    }
    if (section === 'Conditions') this.visit(entry, 'test', path);
    if (!isObject(entry)) return;
    if (section === 'Rules') {
      if (entry.RuleCondition !== undefined) this.visit(entry.RuleCondition, 'test', [...path, 'RuleCondition']);
      for (const [index, assertion] of (Array.isArray(entry.Assertions) ? entry.Assertions : []).entries())
        if (isObject(assertion) && assertion.Assert !== undefined)
          this.visit(assertion.Assert, 'test', [...path, 'Assertions', index, 'Assert']);
    }
    if (section === 'Outputs') {
      if (entry.Value !== undefined) this.visit(entry.Value, 'text', [...path, 'Value']);
      if (isObject(entry.Export) && entry.Export.Name !== undefined)
        this.visit(entry.Export.Name, 'text', [...path, 'Export', 'Name']);
    }
    if (section === 'Resources') this.#resource(entry, path);
  }

  #resource(entry: JsonObject, path: Path): void {
    for (const [key, value] of Object.entries(entry)) {
      const here = [...path, key];
      const call = functionIn(value);
      if (WRITTEN_OUT.includes(key)) {
        if (call !== undefined && !isOfRain(call))
          this.#report('CFN122', here, `${call} cannot stand in ${key}`, 'write the name out');
      } else if (
        /^(Deletion|UpdateReplace)Policy$/.test(key) &&
        call !== undefined &&
        !IN_POLICIES.includes(call) &&
        !isOfRain(call) &&
        !this.#transforms.languageExtensions
      )
        this.#report(
          'CFN124',
          here,
          `${call} in ${key} needs the transform AWS::LanguageExtensions`,
          'use Ref, Fn::FindInMap or Fn::If, or write the policy out',
        );
      else this.visit(value, 'any', here);
    }
  }

  #report(code: string, path: Path, message: string, fix: string, severity: Severity = 'error'): void {
    this.findings.push({ code, severity, path, message: `${path.slice(1).join('.')}: ${message}`, fix });
  }

  #extension(name: string, path: Path): void {
    this.#report(
      'CFN124',
      path,
      `${name} needs the transform AWS::LanguageExtensions`,
      'add Transform: AWS::LanguageExtensions',
    );
  }

  /** What stands where a value of the kind is wanted. */
  visit(value: Json, wanted: Kind, path: Path): void {
    if (value === null) return;
    if (typeof value === 'string') this.#text(value, path);
    if (typeof value !== 'object') {
      if (wanted === 'list' || wanted === 'test')
        this.#report(
          'CFN123',
          path,
          `"${shown(value)}" stands where ${NAMES[wanted]} is expected`,
          `give ${NAMES[wanted]}`,
        );
      else if (wanted === 'number' && !/^\d+$/.test(String(value)))
        this.#report('CFN123', path, `"${shown(value)}" stands where a whole number is expected`, 'give digits');
      return;
    }
    if (Array.isArray(value)) {
      if (wanted !== 'list' && wanted !== 'any')
        this.#report('CFN123', path, `a list stands where ${NAMES[wanted]} is expected`, `give ${NAMES[wanted]}`);
      for (const [index, item] of value.entries()) this.visit(item, 'any', [...path, index]);
      return;
    }
    this.#object(value, wanted, path);
  }

  #object(value: JsonObject, wanted: Kind, path: Path): void {
    const keys = Object.keys(value);
    const [only] = keys;
    if (keys.length === 1 && only !== undefined && (isFunction(only) || (only === 'Condition' && wanted === 'test'))) {
      this.#call(only, value[only]!, wanted, path);
      return;
    }
    if (wanted !== 'any' && !keys.some((key) => isOfRain(key) || isExpanding(key)))
      this.#report('CFN123', path, `a mapping stands where ${NAMES[wanted]} is expected`, `give ${NAMES[wanted]}`);
    for (const [key, member] of Object.entries(value)) {
      const here = [...path, key];
      if (isExpanding(key)) {
        if (key !== 'Fn::Transform' && !this.#transforms.languageExtensions) this.#extension(key, here);
      } else if (key.startsWith('Fn::')) {
        if (Object.hasOwn(SHORT_TAG, key))
          this.#report('CFN121', here, `${key} stands beside other keys`, 'make it the only key of its mapping');
        else this.#unknown(key, here);
      }
      this.visit(member, 'any', here);
    }
  }

  #unknown(key: string, path: Path): void {
    const nearest = nearestMatch(key, Object.keys(SHORT_TAG));
    const message = `there is no function ${key}${nearest ? `; did you mean ${nearest}?` : ''}`;
    this.#report('CFN120', path, message, nearest ? `write ${nearest}` : 'use a function of CloudFormation');
  }

  #call(key: string, argument: Json, wanted: Kind, path: Path): void {
    const here = [...path, key];
    const name = key.replace('Fn::', '');
    if (isExpanding(key)) {
      if (key === 'Fn::Transform') this.#transform(argument, here);
      else if (!this.#transforms.languageExtensions) this.#extension(key, here);
      return;
    }
    if (!Object.hasOwn(SHORT_TAG, key)) {
      this.#unknown(key, here);
      return;
    }
    if (!this.#place(name, key, path)) return;
    this.#fits(key, argument, wanted, path);
    if (argument === null) return;
    if (name === 'Ref' || name === 'Condition') this.#reference(name, argument, here);
    else if (name === 'Sub') this.#sub(argument, here);
    else if (name === 'GetStackOutput') this.#stackOutput(argument, here);
    else if (SINGLE[name] !== undefined) this.#single(name, argument, here);
    else this.#list(name, argument, wanted, here);
  }

  /** `false` where the function cannot stand: what is within it does not matter then. */
  #place(name: string, key: string, path: Path): boolean {
    const section = String(path[0]);
    const inTests = section === 'Conditions' || section === 'Rules';
    if (OF_EXTENSIONS.includes(name) && !this.#transforms.languageExtensions) this.#extension(key, path);
    if (ONLY_IN_RULES.includes(name) && section !== 'Rules')
      this.#report('CFN122', path, `${key} stands in Rules only`, 'move the test to Rules');
    else if (ONLY_IN_TESTS.includes(name) && !inTests)
      this.#report('CFN122', path, `${key} stands in Conditions and Rules only`, 'declare a condition, and use Fn::If');
    else if (NOT_IN_TESTS.includes(name) && inTests)
      this.#report('CFN122', path, `${key} cannot stand in ${section}`, 'decide by parameters and mappings');
    else return true;
    return false;
  }

  /** Whether the function gives what is wanted here. */
  #fits(key: string, argument: Json, wanted: Kind, path: Path): void {
    const given = this.#given(key, argument);
    if (wanted === 'any' || given === 'any') return;
    if (wanted === 'name') {
      this.#report('CFN125', path, `${key} stands where a text has to be written out`, 'write the text out');
      return;
    }
    const alike = wanted === 'number' || wanted === 'text' ? given === 'text' || given === 'number' : given === wanted;
    if (!alike)
      this.#report(
        'CFN125',
        path,
        `${key === 'Ref' ? `Ref ${argument}` : key} gives ${NAMES[given]} where ${NAMES[wanted]} is expected`,
        `give ${NAMES[wanted]}`,
      );
  }

  #given(key: string, argument: Json): Kind {
    if (key === 'Condition') return 'test';
    if (key !== 'Ref') return GIVES[key.replace('Fn::', '')] ?? 'any';
    if (typeof argument !== 'string') return 'any';
    if (argument.startsWith('AWS::'))
      return argument === 'AWS::NoValue' ? 'any' : argument === 'AWS::NotificationARNs' ? 'list' : 'text';
    const parameters = this.#template.Parameters;
    const type = isObject(parameters) && Object.hasOwn(parameters, argument) ? parameters[argument]?.Type : undefined;
    if (typeof type !== 'string') return 'any';
    return /^(CommaDelimitedList|List<)|<(CommaDelimitedList|List<)/.test(type) ? 'list' : 'text';
  }

  #malformed(name: string, path: Path, form: string): void {
    this.#report('CFN123', path, `${name} is malformed`, `write ${name}: ${form}`);
  }

  #reference(name: string, argument: Json, path: Path): void {
    if (typeof argument === 'string') return;
    if (name === 'Ref' && isObject(argument) && functionIn(argument) !== undefined) {
      if (this.#transforms.languageExtensions) this.visit(argument, 'text', path);
      else this.#extension(`a function within ${name}`, path);
    } else this.#malformed(name, path, 'Name');
  }

  #sub(argument: Json, path: Path): void {
    const parts = subArguments(argument);
    if (!parts) {
      this.#malformed('Fn::Sub', path, 'text, or [text, {Name: value}]');
      return;
    }
    const used = new Set(parseSub(parts.text).flatMap((part) => ('name' in part ? [part.name.trim()] : [])));
    this.#dynamic(parts.text, path);
    for (const name of used) {
      if (Object.hasOwn(parts.variables, name) || name.includes('${')) continue;
      if (this.#given('Ref', name) === 'list')
        this.#report('CFN125', path, `\${${name}} gives a list where a text is expected`, `use Fn::Join of ${name}`);
    }
    for (const [name, value] of Object.entries(parts.variables)) {
      const here = [...path, 1, name];
      if (!used.has(name) && !isExpanding(name))
        this.#report('CFN126', here, `the text has no \${${name}}`, 'remove the variable, or use it', 'warning');
      this.visit(value, 'text', here);
    }
  }

  #stackOutput(argument: Json, path: Path): void {
    if (
      !isObject(argument) ||
      !Object.hasOwn(argument, 'StackName') ||
      !Object.hasOwn(argument, 'OutputName') ||
      Object.keys(argument).some((key) => !STACK_OUTPUT.includes(key))
    ) {
      this.#malformed('Fn::GetStackOutput', path, '{StackName: …, OutputName: …, Region: …, RoleArn: …}');
      return;
    }
    for (const [key, value] of Object.entries(argument)) this.visit(value, 'text', [...path, key]);
  }

  #transform(argument: Json, path: Path): void {
    for (const [index, call] of [argument].flat().entries()) {
      const here = Array.isArray(argument) ? [...path, index] : path;
      if (!isObject(call) || typeof call.Name !== 'string')
        this.#malformed('Fn::Transform', here, '{Name: macro, Parameters: {…}}');
      else if (isObject(call.Parameters)) this.visit(call.Parameters, 'any', [...here, 'Parameters']);
    }
  }

  #single(name: string, argument: Json, path: Path): void {
    this.visit(argument, SINGLE[name]!, path);
    if (name === 'ImportValue')
      for (const target of namesIn(argument))
        if (isObject(this.#template.Resources) && Object.hasOwn(this.#template.Resources, target))
          this.#report(
            'CFN128',
            path,
            `the name of an import depends on the resource ${target}`,
            'make it of texts, parameters and pseudo parameters',
          );
  }

  #list(name: string, argument: Json, wanted: Kind, path: Path): void {
    const { takes, least, most, form } = SHAPES[name]!;
    if (!Array.isArray(argument) || argument.length < least || argument.length > most) {
      if (!(Array.isArray(argument) && argument.some((item) => isObject(item) && Object.keys(item).some(isExpanding))))
        this.#malformed(`Fn::${name}`, path, form);
      return;
    }
    for (const [index, item] of argument.entries()) {
      const kind = name === 'If' && index > 0 ? wanted : (takes[Math.min(index, takes.length - 1)] ?? 'any');
      const here = [...path, index];
      if (isComputedName(name, index, item) && !this.#transforms.languageExtensions) {
        this.#extension(`${functionIn(item)} within Fn::${name}`, here);
        continue;
      }
      if (name === 'GetAtt' && index === 0 && functionIn(item) === undefined && typeof item !== 'string')
        this.#malformed('Fn::GetAtt', path, form);
      this.visit(item, kind, here);
    }
    if (name === 'FindInMap') this.#row(argument, path);
    if (name === 'Select') this.#index(argument, path);
    if (name === 'Cidr') this.#cidr(argument, path);
  }

  /** CFN505, as far as the keys are written out. */
  #row([map, key, attribute, fallback]: readonly Json[], path: Path): void {
    if (fallback !== undefined) {
      if (!this.#transforms.languageExtensions) this.#extension('a default of Fn::FindInMap', [...path, 3]);
      return;
    }
    const rows =
      isObject(this.#template.Mappings) && typeof map === 'string' ? this.#template.Mappings[map] : undefined;
    if (!isObject(rows) || isMade(rows) || Object.values(rows).some((row) => !isObject(row) || isMade(row))) return;
    const missing = (what: string, candidates: readonly string[], at: number): void => {
      const nearest = nearestMatch(what, candidates);
      const message = `mapping ${map} has no ${what}${nearest ? `; did you mean ${nearest}?` : ''}`;
      this.#report('CFN505', [...path, at], message, nearest ? `write ${nearest}` : `add ${what} to the mapping`);
    };
    const wanted = typeof key === 'object' ? undefined : String(key);
    if (wanted !== undefined && !Object.hasOwn(rows, wanted)) {
      missing(wanted, Object.keys(rows), 1);
      return;
    }
    if (typeof attribute === 'object') return;
    const candidates = (wanted === undefined ? Object.values(rows) : [rows[wanted]]) as unknown as JsonObject[];
    if (candidates.length > 0 && !candidates.some((row) => Object.hasOwn(row, String(attribute))))
      missing(String(attribute), [...new Set(candidates.flatMap((row) => Object.keys(row)))], 2);
  }

  #index([index, list]: readonly Json[], path: Path): void {
    if (!Array.isArray(list) || typeof index === 'object' || list.some((item) => typeof item === 'object')) return;
    if (!/^\d+$/.test(String(index)) || Number(index) < list.length) return;
    const message = `index ${index} of a list of ${list.length}; the first is 0`;
    this.#report('CFN506', path, message, list.length === 0 ? 'give a list' : `give 0 to ${list.length - 1}`);
  }

  #cidr([, count, bits]: readonly Json[], path: Path): void {
    for (const [value, most, at, what] of [
      [count, 256, 1, 'count'],
      [bits, 128, 2, 'number of bits'],
    ] as const)
      if (/^\d+$/.test(String(value)) && !(Number(value) >= 1 && Number(value) <= most))
        this.#report('CFN507', [...path, at], `a ${what} of ${value}; allowed: 1 to ${most}`, 'change the number');
  }

  /** Placeholders outside `Fn::Sub`, and dynamic references. */
  #text(text: string, path: Path): void {
    this.#dynamic(text, path);
    if (!text.includes('${') || this.#transforms.sam || path.some((step) => FOREIGN_TEXTS.includes(step as string)))
      return;
    for (const part of parseSub(text)) {
      if (!('name' in part)) continue;
      const target = part.name.includes('.') ? part.name.slice(0, part.name.indexOf('.')) : part.name;
      if (!this.#names.has(target) && !/^AWS::[A-Z]\w+$/.test(target)) continue;
      this.#report(
        'CFN127',
        path,
        `\${${part.name}} stands outside Fn::Sub, and stays as it is`,
        'use Fn::Sub',
        'warning',
      );
      return;
    }
  }

  /** Of references that are written out to their end; placeholders and neighbours of a Fn::Join may hold the rest. */
  #dynamic(text: string, path: Path): void {
    const literal = text.replace(/\$\{[^{}]*\}/g, 'x');
    for (const [reference, service = '', name = ''] of literal.matchAll(/\{\{resolve:([^{}:]*)(?::([^{}]*))?\}\}/g)) {
      const known = DYNAMIC.includes(service);
      if ((known && name.trim() !== '') || service.includes('x')) continue;
      const message = known
        ? `the dynamic reference "${shown(reference)}" names nothing`
        : `there is no dynamic reference to "${service}"`;
      this.#report('CFN129', path, message, `write: {{resolve:service:name}}; services: ${DYNAMIC.join(', ')}`);
    }
  }
}

const NAMES: Readonly<Record<Kind, string>> = {
  text: 'a text',
  list: 'a list',
  number: 'a number',
  test: 'a test (Fn::And, Fn::Equals, Fn::Not, Fn::Or or Condition)',
  any: 'a value',
  name: 'a text that is written out',
};

function isFunction(key: string): boolean {
  return key === 'Ref' || key.startsWith('Fn::');
}

function isExpanding(key: string): boolean {
  return key === 'Fn::Transform' || key.startsWith('Fn::ForEach::');
}

function isMade(value: object): boolean {
  return Object.keys(value).some((key) => isFunction(key) || isOfRain(key));
}

/** The one function that a value is, or that an item of it is. */
function functionIn(value: Json): string | undefined {
  if (Array.isArray(value)) return value.map(functionIn).find((name) => name !== undefined);
  if (!isObject(value)) return undefined;
  const [only, more] = Object.keys(value);
  return only !== undefined && more === undefined && (isFunction(only) || isOfRain(only)) ? only : undefined;
}

/** What only AWS::LanguageExtensions allows to be computed. */
function isComputedName(name: string, index: number, item: Json): boolean {
  const call = functionIn(item);
  if (call === undefined || Array.isArray(item) || call === 'Fn::Transform') return false;
  if (name === 'FindInMap') return index < 3 && call !== 'Ref' && call !== 'Fn::FindInMap';
  if (name === 'GetAtt') return index === 0 || call !== 'Ref';
  return name === 'Select' && index === 0 && call !== 'Ref' && call !== 'Fn::FindInMap';
}

/** Names that a value refers to, in whatever function. */
function namesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (key === 'Ref') return typeof member === 'string' ? [member] : namesIn(member);
    if (key === 'Fn::GetAtt' && Array.isArray(member)) return typeof member[0] === 'string' ? [member[0]] : [];
    if (key !== 'Fn::Sub') return namesIn(member);
    const call = subArguments(member);
    const placeholders = call ? parseSub(call.text).flatMap((part) => ('name' in part ? [part.name] : [])) : [];
    const own = placeholders.filter((name) => !Object.hasOwn(call!.variables, name));
    return [...own.map((name) => name.trim().replace(/\..*$/, '')), ...(call ? namesIn(call.variables) : [])];
  });
}

function keysOf(section: object | undefined): string[] {
  return isObject(section) ? Object.keys(section) : [];
}

function shown(value: Json): string {
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
