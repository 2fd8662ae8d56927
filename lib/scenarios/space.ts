import { expandForEach } from '../cfn/for-each.ts';
import type { Json, Path, Template } from '../cfn/template.ts';
import { type AssignmentScope, assignmentScope } from './assignment.ts';
import { evaluateTest } from './conditions.ts';
import { entriesOf } from './entries.ts';
import { type Choice, type Choices, choicesOf, jointChoices } from './links.ts';
import { readsOf } from './reads.ts';
import { type Analysis, analyse } from './significance.ts';
import type { Slice } from './slice.ts';
import { type Variables, variablesOf } from './variables.ts';

/** What CloudFormation refuses assignments for: a rule, or a condition that cannot be evaluated for some values. */
interface Constraint {
  readonly references: readonly string[];
  readonly tests: readonly Json[];
  admits(scope: AssignmentScope): boolean;
}

/** A template as the questions of this folder ask about it. Built once per template object, which must not change after. */
export interface Space {
  /** With its loops unrolled. */
  readonly template: Template;
  /** Where the text of a path in the template stands in the source. */
  origin(path: Path): Path;
  readonly variables: Variables;
  readonly constraints: readonly Constraint[];
}

const spaces = new WeakMap<Template, Map<string, Space>>();

/** @param home The region that counts as the default one. Default: us-east-1. */
export function spaceOf(source: Template, home = 'us-east-1'): Space {
  const known = spaces.get(source) ?? new Map<string, Space>();
  spaces.set(source, known);
  let space = known.get(home);
  if (!space) {
    const { template, origin } = expandForEach(source);
    space = { template, origin, variables: variablesOf(template, home), constraints: constraintsOf(template) };
    known.set(home, space);
  }
  return space;
}

function constraintsOf(template: Template): Constraint[] {
  const constraints: Constraint[] = [];
  for (const [, body] of entriesOf(template.Rules)) {
    if (!Array.isArray(body.Assertions)) continue;
    const asserts = body.Assertions.map((each) => each?.Assert ?? true);
    const reads = readsOf(template, body.RuleCondition, ...asserts);
    constraints.push({
      references: [...reads.references],
      tests: reads.tests,
      admits: (scope) => {
        if (body.RuleCondition !== undefined && evaluateTest(body.RuleCondition, scope, []) !== true)
          return !scope.refused;
        return asserts.every((assert) => evaluateTest(assert, scope, []) !== false) && !scope.refused;
      },
    });
  }
  for (const test of readsOf(template, ...conditionsIn(template)).tests) {
    if (!/"Fn::(FindInMap|Select|Cidr)"/.test(JSON.stringify(test))) continue;
    const reads = readsOf(template, test);
    constraints.push({
      references: [...reads.references],
      tests: [test],
      admits: (scope) => {
        evaluateTest(test, scope, []);
        return !scope.refused;
      },
    });
  }
  return constraints;
}

function conditionsIn(template: Template): Json[] {
  const names = typeof template.Conditions === 'object' && template.Conditions ? Object.keys(template.Conditions) : [];
  return names.map((name) => ({ Condition: name }));
}

/** Choices that constrain each other, independent of all others. */
export interface Component {
  readonly dimensions: readonly Choices[];
  readonly constraints: readonly BoundConstraint[];
}

/** A constraint with the variables and the undecidable comparisons that it reads. */
export interface BoundConstraint extends Constraint {
  readonly reads: ReadonlySet<string>;
}

export interface Decomposition {
  readonly components: readonly Component[];
  readonly analysis: Analysis;
  readonly scope: AssignmentScope;
}

/** The independent parts of the scenarios of a slice, with all the constraints that its variables are subject to. */
export function decompose(
  { template, variables, constraints }: Space,
  slice: Slice,
  distinguish: Readonly<Record<string, readonly string[]>>,
): Decomposition {
  const decidingNames = (references: Iterable<string>): string[] => [
    ...new Set([...references].flatMap((reference) => variables.deciding(reference) ?? [])),
  ];
  const touched = new Set(decidingNames([...slice.references, ...Object.keys(distinguish)]));
  const keys = new Set(slice.tests.map((test) => JSON.stringify(test)));
  const tests = [...slice.tests];
  const bound = new Set<Constraint>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const constraint of constraints) {
      const names = decidingNames(constraint.references);
      const concerns =
        names.some((name) => touched.has(name)) || constraint.tests.some((test) => keys.has(JSON.stringify(test)));
      if (bound.has(constraint) || !concerns) continue;
      bound.add(constraint);
      for (const name of names) touched.add(name);
      for (const test of constraint.tests) keys.add(JSON.stringify(test));
      tests.push(...constraint.tests);
      grown = true;
    }
  }

  const analysis = analyse(template, variables, { tests, lookups: slice.lookups, values: slice.values, distinguish });
  const scope = assignmentScope(template, variables);
  const free = new Set(analysis.free.map((test) => JSON.stringify(test)));
  const parts = new Partition([...analysis.significance.keys()].filter((name) => variables.get(name)));
  for (const [a, b] of analysis.links) parts.join(a, b);
  const groups = parts.sets();
  for (const test of free) parts.add(test);
  const constraining = [...bound].map((constraint): BoundConstraint => {
    const names = decidingNames(constraint.references).filter((name) => analysis.significance.has(name));
    const assumed = constraint.tests.map((test) => JSON.stringify(test)).filter((test) => free.has(test));
    return { ...constraint, reads: new Set([...names, ...assumed]) };
  });
  for (const { reads } of constraining) parts.join(...reads);

  const dimensions = new Map<string, Choices[]>();
  const put = (member: string, choices: Choices): void => {
    const root = parts.rootOf(member);
    dimensions.set(root, [...(dimensions.get(root) ?? []), choices]);
  };
  for (const group of groups) {
    const members = group.map((name) => variables.get(name)!);
    const joint = members.length > 1 ? jointChoices(members, analysis, scope) : choicesOf(members[0]!, analysis, scope);
    put(group[0]!, joint);
  }
  for (const test of free) put(test, freeChoices(test));
  const components = [...dimensions].map(([root, choices]) => ({
    dimensions: choices,
    constraints: constraining.filter(({ reads }) => reads.size > 0 && parts.rootOf([...reads][0]!) === root),
  }));
  return { components, analysis, scope };
}

function freeChoices(test: string): Choices {
  const choices = [true, false].map((outcome): Choice => ({ classes: [], assumed: [test, outcome], weight: 0 }));
  return { choices, complete: true };
}

/** Sets of names that grow together (union and find). */
class Partition {
  private readonly parents = new Map<string, string>();

  constructor(names: Iterable<string>) {
    for (const name of names) this.add(name);
  }

  add(name: string): void {
    if (!this.parents.has(name)) this.parents.set(name, name);
  }

  rootOf(name: string): string {
    let root = name;
    for (let parent = this.parents.get(root)!; parent !== root; parent = this.parents.get(root)!) root = parent;
    this.parents.set(name, root);
    return root;
  }

  join(...names: readonly string[]): void {
    for (const name of names) this.parents.set(this.rootOf(name), this.rootOf(names[0]!));
  }

  sets(): string[][] {
    const sets = new Map<string, string[]>();
    for (const name of this.parents.keys()) {
      const root = this.rootOf(name);
      sets.set(root, [...(sets.get(root) ?? []), name]);
    }
    return [...sets.values()];
  }
}
