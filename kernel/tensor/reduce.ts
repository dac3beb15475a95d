/** Sums, means, extremes and norms over one axis or all. Accumulated in float64. */
import { around, axisOf, isFloat, read, shown, sizeOf, write, type DType, type Dense } from './dense';

/** An axis or several; absent: all. */
export type Axes = number | readonly number[] | undefined;

/**
 * Folds an axis (or all) with a function of its values.
 *
 * @param f Gets the values of one line: read them at start + i · step, i < count.
 */
export function fold(
  x: Dense,
  dim: Axes,
  keepdim: boolean,
  action: string,
  dtype: DType,
  f: (values: ArrayLike<number>, start: number, step: number, count: number) => number
): Dense {
  const values = read(x);
  const axes = dim === undefined ? undefined : typeof dim === 'number' ? [dim] : [...dim];
  if (!axes || axes.length === 0 || x.dims.length === 0) {
    axes?.forEach(axis => axisOf(axis, x.dims.length, action));
    const dims = keepdim ? x.dims.map(() => 1) : [];
    return write(dtype, [f(values, 0, 1, values.length)], dims);
  }
  const places = axes.map(axis => axisOf(axis, x.dims.length, action));
  if (places.length > 1) {
    return foldMany(x, places, keepdim, action, dtype, f);
  }
  const axis = places[0]!;
  const { outer, length, inner } = around(x.dims, axis);
  const out = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let n = 0; n < inner; n++) {
      out[o * inner + n] = f(values, o * length * inner + n, inner, length);
    }
  }
  const dims = keepdim ? x.dims.map((n, i) => (i === axis ? 1 : n)) : x.dims.filter((_, i) => i !== axis);
  return write(dtype, out, dims);
}

/** Several axes: they are moved to the end and folded as one. */
function foldMany(
  x: Dense,
  axes: readonly number[],
  keepdim: boolean,
  action: string,
  dtype: DType,
  f: (values: ArrayLike<number>, start: number, step: number, count: number) => number
): Dense {
  const kept = x.dims.map((_, i) => i).filter(i => !axes.includes(i));
  const values = read(x);
  const strides = x.dims.map((_, i) => sizeOf(x.dims.slice(i + 1)));
  const count = sizeOf(axes.map(axis => x.dims[axis]!));
  const line = new Float64Array(count);
  const out = new Float64Array(sizeOf(kept.map(i => x.dims[i]!)));
  const offset = (which: readonly number[], index: number): number => {
    let at = 0;
    for (let i = which.length - 1; i >= 0; i--) {
      const length = x.dims[which[i]!]!;
      at += (index % length) * strides[which[i]!]!;
      index = Math.floor(index / length);
    }
    return at;
  };
  for (let o = 0; o < out.length; o++) {
    const start = offset(kept, o);
    for (let i = 0; i < count; i++) {
      line[i] = values[start + offset(axes, i)]!;
    }
    out[o] = f(line, 0, 1, count);
  }
  return write(dtype, out, keepdim ? x.dims.map((n, i) => (axes.includes(i) ? 1 : n)) : kept.map(i => x.dims[i]!));
}

const floatOf = (x: Dense): DType => (isFloat(x.dtype) ? x.dtype : 'float32');
const sumOf = (x: Dense): DType => (isFloat(x.dtype) ? x.dtype : 'int64');

export function sum(x: Dense, dim: Axes, keepdim: boolean): Dense {
  return fold(x, dim, keepdim, 'sum', sumOf(x), total);
}

function total(values: ArrayLike<number>, start: number, step: number, count: number): number {
  let result = 0;
  for (let i = 0, at = start; i < count; i++, at += step) {
    result += values[at]!;
  }
  return result;
}

export function prod(x: Dense, dim: Axes, keepdim: boolean): Dense {
  return fold(x, dim, keepdim, 'multiply', sumOf(x), (values, start, step, count) => {
    let result = 1;
    for (let i = 0, at = start; i < count; i++, at += step) {
      result *= values[at]!;
    }
    return result;
  });
}

export function mean(x: Dense, dim: Axes, keepdim: boolean): Dense {
  return fold(
    x,
    dim,
    keepdim,
    'take the mean',
    floatOf(x),
    (v, start, step, count) => total(v, start, step, count) / count
  );
}

/** Variance with `correction` subtracted from the count (1: unbiased, PyTorch's default). */
export function variance(x: Dense, dim: Axes, keepdim: boolean, correction: number): Dense {
  return fold(x, dim, keepdim, 'take the variance', floatOf(x), (values, start, step, count) =>
    spread(values, start, step, count, correction)
  );
}

export function deviation(x: Dense, dim: Axes, keepdim: boolean, correction: number): Dense {
  return fold(x, dim, keepdim, 'take the standard deviation', floatOf(x), (values, start, step, count) =>
    Math.sqrt(spread(values, start, step, count, correction))
  );
}

function spread(values: ArrayLike<number>, start: number, step: number, count: number, correction: number): number {
  const centre = total(values, start, step, count) / count;
  let squares = 0;
  for (let i = 0, at = start; i < count; i++, at += step) {
    squares += (values[at]! - centre) ** 2;
  }
  return squares / Math.max(0, count - correction);
}

/** (Σ |x|^p)^(1/p); p may be Infinity, −Infinity or 0 (how many are not 0). */
export function norm(x: Dense, p: number, dim: Axes, keepdim: boolean): Dense {
  return fold(x, dim, keepdim, 'take the norm', floatOf(x), (values, start, step, count) => {
    let result = p === -Infinity ? Infinity : 0;
    for (let i = 0, at = start; i < count; i++, at += step) {
      const value = Math.abs(values[at]!);
      if (p === Infinity) {
        result = Math.max(result, value);
      } else if (p === -Infinity) {
        result = Math.min(result, value);
      } else if (p === 0) {
        result += value === 0 ? 0 : 1;
      } else {
        result += p === 2 ? value * value : value ** p;
      }
    }
    return Number.isFinite(p) && p !== 0 ? result ** (1 / p) : result;
  });
}

/** Whether a candidate beats the best so far; NaN beats everything, as in PyTorch. */
export type Better = (candidate: number, best: number) => boolean;
export const larger: Better = (a, b) => a > b || (Number.isNaN(a) && !Number.isNaN(b));
export const smaller: Better = (a, b) => a < b || (Number.isNaN(a) && !Number.isNaN(b));

/** Offset of the best value within a line; the first of equals. */
function bestOf(better: Better): (values: ArrayLike<number>, start: number, step: number, count: number) => number {
  return (values, start, step, count) => {
    let best = 0;
    for (let i = 1; i < count; i++) {
      if (better(values[start + i * step]!, values[start + best * step]!)) {
        best = i;
      }
    }
    return best;
  };
}

function checkNotEmpty(x: Dense, dim: Axes, action: string): void {
  const length = typeof dim === 'number' ? x.dims[axisOf(dim, x.dims.length, action)] : sizeOf(x.dims);
  if (length === 0) {
    throw new RangeError(`Cannot ${action} as there must be a value: current shape is ${shown(x.dims)}`);
  }
}

/** Index of the best value along an axis, or in the flattened tensor. */
export function argBest(x: Dense, dim: number | undefined, keepdim: boolean, better: Better, action: string): Dense {
  checkNotEmpty(x, dim, action);
  return fold(x, dim, keepdim, action, 'int64', bestOf(better));
}

/** The best value along an axis, or of all. */
export function best(x: Dense, dim: Axes, keepdim: boolean, better: Better, action: string): Dense {
  checkNotEmpty(x, dim, action);
  const place = bestOf(better);
  return fold(
    x,
    dim,
    keepdim,
    action,
    x.dtype,
    (v, start, step, count) => v[start + place(v, start, step, count) * step]!
  );
}
