import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type JsonObject, type Path } from '../cfn/template.ts';
import { cutCidr } from './cidr.ts';
import {
  compareResolved,
  concatenate,
  dependenciesOf,
  expressionOf,
  hasUnknown,
  isUnknown,
  NO_VALUE_OPTION,
  type Resolved,
  textOf,
  type Unknown,
  unknown,
} from './unknown.ts';

/** What an expression is evaluated in. The functions of the language know nothing else. */
export interface Scope {
  readonly mappings: Readonly<Record<string, Record<string, Record<string, Json>>>>;
  /** Value of a parameter, a pseudo parameter or a resource; undefined where the name means nothing. */
  ref(name: string, path: Path): Resolved | undefined;
  attribute(resource: string, attribute: string, path: Path): Resolved | undefined;
  condition(name: string, path: Path): boolean | Unknown;
  /** Outcome of a comparison that is taken as given, where it is. */
  decidedTest?(test: Json): boolean | undefined;
  importValue(name: string): Resolved | undefined;
  /** Zones of the named region; of the stack's region where the name is empty. */
  zones(region: string): readonly string[] | undefined;
  /** Takes note that CloudFormation would refuse this. */
  refuse(problem: Problem, path: Path): void;
  /** Does work of which it is open whether it applies: what it refuses is not taken note of. */
  quietly<T>(work: () => T): T;
}

/** Why CloudFormation would refuse a function call. `scope.ts` gives each kind its code. */
export interface Problem {
  readonly kind: 'absent' | 'cidr' | 'circular' | 'malformed' | 'mapping' | 'select';
  readonly message: string;
  readonly fix?: string;
}

type Evaluated = Resolved | undefined;

/** Value of an expression; undefined for `AWS::NoValue`. Never throws: what is wrong goes to `scope.refuse`. */
export function evaluate(value: Json, scope: Scope, path: Path): Evaluated {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return evaluateList(value, scope, path);
  const call = intrinsicOf(value);
  if (call && call.name !== 'Condition') {
    const evaluateCall = FUNCTIONS[call.name];
    if (evaluateCall) return evaluateCall(call.argument, scope, [...path, call.name], value);
    return unknown('invalid', value, []);
  }
  const result: { [key: string]: Resolved } = {};
  for (const key of Object.keys(value)) {
    const member = key === 'Fn::Transform' ? transformed(value[key]!) : evaluate(value[key]!, scope, [...path, key]);
    if (member !== undefined) result[key] = member;
  }
  return result;
}

function evaluateList(list: readonly Json[], scope: Scope, path: Path): Resolved[] {
  const result: Resolved[] = [];
  list.forEach((member, i) => {
    const evaluated = evaluate(member, scope, [...path, i]);
    if (evaluated !== undefined) result.push(evaluated);
  });
  return result;
}

type EvaluateCall = (argument: Json, scope: Scope, path: Path, whole: JsonObject) => Evaluated;

const FUNCTIONS: Readonly<Record<string, EvaluateCall>> = {
  Ref: (argument, scope, path, whole) => {
    if (argument === 'AWS::NoValue') return undefined;
    const name = nameOf(argument, scope, path);
    return (name === undefined ? undefined : scope.ref(name, path)) ?? unknown('invalid', whole, []);
  },
  'Fn::GetAtt': evaluateGetAtt,
  'Fn::If': evaluateIf,
  'Fn::Sub': evaluateSub,
  'Fn::Join': evaluateJoin,
  'Fn::Split': evaluateSplit,
  'Fn::Select': evaluateSelect,
  'Fn::FindInMap': evaluateFindInMap,
  'Fn::Base64': (argument, scope, path) => {
    const value = evaluate(argument, scope, path);
    const text = textOf(value);
    if (text !== undefined) return Buffer.from(text, 'utf8').toString('base64');
    return opened('Fn::Base64', [value]);
  },
  'Fn::Cidr': evaluateCidr,
  'Fn::GetAZs': evaluateZones,
  'Fn::ImportValue': (argument, scope, path, whole) => {
    const name = evaluate(argument, scope, path);
    const text = textOf(name);
    const found = text === undefined ? undefined : scope.importValue(text);
    if (found !== undefined) return found;
    const expression = name === undefined ? whole : { 'Fn::ImportValue': expressionOf(name) };
    const dependsOn = text === undefined ? dependenciesOf(name) : [{ kind: 'import' as const, name: text }];
    return unknown('import', expression, dependsOn);
  },
  'Fn::Length': (argument, scope, path) => {
    const list = evaluate(argument, scope, path);
    return Array.isArray(list) ? list.length : opened('Fn::Length', list);
  },
  'Fn::ToJsonString': (argument, scope, path, whole) => {
    const value = evaluate(argument, scope, path);
    return value === undefined ? malformed(whole, scope, path, 'needs a value') : jsonText(value, whole);
  },
  'Fn::Transform': (argument) => transformed(argument),
  'Fn::ValueOf': (argument, scope, path, whole) => {
    const name = Array.isArray(argument) && typeof argument[0] === 'string' ? argument[0] : undefined;
    if (name === undefined) return malformed(whole, scope, path, 'needs a parameter and an attribute');
    return unknown('attribute', whole, [{ kind: 'parameter', name }]);
  },
  'Fn::ValueOfAll': (_argument, _scope, _path, whole) => inTheAccount(whole),
  'Fn::RefAll': (_argument, _scope, _path, whole) => inTheAccount(whole),
};

function inTheAccount(whole: JsonObject): Unknown {
  return unknown('attribute', whole, [{ kind: 'external', name: 'resources of the account' }], { list: true });
}

function transformed(argument: Json): Unknown {
  const name = isObject(argument) && typeof argument.Name === 'string' ? argument.Name : 'macro';
  return unknown('transform', { 'Fn::Transform': argument }, [{ kind: 'external', name: `macro ${name}` }]);
}

/** A function of arguments that are not all known. */
function opened(name: string, argument: Evaluated | readonly Evaluated[], list?: true): Unknown {
  const members = (Array.isArray(argument) ? argument : [argument]) as Evaluated[];
  const expressions = members.map((member) => (member === undefined ? { Ref: 'AWS::NoValue' } : expressionOf(member)));
  const expression = { [name]: Array.isArray(argument) ? expressions : expressions[0]! };
  return unknown('function', expression, dependenciesOf(...members), list ? { list } : {});
}

function malformed(whole: Json, scope: Scope, path: Path, message: string): Unknown {
  scope.refuse({ kind: 'malformed', message: `${path.at(-1)} ${message}` }, path);
  return unknown('invalid', whole, []);
}

/** A logical ID, which LanguageExtensions lets be an expression. */
function nameOf(argument: Json, scope: Scope, path: Path): string | undefined {
  return typeof argument === 'string' ? argument : textOf(evaluate(argument, scope, path));
}

function evaluateGetAtt(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  const [first, ...rest] = typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : [];
  const resource = first === undefined ? undefined : nameOf(first, scope, path);
  const names = rest.map((each) => nameOf(each, scope, path));
  if (first === undefined || names.length === 0)
    return malformed(whole, scope, path, 'needs a resource and an attribute');
  if (resource === undefined || names.includes(undefined)) return unknown('attribute', whole, []);
  return scope.attribute(resource, names.join('.'), path) ?? unknown('invalid', whole, []);
}

function evaluateIf(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string') {
    return malformed(whole, scope, path, 'needs the name of a condition and two values');
  }
  const [name, whenTrue, whenFalse] = argument as [string, Json, Json];
  const verdict = scope.condition(name, [...path, 0]);
  if (verdict === true) return evaluate(whenTrue, scope, [...path, 1]);
  if (verdict === false) return evaluate(whenFalse, scope, [...path, 2]);
  const [a, b] = scope.quietly(() => [
    evaluate(whenTrue, scope, [...path, 1]),
    evaluate(whenFalse, scope, [...path, 2]),
  ]);
  if (a === undefined && b === undefined) return undefined;
  const options = [...optionsOf(a), ...optionsOf(b)];
  const dependsOn = [...new Set([...verdict.dependsOn, { kind: 'condition' as const, name }, ...dependenciesOf(a, b)])];
  const lists = options.every((option) => Array.isArray(option) || (isUnknown(option) && option.list));
  return unknown('condition', whole, dependsOn, { options, ...(lists ? { list: true } : {}) });
}

function optionsOf(value: Evaluated): readonly Resolved[] {
  if (value === undefined) return [NO_VALUE_OPTION];
  return isUnknown(value) && value.options ? value.options : [value];
}

function evaluateSub(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  const call = subArguments(argument);
  if (!call) return malformed(whole, scope, path, 'needs a text, or a text and an object of variables');
  const parts: (string | Unknown)[] = [];
  for (const part of parseSub(call.text)) {
    if ('text' in part) {
      parts.push(part.text);
      continue;
    }
    const own = Object.hasOwn(call.variables, part.name) ? call.variables[part.name]! : undefined;
    const value =
      own === undefined
        ? evaluate(placeholderExpression(part.name), scope, path)
        : evaluate(own, scope, [...path, 1, part.name]);
    const text = isUnknown(value) ? value : textOf(value);
    if (text === undefined) return malformed(whole, scope, path, `puts a value that is no text in \${${part.name}}`);
    parts.push(text);
  }
  return concatenate(parts, whole);
}

function evaluateJoin(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  if (!Array.isArray(argument) || argument.length !== 2)
    return malformed(whole, scope, path, 'needs a delimiter and a list');
  const delimiter = textOf(evaluate(argument[0]!, scope, [...path, 0]));
  const list = evaluate(argument[1]!, scope, [...path, 1]);
  if (delimiter === undefined) return malformed(whole, scope, path, 'needs a text as delimiter');
  if (isUnknown(list)) return opened('Fn::Join', [delimiter, list]);
  if (!Array.isArray(list)) return malformed(whole, scope, path, 'needs a list');
  const parts: (string | Unknown)[] = [];
  for (const [i, member] of list.entries()) {
    if (i > 0) parts.push(delimiter);
    const part = isUnknown(member) ? member : textOf(member);
    if (part === undefined) return malformed(whole, scope, path, 'joins a value that is no text');
    parts.push(part);
  }
  return concatenate(parts, { 'Fn::Join': [delimiter, expressionOf(list)] });
}

function evaluateSplit(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  if (!Array.isArray(argument) || argument.length !== 2)
    return malformed(whole, scope, path, 'needs a delimiter and a text');
  const delimiter = textOf(evaluate(argument[0]!, scope, [...path, 0]));
  if (!delimiter) return malformed(whole, scope, path, 'needs a delimiter that is not empty');
  const value = evaluate(argument[1]!, scope, [...path, 1]);
  const text = textOf(value);
  if (text !== undefined) return text.split(delimiter);
  return isUnknown(value)
    ? opened('Fn::Split', [delimiter, value], true)
    : malformed(whole, scope, path, 'needs a text');
}

function evaluateSelect(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  if (!Array.isArray(argument) || argument.length !== 2)
    return malformed(whole, scope, path, 'needs an index and a list');
  const index = evaluate(argument[0]!, scope, [...path, 0]);
  const list = evaluate(argument[1]!, scope, [...path, 1]);
  if (isUnknown(index) || isUnknown(list)) {
    const options = isUnknown(index) && Array.isArray(list) ? { options: list } : {};
    return { ...opened('Fn::Select', [index, list]), ...options };
  }
  const text = textOf(index);
  if (text === undefined || !/^\d+$/.test(text))
    return malformed(whole, scope, path, 'needs an index that counts from 0');
  if (!Array.isArray(list)) return malformed(whole, scope, path, 'needs a list');
  const selected = list[Number(text)];
  if (selected !== undefined) return selected;
  const message = `Fn::Select takes item ${text} of a list of ${list.length}`;
  scope.refuse(
    { kind: 'select', message, fix: 'Indexes count from 0: give the list more items or lower the index.' },
    path,
  );
  return unknown('invalid', whole, []);
}

function evaluateFindInMap(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  if (!Array.isArray(argument) || argument.length < 3) {
    return malformed(whole, scope, path, 'needs a mapping, a top-level key and a second-level key');
  }
  const keys = argument.slice(0, 3).map((key, i) => evaluate(key, scope, [...path, i]));
  const fallback = isObject(argument[3]) ? argument[3].DefaultValue : undefined;
  const missing = (): Evaluated =>
    fallback === undefined ? undefined : evaluate(fallback, scope, [...path, 3, 'DefaultValue']);
  if (!keys.some(isUnknown)) {
    const [map = '', top = '', second = ''] = keys.map(textOf);
    const found = own(own(own(scope.mappings, map), top), second);
    if (found !== undefined) return found as Resolved;
    if (fallback !== undefined) return missing();
    scope.refuse(missingRow(scope, map, top, second), path);
    return unknown('invalid', { 'Fn::FindInMap': [map, top, second] }, []);
  }
  const rows = keysThatMayBe(keys[0], scope.mappings).flatMap((map) =>
    keysThatMayBe(keys[1], map).flatMap((row) => keysThatMayBe(keys[2], row)),
  ) as Resolved[];
  const other = missing();
  const options = distinct(other === undefined ? rows : [...rows, ...optionsOf(other)]);
  const list = options.length > 0 && options.every(Array.isArray);
  const open = opened('Fn::FindInMap', keys);
  return { ...open, $unknown: 'mapping', options, ...(list ? { list: true } : {}) };
}

function own<T>(record: { readonly [key: string]: T } | undefined, key: string): T | undefined {
  return record !== undefined && isObject(record) && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Members of a record under the keys that a partly known key may turn out to be. */
function keysThatMayBe<T>(key: Evaluated, record: { readonly [key: string]: T }): T[] {
  if (!isObject(record)) return [];
  return Object.keys(record).flatMap((name) =>
    key !== undefined && compareResolved(key, name) !== false ? [record[name]!] : [],
  );
}

function distinct(values: readonly Resolved[]): Resolved[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function missingRow(scope: Scope, map: string, top: string, second: string): Problem {
  const rows = own(scope.mappings, map);
  if (!rows)
    return { kind: 'mapping', message: `Fn::FindInMap names mapping "${map}", which the template does not have` };
  const row = own(rows, top);
  const [level, name, present] = row ? ['second-level', second, row] : (['top-level', top, rows] as const);
  return {
    kind: 'mapping',
    message: `mapping ${map} has no ${level} key "${name}"; it has ${Object.keys(present!).join(', ')}`,
    fix: `Add the key to ${map}, restrict the parameter that chooses it with AllowedValues, or give a DefaultValue (AWS::LanguageExtensions).`,
  };
}

function evaluateCidr(argument: Json, scope: Scope, path: Path, whole: JsonObject): Evaluated {
  const list = Array.isArray(argument) ? evaluateList(argument, scope, path) : [];
  if (list.length < 2 || list.length > 3) return malformed(whole, scope, path, 'needs a block, a count and host bits');
  if (list.some(isUnknown) || list.length === 2) return opened('Fn::Cidr', list, true);
  const [block, count, bits] = list.map(textOf);
  const blocks = cutCidr(block ?? '', Number(count), Number(bits));
  if (Array.isArray(blocks)) return blocks;
  scope.refuse({ kind: 'cidr', message: `Fn::Cidr: ${blocks.problem}` }, path);
  return unknown('invalid', whole, [], { list: true });
}

function evaluateZones(argument: Json, scope: Scope, path: Path): Evaluated {
  const region = evaluate(argument, scope, path);
  const text = textOf(region);
  const zones = text === undefined ? undefined : scope.zones(text);
  if (zones) return [...zones];
  const dependsOn =
    text === undefined
      ? dependenciesOf(region)
      : text === ''
        ? [{ kind: 'pseudo' as const, name: 'AWS::Region' }]
        : [{ kind: 'external' as const, name: `zones of ${text}` }];
  return unknown('zones', { 'Fn::GetAZs': region === undefined ? '' : expressionOf(region) }, dependsOn, {
    list: true,
  });
}

/** JSON text, compact as CloudFormation writes it; unknown values stay in place as parts. */
function jsonText(value: Resolved, whole: Json): string | Unknown {
  if (!hasUnknown(value)) return JSON.stringify(value);
  const found: Unknown[] = [];
  const text = JSON.stringify(value, (_, member) => {
    if (!isUnknown(member)) return member;
    found.push(member);
    return `\uE000${found.length - 1}\uE001`;
  });
  const parts = text.split(/\uE000(\d+)\uE001/).map((part, i) => (i % 2 === 0 ? part : found[Number(part)]!));
  return concatenate(parts, whole);
}
