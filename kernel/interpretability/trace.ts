import type { ActivationCache } from './activation-cache';
import type { Edit } from './edits';
import type { InspectableModel, Inputs } from './model';
import type { CacheOptions } from './run';
import { runWithCache } from './run';
import { runWithHooks } from './run-with-hooks';

/** What happens at every forward inside a trace. */
export interface TraceOptions extends CacheOptions {
  /** Changes for every forward, or a function from the step (0 is the prompt) to changes. */
  readonly edits?: readonly Edit[] | ((step: number) => readonly Edit[]);
}

/**
 * The forwards made while a trace is open: edited, and their activations kept. It lives in the model only while the
 * traced function runs, so nothing can leak into later calls.
 */
export class Trace {
  /** One cache per forward, if names were asked for. */
  readonly steps: ActivationCache[] = [];
  private step = 0;

  constructor(private readonly options: TraceOptions) {}

  /** One forward within the trace. */
  async run(model: InspectableModel, inputs: Inputs): Promise<{ readonly [key: string]: any }> {
    const { edits = [], names } = this.options;
    const step = this.step++;
    const chosen = typeof edits === 'function' ? edits(step) : edits;
    const edited: InspectableModel =
      chosen.length === 0
        ? model
        : { ...model, run: (i, probe) => runWithHooks(model, i, chosen, probe.fetch ?? []) as never };
    if (names === undefined) {
      return (await edited.run(inputs, {})).output;
    }
    const { output, cache } = await runWithCache(edited, inputs, this.options);
    this.steps.push(cache);
    return output;
  }
}
