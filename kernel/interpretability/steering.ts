import { Tensor } from '../tensor/tensor';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';

export interface SteeringOptions {
  /** Layer whose residual stream is read. */
  readonly layer: number;
  /** Default 'resid_post'. */
  readonly site?: 'resid_pre' | 'resid_mid' | 'resid_post' | 'attn_out' | 'mlp_out';
  /** Read the last position (default), or the mean over positions. */
  readonly pos?: 'last' | 'mean';
}

/**
 * A steering vector: mean activation on some prompts, less that on others.
 *
 * @param positive Inputs as for `forward`, one or several.
 * @returns [d_model]; add it with `run_with_hooks(inputs, [{ at: { site, layer }, add: vector, times: 4 }])`.
 * @see https://arxiv.org/abs/2308.10248
 */
export async function steeringVector(
  model: InspectableModel,
  positive: Inputs | readonly Inputs[],
  negative: Inputs | readonly Inputs[],
  options: SteeringOptions
): Promise<Tensor> {
  const mean = async (prompts: Inputs | readonly Inputs[]): Promise<Tensor> => {
    const all = Array.isArray(prompts) ? (prompts as readonly Inputs[]) : [prompts as Inputs];
    if (all.length === 0) {
      throw new RangeError('Cannot make a steering vector as each side must have at least one prompt');
    }
    const vectors: Tensor[] = [];
    for (const inputs of all) {
      vectors.push(await stateOf(model, inputs, options));
    }
    return Tensor.stack(vectors).mean(0);
  };
  return (await mean(positive)).sub(await mean(negative));
}

/** One prompt's activation, [d_model]. */
async function stateOf(
  model: InspectableModel,
  inputs: Inputs,
  { layer, site = 'resid_post', pos = 'last' }: SteeringOptions
): Promise<Tensor> {
  const { cache } = await runWithCache(model, inputs, { names: [site], pos: pos === 'last' ? 'last' : 'all' });
  const value = cache.get(site, layer);
  return pos === 'last' ? value.mean(0) : value.mean([0, 1]);
}
