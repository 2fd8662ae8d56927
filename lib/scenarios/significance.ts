import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type JsonObject, type Template } from '../cfn/template.ts';
import { assignmentScope } from './assignment.ts';
import { evaluateTest } from './conditions.ts';
import { evaluate } from './evaluate.ts';
import type { Language } from './language.ts';
import { itemLanguages, piecesOf } from './pieces.ts';
import { readsOf } from './reads.ts';
import { type Resolved, textOf } from './unknown.ts';
import type { Variable, Variables } from './variables.ts';

/** How a template tells the values of one variable apart. Two values that it cannot tell apart are one class. */
export interface Significance {
  /** Texts compared with as a whole: each is a class of its own. */
  readonly literals: Set<string>;
  /** `true`: every value of a finite domain is a class of its own. */
  everyValue: boolean;
  /** Expressions over this variable alone: values with the same outcome of all are one class. */
  readonly outcomes: Json[];
  /** For texts of an infinite domain: values inside and outside are told apart. */
  readonly languages: Language[];
  /** Texts that the template names for members of a list, or for a domain that is not listed in full. */
  readonly named: Set<string>;
  /** Of a list: how many members are looked at by their place. */
  length: number;
}

export interface Analysis {
  readonly significance: ReadonlyMap<string, Significance>;
  /** Pairs of variables that are compared with each other. */
  readonly links: readonly (readonly [string, string])[];
  /** Comparisons that cannot be decided from classes of values: each is taken to be true or false freely. */
  readonly free: readonly Json[];
}

export interface Question {
  /** Comparisons, from conditions and rules. */
  readonly tests: readonly Json[];
  /** Calls of `Fn::FindInMap` outside conditions. */
  readonly lookups: readonly Json[];
  /** Parameters of which each allowed value matters. */
  readonly values: readonly string[];
  /** Further texts to tell apart, by variable. */
  readonly distinguish: Readonly<Record<string, readonly string[]>>;
}

/** Values of more combinations than this are not listed to find the range of an expression. */
const MOST_COMBINATIONS = 4096;
/** A text compared with a concatenation cuts its parts into at most this many pieces. */
const MOST_PIECES = 256;
/** Items of a split text are told apart up to this index. */
const MOST_ITEMS = 20;

/** Which values a question tells apart. Every class that follows is exact, but for the comparisons in `free`. */
export function analyse(template: Template, variables: Variables, question: Question): Analysis {
  const significance = new Map<string, Significance>();
  const links: [string, string][] = [];
  const free: Json[] = [];
  const scope = assignmentScope(template, variables);

  const of = (name: string): Significance => {
    let found = significance.get(name);
    if (!found) {
      const nothing = { literals: [], outcomes: [], languages: [], named: [] };
      found = { ...nothing, literals: new Set(), named: new Set(), everyValue: false, length: 1 };
      significance.set(name, found);
    }
    return found;
  };

  /** The variables that an expression depends on, or undefined where it depends on more. */
  const variablesIn = (...expressions: readonly Json[]): Variable[] | undefined => {
    const reads = readsOf(template, ...expressions);
    const names = [...reads.references].map((reference) => variables.deciding(reference));
    if (reads.beyond || names.includes(undefined)) return undefined;
    const found = [...new Set(names)].map((name) => variables.get(name!)!);
    for (const { name } of found) of(name);
    return found;
  };

  /** The variable whose text is what a `Ref` gives: not a list, and not one that another pseudo parameter follows from. */
  const plainVariable = (expression: Json): Variable | undefined => {
    const call = intrinsicOf(expression);
    if (call?.name !== 'Ref' || typeof call.argument !== 'string') return undefined;
    const variable = variables.deciding(call.argument) === call.argument ? variables.get(call.argument) : undefined;
    return variable?.list ? undefined : variable;
  };

  const analyseTest = (test: Json): boolean => {
    const read = variablesIn(test);
    if (!read) return false;
    if (read.length === 0) return typeof evaluateTest(test, scope, []) === 'boolean';
    const call = intrinsicOf(test)!;
    const [left, right] = Array.isArray(call.argument) ? call.argument : [];
    if (left === undefined || right === undefined) return false;
    if (read.length === 1 && isListed(read[0]!)) return tellApart(read[0]!, test);
    if (call.name === 'Fn::Equals') return equality(left, right);
    const pairs = pairsCompared(call.name, left, right);
    return pairs ? pairs.every(([a, b]) => equality(a, b)) : everyValueOf(read);
  };

  const equality = (left: Json, right: Json): boolean => {
    const read = variablesIn(left, right);
    if (!read || read.length === 0) return read !== undefined;
    if (JSON.stringify(left) === JSON.stringify(right)) return true;
    const [a, b] = [plainVariable(left), plainVariable(right)];
    if (a && b) {
      links.push([a.name, b.name]);
      return true;
    }
    for (const [one, other] of [[left, right] as const, [right, left] as const]) {
      const range = rangeOf(other);
      if (range && against(one, range) && tellValuesApart(other)) return true;
    }
    return everyValueOf(read);
  };

  /** Tells apart for which values of its variables an expression equals each of the texts. */
  const against = (expression: Json, texts: readonly string[]): boolean => {
    const read = variablesIn(expression);
    if (!read || read.length === 0) return read !== undefined;
    const plain = plainVariable(expression);
    if (plain) {
      const { literals, named } = of(plain.name);
      for (const text of texts) {
        literals.add(text);
        named.add(text);
      }
      return true;
    }
    if (read.length === 1 && isListed(read[0]!)) {
      return texts.every((text) => tellApart(read[0]!, { 'Fn::Equals': [expression, text] }));
    }
    const call = intrinsicOf(expression);
    if (call?.name === 'Fn::FindInMap') return tellValuesApart(expression);
    return cut(expression, texts) || splitApart(expression, texts) || everyValueOf(read);
  };

  /** Tells apart which value an expression has. */
  const tellValuesApart = (expression: Json): boolean => {
    const read = variablesIn(expression);
    if (!read || read.length === 0) return read !== undefined;
    if (read.length === 1 && isListed(read[0]!)) return tellApart(read[0]!, expression);
    const lookup = lookupOf(expression);
    if (!lookup) return everyValueOf(read);
    const rest = lookup.fallback === undefined || tellValuesApart(lookup.fallback);
    return rest && lookup.keys.every((key, level) => against(key, keysAt(level, lookup.keys)));
  };

  const tellApart = (variable: Variable, expression: Json): boolean => {
    const found = of(variable.name);
    found.outcomes.push(expression);
    const { texts, length } = namesIn(expression, template);
    for (const text of texts) found.named.add(text);
    found.length = Math.max(found.length, length);
    return true;
  };

  const everyValueOf = (read: readonly Variable[]): boolean => {
    if (!read.every((variable) => variable.domain.values && !variable.list)) return false;
    for (const { name } of read) of(name).everyValue = true;
    return true;
  };

  /** All the texts that an expression may have, or undefined where they are not finitely many. */
  const rangeOf = (expression: Json): string[] | undefined => {
    const read = variablesIn(expression);
    if (!read) return undefined;
    const size = read.reduce(
      (product, each) => product * (each.list ? Infinity : (each.domain.values?.length ?? Infinity)),
      1,
    );
    if (size <= MOST_COMBINATIONS) return valuesOver(expression, read);
    const lookup = lookupOf(expression);
    if (!lookup) return undefined;
    const rows = lookup.keys.reduce<Json[]>(
      (maps, key) => {
        const texts = rangeOf(key);
        return maps.flatMap((map) =>
          isObject(map)
            ? Object.keys(map)
                .filter((name) => texts?.includes(name) ?? true)
                .map((name) => map[name]!)
            : [],
        );
      },
      [(template.Mappings ?? {}) as JsonObject],
    );
    const fallback = lookup.fallback === undefined ? [] : rangeOf(lookup.fallback);
    const texts = rows.map((row) => textOf(row as Resolved));
    return fallback && !texts.includes(undefined) ? [...new Set([...(texts as string[]), ...fallback])] : undefined;
  };

  const valuesOver = (expression: Json, read: readonly Variable[]): string[] | undefined => {
    const texts = new Set<string>();
    const visit = (at: number): boolean => {
      const variable = read[at];
      if (!variable) {
        scope.reset();
        const value = evaluate(expression, scope, []);
        const text = textOf(value);
        if (text !== undefined) texts.add(text);
        return text !== undefined || scope.refused;
      }
      return variable.domain.values!.every((value) => {
        scope.texts.set(variable.name, value);
        return visit(at + 1);
      });
    };
    const complete = visit(0);
    scope.texts.clear();
    return complete ? [...texts] : undefined;
  };

  const keysAt = (level: number, keys: readonly Json[]): string[] => {
    let maps: Json[] = [(template.Mappings ?? {}) as JsonObject];
    for (const key of keys.slice(0, level)) {
      maps = maps.flatMap((map) => {
        if (!isObject(map)) return [];
        return typeof key === 'string' ? (Object.hasOwn(map, key) ? [map[key]!] : []) : Object.values(map);
      });
    }
    return [...new Set(maps.flatMap((map) => (isObject(map) ? Object.keys(map) : [])))];
  };

  /** `${A}-${B}` equals a text only if each part is a stretch of it: those stretches are what matters of A and B. */
  const cut = (expression: Json, texts: readonly string[]): boolean => {
    const parts = partsOf(expression);
    if (!parts) return false;
    const names = parts.map((part) => (typeof part === 'string' ? undefined : plainVariable(part)?.name));
    if (parts.some((part, i) => typeof part !== 'string' && names[i] === undefined)) return false;
    const pieces = piecesOf(
      parts.map((part) => (typeof part === 'string' ? part : undefined)),
      texts,
    );
    if (pieces.some((piece) => piece.size > MOST_PIECES)) return false;
    for (const [i, name] of names.entries()) {
      if (name !== undefined) for (const piece of pieces[i]!) of(name).literals.add(piece);
    }
    return true;
  };

  /** Item of a text split at one character: the texts with that item are a regular language. */
  const splitApart = (expression: Json, texts: readonly string[]): boolean => {
    const select = argumentsOf(expression, 'Fn::Select', 2);
    const split = select && argumentsOf(select[1]!, 'Fn::Split', 2);
    const variable = split && plainVariable(split[1]!);
    const [index, delimiter] = [Number(select?.[0]), split?.[0]];
    if (!variable || typeof delimiter !== 'string' || delimiter.length !== 1) return false;
    if (!Number.isInteger(index) || index < 0 || index > MOST_ITEMS) return false;
    of(variable.name).languages.push(...itemLanguages(delimiter, index, texts));
    return true;
  };

  for (const test of distinctJson(question.tests)) if (!analyseTest(test)) free.push(test);
  for (const lookup of distinctJson(question.lookups)) tellValuesApart(lookup);
  for (const name of question.values) {
    const variable = variables.get(name);
    if (variable) everyValueOf([variable]);
    if (variable) of(name);
  }
  for (const [name, texts] of Object.entries(question.distinguish)) {
    if (!variables.get(name)) continue;
    for (const text of texts) {
      of(name).literals.add(text);
      of(name).named.add(text);
    }
  }
  return { significance, links, free };
}

/** Values are tried one by one: those of a finite domain, and of lists, a choice that shows every outcome. */
function isListed(variable: Variable): boolean {
  return variable.list || variable.domain.values !== undefined;
}

function distinctJson(values: readonly Json[]): Json[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function argumentsOf(expression: Json, name: string, count: number): Json[] | undefined {
  const call = intrinsicOf(expression);
  return call?.name === name && Array.isArray(call.argument) && call.argument.length === count
    ? call.argument
    : undefined;
}

function lookupOf(expression: Json): { keys: Json[]; fallback: Json | undefined } | undefined {
  const call = intrinsicOf(expression);
  if (call?.name !== 'Fn::FindInMap' || !Array.isArray(call.argument) || call.argument.length < 3) return undefined;
  const fallback = call.argument[3];
  return { keys: call.argument.slice(0, 3), fallback: isObject(fallback) ? fallback.DefaultValue : undefined };
}

/** Literal and referring parts of a `Fn::Sub` or a `Fn::Join` over a written list. */
function partsOf(expression: Json): Json[] | undefined {
  const call = intrinsicOf(expression);
  if (call?.name === 'Fn::Sub') {
    const parsed = subArguments(call.argument);
    return (
      parsed &&
      parseSub(parsed.text).map((part) => {
        if ('text' in part) return part.text;
        return Object.hasOwn(parsed.variables, part.name)
          ? parsed.variables[part.name]!
          : placeholderExpression(part.name);
      })
    );
  }
  const join = argumentsOf(expression, 'Fn::Join', 2);
  const [delimiter, list] = join ?? [];
  if (typeof delimiter !== 'string' || !Array.isArray(list)) return undefined;
  return list.flatMap((member, i) => {
    const part = textOf(member as Resolved) ?? member;
    return i > 0 && delimiter !== '' ? [delimiter, part] : [part];
  });
}

/** The equalities that a comparison of written lists comes down to. */
function pairsCompared(name: string, left: Json, right: Json): [Json, Json][] | undefined {
  if (!Array.isArray(left)) return undefined;
  if (name !== 'Fn::EachMemberIn') return left.map((member) => [member, right]);
  return Array.isArray(right)
    ? left.flatMap((member) => right.map((other): [Json, Json] => [member, other]))
    : undefined;
}

/** Texts in an expression that a value may have to match, and how many members of a list it looks at. */
function namesIn(expression: Json, template: Template): { texts: Set<string>; length: number } {
  const texts = new Set<string>();
  const delimiters = new Set<string>();
  const countsMembers = JSON.stringify(expression).includes('"Fn::Length"');
  let length = 1;
  const visit = (value: Json): void => {
    const text = textOf(value as Resolved);
    if (text !== undefined) {
      texts.add(text);
      if (countsMembers) length = Math.max(length, (Number(text) || 0) + 1);
    }
    if (typeof value !== 'object' || value === null) return;
    const call = intrinsicOf(value);
    if (call?.name === 'Ref') return;
    if (call?.name === 'Fn::Select' && Array.isArray(call.argument)) {
      length = Math.max(length, (Number(textOf(call.argument[0] as Resolved)) || 0) + 1);
    }
    if (call?.name === 'Fn::Join' && Array.isArray(call.argument))
      delimiters.add(textOf(call.argument[0] as Resolved) ?? '');
    if (call?.name === 'Fn::FindInMap' && Array.isArray(call.argument) && typeof call.argument[0] === 'string') {
      const rows = template.Mappings?.[call.argument[0]];
      for (const [key, row] of Object.entries(isObject(rows) ? rows : {})) {
        for (const name of [key, ...Object.keys(row ?? {})]) texts.add(name);
      }
    }
    for (const member of Object.values(value)) visit(member);
  };
  visit(expression);
  for (const text of [...texts]) {
    for (const delimiter of delimiters) {
      const pieces = delimiter === '' ? [] : text.split(delimiter);
      for (const piece of pieces) texts.add(piece);
      length = Math.max(length, pieces.length);
    }
  }
  return { texts, length };
}
