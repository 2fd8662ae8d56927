import type { TemplateDocument } from '../cfn/read.ts';
import { isObject, type Json, type Template } from '../cfn/template.ts';

/**
 * The same template whatever the order in which it is written: the keys of every mapping sorted, and the lists that
 * CloudFormation takes as sets: allowed values, operands of `Fn::And`, `Fn::Or` and `Fn::Equals`, dependencies. Paths into its
 * resources stay right.
 */
export function canonicalDocument(document: TemplateDocument): TemplateDocument {
  return { ...document, template: canonicalTemplate(document.template) };
}

export function canonicalTemplate(template: Template): Template {
  return canonical(template as unknown as Json) as unknown as Template;
}

const SETS = new Set(['AllowedValues', 'Fn::And', 'Fn::Or', 'Fn::Equals', 'DependsOn']);

function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  // `fromEntries` defines: a key named `__proto__` is a key.
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => {
        const member = canonical(value[key]!);
        return [key, SETS.has(key) && Array.isArray(member) ? sorted(member) : member];
      }),
  );
}

function sorted(list: readonly Json[]): Json[] {
  const byText = list.map((item) => [JSON.stringify(item), item] as const);
  return byText.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item);
}
