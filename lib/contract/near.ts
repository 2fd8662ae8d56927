import { editDistance } from '../cfn/errors.ts';
import type { Reading, Writing } from './promises.ts';
import { writtenText } from './texts.ts';

const SEPARATOR = /[/:._-]/;

/**
 * A name that is written and was probably meant: it differs in case, in a few letters of one stretch, or in what stands
 * before its first separator. Two names of one family (`DataKeyArn`, `LogsKeyArn`) are not near.
 */
export function nearestWriting(reading: Reading, writings: readonly Writing[]): Writing | undefined {
  const name = writtenText(reading.parts);
  let best: { writing: Writing; distance: number } | undefined;
  for (const writing of writings) {
    const distance = distanceOf(name, writtenText(writing.parts));
    if (distance !== undefined && (!best || distance < best.distance)) best = { writing, distance };
  }
  return best?.writing;
}

/** Undefined where the two are not near. */
function distanceOf(read: string, written: string): number | undefined {
  if (read === written || read.toLowerCase() === written.toLowerCase()) return 0;
  const [a, b] = [stretchesOf(read), stretchesOf(written)];
  if (a.join('').toLowerCase() === b.join('').toLowerCase()) return 1;
  if (a.length === b.length) {
    const different = a.flatMap((stretch, i) => (stretch === b[i] ? [] : [[stretch, b[i]!] as const]));
    if (different.length === 1) {
      const [one, other] = different[0]!;
      const most = Math.max(1, Math.floor(Math.max(one.length, other.length) / 4));
      const swapped = lettersOf(one) === lettersOf(other);
      const distance = swapped ? 1 : editDistance(one.toLowerCase(), other.toLowerCase(), most + 1);
      if (!one.includes('$') && !other.includes('$') && distance <= most) return 1 + distance;
    }
  }
  // The same name in another folder.
  const [inside, beside] = [read, written].map((name) => name.split('/').slice(-2).join('/'));
  if (inside!.includes('/') && inside === beside && !/^\/|\$/.test(inside!)) return 20;
  // The same name behind another prefix, or behind one more.
  const [rest, other] = [a.slice(1).join('/'), b.slice(1).join('/')];
  const same = rest === other || rest === b.join('/') || a.join('/') === other;
  return same && [rest, other].some((text) => /[a-z]{3}/i.test(text.replace(/\$\{.*?\}/g, ''))) ? 20 : undefined;
}

function lettersOf(text: string): string {
  return [...text.toLowerCase()].sort().join('');
}

/** Between separators; what a parameter gives is one stretch. */
function stretchesOf(name: string): string[] {
  return name
    .split(/(\$\{.*?\})/)
    .flatMap((part) => (part.startsWith('${') ? [part] : part.split(SEPARATOR)))
    .filter((stretch) => stretch !== '');
}
