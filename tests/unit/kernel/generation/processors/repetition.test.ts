import {
  EncoderRepetitionPenaltyLogitsProcessor,
  RepetitionPenaltyLogitsProcessor
} from '../../../../../kernel/generation/processors/repetition';
import { Tensor } from '../../../../../kernel/tensor/tensor';
import { idsOf, numbers, scoresOf } from './scores';

describe('RepetitionPenaltyLogitsProcessor', () => {
  const scores = scoresOf(1, -2, 3, 0.5);

  it('RepetitionPenaltyLogitsProcessor divides positive and multiplies negative scores, once per token', () => {
    const processor = new RepetitionPenaltyLogitsProcessor(2);
    expect(numbers(processor.__call__(idsOf([1, 2, 2, 2]), scores))).toEqual([1, -4, 1.5, 0.5]);
  });

  it('RepetitionPenaltyLogitsProcessor below 1 encourages repetition', () => {
    const processor = new RepetitionPenaltyLogitsProcessor(0.5);
    expect(numbers(processor.__call__(idsOf([1, 2]), scores))).toEqual([1, -1, 6, 0.5]);
  });

  it('RepetitionPenaltyLogitsProcessor leaves out leading tokens, for all rows or row by row', () => {
    const two = new Tensor('float32', Float32Array.from([2, 2, 2, 2, 2, 2, 2, 2]), [2, 4]);
    const ids = idsOf([0, 1], [0, 1]);
    expect(numbers(new RepetitionPenaltyLogitsProcessor(2, 1).__call__(ids, two))).toEqual([2, 1, 2, 2, 2, 1, 2, 2]);
    expect(numbers(new RepetitionPenaltyLogitsProcessor(2, [0, 1]).__call__(ids, two))).toEqual([
      1, 1, 2, 2, 2, 1, 2, 2
    ]);
    expect(() => new RepetitionPenaltyLogitsProcessor(2, [0]).__call__(ids, two)).toThrow(
      'Incompatible `prompt_ignore_length` batch size'
    );
  });
});

describe('EncoderRepetitionPenaltyLogitsProcessor', () => {
  it('EncoderRepetitionPenaltyLogitsProcessor above 1 favours tokens of the encoder, for every beam of a row', () => {
    const processor = new EncoderRepetitionPenaltyLogitsProcessor(2, idsOf([0], [1]));
    const four = new Tensor('float32', Float32Array.from([1, -2, 1, -2, 1, -2, 1, -2]), [4, 2]);
    expect(numbers(processor.__call__(idsOf([5], [5], [5], [5]), four))).toEqual([2, -2, 2, -2, 1, -1, 1, -1]);
  });
});
