/** Functions that every cell has: `display`, `input`, `progress` and so on. They act on the cell that calls them. */
import type { FromKernel, MimeBundle } from '../protocol/messages';
import type { CellBuiltins, DisplayHandle, DisplayLimits, DisplayOptions } from './builtin-types';
import { CommManager } from './comms';
import { createConsole } from './console';
import { boundTimers, type CellContext, type ContextTracker } from './context';
import { rawRepresentation, represent, type Representation } from './display';
import { inspectDefaults } from './inspect';
import { KeyboardInterrupt, check_interrupt, interrupt_signal, yield_to_messages } from './interrupt';
import { newId } from './new-id';
import { outputLimits } from './outputs';
import { createLoadProgress, createProgress, type LoadEvent } from './progress';
import { Fragment, h, html, md, svg } from './tags';

/** A display that can be replaced. */
export class Handle implements DisplayHandle {
  constructor(
    readonly display_id: string,
    private readonly show: (value: unknown, options: DisplayOptions) => void
  ) {}

  update(value: unknown, options: Omit<DisplayOptions, 'update' | 'display_id'> = {}): void {
    this.show(value, { ...options, update: this.display_id });
  }
}

export interface BuiltinOptions {
  tracker: ContextTracker;
  send(message: FromKernel): void;
  /** Whether timers have to be bound to cells by hand. */
  bindTimers: boolean;
}

export interface Builtins {
  /** Name → value, for the scope and the module `loupe`. */
  readonly values: CellBuiltins;
  /** Only for the scope: what the host has under the same name. */
  readonly hostValues: Record<string, unknown>;
  readonly comms: CommManager;
  /** Hands the front end's answer to the `input()` that waits. */
  answerInput(value: string): void;
  /** Prints to the cell whose code runs. */
  write(stream: 'stdout' | 'stderr', text: string): void;
  /** Shows how the loading of a model goes on, in the cell that asked for it. */
  loadProgress(title: string): { event(event: LoadEvent): void; done(): void };
  /** Shows a value in a context. */
  show(context: CellContext, value: unknown, options: DisplayOptions): DisplayHandle;
}

export function createBuiltins({ tracker, send, bindTimers }: BuiltinOptions): Builtins {
  const context = (): CellContext => {
    const found = tracker.current();
    if (!found) {
      throw new Error('Cannot show anything as a cell must have run: none has');
    }
    return found;
  };

  const emit = (
    to: CellContext,
    { data, metadata }: Representation,
    id: string | undefined,
    isUpdate: boolean
  ): void => {
    const content = { data, metadata, ...(id === undefined ? {} : { transient: { display_id: id } }) };
    to.outputs.emit({ msg_type: isUpdate ? 'update_display_data' : 'display_data', content });
  };

  const show = (to: CellContext, value: unknown, options: DisplayOptions): DisplayHandle => {
    const { update, display_id, raw, metadata, ...shown } = options;
    const id = typeof update === 'string' ? update : (display_id ?? newId());
    const isUpdate = update !== undefined && update !== false;
    const made = raw ? rawRepresentation(value, metadata) : represent(value, shown);
    const send = (r: Representation): void =>
      emit(to, { data: r.data, metadata: { ...r.metadata, ...metadata } }, id, isUpdate);
    if (made instanceof Promise) {
      const task = made.then(send).finally(() => to.tasks.delete(task));
      to.tasks.add(task);
    } else {
      send(made);
    }
    return new Handle(id, (v, o) => void show(to, v, o));
  };

  const display = (...args: unknown[]): DisplayHandle => {
    const last = args.at(-1);
    const options = args.length > 1 && isDisplayOptions(last) ? last : {};
    const values = options === last ? args.slice(0, -1) : args;
    const handles = values.map(value => show(context(), value, options));
    return handles.at(-1) ?? show(context(), undefined, options);
  };

  const showBundle = (bundle: MimeBundle): ((bundle: MimeBundle) => void) => {
    const handle = show(context(), bundle, { raw: true });
    return next => handle.update(next, { raw: true });
  };

  const inputs: { resolve(value: string): void }[] = [];
  const input = (prompt: unknown = '', { password = false }: { password?: boolean } = {}): Promise<string> => {
    const to = context();
    if (!to.options.allowStdin) {
      throw new Error(
        'Cannot ask for input as the front end must allow it: it runs this cell without (allow_stdin is false)'
      );
    }
    to.outputs.flush();
    return new Promise(resolve => {
      const waiting = { resolve };
      inputs.push(waiting);
      to.signal.addEventListener('abort', () => inputs.splice(inputs.indexOf(waiting) >>> 0, 1), { once: true });
      send({ type: 'input_request', parent: to.parent, content: { prompt: String(prompt), password } });
    });
  };

  const clear_output = ({ wait = false }: { wait?: boolean } = {}): void =>
    context().outputs.emit({ msg_type: 'clear_output', content: { wait } });

  const print = (...values: unknown[]): void => (console.log as (...v: unknown[]) => void)(...values);
  const console = createConsole(
    (stream, text) => context().outputs.write(stream, text),
    () => clear_output()
  ) as unknown as Record<string, (...args: unknown[]) => void>;
  const comms = new CommManager(send, () => tracker.current()?.parent ?? null);

  return {
    values: {
      display,
      print,
      html,
      md,
      svg,
      h,
      Fragment,
      input,
      clear_output,
      progress: createProgress(showBundle),
      display_options: displayOptions,
      comms,
      KeyboardInterrupt,
      interrupt_signal,
      check_interrupt,
      yield_to_messages
    },
    hostValues: { console, ...(bindTimers ? boundTimers(tracker) : {}) },
    comms,
    answerInput: value => inputs.shift()?.resolve(value),
    write: (stream, text) => context().outputs.write(stream, text),
    loadProgress: createLoadProgress(showBundle),
    show
  };
}

const optionNames = new Set([
  'update',
  'display_id',
  'raw',
  'metadata',
  'depth',
  'max_items',
  'max_string',
  'max_length',
  'width'
]);

/** A last argument is options only if all its keys are, so that `display(a, { b: 1 })` shows two values. */
function isDisplayOptions(value: unknown): value is DisplayOptions {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return false;
  }
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every(k => optionNames.has(k));
}

function displayOptions(options: Partial<DisplayLimits> = {}): DisplayLimits {
  for (const [name, value] of Object.entries(options)) {
    const target = (name in outputLimits ? outputLimits : inspectDefaults) as unknown as Record<string, number>;
    if (!(name in target)) {
      const known = [...Object.keys(inspectDefaults), ...Object.keys(outputLimits)].join(', ');
      throw new RangeError(`Cannot set ${name} as it must be a display option: known are ${known}`);
    }
    if (!(value >= 0)) {
      throw new RangeError(`Cannot set ${name} as it must not be negative: current value is ${value}`);
    }
    target[name] = value;
  }
  return { ...inspectDefaults, ...outputLimits };
}
