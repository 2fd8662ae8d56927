import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes: results to standard output, progress to standard error, so that output can be piped. */
export interface Terminal {
  print(text: string): void;
  /** One line about long work that is under way. Silent with `--json`. */
  progress(text: string): void;
  /**
   * Long work: on a terminal one line that follows what `say` is told, and stays as done or failed; elsewhere, as in CI, a
   * line for each. Silent with `--json`.
   */
  work<T>(title: string, work: (say: (line: string) => void) => Promise<T>): Promise<T>;
  /** Colour on a terminal only, and never the only signal. Follows NO_COLOR and FORCE_COLOR. */
  paint(style: Style, text: string): string;
  /** Somebody watches the progress: standard error is a terminal. */
  readonly interactive: boolean;
  /** Columns of the terminal; 120 where there is none. */
  readonly width: number;
}

export function processTerminal({ quiet }: { quiet: boolean }): Terminal {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const colour = NO_COLOR ? false : FORCE_COLOR !== undefined ? FORCE_COLOR !== '0' : process.stdout.isTTY === true;
  const interactive = process.stderr.isTTY === true;
  return {
    interactive,
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    progress: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    work: async (title, work) => {
      if (quiet) return work(() => {});
      if (interactive) return onTerminal(title, work);
      return work((line) => process.stderr.write(`  ${line}\n`));
    },
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    width: process.stdout.columns ?? 120,
  };
}

async function onTerminal<T>(title: string, work: (say: (line: string) => void) => Promise<T>): Promise<T> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  let result: { value: T } | undefined;
  const task = {
    title,
    task: async (_: unknown, self: { output: string }) => {
      result = {
        value: await work((line) => {
          self.output = line;
        }),
      };
    },
  };
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  await new Listr([task], { registerSignalListeners: false, rendererOptions: { logger } }).run();
  return result!.value;
}
