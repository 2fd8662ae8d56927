import type { AssignmentScope } from './assignment.ts';
import type { Choice } from './links.ts';
import type { Component } from './space.ts';

/** An admitted combination of the choices of one component. */
export interface State {
  readonly choices: readonly Choice[];
  readonly weight: number;
}

export interface States {
  /** Combinations before constraints. */
  readonly total: bigint;
  /** Those that constraints admit, fewest changes of defaults first. */
  readonly states: readonly State[];
  /** `false`: the search was given up, there are more. */
  readonly complete: boolean;
}

/** Sets an assignment to a choice, or takes it back. */
export function assign(scope: AssignmentScope, choice: Choice): void {
  for (const [variable, each] of choice.classes) scope.texts.set(variable.name, each.text);
  if (choice.assumed) scope.assumed.set(...choice.assumed);
}

/**
 * The states of a component, by backtracking: a constraint is asked as soon as all it reads is assigned.
 *
 * @param limit Combinations looked at before giving up.
 */
export function statesOf(component: Component, scope: AssignmentScope, limit: number): States {
  const { dimensions } = component;
  const total = dimensions.reduce((product, { choices }) => product * BigInt(choices.length), 1n);
  const decidedAt = component.constraints.map((constraint) => {
    const last = dimensions.findLastIndex(({ choices }) =>
      choices.some(
        ({ classes, assumed }) =>
          classes.some(([variable]) => constraint.reads.has(variable.name)) || constraint.reads.has(assumed?.[0] ?? ''),
      ),
    );
    return { constraint, last };
  });

  const states: State[] = [];
  let looked = 0;
  const visit = (chosen: readonly Choice[]): void => {
    const dimension = dimensions[chosen.length];
    if (!dimension) {
      states.push({ choices: chosen, weight: chosen.reduce((sum, { weight }) => sum + weight, 0) });
      return;
    }
    for (const choice of dimension.choices) {
      if (++looked > limit) return;
      assign(scope, choice);
      scope.reset();
      const admitted = decidedAt.every(({ constraint, last }) => last !== chosen.length || constraint.admits(scope));
      if (admitted) visit([...chosen, choice]);
    }
  };
  visit([]);
  const complete = looked <= limit;
  return { total, states: states.sort((a, b) => a.weight - b.weight), complete };
}
