/**
 * Rotary scaling a GGUF file states: in its metadata, or as tensors of factors the frequencies are divided by.
 *
 * Python's loader drops both, and computes such models with unscaled positions; what the file says counts here.
 */
import { decode } from './decode';
import type { GgufFile, GgufTensor, GgufValue } from './gguf';

type Config = Record<string, unknown>;

/** `rope_scaling` as a `config.json` has it, and the keys beside it. */
export interface RopeKeys {
  readonly rope_scaling?: Config;
  readonly original_max_position_embeddings?: number;
}

/** Llama 3's constants; only the factor differs between its sizes. */
const llama3 = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/**
 * Reads the scaling.
 *
 * @param file The parsed header.
 * @param value Looks a metadata key of the architecture up.
 * @param theta The base of the frequencies.
 */
export async function ropeKeys(
  file: GgufFile,
  value: (key: string) => GgufValue | undefined,
  theta: number
): Promise<RopeKeys> {
  const [long, short, freqs] = await Promise.all(
    ['rope_factors_long', 'rope_factors_short', 'rope_freqs'].map(name => factors(file, `${name}.weight`))
  );
  const original = value('rope.scaling.original_context_length');
  if (long && short) {
    return {
      rope_scaling: { rope_type: 'longrope', long_factor: [...long], short_factor: [...short] },
      ...(typeof original === 'number' ? { original_max_position_embeddings: original } : {})
    };
  }
  if (freqs) {
    return fromFrequencyFactors(freqs, theta, value('context_length'));
  }
  const type = value('rope.scaling.type');
  const factor = value('rope.scaling.factor');
  if (typeof type !== 'string' || type === 'none' || typeof factor !== 'number') {
    return {};
  }
  const trained = typeof original === 'number' ? { original_max_position_embeddings: original } : {};
  return { rope_scaling: { rope_type: type, factor, ...trained } };
}

/** One set of factors for all lengths: Llama 3's rule where it gives them, otherwise as they are. */
function fromFrequencyFactors(values: Float32Array, theta: number, context: GgufValue | undefined): RopeKeys {
  if (values.every(value => value === 1)) {
    return {};
  }
  const factor = Math.max(...values);
  const ruled = llama3Factors(values.length, theta, factor);
  if (ruled.every((value, i) => Math.abs(value - values[i]!) <= 1e-4 * value)) {
    return { rope_scaling: { rope_type: 'llama3', factor, ...llama3 } };
  }
  const trained = typeof context === 'number' ? { original_max_position_embeddings: context } : {};
  const rope_scaling = {
    rope_type: 'longrope',
    long_factor: [...values],
    short_factor: [...values],
    attention_factor: 1,
    ...trained
  };
  return { rope_scaling };
}

/** What llama.cpp's converter writes for Llama 3. */
function llama3Factors(count: number, theta: number, factor: number): number[] {
  const { low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: trained } = llama3;
  return Array.from({ length: count }, (_, i) => {
    const wavelength = 2 * Math.PI * Math.pow(theta, i / count);
    if (wavelength < trained / high) {
      return 1;
    }
    if (wavelength > trained / low) {
      return factor;
    }
    const smooth = (trained / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

/** A small tensor's values; heads have at most some hundred dimensions. */
async function factors(file: GgufFile, name: string): Promise<Float32Array | undefined> {
  const tensor: GgufTensor | undefined = file.tensors.find(other => other.name === name);
  if (!tensor || tensor.dims.length !== 1 || tensor.dims[0]! > 4096) {
    return undefined;
  }
  const { dims, dtype, begin, end } = tensor;
  return decode({ name, dims, dtype, bytes: await file.source.read(begin, end) });
}
