import { Tensor } from '../tensor/tensor';
import { flatIds } from './token-ids';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';

/** How surprising each token was. */
export interface TokenStats {
  /** −log p of each token given those before, nats, [batch, pos]; NaN for the first, which nothing predicts. */
  readonly surprisal: Tensor;
  /** Entropy of the distribution each token was drawn from, nats, [batch, pos]; NaN for the first. */
  readonly entropy: Tensor;
  /** How many tokens were thought likelier, [batch, pos]; NaN for the first. */
  readonly rank: Tensor;
}

/** Surprisal, entropy and rank of every token. */
export async function tokenStats(model: InspectableModel, inputs: Inputs): Promise<TokenStats> {
  const { output } = await model.run({ ...inputs, use_cache: false }, {});
  const logits = output['logits'] as Tensor;
  const [batch, pos, vocab] = logits.dims as [number, number, number];
  const ids = flatIds(inputs['input_ids'], batch, pos);
  const data = logits.data as Float32Array;
  const empty = (): Float32Array => new Float32Array(batch * pos).fill(NaN);
  const [surprisal, entropy, rank] = [empty(), empty(), empty()];
  for (let b = 0; b < batch; b++) {
    for (let p = 1; p < pos; p++) {
      const row = data.subarray((b * pos + p - 1) * vocab, (b * pos + p) * vocab);
      const max = row.reduce((m, v) => (v > m ? v : m), -Infinity);
      let total = 0;
      let weighted = 0;
      let above = 0;
      const own = row[ids[b * pos + p]!]!;
      for (const v of row) {
        const e = Math.exp(v - max);
        total += e;
        weighted += e * (v - max);
        above += v > own ? 1 : 0;
      }
      const log = Math.log(total);
      surprisal[b * pos + p] = log + max - own;
      entropy[b * pos + p] = log - weighted / total;
      rank[b * pos + p] = above;
    }
  }
  const tensor = (values: Float32Array): Tensor => new Tensor('float32', values, [batch, pos]);
  return { surprisal: tensor(surprisal), entropy: tensor(entropy), rank: tensor(rank) };
}

/** Norms of the residual stream and its largest elements. */
export interface ResidualNorms {
  /** ‖x‖ after the embedding and after each block, [layers + 1, batch, pos]. */
  readonly norms: Tensor;
  /** max |xᵢ|, likewise: massive activations stand out. */
  readonly largest: Tensor;
  /** Which element that is, likewise. */
  readonly index: Tensor;
  readonly labels: readonly string[];
}

/** Length and largest element of the residual stream at every layer and position. */
export async function residualNorms(model: InspectableModel, inputs: Inputs): Promise<ResidualNorms> {
  const stack = model.architecture.stacks.at(-1)!;
  const layers = stack.blocks.length;
  const names = [
    ...stack.blocks.map((_, i) => `${stack.prefix}blocks.${i}.hook_resid_pre`),
    `${stack.prefix}blocks.${layers - 1}.hook_resid_post`
  ];
  const { cache } = await runWithCache(model, inputs, { names });
  const [batch, pos, width] = cache.get(names[0]!).dims as [number, number, number];
  const dims = [layers + 1, batch, pos];
  const count = (layers + 1) * batch * pos;
  const [norms, largest, index] = [new Float32Array(count), new Float32Array(count), new Int32Array(count)];
  names.forEach((name, l) => {
    const data = cache.get(name).data as Float32Array;
    for (let row = 0; row < batch * pos; row++) {
      const at = l * batch * pos + row;
      let square = 0;
      for (let i = 0; i < width; i++) {
        const v = data[row * width + i]!;
        square += v * v;
        if (Math.abs(v) > largest[at]!) {
          largest[at] = Math.abs(v);
          index[at] = i;
        }
      }
      norms[at] = Math.sqrt(square);
    }
  });
  return {
    norms: new Tensor('float32', norms, dims),
    largest: new Tensor('float32', largest, dims),
    index: new Tensor('int32', index, dims),
    labels: ['embed', ...stack.blocks.map((_, i) => `block ${i}`)]
  };
}
