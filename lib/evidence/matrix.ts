import type { AuditedControl, AuditedFact, Evidence } from './evidence.ts';

/** One line of the control matrix: a requirement, a control that supports it, and one resource that the control is about. */
export interface MatrixRow {
  readonly framework: string;
  readonly requirement: string;
  readonly state: string;
  readonly control: AuditedControl;
  readonly source: string;
  /** Undefined where no resource of the templates is of the control's types, or no template can show it. */
  readonly fact?: AuditedFact;
}

/** Framework requirement → control → resource → verdict. Controls that support no requirement asked for come last. */
export function* matrixOf({ requirements, controls, frameworks }: Evidence): Generator<MatrixRow> {
  const byId = new Map(controls.map((control) => [control.id, control]));
  const nameOf = new Map(frameworks.map(({ id, name }) => [id, name]));
  for (const { framework, id, state, controls: own } of requirements)
    for (const { id: controlId, source } of own)
      yield* rowsOf({ framework: nameOf.get(framework)!, requirement: id, state, source }, byId.get(controlId)!);
  for (const control of controls)
    if (Object.keys(control.supports).length === 0)
      yield* rowsOf({ framework: '', requirement: '', state: '', source: '' }, control);
}

function* rowsOf(of: Omit<MatrixRow, 'control' | 'fact'>, control: AuditedControl): Generator<MatrixRow> {
  for (const fact of control.facts) yield { ...of, control, fact };
  if (control.facts.length === 0) yield { ...of, control };
}
