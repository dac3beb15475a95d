import { RandomGenerator } from '../../../../kernel/generation/random';
import {
  argmax,
  editRows,
  entropy,
  kthLargest,
  logSoftmax,
  rowMax,
  softmax,
  sortedIndices,
  tokenRows,
  tokenTensor,
  topK
} from '../../../../kernel/generation/rows';
import { Tensor } from '../../../../kernel/tensor/tensor';

describe('tokenTensor()', () => {
  it('tokenTensor() and tokenRows() undo each other', () => {
    const tensor = tokenTensor([
      [1, 2, 3],
      [4, 5, 6]
    ]);
    expect(tensor.dtype).toBe('int64');
    expect([...tensor.dims]).toEqual([2, 3]);
    expect(Array.from(tensor.data, Number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tokenRows(tensor)).toEqual([
      [1, 2, 3],
      [4, 5, 6]
    ]);
    expect(tokenRows(new Tensor('int32', Int32Array.of(7, 8), [2, 1]))).toEqual([[7], [8]]);
  });

  it('tokenTensor() does not follow later changes of the rows', () => {
    const rows = [[1, 2]];
    const tensor = tokenTensor(rows);
    rows[0]!.push(3);
    expect(tokenRows(tensor)).toEqual([[1, 2]]);
  });

  it('tokenRows() throws unless the tensor is a matrix', () => {
    expect(() => tokenRows(new Tensor('int64', BigInt64Array.of(1n), [1]))).toThrow(
      'Cannot use input_ids as it must have two dimensions: current shape is [1]'
    );
  });
});

describe('argmax()', () => {
  it('argmax() takes the first of equals, and NaN before all', () => {
    expect(argmax([1, 3, 2, 3])).toBe(1);
    expect(argmax([1, NaN, 9])).toBe(1);
    expect(argmax([-Infinity, -Infinity])).toBe(0);
    expect(rowMax([1, NaN, 9])).toBeNaN();
  });
});

describe('softmax()', () => {
  it('softmax() gives probabilities also of very large and impossible scores', () => {
    expect(Array.from(softmax([1000, 1000, -Infinity]))).toEqual([0.5, 0.5, 0]);
    expect(Array.from(softmax([0, Math.log(3)])).map(x => Math.round(x * 1e6) / 1e6)).toEqual([0.25, 0.75]);
  });

  it('softmax() of impossible tokens only is NaN, as in PyTorch', () => {
    expect(Array.from(softmax([-Infinity, -Infinity]))).toEqual([NaN, NaN]);
  });

  it('logSoftmax() is the logarithm of softmax() and may write over its input', () => {
    const row = Float32Array.of(0.5, -1, 2, -Infinity);
    const expected = softmax(row).map(Math.log);
    logSoftmax(row, row);
    row.forEach((x, i) => expect(x === expected[i] ? 0 : Math.abs(x - expected[i]!)).toBeLessThan(1e-6));
  });
});

describe('entropy()', () => {
  it('entropy() of n equal tokens is log n, whatever cannot come', () => {
    expect(entropy(Float32Array.of(2, 2, 2, 2, -Infinity))).toBeCloseTo(Math.log(4), 6);
  });
});

describe('topK()', () => {
  it('topK() equals a stable sort', () => {
    const random = new RandomGenerator(1);
    for (let round = 0; round < 50; round++) {
      // Few different values, so that there are ties.
      const row = Float32Array.from({ length: 40 }, () => Math.floor(random.uniform() * 12) - 6);
      row[3] = -Infinity;
      const k = 1 + (round % 40);
      const expected = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k);
      expect(topK(row, k)).toEqual({ indices: expected, values: expected.map(i => row[i]!) });
      expect(kthLargest(row, k)).toBe(row[expected[k - 1]!]);
    }
  });

  it('topK() gives no more than there are', () => {
    expect(topK([2, 1], 5).indices).toEqual([0, 1]);
    expect(topK([2, 1], 0).indices).toEqual([]);
  });
});

describe('sortedIndices()', () => {
  it('sortedIndices() sorts negative numbers, zeros of both signs and infinities, ties by index', () => {
    const keys = Float32Array.of(3, -1, 0, -0, Infinity, -Infinity, -1e-30, 1e-30, -1);
    const all = [...keys.keys()];
    expect(Array.from(sortedIndices(keys, all))).toEqual(all.sort((a, b) => keys[a]! - keys[b]! || a - b));
  });

  it('sortedIndices() sorts the given indices only', () => {
    expect(Array.from(sortedIndices(Float32Array.of(4, 3, 2, 1), [0, 3, 1]))).toEqual([3, 1, 0]);
  });
});

describe('editRows()', () => {
  it('editRows() leaves its argument alone', () => {
    const scores = new Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]);
    const out = editRows(scores, (row, r) => (row[0] = r * 10));
    expect(Array.from(scores.data as Float32Array)).toEqual([1, 2, 3, 4]);
    expect(Array.from(out.data as Float32Array)).toEqual([0, 2, 10, 4]);
  });
});
