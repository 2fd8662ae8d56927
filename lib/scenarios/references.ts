import type { Finding } from '../cfn/errors.ts';
import { intrinsicOf } from '../cfn/intrinsics.ts';
import { parseSub, placeholderExpression, subArguments } from '../cfn/sub.ts';
import type { Json, Path, Template } from '../cfn/template.ts';
import { entriesOf } from './entries.ts';
import type { ScenarioOptions } from './list.ts';
import { type Guard, scenarioWhere } from './reachability.ts';
import { absence } from './scope.ts';
import { spaceOf } from './space.ts';

interface Reference {
  readonly target: string;
  readonly path: Path;
  /** All that has to be so for the reference to be there: the condition of its owner and the branches around it. */
  readonly guards: readonly Guard[];
}

/**
 * Findings CFN504: references (`Ref`, `Fn::GetAtt`, `Fn::Sub`, `DependsOn`) that are there in a reachable scenario in which
 * the resource they name is not, with the least overrides of defaults for which it is so. An error where the defaults
 * show it, else a warning. CFN511 (information): the scenarios are too many to decide.
 */
export function unsafeReferences(source: Template, options: Omit<ScenarioOptions, 'slice'> = {}): Finding[] {
  const { template, origin } = spaceOf(source, options.region);
  const conditional = new Map(
    entriesOf(template.Resources).flatMap(([id, { Condition }]) =>
      typeof Condition === 'string' && Object.hasOwn(template.Conditions ?? {}, Condition) ? [[id, Condition]] : [],
    ),
  );
  if (conditional.size === 0) return [];
  const findings = new Map<string, Finding>();
  const answers = new Map<string, ReturnType<typeof scenarioWhere>>();
  for (const { target, path, guards } of referencesTo(template, conditional)) {
    const condition = conditional.get(target)!;
    if (guards.some((guard) => guard.condition === condition && guard.outcome)) continue;
    const question = JSON.stringify([guards, condition]);
    const answer =
      answers.get(question) ?? scenarioWhere(template, [...guards, { condition, outcome: false }], options);
    answers.set(question, answer);
    const cause = JSON.stringify([path.slice(0, 2), target, question]);
    if (answer === 'never' || findings.has(cause)) continue;
    const where = { path: origin(path) };
    const { message, fix } = absence(target, condition);
    if (answer === 'undecided') {
      const open = `cannot decide whether ${target} always exists here: the scenarios are too many`;
      findings.set(cause, { code: 'CFN511', severity: 'info', message: open, ...where });
      continue;
    }
    const tests = Object.entries(answer.assumed).map(([test, outcome]) => `${test} is ${outcome}`);
    const assuming = tests.length === 0 ? '' : ` (if ${tests.join(' and ')})`;
    const severity = Object.keys(answer.overrides).length === 0 && tests.length === 0 ? 'error' : 'warning';
    findings.set(cause, {
      code: 'CFN504',
      severity,
      message: message + assuming,
      fix: fix!,
      when: answer.overrides,
      ...where,
    });
  }
  return [...findings.values()];
}

function* referencesTo(template: Template, targets: ReadonlyMap<string, string>): Generator<Reference> {
  const isCondition = (name: Json | undefined): name is string =>
    typeof name === 'string' && Object.hasOwn(template.Conditions ?? {}, name);

  function* visit(value: Json | undefined, path: Path, guards: readonly Guard[]): Generator<Reference> {
    if (typeof value !== 'object' || value === null) return;
    const call = intrinsicOf(value);
    const name = call?.name ?? '';
    const at = call ? [...path, name] : path;
    const argument = call?.argument ?? null;
    if (name === 'Ref' || name === 'Fn::GetAtt') {
      const target = Array.isArray(argument) ? argument[0] : argument;
      if (typeof target === 'string' && targets.has(target)) yield { target, path: at, guards };
    } else if (name === 'Fn::Sub') {
      const parsed = subArguments(argument);
      for (const part of parsed ? parseSub(parsed.text) : []) {
        if ('name' in part && !Object.hasOwn(parsed!.variables, part.name)) {
          yield* visit(placeholderExpression(part.name), at, guards);
        }
      }
      for (const [key, member] of Object.entries(parsed?.variables ?? {}))
        yield* visit(member, [...at, 1, key], guards);
    } else if (name === 'Fn::If' && Array.isArray(argument) && isCondition(argument[0])) {
      const condition = argument[0];
      yield* visit(argument[1], [...at, 1], [...guards, { condition, outcome: true }]);
      yield* visit(argument[2], [...at, 2], [...guards, { condition, outcome: false }]);
    } else {
      for (const [key, member] of Object.entries(value)) {
        yield* visit(member, [...path, Array.isArray(value) ? Number(key) : key], guards);
      }
    }
  }

  for (const [id, body] of entriesOf(template.Resources)) {
    const guards = isCondition(body.Condition) ? [{ condition: body.Condition, outcome: true }] : [];
    const at = ['Resources', id];
    for (const target of [body.DependsOn ?? []].flat()) {
      if (targets.has(target)) yield { target, path: [...at, 'DependsOn'], guards };
    }
    for (const part of ['Properties', 'Metadata', 'CreationPolicy', 'UpdatePolicy'] as const) {
      yield* visit(body[part], [...at, part], guards);
    }
  }
  for (const [id, body] of entriesOf(template.Outputs)) {
    const guards = isCondition(body.Condition) ? [{ condition: body.Condition, outcome: true }] : [];
    yield* visit(body.Value, ['Outputs', id, 'Value'], guards);
    yield* visit(body.Export?.Name, ['Outputs', id, 'Export', 'Name'], guards);
  }
}
