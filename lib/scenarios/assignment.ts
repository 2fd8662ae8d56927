import type { Json, Template } from '../cfn/template.ts';
import { evaluateTest, type Verdict } from './conditions.ts';
import type { Scope } from './evaluate.ts';
import { type Resolved, type Unknown, unknown } from './unknown.ts';
import type { Variables } from './variables.ts';

/** A scope in which every variable that matters has one text: cheap to move from one assignment to the next. */
export interface AssignmentScope extends Scope {
  /** Texts by variable. To be followed by `reset` when changed. */
  readonly texts: Map<string, string>;
  /** Outcomes of comparisons that cannot be decided, by their JSON. */
  readonly assumed: Map<string, boolean>;
  /** `true` since the last reset if CloudFormation would refuse the assignment. */
  refused: boolean;
  /** Forgets what was evaluated. */
  reset(): void;
}

export function assignmentScope(template: Template, variables: Variables): AssignmentScope {
  const texts = new Map<string, string>();
  const assumed = new Map<string, boolean>();
  const conditions = new Map<string, Verdict>();
  const underway = new Set<string>();
  const open = (expression: Json): Unknown => unknown('invalid', expression, []);

  const scope: AssignmentScope = {
    texts,
    assumed,
    refused: false,
    reset: () => {
      conditions.clear();
      scope.refused = false;
    },
    mappings: template.Mappings ?? {},
    ref: (name): Resolved => {
      const deciding = variables.deciding(name);
      const text = deciding === undefined ? undefined : texts.get(deciding);
      return text === undefined ? open({ Ref: name }) : variables.refer(name, text);
    },
    attribute: (resource, attribute) => open({ 'Fn::GetAtt': [resource, attribute] }),
    condition: (name) => {
      const known = conditions.get(name);
      if (known !== undefined) return known;
      const test = Object.hasOwn(template.Conditions ?? {}, name) ? template.Conditions![name]! : undefined;
      if (test === undefined || underway.has(name)) return open({ Condition: name });
      underway.add(name);
      const verdict = evaluateTest(test, scope, []);
      underway.delete(name);
      conditions.set(name, verdict);
      return verdict;
    },
    decidedTest: (test) => (assumed.size === 0 ? undefined : assumed.get(JSON.stringify(test))),
    importValue: () => undefined,
    zones: () => undefined,
    quietly: (work) => work(),
    refuse: () => {
      scope.refused = true;
    },
  };
  return scope;
}
