/** Stopping what runs: between awaits, between tokens, and in loops where memory is shared. */

/** Thrown into a cell that the user interrupted. */
export class KeyboardInterrupt extends Error {
  override readonly name = 'KeyboardInterrupt';

  constructor(message = 'interrupted by the user') {
    super(message);
  }
}

let flag: Int32Array | undefined;
let currentSignal: () => AbortSignal | undefined = () => undefined;

/**
 * Shares the flag that another thread sets to interrupt this one, even in a loop that never awaits.
 *
 * @param buffer At least 4 bytes; the int32 at 0 is 0, and 1 once an interrupt is asked for.
 */
export function setInterruptBuffer(buffer: SharedArrayBuffer | undefined): void {
  flag = buffer && new Int32Array(buffer);
}

/** Whether an interrupt reaches synchronous loops here. */
export function canInterruptLoops(): boolean {
  return flag !== undefined;
}

/** Installs how the running cell's signal is found. Called by the session. */
export function setSignalSource(source: () => AbortSignal | undefined): void {
  currentSignal = source;
}

/** The running cell's signal, aborted by an interrupt; its reason is a KeyboardInterrupt. */
export function interrupt_signal(): AbortSignal | undefined {
  return currentSignal();
}

/** Milliseconds in which an interrupt's message may follow its flag. */
const followUp = 2000;
let answered = -Infinity;

/**
 * Throws if an interrupt was asked for. Cheap enough for every turn of a loop.
 *
 * @throws {KeyboardInterrupt} Once per interrupt.
 */
export function check_interrupt(): void {
  if (flag && Atomics.load(flag, 0) !== 0) {
    Atomics.store(flag, 0, 0);
    answered = performance.now();
    throw new KeyboardInterrupt();
  }
}

/**
 * Takes note of an interrupt's message, which comes after its flag.
 *
 * @returns False if a loop that saw the flag has answered already.
 */
export function takeInterrupt(): boolean {
  const isNew = performance.now() - answered > followUp;
  answered = -Infinity;
  if (flag) {
    Atomics.store(flag, 0, 0);
  }
  return isNew;
}

let lastYield = 0;

/**
 * Lets messages in (interrupts, completions) if it is some time since they last could be: promises alone never do.
 *
 * @param every Milliseconds between two real pauses. Default 16.
 * @throws {KeyboardInterrupt} If the running cell was interrupted meanwhile.
 */
export async function yield_to_messages(every = 16): Promise<void> {
  const now = performance.now();
  if (now - lastYield >= every) {
    await macrotask();
    lastYield = performance.now();
  }
  check_interrupt();
  currentSignal()?.throwIfAborted();
}

/** Resolves in a new task. A MessageChannel, as timers are held to 4 ms in browsers. */
function macrotask(): Promise<void> {
  const immediate = (globalThis as { setImmediate?: (f: () => void) => void }).setImmediate;
  if (immediate) {
    return new Promise(resolve => immediate(resolve));
  }
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
