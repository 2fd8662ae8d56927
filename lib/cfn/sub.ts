import type { Json } from './template.ts';

/** A stretch of an `Fn::Sub` string: literal text, or a placeholder with the name as written between the braces. */
export type SubPart = { readonly text: string } | { readonly name: string; readonly offset: number };

/** `${Name}`, `${Name.Attribute}` or `${!Literal}`. An unclosed brace is plain text, as CloudFormation treats it. */
const PLACEHOLDER = /\$\{(!?)([^{}]*)\}/g;

/**
 * The parts of an `Fn::Sub` string in order: `${!x}` becomes the literal text `${x}`, neighbouring literals are one part.
 * `offset` counts UTF-16 units from the start of the string. Names are not checked: `${ A }` gives the name ` A `.
 */
export function parseSub(source: string): SubPart[] {
  const parts: SubPart[] = [];
  let text = '';
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    text += source.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[1]) {
      text += `\${${match[2]}}`;
      continue;
    }
    if (text) parts.push({ text });
    text = '';
    parts.push({ name: match[2]!, offset: match.index });
  }
  text += source.slice(end);
  if (text) parts.push({ text });
  return parts;
}

/** What a placeholder that no variable of the `Fn::Sub` defines stands for: `Ref`, or `Fn::GetAtt` where it has a dot. */
export function placeholderExpression(name: string): Json {
  const dot = name.indexOf('.');
  return dot < 0 ? { Ref: name } : { 'Fn::GetAtt': [name.slice(0, dot), name.slice(dot + 1)] };
}

/** The text and variables of an `Fn::Sub` argument in either of its forms, or undefined where it has neither. */
export function subArguments(argument: Json): { text: string; variables: { [name: string]: Json } } | undefined {
  if (typeof argument === 'string') return { text: argument, variables: {} };
  if (!Array.isArray(argument) || typeof argument[0] !== 'string' || argument.length > 2) return undefined;
  const variables = argument[1] ?? {};
  return typeof variables === 'object' && !Array.isArray(variables)
    ? { text: argument[0], variables: variables as { [name: string]: Json } }
    : undefined;
}
