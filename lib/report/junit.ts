import type { LocatedFact } from '../check/check-controls.ts';
import { asFinding, type CheckedTemplate, isViolated } from './checked.ts';

/** JUnit XML as CI servers read it: a suite for each template, a case for each control of each resource and each finding. */
export function junit(templates: readonly CheckedTemplate[]): string {
  const suites = templates.map((template) => {
    const cases = [
      ...template.findings.map((finding) => findingCase(template.file, finding)),
      ...template.controls.map((fact) => controlCase(template.file, fact)),
    ];
    return suite(template.file, cases);
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="plainform">', ...suites, '</testsuites>'].join(
    '\n',
  );
}

interface Case {
  readonly xml: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

function suite(file: string, cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']) => cases.filter((each) => each.outcome === outcome).length;
  const counts = `tests="${cases.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}"`;
  return [`  <testsuite name="${escaped(file)}" ${counts}>`, ...cases.map(({ xml }) => xml), '  </testsuite>'].join(
    '\n',
  );
}

function findingCase(file: string, { code, severity, message, line, fix }: CheckedTemplate['findings'][number]): Case {
  const open = opening(`${code} ${message}`, file, line);
  const text = escaped(`${place(file, line)}${message}${fix ? `\nfix: ${fix}` : ''}`);
  return severity === 'error'
    ? {
        outcome: 'failed',
        xml: `${open}<failure type="${code}" message="${escaped(message)}">${text}</failure></testcase>`,
      }
    : { outcome: 'passed', xml: `${open}<system-out>${text}</system-out></testcase>` };
}

/** What is waived or not known is skipped, with the reason: it has not passed. */
function controlCase(file: string, fact: LocatedFact): Case {
  const { control, resource, title, verdict, message, line, waiver } = fact;
  const open = opening(`${control} ${title}: ${resource}`, file, line);
  if (isViolated(fact)) {
    const { when, fix } = asFinding(file, fact);
    const conditions = when ? `\nwhen: ${JSON.stringify(when)}` : '';
    const text = `${place(file, line)}${message}${conditions}${fix ? `\nfix: ${fix}` : ''}`;
    return {
      outcome: 'failed',
      xml: `${open}<failure type="${control}" message="${escaped(message)}">${escaped(text)}</failure></testcase>`,
    };
  }
  if (verdict === 'proven') return { outcome: 'passed', xml: `${open}</testcase>` };
  const reason = waiver
    ? `waived until ${waiver.expires} by ${waiver.owner}: ${waiver.reason}`
    : `${verdict}: ${message}`;
  return { outcome: 'skipped', xml: `${open}<skipped message="${escaped(reason)}"/></testcase>` };
}

function opening(name: string, file: string, line: number | undefined): string {
  const at = line === undefined ? '' : ` line="${line}"`;
  return `    <testcase name="${escaped(name)}" classname="${escaped(file)}" file="${escaped(file)}"${at}>`;
}

function place(file: string, line: number | undefined): string {
  return `${file}${line === undefined ? '' : `:${line}`} `;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no place for control characters, escaped or not. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\ufffe\uffff]/gu, (character) => ('\t\n\r'.includes(character) ? character : '\ufffd'))
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replaceAll('\n', '&#10;');
}
