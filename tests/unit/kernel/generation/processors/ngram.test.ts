import {
  EncoderNoRepeatNGramLogitsProcessor,
  NoRepeatNGramLogitsProcessor
} from '../../../../../kernel/generation/processors/ngram';
import { idsOf, NO, numbers, scoresOf } from './scores';

const scores = scoresOf(1, -2, 3, 0.5);

describe('NoRepeatNGramLogitsProcessor', () => {
  it('NoRepeatNGramLogitsProcessor forbids what completed the last tokens before', () => {
    // After 1 came 2 and 0; the text ends in 1.
    const ids = idsOf([1, 2, 1, 0, 3, 1]);
    expect(numbers(new NoRepeatNGramLogitsProcessor(2).__call__(ids, scores))).toEqual([NO, -2, NO, 0.5]);
    // No (3, 1, x) has been.
    expect(numbers(new NoRepeatNGramLogitsProcessor(3).__call__(ids, scores))).toEqual([1, -2, 3, 0.5]);
  });

  it('NoRepeatNGramLogitsProcessor of 1 forbids every token that occurred', () => {
    expect(numbers(new NoRepeatNGramLogitsProcessor(1).__call__(idsOf([3, 1]), scores))).toEqual([1, NO, 3, NO]);
  });

  it('NoRepeatNGramLogitsProcessor does nothing to a text shorter than the n-gram', () => {
    expect(numbers(new NoRepeatNGramLogitsProcessor(5).__call__(idsOf([3, 1]), scores))).toEqual([1, -2, 3, 0.5]);
  });

  it('NoRepeatNGramLogitsProcessor throws unless the size is a positive integer', () => {
    expect(() => new NoRepeatNGramLogitsProcessor(0)).toThrow(
      '`ngram_size` has to be a strictly positive integer, but is 0'
    );
  });
});

describe('EncoderNoRepeatNGramLogitsProcessor', () => {
  it('EncoderNoRepeatNGramLogitsProcessor forbids n-grams of the encoder only', () => {
    const processor = new EncoderNoRepeatNGramLogitsProcessor(2, idsOf([1, 2, 1, 3]));
    expect(numbers(processor.__call__(idsOf([0, 1]), scores))).toEqual([1, -2, NO, NO]);
    expect(numbers(processor.__call__(idsOf([1, 2, 0]), scores))).toEqual([1, -2, 3, 0.5]);
  });
});
