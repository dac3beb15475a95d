/** Turning what a cell passes to `forward` into flat arrays with known dims. */
import type { Mask } from '../inference/masks';
import { HIDDEN } from '../inference/masks';
import { Tensor } from '../tensor/tensor';

type Nested = number | bigint | boolean | readonly Nested[];

/** A flat array of integers with dims. */
export interface IntArray {
  readonly data: Int32Array;
  readonly dims: readonly number[];
}

/** A flat array of floats with dims. */
export interface FloatArray {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

function flatten(name: string, value: Nested): { flat: number[]; dims: number[] } {
  const dims: number[] = [];
  const flat: number[] = [];
  const visit = (v: Nested, depth: number): void => {
    if (Array.isArray(v)) {
      if (dims.length === depth) {
        dims.push(v.length);
      } else if (dims[depth] !== v.length) {
        throw new TypeError(
          `Cannot use ${name} as its rows must have the same length: axis ${depth} has ${dims[depth]} and ${v.length} (pad the batch: tokenizer(texts, { padding: true }))`
        );
      }
      v.forEach(x => visit(x, depth + 1));
    } else if (dims.length !== depth) {
      throw new TypeError(
        `Cannot use ${name} as it must be nested evenly: a number stands at depth ${depth}, a list elsewhere`
      );
    } else {
      flat.push(Number(v));
    }
  };
  visit(value, 0);
  return { flat, dims };
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/**
 * Integers of given rank; a missing batch axis is added.
 * @throws {TypeError} If the rank is another or values are not whole numbers.
 */
export function ints(name: string, value: unknown, rank = 2): IntArray {
  const { flat, dims } = isTensor(value)
    ? { flat: Array.from(value.data as ArrayLike<number | bigint>, Number), dims: [...value.dims] }
    : ArrayBuffer.isView(value)
      ? {
          flat: Array.from(value as unknown as ArrayLike<number | bigint>, Number),
          dims: [(value as unknown as ArrayLike<number>).length]
        }
      : flatten(name, value as Nested);
  const shape = dims.length === rank - 1 ? [1, ...dims] : dims;
  if (shape.length !== rank) {
    throw new TypeError(`Cannot use ${name} as it must have ${rank} axes: current shape is [${dims}]`);
  }
  const wrong = flat.find(v => !Number.isInteger(v));
  if (wrong !== undefined) {
    throw new TypeError(`Cannot use ${name} as it must hold whole numbers: one is ${wrong}`);
  }
  return { data: Int32Array.from(flat), dims: shape };
}

/** Floats of any rank. */
export function floats(name: string, value: unknown): FloatArray {
  if (isTensor(value)) {
    const data =
      value.data instanceof Float32Array
        ? value.data
        : Float32Array.from(value.data as ArrayLike<number | bigint>, Number);
    return { data, dims: value.dims };
  }
  const { flat, dims } = flatten(name, value as Nested);
  return { data: Float32Array.from(flat), dims };
}

/** Checks dims, naming the axis that is wrong. */
export function expectDims(
  name: string,
  dims: readonly number[],
  want: readonly (number | undefined)[],
  axes: readonly string[]
): void {
  const fault = want.findIndex((d, i) => d !== undefined && d !== dims[i]);
  if (dims.length !== want.length || fault !== -1) {
    const wanted = want.map((d, i) => `${axes[i]}${d === undefined ? '' : ` ${d}`}`).join(', ');
    throw new TypeError(`Cannot use ${name} as it must have shape [${wanted}]: current shape is [${dims}]`);
  }
}

/**
 * An attention mask as given: 2-D marks padding; 4-D is used as it is, added to the scores (true/false masks become
 * 0 and the lowest float).
 */
export function readMask(value: unknown, batch: number, keys: number): { padding?: Int32Array; mask?: Mask } {
  if (value === undefined || value === null) {
    return {};
  }
  const rank = isTensor(value) ? value.dims.length : depth(value);
  if (rank <= 2) {
    const { data, dims } = ints('attention_mask', value);
    expectDims('attention_mask', dims, [batch, keys], ['batch', 'past + pos']);
    return { padding: data };
  }
  const isBool = isTensor(value) ? value.dtype === 'bool' : typeof leaf(value) === 'boolean';
  const { data, dims } = floats('attention_mask', value);
  expectDims(
    'attention_mask',
    dims,
    [undefined, undefined, undefined, keys],
    ['batch', 'head', 'query_pos', 'key_pos']
  );
  return { mask: { data: isBool ? data.map(v => (v ? 0 : HIDDEN)) : data.map(v => Math.max(v, HIDDEN)), dims } };
}

function depth(value: unknown): number {
  return Array.isArray(value) ? 1 + depth(value[0]) : 0;
}

function leaf(value: unknown): unknown {
  return Array.isArray(value) ? leaf(value[0]) : value;
}
