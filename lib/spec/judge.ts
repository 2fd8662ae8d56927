import { nearestMatch } from '../cfn/errors.ts';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { absences, type Decided, isExpanding, isPresent, type Known, knownOf } from './known.ts';
import { matches } from './pattern.ts';
import { referenced, type Schema } from './schema.ts';

/** Undefined: it depends on what is not known before deployment. */
export type Verdict = boolean | undefined;

export interface Problem {
  code: string;
  path: Path;
  message: string;
  fix: string;
  /** How the conditions come out where it is wrong. */
  decided?: Decided;
}

/** Takes each definite problem. Without one the judge only gives its verdict, and stops at the first `false`. */
export type Report = ((problem: Problem) => void) | undefined;

type Reference = Schema | boolean;

/**
 * Holds a value of a template, functions in place, against a JSON Schema, in three-valued logic. `false` is said only of
 * what is wrong in every deployment; what is wrong in one branch of `Fn::If` is reported, and the verdict stays open.
 *
 * Scalars are compared as CloudFormation coerces them: `"true"` is a boolean, `"5"` a number, `5` a text.
 */
export class Judge {
  readonly #root: Schema;
  readonly #parameters: Template['Parameters'];
  readonly #formats: () => Readonly<Record<string, string>>;

  /** `root` holds the definitions; `formats` gives the pattern of a `format`. */
  constructor(root: Schema, parameters: Template['Parameters'], formats: () => Readonly<Record<string, string>>) {
    this.#root = root;
    this.#parameters = parameters;
    this.#formats = formats;
  }

  judge(value: Json, schema: Reference, path: Path, decided: Decided, report?: Report): Verdict {
    if (schema === true || value === null) return true;
    const known = knownOf(value, decided, this.#parameters);
    switch (known.is) {
      case 'absent':
        return true;
      case 'choice':
        return alike(
          known.branches.map((branch) =>
            this.judge(branch.value, schema, report ? [...path, ...branch.steps] : path, branch.decided, report),
          ),
        );
      case 'oneOf':
        return this.#oneOf(known, schema, path, decided, report);
      case 'function':
        return this.#function(known, schema, path, report);
      case 'literal':
        return schema === false
          ? this.#forbidden(path, report)
          : this.#literal(known.value, schema, path, decided, report);
    }
  }

  #forbidden(path: Path, report: Report): Verdict {
    report?.({ code: 'CFN310', path, message: 'this may not be given here', fix: `remove ${String(path.at(-1))}` });
    return false;
  }

  /** Wrong only where every value that the parameter allows is wrong: which of them can come here, a condition may decide. */
  #oneOf(known: Known & { is: 'oneOf' }, schema: Reference, path: Path, decided: Decided, report: Report): Verdict {
    const verdict = alike(known.values.map((value) => this.judge(value, schema, path, decided)));
    if (verdict === false && report) {
      const first: Problem[] = [];
      this.judge(known.values[0]!, schema, path, decided, (problem) => first.push(problem));
      for (const problem of first.slice(0, 1))
        report({ ...problem, message: `no value that parameter ${known.parameter} allows fits: ${problem.message}` });
    }
    return verdict;
  }

  #function(known: Known & { is: 'function' }, schema: Reference, path: Path, report: Report): Verdict {
    if (schema === false) return this.#forbidden(path, report);
    if (typeof schema === 'object') {
      if (schema.$ref !== undefined) {
        const target = referenced(this.#root, schema.$ref);
        if (target && this.#function(known, target, path, report) === false) return false;
      }
      if (known.kind !== 'any' && schema.type !== undefined) {
        const types = [schema.type].flat();
        const fits = known.kind === 'list' ? types.includes('array') : types.some((type) => !isStructure(type));
        if (!fits) {
          const given = known.kind === 'list' ? 'a list' : 'a text';
          report?.(wrongKind(`${known.name} gives ${given}, and it`, types, path));
          return false;
        }
      }
      return hasConstraint(schema) ? undefined : true;
    }
    return true;
  }

  #literal(value: Json, schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    let verdict: Verdict = true;
    if (schema.$ref !== undefined) {
      const target = referenced(this.#root, schema.$ref);
      if (target) verdict = this.judge(value, target, path, decided, report);
      if (verdict === false) return false;
    }
    if (schema.type !== undefined && !isOfType(value, schema.type)) {
      report?.(wrongKind(describe(value), [schema.type].flat(), path));
      return false;
    }
    verdict = and(verdict, this.#combinations(value, schema, path, decided, report));
    if (typeof value === 'object') verdict = and(verdict, this.#oneOfStructures(value!, schema, path, report));
    if (verdict === false && !report) return false;
    if (Array.isArray(value)) return and(verdict, this.#list(value, schema, path, decided, report));
    if (isObject(value)) return and(verdict, this.#object(value, schema, path, decided, report));
    return and(verdict, this.#scalar(value as string | number | boolean, schema, path, report));
  }

  /** `enum` and `const` of a list or a mapping. With functions in it, it may become an allowed one. */
  #oneOfStructures(value: Json, schema: Schema, path: Path, report: Report): Verdict {
    const { enum: allowed = schema.enumCaseInsensitive ?? (schema.const === undefined ? undefined : [schema.const]) } =
      schema;
    if (allowed === undefined) return true;
    const text = canonical(value);
    if (allowed.some((one) => canonical(one as Json) === text)) return true;
    const structures = allowed.filter((one) => typeof one === 'object' && one !== null);
    if (structures.length > 0 && hasFunction(value)) return undefined;
    return fail(report, () => notAllowed(describe(value), allowed.map(written), path));
  }

  #scalar(value: string | number | boolean, schema: Schema, path: Path, report: Report): Verdict {
    const text = String(value);
    const { enum: exact, enumCaseInsensitive: caseless } = schema;
    if (exact && !exact.some((allowed) => isSame(value, allowed)))
      return fail(report, () => notAllowed(text, exact, path));
    if (caseless && !caseless.some((allowed) => isSame(text.toLowerCase(), String(allowed).toLowerCase())))
      return fail(report, () => notAllowed(text, caseless, path));
    if (schema.const !== undefined && !isSame(value, schema.const))
      return fail(report, () => notAllowed(text, [schema.const], path));
    let verdict: Verdict = true;
    for (const [pattern, of] of this.#patterns(schema)) {
      const matched = matches(pattern, text);
      if (matched === false)
        return fail(report, () => ({
          code: 'CFN308',
          path,
          message: `"${shown(text)}" ${of === undefined ? 'does not match the pattern' : `is no ${of}, which matches`} ${pattern}`,
          fix: 'give a value that matches',
        }));
      verdict = and(verdict, matched);
    }
    if (schema.format === 'ipv4-network' && !isNetwork(text))
      return fail(report, () => ({
        code: 'CFN308',
        path,
        message: `"${shown(text)}" is no IPv4 network`,
        fix: 'write its first address and a length: 10.0.0.0/16',
      }));
    if (typeof value === 'string') verdict = and(verdict, this.#length(value, schema, path, report));
    return verdict === false ? false : and(verdict, this.#range(value, schema, path, report));
  }

  #patterns(schema: Schema): [pattern: string, format: string | undefined][] {
    const patterns: [string, string | undefined][] = [];
    if (schema.pattern !== undefined) patterns.push([schema.pattern, undefined]);
    const format = schema.format === undefined ? undefined : this.#formats()[schema.format];
    if (format !== undefined) patterns.push([format, schema.format]);
    return patterns;
  }

  #length(text: string, { minLength = 0, maxLength = Infinity }: Schema, path: Path, report: Report): Verdict {
    if (text.length >= minLength && text.length <= maxLength) return true;
    const length = [...text].length;
    if (length >= minLength && length <= maxLength) return true;
    return fail(report, () => ({
      code: 'CFN309',
      path,
      message: `"${shown(text)}" has ${length} characters; allowed: ${bounds(minLength, maxLength)}`,
      fix: length < minLength ? 'make it longer' : 'make it shorter',
    }));
  }

  #range(value: string | number | boolean, schema: Schema, path: Path, report: Report): Verdict {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if ((minimum ?? maximum ?? exclusiveMinimum ?? exclusiveMaximum ?? multipleOf) === undefined) return true;
    const number = numberOf(value);
    if (number === undefined) return true;
    const wrong =
      number < (minimum ?? -Infinity) || number > (maximum ?? Infinity)
        ? `allowed: ${bounds(minimum ?? -Infinity, maximum ?? Infinity)}`
        : exclusiveMinimum !== undefined && number <= exclusiveMinimum
          ? `it must be more than ${exclusiveMinimum}`
          : exclusiveMaximum !== undefined && number >= exclusiveMaximum
            ? `it must be less than ${exclusiveMaximum}`
            : multipleOf !== undefined && !isMultiple(number, multipleOf)
              ? `it must be a multiple of ${multipleOf}`
              : undefined;
    if (wrong === undefined) return true;
    return fail(report, () => ({
      code: 'CFN309',
      path,
      message: `${number} is out of range: ${wrong}`,
      fix: 'change the number',
    }));
  }

  #list(list: readonly Json[], schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    let verdict: Verdict = true;
    const prefix = schema.prefixItems?.length ?? 0;
    for (const [index, item] of list.entries()) {
      const of = index < prefix ? schema.prefixItems![index]! : schema.items;
      if (of === undefined) continue;
      verdict = and(verdict, this.judge(item, of, report ? [...path, index] : path, decided, report));
      if (verdict === false && !report) return false;
    }
    verdict = and(verdict, this.#count(list, schema, path, decided, report));
    verdict = and(verdict, this.#distinct(list, schema, path, report));
    if (schema.contains) {
      const each = list.map((item) => this.judge(item, schema.contains!, path, decided));
      if (!each.includes(true)) {
        if (each.includes(undefined)) verdict = and(verdict, undefined);
        else
          verdict = fail(report, () => ({
            code: 'CFN310',
            path,
            message: 'no item is of the kind that the list must hold',
            fix: 'add one',
          }));
      }
    }
    return verdict;
  }

  #count(list: readonly Json[], schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    const { minItems = 0, maxItems = Infinity, maxUniqueItems = Infinity } = schema;
    if (minItems === 0 && maxItems === Infinity && maxUniqueItems === Infinity) return true;
    let least = 0;
    let most = 0;
    const different = new Set<string>();
    for (const item of list) {
      if (isObject(item) && Object.keys(item).some(isExpanding)) {
        most = Infinity;
        continue;
      }
      const present = isPresent(item, decided);
      if (present === true && !isUnknown(item)) least++;
      if (present !== false) most++;
      // Two functions may give the same.
      if (present === true && !hasFunction(item)) different.add(canonical(item));
    }
    if (different.size > maxUniqueItems)
      return fail(report, () => ({
        code: 'CFN309',
        path,
        message: `the list has ${different.size} different items; allowed: ${bounds(0, maxUniqueItems)}`,
        fix: 'remove items',
      }));
    if (most > maxUniqueItems && (most === Infinity || list.some(hasFunction))) return undefined;
    if (least >= minItems && most <= maxItems) return true;
    if (most >= minItems && least <= maxItems) return undefined;
    return fail(report, () => ({
      code: 'CFN309',
      path,
      message: `the list has ${counted(least, most)} items; allowed: ${bounds(minItems, maxItems)}`,
      fix: most < minItems ? 'add items' : 'remove items',
    }));
  }

  #distinct(list: readonly Json[], { uniqueItems, uniqueKeys }: Schema, path: Path, report: Report): Verdict {
    if (uniqueItems !== true && uniqueKeys === undefined) return true;
    const seen = new Map<string, number>();
    for (const [index, item] of list.entries()) {
      const part = uniqueItems === true ? item : membersOf(item, uniqueKeys!);
      if (part === undefined) continue;
      const text = canonical(part);
      // What is left out under a condition may leave only one of two that look alike.
      if (text.includes('"Fn::If"') || text.includes('"AWS::NoValue"')) continue;
      const first = seen.get(text);
      if (first !== undefined)
        return fail(report, () => ({
          code: 'CFN311',
          path: [...path, index],
          message: `item ${index + 1} is the same as item ${first + 1}${uniqueItems ? '' : ` in ${uniqueKeys!.join(' and ')}`}`,
          fix: 'remove or change one of them',
        }));
      seen.set(text, index);
    }
    return true;
  }

  #object(object: JsonObject, schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    const open = Object.keys(object).some(isExpanding);
    let verdict: Verdict = open ? undefined : true;
    for (const name of Object.keys(object)) {
      if (isExpanding(name)) continue;
      verdict = and(verdict, this.#member(object, name, schema, path, decided, report));
      if (verdict === false && !report) return false;
    }
    const presence = (name: string): Verdict => {
      const present = isPresent(Object.hasOwn(object, name) ? object[name] : undefined, decided);
      return present === false && open ? undefined : present;
    };
    return and(verdict, this.#together(presence, object, schema, path, decided, report));
  }

  #member(object: JsonObject, name: string, schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    const value = object[name]!;
    const here = report ? [...path, name] : path;
    let verdict: Verdict = true;
    let known = false;
    if (schema.propertyNames) {
      verdict = this.judge(name, schema.propertyNames, here, decided, report);
    }
    if (schema.properties && Object.hasOwn(schema.properties, name)) {
      known = true;
      verdict = and(verdict, this.judge(value, schema.properties[name]!, here, decided, report));
    }
    for (const [pattern, of] of Object.entries(schema.patternProperties ?? {})) {
      const matched = matches(pattern, name);
      if (matched === false) continue;
      known = true;
      verdict = and(verdict, matched && this.judge(value, of, here, decided, report));
    }
    if (known || schema.additionalProperties === undefined || schema.additionalProperties === true) return verdict;
    if (schema.additionalProperties !== false)
      return and(verdict, this.judge(value, schema.additionalProperties, here, decided, report));
    const present = isPresent(value, decided);
    if (present === false) return verdict;
    report?.(unknownName(name, schema, object, here));
    return present ? false : and(verdict, undefined);
  }

  /** Which members go together, and how many there are. */
  #together(
    presence: (name: string) => Verdict,
    object: JsonObject,
    schema: Schema,
    path: Path,
    decided: Decided,
    report: Report,
  ): Verdict {
    let verdict: Verdict = true;
    for (const name of schema.required ?? []) {
      const present = presence(name);
      if (present === false)
        report?.({
          code: 'CFN303',
          path,
          message: `the required property ${name} is missing`,
          fix: `add ${name}`,
          decided,
        });
      if (present === undefined && report && Object.hasOwn(object, name))
        for (const branch of absences(object[name]!, decided))
          report({
            code: 'CFN303',
            path: [...path, name],
            message: `the required property ${name} is left out in one branch`,
            fix: `give ${name} a value there, or leave all of it out`,
            decided: branch,
          });
      verdict = and(verdict, present);
    }
    const combination = (message: string, fix: string, at: Path = path) => {
      report?.({ code: 'CFN310', path: at, message, fix });
      verdict = false;
    };
    if (schema.requiredOr) {
      const names = schema.requiredOr;
      const each = names.map(presence);
      if (each.every((present) => present === false))
        combination(`none of ${listed(names)} is given`, `add one of ${listed(names)}`);
      else if (!each.includes(true)) verdict = and(verdict, undefined);
    }
    if (schema.requiredXor) {
      const names = schema.requiredXor;
      const given = names.filter((name) => presence(name) === true);
      const possible = names.filter((name) => presence(name) !== false);
      if (possible.length === 0) combination(`none of ${listed(names)} is given`, `add one of ${listed(names)}`);
      else if (given.length > 1) combination(`${listed(given, 'and')} exclude each other`, 'keep one of them');
      else if (possible.length > 1) verdict = and(verdict, undefined);
    }
    for (const [name, others] of Object.entries(schema.dependentRequired ?? {}))
      this.#dependency(name, others, true, presence, combination, (open) => (verdict = and(verdict, open)));
    for (const [name, others] of Object.entries(schema.dependentExcluded ?? {}))
      this.#dependency(name, others, false, presence, combination, (open) => (verdict = and(verdict, open)));
    for (const [name, dependency] of Object.entries(schema.dependencies ?? {})) {
      if (Array.isArray(dependency))
        this.#dependency(name, dependency, true, presence, combination, (open) => (verdict = and(verdict, open)));
      else if (presence(name) === true)
        verdict = and(verdict, this.judge(object, dependency as Schema, path, decided, report));
      else if (presence(name) === undefined) verdict = and(verdict, undefined);
    }
    const { minProperties = 0, maxProperties = Infinity } = schema;
    if (minProperties > 0 || maxProperties < Infinity) {
      const each = Object.keys(object).map((name) => (isExpanding(name) ? undefined : presence(name)));
      const least = each.filter((present) => present === true).length;
      const most = Object.keys(object).some(isExpanding)
        ? Infinity
        : each.filter((present) => present !== false).length;
      if (most < minProperties || least > maxProperties) {
        const message = `there are ${counted(least, most)} members; allowed: ${bounds(minProperties, maxProperties)}`;
        verdict = fail(report, () => ({
          code: 'CFN309',
          path,
          message,
          fix: most < minProperties ? 'add members' : 'remove members',
        }));
      } else if (least < minProperties || most > maxProperties) verdict = and(verdict, undefined);
    }
    return verdict;
  }

  #dependency(
    name: string,
    others: readonly string[],
    wanted: boolean,
    presence: (name: string) => Verdict,
    combination: (message: string, fix: string) => void,
    open: (verdict: undefined) => void,
  ): void {
    const given = presence(name);
    if (given === false) return;
    for (const other of others) {
      const there = presence(other);
      if (there === wanted) continue;
      if (given === undefined || there === undefined) open(undefined);
      else if (wanted) combination(`${name} is given without ${other}`, `add ${other}, or remove ${name}`);
      else combination(`${name} and ${other} exclude each other`, `remove ${name} or ${other}`);
    }
  }

  #combinations(value: Json, schema: Schema, path: Path, decided: Decided, report: Report): Verdict {
    let verdict: Verdict = true;
    for (const part of schema.allOf ?? []) {
      verdict = and(verdict, this.judge(value, part, path, decided, report));
      if (verdict === false && !report) return false;
    }
    if (schema.anyOf) verdict = and(verdict, this.#anyOf(value, schema.anyOf, path, decided, report));
    if (schema.oneOf) verdict = and(verdict, this.#exactlyOne(value, schema.oneOf, path, decided, report));
    if (schema.not !== undefined) {
      const inner = this.judge(value, schema.not, path, decided);
      if (inner === true) {
        const message = isObject(value) ? 'this combination is not allowed' : `${describe(value)} is not allowed here`;
        verdict = fail(report, () => ({ code: 'CFN310', path, message, fix: 'change it' }));
      } else verdict = and(verdict, inner === undefined ? undefined : true);
    }
    if (schema.if !== undefined) {
      const premise = this.judge(value, schema.if, path, decided);
      const conclusion = premise === true ? schema.then : premise === false ? schema.else : undefined;
      if (conclusion !== undefined) verdict = and(verdict, this.judge(value, conclusion, path, decided, report));
      else if (premise === undefined) verdict = and(verdict, undefined);
    }
    return verdict;
  }

  #anyOf(value: Json, forms: readonly Reference[], path: Path, decided: Decided, report: Report): Verdict {
    let verdict: Verdict = false;
    for (const form of forms) {
      const one = this.judge(value, form, path, decided);
      if (one === true) return true;
      if (one === undefined) verdict = undefined;
    }
    if (verdict === false) this.#reportNearest(value, forms, path, decided, report);
    return verdict;
  }

  #exactlyOne(value: Json, forms: readonly Reference[], path: Path, decided: Decided, report: Report): Verdict {
    const verdicts = forms.map((form) => this.judge(value, form, path, decided));
    const fitting = verdicts.filter((verdict) => verdict === true).length;
    // A scalar fits a text as well as a number or a boolean, which is no fault of the template's.
    if (fitting > 1 && !isObject(value)) return true;
    if (fitting > 1) {
      const names = alternatives(forms.filter((_, index) => verdicts[index] === true));
      const message = names
        ? `only one of ${names} may be given`
        : `it fits ${fitting} forms of which only one may apply`;
      return fail(report, () => ({ code: 'CFN310', path, message, fix: 'keep the properties of one form' }));
    }
    if (verdicts.includes(undefined)) return undefined;
    if (fitting === 0) this.#reportNearest(value, forms, path, decided, report);
    return fitting === 1;
  }

  /** Nothing fits: says what keeps the form with the fewest problems from fitting. */
  #reportNearest(value: Json, forms: readonly Reference[], path: Path, decided: Decided, report: Report): void {
    if (!report) return;
    const names = alternatives(forms);
    if (names !== undefined) {
      report({ code: 'CFN310', path, message: `none of ${names} is given`, fix: `add one of ${names}` });
      return;
    }
    let nearest: Problem[] | undefined;
    for (const form of forms) {
      const problems: Problem[] = [];
      this.judge(value, form, path, decided, (problem) => problems.push(problem));
      if (problems.length > 0 && (nearest === undefined || isNearer(problems, nearest))) nearest = problems;
    }
    for (const problem of (nearest ?? []).slice(0, 1)) {
      const also = forms.length > 1 ? ` (the nearest of ${forms.length} allowed forms)` : '';
      report({ ...problem, code: forms.length > 1 ? 'CFN310' : problem.code, message: `${problem.message}${also}` });
    }
  }
}

function alike(verdicts: readonly Verdict[]): Verdict {
  return verdicts.every((one) => one === verdicts[0]) ? (verdicts[0] ?? true) : undefined;
}

function and(a: Verdict, b: Verdict): Verdict {
  if (a === false || b === false) return false;
  return a === undefined || b === undefined ? undefined : true;
}

/** Most judgements only ask whether a value fits: the words are made when somebody reads them. */
function fail(report: Report, problem: () => Problem): false {
  report?.(problem());
  return false;
}

/** Fewer problems, then one that lies deeper: more of the form was right. */
function isNearer(problems: readonly Problem[], than: readonly Problem[]): boolean {
  if (problems.length !== than.length) return problems.length < than.length;
  const depth = (all: readonly Problem[]) => Math.max(...all.map(({ path }) => path.length));
  return depth(problems) > depth(than);
}

/** The names, where the forms differ only in the one property that each requires. */
function alternatives(forms: readonly Reference[]): string | undefined {
  const names = forms.map((form) =>
    typeof form === 'object' && form.required && Object.keys(form).every((key) => key === 'required' || key === 'type')
      ? form.required.join(' with ')
      : undefined,
  );
  return names.every((name) => name !== undefined) ? listed(names as string[]) : undefined;
}

function isStructure(type: string): boolean {
  return type === 'array' || type === 'object';
}

function hasConstraint(schema: Schema): boolean {
  return Object.keys(schema).some((key) => key !== 'definitions');
}

function isUnknown(item: Json): boolean {
  return isObject(item) && (Object.hasOwn(item, 'Fn::Transform') || Object.hasOwn(item, 'Fn::Split'));
}

function isOfType(value: Json, type: string | readonly string[]): boolean {
  if (typeof type !== 'string') return type.some((one) => isOfType(value, one));
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'string':
      return typeof value !== 'object';
    case 'boolean':
      return (
        typeof value === 'boolean' || (typeof value === 'string' && /^(true|True|TRUE|false|False|FALSE)$/.test(value))
      );
    case 'number':
      return numberOf(value) !== undefined;
    case 'integer':
      return Number.isInteger(numberOf(value));
    default:
      return type !== 'null';
  }
}

function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && !/^\s*[+-]?0[xXbBoO]/.test(value) ? number : undefined;
}

/** `10.0.0.0/16`: no bit set after those of the network. Without a length it is one address. */
function isNetwork(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return false;
  const [a, b, c, d, length = 32] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  if ([a, b, c, d].some((byte) => byte! > 255) || length > 32) return false;
  const address = ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
  return length === 32 || address % 2 ** (32 - length) === 0;
}

/** As CloudFormation compares scalars: their texts, and booleans in any case of letters. */
function isSame(value: unknown, allowed: unknown): boolean {
  if (value === allowed) return true;
  const [a, b] = [String(value), String(allowed)];
  return a === b || (/^(true|false)$/i.test(a) && a.toLowerCase() === b.toLowerCase());
}

/** 0.3 is a multiple of 0.1, whatever their binary fractions say. */
function isMultiple(number: number, of: number): boolean {
  const times = number / of;
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times));
}

function hasFunction(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasFunction);
  if (typeof value === 'string') return value.includes('{{resolve:');
  return isObject(value) && (intrinsicOf(value) !== undefined || Object.values(value).some(hasFunction));
}

function written(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

function membersOf(item: Json, names: readonly string[]): JsonObject | undefined {
  if (!isObject(item) || !names.every((name) => Object.hasOwn(item, name))) return undefined;
  return Object.fromEntries(names.map((name) => [name, item[name]!]));
}

/** The same text for the same value, whatever the order of its keys. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, member) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

function unknownName(name: string, schema: Schema, object: JsonObject, path: Path): Problem {
  const known = Object.keys(schema.properties ?? {});
  const free = known.filter((candidate) => !Object.hasOwn(object, candidate));
  const nearest = nearestMatch(name, free);
  const patterns = Object.keys(schema.patternProperties ?? {});
  const allowed =
    known.length > 0
      ? `allowed: ${some(known)}`
      : patterns.length > 0
        ? `names match ${some(patterns)}`
        : 'nothing is allowed here';
  return {
    code: 'CFN302',
    path,
    message: `there is no property ${name} here${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: nearest ? `write ${nearest}` : `remove it; ${allowed}`,
  };
}

function notAllowed(text: string, allowed: readonly unknown[], path: Path): Problem {
  const values = allowed.map(String);
  const nearest = nearestMatch(text, values);
  return {
    code: 'CFN305',
    path,
    message: `"${shown(text)}" is not allowed${nearest ? `; did you mean ${nearest}?` : ''}`,
    fix: values.length === 1 ? `give ${values[0]}` : `give one of ${some(values, 20)}`,
  };
}

const NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a mapping',
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
};

function wrongKind(given: string, types: readonly string[], path: Path): Problem {
  const expected = types.map((type) => NAMES[type] ?? type).join(' or ');
  return { code: 'CFN304', path, message: `${given} stands where ${expected} is expected`, fix: `give ${expected}` };
}

function describe(value: Json): string {
  return Array.isArray(value) ? 'a list' : isObject(value) ? 'a mapping' : `"${shown(String(value))}"`;
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function bounds(least: number, most: number): string {
  if (most === Infinity) return `at least ${least}`;
  if (least === -Infinity || least === 0) return `at most ${most}`;
  return least === most ? `exactly ${least}` : `${least} to ${most}`;
}

function counted(least: number, most: number): string {
  if (least === most) return String(least);
  return most === Infinity ? `at least ${least}` : `${least} to ${most}`;
}

function listed(names: readonly string[], conjunction = 'or'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`;
}

function some(names: readonly string[], limit = 12): string {
  return names.length > limit ? `${names.slice(0, limit).join(', ')}, …` : names.join(', ');
}
