/**
 * A checkpoint of random weights for a configuration: what `from_config` loads.
 */
import type { Checkpoint, RawTensor, TensorInfo } from '../checkpoint/checkpoint';
import { checkRows, missingTensor } from '../checkpoint/checkpoint';
import { buildCrossCaches, buildStack } from '../graph/stack';
import type { Target } from '../graph/builder';
import { initialise } from '../inference/weights';
import { expandSource } from '../inference/weight-source';
import type { Architecture, Stack, WeightSource } from '../models/architecture';

const TARGET: Target = { device: 'cpu', linear: 'float32', edits: [] };

/**
 * Names and dims of every tensor a model needs, as a checkpoint would store them; values are drawn from a normal
 * distribution (norms are 1, biases 0), always the same for the same name and seed.
 *
 * @param deviation Standard deviation (`initializer_range`).
 */
export function freshCheckpoint(architecture: Architecture, deviation = 0.02, seed = 0): Checkpoint {
  const infos = new Map<string, TensorInfo>();
  for (const [canonical, dims] of requirements(architecture)) {
    const source = expandSource(architecture.weights, canonical);
    if (source) {
      for (const { name, dims: stored } of storedTensors(source, dims)) {
        const byteLength = 4 * stored.reduce((a, b) => a * b, 1);
        infos.set(name, { name, dims: stored, dtype: 'F32', stored: 'F32', byteLength, file: 'fresh weights' });
      }
    }
  }
  const info = (name: string): TensorInfo => {
    const found = infos.get(name);
    if (!found) {
      throw missingTensor(name, 'fresh weights', [...infos.keys()]);
    }
    return found;
  };
  const readSync = (name: string): RawTensor => {
    const { dims, dtype } = info(name);
    const values = initialise(`${seed}|${name}`, dims, deviation);
    return { name, dims, dtype, bytes: new Uint8Array(values.buffer) };
  };
  const readRowsSync = (name: string, begin: number, end: number): RawTensor => {
    checkRows(info(name), begin, end);
    const whole = readSync(name);
    const width = whole.bytes.byteLength / (whole.dims[0] ?? 1);
    return {
      ...whole,
      dims: [end - begin, ...whole.dims.slice(1)],
      bytes: whole.bytes.slice(begin * width, end * width)
    };
  };
  return {
    format: 'safetensors',
    names: [...infos.keys()],
    identity: `fresh|${seed}|${deviation}`,
    metadata: {},
    has: name => infos.has(name),
    info,
    read: async name => readSync(name),
    readSync,
    readRows: async (name, begin, end) => readRowsSync(name, begin, end),
    readRowsSync
  };
}

/** Canonical names and the dims the graphs expect. */
function requirements(architecture: Architecture): Map<string, readonly number[]> {
  const all = new Map<string, readonly number[]>();
  const [first] = architecture.stacks;
  for (const stack of architecture.stacks) {
    buildStack(stack, TARGET).weights.forEach(w => all.set(w.name, w.dims));
    if (stack.blocks.some(b => b.cross_attention)) {
      buildCrossCaches(stack, first!.hidden_size, TARGET).weights.forEach(w => all.set(w.name, w.dims));
    }
    tables(stack).forEach(([name, dims]) => all.set(`${stack.prefix}${name}`, dims));
  }
  if ('logit_scale' in architecture.weights) {
    all.set('logit_scale', []);
  }
  return all;
}

/** Lookup tables, which never enter a graph. */
function tables({ embedding, hidden_size, relative_bias }: Stack): [string, readonly number[]][] {
  const { tokens, positions, types } = embedding;
  return [
    ...(tokens ? [['embed.weight', [tokens.vocab_size, tokens.dim]] as [string, number[]]] : []),
    ...(positions ? [['pos_embed.weight', [positions.rows, hidden_size]] as [string, number[]]] : []),
    ...(types ? [['type_embed.weight', [types.rows, hidden_size]] as [string, number[]]] : []),
    ...(relative_bias
      ? [['relative_bias.weight', [relative_bias.buckets, relative_bias.heads]] as [string, number[]]]
      : [])
  ];
}

/** The tensors a source stands for: the inverse of what loading does to them. */
function storedTensors(source: WeightSource, dims: readonly number[]): { name: string; dims: readonly number[] }[] {
  const whole = source.rows ? [source.rows.groups * source.rows.size, ...dims.slice(1)] : dims;
  const stored = source.transpose ? [...whole].reverse() : whole;
  const { join } = source;
  return join === undefined
    ? [{ name: source.name, dims: stored }]
    : Array.from({ length: join }, (_, n) => ({
        name: source.name.replace('{n}', String(n)),
        dims: [stored[0]! / join, ...stored.slice(1)]
      }));
}
