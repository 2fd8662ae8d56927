import type { TemplateDocument } from '../cfn/read.ts';
import { expandServerless } from '../cfn/serverless.ts';
import type { Path, Template } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';
import { defaultText, parameterType } from '../scenarios/parameters.ts';
import { spaceOf } from '../scenarios/space.ts';

/** A template as it is given, with what is known of the stack that it becomes. */
export interface GivenStack {
  readonly document: TemplateDocument;
  /** Of its parameter file: then every parameter is known, defaults for the rest. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly stackName?: string;
  /** Stacks of one group are deployed side by side; others may be alternatives, as the templates of a folder. */
  readonly group?: string;
  /** The place of the stack in the order in which those of its group are deployed. */
  readonly position?: number;
  /** `true`: all that its group deploys is given, so that a name which nobody writes is an error. */
  readonly closed?: boolean;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Stack {
  readonly index: number;
  readonly file: string;
  /** SAM resources and loops expanded. */
  readonly template: Template;
  readonly region?: string;
  readonly stackName?: string;
  readonly group?: string;
  readonly position?: number;
  readonly closed: boolean;
  /** `true`: a parameter file is given for it. */
  readonly decided: boolean;
  /** The text of a parameter, where a parameter file decides it. Never that of what SSM holds. */
  known(parameter: string): string | undefined;
  /** What a parameter of an SSM type is looked up under. */
  lookedUp(parameter: string): string | undefined;
  place(path: Path): Place;
}

export function stackOf(given: GivenStack, index: number): Stack {
  const { document, parameters, region, stackName, group, position, closed = false } = given;
  const { template: expanded, origin } = expandServerless(document.template);
  const space = spaceOf(expanded);
  const bodies = new Map(entriesOf(space.template.Parameters));
  const textGiven = (name: string): string | undefined => {
    const body = bodies.get(name);
    return body && (parameters?.[name] ?? defaultText(body));
  };
  return {
    index,
    file: document.file,
    template: space.template,
    ...(region !== undefined && { region }),
    ...(stackName !== undefined && { stackName }),
    ...(group !== undefined && { group }),
    ...(position !== undefined && { position }),
    closed,
    decided: parameters !== undefined,
    known: (name) => {
      const body = bodies.get(name);
      return body && parameters && !parameterType(body).ssm ? textGiven(name) : undefined;
    },
    lookedUp: textGiven,
    place: (path) => ({ file: document.file, ...document.locate(origin(space.origin(path))) }),
  };
}

/** Whether both are there at the same time for certain. */
export function sideBySide(a: Stack, b: Stack): boolean {
  return a === b || (a.group !== undefined && a.group === b.group);
}

/** Whether the one is deployed before the other; undefined where nothing says so. */
export function isBefore(a: Stack, b: Stack): boolean | undefined {
  if (!sideBySide(a, b) || a.position === undefined || b.position === undefined) return undefined;
  return a.position < b.position;
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
