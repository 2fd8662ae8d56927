import type { AssignmentScope } from './assignment.ts';
import { type Classes, cellsOf, classesOf, type ValueClass } from './classes.ts';
import { both, holds } from './language.ts';
import type { Analysis } from './significance.ts';
import type { Variable } from './variables.ts';

/** One class for each of some variables. */
export interface Choice {
  readonly classes: readonly (readonly [Variable, ValueClass])[];
  /** Outcome taken for a comparison that cannot be decided. */
  readonly assumed?: readonly [test: string, outcome: boolean];
  /** How many parameters have to differ from their defaults. */
  readonly weight: number;
}

export interface Choices {
  readonly choices: readonly Choice[];
  readonly complete: boolean;
}

/** More members than this, and not every set of them is asked for values they share. */
const MOST_MEMBERS = 5;
/** More than this many tests of parts of a text, and not every combination of them is asked for. */
const MOST_LANGUAGES = 6;
const MOST_COMBINATIONS = 200_000;

/** The choices for one variable on its own. */
export function choicesOf(variable: Variable, analysis: Analysis, scope: AssignmentScope): Choices {
  const { classes, complete } = classesOf(variable, analysis.significance.get(variable.name)!, scope);
  return { choices: byWeight(classes.map((each) => choice([[variable, each]]))), complete };
}

/**
 * The choices for variables that are compared with each other, up to what comparisons show: which values are equal, and
 * which are literals. For k variables k values of each set of them suffice: a block of equal variables either has one of
 * all values its domains share, or there are k to choose from and at most k - 1 blocks have chosen.
 */
export function jointChoices(variables: readonly Variable[], analysis: Analysis, scope: AssignmentScope): Choices {
  const { candidates, complete: sampled } = candidatesOf(variables, analysis);
  let complete = sampled;
  const classes = variables.map((variable, i): Classes => {
    const others = new Set(candidates.flatMap((texts, j) => (i === j ? [] : texts)));
    const significance = analysis.significance.get(variable.name)!;
    return classesOf(variable, significance, scope, candidates[i]!, (text) => others.has(text));
  });
  if (classes.reduce((product, each) => product * each.classes.length, 1) > MOST_COMBINATIONS) complete = false;

  const positions = new Map(variables.map((variable, i) => [variable.name, i]));
  const links = analysis.links.flatMap(([a, b]) => {
    const [i, j] = [positions.get(a), positions.get(b)];
    return i === undefined || j === undefined ? [] : [[i, j] as const];
  });
  const found = new Map<string, Choice>();
  let tried = 0;
  const visit = (chosen: readonly ValueClass[]): void => {
    if (tried > MOST_COMBINATIONS) return;
    const next = classes[chosen.length];
    if (next) {
      for (const each of next.classes) visit([...chosen, each]);
      return;
    }
    tried++;
    const equalities = links.map(([i, j]) => chosen[i]!.text === chosen[j]!.text);
    const signature = JSON.stringify([chosen.map((each) => each.key), equalities]);
    const candidate = choice(chosen.map((each, i) => [variables[i]!, each]));
    const before = found.get(signature);
    if (!before || candidate.weight < before.weight) found.set(signature, candidate);
  };
  visit([]);
  return { choices: byWeight([...found.values()]), complete };
}

function candidatesOf(
  variables: readonly Variable[],
  analysis: Analysis,
): { candidates: string[][]; complete: boolean } {
  const significance = variables.map((variable) => analysis.significance.get(variable.name)!);
  const pool = new Set<string>();
  for (const [i, { usual, domain }] of variables.entries()) {
    for (const text of [...(domain.values ?? []), ...significance[i]!.literals, ...significance[i]!.named])
      pool.add(text);
    if (usual !== undefined) pool.add(usual);
  }
  const open = variables.filter(({ domain }) => !domain.values);
  const cellsBy = significance.flatMap(({ languages }) => languages);
  let complete = open.length <= MOST_MEMBERS && cellsBy.length <= MOST_LANGUAGES;
  const fresh: string[] = [];
  // What a larger set shares, each of its parts shares too: the larger first, and a smaller one needs only what is missing.
  for (const members of subsets(open, MOST_MEMBERS).sort((a, b) => b.length - a.length)) {
    const [{ domain }] = members as [Variable];
    const common = both(...members.flatMap((member) => member.domain.language ?? []));
    for (const cell of cellsOf(cellsBy.slice(0, MOST_LANGUAGES), domain)) {
      const isShared = (text: string): boolean => members.every((member) => member.domain.admits(text));
      const had = fresh.filter((text) => holds(cell.language, text) && isShared(text)).length;
      if (had >= variables.length) continue;
      const { texts, decided } = domain.others(pool, variables.length - had, both(common, cell.language));
      const shared = texts.filter(isShared);
      for (const text of shared) pool.add(text);
      fresh.push(...shared);
      if (!decided || shared.length < texts.length) complete = false;
    }
  }
  const candidates = variables.map((variable) => {
    const { values } = variable.domain;
    const named = [...pool].filter((text) => variable.domain.admits(text) || variable.acceptsNamed(text));
    return values ? [...new Set([...values, ...named])] : named;
  });
  return { candidates, complete };
}

/** Every set of up to `most` members; of more members the sets of one and of two, and the whole. */
function subsets<T>(members: readonly T[], most: number): T[][] {
  if (members.length <= most) {
    return Array.from({ length: 2 ** members.length - 1 }, (_, bits) =>
      members.filter((_, i) => (bits + 1) & (1 << i)),
    );
  }
  const pairs = members.flatMap((a, i) => members.slice(i + 1).map((b) => [a, b]));
  return [...members.map((member) => [member]), ...pairs, [...members]];
}

function choice(classes: Choice['classes']): Choice {
  return { classes, weight: classes.filter(([variable, each]) => variable.usual !== undefined && !each.usual).length };
}

function byWeight(choices: Choice[]): Choice[] {
  return choices.sort((a, b) => a.weight - b.weight);
}
