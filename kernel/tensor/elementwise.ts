/** Arithmetic element by element, with broadcasting. */
import { isFloat, promote, read, shown, sizeOf, write, type DType, type Dense } from './dense';

/**
 * The shape two shapes broadcast to: aligned at the right, 1 stretches.
 *
 * @throws {TypeError} If an axis differs and neither is 1.
 */
export function broadcastDims(a: readonly number[], b: readonly number[], action: string): number[] {
  const rank = Math.max(a.length, b.length);
  const dims = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const [p, q] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    if (p !== q && p !== 1 && q !== 1) {
      throw new TypeError(
        `Cannot ${action} as shapes must match or be 1 along dim ${-i}: current shapes are ${shown(a)} and ${shown(b)}`
      );
    }
    dims[rank - i] = p === 1 ? q : p;
  }
  return dims;
}

/** For each element of `dims`, where it is in a tensor of shape `from` that broadcasts to it. */
function broadcastOffsets(from: readonly number[], dims: readonly number[]): Int32Array | undefined {
  const size = sizeOf(dims);
  if (sizeOf(from) === size) {
    return undefined;
  }
  const offsets = new Int32Array(size);
  const shift = dims.length - from.length;
  let stride = 1;
  let step = size;
  const axes: { length: number; stride: number; step: number }[] = [];
  const strides = new Array<number>(dims.length).fill(0);
  for (let axis = dims.length - 1; axis >= shift; axis--) {
    const length = from[axis - shift]!;
    strides[axis] = length === 1 ? 0 : stride;
    stride *= length;
  }
  for (let axis = 0; axis < dims.length; axis++) {
    step /= dims[axis]! || 1;
    axes.push({ length: dims[axis]!, stride: strides[axis]!, step });
  }
  for (let i = 0; i < size; i++) {
    let offset = 0;
    for (const axis of axes) {
      offset += (Math.floor(i / axis.step) % axis.length) * axis.stride;
    }
    offsets[i] = offset;
  }
  return offsets;
}

/** Applies `f` to pairs of elements. */
export function binary(
  a: Dense,
  b: Dense,
  action: string,
  f: (a: number, b: number) => number,
  dtype: DType = promote(a.dtype, b.dtype)
): Dense {
  const dims = broadcastDims(a.dims, b.dims, action);
  const size = sizeOf(dims);
  const [x, y] = [read(a), read(b)];
  const [p, q] = [broadcastOffsets(a.dims, dims), y.length === 1 ? undefined : broadcastOffsets(b.dims, dims)];
  const out = dtype === 'float32' ? new Float32Array(size) : new Float64Array(size);
  if (y.length === 1 && !p) {
    const value = y[0]!;
    for (let i = 0; i < size; i++) {
      out[i] = f(x[i]!, value);
    }
    return write(dtype, out, dims);
  }
  for (let i = 0; i < size; i++) {
    out[i] = f(x[p ? p[i]! : i]!, y[q ? q[i]! : i]!);
  }
  return write(dtype, out, dims);
}

/** A number as a scalar that does not change the other's kind: 0.5 turns whole numbers into float32, 2 does not. */
export function scalarFor(other: Dense, value: number): Dense {
  const dtype = isFloat(other.dtype)
    ? other.dtype === 'float16'
      ? 'float16'
      : 'float64'
    : Number.isInteger(value)
      ? other.dtype === 'bool'
        ? 'int64'
        : other.dtype
      : 'float32';
  if (dtype === 'float64' && other.dtype === 'float32') {
    // Held as float32, as PyTorch computes with Python numbers.
    return write('float32', [value], []);
  }
  return write(dtype, [value], []);
}

/** Applies `f` to each element; whole numbers become float32 where the result is not one. */
export function unary(x: Dense, f: (value: number) => number, toFloat = true): Dense {
  const dtype = isFloat(x.dtype) || !toFloat ? x.dtype : 'float32';
  const values = read(x);
  const out = dtype === 'float32' ? new Float32Array(values.length) : new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = f(values[i]!);
  }
  return write(dtype, out, x.dims);
}

/** Comparison: a bool tensor. */
export function compare(a: Dense, b: Dense, action: string, f: (a: number, b: number) => boolean): Dense {
  return binary(a, b, action, (x, y) => (f(x, y) ? 1 : 0), 'bool');
}

/** The error function, to 1e-16 or so. @see W. J. Cody, Rational Chebyshev approximations for the error function */
export function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) {
    return Math.sign(x);
  }
  if (t < 2.5) {
    // Maclaurin series: terms shrink quickly below 2.5.
    let term = t;
    let sum = t;
    for (let n = 1; n < 80; n++) {
      term *= (-t * t) / n;
      const next = term / (2 * n + 1);
      sum += next;
      if (Math.abs(next) < 1e-17 * Math.abs(sum)) {
        break;
      }
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  // Continued fraction of erfc.
  let fraction = 0;
  for (let n = 60; n > 0; n--) {
    fraction = n / 2 / (t + fraction);
  }
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}
