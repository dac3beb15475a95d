/**
 * Additive attention masks, as transformers' `masking_utils` makes them: 0 where a query may look, the most negative
 * float32 where it may not. A query that may look nowhere gets a uniform pattern, as in Python.
 */
export const HIDDEN = -3.4028234663852886e38;

export interface Mask {
  readonly data: Float32Array;
  /** [batch, 1 | head, query_pos, key_pos]. */
  readonly dims: readonly number[];
}

export interface MaskRequest {
  readonly batch: number;
  /** Positions before this run. */
  readonly past: number;
  /** How many of them the layer still holds; all by default. */
  readonly held?: number | undefined;
  readonly queries: number;
  readonly causal: boolean;
  /** Keys this many positions back or more are hidden; undefined: all may be seen. */
  readonly window?: number | undefined;
  /** Row-major [batch, past + queries], 0 where a key is padding. Absent: none is. */
  readonly padding?: ArrayLike<number | bigint> | undefined;
}

/**
 * Who may look at whom.
 *
 * @returns dims [batch or 1, 1, queries, held + queries].
 */
export function attentionMask({ batch, past, held = past, queries, causal, window, padding }: MaskRequest): Mask {
  const keys = held + queries;
  const first = past - held;
  const total = past + queries;
  const rows = padding ? batch : 1;
  const data = new Float32Array(rows * queries * keys);
  for (let b = 0; b < rows; b++) {
    for (let q = 0; q < queries; q++) {
      const at = (b * queries + q) * keys;
      const position = past + q;
      for (let k = 0; k < keys; k++) {
        const key = first + k;
        const seen =
          (!causal || key <= position) &&
          (window === undefined || key > position - window) &&
          (!padding || Number(padding[b * total + key]) !== 0);
        if (!seen) {
          data[at + k] = HIDDEN;
        }
      }
    }
  }
  return { data, dims: [rows, 1, queries, keys] };
}

/** Padding of the keys alone, for bidirectional and cross-attention: dims [batch, 1, 1, keys]. */
export function keyMask(batch: number, keys: number, padding: ArrayLike<number | bigint> | undefined): Mask {
  const rows = padding ? batch : 1;
  const data = new Float32Array(rows * keys);
  for (let i = 0; padding && i < data.length; i++) {
    data[i] = Number(padding[i]) === 0 ? HIDDEN : 0;
  }
  return { data, dims: [rows, 1, 1, keys] };
}

/** Sum of a mask and a bias that differ by head: [batch, head, queries, keys]. Sums below the lowest float stay there. */
export function addBias(mask: Mask, bias: Mask): Mask {
  const batch = Math.max(mask.dims[0]!, bias.dims[0]!);
  const heads = Math.max(mask.dims[1]!, bias.dims[1]!);
  const queries = Math.max(mask.dims[2]!, bias.dims[2]!);
  const keys = Math.max(mask.dims[3]!, bias.dims[3]!);
  const data = new Float32Array(batch * heads * queries * keys);
  const offset = (m: Mask, b: number, h: number, q: number): number =>
    (((m.dims[0] === 1 ? 0 : b) * m.dims[1]! + (m.dims[1] === 1 ? 0 : h)) * m.dims[2]! + (m.dims[2] === 1 ? 0 : q)) *
    m.dims[3]!;
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let q = 0; q < queries; q++) {
        const m = offset(mask, b, h, q);
        const o = offset(bias, b, h, q);
        for (let k = 0; k < keys; k++) {
          data[at++] = Math.max(HIDDEN, mask.data[m + k]! + bias.data[o + k]!);
        }
      }
    }
  }
  return { data, dims: [batch, heads, queries, keys] };
}
