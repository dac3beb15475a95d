import { TemperatureLogitsWarper } from '../../../../../kernel/generation/processors/temperature';
import { idsOf, NO, numbers, scoresOf } from './scores';

describe('TemperatureLogitsWarper', () => {
  it('TemperatureLogitsWarper divides the scores', () => {
    expect(numbers(new TemperatureLogitsWarper(0.5).__call__(idsOf([0]), scoresOf(1, -2, NO, 0)))).toEqual([
      2,
      -4,
      NO,
      0
    ]);
  });

  it('TemperatureLogitsWarper throws unless the temperature is positive', () => {
    expect(() => new TemperatureLogitsWarper(0)).toThrow("If you're looking for greedy decoding strategies");
    expect(() => new TemperatureLogitsWarper(NaN)).toThrow('has to be a strictly positive float');
    expect(() => new TemperatureLogitsWarper('1' as never)).toThrow('has to be a strictly positive float');
  });
});
