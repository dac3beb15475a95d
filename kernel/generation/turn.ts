/** Leaving the event loop a turn between tokens, and the signal that then may have fired. */

let provider: () => AbortSignal | undefined = () => undefined;

/**
 * Says which signal ends generation when a call gives none: the runtime's, for the running cell.
 *
 * @param get Called once per generation.
 */
export function setDefaultSignal(get: () => AbortSignal | undefined): void {
  provider = get;
}

/** The signal of the running cell, if any. */
export function defaultSignal(): AbortSignal | undefined {
  return provider();
}

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/**
 * Resolves in a later task, so that messages (an interrupt) are handled first. A timer would take 4 ms in browsers; a
 * posted message takes some microseconds.
 */
export function nextTask(): Promise<void> {
  return new Promise(resolve => {
    const immediate = (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate;
    if (immediate) {
      immediate(resolve);
      return;
    }
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
}
