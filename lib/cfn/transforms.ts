import { isObject, type Json, type Template } from './template.ts';

/** What CloudFormation runs over a template before it reads it, as far as that bears on judging the text. */
export interface Transforms {
  readonly names: readonly string[];
  /** `AWS::Serverless-…` (SAM). */
  readonly sam: boolean;
  /** `AWS::LanguageExtensions`. */
  readonly languageExtensions: boolean;
  /** A macro of the customer: it may turn anything into anything. */
  readonly macros: boolean;
  /** Something adds names that the text does not show, and that cannot be told from misspelt ones. */
  readonly addsNames: boolean;
}

export function transformsOf(template: Template): Transforms {
  const names = [template.Transform ?? []].flat().flatMap((entry: Json) => {
    const name = isObject(entry) ? entry.Name : entry;
    return typeof name === 'string' ? [name] : [];
  });
  const sam = names.some((name) => name.startsWith('AWS::Serverless-'));
  const languageExtensions = names.includes('AWS::LanguageExtensions');
  const macros = names.some((name) => !name.startsWith('AWS::'));
  const others = names.some((name) => name !== 'AWS::LanguageExtensions' && !name.startsWith('AWS::Serverless-'));
  let adds: boolean | undefined;
  return {
    names,
    sam,
    languageExtensions,
    macros,
    // Looks at the whole template, and few ask.
    get addsNames() {
      adds ??= others || holds(template, isInclusion);
      return adds;
    },
  };
}

/** A key of Rain, which fills a template in before CloudFormation gets it: `Rain::Embed`, `Rain::Module`. */
export function isOfRain(key: string): boolean {
  return key.startsWith('Rain::');
}

function isInclusion(key: string): boolean {
  return key === 'Fn::Transform' || isOfRain(key);
}

function holds(value: unknown, wanted: (key: string) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, wanted));
  if (!isObject(value)) return false;
  return Object.keys(value).some((key) => wanted(key) || holds(value[key], wanted));
}
