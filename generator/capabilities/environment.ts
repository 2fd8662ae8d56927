import {
  type AnyValue,
  type Condition,
  condition,
  equals,
  fragment,
  importValue,
  output,
  parameter,
  sub,
} from '../../lib/cfn/index.ts';

/** The headings of every stack's parameter form, in order. */
export const PARAMETER_GROUPS = ['Environment', 'Required', 'Network', 'Sizing', 'Protection', 'Operations'] as const;

/** `EnvironmentSuffix` of a project that says none: the default of the specification's `resource_prefix`. */
export const RESOURCE_PREFIX = 'pikaia';

/**
 * What every stack of an environment has: the suffix that is in each physical name and export, the type of environment
 * and the tags by which cost is allocated. Creates nothing.
 */
export function environment(defaultSuffix = 'staging') {
  const environmentSuffix = parameter('EnvironmentSuffix', 'String', {
    group: 'Environment',
    label: 'Environment suffix',
    Description: 'Part of every physical name and export, so that any number of environments share an account.',
    Default: defaultSuffix,
    AllowedPattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
    MinLength: 2,
    MaxLength: 20,
    ConstraintDescription: 'Use 2 to 20 lower-case letters, digits and single hyphens, beginning with a letter.',
  });
  const environmentType = parameter('EnvironmentType', 'String', {
    group: 'Environment',
    label: 'Environment type',
    Description: 'What the environment is for. Tagged on every resource; masking refuses to run in production.',
    Default: 'staging',
    AllowedValues: ['development', 'staging', 'production'],
  });
  const costCenter = parameter('CostCenter', 'String', {
    group: 'Environment',
    label: 'Cost center',
    Description: 'Value of the CostCenter tag, for cost allocation.',
    Default: 'engineering',
    AllowedPattern: '^[A-Za-z0-9][A-Za-z0-9 _.:/=+@-]{0,62}$',
    ConstraintDescription: 'Use 1 to 63 letters, digits, spaces and _.:/=+@-, beginning with a letter or digit.',
  });
  return {
    fragment: fragment('Environment', [environmentSuffix, environmentType, costCenter]),
    environmentSuffix,
    environmentType,
    costCenter,
  };
}

export function isProductionCondition({ environmentType }: ReturnType<typeof environment>): Condition {
  return condition('IsProduction', equals(environmentType.ref, 'production'));
}

/** `${EnvironmentSuffix}-<name>`: the physical name of a thing. */
export function named(name: string) {
  return sub(`\${EnvironmentSuffix}-${name}`);
}

/** The tags of every resource that takes a list of tags. The name is shown in the consoles and need not be unique. */
export function tags(name: string) {
  return [
    { Key: 'Name', Value: named(name) },
    { Key: 'Environment', Value: sub('${EnvironmentSuffix}') },
    { Key: 'EnvironmentType', Value: sub('${EnvironmentType}') },
    { Key: 'CostCenter', Value: sub('${CostCenter}') },
  ];
}

/** The same for the few types that take tags as a map. */
export function tagMap(name: string) {
  return Object.fromEntries(tags(name).map(({ Key, Value }) => [Key, Value]));
}

/** An output exported as `${EnvironmentSuffix}-<id>`. */
export function exportedOutput(id: string, Description: string, Value: AnyValue, when?: Condition) {
  return output(id, { Description, ...(when && { Condition: when }), Value, Export: { Name: named(id) } });
}

/** What another stack of the environment exports as `${EnvironmentSuffix}-<id>`. */
export function imported(id: string) {
  return importValue(named(id));
}
