import { expandForEach } from '../cfn/for-each.ts';
import { type Reference, referencesIn } from '../cfn/graph.ts';
import { intrinsicOf, isNoValue } from '../cfn/intrinsics.ts';
import { expandServerless } from '../cfn/serverless.ts';
import { parseSub, subArguments } from '../cfn/sub.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from '../cfn/template.ts';
import { listMembers } from '../scenarios/parameters.ts';
import { type ResolvedTemplate, resolveTemplate } from '../scenarios/resolve.ts';
import { textOf } from '../scenarios/unknown.ts';

export interface DrawOptions {
  /** What a template without a description is called. */
  readonly name?: string;
  /** Of one deployment: what does not exist in it is left out. Without them every resource is drawn. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly region?: string;
}

export interface Resource {
  readonly id: string;
  readonly type: string;
  /** Absent where it is certain to exist. */
  readonly condition?: string;
  readonly properties: JsonObject;
  /** Of its properties, with paths from the root of the template. */
  readonly references: readonly Reference[];
}

export interface Prepared {
  readonly template: Template;
  /** In the order of the template, loops unrolled and SAM expanded. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Resources that this deployment does not have. */
  readonly absent: readonly string[];
  /** Properties of the SAM resources as they are written: events and policies are not expanded. */
  readonly serverless: ReadonlyMap<string, JsonObject>;
  /** A number, a name or a parameter as one reads it; with parameters given, its value. */
  say(value: Json | undefined): string | undefined;
}

export function prepareTemplate(source: Template, options: DrawOptions): Prepared {
  const { parameters, region } = options;
  const resolved = parameters && resolveTemplate(source, { parameters, ...(region !== undefined && { region }) });
  const membersOf =
    resolved &&
    ((name: string) => {
      const value = resolved.parameters[name];
      if (Array.isArray(value)) return value.flatMap((member) => textOf(member) ?? []);
      const text = textOf(value);
      return text === undefined ? undefined : listMembers(text);
    });
  const sections = { ...source, Resources: isObject(source.Resources) ? source.Resources : {} } as Template;
  const unrolled = membersOf ? expandForEach(sections, membersOf) : expandForEach(sections);
  const decided = decideTemplate(unrolled.template, resolved);
  const { template } = expandServerless(decided);
  const resources = new Map<string, Resource>();
  const present = new Set(Object.keys(template.Resources));
  for (const [id, body] of Object.entries(template.Resources)) {
    const entry: JsonObject = isObject(body) ? (body as unknown as JsonObject) : {};
    const properties = isObject(entry.Properties) ? entry.Properties : {};
    resources.set(id, {
      id,
      type: typeof entry.Type === 'string' ? entry.Type : '',
      ...(typeof entry.Condition === 'string' &&
        resolved?.conditions[entry.Condition] !== true && { condition: entry.Condition }),
      properties,
      references: referencesIn(properties, ['Resources', id, 'Properties']).filter(
        ({ kind, target }) => (kind === 'Ref' || kind === 'GetAtt') && present.has(target),
      ),
    });
  }
  const written = Object.entries(decided.Resources).filter(
    ([, body]) => isObject(body) && String(body.Type).startsWith('AWS::Serverless::') && isObject(body.Properties),
  );
  return {
    template,
    resources,
    absent: Object.keys(unrolled.template.Resources).filter((id) => resolved?.absent.includes(id)),
    serverless: new Map(written.map(([id, body]) => [id, body.Properties!])),
    say: (value) => spoken(value, resolved),
  };
}

/** Without what the deployment does not have, each `Fn::If` that is decided replaced by its branch. */
function decideTemplate(template: Template, resolved: ResolvedTemplate | undefined): Template {
  if (!resolved) return template;
  const decide = (value: Json): Json | undefined => {
    if (isNoValue(value)) return undefined;
    if (Array.isArray(value)) return value.map(decide).filter((member) => member !== undefined);
    if (!isObject(value)) return value;
    const branches = value['Fn::If'];
    if (Array.isArray(branches) && Object.keys(value).length === 1 && typeof branches[0] === 'string') {
      const verdict = resolved.conditions[branches[0]];
      if (verdict === true || verdict === false) {
        const branch = branches[verdict ? 1 : 2];
        return branch === undefined ? undefined : decide(branch);
      }
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => {
        const result = decide(member);
        return result === undefined ? [] : [[key, result]];
      }),
    );
  };
  const absent = new Set(resolved.absent);
  const Resources = Object.fromEntries(
    Object.entries(template.Resources).flatMap(([id, body]) =>
      absent.has(id) ? [] : [[id, decide(body as unknown as Json) ?? {}]],
    ),
  );
  return { ...template, Resources } as unknown as Template;
}

function spoken(value: Json | undefined, resolved: ResolvedTemplate | undefined): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  const call = intrinsicOf(value);
  if (!call) return undefined;
  const { name, argument } = call;
  if (name === 'Ref' && typeof argument === 'string') return textOf(resolved?.parameters[argument]) ?? argument;
  if (name === 'Fn::GetAtt' && Array.isArray(argument))
    return argument.filter((part) => typeof part === 'string').join('.');
  if (name === 'Fn::ImportValue') return importName(argument);
  if (name === 'Fn::Sub') return nameInSub(argument);
  if (name === 'Fn::Select' && Array.isArray(argument)) return spoken(argument[1], resolved);
  if (name === 'Fn::If' && Array.isArray(argument)) return spoken(argument[1], resolved);
  return undefined;
}

/** What is written out of a name, without the prefix that differs by stack: `DataKeyArn` of `${Suffix}-DataKeyArn`. */
export function importName(argument: Json | undefined): string {
  if (typeof argument === 'string') return argument;
  const call = intrinsicOf(argument);
  if (call?.name === 'Fn::Sub') return nameInSub(call.argument) ?? 'import';
  if (call?.name === 'Ref') return String(call.argument);
  if (call?.name === 'Fn::Join' && Array.isArray(call.argument) && Array.isArray(call.argument[1])) {
    const texts = call.argument[1].filter((part): part is string => typeof part === 'string');
    return texts.join('').replace(/^[-:_./]+|[-:_./]+$/g, '') || 'import';
  }
  return 'import';
}

function nameInSub(argument: Json): string | undefined {
  const text = subArguments(argument)?.text;
  if (text === undefined) return undefined;
  const parts = parseSub(text);
  const plain = parts
    .map((part) => ('text' in part ? part.text : ''))
    .join('')
    .replace(/^[-:_./]+|[-:_./]+$/g, '');
  if (plain !== '') return plain;
  return parts.map((part) => ('name' in part ? part.name.trim() : '')).join('') || undefined;
}

/** Names of exports that a value imports, and of parameters it refers to, with the place of each. */
export interface Named {
  readonly name: string;
  readonly from: 'import' | 'parameter';
  readonly path: Path;
}

export function namesIn(value: Json | undefined, template: Template, path: Path = []): Named[] {
  if (Array.isArray(value)) return value.flatMap((member, index) => namesIn(member, template, [...path, index]));
  if (!isObject(value)) return [];
  const call = intrinsicOf(value);
  if (call?.name === 'Fn::ImportValue') return [{ name: importName(call.argument), from: 'import', path }];
  if (call?.name === 'Ref') {
    const name = String(call.argument);
    return Object.hasOwn(template.Parameters ?? {}, name) ? [{ name, from: 'parameter', path }] : [];
  }
  return Object.entries(value).flatMap(([key, member]) => namesIn(member, template, [...path, key]));
}
