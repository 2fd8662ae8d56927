import { resolve } from 'node:path';
import type { TemplateDocument } from '../lib/cfn/read.ts';
import type { GivenStack } from '../lib/contract/stack.ts';
import { ENVIRONMENTS, stacksOf } from './environments.ts';

/** What is known of a stack before it is deployed. */
export interface KnownStack {
  readonly template: string;
  readonly parameterFile: string;
  readonly stackName: string;
  readonly region: string;
}

/** A template of the command line, and the parameter file that fits it. */
export interface NamedTemplate {
  readonly document: TemplateDocument;
  /** `false`: found in a folder. */
  readonly named: boolean;
  readonly parameters?: { readonly file: string; readonly values: Readonly<Record<string, string>> };
}

/**
 * Templates with what is known of their stacks. Those of an environment are deployed in its order and regions; others that were
 * named, side by side in the order given. A parameter file that belongs to a stack says its region and name.
 *
 * @param projects the stacks of the register's owners.
 */
export function stacksGiven(templates: readonly NamedTemplate[], projects: readonly KnownStack[] = []): GivenStack[] {
  const [first] = ENVIRONMENTS;
  const usual = stacksOf(first);
  const stacks: readonly KnownStack[] = [...ENVIRONMENTS.flatMap((name) => stacksOf(name)), ...projects];
  const places = templates.map(({ document }) =>
    usual.findIndex(({ template }) => resolve(template) === resolve(document.file)),
  );
  const complete = usual.every((_, index) => places.includes(index));
  const onlyRegistered = !places.includes(-1);
  return templates.map(({ document, named, parameters }, index): GivenStack => {
    const place = places[index]!;
    const file = parameters && resolve(parameters.file);
    const own = file === undefined ? undefined : stacks.find((stack) => resolve(stack.parameterFile) === file);
    const region = (own ?? usual[place])?.region;
    const grouped = onlyRegistered || (complete && place >= 0);
    return {
      document,
      ...(parameters && { parameters: parameters.values }),
      ...(region !== undefined && { region }),
      ...(own && { stackName: own.stackName }),
      ...(grouped && { group: 'environment', position: place, closed: complete }),
      ...(!grouped && named && { group: 'named', position: index }),
    };
  });
}
