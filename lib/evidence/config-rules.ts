import { readFileSync } from 'node:fs';
import { SUPPORTED } from '../controls/lambda.ts';
import { fileInProject } from '../project.ts';

/** A managed rule of AWS Config, as its documentation has it. */
export interface ConfigRule {
  readonly identifier: string;
  readonly trigger: readonly ('change' | 'periodic')[];
  /** Empty where the documentation names none. */
  readonly resourceTypes: readonly string[];
  /** Of the types that its controls are about, those that the rule looks at; left out, all of them. */
  readonly watches?: readonly string[];
  readonly parameters?: Readonly<Record<string, { type: string; required?: true; default?: string }>>;
  /** Values with which the rule asks what the control asks; by control, where controls share a rule and ask different things. */
  readonly demanded?: Readonly<Record<string, string>>;
  readonly demandedBy?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly onlyIn?: readonly string[];
  readonly notIn?: readonly string[];
  /** The day of what is said: `2026-11-21`. Regions are added without notice. */
  readonly read: string;
}

export interface ConfigRules {
  readonly limits: { readonly rulesInPack: number; readonly inlineBytes: number; readonly bucketBytes: number };
  /** By control, the rule that AWS Security Hub keeps for itself. */
  readonly securityHubOnly: Readonly<Record<string, string>>;
  readonly rules: Readonly<Record<string, ConfigRule>>;
}

let data: ConfigRules | undefined;

/** lib/data/config-rules.json by the rule's name, read once. */
export function readConfigRules(): ConfigRules {
  data ??= JSON.parse(readFileSync(fileInProject('lib/data/config-rules.json'), 'utf8')) as ConfigRules;
  return data;
}

/** The parameters with which a rule asks what the control does. Without one of them the rule's own default holds. */
export function demandedOf(rule: ConfigRule, control: string): Readonly<Record<string, string>> {
  const runtime: Record<string, string> =
    rule.identifier === 'LAMBDA_FUNCTION_SETTINGS_CHECK' ? { runtime: SUPPORTED.join(',') } : {};
  return { ...runtime, ...rule.demanded, ...rule.demandedBy?.[control] };
}
