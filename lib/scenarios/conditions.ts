import { intrinsicOf } from '../cfn/intrinsics.ts';
import type { Json, Path } from '../cfn/template.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { compareResolved, dependenciesOf, isUnknown, type Resolved, type Unknown, unknown } from './unknown.ts';

/** Outcome of a condition or an assertion in three-valued logic: an `Unknown` is neither true nor false. */
export type Verdict = boolean | Unknown;

/**
 * Outcome of a condition function: those of `Conditions` and those that only `Rules` may use. Decides as soon as the
 * known operands do: `Or` of true and an unknown is true.
 */
export function evaluateTest(test: Json, scope: Scope, path: Path): Verdict {
  const call = intrinsicOf(test);
  const inner = call ? [...path, call.name] : path;
  const operands = call && Array.isArray(call.argument) ? call.argument : undefined;
  switch (call?.name) {
    case 'Condition':
      return scope.condition(call.argument as string, inner);
    case 'Fn::Not':
      if (operands?.length !== 1) break;
      return negate(evaluateTest(operands[0]!, scope, [...inner, 0]));
    case 'Fn::And':
    case 'Fn::Or':
      if (!operands?.length) break;
      return every(
        operands.map((operand, i) => evaluateTest(operand, scope, [...inner, i])),
        call.name === 'Fn::And',
        test,
      );
    case 'Fn::Equals':
    case 'Fn::Contains':
    case 'Fn::EachMemberEquals':
    case 'Fn::EachMemberIn': {
      if (operands?.length !== 2) break;
      const given = scope.decidedTest?.(test);
      if (given !== undefined) return given;
      const [left = '', right = ''] = operands.map((operand, i) => evaluate(operand, scope, [...inner, i]));
      return decided(COMPARISONS[call.name]!(left, right), test, left, right);
    }
  }
  if (test === true || test === 'true') return true;
  if (test === false || test === 'false') return false;
  scope.refuse({ kind: 'malformed', message: `${call?.name ?? 'a condition'} is no well-formed test` }, inner);
  return unknown('invalid', test, []);
}

type Compare = (left: Resolved, right: Resolved) => boolean | undefined;

const COMPARISONS: Readonly<Record<string, Compare>> = {
  'Fn::Equals': compareResolved,
  'Fn::Contains': (list, value) =>
    overList(list, (members) => some(members.map((each) => compareResolved(each, value)))),
  'Fn::EachMemberEquals': (list, value) =>
    overList(list, (members) => all(members.map((each) => compareResolved(each, value)))),
  'Fn::EachMemberIn': (list, allowed) =>
    overList(list, (members) =>
      overList(allowed, (values) =>
        all(members.map((each) => some(values.map((value) => compareResolved(each, value))))),
      ),
    ),
};

function overList(list: Resolved, verdict: (members: Resolved[]) => boolean | undefined): boolean | undefined {
  return Array.isArray(list) ? verdict(list) : undefined;
}

function some(verdicts: readonly (boolean | undefined)[]): boolean | undefined {
  if (verdicts.includes(true)) return true;
  return verdicts.includes(undefined) ? undefined : false;
}

function all(verdicts: readonly (boolean | undefined)[]): boolean | undefined {
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

function decided(verdict: boolean | undefined, test: Json, ...operands: Resolved[]): Verdict {
  return verdict ?? unknown('condition', test, dependenciesOf(...operands));
}

function negate(verdict: Verdict): Verdict {
  return isUnknown(verdict) ? { ...verdict, expression: { 'Fn::Not': [verdict.expression] } } : !verdict;
}

/** And: all of them are `true`. Or: not all of them are false. */
function every(verdicts: readonly Verdict[], conjunction: boolean, test: Json): Verdict {
  if (verdicts.includes(!conjunction)) return !conjunction;
  const open = verdicts.filter(isUnknown);
  return open.length === 0 ? conjunction : unknown('condition', test, dependenciesOf(...open));
}
