import { createHash } from 'node:crypto';
import { failure } from './failure.ts';
import { kinds, type Options } from './kinds.ts';

//! rules: reads the rule set and reports everything that is wrong with it.

export type ColumnRule = { column: string; kind: string; options: Options };
export type TableRule = { label: string; required: boolean; columns: ColumnRule[] };
export type RuleSet = { tables: TableRule[]; fingerprint: string };

type Json = Record<string, unknown>;

const objectIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/**
 * Reads a rule set:
 *
 *     { "version": 1, "onMissing": "skip",
 *       "tables": { "public.customers": { "columns": { "email": "email", "phone": { "kind": "phone", "keep": 3 } } } } }
 *
 * `onMissing` (`skip` or `fail`) says what a table or column that does not exist is: for all tables, or in one.
 * Throws `RuleSetInvalid` with everything that is wrong, each with its path.
 */
export function readRuleSet(text: string): RuleSet {
  const problems: string[] = [];
  const check = (holds: boolean, path: string, problem: string) => holds || problems.push(`${path}: ${problem}`);
  const onlyHas = (value: Json, path: string, names: string[]) => {
    for (const name of Object.keys(value))
      check(names.includes(name), path + name, `unknown; known: ${names.join(', ')}`);
  };
  const mustExist = ({ onMissing = 'skip' }: Json, path: string) => {
    check(onMissing === 'skip' || onMissing === 'fail', `${path}onMissing`, 'must be "skip" or "fail"');
    return onMissing === 'fail';
  };
  let root: Json = {};
  try {
    root = objectIn(JSON.parse(text));
  } catch {
    problems.push('the rule set is not JSON');
  }
  mustExist(root, '');
  onlyHas(root, '', ['version', 'onMissing', 'tables']);
  check(root.version === 1, 'version', 'must be 1');
  check(Object.keys(objectIn(root.tables)).length > 0, 'tables', 'must name at least one table');

  const tables = Object.entries(objectIn(root.tables)).map(([label, value]): TableRule => {
    const path = `tables.${label}`;
    const table = objectIn(value);
    check(/^(?!plainform_masking\.)[^.]+\.[^.]+$/.test(label), path, 'must be schema.table');
    onlyHas(table, `${path}.`, ['onMissing', 'columns']);
    const columns = Object.entries(objectIn(table.columns));
    check(columns.length > 0, `${path}.columns`, 'must name at least one column');
    return {
      label,
      required: mustExist({ ...root, ...table }, `${path}.`),
      columns: columns.map(([column, rule]) => readColumn(`${path}.columns.${column}`, column, rule)),
    };
  });

  function readColumn(path: string, column: string, rule: unknown): ColumnRule {
    const { kind, ...options } = typeof rule === 'string' ? { kind: rule } : objectIn(rule);
    const name = String(kind);
    const known = Object.hasOwn(kinds, name);
    check(known, path, `kind must be one of ${Object.keys(kinds).join(', ')}`);
    const patterns: Record<string, RegExp> = known ? { ...kinds[name]?.options } : {};
    if (known) onlyHas(options, `${path}.`, Object.keys(patterns));
    for (const [option, pattern] of Object.entries(patterns)) {
      const json = JSON.stringify(options[option]);
      check(json === undefined || pattern.test(json), `${path}.${option}`, `must match ${pattern.source}`);
    }
    const { min, max } = options as Options;
    const both = min !== undefined && max !== undefined && min <= max;
    check(both || (min === max && name !== 'number'), path, 'needs min and max, with min not above max');
    return { column, kind: name, options };
  }

  if (problems.length) throw failure('RuleSetInvalid', problems.join('\n'));
  return { tables, fingerprint: createHash('sha256').update(JSON.stringify(tables)).digest('hex') };
}
