import type { Terminal } from '../../generator/terminal.ts';

/** Keeps what a command prints and says, without colours. */
export function listeningTerminal(): Terminal & { readonly printed: string[]; readonly said: string[] } {
  const printed: string[] = [];
  const said: string[] = [];
  return {
    printed,
    said,
    print: (text) => void printed.push(text),
    progress: (text) => void said.push(text),
    work: (_title, work) => work((line) => void said.push(line)),
    paint: (_style, text) => text,
    interactive: false,
    width: 120,
  };
}
