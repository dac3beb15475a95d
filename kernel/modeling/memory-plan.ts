/** How much memory models will take, from their configurations alone. */
import { PretrainedConfig } from '../config/config';
import type { LinearFormat } from '../graph/builder';
import type { DeviceName } from '../host/host';
import type { Architecture, Task } from '../models/architecture';
import { getFamily } from '../models/registry';
import { weightBytes } from './plan';

/** One model in one precision. */
export interface MemoryRow {
  /** The configuration's name, or its model_type. */
  readonly model: string;
  readonly dtype: string;
  /** Bytes of weights as the engine holds them. */
  readonly weights: number;
  /** Bytes of token, position and segment tables, kept as stored and looked up outside the engine. */
  readonly tables: number;
  /** Bytes of keys and values per position and batch row. */
  readonly cache_per_position: number;
  /** Weights, tables and the cache of the positions asked for. */
  readonly total: number;
}

/** What `memory_plan` returns; printed as a table. */
export interface MemoryPlan {
  readonly rows: readonly MemoryRow[];
  /** Sum over the models, by dtype. */
  readonly totals: { readonly [dtype: string]: number };
  toString(): string;
}

export interface MemoryPlanOptions {
  /** Precisions to plan for. Default float16, q8 and q4. */
  dtypes?: readonly ('float32' | 'float16' | 'q8' | 'q4')[];
  /** Where the models are to run; decides the form of q8. Default webgpu. */
  device?: DeviceName;
  /** Positions held in each cache. Default 1024. */
  positions?: number;
  /** Rows of the batch. Default 1. */
  batch?: number;
}

const STORED: Readonly<Record<string, number>> = { float32: 4, float16: 2, bfloat16: 2, float64: 8 };

/**
 * Plans the memory of models before anything of them loads.
 *
 * @param configs One configuration or several that run together; of a CLIP that serves as vision tower, its
 *   `vision_config`.
 * @returns Bytes by model and precision, and their sums; prints as a table.
 *
 * @example
 * const qwen = await AutoConfig.from_pretrained('Qwen-1_8B-Chat');
 * const clip = await AutoConfig.from_pretrained('clip-vit-large-patch14');
 * memory_plan([qwen, clip.vision_config]);
 */
export function memory_plan(
  configs: PretrainedConfig | readonly PretrainedConfig[],
  options: MemoryPlanOptions = {}
): MemoryPlan {
  const { dtypes = ['float16', 'q8', 'q4'], device = 'webgpu', positions = 1024, batch = 1 } = options;
  const list = configs instanceof PretrainedConfig ? [configs] : configs;
  const rows = list.flatMap(config => {
    if (!(config instanceof PretrainedConfig)) {
      throw new TypeError(
        `Cannot plan memory as each model must be given by its configuration: one is ${typeof config}`
      );
    }
    const family = getFamily(config.model_type);
    const task: Task = family.classes.causal_lm ? 'causal_lm' : 'base';
    const architecture = family.architecture(config, task);
    const tables = tableBytes(architecture, STORED[String(config.dtype ?? 'float32')] ?? 4);
    const cache = cacheBytes(architecture);
    return dtypes.map(dtype => {
      const weights = weightBytes(architecture, { device, linear: dtype as LinearFormat, edits: [] });
      return {
        model: config._name_or_path || config.model_type,
        dtype,
        weights,
        tables,
        cache_per_position: cache,
        total: weights + tables + cache * positions * batch
      };
    });
  });
  const totals = Object.fromEntries(
    dtypes.map(dtype => [dtype, rows.filter(r => r.dtype === dtype).reduce((n, r) => n + r.total, 0)])
  );
  const text = table(rows, totals, positions * batch);
  return {
    rows,
    totals,
    toString: () => text,
    [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': text })
  } as MemoryPlan;
}

/** Bytes of the tables looked things up in. */
function tableBytes({ stacks }: Architecture, size: number): number {
  return stacks.reduce((sum, { embedding, hidden_size, relative_bias }) => {
    const tokens = embedding.tokens ? embedding.tokens.vocab_size * embedding.tokens.dim : 0;
    const rows = (embedding.positions?.rows ?? 0) + (embedding.types?.rows ?? 0);
    const bias = relative_bias ? relative_bias.buckets * relative_bias.heads : 0;
    return sum + size * (tokens + rows * hidden_size + bias);
  }, 0);
}

/** Bytes of float32 keys and values per position. */
function cacheBytes({ stacks }: Architecture): number {
  return stacks
    .filter(stack => stack.causal)
    .flatMap(stack => stack.blocks)
    .reduce((sum, { attention }) => sum + 2 * 4 * attention.kv_heads * attention.head_dim, 0);
}

function table(rows: readonly MemoryRow[], totals: MemoryPlan['totals'], positions: number): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const head = ['model', 'dtype', 'weights', 'tables', `cache (${positions})`, 'total'];
  const lines = rows.map(r => [
    r.model,
    r.dtype,
    megabytes(r.weights),
    megabytes(r.tables),
    megabytes(r.cache_per_position * positions),
    megabytes(r.total)
  ]);
  const sums = Object.entries(totals).map(([dtype, total]) => ['all', dtype, '', '', '', megabytes(total)]);
  const all = [head, ...lines, ...sums];
  const widths = head.map((_, c) => Math.max(...all.map(line => line[c]!.length)));
  return all
    .map(line =>
      line
        .map((cell, c) => cell.padEnd(widths[c]!))
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}
