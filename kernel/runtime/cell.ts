/** What compiled code calls as `__cell`. */
import type { Compiled } from './compile';
import { nextAwait, type CellContext, type ContextTracker } from './context';
import { noteAwait } from './errors';
import { check_interrupt } from './interrupt';
import type { Modules } from './modules';

/** Outcome of an await, on its way back into the cell. */
interface Outcome {
  context: CellContext | undefined;
  value?: unknown;
  error?: unknown;
  failed: boolean;
}

/** The value of the last expression. Boxed, as a promise returned from an async function would be waited for. */
export class CellResult {
  constructor(
    readonly value: unknown,
    /** Notes where the value stands in the cell on an error that comes out of it later. */
    readonly note: (error: unknown) => void
  ) {}
}

export class CellRuntime {
  readonly constants: Record<string, unknown>;
  readonly meta: { url: string };
  readonly import: (specifier: string) => Promise<Record<string, unknown>>;

  constructor(
    private readonly name: string,
    private readonly compiled: Pick<Compiled, 'originalOffset'>,
    private readonly tracker: ContextTracker,
    private readonly modules: Modules,
    constants: Record<string, unknown>
  ) {
    this.constants = constants;
    this.meta = { url: `loupe:///${name}` };
    this.import = specifier => modules.load(String(specifier));
  }

  load(specifier: string, names?: readonly string[]): Promise<Record<string, unknown>> {
    return this.modules.load(specifier, names);
  }

  /** Numbers an await before its operand runs, so that an interrupt knows which awaits are inside which. */
  begin(): number {
    return nextAwait();
  }

  /** Waits so that an interrupt can end it; never rejects, as `resume` must run before the cell goes on. */
  async wait(order: number, value: unknown, offset: number): Promise<Outcome> {
    const context = this.tracker.current();
    try {
      return { context, value: await (context ? context.wait(value, order) : value), failed: false };
    } catch (error) {
      this.note(error, offset);
      return { context, error, failed: true };
    }
  }

  /** Goes on after an await, in the context that began it. */
  resume({ context, value, error, failed }: Outcome): unknown {
    if (context) {
      this.tracker.enter(context);
    }
    if (failed) {
      throw error;
    }
    return value;
  }

  /** The iterable of a `for await`, whose steps are awaits. */
  iterate(source: AsyncIterable<unknown> | Iterable<unknown>, offset: number): AsyncIterable<unknown> {
    const make = (source as AsyncIterable<unknown>)[Symbol.asyncIterator];
    const inner = make
      ? make.call(source)
      : ((source as Iterable<unknown>)[Symbol.iterator]?.() ??
        (() => {
          throw new TypeError('Cannot loop with for await as the value must be iterable');
        })());
    const isSync = !make;
    const step = async (order: number, result: unknown): Promise<IteratorResult<unknown>> => {
      const done = this.resume(await this.wait(order, result, offset)) as IteratorResult<unknown>;
      return isSync && !done.done
        ? { done: false, value: this.resume(await this.wait(order, done.value, offset)) }
        : done;
    };
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => step(this.begin(), inner.next()),
        return: async (value?: unknown) =>
          inner.return ? ((await inner.return(value)) as IteratorResult<unknown>) : { done: true, value }
      })
    };
  }

  /** Called on each turn of a loop where memory is shared. */
  tick(): void {
    check_interrupt();
  }

  result(value: unknown, offset: number): CellResult {
    return new CellResult(value, error => this.note(error, offset));
  }

  private note(error: unknown, offset: number): void {
    noteAwait(error, { name: this.name, ...this.compiled.originalOffset(offset) });
  }
}
