import type { Finding, Severity } from '../cfn/errors.ts';
import { isObject, type Json } from '../cfn/template.ts';
import { evaluateTest } from '../scenarios/conditions.ts';
import { scopeOf } from '../scenarios/scope.ts';
import { common, type Fit, type Follow, fitOf, meaningsOf, UNKNOWN, wantedAt } from './meaning.ts';
import { meetingOf } from './meet.ts';
import { nearestWriting } from './near.ts';
import { deploymentOrder } from './order.ts';
import { type Kind, mayPromise, type Reading, readingsOf, type Writing, writingsOf } from './promises.ts';
import {
  type Candidate,
  deploymentWhere,
  jointMaker,
  nameTies,
  type Outcome,
  type Overrides,
  parametersOf,
  proveReading,
  weightOf,
} from './prove.ts';
import { type GivenStack, type Place, placeText, type Stack, stackOf } from './stack.ts';
import { type Atom, writtenText } from './texts.ts';
import { writtenTwice } from './twice.ts';

/** `aws`: a public parameter, which AWS writes. `unknown`: no template given writes it, or it cannot be decided. */
export type NameVerdict = 'proven' | 'broken' | 'unknown' | 'aws';

export interface ReadName {
  readonly kind: Kind;
  /** `${EnvironmentSuffix}-VpcId`. */
  readonly name: string;
  /** All places of one template that read it, the first one first. */
  readonly readers: readonly Place[];
  readonly writers: readonly Place[];
  readonly verdict: NameVerdict;
  /** Whether the value is what is wanted; absent where nothing is. */
  readonly type?: 'fits' | 'does not fit' | 'unknown';
  /** What has to be equal for reader and writer to meet. */
  readonly where: readonly string[];
  /** The fewest overrides with which it is broken, as `file:Parameter`. */
  readonly when?: Readonly<Record<string, string>>;
  readonly because?: string;
}

export interface Contract {
  readonly names: readonly ReadName[];
  /** What is written and not read by the templates given. For information. */
  readonly unread: readonly { readonly kind: Kind; readonly name: string; readonly writer: Place }[];
  /** An order in which the stacks can be deployed; absent where there is none. */
  readonly order?: readonly string[];
  /** Each in the file that it has to be mended in, or that reads. */
  readonly findings: readonly Finding[];
}

/** A reading with its outcome, and the writers that it can meet. */
export interface Met {
  readonly reading: Reading;
  readonly outcome: Outcome;
}

/**
 * What templates promise each other: SSM parameters and exports that one reads and another writes, over every deployment of
 * all. Nothing that is not known counts as right.
 */
export function proveContract(given: readonly GivenStack[]): Contract {
  const stacks = given.flatMap((each, index) => (mayPromise(each.document.text) ? [stackOf(each, index)] : []));
  const writings = stacks.flatMap(writingsOf);
  const readings = stacks.flatMap(readingsOf);
  if (readings.length === 0 && writings.length === 0) return { names: [], unread: [], findings: [] };

  const make = jointMaker();
  const findings: Finding[] = [];
  const read = new Set<Writing>();
  const met: Met[] = [];
  const outcomes = new Map<string, Outcome>();
  const othersOf = (reading: Reading) =>
    writings.filter((each) => each.kind === reading.kind && each.stack !== reading.stack);
  const outcomeOf = (reading: Reading): Outcome => {
    const key = JSON.stringify([reading.stack.index, reading.kind, reading.parts, reading.when]);
    const known = outcomes.get(key);
    if (known) return known;
    const others = othersOf(reading).filter((each) => !isElsewhere(reading, each));
    const outcome = proveReading(reading, others, make);
    outcomes.set(key, outcome);
    return outcome;
  };
  const follow = following(writings, make);

  const groups = new Map<string, Reading[]>();
  for (const reading of readings) {
    const key = JSON.stringify([reading.stack.index, reading.kind, reading.parts]);
    groups.set(key, [...(groups.get(key) ?? []), reading]);
  }
  for (const group of groups.values())
    for (const reading of group) {
      const outcome = isOfAws(reading) || isNameless(reading) ? undefined : outcomeOf(reading);
      if (!outcome) continue;
      met.push({ reading, outcome });
      for (const { writing } of outcome.candidates) read.add(writing);
    }

  const nameless = new Map<Stack, string[]>();
  const names = [...groups.values()].map((group): ReadName => {
    const [first] = group as [Reading];
    const name = writtenText(first.parts);
    const readers = group.map(({ stack, path }) => stack.place(path));
    const shared = { kind: first.kind, name, readers: distinctPlaces(readers) };
    if (isOfAws(first)) return { ...shared, writers: [], verdict: 'aws', where: [] };
    if (isNameless(first)) {
      nameless.set(first.stack, [...(nameless.get(first.stack) ?? []), nameGiven(first.parts[0] as Atom)!]);
      return {
        ...shared,
        writers: [],
        verdict: 'unknown',
        where: [],
        because: 'its name is given when it is deployed',
      };
    }
    const judged = group.map((reading) => {
      const outcome = outcomeOf(reading);
      return { ...judge(reading, outcome), weight: weightOf(outcome.overrides ?? new Map(), stacks) };
    });
    const worst = judged.reduce((a, b) => {
      if (RANK[a.verdict] !== RANK[b.verdict]) return RANK[b.verdict] > RANK[a.verdict] ? b : a;
      return b.weight < a.weight ? b : a;
    });
    for (const finding of distinctFindings(judged.flatMap((each) => each.findings))) findings.push(finding);
    const writers = judged.flatMap((each) => each.writers.map(({ stack, path }) => stack.place(path)));
    const types = judged.flatMap(({ type }) => type ?? []);
    const type = (['does not fit', 'unknown', 'fits'] as const).find((each) => types.includes(each));
    return {
      ...shared,
      writers: distinctPlaces(writers),
      verdict: worst.verdict,
      ...(type && { type }),
      where: worst.where,
      ...(worst.when && { when: worst.when }),
      ...(worst.because !== undefined && { because: worst.because }),
    };
  });

  for (const [stack, parameters] of nameless) {
    const path = ['Parameters', parameters[0]!];
    const count = parameters.length === 1 ? 'a value' : `${parameters.length} values`;
    const names = parameters.length === 1 ? 'a name that is' : 'names that are';
    findings.push({
      ...{ code: 'CFN569', severity: 'info', ...stack.place(path), path },
      message: `reads ${count} of other stacks under ${names} given when it is deployed: ${parameters.join(', ')}`,
      fix: 'give its parameter file with --params',
    });
  }
  findings.push(...writtenTwice(writings, met, make, whenOf));
  const { order, findings: inOrder } = deploymentOrder(stacks, met, make, whenOf);
  findings.push(...inOrder);
  const unread = writings.flatMap((writing) =>
    read.has(writing)
      ? []
      : [{ kind: writing.kind, name: writtenText(writing.parts), writer: writing.stack.place(writing.path) }],
  );
  return { names, unread, ...(order && { order: order.map(({ file }) => file) }), findings };

  interface Judged {
    readonly verdict: NameVerdict;
    readonly findings: readonly Finding[];
    readonly writers: readonly Writing[];
    readonly where: readonly string[];
    readonly type?: 'fits' | 'does not fit' | 'unknown';
    readonly when?: Readonly<Record<string, string>>;
    readonly because?: string;
  }

  function judge(reading: Reading, outcome: Outcome): Judged {
    const name = writtenText(reading.parts);
    const what = reading.kind === 'export' ? `the export ${name}` : `the SSM parameter ${name}`;
    const writers = outcome.candidates.map(({ writing }) => writing);
    const at = writers.map(({ stack, path }) => placeText(stack.place(path)));
    const place = reading.stack.place(reading.path);
    const report = (
      code: string,
      severity: Severity,
      message: string,
      fix: string,
      when?: Record<string, string>,
    ): Finding => ({
      ...{ code, severity, message, fix, path: reading.path, ...place },
      ...(when && { when }),
    });
    const shared = { writers, where: whereOf(outcome) };

    const misspelt = (near: Writing): Judged => {
      const said = writtenText(near.parts);
      const where = placeText(near.stack.place(near.path));
      const message = `reads ${what}, which no template given writes; ${where} writes ${said}`;
      const finding = report('CFN561', 'error', message, `did you mean ${said}?`);
      return { verdict: 'broken', ...shared, findings: [finding], because: message };
    };

    if (outcome.is === 'unmet') {
      const elsewhere = othersOf(reading).filter((each) => isElsewhere(reading, each));
      const [far] = proveReading(reading, elsewhere, make).candidates;
      if (far && writers.length === 0) {
        const { stack, path } = far.writing;
        const message = `reads ${what} in ${reading.stack.region}; ${placeText(stack.place(path))} writes it in ${stack.region}`;
        const fix =
          'neither exports nor SSM parameters cross regions: write it in the region of the reader too, or hand the value on as a parameter';
        const finding = report('CFN563', 'error', message, fix);
        return { verdict: 'broken', ...shared, writers: [far.writing], findings: [finding], because: message };
      }
      const when = outcome.overrides && whenOf(outcome.overrides);
      const others = othersOf(reading);
      const own = writings.find(
        (each) => each.kind === reading.kind && each.stack === reading.stack && writtenText(each.parts) === name,
      );
      if (own && writers.length === 0) {
        const message = `reads ${what}, which its own stack writes at ${placeText(own.stack.place(own.path))}: it is not there before the stack is`;
        const fix = 'refer to the value itself, or write it in a stack that is deployed before';
        return { verdict: 'broken', ...shared, findings: [report('CFN565', 'error', message, fix)] };
      }
      const near = writers.length > 0 ? undefined : nearestWriting(reading, others);
      if (near) return misspelt(near);
      const other = writers[0] ?? siblingOf(reading);
      if (other) {
        const where = placeText(other.stack.place(other.path));
        const [message, fix] =
          writers.length > 0
            ? [
                `reads ${what}, which no deployment of ${where} writes then`,
                'give both values with which the names meet',
              ]
            : [
                `reads ${what}, which no template given writes; ${where} writes others under that prefix`,
                'write it there',
              ];
        const finding = report('CFN561', 'error', message, fix, when);
        return { verdict: 'broken', ...shared, findings: [finding], ...(when && { when }), because: message };
      }
      const because = 'no template given writes it';
      const message = `reads ${what}, which no template given writes`;
      const { closed } = reading.stack;
      const fix = closed ? 'write it in one of them' : 'check it together with the template that writes it';
      const severity = closed ? 'error' : 'info';
      const verdict = closed ? 'broken' : 'unknown';
      return { verdict, ...shared, findings: [report(closed ? 'CFN560' : 'CFN567', severity, message, fix)], because };
    }
    if (outcome.is === 'unwritten') {
      const when = whenOf(outcome.overrides ?? new Map());
      const message = `reads ${what}, which ${at.join(' and ')} ${at.length > 1 ? 'do' : 'does'} not write in every deployment that this reads it in`;
      const fix = 'give reader and writer the same condition, or write it always';
      return {
        verdict: 'broken',
        ...shared,
        findings: [report('CFN560', 'error', message, fix, when)],
        when,
        because: message,
      };
    }

    const near =
      outcome.is === 'unknown' && writers.length === 0 ? nearestWriting(reading, othersOf(reading)) : undefined;
    if (near) return misspelt(near);
    if (outcome.is === 'unknown') {
      const because = outcome.because ?? 'it cannot be decided';
      const message = `reads ${what}; whether ${at.join(' or ') || 'a template given'} writes it in every deployment is not known: ${because}`;
      const fix = 'give the parameter files of both with --params: then it is decided exactly';
      return { verdict: 'unknown', ...shared, findings: [report('CFN569', 'info', message, fix)], because };
    }

    const notes = defaultsApart(reading, outcome).map((message) =>
      report('CFN568', 'warning', message, 'give one of them the value of the other in its parameter file'),
    );
    const fits = typesOf(reading, outcome);
    const misfit = fits.find(({ fit }) => fit.fits === false);
    const wanted = wantedBy(reading) ?? '';
    if (misfit) {
      const when = whenOf(misfit.overrides);
      const message = `reads ${what} as ${wanted}; ${placeText(misfit.writing.stack.place(misfit.writing.path))} writes ${misfit.fit.because}`;
      const fix = `write what the reader wants, or read it as what it is`;
      const type = 'does not fit';
      return {
        verdict: 'broken',
        ...shared,
        type,
        findings: [...notes, report('CFN562', 'error', message, fix, when)],
        when,
        because: message,
      };
    }
    const open = fits.find(({ fit }) => fit.fits === 'unknown');
    if (open) {
      const message = `reads ${what} as ${wanted}; ${open.fit.because} (${placeText(open.writing.stack.place(open.writing.path))})`;
      const fix = 'nothing, where the value is right: it is only known when it is deployed';
      return {
        verdict: 'unknown',
        ...shared,
        type: 'unknown',
        findings: [...notes, report('CFN569', 'info', message, fix)],
        because: open.fit.because,
      };
    }
    if (Number(reading.version ?? 1) > 1) {
      const because = `version ${reading.version} is there only once the parameter was changed`;
      const message = `reads ${what} of version ${reading.version}, which is there only once ${at.join(' or ')} has changed it`;
      const fix = 'leave the version out, or name one that is there';
      return { verdict: 'unknown', ...shared, findings: [...notes, report('CFN569', 'info', message, fix)], because };
    }
    return { verdict: 'proven', ...shared, ...(fits.length > 0 && { type: 'fits' as const }), findings: notes };
  }

  /** A stack whose other names are read under the same prefix should have this one too. */
  function siblingOf(reading: Reading): Writing | undefined {
    const stem = stemOf(reading);
    if (stem === '') return undefined;
    for (const { reading: other, outcome } of met) {
      if (other.stack !== reading.stack || other.kind !== reading.kind || stemOf(other) !== stem) continue;
      const [first] = outcome.candidates;
      // A prefix of letters says whose names they are, and so does the name of a stack; a suffix that all stacks share does not.
      if (
        first &&
        (/[a-z]/i.test(stem.replace(/\$\{.*?\}/g, '')) || first.equations.flatMap(parametersOf).some(isStackName))
      )
        return first.writing;
    }
    return undefined;
  }

  function typesOf(
    reading: Reading,
    { candidates, joint }: Outcome,
  ): { fit: Fit; writing: Writing; overrides: Overrides }[] {
    const wanted = wantedBy(reading);
    if (wanted === undefined || !joint) return [];
    return candidates.flatMap(({ writing }) =>
      meaningsOf(writing.value, writing.stack, follow).flatMap(({ when, meaning }) => {
        const how = reading.how === 'parameter' ? 'parameter' : 'import';
        const fit = reading.how === 'secure' ? notSecure(writing) : fitOf(wanted, meaning, writing.type, how);
        if (fit.fits === true) return [{ fit, writing, overrides: new Map() }];
        const tests = [
          ...reading.when.map((test) => joint.rename(reading.stack, test)),
          ...[...writing.when, ...when].map((test) => joint.rename(writing.stack, test)),
        ];
        const overrides = tests.length === 0 ? new Map() : deploymentWhere(joint, tests);
        if (overrides === 'never') return [];
        if (overrides === 'unknown')
          return [{ fit: { ...fit, fits: 'unknown' as const }, writing, overrides: new Map() }];
        return [{ fit, writing, overrides }];
      }),
    );
  }

  function whenOf(overrides: Overrides): Record<string, string> {
    return Object.fromEntries(
      [...overrides]
        .sort(([a], [b]) => a - b)
        .flatMap(([index, values]) =>
          Object.entries(values).map(([name, text]) => [`${given[index]!.document.file}:${name}`, text]),
        ),
    );
  }

  function whereOf({ ties, candidates }: Outcome): string[] {
    const file = (index: number) => given[index]!.document.file;
    const tied = ties.map(({ name, a, b }) => `${name} is the same in ${file(a)} and ${file(b)}`);
    const said = (parts: Candidate['equations'][number]['left']) =>
      writtenText(parts).replace(
        /\$\{([PN])(\d+)x(\w+)\}/g,
        (_, letter, index, name) => `\${${file(Number(index))}:${letter === 'N' ? 'AWS::StackName' : name}}`,
      );
    const equal = candidates.flatMap(({ equations }) =>
      equations.map(({ left, right }) => {
        const [one, other] = left.every((part) => typeof part === 'string') ? [right, left] : [left, right];
        return `${said(one)} is ${said(other) || 'empty'}`;
      }),
    );
    return [...new Set([...tied, ...equal])];
  }
}

/** Under a parameter without default, and no parameter file is given. */
function isNameless({ parts }: Reading): boolean {
  const [only] = parts;
  return parts.length === 1 && typeof only === 'object' && only.kind === 'beyond' && nameGiven(only) !== undefined;
}

function nameGiven({ expression }: Atom): string | undefined {
  return isObject(expression) && typeof expression.Ref === 'string' ? expression.Ref : undefined;
}

function isElsewhere({ stack: { region } }: Reading, { stack }: Writing): boolean {
  return region !== undefined && stack.region !== undefined && region !== stack.region;
}

const RANK: Readonly<Record<NameVerdict, number>> = { aws: 0, proven: 1, unknown: 2, broken: 3 };

function wantedBy(reading: Reading): string | undefined {
  if (reading.how === 'secure') return 'SecureString';
  if (reading.how === 'dynamic') return 'String';
  if (reading.wanted !== undefined) return reading.wanted;
  const wanted = reading.how === 'import' ? wantedAt(reading.stack, reading.path) : undefined;
  // Only where an ID is an ID: a name of another kind may stand for the same thing.
  return wanted !== undefined && /AWS::EC2::\w+::Id>?$/.test(wanted) ? wanted : undefined;
}

function notSecure({ type }: Writing): Fit {
  if (type === undefined) return { fits: 'unknown', because: 'of which type it is, is not known' };
  return { fits: type === 'SecureString', because: `a ${type}, which ssm-secure does not read` };
}

/** Source: Systems Manager user guide, "Discovering public parameters", read 2026-11-21. */
function isOfAws({ kind, parts }: Reading): boolean {
  return kind === 'ssm' && typeof parts[0] === 'string' && parts[0].startsWith('/aws/');
}

/** The folder of a name that has folders, else what stands before its last separator. */
function stemOf({ parts }: Reading): string {
  const name = writtenText(parts);
  return (/^.*\//.exec(name) ?? /^.*[:._-]/.exec(name))?.[0] ?? '';
}

function isStackName(id: string): boolean {
  return /^N\d+xStackName$/.test(id);
}

/** What the templates that export a name say that it is. */
function following(writings: readonly Writing[], make: ReturnType<typeof jointMaker>): Follow {
  const underway = new Set<string>();
  const follow: Follow = (stack, name) => {
    const key = JSON.stringify([stack.index, name]);
    if (underway.has(key)) return UNKNOWN;
    underway.add(key);
    const [probe] = readingsOfImport(stack, name);
    const found = writings.filter((writing) => {
      if (writing.kind !== 'export' || writing.stack === stack || !probe) return false;
      const joint = make([stack, writing.stack], nameTies(probe, writing));
      const meeting = meetingOf(
        joint.renameParts(stack, probe.parts),
        joint.renameParts(writing.stack, writing.parts),
        joint,
      );
      return meeting !== 'never';
    });
    const meaning = common(
      found.flatMap((writing) => meaningsOf(writing.value, writing.stack, follow).map((each) => each.meaning)),
    );
    underway.delete(key);
    return meaning;
  };
  return follow;
}

function readingsOfImport(stack: Stack, name: Json) {
  return readingsOf({
    ...stack,
    template: {
      ...(stack.template.Mappings && { Mappings: stack.template.Mappings }),
      Resources: {},
      Outputs: { Probe: { Value: { 'Fn::ImportValue': name } } },
      Parameters: stack.template.Parameters ?? {},
    },
  }).filter(({ how }) => how === 'import');
}

/** A name that both have by default, and that is not one by default. */
function defaultsApart(reading: Reading, { candidates }: Outcome): string[] {
  if (reading.stack.decided) return [];
  const own = usualText(reading);
  if (own === undefined || candidates.length === 0) return [];
  const written = candidates.map(({ writing }) =>
    writing.stack.decided || !isUsual(writing) ? undefined : usualText(writing),
  );
  if (written.some((text) => text === undefined || text === own)) return [];
  const [{ writing }] = candidates as [Candidate];
  return [`by default this reads ${own}, and ${placeText(writing.stack.place(writing.path))} writes ${written[0]}`];
}

/** Whether it is written by default. */
function isUsual({ stack: { template }, when }: Writing): boolean {
  const scope = scopeOf(template, {});
  return when.every((test) => evaluateTest(test, scope, []) === true);
}

function usualText({ stack, parts }: { stack: Stack; parts: Reading['parts'] }): string | undefined {
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const name = part.kind === 'parameter' ? (part.expression as { Ref: string }).Ref : '';
    const body = stack.template.Parameters?.[name];
    return body?.Default === undefined ? undefined : String(body.Default);
  });
  return texts.includes(undefined) ? undefined : texts.join('');
}

function distinctPlaces(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [placeText(place), place])).values()];
}

function distinctFindings(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map(
      findings.map((finding) => [JSON.stringify([finding.code, finding.message, finding.when]), finding]),
    ).values(),
  ];
}
