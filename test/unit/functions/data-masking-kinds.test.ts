import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyedDigest, permute } from '../../../generator/functions/data-masking/keyed.ts';
import { kinds, type Options, type Use } from '../../../generator/functions/data-masking/kinds.ts';

const KEY = 'the key of these tests, long enough';

function use(kind: string, options: Options = {}, { key = KEY, limit = Infinity, probe = '' } = {}): Use {
  const digest = keyedDigest(key);
  return {
    digest: (...parts) => digest(kind, ...parts),
    draw: (...parts) => digest(kind, probe, ...parts),
    options,
    limit,
  };
}

const mask = (kind: string, value: string, options: Options = {}, more = {}) =>
  kinds[kind]!.mask(value, use(kind, options, more));

/** What stays when letters and digits are replaced by their class. */
const layout = (text: string) => text.replace(/[0-9]/g, '9').replace(/[A-Z]/g, 'A').replace(/[a-z]/g, 'a');

const passesLuhn = (digits: string) =>
  [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0) %
    10 ===
  0;

const filled = fc.string({ unit: 'grapheme', minLength: 1 });
const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

describe('every kind', () => {
  const all = Object.keys(kinds).map((kind): [string, Options] => [kind, kind === 'number' ? { min: 1, max: 9 } : {}]);

  test.each(all)('%s: gives the same output for the same input, and never throws', (kind, options) => {
    fc.assert(
      fc.property(filled, (value) => {
        expect(mask(kind, value, options)).toBe(mask(kind, value, options));
      }),
    );
  });

  test.each(all.filter(([kind]) => kinds[kind]?.recognises))('%s: knows its own output again', (kind, options) => {
    fc.assert(
      fc.property(filled, (value) => {
        const masked = mask(kind, value, options);
        expect(kinds[kind]?.recognises?.(String(masked), use(kind, options))).toBe(true);
      }),
    );
  });

  test.each([
    ['email', 'ann@example.com'],
    ['uuid', '7b0c1fd2-46f5-4c4e-9a55-3c9e1a6d2f10'],
    ['phone', '+49 (30) 901820'],
    ['card', '4111 1111 1111 1111'],
    ['pattern', 'AB-123456'],
    ['date', '1980-05-17'],
  ])('%s: another key gives another output', (kind, value) => {
    const outputs = ['one', 'two', 'three'].map((key) => mask(kind, value, {}, { key: key.padEnd(40, '.') }));
    expect(new Set(outputs).size).toBe(3);
  });

  test.each(['email', 'uuid', 'phone', 'card', 'pattern'])('%s: a probe gives another output', (kind) => {
    const value = '4111111111111111';
    expect(mask(kind, value, {}, { probe: '1' })).not.toBe(mask(kind, value));
  });
});

describe('email', () => {
  const masked = /^m[a-z2-7]{16}@masked\.invalid$/;

  test('is a valid address under a domain that cannot exist', () => {
    fc.assert(fc.property(filled, (value) => expect(mask('email', value)).toMatch(masked)));
  });

  test('keeps different addresses different, and does not look at upper case', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.emailAddress(), { selector: (value) => value.toLowerCase() }), (values) => {
        expect(new Set(values.map((value) => mask('email', value))).size).toBe(values.length);
        for (const value of values) expect(mask('email', value.toUpperCase())).toBe(mask('email', value));
      }),
    );
  });

  test('fits into a short column', () => {
    for (let limit = 26; limit < 40; limit++) {
      const value = String(mask('email', 'ann@example.com', {}, { limit }));
      expect(value.length).toBeLessThanOrEqual(limit);
      expect(kinds.email?.recognises?.(value, use('email'))).toBe(true);
    }
  });

  test.each(['ann@example.com', 'm@masked.invalid', 'mabcdefghijklmnop@masked.invalid.example.com', 'x'])(
    'takes %s for a real one',
    (value) => expect(kinds.email?.recognises?.(value, use('email'))).toBe(false),
  );
});

describe('uuid', () => {
  test('is a valid UUID of version 8, with dashes where there were dashes', () => {
    fc.assert(
      fc.property(fc.uuid(), (value) => {
        expect(mask('uuid', value)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(mask('uuid', value.replace(/-/g, '').toUpperCase())).toBe(String(mask('uuid', value)).replace(/-/g, ''));
      }),
    );
  });

  test('takes every other UUID for a real one: one digit changed, or made with another key', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(35), (value, place) => {
        const masked = String(mask('uuid', value));
        fc.pre(masked[place] !== '-');
        const other = masked[place] === '0' ? '1' : '0';
        const changed = masked.slice(0, place) + other + masked.slice(place + 1);
        expect(kinds.uuid?.recognises?.(changed, use('uuid'))).toBe(false);
        expect(kinds.uuid?.recognises?.(value, use('uuid'))).toBe(false);
        expect(kinds.uuid?.recognises?.(masked, use('uuid', {}, { key: 'x'.repeat(40) }))).toBe(false);
      }),
    );
  });
});

describe('layout-keeping kinds', () => {
  test('pattern: all strings of a layout change places among themselves', () => {
    const all = Array.from(
      { length: 2600 },
      (_, i) => `${String.fromCharCode(65 + (i % 26))}-${String(100 + Math.floor(i / 26)).slice(1)}`,
    );
    const masked = all.map((value) => mask('pattern', value));
    expect(new Set(all).size).toBe(2600);
    expect([...masked].sort()).toEqual([...all].sort());
    expect(masked.filter((value, index) => value === all[index]).length).toBeLessThan(20);
  });

  test('pattern: keeps the class of every character and everything that is neither letter nor digit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (value) => {
        expect(layout(String(mask('pattern', value)))).toBe(layout(value));
      }),
    );
  });

  test('pattern: lets no letter and no digit through that is outside ASCII', () => {
    fc.assert(
      fc.property(filled, (value) => {
        expect(String(mask('pattern', value)).replace(/[ -~]/g, '')).not.toMatch(/[\p{L}\p{N}]/u);
      }),
    );
    expect(mask('pattern', 'Jürgen Müßig')).toMatch(/^[A-Z][a-z]{5} [A-Z][a-z]{4}$/);
  });

  test('pattern: keeps the first letters and digits when told to', () => {
    expect(mask('pattern', 'C-104-2231', { keep: 4 })).toMatch(/^C-104-\d{4}$/);
    expect(mask('pattern', 'C-104-2231', { keep: 4 })).not.toBe('C-104-2231');
  });

  test('pattern: changes a text of any length from its beginning to its end', () => {
    for (const length of [2, 30, 300, 3000]) {
      const value = 'a'.repeat(length);
      const masked = String(mask('pattern', value));
      const same = [...masked].filter((character) => character === 'a').length;
      expect(same / length).toBeLessThan(length < 30 ? 1 : 0.25);
      // Changing the last character alone changes the whole text.
      const other = String(mask('pattern', `${value.slice(1)}b`));
      const alike = [...masked].filter((character, index) => character === other[index]).length;
      expect(alike / length).toBeLessThan(length < 30 ? 1 : 0.25);
    }
  });

  test.each([
    ['+49 (30) 901-820', /^\+49 \(\d\d\) \d{3}-\d{3}$/],
    ['030/901820', /^0\d\d\/\d{6}$/],
    ['(415) 555-0100', /^\(4\d\d\) \d{3}-\d{4}$/],
    ['call Bob', /^c[a-z]{3} [A-Z][a-z]{2}$/],
  ])('phone: %s keeps its layout', (value, expected) => {
    expect(mask('phone', value)).toMatch(expected);
    expect(mask('phone', value)).not.toBe(value);
  });

  test('phone: different numbers stay different', () => {
    fc.assert(
      fc.property(fc.uniqueArray(digits(1, 15)), (values) => {
        expect(new Set(values.map((value) => mask('phone', value))).size).toBe(values.length);
      }),
    );
  });

  test('card: keeps length, grouping and scheme, and passes the Luhn check', () => {
    fc.assert(
      fc.property(digits(12, 19), fc.constantFrom('', ' ', '-'), (number, separator) => {
        const value = number.replace(/(\d{4})(?=\d)/g, `$1${separator}`);
        const masked = String(mask('card', value));
        expect(layout(masked)).toBe(layout(value));
        expect(masked.slice(0, 2)).toBe(value.slice(0, 2));
        expect(passesLuhn(masked.replace(/\D/g, ''))).toBe(true);
      }),
    );
  });

  test('card: valid numbers that differ stay different', () => {
    const numbers = Array.from({ length: 2000 }, (_, index) => `4${String(index * 7).padStart(14, '0')}`);
    const valid = numbers.map((body) => [...'0123456789'].map((last) => body + last).find(passesLuhn)!);
    expect(new Set(valid.map((value) => mask('card', value))).size).toBe(2000);
  });

  test('card: what is no card number keeps nothing but its layout', () => {
    expect(mask('card', 'ask Bob, 4111')).toMatch(/^[a-z]{3} [A-Z][a-z]{2}, \d{4}$/);
  });
});

describe('date', () => {
  const day = fc
    .date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
    .map((value) => value.toISOString().slice(0, 10));
  const between = (one: string, other: string) => Math.abs(Date.parse(one) - Date.parse(other)) / 86_400_000;

  test('moves by at least one and at most the given number of days, and keeps the time', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: 1, max: 3650 }), (value, days) => {
        const masked = String(mask('date', `${value}T10:20:30.123+00:00`, { days }));
        expect(masked).toMatch(/^\d{4}-\d\d-\d\dT10:20:30\.123\+00:00$/);
        const moved = between(masked.slice(0, 10), value);
        // A day that would leave the calendar is put at its end.
        if (value < '9980' && value > '0013') expect(moved).toBeGreaterThanOrEqual(1);
        expect(moved).toBeLessThanOrEqual(days);
      }),
    );
  });

  test('goes anywhere between two days, both included', () => {
    fc.assert(
      fc.property(day, (value) => {
        const masked = String(mask('date', value, { min: '1990-02-28', max: '1990-03-01' }));
        expect(['1990-02-28', '1990-03-01']).toContain(masked);
      }),
    );
  });

  test.each(['infinity', '-infinity', '9999-12-31', '0001-01-01', '9999-12-31T23:59:59'])(
    "keeps %s: it is nobody's",
    (value) => {
      expect(mask('date', value)).toBe(value);
    },
  );

  test.each(['unknown', '17/05/1980', '2024-02-31x', '1980-05-17 Ann Smith', '2024-13-01', '9999-12-31 Ann'])(
    'replaces %s, which is no date',
    (value) => {
      expect(mask('date', value)).toBe('1970-01-01');
    },
  );
});

describe('number', () => {
  test('stays in its range and keeps its decimals', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(6),
        fc.integer({ min: -1000, max: 1000 }),
        fc.nat(1000),
        (whole, places, min, width) => {
          const value = places ? `${whole}.${'5'.repeat(places)}` : `${whole}`;
          const masked = String(mask('number', value, { min, max: min + width }));
          expect(masked).toMatch(places ? new RegExp(`^-?\\d+\\.\\d{${places}}$`) : /^-?\d+$/);
          expect(Number(masked)).toBeGreaterThanOrEqual(min);
          expect(Number(masked)).toBeLessThanOrEqual(min + width);
        },
      ),
    );
  });

  test('reaches both ends of its range', () => {
    const seen = new Set(Array.from({ length: 200 }, (_, value) => mask('number', String(value), { min: 1, max: 3 })));
    expect([...seen].sort()).toEqual(['1', '2', '3']);
  });
});

describe('words', () => {
  test.each([
    [{ part: 'first' } as const, /^[A-Z][a-z]+$/],
    [{ part: 'last' } as const, /^[A-Z][a-z]+$/],
    [{}, /^[A-Z][a-z]+ [A-Z][a-z]+$/],
  ])('name with %j looks like a name', (options, expected) => {
    fc.assert(fc.property(filled, (value) => expect(mask('name', value, options)).toMatch(expected)));
  });

  test('names vary', () => {
    const names = Array.from({ length: 1000 }, (_, value) => mask('name', String(value)));
    expect(new Set(names).size).toBeGreaterThan(300);
  });

  test('address looks like one', () => {
    fc.assert(fc.property(filled, (value) => expect(mask('address', value)).toMatch(/^\d+ [A-Z][a-z]+ Street$/)));
  });

  test('a short column gets a shortened text', () => {
    expect(mask('name', 'x', {}, { limit: 4 })?.length).toBeLessThanOrEqual(4);
    expect(mask('redact', 'x', {}, { limit: 4 })).toBe('[red');
  });

  test('redact leaves nothing, and is not taken in by text that begins like it', () => {
    expect(mask('redact', 'my card is 4111')).toBe('[redacted]');
    expect(kinds.redact?.recognises?.('[redacted] ', use('redact'))).toBe(false);
    expect(kinds.redact?.sees).toBeGreaterThan('[redacted]'.length);
  });

  test('null clears', () => {
    expect(mask('null', 'token')).toBeNull();
  });
});

describe('the permutation', () => {
  test.each([[[10]], [[10, 10, 10]], [[26, 10, 26]], [[2, 3, 5, 7]], [[10, 26]]])('is one on all of %j', (radices) => {
    const digest = keyedDigest(KEY);
    const size = radices.reduce((product, radix) => product * radix, 1);
    const outputs = new Set<string>();
    for (let number = 0; number < size; number++) {
      let rest = number;
      const slots = radices.map((radix) => {
        const value = rest % radix;
        rest = Math.floor(rest / radix);
        return { radix, value };
      });
      const values = permute(digest, slots);
      values.forEach((value, place) => {
        expect(value).toBeLessThan(radices[place]!);
      });
      outputs.add(values.join());
    }
    expect(outputs.size).toBe(size);
  });

  test('of nothing is nothing', () => {
    expect(permute(keyedDigest(KEY), [])).toEqual([]);
  });

  test('spreads: every digit comes up about as often, in every place', () => {
    const digest = keyedDigest(KEY);
    const seen = [0, 1, 2, 3].map(() => new Array(10).fill(0));
    for (let number = 0; number < 10_000; number += 5) {
      const slots = [...String(number).padStart(4, '0')].map((digit) => ({ radix: 10, value: Number(digit) }));
      permute(digest, slots).forEach((value, place) => {
        seen[place]![value]++;
      });
    }
    // 200 are expected of each; five standard deviations are 67.
    for (const count of seen.flat()) expect(Math.abs(count - 200)).toBeLessThan(67);
  });

  test('a key of fewer than 32 characters is refused', () => {
    expect(() => keyedDigest('x'.repeat(31))).toThrow('at least 32');
  });
});
