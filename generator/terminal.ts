import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes: results to standard output, progress to standard error, so that output can be piped. */
export interface Terminal {
  print(text: string): void;
  /** One line about long work that is under way. Silent with `--json`. */
  progress(text: string): void;
  /** Colour on a terminal only, and never the only signal. Follows NO_COLOR and FORCE_COLOR. */
  paint(style: Style, text: string): string;
  /** Columns of the terminal; 120 where there is none. */
  readonly width: number;
}

export function processTerminal({ quiet }: { quiet: boolean }): Terminal {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colour = NO_COLOR ? false : FORCE_COLOR !== undefined ? FORCE_COLOR !== '0' : process.stdout.isTTY === true;
  return {
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    progress: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    width: process.stdout.columns ?? 120,
  };
}
