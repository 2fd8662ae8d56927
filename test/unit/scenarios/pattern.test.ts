import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { both, complement, either, holds, literal, sample } from '../../../lib/scenarios/language.ts';
import { matchesPattern, patternLanguage } from '../../../lib/scenarios/pattern.ts';

describe('matchesPattern', () => {
  test.each([
    ['a pattern matches the whole value, not a part', '[a-z]+', 'abc', true],
    ['a value that only starts right', '[a-z]+', 'abc1', false],
    ['anchors that say what is implied', '^[a-z]+$', 'abc', true],
    ['an alternative for the empty value', '^$|^vpc-[0-9a-f]+$', '', true],
    ['the other alternative', '^$|^vpc-[0-9a-f]+$', 'vpc-0a', true],
    ['neither alternative', '^$|^vpc-[0-9a-f]+$', 'vpc-', false],
    ['counted repeats', '\\d{1,3}(\\.\\d{1,3}){3}/(\\d|[12]\\d|3[0-2])', '10.0.0.0/16', true],
    ['a count that is too high', '(\\d{1,3}\\.){3}\\d{1,3}', '1000.0.0.0', false],
    ['negative look-ahead', '(?!aws)[a-z]+', 'awsome', false],
    ['negative look-ahead that lets pass', '(?!aws)[a-z]+', 'azure', true],
    ['positive look-aheads, as in password rules', '(?=.*[A-Z])(?=.*\\d).{8,}', 'Passw0rd', true],
    ['a password without a digit', '(?=.*[A-Z])(?=.*\\d).{8,}', 'Password', false],
    ['a class that holds a hyphen last', '[\\w.-]+', 'a-b.c', true],
    ['intersection of classes in Java', '[a-z&&[^aeiou]]+', 'xyz', true],
    ['intersection of classes in Java excludes', '[a-z&&[^aeiou]]+', 'xyza', false],
    ['POSIX classes of Java', '\\p{Alnum}+', 'aB3', true],
    ['case ignored by flag', '(?i)prod', 'PROD', true],
    ['a quoted stretch', '\\Qa.b\\E', 'a.b', true],
    ['a quoted stretch is literal', '\\Qa.b\\E', 'axb', false],
    ['a named group', '(?<year>\\d{4})', '2026', true],
    ['a dot does not match a line end', '.*', 'a\nb', false],
    ['a back reference falls back to JavaScript', '(a|b)\\1', 'aa', true],
  ])('%s', (_, pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  test.each(['(', 'a**+', '[z-a]', '\\p{L}(?<!x)', 'a{2'])('an unreadable pattern is undecided: %s', (pattern) => {
    expect(patternLanguage(pattern)).toBeUndefined();
  });
});

describe('sample', () => {
  test.each([
    ['the shortest members first', '[a-z]{2,}', 2, ['aa', 'ab']],
    ['all members where there are fewer', 'a|b?', 5, ['', 'a', 'b']],
    ['the intersection of look-aheads', '(?!a)[ab](?=c)[cd]', 3, ['bc']],
    ['nothing where nothing matches', '(?=b)a', 1, []],
  ])('gives %s', (_, pattern, count, texts) => {
    expect(sample(patternLanguage(pattern)!, count)).toEqual({ texts, decided: true });
  });

  test('proves that a pattern is exhausted by the literals compared with', () => {
    const rest = both(patternLanguage('(yes|no)?')!, complement(either(...['', 'yes', 'no'].map(literal))));
    expect(sample(rest, 1)).toEqual({ texts: [], decided: true });
  });

  test('says when it gives up', () => {
    const pattern = '[ab]*a[ab]{20}(?<none>c)';
    expect(sample(both(patternLanguage(pattern)!, patternLanguage('[ab]*')!), 1, 50).decided).toBe(false);
  });
});

/** Patterns over a and b that mean the same in JavaScript. */
const patterns = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(?=a)', '(?!b)', '^', '$'),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,2}?'))
      .map(([a, quantifier]) => `(${a})${quantifier}`),
  ),
})).node;

test('agrees with JavaScript on random patterns and texts', () => {
  fc.assert(
    fc.property(
      patterns,
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })),
      (pattern, texts) => {
        const language = patternLanguage(pattern);
        if (!language) return;
        const expected = new RegExp(`^(?:${pattern})$`);
        for (const text of ['', 'a', 'ab', ...texts])
          expect([text, holds(language, text)]).toEqual([text, expected.test(text)]);
        for (const text of sample(language, 3, 500).texts) expect(text).toMatch(expected);
      },
    ),
    { numRuns: 500 },
  );
});
