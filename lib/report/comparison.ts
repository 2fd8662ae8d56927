import type { Finding } from '../cfn/errors.ts';
import type { Change, Comparison, ResourceChange, State } from '../evidence/compare.ts';
import { type Paint, renderFinding } from './findings.ts';

/** The comparison as JSON; a change of its shape is a change of `version`. */
export function comparisonJson(comparison: Comparison) {
  const finding = ({ path, ...rest }: Finding) => ({ ...rest, ...(path && { path: path.join('.') }) });
  return {
    version: 1,
    ...comparison,
    newFindings: comparison.newFindings.map(finding),
    goneFindings: comparison.goneFindings.map(finding),
  };
}

export function isEmpty(comparison: Comparison): boolean {
  const { lost, gained, changed, added, removed, renamedParameters, newFindings, goneFindings } = comparison;
  return [lost, gained, changed, added, removed, renamedParameters, newFindings, goneFindings].every(
    ({ length }) => length === 0,
  );
}

/** "2 lost, 1 gained, 1 changed; 1 resource added, 1 removed; 1 new finding; 40 verdicts as before". */
export function headline(comparison: Comparison): string {
  const { lost, gained, changed, added, removed, newFindings, goneFindings, unchanged, templates } = comparison;
  const rest = `${count(unchanged, 'verdict')} of ${count(templates.length, 'template')}`;
  if (isEmpty(comparison)) return `nothing changes in compliance: ${rest} as before`;
  return [
    `${lost.length} lost, ${gained.length} gained${changed.length > 0 ? `, ${changed.length} changed` : ''}`,
    ...(added.length + removed.length > 0
      ? [`${count(added.length, 'resource')} added, ${removed.length} removed`]
      : []),
    ...(newFindings.length > 0 ? [count(newFindings.length, 'new finding')] : []),
    ...(goneFindings.length > 0 ? [`${count(goneFindings.length, 'finding')} mended`] : []),
    `${rest} as before`,
  ].join('; ');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** For a terminal: places first, so that editors can jump to them. */
export function comparisonText(comparison: Comparison, paint: Paint): string {
  const { lost, gained, changed, added, removed, renamedParameters, newFindings, notJudged } = comparison;
  const lines: string[] = [];
  for (const [style, word, changes] of [
    ['red', 'lost', lost],
    ['cyan', 'gained', gained],
    ['yellow', 'changed', changed],
  ] as const)
    for (const change of changes) {
      const { control, resource, title } = change;
      lines.push(`${placeOf(comparison, change)} ${paint(style, word)} ${control}: ${resource}: ${transition(change)}`);
      lines.push(`    ${title}${whyOf(change) ? `; ${whyOf(change)}` : ''}`);
    }
  for (const [word, resources] of [
    ['added', added],
    ['removed', removed],
  ] as const)
    for (const each of resources) {
      const file = fileOf(comparison, each.template, word === 'removed' ? 'old' : 'new');
      lines.push(`${file}:${each.line} ${paint('yellow', word)} ${each.resource} (${each.type}): ${verdictsOf(each)}`);
      if (each.likely) lines.push(`    ${likelyText(each, word)}`);
    }
  for (const { template, from, to } of renamedParameters)
    lines.push(`${template} parameter ${from} is now ${to}, by its body: parameter files have to follow`);
  for (const finding of newFindings) lines.push(renderFinding(finding, paint));
  for (const part of notJudged) lines.push(`not judged: ${part}`);
  return [...lines, headline(comparison)].join('\n');
}

/** "proven → fails when Env=dev". */
export function transition(change: Change, quoted: (text: string) => string = (text) => text): string {
  const { reason, from, to, failsNow, failsNoMore } = change;
  if (reason === 'safeguard-gone') return 'proven → gone with the resource, and nothing else proves it';
  if (reason === 'new-resource' || !from) return `new resource, ${stateText(to!, quoted)}`;
  if (reason === 'existence') {
    const parts = [
      ...(failsNow ? [`gone ${whenText(failsNow, quoted)}`] : []),
      ...(failsNoMore ? [`there ${whenText(failsNoMore, quoted)} too`] : []),
    ];
    return `${stateText(from, quoted)} → ${parts.join(', ')}`;
  }
  if (reason === 'deployments') {
    const parts = [
      ...(failsNow ? [`fails ${whenText(failsNow, quoted)} now too`] : []),
      ...(failsNoMore ? [`no longer ${whenText(failsNoMore, quoted)}`] : []),
    ];
    return `${stateText(from, quoted)} → ${parts.join(', ')}`;
  }
  const waived = reason === 'waiver' && from.waiver!.reason !== to!.waiver!.reason ? ', for another reason' : '';
  return `${stateText(from, quoted)} → ${stateText(to!, quoted)}${waived}`;
}

export function stateText(state: State, quoted: (text: string) => string = (text) => text): string {
  const { verdict, when, on, waiver } = state;
  switch (verdict) {
    case 'proven':
      return 'proven';
    case 'never':
      return 'never holds';
    case 'fails':
      return `fails ${whenText(when ?? {}, quoted)}`;
    case 'depends':
      return on ? `depends on ${on.map(quoted).join(', ')}` : 'depends on what no template says';
    case 'waived':
      return `waived until ${waiver!.expires} by ${quoted(waiver!.owner)}`;
    case 'unreachable':
      return 'can never exist';
    case 'not-evaluated':
      return 'not evaluated';
  }
}

function whenText(values: Readonly<Record<string, string>>, quoted: (text: string) => string): string {
  const pairs = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0
    ? 'with the defaults'
    : `when ${pairs.map(([name, value]) => quoted(`${name}=${value}`)).join(' ')}`;
}

/** What is wrong now, or what was. */
function whyOf({ from, to, reason }: Change): string {
  if (reason === 'safeguard-gone') return '';
  if (reason === 'existence') return 'nothing else proves it there';
  if (to?.verdict === 'proven') return from && from.verdict !== 'unreachable' ? `before: ${from.message}` : '';
  return to?.verdict === 'waived' ? to.waiver!.reason : (to?.message ?? '');
}

/** "8 proven; S3.9 depends on resource Key". */
function verdictsOf({ facts }: ResourceChange, quoted: (text: string) => string = (text) => text): string {
  const proven = facts.filter(({ state }) => state.verdict === 'proven').length;
  const others = facts.filter(({ state }) => state.verdict !== 'proven');
  if (facts.length === 0) return 'no control is about it';
  return [
    ...(proven > 0 ? [`${proven} proven`] : []),
    ...others.map(({ control, state }) => `${control} ${stateText(state, quoted)}`),
  ].join('; ');
}

/** In the words of what CloudFormation does: a rename is a removal and an addition. */
function likelyText(
  { likely, template, resource: own }: ResourceChange,
  word: 'added' | 'removed',
  quoted = (text: string) => text,
): string {
  const { resource, template: other } = likely!;
  if (resource === own)
    return word === 'added'
      ? `looks moved from ${quoted(other)}: CloudFormation removes it there and makes it anew here`
      : `looks moved to ${quoted(other)}: CloudFormation removes it here and makes it anew there`;
  const name = `${quoted(resource)}${other === template ? '' : ` of ${quoted(other)}`}`;
  return word === 'added'
    ? `looks like a rename of ${name}: CloudFormation removes that one and makes this one anew`
    : `looks renamed to ${name}: CloudFormation removes this one and makes that one anew`;
}

function placeOf(comparison: Comparison, { template, from, to }: Change): string {
  const state = to ?? from;
  const file = fileOf(comparison, template, to ? 'new' : 'old');
  return [file, state?.line, state?.column].filter((part) => part !== undefined).join(':');
}

function fileOf({ templates }: Comparison, template: string, side: 'old' | 'new'): string {
  return templates.find(({ name }) => name === template)?.[side] ?? template;
}

/** GitHub refuses longer comments. Source: "Body is too long (maximum is 65536 characters)", with room for what is put around it. */
const MOST = 60_000;

const LEVELS: readonly Change['level'][] = ['critical', 'high', 'medium', 'low'];
const MARK = '<!-- plainform compare -->';

/** A comment for a pull request. The first line lets a workflow find its comment again. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { lost, gained, changed, added, removed, renamedParameters, newFindings, goneFindings, notJudged } = comparison;
  const several = comparison.templates.length > 1;
  const parts: string[][] = [
    table(
      [...lost].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)),
      several,
    ),
    folded(`Gained: ${gained.length}`, table(gained, several)),
    folded(`Changed, neither gained nor lost: ${changed.length}`, table(changed, several)),
    folded(`Resources added: ${added.length}`, resources(added, 'added', several)),
    folded(`Resources removed: ${removed.length}`, resources(removed, 'removed', several)),
    renamedParameters.length === 0
      ? []
      : [
          'Parameter files have to follow:',
          '',
          ...renamedParameters.map(
            ({ template, from, to }) =>
              `- parameter ${code(from)} is now ${code(to)}, by its body${several ? ` (${code(template)})` : ''}`,
          ),
        ],
    newFindings.length === 0
      ? []
      : [
          '**New findings on validity**',
          '',
          ...newFindings.map(
            ({ file, line, severity, code: id, message }) =>
              `- ${severity} ${id} ${code(`${file ?? ''}${line === undefined ? '' : `:${line}`}`)} ${prose(message)}`,
          ),
        ],
    folded(
      `Findings that are mended: ${goneFindings.length}`,
      goneFindings.map(({ code: id, message }) => `- ${id} ${prose(message)}`),
    ),
    notJudged.map((part) => `- not judged: ${prose(part)}`),
  ];
  const lines = [MARK, `### Compliance: ${headline(comparison)}`];
  let room = MOST - lines.join('\n').length;
  let left = 0;
  for (const part of parts) {
    const fitted = fitting(part, room);
    left += part.length - fitted.length;
    if (fitted.length > 0) lines.push('', ...fitted);
    room -= lengthOf(fitted) + 1;
  }
  if (left > 0)
    lines.push(
      '',
      `${count(left, 'line')} left out: a comment holds no more. \`plainform compare\` prints all of them.`,
    );
  return lines.join('\n');
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** As many lines as there is room for; what is folded stays closed at its end. Nothing where only its frame would be left. */
function fitting(lines: readonly string[], room: number): string[] {
  if (lengthOf(lines) <= room) return [...lines];
  const end = lines.at(-1) === '</details>' ? 2 : 0;
  const frame = lines.findIndex((line) => line.startsWith('| ---')) + 1 || (end > 0 ? 3 : 2);
  let least = lengthOf(lines.slice(0, frame)) + lengthOf(lines.slice(lines.length - end));
  let kept = frame;
  while (kept < lines.length - end && least + lines[kept]!.length + 1 <= room) least += lines[kept++]!.length + 1;
  return kept === frame ? [] : [...lines.slice(0, kept), ...lines.slice(lines.length - end)];
}

function table(changes: readonly Change[], several: boolean): string[] {
  if (changes.length === 0) return [];
  return [
    `| control | resource | change | why |${several ? ' template |' : ''}`,
    `| --- | --- | --- | --- |${several ? ' --- |' : ''}`,
    ...changes.map((change) => {
      const { control, title, level, resource, template } = change;
      const what = `**${control}** ${prose(title)} (${level})`;
      const why = whyOf(change);
      return `| ${what} | ${code(resource)} | ${transition(change, code)} | ${prose(why)} |${several ? ` ${code(template)} |` : ''}`;
    }),
  ];
}

function resources(changes: readonly ResourceChange[], word: 'added' | 'removed', several: boolean): string[] {
  return changes.map((each) => {
    const likely = each.likely ? `; ${likelyText(each, word, code)}` : '';
    return `- ${code(each.resource)} (${code(each.type)})${several ? ` in ${code(each.template)}` : ''}: ${verdictsOf(each, code)}${likely}`;
  });
}

function folded(summary: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['<details>', `<summary>${summary}</summary>`, '', ...lines, '', '</details>'];
}

/** Text of a template as it stands: no markup, no mention. A bar would end the cell of a table even in a code span. */
function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const fence = '`'.repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return /^`|`$/.test(line) || line.trim() === '' ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}

/** Sentences that hold text of a template: what means something to Markdown, HTML or GitHub does not. */
function prose(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\|*_`[\]~$]/g, (character) => `\\${character}`)
    .replace(/([@#])(?=\w)/g, '$1&#8203;')
    .replace(/(https?|www)(?=:\/\/|\.)/gi, '$1&#8203;');
}
