import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finding, nearestMatch } from '../../lib/cfn/errors.ts';
import { resolveTemplate } from '../../lib/scenarios/resolve.ts';
import { writeFile } from '../../lib/write-file.ts';
import type { Register } from './register.ts';
import {
  declarationsOf,
  type Owner,
  ownersOf,
  type ProjectStack,
  saidTwice,
  sectionOf,
  stacksOf,
  strayParameters,
} from './stacks.ts';

export interface ParameterFiles {
  readonly stacks: readonly ProjectStack[];
  readonly findings: readonly Finding[];
  /** Files that are not, or were not, what the register says. */
  readonly stale: readonly string[];
}

/**
 * The parameter files of a register's owners beside it, written unless `check`; nothing is written where anything is wrong.
 * Linear in the number of owners: templates are read once, and only their parameters and rules are asked.
 */
export function parameterFiles(
  register: Register,
  { check = false, only }: { check?: boolean; only?: string } = {},
): ParameterFiles {
  const owners = ownersOf(register).filter(({ name }) => only === undefined || name === only);
  const all = owners.map((owner) => ({ owner, stacks: stacksOf(owner) }));
  const stacks = all.flatMap((each) => each.stacks);
  const findings = all.flatMap((each) => wrongParameters(each.owner, register, each.stacks));
  if (findings.length > 0) return { stacks, findings, stale: [] };
  const root = dirname(register.file);
  return { stacks, findings, stale: writeParameterFiles(stacks, root, check) };
}

/** Parameters that no template has, that the register says itself, and values that templates refuse. */
export function wrongParameters(owner: Owner, register: Register, stacks = stacksOf(owner)): Finding[] {
  return [...stray(owner, register), ...said(owner, register), ...stacks.flatMap((stack) => unfit(stack, register))];
}

/** Those that were not what the values say; `check`: nothing is written. */
export function writeParameterFiles(stacks: readonly ProjectStack[], root: string, check = false): string[] {
  const stale: string[] = [];
  for (const { parameterFile, values } of stacks) {
    const path = join(root, parameterFile);
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const text = `${JSON.stringify(lines, null, 2)}\n`;
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    stale.push(parameterFile);
    if (!check) writeFile(path, text);
  }
  return stale;
}

function stray(owner: Owner, { file, locate }: Register): Finding[] {
  return strayParameters(owner).map(({ stack, name, known }) => {
    const nearest = nearestMatch(name, known);
    return {
      code: 'CFN737',
      severity: 'error',
      file,
      ...locate([sectionOf(owner), owner.name, 'parameters', stack, name]),
      message:
        known.length === 0
          ? `${owner.name} has no stack "${stack}"`
          : `${owner.name}: ${stack} has no parameter ${name}${nearest ? `; did you mean ${nearest}?` : ''}`,
      fix: known.length === 0 ? 'name one of its stacks' : `one of ${known.join(', ')}`,
    };
  });
}

function said(owner: Owner, { file, locate }: Register): Finding[] {
  return saidTwice(owner).map(({ stack, name, value }) => ({
    code: 'CFN737',
    severity: 'error',
    file,
    ...locate([sectionOf(owner), owner.name, 'parameters', stack, name]),
    message: `${owner.name}: ${stack}: ${name} is ${value} by its entry and its environment, and said here again`,
    fix: `remove ${name} from parameters; what it follows from may be changed`,
  }));
}

/** What the template refuses: constraints of its parameters, its rules, and what has neither value nor default. */
export function unfit(
  { owner, section, stack, template, values, region, stackName }: ProjectStack,
  { file, locate }: Register,
): Finding[] {
  const { findings } = resolveTemplate(declarationsOf(template), { parameters: values, region, stackName });
  return findings
    .filter(({ code }) => /^CFN(4|500)/.test(code))
    .map(({ path: _path, line: _line, column: _column, ...finding }) => ({
      ...finding,
      file,
      ...locate([section, owner]),
      message: `${owner}: ${stack}: ${finding.message}`,
    }));
}
