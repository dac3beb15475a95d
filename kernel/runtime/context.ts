/** Which cell the code that runs now belongs to. */
import type { Parent } from '../protocol/messages';
import { KeyboardInterrupt } from './interrupt';
import type { Outputs } from './outputs';

/** Milliseconds an interrupted await may take to end by itself: a generation that stops at its next token. */
const grace = 100;

interface Waiting {
  /** When its await began: inner awaits begin after the outer. */
  readonly order: number;
  /** Ends the await with an interrupt. */
  stop(reason: KeyboardInterrupt): void;
  /** From now on, whatever it ends with is an interrupt. */
  doom(reason: KeyboardInterrupt): void;
}

let awaits = 0;

/** The number of an await that begins now. */
export function nextAwait(): number {
  return ++awaits;
}

/** One run of a cell, and all that it started. */
export class CellContext {
  private controller = new AbortController();
  private readonly waiting = new Set<Waiting>();
  private cancelled: KeyboardInterrupt | undefined;
  private isRunning = true;
  /** Work whose end the cell waits for, such as displays whose representation takes time. */
  readonly tasks = new Set<Promise<unknown>>();

  constructor(
    readonly parent: Parent,
    readonly outputs: Outputs,
    readonly options: { allowStdin: boolean; silent: boolean; executionCount: number }
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Whether anything of the cell still waits, after its end in the background. */
  get isBusy(): boolean {
    return this.isRunning || this.waiting.size > 0;
  }

  /** Marks the end of the cell's own run. */
  end(): void {
    this.isRunning = false;
  }

  /** Interrupts the cell: aborts its signal, then ends what it awaits, the innermost first. */
  interrupt(): void {
    const reason = new KeyboardInterrupt();
    const controller = this.controller;
    // Code that goes on after catching the interrupt gets a fresh signal.
    this.controller = new AbortController();
    controller.abort(reason);
    const waiting = [...this.waiting].sort((a, b) => b.order - a.order);
    waiting[0]?.doom(reason);
    const wasRunning = this.isRunning;
    waiting.forEach((w, i) =>
      setTimeout(
        () => {
          if (this.waiting.has(w) && this.isRunning === wasRunning) {
            w.stop(reason);
          }
        },
        grace * (2 * i + 1)
      )
    );
  }

  /** Ends everything that the cell still awaits and will await: its run was interrupted. */
  cancel(reason: KeyboardInterrupt): void {
    this.cancelled = reason;
    [...this.waiting].forEach(w => w.stop(reason));
  }

  /**
   * Waits for a value in a way that an interrupt can end.
   *
   * @param order From `nextAwait()`; 0 for the cell as a whole, which is outside all.
   */
  wait<T>(value: T, order = 0): Promise<Awaited<T>> {
    return new Promise((resolve, reject) => {
      let doomed: KeyboardInterrupt | undefined;
      const waiting: Waiting = {
        order,
        stop: reason => {
          this.waiting.delete(waiting);
          reject(reason);
        },
        doom: reason => {
          doomed = reason;
        }
      };
      if (this.cancelled) {
        Promise.resolve(value).catch(() => undefined);
        return reject(this.cancelled);
      }
      this.waiting.add(waiting);
      Promise.resolve(value).then(
        result => {
          this.waiting.delete(waiting);
          if (doomed) {
            reject(doomed);
          } else {
            resolve(result);
          }
        },
        (error: unknown) => {
          this.waiting.delete(waiting);
          reject(doomed && isAbort(error) ? doomed : error);
        }
      );
    });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'KeyboardInterrupt');
}

/** Knows the context of the code that runs. */
export interface ContextTracker {
  /** The context of the running code; the running cell's if unknown; the last cell's if none runs. */
  current(): CellContext | undefined;
  /** Runs a function in a context, and, where the host can follow it, all that it starts. */
  run<T>(context: CellContext, work: () => T): T;
  /** Called where an `await` of a cell goes on. */
  enter(context: CellContext): void;
  /** The cell that runs, or undefined between cells. */
  setRunning(context: CellContext | undefined): void;
}

/** Node's AsyncLocalStorage, as far as it is used. */
export interface AsyncStorage {
  getStore(): CellContext | undefined;
  run<T>(store: CellContext, work: () => T): T;
}

/** Follows contexts through everything, by AsyncLocalStorage. */
export class StorageTracker implements ContextTracker {
  private running: CellContext | undefined;
  private last: CellContext | undefined;

  constructor(private readonly storage: AsyncStorage) {}

  current(): CellContext | undefined {
    return this.storage.getStore() ?? this.running ?? this.last;
  }

  run<T>(context: CellContext, work: () => T): T {
    return this.storage.run(context, work);
  }

  enter(): void {
    // The storage has done so.
  }

  setRunning(context: CellContext | undefined): void {
    this.running = context;
    this.last = context ?? this.last;
  }
}

/**
 * Follows contexts where the host has no such storage (browsers): exactly through the awaits and timers of cells, and
 * as the running cell elsewhere. So only output of library callbacks of two cells at once can go astray.
 */
export class ManualTracker implements ContextTracker {
  private running: CellContext | undefined;
  private last: CellContext | undefined;
  private active: CellContext | undefined;

  current(): CellContext | undefined {
    return this.active ?? this.running ?? this.last;
  }

  run<T>(context: CellContext, work: () => T): T {
    const before = this.active;
    this.active = context;
    try {
      return work();
    } finally {
      this.active = before;
    }
  }

  enter(context: CellContext): void {
    this.active = context;
    // The segment that goes on now ends before the microtask queued here runs.
    queueMicrotask(() => {
      if (this.active === context) {
        this.active = undefined;
      }
    });
  }

  setRunning(context: CellContext | undefined): void {
    this.running = context;
    this.last = context ?? this.last;
  }
}

/** Timers whose callbacks run in the context that set them. */
export function boundTimers(tracker: ContextTracker): Record<string, unknown> {
  const bind = (callback: unknown): unknown => {
    const context = tracker.current();
    return typeof callback === 'function' && context
      ? (...args: unknown[]) => tracker.run(context, () => (callback as (...a: unknown[]) => unknown)(...args))
      : callback;
  };
  const out: Record<string, unknown> = {};
  for (const name of ['setTimeout', 'setInterval', 'queueMicrotask', 'requestAnimationFrame']) {
    const original = (globalThis as Record<string, unknown>)[name];
    if (typeof original === 'function') {
      out[name] = (callback: unknown, ...rest: unknown[]) =>
        (original as (...a: unknown[]) => unknown).call(globalThis, bind(callback), ...rest);
    }
  }
  return out;
}
