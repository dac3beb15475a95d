/**
 * Rotary frequencies as `transformers/modeling_rope_utils.py` makes them, in float32.
 */
import type { PretrainedConfig } from '../config/config';
import type { Rope } from './architecture';
import { num, optionalNum, ropeParameters } from './fields';

const f = Math.fround;

interface Parameters {
  readonly [key: string]: unknown;
}

/** 1 / base^(2i / dim), i = 0 … dim/2 − 1. */
export function plainFrequencies(base: number, dim: number): Float32Array {
  return Float32Array.from({ length: dim / 2 }, (_, i) => f(1 / f(Math.pow(base, f((2 * i) / dim)))));
}

/** Describes the rotation `config.rope_parameters` asks for; `layerType` picks one where layers differ. */
export function ropeFromConfig(config: PretrainedConfig, headDim: number, layerType?: string): Rope {
  const parameters = ropeParameters(config, layerType);
  const number = (key: string, fallback?: number): number => {
    const value = parameters[key] ?? fallback;
    if (typeof value !== 'number') {
      throw new TypeError(
        `Cannot build the rotary embedding as rope_parameters.${key} must be a number: current value is ${JSON.stringify(value)}`
      );
    }
    return value;
  };
  const base = number('rope_theta', optionalNum(config, 'rope_theta') ?? 10000);
  const fraction = number('partial_rotary_factor', optionalNum(config, 'partial_rotary_factor') ?? 1);
  const dim = Math.trunc(headDim * fraction);
  const type = (parameters['rope_type'] ?? parameters['type'] ?? 'default') as string;
  const constant = (frequencies: Float32Array, scaling = 1): Rope => ({
    dim,
    inv_freq: () => frequencies,
    attention_scaling: () => scaling
  });
  switch (type) {
    case 'default':
      return constant(plainFrequencies(base, dim));
    case 'linear': {
      const factor = number('factor');
      return constant(plainFrequencies(base, dim).map(v => f(v / factor)));
    }
    case 'dynamic':
      return dynamic(config, number, base, dim);
    case 'yarn':
      return yarn(config, parameters, number, base, dim, constant);
    case 'llama3':
      return constant(llama3(number, plainFrequencies(base, dim)));
    case 'longrope':
      return longrope(config, parameters, number, base, dim);
    default:
      throw new RangeError(
        `Cannot build the rotary embedding as rope_type must be one of default, linear, dynamic, yarn, llama3, longrope: current value is ${type}`
      );
  }
}

/** NTK-aware scaling that grows with the sequence once it is longer than the training length. */
function dynamic(config: PretrainedConfig, number: (k: string, d?: number) => number, base: number, dim: number): Rope {
  const trained = number('original_max_position_embeddings', num(config, 'max_position_embeddings'));
  const factor = number('factor');
  return {
    dim,
    inv_freq: seq_len => {
      const length = Math.max(seq_len, trained);
      // In float32, as Python has the length as a tensor.
      const stretch = f(f(f(factor * length) / trained) - f(factor - 1));
      const grown = f(base * f(Math.pow(stretch, dim / (dim - 2))));
      return plainFrequencies(grown, dim);
    },
    attention_scaling: () => 1
  };
}

/** @see https://arxiv.org/abs/2309.00071 */
function yarn(
  config: PretrainedConfig,
  parameters: Parameters,
  number: (k: string, d?: number) => number,
  base: number,
  dim: number,
  constant: (frequencies: Float32Array, scaling?: number) => Rope
): Rope {
  const trained = number('original_max_position_embeddings', num(config, 'max_position_embeddings'));
  const factor = number('factor', num(config, 'max_position_embeddings') / trained);
  const mscale = (scale: number, m = 1) => (scale <= 1 ? 1 : 0.1 * m * Math.log(scale) + 1);
  const scaling =
    typeof parameters['attention_factor'] === 'number'
      ? parameters['attention_factor']
      : parameters['mscale'] && parameters['mscale_all_dim']
        ? mscale(factor, number('mscale')) / mscale(factor, number('mscale_all_dim'))
        : mscale(factor);
  const rotations = (turns: number) => (dim * Math.log(trained / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  let low = rotations(number('beta_fast', 32) || 32);
  let high = rotations(number('beta_slow', 1) || 1);
  if (parameters['truncate'] !== false) {
    low = Math.floor(low);
    high = Math.ceil(high);
  }
  low = Math.max(low, 0);
  high = Math.min(high, dim - 1);
  if (low === high) {
    high += 0.001;
  }
  const frequencies = Float32Array.from({ length: dim / 2 }, (_, i) => {
    const power = f(Math.pow(base, f((2 * i) / dim)));
    const extrapolated = f(1 / power);
    const interpolated = f(1 / f(factor * power));
    const ramp = f(Math.min(1, Math.max(0, f(f(i - f(low)) / f(high - low)))));
    const keep = f(1 - ramp);
    return f(f(interpolated * f(1 - keep)) + f(extrapolated * keep));
  });
  return constant(frequencies, scaling);
}

/** Llama 3.1: long wavelengths are stretched, short ones kept, those between blended. */
function llama3(number: (k: string) => number, plain: Float32Array): Float32Array {
  const factor = number('factor');
  const low = number('low_freq_factor');
  const high = number('high_freq_factor');
  const trained = number('original_max_position_embeddings');
  return plain.map(v => {
    const wavelength = f(f(2 * Math.PI) / v);
    if (wavelength < trained / high) {
      return v;
    }
    if (wavelength > trained / low) {
      return f(v / factor);
    }
    const smooth = f(f(f(trained / wavelength) - low) / (high - low));
    return f(f(f(f(1 - smooth) * v) / factor) + f(smooth * v));
  });
}

/** @see https://arxiv.org/abs/2402.13753 */
function longrope(
  config: PretrainedConfig,
  parameters: Parameters,
  number: (k: string, d?: number) => number,
  base: number,
  dim: number
): Rope {
  const trained = number(
    'original_max_position_embeddings',
    optionalNum(config, 'original_max_position_embeddings') ?? num(config, 'max_position_embeddings')
  );
  const factor = number('factor', num(config, 'max_position_embeddings') / trained);
  const scaling =
    typeof parameters['attention_factor'] === 'number'
      ? parameters['attention_factor']
      : factor <= 1
        ? 1
        : Math.sqrt(1 + Math.log(factor) / Math.log(trained));
  const factors = (key: string): readonly number[] => {
    const list = parameters[key];
    if (!Array.isArray(list) || list.length !== dim / 2) {
      throw new TypeError(
        `Cannot build the rotary embedding as rope_parameters.${key} must be a list of ${dim / 2} numbers: current length is ${Array.isArray(list) ? list.length : 'none'}`
      );
    }
    return list as number[];
  };
  const frequencies = (list: readonly number[]) =>
    Float32Array.from({ length: dim / 2 }, (_, i) => f(1 / f(f(list[i]!) * f(Math.pow(base, f((2 * i) / dim))))));
  const short = frequencies(factors('short_factor'));
  const long = frequencies(factors('long_factor'));
  return {
    dim,
    inv_freq: seq_len => (seq_len > trained ? long : short),
    attention_scaling: () => scaling
  };
}
