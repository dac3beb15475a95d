import type { Tensor } from '../tensor/tensor';
import { attentionRollout } from '../interpretability/attention-flow';
import type { Attribution, AttributionOptions } from '../interpretability/attribution';
import { directLogitAttribution } from '../interpretability/attribution';
import type { Edit } from '../interpretability/edits';
import type { HeadScoreOptions, HeadScores } from '../interpretability/head-scores';
import { headScores } from '../interpretability/head-scores';
import type { FullLogitLens, LogitLens, LogitLensOptions, TopLogitLens } from '../interpretability/logit-lens';
import { logitLens } from '../interpretability/logit-lens';
import type { ActivationCache } from '../interpretability/activation-cache';
import type { NearestOptions } from '../interpretability/nearest-tokens';
import { nearestTokens } from '../interpretability/nearest-tokens';
import type { PathPatching, PathPatchingOptions } from '../interpretability/path-patching';
import { pathPatching } from '../interpretability/path-patching';
import type { SteeringOptions } from '../interpretability/steering';
import { steeringVector } from '../interpretability/steering';
import type { ResidualNorms, TokenStats } from '../interpretability/token-stats';
import { residualNorms, tokenStats } from '../interpretability/token-stats';
import type { TraceOptions } from '../interpretability/trace';
import { Trace } from '../interpretability/trace';
import type { CacheOptions } from '../interpretability/run';
import { runWithCache, scan } from '../interpretability/run';
import { runWithHooks } from '../interpretability/run-with-hooks';
import type { Sweep } from '../interpretability/sweeps';
import { ablationSweep, patchingSweep } from '../interpretability/sweeps';
import { drawingDefaults } from './drawing-defaults';
import type { ForwardInputs } from './forward';
import { inspectable } from './inspection';
import { ModelCore } from './model-core';
import { notice } from './notice';
import type { ModelOutput } from './outputs';

/** A model that can be looked into: thin methods over interpretability/. */
export class InspectedModel extends ModelCore {
  protected override async pass(inputs: ForwardInputs): Promise<ModelOutput> {
    return this.traced
      ? ((await this.traced.run(inspectable(this), await this.embed_inputs(inputs))) as ModelOutput)
      : super.pass(inputs);
  }

  /**
   * A forward that keeps activations, under TransformerLens's names.
   *
   * @param inputs As for `forward`.
   * @param options `names`: sites ('pattern'), hook names, a RegExp or a test; `pos`: which positions.
   * @example
   * const { logits, cache } = await model.run_with_cache(inputs, { names: ['pattern', 'resid_post'] });
   * cache.get('pattern', 5); // [batch, head, query_pos, key_pos]
   */
  async run_with_cache(
    inputs: ForwardInputs,
    options: CacheOptions = {}
  ): Promise<Awaited<ReturnType<typeof runWithCache>>> {
    return runWithCache(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** Names, dims and bytes `run_with_cache` would keep; nothing runs. */
  scan(inputs: ForwardInputs, options: CacheOptions = {}): ReturnType<typeof scan> {
    return scan(inspectable(this), inputs, options);
  }

  /**
   * A forward with values changed inside; returns what `forward` returns.
   *
   * @param edits `{ at: { site, layer, head?, pos? }, … }` with `set`, `scale`, `add`, `from` or `fn`.
   * @example
   * await model.run_with_hooks(inputs, [{ at: { site: 'z', layer: 5, head: 1 }, set: 'zero' }]);
   */
  async run_with_hooks(inputs: ForwardInputs, edits: readonly Edit[]): Promise<ModelOutput> {
    if (edits.some(e => 'fn' in e)) {
      notice('A function edit runs stepped: one more run of the model for each point it is called at.');
    }
    const { output } = await runWithHooks(inspectable(this), await this.embed_inputs(inputs), edits);
    return output as ModelOutput;
  }

  /**
   * Runs code with every forward of this model edited and watched, generation included.
   *
   * @param options `edits` (or a function from the step to edits; step 0 is the prompt), `names`, `pos`.
   * @param run What to run.
   * @returns What it returned, and one cache per forward if `names` were given.
   * @example
   * const { result, steps } = await model.trace(
   *   { edits: [{ at: { site: 'z', layer: 5, head: 1 }, set: 'zero' }], names: ['pattern'] },
   *   () => model.generate({ ...inputs, max_new_tokens: 8 })
   * );
   */
  async trace<R>(
    options: TraceOptions,
    run: () => Promise<R> | R
  ): Promise<{ result: R; steps: readonly ActivationCache[] }> {
    if (this.traced) {
      throw new RangeError('Cannot open a trace as another is open on this model: give all edits to one');
    }
    const trace = new Trace(options);
    this.traced = trace;
    try {
      return { result: await run(), steps: trace.steps };
    } finally {
      this.traced = undefined;
    }
  }

  private traced: Trace | undefined;

  /** How much one head tells another, and nobody else (interpretability/path-patching.ts). */
  async path_patching(inputs: ForwardInputs, options: PathPatchingOptions): Promise<PathPatching> {
    return pathPatching(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** Mean activation on some prompts less that on others, [d_model]. */
  steering_vector(
    positive: ForwardInputs | readonly ForwardInputs[],
    negative: ForwardInputs | readonly ForwardInputs[],
    options: SteeringOptions
  ): Promise<Tensor> {
    return steeringVector(inspectable(this), positive, negative, options);
  }

  /** The tokens whose (un)embedding lies nearest to a vector [d_model]. */
  async nearest_tokens(vector: Tensor, options: NearestOptions = {}): Promise<{ ids: Tensor; scores: Tensor }> {
    const prefix = this.runtime.architecture.stacks.at(-1)!.prefix;
    const table = await this.runtime.weights.table(`${prefix}${options.matrix ?? 'embed'}.weight`);
    const rows = (from: number, to: number): Float32Array =>
      table.lookup(Array.from({ length: to - from }, (_, i) => from + i));
    return nearestTokens(vector, table.rows, rows, options);
  }

  /** Surprisal, entropy and rank of every token, each [batch, pos]. */
  token_stats(inputs: ForwardInputs): Promise<TokenStats> {
    return tokenStats(inspectable(this), inputs);
  }

  /** Length and largest element of the residual stream, [layers + 1, batch, pos]. */
  async residual_norms(inputs: ForwardInputs): Promise<ResidualNorms> {
    return residualNorms(inspectable(this), await this.embed_inputs(inputs));
  }

  /** Every block's output through the final norm and the unembedding (interpretability/logit-lens.ts). */
  logit_lens(inputs: ForwardInputs, options: LogitLensOptions & { top_k: number }): Promise<TopLogitLens>;
  logit_lens(inputs: ForwardInputs, options?: LogitLensOptions): Promise<FullLogitLens>;
  async logit_lens(inputs: ForwardInputs, options: LogitLensOptions = {}): Promise<LogitLens> {
    return logitLens(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** How much each component writes into a logit (interpretability/attribution.ts). */
  async direct_logit_attribution(inputs: ForwardInputs, options: AttributionOptions): Promise<Attribution> {
    return directLogitAttribution(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** Attention rolled out over layers, [batch, query, key]. */
  async attention_rollout(inputs: ForwardInputs, options: { residual?: number } = {}): Promise<Tensor> {
    return attentionRollout(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** Induction, previous-token and duplicate-token scores of every head, each [layers, heads]. */
  async head_scores(options: HeadScoreOptions = {}): Promise<HeadScores> {
    return headScores(inspectable(this), options, await drawingDefaults(this));
  }

  /** The metric with each head or position ablated in turn. */
  async ablation_sweep(inputs: ForwardInputs, options: Parameters<typeof ablationSweep>[2]): Promise<Sweep> {
    return ablationSweep(inspectable(this), await this.embed_inputs(inputs), options);
  }

  /** The metric with each head's or position's activation taken from another run. */
  async patching_sweep(inputs: ForwardInputs, options: Parameters<typeof patchingSweep>[2]): Promise<Sweep> {
    return patchingSweep(inspectable(this), await this.embed_inputs(inputs), options);
  }
}
