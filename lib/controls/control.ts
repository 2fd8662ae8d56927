import type { Judgement } from './judgement.ts';
import type { Scene, Subject } from './place.ts';

/** What a control asks of each resource of its types. Pure: the same scene gives the same judgement. */
export interface Control {
  readonly types: readonly string[];
  judge(subject: Subject, stack: Stack): Judgement;
}

/** The other resources of the template, for controls that relate them. */
export interface Stack {
  readonly scene: Scene;
  /** Those of the types, whether they exist in this class of deployments or not: ask `exists`. */
  all(...types: readonly string[]): readonly Subject[];
}

/** Controls by ID, as lib/data/controls.json lists them. */
export type Controls = Readonly<Record<string, Control>>;

export function on(types: string | readonly string[], judge: Control['judge']): Control {
  return { types: [types].flat(), judge };
}
