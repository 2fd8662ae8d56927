import { readFileSync } from 'node:fs';
import { CfnError, nearestMatch } from '../cfn/errors.ts';
import { fileInProject } from '../project.ts';

/** How a mapping came about: see `sources` in lib/data/frameworks.json. `inferred` is a hint. */
export type MappingSource = 'securityhub' | 'gathered' | 'inferred';

interface Frameworks {
  readonly sources: Readonly<Record<MappingSource, string>>;
  readonly frameworks: Readonly<Record<string, { readonly name: string; readonly version: string }>>;
  readonly controls: Readonly<
    Record<string, Readonly<Record<string, Partial<Readonly<Record<MappingSource, readonly string[]>>>>>>
  >;
}

let frameworks: Frameworks | undefined;

/** lib/data/frameworks.json, read once. A template supports a requirement: it shows design, not operation. */
export function readFrameworks(): Frameworks {
  frameworks ??= JSON.parse(readFileSync(fileInProject('lib/data/frameworks.json'), 'utf8')) as Frameworks;
  return frameworks;
}

/** By framework, the IDs of its requirements that a control supports. */
export type Requirements = Readonly<Record<string, readonly string[]>>;

/** The controls that are mapped to any of the frameworks, with their requirements. Throws CFN712 where one is not known. */
export function controlsOfFrameworks(names: readonly string[]): ReadonlyMap<string, Requirements> {
  const { frameworks: known, controls } = readFrameworks();
  const unknown = names.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0)
    throw new CfnError(
      unknown.map((name) => {
        const nearest = nearestMatch(name, Object.keys(known));
        return {
          code: 'CFN712',
          severity: 'error' as const,
          message: `there is no framework "${name}"${nearest ? `; did you mean ${nearest}?` : ''}`,
          fix: `one of ${Object.keys(known).join(', ')}`,
        };
      }),
    );
  return new Map(
    Object.entries(controls).flatMap(([control, mapped]) => {
      const own = names.filter((name) => Object.hasOwn(mapped, name));
      if (own.length === 0) return [];
      return [[control, Object.fromEntries(own.map((name) => [name, Object.values(mapped[name]!).flat()]))]];
    }),
  );
}
