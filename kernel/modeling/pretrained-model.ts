import { hookName } from '../graph/names';
import { GenerationConfig } from '../config/generation-config';
import { PretrainedConfig } from '../config/config';
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { ModelFolder } from '../host/host';
import { readJson } from '../host/read';
import type { GenerationOptions } from '../generation/parameters';
import type { GenerateOutput } from '../generation/output';
import { generate } from '../generation/generate';
import { prepareInputsForGeneration } from '../generation/prepare-inputs';
import type { DynamicCache } from '../inference/cache';
import { attentionRollout } from '../interpretability/attention-flow';
import type { Attribution, AttributionOptions } from '../interpretability/attribution';
import { directLogitAttribution } from '../interpretability/attribution';
import type { Edit } from '../interpretability/edits';
import type { HeadScoreOptions, HeadScores } from '../interpretability/head-scores';
import { headScores } from '../interpretability/head-scores';
import type { LogitLens, LogitLensOptions } from '../interpretability/logit-lens';
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
import type { LoadingInfo, WeightOptions } from '../inference/weights';
import type { Family, Task } from '../models/architecture';
import { getFamily } from '../models/registry';
import type { Tensor } from '../tensor/tensor';
import type { Assembled, ModelView } from './assemble';
import { forwardDual, forwardEncoder, forwardSeq2Seq, forwardSingle } from './assemble';
import { AutoConfig } from './auto-config';
import { Callable } from './callable';
import { InputEmbeddings } from './embeddings';
import type { ForwardInputs, Probe } from './forward';
import { drawingDefaults } from './drawing-defaults';
import { inspectable } from './inspection';
import type { PretrainedOptions, Runtime } from './load';
import { loadRuntime, openWeights, resolveModel } from './load';
import { track, untrack } from './memory';
import { notice } from './notice';
import type { ModelOutput } from './outputs';
import type { Parameter } from './parameters';
import { namedParameters } from './parameters';
import { readAdapter } from './lora';

/** What a model is made of; `from_pretrained` supplies it. */
export interface ModelParts {
  readonly runtime: Runtime;
  readonly name: string;
  readonly generation_config?: GenerationConfig;
  readonly folder?: ModelFolder;
}

type ModelClass<T extends PreTrainedModel> = (new (config: PretrainedConfig, parts: ModelParts) => T) &
  typeof PreTrainedModel;

/** A loaded model with `model({...})` as its forward. */
export interface PreTrainedModel {
  (inputs: ForwardInputs): Promise<ModelOutput>;
}

/**
 * A model with weights: forward, generation, and what is needed to look inside. Concrete classes (`Qwen2ForCausalLM`)
 * are this with a family and a task; a cell may extend any of them.
 */
export class PreTrainedModel extends Callable {
  /** Set on concrete classes; a bare class takes the family config.json names. */
  static family: Family | undefined;
  static task: Task = 'base';

  readonly config: PretrainedConfig;
  generation_config: GenerationConfig;
  readonly name_or_path: string;
  /** Sessions and weights. Library code only. */
  readonly runtime: Runtime;
  /** Where it was loaded from, if from a folder. */
  readonly folder: ModelFolder | undefined;

  constructor(config: PretrainedConfig, parts: ModelParts) {
    super();
    if (!parts?.runtime) {
      throw new TypeError(
        `Cannot make a ${new.target.name} from a configuration alone: use await ${new.target.name}.from_pretrained(name)`
      );
    }
    this.config = config;
    this.runtime = parts.runtime;
    this.name_or_path = parts.name;
    this.folder = parts.folder;
    this.generation_config = parts.generation_config ?? GenerationConfig.from_model_config(config);
    track(this, parts.name, parts.runtime);
  }

  /**
   * Loads a model: `config.json` and weights from a folder, a GGUF file or a repository id (api.md, Loading). With
   * `adapter`, a folder or repository id, that LoRA adapter is merged into the weights.
   *
   * @returns The model; with `output_loading_info`, [model, info].
   * @throws {RangeError} If nothing is found, a tensor is missing or the model does not fit in memory.
   * @throws {TypeError} If a tensor's shape is not what the configuration implies.
   */
  static async from_pretrained<T extends PreTrainedModel>(
    this: ModelClass<T>,
    name: string,
    options: PretrainedOptions = {}
  ): Promise<T> {
    checkOptions(options);
    const folder = await resolveModel(name, options);
    const config = options.config ?? (await AutoConfig.fromFolder(folder, options));
    const family = this.family ?? getFamily(config.model_type);
    if (this.family && config.model_type !== family.model_type) {
      notice(
        `You are using a model of type ${config.model_type} to instantiate a model of type ${family.model_type}. This is not supported for all configurations of models and can yield errors.`
      );
    }
    const checkpoint = await openWeights(folder, options);
    const runtime = await loadRuntime(
      name,
      family,
      this.task,
      config,
      checkpoint,
      options,
      await this.weightOptions(checkpoint, { ...options, config })
    );
    const generation_config = await readGenerationConfig(folder, config, options);
    const model = new this(config, { runtime, name, folder, generation_config });
    await model.prepareEmbeddings();
    const { info, plan, engine } = runtime;
    reportLoading(this.name, name, info);
    notice(`${name}: ${this.name} on ${engine.description}, ${plan.dtype}`);
    return options.output_loading_info ? ([model, info] as unknown as T) : model;
  }

  /** Changes to weights while they are read: a LoRA adapter, and what subclasses in the library add. */
  protected static async weightOptions(checkpoint: Checkpoint, options: PretrainedOptions): Promise<WeightOptions> {
    const { adapter, ...others } = options;
    return adapter === undefined
      ? {}
      : { deltas: await readAdapter(await resolveModel(String(adapter), others), checkpoint, options.signal) };
  }

  /** Where it runs: 'webgpu', 'wasm' or 'cpu'. */
  get device(): string {
    return this.runtime.engine.device;
  }

  /** Precision of the weights: 'float32', 'float16', 'bfloat16' (rounded, computed in float32), 'q8' or 'q4'. */
  get dtype(): string {
    return this.runtime.plan.dtype;
  }

  get task(): Task {
    return (this.constructor as typeof PreTrainedModel).task;
  }

  get is_encoder_decoder(): boolean {
    return this.runtime.architecture.stacks.some(s => s.blocks.some(b => b.cross_attention));
  }

  /** Names `forward` takes. */
  get forward_parameters(): readonly string[] {
    const { stacks } = this.runtime.architecture;
    const common = [
      'labels',
      'head_mask',
      'output_attentions',
      'output_hidden_states',
      'return_dict',
      'num_items_in_batch'
    ];
    const cached = ['past_key_values', 'use_cache', 'logits_to_keep'];
    const text = [
      'input_ids',
      'inputs_embeds',
      'attention_mask',
      'position_ids',
      'token_type_ids',
      ...(stacks[0]!.causal ? cached : [])
    ];
    if (this.is_encoder_decoder) {
      const decoder = ['input_ids', 'inputs_embeds', 'attention_mask', 'head_mask', 'position_ids'].map(
        n => `decoder_${n}`
      );
      return [...text, ...cached, ...decoder, 'encoder_outputs', ...common];
    }
    if (stacks.length === 2) {
      return ['input_ids', 'attention_mask', 'position_ids', 'pixel_values', 'return_loss', ...common];
    }
    return stacks[0]!.embedding.patches ? ['pixel_values', ...common] : [...text, ...common];
  }

  /** What code that runs this model's graph needs of it. */
  protected get view(): ModelView {
    return { runtime: this.runtime, task: this.task, config: this.config };
  }

  override _call(...args: unknown[]): Promise<ModelOutput> {
    return this.forward((args[0] ?? {}) as ForwardInputs);
  }

  /**
   * One pass, as Python's `forward`: `input_ids` or `inputs_embeds`, `attention_mask`, `position_ids`,
   * `past_key_values`, `labels`, `use_cache`, `output_attentions`, `output_hidden_states`, `logits_to_keep` …
   *
   * @returns Python's output; absent things are absent. With `return_dict: false` a tuple.
   * @throws {TypeError} If an input is unknown or its shape does not fit.
   */
  async forward(inputs: ForwardInputs): Promise<ModelOutput> {
    const output = this.traced
      ? ((await this.traced.run(inspectable(this), inputs)) as ModelOutput)
      : (await this.run(inputs)).output;
    const tuple =
      inputs['return_dict'] === false || (inputs['return_dict'] === undefined && this.config['return_dict'] === false);
    return tuple ? (output.to_tuple() as unknown as ModelOutput) : output;
  }

  /** A forward that also brings back values by hook name and changes values inside. Library code only. */
  async run(inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
    const known = this.forward_parameters;
    const unknown = Object.keys(inputs).filter(
      k => inputs[k] !== undefined && inputs[k] !== null && !known.includes(k)
    );
    const stray = unknown.filter(k => k !== 'token_type_ids' && k !== 'attention_mask');
    if (stray.length > 0) {
      throw new TypeError(
        `Cannot run ${this.constructor.name} as forward takes ${known.join(', ')}: also given ${stray.join(', ')}`
      );
    }
    const withDefaults = {
      ...inputs,
      output_attentions: inputs['output_attentions'] ?? this.config.output_attentions,
      output_hidden_states: inputs['output_hidden_states'] ?? this.config['output_hidden_states']
    };
    const { stacks } = this.runtime.architecture;
    if (this.is_encoder_decoder) {
      return forwardSeq2Seq(this.view, withDefaults, probe);
    }
    return stacks.length === 2
      ? forwardDual(this.view, withDefaults, probe)
      : forwardSingle(this.view, withDefaults, probe);
  }

  /** The encoder of an encoder-decoder model. */
  get_encoder(): { forward_parameters: readonly string[]; forward(inputs: ForwardInputs): Promise<any> } {
    if (!this.is_encoder_decoder) {
      throw new TypeError(`Cannot get an encoder as ${this.constructor.name} must be an encoder-decoder model`);
    }
    return {
      forward_parameters: [
        'input_ids',
        'inputs_embeds',
        'attention_mask',
        'head_mask',
        'output_attentions',
        'output_hidden_states',
        'return_dict'
      ],
      forward: inputs => forwardEncoder(this.view, inputs)
    };
  }

  /**
   * Generates token ids; every option of Python's `generate` (see generation/generate.ts).
   *
   * @returns Prompt and answer, int64 [batch · num_return_sequences, pos]; with `return_dict_in_generate` an object.
   */
  generate(options: GenerationOptions = {}): Promise<Tensor | GenerateOutput> {
    return generate(this as never, options);
  }

  /** Turns the state of the generation loop into inputs of `forward`. A subclass may override it. */
  prepare_inputs_for_generation(
    input_ids: Tensor,
    kwargs: Record<string, unknown> = {}
  ): Record<string, unknown> | Promise<Record<string, unknown>> {
    const restart = this.runtime.architecture.cache_restart ?? Infinity;
    const past = kwargs['past_key_values'] as DynamicCache | null | undefined;
    if (past && past.length > 0 && input_ids.dims[1]! > restart && past.get_seq_length() <= restart) {
      const { past_key_values: _stale, next_sequence_length: _all, ...others } = kwargs;
      return prepareInputsForGeneration(this, input_ids, others);
    }
    return prepareInputsForGeneration(this, input_ids, kwargs);
  }

  /** The token embedding as a callable. */
  get_input_embeddings(): InputEmbeddings {
    const embeddings = this.embeddings;
    if (!embeddings) {
      throw new TypeError(`Cannot get embeddings as ${this.constructor.name} must read tokens`);
    }
    return embeddings;
  }

  private embeddings: InputEmbeddings | undefined;

  /** Called once weights are open. Library code only. */
  async prepareEmbeddings(): Promise<void> {
    const runner = await this.runtime.stack(0);
    const table = runner.tables['embed.weight'];
    if (table) {
      this.embeddings = new InputEmbeddings(table, runner.stack.embedding.tokens?.scale ?? 1);
    }
  }

  /** Name, dims and stored dtype of every parameter; no data is read. */
  named_parameters(): Parameter[] {
    return namedParameters(this.runtime);
  }

  /** Number of parameters; tied ones count once. */
  num_parameters(): number {
    return this.named_parameters().reduce((n, p) => n + p.dims.reduce((a, b) => a * b, 1), 0);
  }

  /** Values of one parameter by its name in the checkpoint, as float32. */
  async get_parameter(name: string): Promise<Tensor> {
    return this.runtime.parameter(name);
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
  run_with_cache(inputs: ForwardInputs, options: CacheOptions = {}): ReturnType<typeof runWithCache> {
    return runWithCache(inspectable(this), inputs, options);
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
    const { output } = await runWithHooks(inspectable(this), inputs, edits);
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
  async trace<R>(options: TraceOptions, run: () => Promise<R> | R): Promise<{ result: R; steps: readonly ActivationCache[] }> {
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
  path_patching(inputs: ForwardInputs, options: PathPatchingOptions): Promise<PathPatching> {
    return pathPatching(inspectable(this), inputs, options);
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
    const rows = (from: number, to: number): Float32Array => table.lookup(Array.from({ length: to - from }, (_, i) => from + i));
    return nearestTokens(vector, table.rows, rows, options);
  }

  /** Surprisal, entropy and rank of every token, each [batch, pos]. */
  token_stats(inputs: ForwardInputs): Promise<TokenStats> {
    return tokenStats(inspectable(this), inputs);
  }

  /** Length and largest element of the residual stream, [layers + 1, batch, pos]. */
  residual_norms(inputs: ForwardInputs): Promise<ResidualNorms> {
    return residualNorms(inspectable(this), inputs);
  }

  /** Every block's output through the final norm and the unembedding (interpretability/logit-lens.ts). */
  logit_lens(inputs: ForwardInputs, options: LogitLensOptions = {}): Promise<LogitLens> {
    return logitLens(inspectable(this), inputs, options);
  }

  /** How much each component writes into a logit (interpretability/attribution.ts). */
  direct_logit_attribution(inputs: ForwardInputs, options: AttributionOptions): Promise<Attribution> {
    return directLogitAttribution(inspectable(this), inputs, options);
  }

  /** Attention rolled out over layers, [batch, query, key]. */
  attention_rollout(inputs: ForwardInputs, options: { residual?: number } = {}): Promise<Tensor> {
    return attentionRollout(inspectable(this), inputs, options);
  }

  /** Induction, previous-token and duplicate-token scores of every head, each [layers, heads]. */
  async head_scores(options: HeadScoreOptions = {}): Promise<HeadScores> {
    return headScores(inspectable(this), options, await drawingDefaults(this));
  }

  /** The metric with each head or position ablated in turn. */
  ablation_sweep(inputs: ForwardInputs, options: Parameters<typeof ablationSweep>[2]): Promise<Sweep> {
    return ablationSweep(inspectable(this), inputs, options);
  }

  /** The metric with each head's or position's activation taken from another run. */
  patching_sweep(inputs: ForwardInputs, options: Parameters<typeof patchingSweep>[2]): Promise<Sweep> {
    return patchingSweep(inspectable(this), inputs, options);
  }

  /** Attention is always computed openly; 'eager' is the only implementation there is. */
  set_attn_implementation(name: string): void {
    checkAttention(name);
  }

  /** No dropout is ever applied; kept so that Python snippets run. */
  eval(): this {
    return this;
  }

  /** Frees weights and sessions. */
  async dispose(): Promise<void> {
    untrack(this);
    await this.runtime.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Deno's display protocol: a one-line summary. */
  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    const millions = (this.num_parameters() / 1e6).toFixed(1);
    const layers = this.runtime.architecture.stacks.map(s => s.blocks.length).join(' + ');
    return {
      'text/plain': `${this.constructor.name}('${this.name_or_path}'): ${millions} M parameters, ${layers} layers, ${this.dtype} on ${this.device}; first hook ${hookName('resid_pre', 0)}`
    };
  }
}

/** generation_config.json, or what config.json implies. */
async function readGenerationConfig(
  folder: ModelFolder,
  config: PretrainedConfig,
  options: PretrainedOptions
): Promise<GenerationConfig> {
  const raw = await readJson(folder, 'generation_config.json', options.signal);
  return raw && typeof raw === 'object'
    ? new GenerationConfig(raw as Record<string, unknown>)
    : GenerationConfig.from_model_config(config);
}

function checkOptions(options: PretrainedOptions): void {
  if (options.attn_implementation !== undefined) {
    checkAttention(options.attn_implementation);
  }
  const known = new Set([
    'local_files_only',
    'revision',
    'subfolder',
    'token',
    'cache_dir',
    'signal',
    'progress_callback',
    'dtype',
    'torch_dtype',
    'device',
    'device_map',
    'gguf_file',
    'config',
    'attn_implementation',
    'trust_remote_code',
    'output_loading_info',
    'ignore_mismatched_sizes',
    'other_config',
    'adapter',
    'low_cpu_mem_usage',
    'use_safetensors'
  ]);
  const unknown = Object.keys(options).filter(k => !known.has(k));
  if (unknown.length > 0) {
    throw new TypeError(
      `Cannot load a model as from_pretrained takes ${[...known].join(', ')}: also given ${unknown.join(', ')}`
    );
  }
}

function checkAttention(name: string): void {
  if (!['eager', 'sdpa'].includes(name)) {
    throw new RangeError(
      `Cannot use attn_implementation as it must be 'eager' (attention is always computed openly here; 'sdpa' is taken as the same): current value is ${name}`
    );
  }
}

/** Says what was missing or left over, as Python's load report does. */
function reportLoading(className: string, name: string, info: LoadingInfo): void {
  const lines = [
    info.missing_keys.length > 0
      ? `Some weights of ${className} were not in ${name} and are newly initialized: ${shorten(info.missing_keys)}. You should probably TRAIN this model on a down-stream task to be able to use it for predictions and inference.`
      : '',
    info.unexpected_keys.length > 0
      ? `Some weights of ${name} were not used by ${className}: ${shorten(info.unexpected_keys)}`
      : '',
    info.mismatched_keys.length > 0
      ? `Some weights of ${className} have another shape than in ${name} and are newly initialized: ${shorten(info.mismatched_keys.map(k => k.name))}`
      : ''
  ];
  lines.filter(Boolean).forEach(notice);
}

function shorten(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}
