/** Token ids in the shapes a model or a cell has them. */
import { Tensor } from '../tensor/tensor';
import { brief } from './json';

/** Ids as a model or a cell has them. */
export type Ids =
  | number
  | bigint
  | readonly (number | bigint)[]
  | readonly (readonly (number | bigint)[])[]
  | BigInt64Array
  | Int32Array
  | Tensor;

/**
 * Reads ids as rows.
 *
 * @returns The rows, and whether they came as a batch (two dimensions) or as one row.
 * @throws {RangeError} If an id is negative or no integer.
 */
export function readIds(ids: Ids): { rows: number[][]; batch: boolean } {
  if (typeof ids === 'number' || typeof ids === 'bigint') {
    return { rows: [[checkId(ids)]], batch: false };
  }
  if (ids instanceof Tensor || isTensorLike(ids)) {
    const values = Array.from(ids.data as ArrayLike<number | bigint>, checkId);
    const dims = ids.dims;
    if (dims.length < 2) {
      return { rows: [values], batch: false };
    }
    const width = dims.at(-1)!;
    const count = dims.slice(0, -1).reduce((product, dim) => product * dim, 1);
    return { rows: Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width)), batch: true };
  }
  const list = Array.from(ids as ArrayLike<unknown>);
  if (list.length && (Array.isArray(list[0]) || ArrayBuffer.isView(list[0]))) {
    return { rows: list.map(row => Array.from(row as ArrayLike<number | bigint>, checkId)), batch: true };
  }
  return { rows: [list.map(id => checkId(id as number | bigint))], batch: false };
}

function isTensorLike(value: object): value is { data: ArrayLike<number | bigint>; dims: readonly number[] } {
  return 'dims' in value && 'data' in value;
}

function checkId(id: unknown): number {
  const value = typeof id === 'bigint' ? Number(id) : id;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new RangeError(`Cannot use an id as it must be an integer of at least 0: current value is ${brief(id)}`);
  }
  return value;
}
