import { type Column, type ForeignKey, readForeignKeys, readTable, type Table } from './catalog.ts';
import type { Query } from './data-api.ts';
import { failure } from './failure.ts';
import { type Kind, kinds } from './kinds.ts';
import type { ColumnRule, RuleSet } from './rules.ts';

//! plan: joins the rules with the catalogue; reports every rule that cannot be kept, before anything is written.

/** `unique`: part of a unique index, so that its masked value may be taken. */
export type MaskedColumn = Column & { rule: ColumnRule; kind: Kind; unique: boolean };

/** Rows of another table (or of the same) that repeat a masked value through a foreign key. */
export type Link = {
  /** Quoted name of the table to update. */
  ident: string;
  /** FROM items behind the masked row `b`; the last is `alias`. */
  joins: string;
  alias: string;
  /** Columns to set, each with the place of the masked column that it repeats. */
  sets: { column: Column; from: number }[];
};

export type TablePlan = { label: string; table: Table; key: Column[]; columns: MaskedColumn[]; links: Link[] };

export type Plan = { tables: TablePlan[]; missing: string[] };

/**
 * Joins the rules with what the database is like. Throws `PlanImpossible` with every rule that cannot be kept and why,
 * before anything is written: what is not there and required, a type that does not fit, a column in a foreign key whose
 * parent no rule masks.
 */
export async function makePlan(query: Query, { tables }: RuleSet): Promise<Plan> {
  const problems: string[] = [];
  const missing: string[] = [];
  const plans = new Map<string, TablePlan>();
  const foreignKeys = await readForeignKeys(query);

  for (const { label, required, columns } of tables) {
    const table = await readTable(query, label);
    const absent = (name: string) => (required ? problems.push(`${name} does not exist`) : missing.push(name));
    if (!table) {
      absent(label);
      continue;
    }
    const key = table.unique.find(({ isKey }) => isKey)?.places ?? [];
    if (!table.ownTable) problems.push(`${label} is a view, a partition or foreign: name the table itself`);
    if (!key.length) problems.push(`${label} has neither a primary key nor another unique key without nulls`);
    const masked = columns.flatMap((rule): MaskedColumn[] => {
      const column = table.columns.find(({ name }) => name === rule.column);
      if (!column) absent(`${label}.${rule.column}`);
      const unique = table.unique.some(({ places }) => places.includes(column?.place ?? -1) || places.includes(0));
      return column ? [{ ...column, rule, kind: kinds[rule.kind]!, unique }] : [];
    });
    const byPlace = (place: number) => table.columns.find((column) => column.place === place)!;
    plans.set(table.id, { label, table, key: key.map(byPlace), columns: masked, links: [] });
  }

  for (const { label, table, columns } of plans.values()) {
    for (const column of columns) {
      const problem = problemOf(table, column);
      if (problem) problems.push(`${label}.${column.name} ${problem}`);
    }
  }
  if (problems.length) throw failure('PlanImpossible', problems.join('\n'));
  for (const plan of plans.values()) {
    // What always follows a parent is written with the parent. What can be without one has its own turn too.
    plan.columns = plan.columns.filter(({ place }) => !masters(plan.table, place).some(({ always }) => always));
    plan.links = linksOf(plan, foreignKeys);
  }
  return { tables: parentsFirst(plans, foreignKeys).filter(({ columns }) => columns.length), missing };

  /** The foreign keys by which a column repeats another. */
  function masters(table: Table, place: number) {
    return foreignKeys.flatMap(({ name, child, parent, validated }) => {
      const index = child.id === table.id ? child.columns.findIndex((column) => column.place === place) : -1;
      const from = parent.columns[index]?.place;
      const rule = plans.get(parent.id)?.columns.find((column) => column.place === from)?.rule;
      // With a null beside it a composite key refers to nothing (MATCH SIMPLE).
      const always = validated && child.columns.every((column, other) => other === index || column.notNull);
      return index < 0 ? [] : [{ name, rule, always }];
    });
  }

  /** What speaks against masking this column as its rule says. */
  function problemOf({ id, unique }: Table, { kind, rule, limit, type, category, notNull, place }: MaskedColumn) {
    const { kind: kindName } = rule;
    if (kind.accepts && !kind.accepts.includes(category)) return `is ${type}, which cannot be masked as ${kindName}`;
    if (kindName === 'null' && notNull) return 'must not be null';
    if (kindName === 'email' && limit && limit < 26) return `has room for ${limit} characters only, and needs 26`;
    if (!kind.injective && unique.some(({ places }) => places.length === 1 && places[0] === place)) {
      return `is unique, and ${kindName} gives different inputs the same output`;
    }
    for (const { name, rule: master, always } of masters(plans.get(id)!.table, place)) {
      if (!master) return `refers to another column through ${name}: mask that one instead`;
      if (master.kind !== kindName) return `follows another column through ${name}: give both the same kind`;
      if (!always && !kind.recognises)
        return `can be without its parent in ${name}: validate it, and allow no null in it`;
    }
    return '';
  }
}

/** Every table that repeats a masked value, over any number of foreign keys. */
function linksOf({ table, columns }: TablePlan, foreignKeys: ForeignKey[]): Link[] {
  const links: Link[] = [];
  /** `changed`: place of a column in the table behind `alias` -> place of the masked column that it repeats. */
  const walk = (parentId: string, alias: string, joins: string, changed: Map<number, number>, walked: number[]) => {
    for (const { id, child, parent } of foreignKeys) {
      if (parent.id !== parentId || walked.includes(id)) continue;
      const sets = child.columns.flatMap((column, index) => {
        const from = changed.get(parent.columns[index]!.place);
        return from === undefined ? [] : [{ column, from }];
      });
      if (!sets.length) continue;
      const next = `r${links.length}`;
      const on = child.columns.map(({ ident }, index) => `${next}.${ident} = ${alias}.${parent.columns[index]!.ident}`);
      const path = `${joins} JOIN ${child.ident} ${next} ON ${on.join(' AND ')}`;
      links.push({ ident: child.ident, joins: path, alias: next, sets });
      walk(child.id, next, path, new Map(sets.map(({ column, from }) => [column.place, from])), [...walked, id]);
    }
  };
  walk(table.id, 'b', '', new Map(columns.map(({ place }) => [place, place])), []);
  return links;
}

/** Parents first, so that keys have their final value before the rows below them are marked by key. */
function parentsFirst(plans: Map<string, TablePlan>, foreignKeys: ForeignKey[]): TablePlan[] {
  const ordered: TablePlan[] = [];
  const visited = new Set<string>();
  const visit = (id: string) => {
    if (visited.has(id)) return;
    visited.add(id);
    for (const { child, parent } of foreignKeys) if (child.id === id) visit(parent.id);
    ordered.push(...(plans.has(id) ? [plans.get(id)!] : []));
  };
  for (const id of plans.keys()) visit(id);
  return ordered;
}
