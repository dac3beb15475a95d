/** Runs cells, one at a time, over one scope. */
import { CellResult, CellRuntime } from './cell';
import { compile, type Compiled } from './compile';
import type { CellContext, ContextTracker } from './context';
import type { CellSource } from './errors';
import { canInterruptLoops } from './interrupt';
import type { Modules } from './modules';
import type { SessionScope } from './scope';
import type { FullCompiler } from './transpile';

export interface ExecutorOptions {
  scope: SessionScope;
  tracker: ContextTracker;
  modules: Modules;
  /** Called with names that neither the session nor the host knows, before a cell that uses them runs. */
  resolveNames?(names: readonly string[]): Promise<void>;
  fullCompiler?: FullCompiler;
}

/** How many cells tracebacks can still quote. */
const remembered = 500;

export class Executor {
  private readonly sources = new Map<string, CellSource>();

  constructor(private readonly options: ExecutorOptions) {}

  /** Finds a cell by the file name in stack frames. */
  readonly source = (name: string): CellSource | undefined => this.sources.get(name);

  /**
   * Runs a cell in a context.
   *
   * @param code TypeScript.
   * @param name File name in stack traces, e.g. `cell-3.ts`.
   * @param label How tracebacks call it, e.g. `cell 3`.
   * @returns The value of a last expression without semicolon; undefined if there is none to show.
   * @throws What the cell throws; {@link CellSyntaxError} if it is not TypeScript.
   */
  async run(code: string, context: CellContext, name: string, label: string): Promise<CellResult | undefined> {
    const { scope, tracker, modules } = this.options;
    const compiled = await compile(code, {
      name,
      isVariable: n => scope.isVariable(n),
      isConstant: n => scope.isConstant(n),
      interruptible: canInterruptLoops(),
      fullCompiler: this.options.fullCompiler
    });
    await this.resolve(compiled);
    this.remember(name, { source: code, label, original: compiled.original });
    const body = evaluate(compiled.code);
    scope.declare(compiled.declared, compiled.constants);
    const cell = new CellRuntime(name, compiled, tracker, modules, scope.constants);
    const result = await context.wait(tracker.run(context, () => body(scope.variables, cell)));
    if (!(result instanceof CellResult)) {
      return undefined;
    }
    // A promise at the end of a cell is waited for: its value is what there is to show.
    if (!isThenable(result.value)) {
      return result;
    }
    try {
      return new CellResult(await context.wait(result.value), result.note);
    } catch (error) {
      result.note(error);
      throw error;
    }
  }

  private async resolve(compiled: Compiled): Promise<void> {
    const { scope, resolveNames } = this.options;
    const unknown = [...compiled.free].filter(n => !scope.isVariable(n) && !scope.isBuiltin(n) && !(n in globalThis));
    if (unknown.length > 0) {
      await resolveNames?.(unknown);
    }
  }

  private remember(name: string, source: CellSource): void {
    this.sources.delete(name);
    this.sources.set(name, source);
    if (this.sources.size > remembered) {
      this.sources.delete(this.sources.keys().next().value!);
    }
  }
}

type Body = (scope: Record<string, unknown>, cell: CellRuntime) => Promise<unknown>;

/** Indirect eval: global scope, and stack frames that carry the cell's sourceURL. */
function evaluate(code: string): Body {
  return (0, eval)(code) as Body;
}

function isThenable(value: unknown): boolean {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
