import type { Json, Path } from '../cfn/template.ts';
import type { Dependency } from '../scenarios/unknown.ts';

/** What has to be told apart before a judgement can be given: a condition, an expression's values, texts of a parameter. */
export type Need =
  | { readonly condition: string }
  | { readonly expression: Json }
  | { readonly parameter: string; readonly texts: readonly string[] };

/**
 * What a control says of one resource in one class of deployments.
 * - `open`: the class is too wide; the prover splits it by `needs` and asks again
 * - `depends`: it turns on what no parameter file says, or on values that cannot be told apart; `settledBy` would decide it
 */
export type Judgement =
  | { readonly is: 'holds' }
  | { readonly is: 'fails'; readonly path: Path; readonly message: string }
  | { readonly is: 'open'; readonly needs: readonly Need[] }
  | {
      readonly is: 'depends';
      readonly path: Path;
      readonly message: string;
      readonly on: readonly Dependency[];
      readonly settledBy?: string;
    };

/** A judgement, or how to come to it: made only where those before it leave the matter open. */
export type Part = Judgement | (() => Judgement);

export const HOLDS: Judgement = { is: 'holds' };

export function fails(path: Path, message: string): Judgement {
  return { is: 'fails', path, message };
}

function made(part: Part): Judgement {
  return typeof part === 'function' ? part() : part;
}

/** Fails as soon as one part does, whatever the others turn on. */
export function all(parts: Iterable<Part>): Judgement {
  const needs: Need[] = [];
  let depends: Judgement | undefined;
  for (const part of parts) {
    const judgement = made(part);
    if (judgement.is === 'fails') return judgement;
    if (judgement.is === 'open') needs.push(...judgement.needs);
    else if (judgement.is === 'depends') depends ??= judgement;
  }
  return needs.length > 0 ? { is: 'open', needs } : (depends ?? HOLDS);
}

/** Holds as soon as one part does. `otherwise` is said where none does; by default what the first of them says. */
export function any(parts: Iterable<Part>, otherwise: Judgement): Judgement;
export function any(parts: readonly [Part, ...Part[]]): Judgement;
export function any(parts: Iterable<Part>, otherwise?: Judgement): Judgement {
  const needs: Need[] = [];
  let depends: Judgement | undefined;
  let first: Judgement | undefined;
  for (const part of parts) {
    const judgement = made(part);
    if (judgement.is === 'holds') return HOLDS;
    if (judgement.is === 'open') needs.push(...judgement.needs);
    else if (judgement.is === 'depends') depends ??= judgement;
    else first ??= judgement;
  }
  if (needs.length > 0) return { is: 'open', needs };
  return depends ?? otherwise ?? first!;
}

/** Where the premise fails there is nothing to judge. */
export function when(premise: Part, conclusion: Part): Judgement {
  const given = made(premise);
  if (given.is === 'fails') return HOLDS;
  const then = made(conclusion);
  if (given.is === 'holds' || then.is === 'holds') return then;
  if (given.is === 'open' && then.is === 'open') return { is: 'open', needs: [...given.needs, ...then.needs] };
  return given;
}

/** The contrary; `path` and `message` are said where the judgement holds. */
export function not(part: Part, path: Path, message: string): Judgement {
  const judgement = made(part);
  if (judgement.is === 'holds') return fails(path, message);
  return judgement.is === 'fails' ? HOLDS : judgement;
}

/** What no template says: `message` tells what would have to be looked at. */
export function notKnown(path: Path, message: string): Judgement {
  return { is: 'depends', path, message, on: [] };
}

/** At least so many of the parts hold. */
export function several(least: number, parts: Iterable<Part>, otherwise: Judgement): Judgement {
  const needs: Need[] = [];
  const depends: Judgement[] = [];
  let holding = 0;
  for (const part of parts) {
    const judgement = made(part);
    if (judgement.is === 'holds') holding++;
    else if (judgement.is === 'open') needs.push(...judgement.needs);
    else if (judgement.is === 'depends') depends.push(judgement);
    if (holding === least) return HOLDS;
  }
  if (needs.length > 0) return { is: 'open', needs };
  return holding + depends.length >= least ? depends[0]! : otherwise;
}
