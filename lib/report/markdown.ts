import type { LocatedFact } from '../check/check-controls.ts';
import { allFindings, type CheckedTemplate } from './checked.ts';
import { verdictCounts } from './controls.ts';
import { sortFindings } from './findings.ts';

/** For a pull request or a job's summary. */
export function markdown(templates: readonly CheckedTemplate[]): string {
  const findings = sortFindings(allFindings(templates));
  const lines = [
    '# plainform check',
    '',
    '| template | resources | scenarios | findings | controls |',
    '| --- | ---: | ---: | ---: | --- |',
  ];
  for (const template of templates) {
    const { file, resources, scenarios, controls } = template;
    const own = allFindings([template]).length;
    lines.push(`| ${cell(file)} | ${resources} | ${scenarios.reachable} | ${own} | ${verdictCounts(controls)} |`);
  }
  if (findings.length > 0) {
    lines.push('', '## Findings', '', '| place | code | what | when | fix |', '| --- | --- | --- | --- | --- |');
    for (const { file, line, code, severity, message, when, fix } of findings) {
      const place = `${file ?? ''}${line === undefined ? '' : `:${line}`}`;
      const values = Object.entries(when ?? {}).map(([name, value]) => `\`${name}=${value}\``);
      lines.push(
        `| ${cell(place)} | ${severity} ${code} | ${cell(message)} | ${cell(values.join(' '))} | ${cell(fix ?? '')} |`,
      );
    }
  }
  lines.push(
    ...section(
      'Waived',
      templates,
      ({ verdict }) => verdict === 'waived',
      ({ waiver }) => `until ${waiver!.expires} by ${waiver!.owner}: ${waiver!.reason}`,
    ),
  );
  lines.push(
    ...section(
      'Not known before deployment',
      templates,
      ({ verdict }) => verdict === 'depends' || verdict === 'not-evaluated',
      ({ message }) => message,
    ),
  );
  const notJudged = templates.flatMap(({ file, notJudged: parts }) =>
    parts.map((part) => `- ${cell(file)}: ${cell(part)}`),
  );
  if (notJudged.length > 0) lines.push('', '## Not judged', '', ...notJudged);
  return lines.join('\n');
}

function section(
  title: string,
  templates: readonly CheckedTemplate[],
  belongs: (fact: LocatedFact) => boolean,
  said: (fact: LocatedFact) => string,
): string[] {
  const rows = templates.flatMap(({ file, controls }) =>
    controls
      .filter(belongs)
      .map((fact) => `| ${cell(file)} | ${fact.control} | ${cell(fact.resource)} | ${cell(said(fact))} |`),
  );
  return rows.length === 0
    ? []
    : ['', `## ${title}`, '', '| template | control | resource | |', '| --- | --- | --- | --- |', ...rows];
}

/** Text of a template is no markup. */
function cell(text: string): string {
  return text
    .replace(/[\\|<>*_`[\]]/g, (character) => (character === '`' ? character : `\\${character}`))
    .replaceAll('\n', ' ');
}
