/**
 * `rope_theta` and `rope_scaling` of older files → `rope_parameters`.
 *
 * @see transformers/modeling_rope_utils.py, RotaryEmbeddingConfigMixin
 */
import { isFields, type Fields } from './entry';

/** Rotation types whose scaling refers to the length the model was trained with. */
const TRAINED_LENGTH = ['llama3', 'yarn', 'longrope'];

/** Keys each rotation type cannot do without. */
const REQUIRED: { readonly [type: string]: readonly string[] } = {
  linear: ['factor'],
  dynamic: ['factor'],
  yarn: ['factor', 'original_max_position_embeddings'],
  longrope: ['short_factor', 'long_factor', 'original_max_position_embeddings'],
  llama3: ['factor', 'original_max_position_embeddings', 'low_freq_factor', 'high_freq_factor', 'rope_theta']
};

/** The keys of `rope_parameters` that are layer types of this model: empty when there is one rotation for all. */
export function nestedKeys(config: Fields, parameters: Fields): string[] {
  const labels = Array.isArray(config['layer_types']) ? config['layer_types'] : [];
  return Object.keys(parameters).filter(key => labels.includes(key));
}

function setDefault(fields: Fields, key: string, value: unknown): void {
  if (!(key in fields)) {
    fields[key] = value;
  }
}

function take(extras: Fields, key: string, fallback: unknown): unknown {
  const value = key in extras ? extras[key] : fallback;
  delete extras[key];
  return value;
}

/**
 * Moves rotary settings out of `extras` into `config.rope_parameters`, as most classes do.
 *
 * @param config Fields of the configuration; `rope_parameters` is replaced.
 * @param extras Keys of the file that are no fields; what is used is removed.
 * @param defaultTheta Rotary base when there is none.
 */
export function convertRope(config: Fields, extras: Fields, defaultTheta: number): void {
  const scaling = take(extras, 'rope_scaling', undefined);
  const parameters = firstFields(scaling, config['rope_parameters']);
  const theta = take(extras, 'rope_theta', defaultTheta);
  const partial = take(extras, 'partial_rotary_factor', undefined);
  const nested = nestedKeys(config, parameters);
  for (const one of nested.length ? nested.map(key => parameters[key]) : [parameters]) {
    if (isFields(one)) {
      setDefault(one, 'rope_theta', theta);
      if (partial !== undefined && partial !== null) {
        setDefault(one, 'partial_rotary_factor', partial);
      }
    }
  }
  config['rope_parameters'] = parameters;
  standardise(config);
}

/** Phi-3: `partial_rotary_factor` stays a field too, and the older names of LongRoPE are understood. */
export function convertPhi3Rope(config: Fields, extras: Fields, defaultTheta: number): void {
  const scaling = take(extras, 'rope_scaling', undefined);
  const parameters = firstFields(scaling, config['rope_parameters']);
  setDefault(parameters, 'rope_theta', take(extras, 'rope_theta', defaultTheta));
  setDefault(parameters, 'partial_rotary_factor', extras['partial_rotary_factor'] ?? 1.0);
  const type = parameters['rope_type'] ?? parameters['type'];
  if (type === 'su' || type === 'yarn') {
    // The first checkpoints call it so. Python 5.23 renames it too late and then misses the trained length.
    parameters['rope_type'] = 'longrope';
  }
  config['rope_parameters'] = parameters;
  standardise(config);
}

/** GPT-NeoX: the keys are called `rotary_emb_base` and `rotary_pct`. */
export function convertNeoxRope(config: Fields, extras: Fields, defaultTheta: number): void {
  const scaling = take(extras, 'rope_scaling', undefined);
  const parameters = firstFields(scaling, config['rope_parameters']);
  setDefault(parameters, 'rope_theta', take(extras, 'rotary_emb_base', defaultTheta));
  setDefault(parameters, 'partial_rotary_factor', take(extras, 'rotary_pct', 0.25));
  config['rope_parameters'] = parameters;
  standardise(config);
}

/** Gemma 3: one rotation for windowed layers and another for full ones. */
export function convertGemma3Rope(config: Fields, extras: Fields): void {
  const scaling = take(extras, 'rope_scaling', undefined);
  const given = config['rope_parameters'];
  const parameters: Fields = isFields(given)
    ? given
    : { sliding_attention: { rope_type: 'default' }, full_attention: { rope_type: 'default' } };
  const part = (key: string): Fields => {
    if (!isFields(parameters[key])) {
      parameters[key] = { rope_type: 'default' };
    }
    return parameters[key] as Fields;
  };
  if (isFields(scaling)) {
    Object.assign(part('full_attention'), scaling);
  }
  setDefault(part('full_attention'), 'rope_theta', take(extras, 'rope_theta', 1_000_000));
  setDefault(part('sliding_attention'), 'rope_theta', take(extras, 'rope_local_base_freq', 10_000));
  config['rope_parameters'] = parameters;
  standardise(config);
}

/** Python's `a or b or {}` on objects. */
function firstFields(...candidates: unknown[]): Fields {
  for (const candidate of candidates) {
    if (isFields(candidate) && Object.keys(candidate).length > 0) {
      return candidate;
    }
  }
  return {};
}

function standardise(config: Fields): void {
  const parameters = config['rope_parameters'] as Fields;
  const nested = nestedKeys(config, parameters);
  if (nested.length === 0) {
    setDefault(parameters, 'rope_type', parameters['type'] ?? 'default');
    setDefault(parameters, 'rope_theta', null);
    if (TRAINED_LENGTH.includes(parameters['rope_type'] as string)) {
      if ('original_max_position_embeddings' in config) {
        // Phi-3 keeps the trained length outside, and it has priority.
        parameters['original_max_position_embeddings'] = config['original_max_position_embeddings'];
      } else {
        setDefault(parameters, 'original_max_position_embeddings', config['max_position_embeddings']);
      }
    }
    return;
  }
  for (const key of nested) {
    const one = parameters[key];
    if (!isFields(one)) {
      continue;
    }
    setDefault(one, 'rope_type', one['type'] ?? 'default');
    setDefault(one, 'rope_theta', null);
    if (TRAINED_LENGTH.includes(one['rope_type'] as string)) {
      setDefault(one, 'original_max_position_embeddings', config['max_position_embeddings']);
    }
  }
}

/**
 * Checks that each rotation has the keys its type needs.
 *
 * @throws {TypeError} Naming the missing keys, as Python's KeyError does.
 * @throws {RangeError} If a head has an odd number of dimensions to rotate.
 */
export function validateRope(config: Fields): void {
  const all = config['rope_parameters'];
  if (!isFields(all) || Object.keys(all).length === 0) {
    return;
  }
  const nested = nestedKeys(config, all);
  const rotations = nested.length ? nested.map(key => [key, all[key]] as const) : [['full_attention', all] as const];
  for (const [layerType, parameters] of rotations) {
    if (!isFields(parameters)) {
      continue;
    }
    const type = String(parameters['rope_type'] ?? parameters['type'] ?? 'default');
    const missing = (Object.hasOwn(REQUIRED, type) ? REQUIRED[type]! : []).filter(key => !(key in parameters));
    if (missing.length) {
      throw new TypeError(
        `Missing required keys in \`rope_parameters\` for 'rope_type'='${type}': {${missing.map(key => `'${key}'`).join(', ')}}`
      );
    }
    const headDim = config['head_dim'];
    const partial = typeof parameters['partial_rotary_factor'] === 'number' ? parameters['partial_rotary_factor'] : 1;
    if (typeof headDim === 'number' && headDim > 4 && headDim % 2 && Math.trunc(headDim * partial) === headDim) {
      throw new RangeError(
        `RoPE requires an even rotary dimension, but got \`head_dim\`=${headDim} with \`partial_rotary_factor\`=${partial} for \`${layerType}\`.`
      );
    }
  }
}
