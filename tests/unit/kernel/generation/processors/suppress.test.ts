import {
  PrefixConstrainedLogitsProcessor,
  SuppressTokensAtBeginLogitsProcessor,
  SuppressTokensLogitsProcessor
} from '../../../../../kernel/generation/processors/suppress';
import { Tensor } from '../../../../../kernel/tensor/tensor';
import { idsOf, NO, numbers, scoresOf } from './scores';

const scores = scoresOf(1, -2, 3, 0.5);

describe('SuppressTokensLogitsProcessor', () => {
  it('SuppressTokensLogitsProcessor forbids its tokens and ignores ids outside the vocabulary', () => {
    const processor = new SuppressTokensLogitsProcessor([0, 2, 99]);
    expect(numbers(processor.__call__(idsOf([1]), scores))).toEqual([NO, -2, NO, 0.5]);
  });
});

describe('SuppressTokensAtBeginLogitsProcessor', () => {
  it('SuppressTokensAtBeginLogitsProcessor forbids its tokens at one length only', () => {
    const processor = new SuppressTokensAtBeginLogitsProcessor([2], 3);
    expect(numbers(processor.__call__(idsOf([1, 1, 1]), scores))).toEqual([1, -2, NO, 0.5]);
    expect(processor.__call__(idsOf([1, 1, 1, 1]), scores)).toBe(scores);
  });
});

describe('PrefixConstrainedLogitsProcessor', () => {
  it('PrefixConstrainedLogitsProcessor allows what the function allows for the batch row and its tokens', async () => {
    const calls: [number, number[]][] = [];
    const processor = new PrefixConstrainedLogitsProcessor((batch, sent) => {
      calls.push([batch, Array.from(sent.data, Number)]);
      return batch ? [3] : [0, 1];
    }, 2);
    const two = new Tensor('float32', Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8]), [4, 4]);
    const out = await processor.__call__(idsOf([1, 2], [1, 3], [2, 2], [2, 3]), two);
    expect(numbers(out)).toEqual([1, 2, NO, NO, 5, 6, NO, NO, NO, NO, NO, 4, NO, NO, NO, 8]);
    expect(calls).toEqual([
      [0, [1, 2]],
      [0, [1, 3]],
      [1, [2, 2]],
      [1, [2, 3]]
    ]);
  });

  it('PrefixConstrainedLogitsProcessor gives the allowed tokens equal scores where none is possible any more', async () => {
    const processor = new PrefixConstrainedLogitsProcessor(async () => [1, 3], 1);
    expect(numbers(await processor.__call__(idsOf([0]), scoresOf(1, NO, 3, NO)))).toEqual([NO, 0, NO, 0]);
  });
});
