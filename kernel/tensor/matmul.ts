import { isFloat, promote, read, shown, sizeOf, write, type Dense } from './dense';
import { broadcastDims } from './elementwise';

/**
 * Matrix product as in PyTorch: vectors are taken as row or column, axes before the last two broadcast.
 *
 * @param a [..., n, k] or [k]
 * @param b [..., k, m] or [k]
 * @returns [..., n, m] without the axes of vectors.
 * @throws {TypeError} If the inner lengths differ.
 */
export function matmul(a: Dense, b: Dense): Dense {
  if (a.dims.length === 0 || b.dims.length === 0) {
    throw new TypeError(
      `Cannot multiply matrices as both must have at least one axis: current shapes are ${shown(a.dims)} and ${shown(b.dims)}`
    );
  }
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [n, k] = left.slice(-2) as [number, number];
  const [k2, m] = right.slice(-2) as [number, number];
  if (k !== k2) {
    throw new TypeError(
      `Cannot multiply matrices as inner lengths must be equal: current shapes are ${shown(a.dims)} and ${shown(b.dims)}`
    );
  }
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2), 'multiply matrices');
  const count = sizeOf(batch);
  const [x, y] = [read(a), read(b)];
  const out = new Float64Array(count * n * m);
  const row = new Float64Array(m);
  for (let i = 0; i < count; i++) {
    const p = batchOffset(i, batch, left) * n * k;
    const q = batchOffset(i, batch, right) * k * m;
    for (let r = 0; r < n; r++) {
      row.fill(0);
      for (let c = 0; c < k; c++) {
        const factor = x[p + r * k + c]!;
        const from = q + c * m;
        for (let j = 0; j < m; j++) {
          row[j] = row[j]! + factor * y[from + j]!;
        }
      }
      out.set(row, (i * n + r) * m);
    }
  }
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [n]), ...(b.dims.length === 1 ? [] : [m])];
  const dtype = promote(a.dtype, b.dtype);
  return write(isFloat(dtype) || dtype !== 'bool' ? dtype : 'int64', out, dims);
}

/** Which matrix of a tensor of shape [..., n, k] stands at place `index` of the broadcast batch. */
function batchOffset(index: number, batch: readonly number[], dims: readonly number[]): number {
  const own = dims.slice(0, -2);
  let offset = 0;
  let stride = 1;
  for (let i = 1; i <= batch.length; i++) {
    const length = batch[batch.length - i]!;
    const place = index % length;
    index = Math.floor(index / length);
    const mine = own[own.length - i] ?? 1;
    offset += mine === 1 ? 0 : place * stride;
    stride *= mine;
  }
  return offset;
}
