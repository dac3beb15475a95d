import {
  NoBadWordsLogitsProcessor,
  SequenceBiasLogitsProcessor
} from '../../../../../kernel/generation/processors/bias';
import { idsOf, NO, numbers, scoresOf } from './scores';

const scores = scoresOf(1, -2, 3, 0.5);

describe('SequenceBiasLogitsProcessor', () => {
  it('SequenceBiasLogitsProcessor adds biases of one token always, of several after their beginning', () => {
    const processor = new SequenceBiasLogitsProcessor([
      [[0], 10],
      [[3, 1, 2], -5],
      [[1, 2], 0.25],
      [[2, 3], 100]
    ]);
    expect(numbers(processor.__call__(idsOf([3, 1]), scores))).toEqual([11, -2, 3 - 5 + 0.25, 0.5]);
    expect(numbers(processor.__call__(idsOf([0, 1]), scores))).toEqual([11, -2, 3.25, 0.5]);
    expect(numbers(processor.__call__(idsOf([1]), scores))).toEqual([11, -2, 3.25, 0.5]);
  });

  it('SequenceBiasLogitsProcessor takes a Map and an object too', () => {
    const map = new SequenceBiasLogitsProcessor(new Map([[[1, 2], 4]]));
    const object = new SequenceBiasLogitsProcessor({ '(1, 2)': 4 });
    for (const processor of [map, object]) {
      expect(numbers(processor.__call__(idsOf([1]), scores))).toEqual([1, -2, 7, 0.5]);
    }
  });

  it('SequenceBiasLogitsProcessor throws on a token outside the vocabulary', () => {
    const processor = new SequenceBiasLogitsProcessor([[[4], 1]]);
    expect(() => processor.__call__(idsOf([0]), scores)).toThrow(
      'The model vocabulary size is 4, but the following tokens were being biased: [4]'
    );
  });

  it('SequenceBiasLogitsProcessor throws on anything but lists of ids with a number', () => {
    expect(() => new SequenceBiasLogitsProcessor([])).toThrow('`sequence_bias` has to be a non-empty dictionary');
    expect(() => new SequenceBiasLogitsProcessor([[[-1], 1]])).toThrow('Each element in `sequence_bias` has to be');
    expect(() => new SequenceBiasLogitsProcessor({ '1': 'x' } as never)).toThrow('with floats as values');
  });
});

describe('NoBadWordsLogitsProcessor', () => {
  it('NoBadWordsLogitsProcessor forbids the last token of a sequence after the others, save end tokens', () => {
    const processor = new NoBadWordsLogitsProcessor([[0], [1, 2], [3]], 3);
    expect(numbers(processor.__call__(idsOf([0, 1]), scores))).toEqual([NO, -2, NO, 0.5]);
    expect(numbers(processor.__call__(idsOf([1, 0]), scores))).toEqual([NO, -2, 3, 0.5]);
  });

  it('NoBadWordsLogitsProcessor of end tokens alone does nothing', () => {
    expect(numbers(new NoBadWordsLogitsProcessor([[3]], [3]).__call__(idsOf([0]), scores))).toEqual([1, -2, 3, 0.5]);
  });
});
