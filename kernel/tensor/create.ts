/** Making dense arrays of nested numbers, constants and random numbers. */
import { allocate, sizeOf, write, type DType, type Dense } from './dense';

/** Numbers in lists of any depth. */
export type Nested = number | bigint | boolean | readonly Nested[] | NumericArray;
type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array | Uint16Array | BigInt64Array;

/**
 * @param value Nested lists of equal lengths.
 * @param dtype Default: bool for booleans, int64 for whole numbers, float32 otherwise.
 * @throws {TypeError} If the lists are ragged or hold something else than numbers.
 */
export function fromNested(value: Nested, dtype?: DType): Dense {
  const dims: number[] = [];
  for (let at: unknown = value; isList(at); at = at[0]) {
    dims.push(at.length);
    if (at.length === 0) {
      break;
    }
  }
  const values = new Float64Array(sizeOf(dims));
  const found = { bool: true, whole: true };
  let next = 0;
  const visit = (item: unknown, depth: number): void => {
    if (depth === dims.length) {
      values[next++] = numberOf(item, found);
      return;
    }
    if (!isList(item) || item.length !== dims[depth]) {
      throw new TypeError(
        `Cannot make a tensor as lists at depth ${depth} must all have ${dims[depth]} entries: current one has ${isList(item) ? item.length : 'none, it is no list'}`
      );
    }
    for (let i = 0; i < item.length; i++) {
      visit(item[i], depth + 1);
    }
  };
  visit(value, 0);
  const empty = values.length === 0;
  return write(
    dtype ?? (empty ? 'float32' : found.bool ? 'bool' : found.whole && !isFloats(value) ? 'int64' : 'float32'),
    values,
    dims
  );
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isFloats(value: unknown): boolean {
  return value instanceof Float32Array || value instanceof Float64Array || (Array.isArray(value) && isFloats(value[0]));
}

function numberOf(item: unknown, found: { bool: boolean; whole: boolean }): number {
  if (typeof item === 'boolean') {
    return item ? 1 : 0;
  }
  found.bool = false;
  if (typeof item === 'bigint') {
    return Number(item);
  }
  if (typeof item === 'number') {
    found.whole &&= Number.isInteger(item);
    return item;
  }
  throw new TypeError(
    `Cannot make a tensor as its values must be numbers or booleans: current value is ${isList(item) ? 'a list where a number is expected' : String(item)}`
  );
}

export function checkDims(dims: readonly number[]): readonly number[] {
  if (!Array.isArray(dims) || dims.some(length => !Number.isInteger(length) || length < 0)) {
    throw new RangeError(
      `Cannot make a tensor as its shape must be whole numbers of at least 0: current value is [${String(dims)}]`
    );
  }
  return dims;
}

export function full(dims: readonly number[], value: number, dtype: DType): Dense {
  checkDims(dims);
  return value === 0
    ? { dtype, data: allocate(dtype, sizeOf(dims)), dims }
    : write(dtype, new Float64Array(sizeOf(dims)).fill(value), dims);
}

/** start, start + step, … below `end`. */
export function range(start: number, end: number, step: number, dtype?: DType): Dense {
  if (step === 0 || !Number.isFinite((end - start) / step)) {
    throw new RangeError(
      `Cannot make a range as step must lead from start to end: current values are ${start}, ${end}, ${step}`
    );
  }
  const count = Math.max(0, Math.ceil((end - start) / step));
  const values = Float64Array.from({ length: count }, (_, i) => start + i * step);
  return write(dtype ?? ([start, end, step].every(Number.isInteger) ? 'int64' : 'float32'), values, [count]);
}

/** Uniform numbers in [0, 1) that depend on the seed alone. Not PyTorch's draws. @see mulberry32 */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers by Box and Muller. */
export function normal(dims: readonly number[], seed: number, dtype: DType): Dense {
  const draw = uniform(seed);
  const values = new Float64Array(sizeOf(checkDims(dims)));
  for (let i = 0; i < values.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - draw()));
    const angle = 2 * Math.PI * draw();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) {
      values[i + 1] = radius * Math.sin(angle);
    }
  }
  return write(dtype, values, dims);
}
