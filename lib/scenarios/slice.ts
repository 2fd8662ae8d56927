import type { Json, Path, Template } from '../cfn/template.ts';
import { entriesOf } from './entries.ts';
import { readsOf } from './reads.ts';

/** What a verdict looks at: a resource with its condition, or a part of it; an output; a condition; any expression. */
export type Root =
  | string
  | { readonly resource: string; readonly path?: Path }
  | { readonly output: string }
  | { readonly condition: string }
  | { readonly parameter: string }
  | { readonly expression: Json };

/** The conditions and parameters that a verdict can turn on, and nothing else. */
export interface Slice {
  readonly conditions: readonly string[];
  /** Parameters and pseudo parameters read, directly or through conditions. */
  readonly references: readonly string[];
  /** Those whose value itself is read, so that each allowed value is a case of its own. */
  readonly values: readonly string[];
  /** Comparisons that decide the conditions. */
  readonly tests: readonly Json[];
  /** Calls of `Fn::FindInMap` that are read. */
  readonly lookups: readonly Json[];
}

/**
 * What a verdict on these roots depends on: through `Fn::If`, conditions of resources and outputs, `Ref`, `Fn::Sub` and the
 * keys of `Fn::FindInMap`. Resources referred to are not followed: name them as roots where the verdict looks at them.
 * A path starts below the resource: `['Properties', 'Encrypted']`. Rules are added when scenarios are listed.
 */
export function sliceOf(template: Template, roots: Iterable<Root>): Slice {
  const deciding: Json[] = [];
  const read: Json[] = [];
  const values = new Set<string>();
  for (const root of roots) {
    if (typeof root === 'string' || 'resource' in root) {
      const { resource, path = [] } = typeof root === 'string' ? { resource: root } : root;
      const body = entry(template.Resources, resource);
      if (typeof body?.Condition === 'string') deciding.push({ Condition: body.Condition });
      const { Condition: _, ...rest } = body ?? {};
      read.push(...expressionsAt(rest as Json, path));
    } else if ('output' in root) {
      const { Condition, ...rest } = entry(template.Outputs, root.output) ?? {};
      if (typeof Condition === 'string') deciding.push({ Condition });
      read.push(rest as Json);
    } else if ('condition' in root) deciding.push({ Condition: root.condition });
    else if ('parameter' in root) values.add(root.parameter);
    else read.push(root.expression);
  }
  const direct = readsOf({ Resources: {} }, ...read);
  const all = readsOf(template, ...deciding, ...read);
  for (const name of direct.references) values.add(name);
  return {
    conditions: [...all.conditions],
    references: [...new Set([...all.references, ...values])],
    values: [...values],
    tests: all.tests,
    lookups: direct.lookups,
  };
}

/** The slice that leaves nothing out: every condition, resource and output. */
export function wholeSlice(template: Template): Slice {
  return sliceOf(template, [
    ...Object.keys(template.Conditions ?? {}).map((condition) => ({ condition })),
    ...entriesOf(template.Resources).map(([resource]) => ({ resource })),
    ...entriesOf(template.Outputs).map(([output]) => ({ output })),
  ]);
}

function entry<T extends object>(section: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return entriesOf(section).find(([key]) => key === name)?.[1];
}

/** The value at a path; where an intrinsic function stands in the way, the call: it decides what is below. */
function expressionsAt(value: Json, path: Path): Json[] {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return [value];
  const keys = Object.keys(value);
  if (keys.length === 1 && (keys[0] === 'Ref' || keys[0]!.startsWith('Fn::')) && keys[0] !== key) return [value];
  const member = (value as { [key: string]: Json })[key];
  return member === undefined ? [] : expressionsAt(member, rest);
}
