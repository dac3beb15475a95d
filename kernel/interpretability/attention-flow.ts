import { Tensor } from '../tensor/tensor';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';

/**
 * Attention rollout: R = ∏ₗ (½ · mean over heads of Aₗ + ½ · I), rows renormalised.
 *
 * @param residual Weight of the identity. Default 0.5.
 * @returns [batch, query, key].
 * @see https://arxiv.org/abs/2005.00928
 */
export async function attentionRollout(
  model: InspectableModel,
  inputs: Inputs,
  { residual = 0.5 }: { residual?: number } = {}
): Promise<Tensor> {
  if (!(residual >= 0 && residual <= 1)) {
    throw new RangeError(`Cannot roll attention out as residual must be in [0, 1]: current value is ${residual}`);
  }
  const { cache } = await runWithCache(model, inputs, { names: ['pattern'] });
  const layers = model.architecture.stacks.at(-1)!.blocks.length;
  const [batch, , n] = cache.get('pattern', 0).dims as [number, number, number];
  let rolled: Float64Array | undefined;
  for (let layer = 0; layer < layers; layer++) {
    const step = mixed(cache.get('pattern', layer), residual);
    rolled = rolled ? product(step, rolled, batch, n) : step;
  }
  return new Tensor('float32', Float32Array.from(rolled!), [batch, n, n]);
}

/** (1 − r) · mean over heads + r · I, rows summing to 1: [batch, n, n]. */
function mixed(pattern: Tensor, residual: number): Float64Array {
  const [batch, heads, n] = pattern.dims as [number, number, number];
  const data = pattern.data as Float32Array;
  const out = new Float64Array(batch * n * n);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const start = (b * heads + h) * n * n;
      for (let i = 0; i < n * n; i++) {
        out[b * n * n + i]! += ((1 - residual) * data[start + i]!) / heads;
      }
    }
    for (let q = 0; q < n; q++) {
      const row = out.subarray(b * n * n + q * n, b * n * n + (q + 1) * n);
      row[q]! += residual;
      const total = row.reduce((s, v) => s + v, 0);
      row.forEach((v, i) => (row[i] = v / total));
    }
  }
  return out;
}

function product(a: Float64Array, b: Float64Array, batch: number, n: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let r = 0; r < batch; r++) {
    const base = r * n * n;
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        const factor = a[base + i * n + k]!;
        for (let j = 0; j < n; j++) {
          out[base + i * n + j]! += factor * b[base + k * n + j]!;
        }
      }
    }
  }
  return out;
}
