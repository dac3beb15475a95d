/** Position numbers, rotary angles and the other things a stack is fed that follow from positions. */
import type { PositionSource, Rope, Stack } from '../models/architecture';
import type { Mask } from './masks';

type Ints = ArrayLike<number | bigint>;

/**
 * Default positions of a run, row-major [batch, queries] (see PositionSource).
 *
 * @param padding [batch, past + queries], if a mask was given.
 * @param ids [batch, queries], for 'input_ids'.
 */
export function defaultPositions(
  from: PositionSource,
  {
    batch,
    past,
    queries,
    padding,
    ids,
    padId
  }: {
    batch: number;
    past: number;
    queries: number;
    padding?: Ints | undefined;
    ids?: Ints | undefined;
    padId?: number | undefined;
  }
): Int32Array {
  const out = new Int32Array(batch * queries);
  for (let b = 0; b < batch; b++) {
    if (from === 'attention_mask' && padding) {
      let count = 0;
      for (let k = 0; k < past + queries; k++) {
        const seen = Number(padding[b * (past + queries) + k]) !== 0;
        count += seen ? 1 : 0;
        if (k >= past) {
          out[b * queries + k - past] = seen ? count - 1 : -1;
        }
      }
    } else if (from === 'input_ids' && ids && padId !== undefined) {
      let count = 0;
      for (let q = 0; q < queries; q++) {
        const real = Number(ids[b * queries + q]) !== padId;
        count += real ? 1 : 0;
        out[b * queries + q] = real ? past + count + padId : padId;
      }
    } else {
      const start = past + (from === 'input_ids' && padId !== undefined ? padId + 1 : 0);
      for (let q = 0; q < queries; q++) {
        out[b * queries + q] = start + q;
      }
    }
  }
  return out;
}

/**
 * cos and sin of the rotary angles in float32, each [batch, queries, dim / 2].
 *
 * @param lengths Sequence lengths frequencies are made for, one for all rows or one each; default the last position's.
 */
export function rotaryAngles(
  rope: Rope,
  positions: Int32Array,
  lengths: readonly number[] = [positions.reduce((max, p) => Math.max(max, p), 0) + 1]
): { cos: Float32Array; sin: Float32Array } {
  const half = rope.dim / 2;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  const perRow = positions.length / lengths.length;
  for (let row = 0; row < lengths.length; row++) {
    const frequencies = rope.inv_freq(lengths[row]!);
    const scaling = rope.attention_scaling(lengths[row]!);
    for (let p = row * perRow; p < (row + 1) * perRow; p++) {
      for (let i = 0; i < half; i++) {
        const angle = Math.fround(frequencies[i]! * positions[p]!);
        cos[p * half + i] = Math.fround(Math.cos(angle)) * scaling;
        sin[p * half + i] = Math.fround(Math.sin(angle)) * scaling;
      }
    }
  }
  return { cos, sin };
}

/**
 * Factors on queries by position, [positions]: log(p + 1) / log(length) past `length`, else 1.
 * @see https://kexue.fm/archives/8823
 */
export function lognScale(length: number, positions: ArrayLike<number>): Float32Array {
  return Float32Array.from(positions, p => (p + 1 > length ? Math.log(p + 1) / Math.log(length) : 1));
}

/**
 * T5's relative position bias, [1, heads, queries, keys].
 *
 * @param table [buckets, heads].
 * @see https://arxiv.org/abs/1910.10683
 */
export function relativeBias(
  spec: NonNullable<Stack['relative_bias']>,
  table: Float32Array,
  past: number,
  queries: number
): Mask {
  const keys = past + queries;
  const { heads } = spec;
  const data = new Float32Array(heads * queries * keys);
  for (let q = 0; q < queries; q++) {
    for (let k = 0; k < keys; k++) {
      const bucket = relativeBucket(k - (past + q), spec);
      for (let h = 0; h < heads; h++) {
        data[(h * queries + q) * keys + k] = table[bucket * heads + h]!;
      }
    }
  }
  return { data, dims: [1, heads, queries, keys] };
}

function relativeBucket(
  relative: number,
  { buckets, max_distance, bidirectional }: NonNullable<Stack['relative_bias']>
): number {
  const n = bidirectional ? buckets / 2 : buckets;
  const base = bidirectional && relative > 0 ? n : 0;
  const distance = bidirectional ? Math.abs(relative) : Math.max(-relative, 0);
  const exact = Math.floor(n / 2);
  if (distance < exact) {
    return base + distance;
  }
  const f = Math.fround;
  const log = f(f(f(Math.log(f(distance / exact))) / f(Math.log(max_distance / exact))) * (n - exact));
  return base + Math.min(exact + Math.trunc(log), n - 1);
}

/**
 * ALiBi's linear biases, [batch or 1, heads, 1, keys]: slope(head) · key position · scale.
 * @see https://arxiv.org/abs/2108.12409
 */
export function alibiBias(spec: NonNullable<Stack['alibi']>, batch: number, keys: number, padding?: Ints): Mask {
  const rows = padding ? batch : 1;
  const { heads, scale } = spec;
  const slopes = alibiSlopes(heads);
  const data = new Float32Array(rows * heads * keys);
  for (let b = 0; b < rows; b++) {
    let count = 0;
    for (let k = 0; k < keys; k++) {
      const seen = !padding || Number(padding[b * keys + k]) !== 0;
      count += seen ? 1 : 0;
      const position = seen ? count - 1 : 0;
      for (let h = 0; h < heads; h++) {
        data[(b * heads + h) * keys + k] = toBfloat16(toBfloat16(slopes[h]!) * position) * scale;
      }
    }
  }
  return { data, dims: [rows, heads, 1, keys] };
}

function alibiSlopes(heads: number): number[] {
  const closest = 2 ** Math.floor(Math.log2(heads));
  const base = Math.fround(2 ** -(2 ** -(Math.log2(closest) - 3)));
  const slopes = Array.from({ length: closest }, (_, i) => Math.fround(base ** (i + 1)));
  if (closest < heads) {
    const extra = Math.fround(2 ** -(2 ** -(Math.log2(2 * closest) - 3)));
    for (let i = 0; i < heads - closest; i++) {
      slopes.push(Math.fround(extra ** (1 + 2 * i)));
    }
  }
  return slopes;
}

/** Rounds to bfloat16, as Falcon's ALiBi does. */
function toBfloat16(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  view.setUint32(0, ((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000) >>> 0);
  return view.getFloat32(0);
}
