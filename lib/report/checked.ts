import type { Finding, Severity } from '../cfn/errors.ts';
import type { Path } from '../cfn/template.ts';
import type { LocatedFact } from '../check/check-controls.ts';

/** What the reports show of one template: what is wrong with it, and what is true of its controls. */
export interface CheckedTemplate {
  readonly file: string;
  readonly resources: number;
  readonly conditions: number;
  readonly scenarios: { readonly total: string; readonly reachable: string };
  readonly findings: readonly Finding[];
  readonly controls: readonly LocatedFact[];
  readonly notJudged: readonly string[];
  /** Where `controls` are of one deployment: the verdicts over all of them. */
  readonly overAll?: readonly LocatedFact[];
}

/** Facts that are findings: what fails. What is not known is told, and passes nothing. */
export function isViolated({ verdict }: LocatedFact): boolean {
  return verdict === 'fails' || verdict === 'never';
}

const SEVERITY: Readonly<Record<LocatedFact['level'], Severity>> = {
  critical: 'error',
  high: 'error',
  medium: 'error',
  low: 'warning',
};

/** A fact as a finding: the control is its code, the counterexample its `when`. */
export function asFinding(file: string, fact: LocatedFact): Finding {
  const { control, resource, verdict, title, path, line, column, message, counterexample, settledBy } = fact;
  const supports = Object.entries(fact.requirements ?? {}).map(([framework, ids]) => `${framework} ${ids.join(', ')}`);
  const where = verdict === 'never' ? 'in every deployment: ' : '';
  return {
    code: control,
    severity: isViolated(fact) ? SEVERITY[fact.level] : 'info',
    file,
    path: path as Path,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    message: `${resource}: ${title}; ${where}${message}${supports.length > 0 ? ` (${supports.join('; ')})` : ''}`,
    ...(counterexample && verdict === 'fails' && { when: counterexample }),
    ...(settledBy !== undefined && { fix: `give ${settledBy}` }),
  };
}

/** Findings and violated controls of all templates, in the order in which a person mends them. */
export function allFindings(templates: readonly CheckedTemplate[]): Finding[] {
  return templates.flatMap(({ file, findings, controls }) => [
    ...findings,
    ...controls.filter(isViolated).map((fact) => asFinding(file, fact)),
  ]);
}
