/** Small inputs of processors. */
import { tokenTensor } from '../../../../../kernel/generation/rows';
import { Tensor } from '../../../../../kernel/tensor/tensor';

/** Scores of one row. */
export function scoresOf(...row: number[]): Tensor {
  return new Tensor('float32', Float32Array.from(row), [1, row.length]);
}

export function idsOf(...rows: number[][]): Tensor {
  return tokenTensor(rows);
}

/** The numbers of a tensor, rounded so that float32 decimals can be written down. */
export function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.data as Float32Array, x => (Number.isFinite(x) ? Math.round(x * 1e5) / 1e5 : x));
}

export const NO = -Infinity;
