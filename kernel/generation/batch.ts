/** Tensors of a batch: rows repeated for beams, positions cut off and appended. */
import { Tensor, type TensorData } from '../tensor/tensor';

/** Is it a tensor, whichever realm made it? */
export function isTensor(value: unknown): value is Tensor {
  return (
    value instanceof Tensor ||
    (!!value && typeof value === 'object' && 'dims' in value && 'data' in value && 'dtype' in value)
  );
}

/**
 * A tensor from nested number arrays, or the tensor itself.
 *
 * @param value Nested arrays of numbers or bigints of equal lengths.
 * @param name Shown in the error.
 * @param dtype Default int64.
 * @throws {TypeError} If the arrays are ragged or hold something else.
 */
export function asTensor(value: unknown, name: string, dtype: 'int64' | 'float32' = 'int64'): Tensor {
  if (isTensor(value)) {
    return value;
  }
  const dims: number[] = [];
  for (let level = value; Array.isArray(level) || ArrayBuffer.isView(level); level = (level as unknown[])[0]) {
    dims.push((level as unknown as unknown[]).length);
  }
  const flat: (number | bigint)[] = [];
  const walk = (item: unknown, depth: number): void => {
    if (depth === dims.length) {
      if (typeof item !== 'number' && typeof item !== 'bigint' && typeof item !== 'boolean') {
        throw new TypeError(`Cannot use ${name} as it must hold numbers: current value is ${String(item)}`);
      }
      flat.push(typeof item === 'boolean' ? Number(item) : item);
      return;
    }
    const list = item as ArrayLike<unknown> | undefined;
    if (!list || list.length !== dims[depth]) {
      throw new TypeError(
        `Cannot use ${name} as its rows must have one length: ` +
          `found ${list?.length ?? String(item)} beside ${dims[depth]}. ` +
          'Pad them: tokenizer(texts, { padding: true })'
      );
    }
    for (let i = 0; i < list.length; i++) {
      walk(list[i], depth + 1);
    }
  };
  if (!dims.length) {
    throw new TypeError(
      `Cannot use ${name} as it must be a Tensor or nested number arrays: current value is ${String(value)}`
    );
  }
  walk(value, 0);
  const data = dtype === 'int64' ? BigInt64Array.from(flat, integer(name)) : Float32Array.from(flat, Number);
  return new Tensor(dtype, data, dims);
}

function integer(name: string): (value: number | bigint) => bigint {
  return value => {
    if (typeof value === 'number' && !Number.isInteger(value)) {
      throw new TypeError(`Cannot use ${name} as it must hold integers: current value is ${value}`);
    }
    return BigInt(value);
  };
}

/** Each entry along an axis `times` times: [a, b] becomes [a, a, b, b]. */
export function repeatInterleave(tensor: Tensor, times: number, axis = 0): Tensor {
  const outer = product(tensor.dims.slice(0, axis));
  const inner = product(tensor.dims.slice(axis + 1));
  const length = tensor.dims[axis]!;
  const data = emptyLike(tensor.data, tensor.data.length * times);
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < length; i++) {
      const from = (o * length + i) * inner;
      for (let t = 0; t < times; t++) {
        copy(tensor.data, from, from + inner, data, to);
        to += inner;
      }
    }
  }
  return new Tensor(
    tensor.dtype,
    data,
    tensor.dims.map((d, a) => (a === axis ? d * times : d))
  );
}

/** Positions [begin, end) of the last axis, or of the given one. */
export function sliceAxis(tensor: Tensor, begin: number, end: number, axis = tensor.dims.length - 1): Tensor {
  const outer = product(tensor.dims.slice(0, axis));
  const inner = product(tensor.dims.slice(axis + 1));
  const length = tensor.dims[axis]!;
  const size = end - begin;
  const data = emptyLike(tensor.data, outer * size * inner);
  for (let o = 0; o < outer; o++) {
    copy(tensor.data, (o * length + begin) * inner, (o * length + end) * inner, data, o * size * inner);
  }
  return new Tensor(
    tensor.dtype,
    data,
    tensor.dims.map((d, a) => (a === axis ? size : d))
  );
}

/**
 * The tensor with positions appended to its last axis.
 *
 * @param next The value of new position i (from 0) of a row, from the row's last value.
 */
export function extend(tensor: Tensor, count: number, next: (last: number, i: number) => number): Tensor {
  const length = tensor.dims[tensor.dims.length - 1]!;
  const rows = length ? tensor.data.length / length : product(tensor.dims.slice(0, -1));
  const grown = length + count;
  const data = emptyLike(tensor.data, rows * grown);
  const big = data instanceof BigInt64Array;
  for (let r = 0; r < rows; r++) {
    copy(tensor.data, r * length, (r + 1) * length, data, r * grown);
    const last = length ? Number(tensor.data[(r + 1) * length - 1]!) : 0;
    for (let i = 0; i < count; i++) {
      const value = next(last, i);
      (data as { [at: number]: number | bigint })[r * grown + length + i] = big ? BigInt(value) : value;
    }
  }
  return new Tensor(tensor.dtype, data, [...tensor.dims.slice(0, -1), grown]);
}

function product(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

function emptyLike(data: TensorData, length: number): TensorData {
  return new (data.constructor as new (length: number) => TensorData)(length);
}

function copy(from: TensorData, begin: number, end: number, to: TensorData, at: number): void {
  (to as Float32Array).set(from.subarray(begin, end) as Float32Array, at);
}
