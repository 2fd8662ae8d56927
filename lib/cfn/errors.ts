import type { Json, Path } from './template.ts';

export type Severity = 'error' | 'warning' | 'info';

/** One thing that is wrong, in the user's words. Lines and columns count from 1. */
export interface Finding {
  /** Stable: the text may improve, the code stays. The register of codes is docs/findings.md. */
  code: string;
  severity: Severity;
  message: string;
  file?: string;
  path?: Path;
  line?: number;
  column?: number;
  /** The next step, as an instruction. */
  fix?: string;
  /** The parameter values, against the defaults, under which it shows. Absent: under all. */
  when?: Record<string, Json>;
}

/** 1: the input has findings. 2: wrong usage or input. 3: AWS or the emulator is unreachable. 130: stopped by Ctrl-C. */
export type ExitCode = 1 | 2 | 3 | 130;

/** The only error thrown on purpose. Thrown inside, printed only by the command line; carries all findings at once. */
export class CfnError extends Error {
  override readonly name = 'CfnError';
  readonly findings: readonly Finding[];
  readonly exitCode: ExitCode;

  constructor(findings: Finding | readonly Finding[], options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    const all = Array.isArray(findings) ? (findings as readonly Finding[]) : [findings as Finding];
    super(all.map((finding) => `${finding.code}: ${finding.message}`).join('\n'), { cause: options.cause });
    this.findings = all;
    this.exitCode = options.exitCode ?? 2;
  }
}

/** The candidate that is most like a misspelt name, or undefined where none is near (more than a third of it differs). */
export function nearestMatch(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to change, add or take away; `limit` where they are that many or more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
