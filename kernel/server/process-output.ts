/** What packages write to the process's stdout and stderr, as output of the cell. */
import type { KernelSession } from '../runtime/session';

type Write = typeof process.stdout.write;

/** Sends writes made while a cell's code runs to the cell; others go where they went. */
export function captureProcessOutput(session: KernelSession): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    const original = stream.write.bind(stream) as Write;
    let isWriting = false;
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      if (!session.hasContext || isWriting) {
        return (original as (...args: unknown[]) => boolean)(chunk, ...rest);
      }
      isWriting = true;
      try {
        session.builtins.write(name, typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk));
      } finally {
        isWriting = false;
      }
      const done = rest.find(r => typeof r === 'function') as (() => void) | undefined;
      if (done) {
        process.nextTick(done);
      }
      return true;
    }) as Write;
  }
}
