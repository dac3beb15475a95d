/** What the operations work on: typed data with a shape, and reading and writing it as plain numbers. */
import { float16ToFloat32, float32ToFloat16 } from './dtype';

/** Element types a Tensor can hold, by the field's names. */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool' | 'float64';

export type TensorData =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Uint16Array | Uint8Array | Int8Array;

/** A dense, row-major array; float16 is held as its bits. */
export interface Dense {
  readonly dtype: DType;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

/** Values one can compute with. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array;

const FLOATS: readonly DType[] = ['float16', 'float32', 'float64'];

export function isFloat(dtype: DType): boolean {
  return FLOATS.includes(dtype);
}

/** How many elements a shape holds; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((size, length) => size * length, 1);
}

/** Row-major strides, in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** The values as numbers: a view where the data are numbers, a copy for float16 and int64. */
export function read(x: Dense): Numbers {
  if (x.dtype === 'float16') {
    return float16ToFloat32(x.data as Uint16Array);
  }
  if (x.data instanceof BigInt64Array) {
    return Float64Array.from(x.data, Number);
  }
  return x.data as Numbers;
}

/** One value as a number, without converting the others. */
export function valueAt(x: Dense, index: number): number {
  return x.dtype === 'float16'
    ? float16ToFloat32((x.data as Uint16Array).subarray(index, index + 1))[0]!
    : Number(x.data[index]);
}

/** An empty array of the kind a dtype is held in. */
export function allocate(dtype: DType, length: number): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'float16':
      return new Uint16Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    default:
      throw new TypeError(
        `Cannot make a tensor as dtype must be float32, float16, float64, int64, int32, int8, uint8 or bool: current value is ${String(dtype)}`
      );
  }
}

/** Numbers as a dense array of a dtype: whole numbers are truncated towards zero, bool is whether a value is not 0. */
export function write(dtype: DType, values: ArrayLike<number>, dims: readonly number[]): Dense {
  if (dtype === 'float16') {
    return { dtype, data: float32ToFloat16(values instanceof Float32Array ? values : Float32Array.from(values)), dims };
  }
  const data = allocate(dtype, values.length);
  if (data instanceof BigInt64Array) {
    for (let i = 0; i < data.length; i++) {
      data[i] = toBigInt(values[i]!);
    }
  } else if (dtype === 'bool') {
    for (let i = 0; i < data.length; i++) {
      data[i] = values[i] ? 1 : 0;
    }
  } else {
    (data as Float32Array).set(values);
  }
  return { dtype, data, dims };
}

function toBigInt(value: number): bigint {
  if (!Number.isFinite(value)) {
    throw new RangeError(`Cannot write int64 as values must be finite: current value is ${value}`);
  }
  return BigInt(Math.trunc(value));
}

/** An axis as 0 … rank − 1. */
export function axisOf(axis: number, rank: number, action: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1)) {
    throw new RangeError(
      `Cannot ${action} as dim must be from ${-Math.max(rank, 1)} to ${Math.max(rank, 1) - 1}: current value is ${axis}`
    );
  }
  return axis < 0 ? axis + rank : axis;
}

export function shown(dims: readonly number[]): string {
  return `[${dims.join(', ')}]`;
}

/** The dtype of an operation on two tensors, as PyTorch promotes them. */
export function promote(a: DType, b: DType): DType {
  if (a === b) {
    return a;
  }
  const order: readonly DType[] = ['bool', 'uint8', 'int8', 'int32', 'int64', 'float16', 'float32', 'float64'];
  const [low, high] = order.indexOf(a) < order.indexOf(b) ? [a, b] : [b, a];
  // Neither holds the other's values.
  return low === 'uint8' && high === 'int8' ? 'int32' : high;
}

/**
 * Splits a shape around an axis: data are [outer][length][inner].
 *
 * @returns The three counts; element (o, i, n) is at (o · length + i) · inner + n.
 */
export function around(dims: readonly number[], axis: number): { outer: number; length: number; inner: number } {
  return {
    outer: sizeOf(dims.slice(0, axis)),
    length: dims[axis] ?? 1,
    inner: sizeOf(dims.slice(axis + 1))
  };
}
