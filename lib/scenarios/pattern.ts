import {
  ALL,
  ANY_CHAR,
  both,
  type CharSet,
  chars,
  complement,
  complementOfSet,
  EMPTY,
  either,
  holds,
  intersectSets,
  type Language,
  NONE,
  repeat,
  sequence,
} from './language.ts';

/**
 * The strings that an `AllowedPattern` admits, or undefined where the pattern uses what no regular language can say or
 * this parser does not read: back references, look-behind, word boundaries, possessive and atomic groups.
 * The pattern has to match the whole value.
 * Assumes: the dialect is that of java.util.regex.
 */
export function patternLanguage(pattern: string): Language | undefined {
  let language = languages.get(pattern);
  if (language === undefined && !languages.has(pattern)) {
    try {
      language = continued(new Parser(pattern).parse(), EMPTY, true);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
    }
    languages.set(pattern, language);
  }
  return language;
}

const languages = new Map<string, Language | undefined>();

class Unsupported extends Error {}

type Node =
  | { kind: 'language'; language: Language }
  | { kind: 'sequence' | 'either'; members: Node[] }
  | { kind: 'repeat'; of: Node; min: number; max: number }
  | { kind: 'look'; of: Node; negative: boolean }
  | { kind: 'start' | 'end' };

/**
 * Language of a node followed by `rest`: what look-aheads and anchors need to see. `atStart`: whether nothing stands
 * before the node, undefined where that depends on the text.
 */
function continued(node: Node, rest: Language, atStart: boolean | undefined): Language {
  switch (node.kind) {
    case 'language':
      return sequence(node.language, rest);
    case 'start':
      if (atStart === undefined) throw new Unsupported('a start that may or may not be one');
      return atStart ? rest : NONE;
    case 'end':
      return both(EMPTY, rest);
    case 'look': {
      const ahead = continued(node.of, ALL, atStart);
      return both(node.negative ? complement(ahead) : ahead, rest);
    }
    case 'either':
      return either(...node.members.map((member) => continued(member, rest, atStart)));
    case 'sequence': {
      const starts = node.members.map((_, i) => startsAfter(node.members.slice(0, i), atStart));
      return node.members.reduceRight((following, member, i) => continued(member, following, starts[i]), rest);
    }
    case 'repeat': {
      if (!hasAssertion(node.of)) return sequence(repeat(continued(node.of, EMPTY, false), node.min, node.max), rest);
      if (node.min > 1 || node.max !== 1) throw new Unsupported('an assertion that repeats');
      const once = continued(node.of, rest, atStart);
      return node.min === 0 ? either(rest, once) : once;
    }
  }
}

function startsAfter(before: Node[], atStart: boolean | undefined): boolean | undefined {
  if (before.every(isAssertion)) return atStart;
  return before.every(mayBeEmpty) && atStart !== false ? undefined : false;
}

function mayBeEmpty(node: Node): boolean {
  if (node.kind === 'language') return node.language.nullable;
  if (node.kind === 'sequence') return node.members.every(mayBeEmpty);
  if (node.kind === 'either') return node.members.some(mayBeEmpty);
  return node.kind !== 'repeat' || node.min === 0 || mayBeEmpty(node.of);
}

function isAssertion(node: Node): boolean {
  if (node.kind === 'sequence' || node.kind === 'either') return node.members.every(isAssertion);
  return node.kind === 'start' || node.kind === 'end' || node.kind === 'look';
}

function hasAssertion(node: Node): boolean {
  if (node.kind === 'sequence' || node.kind === 'either') return node.members.some(hasAssertion);
  return node.kind === 'repeat' ? hasAssertion(node.of) : node.kind !== 'language';
}

const unit = (char: string): number => char.charCodeAt(0);
const range = (from: string, to: string): [number, number] => [unit(from), unit(to)];

const DIGIT: CharSet = [range('0', '9')];
const LOWER: CharSet = [range('a', 'z')];
const UPPER: CharSet = [range('A', 'Z')];
const WORD: CharSet = [...LOWER, ...UPPER, ...DIGIT, range('_', '_')];
const SPACE: CharSet = [
  [9, 13],
  [32, 32],
];
const PUNCTUATION: CharSet = [
  [0x21, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x60],
  [0x7b, 0x7e],
];
const LINE_ENDS: CharSet = [
  [10, 10],
  [13, 13],
  [0x85, 0x85],
  [0x2028, 0x2029],
];

const ESCAPED_SETS: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  D: complementOfSet(DIGIT),
  w: WORD,
  W: complementOfSet(WORD),
  s: SPACE,
  S: complementOfSet(SPACE),
};

const CONTROL: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27, '0': 0 };

/** POSIX classes of Java, which are ASCII only. Unicode categories are not read. */
const NAMED_SETS: Readonly<Record<string, CharSet>> = {
  Lower: LOWER,
  Upper: UPPER,
  Digit: DIGIT,
  Alpha: [...LOWER, ...UPPER],
  Alnum: [...LOWER, ...UPPER, ...DIGIT],
  Punct: PUNCTUATION,
  Graph: [[0x21, 0x7e]],
  Print: [[0x20, 0x7e]],
  Blank: [
    [9, 9],
    [32, 32],
  ],
  Cntrl: [
    [0, 31],
    [127, 127],
  ],
  XDigit: [...DIGIT, range('a', 'f'), range('A', 'F')],
  Space: SPACE,
  ASCII: [[0, 127]],
};

class Parser {
  private at = 0;
  private ignoresCase = false;
  private dotMatchesAll = false;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  parse(): Node {
    const node = this.alternatives();
    if (this.at < this.text.length) throw new Unsupported('an unmatched parenthesis');
    return node;
  }

  private peek(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  private take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  private next(): string {
    const char = this.text[this.at++];
    if (char === undefined) throw new Unsupported('an early end');
    return char;
  }

  private alternatives(): Node {
    const members = [this.branch()];
    while (this.take('|')) members.push(this.branch());
    return members.length === 1 ? members[0]! : { kind: 'either', members };
  }

  private branch(): Node {
    const members: Node[] = [];
    while (this.at < this.text.length && !this.peek('|') && !this.peek(')')) members.push(this.quantified());
    return { kind: 'sequence', members };
  }

  private quantified(): Node {
    let node = this.atom();
    for (;;) {
      const bounds = this.bounds();
      if (!bounds) return node;
      if (this.peek('+')) throw new Unsupported('a possessive quantifier');
      this.take('?');
      node = { kind: 'repeat', of: node, ...bounds };
    }
  }

  private bounds(): { min: number; max: number } | undefined {
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.take('?')) return { min: 0, max: 1 };
    if (!this.peek('{')) return undefined;
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(this.text.slice(this.at));
    if (!match) throw new Unsupported('a brace');
    this.at += match[0].length;
    const min = Number(match[1]);
    return { min, max: match[2] ? (match[3] ? Number(match[3]) : Infinity) : min };
  }

  private atom(): Node {
    const char = this.next();
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return this.set(this.classBody());
      case '.':
        return this.dotMatchesAll ? { kind: 'language', language: ANY_CHAR } : this.set(complementOfSet(LINE_ENDS));
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw new Unsupported('a quantifier of nothing');
      default:
        return this.set([[unit(char), unit(char)]]);
    }
  }

  private set(set: CharSet): Node {
    return { kind: 'language', language: chars(this.ignoresCase ? withBothCases(set) : set) };
  }

  private group(): Node {
    const flags = /^\?([a-z]*)(-[a-z]+)?([:)])/.exec(this.text.slice(this.at));
    const [ignoresCase, dotMatchesAll] = [this.ignoresCase, this.dotMatchesAll];
    if (flags) {
      this.at += flags[0].length;
      if (flags[2] || /[^isu]/.test(flags[1]!)) throw new Unsupported('flags');
      if (flags[1]!.includes('i')) this.ignoresCase = true;
      if (flags[1]!.includes('s')) this.dotMatchesAll = true;
      if (flags[3] === ')') return { kind: 'sequence', members: [] };
    } else if (this.take('?=') || this.peek('?!')) {
      const negative = this.take('?!');
      const node: Node = { kind: 'look', of: this.alternatives(), negative };
      if (this.next() !== ')') throw new Unsupported('an open group');
      return node;
    } else if (this.peek('?')) {
      const name = /^\?<[A-Za-z][A-Za-z0-9]*>/.exec(this.text.slice(this.at));
      if (!name) throw new Unsupported('a group of a kind that is not read');
      this.at += name[0].length;
    }
    const node = this.alternatives();
    if (this.next() !== ')') throw new Unsupported('an open group');
    [this.ignoresCase, this.dotMatchesAll] = [ignoresCase, dotMatchesAll];
    return node;
  }

  private escape(): Node {
    if (this.take('A')) return { kind: 'start' };
    if (this.take('z') || this.take('Z')) return { kind: 'end' };
    if (this.take('Q')) {
      const end = this.text.indexOf('\\E', this.at);
      const quoted = this.text.slice(this.at, end < 0 ? undefined : end);
      this.at = end < 0 ? this.text.length : end + 2;
      return { kind: 'sequence', members: [...quoted].map((char) => this.set([[unit(char), unit(char)]])) };
    }
    return this.set(this.escapedSet());
  }

  /** After a backslash, inside or outside a class. */
  private escapedSet(): CharSet {
    const char = this.next();
    const named = ESCAPED_SETS[char];
    if (named) return named;
    if (char === 'p' || char === 'P') {
      const name = /^\{(?:Is)?(\w+)\}/.exec(this.text.slice(this.at));
      const set = name && NAMED_SETS[name[1]!];
      if (!set) throw new Unsupported('a Unicode category');
      this.at += name[0].length;
      return char === 'p' ? set : complementOfSet(set);
    }
    if (char === 'x' || char === 'u') {
      const code = (char === 'x' ? /^[0-9A-Fa-f]{2}/ : /^[0-9A-Fa-f]{4}/).exec(this.text.slice(this.at));
      if (!code) throw new Unsupported('a code point');
      this.at += code[0].length;
      const value = Number.parseInt(code[0], 16);
      return [[value, value]];
    }
    const control = CONTROL[char];
    if (control !== undefined && (char !== '0' || !/\d/.test(this.text[this.at] ?? ''))) return [[control, control]];
    if (/[A-Za-z0-9]/.test(char)) throw new Unsupported(`\\${char}`);
    return [[unit(char), unit(char)]];
  }

  /** After the opening bracket. Java also nests classes and intersects them with `&&`. */
  private classBody(): CharSet {
    const negative = this.take('^');
    let whole: CharSet | undefined;
    let set: (readonly [number, number])[] = [];
    for (let first = true; first || !this.peek(']'); first = false) {
      if (this.take('&&')) {
        whole = whole ? intersectSets(whole, set) : set;
        set = [];
        continue;
      }
      const low = this.classMember();
      if (this.peek('-') && this.text[this.at + 1] !== ']' && this.text[this.at + 1] !== '[' && isOneUnit(low)) {
        this.at++;
        const high = this.classMember();
        const [from, to] = [low[0]![0], high[0]?.[1] ?? 0];
        if (!isOneUnit(high) || to < from) throw new Unsupported('a range');
        set.push([from, to]);
      } else set.push(...low);
    }
    this.at++;
    const members = whole ? intersectSets(whole, set) : set;
    return negative ? complementOfSet(this.ignoresCase ? withBothCases(members) : members) : members;
  }

  private classMember(): CharSet {
    const char = this.next();
    if (char === '[') return this.classBody();
    if (char === '\\') return this.escapedSet();
    return [[unit(char), unit(char)]];
  }
}

function isOneUnit(set: CharSet): boolean {
  return set.length === 1 && set[0]![0] === set[0]![1];
}

/** ASCII letters in both cases, as Java's `(?i)` without `(?u)`. */
function withBothCases(set: CharSet): CharSet {
  const shifted = (letters: CharSet, by: number): CharSet =>
    intersectSets(set, letters).map(([from, to]): [number, number] => [from + by, to + by]);
  return [...set, ...shifted(LOWER, -32), ...shifted(UPPER, 32)];
}

/** Whether the whole text matches, or undefined where neither this reader nor JavaScript's takes the pattern. */
export function matchesPattern(pattern: string, text: string): boolean | undefined {
  const language = patternLanguage(pattern);
  if (language) return holds(language, text);
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return undefined;
  }
}
