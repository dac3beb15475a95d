/**
 * Arithmetic on one row of scores, in float32 as PyTorch does it on the CPU: sums run in double and results are rounded
 * to float32 where a tensor would hold them.
 */
import { Tensor } from '../tensor/tensor';

/** The rows of token ids, as ordinary numbers; kept per tensor since every processor asks for them. */
const idRows = new WeakMap<Tensor, number[][]>();

/**
 * Token ids as rows of numbers.
 *
 * @param input_ids Shape [B, S], any integer dtype.
 * @returns B rows of S ids. Shared: not to be modified.
 */
export function tokenRows(input_ids: Tensor): readonly (readonly number[])[] {
  let rows = idRows.get(input_ids);
  if (!rows) {
    const [batch, length] = matrixDims(input_ids, 'input_ids');
    rows = [];
    for (let r = 0; r < batch; r++) {
      const row = new Array<number>(length);
      for (let i = 0; i < length; i++) {
        row[i] = Number(input_ids.data[r * length + i]!);
      }
      rows.push(row);
    }
    idRows.set(input_ids, rows);
  }
  return rows;
}

/**
 * An int64 tensor of token ids.
 *
 * @param rows Rows of equal length.
 * @param length Length of a row; needed only when there are none.
 */
export function tokenTensor(rows: readonly (readonly number[])[], length = rows[0]?.length ?? 0): Tensor {
  const data = new BigInt64Array(rows.length * length);
  rows.forEach((row, r) => {
    for (let i = 0; i < length; i++) {
      data[r * length + i] = BigInt(row[i]!);
    }
  });
  const tensor = new Tensor('int64', data, [rows.length, length]);
  idRows.set(
    tensor,
    rows.map(row => row.slice())
  );
  return tensor;
}

/** The two dimensions of a matrix, or an error that names it. */
export function matrixDims(tensor: Tensor, name: string): [number, number] {
  if (tensor.dims.length !== 2) {
    throw new TypeError(`Cannot use ${name} as it must have two dimensions: current shape is [${tensor.dims}]`);
  }
  return [tensor.dims[0]!, tensor.dims[1]!];
}

/** The float32 data of scores [B, V]. */
export function scoreData(scores: Tensor): Float32Array {
  if (!(scores.data instanceof Float32Array)) {
    throw new TypeError(`Cannot process scores as they must be float32: current dtype is ${scores.dtype}`);
  }
  return scores.data;
}

/** Row r of scores [B, V]; a view, not a copy. */
export function scoreRow(scores: Tensor, r: number): Float32Array {
  const [, vocab] = matrixDims(scores, 'scores');
  return scoreData(scores).subarray(r * vocab, (r + 1) * vocab);
}

/**
 * A copy of the scores, each row passed through `edit`.
 *
 * @param scores Shape [B, V], float32. Not modified.
 * @param edit Changes the row of the copy in place.
 */
export function editRows(scores: Tensor, edit: (row: Float32Array, r: number) => void): Tensor {
  const [batch, vocab] = matrixDims(scores, 'scores');
  const data = scoreData(scores).slice();
  for (let r = 0; r < batch; r++) {
    edit(data.subarray(r * vocab, (r + 1) * vocab), r);
  }
  return new Tensor('float32', data, [batch, vocab]);
}

/** The largest value; NaN when there is one, as in PyTorch. */
export function rowMax(row: ArrayLike<number>): number {
  let max = -Infinity;
  for (let i = 0; i < row.length; i++) {
    const x = row[i]!;
    if (x > max) {
      max = x;
    } else if (x !== x) {
      return NaN;
    }
  }
  return max;
}

/** Index of the largest value, the first of equals; NaN counts as largest. */
export function argmax(row: ArrayLike<number>): number {
  let best = 0;
  let max = row.length ? row[0]! : NaN;
  for (let i = 0; i < row.length; i++) {
    const x = row[i]!;
    if (x !== x) {
      return i;
    }
    if (x > max) {
      max = x;
      best = i;
    }
  }
  return best;
}

/** Probabilities of one row, float32. */
export function softmax(row: ArrayLike<number>): Float32Array {
  const out = new Float32Array(row.length);
  const max = rowMax(row);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const x = row[i]!;
    // Most of a filtered vocabulary is at -Infinity, and exp is what costs here.
    if (x !== -Infinity || max === -Infinity) {
      const e = Math.exp(x - max);
      out[i] = e;
      sum += e;
    }
  }
  for (let i = 0; i < out.length; i++) {
    out[i] = out[i]! / sum;
  }
  return out;
}

/** Log-probabilities of one row, float32; written to `out` (which may be the row itself). */
export function logSoftmax(row: Float32Array, out: Float32Array = new Float32Array(row.length)): Float32Array {
  const max = rowMax(row);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    sum += Math.exp(row[i]! - max);
  }
  const logSum = Math.log(sum);
  for (let i = 0; i < row.length; i++) {
    out[i] = row[i]! - max - logSum;
  }
  return out;
}

/**
 * Entropy in nats of the distribution a row of scores gives, as torch.distributions.Categorical computes it: a
 * probability of zero contributes nothing.
 */
export function entropy(row: Float32Array): number {
  const logProbs = logSoftmax(row);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const p = Math.exp(logProbs[i]!);
    if (p > 0 || p !== p) {
      sum -= p * logProbs[i]!;
    }
  }
  return sum;
}

/** The k largest, in descending order, the lower index first among equals; NaN counts as largest. */
export function topK(row: ArrayLike<number>, k: number): { values: number[]; indices: number[] } {
  const n = Math.min(k, row.length);
  if (n <= 0) {
    return { values: [], indices: [] };
  }
  // A binary heap of the n best seen, the worst at its root: most of the row fails one comparison with it.
  const heap = new Int32Array(n);
  const worse = (a: number, b: number): boolean => {
    const x = row[a]!;
    const y = row[b]!;
    if (x === y || (x !== x && y !== y)) {
      return a > b;
    }
    return y !== y || x < y;
  };
  const sink = (at: number): void => {
    const item = heap[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= n) {
        break;
      }
      if (child + 1 < n && worse(heap[child + 1]!, heap[child]!)) {
        child++;
      }
      if (!worse(heap[child]!, item)) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  };
  for (let i = 0; i < n; i++) {
    heap[i] = i;
  }
  for (let i = (n >> 1) - 1; i >= 0; i--) {
    sink(i);
  }
  for (let i = n; i < row.length; i++) {
    if (worse(heap[0]!, i)) {
      heap[0] = i;
      sink(0);
    }
  }
  const indices = Array.from(heap).sort((a, b) => (worse(b, a) ? -1 : 1));
  return { values: indices.map(i => row[i]!), indices };
}

/** The k-th largest value of a row, k from 1. */
export function kthLargest(row: ArrayLike<number>, k: number): number {
  return topK(row, k).values[Math.min(k, row.length) - 1]!;
}

/** Indices of the row in ascending order of `keys`, the lower index first among equals (a stable sort). */
export function sortedIndices(keys: Float32Array, among: readonly number[] | Int32Array): Int32Array {
  // Key and index packed into one double, so that the typed array's native numeric sort does both: 32 bits of key
  // above 21 bits of index stay below 2^53.
  if (keys.length > 2 ** 21) {
    return Int32Array.from(among).sort((a, b) => keys[a]! - keys[b]! || a - b);
  }
  const bits = new Uint32Array(keys.buffer, keys.byteOffset, keys.length);
  const packed = new Float64Array(among.length);
  for (let j = 0; j < among.length; j++) {
    const i = among[j]!;
    // -0 sorts with 0; the sign bit turns the order of negative floats round.
    const b = keys[i] === 0 ? 0 : bits[i]!;
    const ordered = b >>> 31 ? ~b >>> 0 : (b | 0x80000000) >>> 0;
    packed[j] = ordered * 2097152 + i;
  }
  packed.sort();
  const out = new Int32Array(among.length);
  for (let j = 0; j < out.length; j++) {
    out[j] = packed[j]! % 2097152;
  }
  return out;
}
