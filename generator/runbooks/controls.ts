import type { CatalogueEntry } from '../../lib/check/catalogue.ts';
import { readCatalogue } from '../../lib/check/catalogue.ts';
import { readFrameworks } from '../../lib/check/frameworks.ts';

export const CONTROLS_DOCUMENT = 'docs/controls.md';

const JUDGED: Readonly<Record<CatalogueEntry['judged'], string>> = {
  template: 'from a template',
  deployed: 'needs a deployed stack',
  'not-yet': 'not judged yet',
};

/** The catalogue as an auditor reads it: each control, how it is judged, and what it supports in each framework. */
export function controlsDocument(): string {
  const catalogue = readCatalogue();
  const { frameworks, controls, sources } = readFrameworks();
  const ids = Object.keys(catalogue);
  const count = (judged: CatalogueEntry['judged']) => ids.filter((id) => catalogue[id]!.judged === judged).length;
  const lines = [
    '# Controls',
    '',
    `${ids.length} controls: ${count('template')} are judged from a template, over every deployment that it admits; ${count('deployed')} need a`,
    `deployed stack, because no template shows them; ${count('not-yet')} are listed and not judged yet. IDs are those of AWS Security Hub; where it has`,
    'none they begin with `PF.`. A template *supports* a requirement: it shows how something is designed, not how it is run.',
    '',
    'This page is written by `plainform generate` from `lib/data/controls.json` and `lib/data/frameworks.json`.',
    '',
    '## Where the mappings come from',
    '',
    ...Object.entries(sources).map(([name, text]) => `- *${name}*: ${text}`),
    '',
    '| framework | version | controls | of which only inferred |',
    '|---|---|---:|---:|',
    ...Object.entries(frameworks).map(([id, { name, version }]) => {
      const mapped = Object.values(controls).flatMap((of) => (of[id] ? [Object.keys(of[id])] : []));
      const inferred = mapped.filter((from) => from.every((source) => source === 'inferred'));
      return `| ${name} (\`${id}\`) | ${version} | ${mapped.length} | ${inferred.length} |`;
    }),
  ];
  const services = [...new Set(ids.map(serviceOf))];
  for (const service of services) {
    lines.push('', `## ${service}`);
    for (const id of ids.filter((each) => serviceOf(each) === service)) {
      const { title, severity, resourceTypes, configRule, judged, note } = catalogue[id]!;
      lines.push(
        '',
        `### ${id}: ${title}`,
        '',
        `${severity}; ${JUDGED[judged]}${configRule ? `; AWS Config rule \`${configRule}\`` : ''}`,
      );
      if (note) lines.push('', note);
      if (resourceTypes.length > 0) lines.push('', resourceTypes.map((type) => `\`${type}\``).join(', '));
      const mapped = Object.entries(controls[id] ?? {});
      if (mapped.length > 0) lines.push('');
      for (const [framework, from] of mapped)
        for (const [source, requirements] of Object.entries(from))
          lines.push(`- ${frameworks[framework]!.name} (${source}): ${requirements.join(', ')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `S3` of `S3.8` and of `PF.S3.ownership`. */
function serviceOf(id: string): string {
  const [first, second] = id.split('.');
  return first === 'PF' ? second! : first!;
}
