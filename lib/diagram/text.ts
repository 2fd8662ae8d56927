/**
 * Advance widths of DejaVu Sans, in hundredths of the font size, from the blank to the tilde. The fonts that stand before it in
 * the drawing's list are narrower, so what fits by these fits in all of them. Measured 2026-11-21.
 */
const WIDTHS =
  `32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63 58 77 75
  29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41
  52 39 63 59 82 59 59 52 64 34 64 84`
    .trim()
    .split(/\s+/)
    .map(Number);

/** Bold letters of the same font are this much wider. */
const BOLD = 1.13;

/** Pixels that a line takes at most. */
export function widthOf(text: string, size: number, bold = false): number {
  let hundredths = 0;
  for (const character of text) hundredths += WIDTHS[character.codePointAt(0)! - 32] ?? 100;
  return (hundredths * size * (bold ? BOLD : 1)) / 100;
}

/** The text, or as much of it as fits, with an ellipsis. */
export function shortened(text: string, width: number, size: number, bold = false): string {
  if (widthOf(text, size, bold) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && widthOf(`${characters.join('')}…`, size, bold) > width) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}

/** At most two lines, broken before a capital, a digit or after a separator where that is possible. */
export function inTwoLines(text: string, width: number, size: number, bold = false): string[] {
  if (widthOf(text, size, bold) <= width) return [text];
  // Between words; inside a name between its parts.
  const pieces = text.includes(' ')
    ? text.split(/(?<= )/)
    : text.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[-_./:,])|(?<=[a-z])(?=\d)/);
  let first = '';
  let used = 0;
  for (const piece of pieces) {
    if (widthOf(first + piece, size, bold) > width) break;
    first += piece;
    used++;
  }
  if (used === 0) return [shortened(text, width, size, bold)];
  return [first.trimEnd(), shortened(pieces.slice(used).join(''), width, size, bold)];
}

/** For text and attributes of SVG: no character of it is markup, and none is one that XML does not allow. */
export function escaped(text: string): string {
  let result = '';
  for (const character of text)
    result += ENTITIES[character] ?? (isAllowed(character.codePointAt(0)!) ? character : '\ufffd');
  return result;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Char of XML 1.0, but for the two that stand for no character. */
function isAllowed(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return (code < 0xd800 || code > 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

/** `2 routes`, `1 route`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : plural(noun)}`;
}

export function plural(noun: string): string {
  if (/(s|x|z|ch|sh)$/i.test(noun)) return /(data|settings)$/i.test(noun) ? noun : `${noun}es`;
  return /[^aeiou]y$/i.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
