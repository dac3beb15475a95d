import { modelTypeOf } from '../config/auto';
import { configClass } from '../config/classes';
import { PretrainedConfig } from '../config/config';
import type { ModelFolder } from '../host/host';
import { getFamily, modelTypes } from '../models/registry';
import type { PretrainedOptions } from './load';
import { readRawConfig, resolveModel } from './load';

const registered = new Map<string, typeof PretrainedConfig>();

/** Reads configurations. */
export class AutoConfig {
  /**
   * Reads a model's configuration.
   *
   * @param name Folder, GGUF file or repository id.
   * @param options Loading options; other keys override fields of the configuration.
   * @returns The configuration; with `return_unused_kwargs`, [configuration, unused options].
   * @example
   * const config = await AutoConfig.from_pretrained('SmolLM2-135M-Instruct');
   * config.num_hidden_layers; // 30
   */
  static async from_pretrained(
    name: string,
    options: PretrainedOptions & { return_unused_kwargs?: boolean } = {}
  ): Promise<PretrainedConfig> {
    return AutoConfig.fromFolder(await resolveModel(name, options), options, name);
  }

  /** The same for a folder already resolved; `name` is what the caller called it, kept as `_name_or_path`. */
  static async fromFolder(
    folder: ModelFolder,
    options: PretrainedOptions = {},
    name = folder.name
  ): Promise<PretrainedConfig> {
    const read = AutoConfig.fromRaw(await readRawConfig(folder, options), folder.name, options);
    const config = Array.isArray(read) ? (read[0] as PretrainedConfig) : read;
    config._name_or_path = name;
    return read;
  }

  /** From the parsed content of config.json. `auto_map` is read over: only built-in code runs here. */
  static fromRaw(raw: Record<string, unknown>, name: string, options: Record<string, unknown> = {}): PretrainedConfig {
    const { auto_map: _code, ...fields } = raw;
    const model_type = modelTypeOf(name, fields, [...new Set([...modelTypes(), ...registered.keys()])]);
    fields['model_type'] = model_type;
    const overrides = Object.fromEntries(Object.entries(options).filter(([key]) => !LOADING.has(key)));
    const Class = registered.get(model_type) ?? configClass(model_type, getFamily(model_type).classes.config);
    const [config, unused] = Class.fromDictWithUnused(fields, overrides);
    config._name_or_path = name;
    return options['return_unused_kwargs'] ? ([config, unused] as unknown as PretrainedConfig) : config;
  }

  /**
   * Makes a configuration class known for a model type.
   *
   * @param model_type As in config.json, and the class's own `model_type`.
   * @param Class Extends `PretrainedConfig`.
   * @param options `exist_ok`: replaces a built-in one.
   * @throws {RangeError} If the two differ, or a built-in class has the model type.
   */
  static register(
    model_type: string,
    Class: typeof PretrainedConfig,
    { exist_ok = false }: { exist_ok?: boolean } = {}
  ): void {
    if (Class.model_type !== model_type) {
      throw new RangeError(
        'The config you are passing has a `model_type` attribute that is not consistent with the model type you ' +
          `passed (config has ${Class.model_type} and you passed ${model_type}. Fix one of those so they match!`
      );
    }
    if (!exist_ok && modelTypes().includes(model_type)) {
      throw new RangeError(`'${model_type}' is already used by a Transformers config, pick another name.`);
    }
    registered.set(model_type, Class);
  }
}

PretrainedConfig.from_pretrained = (name, options) => AutoConfig.from_pretrained(name, options);

/** Options that say how to load rather than what. */
const LOADING = new Set([
  'local_files_only',
  'revision',
  'subfolder',
  'token',
  'cache_dir',
  'signal',
  'progress_callback',
  'gguf_file',
  'trust_remote_code',
  'return_unused_kwargs',
  'config',
  'dtype',
  'torch_dtype',
  'device',
  'device_map',
  'attn_implementation',
  'output_loading_info',
  'ignore_mismatched_sizes',
  'other_config',
  'adapter',
  'low_cpu_mem_usage',
  'use_safetensors'
]);
