import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type Template } from '../cfn/template.ts';

/** What an expression reads, itself and through the conditions it names. */
export interface Reads {
  /** Names in `Ref` and `Fn::Sub` as written: parameters, pseudo parameters and resources. */
  readonly references: Set<string>;
  /** Conditions of `Fn::If` and `Condition`, with those that they name in turn. */
  readonly conditions: Set<string>;
  /** Comparisons: those of conditions read, and those written in the expression. */
  readonly tests: Json[];
  /** Calls of `Fn::FindInMap`. */
  readonly lookups: Json[];
  /** `true`: it reads what no template knows: attributes, imports, zones, the account, dynamic references. */
  beyond: boolean;
}

const COMPARISONS = new Set(['Fn::Equals', 'Fn::Contains', 'Fn::EachMemberEquals', 'Fn::EachMemberIn']);
const BEYOND = new Set([
  'Fn::GetAtt',
  'Fn::GetAZs',
  'Fn::ImportValue',
  'Fn::RefAll',
  'Fn::Transform',
  'Fn::ValueOf',
  'Fn::ValueOfAll',
]);

export function readsOf(template: Template, ...expressions: readonly (Json | undefined)[]): Reads {
  const reads: Reads = { references: new Set(), conditions: new Set(), tests: [], lookups: [], beyond: false };

  const visitCondition = (name: string): void => {
    if (reads.conditions.has(name) || !isObject(template.Conditions) || !Object.hasOwn(template.Conditions, name))
      return;
    reads.conditions.add(name);
    visit(template.Conditions[name]!);
  };

  const visitReference = (name: string): void => {
    if (name === 'AWS::NoValue') return;
    reads.references.add(name);
    if (name === 'AWS::StackId' || name === 'AWS::NotificationARNs') reads.beyond = true;
  };

  const visit = (value: Json): void => {
    if (typeof value === 'string' && value.includes('{{resolve:')) reads.beyond = true;
    if (typeof value !== 'object' || value === null) return;
    const call = intrinsicOf(value);
    if (!call) {
      for (const member of Object.values(value)) visit(member);
      return;
    }
    const { name, argument } = call;
    if (BEYOND.has(name)) reads.beyond = true;
    if (COMPARISONS.has(name)) reads.tests.push(value);
    if (name === 'Fn::FindInMap') reads.lookups.push(value);
    if (name === 'Condition') visitCondition(argument as string);
    else if (name === 'Ref') typeof argument === 'string' ? visitReference(argument) : visit(argument);
    else if (name === 'Fn::Sub') {
      const parts = subArguments(argument);
      if (!parts) return;
      for (const member of Object.values(parts.variables)) visit(member);
      for (const part of parseSub(parts.text)) {
        if ('name' in part && !Object.hasOwn(parts.variables, part.name)) visit(placeholderExpression(part.name));
      }
    } else if (name === 'Fn::If' && Array.isArray(argument) && typeof argument[0] === 'string') {
      visitCondition(argument[0]);
      for (const branch of argument.slice(1)) visit(branch);
    } else visit(argument);
  };

  for (const expression of expressions) if (expression !== undefined) visit(expression);
  return reads;
}
