/** Checks of a configuration: types of its fields and sizes that contradict each other. */
import { isFields, type ConfigEntry, type Fields, type FieldType } from './entry';
import { validateRope } from './rope';

const LAYER_TYPES = [
  'full_attention',
  'sliding_attention',
  'chunked_attention',
  'window_attention',
  'indexed_attention',
  'conv',
  'moe',
  'hybrid',
  'linear_attention'
];

/** Sizes that must be positive. */
const SIZES = [
  'vocab_size',
  'hidden_size',
  'intermediate_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'max_position_embeddings',
  'type_vocab_size',
  'image_size',
  'patch_size',
  'num_channels'
];

const WORDS: { readonly [kind: string]: string } = {
  int: 'a whole number',
  number: 'a number',
  bool: 'true or false',
  string: 'a string',
  list: 'a list',
  dict: 'an object',
  null: 'null'
};

function matches(value: unknown, kind: string): boolean {
  switch (kind) {
    case 'int':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'list':
      return Array.isArray(value);
    case 'dict':
      return isFields(value);
    case 'null':
      return value === null;
    default:
      return true;
  }
}

/** Shown in errors: a value shortened to what a line can hold. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** @throws {TypeError} If a field is not of its type. */
export function validateTypes(config: Fields, entry: ConfigEntry): void {
  for (const [field, [, type]] of Object.entries(entry.fields)) {
    checkType(field, config[field], type);
  }
}

function checkType(field: string, value: unknown, type: FieldType): void {
  const kinds = type.split(' | ');
  if (value !== undefined && !kinds.some(kind => matches(value, kind))) {
    const words = kinds.map(kind => WORDS[kind] ?? kind).join(' or ');
    throw new TypeError(`Cannot read config.json as ${field} must be ${words}: current value is ${shown(value)}`);
  }
}

/**
 * @param config A configuration, aliases readable.
 * @throws {RangeError} If sizes are not positive or contradict each other, naming the keys.
 */
export function validateSizes(config: Fields, entry: ConfigEntry | undefined): void {
  for (const key of SIZES) {
    const value = config[key];
    if (typeof value === 'number' && !(value > 0)) {
      throw new RangeError(`Cannot read config.json as ${key} must be positive: current value is ${value}`);
    }
  }
  const hidden = config['hidden_size'];
  const heads = config['num_attention_heads'];
  const ownHeadDim = typeof config['head_dim'] === 'number' && !!entry && 'head_dim' in entry.fields;
  if (
    typeof hidden === 'number' &&
    typeof heads === 'number' &&
    hidden % heads &&
    (entry?.checks_heads || !ownHeadDim)
  ) {
    throw new RangeError(
      `The hidden size (${hidden}) is not a multiple of the number of attention heads (${heads}): hidden_size and num_attention_heads in config.json contradict each other`
    );
  }
  const kv = config['num_key_value_heads'];
  if (typeof heads === 'number' && typeof kv === 'number' && heads % kv) {
    throw new RangeError(
      `Cannot read config.json as num_attention_heads must be a multiple of num_key_value_heads: current values are ${heads} and ${kv}`
    );
  }
  validateLayers(config);
  validateRope(config);
}

function validateLayers(config: Fields): void {
  const layers = config['num_hidden_layers'];
  const types = config['layer_types'];
  if (Array.isArray(types) && typeof layers === 'number') {
    const odd = types.find(type => !LAYER_TYPES.includes(type as string));
    if (odd !== undefined) {
      throw new RangeError(
        `The \`layer_types\` entries must be in (${LAYER_TYPES.map(type => `'${type}'`).join(', ')}) but got ${shown(types)}`
      );
    }
    if (types.length !== layers) {
      throw new RangeError(
        `\`num_hidden_layers\` (${layers}) must be equal to the number of \`layer_types\` (${types.length})`
      );
    }
  }
  const rope = config['no_rope_layers'];
  if (Array.isArray(rope) && typeof layers === 'number' && rope.length < layers) {
    throw new RangeError(
      `Cannot read config.json as no_rope_layers must have num_hidden_layers (${layers}) entries: current length is ${rope.length}`
    );
  }
}
