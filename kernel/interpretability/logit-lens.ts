import { Tensor } from '../tensor/tensor';
import type { InspectableModel, Inputs } from './model';
import type { Pos } from './run';
import { runWithCache } from './run';

/** What the model would say if it stopped after each block. */
export interface LogitLens {
  /** [layers + 1, batch, pos, vocab_size]; entry 0 is the embedding, entry k the raw output of block k − 1. */
  readonly logits?: Tensor;
  /** With `top_k`: ids and logits of the best, [layers + 1, batch, pos, top_k]. */
  readonly top_ids?: Tensor;
  readonly top_logits?: Tensor;
  /** 'embed', 'block 0', … */
  readonly labels: readonly string[];
}

/** All logits. */
export type FullLogitLens = LogitLens & { readonly logits: Tensor };

/** The best tokens only. */
export type TopLogitLens = LogitLens & { readonly top_ids: Tensor; readonly top_logits: Tensor };

export interface LogitLensOptions {
  /** Which positions; the axis stays even for one. Default 'all'. */
  readonly pos?: 'all' | 'last' | number;
  /** Keep only the best tokens: a whole vocabulary for every layer and position is large. */
  readonly top_k?: number;
}

/**
 * The logit lens: every block's raw output through the final norm, whose statistics are computed anew for each, and
 * the unembedding.
 *
 * @see https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens
 */
export async function logitLens(
  model: InspectableModel,
  inputs: Inputs,
  options: LogitLensOptions = {}
): Promise<LogitLens> {
  const stack = model.architecture.stacks.at(-1)!;
  const layers = stack.blocks.length;
  const last = `blocks.${layers - 1}.hook_resid_post`;
  const names = [...stack.blocks.map((_, i) => `${stack.prefix}blocks.${i}.hook_resid_pre`), `${stack.prefix}${last}`];
  const pos: Pos = options.pos === undefined ? 'all' : options.pos;
  const { cache } = await runWithCache(model, inputs, { names, pos });
  const states = names.map(n => cache.get(n)).map(t => (t.dims.length === 2 ? t.unsqueeze(1) : t));
  const [batch, positions, width] = states[0]!.dims as [number, number, number];
  const perLayer = batch * positions;
  const flat = new Float32Array((layers + 1) * perLayer * width);
  states.forEach((t, i) => flat.set(t.data as Float32Array, i * perLayer * width));
  const labels = ['embed', ...stack.blocks.map((_, i) => `block ${i}`)];
  const dims = (last: number): number[] => [layers + 1, batch, positions, last];
  const { top_k } = options;
  if (top_k === undefined) {
    const logits = await model.unembed(flat);
    return { logits: logits.reshape(...dims(logits.dims.at(-1)!)), labels };
  }
  // Layer by layer, so that only one layer's logits are held.
  const ids: number[] = [];
  const values: number[] = [];
  for (let i = 0; i <= layers; i++) {
    const logits = await model.unembed(flat.subarray(i * perLayer * width, (i + 1) * perLayer * width));
    const top = logits.topk(top_k);
    ids.push(...Array.from(top.indices.data as ArrayLike<number | bigint>, Number));
    values.push(...Array.from(top.values.data as Float32Array));
  }
  return {
    top_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), dims(top_k)),
    top_logits: new Tensor('float32', Float32Array.from(values), dims(top_k)),
    labels
  };
}
