import { asTensor, extend, repeatInterleave, sliceAxis } from '../../../../kernel/generation/batch';
import { Tensor } from '../../../../kernel/tensor/tensor';

const flat = (tensor: Tensor): number[] => Array.from(tensor.data as ArrayLike<unknown>, Number);
const matrix = new Tensor('int64', BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n), [2, 3]);

describe('repeatInterleave()', () => {
  it('repeatInterleave() repeats each row, or each entry of another axis', () => {
    expect(flat(repeatInterleave(matrix, 2))).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    const columns = repeatInterleave(matrix, 2, 1);
    expect(flat(columns)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
    expect([...columns.dims]).toEqual([2, 6]);
  });
});

describe('sliceAxis()', () => {
  it('sliceAxis() cuts the last axis, or another', () => {
    expect(flat(sliceAxis(matrix, 1, 3))).toEqual([2, 3, 5, 6]);
    expect(flat(sliceAxis(matrix, 1, 2, 0))).toEqual([4, 5, 6]);
    expect([...sliceAxis(matrix, 0, 0).dims]).toEqual([2, 0]);
  });
});

describe('extend()', () => {
  it('extend() appends to each row, from its last value', () => {
    const grown = extend(matrix, 2, (last, i) => last + 1 + i);
    expect(grown.data).toBeInstanceOf(BigInt64Array);
    expect(flat(grown)).toEqual([1, 2, 3, 4, 5, 4, 5, 6, 7, 8]);
    expect([...grown.dims]).toEqual([2, 5]);
  });
});

describe('asTensor()', () => {
  it('asTensor() takes numbers, bigints, booleans and typed arrays', () => {
    expect(asTensor(matrix, 'x')).toBe(matrix);
    expect(
      flat(
        asTensor(
          [
            [1n, 2],
            [true, false]
          ],
          'x'
        )
      )
    ).toEqual([1, 2, 1, 0]);
    expect([...asTensor([Int32Array.of(1, 2)], 'x').dims]).toEqual([1, 2]);
    const embeds = asTensor([[[0.5, 1]]], 'x', 'float32');
    expect([embeds.dtype, ...embeds.dims]).toEqual(['float32', 1, 1, 2]);
  });

  it('asTensor() throws on ragged rows, with the remedy', () => {
    expect(() => asTensor([[1], [2, 3]], 'attention_mask')).toThrow(
      'Cannot use attention_mask as its rows must have one length: found 2 beside 1. Pad them'
    );
    expect(() => asTensor([[1], 2], 'x')).toThrow('its rows must have one length: found 2 beside 1');
  });
});
