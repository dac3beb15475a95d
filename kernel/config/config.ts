/**
 * A model's configuration: `config.json` with Python's defaults, old and new spellings, and derived fields.
 */
import { TRANSFORMERS_VERSION, commonDefaults, generationParameters } from './defaults';
import { derive, deriveRope } from './derived';
import { cloneJson, isFields, isSafeKey, type Fields } from './entry';
import { nestedKeys } from './rope';
import { configEntry } from './table';
import { validateSizes, validateTypes } from './validate';

/** Keys of `commonDefaults` kept apart from the fields, as Python does. */
const PRIVATE = new Set(['_name_or_path', 'output_attentions']);

/** More classes than any classifier has; a file that asks for more is broken. */
const MOST_LABELS = 1_000_000;

/** Defines a property that does not show up when fields are listed. */
function hide(config: object, key: string, value: unknown): void {
  Object.defineProperty(config, key, { value, writable: true, enumerable: false, configurable: true });
}

/**
 * Configuration of one model. Every key of the file is a property under its own name (`config.hidden_size`), unknown
 * ones too; fields the file does not have get the default of Python's class, transformers 5.23.
 *
 * Both spellings are readable: `rope_theta` and `rope_scaling` (version 4) or `rope_parameters` (version 5),
 * `torch_dtype` or `dtype`, `hidden_size` or GPT-2's `n_embd`.
 *
 * @example Read the file's content
 * const config = PretrainedConfig.fromDict({ model_type: 'qwen2', hidden_size: 896, num_attention_heads: 14 });
 * config.num_hidden_layers; // 32, the default
 */
export class PretrainedConfig {
  /** Model type of a concrete class; '' for this one, which takes it from the file. */
  static model_type = '';

  /** Reads a configuration by a model's name, as `AutoConfig.from_pretrained`, which `modeling/` puts here. */
  static from_pretrained: (name: string, options?: Fields) => Promise<PretrainedConfig> = name =>
    Promise.reject(new Error(`Cannot find ${name} as only AutoConfig can look for models: it is not loaded`));

  [key: string]: unknown;
  /** Which family: 'qwen2', 'llama' … */
  declare model_type: string;
  /** Python classes the checkpoint was saved from, e.g. ['Qwen2ForCausalLM']. */
  declare architectures: string[] | null;
  /** Element type the weights are stored in: 'bfloat16', 'float32' …, or null if the file does not say. */
  declare dtype: string | null;
  declare is_encoder_decoder: boolean;
  /** Names of the classes of a classifier, by index. */
  declare id2label: { [index: string]: string };
  declare label2id: { [label: string]: number };
  /** Where it was loaded from. Not written to files. */
  declare _name_or_path: string;
  declare _output_attentions: boolean;
  declare _attn_implementation: string | null;
  /** The file this was read from, or null: `GenerationConfig` is derived from its keys. */
  declare _file: Fields | null;

  /**
   * @param fields Keys as in config.json; `model_type` is needed unless the class has one.
   * @throws {TypeError} If a field is not of its type.
   * @throws {RangeError} If sizes contradict each other, naming the keys.
   */
  constructor(fields: Fields = {}) {
    const given = cloneJson(fields);
    const own = (this.constructor as typeof PretrainedConfig).model_type;
    const model_type = own || (typeof given['model_type'] === 'string' ? given['model_type'] : '');
    delete given['model_type'];
    delete given['transformers_version'];
    const entry = configEntry(model_type);
    this.defineAccessors(entry?.aliases ?? {});

    const extras: Fields = {};
    this.model_type = model_type;
    for (const [key, value] of Object.entries(commonDefaults)) {
      if (!PRIVATE.has(key) && key !== 'id2label' && key !== 'label2id') {
        this[key] = cloneJson(value);
      }
    }
    this.id2label = null as never;
    this.label2id = null as never;
    for (const [key, [value]] of Object.entries(entry?.fields ?? {})) {
      this[key] = cloneJson(value);
    }
    for (const [key, value] of Object.entries(given)) {
      const field = Object.hasOwn(commonDefaults, key)
        ? !PRIVATE.has(key)
        : entry !== undefined && Object.hasOwn(entry.fields, key);
      (field ? this : extras)[key] = value;
    }
    if (entry) {
      validateTypes(this, entry);
    }
    derive(model_type, this, extras);
    this.nestParts(entry?.parts ?? {}, extras);
    this.takeDtype(extras);
    this.takeLabels(extras);
    const rotates = entry ? 'rope_parameters' in entry.fields : 'rope_parameters' in extras;
    if (rotates && !entry) {
      this['rope_parameters'] = extras['rope_parameters'];
      delete extras['rope_parameters'];
    }
    if (rotates || (extras['rope_scaling'] && extras['rope_theta'])) {
      deriveRope(model_type, this, extras, entry?.default_theta ?? 10_000);
    }
    this.takeExtras(extras);
    if (entry) {
      validateTypes(this, entry);
    }
    validateSizes(this, entry);
  }

  /**
   * Makes a configuration of the content of a config.json.
   *
   * @param raw The parsed file. Not modified.
   * @param overrides Fields to replace; those the configuration does not have are left out.
   * @throws {TypeError} If `raw` is not an object, or a field is not of its type.
   * @throws {RangeError} If sizes contradict each other, naming the keys.
   */
  static fromDict<T extends PretrainedConfig>(
    this: new (fields?: Fields) => T,
    raw: Readonly<Fields>,
    overrides: Readonly<Fields> = {}
  ): T {
    return splitOverrides(this, raw, overrides)[0];
  }

  /** The same under Python's name. */
  static from_dict<T extends PretrainedConfig>(
    this: new (fields?: Fields) => T,
    raw: Readonly<Fields>,
    overrides: Readonly<Fields> = {}
  ): T {
    return splitOverrides(this, raw, overrides)[0];
  }

  /**
   * The same, and the overrides that name nothing the configuration has (Python's `return_unused_kwargs`).
   *
   * @returns The configuration and the unused overrides.
   */
  static fromDictWithUnused<T extends PretrainedConfig>(
    this: new (fields?: Fields) => T,
    raw: Readonly<Fields>,
    overrides: Readonly<Fields> = {}
  ): [T, Fields] {
    return splitOverrides(this, raw, overrides);
  }

  /** Number of classes of a classifier. Setting it renames them LABEL_0, LABEL_1 … */
  get num_labels(): number {
    return Object.keys(this.id2label ?? {}).length;
  }

  set num_labels(count: number) {
    if (this.id2label && this.num_labels === count) {
      return;
    }
    if (!Number.isInteger(count) || count < 0 || count > MOST_LABELS) {
      throw new RangeError(
        `Cannot name classes as num_labels must be a whole number up to ${MOST_LABELS}: current value is ${count}`
      );
    }
    const names = Array.from({ length: count }, (_, i) => `LABEL_${i}`);
    this.id2label = Object.fromEntries(names.map((name, i) => [String(i), name]));
    this.label2id = Object.fromEntries(names.map((name, i) => [name, i]));
  }

  /** Where the configuration was loaded from. */
  get name_or_path(): string {
    return this._name_or_path;
  }

  set name_or_path(name: string) {
    this._name_or_path = String(name);
  }

  /** Whether `forward` returns attentions without being asked. */
  get output_attentions(): boolean {
    return this._output_attentions;
  }

  set output_attentions(value: boolean) {
    this._output_attentions = value;
  }

  /** The part that describes the text model: this, or the nested `text_config`. */
  get_text_config(): PretrainedConfig {
    const text = this['text_config'];
    return text instanceof PretrainedConfig ? text : this;
  }

  /** Sets several fields. */
  update(fields: Readonly<Fields>): void {
    for (const [key, value] of Object.entries(cloneJson(fields as Fields))) {
      if (isSafeKey(key)) {
        this[key] = value;
      }
    }
  }

  /** All fields as plain JSON, defaults included; equal to Python's `to_dict()`. */
  to_dict(): Fields {
    const out: Fields = {};
    for (const key of Object.keys(this)) {
      const value = this[key];
      if (value instanceof PretrainedConfig) {
        out[key] = value.to_dict();
        delete (out[key] as Fields)['transformers_version'];
      } else {
        out[key] = cloneJson(value);
      }
    }
    out['_name_or_path'] = this._name_or_path;
    out['output_attentions'] = this._output_attentions;
    out['transformers_version'] = TRANSFORMERS_VERSION;
    if (this.model_type === 'gemma3_text' && this['use_bidirectional_attention']) {
      // The window was halved when it was read, and will be again.
      out['sliding_window'] = (Number(this['sliding_window']) - 1) * 2;
    }
    return out;
  }

  /** The fields that differ from what every configuration has, as `save_pretrained` writes them. */
  to_diff_dict(): Fields {
    const defaults = configEntry(this.model_type)?.fields ?? {};
    const out: Fields = {};
    const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
    for (const [key, value] of Object.entries(this.to_dict())) {
      const own = Object.hasOwn(defaults, key) ? defaults[key]![0] : undefined;
      const common = Object.hasOwn(commonDefaults, key) ? commonDefaults[key] : undefined;
      if (this[key] instanceof PretrainedConfig) {
        out[key] = withoutCommon(value as Fields);
      } else if (
        !Object.hasOwn(commonDefaults, key) ||
        !same(value, common) ||
        (own !== undefined && !same(value, own))
      ) {
        out[key] = value;
      }
    }
    delete out['_name_or_path'];
    return out;
  }

  /**
   * JSON text as Python writes config.json: sorted keys, two spaces.
   *
   * @param use_diff Leave out what every configuration has at its default. Default true.
   */
  to_json_string(use_diff = true): string {
    const fields = use_diff ? this.to_diff_dict() : this.to_dict();
    return `${JSON.stringify(encodeFloats(sorted(fields)), null, 2)}\n`;
  }

  toJSON(): Fields {
    return this.to_dict();
  }

  toString(): string {
    const own = (this.constructor as typeof PretrainedConfig).model_type;
    const name = own ? this.constructor.name : (configEntry(this.model_type)?.name ?? this.constructor.name);
    return `${name} ${this.to_json_string()}`;
  }

  /** Other names of fields, and the names of version 4. */
  private defineAccessors(aliases: { readonly [name: string]: string }): void {
    hide(this, '_name_or_path', '');
    hide(this, '_output_attentions', false);
    hide(this, '_attn_implementation', null);
    hide(this, '_file', null);
    for (const [name, field] of Object.entries(aliases)) {
      Object.defineProperty(this, name, {
        get: () => this[field],
        set: (value: unknown) => {
          this[field] = value;
        },
        enumerable: false,
        configurable: true
      });
    }
    Object.defineProperty(this, 'torch_dtype', {
      get: () => this.dtype,
      set: (value: unknown) => {
        this.dtype = value as string;
      },
      enumerable: false,
      configurable: true
    });
  }

  private nestParts(parts: { readonly [field: string]: string }, extras: Fields): void {
    for (const [field, model_type] of Object.entries(parts)) {
      const value = this[field];
      const given = isFields(value) ? value : {};
      // CLIP's first files have the part twice; the one called `_dict`, defaults included, has priority.
      const whole = extras[`${field}_dict`];
      delete extras[`${field}_dict`];
      const before = isFields(whole) ? new PretrainedConfig({ ...whole, model_type }).to_dict() : {};
      this[field] = new PretrainedConfig({ ...given, ...before, model_type });
    }
  }

  private takeDtype(extras: Fields): void {
    this.dtype = stripTorch(this.dtype ?? extras['torch_dtype']);
    delete extras['torch_dtype'];
  }

  private takeLabels(extras: Fields): void {
    const count = extras['num_labels'];
    delete extras['num_labels'];
    if (this.id2label === null || this.id2label === undefined) {
      this.num_labels = typeof count === 'number' ? count : 2;
    }
  }

  private takeExtras(extras: Fields): void {
    for (const key of generationParameters) {
      delete extras[key];
    }
    this._name_or_path = String(extras['_name_or_path'] ?? extras['name_or_path'] ?? '');
    this._output_attentions = Boolean(extras['output_attentions'] ?? false);
    this._attn_implementation = (extras['attn_implementation'] as string | undefined) ?? null;
    for (const key of ['_name_or_path', 'name_or_path', 'output_attentions', 'attn_implementation', '_commit_hash']) {
      delete extras[key];
    }
    for (const [key, value] of Object.entries(extras)) {
      // A key that is the name of a method would hide it.
      if (isSafeKey(key) && typeof (PretrainedConfig.prototype as Fields)[key] !== 'function') {
        this[key] = value;
      }
    }
    if ('rope_parameters' in this) {
      this.defineOldRope(Object.hasOwn(this, 'rope_theta'), Object.hasOwn(this, 'rope_scaling'));
    }
  }

  /** `rope_theta` and `rope_scaling` as views of `rope_parameters`, unless the file's own keys are kept. */
  private defineOldRope(hasTheta: boolean, hasScaling: boolean): void {
    const rope = (): Fields => {
      const all = this['rope_parameters'];
      if (!isFields(all)) {
        return {};
      }
      const full = nestedKeys(this, all).length ? all['full_attention'] : all;
      return isFields(full) ? full : {};
    };
    if (!hasTheta) {
      Object.defineProperty(this, 'rope_theta', {
        get: () => rope()['rope_theta'],
        set: (value: unknown) => {
          rope()['rope_theta'] = value;
        },
        enumerable: false,
        configurable: true
      });
    }
    if (!hasScaling) {
      Object.defineProperty(this, 'rope_scaling', {
        get: () => this['rope_parameters'],
        set: (value: unknown) => {
          const given = isFields(value) ? value : {};
          this['rope_parameters'] = {
            rope_theta: rope()['rope_theta'],
            rope_type: given['type'] ?? 'default',
            ...given
          };
        },
        enumerable: false,
        configurable: true
      });
    }
  }
}

/** 'torch.bfloat16' → 'bfloat16'. */
function stripTorch(dtype: unknown): string | null {
  return typeof dtype === 'string' ? dtype.replace(/^torch\./, '') : null;
}

/** Names of version 4 that are set on the finished configuration, through its accessors. */
const AFTERWARDS = ['rope_theta', 'rope_scaling', 'output_attentions', 'name_or_path'];

function splitOverrides<T extends PretrainedConfig>(
  make: new (fields?: Fields) => T,
  raw: Readonly<Fields>,
  overrides: Readonly<Fields>
): [T, Fields] {
  if (!isFields(raw)) {
    throw new TypeError('Cannot read config.json as it must hold an object: current value is not one');
  }
  const merged: Fields = cloneJson(raw as Fields);
  const model_type = (make as unknown as typeof PretrainedConfig).model_type || String(merged['model_type'] ?? '');
  const entry = configEntry(model_type);
  const unused: Fields = {};
  const later: Fields = {};
  for (const [key, value] of Object.entries(overrides)) {
    const field = entry?.aliases?.[key] ?? (key === 'torch_dtype' ? 'dtype' : key);
    if (AFTERWARDS.includes(key)) {
      later[key] = value;
    } else if (field === 'dtype') {
      if (value !== 'auto' && value !== undefined) {
        merged['dtype'] = value;
      }
    } else if (field === 'num_labels') {
      delete merged['id2label'];
      delete merged['label2id'];
      merged[field] = value;
    } else if (
      field in merged ||
      Object.hasOwn(commonDefaults, field) ||
      (entry !== undefined && Object.hasOwn(entry.fields, field))
    ) {
      const part = entry?.parts?.[field];
      merged[field] = part && isFields(value) ? { ...(merged[field] as Fields | undefined), ...value } : value;
      delete merged[entry?.aliases && key in entry.aliases ? key : ''];
    } else if (key === 'attn_implementation') {
      merged[key] = value;
    } else {
      unused[key] = value;
    }
  }
  const types = merged['layer_types'];
  const layers = overrides['num_hidden_layers'];
  if (Array.isArray(types) && typeof layers === 'number' && !('layer_types' in overrides)) {
    merged['layer_types'] = types.slice(0, layers);
  }
  const config = new make(merged);
  config._file = cloneJson(raw as Fields);
  for (const [key, value] of Object.entries(later)) {
    if (key in config) {
      (config as Fields)[key] = value;
    } else {
      unused[key] = value;
    }
  }
  return [config, unused];
}

function withoutCommon(fields: Fields): Fields {
  const out: Fields = {};
  for (const [key, value] of Object.entries(fields)) {
    if (!Object.hasOwn(commonDefaults, key) || JSON.stringify(value) !== JSON.stringify(commonDefaults[key])) {
      out[key] = value;
    }
  }
  return out;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (!isFields(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, sorted(value[key])])
  );
}

/** JSON has no infinities: Python writes them as `{"__float__": "Infinity"}`. */
function encodeFloats(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { __float__: Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' };
  }
  if (Array.isArray(value)) {
    return value.map(encodeFloats);
  }
  if (isFields(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encodeFloats(item)]));
  }
  return value;
}
