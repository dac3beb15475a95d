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
  /** What is counted. Default `it`. */
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
    const speed = rate > 0 ? `, ${rate >= 100 ? Math.round(rate) : rate.toPrecision(3)} ${unit}/s` : '';
    const left =
      this.total !== undefined && rate > 0 && this.done < this.total
        ? `, ${duration(((this.total - this.done) / rate) * 1000)} left`
        : '';
    const counts = `${this.done}${this.total === undefined ? '' : `/${this.total}`} [${duration(seconds * 1000)}${left}${speed}]`;
    const share = this.total ? Math.min(1, this.done / this.total) : undefined;
    const cells = Math.round((share ?? 0) * 30);
    const bar = share === undefined ? '' : `${String(Math.round(share * 100)).padStart(3)}%|${'█'.repeat(cells)}${' '.repeat(30 - cells)}| `;
    const value = share === undefined ? (this.isClosed ? ' value="1"' : '') : ` value="${share}"`;
    return {
      [TEXT]: `${label ? `${label}: ` : ''}${bar}${counts}`,
      [HTML]:
        `<div style="display:flex;gap:8px;align-items:center">${label ? `<span>${escapeHtml(label)}</span>` : ''}` +
        `<progress max="1"${value} style="width:240px"></progress><code>${escapeHtml(counts)}</code></div>`
    };
  }
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
      const range = { *[Symbol.iterator]() { for (let i = 0; i < source; i++) { yield i as T; } } };
      return new Progress<T>(range, source, { ...options }, show);
    }
    const sized = source as { length?: unknown; size?: unknown } | null | undefined;
    const isIterable =
      typeof (source as Iterable<T>)?.[Symbol.iterator] === 'function' ||
      typeof (source as AsyncIterable<T>)?.[Symbol.asyncIterator] === 'function';
    if (!isIterable) {
      throw new TypeError(`Cannot show progress as it takes an iterable or a number: current value is ${String(source)}`);
    }
    const size = options.total ?? sized?.length ?? sized?.size;
    return new Progress<T>(source, typeof size === 'number' ? size : undefined, { ...options }, show);
  };
}
