import { isObject, type Json } from './template.ts';

/**
 * The intrinsic functions by their short tag and long key.
 * Source: CloudFormation template reference, intrinsic functions and rule functions, read 2026-11-20.
 */
export const LONG_FORM: Readonly<Record<string, string>> = {
  '!Ref': 'Ref',
  '!Condition': 'Condition',
  ...Object.fromEntries(
    [
      ...['And', 'Base64', 'Cidr', 'Contains', 'EachMemberEquals', 'EachMemberIn', 'Equals', 'FindInMap', 'GetAtt'],
      ...['GetAZs', 'GetStackOutput', 'If', 'ImportValue', 'Join', 'Length', 'Not', 'Or', 'RefAll', 'Select', 'Split'],
      ...['Sub', 'ToJsonString', 'Transform', 'ValueOf', 'ValueOfAll'],
    ].map((name) => [`!${name}`, `Fn::${name}`]),
  ),
};

export const SHORT_TAG: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(LONG_FORM).map(([tag, key]) => [key, tag]),
);

export const PSEUDO_PARAMETERS: readonly string[] = [
  'AWS::AccountId',
  'AWS::NotificationARNs',
  'AWS::NoValue',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
];

/** The function and its argument where the value is one intrinsic call: an object whose only key is `Ref` or `Fn::…`. */
export function intrinsicOf(value: Json | undefined): { name: string; argument: Json } | undefined {
  if (!isObject(value)) return undefined;
  let only: string | undefined;
  for (const key in value) {
    if (only !== undefined) return undefined;
    only = key;
  }
  if (only === undefined || (only !== 'Ref' && only !== 'Condition' && !only.startsWith('Fn::'))) return undefined;
  if (only === 'Condition' && typeof value[only] !== 'string') return undefined;
  return { name: only, argument: value[only]! };
}

/** `true` where the value is `!Ref AWS::NoValue`, which removes the property that holds it. */
export function isNoValue(value: Json | undefined): boolean {
  return isObject(value) && value.Ref === 'AWS::NoValue';
}
