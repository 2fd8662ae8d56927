import type { Finding } from '../cfn/errors.ts';
import type { TemplateDocument } from '../cfn/read.ts';
import { type AssessedFact, assess } from '../controls/assess.ts';
import { CONTROLS } from '../controls/index.ts';
import type { Waiver } from '../controls/waivers.ts';
import { readCatalogue } from './catalogue.ts';
import type { Requirements } from './frameworks.ts';

/** A fact with its place in the file, and what the catalogue says of its control. */
export interface LocatedFact extends AssessedFact {
  readonly title: string;
  readonly level: 'critical' | 'high' | 'medium' | 'low';
  readonly line: number;
  readonly column: number;
  /** By framework asked for, the requirements that the control supports. */
  readonly requirements?: Requirements;
}

export interface CheckedControls {
  readonly facts: readonly LocatedFact[];
  readonly findings: readonly Finding[];
}

export interface ControlOptions {
  readonly waivers?: readonly Waiver[];
  /** `2026-11-21`: waivers that end before it have expired. */
  readonly today: string;
  /** One deployment instead of all: its values. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Only these controls, with what they support. */
  readonly only?: ReadonlyMap<string, Requirements>;
  /** Facts say on which values a proof rests. */
  readonly evidence?: boolean;
}

/** Every control of the catalogue that can be judged from a template, for each resource that it is about. */
export function checkControls(document: TemplateDocument, options: ControlOptions): CheckedControls {
  const { only } = options;
  const { facts, findings } = assess(document.template, CONTROLS, options);
  const catalogue = readCatalogue();
  return {
    facts: facts.flatMap((fact) => {
      const requirements = only?.get(fact.control);
      if (only && !requirements) return [];
      const { title = fact.control, severity = 'medium' } = catalogue[fact.control] ?? {};
      return [
        { ...fact, title, level: severity, ...document.locate(fact.path), ...(requirements && { requirements }) },
      ];
    }),
    findings: findings.map((finding) => ({
      ...(finding.file === undefined && { file: document.file, ...(finding.path && document.locate(finding.path)) }),
      ...finding,
    })),
  };
}
