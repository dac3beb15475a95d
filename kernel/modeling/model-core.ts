/**
 * The part of a model that computes: forward, generation, parameters. Looking inside is added by inspected-model.ts,
 * loading by pretrained-model.ts.
 */
import { hookName } from '../graph/names';
import { GenerationConfig } from '../config/generation-config';
import { PretrainedConfig } from '../config/config';
import type { ModelFolder } from '../host/host';
import type { GenerationOptions } from '../generation/parameters';
import type { GenerateOutput } from '../generation/output';
import { generate } from '../generation/generate';
import { prepareInputsForGeneration } from '../generation/prepare-inputs';
import { computeTransitionScores, type TransitionScoreOptions } from '../generation/transition-scores';
import type { DynamicCache } from '../inference/cache';
import type { Family, Task } from '../models/architecture';
import type { Tensor } from '../tensor/tensor';
import type { Assembled, ModelView } from './assemble';
import { forwardDual, forwardEncoder, forwardSeq2Seq, forwardSingle } from './assemble';
import { checkAttention } from './attention-option';
import { Callable } from './callable';
import { InputEmbeddings } from './embeddings';
import type { ForwardInputs, Probe } from './forward';
import type { Runtime } from './load';
import { track, untrack } from './memory';
import type { ModelOutput } from './outputs';
import type { Parameter } from './parameters';
import { namedParameters } from './parameters';

/** What a model is made of; `from_pretrained` supplies it. */
export interface ModelParts {
  readonly runtime: Runtime;
  readonly name: string;
  readonly generation_config?: GenerationConfig;
  readonly folder?: ModelFolder;
}

export interface ModelCore {
  (inputs: ForwardInputs): Promise<ModelOutput>;
}

/** A model with weights. */
export class ModelCore extends Callable {
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

  /** Where it runs: 'webgpu', 'wasm' or 'cpu'. */
  get device(): string {
    return this.runtime.engine.device;
  }

  /** Precision of the weights: 'float32', 'float16', 'bfloat16' (rounded, computed in float32), 'q8' or 'q4'. */
  get dtype(): string {
    return this.runtime.plan.dtype;
  }

  get task(): Task {
    return (this.constructor as typeof ModelCore).task;
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
    const output = await this.pass(inputs);
    const tuple =
      inputs['return_dict'] === false || (inputs['return_dict'] === undefined && this.config['return_dict'] === false);
    return tuple ? (output.to_tuple() as unknown as ModelOutput) : output;
  }

  /** What `forward` runs; a trace puts itself here. */
  protected async pass(inputs: ForwardInputs): Promise<ModelOutput> {
    return (await this.run(inputs)).output;
  }

  /**
   * The embedding step: every pass and every look inside begins with it. A class that reads more than tokens (a picture)
   * overrides it, and returns inputs without the further ones and with `inputs_embeds` in place of `input_ids`.
   *
   * @example
   * async embed_inputs({ images, ...inputs }) {
   *   return images ? withImages(inputs, images) : inputs;
   * }
   */
  async embed_inputs(inputs: ForwardInputs): Promise<ForwardInputs> {
    return inputs;
  }

  /** A forward that also brings back values by hook name and changes values inside. Library code only. */
  async run(given: ForwardInputs, probe?: Probe): Promise<Assembled> {
    const inputs = await this.embed_inputs(given);
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

  /**
   * The score each generated token was chosen by (see generation/transition-scores.ts).
   *
   * @param sequences `sequences` of what `generate` returned.
   * @param scores `scores` of it; needs output_scores.
   * @returns Float32 [batch, new tokens].
   */
  compute_transition_scores(
    sequences: Tensor,
    scores: readonly Tensor[],
    options: TransitionScoreOptions = {}
  ): Tensor {
    return computeTransitionScores(sequences, scores, options);
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
