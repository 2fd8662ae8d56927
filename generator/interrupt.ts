import type { Terminal } from './terminal.ts';

/**
 * Runs work that Ctrl-C (or SIGTERM) stops in an orderly way: the signal is passed on, and what is under way is told. A
 * second Ctrl-C ends the process at once, with exit code 130.
 */
export async function interruptible<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    terminal.progress('\nstopping; press Ctrl-C again to end at once');
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
