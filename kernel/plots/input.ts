import { float16ToFloat32 } from '../tensor/dtype';

/** A tensor by its parts, so that tensors of other libraries fit too. */
export interface TensorLike {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | ArrayLike<bigint>;
  readonly dtype?: string;
  readonly type?: string;
}

/** Nested plain numbers, as `tolist()` gives them. */
export type Nested = number | Nested[] | readonly Nested[];

/** What a view takes where numbers are wanted. */
export type Values = TensorLike | Nested | Float32Array | Float64Array | Int32Array | BigInt64Array;

/** Values with their shape, ready for drawing. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function isTensorLike(value: unknown): value is TensorLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    Array.isArray((value as TensorLike).dims) &&
    typeof (value as TensorLike).data === 'object'
  );
}

/** A tensor's numbers as float32; 16-bit floats are converted, 64-bit integers rounded. */
function numbers(tensor: TensorLike): Float32Array {
  const { data } = tensor;
  const kind = tensor.dtype ?? tensor.type;
  if (data instanceof Float32Array) {
    return data;
  }
  if (data instanceof Uint16Array && kind === 'float16') {
    return float16ToFloat32(data);
  }
  return Float32Array.from(data as ArrayLike<number>, Number);
}

/**
 * Reads tensors, typed arrays and nested arrays alike.
 *
 * @param values What was given.
 * @param what Its name in errors.
 * @throws {TypeError} If the value is neither, or is ragged.
 */
export function dense(values: Values, what: string): Dense {
  if (isTensorLike(values)) {
    const data = numbers(values);
    const size = values.dims.reduce((a, b) => a * b, 1);
    if (size !== data.length) {
      throw new TypeError(
        `Cannot draw ${what} as its data must have the ${size} values of its shape [${values.dims.join(', ')}]: ` +
          `current length is ${data.length}`
      );
    }
    return { shape: values.dims, data };
  }
  if (ArrayBuffer.isView(values)) {
    const data = Float32Array.from(values as unknown as ArrayLike<number>, Number);
    return { shape: [data.length], data };
  }
  if (typeof values !== 'number' && !Array.isArray(values)) {
    throw new TypeError(
      `Cannot draw ${what} as it must be a Tensor or nested arrays of numbers: current value is ${describe(values)}`
    );
  }
  const shape: number[] = [];
  for (let v: unknown = values; Array.isArray(v); v = v[0]) {
    shape.push(v.length);
  }
  const out: number[] = [];
  const walk = (v: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof v !== 'number' && typeof v !== 'bigint') {
        throw new TypeError(`Cannot draw ${what} as every element must be a number: one is ${describe(v)}`);
      }
      out.push(Number(v));
    } else if (!Array.isArray(v) || v.length !== shape[depth]) {
      throw new TypeError(
        `Cannot draw ${what} as its axis ${depth} must have ${shape[depth]} entries throughout: ` +
          `one part has ${Array.isArray(v) ? v.length : describe(v)}`
      );
    } else {
      v.forEach(x => walk(x, depth + 1));
    }
  };
  walk(values, 0);
  return { shape, data: Float32Array.from(out) };
}

/** A short name of a value for errors. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) {
    return String(value);
  }
  if (isTensorLike(value)) {
    return `a tensor of shape [${value.dims.join(', ')}]`;
  }
  if (Array.isArray(value)) {
    return `an array of length ${value.length}`;
  }
  return typeof value === 'object'
    ? `an object with ${Object.keys(value).slice(0, 6).join(', ')}`
    : JSON.stringify(value);
}

/**
 * Reads values and checks their axes.
 *
 * @param axes Names of the axes, for the error; a leading batch axis of length 1 is dropped where one is too many.
 */
export function shaped(values: Values, axes: readonly string[], what: string): Dense {
  let result = dense(values, what);
  if (result.shape.length === axes.length + 1 && result.shape[0] === 1) {
    result = { shape: result.shape.slice(1), data: result.data };
  }
  if (result.shape.length !== axes.length) {
    throw new TypeError(
      `Cannot draw ${what} as it must have the axes [${axes.join(', ')}]: current shape is [${result.shape.join(', ')}]`
    );
  }
  return result;
}

/** Row `index` of the first axis. */
export function row(values: Dense, index: number): Dense {
  const shape = values.shape.slice(1);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: values.data.subarray(index * size, (index + 1) * size) };
}

/**
 * Checks a choice along an axis; negative numbers count from the end.
 * @throws {RangeError} If there is no such entry.
 */
export function pick(index: number, length: number, what: string): number {
  const at = index < 0 ? length + index : index;
  if (!Number.isInteger(at) || at < 0 || at >= length) {
    throw new RangeError(
      `Cannot show ${what} ${index} as it must be in [${-length}, ${length - 1}]: there are ${length}`
    );
  }
  return at;
}

/**
 * Checks that labels fit an axis.
 * @throws {TypeError} If the lengths differ.
 */
export function checkLabels(labels: readonly string[], length: number, what: string, axis: string): void {
  if (labels.length !== length) {
    throw new TypeError(
      `Cannot label ${axis} as there must be one of ${what} for each of its ${length} entries: there are ` +
        `${labels.length}. Give the tokens of exactly the ids the model ran on, special tokens included`
    );
  }
}
