/** Activations that follow from others: norms' scales, scores before the softmax, per-head results. */
import type { Norm, Stack } from '../models/architecture';
import { attentionMask } from '../inference/masks';
import { Tensor } from '../tensor/tensor';
import type { DerivedSite, GlobalSite, HookPoint } from './hook-names';
import { siteName } from './hook-names';
import type { InspectableModel, Inputs } from './model';

type Values = Map<string, Tensor>;

/** Graph values a derived point needs. */
export function dependencies(point: HookPoint, stack: Stack): string[] {
  const { prefix } = stack;
  const at = (site: Parameters<typeof siteName>[0], layer = point.layer): string =>
    site === 'resid_pre' && layer > 0 ? siteName('resid_post', layer - 1, prefix) : siteName(site, layer, prefix);
  const last = stack.blocks.length - 1;
  switch (point.site as DerivedSite | GlobalSite) {
    case 'rot_k':
      return [`${prefix}present_k.${point.layer}`];
    case 'attn_scores':
      return [`${prefix}present_k.${point.layer}`, at('rot_q')];
    case 'result':
      return [at('z')];
    case 'ln1_scale':
    case 'ln1_normalized':
      return normInput(stack, point.layer, 1).map(site => at(site));
    case 'ln2_scale':
    case 'ln2_normalized':
      return normInput(stack, point.layer, 2).map(site => at(site));
    case 'ln_final_scale':
    case 'ln_final_normalized':
      return [at('resid_post', last)];
    default:
      return [];
  }
}

/** The sites whose sum a block's norm reads. */
function normInput(stack: Stack, layer: number, which: 1 | 2): ('resid_pre' | 'attn_out' | 'resid_mid' | 'mlp_out')[] {
  const block = stack.blocks[layer]!;
  if (block.norm_placement === 'post') {
    return which === 1 ? ['resid_pre', 'attn_out'] : ['resid_mid', 'mlp_out'];
  }
  return which === 1 || block.residual === 'parallel' ? ['resid_pre'] : ['resid_mid'];
}

/** Computes a derived point from fetched values. */
export async function derive(
  point: HookPoint,
  stack: Stack,
  values: Values,
  model: InspectableModel,
  inputs: Inputs
): Promise<Tensor> {
  const needed = dependencies(point, stack).map(name => values.get(name)!);
  const { layer } = point;
  switch (point.site as DerivedSite | GlobalSite) {
    case 'rot_k':
      return needed[0]!.transpose(1, 2);
    case 'attn_scores':
      return scores(stack, layer, needed[1]!, needed[0]!, inputs);
    case 'result':
      return headResults(model, stack, layer, needed[0]!);
    case 'ln1_scale':
    case 'ln1_normalized':
    case 'ln2_scale':
    case 'ln2_normalized': {
      const block = stack.blocks[layer]!;
      const first = point.site.startsWith('ln1');
      const norm = first ? block.ln1 : block.ln2 === 'shared' ? block.ln1 : block.ln2;
      return normParts(sum(needed), norm ?? { type: 'rms', eps: 0 }, point.site.endsWith('scale'));
    }
    default:
      return normParts(needed[0]!, stack.final_norm!, point.site === 'ln_final_scale');
  }
}

function sum(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : parts[0]!.add(parts[1]!);
}

/** The divisor of a norm, [.., 1], or the values after division and before the learned scale. */
export function normParts(x: Tensor, norm: Norm, wantScale: boolean): Tensor {
  const width = x.dims.at(-1)!;
  const data = x.data as Float32Array;
  const rows = data.length / width;
  const scales = new Float32Array(rows);
  const normalized = new Float32Array(wantScale ? 0 : data.length);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * width, (r + 1) * width);
    const mean = norm.type === 'layer' ? row.reduce((n, v) => n + v, 0) / width : 0;
    const square = row.reduce((n, v) => n + (v - mean) ** 2, 0) / width;
    scales[r] = Math.sqrt(square + norm.eps);
    if (!wantScale) {
      row.forEach((v, i) => (normalized[r * width + i] = (v - mean) / scales[r]!));
    }
  }
  return wantScale
    ? new Tensor('float32', scales, [...x.dims.slice(0, -1), 1])
    : new Tensor('float32', normalized, x.dims);
}

/** q·kᵀ after scale, soft cap and mask: [batch, head, query_pos, key_pos], −∞ where hidden. */
function scores(stack: Stack, layer: number, q: Tensor, k: Tensor, inputs: Inputs): Tensor {
  const { heads, kv_heads, head_dim, scale, softcap, window } = stack.blocks[layer]!.attention;
  const [batch, queries] = q.dims as [number, number];
  const keys = k.dims[2]!;
  const past = keys - queries;
  const given = inputs['attention_mask'] as Tensor | undefined;
  const padding = given instanceof Tensor && given.dims.length === 2 ? (given.data as BigInt64Array) : undefined;
  const mask = attentionMask({ batch, past, queries, causal: stack.causal, window, padding });
  const [x, y] = [q.data as Float32Array, k.data as Float32Array];
  const out = new Float32Array(batch * heads * queries * keys);
  const per = heads / kv_heads;
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const group = (b * kv_heads + Math.floor(h / per)) * keys;
      for (let i = 0; i < queries; i++) {
        const row = ((b * queries + i) * heads + h) * head_dim;
        for (let j = 0; j < keys; j++) {
          const hidden = mask.data[((mask.dims[0] === 1 ? 0 : b) * queries + i) * keys + j]! !== 0;
          let dot = 0;
          for (let d = 0; !hidden && d < head_dim; d++) {
            dot += x[row + d]! * y[(group + j) * head_dim + d]!;
          }
          const value = dot * scale;
          out[at++] = hidden ? -Infinity : softcap === undefined ? value : softcap * Math.tanh(value / softcap);
        }
      }
    }
  }
  return new Tensor('float32', out, [batch, heads, queries, keys]);
}

/** Each head's part of attn_out, z_h · W_O^h: [batch, pos, head, d_model]. */
export async function headResults(model: InspectableModel, stack: Stack, layer: number, z: Tensor): Promise<Tensor> {
  const { heads, head_dim } = stack.blocks[layer]!.attention;
  const width = stack.hidden_size;
  const w = await model.weight(`${stack.prefix}blocks.${layer}.attn.o.weight`, [width, heads * head_dim]);
  const [batch, pos] = z.dims as [number, number];
  const data = z.data as Float32Array;
  const out = new Float32Array(batch * pos * heads * width);
  for (let row = 0; row < batch * pos; row++) {
    for (let h = 0; h < heads; h++) {
      const from = (row * heads + h) * head_dim;
      for (let o = 0; o < width; o++) {
        let dot = 0;
        const start = o * heads * head_dim + h * head_dim;
        for (let d = 0; d < head_dim; d++) {
          dot += data[from + d]! * w[start + d]!;
        }
        out[(row * heads + h) * width + o] = dot;
      }
    }
  }
  return new Tensor('float32', out, [batch, pos, heads, width]);
}
