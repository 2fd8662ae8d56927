import type { AnyValue, Value } from '../cfn/expression.ts';

type OneOrMore = Value<string> | readonly Value<string>[];
type PrincipalType = 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';

/** One statement of an IAM policy. Source: IAM policy grammar, read 2026-11-20. */
export interface PolicyStatement {
  Sid?: string;
  Effect: Value<'Allow' | 'Deny'>;
  Principal?: '*' | { readonly [type in PrincipalType]?: OneOrMore };
  NotPrincipal?: '*' | { readonly [type in PrincipalType]?: OneOrMore };
  Action?: OneOrMore;
  NotAction?: OneOrMore;
  Resource?: OneOrMore;
  NotResource?: OneOrMore;
  Condition?: { readonly [operator: string]: { readonly [key: string]: AnyValue } };
}

export interface PolicyDocument {
  Version: '2012-10-17';
  Id?: string;
  Statement: readonly Value<PolicyStatement>[];
}
