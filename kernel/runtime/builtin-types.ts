/** What every cell has, as its types: the language service reads them from here. */
import type { Json, MimeBundle } from '../protocol/messages';
import type { CommManager } from './comms';
import type { InspectOptions } from './inspect';
import type { KeyboardInterrupt } from './interrupt';
import type { Progress, ProgressOptions } from './progress';
import type { Markup } from './tags';

export interface DisplayOptions extends InspectOptions {
  /** Replace the display of this id; `true` with `display_id` as in Deno. */
  update?: string | boolean;
  /** Names the new display, so that it can be replaced. */
  display_id?: string;
  /** The value is a MIME bundle already. */
  raw?: boolean;
  /** Metadata of the representation. */
  metadata?: { [key: string]: Json };
}

/** A display that can be replaced. */
export interface DisplayHandle {
  readonly display_id: string;
  /** Replaces what is shown. */
  update(value: unknown, options?: Omit<DisplayOptions, 'update' | 'display_id'>): void;
}

/** Limits of what is shown. */
export interface DisplayLimits {
  /** Levels of nesting shown before `[Object]`. Default 3. */
  depth: number;
  /** Elements shown of an array, map, set or object. Default 100. */
  max_items: number;
  /** Characters shown of a string. Default 10,000. */
  max_string: number;
  /** Characters of a whole text. Default 200,000. */
  max_length: number;
  /** Width beyond which a list is broken into lines. Default 88. */
  width: number;
  /** Characters a cell may print. Default 2,000,000. */
  max_stream: number;
  /** Characters of one representation of a value; a larger one is left out with a note. Default 50,000,000. */
  max_data: number;
}

/** Template tag for markup, or a function of a whole text. */
export type MarkupTag = (first: TemplateStringsArray | string, ...values: unknown[]) => Markup;

export interface CellBuiltins {
  /**
   * Shows a value under the cell: by `[Symbol.for('Jupyter.display')]()`, `_toMime()`, `_toHtml()` … if it has one of
   * these, as readable text otherwise.
   *
   * @param value What to show.
   * @param options `update` replaces an earlier display; `raw` shows a MIME bundle as it is.
   * @returns A handle whose `update()` replaces what is shown.
   * @example
   * const bar = display('starting');
   * bar.update('done');
   */
  display: {
    (value: unknown, options: DisplayOptions): DisplayHandle;
    (...values: unknown[]): DisplayHandle;
  };
  /** Prints values, separated by spaces, as `console.log` does. */
  print: (...values: unknown[]) => void;
  /** HTML from a template, whose values are escaped unless they are markup themselves; or from a string as it is. */
  html: MarkupTag;
  /** Markdown from a template or a string. */
  md: MarkupTag;
  /** SVG from a template, whose values are escaped, or from a string as it is. */
  svg: MarkupTag;
  /** What JSX calls: an element as HTML. */
  h: (
    type: string | ((props: Record<string, unknown>) => unknown),
    props: Record<string, unknown> | null,
    ...children: unknown[]
  ) => unknown;
  /** `<>…</>` in JSX. */
  Fragment: (props: Record<string, unknown>) => Markup;
  /**
   * Asks the user for a line of text.
   *
   * @param prompt Shown before the field.
   * @param options `password`: hide what is typed.
   * @returns What was typed.
   * @throws {Error} If the front end does not allow it.
   */
  input: (prompt?: unknown, options?: { password?: boolean }) => Promise<string>;
  /** Removes the cell's output; with `wait`, only once new output comes. */
  clear_output: (options?: { wait?: boolean }) => void;
  /**
   * Shows a bar that advances as its source is iterated, or by `update()`.
   *
   * @param source What to go through, or the number of steps.
   * @param options `label` before the bar; `total` where the source cannot tell; `unit` of what is counted.
   * @example
   * for await (const text of progress(texts, { label: 'reading' })) { … }
   */
  progress: <T = number>(source: Iterable<T> | AsyncIterable<T> | number, options?: ProgressOptions) => Progress<T>;
  /**
   * Sets how much is shown of values and prints.
   *
   * @param options What to change; nothing if absent.
   * @returns The limits now in force.
   */
  display_options: (options?: Partial<DisplayLimits>) => DisplayLimits;
  /** Comms with widgets in the page: `register_target`, `open`. */
  comms: CommManager;
  /** Thrown into a cell that the user interrupts. */
  KeyboardInterrupt: typeof KeyboardInterrupt;
  /** The running cell's signal, aborted by an interrupt. */
  interrupt_signal: () => AbortSignal | undefined;
  /** Throws a KeyboardInterrupt if one was asked for; for long synchronous loops. */
  check_interrupt: () => void;
  /** Lets interrupts and other messages in, if it is some time since they last could be; for long asynchronous loops. */
  yield_to_messages: (every?: number) => Promise<void>;
}

/** A bundle of representations by MIME type, as `display(bundle, { raw: true })` takes it. */
export type { MimeBundle };
