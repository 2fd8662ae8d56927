import type { Path } from '../cfn/template.ts';
import { pathKey, writeTemplate } from '../cfn/write.ts';
import { readConfigRules } from '../evidence/config-rules.ts';
import {
  type ConformancePack,
  type PackRule,
  packTemplate,
  type Unwatched,
  type Watched,
} from '../evidence/conformance.ts';

/** Columns that a comment fills. */
const LINE = 108;

/**
 * The pack in the house style; its comments say what each rule watches, and what nothing watches. Where that makes it larger than
 * a request may be, they name three resources of each template and count the others, or count them all.
 */
export function renderPack(pack: ConformancePack): string {
  const { inlineBytes } = readConfigRules().limits;
  for (const names of [Infinity, 3, 0]) {
    const text = rendered(pack, { names, inline: true });
    if (Buffer.byteLength(text) <= inlineBytes) return text;
  }
  return rendered(pack, { names: 0, inline: false });
}

interface Form {
  /** Resources of a template that are named, at most. */
  readonly names: number;
  /** It fits into a request. */
  readonly inline: boolean;
}

function rendered(pack: ConformancePack, form: Form): string {
  const above = new Map<string, string>();
  for (const rule of pack.rules)
    above.set(pathKey(['Resources', rule.id] as Path), commentOf(rule, pack.templates.length > 1, form).join('\n'));
  return writeTemplate(packTemplate(pack), { header: headerOf(pack, form), above });
}

/** "52 rules watch 61 controls of 207 proven verdicts". */
export function packSummary({ rules, unwatched, verdicts }: ConformancePack): string {
  const controls = rules.reduce((sum, rule) => sum + rule.controls.length, 0);
  const { proven = 0, unreachable: _, ...others } = verdicts;
  const left = Object.entries(others).map(([verdict, count]) => `${count} ${VERDICTS[verdict] ?? verdict}`);
  return [
    `${count(proven, 'verdict')} proven: ${count(rules.length, 'rule')} for ${count(controls, 'control')}`,
    `${count(unwatched.length, 'control')} that no rule of the pack watches`,
    `not proven and so not asked for: ${left.length > 0 ? left.join(', ') : 'none'}`,
  ].join('; ');
}

const VERDICTS: Readonly<Record<string, string>> = {
  fails: 'failing',
  never: 'never holding',
  depends: 'depending on what is not known',
  'not-evaluated': 'not evaluated',
};

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function headerOf(pack: ConformancePack, { names, inline }: Form): string[] {
  const { templates, region } = pack;
  const isGlobal = (rule: PackRule) => rule.rule.resourceTypes.some((type) => type.startsWith('AWS::IAM::'));
  const lines = [
    'Conformance pack of AWS Config, made by `plainform conformance` from what is proven in',
    ...wrapped(templates, '  '),
    'Make it again when they change. It watches every resource of a type in its account and region, not only theirs.',
    ...wrapped(packSummary(pack).split(/(?<=;) /), '', ' '),
    ...(names === Infinity ? [] : ['Not every resource is named here; plainform conformance --json has them all.']),
    inline
      ? 'Deploy it where AWS Config records:'
      : 'Too large for a request: copy it to a bucket, and deploy it where AWS Config records:',
    `  aws configservice put-conformance-pack --conformance-pack-name NAME ${inline ? '--template-body file://FILE' : '--template-s3-uri s3://BUCKET/FILE'}`,
  ];
  if (pack.rules.some(isGlobal))
    lines.push(
      'IAM is recorded in one region of an account, as its recorder says: rules on AWS::IAM types see nothing elsewhere.',
    );
  const byRegions = new Map<string, string[]>();
  for (const { name, rule } of pack.rules)
    if (rule.onlyIn && region === undefined) {
      const regions = `${rule.onlyIn.join(', ')} (${rule.read})`;
      byRegions.set(regions, [...(byRegions.get(regions) ?? []), name]);
    }
  if (byRegions.size > 0)
    lines.push('Where AWS does not have a rule the whole pack is refused. As of the day in brackets AWS had');
  for (const [regions, names] of byRegions)
    lines.push(...wrapped([...listed(names), 'only in', ...regions.split(/(?<=,) /)], '  ', ' '));
  if (region === undefined)
    lines.push('AWS does not have every rule in every region: --region tells which were missing in yours.');
  else {
    const missing = pack.rules.filter(({ rule }) => rule.notIn?.includes(region));
    if (missing.length > 0)
      lines.push(
        `On the day in brackets AWS did not have these rules in ${region}; while that is so the pack is refused with them:`,
        ...wrapped(
          missing.map(({ name, rule }) => `${name} (${rule.read})`),
          '  ',
        ),
      );
  }
  for (const [reason, title] of [
    ['none', 'Proven, and AWS Config has no managed rule for it:'],
    ['security-hub', 'Proven, and watched by Security Hub alone, with rules of its own that no pack can name:'],
    ['type', 'Proven of what the managed rule does not look at:'],
    ['region', `Proven, and AWS offers the rule not in ${region}:`],
  ] as const) {
    const own = pack.unwatched.filter((each) => each.reason === reason);
    if (own.length > 0) lines.push(title, ...own.flatMap(unwatchedLine));
  }
  return lines;
}

function unwatchedLine({ control, title, rule, resources }: Unwatched): string[] {
  return [`  ${control} ${title}${rule ? ` (${rule})` : ''}: ${count(resources.length, 'resource')}`];
}

function commentOf({ controls, notProven }: PackRule, several: boolean, { names }: Form): string[] {
  const lines = controls.flatMap(({ control, title, resources }) =>
    wrapped([...`${control} ${title}, proven of`.split(' '), ...grouped(resources, several, names)], '', ' '),
  );
  const others = notProven.map(({ template, resource, control, verdict }) => {
    const which = controls.length > 1 ? `${control} ` : '';
    return { template, resource: `${resource} (${which}${verdict})` };
  });
  if (others.length > 0)
    lines.push(...wrapped(['Looked at too, and not proven:', ...grouped(others, several, names)], '', ' '));
  return lines;
}

/** "templates/a.yaml: Queue, Topic; templates/b.yaml: Bucket and 4 more", in words that a line may end after. */
function grouped(resources: readonly Watched[], several: boolean, most: number): string[] {
  const templates = [...new Set(resources.map(({ template }) => template))];
  return templates.flatMap((template, index) => {
    const own = resources.filter((each) => each.template === template).map(({ resource }) => resource);
    const words = listed(own.slice(0, most));
    if (own.length > most) words.push(most === 0 ? count(own.length, 'resource') : `and ${own.length - most} more`);
    const end = index < templates.length - 1 ? ';' : '';
    return [...(several ? [`${template}:`] : []), ...words.slice(0, -1), `${words.at(-1)}${end}`];
  });
}

/** With commas, but after the last. */
function listed(words: readonly string[]): string[] {
  return words.map((word, index) => (index < words.length - 1 ? `${word},` : word));
}

function wrapped(words: readonly string[], indent: string, separator = ', '): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + word.length <= LINE)
      lines[lines.length - 1] = `${last}${separator}${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}

/** The pack for programs; a change of its shape is a change of `version`. */
export function packJson(pack: ConformancePack, template: string) {
  return {
    version: 1,
    templates: pack.templates,
    ...(pack.region !== undefined && { region: pack.region }),
    rules: pack.rules.map(({ id, name, rule, parameters, controls, notProven }) => ({
      id,
      name,
      identifier: rule.identifier,
      trigger: rule.trigger,
      resourceTypes: rule.resourceTypes,
      parameters,
      controls,
      notProven,
      ...(rule.onlyIn && { onlyIn: rule.onlyIn }),
      ...(rule.notIn && { notIn: rule.notIn }),
      read: rule.read,
    })),
    unwatched: pack.unwatched,
    verdicts: pack.verdicts,
    bytes: Buffer.byteLength(template),
    template,
  };
}
