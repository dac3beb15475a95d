/** Requests that are tried again when the network or the server hiccups. */

/** Milliseconds before the second, third and fourth attempt. */
export const delays: readonly number[] = [300, 1000, 3000];

/**
 * `fetch`, tried again after network errors and 429, 502, 503, 504 answers.
 *
 * @param waits Milliseconds before each further attempt.
 * @throws {Error} What the last attempt threw; an abort at once.
 */
export async function fetchWithRetry(
  url: string,
  init: RequestInit & { signal?: AbortSignal | null },
  waits: readonly number[] = delays
): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const last = attempt >= waits.length;
    try {
      const response = await fetch(url, init);
      if (last || ![429, 502, 503, 504].includes(response.status)) {
        return response;
      }
      await response.body?.cancel();
    } catch (error) {
      init.signal?.throwIfAborted();
      if (last) {
        throw new Error(`Cannot fetch ${url} as the server must answer: ${(error as Error).message}`, { cause: error });
      }
    }
    await pause(waits[attempt]!, init.signal);
  }
}

function pause(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
