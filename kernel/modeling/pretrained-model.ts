import { GenerationConfig } from '../config/generation-config';
import { configClass } from '../config/classes';
import { PretrainedConfig } from '../config/config';
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { ModelFolder } from '../host/host';
import { readJson } from '../host/read';
import type { LoadingInfo, WeightOptions } from '../inference/weights';
import type { Family } from '../models/architecture';
import { getFamily } from '../models/registry';
import { AutoConfig } from './auto-config';
import { checkAttention } from './attention-option';
import { freshCheckpoint } from './fresh-checkpoint';
import { InspectedModel } from './inspected-model';
import { savePretrained } from './save';
import type { ModelParts } from './model-core';
import type { PretrainedOptions } from './load';
import { loadRuntime, openWeights, resolveModel } from './load';
import { notice } from './notice';
import { readAdapter } from './lora';

/** A concrete class: what `from_pretrained` is called on. */
export type ModelClass<T extends PreTrainedModel> = (new (config: PretrainedConfig, parts: ModelParts) => T) &
  typeof PreTrainedModel;

/**
 * A model with weights: forward, generation, and what is needed to look inside. Concrete classes (`Qwen2ForCausalLM`)
 * are this with a family and a task; a cell may extend any of them.
 */
export class PreTrainedModel extends InspectedModel {
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
    const folder = await resolveModel(name, options);
    const whole = options.config ?? (await AutoConfig.fromFolder(folder, options, name));
    checkOptions(options, whole);
    const config = ownPart(whole, this.family);
    const family = this.family ?? getFamily(config.model_type);
    if (this.family && !isOf(config, family)) {
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

  /**
   * A model of a configuration with fresh random weights (normal, deviation `initializer_range`; the same every time
   * for the same `seed`), to look at shapes or to compare with a trained one.
   *
   * @example
   * const config = PretrainedConfig.fromDict({ model_type: 'qwen2', hidden_size: 64, num_hidden_layers: 2,
   *   num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 128, vocab_size: 1000 });
   * const model = await AutoModelForCausalLM.from_config(config);
   */
  static async from_config<T extends PreTrainedModel>(
    this: ModelClass<T>,
    config: PretrainedConfig,
    { seed = 0, ...options }: PretrainedOptions & { seed?: number } = {}
  ): Promise<T> {
    checkOptions(options, config);
    const family = this.family ?? getFamily(config.model_type);
    const deviation = Number(config['initializer_range'] ?? config['init_std'] ?? 0.02);
    const checkpoint = freshCheckpoint(family.architecture(config, this.task), deviation, seed);
    const name = `fresh ${config.model_type}`;
    const runtime = await loadRuntime(name, family, this.task, config, checkpoint, options);
    const model = new this(config, { runtime, name });
    await model.prepareEmbeddings();
    return model;
  }

  /**
   * Writes the model as a folder Python loads: config.json, generation_config.json and model.safetensors (float32 for
   * weights that were quantised in a GGUF file). Server kernel only.
   *
   * @param folder Where to.
   * @throws {RangeError} If this host cannot write files.
   */
  async save_pretrained(folder: string): Promise<void> {
    await savePretrained(this, folder);
  }

  /** Changes to weights while they are read: a LoRA adapter, and what subclasses in the library add. */
  protected static async weightOptions(checkpoint: Checkpoint, options: PretrainedOptions): Promise<WeightOptions> {
    const { adapter, ...others } = options;
    return adapter === undefined
      ? {}
      : { deltas: await readAdapter(await resolveModel(String(adapter), others), checkpoint, options.signal) };
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

/** True for configurations of a family, and of classes that extend the family's (a model type a cell registered). */
function isOf(config: PretrainedConfig, { model_type, classes }: Family): boolean {
  return config.model_type === model_type || config instanceof configClass(model_type, classes.config);
}

/** The part of a composite configuration a class is for: CLIPVisionModel reads the vision_config of a whole CLIP. */
function ownPart(config: PretrainedConfig, family: Family | undefined): PretrainedConfig {
  const parts = Object.values(config).filter(v => v instanceof PretrainedConfig);
  return (
    (family && config.model_type !== family.model_type && parts.find(p => p.model_type === family.model_type)) || config
  );
}

/** Options are for loading or, as in Python, replace fields of the configuration. */
function checkOptions(options: PretrainedOptions, config: PretrainedConfig): void {
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
  const unknown = Object.keys(options).filter(k => !known.has(k) && !(k in config));
  if (unknown.length > 0) {
    throw new TypeError(
      `Cannot load a model as from_pretrained takes ${[...known].join(', ')}, and fields of the configuration: also given ${unknown.join(', ')}`
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

export type { ModelParts } from './model-core';
