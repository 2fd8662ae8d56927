import { type Digest, permute, pick, type Slot } from './keyed.ts';

//! kinds: what a column can be masked as.

/** Options of a column's rule, already checked by `rules.ts`. */
export type Options = {
  keep?: number;
  part?: 'first' | 'last' | 'full';
  days?: number;
  min?: number | string;
  max?: number | string;
};

/**
 * How a column uses its kind. `digest` knows the kind; `draw` knows the probe too, which is counted up when a masked
 * value is taken in a unique column. `limit` is the column's length in characters, or infinite.
 */
export type Use = { digest: Digest; draw: Digest; options: Options; limit: number };

export type Kind = {
  /** Categories of `pg_type.typcategory` it can be stored in; `uuid` for that type; all if undefined. */
  accepts?: string[];
  /** Different inputs give different outputs, so that it may stand in a unique column. */
  injective?: boolean;
  /** What the JSON text of each option must match. */
  options?: { [Name in keyof Options]: RegExp };
  /** How many characters of the value it must see. The rest is not even read. */
  sees?: number;
  /** True for a value that this kind has made. A kind without it needs a mark beside the row: see `state.ts`. */
  recognises?: (value: string, use: Use) => boolean;
  /** The masked value. `value` is neither null nor empty. */
  mask: (value: string, use: Use) => string | null;
};

const list = (text: string) => text.split(' ');
const FIRST = list(
  'Ada Amir Anna Chen Dario Elif Emil Grace Hana Ivan Kofi Lara Leo Maja Noor Olga Omar Rosa Sofia Yusuf',
);
const LAST = list(
  'Abbot Adler Barros Bianchi Costa Dubois Evans Farkas Garcia Haddad Ito Jansen Kaya Keller Kim Larsen Meyer Novak Okafor Petrov Quinn Silva Tanaka Young',
);
const STREET = list('Alder Birch Bridge Cedar Church Garden Lake Linden Maple Mill Oak River');
const REDACTED = '[redacted]';

const DAY = 86_400_000;
/** The calendar's first and last day, which stand for "ever", in days since 1970. */
const [BEGIN, END] = [Date.parse('0001-01-01') / DAY, Date.parse('9999-12-31') / DAY];
const COUNT = /^(\d|1[0-2])$/;
const DATE = /^"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

const shorten = (text: string, { limit }: Use) => text.slice(0, limit).trimEnd();
const oneOf = (all: string[], hash: Buffer) => all[pick(hash, all.length)]!;

/** Letters and digits change within their class; everything else, and the first `keep` letters or digits, stay. */
function scramble(value: string, { draw }: Use, keep = 0): string {
  const slots: (Slot & { base: number; place: number })[] = [];
  const characters = [...value];
  let seen = 0;
  const layout = characters.map((character, place) => {
    const code = character.codePointAt(0)!;
    const base = /[0-9]/.test(character) ? 48 : /[A-Z]/.test(character) ? 65 : /[a-z]/.test(character) ? 97 : 0;
    // Outside ASCII there is no alphabet to permute: such a letter becomes one from a to z.
    if ((!base && !/[\p{L}\p{N}]/u.test(character)) || seen++ < keep) return character;
    const radix = base === 48 ? 10 : 26;
    slots.push({ radix, value: base ? code - base : code % 26, base: base || 97, place });
    return `\\${radix}`;
  });
  const tweak = draw(layout.join('')).toString('hex');
  const masked = permute((...parts) => draw(tweak, ...parts), slots);
  for (const [index, { base, place }] of slots.entries())
    characters[place] = String.fromCharCode(base + masked[index]!);
  return characters.join('');
}

/** The digit that makes `digits` valid when it is put behind them. Source: ISO/IEC 7812-1, annex B. */
function luhnDigit(digits: string): number {
  const doubled = [...digits].reverse().map((digit, index) => Number(digit) * (index % 2 ? 1 : 2));
  const sum = doubled.reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return (10 - (sum % 10)) % 10;
}

/** Version 8 (RFC 9562): 74 keyed bits, then 48 that prove them, by which a masked UUID is known again without a record. */
const sealedUuid = (head: string, digest: Digest) => head + digest('seal', head).toString('hex').slice(0, 12);

const words = (text: (use: Use, hash: Buffer) => string): Kind => ({
  accepts: ['S'],
  mask: (value, use) => shorten(text(use, use.draw(value)), use),
});

const injective: Pick<Kind, 'accepts' | 'injective'> = { accepts: ['S'], injective: true };

const layoutKept: Kind = {
  ...injective,
  options: { keep: COUNT },
  mask: (value, use) => scramble(value, use, use.options.keep),
};

/** Reserved top-level domain (RFC 2606): never delivered, never a real address. 80 keyed bits. Upper case is the same. */
const email: Kind = {
  ...injective,
  recognises: (value) => /^m[a-z2-7]{10,16}@masked\.invalid$/i.test(value),
  mask(value, { draw, limit }) {
    const hash = draw(value.toLowerCase()).subarray(0, Math.min(16, limit - 16));
    return `m${Array.from(hash, (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('')}@masked.invalid`;
  },
};

const uuid: Kind = {
  accepts: ['uuid', 'S'],
  injective: true,
  recognises(value, { digest }) {
    const hex = value.toLowerCase().replace(/-/g, '');
    return hex.length === 32 && sealedUuid(hex.slice(0, 20), digest) === hex;
  },
  mask(value, { digest, draw }) {
    const hash = draw(value.toLowerCase().replace(/-/g, '')).subarray(0, 10);
    hash[6] = (hash[6]! & 0x0f) | 0x80;
    hash[8] = (hash[8]! & 0x3f) | 0x80;
    const masked = sealedUuid(hash.toString('hex'), digest);
    return value.includes('-') ? masked.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : masked;
  },
};

const personName: Kind = {
  ...words(({ options: { part = 'full' } }, hash) => {
    const [first, last] = [oneOf(FIRST, hash), oneOf(LAST, hash.subarray(8))];
    return part === 'first' ? first : part === 'last' ? last : `${first} ${last}`;
  }),
  options: { part: /^"(first|last|full)"$/ },
};

const address: Kind = words((_, hash) => `${1 + pick(hash.subarray(8), 998)} ${oneOf(STREET, hash)} Street`);

/**
 * Keeps the layout and, unless told otherwise, two digits after a plus and one without: most of the country, the trunk zero.
 * Which it is depends on what stays, so that two numbers cannot meet in one.
 */
const phone: Kind = {
  ...layoutKept,
  mask: (value, use) => scramble(value, use, use.options.keep ?? (value.startsWith('+') ? 2 : 1)),
};

/** Keeps length, grouping and the first two digits (the scheme), and passes the Luhn check. */
const card: Kind = {
  ...layoutKept,
  mask(value, use) {
    if (!/^\d[\d -]*\d$/.test(value)) return scramble(value, use);
    const body = scramble(value.slice(0, -1), use, use.options.keep ?? 2);
    return body + luhnDigit(body.replace(/\D/g, ''));
  },
};

/** Moved by 1 to `days` days either way, or anywhere from `min` to `max`. Keeps the time of day, and "no end" dates. */
const movedDate: Kind = {
  accepts: ['D', 'S'],
  options: { days: /^[1-9]\d{0,3}$/, min: DATE, max: DATE },
  mask(value, { draw, options: { days = 90, min, max } }) {
    const [, date = '', time] = /^(\d{4}-\d\d-\d\d)([T \d:.,Z+-]*)$/.exec(value) ?? [];
    if (/^(-?infinity|9999-12-31|0001-01-01)$/.test(date || value)) return value;
    if (Number.isNaN(Date.parse(date))) return '1970-01-01';
    const hash = draw(date);
    const step = pick(hash, 2 * days) - days;
    const moved = Date.parse(date) / DAY + (step < 0 ? step : step + 1);
    const [from, to] = [Date.parse(`${min}`) / DAY, Date.parse(`${max}`) / DAY];
    const day = min && max ? from + pick(hash, to - from + 1) : Math.min(Math.max(moved, BEGIN + 1), END - 1);
    return new Date(day * DAY).toISOString().slice(0, 10) + time;
  },
};

/** Anywhere from `min` to `max`, with as many decimals as the value has. */
const number: Kind = {
  accepts: ['N', 'S'],
  options: { min: NUMBER, max: NUMBER },
  mask(value, { draw, options }) {
    const decimals = /^-?\d+\.(\d+)$/.exec(value)?.[1]?.length ?? 0;
    const [min, max, step] = [Number(options.min), Number(options.max), 10 ** -decimals];
    const choices = Math.floor((max - min) / step + 1e-6) + 1;
    const share = draw(value).readUIntBE(0, 6) / 2 ** 48;
    return (min + Math.floor(share * choices) * step).toFixed(decimals);
  },
};

const redact: Kind = {
  ...words(() => REDACTED),
  sees: REDACTED.length + 1,
  recognises: (value, use) => value === shorten(REDACTED, use),
};

const cleared: Kind = { injective: true, sees: 1, mask: () => null };

/**
 * What a column can be masked as. All are deterministic under the key, keep null and the empty text, and give the same
 * output for the same input in every column of the kind.
 */
export const kinds: Record<string, Kind> = {
  email,
  uuid,
  name: personName,
  address,
  phone,
  card,
  pattern: layoutKept,
  date: movedDate,
  number,
  redact,
  null: cleared,
};
