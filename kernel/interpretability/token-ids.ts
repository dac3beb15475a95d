import { Tensor } from '../tensor/tensor';

/** Token ids of a run as flat numbers, [batch · pos]. */
export function flatIds(input_ids: unknown, batch: number, pos: number): number[] {
  const flat =
    input_ids instanceof Tensor
      ? Array.from(input_ids.data as ArrayLike<number | bigint>, Number)
      : (input_ids as readonly (number | readonly number[])[]).flat().map(Number);
  if (flat.length !== batch * pos) {
    throw new TypeError(
      `Cannot read tokens as input_ids must have ${batch} × ${pos} entries: current number is ${flat.length}`
    );
  }
  return flat;
}
