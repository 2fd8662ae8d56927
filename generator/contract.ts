import { resolve } from 'node:path';
import type { TemplateDocument } from '../lib/cfn/read.ts';
import type { GivenStack } from '../lib/contract/stack.ts';
import { ENVIRONMENTS, type EnvironmentStack, stacksOf } from './environments.ts';

/** A template of the command line, and the parameter file that fits it. */
export interface NamedTemplate {
  readonly document: TemplateDocument;
  /** `false`: found in a folder. */
  readonly named: boolean;
  readonly parameters?: { readonly file: string; readonly values: Readonly<Record<string, string>> };
}

/**
 * Templates with what is known of their stacks. Those that the register has are deployed in its order and regions, and a
 * parameter file of the register says in which environment; others that were named, side by side in the order given.
 */
export function stacksGiven(templates: readonly NamedTemplate[]): GivenStack[] {
  const [first] = ENVIRONMENTS;
  const environments = ENVIRONMENTS.map((name) => stacksOf(name));
  const registered = (file: string, stacks: readonly EnvironmentStack[]) =>
    stacks.findIndex(({ template }) => resolve(template) === resolve(file));
  const usual = stacksOf(first);
  const places = templates.map(({ document }) => registered(document.file, usual));
  const complete = usual.every((_, index) => places.includes(index));
  const onlyRegistered = !places.includes(-1);
  return templates.map(({ document, named, parameters }, index): GivenStack => {
    const place = places[index]!;
    const file = parameters && resolve(parameters.file);
    const stacks = environments.find((each) => each.some(({ parameterFile }) => resolve(parameterFile) === file));
    const known = place < 0 ? undefined : (stacks ?? usual)[place];
    const grouped = onlyRegistered || (complete && place >= 0);
    return {
      document,
      ...(parameters && { parameters: parameters.values }),
      ...(known && { region: known.region }),
      ...(known && stacks && { stackName: known.stackName }),
      ...(grouped && { group: 'environment', position: place, closed: complete }),
      ...(!grouped && named && { group: 'named', position: index }),
    };
  });
}
