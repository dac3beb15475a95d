import type { Attention, Rope } from '../models/architecture';
import type { GraphBuilder } from './builder';
import type { Place } from './hooks';
import { hook } from './hooks';
import { buildNorm } from './norm';

/** What attention needs to know of the stack around it. */
export interface AttentionContext {
  readonly width: number;
  /** int64 [2]: batch and pos of this run. */
  readonly batchPos: string;
  readonly rope: Rope | undefined;
  /** Keys and values join a past and come out as present. */
  readonly cached: boolean;
}

/** Names of the graph inputs and outputs that carry the key/value cache of a layer. */
export const cacheNames = (layer: number, prefix = '') => ({
  past_k: `${prefix}past_k.${layer}`,
  past_v: `${prefix}past_v.${layer}`,
  present_k: `${prefix}present_k.${layer}`,
  present_v: `${prefix}present_v.${layer}`,
  /** The last window − 1 positions, all a layer with a window needs next time. */
  window_k: `${prefix}present_k.${layer}.window`,
  window_v: `${prefix}present_v.${layer}.window`,
  cross_k: `${prefix}cross_k.${layer}`,
  cross_v: `${prefix}cross_v.${layer}`
});

/** Past every position: the end of a slice. */
const LAST = 2 ** 31 - 1;

/** Name of the additive mask input [batch, 1 | head, query_pos, key_pos] for a window (undefined: unlimited). */
export const maskName = (window: number | undefined, prefix = '') =>
  window === undefined ? `${prefix}attn_bias` : `${prefix}attn_bias.window_${window}`;

/** Names of the cos and sin inputs [batch, pos, rope dim / 2] of a rope. */
export const ropeNames = (rope: string, prefix = '') => ({
  cos: `${prefix}rope.${rope}.cos`,
  sin: `${prefix}rope.${rope}.sin`
});

/**
 * Self-attention, kept explicit so that every value can be read and changed.
 *
 *   x ─► q ─► hook_q ─► norm ─► rope ─► hook_rot_q ─► [B,G,H/G·S,d] ─┐
 *   x ─► k ─► hook_k ─► norm ─► rope ─► past ⧺ ─► present_k ─────────┴► q·kᵀ·scale ─► softcap ─► + mask
 *   x ─► v ─► hook_v ────────────────► past ⧺ ─► present_v ─┐            └► Softmax ─► hook_pattern ─┐
 *                                                           └────────────────────────────────────────┴► hook_z ─► o
 *
 * Query heads that share a key head (head h uses kv head h // (H/G)) lie side by side, so grouped attention is one
 * batched product over [B, G] and keys are never repeated.
 */
export function buildSelfAttention(
  place: Place,
  x: string,
  attention: Attention,
  context: AttentionContext,
  output: string
): string {
  const { b, prefix, layer } = place;
  const { heads, kv_heads, head_dim } = attention;
  const cache = cacheNames(layer, prefix);
  const raw = (site: 'q' | 'k' | 'v', n: number) =>
    hook(place, site, ['rows', n * head_dim], ['batch', 'pos', n, head_dim], out =>
      b.linear(
        x,
        `${prefix}blocks.${layer}.attn.${site}`,
        { in: context.width, out: n * head_dim, bias: attention.bias[site] },
        out
      )
    );
  const q = buildQuery(place, raw('q', heads), attention, context);
  const key = normalise(place, raw('k', kv_heads), 'k', attention, kv_heads);
  const turned = rotate(place, key, kv_heads, attention, context) ?? toSequence(b, key, context);
  let k = splitHeads(b, turned, kv_heads, head_dim);
  let v = splitHeads(b, toSequence(b, raw('v', kv_heads), context), kv_heads, head_dim);
  if (context.cached) {
    const dims = ['batch', kv_heads, symbol('past', attention), head_dim];
    const total = ['batch', kv_heads, symbol('key_pos', attention), head_dim];
    k = b.node('Concat', [b.input(cache.past_k, 'float32', dims), k], { axis: 2 }, cache.present_k);
    v = b.node('Concat', [b.input(cache.past_v, 'float32', dims), v], { axis: 2 }, cache.present_v);
    b.output(k, total);
    b.output(v, total);
    if (attention.window !== undefined) {
      // Python's sliding layers keep window − 1 positions; a slice of more than there is keeps all.
      const start = b.ints([attention.window > 1 ? 1 - attention.window : LAST]);
      const kept = ['batch', kv_heads, symbol('kept_pos', attention), head_dim];
      for (const [value, name] of [
        [k, cache.window_k],
        [v, cache.window_v]
      ] as const) {
        b.output(b.node('Slice', [value, start, b.ints([LAST]), b.ints([2])], {}, name), kept);
      }
    }
  }
  const mask = b.input(maskName(attention.window, prefix), 'float32', [
    'mask_batch',
    'mask_head',
    'pos',
    symbol('key_pos', attention)
  ]);
  return attend(place, { q, k, v, mask }, attention, context, output);
}

/** Attention from decoder positions to encoder positions, whose keys and values were made once (buildCrossCache). */
export function buildCrossAttention(
  place: Place,
  x: string,
  attention: Attention,
  context: AttentionContext,
  output: string
): string {
  const { b, prefix, layer } = place;
  const { heads, kv_heads, head_dim } = attention;
  const cross = { ...place, kind: 'cross_attn' as const };
  const cache = cacheNames(layer, prefix);
  const query = hook(cross, 'q', ['rows', heads * head_dim], ['batch', 'pos', heads, head_dim], out =>
    b.linear(
      x,
      `${prefix}blocks.${layer}.cross_attn.q`,
      { in: context.width, out: heads * head_dim, bias: attention.bias.q },
      out
    )
  );
  const q = buildQuery(cross, query, attention, context);
  const dims = ['batch', kv_heads, 'encoder_pos', head_dim];
  const k = b.input(cache.cross_k, 'float32', dims);
  const v = b.input(cache.cross_v, 'float32', dims);
  const mask = b.input(`${prefix}cross_bias`, 'float32', ['mask_batch', 1, 'mask_pos', 'encoder_pos']);
  return attend(cross, { q, k, v, mask }, attention, context, output);
}

/** An axis that differs between layers with and without a window: the engine reuses buffers by axis name. */
function symbol(axis: string, { window }: Attention): string {
  return window === undefined ? axis : `${axis}.window_${window}`;
}

/** Keys and values of one layer's cross-attention from encoder states [rows, width]. */
export function buildCrossCache(
  place: Place,
  states: string,
  attention: Attention,
  width: number,
  batchPos: string
): void {
  const { b, prefix, layer } = place;
  const { kv_heads, head_dim } = attention;
  const cache = cacheNames(layer, prefix);
  for (const site of ['k', 'v'] as const) {
    const flat = b.linear(states, `${prefix}blocks.${layer}.cross_attn.${site}`, {
      in: width,
      out: kv_heads * head_dim,
      bias: attention.bias[site]
    });
    const heads = b.node('Reshape', [flat, headsShape(b, batchPos, head_dim)]);
    const name = site === 'k' ? cache.cross_k : cache.cross_v;
    b.node('Transpose', [heads], { perm: [0, 2, 1, 3] }, name);
    b.output(name, ['batch', kv_heads, 'encoder_pos', head_dim]);
  }
}

function headsShape(b: GraphBuilder, batchPos: string, headDim: number): string {
  return b.node('Concat', [batchPos, b.ints([-1, headDim])], { axis: 0 });
}

/** [rows, n] → [batch, pos, n]. */
function toSequence(b: GraphBuilder, x: string, { batchPos }: AttentionContext, output?: string): string {
  const shape = b.node('Concat', [batchPos, b.ints([-1])], { axis: 0 });
  return b.node('Reshape', [x, shape], {}, output);
}

/** [batch, pos, heads · d] → [batch, heads, pos, d]. */
function splitHeads(b: GraphBuilder, x: string, heads: number, headDim: number): string {
  const split = b.node('Reshape', [x, b.ints([0, 0, heads, headDim])]);
  return b.node('Transpose', [split], { perm: [0, 2, 1, 3] });
}

/** Query after norm, rotation and per-position factor, as [batch, heads, pos, d]. */
function buildQuery(place: Place, raw: string, attention: Attention, context: AttentionContext): string {
  const { b, prefix } = place;
  const { heads, head_dim } = attention;
  const normed = normalise(place, raw, 'q', attention, heads);
  const q = hook(place, 'rot_q', ['batch', 'pos', heads * head_dim], ['batch', 'pos', heads, head_dim], out => {
    if (attention.query_scale) {
      const turned = rotate(place, normed, heads, attention, context) ?? toSequence(b, normed, context);
      b.node('Mul', [turned, b.input(`${prefix}query_scale`, 'float32', ['scale_batch', 'pos', 1])], {}, out);
    } else if (!rotate(place, normed, heads, attention, context, out)) {
      toSequence(b, normed, context, out);
    }
  });
  return splitHeads(b, q, heads, head_dim);
}

/** Norm on q or k, [rows, heads · d] → the same. */
function normalise(place: Place, x: string, which: 'q' | 'k', attention: Attention, heads: number): string {
  const { b, prefix, layer } = place;
  const spec = attention.qk_norm;
  if (!spec) {
    return x;
  }
  const { head_dim } = attention;
  const name = `${prefix}blocks.${layer}.attn.${which}_norm`;
  if (spec.scope === 'full') {
    return buildNorm(b, x, name, spec.norm, heads * head_dim);
  }
  const apart = b.node('Reshape', [x, b.ints([-1, head_dim])]);
  const whole = b.ints([-1, heads * head_dim]);
  if (spec.scope === 'head') {
    return b.node('Reshape', [buildNorm(b, apart, name, spec.norm, head_dim), whole]);
  }
  // One set of weights per head: normalise plainly, then scale all heads at once.
  const plain = buildNorm(b, apart, name, { ...spec.norm, weight: false, bias: false }, head_dim);
  const joined = b.node('Reshape', [plain, whole]);
  return b.node('Mul', [joined, b.weight(`${name}.weight`, [heads * head_dim])]);
}

/** Rotation of [rows, heads · d] to [batch, pos, heads · d]; undefined where the layer has none. */
function rotate(
  place: Place,
  x: string,
  heads: number,
  attention: Attention,
  context: AttentionContext,
  output?: string
): string | undefined {
  const { rope } = context;
  if (!rope || !attention.rope) {
    return undefined;
  }
  const { b, prefix } = place;
  const names = ropeNames(attention.rope, prefix);
  const dims = ['batch', 'pos', rope.dim / 2];
  const inputs = [toSequence(b, x, context), b.input(names.cos, 'float32', dims), b.input(names.sin, 'float32', dims)];
  const attributes: { [name: string]: number } = { num_heads: heads, interleaved: rope.interleaved ? 1 : 0 };
  if (rope.dim !== attention.head_dim) {
    attributes['rotary_embedding_dim'] = rope.dim;
  }
  return b.node('RotaryEmbedding', inputs, attributes, output);
}

/** softmax(q·kᵀ·scale + mask)·v, then the output projection. q [B,H,S,d]; k, v [B,G,T,d]. */
function attend(
  place: Place,
  { q, k, v, mask }: { q: string; k: string; v: string; mask: string },
  attention: Attention,
  context: AttentionContext,
  output: string
): string {
  const { b, prefix, layer, kind = 'attn' } = place;
  const { heads, kv_heads, head_dim, scale } = attention;
  const grouped = heads !== kv_heads;
  const group = (x: string, last: number) => (grouped ? b.node('Reshape', [x, b.ints([0, kv_heads, -1, last])]) : x);
  const ungroup = (x: string, last: number) => (grouped ? b.node('Reshape', [x, b.ints([0, heads, -1, last])]) : x);

  let scores = ungroup(scaledProduct(b, group(q, head_dim), k, scale), 0);
  if (attention.softcap !== undefined) {
    const cap = b.floats([attention.softcap], []);
    scores = b.node('Mul', [b.node('Tanh', [b.node('Div', [scores, cap])]), cap]);
  }
  const keys = kind === 'attn' ? symbol('key_pos', attention) : 'encoder_pos';
  const dims = ['batch', heads, 'pos', keys];
  const pattern = hook(place, 'pattern', dims, dims, out => {
    b.node('Softmax', [b.node('Add', [scores, mask])], { axis: -1 }, out);
  });
  const mixed = ungroup(b.node('MatMul', [group(pattern, 0), v]), head_dim);
  const z = hook(place, 'z', ['rows', heads * head_dim], ['batch', 'pos', heads, head_dim], out => {
    const back = b.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    b.node('Reshape', [back, b.ints([-1, heads * head_dim])], {}, out);
  });
  const size = { in: heads * head_dim, out: context.width, bias: attention.bias.o };
  return b.linear(z, `${prefix}blocks.${layer}.${kind}.o`, size, output);
}

/** q·kᵀ·scale. FusedMatMul reads k transposed in place; WebGPU has no such kernel. */
function scaledProduct(b: GraphBuilder, q: string, k: string, scale: number): string {
  if (b.target.device !== 'webgpu') {
    return b.contrib('FusedMatMul', [q, k], { alpha: { float: scale }, transA: 0, transB: 1 });
  }
  const scaled = scale === 1 ? q : b.node('Mul', [q, b.floats([scale], [])]);
  return b.node('MatMul', [scaled, b.node('Transpose', [k], { perm: [0, 1, 3, 2] })]);
}
