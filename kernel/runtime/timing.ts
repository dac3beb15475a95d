/** `%%time` and `%%timeit`. */
import { duration } from './console';

/** What `%%time` prints. */
export function timeReport(ms: number): string {
  return `Wall time: ${duration(ms)}\n`;
}

/**
 * Times a piece of work as IPython's `%timeit`: loops long enough to measure, several runs, mean and deviation of one.
 *
 * @param work Runs once; may be synchronous.
 * @param loops Loops per run; chosen so that a run takes 0.2 s if absent.
 * @param between Called between runs, to let messages in.
 * @returns The report, one line.
 */
export async function timeit(
  work: () => unknown,
  loops: number | undefined,
  runs: number,
  between: () => Promise<void>
): Promise<string> {
  const run = async (count: number): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const result = work();
      if (result instanceof Promise) {
        await result;
      }
    }
    return performance.now() - start;
  };
  let count = loops ?? 1;
  if (loops === undefined) {
    for (let ms = await run(count); ms < 200 && count < 1e8; ms = await run(count)) {
      count *= 10;
      await between();
    }
  }
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    times.push((await run(count)) / count);
    await between();
  }
  const mean = times.reduce((a, b) => a + b, 0) / runs;
  const deviation = Math.sqrt(times.reduce((a, t) => a + (t - mean) ** 2, 0) / runs);
  const plural = (n: number, word: string): string => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
  return `${duration(mean)} ± ${duration(deviation)} per loop (mean ± std. dev. of ${plural(runs, 'run')}, ${plural(count, 'loop')} each)\n`;
}
