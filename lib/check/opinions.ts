import type { Severity } from '../cfn/errors.ts';
import type { SourceDocument } from '../cfn/read.ts';
import { isObject, type Json } from '../cfn/template.ts';

/** One remark of another tool, under the rule that the tool names. Lines and columns count from 1. */
export interface Remark {
  file: string;
  rule: string;
  severity: Severity;
  message: string;
  line?: number;
  column?: number;
}

/** What another tool says. */
export interface Opinion {
  /** Name and version. */
  tool: string;
  /** Whether its errors make the check fail, as ours do. */
  counts: boolean;
  /** Files that it has judged. */
  files: readonly string[];
  remarks: readonly Remark[];
  /** What it has not judged, and why: never a file that is right. Without a file: nothing at all. */
  unheard: readonly { file?: string; reason: string }[];
}

const LEVELS: Readonly<Record<string, Severity>> = { Error: 'error', Warning: 'warning', Informational: 'info' };

/** Remarks in the output of `cfn-lint --format json`. Throws where it is none. */
export function remarksOfCfnLint(output: string): Remark[] {
  const list: unknown = JSON.parse(output.trim() || '[]');
  if (!Array.isArray(list)) throw new Error('the output is no list');
  return list.map((match) => {
    const { Filename, Level, Message, Rule, Location } = match;
    const { LineNumber: line, ColumnNumber: column } = Location?.Start ?? {};
    return {
      file: String(Filename),
      rule: String(Rule?.Id),
      severity: LEVELS[String(Level)] ?? 'error',
      message: String(Message),
      ...(typeof line === 'number' && { line }),
      ...(typeof column === 'number' && { column }),
    };
  });
}

const HEADINGS: Readonly<Record<string, Severity>> = { infos: 'info', warn: 'warning', crit: 'error' };

/**
 * Remarks in what npm's `cfn-lint validate` prints; undefined where it has not judged the file. It has neither rules nor
 * lines: the rule is its level, the line that of the path it gives.
 */
export function remarksOfNpmCfnLint(output: string, document: SourceDocument): Remark[] | undefined {
  const remarks: Remark[] = [];
  let level: string | undefined;
  let path: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  for (const line of output.replace(/\x1b\[[0-9;]*m/g, '').split('\n')) {
    const [, heading] = /^\d+ (infos|warn|crit)$/.exec(line) ?? [];
    const [, key, text = ''] = /^(Resource|Message): (.*)$/.exec(line) ?? [];
    if (heading !== undefined) level = heading;
    else if (key === 'Resource') path = text.split(' > ');
    else if (key === 'Message' && level !== undefined)
      remarks.push({
        file: document.file,
        rule: level,
        severity: HEADINGS[level]!,
        message: `${path.join('.')}: ${text}`,
        ...document.locate(stepsOf(path, document.value)),
      });
  }
  return level === undefined ? undefined : remarks;
}

/** The names of a path with indexes of lists as numbers. */
function stepsOf(path: readonly string[], root: Json): (string | number)[] {
  let value: Json | undefined = root;
  return path.map((name) => {
    const step: string | number = Array.isArray(value) ? Number(name) : name;
    value = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
    return step;
  });
}
