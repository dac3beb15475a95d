/** Progress events at a rate people can read. */
import type { ProgressEvent } from '../host/host';

/** Milliseconds between events of one file. */
const interval = 100;

export interface Meter {
  /** Adds bytes done; reports if the last event is long enough ago. */
  add(bytes: number): void;
  /** Reports now (`true`) or if it is time. */
  report(now?: boolean): void;
  /** Counts what streams through. */
  passThrough(): (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>;
}

/**
 * Counts bytes of one file.
 *
 * @param callback Where events go; nothing is done without one.
 * @param total Bytes in all, known before the first arrives.
 * @param loaded Bytes already there, of an earlier attempt.
 */
export function progressMeter(
  callback: ((event: ProgressEvent) => void) | undefined,
  phase: ProgressEvent['phase'],
  name: string,
  total: number,
  loaded = 0
): Meter {
  let last = 0;
  const meter: Meter = {
    add(bytes) {
      loaded += bytes;
      meter.report();
    },
    report(now = false) {
      const time = Date.now();
      if (callback && (now || time - last >= interval)) {
        last = time;
        callback({ phase, name, loaded, total });
      }
    },
    passThrough: () =>
      async function* (chunks) {
        for await (const chunk of chunks) {
          meter.add(chunk.byteLength);
          yield chunk;
        }
      }
  };
  return meter;
}
