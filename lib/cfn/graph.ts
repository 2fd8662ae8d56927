import { intrinsicOf } from './intrinsics.ts';
import { parseSub, subArguments } from './sub.ts';
import { isObject, type Json, type Path, type Template } from './template.ts';

/** One use of a name. `path` leads to the function, or to the item of `DependsOn`. */
export interface Reference {
  kind: 'Ref' | 'GetAtt' | 'DependsOn' | 'Condition' | 'Mapping';
  target: string;
  /** Of a GetAtt, as far as it is written out. */
  attribute?: string;
  path: Path;
}

/** References in a value: Ref, GetAtt, Sub placeholders, Condition and If, FindInMap. Names that are computed are left out. */
export function referencesIn(value: Json | undefined, path: Path): Reference[] {
  const found: Reference[] = [];
  collect(value, path, found);
  return found;
}

function collect(value: Json | undefined, path: Path, found: Reference[]): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(item, [...path, index], found);
    });
    return;
  }
  if (!isObject(value)) return;
  const call = intrinsicOf(value);
  if (!call) {
    for (const [key, member] of Object.entries(value)) collect(member, [...path, key], found);
    return;
  }
  const { name, argument } = call;
  const inner = [...path, name];
  if (name === 'Ref') {
    const target = writtenOut(argument);
    if (target !== undefined) found.push({ kind: 'Ref', target, path });
    else collect(argument, inner, found);
  } else if (name === 'Condition') {
    // Elsewhere it is a property of that name.
    if (path[0] === 'Conditions' || path[0] === 'Rules')
      found.push({ kind: 'Condition', target: argument as string, path });
  } else if (name === 'Fn::Sub') {
    collectSub(argument, path, found);
  } else if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
    const target = writtenOut(argument[0]);
    const rest = argument.slice(1);
    const parts = rest.map(writtenOut);
    const attribute = parts.every((part) => part !== undefined) ? parts.join('.') : undefined;
    if (target !== undefined) found.push({ kind: 'GetAtt', target, ...(attribute && { attribute }), path });
    collect(rest, inner, found);
  } else if (name === 'Fn::If' && Array.isArray(argument)) {
    const [condition, ...branches] = argument;
    if (typeof condition === 'string') found.push({ kind: 'Condition', target: condition, path: [...inner, 0] });
    branches.forEach((branch, index) => {
      collect(branch, [...inner, index + 1], found);
    });
  } else if (name === 'Fn::FindInMap' && Array.isArray(argument)) {
    const target = writtenOut(argument[0]);
    if (target !== undefined) found.push({ kind: 'Mapping', target, path });
    collect(argument, inner, found);
  } else {
    collect(argument, inner, found);
  }
}

/** A name as it is known before deployment: under AWS::LanguageExtensions an unrolled loop leaves `Fn::Sub` of plain text. */
function writtenOut(name: Json | undefined): string | undefined {
  if (typeof name === 'string') return name;
  const text = isObject(name) && Object.keys(name).length === 1 ? name['Fn::Sub'] : undefined;
  return typeof text === 'string' && !text.includes('${') ? text : undefined;
}

function collectSub(argument: Json, path: Path, found: Reference[]): void {
  const call = subArguments(argument);
  if (!call) return;
  for (const part of parseSub(call.text)) {
    if (!('name' in part) || Object.hasOwn(call.variables, part.name)) continue;
    const name = part.name.trim(); // CloudFormation accepts blanks inside the braces.
    const dot = name.indexOf('.');
    if (dot === -1) found.push({ kind: 'Ref', target: name, path });
    else found.push({ kind: 'GetAtt', target: name.slice(0, dot), attribute: name.slice(dot + 1), path });
  }
  for (const [key, member] of Object.entries(call.variables)) collect(member, [...path, 'Fn::Sub', 1, key], found);
}

/** Every reference of a template, `DependsOn` and the `Condition` of resources and outputs included. */
export function templateReferences(template: Template): Reference[] {
  const found: Reference[] = [];
  collect((template.Rules ?? {}) as unknown as Json, ['Rules'], found);
  collect((template.Conditions ?? {}) as Json, ['Conditions'], found);
  for (const [section, entries] of [
    ['Resources', template.Resources],
    ['Outputs', template.Outputs],
  ] as const) {
    for (const [id, entry] of Object.entries(entries ?? {})) {
      if (!isObject(entry)) continue;
      const path = [section, id];
      const { Condition: condition, DependsOn: dependsOn, Type: _, ...rest } = entry as Record<string, Json>;
      if (typeof condition === 'string')
        found.push({ kind: 'Condition', target: condition, path: [...path, 'Condition'] });
      if (typeof dependsOn === 'string')
        found.push({ kind: 'DependsOn', target: dependsOn, path: [...path, 'DependsOn'] });
      if (Array.isArray(dependsOn)) {
        dependsOn.forEach((target, index) => {
          if (typeof target === 'string')
            found.push({ kind: 'DependsOn', target, path: [...path, 'DependsOn', index] });
        });
      }
      for (const [key, member] of Object.entries(rest)) collect(member, [...path, key], found);
    }
  }
  return found;
}

/** For each resource, the resources that CloudFormation must create before it, as far as the references that count say. */
export function dependencies(
  template: Template,
  counts: (reference: Reference) => boolean = () => true,
): Map<string, Set<string>> {
  const graph = new Map(Object.keys(template.Resources ?? {}).map((id) => [id, new Set<string>()]));
  for (const reference of templateReferences(template)) {
    const { kind, target, path } = reference;
    if (path[0] !== 'Resources' || kind === 'Condition' || kind === 'Mapping') continue;
    if (graph.has(target) && counts(reference)) graph.get(String(path[1]))?.add(target);
  }
  return graph;
}

/** The cycles in a graph, each once, starting from its alphabetically first member. A node on itself is a cycle of one. */
export function cycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];

  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    onStack.add(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node)!, low.get(next)!));
      } else if (onStack.has(next)) {
        low.set(node, Math.min(low.get(node)!, index.get(next)!));
      }
    }
    if (low.get(node) !== index.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    for (const member of members) onStack.delete(member);
    if (members.length > 1 || graph.get(node)?.has(node)) found.push(members.sort());
  };
  for (const node of [...graph.keys()].sort()) if (!index.has(node)) visit(node);
  return found;
}
