import {
  ExponentialDecayLengthPenalty,
  ForcedBOSTokenLogitsProcessor,
  ForcedEOSTokenLogitsProcessor,
  MinLengthLogitsProcessor,
  MinNewTokensLengthLogitsProcessor
} from '../../../../../kernel/generation/processors/length';
import { idsOf, NO, numbers, scoresOf } from './scores';

const scores = scoresOf(1, -2, 3, 0.5);

describe('MinLengthLogitsProcessor', () => {
  it('MinLengthLogitsProcessor forbids end tokens below min_length only', () => {
    const processor = new MinLengthLogitsProcessor(3, [1, 2]);
    expect(numbers(processor.__call__(idsOf([0, 0]), scores))).toEqual([1, NO, NO, 0.5]);
    expect(numbers(processor.__call__(idsOf([0, 0, 0]), scores))).toEqual([1, -2, 3, 0.5]);
  });

  it('MinLengthLogitsProcessor leaves the scores it is given as they are', () => {
    new MinLengthLogitsProcessor(3, 2).__call__(idsOf([0]), scores);
    expect(numbers(scores)).toEqual([1, -2, 3, 0.5]);
  });

  it('MinLengthLogitsProcessor throws on a negative length', () => {
    expect(() => new MinLengthLogitsProcessor(-1, 2)).toThrow(
      '`min_length` has to be a non-negative integer, but is -1'
    );
  });
});

describe('MinNewTokensLengthLogitsProcessor', () => {
  it('MinNewTokensLengthLogitsProcessor does not count the prompt', () => {
    const processor = new MinNewTokensLengthLogitsProcessor(2, 2, 2);
    expect(numbers(processor.__call__(idsOf([0, 0, 0]), scores))).toEqual([1, -2, NO, 0.5]);
    expect(numbers(processor.__call__(idsOf([0, 0, 0, 0]), scores))).toEqual([1, -2, 3, 0.5]);
  });
});

describe('ForcedBOSTokenLogitsProcessor', () => {
  it('ForcedBOSTokenLogitsProcessor allows one token after a start of one token', () => {
    const processor = new ForcedBOSTokenLogitsProcessor(3);
    expect(numbers(processor.__call__(idsOf([0]), scores))).toEqual([NO, NO, NO, 0]);
    expect(processor.__call__(idsOf([0, 3]), scores)).toBe(scores);
  });
});

describe('ForcedEOSTokenLogitsProcessor', () => {
  it('ForcedEOSTokenLogitsProcessor allows only end tokens at the last position', () => {
    const processor = new ForcedEOSTokenLogitsProcessor(4, [0, 2]);
    expect(numbers(processor.__call__(idsOf([1, 1, 1]), scores))).toEqual([0, NO, 0, NO]);
    expect(processor.__call__(idsOf([1, 1]), scores)).toBe(scores);
  });

  it('ForcedEOSTokenLogitsProcessor throws where the token is outside the vocabulary', () => {
    const processor = new ForcedEOSTokenLogitsProcessor(2, 9);
    expect(() => processor.__call__(idsOf([1]), scores)).toThrow(
      'Cannot force token 9 as it must be less than vocab_size: current value is 4'
    );
  });
});

describe('ExponentialDecayLengthPenalty', () => {
  it('ExponentialDecayLengthPenalty adds |score| · (factor^steps − 1) to the end tokens', () => {
    // The prompt has 1 token and the penalty starts after 1 new one, so at length 4 there are 2 steps: 2² − 1 = 3.
    const processor = new ExponentialDecayLengthPenalty([1, 2], [1, 2], 1);
    expect(numbers(processor.__call__(idsOf([0, 0, 0, 0]), scores))).toEqual([1, -2 + 6, 3 + 9, 0.5]);
    expect(processor.__call__(idsOf([0, 0]), scores)).toBe(scores);
  });

  it('ExponentialDecayLengthPenalty leaves impossible tokens impossible', () => {
    const processor = new ExponentialDecayLengthPenalty([0, 2], 1, 0);
    expect(numbers(processor.__call__(idsOf([0]), scoresOf(1, NO, 3, 0.5)))).toEqual([1, NO, 3, 0.5]);
  });
});
