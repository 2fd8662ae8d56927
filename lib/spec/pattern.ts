/** Java's and Python's syntax that JavaScript reads as something else, without an error. */
const FOREIGN = /\\[AZzGhHQEeRX]|\\x\{|\[\[:|&&\[|\(\?[a-zA-Z-]+[:)]/;

const compiled = new Map<string, RegExp | undefined>();

/**
 * Whether the text holds a match, as the registry's patterns mean it. Undefined where JavaScript cannot read the pattern,
 * or would read it as something else: such a pattern judges nothing.
 */
export function matches(pattern: string, text: string): boolean | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
  return compiled.get(pattern)?.test(text);
}

function compile(pattern: string): RegExp | undefined {
  if (FOREIGN.test(pattern)) return undefined;
  // `\p{L}` means a property of Unicode only under the flag; `\uD800\uDC00-…` is out of order without it.
  for (const flags of /\\[pP]\{|\\u\{/.test(pattern) ? ['u'] : ['', 'u']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // Tried again, or not judged.
    }
  }
  return undefined;
}
