/** Other views of the same elements: reshaping, slicing, transposing, joining. Results are copies. */
import {
  allocate,
  axisOf,
  promote,
  read,
  shown,
  sizeOf,
  stridesOf,
  write,
  type DType,
  type Dense,
  type TensorData
} from './dense';

/** One axis of a slice: an index (the axis goes), [start, end, step?] (end exclusive), or null for all. */
export type Range = number | readonly [start: number | null, end?: number | null, step?: number] | null | undefined;

/** @throws {TypeError} If the sizes differ. One length may be −1: what is left. */
export function reshape(x: Dense, dims: readonly number[]): Dense {
  const size = sizeOf(x.dims);
  const open = dims.indexOf(-1);
  const known = sizeOf(dims.filter(length => length !== -1));
  const result = dims.map((length, axis) => (axis === open ? size / known : length));
  if (
    dims.some(length => !Number.isInteger(length) || length < -1) ||
    sizeOf(result) !== size ||
    dims.lastIndexOf(-1) !== open
  ) {
    throw new TypeError(
      `Cannot reshape to ${shown(dims)} as it must hold the same number of elements: current shape is ${shown(x.dims)}`
    );
  }
  return { dtype: x.dtype, data: x.data, dims: result };
}

export function permute(x: Dense, axes: readonly number[]): Dense {
  const rank = x.dims.length;
  const order = axes.map(axis => axisOf(axis, rank, 'permute'));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new RangeError(
      `Cannot permute as dims must name each of the ${rank} axes once: current value is ${shown(axes)} for shape ${shown(x.dims)}`
    );
  }
  const strides = stridesOf(x.dims);
  return gather(
    x,
    order.map(axis => x.dims[axis]!),
    order.map(axis => strides[axis]!),
    0
  );
}

/** Copies a strided view: element (i, j, …) is at start + i · steps[0] + j · steps[1] + … */
function gather(x: Dense, dims: readonly number[], steps: readonly number[], start: number): Dense {
  const size = sizeOf(dims);
  const data = allocate(x.dtype, size);
  const from = x.data;
  const rank = dims.length;
  if (size === 0) {
    return { dtype: x.dtype, data, dims };
  }
  if (rank === 0) {
    data[0] = from[start]!;
    return { dtype: x.dtype, data, dims };
  }
  const index = new Array<number>(rank).fill(0);
  const inner = dims[rank - 1]!;
  const step = steps[rank - 1]!;
  let at = start;
  for (let out = 0; out < size;) {
    if (step === 1) {
      (data as Float32Array).set((from as Float32Array).subarray(at, at + inner), out);
      out += inner;
    } else {
      for (let i = 0, source = at; i < inner; i++, source += step) {
        data[out++] = from[source]!;
      }
    }
    for (let axis = rank - 2; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < dims[axis]!) {
        break;
      }
      at -= steps[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype: x.dtype, data, dims };
}

/**
 * @throws {RangeError} If an index is outside its axis, or there are more ranges than axes.
 */
export function slice(x: Dense, ranges: readonly Range[]): Dense {
  if (ranges.length > x.dims.length) {
    throw new RangeError(
      `Cannot index as there must be at most ${x.dims.length} indices for shape ${shown(x.dims)}: current number is ${ranges.length}`
    );
  }
  const strides = stridesOf(x.dims);
  const dims: number[] = [];
  const steps: number[] = [];
  let start = 0;
  x.dims.forEach((length, axis) => {
    const range = ranges[axis] ?? null;
    const stride = strides[axis]!;
    if (typeof range === 'number') {
      start += indexOf(range, length, axis, x.dims) * stride;
      return;
    }
    const [first, last, step] = bounds(range, length);
    start += first * stride;
    dims.push(Math.max(0, Math.ceil((last - first) / step)));
    steps.push(stride * step);
  });
  return gather(x, dims, steps, start);
}

function indexOf(index: number, length: number, axis: number, dims: readonly number[]): number {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new RangeError(
      `Cannot index as dim ${axis} must be from ${-length} to ${length - 1} for shape ${shown(dims)}: current value is ${index}`
    );
  }
  return index < 0 ? index + length : index;
}

/** Python's rules: negative counts from the end, beyond the end is the end. */
function bounds(range: Exclude<Range, number>, length: number): [first: number, last: number, step: number] {
  const [from, to, step = 1] = range ?? [null];
  if (!Number.isInteger(step) || step < 1) {
    throw new RangeError(`Cannot slice as step must be a positive whole number: current value is ${step}`);
  }
  const place = (value: number): number => Math.min(length, Math.max(0, value < 0 ? value + length : value));
  return [place(from ?? 0), place(to ?? length), step];
}

/** Rows of one axis, in the order of `indices`; they may repeat. */
export function indexSelect(x: Dense, axis: number, indices: readonly number[]): Dense {
  const a = axisOf(axis, x.dims.length, 'select');
  const length = x.dims[a]!;
  const inner = sizeOf(x.dims.slice(a + 1));
  const outer = sizeOf(x.dims.slice(0, a));
  const rows = indices.map(index => indexOf(index, length, a, x.dims));
  const data = allocate(x.dtype, outer * rows.length * inner);
  for (let o = 0; o < outer; o++) {
    rows.forEach((row, i) => {
      const from = (o * length + row) * inner;
      (data as Float32Array).set((x.data as Float32Array).subarray(from, from + inner), (o * rows.length + i) * inner);
    });
  }
  return { dtype: x.dtype, data, dims: x.dims.map((n, i) => (i === a ? rows.length : n)) };
}

/** One element per place of `index` along an axis: out[i][j] = x[index[i][j]][j] for dim 0. */
export function take(x: Dense, axis: number, index: Dense): Dense {
  const a = axisOf(axis, x.dims.length, 'gather');
  if (index.dims.length !== x.dims.length || index.dims.some((n, i) => i !== a && n > x.dims[i]!)) {
    throw new TypeError(
      `Cannot gather along dim ${a} as index must fit the shape ${shown(x.dims)} in the other dims: current shape is ${shown(index.dims)}`
    );
  }
  const strides = stridesOf(x.dims);
  const places = stridesOf(index.dims);
  const chosen = read(index);
  const data = allocate(x.dtype, chosen.length);
  for (let i = 0; i < chosen.length; i++) {
    let offset = 0;
    for (let axis = 0; axis < places.length; axis++) {
      const at =
        axis === a ? indexOf(chosen[i]!, x.dims[a]!, a, x.dims) : Math.floor(i / places[axis]!) % index.dims[axis]!;
      offset += at * strides[axis]!;
    }
    data[i] = x.data[offset]!;
  }
  return { dtype: x.dtype, data, dims: index.dims };
}

/** Repeats axes of length 1 up to `dims`; −1 keeps a length. */
export function expand(x: Dense, dims: readonly number[]): Dense {
  const shift = dims.length - x.dims.length;
  const strides = stridesOf(x.dims);
  const steps: number[] = [];
  const result = dims.map((length, axis) => {
    const own = x.dims[axis - shift];
    const wanted = length === -1 ? own : length;
    if (shift < 0 || wanted === undefined || (own !== undefined && own !== 1 && own !== wanted)) {
      throw new TypeError(
        `Cannot expand to ${shown(dims)} as each axis must match or be 1: current shape is ${shown(x.dims)}`
      );
    }
    steps.push(own === undefined || own === 1 ? 0 : strides[axis - shift]!);
    return wanted;
  });
  return gather(x, result, steps, 0);
}

/** Joins tensors along an axis they may differ in. */
export function cat(parts: readonly Dense[], axis: number): Dense {
  if (parts.length === 0) {
    throw new TypeError('Cannot concatenate as there must be at least one tensor: current number is 0');
  }
  const rank = parts[0]!.dims.length;
  const a = axisOf(axis, rank, 'concatenate');
  const first = parts[0]!.dims;
  for (const part of parts) {
    if (part.dims.length !== rank || part.dims.some((length, i) => i !== a && length !== first[i])) {
      throw new TypeError(
        `Cannot concatenate along dim ${a} as all other dims must be equal: current shapes are ${parts.map(p => shown(p.dims)).join(', ')}`
      );
    }
  }
  const dtype = parts.map(part => part.dtype).reduce(promote);
  const same = parts.map(part => convert(part, dtype));
  const lengths = parts.map(part => part.dims[a]!);
  const dims = first.map((length, i) => (i === a ? lengths.reduce((sum, n) => sum + n, 0) : length));
  const inner = sizeOf(dims.slice(a + 1));
  const outer = sizeOf(dims.slice(0, a));
  const data = allocate(dtype, sizeOf(dims));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    same.forEach((part, i) => {
      const count = lengths[i]! * inner;
      (data as Float32Array).set((part.data as Float32Array).subarray(o * count, (o + 1) * count), at);
      at += count;
    });
  }
  return { dtype, data, dims };
}

/** The same values as another dtype; itself if it is that already. */
export function convert(x: Dense, dtype: DType): Dense {
  return x.dtype === dtype ? x : write(dtype, read(x), x.dims);
}

export function copyData(data: TensorData): TensorData {
  return data.slice();
}
