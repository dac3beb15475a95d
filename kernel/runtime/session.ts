/**
 * One kernel session, whatever carries its messages: a worker's postMessage, ZeroMQ, or a test.
 *
 * Cells run one after another; everything else is answered whenever the running cell lets messages in.
 */
import type {
  ExecuteContent,
  FromKernel,
  Json,
  MimeBundle,
  Parent,
  Request,
  StartOptions,
  ToKernel
} from '../protocol/messages';
import { createBuiltins, type Builtins } from './builtins';
import type { CellResult } from './cell';
import { complete, withTypes, type StringCompleter } from './completer';
import { completeness } from './completeness';
import { CellContext, ManualTracker, type ContextTracker } from './context';
import { represent } from './display';
import { CellSyntaxError, describeError } from './errors';
import { Executor } from './executor';
import { describe, inspectAt, type DocTable } from './inspector';
import type { Intelligence, TypeChecking } from './intelligence';
import { KeyboardInterrupt, setInterruptBuffer, setSignalSource, takeInterrupt, yield_to_messages } from './interrupt';
import { cellMagics, lineMagics, readCell, type Cell } from './magics';
import { Modules, type ModuleResolver } from './modules';
import { Outputs } from './outputs';
import { SessionScope } from './scope';
import { timeReport, timeit } from './timing';
import type { FullCompiler } from './transpile';
import { TEXT } from '../protocol/mime';

export interface SessionOptions {
  /** Takes every message for the front end. */
  send(message: FromKernel): void;
  /** Exports of the library, loaded the first time a cell, a completion or an import needs one. */
  library?: () => Promise<Record<string, unknown>>;
  /** Names under which cells import it. */
  libraryNames?: readonly string[];
  /** Finds modules that are not the library. */
  resolveModule?: ModuleResolver;
  /** More names for every cell. */
  globals?: Record<string, unknown>;
  /** Follows code to its cell; by hand where absent. */
  tracker?: ContextTracker;
  /** For decorators and namespaces. */
  fullCompiler?: FullCompiler;
  /** Offers model names and files inside string arguments. */
  completeString?: StringCompleter;
  /** The library's documentation, loaded the first time something is inspected. */
  docs?: () => Promise<DocTable>;
  /** Types: completions, help and errors of TypeScript's language service. */
  intelligence?: Intelligence;
  /** Called with the options of the `start` message, before `ready` is sent. */
  start?: (options: StartOptions) => Promise<void> | void;
}

type ExecuteRequest = Extract<Request, { type: 'execute_request' }>;

export class KernelSession {
  readonly scope = new SessionScope();
  readonly builtins: Builtins;
  private readonly tracker: ContextTracker;
  private readonly executor: Executor;
  private readonly modules: Modules;
  private readonly queue: ExecuteRequest[] = [];
  private readonly contexts = new Map<string, CellContext>();
  private running: CellContext | undefined;
  private isPumping = false;
  private library: Promise<Record<string, unknown>> | undefined;
  private libraryValues = new Set<unknown>();
  private docs: DocTable | undefined;
  private typeChecking: TypeChecking = 'off';
  private areTypesReady = false;

  constructor(private readonly options: SessionOptions) {
    this.tracker = options.tracker ?? new ManualTracker();
    this.builtins = createBuiltins({
      tracker: this.tracker,
      send: message => options.send(message),
      bindTimers: options.tracker === undefined
    });
    for (const [name, value] of Object.entries({
      ...options.globals,
      ...this.builtins.hostValues,
      ...this.builtins.values
    })) {
      this.scope.addBuiltin(name, () => value);
    }
    const names = options.libraryNames ?? ['loupe', 'transformers', '@huggingface/transformers'];
    const load = async (): Promise<Record<string, unknown>> => ({
      ...this.builtins.values,
      ...(await this.loadLibrary())
    });
    this.modules = new Modules(Object.fromEntries(names.map(name => [name, load])), options.resolveModule);
    this.executor = new Executor({
      scope: this.scope,
      tracker: this.tracker,
      modules: this.modules,
      resolveNames: async () => void (await this.loadLibrary()),
      fullCompiler: options.fullCompiler
    });
    setSignalSource(() => this.tracker.current()?.signal);
  }

  /** Whether there is a cell to which output can go. */
  get hasContext(): boolean {
    return this.tracker.current() !== undefined;
  }

  /** Takes a message of the front end. Never throws: a failure becomes the reply. */
  handle(message: ToKernel): void {
    void this.dispatch(message).catch((error: unknown) => {
      if ('id' in message) {
        const told = this.describe(error);
        this.options.send({ type: 'reply', id: message.id, content: { status: 'error', ...told } as unknown as Json });
      } else {
        this.report(error, this.running);
      }
    });
  }

  /** Stops the running cell, or, between cells, what cells left running in the background. */
  interrupt(): void {
    if (!takeInterrupt()) {
      return;
    }
    if (this.running) {
      this.running.interrupt();
    } else {
      [...this.contexts.values()].filter(c => c.isBusy).forEach(c => c.interrupt());
    }
  }

  /** Shows an error that nothing awaited, under the cell it came from. */
  reportUnhandled(error: unknown): void {
    const name = /\b(cell-[\d-]+\.ts)\b/.exec(error instanceof Error ? String(error.stack) : '')?.[1];
    const context = (name && this.contexts.get(name)) || this.tracker.current();
    if (error instanceof KeyboardInterrupt) {
      return;
    }
    this.report(error, context, 'Unhandled error in background work:\n');
  }

  /** Loads the library and binds its exports for every cell. */
  loadLibrary(): Promise<Record<string, unknown>> {
    const load = this.options.library ?? ((): Promise<Record<string, unknown>> => Promise.resolve({}));
    this.library ??= load().then(
      module => {
        for (const name of Object.keys(module)) {
          if (name !== 'default' && !this.scope.isBuiltin(name)) {
            this.scope.addBuiltin(name, () => module[name]);
            this.libraryValues.add(module[name]);
          }
        }
        return module;
      },
      (error: unknown) => {
        this.library = undefined;
        throw error;
      }
    );
    return this.library;
  }

  private async dispatch(message: ToKernel): Promise<void> {
    switch (message.type) {
      case 'start':
        setInterruptBuffer(message.options.interruptBuffer);
        this.typeChecking = typeCheckingOf(message.options.settings?.['typeChecking']);
        try {
          await this.options.start?.(message.options);
        } catch (error) {
          // Cells that need no model run all the same.
          this.report(error, undefined, 'The kernel started without its host:\n');
        }
        return this.options.send({ type: 'ready' });
      case 'interrupt':
        return this.interrupt();
      case 'input_reply':
        return this.builtins.answerInput(message.value);
      case 'comm': {
        const context = this.newContext(null, { allowStdin: false, silent: false, executionCount: 0 });
        const { kind, content, metadata, buffers } = message;
        return this.tracker.run(this.running ?? context, () =>
          this.builtins.comms.handle(kind, content, metadata, buffers)
        );
      }
      case 'execute_request':
        this.queue.push(message);
        return this.pump();
      case 'complete_request':
        return this.reply(message.id, await this.complete(message.content));
      case 'inspect_request':
        return this.reply(message.id, await this.inspect(message.content));
      case 'is_complete_request':
        return this.reply(message.id, { ...completeness(message.content.code) });
      case 'comm_info_request':
        return this.reply(message.id, { status: 'ok', comms: this.builtins.comms.info(message.content.target_name) });
    }
  }

  private reply(id: number, content: Json): void {
    this.options.send({ type: 'reply', id, content });
  }

  private async pump(): Promise<void> {
    if (this.isPumping) {
      return;
    }
    this.isPumping = true;
    try {
      for (let request = this.queue.shift(); request; request = this.queue.shift()) {
        const content = await this.execute(request.parent, request.content);
        this.reply(request.id, content);
        if ((content as { status: string }).status === 'error' && request.content.stop_on_error !== false) {
          // As in Python: what was asked for before the failure was seen is not run.
          this.queue
            .splice(0)
            .forEach(({ id, content: { execution_count } }) => this.reply(id, { status: 'aborted', execution_count }));
        }
      }
    } finally {
      this.isPumping = false;
    }
  }

  private newContext(parent: Parent, options: CellContext['options']): CellContext {
    const outputs = new Outputs(output => {
      if (!options.silent) {
        this.options.send({ type: 'output', parent, output });
      }
    });
    return new CellContext(parent, outputs, options);
  }

  private async execute(parent: Parent, content: ExecuteContent): Promise<Json> {
    const { execution_count, silent = false, allow_stdin = true } = content;
    const context = this.newContext(parent, { allowStdin: allow_stdin, silent, executionCount: execution_count });
    this.running = context;
    this.tracker.setRunning(context);
    const payload: Json[] = [];
    try {
      await this.runCell(content, context, payload);
      await Promise.all(context.tasks);
      const user_expressions = await this.evaluateAll(content.user_expressions ?? {}, context);
      return { status: 'ok', execution_count, user_expressions, payload };
    } catch (error) {
      if (error instanceof KeyboardInterrupt) {
        context.cancel(error);
      }
      const told = this.describe(error);
      context.outputs.emit({ msg_type: 'error', content: told });
      return { status: 'error', execution_count, ...told, user_expressions: {}, payload: [] };
    } finally {
      context.outputs.finish();
      context.end();
      this.running = undefined;
      this.tracker.setRunning(undefined);
    }
  }

  private async runCell(content: ExecuteContent, context: CellContext, payload: Json[]): Promise<void> {
    const cell = readCell(content.code);
    switch (cell.kind) {
      case 'code':
        await this.checkTypes(cell.code, context);
        try {
          return await this.showResult(await this.runCode(cell.code, context), context);
        } finally {
          this.options.intelligence?.commit(cell.code);
        }
      case 'time': {
        const start = performance.now();
        try {
          await this.showResult(await this.runCode(cell.code, context), context);
        } finally {
          context.outputs.write('stdout', timeReport(performance.now() - start));
        }
        return;
      }
      case 'timeit':
        return this.runTimeit(cell, context);
      case 'show':
        return context.outputs.emit({
          msg_type: 'display_data',
          content: { data: { [cell.mime]: cell.text, [TEXT]: cell.text }, metadata: {} }
        });
      case 'inspect': {
        await this.loadLibrary();
        const data = describe(cell.name, cell.detail, await this.inspectorOptions());
        if (!data) {
          throw new ReferenceError(`${cell.name} is not defined`);
        }
        payload.push({ source: 'page', data, start: 0 });
        return;
      }
      case 'command':
        return context.outputs.write('stdout', this.runCommand(cell.name));
    }
  }

  /**
   * Tells type errors before the cell runs; the first time, while the compiler is still loading, after it. With `block`
   * the cell does not run.
   */
  private async checkTypes(code: string, context: CellContext): Promise<void> {
    const { intelligence } = this.options;
    if (!intelligence || this.typeChecking === 'off' || context.options.silent) {
      return;
    }
    const check = async (): Promise<string[]> => {
      const faults = (await intelligence.check(code)) ?? [];
      this.areTypesReady = true;
      return faults.slice(0, 10).map(({ line, message }) => `line ${line}: ${message.split('\n')[0]!}`);
    };
    if (this.typeChecking === 'block') {
      const faults = await context.wait(check());
      if (faults.length > 0) {
        throw new TypeError(`Cannot run the cell as its types must agree:\n${faults.join('\n')}`);
      }
      return;
    }
    const warn = (faults: string[]): void =>
      faults.forEach(fault => context.outputs.write('stderr', `\u001b[33mType error\u001b[39m, ${fault}\n`));
    if (this.areTypesReady) {
      const late = new Promise<void>(resolve => setTimeout(resolve, typesPatience));
      await Promise.race([check().then(warn), late]);
    } else {
      // The first result must not wait for a compiler.
      setTimeout(() => void check().then(warn), firstCheckDelay);
    }
  }

  private runCommand(name: 'who' | 'lsmagic'): string {
    return name === 'who'
      ? `${this.scope.names().join('  ') || 'no variables'}\n`
      : `Cell magics: ${cellMagics.join(' ')}\nLine magics: ${lineMagics.join(' ')}\nHelp: ?name, name?, name??\n`;
  }

  private runCode(code: string, context: CellContext): Promise<CellResult | undefined> {
    const count = context.options.executionCount;
    let name = `cell-${count}.ts`;
    for (let i = 2; this.contexts.has(name); i++) {
      name = `cell-${count}-${i}.ts`;
    }
    this.contexts.set(name, context);
    if (this.contexts.size > 500) {
      this.contexts.delete(this.contexts.keys().next().value!);
    }
    return this.executor.run(code, context, name, `cell ${count}`);
  }

  private async showResult(result: CellResult | undefined, context: CellContext): Promise<void> {
    if (!result || result.value === undefined || context.options.silent) {
      return;
    }
    const { value } = result;
    this.scope.set('_', value);
    const { data, metadata } = await context.wait(represent(value));
    const execution_count = context.options.executionCount;
    context.outputs.emit({ msg_type: 'execute_result', content: { data, metadata, execution_count } });
  }

  private async runTimeit(cell: Extract<Cell, { kind: 'timeit' }>, context: CellContext): Promise<void> {
    let result: CellResult | undefined;
    try {
      result = await this.runCode(`(() => {${cell.code}\n})`, context);
    } catch (error) {
      if (!(error instanceof CellSyntaxError)) {
        throw error;
      }
      result = await this.runCode(`(async () => {${cell.code}\n})`, context);
    }
    const work = result?.value as () => unknown;
    const run = (): Promise<string> => timeit(work, cell.loops, cell.runs, () => yield_to_messages(0));
    context.outputs.write('stdout', await context.wait(this.tracker.run(context, run)));
  }

  private async evaluateAll(expressions: { [name: string]: string }, context: CellContext): Promise<Json> {
    const out: { [name: string]: Json } = {};
    for (const [name, code] of Object.entries(expressions)) {
      try {
        const result = await this.runCode(code, context);
        const { data, metadata } = await represent(result?.value);
        out[name] = { status: 'ok', data, metadata };
      } catch (error) {
        out[name] = { status: 'error', ...this.describe(error) };
      }
    }
    return out;
  }

  private async complete({ code, cursor_pos }: { code: string; cursor_pos: number }): Promise<Json> {
    await this.loadLibrary().catch(() => undefined);
    const cursor = fromCodePoints(code, cursor_pos);
    const [found, typed] = await Promise.all([
      complete(code, cursor, {
        scope: this.scope,
        isTrusted: this.isTrusted,
        moduleNames: this.modules.names,
        completeString: this.options.completeString
      }),
      this.options.intelligence?.complete(code, cursor)
    ]);
    const { matches, start, end, types } = typed ? withTypes(found, typed, code) : found;
    const [cursor_start, cursor_end] = [toCodePoints(code, start), toCodePoints(code, end)];
    const details = matches.map((text, i) => ({ start: cursor_start, end: cursor_end, text, type: types[i]! }));
    return { status: 'ok', matches, cursor_start, cursor_end, metadata: { _jupyter_types_experimental: details } };
  }

  private async inspect(content: { code: string; cursor_pos: number; detail_level: 0 | 1 }): Promise<Json> {
    await this.loadLibrary().catch(() => undefined);
    const { code, cursor_pos, detail_level } = content;
    const cursor = fromCodePoints(code, cursor_pos);
    const typed = await this.options.intelligence?.help(code, cursor);
    const options = await this.inspectorOptions();
    const data: MimeBundle | undefined = inspectAt(code, cursor, detail_level, typed ? { ...options, typed } : options);
    return { status: 'ok', found: data !== undefined, data: data ?? {}, metadata: {} };
  }

  private async inspectorOptions() {
    // Without its documentation a value still has a type and a signature; the next question tries again.
    this.docs ??= await this.options.docs?.().catch(() => undefined);
    return { scope: this.scope, isTrusted: this.isTrusted, docs: this.docs ?? {} };
  }

  /** Classes of the library, and of the user that extend them. */
  private readonly isTrusted = (constructor: unknown): boolean => {
    for (let at = constructor; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
      if (this.libraryValues.has(at)) {
        return true;
      }
    }
    return false;
  };

  private describe(error: unknown) {
    return describeError(error, this.executor.source);
  }

  private report(error: unknown, context: CellContext | undefined, prefix = ''): void {
    const { traceback } = this.describe(error);
    const outputs =
      context?.outputs ?? this.newContext(null, { allowStdin: false, silent: false, executionCount: 0 }).outputs;
    outputs.write('stderr', `${prefix}${traceback.join('\n')}\n`);
    outputs.flush();
  }
}

/** Milliseconds a cell waits for the verdict on its types. */
const typesPatience = 200;
/** Milliseconds after the first cell before the compiler is loaded. */
const firstCheckDelay = 1500;

function typeCheckingOf(setting: Json | undefined): TypeChecking {
  return setting === 'warn' || setting === 'block' ? setting : 'off';
}

/** Jupyter counts cursor positions in code points, JavaScript strings in UTF-16 units. */
function fromCodePoints(text: string, count: number): number {
  let units = 0;
  for (const letter of text) {
    if (count-- <= 0) {
      break;
    }
    units += letter.length;
  }
  return units;
}

function toCodePoints(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}
