import { join, resolve } from 'node:path';
import { CfnError } from '../../lib/cfn/errors.ts';
import type { Waiver } from '../../lib/controls/waivers.ts';
import { canonicalDocument } from '../../lib/evidence/canonical.ts';
import { compare as comparisonOf, type Pair, type Side } from '../../lib/evidence/compare.ts';
import { comparisonJson, comparisonMarkdown, comparisonText } from '../../lib/report/comparison.ts';
import { sortFindings } from '../../lib/report/findings.ts';
import { formatOf } from '../format.ts';
import type { Terminal } from '../terminal.ts';
import { projectFileOf, projectWaivers, waiversOf } from '../waivers.ts';
import {
  type CheckedFile,
  type ControlJudge,
  checkFile,
  controlJudge,
  isFolder,
  refusals,
  templatesIn,
} from './controls-of.ts';

interface Options {
  /** Two templates, or two folders of them. */
  arguments: string[];
  framework?: string;
  format?: string;
  json?: boolean;
}

const FORMATS = ['text', 'json', 'markdown'] as const;

/**
 * What changes in compliance from the first template, or folder, to the second. Exit code 1 where something is lost, 2 where a
 * side cannot be read or is no template: then nothing is compared.
 */
export async function compare(options: Options, terminal: Terminal): Promise<0 | 1> {
  const format = formatOf(options, FORMATS);
  const [old, now] = options.arguments as [string, string];
  const files = pairsOf(old, now).map(({ name, old: before, new: after }) => ({
    name,
    ...(before !== undefined && { old: checkFile(before) }),
    ...(after !== undefined && { new: checkFile(after) }),
  }));
  const unreadable = files.flatMap(({ old: before, new: after }) =>
    [before, after].flatMap((file) => (file ? refusals(file) : [])),
  );
  if (unreadable.length > 0) throw new CfnError(sortFindings(unreadable));

  const judge = await controlJudge(options.framework);
  const waivers = waiversOfSides();
  const comparison = comparisonOf(
    files.map(
      ({ name, old: before, new: after }): Pair => ({
        name,
        ...(before && { old: sideOf(before, judge, waivers.old(before.result.file, after?.result.file)) }),
        ...(after && { new: sideOf(after, judge, waivers.new(after.result.file)) }),
      }),
    ),
  );
  if (format === 'json') terminal.print(JSON.stringify(comparisonJson(comparison), null, 2));
  else if (format === 'markdown') terminal.print(comparisonMarkdown(comparison));
  else terminal.print(comparisonText(comparison, terminal.paint));
  return comparison.lost.length > 0 ? 1 : 0;
}

function sideOf({ document, result }: CheckedFile, judge: ControlJudge, waivers: readonly Waiver[]): Side {
  const canonical = canonicalDocument(document!);
  const { facts, findings } = judge(canonical, { waivers });
  return { document: canonical, findings: [...result.findings, ...findings], facts, notJudged: result.notJudged };
}

/**
 * A template has the waivers of its own project: plainform.yaml above it, or of the working directory. An old one that was taken
 * out of its project, as by `git show`, has those of the new one.
 */
function waiversOfSides() {
  const here = projectWaivers();
  const own = (file: string) => {
    const project = projectFileOf(file);
    return (project === undefined ? [] : waiversOf(project)).filter(({ template }) => template === resolve(file));
  };
  const named = (file: string) => {
    const above = own(file);
    return above.length > 0 ? above : here.filter(({ template }) => template === resolve(file));
  };
  return {
    new: named,
    old(file: string, now: string | undefined): readonly Waiver[] {
      const project = projectFileOf(file);
      const isElsewhere = project !== undefined && (now === undefined || project !== projectFileOf(now));
      const waivers = named(file);
      return waivers.length > 0 || isElsewhere || now === undefined ? waivers : named(now);
    },
  };
}

interface Names {
  readonly name: string;
  readonly old?: string;
  readonly new?: string;
}

/** Throws CFN713 for a folder and a file, and CFN703 for two folders without a template. */
function pairsOf(old: string, now: string): Names[] {
  const [oldFolder, newFolder] = [isFolder(old), isFolder(now)];
  if (!oldFolder && !newFolder) return [{ name: now, old, new: now }];
  if (oldFolder !== newFolder)
    throw new CfnError({
      code: 'CFN713',
      severity: 'error',
      message: `${oldFolder ? old : now} is a folder and ${oldFolder ? now : old} is not`,
      fix: 'compare a template with a template, or a folder of templates with a folder',
    });
  const [before, after] = [templatesIn(old), templatesIn(now)];
  if (before.length + after.length === 0)
    throw new CfnError({
      code: 'CFN703',
      severity: 'error',
      message: `there is no template to compare in ${old} and ${now}`,
      fix: 'name folders that hold templates',
    });
  const pairs = new Map<string, Names>();
  for (const name of after) {
    // The same template may have been YAML on one side and JSON on the other.
    const partner = before.includes(name)
      ? name
      : before.find((other) => stem(other) === stem(name) && !after.includes(other));
    const taken = [...pairs.values()].some((pair) => pair.old === (partner && join(old, partner)));
    pairs.set(name, {
      name,
      new: join(now, name),
      ...(partner !== undefined && !taken && { old: join(old, partner) }),
    });
  }
  const matched = new Set([...pairs.values()].map((pair) => pair.old));
  for (const name of before) if (!matched.has(join(old, name))) pairs.set(name, { name, old: join(old, name) });
  return [...pairs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stem(name: string): string {
  return name.replace(/\.[^.]+$/, '');
}
