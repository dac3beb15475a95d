/** Reading what a tokenizer is called with, and making tensors of what it found. */
import type { Tensor } from '../tensor/tensor';
import { int64Tensor } from './batch-encoding';
import { readIds } from './ids';
import type { Ids } from './ids';
import { brief } from './json';
import type { CallOptions } from './padding';

/** Rows of numbers by name. */
export type PaddableInputs = Readonly<Record<string, readonly number[] | readonly (readonly number[])[] | Tensor>>;

/** Rows by name, from one set of inputs or from several. */
export function gatherColumns(inputs: PaddableInputs | readonly PaddableInputs[]): Map<string, number[][]> {
  const columns = new Map<string, number[][]>();
  for (const item of (Array.isArray(inputs) ? inputs : [inputs]) as readonly PaddableInputs[]) {
    for (const [name, value] of Object.entries(item)) {
      const rows = readIds(value as Ids).rows;
      columns.set(name, [...(columns.get(name) ?? []), ...rows]);
    }
  }
  return columns;
}

/**
 * The second texts of pairs, one per text.
 *
 * @throws {TypeError} If they do not fit the texts.
 */
export function readPairs(
  text: string | readonly string[],
  pair: CallOptions['text_pair']
): readonly string[] | undefined {
  if (pair === undefined || pair === null) {
    return undefined;
  }
  if (typeof text === 'string') {
    if (typeof pair !== 'string') {
      throw new TypeError(
        `Cannot encode a pair as text_pair must be a string like the text: current value is ${brief(pair)}`
      );
    }
    // Python takes an empty second text of a single pair for none.
    return pair === '' ? undefined : [pair];
  }
  if (typeof pair === 'string' || pair.length !== text.length) {
    throw new TypeError(
      `Cannot encode pairs as text_pair must be a list of ${text.length} texts: ` +
        `current value has ${typeof pair === 'string' ? 'one' : pair.length}`
    );
  }
  pair.forEach((item, i) => checkText(item, `text_pair ${i}`));
  return pair;
}

/** @throws {TypeError} If it is no string. */
export function checkText(text: unknown, what: string): void {
  if (typeof text !== 'string') {
    throw new TypeError(`Cannot encode ${what} as it must be a string: current value is ${brief(text)}`);
  }
}

/**
 * A tensor of rows.
 *
 * @param paired Whether an item is a pair of numbers (offsets).
 * @throws {RangeError} If the rows differ in length.
 */
export function stackRows(rows: readonly (readonly number[] | readonly [number, number][])[], paired: boolean): Tensor {
  const width = rows[0]?.length ?? 0;
  if (rows.some(row => row.length !== width)) {
    throw new RangeError(
      `Cannot make a tensor as all rows must have one length: current lengths are ${rows
        .map(row => row.length)
        .slice(0, 10)
        .join(', ')}. ` + 'Pass padding: true (and truncation: true), or return_tensors: false for plain numbers'
    );
  }
  const dims = paired ? [rows.length, width, 2] : [rows.length, width];
  return int64Tensor(rows.flat(paired ? 2 : 1) as number[], dims);
}
