/** Progress bars, drawn by updating one display. */
import { HTML, TEXT } from '../protocol/mime';
import type { MimeBundle } from '../protocol/messages';
import { duration } from './console';
import { yield_to_messages } from './interrupt';
import { escapeHtml } from './tags';

export interface ProgressOptions {
  /** Shown before the bar. */
  label?: string;
  /** How many steps there are, where the source cannot tell. */
  total?: number;
  /** What is counted. Default `it`; `B` counts bytes and shows them as MB. */
  unit?: string;
}

/** Shows a bundle, and returns how to replace it. */
export type ShowBundle = (bundle: MimeBundle) => (bundle: MimeBundle) => void;

/** Milliseconds between two drawings. */
const interval = 100;

/** A bar. Iterating it goes through the source and advances; without a source, call `update`. */
export class Progress<T = number> {
  private done = 0;
  private readonly start = performance.now();
  private drawn = 0;
  private isClosed = false;
  private replace: ((bundle: MimeBundle) => void) | undefined;

  constructor(
    private readonly source: Iterable<T> | AsyncIterable<T> | undefined,
    readonly total: number | undefined,
    private readonly options: ProgressOptions,
    private readonly show: ShowBundle
  ) {
    this.draw();
  }

  /** Advances by `steps`, and may say what is being done. */
  update(steps = 1, label?: string): void {
    this.set(this.done + steps, label);
  }

  /** Sets how many steps are done. */
  set(done: number, label?: string): void {
    this.done = done;
    this.options.label = label ?? this.options.label;
    if (performance.now() - this.drawn >= interval || done === this.total) {
      this.draw();
    }
  }

  /** Draws the last state. */
  close(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.draw();
    }
  }

  *[Symbol.iterator](): Generator<T> {
    const source = this.source as Iterable<T>;
    if (typeof source?.[Symbol.iterator] !== 'function') {
      throw new TypeError('Cannot loop over a progress bar as its source must be iterable: use for await, or update()');
    }
    try {
      for (const item of source) {
        yield item;
        this.update();
      }
    } finally {
      this.close();
    }
  }

  /** Lets interrupts and other messages in between the steps. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for await (const item of this.source as AsyncIterable<T>) {
        yield item;
        this.update();
        await yield_to_messages();
      }
    } finally {
      this.close();
    }
  }

  private draw(): void {
    this.drawn = performance.now();
    if (this.replace) {
      this.replace(this.bundle());
    } else {
      this.replace = this.show(this.bundle());
    }
  }

  private bundle(): MimeBundle {
    const { label, unit = 'it' } = this.options;
    const seconds = (performance.now() - this.start) / 1000;
    const rate = seconds > 0 && this.done > 0 ? this.done / seconds : 0;
    const speed = rate > 0 ? `, ${amount(rate, unit, true)}/s` : '';
    const left =
      this.total !== undefined && rate > 0 && this.done < this.total
        ? `, ${duration(((this.total - this.done) / rate) * 1000)} left`
        : '';
    const total = this.total === undefined ? '' : `/${amount(this.total, unit)}`;
    const counts = `${amount(this.done, unit)}${total} [${duration(seconds * 1000)}${left}${speed}]`;
    const share = this.total ? Math.min(1, this.done / this.total) : undefined;
    const cells = Math.round((share ?? 0) * 30);
    const bar =
      share === undefined
        ? ''
        : `${String(Math.round(share * 100)).padStart(3)}%|${'█'.repeat(cells)}${' '.repeat(30 - cells)}| `;
    const value = share === undefined ? (this.isClosed ? ' value="1"' : '') : ` value="${share}"`;
    return {
      [TEXT]: `${label ? `${label}: ` : ''}${bar}${counts}`,
      [HTML]:
        `<div style="display:flex;gap:8px;align-items:center">${label ? `<span>${escapeHtml(label)}</span>` : ''}` +
        `<progress max="1"${value} style="width:240px"></progress><code>${escapeHtml(counts)}</code></div>`
    };
  }
}

/** A count with its unit; plain counts only have one as a rate. */
function amount(count: number, unit: string, isRate = false): string {
  if (unit === 'B') {
    return count < 1e6
      ? `${(count / 1e3).toFixed(0)} kB`
      : count < 1e9
        ? `${(count / 1e6).toFixed(1)} MB`
        : `${(count / 1e9).toFixed(2)} GB`;
  }
  const text = Number.isInteger(count)
    ? String(count)
    : count >= 100
      ? String(Math.round(count))
      : count.toPrecision(3);
  return isRate ? `${text} ${unit}` : text;
}

/** What loading a model reports. */
export interface LoadEvent {
  phase: string;
  name: string;
  /** Bytes done and in all, of this phase. */
  loaded: number;
  total: number;
}

/** Makes the display of a load: a bar for each phase in turn, and one line at the end. */
export function createLoadProgress(show: ShowBundle) {
  return (title: string): { event(event: LoadEvent): void; done(): void } => {
    const start = performance.now();
    let bar: Progress | undefined;
    let phase = '';
    let replace: ((bundle: MimeBundle) => void) | undefined;
    // One display for all phases.
    const once: ShowBundle = bundle => {
      if (replace) {
        replace(bundle);
      } else {
        replace = show(bundle);
      }
      return replace;
    };
    return {
      event: ({ phase: next, loaded, total }) => {
        if (next === 'done') {
          return;
        }
        if (!bar || next !== phase) {
          phase = next;
          bar = new Progress(undefined, total > 0 ? total : undefined, { label: `${title}: ${next}`, unit: 'B' }, once);
        }
        bar.set(loaded);
      },
      done: () => {
        const text = `${title}: ${duration(performance.now() - start)}`;
        once({ [TEXT]: text, [HTML]: `<div><code>${escapeHtml(text)}</code></div>` });
      }
    };
  };
}

/** Makes `progress(iterable | total, options)`. */
export function createProgress(show: ShowBundle) {
  return function progress<T>(
    source: Iterable<T> | AsyncIterable<T> | number,
    options: ProgressOptions = {}
  ): Progress<T> {
    if (typeof source === 'number') {
      if (!(source >= 0)) {
        throw new RangeError(`Cannot show progress as the total must not be negative: current value is ${source}`);
      }
      const range = {
        *[Symbol.iterator]() {
          for (let i = 0; i < source; i++) {
            yield i as T;
          }
        }
      };
      return new Progress<T>(range, source, { ...options }, show);
    }
    const sized = source as { length?: unknown; size?: unknown } | null | undefined;
    const isIterable =
      typeof (source as Iterable<T>)?.[Symbol.iterator] === 'function' ||
      typeof (source as AsyncIterable<T>)?.[Symbol.asyncIterator] === 'function';
    if (!isIterable) {
      throw new TypeError(
        `Cannot show progress as it takes an iterable or a number: current value is ${String(source)}`
      );
    }
    const size = options.total ?? sized?.length ?? sized?.size;
    return new Progress<T>(source, typeof size === 'number' ? size : undefined, { ...options }, show);
  };
}
