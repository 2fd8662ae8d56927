import { intrinsicOf } from '../cfn/intrinsics.ts';
import type { Json } from '../cfn/template.ts';
import type { AssignmentScope } from './assignment.ts';
import { evaluateTest } from './conditions.ts';
import type { Domain } from './domain.ts';
import { evaluate } from './evaluate.ts';
import { ALL, both, complement, holds, type Language } from './language.ts';
import { listMembers } from './parameters.ts';
import type { Significance } from './significance.ts';
import { isUnknown } from './unknown.ts';
import type { Variable } from './variables.ts';

/** Values of one variable that a question does not tell apart. */
export interface ValueClass {
  /** One of them: the default where it is among them. A list is joined with commas. */
  readonly text: string;
  /** All of them, where they are finitely many. */
  readonly members?: readonly string[];
  /** `true`: it is the only one that is meant; the value is known in such a scenario. */
  readonly pinned: boolean;
  /** Texts that none of them is, where they are not pinned. */
  readonly not: readonly string[];
  /** `true`: a deployment that gives no value is in this class. */
  readonly usual: boolean;
  /** `true`: whether the class has a value could not be decided, and is assumed. */
  readonly assumed: boolean;
  /** Equal where two classes of a variable cannot be told apart but by comparison with other variables. */
  readonly key: string;
}

export interface Classes {
  readonly classes: readonly ValueClass[];
  /** `false`: values were looked for up to a limit, there may be classes that are missing. */
  readonly complete: boolean;
}

/** Lists tried, shortest first, to find one for each outcome. */
const MOST_LISTS = 3000;
const MOST_MEMBERS = 24;

/** Outcome of an expression under one text of its only variable, as a key. */
function outcomeOf(expression: Json, variable: Variable, text: string, scope: AssignmentScope): string {
  scope.texts.set(variable.name, text);
  scope.reset();
  const isTest = COMPARISON.test(intrinsicOf(expression)?.name ?? '');
  const value = isTest ? evaluateTest(expression, scope, []) : evaluate(expression, scope, []);
  scope.texts.delete(variable.name);
  return scope.refused ? 'refused' : isUnknown(value) ? `unknown ${value.$unknown}` : (JSON.stringify(value) ?? 'none');
}

const COMPARISON = /^Fn::(Equals|Contains|EachMember)/;

/**
 * The classes of one variable. For one that is compared with others: `candidates` are the texts to class, of which those
 * that are `isShared` with another are told apart (see links.ts).
 */
export function classesOf(
  variable: Variable,
  significance: Significance,
  scope: AssignmentScope,
  candidates?: readonly string[],
  isShared: (text: string) => boolean = () => false,
): Classes {
  if (variable.list) return classesOfList(variable, significance, scope);
  const { domain } = variable;
  const listed = candidates ?? (domain.values && [...domain.values, ...namedValues(variable, significance)]);
  if (listed) {
    const values = [...new Set(listed)];
    return {
      classes: merge(variable, significance, values, scope, isShared, domain.values !== undefined),
      complete: true,
    };
  }

  const literals = [...significance.literals].filter((text) => domain.admits(text));
  const classes = literals.map((text) => pinnedClass(variable, text));
  for (const cell of cellsOf(significance.languages, domain)) {
    const { texts, decided } = domain.others(literals, 1, cell.language);
    if (texts.length === 0 && decided) continue;
    const usual = variable.usual;
    const isUsual = usual !== undefined && !literals.includes(usual) && holds(cell.language, usual);
    classes.push({
      text: isUsual ? usual : (texts[0] ?? 'other'),
      pinned: false,
      not: literals,
      usual: isUsual,
      assumed: texts.length === 0,
      key: `other ${cell.key}`,
    });
  }
  return { classes, complete: true };
}

function pinnedClass(variable: Variable, text: string): ValueClass {
  return { text, pinned: true, not: [], usual: text === variable.usual, assumed: false, key: `= ${text}` };
}

function namedValues(variable: Variable, significance: Significance): string[] {
  return [...significance.named].filter((text) => variable.acceptsNamed(text));
}

function merge(
  variable: Variable,
  significance: Significance,
  values: readonly string[],
  scope: AssignmentScope,
  isShared: (text: string) => boolean,
  whole: boolean,
): ValueClass[] {
  const groups = new Map<string, { key: string; texts: string[] }>();
  for (const text of values) {
    const alone = significance.everyValue || significance.literals.has(text);
    const outcomes = alone ? [] : significance.outcomes.map((each) => outcomeOf(each, variable, text, scope));
    const languages = alone ? [] : cellKey(significance.languages, text);
    const key = alone ? `= ${text}` : `other ${[...outcomes, ...languages].join()}`;
    const place = isShared(text) ? `${key} ${text}` : key;
    const group = groups.get(place);
    if (group) group.texts.push(text);
    else groups.set(place, { key, texts: [text] });
  }
  return [...groups.values()].map(({ key, texts }) => {
    const usual = variable.usual !== undefined && texts.includes(variable.usual);
    const alike = [...groups.values()].flatMap((group) => (group.key === key ? group.texts : []));
    const pinned = key.startsWith('= ') || (whole && alike.length === 1);
    const not = whole ? values.filter((text) => !alike.includes(text)) : [...significance.literals];
    const text = usual ? variable.usual! : texts[0]!;
    const members = whole ? { members: alike } : {};
    return { text, pinned, not: pinned ? [] : not, usual, assumed: false, key, ...members };
  });
}

function cellKey(languages: readonly Language[], text: string): string[] {
  return languages.map((language) => String(holds(language, text)));
}

/** The combinations of inside and outside of each language, less those that are known to hold no text of the domain. */
export function cellsOf(languages: readonly Language[], domain: Domain): { language: Language; key: string }[] {
  let cells = [{ language: ALL, key: [] as string[] }];
  for (const language of languages) {
    cells = cells
      .flatMap((cell) => [
        { language: both(cell.language, language), key: [...cell.key, 'true'] },
        { language: both(cell.language, complement(language)), key: [...cell.key, 'false'] },
      ])
      .filter((cell) => {
        const { texts, decided } = domain.others([], 1, cell.language);
        return texts.length > 0 || !decided;
      });
  }
  return cells.map(({ language, key }) => ({ language, key: key.join() }));
}

function classesOfList(variable: Variable, significance: Significance, scope: AssignmentScope): Classes {
  const { domain, usual } = variable;
  const named = [...(domain.values ?? significance.named)].filter((text) => domain.admits(text) && !text.includes(','));
  const fresh = domain.others([...named, ...significance.named], 2).texts;
  const members = [...new Set([...fresh.filter((text) => !text.includes(',')), ...named])];
  const tried = new Set<string>();
  const classes = new Map<string, ValueClass>();
  const tryText = (text: string): void => {
    if (tried.has(text) || !(domain.admits(text) || listMembers(text).every((member) => domain.admits(member)))) return;
    tried.add(text);
    const key = `other ${significance.outcomes.map((each) => outcomeOf(each, variable, text, scope)).join()}`;
    if (!classes.has(key)) {
      classes.set(key, { text, pinned: false, not: [], usual: text === usual, assumed: false, key });
    }
  };
  for (const text of [...(usual === undefined ? [] : [usual]), ...fresh, '']) tryText(text);
  // Beside the members looked at by place, one for each test that may ask whether any or every member is something.
  const needed = significance.length + significance.outcomes.length;
  const most = Math.min(needed, MOST_MEMBERS);
  let complete = needed === most;
  let longer = members;
  for (let length = 1; length <= most && longer.length > 0; length++) {
    for (const text of longer) tryText(text);
    if (length === most) break;
    complete &&= longer.length * members.length <= MOST_LISTS;
    longer = longer
      .slice(0, MOST_LISTS / members.length)
      .flatMap((text) => members.map((member) => `${text},${member}`));
  }
  return { classes: [...classes.values()], complete };
}
