import type { PretrainedConfig } from '../config/config';
import type { Activation } from './architecture';

type Fields = { readonly [key: string]: unknown };

function fault(config: PretrainedConfig, key: string, want: string): TypeError {
  const value = JSON.stringify((config as unknown as Fields)[key]) ?? 'missing';
  return new TypeError(
    `Cannot build ${config.model_type} as ${key} in config.json must be ${want}: current value is ${value}`
  );
}

/** A field that must be a finite number. */
export function num(config: PretrainedConfig, key: string): number {
  const value = (config as unknown as Fields)[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw fault(config, key, 'a number');
  }
  return value;
}

/** A field that may be absent or null. */
export function optionalNum(config: PretrainedConfig, key: string): number | undefined {
  const value = (config as unknown as Fields)[key];
  return value === undefined || value === null ? undefined : num(config, key);
}

/** A positive whole number. */
export function size(config: PretrainedConfig, key: string): number {
  const value = num(config, key);
  if (!Number.isInteger(value) || value < 1) {
    throw fault(config, key, 'a positive whole number');
  }
  return value;
}

/** A switch; absent or null is the default. */
export function flag(config: PretrainedConfig, key: string, byDefault = false): boolean {
  const value = (config as unknown as Fields)[key];
  if (value === undefined || value === null) {
    return byDefault;
  }
  if (typeof value !== 'boolean') {
    throw fault(config, key, 'true or false');
  }
  return value;
}

/** A string field. */
export function text(config: PretrainedConfig, key: string): string {
  const value = (config as unknown as Fields)[key];
  if (typeof value !== 'string') {
    throw fault(config, key, 'a string');
  }
  return value;
}

/** A list field, or undefined. */
export function list<T>(config: PretrainedConfig, key: string): readonly T[] | undefined {
  const value = (config as unknown as Fields)[key];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!Array.isArray(value)) {
    throw fault(config, key, 'a list');
  }
  return value as T[];
}

/** The parameters of one kind of layer's rotation, whether nested by layer type (Gemma 3) or not. */
export function ropeParameters(config: PretrainedConfig, layerType?: string): Fields {
  const all = (config as unknown as Fields)['rope_parameters'] as Fields | null | undefined;
  const nested = layerType && all ? all[layerType] : undefined;
  return (nested as Fields | undefined) ?? all ?? {};
}

/** Python's ACT2FN spellings that mean the same function. */
const ACTIVATIONS: { readonly [name: string]: Activation } = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
  relu: 'relu',
  relu2: 'relu2',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  linear: 'linear'
};

/** An activation function by its name in config.json. */
export function activation(config: PretrainedConfig, key: string): Activation {
  const name = text(config, key);
  const fn = ACTIVATIONS[name];
  if (!fn) {
    throw fault(config, key, `one of ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
  return fn;
}

/** The same configuration with some fields read otherwise, for families that spell a shared field differently. */
export function withFields(config: PretrainedConfig, fields: Fields): PretrainedConfig {
  return Object.assign(Object.create(config) as PretrainedConfig, fields);
}
