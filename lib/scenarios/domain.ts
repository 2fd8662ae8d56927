import type { ParameterBody } from '../cfn/template.ts';
import {
  ALL,
  ANY_CHAR,
  both,
  complement,
  EMPTY,
  either,
  holds,
  type Language,
  literal,
  repeat,
  type Sample,
  sample,
} from './language.ts';
import { allowedTexts, bound, defaultText, parameterType, violationsOf } from './parameters.ts';
import { patternLanguage } from './pattern.ts';

/** The texts that a variable admits. */
export interface Domain {
  /** All of them, where they are finitely many and listed. */
  readonly values?: readonly string[];
  /** All of them as a language, where they are text that can be decided. */
  readonly language?: Language;
  admits(text: string): boolean;
  /** Up to `count` admitted texts, none of them in `excluded` and all in `within`. */
  others(excluded: Iterable<string>, count: number, within?: Language): Sample;
}

/** Said in counterexamples, so words come before the shortest text. */
const WORDS = ['other', 'another', 'third', 'Other', 'other-1', 'other1', '10.9.0.0/16', 'other@example.com', '1', '2'];

/** What CloudFormation admits for a parameter: for a list, what it admits as one member. */
export function parameterDomain(name: string, body: ParameterBody): Domain {
  const type = parameterType(body);
  const usual = defaultText(body);
  if (type.ssm) return textDomain(complement(EMPTY), (text) => text !== '');
  const allowed = allowedTexts(body);
  const admits = (text: string): boolean => {
    if (type.element === 'aws' && text === '') return usual === '';
    return violationsOf(name, body, text).length === 0;
  };
  if (allowed) return finiteDomain(allowed.filter(admits));
  if (type.element === 'number') return numberDomain(body, admits);
  const pattern = typeof body.AllowedPattern === 'string' ? patternLanguage(body.AllowedPattern) : ALL;
  const [least, most] = type.list ? [0, Infinity] : [bound(body.MinLength, 0), bound(body.MaxLength, Infinity)];
  const length = repeat(ANY_CHAR, Math.max(0, least), most);
  const nonEmpty = type.element === 'aws' && usual !== '' ? complement(EMPTY) : ALL;
  const words = usual === undefined || type.list ? WORDS : [usual, ...WORDS];
  return textDomain(pattern && both(pattern, length, nonEmpty), admits, words);
}

export function finiteDomain(values: readonly string[]): Domain {
  const distinct = [...new Set(values)];
  return {
    values: distinct,
    language: either(...distinct.map(literal)),
    admits: (text) => distinct.includes(text),
    others: (excluded, count, within = ALL) => {
      const without = new Set(excluded);
      const texts = distinct.filter((text) => !without.has(text) && holds(within, text)).slice(0, count);
      return { texts, decided: true };
    },
  };
}

/** A domain whose language may be undecided; then `admits` alone decides, and samples are guesses. */
export function textDomain(
  language: Language | undefined,
  admits = (text: string): boolean => language === undefined || holds(language, text),
  words: readonly string[] = WORDS,
): Domain {
  return {
    ...(language ? { language } : {}),
    admits,
    others: (excluded, count, within = ALL) => {
      const taken = new Set(excluded);
      const good = words.filter((word) => !taken.has(word) && admits(word) && holds(within, word));
      const texts = [...new Set(good)].slice(0, count);
      if (texts.length === count) return { texts, decided: true };
      if (!language) return { texts, decided: false };
      const known = either(...[...taken, ...texts].map(literal));
      const more = sample(both(language, within, complement(known)), count - texts.length);
      return { texts: [...texts, ...more.texts], decided: more.decided };
    },
  };
}

/** Integers in range come first, then halves: a range of more than one number holds infinitely many. */
function numberDomain(body: ParameterBody, admits: (text: string) => boolean): Domain {
  const [least, most] = [bound(body.MinValue, -Infinity), bound(body.MaxValue, Infinity)];
  const start = least > -Infinity ? Math.ceil(least) : most < Infinity ? Math.floor(most) : 1;
  const step = least > -Infinity || most === Infinity ? 1 : -1;
  const usual = defaultText(body);
  return {
    admits,
    others: (excluded, count, within = ALL) => {
      const taken = new Set(excluded);
      const texts: string[] = [];
      const take = (text: string): void => {
        if (texts.length < count && !taken.has(text) && admits(text) && holds(within, text)) texts.push(text);
        taken.add(text);
      };
      if (usual !== undefined) take(usual);
      const tries = taken.size + count + 1;
      for (let i = 0; i < tries; i++) take(String(start + i * step));
      const width = Math.min(most - least, 1);
      for (let i = 1; i < tries && width > 0; i++) {
        const from = least > -Infinity ? least : most < Infinity ? most - width : 0;
        take(String(from + (width * i) / (tries + 1)));
      }
      return { texts, decided: texts.length === count || least >= most };
    },
  };
}
