import { Tensor } from '../tensor/tensor';
import type { InspectableModel } from './model';
import { runWithCache } from './run';

export type HeadKind = 'induction' | 'previous_token' | 'duplicate_token';

export interface HeadScoreOptions {
  readonly kinds?: readonly HeadKind[];
  /** Length T of the random sequence that is repeated. Default 50. */
  readonly length?: number;
  /** Number of seeds, or the seeds. Default 5. */
  readonly seeds?: number | readonly number[];
  /** The random sequences themselves (each of length T), instead of drawing them. */
  readonly tokens?: readonly (readonly number[])[];
  /** First token; null for none. Default: the model's beginning-of-sequence token. */
  readonly prefix?: number | null;
  /** Ids are drawn from [low, high). Default: all that are not special. */
  readonly range?: readonly [low: number, high: number];
}

export type HeadScores = { readonly [kind in HeadKind]?: Tensor };

/**
 * How much each head attends as an induction, previous-token or duplicate-token head does, on a random sequence said
 * twice (`[prefix] + r + r`). Mean over seeds of attention from the second copy to: the token after the first
 * occurrence (induction), the first occurrence (duplicate); and over all positions, to the position before.
 *
 * @returns Each [layers, heads], in [0, 1].
 * @see https://transformer-circuits.pub/2022/in-context-learning-and-induction-heads
 */
export async function headScores(
  model: InspectableModel,
  options: HeadScoreOptions,
  defaults: { prefix: number | undefined; range: readonly [number, number] }
): Promise<HeadScores> {
  const kinds = options.kinds ?? (['induction', 'previous_token', 'duplicate_token'] as const);
  const prefix = options.prefix === undefined ? defaults.prefix : (options.prefix ?? undefined);
  const sequences = options.tokens ?? drawn(options, options.range ?? defaults.range);
  const { blocks } = model.architecture.stacks.at(-1)!;
  const heads = blocks[0]!.attention.heads;
  const sums = new Map(kinds.map(k => [k, new Float64Array(blocks.length * heads)]));
  for (const r of sequences) {
    const ids = [...(prefix === undefined ? [] : [prefix]), ...r, ...r];
    const { cache } = await runWithCache(model, { input_ids: [ids], use_cache: false }, { names: ['pattern'] });
    blocks.forEach((_, layer) => {
      const pattern = cache.get('pattern', layer).data as Float32Array;
      for (let h = 0; h < heads; h++) {
        for (const kind of kinds) {
          sums.get(kind)![layer * heads + h]! += score(kind, pattern, h, ids.length, r.length) / sequences.length;
        }
      }
    });
  }
  return Object.fromEntries(
    kinds.map(k => [k, new Tensor('float32', Float32Array.from(sums.get(k)!), [blocks.length, heads])])
  );
}

function score(kind: HeadKind, pattern: Float32Array, head: number, n: number, length: number): number {
  const first = kind === 'previous_token' ? 1 : n - length;
  const offset = kind === 'previous_token' ? 1 : kind === 'induction' ? length - 1 : length;
  let sum = 0;
  for (let q = first; q < n; q++) {
    sum += pattern[(head * n + q) * n + q - offset]!;
  }
  return sum / (n - first);
}

function drawn({ length = 50, seeds = 5 }: HeadScoreOptions, [low, high]: readonly [number, number]): number[][] {
  if (!Number.isInteger(length) || length < 2) {
    throw new RangeError(
      `Cannot score heads as length must be a whole number of at least 2: current value is ${length}`
    );
  }
  const list = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i) : seeds;
  return list.map(seed => {
    const random = mulberry32(seed);
    return Array.from({ length }, () => low + Math.floor(random() * (high - low)));
  });
}

/** A small seeded generator of numbers in [0, 1). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
