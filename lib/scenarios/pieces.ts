import { ALL, complement, EMPTY, either, type Language, literal, repeat, sequence } from './language.ts';

/**
 * For each part of a concatenation the stretches it has to be for the whole to equal one of the texts. A part that is not
 * given is open: any stretch that lets the rest match.
 */
export function piecesOf(parts: readonly (string | undefined)[], texts: readonly string[]): Set<string>[] {
  const pieces = parts.map(() => new Set<string>());
  for (const text of texts) {
    const starts = [new Set([0])];
    for (const part of parts) {
      const next = new Set<number>();
      for (const start of starts.at(-1)!) {
        if (part === undefined) for (let end = start; end <= text.length; end++) next.add(end);
        else if (text.startsWith(part, start)) next.add(start + part.length);
      }
      starts.push(next);
    }
    let ends = new Set(starts.at(-1)!.has(text.length) ? [text.length] : []);
    for (let i = parts.length - 1; i >= 0; i--) {
      const before = new Set<number>();
      for (const start of starts[i]!) {
        for (const end of ends) {
          if (end < start || (parts[i] !== undefined && text.slice(start, end) !== parts[i])) continue;
          before.add(start);
          pieces[i]!.add(text.slice(start, end));
        }
      }
      ends = before;
    }
  }
  return pieces;
}

/**
 * The texts that have an item at an index when split at a character, and for each item the texts that have this one there.
 * An index counts from 0. Items that hold the delimiter are none.
 */
export function itemLanguages(delimiter: string, index: number, items: readonly string[]): Language[] {
  const mark = literal(delimiter);
  const item = complement(sequence(ALL, sequence(mark, ALL)));
  const before = repeat(sequence(item, mark), index, index);
  const after = either(EMPTY, sequence(mark, ALL));
  const holding = items.filter((text) => !text.includes(delimiter));
  return [sequence(before, ALL), ...holding.map((text) => sequence(before, sequence(literal(text), after)))];
}
