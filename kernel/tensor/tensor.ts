/** The tensor a cell sees: NumPy's and PyTorch's everyday operations on the CPU. Heavy work is the engine's. */
import { checkDims, fromNested, full, normal, range, uniform, type Nested } from './create';
import { axisOf, isFloat, read, shown, sizeOf, stridesOf, valueAt, write } from './dense';
import type { DType, Dense, TensorData } from './dense';
import { toHtml, toText } from './display';
import { binary, compare, erf, scalarFor, unary } from './elementwise';
import { matmul } from './matmul';
import { argBest, best, deviation, larger, mean, norm, prod, smaller, sum, variance, type Axes } from './reduce';
import { cat, convert, copyData, expand, indexSelect, permute, reshape, slice, take, type Range } from './shape';
import { cumsum, logSoftmax, softmax } from './softmax';
import { order, type Sorted } from './sort';

export type { DType, TensorData } from './dense';
export type { Nested } from './create';
export type { Range } from './shape';

/** Plain values of a tensor: a number for a scalar, otherwise nested lists. */
export type NestedList = number | boolean | NestedList[];

/** Values and where they were; can be taken apart as a pair or by name. */
export type ValuesAndIndices = [values: Tensor, indices: Tensor] & { values: Tensor; indices: Tensor };

/** The other operand of arithmetic. */
export type Operand = Tensor | number | Nested;

/** How close two tensors must be: |a − b| ≤ atol + rtol · |b|. */
export interface Closeness {
  rtol?: number;
  atol?: number;
  /** NaN equals NaN. Default false. */
  equal_nan?: boolean;
}

/** One image, table or text per MIME type. */
type MimeBundle = { [mime: string]: string };

/**
 * A dense, row-major tensor.
 *
 * Operations return new tensors and never change this one. Where an operation takes `dim`, it is the axis, negative from
 * the end. Arithmetic broadcasts as in NumPy; a number is a scalar.
 *
 * @example The three most likely tokens after a prompt
 * const { values, indices } = logits.at(0, -1).softmax().topk(3);
 */
export class Tensor implements Dense {
  readonly dtype: DType;
  /** The elements in row-major order; float16 as bits, int64 as bigint, bool as 0 and 1. */
  readonly data: TensorData;
  /** Length of each axis; empty for a scalar. */
  readonly dims: readonly number[];

  /**
   * @param dtype Element type.
   * @param data The elements, kept, not copied.
   * @param dims Length of each axis.
   * @throws {TypeError} If `data` does not hold as many elements as `dims` say.
   */
  constructor(dtype: DType, data: TensorData, dims: readonly number[]) {
    if (data.length !== sizeOf(dims)) {
      throw new TypeError(
        `Cannot make a tensor as data must hold ${sizeOf(dims)} elements for shape ${shown(dims)}: current number is ${data.length}`
      );
    }
    this.dtype = dtype;
    this.data = data;
    this.dims = dims;
  }

  /** Wraps what an operation returned. */
  private static of(dense: Dense): Tensor {
    return dense instanceof Tensor ? dense : new Tensor(dense.dtype, dense.data, dense.dims);
  }

  private static pair(sorted: Sorted): ValuesAndIndices {
    const values = Tensor.of(sorted.values);
    const indices = Tensor.of(sorted.indices);
    return Object.assign([values, indices] as [Tensor, Tensor], { values, indices });
  }

  /** The other operand as an array: a number takes this tensor's kind, lists become a tensor. */
  private operand(other: Operand): Dense {
    if (typeof other === 'number') {
      return scalarFor(this, other);
    }
    return other instanceof Tensor ? other : fromNested(other);
  }

  // Making tensors

  /**
   * A tensor of nested numbers.
   *
   * @param value Numbers or booleans in lists of equal lengths, or a tensor (returned as `dtype`).
   * @param dtype Default: bool for booleans, int64 for whole numbers, float32 otherwise.
   * @throws {TypeError} If the lists are ragged or hold something else.
   */
  static tensor(value: Nested | Tensor, dtype?: DType): Tensor {
    return Tensor.of(value instanceof Tensor ? convert(value, dtype ?? value.dtype) : fromNested(value, dtype));
  }

  static zeros(dims: readonly number[], dtype: DType = 'float32'): Tensor {
    return Tensor.of(full(dims, 0, dtype));
  }

  static ones(dims: readonly number[], dtype: DType = 'float32'): Tensor {
    return Tensor.of(full(dims, 1, dtype));
  }

  static full(dims: readonly number[], value: number, dtype: DType = 'float32'): Tensor {
    return Tensor.of(full(dims, value, dtype));
  }

  static eye(n: number, dtype: DType = 'float32'): Tensor {
    const values = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      values[i * n + i] = 1;
    }
    return Tensor.of(write(dtype, values, checkDims([n, n])));
  }

  /**
   * `arange(end)`, or `arange(start, end, step)`: start, start + step, … below end.
   *
   * @param dtype Default int64 where all are whole numbers, float32 otherwise.
   */
  static arange(start: number, end?: number, step = 1, dtype?: DType): Tensor {
    return Tensor.of(end === undefined ? range(0, start, step, dtype) : range(start, end, step, dtype));
  }

  /** `steps` numbers from `start` to `end`, both included. */
  static linspace(start: number, end: number, steps: number, dtype: DType = 'float32'): Tensor {
    const values = Float64Array.from({ length: steps }, (_, i) =>
      steps === 1 ? start : start + ((end - start) * i) / (steps - 1)
    );
    return Tensor.of(write(dtype, values, [steps]));
  }

  /**
   * Standard normal numbers.
   *
   * @param seed The same seed gives the same numbers. They are not those of PyTorch's seed. Default 0.
   */
  static randn(dims: readonly number[], seed = 0, dtype: DType = 'float32'): Tensor {
    return Tensor.of(normal(dims, seed, dtype));
  }

  /** Uniform numbers in [0, 1); see `randn` for `seed`. */
  static rand(dims: readonly number[], seed = 0, dtype: DType = 'float32'): Tensor {
    const draw = uniform(seed);
    return Tensor.of(write(dtype, Float64Array.from({ length: sizeOf(checkDims(dims)) }, draw), dims));
  }

  /** Joins tensors along an axis they already have. */
  static cat(tensors: readonly Tensor[], dim = 0): Tensor {
    return Tensor.of(cat(tensors, dim));
  }

  /** Joins tensors of one shape along a new axis. */
  static stack(tensors: readonly Tensor[], dim = 0): Tensor {
    return Tensor.of(
      cat(
        tensors.map(one => one.unsqueeze(dim)),
        dim
      )
    );
  }

  /** Elements of `a` where `condition` holds, of `b` elsewhere; all broadcast. */
  static where(condition: Tensor, a: Operand, b: Operand): Tensor {
    const [x, y] = [a, b].map(one => (one instanceof Tensor ? one : Tensor.tensor(one as Nested))) as [Tensor, Tensor];
    const kept = binary(condition, x, 'choose', (c, value) => (c ? value : 0), x.dtype);
    const other = binary(condition, y, 'choose', (c, value) => (c ? 0 : value), y.dtype);
    return Tensor.of(binary(kept, other, 'choose', (p, q) => p + q));
  }

  // Shape

  /** The same as `dims`. */
  get shape(): readonly number[] {
    return this.dims;
  }

  /** Number of axes. */
  get ndim(): number {
    return this.dims.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  numel(): number {
    return this.data.length;
  }

  /**
   * @param dims New lengths; one may be −1, what is left. As one list or as arguments.
   * @throws {TypeError} If the number of elements differs.
   */
  reshape(...dims: number[] | [readonly number[]]): Tensor {
    return Tensor.of(reshape(this, flat(dims)));
  }

  /** The same as `reshape`. */
  view(...dims: number[] | [readonly number[]]): Tensor {
    return this.reshape(...dims);
  }

  /** Joins the axes from `start_dim` to `end_dim`. */
  flatten(start_dim = 0, end_dim = -1): Tensor {
    if (this.ndim === 0) {
      return this.reshape(1);
    }
    const [first, last] = [axisOf(start_dim, this.ndim, 'flatten'), axisOf(end_dim, this.ndim, 'flatten')];
    if (first > last) {
      throw new RangeError(
        `Cannot flatten as start_dim must not be after end_dim: current values are ${first} and ${last}`
      );
    }
    const joined = sizeOf(this.dims.slice(first, last + 1));
    return this.reshape([...this.dims.slice(0, first), joined, ...this.dims.slice(last + 1)]);
  }

  /** Removes an axis of length 1, or all of them. An axis of another length stays. */
  squeeze(dim?: number): Tensor {
    const axis = dim === undefined ? undefined : axisOf(dim, this.ndim, 'squeeze');
    return this.reshape(this.dims.filter((length, i) => length !== 1 || (axis !== undefined && i !== axis)));
  }

  /** Adds an axis of length 1 before axis `dim` (−1: at the end). */
  unsqueeze(dim: number): Tensor {
    const axis = axisOf(dim, this.ndim + 1, 'unsqueeze');
    return this.reshape([...this.dims.slice(0, axis), 1, ...this.dims.slice(axis)]);
  }

  /** Exchanges two axes; without arguments the last two. */
  transpose(dim0 = -2, dim1 = -1): Tensor {
    const [a, b] = [axisOf(dim0, this.ndim, 'transpose'), axisOf(dim1, this.ndim, 'transpose')];
    return this.permute(this.dims.map((_, i) => (i === a ? b : i === b ? a : i)));
  }

  /** Axes in a new order. As one list or as arguments. */
  permute(...axes: number[] | [readonly number[]]): Tensor {
    return Tensor.of(permute(this, flat(axes)));
  }

  /** Axes in reverse order. */
  get T(): Tensor {
    return this.permute(this.dims.map((_, i) => this.ndim - 1 - i));
  }

  /** Repeats axes of length 1 up to these lengths; −1 keeps one. */
  expand(...dims: number[] | [readonly number[]]): Tensor {
    return Tensor.of(expand(this, flat(dims)));
  }

  // Elements

  /**
   * The part at these indices, one per axis from the first; negative from the end. `x.at(0)` is the first row,
   * `x.at(0, -1)` the last entry of the first row.
   *
   * @throws {RangeError} If an index is outside its axis.
   */
  at(...indices: number[]): Tensor {
    return Tensor.of(slice(this, indices));
  }

  /**
   * A part, one range per axis: a number takes one index and drops the axis, [start, end, step] takes a range (end
   * exclusive, negative from the end), null takes all.
   *
   * @example The last query of every head
   * pattern.slice(0, null, -1)
   */
  slice(...ranges: Range[]): Tensor {
    return Tensor.of(slice(this, ranges));
  }

  /** One index of one axis, which goes. */
  select(dim: number, index: number): Tensor {
    const axis = axisOf(dim, this.ndim, 'select');
    return Tensor.of(slice(this, [...new Array<null>(axis).fill(null), index]));
  }

  /** `length` entries of an axis from `start`. */
  narrow(dim: number, start: number, length: number): Tensor {
    const axis = axisOf(dim, this.ndim, 'narrow');
    const from = start < 0 ? start + this.dims[axis]! : start;
    if (!(from >= 0 && length >= 0 && from + length <= this.dims[axis]!)) {
      throw new RangeError(
        `Cannot narrow dim ${axis} as start and length must be within ${this.dims[axis]}: current values are ${start} and ${length}`
      );
    }
    return Tensor.of(slice(this, [...new Array<null>(axis).fill(null), [from, from + length]]));
  }

  /** Entries of an axis in the order of `index`; they may repeat. */
  index_select(dim: number, index: Tensor | readonly number[]): Tensor {
    return Tensor.of(indexSelect(this, dim, index instanceof Tensor ? [...read(index)] : index));
  }

  /** out[i][j] = this[index[i][j]][j] for dim 0, and so on. */
  gather(dim: number, index: Tensor): Tensor {
    return Tensor.of(take(this, dim, index));
  }

  /** This with `value` wherever `mask` is true. */
  masked_fill(mask: Tensor, value: number): Tensor {
    return Tensor.of(binary(this, mask, 'fill', (own, masked) => (masked ? value : own), this.dtype));
  }

  /** Lower triangle of the last two axes; `diagonal` moves the edge up. */
  tril(diagonal = 0): Tensor {
    return this.triangle((row, column) => column <= row + diagonal);
  }

  /** Upper triangle of the last two axes. */
  triu(diagonal = 0): Tensor {
    return this.triangle((row, column) => column >= row + diagonal);
  }

  private triangle(keep: (row: number, column: number) => boolean): Tensor {
    const [rows, columns] = this.dims.slice(-2);
    if (rows === undefined || columns === undefined) {
      throw new TypeError(
        `Cannot take a triangle as there must be at least two axes: current shape is ${shown(this.dims)}`
      );
    }
    const data = copyData(this.data);
    const zero = (data instanceof BigInt64Array ? 0n : 0) as never;
    for (let i = 0; i < data.length; i++) {
      if (!keep(Math.floor(i / columns) % rows, i % columns)) {
        data[i] = zero;
      }
    }
    return new Tensor(this.dtype, data, this.dims);
  }

  /** The values along the diagonal of a matrix. */
  diagonal(offset = 0): Tensor {
    if (this.ndim !== 2) {
      throw new TypeError(`Cannot take the diagonal as there must be two axes: current shape is ${shown(this.dims)}`);
    }
    const [rows, columns] = this.dims as [number, number];
    const numbers = read(this);
    const values: number[] = [];
    for (let r = Math.max(0, -offset), c = Math.max(0, offset); r < rows && c < columns; r++, c++) {
      values.push(numbers[r * columns + c]!);
    }
    return Tensor.of(write(this.dtype, values, [values.length]));
  }

  /**
   * Plain nested lists: int64 and float16 as numbers, bool as true and false; a scalar gives one value.
   *
   * @typeParam T What the caller knows it to be, e.g. `tolist<number[][]>()`.
   */
  tolist<T extends NestedList = NestedList>(): T {
    const numbers = read(this);
    const strides = stridesOf(this.dims);
    const isBool = this.dtype === 'bool';
    const nest = (axis: number, offset: number): NestedList => {
      const length = this.dims[axis];
      if (length === undefined) {
        return isBool ? numbers[offset] !== 0 : numbers[offset]!;
      }
      return Array.from({ length }, (_, i) => nest(axis + 1, offset + i * strides[axis]!));
    };
    return nest(0, 0) as T;
  }

  /**
   * The one value of a tensor that holds one.
   *
   * @throws {TypeError} If it holds another number of values.
   */
  item(): number {
    if (this.size !== 1) {
      throw new TypeError(
        `Cannot take item() as the tensor must hold one value: current shape is ${shown(this.dims)}; tolist() gives all`
      );
    }
    return valueAt(this, 0);
  }

  /** Numbers in row-major order: float16 and int64 converted, others as they are. */
  numbers(): Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array {
    return read(this);
  }

  /** The parts along the first axis. */
  *[Symbol.iterator](): Generator<Tensor> {
    if (this.ndim === 0) {
      throw new TypeError('Cannot iterate over a scalar tensor: item() gives its value');
    }
    for (let i = 0; i < this.dims[0]!; i++) {
      yield this.at(i);
    }
  }

  /** Lets a tensor of one value stand where a number is expected. */
  valueOf(): number | this {
    return this.size === 1 ? valueAt(this, 0) : this;
  }

  // Types

  /** The same values as another dtype. */
  to(dtype: DType): Tensor {
    return Tensor.of(convert(this, dtype));
  }

  float(): Tensor {
    return this.to('float32');
  }

  long(): Tensor {
    return this.to('int64');
  }

  bool(): Tensor {
    return this.to('bool');
  }

  /** A copy with data of its own. */
  clone(): Tensor {
    return new Tensor(this.dtype, copyData(this.data), this.dims);
  }

  // Arithmetic

  add(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'add', (a, b) => a + b));
  }

  sub(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'subtract', (a, b) => a - b));
  }

  mul(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'multiply', (a, b) => a * b));
  }

  /** Quotient; of whole numbers float32. */
  div(other: Operand): Tensor {
    const b = this.operand(other);
    const dtype = isFloat(this.dtype) || isFloat(b.dtype) ? undefined : 'float32';
    return Tensor.of(binary(this, b, 'divide', (p, q) => p / q, dtype));
  }

  pow(exponent: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(exponent), 'raise to a power', (a, b) => a ** b));
  }

  /** Remainder with the divisor's sign, as in Python. */
  remainder(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'take the remainder', (a, b) => a - Math.floor(a / b) * b));
  }

  maximum(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'compare', Math.max));
  }

  minimum(other: Operand): Tensor {
    return Tensor.of(binary(this, this.operand(other), 'compare', Math.min));
  }

  /** Values limited to [min, max]; either may be left out. */
  clamp(min = -Infinity, max = Infinity): Tensor {
    return Tensor.of(unary(this, value => Math.min(max, Math.max(min, value)), false));
  }

  neg(): Tensor {
    return Tensor.of(unary(this, value => -value, false));
  }

  abs(): Tensor {
    return Tensor.of(unary(this, Math.abs, false));
  }

  sign(): Tensor {
    return Tensor.of(unary(this, Math.sign, false));
  }

  round(): Tensor {
    return Tensor.of(unary(this, roundHalfEven, false));
  }

  floor(): Tensor {
    return Tensor.of(unary(this, Math.floor, false));
  }

  ceil(): Tensor {
    return Tensor.of(unary(this, Math.ceil, false));
  }

  exp(): Tensor {
    return Tensor.of(unary(this, Math.exp));
  }

  log(): Tensor {
    return Tensor.of(unary(this, Math.log));
  }

  log2(): Tensor {
    return Tensor.of(unary(this, Math.log2));
  }

  sqrt(): Tensor {
    return Tensor.of(unary(this, Math.sqrt));
  }

  rsqrt(): Tensor {
    return Tensor.of(unary(this, value => 1 / Math.sqrt(value)));
  }

  square(): Tensor {
    return Tensor.of(unary(this, value => value * value, false));
  }

  sin(): Tensor {
    return Tensor.of(unary(this, Math.sin));
  }

  cos(): Tensor {
    return Tensor.of(unary(this, Math.cos));
  }

  tanh(): Tensor {
    return Tensor.of(unary(this, Math.tanh));
  }

  sigmoid(): Tensor {
    return Tensor.of(unary(this, value => 1 / (1 + Math.exp(-value))));
  }

  relu(): Tensor {
    return Tensor.of(unary(this, value => (value < 0 ? 0 : value), false));
  }

  silu(): Tensor {
    return Tensor.of(unary(this, value => value / (1 + Math.exp(-value))));
  }

  /** The exact GELU; `gelu('tanh')` is the approximation of GPT-2. */
  gelu(approximate: 'none' | 'tanh' = 'none'): Tensor {
    const tanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    return Tensor.of(unary(this, approximate === 'tanh' ? tanh : x => 0.5 * x * (1 + erf(x * Math.SQRT1_2))));
  }

  erf(): Tensor {
    return Tensor.of(unary(this, erf));
  }

  isnan(): Tensor {
    return Tensor.of(compare(this, scalarFor(this, 0), 'compare', a => Number.isNaN(a)));
  }

  eq(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a === b));
  }

  ne(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a !== b));
  }

  lt(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a < b));
  }

  le(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a <= b));
  }

  gt(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a > b));
  }

  ge(other: Operand): Tensor {
    return Tensor.of(compare(this, this.comparand(other), 'compare', (a, b) => a >= b));
  }

  /** A number compares at full precision except with float32, whose own precision it takes. */
  private comparand(other: Operand): Dense {
    if (typeof other !== 'number') {
      return this.operand(other);
    }
    return write(this.dtype === 'float32' ? 'float32' : 'float64', [other], []);
  }

  /**
   * Matrix product; axes before the last two broadcast.
   *
   * @param other [..., k, m] for this of [..., n, k]; vectors are taken as row or column.
   * @returns [..., n, m]
   * @throws {TypeError} If the inner lengths differ.
   */
  matmul(other: Tensor | Nested): Tensor {
    return Tensor.of(matmul(this, other instanceof Tensor ? other : fromNested(other)));
  }

  /** Product of two vectors. */
  dot(other: Tensor | Nested): Tensor {
    return this.matmul(other);
  }

  // Along axes. `dim` left out: all elements, a scalar

  sum(dim?: Axes, keepdim = false): Tensor {
    return Tensor.of(sum(this, dim, keepdim));
  }

  prod(dim?: Axes, keepdim = false): Tensor {
    return Tensor.of(prod(this, dim, keepdim));
  }

  mean(dim?: Axes, keepdim = false): Tensor {
    return Tensor.of(mean(this, dim, keepdim));
  }

  /** Variance; `correction` 1 (default) is the unbiased one. */
  var(dim?: Axes, keepdim = false, correction = 1): Tensor {
    return Tensor.of(variance(this, dim, keepdim, correction));
  }

  std(dim?: Axes, keepdim = false, correction = 1): Tensor {
    return Tensor.of(deviation(this, dim, keepdim, correction));
  }

  /** (Σ |x|^p)^(1/p); p 2 by default, may be Infinity. */
  norm(p: number = 2, dim?: Axes, keepdim = false): Tensor {
    return Tensor.of(norm(this, p, dim, keepdim));
  }

  /** The largest value as a scalar, or along an axis with where it is. */
  max(): Tensor;
  max(dim: number, keepdim?: boolean): ValuesAndIndices;
  max(dim?: number, keepdim = false): Tensor | ValuesAndIndices {
    return this.extreme(dim, keepdim, true);
  }

  /** The smallest value as a scalar, or along an axis with where it is. */
  min(): Tensor;
  min(dim: number, keepdim?: boolean): ValuesAndIndices;
  min(dim?: number, keepdim = false): Tensor | ValuesAndIndices {
    return this.extreme(dim, keepdim, false);
  }

  private extreme(dim: number | undefined, keepdim: boolean, largest: boolean): Tensor | ValuesAndIndices {
    const better = largest ? larger : smaller;
    const action = `take the ${largest ? 'maximum' : 'minimum'}`;
    const values = best(this, dim, keepdim, better, action);
    return dim === undefined
      ? Tensor.of(values)
      : Tensor.pair({ values, indices: argBest(this, dim, keepdim, better, action) });
  }

  /** Where the largest value is, along an axis or in the flattened tensor; int64. */
  argmax(dim?: number, keepdim = false): Tensor {
    return Tensor.of(argBest(this, dim, keepdim, larger, 'take the maximum'));
  }

  argmin(dim?: number, keepdim = false): Tensor {
    return Tensor.of(argBest(this, dim, keepdim, smaller, 'take the minimum'));
  }

  any(): boolean {
    return read(this).some(value => value !== 0);
  }

  all(): boolean {
    return read(this).every(value => value !== 0);
  }

  /** exp(x) / Σ exp(x) along an axis. */
  softmax(dim = -1): Tensor {
    return Tensor.of(softmax(this, dim));
  }

  log_softmax(dim = -1): Tensor {
    return Tensor.of(logSoftmax(this, dim));
  }

  /** log Σ exp(x) along an axis. */
  logsumexp(dim = -1, keepdim = false): Tensor {
    const first = this.slice(...this.lineStart(dim));
    const result = first.sub(Tensor.of(logSoftmax(this, dim)).slice(...this.lineStart(dim)));
    return keepdim ? result : result.squeeze(dim);
  }

  private lineStart(dim: number): Range[] {
    const axis = axisOf(dim, this.ndim, 'take logsumexp');
    return [...new Array<null>(axis).fill(null), [0, 1]];
  }

  cumsum(dim: number): Tensor {
    return Tensor.of(cumsum(this, dim));
  }

  /**
   * The `k` largest values of each line in order, and where they are.
   *
   * @returns { values, indices }, also as a pair.
   * @throws {RangeError} If k is larger than the axis.
   */
  topk(k: number, dim = -1, largest = true): ValuesAndIndices {
    return Tensor.pair(order(this, dim, largest, k));
  }

  /** Values in order, and where they were. */
  sort(dim = -1, descending = false): ValuesAndIndices {
    return Tensor.pair(order(this, dim, descending));
  }

  argsort(dim = -1, descending = false): Tensor {
    return Tensor.of(order(this, dim, descending).indices);
  }

  // Comparison with another

  /** Whether all values are close: |this − other| ≤ atol + rtol · |other|. Default rtol 1e-5, atol 1e-8. */
  allclose(other: Operand, { rtol = 1e-5, atol = 1e-8, equal_nan = false }: Closeness = {}): boolean {
    const close = (a: number, b: number): boolean =>
      a === b || Math.abs(a - b) <= atol + rtol * Math.abs(b) || (equal_nan && Number.isNaN(a) && Number.isNaN(b));
    return read(compare(this, this.operand(other), 'compare', close)).every(value => value !== 0);
  }

  /** Whether shape and all values are the same. */
  equal(other: Tensor): boolean {
    return (
      this.dims.length === other.dims.length &&
      this.dims.every((length, i) => length === other.dims[i]) &&
      read(compare(this, other, 'compare', (a, b) => a === b)).every(value => value !== 0)
    );
  }

  /** The largest |this − other|; NaN where one is NaN. */
  max_difference(other: Operand): number {
    const apart = read(
      binary(this, this.operand(other), 'compare', (a, b) => (a === b ? 0 : Math.abs(a - b)), 'float64')
    );
    let most = 0;
    for (const value of apart) {
      if (!(value <= most)) {
        most = value;
      }
    }
    return most;
  }

  // Display

  /** As PyTorch prints it. */
  toString(): string {
    return toText(this);
  }

  toJSON(): NestedList {
    return this.tolist();
  }

  [Symbol.for('Jupyter.display')](): MimeBundle {
    return { 'text/plain': toText(this), 'text/html': toHtml(this) };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return toText(this);
  }
}

function flat(values: number[] | [readonly number[]]): readonly number[] {
  return (Array.isArray(values[0]) ? values[0] : values) as readonly number[];
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
