import type { Finding } from '../cfn/errors.ts';
import type { Template } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import type { Controls } from './control.ts';
import { type Fact, type ProofOptions, Prover, type Verdict } from './prove.ts';
import { current, unused, type Waiver, waiversInMetadata } from './waivers.ts';

export interface AssessedFact extends Omit<Fact, 'verdict'> {
  readonly verdict: Verdict | 'waived';
  readonly waiver?: Waiver;
}

export interface Assessment {
  readonly facts: readonly AssessedFact[];
  /** What is wrong with waivers: CFN530 to CFN533. */
  readonly findings: readonly Finding[];
}

export interface AssessOptions extends ProofOptions {
  /** Beside those that the resources carry. */
  readonly waivers?: readonly Waiver[];
  /** `2026-11-21`. */
  readonly today: string;
}

/** The facts of a template, with what is waived for now. A waiver covers what fails, never holds, or is not known. */
export function assess(template: Template, controls: Controls, options: AssessOptions): Assessment {
  const own = waiversInMetadata(template);
  const prover = new Prover(template, options);
  const facts = [...prover.facts(controls)];
  const resources = [
    ...new Set([...entriesOf(template.Resources).map(([id]) => id), ...facts.map((fact) => fact.resource)]),
  ];
  const all = [...own.waivers, ...(options.waivers ?? [])];
  const { waivers, findings } = current(all, options.today, Object.keys(controls), resources);
  const idle = new Set(waivers);
  const assessed = facts.map((fact): AssessedFact => {
    const waiver = waivers.find(({ control, resource }) => control === fact.control && resource === fact.resource);
    if (!waiver || fact.verdict === 'proven' || fact.verdict === 'unreachable') return fact;
    idle.delete(waiver);
    return { ...fact, verdict: 'waived', waiver };
  });
  const idleFindings = [...idle].map((waiver) => {
    const fact = facts.find(({ control, resource }) => control === waiver.control && resource === waiver.resource);
    return unused(waiver, fact?.verdict ?? 'not asked');
  });
  return { facts: assessed, findings: [...own.findings, ...findings, ...idleFindings] };
}
