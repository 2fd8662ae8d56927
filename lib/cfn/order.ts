/** The one table of the order in which a template is written: sections, then the keys of an entry. */

export const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Transform',
  'Description',
  'Metadata',
  'Globals',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Hooks',
  'Resources',
  'Outputs',
] as const;

const ENTRY_KEYS: Readonly<Record<string, readonly string[]>> = {
  Parameters: [
    'Type',
    'Description',
    'Default',
    'NoEcho',
    'AllowedValues',
    'AllowedPattern',
    'MinLength',
    'MaxLength',
    'MinValue',
    'MaxValue',
    'ConstraintDescription',
  ],
  Rules: ['RuleCondition', 'Assertions'],
  Resources: [
    'Type',
    'Condition',
    'DependsOn',
    'CreationPolicy',
    'UpdatePolicy',
    'DeletionPolicy',
    'UpdateReplacePolicy',
    'Metadata',
    'Properties',
  ],
  Outputs: ['Description', 'Condition', 'Value', 'Export'],
};

/** Keys in canonical order; those the table does not know follow in the order in which they stand. */
export function orderedKeys(keys: readonly string[], order: readonly string[] | undefined): readonly string[] {
  if (!order) return keys;
  return [...order.filter((key) => keys.includes(key)), ...keys.filter((key) => !order.includes(key))];
}

/** The order of the keys of one entry of a section, or undefined where the section's entries have none. */
export function entryKeyOrder(section: string): readonly string[] | undefined {
  return ENTRY_KEYS[section];
}

/** Sections whose entries are set apart by a blank line. */
export const SPACED_SECTIONS: ReadonlySet<string> = new Set(['Parameters', 'Resources', 'Outputs']);
